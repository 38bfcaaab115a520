//! What a rule says, how it is written, and which days it gives.

use chrono::{Datelike, Days, NaiveDateTime, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::given::{a_recurrence, a_rule, a_start, a_zone, local, places, read};
use crate::schedule::{End, IanaZones, Pattern, Recurrence, Rule, RuleError, words};

fn refused(text: &str) -> RuleError {
    Recurrence::read(text, local("2026-12-01 09:00"), Tz::Asia__Dhaka, &IanaZones).unwrap_err()
}

fn days(text: &str, start: &str) -> Vec<String> {
    let recurrence = read(text, start, Tz::Asia__Dhaka);
    recurrence.occurrences(local(start)).take(6).map(|at| at.format("%a %-d %b %y").to_string()).collect()
}

#[test]
fn the_accepted_rules_give_the_days_they_name() {
    assert_eq!(
        days("FREQ=DAILY;COUNT=3", "2026-12-30 09:00"),
        ["Wed 30 Dec 26", "Thu 31 Dec 26", "Fri 1 Jan 27"]
    );
    assert_eq!(days("FREQ=DAILY;INTERVAL=10;COUNT=2", "2026-12-30 09:00"), ["Wed 30 Dec 26", "Sat 9 Jan 27"]);
    // The first day is a Tuesday: the rule's first is the Wednesday.
    assert_eq!(
        days("RRULE:FREQ=WEEKLY;BYDAY=WE,MO;COUNT=4", "2026-12-01 09:00"),
        ["Wed 2 Dec 26", "Mon 7 Dec 26", "Wed 9 Dec 26", "Mon 14 Dec 26"]
    );
    // Every second week counts whole weeks from Monday.
    assert_eq!(
        days("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;COUNT=4", "2026-12-01 09:00"),
        ["Sun 6 Dec 26", "Mon 14 Dec 26", "Sun 20 Dec 26", "Mon 28 Dec 26"]
    );
    // A month without a 31st is passed over.
    assert_eq!(
        days("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", "2026-12-01 09:00"),
        ["Thu 31 Dec 26", "Sun 31 Jan 27", "Wed 31 Mar 27"]
    );
    assert_eq!(
        days("FREQ=MONTHLY;BYMONTHDAY=1,-1;UNTIL=20270228", "2026-12-02 09:00"),
        ["Thu 31 Dec 26", "Fri 1 Jan 27", "Sun 31 Jan 27", "Mon 1 Feb 27", "Sun 28 Feb 27"]
    );
    assert_eq!(
        days("FREQ=MONTHLY;BYDAY=2TU,-1FR;COUNT=4", "2026-12-01 09:00"),
        ["Tue 8 Dec 26", "Fri 25 Dec 26", "Tue 12 Jan 27", "Fri 29 Jan 27"]
    );
    assert_eq!(
        days("FREQ=MONTHLY;BYDAY=5SU;COUNT=2", "2026-12-01 09:00"),
        ["Sun 31 Jan 27", "Sun 30 May 27"]
    );
    // Without days, those of the start.
    assert_eq!(days("FREQ=WEEKLY;COUNT=2", "2026-12-01 09:00"), ["Tue 1 Dec 26", "Tue 8 Dec 26"]);
    assert_eq!(days("FREQ=MONTHLY;COUNT=2", "2026-12-01 09:00"), ["Tue 1 Dec 26", "Fri 1 Jan 27"]);
}

#[test]
fn exceptions_are_left_out_and_count() {
    let text = "freq=daily;count=4\nexdate;value=date:20261202\r\nEXDATE;TZID=Asia/Dhaka:20261203T090000";
    assert_eq!(days(text, "2026-12-01 09:00"), ["Tue 1 Dec 26", "Fri 4 Dec 26"]);
    // Three in the night UTC is nine in Dhaka; another time of that day is not the session's.
    let text = "FREQ=DAILY;COUNT=3\nEXDATE:20261202T030000Z,20261203T080000";
    assert_eq!(days(text, "2026-12-01 09:00"), ["Tue 1 Dec 26", "Thu 3 Dec 26"]);
}

#[test]
fn the_last_day_is_included() {
    let until = |text: &str| days(&format!("FREQ=DAILY;UNTIL={text}"), "2026-12-01 09:00").len();
    assert_eq!(until("20261203"), 3);
    assert_eq!(until("20261203T090000"), 3);
    assert_eq!(until("20261203T085959"), 2);
    assert_eq!(until("20261203T030000Z"), 3);
    assert_eq!(until("20261203T025959Z"), 2);
    assert_eq!(until("20261130"), 0);
}

#[test]
fn anything_else_is_refused_with_what_is_accepted() {
    for text in [
        "",
        "FREQ=YEARLY",
        "FREQ=HOURLY;COUNT=3",
        "COUNT=3",
        "weekly",
        "FREQ=WEEKLY;BYSETPOS=1;BYDAY=MO",
        "FREQ=WEEKLY;",
        "FREQ=WEEKLY;WKST=SU;BYDAY=MO",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=MONTHLY;BYMONTH=1;BYMONTHDAY=1",
        "DTSTART:20261201T090000",
        "RDATE:20261201",
        "FREQ=DAILY\nEXDATE;X=1:20261201",
        "FREQ=DAILY\nEXDATE",
    ] {
        let error = refused(text);
        assert!(error.to_string().contains("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10"), "{text}: {error}");
    }
    for (text, error) in [
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", RuleError::TwoEnds),
        ("FREQ=DAILY;COUNT=0", RuleError::Count),
        ("FREQ=DAILY;COUNT=+3", RuleError::Count),
        ("FREQ=DAILY;COUNT=1001", RuleError::Count),
        ("FREQ=DAILY;COUNT=", RuleError::Count),
        ("FREQ=DAILY;INTERVAL=0", RuleError::Interval),
        ("FREQ=DAILY;INTERVAL=1000", RuleError::Interval),
        ("FREQ=DAILY;INTERVAL=99999999999", RuleError::Interval),
        ("FREQ=DAILY;COUNT=1;COUNT=1", RuleError::Twice("COUNT")),
        ("FREQ=DAILY\nFREQ=DAILY", RuleError::Twice("RRULE")),
        ("FREQ=DAILY;BYDAY=MO", RuleError::Weekdays),
        ("FREQ=WEEKLY;BYDAY=", RuleError::Weekdays),
        ("FREQ=WEEKLY;BYDAY=1MO", RuleError::Weekdays),
        ("FREQ=WEEKLY;BYDAY=XX", RuleError::Weekdays),
        ("FREQ=WEEKLY;BYDAY=MO;BYMONTHDAY=1", RuleError::MonthDays),
        ("FREQ=MONTHLY;BYDAY=MO", RuleError::Weekdays),
        ("FREQ=MONTHLY;BYDAY=6MO", RuleError::Weekdays),
        ("FREQ=MONTHLY;BYDAY=0MO", RuleError::Weekdays),
        ("FREQ=MONTHLY;BYDAY=é", RuleError::Weekdays),
        ("FREQ=MONTHLY;BYMONTHDAY=0", RuleError::MonthDays),
        ("FREQ=MONTHLY;BYMONTHDAY=32", RuleError::MonthDays),
        ("FREQ=MONTHLY;BYMONTHDAY=300", RuleError::MonthDays),
        ("FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=1", RuleError::TwoChoices),
        ("FREQ=DAILY;UNTIL=20270231", RuleError::Moment("20270231".to_owned())),
        ("FREQ=DAILY;UNTIL=2027-01-01", RuleError::Moment("2027-01-01".to_owned())),
        ("FREQ=DAILY;UNTIL=20270101T250000", RuleError::Moment("20270101T250000".to_owned())),
        ("FREQ=DAILY;UNTIL=00000101", RuleError::Moment("00000101".to_owned())),
        (
            "FREQ=DAILY\nEXDATE;TZID=Europe/London:20261201T090000",
            RuleError::Zone("EUROPE/LONDON".to_owned()),
        ),
    ] {
        assert_eq!(refused(text), error, "{text}");
    }
}

#[test]
fn a_rule_that_fits_no_day_comes_to_an_end() {
    // Every second February has no 31st day either.
    assert!(days("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "2027-02-01 09:00").is_empty());
}

#[test]
fn rules_are_said_in_words() {
    let said = |text: &str| words(&read(text, "2026-12-01 09:00", Tz::Asia__Dhaka).rule).to_string();
    assert_eq!(said("FREQ=DAILY"), "Every day");
    assert_eq!(said("FREQ=DAILY;INTERVAL=3;COUNT=1"), "Every 3 days, once");
    assert_eq!(
        said("FREQ=WEEKLY;BYDAY=FR,MO,WE;COUNT=10"),
        "Every week on Monday, Wednesday and Friday, 10 times"
    );
    assert_eq!(
        said("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;UNTIL=20270331"),
        "Every 2 weeks on Sunday, until 31 March 2027"
    );
    assert_eq!(
        said("FREQ=MONTHLY;BYMONTHDAY=-1,15,-2"),
        "Every month on day 15, day 2 from the end and the last day"
    );
    assert_eq!(
        said("FREQ=MONTHLY;INTERVAL=6;BYDAY=2TU,-1FR,-2MO"),
        "Every 6 months on the second Tuesday, Monday number 2 from the end and the last Friday"
    );
}

#[test]
fn calendars_get_the_end_in_utc() {
    let rule = |text: &str, zone| read(text, "2026-12-01 09:00", zone).rule.for_calendars(zone, &IanaZones);
    assert_eq!(rule("FREQ=DAILY;UNTIL=20261231", Tz::Asia__Dhaka), "FREQ=DAILY;UNTIL=20261231T175959Z");
    assert_eq!(
        rule("FREQ=DAILY;UNTIL=20270701T090000", Tz::Europe__London),
        "FREQ=DAILY;UNTIL=20270701T080000Z"
    );
    assert_eq!(rule("FREQ=DAILY;COUNT=3", Tz::Asia__Dhaka), "FREQ=DAILY;COUNT=3");
}

fn on_a_day_of(rule: &Rule, start: NaiveDateTime, local: NaiveDateTime) -> bool {
    let (day, first) = (local.date(), start.date());
    let interval = i64::from(rule.interval());
    let months =
        i64::from((day.year() - first.year()) * 12) + i64::from(day.month()) - i64::from(first.month());
    match rule.pattern() {
        Pattern::Daily => (day - first).num_days() % interval == 0,
        Pattern::Weekly(days) => {
            let weeks =
                (day.week(Weekday::Mon).first_day() - first.week(Weekday::Mon).first_day()).num_weeks();
            days.contains(day.weekday()) && weeks % interval == 0
        }
        Pattern::MonthlyByDay(days) => {
            let from_end = i64::from(day.day()) - i64::from(day.num_days_in_month()) - 1;
            months % interval == 0
                && days.iter().any(|wanted| {
                    i64::from(*wanted) == i64::from(day.day()) || i64::from(*wanted) == from_end
                })
        }
        Pattern::MonthlyByWeekday(days) => {
            let (forth, back) = places(day);
            months % interval == 0
                && days.iter().any(|wanted| {
                    wanted.weekday == day.weekday() && (wanted.nth == forth || wanted.nth == back)
                })
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same(recurrence in a_recurrence(), start in a_start(), zone in a_zone()) {
        let printed = recurrence.to_string();
        prop_assert_eq!(Recurrence::read(&printed, start, zone, &IanaZones).unwrap(), recurrence);
    }

    #[test]
    fn no_text_makes_reading_panic(text in ".{0,60}", start in a_start()) {
        let _read = Recurrence::read(&text, start, Tz::UTC, &IanaZones);
        let _read = Recurrence::read(&format!("FREQ=MONTHLY;BYDAY={text}"), start, Tz::UTC, &IanaZones);
        let _read = Recurrence::read(&format!("FREQ=DAILY\nEXDATE:{text}"), start, Tz::UTC, &IanaZones);
    }

    /// Day by day beside the rule: all its days, and none else, in order, up to its end.
    #[test]
    fn exactly_the_days_of_the_rule_come(rule in a_rule(), start in a_start()) {
        let found: Vec<NaiveDateTime> = rule.occurrences(start).take(40).collect();
        let last = found.last().copied().unwrap_or(start).min(start + Days::new(6000));
        let mut expected: Vec<NaiveDateTime> = start
            .date()
            .iter_days()
            .map(|day| day.and_time(start.time()))
            .take_while(|local| *local <= last)
            .filter(|local| on_a_day_of(&rule, start, *local))
            .filter(|local| !matches!(rule.end(), End::Until(until) if until.is_before(*local)))
            .collect();
        if let End::Count(count) = rule.end() {
            expected.truncate(count as usize);
            prop_assert!(found.len() <= count as usize);
        }
        let within: Vec<NaiveDateTime> = found.iter().copied().filter(|local| *local <= last).collect();
        prop_assert_eq!(within, expected);
    }

    #[test]
    fn every_rule_has_words(rule in a_rule()) {
        let said = words(&rule);
        prop_assert!(said.key().is_some());
        prop_assert!(!said.contains('{'), "{}", &*said);
    }
}
