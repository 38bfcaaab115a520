//! Who may sign in, and who is made by whom.

use chrono::Duration;
use lectern_core::{
    ids::{OrganizationId, PersonId},
    organization::{Policies, Vocabulary},
    role::Role,
    secret::SecretString,
    text::is_hidden,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    BearerToken, Person, PersonKind, Scope, host_tokens,
    store::{self, ApiKey, NewPerson},
};
use crate::{
    app::{App, OPERATOR},
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::{ApiError, FieldError},
    events::{self, Event, EventType},
    extract::{SignedIn, Via},
    organizations,
};

/// How long a sign-in lasts.
const SIGN_IN_LIFE: Duration = Duration::days(14);
const SET_UP: &str = "set_up_token";

/// A person, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonView {
    /// Their id.
    pub id: Uuid,
    /// The host application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Address.
    pub email: String,
    /// Given and family name.
    pub name: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: Option<String>,
    /// 0 student, 1 instructor, 2 admin.
    pub role: i64,
    /// The same in a word.
    pub role_name: &'static str,
    /// An admin who may name owners.
    pub owner: bool,
    /// Whether they may sign in and join.
    pub active: bool,
}

impl From<&Person> for PersonView {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.uuid(),
            external_id: person.external_id.clone(),
            email: person.email.clone(),
            name: person.name(),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            role: person.role.number(),
            role_name: person.role.name(),
            owner: person.owner,
            active: person.active,
        }
    }
}

/// Trims, and refuses what cannot stand on one line of a mail header or a page.
///
/// # Errors
/// With what is wrong.
pub fn one_line(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("This is needed.".to_owned());
    }
    if text.chars().any(is_hidden) {
        return Err("Line breaks and control characters are not possible here.".to_owned());
    }
    if text.chars().count() > most {
        return Err(format!("At most {most} characters."));
    }
    Ok(text.to_owned())
}

/// An e-mail address that a mail library accepts.
///
/// # Errors
/// With what is wrong.
pub fn parse_email(text: &str) -> Result<String, String> {
    let text = one_line(text, 128)?;
    let address: lettre::Address =
        text.parse().map_err(|_| "Write an address such as ayesha@school.example.".to_owned())?;
    Ok(address.to_string())
}

/// A name as people give it: given and family name apart, or one name that is never split.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NameInput {
    /// The whole name, kept whole.
    #[serde(default)]
    pub name: Option<String>,
    /// Given name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    pub last_name: Option<String>,
}

impl NameInput {
    /// Given name and family name.
    pub fn read(&self, errors: &mut Vec<FieldError>) -> (String, Option<String>) {
        let (field, first) = match (&self.first_name, &self.name) {
            (Some(first), _) => ("first_name", first.as_str()),
            (None, Some(name)) => ("name", name.as_str()),
            (None, None) => ("name", ""),
        };
        let first = one_line(first, 120)
            .map_err(|message| errors.push(FieldError::new(field, message)))
            .unwrap_or_default();
        let last = self
            .last_name
            .as_deref()
            .map(str::trim)
            .filter(|last| !last.is_empty() && self.first_name.is_some());
        let last = last.and_then(|last| {
            one_line(last, 120).map_err(|message| errors.push(FieldError::new("last_name", message))).ok()
        });
        (first, last)
    }
}

/// Checks that an organization's operator rows exist: at every start.
pub async fn ensure_operator(app: &App) -> Result<(), crate::app::StartError> {
    let mut look = app.db.system_read().await?;
    let known = organizations::service::find(&mut look, OPERATOR).await?.is_some();
    drop(look);
    if known {
        return Ok(());
    }
    let operator = organizations::Organization {
        id: OPERATOR,
        slug: String::new(),
        name: "Operator".to_owned(),
        vocabulary: Vocabulary::School,
        active: true,
        created_at: app.clock.now(),
    };
    match organizations::service::add(app, &operator, "UTC", &Policies::default(), Actor::System).await {
        // Another instance made it first.
        Ok(()) | Err(ApiError::Invalid(_)) => Ok(()),
        Err(ApiError::Internal(error)) => Err(crate::app::StartError::Config(error.to_string())),
        Err(other) => Err(crate::app::StartError::Config(other.problem().detail)),
    }
}

/// The one-time set-up link's token, while nobody runs this server yet.
pub async fn set_up_token(app: &App) -> Result<Option<BearerToken>, ApiError> {
    let mut look = app.db.read(OPERATOR).await?;
    let people = store::count_users(&mut look, OPERATOR).await?;
    drop(look);
    if people > 0 {
        return Ok(None);
    }
    let token = BearerToken::generate("su_", app.randomness.as_ref());
    let mut tx = app.db.system().await?;
    organizations::service::instance_put(&mut tx, SET_UP, &hex::encode(token.hash())).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// First set-up: the super admin and the first organization with its owner, who is the same person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// From the link.
    pub token: String,
    /// The organization's name.
    pub organization_name: String,
    /// Its short name.
    pub organization_slug: String,
    /// The person's name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: SecretString,
}

/// Whether a set-up token is the one that was printed.
pub async fn set_up_is_open(app: &App, token: &str) -> Result<bool, ApiError> {
    let mut look = app.db.system_read().await?;
    let stored = organizations::service::instance_get(&mut look, SET_UP).await?;
    Ok(stored.as_deref() == Some(hex::encode(BearerToken::received(token).hash()).as_str()))
}

/// Sets the server up, once.
pub async fn set_up(app: &App, form: SetUp) -> Result<(), ApiError> {
    if !set_up_is_open(app, &form.token).await? {
        return Err(ApiError::NotFound);
    }
    let person = |owner| CreatePerson {
        email: form.email.clone(),
        name: NameInput { name: Some(form.name.clone()), ..NameInput::default() },
        role: 2,
        owner: Some(owner),
        password: Some(form.password.clone()),
        external_id: None,
    };
    // Everything is checked before anything is made.
    checked(&person(true))?;
    let organization = organizations::service::create(
        app,
        Actor::System,
        organizations::service::CreateOrganization {
            slug: form.organization_slug.clone(),
            name: form.organization_name.clone(),
            vocabulary: None,
            time_zone: None,
        },
    )
    .await
    .map_err(|error| match error {
        ApiError::Invalid(errors) => ApiError::Invalid(
            errors
                .into_iter()
                .map(|error| FieldError::new(format!("organization_{}", error.field), error.message))
                .collect(),
        ),
        other => other,
    })?;
    create_person(app, OPERATOR, Actor::System, true, person(true)).await?;
    create_person(app, organization.id, Actor::System, true, person(true)).await?;
    let mut tx = app.db.system().await?;
    organizations::service::instance_remove(
        &mut tx,
        SET_UP,
        &hex::encode(BearerToken::received(&form.token).hash()),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// A new person.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePersonBody {
    /// Address: one user per address in an organization.
    #[schema(example = "ayesha@oakwood.example")]
    pub email: String,
    /// The whole name, kept whole.
    #[serde(default)]
    pub name: Option<String>,
    /// Given name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// 0 student, 1 instructor, 2 admin.
    #[schema(example = 0)]
    pub role: i64,
    /// An owner may name owners; only an owner may set it.
    #[serde(default)]
    pub owner: Option<bool>,
    /// At least 10 characters; without one the person comes by join link or host application.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub password: Option<SecretString>,
    /// The host application's id.
    #[serde(default)]
    pub external_id: Option<String>,
}

/// The same, read.
#[derive(Clone, Debug)]
pub struct CreatePerson {
    /// Address.
    pub email: String,
    /// Name.
    pub name: NameInput,
    /// Role.
    pub role: i64,
    /// Owner flag.
    pub owner: Option<bool>,
    /// Password.
    pub password: Option<SecretString>,
    /// The host application's id.
    pub external_id: Option<String>,
}

impl From<CreatePersonBody> for CreatePerson {
    fn from(body: CreatePersonBody) -> Self {
        let CreatePersonBody { email, name, first_name, last_name, role, owner, password, external_id } =
            body;
        Self { email, name: NameInput { name, first_name, last_name }, role, owner, password, external_id }
    }
}

struct Checked {
    email: String,
    first: String,
    last: Option<String>,
    role: Role,
    external: Option<String>,
}

fn checked(new: &CreatePerson) -> Result<Checked, ApiError> {
    let mut errors = Vec::new();
    let email = parse_email(&new.email)
        .map_err(|message| errors.push(FieldError::new("email", message)))
        .unwrap_or_default();
    let (first, last) = new.name.read(&mut errors);
    let role = Role::try_from(new.role)
        .map_err(|error| errors.push(FieldError::new("role", error.to_string())))
        .unwrap_or(Role::Student);
    if let Some(password) = &new.password {
        check_password(password).map_err(|message| errors.push(FieldError::new("password", message))).ok();
    }
    let external = new.external_id.as_deref().and_then(|id| {
        one_line(id, 200).map_err(|message| errors.push(FieldError::new("external_id", message))).ok()
    });
    if new.owner == Some(true) && role != Role::Admin {
        errors.push(FieldError::new("owner", "Only an admin (role 2) can be an owner."));
    }
    if errors.is_empty() {
        Ok(Checked { email, first, last, role, external })
    } else {
        Err(ApiError::Invalid(errors))
    }
}

fn check_password(password: &SecretString) -> Result<(), &'static str> {
    match password.expose().chars().count() {
        0..10 => Err("At least 10 characters."),
        10..=200 => Ok(()),
        _ => Err("At most 200 characters."),
    }
}

/// Makes a person. `by_owner`: whoever makes them may name owners.
pub async fn create_person(
    app: &App,
    organization: OrganizationId,
    by: Actor,
    by_owner: bool,
    new: CreatePerson,
) -> Result<Person, ApiError> {
    let Checked { email, first, last, role, external } = checked(&new)?;
    let owner = new.owner.unwrap_or(false);
    if owner && !by_owner {
        return Err(ApiError::Forbidden);
    }
    let hash = match &new.password {
        Some(password) => Some(app.passwords.hash(password).await.map_err(ApiError::internal)?),
        None => None,
    };
    let id = app.new_id();
    let mut tx = app.db.begin(organization).await?;
    let person = NewPerson {
        id,
        kind: PersonKind::User,
        external_id: external.as_deref(),
        subject: None,
        email: &email,
        first_name: &first,
        last_name: last.as_deref(),
        role,
        owner,
        password_hash: hash.as_deref(),
    };
    if let Err(error) = store::insert(&mut tx, organization, &person, app.clock.now()).await {
        return Err(if error.is_taken() {
            ApiError::conflict(
                "taken",
                "Somebody here already has this address or external id.",
                "Look the person up in the list, or use another address.",
            )
        } else {
            error.into()
        });
    }
    let entry = app.entry(organization, EntryKind::PersonCreated, by).person(id);
    audit::store::insert(&mut tx, &entry.details(serde_json::json!({"role": role.number(), "owner": owner})))
        .await?;
    let made = store::find(&mut tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(made)
}

/// The user with this address, in the caller's transaction.
pub async fn find_by_email(
    tx: &mut Tx,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Person>, ApiError> {
    Ok(store::find_by_email(tx, organization, email).await?)
}

/// A student without a password: comes by join link or host application. Inside the caller's transaction.
pub async fn make_student(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    by: Actor,
    email: &str,
    name: (&str, Option<&str>),
) -> Result<Person, ApiError> {
    make(app, tx, organization, by, PersonKind::User, email, name).await
}

/// A guest, known only to the class that invites them. Inside the caller's transaction.
pub async fn make_guest(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    by: Actor,
    email: &str,
    name: (&str, Option<&str>),
) -> Result<Person, ApiError> {
    make(app, tx, organization, by, PersonKind::Guest, email, name).await
}

async fn make(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    by: Actor,
    kind: PersonKind,
    email: &str,
    name: (&str, Option<&str>),
) -> Result<Person, ApiError> {
    let id = app.new_id();
    let new = NewPerson {
        id,
        kind,
        external_id: None,
        subject: None,
        email,
        first_name: name.0,
        last_name: name.1,
        role: Role::Student,
        owner: false,
        password_hash: None,
    };
    store::insert(tx, organization, &new, app.clock.now()).await?;
    audit::store::insert(tx, &app.entry(organization, EntryKind::PersonCreated, by).person(id)).await?;
    store::find(tx, organization, id).await?.ok_or(ApiError::NotFound)
}

/// A person of this organization, in the caller's transaction.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: PersonId,
) -> Result<Option<Person>, ApiError> {
    Ok(store::find(tx, organization, id).await?)
}

/// A sign-in with a password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The organization's short name; `null` for whoever runs the server.
    #[schema(example = "oakwood")]
    pub organization: Option<String>,
    /// Address.
    pub email: String,
    /// Password.
    #[schema(value_type = String)]
    pub password: SecretString,
}

/// Signs in. Unknown people, wrong passwords and closed organizations are answered alike, after the same work.
///
/// # Errors
/// [`ApiError::TooMany`] before any hashing; else [`ApiError::Invalid`] without saying what was wrong.
pub async fn sign_in(
    app: &App,
    address: std::net::IpAddr,
    login: &Login,
) -> Result<(BearerToken, Person, OrganizationId), ApiError> {
    let slug = login.organization.as_deref().map(|slug| slug.trim().to_ascii_lowercase()).unwrap_or_default();
    let limits = &app.config.limits;
    let account = format!("sign-in {slug} {}", store::email_key(&login.email));
    app.limiter
        .count(&format!("sign-in from {address}"), limits.sign_ins_per_address)
        .map_err(ApiError::TooMany)?;
    app.limiter.count(&account, limits.sign_ins_per_account).map_err(ApiError::TooMany)?;
    let mut look = app.db.system_read().await?;
    let organization = organizations::service::find_by_slug(&mut look, &slug)
        .await?
        .filter(|organization| organization.active);
    drop(look);
    let tenant = organization.as_ref().map_or(OPERATOR, |organization| organization.id);
    let mut look = app.db.read(tenant).await?;
    let person = store::find_by_email(&mut look, tenant, &login.email).await?;
    drop(look);
    let person = person.filter(|person| organization.is_some() && person.active);
    let hash = person.as_ref().and_then(|person| person.password_hash.clone());
    let fits = app.passwords.verify(&login.password, hash.as_deref()).await;
    let Some(person) = person.filter(|_| fits) else {
        app.append_audit(app.entry(tenant, EntryKind::SignInFailed, Actor::Nobody)).await;
        return Err(ApiError::field(
            "password",
            "Organization, address and password do not fit together. Check all three.",
        ));
    };
    app.limiter.forget(&account);
    let token = BearerToken::generate("ls_", app.randomness.as_ref());
    let now = app.clock.now();
    let mut tx = app.db.begin(tenant).await?;
    store::insert_sign_in(&mut tx, token.hash(), tenant, person.id, now, now + SIGN_IN_LIFE).await?;
    audit::store::insert(
        &mut tx,
        &app.entry(tenant, EntryKind::SignedIn, Actor::Person(person.id)).person(person.id),
    )
    .await?;
    tx.commit().await?;
    Ok((token, person, tenant))
}

/// Ends the sign-in a request came with.
pub async fn sign_out(app: &App, who: &SignedIn) -> Result<(), ApiError> {
    let (Via::Cookie(hash) | Via::Bearer(hash)) = who.via else { return Ok(()) };
    let mut tx = app.db.begin(who.organization).await?;
    store::remove_sign_in(&mut tx, hash).await?;
    audit::store::insert(
        &mut tx,
        &app.entry(who.organization, EntryKind::SignedOut, who.actor()).person(who.person),
    )
    .await?;
    tx.commit().await?;
    app.hub.sign_in_ended(who.organization, who.person);
    Ok(())
}

/// Who came with this `Authorization` value.
///
/// # Errors
/// [`ApiError::SignedOut`].
pub async fn authenticate_bearer(app: &App, token: &str) -> Result<SignedIn, ApiError> {
    let bearer = BearerToken::received(token);
    if token.starts_with("lk_") {
        return authenticate_key(app, &bearer).await;
    }
    if token.starts_with("ls_") {
        return authenticate_sign_in(app, &bearer, Via::Bearer(bearer.hash())).await;
    }
    let (organization, person, until) = host_tokens::authenticate(app, token).await?;
    Ok(signed_in(organization, &person, Via::HostToken(until)))
}

/// Who signed in with this token.
///
/// # Errors
/// [`ApiError::SignedOut`].
pub async fn authenticate_sign_in(app: &App, token: &BearerToken, via: Via) -> Result<SignedIn, ApiError> {
    let mut look = app.db.system_read().await?;
    let (organization, person) =
        store::find_sign_in(&mut look, token.hash(), app.clock.now()).await?.ok_or(ApiError::SignedOut)?;
    let open = organizations::service::find(&mut look, organization)
        .await?
        .is_some_and(|organization| organization.active);
    drop(look);
    let mut look = app.db.read(organization).await?;
    let person = store::find(&mut look, organization, person).await?.filter(|person| open && person.active);
    Ok(signed_in(organization, &person.ok_or(ApiError::SignedOut)?, via))
}

fn signed_in(organization: OrganizationId, person: &Person, via: Via) -> SignedIn {
    SignedIn {
        organization,
        person: person.id,
        role: person.role,
        owner: person.owner,
        name: person.name(),
        language: person.language.clone(),
        via,
    }
}

/// Whether somebody who proved who they are is still good for it: sign-in not ended, key not revoked, person and organization
/// active. With their present role.
///
/// # Errors
/// [`ApiError::SignedOut`].
pub async fn check_again(
    app: &App,
    organization: OrganizationId,
    person: PersonId,
    via: &Via,
) -> Result<SignedIn, ApiError> {
    let mut look = app.db.system_read().await?;
    if let Via::Cookie(hash) | Via::Bearer(hash) = via {
        let known = store::find_sign_in(&mut look, *hash, app.clock.now()).await?;
        known.filter(|known| *known == (organization, person)).ok_or(ApiError::SignedOut)?;
    }
    if matches!(via, Via::HostToken(until) if *until <= app.clock.now()) {
        return Err(ApiError::SignedOut);
    }
    let open = organizations::service::find(&mut look, organization)
        .await?
        .is_some_and(|organization| organization.active);
    drop(look);
    let mut look = app.db.read(organization).await?;
    if let Via::ApiKey(id, _) = via {
        let key = store::find_api_key(&mut look, organization, *id).await?;
        let key = key.filter(|key| open && key.revoked_at.is_none()).ok_or(ApiError::SignedOut)?;
        return Ok(SignedIn {
            organization,
            person,
            role: Role::Admin,
            owner: false,
            name: key.name,
            language: None,
            via: Via::ApiKey(*id, key.scopes),
        });
    }
    let person = store::find(&mut look, organization, person).await?.filter(|person| open && person.active);
    Ok(signed_in(organization, &person.ok_or(ApiError::SignedOut)?, via.clone()))
}

async fn authenticate_key(app: &App, key: &BearerToken) -> Result<SignedIn, ApiError> {
    let mut look = app.db.system_read().await?;
    let (organization, id) =
        store::find_api_key_hash(&mut look, key.hash()).await?.ok_or(ApiError::SignedOut)?;
    let open = organizations::service::find(&mut look, organization)
        .await?
        .is_some_and(|organization| organization.active);
    drop(look);
    let mut look = app.db.read(organization).await?;
    let key = store::find_api_key(&mut look, organization, id)
        .await?
        .filter(|key| open && key.revoked_at.is_none());
    let key = key.ok_or(ApiError::SignedOut)?;
    Ok(SignedIn {
        organization,
        person: PersonId(Uuid::nil()),
        role: Role::Admin,
        owner: false,
        name: key.name,
        language: None,
        via: Via::ApiKey(id, key.scopes),
    })
}

/// Changes to a person: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePerson {
    /// Given name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Family name; empty removes it.
    #[serde(default)]
    pub last_name: Option<String>,
    /// 0, 1 or 2.
    #[serde(default)]
    pub role: Option<i64>,
    /// Only an owner may change it.
    #[serde(default)]
    pub owner: Option<bool>,
    /// `false` ends all sign-ins, links and seats at once.
    #[serde(default)]
    pub active: Option<bool>,
    /// `en` or `bn`.
    #[serde(default)]
    pub language: Option<String>,
    /// A new password; ends all other sign-ins.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub password: Option<SecretString>,
}

/// Changes a person.
pub async fn change_person(
    app: &App,
    who: &SignedIn,
    id: PersonId,
    change: ChangePerson,
) -> Result<Person, ApiError> {
    let hash = match &change.password {
        Some(password) => {
            check_password(password).map_err(|message| ApiError::field("password", message))?;
            Some(app.passwords.hash(password).await.map_err(ApiError::internal)?)
        }
        None => None,
    };
    let sealer = app.keys.sealer(who.organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let mut person = store::find(&mut tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let was_active = person.active;
    apply(&mut person, &change, who)?;
    store::update(&mut tx, who.organization, &person, now).await?;
    if let Some(hash) = hash {
        store::set_password(&mut tx, who.organization, id, &hash, now).await?;
        store::remove_sign_ins_of(&mut tx, who.organization, id).await?;
    }
    let kind = match (was_active, person.active) {
        (true, false) => EntryKind::PersonDisabled,
        (false, true) => EntryKind::PersonEnabled,
        _ => EntryKind::PersonChanged,
    };
    if kind == EntryKind::PersonDisabled {
        store::remove_sign_ins_of(&mut tx, who.organization, id).await?;
        crate::classes::service::person_disabled(app, &mut tx, who.organization, id).await?;
    }
    audit::store::insert(&mut tx, &app.entry(who.organization, kind, who.actor()).person(id)).await?;
    let event = Event::new(EventType::AccessChanged, now).person(Some(id), person.name(), person.role.name());
    events::emit(&mut tx, &app.ids, &sealer, who.organization, now, &event).await?;
    tx.commit().await?;
    app.hub.sign_in_ended(who.organization, id);
    app.wake.outbox.notify_one();
    app.wake.jobs.notify_one();
    Ok(person)
}

fn apply(person: &mut Person, change: &ChangePerson, who: &SignedIn) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    if let Some(first) = &change.first_name {
        match one_line(first, 120) {
            Ok(first) => person.first_name = first,
            Err(message) => errors.push(FieldError::new("first_name", message)),
        }
    }
    if let Some(last) = &change.last_name {
        match (last.trim().is_empty(), one_line(last, 120)) {
            (true, _) => person.last_name = None,
            (false, Ok(last)) => person.last_name = Some(last),
            (false, Err(message)) => errors.push(FieldError::new("last_name", message)),
        }
    }
    if let Some(role) = change.role {
        match Role::try_from(role) {
            Ok(role) => person.role = role,
            Err(error) => errors.push(FieldError::new("role", error.to_string())),
        }
    }
    if let Some(language) = &change.language {
        match language.as_str() {
            "en" | "bn" => person.language = Some(language.clone()),
            _ => errors.push(FieldError::new("language", "Use en or bn.")),
        }
    }
    // Owners are touched by owners only, and nobody locks themselves out.
    if (person.owner || change.owner == Some(true)) && !who.owner {
        return Err(ApiError::Forbidden);
    }
    if let Some(owner) = change.owner {
        person.owner = owner;
    }
    if person.owner && person.role != Role::Admin {
        errors
            .push(FieldError::new("role", "An owner is an admin (role 2). Take the owner flag away first."));
    }
    if person.id == who.person
        && (change.active == Some(false) || change.role.is_some() || change.owner.is_some())
    {
        errors.push(FieldError::new("active", "Somebody else must change your own access."));
    }
    if let Some(active) = change.active {
        person.active = active;
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Invalid(errors)) }
}

/// Makes an API key; the token is in the answer and nowhere else.
pub async fn create_api_key(
    app: &App,
    who: &SignedIn,
    name: &str,
    scopes: Vec<Scope>,
) -> Result<(ApiKey, BearerToken), ApiError> {
    let name = one_line(name, 80).map_err(|message| ApiError::field("name", message))?;
    if scopes.is_empty() {
        return Err(ApiError::field("scopes", "Name at least one of read, write, platforms."));
    }
    let by = who.person()?;
    let token = BearerToken::generate("lk_", app.randomness.as_ref());
    let hint = token.expose().chars().take(9).collect();
    let key =
        ApiKey { id: app.ids.next(), name, scopes, hint, created_at: app.clock.now(), revoked_at: None };
    let mut tx = app.db.begin(who.organization).await?;
    store::insert_api_key(&mut tx, who.organization, &key, token.hash(), Some(by)).await?;
    let entry = app.entry(who.organization, EntryKind::ApiKeyCreated, who.actor());
    audit::store::insert(&mut tx, &entry.details(serde_json::json!({"api_key": key.id}))).await?;
    tx.commit().await?;
    Ok((key, token))
}

/// Revokes an API key at once.
pub async fn revoke_api_key(app: &App, who: &SignedIn, id: Uuid) -> Result<(), ApiError> {
    let mut tx = app.db.begin(who.organization).await?;
    if !store::revoke_api_key(&mut tx, who.organization, id, app.clock.now()).await? {
        return Err(ApiError::NotFound);
    }
    let entry = app.entry(who.organization, EntryKind::ApiKeyRevoked, who.actor());
    audit::store::insert(&mut tx, &entry.details(serde_json::json!({"api_key": id}))).await?;
    tx.commit().await?;
    // Programs have no person: each of the organization's looks whether its key still holds.
    app.hub.sign_in_ended(who.organization, PersonId(Uuid::nil()));
    Ok(())
}

/// Gives the user with this address a new password and ends all their sign-ins: for whoever runs the server.
///
/// # Errors
/// [`ApiError::Invalid`] when nobody has this address, or the password is too short.
pub async fn set_password(
    app: &App,
    organization: OrganizationId,
    by: Actor,
    email: &str,
    password: &SecretString,
) -> Result<(), ApiError> {
    check_password(password).map_err(|message| ApiError::field("password", message))?;
    let hash = app.passwords.hash(password).await.map_err(ApiError::internal)?;
    let mut tx = app.db.begin(organization).await?;
    let person = store::find_by_email(&mut tx, organization, email)
        .await?
        .ok_or_else(|| ApiError::field("email", "Nobody has this address here."))?;
    store::set_password(&mut tx, organization, person.id, &hash, app.clock.now()).await?;
    store::remove_sign_ins_of(&mut tx, organization, person.id).await?;
    audit::store::insert(&mut tx, &app.entry(organization, EntryKind::PersonChanged, by).person(person.id))
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Every user of an organization, in the order of their addresses.
pub async fn all(app: &App, organization: OrganizationId) -> Result<Vec<Person>, ApiError> {
    let mut tx = app.db.read(organization).await?;
    let mut all: Vec<Person> = Vec::new();
    loop {
        let after = all.last().map(|person| store::email_key(&person.email)).unwrap_or_default();
        let more = store::list(&mut tx, organization, &after, 200).await?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

/// Forgets sign-ins that ended before the instant. Inside the caller's system transaction.
pub async fn remove_ended_sign_ins(
    tx: &mut Tx,
    before: chrono::DateTime<chrono::Utc>,
) -> Result<u64, ApiError> {
    Ok(store::remove_ended_sign_ins(tx, before).await?)
}

/// The names of these people, for lists of other rooms; those unknown are left out.
pub async fn names(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: impl IntoIterator<Item = PersonId>,
) -> Result<std::collections::HashMap<PersonId, String>, ApiError> {
    let ids: std::collections::BTreeSet<uuid::Uuid> = ids.into_iter().map(PersonId::uuid).collect();
    if ids.is_empty() {
        return Ok(std::collections::HashMap::new());
    }
    let rows = store::names(tx, organization, &crate::ids::json_list(ids)).await?;
    let named = rows.into_iter().map(|(id, first, last)| match last {
        Some(last) => (PersonId(id), format!("{first} {last}")),
        None => (PersonId(id), first),
    });
    Ok(named.collect())
}

/// People whose name or address contains this text; at most 100.
pub async fn search(
    tx: &mut Tx,
    organization: OrganizationId,
    text: &str,
) -> Result<Vec<PersonId>, ApiError> {
    Ok(store::search(tx, organization, &text.trim().to_lowercase()).await?)
}

/// Whoever may teach, by name; at most 500.
pub async fn teachers(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Person>, ApiError> {
    Ok(store::teachers(tx, organization).await?)
}

/// How many people have an account.
pub async fn count(tx: &mut Tx, organization: OrganizationId) -> Result<i64, ApiError> {
    Ok(store::count_users(tx, organization).await?)
}

/// The names of an organization's API keys, revoked ones too.
pub async fn api_key_names(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<std::collections::HashMap<uuid::Uuid, String>, ApiError> {
    let keys = store::list_api_keys(tx, organization).await?;
    Ok(keys.into_iter().map(|key| (key.id, key.name)).collect())
}
