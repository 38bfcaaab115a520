//! Computing, showing and deciding who was there.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::{AttendanceState, Finding, Presence, Verified},
    ids::{OrganizationId, PersonId, SessionId},
    role::{Role, SessionRole},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    jobs::RECONCILE,
    sheet::{Line, Material, Sheet, is_over},
    store::{self, Kept, NewVerdict},
};
use crate::{
    app::App,
    audit::{self, EntryKind},
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
/// A person in charge decided.
const VERIFIED: &str = "verified";

/// How long after its end the platform's report is first asked for.
const REPORT_AFTER: Duration = Duration::minutes(2);
/// The longest anybody can have been in one session.
const MOST_MINUTES: u32 = 24 * 60;

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

/// Opens a session's sheet for a decision.
async fn to_decide(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    session: SessionId,
) -> Result<(Sheet, PersonId), ApiError> {
    // What was decided or came in until now is read behind everybody else's writing.
    store::lock(tx, who.organization).await?;
    let facts = facts::of_session(tx, who.organization, session)
        .await?
        .filter(|facts| may_manage(who, facts))
        .ok_or(ApiError::NotFound)?;
    let person = who.person()?;
    if !is_over(&facts, app.clock.now()) {
        return Err(ApiError::conflict(
            "session_not_over",
            "The session is not over yet, so its attendance is still a preview.",
            "Wait until it has ended, or end it.",
        ));
    }
    Ok((sheet_in(app, tx, who.organization, facts).await?, person))
}

/// A decision on one person.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// `present`, `late`, `left_early`, `absent` or `excused`.
    #[schema(example = "excused")]
    pub state: String,
    /// Whole minutes, 0 to 1440. Left out: 0 for absent and excused, else what the evidence shows.
    #[serde(default)]
    pub minutes: Option<u32>,
    /// Why; at most 300 characters.
    #[serde(default)]
    pub note: Option<String>,
    /// The row's `verified_at` as it was seen, or `never`: when somebody has decided since, nothing is changed (409
    /// `decided_meanwhile`). Left out: it is not looked at.
    #[serde(default)]
    #[schema(example = "never")]
    pub seen: Option<String>,
}

/// What a row says of an undecided person where another has the instant of the decision.
pub const NEVER: &str = "never";

/// Nothing was decided since the row was seen.
fn unchanged_since(seen: &str, line: &Line) -> Result<(), ApiError> {
    let seen = match seen {
        NEVER => None,
        at => Some(
            at.parse::<DateTime<Utc>>()
                .map_err(|_| ApiError::field("seen", "Send the row's verified_at, or \"never\"."))?,
        ),
    };
    if seen == line.verified.map(|verified| verified.at) {
        return Ok(());
    }
    Err(ApiError::conflict(
        "decided_meanwhile",
        "Somebody has decided on this person meanwhile.",
        "Look at the row again, then change it.",
    ))
}

fn read(decide: &Decide, line: &Line) -> Result<(Finding, Option<String>), ApiError> {
    let state = AttendanceState::parse(&decide.state)
        .filter(|state| {
            use AttendanceState as S;
            matches!(state, S::Present | S::Late | S::LeftEarly | S::Absent | S::Excused)
        })
        .ok_or_else(|| ApiError::field("state", "Use one of: present, late, left_early, absent, excused."))?;
    if decide.minutes.is_some_and(|minutes| minutes > MOST_MINUTES) {
        return Err(ApiError::field("minutes", format!("At most {MOST_MINUTES}.")));
    }
    let nothing = matches!(state, AttendanceState::Absent | AttendanceState::Excused);
    let seconds = match decide.minutes {
        // The evidence's own minutes keep their seconds.
        Some(minutes) if minutes == line.verdict.minutes => line.verdict.seconds,
        Some(minutes) => minutes * 60,
        None if nothing => 0,
        None => line.verdict.seconds,
    };
    let note = match decide.note.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(note) => Some(
            crate::people::service::one_line(note, 300)
                .map_err(|message| ApiError::field("note", message))?,
        ),
    };
    Ok((Finding { state, seconds }, note))
}

/// Decides on one person, whatever the evidence says.
///
/// # Errors
/// [`ApiError::NotFound`] for a session or person that is not this caller's to decide on; [`ApiError::Conflict`] before the
/// session is over; [`ApiError::Invalid`].
pub async fn decide(
    app: &App,
    who: &SignedIn,
    session: SessionId,
    person: PersonId,
    decide: &Decide,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let (sheet, by) = to_decide(app, &mut tx, who, session).await?;
    let line = sheet.line(person).ok_or(ApiError::NotFound)?;
    let (finding, note) = read(decide, line)?;
    if let Some(seen) = &decide.seen {
        unchanged_since(seen, line)?;
    }
    let proposed = Finding::from(&line.verdict);
    let kept = Kept { proposed, verified: Some(Verified { finding, proposed, by, at: now }) };
    save(&mut tx, who.organization, session, line, kept, note.as_deref(), now).await?;
    let details = serde_json::json!({
        "state": finding.state, "minutes": finding.seconds / 60,
        "before": {"state": line.outcome.finding.state, "minutes": line.outcome.finding.seconds / 60},
    });
    let entry = app
        .entry(who.organization, EntryKind::AttendanceAdjusted, who.actor())
        .class(sheet.facts.class)
        .session(session)
        .person(person)
        .details(details);
    audit::store::insert(&mut tx, &entry).await?;
    tell(app, &mut tx, &sealer, who.organization, &sheet.facts, Some(VERIFIED)).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// A row as it was seen when its proposal was accepted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenRow {
    /// Who.
    pub person_id: Uuid,
    /// Its `state`.
    #[schema(example = "present")]
    pub state: String,
    /// Its `minutes`.
    pub minutes: u32,
}

/// Whose proposals are accepted.
#[derive(Clone, Copy, Debug)]
pub enum Accepted<'a> {
    /// All that are final and undecided.
    Clear,
    /// These persons', whatever is proposed now.
    People(&'a [Uuid]),
    /// These, while they are what was seen.
    Seen(&'a [SeenRow]),
}

/// What accepting came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepting {
    /// Verified now.
    pub verified: u32,
    /// Left as somebody had decided before.
    pub decided: u32,
    /// Left, because the evidence says something else than was seen.
    pub changed: u32,
}

/// The lines to verify, and how many are left as they are: nobody's decision gives way to a proposal.
fn to_verify<'a>(sheet: &'a Sheet, accepted: Accepted<'_>) -> Result<(Vec<&'a Line>, Accepting), ApiError> {
    let mut done = Accepting::default();
    let named: Vec<(Uuid, Option<&SeenRow>)> = match accepted {
        Accepted::Clear => {
            let clear = |line: &&Line| line.is_final() && line.verified.is_none();
            let lines: Vec<&Line> = sheet.lines.iter().filter(clear).collect();
            done.verified = u32::try_from(lines.len()).unwrap_or(u32::MAX);
            return Ok((lines, done));
        }
        Accepted::People(people) => people.iter().map(|id| (*id, None)).collect(),
        Accepted::Seen(rows) => rows.iter().map(|row| (row.person_id, Some(row))).collect(),
    };
    let mut lines = Vec::with_capacity(named.len());
    for (id, seen) in named {
        let Some(line) = sheet.line(PersonId(id)) else {
            // Who has left the roster since has no row any more.
            if seen.is_some() {
                done.changed += 1;
                continue;
            }
            return Err(ApiError::field("person_ids", format!("{id} is not expected in this session.")));
        };
        let proposed = Finding::from(&line.verdict);
        let as_seen = seen
            .is_none_or(|seen| seen.state == proposed.state.name() && seen.minutes == proposed.seconds / 60);
        if line.verified.is_some() {
            done.decided += 1;
        } else if !as_seen {
            done.changed += 1;
        } else if !line.is_final() {
            return Err(ApiError::field(
                if seen.is_some() { "rows" } else { "person_ids" },
                format!(
                    "No source shows whether {} was there. Decide with a state instead.",
                    line.expected.seat.name
                ),
            ));
        } else {
            done.verified += 1;
            lines.push(line);
        }
    }
    Ok((lines, done))
}

/// Accepts what the evidence proposes. What somebody has decided stays as it is.
///
/// # Errors
/// As [`decide`]; [`ApiError::Invalid`] when a person named is not expected here or has no final proposal.
pub async fn verify(
    app: &App,
    who: &SignedIn,
    session: SessionId,
    accepted: Accepted<'_>,
) -> Result<Accepting, ApiError> {
    let now = app.clock.now();
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let (sheet, by) = to_decide(app, &mut tx, who, session).await?;
    let (lines, done) = to_verify(&sheet, accepted)?;
    for line in &lines {
        let proposed = Finding::from(&line.verdict);
        let kept = Kept { proposed, verified: Some(Verified { finding: proposed, proposed, by, at: now }) };
        save(&mut tx, who.organization, session, line, kept, line.note.as_deref(), now).await?;
        let entry = app
            .entry(who.organization, EntryKind::AttendanceVerified, who.actor())
            .class(sheet.facts.class)
            .session(session)
            .person(line.verdict.person)
            .details(serde_json::json!({"state": proposed.state, "minutes": proposed.seconds / 60}));
        audit::store::insert(&mut tx, &entry).await?;
    }
    if !lines.is_empty() {
        tell(app, &mut tx, &sealer, who.organization, &sheet.facts, Some(VERIFIED)).await?;
    }
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(done)
}

/// Has the platform's report read again, now.
///
/// # Errors
/// As [`decide`].
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
