//! The job queue's table.

use chrono::{DateTime, Duration, Utc};
use lectern_core::ids::OrganizationId;
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::Job;
use crate::{
    db::{StoreError, Tx},
    on, run, statement,
};

/// How long a claimed job belongs to its worker.
pub(super) const LEASE: Duration = Duration::minutes(3);

statement!(system INSERT, "insert into jobs (id, organization_id, kind, body, unique_key, state, run_at, attempt, created_at)
    values ($1, $2, $3, $4, $5, 'waiting', $6, 0, $7) on conflict do nothing");
/// What is due and nobody works on. Mails of one session and kind go out by one job at a time: two would find the same mails.
macro_rules! due {
    ($rest:literal) => {
        concat!(
            "select j.id from jobs j where j.state in ('waiting', 'running') and j.run_at <= $1 and (j.leased_until is null or j.leased_until <= $1)
                and not (j.kind = 'mails.send' and exists (select 1 from jobs r where r.state = 'running' and r.kind = j.kind
                    and r.organization_id = j.organization_id and r.unique_key = j.unique_key and r.id <> j.id and (r.leased_until > $1 or r.id < j.id)))
                order by j.run_at limit $3",
            $rest
        )
    };
}

statement!(system CLAIM,
    sqlite: concat!("update jobs set state = 'running', attempt = attempt + 1, leased_until = $2 where id in (", due!(""), ")
        returning id, organization_id, kind, body, attempt"),
    postgres: concat!("update jobs set state = 'running', attempt = attempt + 1, leased_until = $2 where id in (", due!(" for update of j skip locked"), ")
        returning id, organization_id, kind, body, attempt"));
statement!(system DONE, "delete from jobs where id = $1 and attempt = $2 and state = 'running'");
statement!(system RETRY, "update jobs set state = 'waiting', run_at = $3, last_error = $4, leased_until = null
    where id = $1 and attempt = $2 and state = 'running' and (unique_key is null or not exists (
        select 1 from jobs j where j.kind = jobs.kind and j.organization_id = jobs.organization_id and j.unique_key = jobs.unique_key and j.state = 'waiting'))");
statement!(system DEAD, "update jobs set state = 'dead', finished_at = $3, last_error = $4, leased_until = null
    where id = $1 and attempt = $2 and state = 'running'");
statement!(system HASTEN, "update jobs set run_at = $4 where kind = $1 and organization_id = $2 and unique_key = $3 and state = 'waiting' and run_at > $4");
statement!(system NEXT_DUE, "select min(run_at) from jobs where state in ('waiting', 'running')");
statement!(system BURY_OLD, "delete from jobs where state = 'dead' and finished_at < $1");

#[derive(FromRow)]
struct Row {
    id: Uuid,
    organization_id: Uuid,
    kind: String,
    body: Json<Value>,
    attempt: i64,
}

/// A job to be.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// Its id.
    pub id: Uuid,
    /// What to do.
    pub kind: &'static str,
    /// With what: ids only.
    pub body: Value,
    /// While one with this key waits, another is not added.
    pub unique_key: Option<&'a str>,
    /// Not before.
    pub run_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Adds a job, in the transaction that makes it necessary.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut Tx, organization: OrganizationId, job: &NewJob<'_>) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [job.id, organization.uuid(), job.kind, Json(&job.body), job.unique_key, job.run_at, job.now]
    )?;
    Ok(())
}

/// Claims due jobs, also those whose worker vanished.
///
/// # Errors
/// When the database refuses.
pub async fn claim(tx: &mut Tx, now: DateTime<Utc>, most: i64) -> Result<Vec<Job>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, CLAIM, [now, now + LEASE, most])?;
    Ok(rows
        .into_iter()
        .map(|row| Job {
            id: row.id,
            organization: row.organization_id.into(),
            kind: row.kind,
            body: row.body.0,
            attempt: row.attempt,
        })
        .collect())
}

/// The job is done: only its present worker may say so.
///
/// # Errors
/// When the database refuses.
pub async fn done(tx: &mut Tx, job: &Job) -> Result<(), StoreError> {
    run!(execute, tx, DONE, [job.id, job.attempt])?;
    Ok(())
}

/// The job waits for another try; when an equal one already waits, this one is done.
///
/// # Errors
/// When the database refuses.
pub async fn retry(tx: &mut Tx, job: &Job, at: DateTime<Utc>, error: &str) -> Result<(), StoreError> {
    let changed = run!(execute, tx, RETRY, [job.id, job.attempt, at, error])?;
    if changed == 0 { done(tx, job).await } else { Ok(()) }
}

/// The job gave up.
///
/// # Errors
/// When the database refuses.
pub async fn dead(tx: &mut Tx, job: &Job, now: DateTime<Utc>, error: &str) -> Result<(), StoreError> {
    run!(execute, tx, DEAD, [job.id, job.attempt, now, error])?;
    Ok(())
}

/// A waiting job is due at this instant, unless it is earlier anyway.
///
/// # Errors
/// When the database refuses.
pub async fn hasten(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: &str,
    unique_key: &str,
    run_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, HASTEN, [kind, organization.uuid(), unique_key, run_at])?;
    Ok(())
}

/// When the next job is due.
///
/// # Errors
/// When the database refuses.
pub async fn next_due(tx: &mut Tx) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(on!(tx, NEXT_DUE, |sql, db| sqlx::query_scalar::<_, Option<DateTime<Utc>>>(sql).fetch_one(db).await?))
}

/// Removes jobs that died before the instant.
///
/// # Errors
/// When the database refuses.
pub async fn bury_old(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, BURY_OLD, [before])?)
}
