//! Reading the platform's report after a session, so that the sheet is right also when no event arrived.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::{Presence, Run, Source, calls},
    ids::{MeetingId, OrganizationId, SessionId},
    provider::{Call, ErrorKind, MeetingRef, MeetingRun, ParticipantReport, ProviderError},
    role::SessionRole,
    sentence::Sentence,
};

use super::{
    service,
    sheet::{is_over, of_its_time},
    store::{self, Reconciliation},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    jobs::{Job, JobError, store::NewJob},
    keys::Sealer,
    organizations, platforms,
    sessions::facts::{self, SessionFacts},
};

/// Reads one session's report: `{session}`.
pub const RECONCILE: &str = "attendance.reconcile";
/// Looks whether a seat is shared: `{session, registrant, run}`.
pub const SHARED: &str = "attendance.shared";
/// Finds sessions whose report was not read.
pub const TICK: &str = "tick.reconcile";

/// The pauses between tries, in minutes; the last one repeats.
const PAUSES: [i64; 9] = [2, 5, 10, 15, 30, 60, 120, 180, 240];
/// After this long the platform will have no report any more.
const PATIENCE: Duration = Duration::hours(24);
/// How far back the tick looks: sessions whose report came into view late, after an outage of ours.
const HORIZON: Duration = Duration::days(3);
/// A session is looked at by the tick this long after its end.
const SETTLED: Duration = Duration::minutes(2);

/// What the platform answered.
#[derive(Debug, Default)]
struct Answer {
    runs: Vec<(MeetingRun, Option<ParticipantReport>)>,
    problem: Option<Sentence>,
    /// Nobody can ever be asked: no connection, or a platform without reports.
    nobody: bool,
}

/// How long after a second coming-in under one registrant it is looked at: the platform has let go of a dead client by then.
const DEAD_BY_THEN: Duration = Duration::minutes(2);

/// Has a look, in two minutes, whether one registrant is still in a run more than once.
pub async fn look_for_sharing(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    registrant: &str,
    run: &str,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let key = format!("{session} {registrant}");
    let job = NewJob {
        id: app.ids.next(),
        kind: SHARED,
        body: serde_json::json!({"session": session, "registrant": registrant, "run": run}),
        unique_key: Some(&key),
        run_at: now + DEAD_BY_THEN,
        now,
    };
    Ok(crate::jobs::store::insert(tx, organization, &job).await?)
}

/// Raises the alert when one registrant is in a run more than once.
///
/// # Errors
/// For the runner to try again.
pub async fn shared(app: &App, job: &Job) -> Result<(), JobError> {
    let session: SessionId = job.id_of("session")?;
    let text = |name: &str| job.body.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let outcome = raise_shared(app, job.organization, session, text("registrant"), text("run")).await;
    outcome.map_err(|error| JobError::Retry(error.to_string(), None))
}

async fn raise_shared(
    app: &App,
    organization: OrganizationId,
    session: SessionId,
    registrant: &str,
    run: &str,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let inside = store::inside_with(&mut tx, organization, session, registrant, run).await?;
    let facts = facts::of_session(&mut tx, organization, session).await?;
    let Some(facts) = facts.filter(|facts| inside >= 2 && !is_over(facts, now)) else { return Ok(()) };
    let seats = facts::roster(&mut tx, organization, &facts).await?;
    let seat = seats.iter().find(|seat| seat.registrant_ids.iter().any(|id| id == registrant));
    let person = seat.map(|seat| seat.person);
    let entry = app
        .entry(organization, EntryKind::SeatShared, Actor::Provider)
        .class(facts.class)
        .session(session)
        .details(serde_json::json!({"devices": inside}));
    audit::store::insert(&mut tx, &audit::Entry { person, ..entry }).await?;
    let (name, role) = seat.map_or(("", SessionRole::Unknown), |seat| (seat.name.as_str(), seat.role));
    let event = Event::new(EventType::SeatShared, now)
        .of(Some(session), facts.class, facts.instructor)
        .person(person, name, role.name());
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// Reads a session's report.
///
/// # Errors
/// For the runner to try again.
pub async fn reconcile(app: &App, job: &Job) -> Result<(), JobError> {
    let session: SessionId = job.id_of("session")?;
    let outcome = reconcile_session(app, job.organization, session).await;
    outcome.map_err(|error| JobError::Retry(error.to_string(), None))
}

/// Reads a session's report now and stores what it says; when there is none yet, another try is queued.
///
/// # Errors
/// Only failures of ours: what the platform refuses is kept as the reconciliation's problem.
pub async fn reconcile_session(
    app: &App,
    organization: OrganizationId,
    session: SessionId,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut look = app.db.read(organization).await?;
    let facts = facts::of_session(&mut look, organization, session).await?;
    let known = store::runs_of(&mut look, organization, session).await?;
    drop(look);
    let Some(facts) = facts else { return Ok(()) };
    if !is_over(&facts, now) && now < facts.ends_at {
        let mut tx = app.db.begin(organization).await?;
        service::ask_for_report(app, &mut tx, organization, session, facts.ends_at + SETTLED).await?;
        return Ok(tx.commit().await?);
    }
    let known = known.into_iter().map(|stored| stored.run).collect();
    let (known, _) = of_its_time(&facts, known, Vec::new(), now);
    let answer = ask(app, organization, &facts, &known).await;
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    store::lock(&mut tx, organization).await?;
    let again = record(app, &mut tx, &sealer, organization, facts, answer, now).await?;
    if let Some(at) = again {
        service::ask_for_report(app, &mut tx, organization, session, at).await?;
    }
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// Asks the platform, no transaction open.
async fn ask(app: &App, organization: OrganizationId, facts: &SessionFacts, known: &[Run]) -> Answer {
    let (Some(meeting), Some(connection)) = (&facts.provider_id, facts.connection) else {
        return Answer { nobody: true, ..Answer::default() };
    };
    let connected =
        match platforms::service::connected_by(app, organization, facts.provider, Some(connection)).await {
            Ok(connected) => connected,
            Err(error) => return Answer { problem: Some(error.words()), ..Answer::default() },
        };
    let Some(reports) = connected.provider.attendance() else {
        return Answer { nobody: true, ..Answer::default() };
    };
    let call = Call::background();
    let meeting = MeetingRef { id: meeting.clone(), host: connected.host.clone() };
    let mut answer = Answer::default();
    let mut runs = match reports.runs(&call, &meeting).await {
        Ok(runs) => runs,
        Err(error) => {
            answer.problem = problem(&error);
            Vec::new()
        }
    };
    // A run we heard of is asked for although the platform's list has it not yet.
    for run in known.iter().filter(|run| !calls::is_unnamed(&run.id)) {
        if !runs.iter().any(|listed| listed.id == run.id) {
            let started_at = run.started_at.or(run.ended_at).unwrap_or(facts.starts_at);
            runs.push(MeetingRun { id: run.id.clone(), started_at });
        }
    }
    for run in runs {
        match reports.report(&call, &meeting, &run).await {
            Ok(report) => answer.runs.push((run, report)),
            Err(error) => {
                answer.problem = problem(&error);
                answer.runs.push((run, None));
            }
        }
    }
    answer
}

/// The sentence of an error that stands in the way; a report that is simply not there is none.
fn problem(error: &ProviderError) -> Option<Sentence> {
    tracing::info!(%error, "no report: {error}");
    (!matches!(error.kind, ErrorKind::NotFound)).then(|| error.words())
}

/// Stores an answer: adds and replaces, never removes on an empty or failed one. When to ask again, if that can help.
async fn record(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    mut facts: SessionFacts,
    answer: Answer,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, ApiError> {
    let before = store::reconciliation(tx, organization, facts.session).await?;
    let mut report = before.as_ref().and_then(|row| row.report.clone());
    let mut read = 0;
    if let Some(meeting) = facts.meeting {
        for (run, told) in &answer.runs {
            note_run(tx, organization, &facts, meeting, run).await?;
            let Some(told) = told.as_ref().filter(|told| !told.rows.is_empty()) else { continue };
            let source = Source::from(told.kind);
            replace(tx, organization, &facts, run, told, now).await?;
            store::run_reported(tx, organization, meeting, &run.id, source, now).await?;
            report = Some(source.name().to_owned());
            read += 1;
        }
    }
    if read > 0 {
        settle_state(app, tx, sealer, organization, &mut facts, &answer).await?;
    }
    let stored: Vec<_> = store::runs_of(tx, organization, facts.session).await?;
    let reported: Vec<String> =
        stored.iter().filter(|run| run.report.is_some()).map(|run| run.run.id.clone()).collect();
    let (runs, _) = of_its_time(&facts, stored.into_iter().map(|run| run.run).collect(), Vec::new(), now);
    let complete = !runs.is_empty() && runs.iter().all(|run| reported.contains(&run.id));
    let attempt = before.as_ref().map_or(0, |row| row.attempt) + 1;
    let over_for_good = now >= facts.ended_at.unwrap_or(facts.ends_at).max(facts.ends_at) + PATIENCE;
    let state = match () {
        () if complete => "finished",
        () if answer.nobody => "none",
        () if over_for_good => "given_up",
        () => "waiting",
    };
    let problem = answer.problem.filter(|_| !complete);
    let reconciliation = Reconciliation {
        state: state.to_owned(),
        attempt,
        report: report.clone(),
        problem: problem.as_ref().map(ToString::to_string),
        problem_words: problem,
        asked_at: Some(now),
        finished_at: (state != "waiting").then_some(now),
    };
    store::save_reconciliation(tx, organization, facts.session, &reconciliation).await?;
    if read > 0 {
        let entry = app
            .entry(organization, EntryKind::Reconciled, Actor::System)
            .class(facts.class)
            .session(facts.session)
            .details(serde_json::json!({"report": report, "runs": runs.len(), "read": read, "state": state}));
        audit::store::insert(tx, &entry).await?;
    }
    let first_whole = state != "waiting" && before.is_none_or(|row| row.finished_at.is_none());
    let told = service::recompute(app, tx, sealer, organization, facts.clone()).await?;
    if first_whole && !told {
        service::tell(app, tx, sealer, organization, &facts, Some(service::PROPOSED)).await?;
    }
    Ok((state == "waiting").then(|| now + pause(attempt)))
}

fn pause(attempt: i64) -> Duration {
    let index = usize::try_from(attempt - 1).unwrap_or(0).min(PAUSES.len() - 1);
    Duration::minutes(PAUSES[index])
}

async fn note_run(
    tx: &mut Tx,
    organization: OrganizationId,
    facts: &SessionFacts,
    meeting: MeetingId,
    run: &MeetingRun,
) -> Result<(), ApiError> {
    let told = Run::listed(&meeting.to_string(), run);
    let known = store::find_run(tx, organization, meeting, &run.id).await?;
    let mut merged = known.clone().unwrap_or_else(|| told.clone());
    // What an event said of the start is exact; the list's start only fills a gap.
    if merged.started_at.is_none() {
        merged.absorb(&told);
    }
    if known.as_ref() != Some(&merged) {
        store::save_run(tx, organization, facts.session, meeting, &merged).await?;
    }
    Ok(())
}

/// A report is a snapshot of its run: all rows of this kind are replaced; what was assigned by hand stays assigned.
async fn replace(
    tx: &mut Tx,
    organization: OrganizationId,
    facts: &SessionFacts,
    run: &MeetingRun,
    told: &ParticipantReport,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let source = Source::from(told.kind);
    let before = store::reported(tx, organization, facts.session, source, &run.id).await?;
    let mut rows = Presence::from_report(&run.id, told, now);
    for row in &mut rows {
        if let Some(known) = before.iter().find(|known| known.key == row.key) {
            row.assigned = known.assigned;
            row.received_at = known.received_at;
        }
    }
    store::remove_reported(tx, organization, facts.session, source, &run.id).await?;
    let roster = lectern_core::attendance::Roster::new(facts::roster(tx, organization, facts).await?);
    for row in &rows {
        let person = row.assigned.or_else(|| roster.find(&row.facts).map(|found| found.person));
        let role = person
            .and_then(|person| roster.seats().iter().find(|seat| seat.person == person))
            .map_or(SessionRole::Unknown, |seat| seat.role);
        store::save_presence(tx, organization, facts.session, row, (person, role)).await?;
    }
    Ok(())
}

/// A session of which no event arrived was held all the same: the report says when.
async fn settle_state(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: &mut SessionFacts,
    answer: &Answer,
) -> Result<(), ApiError> {
    let rows =
        || answer.runs.iter().filter_map(|(_, report)| report.as_ref()).flat_map(|report| &report.rows);
    let first = answer.runs.iter().map(|(run, _)| run.started_at).min();
    let last = rows().map(|row| row.left_at).max();
    if let Some(first) = first {
        facts::mark_live(app, tx, sealer, organization, facts, first).await?;
    }
    if let Some(last) = last
        && app.clock.now() >= facts.ends_at
    {
        facts::mark_ended(app, tx, sealer, organization, facts, last.max(facts.ends_at)).await?;
    }
    Ok(())
}

/// Queues the reading of reports for sessions that are over and have none: also those whose end nobody told.
///
/// # Errors
/// For the runner to try again.
pub async fn tick(app: &App) -> Result<(), JobError> {
    let now = app.clock.now();
    let failed = |error: ApiError| JobError::Retry(error.to_string(), None);
    for organization in organizations::service::all_active(app).await.map_err(failed)? {
        tick_organization(app, organization, now).await.map_err(failed)?;
    }
    app.wake.jobs.notify_one();
    Ok(())
}

async fn tick_organization(
    app: &App,
    organization: OrganizationId,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let mut look = app.db.read(organization).await?;
    let mut due = Vec::new();
    for facts in facts::over_between(&mut look, organization, now - HORIZON, now - SETTLED).await? {
        let reconciliation = store::reconciliation(&mut look, organization, facts.session).await?;
        // What waits has its next try queued; it is queued again only when that try was lost.
        let waits = reconciliation.as_ref().is_some_and(|row| {
            row.finished_at.is_some()
                || row.asked_at.is_some_and(|asked| now < asked + pause(row.attempt) + SETTLED)
        });
        let fresh = facts.ended_at.is_some_and(|at| now < at + SETTLED);
        if !waits && !fresh {
            due.push(facts.session);
        }
    }
    drop(look);
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.begin(organization).await?;
    for session in due {
        service::ask_for_report(app, &mut tx, organization, session, now).await?;
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_cover_a_day_with_growing_pauses() {
        let mut at = Duration::zero();
        let mut tries = 0;
        while at < PATIENCE {
            tries += 1;
            at += pause(tries);
            assert!(pause(tries + 1) >= pause(tries));
        }
        assert!(tries < 20, "{tries} tries in a day");
        assert_eq!(pause(1), Duration::minutes(2));
    }
}
