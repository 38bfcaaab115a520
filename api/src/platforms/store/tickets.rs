//! One-time addresses at which a browser begins a consent.

use chrono::{DateTime, Utc};
use lectern_core::ids::{OrganizationId, PersonId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant INSERT, "insert into consent_tickets (ticket_hash, organization_id, provider, person_id, expires_at) values ($1, $2, $3, $4, $5)");
statement!(tenant FIND, "select provider, person_id, expires_at, used_at from consent_tickets where organization_id = $1 and ticket_hash = $2");
statement!(tenant USE_UP, "update consent_tickets set used_at = $3 where organization_id = $1 and ticket_hash = $2 and used_at is null");
statement!(tenant REMOVE_EXPIRED, "delete from consent_tickets where organization_id = $1 and expires_at < $2");

/// A ticket that was given out.
#[derive(Clone, Debug, FromRow)]
pub struct Ticket {
    /// For which platform.
    pub provider: String,
    /// For whom.
    pub person_id: Uuid,
    /// Not after.
    pub expires_at: DateTime<Utc>,
    /// Since when no longer.
    pub used_at: Option<DateTime<Utc>>,
}

/// Adds one.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    hash: &[u8],
    provider: &str,
    person: PersonId,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, INSERT, [hash, organization.uuid(), provider, person.uuid(), until])?;
    Ok(())
}

/// The one with this hash.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    hash: &[u8],
) -> Result<Option<Ticket>, StoreError> {
    Ok(run!(optional, tx, FIND, [organization.uuid(), hash])?)
}

/// Uses it up; `false` when somebody was faster.
pub async fn use_up(
    tx: &mut Tx,
    organization: OrganizationId,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, USE_UP, [organization.uuid(), hash, now])? == 1)
}

/// Removes those that expired before the instant.
pub async fn remove_expired(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_EXPIRED, [organization.uuid(), before])?)
}
