//! The inbox's table.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::InboxRow;
use crate::{
    db::{EngineTx, StoreError, Tx, column, in_sizes},
    ids::json_list,
    rows, run, statement,
};

macro_rules! insert_sqlite {
    ($rows:tt) => {
        rows!(
            $rows,
            "insert into webhook_inbox (id, organization_id, provider, fingerprint, kind, event_at, received_at, meeting_ref, late, body, state, attempt) values ",
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'new', 0)",
            " on conflict do nothing"
        )
    };
}

const INSERT_MANY: &str = "insert into webhook_inbox (id, organization_id, provider, fingerprint, kind, event_at, received_at, meeting_ref, late, body, state, attempt)
    select *, 'new', 0 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::boolean[], $10::bytea[])
    on conflict do nothing";

// PostgreSQL takes any number of rows as columns; SQLite takes them as rows, in texts of a few sizes.
statement!(system INSERT, sqlite: insert_sqlite!(1), postgres: INSERT_MANY);
statement!(system INSERT_FOUR, sqlite: insert_sqlite!(4), postgres: INSERT_MANY);
statement!(system INSERT_SIXTEEN, sqlite: insert_sqlite!(16), postgres: INSERT_MANY);
statement!(system WAITING, "select id, organization_id, provider, received_at, late, body, attempt from webhook_inbox where state = 'new' and id > $1 order by id limit 64");
statement!(system MARK,
    sqlite: "update webhook_inbox set state = $2, attempt = attempt + 1, problem = $3 where id in (select unhex(value) from json_each($1)) and state = 'new'",
    postgres: "update webhook_inbox set state = $2, attempt = attempt + 1, problem = $3 where id = any(array(select value::uuid from json_array_elements_text($1::json))) and state = 'new'");
statement!(system BACKLOG, "select count(*) as waiting, count(*) filter (where attempt > 0) as retrying, min(received_at) as waits_since
    from (select attempt, received_at from webhook_inbox where state = 'new' order by id limit 10000) as found");
statement!(system DEAD_COUNT, "select count(*) from (select 1 from webhook_inbox where state in ('bad', 'failed') limit 10000) as found");
macro_rules! dead {
    ($rest:literal) => {
        concat!(
            "select i.id, i.organization_id, o.slug, i.provider, i.kind, i.state, i.attempt, i.problem, i.received_at
            from webhook_inbox i left join organizations o on o.id = i.organization_id ",
            $rest
        )
    };
}
statement!(system DEAD_ONES, dead!("where i.state in ('bad', 'failed') and (i.received_at, i.id) < ($1, $2) order by i.received_at desc, i.id desc limit $3"));
statement!(system DEAD_ONE, dead!("where i.id = $1"));
statement!(system REVIVE, "update webhook_inbox set state = 'new', attempt = 0, problem = null where id = $1 and state in ('bad', 'failed')");
statement!(system REVIVE_ALL, "update webhook_inbox set state = 'new', attempt = 0, problem = null where state in ('bad', 'failed')");
// Its fingerprint stays, so that the same event is not taken in again.
statement!(system DISCARD, "update webhook_inbox set state = 'discarded' where id = $1 and state in ('bad', 'failed')");
statement!(system REMOVE_OLD, "delete from webhook_inbox where received_at < $1 and state <> 'new'");

/// Removes deliveries that were read and arrived before the instant.
pub async fn remove_old(tx: &mut Tx, before: chrono::DateTime<chrono::Utc>) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_OLD, [before])?)
}

/// Adds deliveries, except those that are there already.
///
/// # Errors
/// When the database refuses; none is added then.
pub async fn insert(tx: &mut Tx, rows: &[&InboxRow]) -> Result<(), StoreError> {
    match tx.engine() {
        EngineTx::Sqlite(db) => {
            for (statement, rows) in in_sizes(rows, [(16, &INSERT_SIXTEEN), (4, &INSERT_FOUR), (1, &INSERT)])
            {
                let mut query = sqlx::query(statement.sqlite);
                for row in rows {
                    query = query
                        .bind(row.id)
                        .bind(row.organization.uuid())
                        .bind(row.provider.as_str())
                        .bind(&row.fingerprint)
                        .bind(&row.kind)
                        .bind(row.event_at)
                        .bind(row.received_at)
                        .bind(row.meeting_ref.as_deref())
                        .bind(row.late)
                        .bind(row.body.as_slice());
                }
                query.execute(&mut *db).await?;
            }
        }
        EngineTx::Postgres(db) => {
            let query = sqlx::query(INSERT.postgres)
                .bind(column(rows, |row| row.id))
                .bind(column(rows, |row| row.organization.uuid()))
                .bind(column(rows, |row| row.provider.as_str()))
                .bind(column(rows, |row| row.fingerprint.as_str()))
                .bind(column(rows, |row| row.kind.as_str()))
                .bind(column(rows, |row| row.event_at))
                .bind(column(rows, |row| row.received_at))
                .bind(column(rows, |row| row.meeting_ref.as_deref()))
                .bind(column(rows, |row| row.late))
                .bind(column(rows, |row| row.body.as_slice()));
            query.execute(db).await?;
        }
    }
    Ok(())
}

/// A delivery that waits to be read.
#[derive(Debug, FromRow)]
pub struct Waiting {
    /// Its id, which its seal names.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Which platform sent it.
    pub provider: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// Signed too long ago to have an effect by itself.
    pub late: bool,
    /// The raw bytes, sealed.
    pub body: Vec<u8>,
    /// How often it was tried.
    pub attempt: i64,
}

/// Up to 64 deliveries that wait, in the order of arrival, after one: few enough that a transaction with them is short.
///
/// # Errors
/// When the database refuses.
pub async fn waiting(tx: &mut Tx, after: Uuid) -> Result<Vec<Waiting>, StoreError> {
    Ok(run!(all, tx, WAITING, [after])?)
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub id: Uuid,
    /// `done`, `bad` (cannot be read), `failed` (tried too often) or still `new`.
    pub state: &'static str,
    /// What was odd or wrong.
    pub problem: Option<String>,
}

/// Writes what became of deliveries, after one try more.
///
/// # Errors
/// When the database refuses.
pub async fn mark(tx: &mut Tx, outcomes: &[Outcome]) -> Result<(), StoreError> {
    let mut alike: BTreeMap<(&str, Option<&str>), Vec<Uuid>> = BTreeMap::new();
    for outcome in outcomes {
        alike.entry((outcome.state, outcome.problem.as_deref())).or_default().push(outcome.id);
    }
    for ((state, problem), ids) in alike {
        run!(execute, tx, MARK, [json_list(ids), state, problem])?;
    }
    Ok(())
}

/// What waits to be read, counted up to ten thousand.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Backlog {
    /// Not read yet.
    pub waiting: i64,
    /// Of these: tried, and tried again by itself.
    pub retrying: i64,
    /// When the oldest of them arrived.
    pub waits_since: Option<DateTime<Utc>>,
}

/// A delivery that could not be read, or not be worked in. Its body stays sealed.
#[derive(Clone, Debug, FromRow)]
pub struct DeadDelivery {
    /// Its id.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The tenant's short name.
    pub slug: String,
    /// Which platform sent it.
    pub provider: String,
    /// The platform's word for what it is.
    pub kind: String,
    /// bad, failed; another once somebody decided about it.
    pub state: String,
    /// How often it was tried.
    pub attempt: i64,
    /// Why.
    pub problem: Option<String>,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
}

impl DeadDelivery {
    /// Whether it is still set aside.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        matches!(self.state.as_str(), "bad" | "failed")
    }
}

/// What waits to be read.
///
/// # Errors
/// When the database refuses.
pub async fn backlog(tx: &mut Tx) -> Result<Backlog, StoreError> {
    Ok(run!(one, tx, BACKLOG, [])?)
}

/// How many are set aside, counted up to ten thousand.
///
/// # Errors
/// When the database refuses.
pub async fn dead_count(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(run!(value, tx, DEAD_COUNT, [])?)
}

/// What is set aside, newest first, before an instant of arrival and an id.
///
/// # Errors
/// When the database refuses.
pub async fn dead_ones(
    tx: &mut Tx,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<DeadDelivery>, StoreError> {
    Ok(run!(all, tx, DEAD_ONES, [before.0, before.1, limit])?)
}

/// One delivery.
///
/// # Errors
/// When the database refuses.
pub async fn dead_one(tx: &mut Tx, id: Uuid) -> Result<Option<DeadDelivery>, StoreError> {
    Ok(run!(optional, tx, DEAD_ONE, [id])?)
}

/// Has one read again; `false` when it is not set aside.
///
/// # Errors
/// When the database refuses.
pub async fn revive(tx: &mut Tx, id: Uuid) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, REVIVE, [id])? == 1)
}

/// Has all that are set aside read again; how many.
///
/// # Errors
/// When the database refuses.
pub async fn revive_all(tx: &mut Tx) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REVIVE_ALL, [])?)
}

/// Lets one go unread; `false` when it is not set aside.
///
/// # Errors
/// When the database refuses.
pub async fn discard(tx: &mut Tx, id: Uuid) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, DISCARD, [id])? == 1)
}
