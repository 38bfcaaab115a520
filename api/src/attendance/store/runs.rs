//! The meetings' runs.

use chrono::{DateTime, Utc};
use lectern_core::{
    attendance::{Run, Source},
    ids::{MeetingId, OrganizationId, SessionId},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant RUNS_OF_MANY,
    sqlite: "select session_id, meeting_id, run_id, started_at, ended_at, report from runs where organization_id = $1 and session_id in (select unhex(value) from json_each($2)) order by run_id",
    postgres: "select session_id, meeting_id, run_id, started_at, ended_at, report from runs where organization_id = $1 and session_id = any(array(select value::uuid from json_array_elements_text($2::json))) order by run_id");
statement!(tenant FIND_RUN, "select meeting_id, run_id, started_at, ended_at, report from runs where organization_id = $1 and meeting_id = $2 and run_id = $3");
statement!(tenant RUNS_OF, "select meeting_id, run_id, started_at, ended_at, report from runs where organization_id = $1 and session_id = $2 order by run_id");
statement!(tenant SAVE_RUN, "insert into runs (organization_id, meeting_id, session_id, run_id, started_at, ended_at) values ($1, $2, $3, $4, $5, $6)
    on conflict (organization_id, meeting_id, run_id) do update set started_at = excluded.started_at, ended_at = excluded.ended_at");
statement!(tenant RUN_REPORTED, "update runs set report = $4, reported_at = $5 where organization_id = $1 and meeting_id = $2 and run_id = $3");

#[derive(FromRow)]
struct RunOfSession {
    session_id: Uuid,
    #[sqlx(flatten)]
    run: RunRow,
}

/// All runs of some sessions' meetings, each with its session.
///
/// # Errors
/// When the database refuses.
pub async fn runs_of_many(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: &str,
) -> Result<Vec<(SessionId, Run)>, StoreError> {
    let rows: Vec<RunOfSession> = run!(all, tx, RUNS_OF_MANY, [organization.uuid(), sessions])?;
    Ok(rows.into_iter().map(|row| (row.session_id.into(), StoredRun::from(row.run).run)).collect())
}

/// A run with its report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRun {
    /// The run; its `meeting` is the id of our meeting's row.
    pub run: Run,
    /// Which kind of report was read for it.
    pub report: Option<String>,
}

#[derive(FromRow)]
struct RunRow {
    meeting_id: Uuid,
    run_id: String,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    report: Option<String>,
}

impl From<RunRow> for StoredRun {
    fn from(row: RunRow) -> Self {
        let RunRow { meeting_id, run_id, started_at, ended_at, report } = row;
        Self { run: Run { id: run_id, meeting: meeting_id.to_string(), started_at, ended_at }, report }
    }
}

/// A run of a meeting.
///
/// # Errors
/// When the database refuses.
pub async fn find_run(
    tx: &mut Tx,
    organization: OrganizationId,
    meeting: MeetingId,
    run: &str,
) -> Result<Option<Run>, StoreError> {
    let row: Option<RunRow> = run!(optional, tx, FIND_RUN, [organization.uuid(), meeting.uuid(), run])?;
    Ok(row.map(|row| StoredRun::from(row).run))
}

/// All runs of a session's meetings.
///
/// # Errors
/// When the database refuses.
pub async fn runs_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Vec<StoredRun>, StoreError> {
    let rows: Vec<RunRow> = run!(all, tx, RUNS_OF, [organization.uuid(), session.uuid()])?;
    Ok(rows.into_iter().map(StoredRun::from).collect())
}

/// Writes a run.
///
/// # Errors
/// When the database refuses.
pub async fn save_run(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    meeting: MeetingId,
    run: &Run,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SAVE_RUN,
        [organization.uuid(), meeting.uuid(), session.uuid(), &run.id, run.started_at, run.ended_at]
    )?;
    Ok(())
}

/// A run's report was read.
///
/// # Errors
/// When the database refuses.
pub async fn run_reported(
    tx: &mut Tx,
    organization: OrganizationId,
    meeting: MeetingId,
    run: &str,
    source: Source,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, RUN_REPORTED, [organization.uuid(), meeting.uuid(), run, source.name(), at])?;
    Ok(())
}
