//! Who really was there: what a report has to be measured against.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{state::Person, world::World};

/// A stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// First instant.
    pub from: DateTime<Utc>,
    /// Last instant; now, for somebody who is still there.
    pub to: DateTime<Utc>,
}

/// One person over all calls of a space.
#[derive(Clone, Debug, Serialize)]
pub struct PersonTruth {
    /// Display name.
    pub name: String,
    /// The account's address, for people who were signed in.
    pub email: Option<String>,
    /// Stays, over all devices, oldest first.
    pub stays: Vec<Interval>,
    /// Seconds in the call; two devices at once count once.
    pub seconds: i64,
}

/// One call.
#[derive(Clone, Debug, Serialize)]
pub struct RunTruth {
    /// Its record's name.
    pub record: String,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
}

/// A space's whole truth.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    /// Its calls, oldest first.
    pub runs: Vec<RunTruth>,
    /// Its people.
    pub people: Vec<PersonTruth>,
}

fn seconds(stays: &[Interval]) -> i64 {
    let mut total = 0;
    let mut until: Option<DateTime<Utc>> = None;
    for stay in stays {
        let from = until.map_or(stay.from, |until| until.max(stay.from));
        total += (stay.to - from).num_seconds().max(0);
        until = Some(until.map_or(stay.to, |until| until.max(stay.to)));
    }
    total
}

impl World {
    pub(crate) fn truth(&self, space: &str, now: DateTime<Utc>) -> Option<Truth> {
        let space = self.spaces.get(space.strip_prefix("spaces/")?)?;
        let runs = space
            .calls
            .iter()
            .map(|call| RunTruth { record: call.name(), started: call.started, ended: call.ended })
            .collect();
        let mut people: BTreeMap<&Person, Vec<Interval>> = BTreeMap::new();
        for participant in space.calls.iter().flat_map(|call| &call.participants) {
            let stays = participant
                .sessions
                .iter()
                .map(|session| Interval { from: session.start, to: session.end.unwrap_or(now) });
            people.entry(&participant.person).or_default().extend(stays);
        }
        let people = people
            .into_iter()
            .map(|(person, mut stays)| {
                stays.sort_by_key(|stay| stay.from);
                let account = person.account().and_then(|id| self.accounts.get(id));
                PersonTruth {
                    name: person.name().to_owned(),
                    email: account.map(|account| account.email.clone()),
                    seconds: seconds(&stays),
                    stays,
                }
            })
            .collect();
        Some(Truth { runs, people })
    }
}
