//! This, this and following, all; and what every change leaves behind.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::given::{NewLaw, a_series, local, read, series, utc};
use crate::schedule::{
    Change, EditError, Edited, Existing, Holidays, IanaZones, Scope, Series, Slot, Stage, Standing, Wish,
    Zones, edit, reconcile,
};

type Session = Existing<usize>;

fn existing(id: usize, slot: Slot, standing: Standing) -> Session {
    Existing { id, slot: slot.local, starts_at: slot.starts_at, ends_at: slot.ends_at, standing }
}

/// The sessions of a series, as they were written out when it was made.
fn scheduled(class: &Series, now: DateTime<Utc>) -> Vec<Session> {
    class
        .written_out(&IanaZones, &Holidays::new(), class.start.and_utc())
        .into_iter()
        .enumerate()
        .map(|(id, slot)| {
            existing(id, slot, if slot.starts_at <= now { Standing::Fixed } else { Standing::Planned })
        })
        .collect()
}

/// Does what the changes say.
fn done(sessions: &[Session], changes: &[Change<usize>], this_one: bool) -> Vec<Session> {
    let mut all: BTreeMap<usize, Session> = sessions.iter().map(|session| (session.id, *session)).collect();
    for change in changes {
        match *change {
            Change::Add(slot) => {
                let id = all.keys().max().map_or(0, |id| id + 1);
                all.insert(id, existing(id, slot, Standing::Planned));
            }
            Change::Move { id, to } => {
                let standing = if this_one { Standing::Moved } else { all[&id].standing };
                all.insert(id, existing(id, to, standing));
            }
            Change::Rename { id, slot } => all.get_mut(&id).unwrap().slot = slot,
            Change::Drop { id } => {
                all.remove(&id);
            }
        }
    }
    all.into_values().collect()
}

fn told(sessions: &[Session]) -> Vec<String> {
    let mut told: Vec<_> = sessions.iter().map(|session| (session.starts_at, session.id)).collect();
    told.sort_unstable();
    told.iter().map(|(at, id)| format!("{id}: {}", at.format("%a %-d %H:%M"))).collect()
}

fn changed(
    class: &Series,
    sessions: &[Session],
    at: &str,
    scope: Scope,
    wish: &Wish,
    now: &str,
) -> Result<Edited<usize>, EditError> {
    let holidays = Holidays::new();
    let stage =
        Stage { zones: &IanaZones, holidays: &holidays, series: class, existing: sessions, now: utc(now) };
    edit(stage, local(at), scope, wish)
}

fn to(text: &str) -> Wish {
    Wish { local: Some(local(text)), ..Wish::default() }
}

/// Mondays and Wednesdays at nine, from Monday 7 December 2026; in Dhaka, six hours ahead.
fn lessons() -> (Series, Vec<Session>) {
    let class = series("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6", "2026-12-07 09:00", Tz::Asia__Dhaka, 60);
    let sessions = scheduled(&class, utc("2026-12-08 00:00"));
    (class, sessions)
}

#[test]
fn one_session_moves_and_the_series_stays() {
    let (class, sessions) = lessons();
    let wish = to("2026-12-10 15:00");
    let edited =
        changed(&class, &sessions, "2026-12-09 09:00", Scope::This, &wish, "2026-12-08 00:00").unwrap();
    assert_eq!(edited.series.as_ref(), Some(&class));
    let after = done(&sessions, &edited.changes, true);
    assert_eq!(
        told(&after),
        [
            "0: Mon 7 03:00",
            "1: Thu 10 09:00",
            "2: Mon 14 03:00",
            "3: Wed 16 03:00",
            "4: Mon 21 03:00",
            "5: Wed 23 03:00"
        ]
    );
    // It keeps its slot, so the series does not fill it again.
    let wanted = class.written_out(&IanaZones, &Holidays::new(), utc("2026-12-08 00:00"));
    assert!(reconcile(&after, &wanted, utc("2026-12-08 00:00")).is_empty());
    let rule = Wish { recurrence: Some(class.recurrence.clone()), ..Wish::default() };
    let refused = changed(&class, &sessions, "2026-12-09 09:00", Scope::This, &rule, "2026-12-08 00:00");
    assert_eq!(refused, Err(EditError::RuleForOne));
    let nowhere = changed(&class, &sessions, "2026-12-08 09:00", Scope::This, &wish, "2026-12-08 00:00");
    assert_eq!(nowhere, Err(EditError::NoSuchSlot));
}

#[test]
fn all_move_to_another_hour_except_those_held() {
    let (class, sessions) = lessons();
    let wish = to("2026-12-14 17:30");
    let edited =
        changed(&class, &sessions, "2026-12-14 09:00", Scope::All, &wish, "2026-12-08 00:00").unwrap();
    assert_eq!(
        told(&done(&sessions, &edited.changes, false)),
        [
            "0: Mon 7 03:00",
            "1: Wed 9 11:30",
            "2: Mon 14 11:30",
            "3: Wed 16 11:30",
            "4: Mon 21 11:30",
            "5: Wed 23 11:30"
        ]
    );
    assert_eq!(edited.series.unwrap().recurrence.to_string(), "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6");
}

#[test]
fn the_wednesday_lesson_becomes_the_thursday_lesson() {
    let (class, sessions) = lessons();
    let wish = to("2026-12-17 09:00");
    let edited =
        changed(&class, &sessions, "2026-12-16 09:00", Scope::All, &wish, "2026-12-08 00:00").unwrap();
    assert_eq!(
        edited.series.as_ref().unwrap().recurrence.to_string(),
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TH;COUNT=6"
    );
    assert_eq!(
        told(&done(&sessions, &edited.changes, false)),
        [
            "0: Mon 7 03:00",
            "1: Thu 10 03:00",
            "2: Mon 14 03:00",
            "3: Thu 17 03:00",
            "4: Mon 21 03:00",
            "5: Thu 24 03:00"
        ]
    );
    // Onto the other lesson's day it cannot go without a rule.
    let onto = changed(
        &class,
        &sessions,
        "2026-12-16 09:00",
        Scope::All,
        &to("2026-12-14 10:00"),
        "2026-12-08 00:00",
    );
    assert_eq!(onto, Err(EditError::RuleNeeded));
}

#[test]
fn from_one_on_the_rest_becomes_a_series_of_its_own() {
    let (class, sessions) = lessons();
    let wish = Wish { minutes: Some(90), ..to("2026-12-16 10:00") };
    let edited =
        changed(&class, &sessions, "2026-12-16 09:00", Scope::Following, &wish, "2026-12-08 00:00").unwrap();
    assert_eq!(
        edited.series.as_ref().unwrap().recurrence.to_string(),
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3"
    );
    let rest = edited.following.as_ref().unwrap();
    assert_eq!(rest.recurrence.to_string(), "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3");
    assert_eq!((rest.start, rest.minutes), (local("2026-12-16 10:00"), 90));
    let after = done(&sessions, &edited.changes, false);
    assert_eq!(
        told(&after),
        [
            "0: Mon 7 03:00",
            "1: Wed 9 03:00",
            "2: Mon 14 03:00",
            "3: Wed 16 04:00",
            "4: Mon 21 04:00",
            "5: Wed 23 04:00"
        ]
    );
    // From the first on is all: no series is left over.
    let wish = to("2026-12-07 10:00");
    let first =
        changed(&class, &sessions, "2026-12-07 09:00", Scope::Following, &wish, "2026-12-01 00:00").unwrap();
    assert!(first.following.is_none());
}

#[test]
fn a_new_rule_keeps_the_sessions_whose_days_it_keeps() {
    let (class, sessions) = lessons();
    let recurrence = read("FREQ=WEEKLY;BYDAY=WE;COUNT=4", "2026-12-07 09:00", Tz::Asia__Dhaka);
    let wish = Wish { recurrence: Some(recurrence), ..Wish::default() };
    let edited =
        changed(&class, &sessions, "2026-12-09 09:00", Scope::All, &wish, "2026-12-08 00:00").unwrap();
    assert_eq!(
        told(&done(&sessions, &edited.changes, false)),
        ["0: Mon 7 03:00", "1: Wed 9 03:00", "3: Wed 16 03:00", "5: Wed 23 03:00", "6: Wed 30 03:00"]
    );
    let over = read("FREQ=WEEKLY;COUNT=1", "2026-12-07 09:00", Tz::Asia__Dhaka);
    let wish = Wish { recurrence: Some(over), ..Wish::default() };
    let refused = changed(&class, &sessions, "2026-12-09 09:00", Scope::All, &wish, "2026-12-08 00:00");
    assert_eq!(refused, Err(EditError::NothingLeft));
}

#[test]
fn an_end_moves_along_only_as_far_as_it_must() {
    let class = series("FREQ=WEEKLY;BYDAY=WE;UNTIL=20261223T080000", "2026-12-09 09:00", Tz::Asia__Dhaka, 60);
    let sessions = scheduled(&class, utc("2026-12-01 00:00"));
    let after = |at: &str, wish: &Wish| {
        let edited = changed(&class, &sessions, at, Scope::All, wish, "2026-12-01 00:00").unwrap();
        (edited.series.unwrap().recurrence.to_string(), told(&done(&sessions, &edited.changes, false)))
    };
    // At eight on the 23rd the rule ends: the lesson at nine was not part of it, and none at seven is.
    let (rule, lessons) = after("2026-12-09 09:00", &to("2026-12-09 07:00"));
    assert_eq!(rule, "RRULE:FREQ=WEEKLY;BYDAY=WE;UNTIL=20261222");
    assert_eq!(lessons, ["0: Wed 9 01:00", "1: Wed 16 01:00"]);
    let late = series("FREQ=WEEKLY;BYDAY=WE;UNTIL=20261223", "2026-12-09 09:00", Tz::Asia__Dhaka, 60);
    let edited = changed(
        &late,
        &scheduled(&late, utc("2026-12-01 00:00")),
        "2026-12-09 09:00",
        Scope::All,
        &to("2026-12-11 09:00"),
        "2026-12-01 00:00",
    );
    assert_eq!(
        edited.unwrap().series.unwrap().recurrence.to_string(),
        "RRULE:FREQ=WEEKLY;BYDAY=FR;UNTIL=20261225"
    );
}

#[test]
fn what_was_moved_or_called_off_by_hand_stays_so() {
    let (class, mut sessions) = lessons();
    sessions[2].standing = Standing::CalledOff;
    sessions[3] = Existing {
        starts_at: utc("2026-12-18 03:00"),
        ends_at: utc("2026-12-18 04:00"),
        standing: Standing::Moved,
        ..sessions[3]
    };
    let wish = to("2026-12-21 11:00");
    let edited =
        changed(&class, &sessions, "2026-12-21 09:00", Scope::All, &wish, "2026-12-08 00:00").unwrap();
    let after = done(&sessions, &edited.changes, false);
    assert_eq!(
        told(&after),
        [
            "0: Mon 7 03:00",
            "1: Wed 9 05:00",
            "2: Mon 14 03:00",
            "3: Fri 18 03:00",
            "4: Mon 21 05:00",
            "5: Wed 23 05:00"
        ]
    );
    assert_eq!(after[2].standing, Standing::CalledOff);
}

#[test]
fn the_edited_session_goes_along_though_it_was_moved_before() {
    let (class, mut sessions) = lessons();
    sessions[3] = Existing {
        starts_at: utc("2026-12-16 07:00"),
        ends_at: utc("2026-12-16 08:00"),
        standing: Standing::Moved,
        ..sessions[3]
    };
    let (at, wish) = ("2026-12-16 09:00", to("2026-12-16 11:00"));
    let following = changed(&class, &sessions, at, Scope::Following, &wish, "2026-12-08 00:00").unwrap();
    let all = changed(&class, &sessions, at, Scope::All, &wish, "2026-12-08 00:00").unwrap();
    for (edited, of_monday) in [(following, "Mon 14 03:00"), (all, "Mon 14 05:00")] {
        let after = told(&done(&sessions, &edited.changes, false));
        let seen = |number: usize| after[number].as_str();
        assert_eq!((seen(2), seen(3)), (format!("2: {of_monday}").as_str(), "3: Wed 16 05:00"), "{after:?}");
    }
    // A title for all leaves it where it was put.
    let edited = changed(&class, &sessions, at, Scope::All, &Wish::default(), "2026-12-08 00:00").unwrap();
    assert!(edited.changes.is_empty(), "{:?}", edited.changes);
}

#[test]
fn a_new_law_moves_a_series_as_it_moves_single_sessions() {
    let (class, sessions) = lessons();
    let law = NewLaw { zone: Tz::Asia__Dhaka, from: utc("2026-12-15 00:00"), more: Duration::hours(1) };
    let now = utc("2026-12-08 00:00");
    let changes = reconcile(&sessions, &class.written_out(&law, &Holidays::new(), now), now);
    assert_eq!(
        told(&done(&sessions, &changes, false)),
        [
            "0: Mon 7 03:00",
            "1: Wed 9 03:00",
            "2: Mon 14 03:00",
            "3: Wed 16 02:00",
            "4: Mon 21 02:00",
            "5: Wed 23 02:00"
        ]
    );
}

fn a_scope() -> impl Strategy<Value = Scope> {
    prop_oneof![Just(Scope::This), Just(Scope::Following), Just(Scope::All)]
}

/// A class in its middle: some sessions held, some called off, some moved.
fn a_class() -> impl Strategy<Value = (Series, Vec<Session>, DateTime<Utc>)> {
    (a_series(), 0_usize..20, prop::collection::vec((0_usize..60, any::<bool>(), -300_i64..300), 0..6))
        .prop_map(|(class, past, by_hand)| {
            let slots: Vec<Slot> = class.slots(&IanaZones).collect();
            let before = |at: usize| slots.get(at).map(|slot| slot.starts_at - Duration::minutes(1));
            let now = before(past).or(before(0)).unwrap_or(class.start.and_utc());
            let mut sessions = scheduled(&class, now);
            for (at, off, minutes) in by_hand {
                let Some(session) =
                    sessions.get_mut(at).filter(|session| session.standing == Standing::Planned)
                else {
                    continue;
                };
                if off {
                    session.standing = Standing::CalledOff;
                } else {
                    let starts_at =
                        (session.starts_at + Duration::minutes(minutes)).max(now + Duration::minutes(1));
                    *session = Existing {
                        starts_at,
                        ends_at: starts_at + Duration::minutes(30),
                        standing: Standing::Moved,
                        ..*session
                    };
                }
            }
            (class, sessions, now)
        })
}

proptest! {
    #[test]
    fn an_edit_keeps_its_promises(
        (class, sessions, now) in a_class(), chosen in 0_usize..60, scope in a_scope(), days in -3_i64..4, minutes in -600_i64..600,
        length in prop::option::of(10_u32..300),
    ) {
        let open: Vec<&Session> = sessions.iter().filter(|session| session.standing == Standing::Planned).collect();
        prop_assume!(!open.is_empty());
        let at = open[chosen % open.len()].slot;
        let wish = Wish {
            local: Some(at + Duration::days(days) + Duration::minutes(minutes)),
            minutes: length,
            ..Wish::default()
        };
        let holidays = Holidays::new();
        let stage = Stage { zones: &IanaZones, holidays: &holidays, series: &class, existing: &sessions, now };
        let edited = match edit(stage, at, scope, &wish) {
            Ok(edited) => edited,
            Err(error) => {
                prop_assert!(matches!(error, EditError::RuleNeeded | EditError::NothingLeft), "{error}");
                return Ok(());
            }
        };
        let after = done(&sessions, &edited.changes, scope == Scope::This);
        for before in &sessions {
            let now_is = after.iter().find(|session| session.id == before.id);
            // What is over, called off or moved by hand has the time it had.
            if before.standing == Standing::Fixed || before.standing == Standing::CalledOff {
                let now_is = now_is.unwrap();
                prop_assert_eq!((now_is.starts_at, now_is.ends_at), (before.starts_at, before.ends_at));
            }
            // What lies before is not touched, unless all is meant.
            let other = scope == Scope::This && before.slot != at;
            let earlier = scope == Scope::Following && before.slot < at && edited.following.is_some();
            if other || earlier {
                prop_assert_eq!(now_is, Some(before));
            }
        }
        let slots: BTreeSet<(bool, NaiveDateTime)> = after
            .iter()
            .map(|session| (edited.following.is_some() && session.slot >= at, session.slot))
            .collect();
        prop_assert!(slots.len() == after.len() || edited.following.is_some(), "a slot holds one session");
        // Once more, nothing is left to do.
        if scope == Scope::All {
            let series = edited.series.as_ref().unwrap();
            let wanted = series.written_out(&IanaZones, &holidays, now);
            let again = reconcile(&after, &wanted, now);
            prop_assert!(
                again.iter().all(|change| matches!(change, Change::Rename { .. })) && again.is_empty(),
                "{again:?}"
            );
            for session in after.iter().filter(|session| session.standing == Standing::Planned) {
                let slot = wanted.iter().find(|slot| slot.local == session.slot);
                prop_assert!(slot.is_some_and(|slot| slot.starts_at == session.starts_at || slot.starts_at <= now));
            }
        }
        if scope == Scope::This {
            let moved = after.iter().find(|session| session.slot == at).unwrap();
            let wanted = IanaZones.instant_of(class.zone, wish.local.unwrap());
            prop_assert_eq!(moved.starts_at, wanted);
        }
    }

    #[test]
    fn nothing_changes_where_nothing_is_to_be_changed((class, sessions, now) in a_class()) {
        let wanted = class.written_out(&IanaZones, &Holidays::new(), class.start.and_utc());
        prop_assert!(reconcile(&sessions, &wanted, now).is_empty());
    }

    #[test]
    fn cut_in_two_a_series_gives_the_same_sessions((class, sessions, now) in a_class(), chosen in 0_usize..60) {
        let open: Vec<&Session> = sessions.iter().filter(|session| session.standing == Standing::Planned).collect();
        prop_assume!(!open.is_empty());
        let at = open[chosen % open.len()].slot;
        let holidays = Holidays::new();
        let stage = Stage { zones: &IanaZones, holidays: &holidays, series: &class, existing: &sessions, now };
        let edited = edit(stage, at, Scope::Following, &Wish::default()).unwrap();
        let slots = |series: &Series| series.slots(&IanaZones).collect::<Vec<_>>();
        let mut together = slots(edited.series.as_ref().unwrap());
        together.extend(edited.following.iter().flat_map(slots));
        prop_assert_eq!(together, slots(&class));
    }
}
