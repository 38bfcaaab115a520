//! What a person in charge decides: on one person, or on many whose proposals are clear.

use chrono::{DateTime, Utc};
use lectern_core::{
    attendance::{AttendanceState, Finding, Verified},
    ids::{PersonId, SessionId},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{may_manage, save, sheet_in, tell};
use crate::{
    app::App,
    attendance::{
        sheet::{Line, Sheet, is_over},
        store::{self, Kept},
    },
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    sessions::facts,
};

/// A person in charge decided.
const VERIFIED: &str = "verified";

/// The longest anybody can have been in one session.
const MOST_MINUTES: u32 = 24 * 60;

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
