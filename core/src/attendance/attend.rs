//! From everything known of a session to a verdict on everybody.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    AttendancePolicy, Effect, Evidence, Interval, Match, Presence, PresenceKey, Roster, Run, Suggestion,
    Verdict, identify, intervals,
    merge::{self, Merged},
    runs::RunBook,
    stays::{self, Reading},
    verdict::{Case, Circumstances, judge},
};
use crate::{ids::PersonId, provider::ParticipantFacts};

/// Everything a verdict depends on. Nothing else does: the same inputs, in any order, give the same verdicts.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The scheduled time: minutes count inside it only.
    pub window: Interval,
    /// The organization's thresholds.
    pub policy: &'a AttendancePolicy,
    /// Who is expected, or was: people who have since left the class keep their verdict if they are given.
    pub roster: &'a Roster,
    /// All rows of the session, of all sources.
    pub presences: &'a [Presence],
    /// The meeting's runs that overlap the session ([`super::overlapping`]), of child meetings too.
    pub runs: &'a [Run],
    /// Closes, for now, what is going on.
    pub now: DateTime<Utc>,
    /// The session is over: from here on nothing is going on, whether or not its end was told.
    pub ended: bool,
}

/// The outcome for a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attendance {
    /// One for each seat, in the roster's order.
    pub verdicts: Vec<Verdict>,
    /// Stays that are nobody's: the review queue.
    pub unmatched: Vec<Unmatched>,
    /// Every run has a vendor's report.
    pub all_reported: bool,
}

/// A stay that no key gives to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    /// The row to assign by hand ([`Presence::assigned`]).
    pub presence: PresenceKey,
    /// What the vendor shows of them.
    pub facts: ParticipantFacts,
    /// When, inside the session's window.
    pub counted: Vec<Interval>,
    /// There now.
    pub open: bool,
    /// Whom it may be, likeliest first.
    pub suggestions: Vec<Suggestion>,
}

/// Judges everybody.
#[must_use]
pub fn attend(occasion: &Occasion<'_>) -> Attendance {
    let book = RunBook::new(occasion.runs, occasion.presences, occasion.ended);
    let matches = identify(occasion.roster, occasion.presences);
    let readings = stays::read(occasion.presences, &book, occasion.now);
    let merged = merge::merge(occasion.presences, &matches, &book);
    let around = Circumstances {
        window: occasion.window,
        held: held(occasion.window, &merged.effects, &readings),
        policy: occasion.policy,
        ended: occasion.ended,
        all_reported: merged.all_reported,
        strays: merged.strays,
    };
    let verdict = |seat: &super::Seat| {
        let cases = cases(seat.person, occasion, &matches, &readings, &merged);
        judge(seat, cases, merged.named.contains(&seat.person), &around)
    };
    let verdicts: Vec<Verdict> = occasion.roster.seats().iter().map(verdict).collect();
    let seen: BTreeSet<PersonId> =
        verdicts.iter().filter(|verdict| verdict.basis.is_some()).map(|verdict| verdict.person).collect();
    let unmatched = unmatched(occasion, &matches, &readings, &merged, &seen);
    Attendance { verdicts, unmatched, all_reported: merged.all_reported }
}

/// From the first stay of anybody to the last, with those whose beginning was not seen: a lost event of the one who came
/// first shall not make the others punctual.
fn held(window: Interval, effects: &[Effect], readings: &[Reading]) -> Option<Interval> {
    let counted = effects.iter().zip(readings).filter(|(effect, _)| **effect == Effect::Counted);
    let stays = counted.flat_map(|(_, reading)| reading.counted().chain(reading.possible.iter().copied()));
    let inside: Vec<Interval> = stays.filter_map(|stay| stay.clip(window)).collect();
    let (from, to) = (inside.iter().map(|stay| stay.from).min()?, inside.iter().map(|stay| stay.to).max()?);
    Some(Interval::new(from, to))
}

fn clipped(reading: &Reading, window: Interval) -> Vec<Interval> {
    intervals::union(reading.counted().filter_map(|stay| stay.clip(window)))
}

fn cases(
    person: PersonId,
    occasion: &Occasion<'_>,
    matches: &[Option<Match>],
    readings: &[Reading],
    merged: &Merged,
) -> Vec<Case> {
    let rows = occasion.presences.iter().zip(matches).zip(readings).zip(&merged.effects);
    let mut cases: Vec<Case> = rows
        .filter_map(|(((presence, found), reading), effect)| {
            let found = found.filter(|found| found.person == person)?;
            let counted =
                if *effect == Effect::Counted { clipped(reading, occasion.window) } else { Vec::new() };
            let evidence = Evidence {
                presence: presence.key.clone(),
                matched_by: found.by,
                effect: *effect,
                told: intervals::union(reading.counted()),
                edge_not_seen: reading.doubtful().next().is_some(),
                counted,
                first_mark: presence.joins.iter().chain(&presence.leaves).min().copied(),
                received_at: presence.received_at,
            };
            Some(Case { evidence, reading: reading.clone() })
        })
        .collect();
    cases.sort_by(|a, b| {
        (a.evidence.first_mark, &a.evidence.presence).cmp(&(b.evidence.first_mark, &b.evidence.presence))
    });
    cases
}

fn unmatched(
    occasion: &Occasion<'_>,
    matches: &[Option<Match>],
    readings: &[Reading],
    merged: &Merged,
    seen: &BTreeSet<PersonId>,
) -> Vec<Unmatched> {
    let rows = occasion.presences.iter().zip(matches).zip(readings).zip(&merged.effects);
    let mut unmatched: Vec<Unmatched> = rows
        .filter(|(((_, found), _), effect)| found.is_none() && **effect == Effect::Counted)
        .map(|(((presence, _), reading), _)| Unmatched {
            presence: presence.key.clone(),
            facts: presence.facts.clone(),
            counted: clipped(reading, occasion.window),
            open: reading.open,
            suggestions: occasion.roster.suggest(&presence.facts, seen),
        })
        .collect();
    unmatched.sort_by(|a, b| a.presence.cmp(&b.presence));
    unmatched
}
