//! Windows' names of time zones, and times without an offset.

use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

/// Windows' name and its zone. Graph takes IANA names as well.
const WINDOWS: &[(&str, Tz)] = &[
    ("UTC", Tz::UTC),
    ("GMT Standard Time", Tz::Europe__London),
    ("W. Europe Standard Time", Tz::Europe__Berlin),
    ("Central European Standard Time", Tz::Europe__Warsaw),
    ("Bangladesh Standard Time", Tz::Asia__Dhaka),
    ("India Standard Time", Tz::Asia__Kolkata),
    ("Tokyo Standard Time", Tz::Asia__Tokyo),
    ("Eastern Standard Time", Tz::America__New_York),
    ("Pacific Standard Time", Tz::America__Los_Angeles),
];

pub(crate) fn zone(name: &str) -> Option<Tz> {
    let windows = WINDOWS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, zone)| *zone);
    windows.or_else(|| name.parse().ok())
}

/// A `dateTimeTimeZone`, and the name of its zone.
pub(crate) fn read(value: &Value) -> Option<(DateTime<Utc>, String)> {
    let name = value["timeZone"].as_str().unwrap_or("UTC");
    let text = value["dateTime"].as_str()?.trim_end_matches('Z');
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .ok()?;
    let at = zone(name)?.from_local_datetime(&local).earliest()?;
    Some((at.to_utc(), name.to_owned()))
}

/// The same in an answer.
pub(crate) fn write(at: DateTime<Utc>, name: &str) -> Value {
    let zone = zone(name).unwrap_or(Tz::UTC);
    json!({
        "dateTime": at.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S.0000000").to_string(), "timeZone": name,
    })
}

/// The zone of `Prefer: outlook.timezone="…"`, or UTC.
pub(crate) fn preferred(prefer: &str) -> &str {
    let asked = prefer.split_once("outlook.timezone=\"").and_then(|(_, rest)| rest.split('"').next());
    asked.filter(|name| zone(name).is_some()).unwrap_or("UTC")
}

pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    // Seven digits, as Graph writes them.
    format!("{}0Z", at.format("%Y-%m-%dT%H:%M:%S%.6f"))
}
