//! Invents a class evening: what really happened, and from it the events and reports a vendor would make of it.
//! The truth is counted second by second, so that it shares no code with the rules it judges.

use super::scene::{event, person, seat, second};
use crate::{
    attendance::{AttendanceState, Presence, Seat},
    provider::{EventKind, IncomingEvent, ParticipantFacts, ReportKind, ReportRow},
};

/// A small repeatable source of choices (SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.next() % u64::try_from((to - from).max(1)).unwrap()).unwrap()
    }

    pub(super) fn percent(&mut self, chance: i64) -> bool {
        self.between(0, 100) < chance
    }

    pub(super) fn shuffle<T>(&mut self, all: &mut [T]) {
        for i in (1..all.len()).rev() {
            let j = self.between(0, i64::try_from(i).unwrap() + 1);
            all.swap(i, usize::try_from(j).unwrap());
        }
    }
}

/// What a vendor tells of the main room when somebody goes into a breakout room: not documented, so all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rooms {
    /// Nothing.
    StayInMain,
    /// Left, and joined again under the same id.
    LeaveMain,
    /// Left, and joined again as a new stay.
    LeaveMainAnew,
}

#[derive(Clone, Debug)]
struct Stay {
    run: usize,
    id: String,
    number: u128,
    generation: usize,
    from: i64,
    to: i64,
    waits_from: Option<i64>,
    breakout: Option<(i64, i64)>,
}

/// An evening.
#[derive(Clone, Debug)]
pub(super) struct Evening {
    /// Each run's beginning and end.
    runs: Vec<(i64, i64)>,
    stays: Vec<Stay>,
    people: u128,
}

/// What must come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) seconds: u32,
    pub(super) state: AttendanceState,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
}

const LENGTH: i64 = 3600;

impl Evening {
    /// `people`: with the teacher.
    pub(super) fn invent(seed: u64, people: u128) -> Self {
        let mut dice = Dice(seed);
        let (start, end) = (dice.between(-900, 300), dice.between(2700, 4500));
        let runs = if dice.percent(30) {
            let stop = dice.between(start + 600, end - 900);
            vec![(start, stop), (dice.between(stop + 20, stop + 300), end)]
        } else {
            vec![(start, end)]
        };
        let mut evening = Self { runs: runs.clone(), stays: Vec::new(), people };
        for (run, (from, to)) in runs.iter().enumerate() {
            evening.stays.push(evening.stay(run, 0, 0, *from, *to));
            for number in 1..people {
                if !dice.percent(12) {
                    evening.invent_stays(&mut dice, run, number);
                }
            }
        }
        evening
    }

    fn stay(&self, run: usize, number: u128, generation: usize, from: i64, to: i64) -> Stay {
        let id = format!("{}", 16_778_240 + self.stays.len() * 1024);
        Stay { run, id, number, generation, from, to, waits_from: None, breakout: None }
    }

    fn invent_stays(&mut self, dice: &mut Dice, run: usize, number: u128) {
        let (start, end) = self.runs[run];
        let mut at = dice.between(start, start + 900.min((end - start) / 2));
        let first = self.stays.len();
        for _ in 0..dice.between(1, 4) {
            let to = if dice.percent(40) { end } else { dice.between(at + 1, end + 1) };
            let generation = usize::from(dice.percent(20));
            let mut stay = self.stay(run, number, generation, at, to);
            if dice.percent(40) {
                stay.waits_from = Some((at - dice.between(5, 200)).max(start));
            }
            if dice.percent(30) && to - at > 60 {
                let from = dice.between(at + 1, to - 10);
                let back = if dice.percent(30) { to } else { dice.between(from + 1, to) };
                stay.breakout = Some((from, back));
            }
            self.stays.push(stay);
            at = to + dice.between(1, 400);
            if at >= end - 5 {
                break;
            }
        }
        // A crash: the vendor lets go of the old stay a minute or more after the person is back.
        for index in first..self.stays.len().saturating_sub(1) {
            if dice.percent(25) && self.stays[index].breakout.is_none() {
                let late = self.stays[index + 1].from + dice.between(60, 91);
                self.stays[index].to = late.min(end).max(self.stays[index].to);
            }
        }
        if dice.percent(15) {
            let from = dice.between(start, end - 1);
            let device = self.stay(run, number, 0, from, dice.between(from + 1, end + 1));
            self.stays.push(device);
        }
    }

    pub(super) fn seats(&self) -> Vec<Seat> {
        let with_second_generation = |number| {
            let mut seat = seat(number);
            if number > 0 {
                seat.registrant_ids.push(registrant(number, 1));
                seat.addresses.push(address(number, 1));
            }
            seat
        };
        (0..self.people).map(with_second_generation).collect()
    }

    /// Our redirects of those who came.
    pub(super) fn redirects(&self) -> Vec<Presence> {
        self.stays
            .iter()
            .filter(|stay| stay.number > 0)
            .map(|stay| Presence::redirected(person(stay.number), second(stay.from - 9)))
            .collect()
    }

    /// All events, one group for each stored row and one for each run.
    pub(super) fn events(&self, rooms: Rooms) -> Vec<Vec<IncomingEvent>> {
        let mut groups = Vec::new();
        for (run, (from, to)) in self.runs.iter().enumerate() {
            let tell = |kind, at| event(kind, &run_id(run), second(at), None);
            groups.push(vec![tell(EventKind::MeetingStarted, *from), tell(EventKind::MeetingEnded, *to)]);
        }
        for stay in &self.stays {
            let tell = |kind, at, facts| event(kind, &run_id(stay.run), second(at), Some(facts));
            if let Some(from) = stay.waits_from {
                groups.push(vec![
                    tell(EventKind::WaitingRoomJoined, from, stay.facts()),
                    tell(EventKind::WaitingRoomLeft, stay.from, stay.facts()),
                ]);
            }
            for (index, part) in stay.main_parts(rooms).into_iter().enumerate() {
                let mut facts = stay.facts();
                if rooms == Rooms::LeaveMainAnew && index > 0 {
                    facts.stay = Some(format!("{}-again", stay.id));
                }
                let marks = [
                    tell(EventKind::ParticipantJoined, part.0, facts.clone()),
                    tell(EventKind::ParticipantLeft, part.1, facts),
                ];
                match groups.last_mut() {
                    Some(group) if rooms == Rooms::LeaveMain && index > 0 => group.extend(marks),
                    _ => groups.push(marks.to_vec()),
                }
            }
            if let Some((from, to)) = stay.breakout {
                let facts = ParticipantFacts {
                    stay: Some(format!("{}-room", stay.id)),
                    parent_stay: Some(stay.id.clone()),
                    breakout_room: Some("room-1".to_owned()),
                    ..stay.facts()
                };
                groups.push(vec![
                    tell(EventKind::BreakoutJoined, from, facts.clone()),
                    tell(EventKind::BreakoutLeft, to, facts),
                ]);
            }
        }
        groups
    }

    /// The rows of one run, as each of the two sources gives them; `hidden`: people whose address is not shown.
    pub(super) fn rows(
        &self,
        run: usize,
        kind: ReportKind,
        rooms: Rooms,
        hidden: impl Fn(u128) -> bool,
    ) -> Vec<ReportRow> {
        let mut rows = Vec::new();
        for stay in self.stays.iter().filter(|stay| stay.run == run) {
            let shown = !(kind == ReportKind::PastParticipants && hidden(stay.number));
            let row = |id: &str, from, to| ReportRow {
                registrant_id: stay.facts().registrant_id.filter(|_| kind == ReportKind::Admin),
                email: shown.then(|| address(stay.number, stay.generation)),
                name: "a name that says nothing".to_owned(),
                stay: Some(id.to_owned()),
                joined_at: second(from),
                left_at: second(to),
                waiting_room: false,
                breakout_room: None,
            };
            if let Some(from) = stay.waits_from {
                rows.push(ReportRow { waiting_room: true, ..row(&stay.id, from, stay.from) });
            }
            for (index, part) in stay.main_parts(rooms).into_iter().enumerate() {
                let again = rooms == Rooms::LeaveMainAnew && index > 0;
                rows.push(row(
                    &if again { format!("{}-again", stay.id) } else { stay.id.clone() },
                    part.0,
                    part.1,
                ));
            }
            if let Some((from, to)) = stay.breakout {
                let breakout_room = (kind == ReportKind::Admin).then(|| "room-1".to_owned());
                rows.push(ReportRow { breakout_room, ..row(&format!("{}-room", stay.id), from, to) });
            }
        }
        rows
    }

    pub(super) fn run_ids(&self) -> impl Iterator<Item = (usize, String)> {
        (0..self.runs.len()).map(|run| (run, run_id(run)))
    }

    pub(super) fn truth(&self, number: u128) -> Truth {
        let theirs: Vec<&Stay> = self.stays.iter().filter(|stay| stay.number == number).collect();
        let inside = |s: i64| theirs.iter().any(|stay| stay.from <= s && s < stay.to);
        let there = (0..LENGTH).filter(|s| inside(*s)).count();
        // Unbroken presence at the edges of the window reaches beyond them.
        let before = |s: i64| (0..).map(|back| s - back).take_while(|s| inside(*s)).last();
        let after = |s: i64| (s..).take_while(|s| inside(*s)).last();
        let first = (0..LENGTH).find(|s| inside(*s)).and_then(before);
        let last = (0..LENGTH).rev().find(|s| inside(*s)).and_then(after).map(|s| s + 1);
        // The teacher is there in every run, from beginning to end.
        let held = |s: &i64| self.runs.iter().any(|(from, to)| from <= s && s < to);
        let begins = (0..LENGTH).find(held).unwrap_or(0);
        let ends = (0..LENGTH).rev().find(held).map_or(LENGTH, |s| s + 1);
        let (due_in, due_out) = if number == 0 { (0, LENGTH) } else { (begins, ends) };
        let state = if there == 0 || i64::try_from(there).unwrap() * 2 < ends - begins {
            AttendanceState::Absent
        } else if first.unwrap() > due_in + 600 {
            AttendanceState::Late
        } else if last.unwrap() < due_out - 600 {
            AttendanceState::LeftEarly
        } else {
            AttendanceState::Present
        };
        Truth { seconds: u32::try_from(there).unwrap(), state, first, last }
    }

    pub(super) fn people(&self) -> impl Iterator<Item = u128> {
        0..self.people
    }
}

impl Stay {
    fn facts(&self) -> ParticipantFacts {
        let teaches = self.number == 0;
        ParticipantFacts {
            stay: Some(self.id.clone()),
            registrant_id: (!teaches).then(|| registrant(self.number, self.generation)),
            name: Some("a name that says nothing".to_owned()),
            user_id: teaches.then(|| "host-user".to_owned()),
            ..ParticipantFacts::default()
        }
    }

    fn main_parts(&self, rooms: Rooms) -> Vec<(i64, i64)> {
        match self.breakout.filter(|_| rooms != Rooms::StayInMain) {
            None => vec![(self.from, self.to)],
            Some((out, back)) if back == self.to => vec![(self.from, out)],
            Some((out, back)) => vec![(self.from, out), (back, self.to)],
        }
    }
}

fn run_id(run: usize) -> String {
    format!("/run//{run}==")
}

fn registrant(number: u128, generation: usize) -> String {
    if generation == 0 { format!("reg-{number}") } else { format!("reg-{number}-moved") }
}

fn address(number: u128, generation: usize) -> String {
    if generation == 0 {
        format!("P{number}@School.example ")
    } else {
        format!("seat-{number}@relay.example")
    }
}
