//! Consents that were asked for and not answered yet.

use chrono::{DateTime, Utc};
use lectern_core::ids::OrganizationId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant INSERT, "insert into oauth_states (state_hash, organization_id, provider, person_id, browser_hash, cookie_hash, verifier, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)");
statement!(tenant FIND, "select provider, person_id, browser_hash, cookie_hash, verifier, expires_at, used_at from oauth_states where organization_id = $1 and state_hash = $2");
statement!(tenant USE_UP, "update oauth_states set used_at = $3 where organization_id = $1 and state_hash = $2 and used_at is null");
statement!(tenant REMOVE_EXPIRED, "delete from oauth_states where organization_id = $1 and expires_at < $2");

/// A consent that was asked for.
#[derive(Clone, Debug, FromRow)]
pub struct State {
    /// At which platform.
    pub provider: String,
    /// For whom.
    pub person_id: Uuid,
    /// The sign-in of the browser that asked; none when a program asked.
    pub browser_hash: Option<Vec<u8>>,
    /// The cookie that the asker was given.
    pub cookie_hash: Vec<u8>,
    /// PKCE, sealed.
    pub verifier: Vec<u8>,
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
    state: &State,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            hash,
            organization.uuid(),
            &state.provider,
            state.person_id,
            state.browser_hash.as_deref(),
            state.cookie_hash.as_slice(),
            state.verifier.as_slice(),
            state.expires_at
        ]
    )?;
    Ok(())
}

/// The one with this hash.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    hash: &[u8],
) -> Result<Option<State>, StoreError> {
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
