//! Who really was in a meeting: what attendance is measured against. Lectern has no way to read it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    state::{Meeting, Place, Role},
    world::World,
};

/// The truth about one meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// The meeting's number.
    pub meeting: u64,
    /// Every time it took place.
    pub runs: Vec<RunTruth>,
    /// Everybody who was in it: waiting rooms do not count, breakout rooms do.
    pub people: Vec<PersonTruth>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunTruth {
    /// The run's UUID.
    pub uuid: String,
    /// Its beginning.
    pub started_at: DateTime<Utc>,
    /// Its end; absent while it is live.
    pub ended_at: Option<DateTime<Utc>>,
}

/// One person: a registrant, the host, or an outsider by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonTruth {
    /// How they came in.
    pub role: Role,
    /// The registrant.
    pub registrant_id: Option<String>,
    /// The address registered.
    pub email: String,
    /// The name shown.
    pub name: String,
    /// When they were in, devices and rooms merged, in order, never touching.
    pub intervals: Vec<Interval>,
    /// Their sum; open intervals count until now.
    pub seconds: i64,
}

/// From joining to leaving, by Zoom's clock: somebody whose client died is in until Zoom notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// Joining.
    pub joined_at: DateTime<Utc>,
    /// Leaving; absent while they are in.
    pub left_at: Option<DateTime<Utc>>,
}

impl World {
    /// What happened in a meeting, as of now.
    pub(crate) fn truth(&self, id: u64, now: DateTime<Utc>) -> Option<Truth> {
        let meeting = self.meetings.get(&id)?;
        let runs = meeting
            .runs
            .iter()
            .map(|run| RunTruth { uuid: run.uuid.clone(), started_at: run.started, ended_at: run.ended })
            .collect();
        Some(Truth { meeting: id, runs, people: people(meeting, now) })
    }
}

fn people(meeting: &Meeting, now: DateTime<Utc>) -> Vec<PersonTruth> {
    let mut by_person: BTreeMap<(Role, Option<String>, String), PersonTruth> = BTreeMap::new();
    let stays =
        meeting.runs.iter().flat_map(|run| &run.stays).filter(|stay| stay.place != Place::WaitingRoom);
    for stay in stays {
        let key = match stay.who.role {
            Role::Outsider => (Role::Outsider, None, stay.who.name.clone()),
            role => (role, stay.who.registrant.clone(), String::new()),
        };
        let person = by_person.entry(key).or_insert_with(|| PersonTruth {
            role: stay.who.role,
            registrant_id: stay.who.registrant.clone(),
            email: stay.who.email.clone(),
            name: stay.who.name.clone(),
            intervals: Vec::new(),
            seconds: 0,
        });
        person.intervals.push(Interval { joined_at: stay.joined, left_at: stay.left });
    }
    let mut people = by_person.into_values().collect::<Vec<_>>();
    for person in &mut people {
        person.intervals = union(std::mem::take(&mut person.intervals));
        person.seconds = person
            .intervals
            .iter()
            .map(|interval| (interval.left_at.unwrap_or(now) - interval.joined_at).num_seconds())
            .sum();
    }
    people
}

fn union(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_by_key(|interval| interval.joined_at);
    let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
    for next in intervals {
        match merged.last_mut() {
            Some(last) if last.left_at.is_none_or(|left| left >= next.joined_at) => {
                last.left_at = match (last.left_at, next.left_at) {
                    (Some(one), Some(other)) => Some(one.max(other)),
                    _ => None,
                };
            }
            _ => merged.push(next),
        }
    }
    merged
}
