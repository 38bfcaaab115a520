//! Clocks that are set forward, back, by half an hour, by law.

use chrono::{DateTime, Duration, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::given::{NewLaw, a_series, a_start, a_zone, local, series, utc};
use crate::schedule::{IanaZones, Pinned, Zones, clock_changes, replan};

fn starts(rule: &str, start: &str, zone: Tz) -> Vec<String> {
    let series = series(rule, start, zone, 60);
    series.slots(&IanaZones).map(|slot| slot.starts_at.format("%m-%d %H:%M").to_string()).collect()
}

#[test]
fn nine_stays_nine_when_the_clocks_change() {
    // London: the last Sunday of March. Dhaka: never.
    assert_eq!(
        starts("FREQ=WEEKLY;COUNT=3", "2027-03-22 09:00", Tz::Europe__London),
        ["03-22 09:00", "03-29 08:00", "04-05 08:00"]
    );
    assert_eq!(
        starts("FREQ=WEEKLY;COUNT=2", "2027-03-22 09:00", Tz::Asia__Dhaka),
        ["03-22 03:00", "03-29 03:00"]
    );
    // Lord Howe goes back by half an hour on 4 April: from +11:00 to +10:30.
    assert_eq!(
        starts("FREQ=DAILY;COUNT=3", "2027-04-03 09:00", Tz::Australia__Lord_Howe),
        ["04-02 22:00", "04-03 22:30", "04-04 22:30"]
    );
    // New York goes forward two weeks before London.
    assert_eq!(
        starts("FREQ=DAILY;COUNT=3", "2027-03-13 18:00", Tz::America__New_York),
        ["03-13 23:00", "03-14 22:00", "03-15 22:00"]
    );
}

#[test]
fn a_skipped_time_is_later_by_the_gap_on_that_day_alone() {
    assert_eq!(
        starts("FREQ=DAILY;COUNT=3", "2027-03-13 02:30", Tz::America__New_York),
        ["03-13 07:30", "03-14 07:30", "03-15 06:30"]
    );
    assert!(IanaZones.is_gap(Tz::America__New_York, local("2027-03-14 02:30")));
    assert!(!IanaZones.is_gap(Tz::America__New_York, local("2027-03-14 03:00")));
    // 02:15 on Lord Howe is 02:45 on the day of the half hour: 15:45 UTC.
    assert_eq!(
        starts("FREQ=DAILY;COUNT=2", "2027-10-03 02:15", Tz::Australia__Lord_Howe),
        ["10-02 15:45", "10-03 15:15"]
    );
}

#[test]
fn a_time_that_comes_twice_is_the_first() {
    assert_eq!(IanaZones.instant_of(Tz::Europe__London, local("2027-10-31 01:30")), utc("2027-10-31 00:30"));
    assert_eq!(
        IanaZones.instant_of(Tz::Australia__Lord_Howe, local("2027-04-04 01:45")),
        utc("2027-04-03 14:45")
    );
}

#[test]
fn a_day_that_a_zone_leaves_out_has_no_session_of_its_own() {
    // Samoa had no 30 December 2011: that day's ten o'clock would be the next one's.
    assert_eq!(
        starts("FREQ=DAILY;COUNT=4", "2011-12-28 10:00", Tz::Pacific__Apia),
        ["12-28 20:00", "12-29 20:00", "12-30 20:00"]
    );
}

#[test]
fn a_preview_says_where_the_clocks_change() {
    let london = series("FREQ=WEEKLY;COUNT=4", "2027-03-08 20:00", Tz::Europe__London, 60);
    let slots: Vec<_> = london.slots(&IanaZones).collect();
    let changes = clock_changes(&IanaZones, Tz::Europe__London, Tz::America__New_York, &slots);
    let shifts = |of: fn(&crate::schedule::ClockChange) -> Option<Duration>| {
        changes.iter().map(|change| of(change).map(|by| by.num_minutes())).collect::<Vec<_>>()
    };
    // New York changes on 14 March, London on the 28th.
    assert_eq!(shifts(|change| change.shift), [None, None, None, Some(60)]);
    assert_eq!(shifts(|change| change.viewer_shift), [None, Some(60), None, Some(-60)]);
    let nights = series("FREQ=DAILY;COUNT=3", "2027-03-13 02:30", Tz::America__New_York, 60);
    let slots: Vec<_> = nights.slots(&IanaZones).collect();
    let changes = clock_changes(&IanaZones, Tz::America__New_York, Tz::America__New_York, &slots);
    assert_eq!(changes[1].skipped, Some(Duration::hours(1)));
    assert!(changes.iter().all(|change| change.viewer_shift.is_none()));
    let autumn = series("FREQ=DAILY;COUNT=3", "2027-10-30 01:30", Tz::Europe__London, 60);
    let slots: Vec<_> = autumn.slots(&IanaZones).collect();
    let changes = clock_changes(&IanaZones, Tz::Europe__London, Tz::Asia__Dhaka, &slots);
    assert_eq!(changes.iter().map(|change| change.twice).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn a_new_law_moves_what_is_to_come_and_nothing_else() {
    // Dhaka had summer time in 2009. Say it comes back on 1 June.
    let law = NewLaw { zone: Tz::Asia__Dhaka, from: utc("2027-05-31 18:00"), more: Duration::hours(1) };
    let class = series("FREQ=WEEKLY;COUNT=6", "2027-05-18 09:00", Tz::Asia__Dhaka, 60);
    let planned: Vec<Pinned<usize>> = class
        .slots(&IanaZones)
        .enumerate()
        .map(|(id, slot)| Pinned { id, local: slot.local, zone: class.zone, starts_at: slot.starts_at })
        .collect();
    let moved = replan(&law, &planned, utc("2027-05-20 00:00"));
    assert_eq!(moved.iter().map(|moved| moved.id).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert_eq!(moved[0].starts_at, utc("2027-06-01 02:00"));
    // Too late for one that begins in this hour.
    let now = utc("2027-06-08 02:30");
    assert_eq!(replan(&law, &planned, now).iter().map(|moved| moved.id).collect::<Vec<_>>(), [4, 5]);
    assert!(replan(&IanaZones, &planned, utc("2027-05-20 00:00")).is_empty());
    // Less than a second is no change: clocks are kept in whole ones.
    let mut odd = planned;
    for session in &mut odd {
        session.starts_at += Duration::microseconds(757_335);
    }
    assert!(replan(&IanaZones, &odd, utc("2027-05-20 00:00")).is_empty());
}

fn by_chrono(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&local).earliest().map(|at| at.to_utc())
}

/// Hours in which some zone's clocks are set.
fn a_night_of_change() -> impl Strategy<Value = (Tz, NaiveDateTime)> {
    let zones: Vec<Tz> = chrono_tz::TZ_VARIANTS.to_vec();
    (prop::sample::select(zones), a_start(), 0_i64..20).prop_map(|(zone, start, step)| {
        let at = start.and_utc();
        let now = IanaZones.ahead(zone, at);
        // The first day on which the clocks are others than before, found by halves.
        let change = (1..400).find(|day| IanaZones.ahead(zone, at + Duration::days(*day)) != now);
        let Some(change) = change else { return (zone, start) };
        let (mut before, mut after) = (at + Duration::days(change - 1), at + Duration::days(change));
        while after - before > Duration::seconds(1) {
            let middle = before + (after - before) / 2;
            if IanaZones.ahead(zone, middle) == now { before = middle } else { after = middle }
        }
        (zone, after.naive_utc() + now + Duration::minutes(15 * step - 150))
    })
}

proptest! {
    #[test]
    fn an_instant_shows_its_time_or_lies_behind_a_gap((zone, wanted) in a_night_of_change()) {
        let at = IanaZones.instant_of(zone, wanted);
        match by_chrono(zone, wanted) {
            Some(first) => {
                prop_assert_eq!(at, first);
                prop_assert_eq!(IanaZones.local_of(zone, at), wanted);
            }
            None => {
                // As late behind the gap as the time lay inside it.
                let gap = IanaZones.local_of(zone, at) - wanted;
                prop_assert!(gap > Duration::zero());
                prop_assert_eq!(IanaZones.ahead(zone, at) - IanaZones.ahead(zone, at - gap), gap);
            }
        }
    }

    #[test]
    fn the_clock_on_the_wall_shows_the_same_time_at_every_session(class in a_series()) {
        let mut before = None;
        for slot in class.slots(&IanaZones) {
            let shown = IanaZones.local_of(class.zone, slot.starts_at);
            prop_assert_eq!(slot.local.time(), class.start.time());
            if IanaZones.is_gap(class.zone, slot.local) {
                prop_assert!(shown > slot.local && shown - slot.local <= Duration::hours(1));
            } else {
                prop_assert_eq!(shown, slot.local);
            }
            prop_assert_eq!((slot.ends_at - slot.starts_at).num_minutes(), i64::from(class.minutes));
            prop_assert!(before.replace(slot.starts_at).is_none_or(|before| before < slot.starts_at));
        }
    }

    #[test]
    fn under_any_law_the_replanned_begin_at_their_time(
        class in a_series(), day in 0_i64..400, quarters in -8_i64..8, now in 0_i64..400,
    ) {
        let from = class.start.and_utc() + Duration::days(day);
        let law = NewLaw { zone: class.zone, from, more: Duration::minutes(15 * quarters) };
        let now = class.start.and_utc() + Duration::days(now);
        let planned: Vec<Pinned<usize>> = class
            .slots(&IanaZones)
            .enumerate()
            .map(|(id, slot)| Pinned { id, local: slot.local, zone: class.zone, starts_at: slot.starts_at })
            .collect();
        let moved = replan(&law, &planned, now);
        for session in &planned {
            let right = law.instant_of(session.zone, session.local);
            match moved.iter().find(|moved| moved.id == session.id) {
                Some(moved) => {
                    prop_assert_eq!(moved.starts_at, right);
                    prop_assert!(session.starts_at > now && right > now);
                }
                None => prop_assert!(session.starts_at == right || session.starts_at <= now || right <= now),
            }
        }
        // Done once, it is done.
        let again: Vec<Pinned<usize>> = planned
            .iter()
            .map(|session| Pinned {
                starts_at: moved.iter().find(|moved| moved.id == session.id).map_or(session.starts_at, |moved| moved.starts_at),
                ..*session
            })
            .collect();
        prop_assert!(replan(&law, &again, now).is_empty());
    }

    #[test]
    fn midnight_is_a_time_too(zone in a_zone(), start in a_start()) {
        let midnight = start.date().and_time(NaiveTime::MIN);
        prop_assert_eq!(IanaZones.instant_of(zone, midnight), by_chrono(zone, midnight).unwrap());
    }
}
