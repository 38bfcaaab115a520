//! Whole evenings: whatever is lost, doubled or late, the verdicts are the truth, or say that they are not sure.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    evening::{Dice, Evening, Rooms, Truth},
    scene::{Scene, person, second},
};
use crate::{
    attendance::{Attendance, AttendanceState, Presence, Verdict, runs::RunBook, stays},
    provider::{IncomingEvent, ReportKind},
};

const ROOMS: [Rooms; 3] = [Rooms::StayInMain, Rooms::LeaveMain, Rooms::LeaveMainAnew];
const REPORTS: [ReportKind; 2] = [ReportKind::Admin, ReportKind::PastParticipants];

fn heard(evening: &Evening, events: &[IncomingEvent]) -> Scene {
    let mut scene = Scene::new(evening.seats());
    events.iter().for_each(|event| scene.hear(event));
    scene
}

/// Loses a tenth, doubles a tenth, moves a third.
fn through_a_bad_line(events: Vec<IncomingEvent>, dice: &mut Dice) -> Vec<IncomingEvent> {
    let mut arrived: Vec<IncomingEvent> = events.into_iter().filter(|_| !dice.percent(10)).collect();
    let doubled: Vec<IncomingEvent> = arrived.iter().filter(|_| dice.percent(10)).cloned().collect();
    arrived.extend(doubled);
    if !arrived.is_empty() {
        let count = i64::try_from(arrived.len()).unwrap();
        for i in 0..arrived.len() {
            if dice.percent(30) {
                arrived.swap(i, usize::try_from(dice.between(0, count)).unwrap());
            }
        }
    }
    arrived
}

fn reported(
    scene: &Scene,
    evening: &Evening,
    kind: ReportKind,
    rooms: Rooms,
    hidden: impl Fn(u128) -> bool,
) -> Scene {
    let mut scene = scene.clone();
    for (run, id) in evening.run_ids() {
        scene.report(&id, kind, evening.rows(run, kind, rooms, &hidden));
    }
    scene
}

fn found(verdict: &Verdict) -> Truth {
    let at = |time: Option<chrono::DateTime<chrono::Utc>>| time.map(|at| (at - second(0)).num_seconds());
    Truth {
        seconds: verdict.seconds,
        state: verdict.state,
        first: at(verdict.first_joined_at),
        last: at(verdict.last_left_at),
    }
}

fn is_true(evening: &Evening, attendance: &Attendance) -> Result<(), TestCaseError> {
    for (number, verdict) in evening.people().zip(&attendance.verdicts) {
        prop_assert_eq!(verdict.person, person(number));
        prop_assert_eq!(found(verdict), evening.truth(number), "person {}: {:?}", number, verdict.doubt);
    }
    prop_assert_eq!(&attendance.unmatched, &vec![]);
    Ok(())
}

fn is_true_or_unconfirmed(evening: &Evening, attendance: &Attendance) -> Result<(), TestCaseError> {
    for (number, verdict) in evening.people().zip(&attendance.verdicts) {
        if verdict.state != AttendanceState::Unconfirmed {
            let (told, truth) = (found(verdict), evening.truth(number));
            // An end after the class changes no minutes, so it may be a guess.
            let inside = |truth: Truth| Truth {
                first: truth.first.map(|s| s.max(0)),
                last: truth.last.map(|s| s.min(3600)),
                ..truth
            };
            prop_assert_eq!(inside(told), inside(truth), "person {}", number);
        } else {
            prop_assert!(verdict.doubt.is_some());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn all_events_in_any_order_and_number_tell_the_truth(seed: u64, people in 2u128..30) {
        let evening = Evening::invent(seed, people);
        let mut dice = Dice(seed ^ 1);
        for rooms in ROOMS {
            let events: Vec<IncomingEvent> = evening.events(rooms).into_iter().flatten().collect();
            let in_order = heard(&evening, &events).attend();
            is_true(&evening, &in_order)?;
            let mut mixed = events.clone();
            mixed.extend(events.iter().filter(|_| dice.percent(30)).cloned());
            dice.shuffle(&mut mixed);
            prop_assert_eq!(heard(&evening, &mixed).attend(), in_order);
        }
    }

    #[test]
    fn with_a_report_lost_events_do_not_matter(seed: u64, people in 2u128..=30) {
        let evening = Evening::invent(seed, people);
        let rooms = ROOMS[usize::try_from(seed % 3).unwrap()];
        let events: Vec<IncomingEvent> = evening.events(rooms).into_iter().flatten().collect();
        let mut some = heard(&evening, &through_a_bad_line(events, &mut Dice(seed ^ 2)));
        evening.redirects().into_iter().for_each(|redirect| some.add(redirect));
        let none = heard(&evening, &[]);
        for kind in REPORTS {
            is_true(&evening, &reported(&some, &evening, kind, rooms, |_| false).attend())?;
            is_true(&evening, &reported(&none, &evening, kind, rooms, |_| false).attend())?;
        }
    }

    #[test]
    fn both_reports_and_all_events_do_not_add_up(seed: u64, people in 2u128..15) {
        let evening = Evening::invent(seed, people);
        let events: Vec<IncomingEvent> = evening.events(Rooms::StayInMain).into_iter().flatten().collect();
        let once = reported(&heard(&evening, &events), &evening, ReportKind::PastParticipants, Rooms::LeaveMain, |_| false);
        let twice = reported(&once, &evening, ReportKind::Admin, Rooms::LeaveMainAnew, |_| false);
        is_true(&evening, &twice.attend())?;
        let window = twice.attend().verdicts.iter().map(|verdict| verdict.seconds).max();
        prop_assert!(window.is_some_and(|longest| longest <= 3600));
    }

    #[test]
    fn addresses_not_shown_leave_the_truth_or_a_doubt(seed: u64, people in 2u128..15) {
        let evening = Evening::invent(seed, people);
        let events: Vec<IncomingEvent> = evening.events(Rooms::StayInMain).into_iter().flatten().collect();
        let hidden = |number: u128| number > 0 && number.is_multiple_of(2);
        let whole = heard(&evening, &events);
        is_true(&evening, &reported(&whole, &evening, ReportKind::PastParticipants, Rooms::StayInMain, hidden).attend())?;
        let mut holed = heard(&evening, &through_a_bad_line(events, &mut Dice(seed ^ 3)));
        evening.redirects().into_iter().for_each(|redirect| holed.add(redirect));
        let judged = reported(&holed, &evening, ReportKind::PastParticipants, Rooms::StayInMain, hidden).attend();
        is_true_or_unconfirmed(&evening, &judged)?;
    }

    #[test]
    fn without_a_report_a_lost_end_is_never_a_silent_mistake(seed: u64, people in 2u128..15) {
        let evening = Evening::invent(seed, people);
        let mut dice = Dice(seed ^ 4);
        let rooms = ROOMS[usize::try_from(seed % 3).unwrap()];
        // At most one event of each stay is lost: a stay lost whole leaves nothing to doubt. The teacher's arrive, as they
        // are what the others' lateness is measured by.
        let (mut arrived, mut holed) = (Vec::new(), BTreeSet::new());
        for mut group in evening.events(rooms) {
            let whose = group[0].participant.clone().unwrap_or_default().registrant_id;
            if whose.is_some() && dice.percent(15) {
                let lost = dice.between(0, i64::try_from(group.len()).unwrap());
                group.remove(usize::try_from(lost).unwrap());
                holed.insert(whose);
            }
            arrived.extend(group);
        }
        dice.shuffle(&mut arrived);
        let attendance = heard(&evening, &arrived).attend();
        is_true_or_unconfirmed(&evening, &attendance)?;
        // Doubt is for those of whom something was lost; for nobody else.
        for (seat, verdict) in evening.seats().iter().zip(&attendance.verdicts) {
            let whole = seat.registrant_ids.iter().all(|id| !holed.contains(&Some(id.clone())));
            prop_assert!(!whole || verdict.doubt.is_none());
        }
    }

    #[test]
    fn the_live_board_depends_on_what_was_heard_not_on_when(seed: u64, people in 2u128..15, until in 0i64..90) {
        let evening = Evening::invent(seed, people);
        let mut events: Vec<IncomingEvent> = evening.events(Rooms::StayInMain).into_iter().flatten().collect();
        events.retain(|event| event.at <= second(until * 60));
        let in_order = heard(&evening, &events).board_at(until);
        let mut dice = Dice(seed ^ 5);
        events.extend(events.clone().into_iter().filter(|_| dice.percent(20)));
        dice.shuffle(&mut events);
        prop_assert_eq!(heard(&evening, &events).board_at(until), in_order);
    }

    #[test]
    fn rows_join_in_any_grouping(seed: u64) {
        let evening = Evening::invent(seed, 3);
        let mut events: Vec<IncomingEvent> = evening.events(Rooms::LeaveMain).into_iter().flatten().collect();
        Dice(seed ^ 6).shuffle(&mut events);
        let (left, right) = events.split_at(events.len() / 2);
        let (mut a, b) = (heard(&evening, left), heard(&evening, right));
        b.presences.values().for_each(|presence| a.add(presence.clone()));
        prop_assert_eq!(a.presences, heard(&evening, &events).presences);
    }

    #[test]
    fn readings_never_run_backwards(seed: u64) {
        let evening = Evening::invent(seed, 8);
        let events: Vec<IncomingEvent> = evening.events(Rooms::LeaveMain).into_iter().flatten().collect();
        let scene = heard(&evening, &through_a_bad_line(events, &mut Dice(seed)));
        let presences: Vec<Presence> = scene.presences.into_values().collect();
        let book = RunBook::new(&[], &presences, true);
        for reading in stays::read(&presences, &book, second(9000)) {
            prop_assert!(!reading.open);
            prop_assert!(reading.counted().chain(reading.doubtful()).all(|stay| stay.from <= stay.to));
        }
    }
}
