//! What is scheduled, beside what a plan wants: the changes that make them agree, and no more.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};

use super::series::Slot;

/// How a session stands to its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// To come, where the series put it.
    Planned,
    /// To come, where somebody moved it: it stays there while its slot lasts.
    Moved,
    /// Begun, over, or its time has come: nothing changes it any more, and its slot is taken.
    Fixed,
    /// Called off by somebody: its slot stays empty.
    CalledOff,
}

/// A session of a series, as scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Existing<Id> {
    /// Which.
    pub id: Id,
    /// The slot it was made for.
    pub slot: NaiveDateTime,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// How it stands.
    pub standing: Standing,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<Id> {
    /// Schedule a session.
    Add(Slot),
    /// Put a session into another slot, at its time.
    Move {
        /// Which.
        id: Id,
        /// Whereto.
        to: Slot,
    },
    /// A session that keeps its time stands for another slot now.
    Rename {
        /// Which.
        id: Id,
        /// The slot's time by the rule.
        slot: NaiveDateTime,
    },
    /// Call a session off: the plan has no slot for it any more.
    Drop {
        /// Which.
        id: Id,
    },
}

/// The changes that bring a series' sessions to its slots. Nothing is added in the past or moved there: a session whose slot's
/// new time is over keeps the time it has.
///
/// A session keeps its slot if that is still wanted; else it takes one on the same day, else the first free one of the same week,
/// else the only one of the same month. So a class moved from Wednesday to Thursday keeps its sessions, with their links and
/// guests.
#[must_use]
pub fn reconcile<Id: Copy>(
    existing: &[Existing<Id>],
    wanted: &[Slot],
    now: DateTime<Utc>,
) -> Vec<Change<Id>> {
    let mut free: BTreeMap<NaiveDateTime, Slot> = wanted.iter().map(|slot| (slot.local, *slot)).collect();
    let mut without: Vec<&Existing<Id>> = existing.iter().collect();
    without.sort_by_key(|session| session.slot);
    let mut pairs = Vec::with_capacity(existing.len());
    let month = |day: NaiveDate| (day.year(), day.month());
    let alone =
        |day: NaiveDate| wanted.iter().filter(|slot| month(slot.local.date()) == month(day)).count() == 1;
    let nearness: [&dyn Fn(NaiveDate, NaiveDate) -> bool; 3] =
        [&|a, b| a == b, &|a, b| a.iso_week() == b.iso_week(), &|a, b| month(a) == month(b) && alone(a)];
    without.retain(|session| free.remove(&session.slot).map(|slot| pairs.push((**session, slot))).is_none());
    for (step, near) in nearness.into_iter().enumerate() {
        without.retain(|session| {
            // What is over took its own day's slot and no other.
            if step > 0 && session.standing == Standing::Fixed {
                return true;
            }
            let found = free
                .values()
                .find(|slot| near(slot.local.date(), session.slot.date()))
                .map(|slot| slot.local);
            match found.and_then(|local| free.remove(&local)) {
                Some(slot) => {
                    pairs.push((**session, slot));
                    false
                }
                None => true,
            }
        });
    }
    let mut changes: Vec<Change<Id>> = Vec::new();
    for session in without {
        if matches!(session.standing, Standing::Planned | Standing::Moved) {
            changes.push(Change::Drop { id: session.id });
        }
    }
    for (session, slot) in pairs {
        let same = (session.starts_at, session.ends_at) == (slot.starts_at, slot.ends_at);
        match session.standing {
            Standing::Planned if !same && slot.starts_at > now => {
                changes.push(Change::Move { id: session.id, to: slot });
            }
            _ if session.slot != slot.local => {
                changes.push(Change::Rename { id: session.id, slot: slot.local });
            }
            _ => {}
        }
    }
    changes.extend(free.into_values().filter(|slot| slot.starts_at > now).map(Change::Add));
    changes
}
