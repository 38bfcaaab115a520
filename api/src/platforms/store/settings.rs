//! Credentials of an organization's app, and who changed them when.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lectern_core::{ids::OrganizationId, provider::ProviderName};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    platforms::Step,
    run, statement,
};

/// Whose accounts hold the meetings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Every instructor connects their own account.
    #[default]
    User,
    /// One account of the organization.
    ServerToServer,
}

impl Mode {
    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ServerToServer => "server_to_server",
        }
    }
}

/// A queue of the organization's own through which a platform delivers its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventQueue {
    /// Google: `projects/…/topics/…`.
    pub topic: String,
    /// The service account that its deliveries are signed for.
    pub sender: String,
}

/// An organization's app at a platform; secrets are sealed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose accounts.
    pub mode: Mode,
    /// The app's id.
    pub client_id: String,
    /// The platform's account.
    pub account_id: Option<String>,
    /// The account's user that hosts for instructors without one.
    pub default_host: Option<String>,
    /// One of the operator's addresses.
    pub api_base: String,
    /// The organization's queue for the platform's events, and the account under which it delivers.
    pub events_by: Option<EventQueue>,
    /// Sealed.
    pub client_secret: Vec<u8>,
    /// Sealed.
    pub webhook_secret: Option<Vec<u8>>,
    /// Sealed.
    pub previous_webhook_secret: Option<Vec<u8>>,
    /// Until when the previous one is accepted.
    pub previous_valid_until: Option<DateTime<Utc>>,
    /// When the steps were last tried.
    pub tested_at: Option<DateTime<Utc>>,
    /// What was found.
    pub test: Option<Vec<Step>>,
    /// When a delivery was last verified, to the hour.
    pub webhook_seen_at: Option<DateTime<Utc>>,
    /// When they were last changed.
    pub updated_at: DateTime<Utc>,
}

statement!(tenant FIND, "select mode, client_id, account_id, default_host, api_base, client_secret, webhook_secret, previous_webhook_secret, previous_valid_until,
        tested_at, test_result, webhook_seen_at, updated_at, event_topic, event_sender
    from platform_settings where organization_id = $1 and provider = $2");
statement!(tenant PUT, "insert into platform_settings (organization_id, provider, mode, client_id, account_id, default_host, api_base, client_secret, webhook_secret,
        previous_webhook_secret, previous_valid_until, tested_at, test_result, webhook_seen_at, updated_at, updated_by, event_topic, event_sender, generation)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 1)
    on conflict (organization_id, provider) do update set mode = excluded.mode, client_id = excluded.client_id, account_id = excluded.account_id,
        default_host = excluded.default_host, api_base = excluded.api_base, client_secret = excluded.client_secret, webhook_secret = excluded.webhook_secret,
        previous_webhook_secret = excluded.previous_webhook_secret, previous_valid_until = excluded.previous_valid_until, tested_at = excluded.tested_at,
        test_result = excluded.test_result, webhook_seen_at = excluded.webhook_seen_at, updated_at = excluded.updated_at, updated_by = excluded.updated_by,
        event_topic = excluded.event_topic, event_sender = excluded.event_sender,
        generation = platform_settings.generation + 1");
statement!(tenant REMOVE, "delete from platform_settings where organization_id = $1 and provider = $2");
statement!(tenant TESTED, "update platform_settings set tested_at = $3, test_result = $4 where organization_id = $1 and provider = $2");
statement!(tenant SEEN, "update platform_settings set webhook_seen_at = $3 where organization_id = $1 and provider = $2 and (webhook_seen_at is null or webhook_seen_at < $3)");
statement!(tenant COUNTS, "select (select count(*) from connections c where c.organization_id = $1 and c.provider = $2 and c.person_id is not null and c.state = 'active'),
        (select count(*) from people p where p.organization_id = $1 and p.kind = 'user' and p.role = 1 and p.state = 'active')");
statement!(system ROUTE, "insert into platform_organizations (provider, organization_id) values ($1, $2) on conflict do nothing");
statement!(system UNROUTE, "delete from platform_organizations where provider = $1 and organization_id = $2");
statement!(system ROUTED, "select organization_id from platform_organizations where provider = $1 order by organization_id limit $2");
statement!(tenant ADD_HISTORY, "insert into platform_history (id, organization_id, provider, person_id, at, changes) values ($1, $2, $3, $4, $5, $6)");
statement!(tenant HISTORY,
    sqlite: "select h.id, h.at, h.person_id, h.changes, p.first_name, p.last_name from platform_history h
        left join people p on p.organization_id = h.organization_id and p.id = h.person_id
        where h.organization_id = $1 and h.provider = $2 and ($3 is null or (h.at, h.id) < ($3, $4)) order by h.at desc, h.id desc limit $5",
    postgres: "select h.id, h.at, h.person_id, h.changes, p.first_name, p.last_name from platform_history h
        left join people p on p.organization_id = h.organization_id and p.id = h.person_id
        where h.organization_id = $1 and h.provider = $2 and ($3::timestamptz is null or (h.at, h.id) < ($3, $4::uuid)) order by h.at desc, h.id desc limit $5");

#[derive(FromRow)]
struct Row {
    mode: String,
    client_id: String,
    account_id: Option<String>,
    default_host: Option<String>,
    api_base: String,
    client_secret: Vec<u8>,
    webhook_secret: Option<Vec<u8>>,
    previous_webhook_secret: Option<Vec<u8>>,
    previous_valid_until: Option<DateTime<Utc>>,
    tested_at: Option<DateTime<Utc>>,
    test_result: Option<Json<Vec<Step>>>,
    webhook_seen_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
    event_topic: Option<String>,
    event_sender: Option<String>,
}

/// The organization's app, if it has one.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Option<Settings>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND, [organization.uuid(), provider.as_str()])?;
    row.map(|row| {
        Ok(Settings {
            mode: match row.mode.as_str() {
                "user" => Mode::User,
                "server_to_server" => Mode::ServerToServer,
                other => return Err(StoreError::corrupt("platform_settings", format!("mode {other}"))),
            },
            client_id: row.client_id,
            account_id: row.account_id,
            default_host: row.default_host,
            api_base: row.api_base,
            events_by: row
                .event_topic
                .zip(row.event_sender)
                .map(|(topic, sender)| EventQueue { topic, sender }),
            client_secret: row.client_secret,
            webhook_secret: row.webhook_secret,
            previous_webhook_secret: row.previous_webhook_secret,
            previous_valid_until: row.previous_valid_until,
            tested_at: row.tested_at,
            test: row.test_result.map(|test| test.0),
            webhook_seen_at: row.webhook_seen_at,
            updated_at: row.updated_at,
        })
    })
    .transpose()
}

/// Adds or replaces the organization's app, and lists the organization among those that use the platform.
pub async fn put(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    settings: &Settings,
    by: Option<Uuid>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        PUT,
        [
            organization.uuid(),
            provider.as_str(),
            settings.mode.as_str(),
            &settings.client_id,
            settings.account_id.as_deref(),
            settings.default_host.as_deref(),
            &settings.api_base,
            settings.client_secret.as_slice(),
            settings.webhook_secret.as_deref(),
            settings.previous_webhook_secret.as_deref(),
            settings.previous_valid_until,
            settings.tested_at,
            settings.test.as_ref().map(Json),
            settings.webhook_seen_at,
            settings.updated_at,
            by,
            settings.events_by.as_ref().map(|queue| queue.topic.as_str()),
            settings.events_by.as_ref().map(|queue| queue.sender.as_str())
        ]
    )?;
    run!(execute, tx, ROUTE, [provider.as_str(), organization.uuid()])?;
    Ok(())
}

/// Removes the organization's app; `false` when there was none.
pub async fn remove(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<bool, StoreError> {
    run!(execute, tx, UNROUTE, [provider.as_str(), organization.uuid()])?;
    Ok(run!(execute, tx, REMOVE, [organization.uuid(), provider.as_str()])? == 1)
}

/// Records a test.
pub async fn set_tested(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    at: DateTime<Utc>,
    steps: &[Step],
) -> Result<(), StoreError> {
    run!(execute, tx, TESTED, [organization.uuid(), provider.as_str(), at, Json(steps)])?;
    Ok(())
}

/// Records that a delivery was verified.
pub async fn set_webhook_seen(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, SEEN, [organization.uuid(), provider.as_str(), at])?;
    Ok(())
}

/// How many instructors are connected, and how many there are.
pub async fn counts(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<(i64, i64), StoreError> {
    Ok(run!(one, tx, COUNTS, [organization.uuid(), provider.as_str()])?)
}

/// Organizations that use a platform, at most so many.
pub async fn organizations(
    tx: &mut Tx,
    provider: ProviderName,
    most: i64,
) -> Result<Vec<OrganizationId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, ROUTED, [provider.as_str(), most])?;
    Ok(ids.into_iter().map(OrganizationId).collect())
}

/// Changed fields, with the new value of those that are no secret.
pub type Changes = BTreeMap<String, Option<String>>;

/// One change.
#[derive(Debug, FromRow)]
pub struct HistoryRow {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; none for an API key or the operator.
    pub person_id: Option<Uuid>,
    /// What.
    pub changes: Json<Changes>,
    /// Their given name.
    pub first_name: Option<String>,
    /// Their family name.
    pub last_name: Option<String>,
}

/// Adds a change.
pub async fn add_history(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    id: Uuid,
    by: Option<Uuid>,
    at: DateTime<Utc>,
    changes: &Changes,
) -> Result<(), StoreError> {
    run!(execute, tx, ADD_HISTORY, [id, organization.uuid(), provider.as_str(), by, at, Json(changes)])?;
    Ok(())
}

/// Changes, newest first, before one.
pub async fn history(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<HistoryRow>, StoreError> {
    Ok(run!(
        all,
        tx,
        HISTORY,
        [organization.uuid(), provider.as_str(), before.map(|(at, _)| at), before.map(|(_, id)| id), limit]
    )?)
}
