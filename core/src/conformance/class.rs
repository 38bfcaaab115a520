//! A class that takes place at the vendor, and how long everybody was there.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    harness::{Door, Harness, Room},
    people::Guest,
    stage::{CALL, Stage},
};
use crate::{
    attendance::intervals::{Interval, seconds, union},
    provider::{EventKind, IncomingEvent, Meeting, ReportRow},
};

/// Names and what is known of their stays, merged.
pub(super) type Stays = BTreeMap<String, Vec<Interval>>;

/// How long each was there, in order: names are the vendor's own business.
pub(super) fn lengths(stays: &Stays) -> Vec<u32> {
    let mut lengths: Vec<_> = stays.values().map(|stays| seconds(stays)).collect();
    lengths.sort_unstable();
    lengths
}

fn merged(stays: impl IntoIterator<Item = (String, Interval)>) -> Stays {
    let mut all = Stays::new();
    for (name, stay) in stays {
        all.entry(name).or_default().push(stay);
    }
    all.into_iter().map(|(name, stays)| (name, union(stays))).collect()
}

/// Somebody comes in, let in where they have to wait.
pub(super) fn enter(room: &dyn Room, meeting: &Meeting, guest: &Guest) {
    match room.comes(meeting, guest) {
        Door::In => {}
        Door::Waits => room.admit(meeting, guest),
        Door::Refused => panic!("{} was turned away", guest.name()),
    }
}

impl<H: Harness> Stage<H> {
    fn minutes(&self, minutes: i64) {
        self.harness.advance(TimeDelta::minutes(minutes));
    }

    /// Forty minutes: one stays, one comes late and leaves early, one leaves and comes back. What is true afterwards, the
    /// teacher included, in seconds.
    pub(super) fn evening(&self, room: &dyn Room, meeting: &Meeting) -> Vec<u32> {
        let guests: Vec<_> = (1..=3).map(Guest::new).collect();
        room.begin(meeting);
        enter(room, meeting, &guests[0]);
        self.minutes(5);
        enter(room, meeting, &guests[1]);
        enter(room, meeting, &guests[2]);
        self.minutes(10);
        room.leaves(meeting, &guests[2]);
        self.minutes(3);
        enter(room, meeting, &guests[2]);
        self.minutes(12);
        room.leaves(meeting, &guests[1]);
        self.minutes(10);
        room.end(meeting);
        assert!(!room.is_running(meeting));
        // 40 the teacher and the first, 25 the second, 10 + 22 the third.
        vec![25 * 60, 32 * 60, 40 * 60, 40 * 60]
    }

    /// A class of so many, all from the beginning to the end, ten minutes.
    pub(super) fn full_house(&self, room: &dyn Room, meeting: &Meeting, people: usize) {
        room.begin(meeting);
        for number in 1..=people {
            enter(room, meeting, &Guest::new(number));
        }
        self.minutes(10);
        room.end(meeting);
        self.minutes(1);
    }

    /// Until reports and recordings are there.
    pub(super) fn settle(&self, room: &dyn Room) {
        self.harness.advance(room.settles_in());
    }

    /// What the vendor's reports say, of all runs.
    pub(super) async fn reported(&self, meeting: &Meeting) -> Stays {
        let attendance = self.provider.attendance().unwrap();
        let mut rows = Vec::new();
        for run in attendance.runs(&CALL, &self.at(meeting)).await.unwrap() {
            let report = attendance.report(&CALL, &self.at(meeting), &run).await.unwrap();
            rows.extend(report.expect("a run that is listed has its report").rows);
        }
        let stay = |row: ReportRow| (row.name, Interval::new(row.joined_at, row.left_at));
        merged(rows.into_iter().filter(|row| !row.waiting_room).map(stay))
    }
}

/// What events say, in whatever order they came and however often.
pub(super) fn told(events: &[IncomingEvent]) -> Stays {
    let mut events: Vec<_> = events.iter().collect();
    events.sort_by_key(|event| event.at);
    let mut seen = std::collections::BTreeSet::new();
    events.retain(|event| seen.insert(event.fingerprint.as_str()));
    let mut inside: BTreeMap<&str, (&str, DateTime<Utc>)> = BTreeMap::new();
    let mut stays = Vec::new();
    for event in events {
        let person = event.participant.as_ref();
        let of = || {
            let person = person.expect("an event of a person names one");
            (person.stay.as_deref().expect("a stay has an id"), person.name.as_deref().unwrap_or_default())
        };
        match event.kind {
            EventKind::ParticipantJoined => {
                let (stay, name) = of();
                inside.entry(stay).or_insert((name, event.at));
            }
            EventKind::ParticipantLeft => {
                if let Some((name, since)) = inside.remove(of().0) {
                    stays.push((name.to_owned(), Interval::new(since, event.at)));
                }
            }
            EventKind::MeetingEnded => {
                for (name, since) in std::mem::take(&mut inside).into_values() {
                    stays.push((name.to_owned(), Interval::new(since, event.at)));
                }
            }
            _ => {}
        }
    }
    assert!(inside.is_empty(), "somebody never left: {inside:?}");
    merged(stays)
}
