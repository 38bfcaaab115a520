//! Making people: with an account, as a student without a password, or as a guest.

use lectern_core::{ids::OrganizationId, role::Role, secret::SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    directory::room,
    fields::{NameInput, check_password, one_line, parse_email},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::{ApiError, FieldError},
    people::{
        Person, PersonKind,
        store::{self, NewPerson},
    },
};

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

pub(super) struct Checked {
    email: String,
    first: String,
    last: Option<String>,
    role: Role,
    external: Option<String>,
}

pub(super) fn checked(new: &CreatePerson) -> Result<Checked, ApiError> {
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
    room(&mut tx, organization, 1).await?;
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

/// Somebody meant for a list: known here, or by address and name.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Whom {
    /// Somebody known here.
    #[serde(default)]
    pub user_id: Option<uuid::Uuid>,
    /// An address; a student is made when nobody here has it.
    #[serde(default)]
    pub email: Option<String>,
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

/// The person meant; a student is made when nobody here has the address. Inside the caller's transaction.
pub async fn find_or_make(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    by: Actor,
    whom: Whom,
) -> Result<Person, ApiError> {
    let Whom { user_id, email, name, first_name, last_name } = whom;
    if let Some(id) = user_id {
        let known = store::find(tx, organization, id.into()).await?;
        return known
            .filter(|person| person.kind == PersonKind::User)
            .ok_or_else(|| ApiError::field("user_id", "There is nobody with this id here."));
    }
    let email = email.ok_or_else(|| ApiError::field("email", "Send email and name, or user_id."))?;
    let email = parse_email(&email).map_err(|message| ApiError::field("email", message))?;
    if let Some(known) = store::find_by_email(tx, organization, &email).await? {
        return Ok(known);
    }
    let mut errors = Vec::new();
    let (first, last) = NameInput { name, first_name, last_name }.read(&mut errors);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    make_student(app, tx, organization, by, &email, (&first, last.as_deref())).await
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
    if kind == PersonKind::User {
        room(tx, organization, 1).await?;
    }
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
