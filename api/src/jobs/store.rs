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
        returning id, organization_id, kind, body, attempt, tried_before"),
    postgres: concat!("update jobs set state = 'running', attempt = attempt + 1, leased_until = $2 where id in (", due!(" for update of j skip locked"), ")
        returning id, organization_id, kind, body, attempt, tried_before"));
statement!(system DONE, "delete from jobs where id = $1 and attempt = $2 and state = 'running'");
statement!(system RETRY, "update jobs set state = 'waiting', run_at = $3, last_error = $4, leased_until = null
    where id = $1 and attempt = $2 and state = 'running' and (unique_key is null or not exists (
        select 1 from jobs j where j.kind = jobs.kind and j.organization_id = jobs.organization_id and j.unique_key = jobs.unique_key and j.state = 'waiting'))");
statement!(system DEAD, "update jobs set state = 'dead', finished_at = $3, last_error = $4, leased_until = null
    where id = $1 and attempt = $2 and state = 'running'");
statement!(system HASTEN, "update jobs set run_at = $4 where kind = $1 and organization_id = $2 and unique_key = $3 and state = 'waiting' and run_at > $4");
statement!(system NEXT_DUE, "select min(run_at) from jobs where state in ('waiting', 'running')");
statement!(system BURY_OLD, "delete from jobs where state = 'dead' and finished_at < $1");
statement!(system BY_KIND, "select kind,
        count(*) filter (where state = 'waiting' and attempt = tried_before) as waiting, count(*) filter (where state = 'running') as running,
        count(*) filter (where state = 'waiting' and attempt > tried_before) as retrying, count(*) filter (where state = 'dead') as dead,
        min(run_at) filter (where state = 'waiting' and run_at <= $1) as due_since
    from jobs group by kind order by kind");
macro_rules! standing {
    ($rest:literal) => {
        concat!(
            "select j.id, j.kind, o.slug, j.state, j.attempt - j.tried_before as tries, j.last_error, j.created_at, j.finished_at, j.organization_id
            from jobs j join organizations o on o.id = j.organization_id ",
            $rest
        )
    };
}
statement!(system DEAD_ONES, standing!("where j.state = 'dead' and (j.finished_at, j.id) < ($1, $2) and ($3 = '' or j.kind = $3)
    order by j.finished_at desc, j.id desc limit $4"));
statement!(system STANDING, standing!("where j.id = $1"));
statement!(system STANDING_LOCKED, sqlite: standing!("where j.id = $1"), postgres: standing!("where j.id = $1 for update of j"));
statement!(system REVIVE, "update jobs set state = 'waiting', run_at = $2, tried_before = attempt, leased_until = null, finished_at = null
    where id = $1 and (unique_key is null or not exists (
        select 1 from jobs j where j.kind = jobs.kind and j.organization_id = jobs.organization_id and j.unique_key = jobs.unique_key
            and j.state = 'waiting' and j.id <> jobs.id))");
// Of those that are one job by their key, the newest comes back, and none while an equal one waits.
statement!(system REMOVE_DOUBLES, "delete from jobs where id in (
    select id from (select id, row_number() over (partition by organization_id, unique_key order by id desc) as place
        from jobs where state = 'dead' and kind = $1 and unique_key is not null) as equals where place > 1)");
statement!(system REMOVE_WAITED_FOR, "delete from jobs where state = 'dead' and kind = $1 and unique_key is not null and exists (
    select 1 from jobs j where j.kind = jobs.kind and j.organization_id = jobs.organization_id and j.unique_key = jobs.unique_key and j.state = 'waiting')");
statement!(system REVIVE_KIND, "update jobs set state = 'waiting', run_at = $2, tried_before = attempt, leased_until = null, finished_at = null
    where state = 'dead' and kind = $1");
statement!(system REMOVE, "delete from jobs where id = $1");
statement!(system TICK_DONE, "insert into tick_runs (kind, done_at) values ($1, $2) on conflict (kind) do update set done_at = excluded.done_at");
statement!(system TICK_FAILED, "insert into tick_runs (kind, failed_at) values ($1, $2) on conflict (kind) do update set failed_at = excluded.failed_at");
statement!(system TICK_RUNS, "select kind, done_at, failed_at from tick_runs");
// SQLite would read all that waits, also for next year: it is told which index holds what is due.
macro_rules! due_now {
    ($table:literal) => {
        concat!(
            "select count(*) as number, min(run_at) as since from (select run_at from ",
            $table,
            " where state in ('waiting', 'running') and run_at <= $1 and (leased_until is null or leased_until <= $1)
                order by run_at limit 1000) as due"
        )
    };
}
macro_rules! failing_mails {
    ($table:literal) => {
        concat!(
            "select count(*) from (select 1 from ",
            $table,
            " where state in ('waiting', 'running') and run_at <= $1 and attempt > tried_before and last_error is not null
                and kind in ('mail.send', 'mails.send') limit 1000) as failing"
        )
    };
}
statement!(system DUE, sqlite: due_now!("jobs indexed by jobs_due"), postgres: due_now!("jobs"));
statement!(system DEAD_COUNT, "select count(*) from (select 1 from jobs where state = 'dead' limit 1000) as dead");
statement!(system FAILING_MAILS, sqlite: failing_mails!("jobs indexed by jobs_due"), postgres: failing_mails!("jobs"));

#[derive(FromRow)]
struct Row {
    id: Uuid,
    organization_id: Uuid,
    kind: String,
    body: Json<Value>,
    attempt: i64,
    tried_before: i64,
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
            tries: row.attempt - row.tried_before,
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

/// How many jobs of a kind there are in each state.
#[derive(Clone, Debug, FromRow)]
pub struct KindCount {
    /// What they do.
    pub kind: String,
    /// Not tried yet, now or later.
    pub waiting: i64,
    /// With a worker.
    pub running: i64,
    /// Failed, and tried again by themselves.
    pub retrying: i64,
    /// Gave up.
    pub dead: i64,
    /// Since when the one waits that is due the longest.
    pub due_since: Option<DateTime<Utc>>,
}

/// A job as its row stands.
#[derive(Clone, Debug, FromRow)]
pub struct Standing {
    /// Its id.
    pub id: Uuid,
    /// What it does.
    pub kind: String,
    /// The tenant's short name; empty for the server's own.
    pub slug: String,
    /// waiting, running, dead.
    pub state: String,
    /// Tries so far, since it was last set to be tried again by hand.
    pub tries: i64,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it gave up.
    pub finished_at: Option<DateTime<Utc>>,
    /// The tenant.
    pub organization_id: Uuid,
}

/// How many there are, by kind. The table holds only what is still to do and what gave up in the last weeks.
///
/// # Errors
/// When the database refuses.
pub async fn by_kind(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<KindCount>, StoreError> {
    Ok(run!(all, tx, BY_KIND, [now])?)
}

/// What gave up, newest first, before an instant and id; of one kind, or with an empty one of all.
///
/// # Errors
/// When the database refuses.
pub async fn dead_ones(
    tx: &mut Tx,
    before: (DateTime<Utc>, Uuid),
    kind: &str,
    limit: i64,
) -> Result<Vec<Standing>, StoreError> {
    Ok(run!(all, tx, DEAD_ONES, [before.0, before.1, kind, limit])?)
}

/// One job.
///
/// # Errors
/// When the database refuses.
pub async fn standing(tx: &mut Tx, id: Uuid) -> Result<Option<Standing>, StoreError> {
    Ok(run!(optional, tx, STANDING, [id])?)
}

/// One job, which nobody else claims or changes until the transaction ends.
///
/// # Errors
/// When the database refuses.
pub async fn standing_locked(tx: &mut Tx, id: Uuid) -> Result<Option<Standing>, StoreError> {
    Ok(run!(optional, tx, STANDING_LOCKED, [id])?)
}

/// The job is due now, as if it had never been tried; when an equal one waits, this one is done.
///
/// # Errors
/// When the database refuses.
pub async fn revive(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    if run!(execute, tx, REVIVE, [id, now])? == 0 {
        remove(tx, id).await?;
    }
    Ok(())
}

/// The same for every dead job of a kind; how many were dead.
///
/// # Errors
/// When the database refuses.
pub async fn revive_kind(tx: &mut Tx, kind: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let doubles = run!(execute, tx, REMOVE_DOUBLES, [kind])?;
    let waited_for = run!(execute, tx, REMOVE_WAITED_FOR, [kind])?;
    Ok(doubles + waited_for + run!(execute, tx, REVIVE_KIND, [kind, now])?)
}

/// Nobody does this job any more.
///
/// # Errors
/// When the database refuses.
pub async fn remove(tx: &mut Tx, id: Uuid) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE, [id])?;
    Ok(())
}

/// When regular work was last done, and when it last failed.
#[derive(Clone, Debug, FromRow)]
pub struct TickRun {
    /// Which work.
    pub kind: String,
    /// Last done.
    pub done_at: Option<DateTime<Utc>>,
    /// Last failed.
    pub failed_at: Option<DateTime<Utc>>,
}

/// How much is due and with nobody, counted up to a thousand, and since when.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Due {
    /// How many.
    pub number: i64,
    /// Since when the first of them is due.
    pub since: Option<DateTime<Utc>>,
}

/// Notes that regular work was done or failed just now.
///
/// # Errors
/// When the database refuses.
pub async fn note_tick(tx: &mut Tx, kind: &str, done: bool, now: DateTime<Utc>) -> Result<(), StoreError> {
    let statement = if done { TICK_DONE } else { TICK_FAILED };
    run!(execute, tx, statement, [kind, now])?;
    Ok(())
}

/// When each kind of regular work was last done.
///
/// # Errors
/// When the database refuses.
pub async fn tick_runs(tx: &mut Tx) -> Result<Vec<TickRun>, StoreError> {
    Ok(run!(all, tx, TICK_RUNS, [])?)
}

/// What is due and with nobody.
///
/// # Errors
/// When the database refuses.
pub async fn due(tx: &mut Tx, now: DateTime<Utc>) -> Result<Due, StoreError> {
    Ok(run!(one, tx, DUE, [now])?)
}

/// How many gave up, counted up to a thousand.
///
/// # Errors
/// When the database refuses.
pub async fn dead_count(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(run!(value, tx, DEAD_COUNT, [])?)
}

/// How many jobs that send mail failed and are tried again within an hour, counted up to a thousand.
///
/// # Errors
/// When the database refuses.
pub async fn failing_mails(tx: &mut Tx, now: DateTime<Utc>) -> Result<i64, StoreError> {
    Ok(run!(value, tx, FAILING_MAILS, [now + Duration::hours(1)])?)
}
