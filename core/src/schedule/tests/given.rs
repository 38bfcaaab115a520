//! Rules, starts and clocks for the tests.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, Utc, Weekday, WeekdaySet};
use chrono_tz::Tz;
use proptest::prelude::*;

use crate::schedule::{
    End, IanaZones, Moment, NthWeekday, Pattern, Recurrence, Rule, Series, Zones, rule::LARGEST_COUNT,
};

/// Half an hour of summer time; none any more; the two that change weeks apart.
pub(super) const ZONES: [Tz; 4] =
    [Tz::Australia__Lord_Howe, Tz::Asia__Dhaka, Tz::America__New_York, Tz::Europe__London];

pub(super) fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

pub(super) fn utc(text: &str) -> DateTime<Utc> {
    local(text).and_utc()
}

pub(super) fn read(text: &str, start: &str, zone: Tz) -> Recurrence {
    Recurrence::read(text, local(start), zone, &IanaZones).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(super) fn series(text: &str, start: &str, zone: Tz, minutes: u32) -> Series {
    Series { start: local(start), zone, minutes, recurrence: read(text, start, zone) }
}

pub(super) fn a_zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(ZONES.as_slice())
}

/// 2020 to 2033, every quarter of an hour: also those that the clocks skip or show twice.
pub(super) fn a_start() -> impl Strategy<Value = NaiveDateTime> {
    (0_u64..14 * 365, 0_u32..96).prop_map(|(day, quarter)| {
        let day = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + Days::new(day);
        day.and_hms_opt(quarter / 4, quarter % 4 * 15, 0).unwrap()
    })
}

fn a_weekday() -> impl Strategy<Value = Weekday> {
    (0_u8..7).prop_map(|day| Weekday::try_from(day).unwrap())
}

fn back_or_forth(longest: i8) -> impl Strategy<Value = i8> {
    (1..=longest, any::<bool>()).prop_map(|(day, back)| if back { -day } else { day })
}

fn a_pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        Just(Pattern::Daily),
        prop::collection::vec(a_weekday(), 1..5)
            .prop_map(|days| Pattern::Weekly(days.into_iter().collect::<WeekdaySet>())),
        prop::collection::btree_set(back_or_forth(31), 1..4).prop_map(Pattern::MonthlyByDay),
        prop::collection::vec((back_or_forth(5), a_weekday()), 1..4).prop_map(|days| {
            Pattern::MonthlyByWeekday(
                days.into_iter().map(|(nth, weekday)| NthWeekday { nth, weekday }).collect(),
            )
        }),
    ]
}

pub(super) fn a_moment() -> impl Strategy<Value = Moment> {
    (a_start(), any::<bool>())
        .prop_map(|(time, whole)| if whole { Moment::Day(time.date()) } else { Moment::Time(time) })
}

fn an_end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Never), (1..=LARGEST_COUNT).prop_map(End::Count), a_moment().prop_map(End::Until)]
}

pub(super) fn a_rule() -> impl Strategy<Value = Rule> {
    (a_pattern(), prop_oneof![4 => Just(1_u32), 2 => 2_u32..5, 1 => 5_u32..1000], an_end())
        .prop_map(|(pattern, interval, end)| Rule::new(pattern, interval, end).unwrap())
}

pub(super) fn a_recurrence() -> impl Strategy<Value = Recurrence> {
    (a_rule(), prop::collection::btree_set(a_moment(), 0..4))
        .prop_map(|(rule, except)| Recurrence { rule, except })
}

/// A series as classes have them: every few days, weeks or months, some of it left out, ten minutes to four hours.
pub(super) fn a_series() -> impl Strategy<Value = Series> {
    (
        a_start(),
        a_zone(),
        10_u32..240,
        a_pattern(),
        1_u32..4,
        1_u32..80,
        prop::collection::vec(0_usize..20, 0..3),
    )
        .prop_map(|(start, zone, minutes, pattern, interval, count, left_out)| {
            let rule = Rule::new(pattern, interval, End::Count(count)).unwrap();
            let times: Vec<NaiveDateTime> = rule.occurrences(start).collect();
            let except: BTreeSet<Moment> =
                left_out.iter().filter_map(|at| times.get(*at + 1)).map(|time| Moment::Time(*time)).collect();
            Series { start, zone, minutes, recurrence: Recurrence { rule, except } }
        })
}

/// The zones, with one whose clocks are set by law: ahead by so much more from an instant on.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewLaw {
    pub(super) zone: Tz,
    pub(super) from: DateTime<Utc>,
    pub(super) more: Duration,
}

impl Zones for NewLaw {
    fn ahead(&self, zone: Tz, at: DateTime<Utc>) -> Duration {
        let ahead = IanaZones.ahead(zone, at);
        if zone == self.zone && at >= self.from { ahead + self.more } else { ahead }
    }
}

/// The nth of its weekday in the month, and the same from the end.
pub(super) fn places(day: NaiveDate) -> (i8, i8) {
    let left = u32::from(day.num_days_in_month()) - day.day();
    (i8::try_from(day.day0() / 7 + 1).unwrap(), -i8::try_from(left / 7 + 1).unwrap())
}
