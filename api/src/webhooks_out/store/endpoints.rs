//! Where an organization wants to hear what happens.

use chrono::{DateTime, Utc};
use lectern_core::ids::OrganizationId;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

macro_rules! endpoint_columns {
    ($rest:literal) => {
        concat!(
            "select id, url, description, events, version, secret, previous_secret, previous_until, state, disabled_by, disabled_at, failing_at, delivered_at, created_at, active_at from webhook_endpoints ",
            $rest
        )
    };
}

statement!(tenant ALL, endpoint_columns!("where organization_id = $1 order by created_at, id"));
statement!(tenant FIND, endpoint_columns!("where organization_id = $1 and id = $2"));
statement!(tenant COUNT, "select count(*) from webhook_endpoints where organization_id = $1");
statement!(tenant INSERT, "insert into webhook_endpoints (id, organization_id, url, description, events, version, secret, state, created_at, active_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $8, $8)");
statement!(tenant CHANGE, "update webhook_endpoints set url = $3, description = $4, events = $5, version = $6, updated_at = $7 where organization_id = $1 and id = $2");
statement!(tenant ROTATE, "update webhook_endpoints set secret = $3, previous_secret = $4, previous_until = $5, updated_at = $6 where organization_id = $1 and id = $2");
statement!(tenant ENABLE, "update webhook_endpoints set state = 'active', disabled_by = null, disabled_at = null, failing_at = null, active_at = $3, updated_at = $3 where organization_id = $1 and id = $2 and state = 'disabled'");
statement!(tenant DISABLE, "update webhook_endpoints set state = 'disabled', disabled_by = $3, disabled_at = $4, updated_at = $4 where organization_id = $1 and id = $2 and state = 'active'");
statement!(tenant ANSWERED, "update webhook_endpoints set failing_at = null, delivered_at = $3 where organization_id = $1 and id = $2");
statement!(tenant FAILED, "update webhook_endpoints set failing_at = $3 where organization_id = $1 and id = $2 and failing_at is null");
statement!(tenant REMOVE, "delete from webhook_endpoints where organization_id = $1 and id = $2");
// SQLite has one writer anyway.
statement!(system LOCK,
    sqlite: "select 1 where $1 is not null",
    postgres: "select 1 from pg_advisory_xact_lock(hashtextextended('webhook_endpoints:' || $1::uuid::text, 0))");

/// An endpoint.
#[derive(Clone, Debug, FromRow)]
pub struct Endpoint {
    /// Its id.
    pub id: Uuid,
    /// Where it is.
    pub url: String,
    /// What people call it.
    pub description: String,
    /// The types it wants; none: all.
    pub events: Json<Vec<String>>,
    /// The shape of payload it was written for.
    pub version: String,
    /// Sealed.
    pub secret: Vec<u8>,
    /// Sealed.
    pub previous_secret: Option<Vec<u8>>,
    /// Until when the previous one signs too.
    pub previous_until: Option<DateTime<Utc>>,
    /// `active` or `disabled`.
    pub state: String,
    /// `person`, `gone` or `failing`.
    pub disabled_by: Option<String>,
    /// Since when.
    pub disabled_at: Option<DateTime<Utc>>,
    /// The first failure since anything arrived.
    pub failing_at: Option<DateTime<Utc>>,
    /// When something last arrived.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// What happened before is not sent.
    pub active_at: DateTime<Utc>,
}

impl Endpoint {
    /// Whether anything is sent to it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }

    /// Whether it wants this type.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|wanted| wanted == kind)
    }
}

/// All, in the order they were made.
pub async fn all(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Endpoint>, StoreError> {
    Ok(run!(all, tx, ALL, [organization.uuid()])?)
}

/// One of this organization's.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<Endpoint>, StoreError> {
    Ok(run!(optional, tx, FIND, [organization.uuid(), id])?)
}

/// How many there are, counted so that nobody adds one meanwhile.
pub async fn count_alone(tx: &mut Tx, organization: OrganizationId) -> Result<i64, StoreError> {
    run!(execute, tx, LOCK, [organization.uuid()])?;
    Ok(run!(value, tx, COUNT, [organization.uuid()])?)
}

/// Adds one, active.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: &Endpoint,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            endpoint.id,
            organization.uuid(),
            endpoint.url.as_str(),
            endpoint.description.as_str(),
            &endpoint.events,
            endpoint.version.as_str(),
            endpoint.secret.as_slice(),
            endpoint.created_at
        ]
    )?;
    Ok(())
}

/// Keeps what people may change.
pub async fn change(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: &Endpoint,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        CHANGE,
        [
            organization.uuid(),
            endpoint.id,
            endpoint.url.as_str(),
            endpoint.description.as_str(),
            &endpoint.events,
            endpoint.version.as_str(),
            now
        ]
    )?;
    Ok(())
}

/// Another secret; the present one signs too until the instant.
pub async fn rotate(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: &Endpoint,
    secret: &[u8],
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let previous = endpoint.secret.as_slice();
    run!(execute, tx, ROTATE, [organization.uuid(), endpoint.id, secret, previous, until, now])?;
    Ok(())
}

/// Sends to it again: `false` when it did anyway.
pub async fn enable(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, ENABLE, [organization.uuid(), id, now])? == 1)
}

/// Sends nothing more to it: `false` when it did not anyway.
pub async fn disable(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, DISABLE, [organization.uuid(), id, by, now])? == 1)
}

/// Something arrived.
pub async fn answered(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, ANSWERED, [organization.uuid(), id, now])?;
    Ok(())
}

/// Something did not; only the first time since something did is kept.
pub async fn failed(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, FAILED, [organization.uuid(), id, now])?;
    Ok(())
}

/// Removes one; its deliveries first.
pub async fn remove(tx: &mut Tx, organization: OrganizationId, id: Uuid) -> Result<bool, StoreError> {
    super::deliveries::remove_of(tx, organization, id).await?;
    Ok(run!(execute, tx, REMOVE, [organization.uuid(), id])? == 1)
}
