//! Token pairs: who may refresh, and the pair that follows a generation.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ConnectionId, OrganizationId},
    sentence::Sentence,
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant TAKE_LEASE, "update connections set refresh_lease_until = $4, refresh_lease_holder = $5
    where organization_id = $1 and id = $2 and generation = $3 and state = 'active' and (refresh_lease_until is null or refresh_lease_until <= $6)");
statement!(tenant DROP_LEASE, "update connections set refresh_lease_until = null, refresh_lease_holder = null where organization_id = $1 and id = $2 and refresh_lease_holder = $3");
statement!(tenant STORE_PAIR, "update connections set access_token = $4, refresh_token = $5, access_expires_at = $6, scopes = $7, refreshed_at = $8,
        generation = generation + 1, state = 'active', problem = null, problem_words = null, refresh_lease_until = null, refresh_lease_holder = null
    where organization_id = $1 and id = $2 and generation = $3 and state <> 'gone'");
statement!(tenant LOSE, "update connections set state = 'needs_reconnect', problem = $4, problem_words = $5, access_token = null, access_expires_at = null, refresh_token = null,
        refresh_lease_until = null, refresh_lease_holder = null
    where organization_id = $1 and id = $2 and generation = $3 and state = 'active'");
statement!(tenant EXPIRING, "select id from connections where organization_id = $1 and state = 'active' and access_expires_at <= $2");

/// A token pair on its way into the table, sealed for its row.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Sealed.
    pub access_token: Vec<u8>,
    /// Sealed.
    pub refresh_token: Option<Vec<u8>>,
    /// End of the access token's life.
    pub expires_at: DateTime<Utc>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Takes the right to refresh this generation; `false` when somebody else has it, or it is no longer this generation.
pub async fn take_lease(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    generation: i64,
    holder: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, TAKE_LEASE, [organization.uuid(), id.uuid(), generation, until, holder, now])? == 1)
}

/// Gives the right to refresh back.
pub async fn drop_lease(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    holder: &str,
) -> Result<(), StoreError> {
    run!(execute, tx, DROP_LEASE, [organization.uuid(), id.uuid(), holder])?;
    Ok(())
}

/// Stores the pair that follows this generation; `false` when a newer pair is there, or the grant is gone.
///
/// A grant that was meanwhile taken for lost is found again: a pair that the platform just gave proves it.
pub async fn store_pair(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    generation: i64,
    pair: &Pair,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        STORE_PAIR,
        [
            organization.uuid(),
            id.uuid(),
            generation,
            pair.access_token.as_slice(),
            pair.refresh_token.as_deref(),
            pair.expires_at,
            Json(&pair.scopes),
            pair.now
        ]
    )? == 1)
}

/// The platform no longer accepts this generation; `false` when it is no longer the present one: a late failure never
/// takes a newer pair away.
pub async fn lose(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    generation: i64,
    problem: &Sentence,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, LOSE, [organization.uuid(), id.uuid(), generation, &**problem, Json(problem)])? == 1)
}

/// Grants whose access token ends by this instant.
pub async fn expiring(
    tx: &mut Tx,
    organization: OrganizationId,
    by: DateTime<Utc>,
) -> Result<Vec<ConnectionId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, EXPIRING, [organization.uuid(), by])?;
    Ok(ids.into_iter().map(ConnectionId).collect())
}
