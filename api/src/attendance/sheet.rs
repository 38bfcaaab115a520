//! The attendance sheet of one session, as a function of what is stored and the present instant.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::{
        Attendance, AttendancePolicy, Interval, Occasion, Outcome, Presence, Roster, Run, Unmatched, Verdict,
        Verified, apply, attend, calls, overlapping,
    },
    ids::PersonId,
    organization::Policies,
    role::SessionRole,
    session::SessionState,
};

use super::store::{Reconciliation, StoredRun, StoredVerdict};
use crate::sessions::facts::{Expected, SessionFacts};

/// One person's line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Who.
    pub expected: Expected,
    /// What the evidence says.
    pub verdict: Verdict,
    /// What holds.
    pub outcome: Outcome,
    /// What a person decided.
    pub verified: Option<Verified>,
    /// What they wrote to it.
    pub note: Option<String>,
}

/// The sheet.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The session.
    pub facts: SessionFacts,
    /// Students and guests, in the roster's order.
    pub lines: Vec<Line>,
    /// The instructor, apart.
    pub instructor: Option<Line>,
    /// Stays that are nobody's.
    pub unmatched: Vec<Unmatched>,
    /// Every run has the platform's report.
    pub all_reported: bool,
    /// How far reading the report has come.
    pub reconciliation: Option<Reconciliation>,
    /// The organization's thresholds.
    pub policies: Policies,
    /// When the class was held: from the first counted stay to the last.
    pub held: Option<Interval>,
}

/// Everything a sheet is made of.
#[derive(Debug)]
pub struct Material {
    /// The session.
    pub facts: SessionFacts,
    /// Who is expected.
    pub expected: Vec<Expected>,
    /// All stays.
    pub presences: Vec<Presence>,
    /// All runs.
    pub runs: Vec<StoredRun>,
    /// What is stored of verdicts.
    pub stored: Vec<StoredVerdict>,
    /// Reconciliation.
    pub reconciliation: Option<Reconciliation>,
    /// Thresholds.
    pub policies: Policies,
}

/// Whether nothing of the session can be going on: it ended, was cancelled, or its time passed without a start.
#[must_use]
pub fn is_over(facts: &SessionFacts, now: DateTime<Utc>) -> bool {
    match facts.state {
        SessionState::Ended | SessionState::Cancelled => true,
        SessionState::Live => false,
        SessionState::Scheduled => now >= facts.ends_at,
    }
}

/// The time that counts: as scheduled; of a class that was held and over before its scheduled beginning, as it was held.
fn window(facts: &SessionFacts) -> Interval {
    match (facts.started_at, facts.ended_at) {
        (Some(started), Some(ended)) if ended <= facts.starts_at && started < ended => {
            Interval::new(started, ended)
        }
        _ => Interval::new(facts.starts_at, facts.ends_at),
    }
}

/// The runs that belong to this session's time, and the stays in them: a trial of the room the day before does not count, nor
/// does it keep the sheet waiting for its report.
#[must_use]
pub fn of_its_time(
    facts: &SessionFacts,
    runs: Vec<Run>,
    presences: Vec<Presence>,
    now: DateTime<Utc>,
) -> (Vec<Run>, Vec<Presence>) {
    let (runs, presences) = calls::named(runs, presences);
    let end = if facts.state == SessionState::Live { facts.ends_at.max(now) } else { facts.ends_at };
    let time = Interval::new(window(facts).from - Duration::hours(1), end);
    let untimed = |run: &&Run| run.started_at.is_none() && run.ended_at.is_none();
    let mut chosen: Vec<Run> = runs.iter().filter(untimed).cloned().collect();
    chosen.extend(overlapping(&runs, time));
    let kept: BTreeSet<&str> = chosen.iter().map(|run| run.id.as_str()).collect();
    let dropped: BTreeSet<String> =
        runs.iter().map(|run| run.id.clone()).filter(|id| !kept.contains(id.as_str())).collect();
    let presences = presences.into_iter().filter(|presence| !dropped.contains(&presence.key.run)).collect();
    (chosen, presences)
}

impl Material {
    /// The sheet at an instant.
    #[must_use]
    pub fn sheet(self, now: DateTime<Utc>) -> Sheet {
        let Self { facts, expected, presences, runs, stored, reconciliation, policies } = self;
        let runs = runs.into_iter().map(|stored| stored.run).collect();
        let (runs, presences) = of_its_time(&facts, runs, presences, now);
        let roster = Roster::new(expected.iter().map(|person| person.seat.clone()).collect());
        let Attendance { verdicts, unmatched, all_reported } = attend(&Occasion {
            window: window(&facts),
            policy: &AttendancePolicy::from(&policies),
            roster: &roster,
            presences: &presences,
            runs: &runs,
            now,
            ended: is_over(&facts, now),
        });
        let held = held(&verdicts, &unmatched);
        let mut stored: HashMap<PersonId, StoredVerdict> =
            stored.into_iter().map(|row| (row.person, row)).collect();
        let mut lines = Vec::with_capacity(expected.len());
        let mut instructor = None;
        for (expected, verdict) in expected.into_iter().zip(verdicts) {
            let known = stored.remove(&verdict.person);
            let verified = known.as_ref().and_then(|row| row.kept.verified);
            let outcome = apply(verified.as_ref(), &verdict);
            let note = known.and_then(|row| row.note);
            let line = Line { expected, verdict, outcome, verified, note };
            if line.verdict.role == SessionRole::Instructor {
                instructor = Some(line);
            } else {
                lines.push(line);
            }
        }
        Sheet { facts, lines, instructor, unmatched, all_reported, reconciliation, policies, held }
    }
}

fn held(verdicts: &[Verdict], unmatched: &[Unmatched]) -> Option<Interval> {
    let counted = verdicts.iter().flat_map(|verdict| &verdict.evidence).flat_map(|piece| &piece.counted);
    let all: Vec<&Interval> = counted.chain(unmatched.iter().flat_map(|stay| &stay.counted)).collect();
    let from = all.iter().map(|stay| stay.from).min()?;
    let to = all.iter().map(|stay| stay.to).max()?;
    Some(Interval::new(from, to))
}

impl Sheet {
    /// Everybody with a line, the instructor last.
    pub fn everybody(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().chain(&self.instructor)
    }

    /// A person's line.
    #[must_use]
    pub fn line(&self, person: PersonId) -> Option<&Line> {
        self.everybody().find(|line| line.verdict.person == person)
    }
}

impl Line {
    /// Whether the proposal can be accepted as it is: it says something final.
    #[must_use]
    pub fn is_final(&self) -> bool {
        use lectern_core::attendance::AttendanceState as S;
        !matches!(self.verdict.state, S::Expected | S::InClass | S::Left | S::Unconfirmed)
    }
}
