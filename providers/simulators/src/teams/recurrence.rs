//! The occurrences of a series: daily and weekly patterns, as classes have them.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeZone as _, Utc, Weekday};
use serde_json::Value;

use super::{state::Event, zones::zone};

/// The longest series that is laid out.
const MOST: usize = 800;

fn weekday(name: &str) -> Option<Weekday> {
    name.parse().ok()
}

fn week_start(day: NaiveDate, first: Weekday) -> NaiveDate {
    let back = (7 + day.weekday().num_days_from_monday() - first.num_days_from_monday()) % 7;
    day.checked_sub_days(Days::new(u64::from(back))).unwrap_or(day)
}

/// Whether a pattern can be laid out.
pub(crate) fn is_known(recurrence: &Value) -> bool {
    matches!(recurrence["pattern"]["type"].as_str(), Some("daily" | "weekly"))
        && matches!(recurrence["range"]["type"].as_str(), Some("endDate" | "noEnd" | "numbered"))
}

/// The first instants of all occurrences: the same time of day in the event's zone, over every change of the clocks.
pub(crate) fn starts(event: &Event) -> Vec<DateTime<Utc>> {
    let Some(recurrence) = &event.recurrence else { return vec![event.start] };
    let (pattern, range) = (&recurrence["pattern"], &recurrence["range"]);
    let Some(zone) = zone(&event.zone) else { return vec![event.start] };
    let local = event.start.with_timezone(&zone).naive_local();
    let interval = pattern["interval"].as_i64().unwrap_or(1).max(1);
    let first = pattern["firstDayOfWeek"].as_str().and_then(weekday).unwrap_or(Weekday::Sun);
    let days: Vec<Weekday> = pattern["daysOfWeek"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|day| weekday(day.as_str()?))
        .collect();
    let begin = local.date();
    let last: Option<NaiveDate> = match range["type"].as_str() {
        Some("endDate") => range["endDate"].as_str().and_then(|text| text.parse().ok()),
        _ => None,
    };
    let count = match range["type"].as_str() {
        Some("numbered") => range["numberOfOccurrences"].as_u64().and_then(|n| usize::try_from(n).ok()),
        _ => None,
    };
    let mut found = Vec::new();
    for day in begin.iter_days() {
        let over = last.is_some_and(|last| day > last) || (day - begin).num_days() > 2_000;
        if over || found.len() >= count.unwrap_or(MOST).min(MOST) {
            break;
        }
        let fits = if pattern["type"] == "weekly" {
            let weeks = (week_start(day, first) - week_start(begin, first)).num_days() / 7;
            weeks % interval == 0
                && (days.contains(&day.weekday()) || (days.is_empty() && day.weekday() == begin.weekday()))
        } else {
            (day - begin).num_days() % interval == 0
        };
        if fits && let Some(at) = zone.from_local_datetime(&day.and_time(local.time())).earliest() {
            found.push(at.to_utc());
        }
    }
    found
}
