//! Slots, holidays, and who is busy.

use chrono::{Datelike, Duration, NaiveDate};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::given::{a_series, series, utc};
use crate::schedule::{
    Busy, Holidays, IanaZones, Slot, clashes,
    series::{AT_ONCE, HORIZON},
};

#[test]
fn a_holiday_is_passed_over_and_the_count_does_not_grow() {
    let class = series("FREQ=DAILY;COUNT=4", "2026-12-24 09:00", Tz::Europe__London, 60);
    let christmas = NaiveDate::from_ymd_opt(2026, 12, 25).unwrap();
    let holidays = Holidays::from([(christmas, "Christmas".to_owned())]);
    let slots = class.written_out(&IanaZones, &holidays, utc("2026-12-01 00:00"));
    assert_eq!(slots.iter().map(|slot| slot.local.day()).collect::<Vec<_>>(), [24, 26, 27]);
}

#[test]
fn a_usual_course_is_written_out_whole_and_an_endless_one_by_and_by() {
    let now = utc("2026-12-01 00:00");
    let course = series("FREQ=MONTHLY;COUNT=24", "2026-12-24 09:00", Tz::Europe__London, 60);
    assert_eq!(course.written_out(&IanaZones, &Holidays::new(), now).len(), 24);
    let weekly = series("FREQ=WEEKLY", "2026-12-24 09:00", Tz::Europe__London, 60);
    assert_eq!(weekly.written_out(&IanaZones, &Holidays::new(), now).len(), AT_ONCE);
    let daily = series("FREQ=DAILY", "2026-12-24 09:00", Tz::Europe__London, 60);
    let slots = daily.written_out(&IanaZones, &Holidays::new(), now);
    assert!(slots.last().unwrap().starts_at <= now + HORIZON);
    assert!(slots.last().unwrap().starts_at > now + HORIZON - Duration::days(2));
    let later = daily.written_out(&IanaZones, &Holidays::new(), now + Duration::days(7));
    assert_eq!(later.len(), slots.len() + 7);
    assert_eq!(later[..slots.len()], slots);
}

#[test]
fn a_series_is_over_behind_its_last_session() {
    let class = series("FREQ=DAILY;COUNT=2", "2026-12-24 09:00", Tz::Europe__London, 60);
    assert!(class.goes_on_after(&IanaZones, utc("2026-12-25 08:59")));
    assert!(!class.goes_on_after(&IanaZones, utc("2026-12-25 09:00")));
}

#[test]
fn one_may_begin_when_another_ends() {
    let class = series("FREQ=DAILY;COUNT=3", "2026-12-24 09:00", Tz::Europe__London, 60);
    let slots: Vec<Slot> = class.slots(&IanaZones).collect();
    let busy = |id, from: &str, to: &str| Busy { id, starts_at: utc(from), ends_at: utc(to) };
    let others = [
        busy('a', "2026-12-24 08:00", "2026-12-24 09:00"),
        busy('b', "2026-12-25 09:59", "2026-12-25 10:30"),
        busy('c', "2026-12-26 08:30", "2026-12-26 09:15"),
        busy('d', "2026-12-26 09:15", "2026-12-26 12:00"),
    ];
    let found: Vec<_> =
        clashes(&slots, &others, 1).into_iter().map(|clash| (clash.slot, clash.with)).collect();
    assert_eq!(found, [(1, vec!['b']), (2, vec!['c', 'd'])]);
    // With two at once: c and d are never both there.
    assert!(clashes(&slots, &others, 2).is_empty());
}

proptest! {
    #[test]
    fn clashes_are_found_minute_by_minute(
        class in a_series(), others in prop::collection::vec((0_usize..6, -200_i64..200, 1_i64..200), 0..12), at_once in 1_u32..4,
    ) {
        let slots: Vec<Slot> = class.slots(&IanaZones).take(6).collect();
        let busy: Vec<Busy<usize>> = others
            .iter()
            .enumerate()
            .filter_map(|(id, (slot, minute, minutes))| {
                let starts_at = slots.get(*slot)?.starts_at + Duration::minutes(*minute);
                Some(Busy { id, starts_at, ends_at: starts_at + Duration::minutes(*minutes) })
            })
            .collect();
        let found = clashes(&slots, &busy, at_once);
        for (at, slot) in slots.iter().enumerate() {
            let full = (0..class.minutes).any(|minute| {
                let instant = slot.starts_at + Duration::minutes(minute.into());
                busy.iter().filter(|other| other.starts_at <= instant && instant < other.ends_at).count()
                    >= at_once as usize
            });
            prop_assert_eq!(found.iter().any(|clash| clash.slot == at), full);
        }
    }
}
