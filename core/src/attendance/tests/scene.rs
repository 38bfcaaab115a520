//! A session from 18:00 to 19:00, told minute by minute.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    attendance::{
        Attendance, AttendancePolicy, Board, Interval, MinimumPresence, Occasion, Presence, PresenceKey,
        Roster, Run, Seat, Verdict, attend, board,
    },
    ids::PersonId,
    provider::{EventKind, IncomingEvent, ParticipantFacts, ParticipantReport, ReportKind, ReportRow},
    role::SessionRole,
};

/// So many seconds after 18:00.
pub(super) fn second(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

/// So many minutes after 18:00.
pub(super) fn minute(minute: i64) -> DateTime<Utc> {
    second(minute * 60)
}

pub(super) fn window() -> Interval {
    Interval::new(minute(0), minute(60))
}

pub(super) fn person(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(number))
}

/// Person 0 teaches; the others have a registrant and an address each.
pub(super) fn seat(number: u128) -> Seat {
    let teaches = number == 0;
    Seat {
        person: person(number),
        role: if teaches { SessionRole::Instructor } else { SessionRole::Student },
        name: format!("Person Number{number}"),
        registrant_ids: if teaches { vec![] } else { vec![format!("reg-{number}")] },
        addresses: vec![format!("p{number}@school.example")],
        vendor_users: if teaches { vec!["host-user".to_owned()] } else { vec![] },
        excused: false,
    }
}

pub(super) fn seats(count: u128) -> Vec<Seat> {
    (0..count).map(seat).collect()
}

pub(super) fn event(
    kind: EventKind,
    run: &str,
    at: DateTime<Utc>,
    participant: Option<ParticipantFacts>,
) -> IncomingEvent {
    IncomingEvent {
        kind,
        vendor_kind: format!("{kind:?}"),
        at,
        fingerprint: String::new(),
        account_id: None,
        host_id: None,
        meeting_id: Some("900".to_owned()),
        subscription_id: None,
        resource: None,
        run_id: Some(run.to_owned()),
        participant,
    }
}

/// The facts of a stay of person `number`, as an event tells them.
pub(super) fn facts(number: u128, stay: &str) -> ParticipantFacts {
    let teaches = number == 0;
    ParticipantFacts {
        stay: Some(stay.to_owned()),
        registrant_id: (!teaches).then(|| format!("reg-{number}")),
        email: None,
        name: Some("a name that says nothing".to_owned()),
        user_id: teaches.then(|| "host-user".to_owned()),
        ..ParticipantFacts::default()
    }
}

pub(super) fn row(number: u128, stay: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> ReportRow {
    ReportRow {
        registrant_id: (number > 0).then(|| format!("reg-{number}")),
        email: Some(format!("p{number}@school.example")),
        name: String::new(),
        stay: Some(stay.to_owned()),
        joined_at: from,
        left_at: to,
        waiting_room: false,
        breakout_room: None,
    }
}

/// What the server has stored of a session.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) roster: Roster,
    pub(super) presences: BTreeMap<PresenceKey, Presence>,
    pub(super) runs: BTreeMap<String, Run>,
    pub(super) policy: AttendancePolicy,
}

/// Half of the class is enough; ten minutes late are not late.
const HALF_OF_IT: AttendancePolicy = AttendancePolicy {
    late_after_minutes: 10,
    left_early_before_minutes: 10,
    minimum_presence: MinimumPresence::Percent(50),
};

impl Scene {
    pub(super) fn new(seats: Vec<Seat>) -> Self {
        Self {
            roster: Roster::new(seats),
            presences: BTreeMap::new(),
            runs: BTreeMap::new(),
            policy: HALF_OF_IT,
        }
    }

    /// Load the row by key, absorb, save: as the server does.
    pub(super) fn add(&mut self, presence: Presence) {
        match self.presences.get_mut(&presence.key) {
            Some(stored) => stored.absorb(&presence),
            None => drop(self.presences.insert(presence.key.clone(), presence)),
        }
    }

    pub(super) fn hear(&mut self, event: &IncomingEvent) {
        if let Some(run) = Run::from_event(event) {
            self.runs.entry(run.id.clone()).and_modify(|stored| stored.absorb(&run)).or_insert(run);
        }
        if let Some(presence) = Presence::from_event(event, minute(600)) {
            self.add(presence);
        }
    }

    pub(super) fn started(&mut self, run: &str, at: i64) {
        self.hear(&event(EventKind::MeetingStarted, run, minute(at), None));
    }

    pub(super) fn ended(&mut self, run: &str, at: i64) {
        self.hear(&event(EventKind::MeetingEnded, run, minute(at), None));
    }

    pub(super) fn joined(&mut self, run: &str, number: u128, stay: &str, at: i64) {
        self.hear(&event(EventKind::ParticipantJoined, run, minute(at), Some(facts(number, stay))));
    }

    pub(super) fn left(&mut self, run: &str, number: u128, stay: &str, at: i64) {
        self.hear(&event(EventKind::ParticipantLeft, run, minute(at), Some(facts(number, stay))));
    }

    pub(super) fn report(&mut self, run: &str, kind: ReportKind, mut rows: Vec<ReportRow>) {
        if kind == ReportKind::PastParticipants {
            for row in &mut rows {
                row.registrant_id = None;
                row.breakout_room = None;
            }
        }
        for presence in Presence::from_report(run, &ParticipantReport { kind, rows }, minute(700)) {
            self.add(presence);
        }
    }

    pub(super) fn attend_at(&self, now: i64, ended: bool) -> Attendance {
        let presences: Vec<Presence> = self.presences.values().cloned().collect();
        let runs: Vec<Run> = self.runs.values().cloned().collect();
        attend(&self.occasion(&presences, &runs, now, ended))
    }

    /// The verdicts after the session.
    pub(super) fn attend(&self) -> Attendance {
        self.attend_at(800, true)
    }

    /// One person's verdict after the session.
    pub(super) fn verdict(&self, number: u128) -> Verdict {
        self.attend().verdicts.into_iter().find(|verdict| verdict.person == person(number)).unwrap()
    }

    pub(super) fn board_at(&self, now: i64) -> Board {
        let presences: Vec<Presence> = self.presences.values().cloned().collect();
        let runs: Vec<Run> = self.runs.values().cloned().collect();
        board(&self.occasion(&presences, &runs, now, false))
    }

    fn occasion<'a>(
        &'a self,
        presences: &'a [Presence],
        runs: &'a [Run],
        now: i64,
        ended: bool,
    ) -> Occasion<'a> {
        Occasion {
            window: window(),
            policy: &self.policy,
            roster: &self.roster,
            presences,
            runs,
            now: second(0) + TimeDelta::minutes(now),
            ended,
        }
    }
}
