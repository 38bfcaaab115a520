//! Making organizations and changing what they decided.

use chrono_tz::Tz;
use lectern_core::{
    ids::OrganizationId,
    locks::{Lock, Locks},
    organization::{Aliases, Policies, Vocabulary},
    provider::ProviderName,
};
use lectern_providers::registry;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    policies,
    store::{self, HostTokens, Organization, Settings},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    classes,
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    platforms,
};

/// What other rooms ask in their own transaction.
pub use super::store::{
    find, find_by_slug, instance_get, instance_put, instance_remove, of_class, settings as settings_in,
};

/// A new organization.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOrganization {
    /// In addresses and at sign-in: 2 to 40 of `a-z 0-9 -`.
    #[schema(example = "oakwood")]
    pub slug: String,
    /// What people call it.
    #[schema(example = "Oakwood School")]
    pub name: String,
    /// `school` (default) or `marketplace`.
    #[serde(default)]
    pub vocabulary: Option<String>,
    /// IANA zone of new classes; `UTC` when left out.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// An organization, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganizationView {
    /// Its id.
    pub id: uuid::Uuid,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// `school` or `marketplace`.
    pub vocabulary: &'static str,
    /// Whether its people may sign in.
    pub active: bool,
    /// Since when.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

impl From<Organization> for OrganizationView {
    fn from(organization: Organization) -> Self {
        Self {
            id: organization.id.uuid(),
            slug: organization.slug,
            name: organization.name,
            vocabulary: organization.vocabulary.as_str(),
            active: organization.active,
            created_at: organization.created_at,
        }
    }
}

/// Makes an organization with its key and settings, whole or not at all.
///
/// # Errors
/// [`ApiError::Invalid`] for a wrong or taken slug or zone.
pub async fn create(app: &App, by: Actor, new: CreateOrganization) -> Result<Organization, ApiError> {
    let mut errors = Vec::new();
    let slug = new.slug.trim().to_ascii_lowercase();
    let good = (2..=40).contains(&slug.len())
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !good || slug.starts_with('-') {
        errors.push(FieldError::new("slug", "Use 2 to 40 of a-z, 0-9 and -."));
    }
    let name = crate::people::service::one_line(&new.name, 120)
        .map_err(|message| errors.push(FieldError::new("name", message)))
        .unwrap_or_default();
    let time_zone = new.time_zone.as_deref().unwrap_or("UTC");
    if time_zone.parse::<Tz>().is_err() {
        errors.push(FieldError::new("time_zone", "Use an IANA zone such as Asia/Dhaka."));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let vocabulary = Vocabulary::parse(new.vocabulary.as_deref().unwrap_or("school"));
    let organization =
        Organization { id: app.new_id(), slug, name, vocabulary, active: true, created_at: app.clock.now() };
    let policies = match vocabulary {
        Vocabulary::School => Policies::default(),
        // A marketplace makes a meeting when somebody buys, and only its owners touch credentials (design, section 4).
        Vocabulary::Marketplace => Policies {
            meeting_created: lectern_core::organization::MeetingCreated::Booked,
            credentials_by: lectern_core::organization::CredentialsBy::Owners,
            ..Policies::default()
        },
    };
    add(app, &organization, time_zone, &policies, by).await?;
    Ok(organization)
}

pub(crate) async fn add(
    app: &App,
    organization: &Organization,
    time_zone: &str,
    policies: &Policies,
    by: Actor,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.begin(organization.id).await?;
    if !store::insert(&mut tx, organization).await? {
        return Err(ApiError::field("slug", "Another organization has this name. Choose another."));
    }
    app.keys.create(&mut tx, organization.id, app.clock.as_ref()).await?;
    store::insert_settings(&mut tx, organization.id, time_zone, policies, now).await?;
    let entry = app.entry(organization.id, EntryKind::OrganizationCreated, by);
    audit::store::insert(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(())
}

/// Settings, as shown and sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// What people call the organization.
    pub name: String,
    /// `school` or `marketplace`: the words of pages and mails.
    pub vocabulary: &'static str,
    /// IANA zone of new classes.
    pub time_zone: String,
    /// The platform of new classes.
    pub default_provider: &'static str,
    /// Policies.
    #[schema(value_type = Object, example = json!(Policies::default()))]
    pub policies: Policies,
    /// How the host application's tokens are checked, without the secret.
    #[schema(value_type = Option<Object>)]
    pub host_tokens: Option<HostTokens>,
}

impl From<(Organization, Settings)> for SettingsView {
    fn from((organization, settings): (Organization, Settings)) -> Self {
        let Settings { time_zone, default_provider, policies, host_tokens, .. } = settings;
        Self {
            name: organization.name,
            vocabulary: organization.vocabulary.as_str(),
            time_zone,
            default_provider: default_provider.as_str(),
            policies,
            host_tokens,
        }
    }
}

/// An organization and what it decided.
pub async fn organization(app: &App, id: OrganizationId) -> Result<(Organization, Settings), ApiError> {
    let mut tx = app.db.read(id).await?;
    let organization = store::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    Ok((organization, store::settings(&mut tx, id).await?))
}

/// What the organization decided.
pub async fn settings(app: &App, organization: OrganizationId) -> Result<Settings, ApiError> {
    let mut tx = app.db.read(organization).await?;
    Ok(store::settings(&mut tx, organization).await?)
}

/// Changes to settings: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSettings {
    /// What people call the organization. Only an owner changes it.
    #[serde(default)]
    pub name: Option<String>,
    /// `school` or `marketplace`. Only an owner changes it.
    #[serde(default)]
    pub vocabulary: Option<String>,
    /// IANA zone of new classes.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// `zoom`, `teams`, `meet` or `link`: the platform of new classes.
    #[serde(default)]
    pub default_provider: Option<String>,
    /// The policies that change; the others stay. `null` takes a policy back, as `standby_provider`.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!(Policies::default()))]
    pub policies: Option<Map<String, Value>>,
}

/// Keeps what is wrong with a field for the answer to all of them; any other failure ends at once.
fn gather<T>(errors: &mut Vec<FieldError>, outcome: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(ApiError::Invalid(more)) => {
            errors.extend(more);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// Changes name, words, zone, default platform and policies, all or nothing. The name, the words and who may edit credentials are an
/// owner's to decide.
pub async fn change(
    app: &App,
    who: &SignedIn,
    change: ChangeSettings,
) -> Result<(Organization, Settings), ApiError> {
    let mut tx = app.db.begin(who.organization).await?;
    let mut organization = store::find(&mut tx, who.organization).await?.ok_or(ApiError::NotFound)?;
    let mut settings = store::settings(&mut tx, who.organization).await?;
    let (mut changes, mut errors) = (Map::new(), Vec::new());
    if let Some(name) = change.name
        && let Some(name) = gather(&mut errors, named(&name))?.filter(|name| *name != organization.name)
    {
        changes.insert("name".to_owned(), json!({"from": organization.name, "to": name}));
        organization.name = name;
    }
    if let Some(word) = change.vocabulary
        && let Some(words) =
            gather(&mut errors, vocabulary(&word))?.filter(|words| *words != organization.vocabulary)
    {
        let from = organization.vocabulary.as_str();
        changes.insert("vocabulary".to_owned(), json!({"from": from, "to": words.as_str()}));
        organization.vocabulary = words;
    }
    let renamed = !changes.is_empty();
    if let Some(zone) = change.time_zone.filter(|zone| *zone != settings.time_zone)
        && gather(&mut errors, zone_of(&zone))?.is_some()
    {
        changes.insert("time_zone".to_owned(), json!({"from": settings.time_zone, "to": zone}));
        settings.time_zone = zone;
    }
    let before = settings.default_provider;
    if let Some(word) = &change.default_provider
        && let Some(provider) = gather(&mut errors, offered(app, "default_provider", word))?
    {
        settings.default_provider = provider;
    }
    if let Some(sent) = change.policies
        && let Some(policies) = gather(&mut errors, policies::merged(&settings.policies, sent))?
    {
        if policies.credentials_by != settings.policies.credentials_by && !who.owner {
            return Err(ApiError::Forbidden);
        }
        gather(&mut errors, policies::check(&policies))?;
        for provider in classes::service::platforms_in_use(&mut tx, who.organization).await? {
            gather(&mut errors, check_aliases(&policies, provider, "policies.aliases"))?;
        }
        if let Some(word) = &policies.standby_provider
            && let Some(standby) = gather(&mut errors, offered(app, "policies.standby_provider", word))?
        {
            gather(&mut errors, check_aliases(&policies, standby, "policies.standby_provider"))?;
        }
        changes.extend(policies::changes(&settings.policies, &policies)?);
        if policies.aliases != settings.policies.aliases {
            settings.locks.aliases = match policies.aliases {
                Aliases::Always => Lock::Always,
                Aliases::ByClass => Lock::UsuallyOff,
            };
        }
        settings.policies = policies;
    }
    let at = if settings.default_provider == before { "policies.aliases" } else { "default_provider" };
    gather(&mut errors, check_aliases(&settings.policies, settings.default_provider, at))?;
    if renamed && !who.owner {
        return Err(ApiError::Forbidden);
    }
    if !errors.is_empty() {
        errors.dedup_by(|one, other| one.field == other.field);
        return Err(ApiError::Invalid(errors));
    }
    let moved = settings.default_provider != before;
    if changes.is_empty() && !moved {
        return Ok((organization, settings));
    }
    if renamed {
        store::set_words(&mut tx, &organization).await?;
    }
    store::update_settings(&mut tx, who.organization, &settings, app.clock.now()).await?;
    if !changes.is_empty() {
        let entry = app.entry(who.organization, EntryKind::PoliciesChanged, who.actor());
        audit::store::insert(&mut tx, &entry.details(Value::Object(changes))).await?;
    }
    if moved {
        let entry = app.entry(who.organization, EntryKind::DefaultPlatformChanged, who.actor());
        let details = json!({"provider": settings.default_provider.as_str()});
        audit::store::insert(&mut tx, &entry.details(details)).await?;
    }
    tx.commit().await?;
    Ok((organization, settings))
}

fn named(name: &str) -> Result<String, ApiError> {
    crate::people::service::one_line(name, 120).map_err(|message| ApiError::field("name", message))
}

fn vocabulary(word: &str) -> Result<Vocabulary, ApiError> {
    let known = [Vocabulary::School, Vocabulary::Marketplace].into_iter().find(|one| one.as_str() == word);
    known.ok_or_else(|| ApiError::field("vocabulary", "Use one of: school, marketplace."))
}

fn zone_of(zone: &str) -> Result<Tz, ApiError> {
    zone.parse().map_err(|_| ApiError::field("time_zone", "Use an IANA zone such as Asia/Dhaka."))
}

/// Refuses aliases only, where a platform that is used now must know people's own addresses.
async fn check_aliases_everywhere(
    tx: &mut Tx,
    organization: OrganizationId,
    settings: &Settings,
    policies: &Policies,
    field: &'static str,
) -> Result<(), ApiError> {
    for provider in classes::service::platforms_in_use(tx, organization).await? {
        check_aliases(policies, provider, field)?;
    }
    check_aliases(policies, settings.default_provider, field)
}

/// Writes what classes begin with and cannot choose, and gives back what it was. Inside the caller's transaction.
///
/// # Errors
/// [`ApiError::Invalid`] at `aliases`, when aliases are to be sent always and a platform in use must know people's own addresses.
pub async fn set_locks(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    locks: &Locks,
) -> Result<Locks, ApiError> {
    let mut settings = store::settings(tx, organization).await?;
    let mut policies = settings.policies.clone();
    policies.aliases = if locks.aliases == Lock::Always { Aliases::Always } else { Aliases::ByClass };
    check_aliases_everywhere(tx, organization, &settings, &policies, "aliases").await?;
    if let Some(standby) = policies.standby_provider.as_deref().and_then(|word| registry::named(word).ok()) {
        check_aliases(&policies, standby, "aliases")?;
    }
    settings.policies = policies;
    let before = std::mem::replace(&mut settings.locks, locks.clone());
    store::update_settings(tx, organization, &settings, app.clock.now()).await?;
    Ok(before)
}

/// Refuses a platform that must know people's own addresses where the organization sends aliases only.
///
/// # Errors
/// [`ApiError::Invalid`] at `field`, with the platform's reason.
pub fn check_aliases(
    policies: &Policies,
    provider: ProviderName,
    field: &'static str,
) -> Result<(), ApiError> {
    let can = registry::at_best(provider);
    let refused = can.filter(|can| policies.aliases == Aliases::Always && !can.aliases.is_possible());
    let Some(reason) = refused.as_ref().and_then(|can| can.aliases.reason()) else { return Ok(()) };
    Err(ApiError::field(
        field,
        format!("{} cannot be used with aliases only. {}", provider.title(), reason.0),
    ))
}

/// A platform by its word: one on which this server's classes can be held.
fn offered(app: &App, field: &'static str, word: &str) -> Result<ProviderName, ApiError> {
    let names = platforms::settings::for_classes(app);
    registry::named(word).ok().filter(|name| names.contains(name)).ok_or_else(|| {
        let names: Vec<_> = names.iter().map(|name| name.as_str()).collect();
        ApiError::field(field, format!("Use one of: {}.", names.join(", ")))
    })
}

/// Makes this platform the one new classes use.
pub async fn set_default_platform(app: &App, who: &SignedIn, word: &str) -> Result<(), ApiError> {
    let provider = offered(app, "provider", word)?;
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let mut settings = store::settings(&mut tx, who.organization).await?;
    check_aliases(&settings.policies, provider, "provider")?;
    settings.default_provider = provider;
    store::update_settings(&mut tx, who.organization, &settings, now).await?;
    let entry = app.entry(who.organization, EntryKind::DefaultPlatformChanged, who.actor());
    audit::store::insert(&mut tx, &entry.details(json!({"provider": provider.as_str()}))).await?;
    tx.commit().await?;
    Ok(())
}

/// How the host application's tokens are to be checked.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetHostTokens {
    /// Algorithm, issuer, audience and, for `rs256`, the key set.
    #[schema(value_type = Object)]
    pub tokens: HostTokens,
    /// For `hs256`: the shared secret, at least 32 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub secret: Option<lectern_core::secret::SecretString>,
}

/// Sets how the host application's tokens are checked.
pub async fn set_host_tokens(app: &App, who: &SignedIn, set: SetHostTokens) -> Result<(), ApiError> {
    let secret = match (&set.tokens, &set.secret) {
        (HostTokens::Hs256 { .. }, Some(secret)) if secret.expose().len() >= 32 => Some(secret),
        (HostTokens::Hs256 { .. }, _) => {
            return Err(ApiError::field("secret", "Send the shared secret, at least 32 characters."));
        }
        (HostTokens::Rs256 { jwks, .. }, None) => {
            crate::people::host_tokens::check_key_set(jwks)
                .map_err(|message| ApiError::field("tokens.jwks", message))?;
            None
        }
        (HostTokens::Rs256 { .. }, Some(_)) => {
            return Err(ApiError::field("secret", "A key set needs no secret; leave it out."));
        }
    };
    let sealer = app.keys.sealer(who.organization).await?;
    let sealed = secret.map(|secret| {
        sealer.seal(
            "organization_settings",
            "host_secret",
            who.organization.uuid(),
            secret.expose().as_bytes(),
        )
    });
    let mut tx = app.db.begin(who.organization).await?;
    let mut settings = store::settings(&mut tx, who.organization).await?;
    let (HostTokens::Hs256 { issuer, audience } | HostTokens::Rs256 { issuer, audience, .. }) = &set.tokens;
    if !store::set_host_issuer(&mut tx, who.organization, issuer, audience).await? {
        return Err(ApiError::field(
            "tokens.audience",
            "Another organization uses this issuer and audience. Choose another audience.",
        ));
    }
    settings.host_tokens = Some(set.tokens);
    settings.host_secret = sealed;
    store::update_settings(&mut tx, who.organization, &settings, app.clock.now()).await?;
    audit::store::insert(&mut tx, &app.entry(who.organization, EntryKind::HostTokensChanged, who.actor()))
        .await?;
    tx.commit().await?;
    Ok(())
}

/// The open organization a host application's tokens of this issuer and audience belong to.
pub async fn of_host_tokens(
    app: &App,
    issuer: &str,
    audiences: &[String],
) -> Result<Option<Organization>, ApiError> {
    let mut tx = app.db.system_read().await?;
    for audience in audiences {
        if let Some(id) = store::of_host_issuer(&mut tx, issuer, audience).await? {
            return Ok(store::find(&mut tx, id).await?.filter(|organization| organization.active));
        }
    }
    Ok(None)
}

/// An organization that is open.
pub async fn find_active(app: &App, id: OrganizationId) -> Result<Option<Organization>, ApiError> {
    let mut tx = app.db.system_read().await?;
    Ok(store::find(&mut tx, id).await?.filter(|organization| organization.active))
}

/// Every organization of this server, in the order of their short names; without the operator's own rows.
pub async fn all(db: &crate::db::Db) -> Result<Vec<Organization>, crate::db::StoreError> {
    let mut tx = db.system_read().await?;
    let mut all: Vec<Organization> = Vec::new();
    loop {
        let after = all.last().map(|organization| organization.slug.clone()).unwrap_or_default();
        let more = store::list(&mut tx, &after, 200).await?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

/// Every open organization, for work by the clock.
pub async fn all_active(app: &App) -> Result<Vec<OrganizationId>, ApiError> {
    let mut tx = app.db.system_read().await?;
    let mut ids = Vec::new();
    // The operator's own row has the empty slug and comes before every other.
    let mut after = String::new();
    loop {
        let page = store::list(&mut tx, &after, 200).await?;
        let Some(last) = page.last() else { return Ok(ids) };
        after.clone_from(&last.slug);
        ids.extend(
            page.iter().filter(|organization| organization.active).map(|organization| organization.id),
        );
    }
}
