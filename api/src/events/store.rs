//! The outbox's table.

use chrono::{DateTime, Utc};
use lectern_core::ids::OrganizationId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(system INSERT, "insert into event_outbox (id, organization_id, payload, created_at) values ($1, $2, $3, $4)");
statement!(system INSERT_MANY,
    sqlite: "insert into event_outbox (id, organization_id, payload, created_at)
        select unhex(json_extract(value, '$[0]')), $1, unhex(json_extract(value, '$[1]')), $3 from json_each($2)",
    postgres: "insert into event_outbox (id, organization_id, payload, created_at)
        select (value ->> 0)::uuid, $1, decode(value ->> 1, 'hex'), $3 from json_array_elements($2::json)");
statement!(system UNNUMBERED, "select exists (select 1 from event_outbox where seq is null)");
statement!(system LAG, "select count(*) as number, min(created_at) as since from (
    select created_at from event_outbox where seq is null order by id limit 1000) as fresh");
statement!(system LAST_SEQ, "select max(seq) from event_outbox");
statement!(system NUMBER, "with fresh as (select id from event_outbox where seq is null order by id limit 500),
    numbered as (select id, (select coalesce(max(seq), 0) from event_outbox) + row_number() over (order by id) as seq from fresh)
    update event_outbox set seq = numbered.seq from numbered where event_outbox.id = numbered.id and event_outbox.seq is null");
statement!(system SINCE, "select id, organization_id, payload, seq from event_outbox where seq > $1 order by seq limit 1000");
statement!(system SINCE_OF, "select id, organization_id, payload, seq from event_outbox where organization_id = $1 and seq > $2 order by seq limit 1000");
statement!(system OLDEST, "select min(seq) from event_outbox where seq is not null");
statement!(system REMOVE_OLD, "delete from event_outbox where seq < (select max(seq) from event_outbox) and created_at < $1 and seq <= $2");
statement!(system RELEASE_LEASE, "delete from leases where name = $1 and holder = $2");
statement!(system TAKE_LEASE, "insert into leases (name, holder, until) values ($1, $2, $3)
    on conflict (name) do update set holder = excluded.holder, until = excluded.until where leases.holder = excluded.holder or leases.until < $4");

/// A numbered event.
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
}

/// Adds an event without a number.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    payload: &[u8],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, INSERT, [id, organization.uuid(), payload, now])?;
    Ok(())
}

/// Adds events without numbers.
///
/// # Errors
/// When the database refuses.
pub async fn insert_many(
    tx: &mut Tx,
    organization: OrganizationId,
    events: &[(Uuid, Vec<u8>)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows: Vec<_> =
        events.iter().map(|(id, payload)| (id.simple().to_string(), hex::encode(payload))).collect();
    let rows = serde_json::to_string(&rows).map_err(|error| StoreError::corrupt("event_outbox", error))?;
    run!(execute, tx, INSERT_MANY, [organization.uuid(), rows, now])?;
    Ok(())
}

/// Whether any event waits for a number.
///
/// # Errors
/// When the database refuses.
pub async fn unnumbered(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(run!(value, tx, UNNUMBERED, [])?)
}

/// How many events wait for a number, counted up to a thousand, and since when.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Lag {
    /// How many.
    pub number: i64,
    /// When the first of them was written.
    pub since: Option<DateTime<Utc>>,
}

/// What waits for a number.
///
/// # Errors
/// When the database refuses.
pub async fn lag(tx: &mut Tx) -> Result<Lag, StoreError> {
    Ok(run!(one, tx, LAG, [])?)
}

/// Gives numbers to the events that have none, in the order of their ids.
///
/// # Errors
/// When the database refuses.
pub async fn number(tx: &mut Tx) -> Result<(), StoreError> {
    run!(execute, tx, NUMBER, [])?;
    Ok(())
}

/// The highest number given so far among the rows that are kept.
///
/// # Errors
/// When the database refuses.
pub async fn last_seq(tx: &mut Tx) -> Result<i64, StoreError> {
    let last: Option<i64> = run!(value, tx, LAST_SEQ, [])?;
    Ok(last.unwrap_or(0))
}

/// The lowest number that is kept.
///
/// # Errors
/// When the database refuses.
pub async fn oldest(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    Ok(run!(value, tx, OLDEST, [])?)
}

/// Events after a number, of all organizations: for delivery.
///
/// # Errors
/// When the database refuses.
pub async fn since(tx: &mut Tx, seq: i64) -> Result<Vec<Row>, StoreError> {
    Ok(run!(all, tx, SINCE, [seq])?)
}

/// Events after a number, of one organization: for those who come back.
///
/// # Errors
/// When the database refuses.
pub async fn since_of(tx: &mut Tx, organization: OrganizationId, seq: i64) -> Result<Vec<Row>, StoreError> {
    Ok(run!(all, tx, SINCE_OF, [organization.uuid(), seq])?)
}

/// Removes numbered events made before the instant, but never the last number, nor one after `read_to`.
///
/// # Errors
/// When the database refuses.
pub async fn remove_old(tx: &mut Tx, before: DateTime<Utc>, read_to: i64) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_OLD, [before, read_to])?)
}

/// Gives a lease back, if it is this holder's.
///
/// # Errors
/// When the database refuses.
pub async fn release_lease(tx: &mut Tx, name: &str, holder: &str) -> Result<(), StoreError> {
    run!(execute, tx, RELEASE_LEASE, [name, holder])?;
    Ok(())
}

/// Takes or keeps a lease; `false` when somebody else holds it.
///
/// # Errors
/// When the database refuses.
pub async fn take_lease(
    tx: &mut Tx,
    name: &str,
    holder: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, TAKE_LEASE, [name, holder, until, now])? == 1)
}
