//! From a recurrence rule to occurrences, in the meeting's own time zone so that a clock change keeps the hour.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, Utc, Weekday};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::{
    answer::Answer,
    state::Occurrence,
    time::{local, read},
};

/// A series that says no end is kept this long: about what was measured (110 weekly, 60 monthly).
const ENDLESS_WEEKLY: usize = 110;
const ENDLESS_OTHER: usize = 60;

fn number(rule: &Value, name: &str) -> Option<i64> {
    rule.get(name).and_then(Value::as_i64)
}

/// Expands a rule.
pub(crate) fn expand(
    rule: &Value,
    start: DateTime<Utc>,
    zone: Tz,
    duration: i64,
) -> Result<Vec<Occurrence>, Answer> {
    let invalid = |field: &str| Answer::invalid(&format!("recurrence.{field}"), "Invalid field.");
    let kind = number(rule, "type").filter(|kind| (1..=3).contains(kind)).ok_or_else(|| invalid("type"))?;
    let most = [90, 12, 3][usize::try_from(kind - 1).unwrap_or(0)];
    let interval = number(rule, "repeat_interval").unwrap_or(1);
    if !(1..=most).contains(&interval) {
        return Err(invalid("repeat_interval"));
    }
    let interval = u32::try_from(interval).unwrap_or(1);
    let times = number(rule, "end_times");
    if times.is_some_and(|times| !(0..=60).contains(&times)) {
        return Err(invalid("end_times"));
    }
    let until = match rule.get("end_date_time").and_then(Value::as_str) {
        Some(text) => Some(read(text, Tz::UTC).ok_or_else(|| invalid("end_date_time"))?),
        None => None,
    };
    if until.is_some() && times.is_some_and(|times| times > 0) {
        return Err(invalid("end_times"));
    }
    let endless = if kind == 2 { ENDLESS_WEEKLY } else { ENDLESS_OTHER };
    let count = match times {
        Some(times) if times > 0 => usize::try_from(times).unwrap_or(1),
        _ if until.is_some() => 400,
        _ => endless,
    };
    let first = start.with_timezone(&zone).naive_local();
    let days: Box<dyn Iterator<Item = NaiveDate>> = match kind {
        1 => Box::new(daily(first.date(), interval)),
        2 => Box::new(weekly(
            first.date(),
            interval,
            week_days(rule, first.date()).ok_or_else(|| invalid("weekly_days"))?,
        )),
        _ => Box::new(monthly(
            first.date(),
            interval,
            MonthDay::read(rule, first.date()).ok_or_else(|| invalid("monthly_day"))?,
        )),
    };
    let found = days
        .take(2_000)
        .filter_map(|day| local(NaiveDateTime::new(day, first.time()), zone))
        .take_while(|at| until.is_none_or(|until| *at <= until))
        .take(count)
        .map(|at| Occurrence {
            id: at.timestamp_millis().to_string(),
            start: at,
            duration,
            deleted: false,
            overrides: Map::new(),
        })
        .collect::<Vec<_>>();
    if found.is_empty() { Err(invalid("end_date_time")) } else { Ok(found) }
}

fn daily(first: NaiveDate, interval: u32) -> impl Iterator<Item = NaiveDate> {
    std::iter::successors(Some(first), move |day| day.checked_add_days(Days::new(u64::from(interval))))
}

/// Zoom counts Sunday as 1.
fn week_days(rule: &Value, first: NaiveDate) -> Option<Vec<Weekday>> {
    let Some(text) = rule.get("weekly_days").and_then(Value::as_str) else {
        return Some(vec![first.weekday()]);
    };
    text.split(',')
        .map(|day| match day.trim() {
            "1" => Some(Weekday::Sun),
            "2" => Some(Weekday::Mon),
            "3" => Some(Weekday::Tue),
            "4" => Some(Weekday::Wed),
            "5" => Some(Weekday::Thu),
            "6" => Some(Weekday::Fri),
            "7" => Some(Weekday::Sat),
            _ => None,
        })
        .collect()
}

fn weekly(first: NaiveDate, interval: u32, days: Vec<Weekday>) -> impl Iterator<Item = NaiveDate> {
    let back = u64::from(first.weekday().num_days_from_sunday());
    let sunday = first.checked_sub_days(Days::new(back)).unwrap_or(first);
    (0_u64..)
        .flat_map(move |week| (0_u64..7).map(move |day| week * 7 * u64::from(interval) + day))
        .map_while(move |offset| sunday.checked_add_days(Days::new(offset)))
        .filter(move |day| *day >= first && days.contains(&day.weekday()))
}

#[derive(Clone, Copy, Debug)]
enum MonthDay {
    Day(u32),
    Week(i64, Weekday),
}

impl MonthDay {
    fn read(rule: &Value, first: NaiveDate) -> Option<Self> {
        match (number(rule, "monthly_day"), number(rule, "monthly_week")) {
            (Some(day), _) => u32::try_from(day).ok().filter(|day| (1..=31).contains(day)).map(Self::Day),
            (None, Some(week)) => {
                let days = week_days(
                    &serde_json::json!({ "weekly_days": number(rule, "monthly_week_day")?.to_string() }),
                    first,
                )?;
                [-1, 1, 2, 3, 4].contains(&week).then_some(())?;
                days.first().map(|day| Self::Week(week, *day))
            }
            (None, None) => Some(Self::Day(first.day())),
        }
    }

    /// The day in a month; the 31st of a shorter month is its last day.
    fn within(self, year: i32, month: u32) -> Option<NaiveDate> {
        match self {
            Self::Day(day) => (28..=31)
                .rev()
                .find_map(|last| NaiveDate::from_ymd_opt(year, month, last))
                .and_then(|last| NaiveDate::from_ymd_opt(year, month, day.min(last.day()))),
            Self::Week(-1, day) => {
                (1..=5).rev().find_map(|week| NaiveDate::from_weekday_of_month_opt(year, month, day, week))
            }
            Self::Week(week, day) => {
                NaiveDate::from_weekday_of_month_opt(year, month, day, u8::try_from(week).ok()?)
            }
        }
    }
}

fn monthly(first: NaiveDate, interval: u32, which: MonthDay) -> impl Iterator<Item = NaiveDate> {
    let month = first.with_day(1).unwrap_or(first);
    (0_u32..)
        .map_while(move |step| month.checked_add_months(Months::new(step * interval)))
        .filter_map(move |month| which.within(month.year(), month.month()))
        .filter(move |day| *day >= first)
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Timelike as _};
    use serde_json::json;

    use super::*;

    fn dates(rule: &Value, start: DateTime<Utc>, zone: Tz) -> Vec<String> {
        expand(rule, start, zone, 60)
            .unwrap()
            .iter()
            .map(|one| one.start.format("%m-%d %H:%M").to_string())
            .collect()
    }

    #[test]
    fn a_clock_change_keeps_the_local_hour() {
        let zone: Tz = "Europe/Warsaw".parse().unwrap();
        let start = Utc.with_ymd_and_hms(2026, 10, 20, 16, 0, 0).unwrap();
        let found =
            expand(&json!({ "type": 2, "weekly_days": "3,5", "end_times": 4 }), start, zone, 60).unwrap();
        let hours = found.iter().map(|one| one.start.with_timezone(&zone).hour()).collect::<Vec<_>>();
        assert_eq!(hours, [18, 18, 18, 18]);
        assert_eq!(found[0].start.hour(), 16);
        assert_eq!(found[3].start.hour(), 17);
        assert_eq!(found[0].id, start.timestamp_millis().to_string());
    }

    #[test]
    fn daily_weekly_and_monthly_rules_expand() {
        let start = Utc.with_ymd_and_hms(2026, 1, 30, 9, 0, 0).unwrap();
        assert_eq!(
            dates(&json!({ "type": 1, "repeat_interval": 2, "end_times": 3 }), start, Tz::UTC),
            ["01-30 09:00", "02-01 09:00", "02-03 09:00"]
        );
        assert_eq!(
            dates(
                &json!({ "type": 2, "repeat_interval": 2, "weekly_days": "6", "end_date_time": "2026-03-01T00:00:00Z" }),
                start,
                Tz::UTC
            ),
            ["01-30 09:00", "02-13 09:00", "02-27 09:00"]
        );
        assert_eq!(
            dates(&json!({ "type": 3, "monthly_day": 31, "end_times": 3 }), start, Tz::UTC),
            ["01-31 09:00", "02-28 09:00", "03-31 09:00"]
        );
        assert_eq!(
            dates(
                &json!({ "type": 3, "monthly_week": -1, "monthly_week_day": 1, "end_times": 2 }),
                start,
                Tz::UTC
            ),
            ["02-22 09:00", "03-29 09:00"]
        );
    }

    #[test]
    fn both_ends_or_a_wrong_interval_are_refused() {
        let start = Utc.with_ymd_and_hms(2026, 1, 30, 9, 0, 0).unwrap();
        for rule in [
            json!({ "type": 2, "end_times": 3, "end_date_time": "2026-03-01T00:00:00Z" }),
            json!({ "type": 2, "repeat_interval": 13 }),
            json!({ "type": 4 }),
            json!({ "type": 2, "end_times": 61 }),
        ] {
            assert_eq!(expand(&rule, start, Tz::UTC, 60).unwrap_err().status, 400, "{rule}");
        }
    }
}
