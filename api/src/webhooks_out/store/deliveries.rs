//! What was sent, or is to be.

use chrono::{DateTime, Utc};
use lectern_core::ids::OrganizationId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    list::end_of_time,
    run, statement,
};

statement!(tenant INSERT, "insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, kind, payload, state, tries, due_at, created_at)
    values ($1, $2, $3, $4, $5, $6, 'pending', 0, $7, $7) on conflict (organization_id, endpoint_id, event_id) do nothing");
statement!(tenant FIND, "select id, event_id, kind, state, tries, due_at, tried_at, status, problem, answer, millis, created_at from webhook_deliveries where organization_id = $1 and endpoint_id = $2 and id = $3");
statement!(tenant PAGE, "select id, event_id, kind, state, tries, due_at, tried_at, status, problem, answer, millis, created_at from webhook_deliveries
    where organization_id = $1 and endpoint_id = $2 and (created_at, id) < ($3, $4) order by created_at desc, id desc limit $5");
statement!(tenant PAGE_OF_STATE, "select id, event_id, kind, state, tries, due_at, tried_at, status, problem, answer, millis, created_at from webhook_deliveries
    where organization_id = $1 and endpoint_id = $2 and state = $6 and (created_at, id) < ($3, $4) order by created_at desc, id desc limit $5");
statement!(tenant DUE, "select id, event_id, kind, tries, payload from webhook_deliveries
    where organization_id = $1 and endpoint_id = $2 and state = 'pending' and due_at <= $3 order by due_at, id limit $4");
statement!(tenant NEXT_DUE, "select min(due_at) from webhook_deliveries where organization_id = $1 and endpoint_id = $2 and state = 'pending'");
statement!(tenant FINISH, "update webhook_deliveries set state = $4, tries = tries + 1, due_at = $5, tried_at = $6, status = $7, problem = $8, answer = $9, millis = $10
    where organization_id = $1 and id = $2 and tries = $3 and state = 'pending'");
statement!(tenant REPLAY, "update webhook_deliveries set state = 'pending', tries = 0, due_at = $4 where organization_id = $1 and endpoint_id = $2 and id = $3");
statement!(tenant REPLAY_FAILED, "update webhook_deliveries set state = 'pending', tries = 0, due_at = $4 where organization_id = $1 and endpoint_id = $2 and state = 'failed' and created_at >= $3");
statement!(tenant REMOVE_OF, "delete from webhook_deliveries where organization_id = $1 and endpoint_id = $2");
statement!(tenant REMOVE_OLD, "delete from webhook_deliveries where organization_id = $1 and created_at < $2");

/// A delivery to be.
#[derive(Debug)]
pub struct NewDelivery<'a> {
    /// Its id.
    pub id: Uuid,
    /// To which endpoint.
    pub endpoint: Uuid,
    /// Of what.
    pub event: Uuid,
    /// Its type.
    pub kind: &'a str,
    /// Sealed.
    pub payload: &'a [u8],
    /// First due.
    pub due_at: DateTime<Utc>,
}

/// A delivery, as it stands.
#[derive(Clone, Debug, FromRow)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// Of what.
    pub event_id: Uuid,
    /// Its type.
    pub kind: String,
    /// `pending`, `delivered` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub tries: i64,
    /// Of the next try.
    pub due_at: Option<DateTime<Utc>>,
    /// Of the last one.
    pub tried_at: Option<DateTime<Utc>>,
    /// Of the last answer.
    pub status: Option<i64>,
    /// Why there was none.
    pub problem: Option<String>,
    /// Sealed.
    pub answer: Option<Vec<u8>>,
    /// How long the last try took.
    pub millis: Option<i64>,
    /// When it was decided on.
    pub created_at: DateTime<Utc>,
}

/// A delivery that is due.
#[derive(Debug, FromRow)]
pub struct Due {
    /// Its id.
    pub id: Uuid,
    /// Of what.
    pub event_id: Uuid,
    /// Its type.
    pub kind: String,
    /// How often it was tried.
    pub tries: i64,
    /// Sealed.
    pub payload: Vec<u8>,
}

/// How a try went.
#[derive(Clone, Debug, Default)]
pub struct Try {
    /// `pending`, `delivered` or `failed`.
    pub state: &'static str,
    /// Of the next try.
    pub due_at: Option<DateTime<Utc>>,
    /// Of the answer.
    pub status: Option<i64>,
    /// Why there was none.
    pub problem: Option<&'static str>,
    /// How it begins, sealed.
    pub answer: Option<Vec<u8>>,
    /// How long it took.
    pub millis: i64,
}

/// Decides on a delivery: nothing happens when it was decided on before.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    new: &NewDelivery<'_>,
) -> Result<bool, StoreError> {
    let changed = run!(
        execute,
        tx,
        INSERT,
        [new.id, organization.uuid(), new.endpoint, new.event, new.kind, new.payload, new.due_at]
    )?;
    Ok(changed == 1)
}

/// One of an endpoint.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: Uuid,
    id: Uuid,
) -> Result<Option<Delivery>, StoreError> {
    Ok(run!(optional, tx, FIND, [organization.uuid(), endpoint, id])?)
}

/// An endpoint's, the newest first.
pub async fn page(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: Uuid,
    state: Option<&str>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let (at, id) = before.unwrap_or_else(end_of_time);
    Ok(match state {
        None => run!(all, tx, PAGE, [organization.uuid(), endpoint, at, id, limit])?,
        Some(state) => run!(all, tx, PAGE_OF_STATE, [organization.uuid(), endpoint, at, id, limit, state])?,
    })
}

/// An endpoint's that are due, the longest due first.
pub async fn due(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: Uuid,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Due>, StoreError> {
    Ok(run!(all, tx, DUE, [organization.uuid(), endpoint, now, most])?)
}

/// When an endpoint next has something due.
pub async fn next_due(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: Uuid,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(run!(value, tx, NEXT_DUE, [organization.uuid(), endpoint])?)
}

/// Keeps how a try went: `false` when another worker, or a person, was there meanwhile.
pub async fn finish(
    tx: &mut Tx,
    organization: OrganizationId,
    due: &Due,
    went: &Try,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = run!(
        execute,
        tx,
        FINISH,
        [
            organization.uuid(),
            due.id,
            due.tries,
            went.state,
            went.due_at,
            now,
            went.status,
            went.problem,
            went.answer.as_deref(),
            went.millis
        ]
    )?;
    Ok(changed == 1)
}

/// Has one sent again.
pub async fn replay(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, REPLAY, [organization.uuid(), endpoint, id, now])? == 1)
}

/// Has those sent again that failed for good, of what happened since; how many.
pub async fn replay_failed(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: Uuid,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REPLAY_FAILED, [organization.uuid(), endpoint, since, now])?)
}

/// Removes an endpoint's.
pub async fn remove_of(tx: &mut Tx, organization: OrganizationId, endpoint: Uuid) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_OF, [organization.uuid(), endpoint])?;
    Ok(())
}

/// Removes those decided on before the instant.
pub async fn remove_old(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_OLD, [organization.uuid(), before])?)
}
