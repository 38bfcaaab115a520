//! The verdict on one person and one session, with the evidence it rests on.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    AttendancePolicy, Effect, Interval, MatchedBy, PresenceKey, Seat, Source, intervals, stays::Reading,
};
use crate::{ids::PersonId, role::SessionRole};

/// Where a person stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttendanceState {
    /// Not seen, and the session is not over.
    Expected,
    /// There now.
    InClass,
    /// Was there, is not now, and the session is not over.
    Left,
    /// There long enough, from beginning to end.
    Present,
    /// There long enough, but came late (and perhaps left early too).
    Late,
    /// There long enough, but left early.
    LeftEarly,
    /// Not there, or too little.
    Absent,
    /// Not there, and that was accepted.
    Excused,
    /// No source shows it; a person has to say. [`Verdict::doubt`] says why.
    Unconfirmed,
}

impl AttendanceState {
    const ALL: [Self; 9] = [
        Self::Expected,
        Self::InClass,
        Self::Left,
        Self::Present,
        Self::Late,
        Self::LeftEarly,
        Self::Absent,
        Self::Excused,
        Self::Unconfirmed,
    ];

    /// The word stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::InClass => "in_class",
            Self::Left => "left",
            Self::Present => "present",
            Self::Late => "late",
            Self::LeftEarly => "left_early",
            Self::Absent => "absent",
            Self::Excused => "excused",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// Reads the stored word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == word)
    }
}

/// Why a verdict is [`AttendanceState::Unconfirmed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// They passed our gate or stood in the waiting room, and no source that would show more covers the whole session.
    OnlyAtTheDoor,
    /// An event that would end or begin a stay was not seen, no report covers it, and it may change the minutes.
    EdgeNotSeen,
    /// The vendor's report has stays that are nobody's, and does not name this person.
    NotNamedByReport,
}

/// One row of "why 42 minutes?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The presence.
    pub presence: PresenceKey,
    /// Why it is this person's.
    pub matched_by: MatchedBy,
    /// What became of it.
    pub effect: Effect,
    /// The intervals as the source tells them; an end that nobody saw is the end of the run.
    pub told: Vec<Interval>,
    /// An end of these intervals was not seen.
    pub edge_not_seen: bool,
    /// The parts that count: the union of these, over all rows, is the person's time.
    pub counted: Vec<Interval>,
    /// When they set out (redirect) or were first seen by this row.
    pub first_mark: Option<DateTime<Utc>>,
    /// When we first heard of it.
    pub received_at: DateTime<Utc>,
}

/// What the evidence says of one person. A proposal, until a person verifies it: see [`super::apply`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Who.
    pub person: PersonId,
    /// What they are to the session.
    pub role: SessionRole,
    /// Where they stand.
    pub state: AttendanceState,
    /// The first instant of the time in the meeting that reaches into the window; may lie before it.
    pub first_joined_at: Option<DateTime<Utc>>,
    /// The last; `None` while they are there. May lie after the window.
    pub last_left_at: Option<DateTime<Utc>>,
    /// Whole seconds inside the window, rounded down once.
    pub seconds: u32,
    /// Whole minutes, rounded *down*: 59 seconds are 0, 42:59 is 42.
    pub minutes: u32,
    /// Came late, whatever the state.
    pub late: bool,
    /// Left early, whatever the state.
    pub left_early: bool,
    /// Why unconfirmed.
    pub doubt: Option<Doubt>,
    /// When we first sent them in.
    pub redirected_at: Option<DateTime<Utc>>,
    /// The best source that counted.
    pub basis: Option<Source>,
    /// Everything known, in order of time; what counted and what did not.
    pub evidence: Vec<Evidence>,
}

/// A person's rows with their readings, as the judge needs them.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) evidence: Evidence,
    pub(crate) reading: Reading,
}

/// What is the same for everybody in the session.
#[derive(Debug)]
pub(crate) struct Circumstances<'a> {
    pub(crate) window: Interval,
    /// The time the class was held: from the first stay to the last, inside the window.
    pub(crate) held: Option<Interval>,
    pub(crate) policy: &'a AttendancePolicy,
    pub(crate) ended: bool,
    pub(crate) all_reported: bool,
    pub(crate) strays: bool,
}

/// Lateness is measured against the class as held, so that nobody is late because the teacher was, or leaves early when the
/// class is ended early. Who teaches comes and goes by the schedule; how much is enough is the same for everybody.
pub(crate) fn judge(seat: &Seat, cases: Vec<Case>, named: bool, around: &Circumstances<'_>) -> Verdict {
    let held = around.held.unwrap_or(around.window);
    let due = if seat.role == SessionRole::Instructor { around.window } else { held };
    let counts = |case: &&Case| case.evidence.effect == Effect::Counted;
    // Joined first: how a stay is cut into rows (a breakout room over the end of the class) must not show.
    let whole = intervals::union(cases.iter().filter(counts).flat_map(|case| case.reading.counted()));
    let touching: Vec<Interval> =
        whole.into_iter().filter(|stay| stay.clip(around.window).is_some()).collect();
    let time: Vec<Interval> = touching.iter().filter_map(|stay| stay.clip(around.window)).collect();
    let seconds = intervals::seconds(&time);
    let open = cases.iter().filter(counts).any(|case| case.reading.open);
    let first_joined_at = touching.iter().map(|stay| stay.from).min();
    let last_out = touching.iter().map(|stay| stay.to).max();

    let minutes = |minutes: u32| TimeDelta::minutes(i64::from(minutes));
    let late = first_joined_at.is_some_and(|at| at > due.from + minutes(around.policy.late_after_minutes));
    let left_early =
        !open && last_out.is_some_and(|at| at < due.to - minutes(around.policy.left_early_before_minutes));
    let doubt = if around.ended { doubt(&cases, named, around) } else { None };
    let enough = around.policy.minimum_presence.is_met(seconds, intervals::seconds(&[held]));
    let state = match (around.ended, doubt) {
        (false, _) if open => AttendanceState::InClass,
        (false, _) if last_out.is_some() => AttendanceState::Left,
        (false, _) => AttendanceState::Expected,
        (true, _) if seat.excused && seconds == 0 => AttendanceState::Excused,
        (true, Some(_)) => AttendanceState::Unconfirmed,
        (true, None) if !enough => AttendanceState::Absent,
        (true, None) if late => AttendanceState::Late,
        (true, None) if left_early => AttendanceState::LeftEarly,
        (true, None) => AttendanceState::Present,
    };
    Verdict {
        person: seat.person,
        role: seat.role,
        state,
        first_joined_at,
        last_left_at: last_out.filter(|_| !open),
        seconds,
        minutes: seconds / 60,
        late,
        left_early: left_early && around.ended,
        doubt: doubt.filter(|_| state == AttendanceState::Unconfirmed),
        redirected_at: cases
            .iter()
            .filter(|case| case.evidence.effect == Effect::Redirect)
            .filter_map(|case| case.evidence.first_mark)
            .min(),
        basis: cases
            .iter()
            .filter(|case| !case.evidence.counted.is_empty())
            .map(|case| case.evidence.presence.source)
            .max(),
        evidence: cases.into_iter().map(|case| case.evidence).collect(),
    }
}

fn doubt(cases: &[Case], named: bool, around: &Circumstances<'_>) -> Option<Doubt> {
    let counted: Vec<&Case> = cases.iter().filter(|case| case.evidence.effect == Effect::Counted).collect();
    let hidden = around.strays && !named;
    if counted.is_empty() {
        let only_at_the_door = !cases.is_empty() && (hidden || !around.all_reported);
        return only_at_the_door.then_some(Doubt::OnlyAtTheDoor);
    }
    let inside = |stay: &Interval| stay.clip(around.window);
    let certain = intervals::union(counted.iter().flat_map(|case| &case.reading.certain).filter_map(inside));
    let edge = counted
        .iter()
        .flat_map(|case| case.reading.doubtful())
        .filter_map(|stay| inside(&stay))
        .any(|stay| !stay.is_within(&certain));
    if edge {
        return Some(Doubt::EdgeNotSeen);
    }
    let told = counted.iter().any(|case| case.evidence.presence.source == Source::Person);
    (hidden && !told).then_some(Doubt::NotNamedByReport)
}
