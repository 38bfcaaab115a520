//! Organizations and their settings.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId},
    locks::Locks,
    organization::{Policies, Vocabulary},
    provider::ProviderName,
};
use lectern_providers::registry;
use lectern_web::Languages;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{
    limits::Limits,
    look::{Look, Sender},
};
use crate::{
    db::{StoreError, Tx},
    run, statement,
};

/// A tenant.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name in addresses and at sign-in.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// Which words its pages use.
    pub vocabulary: Vocabulary,
    /// Whether its people may sign in.
    pub active: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// In which languages its pages and mails are.
    pub languages: Languages,
    /// Its colour and its logo.
    pub look: Look,
}

/// How a host application's tokens are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "snake_case", deny_unknown_fields)]
pub enum HostTokens {
    /// A shared secret, sealed beside this.
    Hs256 {
        /// Expected `iss`.
        issuer: String,
        /// Expected `aud`.
        audience: String,
    },
    /// Public keys, pasted as a JWKS document.
    Rs256 {
        /// Expected `iss`.
        issuer: String,
        /// Expected `aud`.
        audience: String,
        /// The key set.
        jwks: serde_json::Value,
    },
}

/// What an organization decided.
#[derive(Clone, Debug)]
pub struct Settings {
    /// IANA zone of new classes.
    pub time_zone: String,
    /// The platform of new classes.
    pub default_provider: ProviderName,
    /// Policies.
    pub policies: Policies,
    /// What its classes begin with and cannot choose. Aliases are locked on here if and only if the policy says "always".
    pub locks: Locks,
    /// Host application's tokens.
    pub host_tokens: Option<HostTokens>,
    /// Their sealed secret.
    pub host_secret: Option<Vec<u8>>,
}

statement!(system INSERT, "insert into organizations (id, slug, name, vocabulary, state, created_at, languages, default_language) values ($1, $2, $3, $4, 'active', $5, $6, $7) on conflict do nothing");
statement!(tenant INSERT_SETTINGS, "insert into organization_settings (organization_id, time_zone, default_provider, policies, updated_at) values ($1, $2, $3, $4, $5) on conflict do nothing");
statement!(system FIND, "select id, slug, name, vocabulary, state, created_at, languages, default_language, look from organizations where id = $1");
statement!(system FIND_BY_SLUG, "select id, slug, name, vocabulary, state, created_at, languages, default_language, look from organizations where slug = $1");
statement!(system LIST, "select id, slug, name, vocabulary, state, created_at, languages, default_language, look from organizations where slug > $1 order by slug limit $2");
statement!(system SET_WORDS, "update organizations set name = $2, vocabulary = $3 where id = $1");
statement!(system SET_LANGUAGES, "update organizations set languages = $2, default_language = $3 where id = $1");
statement!(system SET_LOOK, "update organizations set look = $2 where id = $1");
statement!(tenant SENDER, "select sender_name, reply_to from organization_settings where organization_id = $1");
statement!(tenant SET_SENDER, "update organization_settings set sender_name = $2, reply_to = $3, updated_at = $4 where organization_id = $1");
statement!(system SET_STATE, "update organizations set state = $2 where id = $1");
statement!(tenant SETTINGS, "select time_zone, default_provider, policies, locks, host_tokens, host_secret from organization_settings where organization_id = $1");
// All columns are written together: whoever changes one waits for whoever changes another. SQLite has one writer anyway.
statement!(tenant SETTINGS_TO_CHANGE,
    sqlite: "select time_zone, default_provider, policies, locks, host_tokens, host_secret from organization_settings where organization_id = $1",
    postgres: "select time_zone, default_provider, policies, locks, host_tokens, host_secret from organization_settings where organization_id = $1 for update");
statement!(tenant UPDATE_SETTINGS, "update organization_settings set time_zone = $2, default_provider = $3, policies = $4, locks = $5, host_tokens = $6, host_secret = $7, updated_at = $8 where organization_id = $1");
statement!(tenant LIMITS, "select people, classes, live_sessions from organization_limits where organization_id = $1");
// Whoever makes something of which there may be only so many waits here for the other who does. SQLite has one writer anyway.
statement!(tenant LIMITS_HELD,
    sqlite: "select people, classes, live_sessions from organization_limits where organization_id = $1",
    postgres: "select people, classes, live_sessions from organization_limits where organization_id = $1 for update");
statement!(tenant SET_LIMITS, "insert into organization_limits (organization_id, people, classes, live_sessions, updated_at) values ($1, $2, $3, $4, $5)
    on conflict (organization_id) do update set people = excluded.people, classes = excluded.classes, live_sessions = excluded.live_sessions, updated_at = excluded.updated_at");
statement!(system CLASS_ROUTE, "select organization_id from class_routes where class_id = $1");
statement!(system REMOVE_HOST_ISSUER, "delete from host_issuers where organization_id = $1");
statement!(system INSERT_HOST_ISSUER, "insert into host_issuers (issuer, audience, organization_id) values ($1, $2, $3) on conflict do nothing");
statement!(system HOST_ISSUER, "select organization_id from host_issuers where issuer = $1 and audience = $2");
statement!(system INSTANCE_GET, "select value from instance_settings where name = $1");
statement!(system INSTANCE_PUT, "insert into instance_settings (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value");
statement!(system INSTANCE_REMOVE, "delete from instance_settings where name = $1 and value = $2");

#[derive(FromRow)]
struct Row {
    id: Uuid,
    slug: String,
    name: String,
    vocabulary: String,
    state: String,
    created_at: DateTime<Utc>,
    languages: String,
    default_language: String,
    look: Json<Look>,
}

impl From<Row> for Organization {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            vocabulary: Vocabulary::parse(&row.vocabulary),
            active: row.state == "active",
            languages: Languages::read(&row.languages, &row.default_language),
            look: row.look.0,
            slug: row.slug,
            name: row.name,
            created_at: row.created_at,
        }
    }
}

#[derive(FromRow)]
struct SettingsRow {
    time_zone: String,
    default_provider: String,
    policies: Json<Policies>,
    locks: Json<Locks>,
    host_tokens: Option<Json<HostTokens>>,
    host_secret: Option<Vec<u8>>,
}

impl TryFrom<SettingsRow> for Settings {
    type Error = StoreError;

    fn try_from(row: SettingsRow) -> Result<Self, StoreError> {
        Ok(Self {
            time_zone: row.time_zone,
            default_provider: registry::named(&row.default_provider)
                .map_err(|error| StoreError::corrupt("organization_settings", error))?,
            policies: row.policies.0,
            locks: row.locks.0,
            host_tokens: row.host_tokens.map(|tokens| tokens.0),
            host_secret: row.host_secret,
        })
    }
}

/// Adds an organization; `false` when the slug is taken.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut Tx, organization: &Organization) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        INSERT,
        [
            organization.id.uuid(),
            &organization.slug,
            &organization.name,
            organization.vocabulary.as_str(),
            organization.created_at,
            organization.languages.offered_text(),
            organization.languages.default_lang().tag()
        ]
    )? == 1)
}

/// Adds its settings.
///
/// # Errors
/// When the database refuses.
pub async fn insert_settings(
    tx: &mut Tx,
    organization: OrganizationId,
    time_zone: &str,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT_SETTINGS,
        [organization.uuid(), time_zone, registry::platforms()[0].name.as_str(), Json(policies), now]
    )?;
    Ok(())
}

/// An organization by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut Tx, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND, [id.uuid()])?;
    Ok(row.map(Organization::from))
}

/// An organization by slug.
///
/// # Errors
/// When the database refuses.
pub async fn find_by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Organization>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND_BY_SLUG, [slug])?;
    Ok(row.map(Organization::from))
}

/// Organizations in the order of their slugs, after one.
///
/// # Errors
/// When the database refuses.
pub async fn list(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Organization>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, LIST, [after, limit])?;
    Ok(rows.into_iter().map(Organization::from).collect())
}

/// Names an organization anew, and says which words its pages use.
///
/// # Errors
/// When the database refuses.
pub async fn set_words(tx: &mut Tx, organization: &Organization) -> Result<(), StoreError> {
    let vocabulary = organization.vocabulary.as_str();
    run!(execute, tx, SET_WORDS, [organization.id.uuid(), &organization.name, vocabulary])?;
    Ok(())
}

/// Says in which languages its pages and mails are.
///
/// # Errors
/// When the database refuses.
pub async fn set_languages(tx: &mut Tx, id: OrganizationId, languages: Languages) -> Result<(), StoreError> {
    let default = languages.default_lang().tag();
    run!(execute, tx, SET_LANGUAGES, [id.uuid(), languages.offered_text(), default])?;
    Ok(())
}

/// Writes colour and logo.
///
/// # Errors
/// When the database refuses.
pub async fn set_look(tx: &mut Tx, id: OrganizationId, look: &Look) -> Result<(), StoreError> {
    run!(execute, tx, SET_LOOK, [id.uuid(), Json(look)])?;
    Ok(())
}

/// In whose name its mails come.
///
/// # Errors
/// When the database refuses.
pub async fn sender(tx: &mut Tx, organization: OrganizationId) -> Result<Sender, StoreError> {
    let row: Option<Sender> = run!(optional, tx, SENDER, [organization.uuid()])?;
    Ok(row.unwrap_or_default())
}

/// Writes in whose name its mails come.
///
/// # Errors
/// When the database refuses.
pub async fn set_sender(
    tx: &mut Tx,
    organization: OrganizationId,
    sender: &Sender,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (name, reply_to) = (sender.name.as_deref(), sender.reply_to.as_deref());
    run!(execute, tx, SET_SENDER, [organization.uuid(), name, reply_to, now])?;
    Ok(())
}

/// Opens or closes an organization.
///
/// # Errors
/// When the database refuses.
pub async fn set_active(tx: &mut Tx, id: OrganizationId, active: bool) -> Result<(), StoreError> {
    let state = if active { "active" } else { "closed" };
    run!(execute, tx, SET_STATE, [id.uuid(), state])?;
    Ok(())
}

/// What the organization decided.
///
/// # Errors
/// When the database refuses, or holds no settings.
pub async fn settings(tx: &mut Tx, organization: OrganizationId) -> Result<Settings, StoreError> {
    let row: SettingsRow = run!(one, tx, SETTINGS, [organization.uuid()])?;
    row.try_into()
}

/// The same, and nobody else changes them until the transaction ends.
///
/// # Errors
/// As [`settings`].
pub async fn settings_to_change(tx: &mut Tx, organization: OrganizationId) -> Result<Settings, StoreError> {
    let row: SettingsRow = run!(one, tx, SETTINGS_TO_CHANGE, [organization.uuid()])?;
    row.try_into()
}

/// Writes what the organization decided.
///
/// # Errors
/// When the database refuses.
pub async fn update_settings(
    tx: &mut Tx,
    organization: OrganizationId,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        UPDATE_SETTINGS,
        [
            organization.uuid(),
            &settings.time_zone,
            settings.default_provider.as_str(),
            Json(&settings.policies),
            Json(&settings.locks),
            settings.host_tokens.as_ref().map(Json),
            settings.host_secret.as_deref(),
            now
        ]
    )?;
    Ok(())
}

/// How much an organization may have.
///
/// # Errors
/// When the database refuses.
pub async fn limits(tx: &mut Tx, organization: OrganizationId) -> Result<Limits, StoreError> {
    let row: Option<Limits> = run!(optional, tx, LIMITS, [organization.uuid()])?;
    Ok(row.unwrap_or_default())
}

/// The same; where there are limits, one transaction at a time may go on from here.
///
/// # Errors
/// When the database refuses.
pub async fn limits_held(tx: &mut Tx, organization: OrganizationId) -> Result<Limits, StoreError> {
    let row: Option<Limits> = run!(optional, tx, LIMITS_HELD, [organization.uuid()])?;
    Ok(row.unwrap_or_default())
}

/// Sets how much an organization may have.
///
/// # Errors
/// When the database refuses.
pub async fn set_limits(
    tx: &mut Tx,
    organization: OrganizationId,
    limits: Limits,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SET_LIMITS,
        [organization.uuid(), limits.people, limits.classes, limits.live_sessions, now]
    )?;
    Ok(())
}

/// Which organization a class belongs to.
///
/// # Errors
/// When the database refuses.
pub async fn of_class(tx: &mut Tx, class: ClassId) -> Result<Option<OrganizationId>, StoreError> {
    let id: Option<Uuid> = run!(optional_value, tx, CLASS_ROUTE, [class.uuid()])?;
    Ok(id.map(OrganizationId))
}

/// A value of the whole server.
///
/// # Errors
/// When the database refuses.
pub async fn instance_get(tx: &mut Tx, name: &str) -> Result<Option<String>, StoreError> {
    Ok(run!(optional_value, tx, INSTANCE_GET, [name])?)
}

/// Sets a value of the whole server.
///
/// # Errors
/// When the database refuses.
pub async fn instance_put(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    run!(execute, tx, INSTANCE_PUT, [name, value])?;
    Ok(())
}

/// Removes a value of the whole server; `false` when it was not there.
///
/// # Errors
/// When the database refuses.
pub async fn instance_remove(tx: &mut Tx, name: &str, value: &str) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, INSTANCE_REMOVE, [name, value])? == 1)
}

/// Tokens of this issuer and audience belong to this organization; `false` when they are another's.
pub async fn set_host_issuer(
    tx: &mut Tx,
    organization: OrganizationId,
    issuer: &str,
    audience: &str,
) -> Result<bool, StoreError> {
    run!(execute, tx, REMOVE_HOST_ISSUER, [organization.uuid()])?;
    Ok(run!(execute, tx, INSERT_HOST_ISSUER, [issuer, audience, organization.uuid()])? == 1)
}

/// Whose tokens have this issuer and audience.
pub async fn of_host_issuer(
    tx: &mut Tx,
    issuer: &str,
    audience: &str,
) -> Result<Option<OrganizationId>, StoreError> {
    let id: Option<Uuid> = run!(optional_value, tx, HOST_ISSUER, [issuer, audience])?;
    Ok(id.map(OrganizationId))
}
