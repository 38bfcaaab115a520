//! Stays, runs, verdicts and reconciliations of one organization's sessions.

use chrono::{DateTime, Utc};
use lectern_core::{
    attendance::{AttendanceState, Finding, Presence, PresenceKey, Run, Source, Verified},
    ids::{MeetingId, OrganizationId, PersonId, SessionId},
    role::SessionRole,
    sentence::Sentence,
};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

// Touches no table.
statement!(system LOCK,
    sqlite: "select 1 where $1 is not null",
    postgres: "select 1 from pg_advisory_xact_lock(hashtextextended('attendance:' || $1::uuid::text, 0))");
statement!(tenant FIND_PRESENCE, "select facts from presences
    where organization_id = $1 and session_id = $2 and source = $3 and run_id = $4 and stay = $5 and kind = $6");
statement!(tenant PRESENCES_OF, "select facts from presences where organization_id = $1 and session_id = $2 order by source, run_id, stay, kind");
statement!(tenant PRESENCES_OF_MANY,
    sqlite: "select session_id, facts from presences where organization_id = $1 and session_id in (select unhex(value) from json_each($2)) order by session_id, source, run_id, stay, kind",
    postgres: "select session_id, facts from presences where organization_id = $1 and session_id = any(array(select value::uuid from json_array_elements_text($2::json))) order by session_id, source, run_id, stay, kind");
statement!(tenant RUNS_OF_MANY,
    sqlite: "select session_id, meeting_id, run_id, started_at, ended_at, report from runs where organization_id = $1 and session_id in (select unhex(value) from json_each($2)) order by run_id",
    postgres: "select session_id, meeting_id, run_id, started_at, ended_at, report from runs where organization_id = $1 and session_id = any(array(select value::uuid from json_array_elements_text($2::json))) order by run_id");
statement!(tenant SAVE_PRESENCE, "insert into presences (organization_id, session_id, source, run_id, stay, kind, person_id, role, joined_at, left_at, registrant_id, facts, received_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    on conflict (organization_id, session_id, source, run_id, stay, kind) do update set person_id = excluded.person_id, role = excluded.role,
        joined_at = excluded.joined_at, left_at = excluded.left_at, registrant_id = excluded.registrant_id, facts = excluded.facts, received_at = excluded.received_at");
statement!(tenant REPORTED, "select facts from presences where organization_id = $1 and session_id = $2 and source = $3 and run_id = $4");
statement!(tenant REMOVE_REPORTED, "delete from presences where organization_id = $1 and session_id = $2 and source = $3 and run_id = $4");
statement!(tenant INSIDE_WITH, "select count(*) from presences where organization_id = $1 and session_id = $2 and registrant_id = $3
    and source = 'webhook' and kind = 'main' and run_id = $4 and joined_at is not null and left_at is null");
statement!(tenant FIND_RUN, "select meeting_id, run_id, started_at, ended_at, report from runs where organization_id = $1 and meeting_id = $2 and run_id = $3");
statement!(tenant RUNS_OF, "select meeting_id, run_id, started_at, ended_at, report from runs where organization_id = $1 and session_id = $2 order by run_id");
statement!(tenant SAVE_RUN, "insert into runs (organization_id, meeting_id, session_id, run_id, started_at, ended_at) values ($1, $2, $3, $4, $5, $6)
    on conflict (organization_id, meeting_id, run_id) do update set started_at = excluded.started_at, ended_at = excluded.ended_at");
statement!(tenant RUN_REPORTED, "update runs set report = $4, reported_at = $5 where organization_id = $1 and meeting_id = $2 and run_id = $3");
statement!(tenant VERDICTS_OF, "select person_id, proposed, note from attendance where organization_id = $1 and session_id = $2");
statement!(tenant SAVE_VERDICT, "insert into attendance (organization_id, session_id, person_id, state, seconds, first_joined_at, last_left_at, proposed, verified_by, verified_at, note, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (organization_id, session_id, person_id) do update set state = excluded.state, seconds = excluded.seconds, first_joined_at = excluded.first_joined_at,
        last_left_at = excluded.last_left_at, proposed = excluded.proposed, verified_by = excluded.verified_by, verified_at = excluded.verified_at,
        note = excluded.note, updated_at = excluded.updated_at");
statement!(tenant RECONCILIATION, "select state, attempt, report, problem, problem_words, asked_at, finished_at from reconciliations where organization_id = $1 and session_id = $2");
statement!(tenant SAVE_RECONCILIATION, "insert into reconciliations (organization_id, session_id, state, attempt, report, problem, asked_at, finished_at, problem_words) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (organization_id, session_id) do update set state = excluded.state, attempt = excluded.attempt, report = excluded.report, problem = excluded.problem, problem_words = excluded.problem_words,
        asked_at = excluded.asked_at, finished_at = excluded.finished_at");

/// Waits until no other instance changes this organization's evidence; held until the transaction ends. SQLite has one
/// writer anyway.
///
/// # Errors
/// When the database refuses.
pub async fn lock(tx: &mut Tx, organization: OrganizationId) -> Result<(), StoreError> {
    run!(execute, tx, LOCK, [organization.uuid()])?;
    Ok(())
}

/// The stay with this key.
///
/// # Errors
/// When the database refuses.
pub async fn find_presence(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    key: &PresenceKey,
) -> Result<Option<Presence>, StoreError> {
    let row: Option<Json<Presence>> = run!(
        optional_value,
        tx,
        FIND_PRESENCE,
        [organization.uuid(), session.uuid(), key.source.name(), &key.run, &key.entry, key.kind.name()]
    )?;
    Ok(row.map(|Json(presence)| presence))
}

/// All stays of a session, of all sources.
///
/// # Errors
/// When the database refuses.
pub async fn presences_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Vec<Presence>, StoreError> {
    let rows: Vec<Json<Presence>> = run!(values, tx, PRESENCES_OF, [organization.uuid(), session.uuid()])?;
    Ok(rows.into_iter().map(|Json(presence)| presence).collect())
}

/// All stays of some sessions, each with its session.
///
/// # Errors
/// When the database refuses.
pub async fn presences_of_many(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: &str,
) -> Result<Vec<(SessionId, Presence)>, StoreError> {
    let rows: Vec<(Uuid, Json<Presence>)> =
        run!(all, tx, PRESENCES_OF_MANY, [organization.uuid(), sessions])?;
    Ok(rows.into_iter().map(|(session, Json(presence))| (session.into(), presence)).collect())
}

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

/// Writes a stay whole, with the person it was found to be.
///
/// # Errors
/// When the database refuses.
pub async fn save_presence(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    presence: &Presence,
    (person, role): (Option<PersonId>, SessionRole),
) -> Result<(), StoreError> {
    let key = &presence.key;
    run!(
        execute,
        tx,
        SAVE_PRESENCE,
        [
            organization.uuid(),
            session.uuid(),
            key.source.name(),
            &key.run,
            &key.entry,
            key.kind.name(),
            person.map(PersonId::uuid),
            role.name(),
            presence.joined_at(),
            presence.left_at(),
            presence.facts.registrant_id.as_deref(),
            Json(presence),
            presence.received_at
        ]
    )?;
    Ok(())
}

/// The rows an earlier report gave for a run.
///
/// # Errors
/// When the database refuses.
pub async fn reported(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    source: Source,
    run: &str,
) -> Result<Vec<Presence>, StoreError> {
    let rows: Vec<Json<Presence>> =
        run!(values, tx, REPORTED, [organization.uuid(), session.uuid(), source.name(), run])?;
    Ok(rows.into_iter().map(|Json(presence)| presence).collect())
}

/// Removes the rows an earlier report gave for a run: only to put a newer report's in their place.
///
/// # Errors
/// When the database refuses.
pub async fn remove_reported(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    source: Source,
    run: &str,
) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_REPORTED, [organization.uuid(), session.uuid(), source.name(), run])?;
    Ok(())
}

/// How many are in the meeting's main room under one registrant.
///
/// # Errors
/// When the database refuses.
pub async fn inside_with(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    registrant: &str,
    run: &str,
) -> Result<i64, StoreError> {
    Ok(run!(value, tx, INSIDE_WITH, [organization.uuid(), session.uuid(), registrant, run])?)
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

/// What is kept of a verdict beside the value that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What the evidence proposes now.
    pub proposed: Finding,
    /// What a person decided.
    pub verified: Option<Verified>,
}

/// A stored verdict on one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVerdict {
    /// Who.
    pub person: PersonId,
    /// Proposal and decision.
    pub kept: Kept,
    /// What the person who decided wrote to it.
    pub note: Option<String>,
}

#[derive(FromRow)]
struct VerdictRow {
    person_id: Uuid,
    proposed: Json<Kept>,
    note: Option<String>,
}

/// All stored verdicts of a session.
///
/// # Errors
/// When the database refuses.
pub async fn verdicts_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Vec<StoredVerdict>, StoreError> {
    let rows: Vec<VerdictRow> = run!(all, tx, VERDICTS_OF, [organization.uuid(), session.uuid()])?;
    let stored = |row: VerdictRow| StoredVerdict {
        person: row.person_id.into(),
        kept: row.proposed.0,
        note: row.note,
    };
    Ok(rows.into_iter().map(stored).collect())
}

/// A verdict to write.
#[derive(Clone, Debug)]
pub struct NewVerdict<'a> {
    /// Who.
    pub person: PersonId,
    /// The state that holds.
    pub state: AttendanceState,
    /// The seconds that hold.
    pub seconds: u32,
    /// First in.
    pub first_joined_at: Option<DateTime<Utc>>,
    /// Last out.
    pub last_left_at: Option<DateTime<Utc>>,
    /// Proposal and decision.
    pub kept: Kept,
    /// A word to it.
    pub note: Option<&'a str>,
}

/// Writes a verdict.
///
/// # Errors
/// When the database refuses.
pub async fn save_verdict(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    verdict: &NewVerdict<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SAVE_VERDICT,
        [
            organization.uuid(),
            session.uuid(),
            verdict.person.uuid(),
            verdict.state.name(),
            i64::from(verdict.seconds),
            verdict.first_joined_at,
            verdict.last_left_at,
            Json(&verdict.kept),
            verdict.kept.verified.map(|verified| verified.by.uuid()),
            verdict.kept.verified.map(|verified| verified.at),
            verdict.note,
            now
        ]
    )?;
    Ok(())
}

/// How far reading the platform's report has come.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Reconciliation {
    /// `waiting`, `finished` (every run has its report), `none` (nobody to ask) or `given_up`.
    pub state: String,
    /// How often the platform was asked.
    pub attempt: i64,
    /// Which kind of report the last one was.
    pub report: Option<String>,
    /// What stood in the way last time: a sentence.
    pub problem: Option<String>,
    /// The same, for pages in the reader's language.
    #[sqlx(json(nullable))]
    pub problem_words: Option<Sentence>,
    /// When the platform was last asked.
    pub asked_at: Option<DateTime<Utc>>,
    /// When there was nothing more to ask.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A session's reconciliation; none before the first try.
///
/// # Errors
/// When the database refuses.
pub async fn reconciliation(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<Reconciliation>, StoreError> {
    Ok(run!(optional, tx, RECONCILIATION, [organization.uuid(), session.uuid()])?)
}

/// Writes a session's reconciliation.
///
/// # Errors
/// When the database refuses.
pub async fn save_reconciliation(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    reconciliation: &Reconciliation,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SAVE_RECONCILIATION,
        [
            organization.uuid(),
            session.uuid(),
            &reconciliation.state,
            reconciliation.attempt,
            reconciliation.report.as_deref(),
            reconciliation.problem.as_deref(),
            reconciliation.asked_at,
            reconciliation.finished_at,
            reconciliation.problem_words.as_ref().map(Json)
        ]
    )?;
    Ok(())
}

statement!(tenant FIRST_SEEN, "select min(joined_at) from presences where organization_id = $1 and session_id = $2 and person_id = $3 and source = 'webhook' and kind = 'main'");

/// When the platform first saw a person in a session's main room.
pub async fn first_seen(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    person: PersonId,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(run!(value, tx, FIRST_SEEN, [organization.uuid(), session.uuid(), person.uuid()])?)
}

statement!(tenant STATES_OF_ONE,
    sqlite: "select session_id, state from attendance where organization_id = $1 and person_id = $3 and session_id in (select unhex(value) from json_each($2))",
    postgres: "select session_id, state from attendance where organization_id = $1 and person_id = $3 and session_id = any(array(select value::uuid from json_array_elements_text($2::json)))");

/// The stored word for one person in each of some sessions.
pub async fn states_of_one(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: &str,
    person: PersonId,
) -> Result<Vec<(Uuid, String)>, StoreError> {
    Ok(run!(all, tx, STATES_OF_ONE, [organization.uuid(), sessions, person.uuid()])?)
}

// What nobody can judge, or nobody holds against a person, is no part of a share.
statement!(tenant FIGURES_OF_PERSON, "select count(*) as held, count(case when state <> 'absent' then 1 end) as came, count(case when verified_by is null then 1 end) as proposed
    from attendance where organization_id = $1 and person_id = $2 and state in ('present', 'late', 'left_early', 'absent')");
statement!(tenant OF_PERSON, "select s.id, s.title, c.title as class_title, s.starts_at, s.ends_at, a.state, a.seconds, a.verified_by is not null as verified
    from attendance a join sessions s on s.organization_id = a.organization_id and s.id = a.session_id
        join classes c on c.organization_id = s.organization_id and c.id = s.class_id
    where a.organization_id = $1 and a.person_id = $2 and c.instructor_id <> $2 and (s.starts_at, s.id) < ($3, $4)
    order by s.starts_at desc, s.id desc limit $5");

/// How somebody's attendance stands.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Figures {
    /// Sessions with a verdict that counts.
    pub held: i64,
    /// Of those, how many the person came to.
    pub came: i64,
    /// Of those, how many no teacher has looked at.
    pub proposed: i64,
}

/// A verdict on somebody, with the session it is about.
#[derive(Clone, Debug, FromRow)]
pub struct PersonsRow {
    /// The session.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// Its class's.
    pub class_title: String,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// Last instant.
    pub ends_at: DateTime<Utc>,
    /// The stored word of the verdict.
    pub state: String,
    /// Seconds that count.
    pub seconds: i64,
    /// Whether a person has looked at it.
    pub verified: bool,
}

/// How somebody's attendance stands.
///
/// # Errors
/// When the database refuses.
pub async fn figures_of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Figures, StoreError> {
    Ok(run!(one, tx, FIGURES_OF_PERSON, [organization.uuid(), person.uuid()])?)
}

/// The verdicts on somebody, the newest first, before a row; of classes they teach none.
///
/// # Errors
/// When the database refuses.
pub async fn of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    (at, id): (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<PersonsRow>, StoreError> {
    Ok(run!(all, tx, OF_PERSON, [organization.uuid(), person.uuid(), at, id, limit])?)
}
