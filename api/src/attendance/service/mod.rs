//! Computing and showing who was there; what a person makes of it is in `decide`.

mod decide;

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::{Finding, Presence},
    ids::{OrganizationId, PersonId, SessionId},
    role::{Role, SessionRole},
};
use uuid::Uuid;

pub use decide::{Accepted, Accepting, Decide, NEVER, SeenRow, decide, verify};

use super::{
    jobs::RECONCILE,
    sheet::{Line, Material, Sheet, is_over},
    store::{self, Kept, NewVerdict},
};
use crate::{
    app::App,
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    extract::SignedIn,
    jobs::{self, store::NewJob},
    keys::Sealer,
    organizations,
    sessions::facts::{self, SessionFacts},
    totals,
};

/// What an update says more: the evidence is together, or became another afterwards.
pub(super) const PROPOSED: &str = "proposed";

/// How long after its end the platform's report is first asked for.
const REPORT_AFTER: Duration = Duration::minutes(2);

/// We sent this person into the meeting: evidence of an intent, in the caller's transaction.
pub async fn redirected(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    person: PersonId,
    at: DateTime<Utc>,
) -> Result<(), ApiError> {
    let mut told = Presence::redirected(person, at);
    if let Some(known) = store::find_presence(tx, organization, session, &told.key).await? {
        told.absorb(&known);
    }
    let role = facts::role_of(tx, organization, session, person).await?;
    store::save_presence(tx, organization, session, &told, (Some(person), role)).await?;
    Ok(())
}

/// Has the platform's report read, not before an instant; asked twice while it waits, it is read once.
pub async fn ask_for_report(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    at: DateTime<Utc>,
) -> Result<(), ApiError> {
    let key = session.to_string();
    let job = NewJob {
        id: app.ids.next(),
        kind: RECONCILE,
        body: serde_json::json!({"session": session}),
        unique_key: Some(&key),
        run_at: at,
        now: app.clock.now(),
    };
    Ok(jobs::store::insert(tx, organization, &job).await?)
}

/// To be called in the transaction that ends a session: its verdicts are computed and the report is asked for.
/// After the commit, wake outbox and jobs.
pub async fn after_end(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: SessionFacts,
) -> Result<(), ApiError> {
    ask_for_report(app, tx, organization, facts.session, app.clock.now() + REPORT_AFTER).await?;
    recompute(app, tx, sealer, organization, facts).await?;
    Ok(())
}

/// The sheet of a session at this instant, in the caller's transaction.
pub async fn sheet_in(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    facts: SessionFacts,
) -> Result<Sheet, ApiError> {
    let material = Material {
        expected: facts::expected(tx, organization, &facts).await?,
        presences: store::presences_of(tx, organization, facts.session).await?,
        runs: store::runs_of(tx, organization, facts.session).await?,
        stored: store::verdicts_of(tx, organization, facts.session).await?,
        reconciliation: store::reconciliation(tx, organization, facts.session).await?,
        policies: organizations::service::settings_in(tx, organization).await?.policies,
        facts,
    };
    Ok(material.sheet(app.clock.now()))
}

/// Computes the verdicts anew and stores those that changed; whether watchers were told.
pub async fn recompute(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: SessionFacts,
) -> Result<bool, ApiError> {
    let now = app.clock.now();
    let sheet = sheet_in(app, tx, organization, facts).await?;
    let known: HashMap<PersonId, Kept> = store::verdicts_of(tx, organization, sheet.facts.session)
        .await?
        .into_iter()
        .map(|row| (row.person, row.kept))
        .collect();
    let mut changed = false;
    for line in sheet.everybody() {
        let kept = Kept { proposed: Finding::from(&line.verdict), verified: line.verified };
        if known.get(&line.verdict.person) != Some(&kept) {
            changed = true;
            save(tx, organization, sheet.facts.session, line, kept, line.note.as_deref(), now).await?;
        }
    }
    if changed {
        let together = sheet.reconciliation.as_ref().is_some_and(|row| row.finished_at.is_some());
        let detail = together.then_some(PROPOSED);
        tell(app, tx, sealer, organization, &sheet.facts, detail).await?;
    }
    Ok(changed)
}

async fn save(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    line: &Line,
    kept: Kept,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let finding = kept.verified.map_or(kept.proposed, |verified| verified.finding);
    let verdict = NewVerdict {
        person: line.verdict.person,
        state: finding.state,
        seconds: finding.seconds,
        first_joined_at: line.verdict.first_joined_at,
        last_left_at: line.verdict.last_left_at,
        kept,
        note,
    };
    Ok(store::save_verdict(tx, organization, session, &verdict, now).await?)
}

/// Tells whoever watches; the detail, if there is one, tells systems elsewhere as well.
pub(super) async fn tell(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: &SessionFacts,
    detail: Option<&'static str>,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut event =
        Event::new(EventType::AttendanceUpdated, now).of(Some(facts.session), facts.class, facts.instructor);
    event.detail = detail.map(str::to_owned);
    Ok(events::emit(tx, &app.ids, sealer, organization, now, &event).await?)
}

/// Computes and stores a session's verdicts now.
///
/// # Errors
/// [`ApiError::NotFound`] for a session of another organization.
pub async fn compute(app: &App, organization: OrganizationId, session: SessionId) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let facts = facts::of_session(&mut tx, organization, session).await?.ok_or(ApiError::NotFound)?;
    recompute(app, &mut tx, &sealer, organization, facts).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// How much of a sheet somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// All of it, and decide.
    Manage,
    /// Their own line.
    Own(PersonId),
}

pub(super) fn may_manage(who: &SignedIn, facts: &SessionFacts) -> bool {
    match who.role {
        Role::Admin => true,
        Role::Instructor => facts.instructor == who.person,
        Role::Student => false,
    }
}

/// A session's sheet, as far as this caller may see it: admins all, the session's instructor theirs, everybody their own line.
///
/// # Errors
/// [`ApiError::NotFound`] for everybody else.
pub async fn sheet(app: &App, who: &SignedIn, session: SessionId) -> Result<(Sheet, Access), ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let facts = facts::of_session(&mut tx, who.organization, session).await?.ok_or(ApiError::NotFound)?;
    let manages = may_manage(who, &facts);
    let mut sheet = sheet_in(app, &mut tx, who.organization, facts).await?;
    if manages {
        return Ok((sheet, Access::Manage));
    }
    sheet.lines.retain(|line| line.verdict.person == who.person);
    if sheet.lines.is_empty() {
        return Err(ApiError::NotFound);
    }
    sheet.instructor = None;
    sheet.unmatched.clear();
    Ok((sheet, Access::Own(who.person)))
}

/// Has the platform's report read again, now.
///
/// # Errors
/// As [`decide()`].
pub async fn reconcile(app: &App, who: &SignedIn, session: SessionId) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let facts = facts::of_session(&mut tx, who.organization, session)
        .await?
        .filter(|facts| may_manage(who, facts))
        .ok_or(ApiError::NotFound)?;
    if !is_over(&facts, now) {
        return Err(ApiError::conflict(
            "session_not_over",
            "The platform reports on a session only after its end.",
            "Wait until it has ended, or end it.",
        ));
    }
    ask_for_report(app, &mut tx, who.organization, session, now).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}

/// The word for what a person is to a session, and their number in the outside contract (guests are 0, like students).
#[must_use]
pub const fn role_words(role: SessionRole) -> (i64, &'static str) {
    match role {
        SessionRole::Instructor => (1, "instructor"),
        SessionRole::Student => (0, "student"),
        SessionRole::Guest => (0, "guest"),
        SessionRole::Unknown => (0, "unknown"),
    }
}

/// When the platform first saw a person in a session; for the page behind the Join button.
pub async fn first_seen(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    person: PersonId,
) -> Result<Option<DateTime<Utc>>, ApiError> {
    Ok(store::first_seen(tx, organization, session, person).await?)
}

/// How many came to each of some sessions of a class, of how many; the instructor not counted.
pub async fn came(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: impl IntoIterator<Item = SessionId>,
    instructor: PersonId,
) -> Result<HashMap<SessionId, (u32, u32)>, ApiError> {
    let ids: Vec<Uuid> = sessions.into_iter().map(SessionId::uuid).collect();
    let mut totals = totals::service::of(tx, organization, ids.iter().copied()).await?;
    for (session, word) in
        store::states_of_one(tx, organization, &crate::ids::json_list(ids), instructor).await?
    {
        let totals = totals.entry(session).or_default();
        let came = matches!(word.as_str(), "present" | "late" | "left_early");
        totals.came = totals.came.saturating_sub(u32::from(came));
        totals.marked = totals.marked.saturating_sub(1);
    }
    let marked = totals.into_iter().filter(|(_, totals)| totals.marked > 0);
    Ok(marked.map(|(id, totals)| (SessionId(id), (totals.came, totals.marked))).collect())
}
