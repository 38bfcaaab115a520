//! Which endpoint has work, and how far the outbox was read. Ids only.

use chrono::{DateTime, Duration, Utc};
use lectern_core::ids::OrganizationId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

/// How long a claimed endpoint belongs to its worker.
pub(crate) const LEASE: Duration = Duration::minutes(3);

statement!(system INSERT, "insert into webhook_queue (endpoint_id, organization_id, due_at, slow, attempt) values ($1, $2, $3, $4, 0) on conflict do nothing");
statement!(system HASTEN, "update webhook_queue set due_at = $2 where endpoint_id = $1 and (due_at is null or due_at > $2)");
statement!(system CALL, "update webhook_queue set due_at = $2, rests_until = null where endpoint_id = $1");
statement!(system REMOVE, "delete from webhook_queue where endpoint_id = $1");
statement!(system HAS_WORK, "select exists (select 1 from webhook_queue where slow = $2
    and ((leased_until is null and due_at <= $1 and (rests_until is null or rests_until <= $1)) or leased_until <= $1))");
statement!(system CLAIM,
    sqlite: "update webhook_queue set attempt = attempt + 1, leased_until = $2, due_at = null where endpoint_id in (
            select endpoint_id from webhook_queue where slow = $3
                and ((leased_until is null and due_at <= $1 and (rests_until is null or rests_until <= $1)) or leased_until <= $1)
            order by due_at limit $4)
        returning endpoint_id, organization_id, slow, attempt",
    postgres: "update webhook_queue set attempt = attempt + 1, leased_until = $2, due_at = null where endpoint_id in (
            select endpoint_id from webhook_queue where slow = $3
                and ((leased_until is null and due_at <= $1 and (rests_until is null or rests_until <= $1)) or leased_until <= $1)
            order by due_at limit $4 for update skip locked)
        returning endpoint_id, organization_id, slow, attempt");
// Whoever hastened it meanwhile is heard.
statement!(system RELEASE,
    sqlite: "update webhook_queue set leased_until = null, slow = $4, rests_until = coalesce($5, rests_until),
            due_at = case when due_at is null then $3 when $3 is null or due_at < $3 then due_at else $3 end
        where endpoint_id = $1 and attempt = $2",
    postgres: "update webhook_queue set leased_until = null, slow = $4, rests_until = coalesce($5, rests_until), due_at = least(due_at, $3)
        where endpoint_id = $1 and attempt = $2");
statement!(system LOOK, "select (select max(seq) from event_outbox), exists (select 1 from webhook_queue), (select seq from webhook_cursor where name = 'outbox')");
statement!(system AFTER, "select id, organization_id, payload, seq, created_at from event_outbox
    where seq > $1 and seq <= $2 and organization_id in (select organization_id from webhook_queue) order by seq limit $3");
statement!(system ADVANCE, "insert into webhook_cursor (name, seq) values ('outbox', $2)
    on conflict (name) do update set seq = excluded.seq where webhook_cursor.seq = $1");

statement!(system OVERDUE, "select count(*) as endpoints, count(*) filter (where slow) as failing,
        min(case when leased_until <= $1 then leased_until
            when leased_until is null and due_at <= $1 and (rests_until is null or rests_until <= $1) then due_at end) as since
    from webhook_queue");

/// How outgoing webhooks stand.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Overdue {
    /// Active endpoints.
    pub endpoints: i64,
    /// Of these: what was sent there last failed or took long.
    pub failing: i64,
    /// Since when an endpoint waits for a worker, or its worker is gone.
    pub since: Option<DateTime<Utc>>,
}

/// An endpoint that was claimed.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Claim {
    /// Which.
    pub endpoint_id: Uuid,
    /// Whose.
    pub organization_id: Uuid,
    /// Whether its last messages failed or took long.
    pub slow: bool,
    /// Only the present worker may release it.
    pub attempt: i64,
}

/// An event of the outbox.
#[derive(Debug, FromRow)]
pub struct Row {
    /// Its id, which its seal names.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Sealed.
    pub payload: Vec<u8>,
    /// Its number.
    pub seq: i64,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// How far the outbox goes, and was read.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The last number.
    pub last: i64,
    /// Whether anybody listens at all.
    pub anybody: bool,
    /// The last number that was read.
    pub read_to: i64,
}

/// Gives an active endpoint its place, in the transaction that makes or enables it, or sends to it.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: Uuid,
    due_at: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    run!(execute, tx, INSERT, [endpoint, organization.uuid(), due_at, false])?;
    Ok(())
}

/// It has work now, unless it rests.
pub async fn hasten(tx: &mut Tx, endpoint: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    run!(execute, tx, HASTEN, [endpoint, now])?;
    Ok(())
}

/// It has work now, and a person wants it done although it rests.
pub async fn call(tx: &mut Tx, endpoint: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    run!(execute, tx, CALL, [endpoint, now])?;
    Ok(())
}

/// Nothing is sent to it any more.
pub async fn remove(tx: &mut Tx, endpoint: Uuid) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE, [endpoint])?;
    Ok(())
}

/// Whether an endpoint of this lane has work.
pub async fn has_work(tx: &mut Tx, slow: bool, now: DateTime<Utc>) -> Result<bool, StoreError> {
    Ok(run!(value, tx, HAS_WORK, [now, slow])?)
}

/// Claims endpoints of a lane that have work, also those whose worker vanished.
pub async fn claim(tx: &mut Tx, slow: bool, now: DateTime<Utc>, most: i64) -> Result<Vec<Claim>, StoreError> {
    Ok(run!(all, tx, CLAIM, [now, now + LEASE, slow, most])?)
}

/// Gives an endpoint back: when it next has work, in which lane, and whether it asked for a pause.
pub async fn release(
    tx: &mut Tx,
    claim: Claim,
    due_at: Option<DateTime<Utc>>,
    slow: bool,
    rests_until: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    run!(execute, tx, RELEASE, [claim.endpoint_id, claim.attempt, due_at, slow, rests_until])?;
    Ok(())
}

/// How outgoing webhooks stand: a row for each active endpoint.
pub async fn overdue(tx: &mut Tx, now: DateTime<Utc>) -> Result<Overdue, StoreError> {
    Ok(run!(one, tx, OVERDUE, [now])?)
}

/// How far the outbox goes, and was read.
pub async fn look(tx: &mut Tx) -> Result<Look, StoreError> {
    let (last, anybody, read_to): (Option<i64>, bool, Option<i64>) = run!(one, tx, LOOK, [])?;
    Ok(Look { last: last.unwrap_or(0), anybody, read_to: read_to.unwrap_or(0) })
}

/// Events of organizations that listen, after one number and up to another.
pub async fn after(tx: &mut Tx, from: i64, to: i64, most: i64) -> Result<Vec<Row>, StoreError> {
    Ok(run!(all, tx, AFTER, [from, to, most])?)
}

/// The outbox was read so far: `false` when somebody else read on from there.
pub async fn advance(tx: &mut Tx, from: i64, to: i64) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, ADVANCE, [from, to])? == 1)
}
