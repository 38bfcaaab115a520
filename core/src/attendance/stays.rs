//! From the marks of a stay to intervals, and to what the marks leave open.
//!
//! A stay is paired with itself only, by the vendor's id of the stay: never "close the last open stay of this person",
//! because a crashed client's `left` arrives after the person has come back under another id.

use chrono::{DateTime, Utc};

use super::{
    Interval, Presence, PresenceKind, Source,
    runs::{Closing, RunBook},
};

/// What the marks of one stay say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Both ends were seen, or the stay is going on.
    pub certain: Vec<Interval>,
    /// Counted, but one end was not seen: it is taken from the end of the run.
    pub assumed: Vec<Interval>,
    /// Not counted, but possible: the beginning was not seen.
    pub possible: Vec<Interval>,
    /// Going on now.
    pub open: bool,
}

impl Reading {
    /// What counts.
    pub fn counted(&self) -> impl Iterator<Item = Interval> {
        self.certain.iter().chain(&self.assumed).copied()
    }

    /// What may be wrong: counted without proof, or proven in part and not counted.
    pub fn doubtful(&self) -> impl Iterator<Item = Interval> {
        self.assumed.iter().chain(&self.possible).copied()
    }
}

/// Reads all stays, in the order given.
pub(crate) fn read(presences: &[Presence], book: &RunBook<'_>, now: DateTime<Utc>) -> Vec<Reading> {
    presences.iter().map(|presence| read_one(presence, presences, book, now)).collect()
}

fn read_one(presence: &Presence, all: &[Presence], book: &RunBook<'_>, now: DateTime<Utc>) -> Reading {
    let mut reading = Reading::default();
    if presence.key.source == Source::Redirect {
        return reading;
    }
    let mut inside: Option<DateTime<Utc>> = None;
    let mut outside_since: Option<DateTime<Utc>> = None;
    for (at, came_in) in marks(presence) {
        match (inside, came_in) {
            (None, true) => inside = Some(at),
            (Some(from), false) => {
                reading.certain.push(Interval::new(from, at));
                (inside, outside_since) = (None, Some(at));
            }
            // Came in twice: the leaving between was lost, or there was none.
            (Some(from), true) => {
                reading.assumed.push(Interval::new(from, at));
                inside = Some(at);
            }
            // Left twice, or never came: the coming in was lost.
            (None, false) => {
                let earliest = outside_since.or_else(|| book.first(&presence.key.run)).unwrap_or(at);
                reading.possible.push(Interval::new(earliest.min(at), at));
                outside_since = Some(at);
            }
        }
    }
    if let Some(from) = inside {
        match (left_through_main_room(presence, from, all), book.closing(&presence.key.run)) {
            (Some(at), _) | (None, Closing::At(at)) => reading.assumed.push(Interval::new(from, at)),
            (None, Closing::Running) => {
                reading.certain.push(Interval::new(from, now));
                reading.open = true;
            }
        }
    }
    reading
}

/// The marks by time. Two at one instant: out and in again for somebody inside, a stay of no length for somebody outside.
fn marks(presence: &Presence) -> Vec<(DateTime<Utc>, bool)> {
    let mut marks: Vec<(DateTime<Utc>, bool)> =
        Vec::with_capacity(presence.joins.len() + presence.leaves.len());
    let mut times: Vec<DateTime<Utc>> = presence.joins.union(&presence.leaves).copied().collect();
    times.sort_unstable();
    for at in times {
        let inside = marks.last().is_some_and(|(_, came_in)| *came_in);
        for came_in in [!inside, inside] {
            let set = if came_in { &presence.joins } else { &presence.leaves };
            if set.contains(&at) {
                marks.push((at, came_in));
            }
        }
    }
    marks
}

/// When a breakout room's `left` was lost: leaving the main room it belongs to ends it too.
fn left_through_main_room(
    presence: &Presence,
    from: DateTime<Utc>,
    all: &[Presence],
) -> Option<DateTime<Utc>> {
    let parent =
        presence.facts.parent_stay.as_deref().filter(|_| presence.key.kind == PresenceKind::Breakout)?;
    let of_parent = |other: &&Presence| {
        let (a, b) = (&other.key, &presence.key);
        a.kind == PresenceKind::Main
            && a.source == b.source
            && a.run == b.run
            && other.facts.stay.as_deref() == Some(parent)
    };
    let main = all.iter().find(of_parent)?;
    main.leaves.range(from..).copied().find(|at| *at > from)
}
