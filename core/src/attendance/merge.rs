//! Which source counts where two speak of the same.
//!
//! **The winner**, for each person and each run of the meeting:
//! 1. the vendor's admin report, if it has a stay of this person in this run;
//! 2. else the vendor's list of past participants, if it has one;
//! 3. else the vendor's events.
//!
//! The winner's stays replace those of the others as a whole, so two sources never add up; what lost stays visible
//! as evidence. A run that no report covers, and a person whom a report of the run does not name (its address was not
//! shown, or the meeting had one person and the vendor makes no report), keep their events. A person's word is added to
//! whatever won. A waiting room never counts. Our redirect never counts either: it shows an intent.
//!
//! With every event lost, and with none lost, the result is therefore the report's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Match, MatchedBy, Presence, PresenceKind, Source, runs::RunBook};
use crate::ids::PersonId;

/// What became of a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Counts, as far as it lies in the session's window.
    Counted,
    /// This source speaks for this person and run instead.
    Replaced(Source),
    /// A waiting room.
    WaitingRoom,
    /// Our redirect: shows that they set out.
    Redirect,
}

/// The outcome of weighing all sources.
#[derive(Debug)]
pub(crate) struct Merged {
    /// For each presence, in the order given.
    pub(crate) effects: Vec<Effect>,
    /// Every run has a report, and there is a run.
    pub(crate) all_reported: bool,
    /// A report has stays that are nobody's.
    pub(crate) strays: bool,
    /// People whom a report names by a key of its own.
    pub(crate) named: BTreeSet<PersonId>,
}

pub(crate) fn merge(presences: &[Presence], matches: &[Option<Match>], book: &RunBook<'_>) -> Merged {
    let mut winner: BTreeMap<(Option<PersonId>, &str), Source> = BTreeMap::new();
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    let (mut strays, mut named) = (false, BTreeSet::new());
    for (presence, found) in presences.iter().zip(matches) {
        let (source, run) = (presence.key.source, presence.key.run.as_str());
        if matches!(source, Source::Redirect | Source::Person) {
            continue;
        }
        if let Some(Match { person, by }) = found
            && source.is_report()
            && *by != MatchedBy::SameStay
        {
            named.insert(*person);
        }
        if source.is_report() {
            reported.insert(run);
        }
        if presence.key.kind == PresenceKind::Waiting {
            continue;
        }
        // Stays that are nobody's are shown from the best source of the run.
        for whose in BTreeSet::from([None, found.map(|found| found.person)]) {
            let best = winner.entry((whose, run)).or_insert(source);
            *best = source.max(*best);
        }
    }
    let effect = |presence: &Presence, found: &Option<Match>| match (presence.key.source, presence.key.kind) {
        (Source::Redirect, _) => Effect::Redirect,
        (Source::Person, _) => Effect::Counted,
        (_, PresenceKind::Waiting) => Effect::WaitingRoom,
        (source, _) => match winner.get(&(found.map(|found| found.person), presence.key.run.as_str())) {
            Some(best) if *best != source => Effect::Replaced(*best),
            _ => Effect::Counted,
        },
    };
    let effects: Vec<Effect> =
        presences.iter().zip(matches).map(|(presence, found)| effect(presence, found)).collect();
    for ((presence, found), effect) in presences.iter().zip(matches).zip(&effects) {
        strays |= found.is_none() && *effect == Effect::Counted && presence.key.source.is_report();
    }
    let mut runs = book.ids().peekable();
    let all_reported = runs.peek().is_some() && runs.all(|run| reported.contains(run));
    Merged { effects, all_reported, strays, named }
}
