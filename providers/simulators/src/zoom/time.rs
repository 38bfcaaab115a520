//! Zoom's ways of writing times.

use chrono::{DateTime, LocalResult, NaiveDateTime, SecondsFormat, TimeZone as _, Utc};
use chrono_tz::Tz;

/// `2026-11-21T18:00:00Z`.
pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Reads a start time: with `Z` it is UTC, without it is local in the zone, and an offset is read as UTC (a known trap).
pub(crate) fn read(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let clock = text.get(..19)?;
    let naive = NaiveDateTime::parse_from_str(clock, "%Y-%m-%dT%H:%M:%S").ok()?;
    match text.get(19..)? {
        "" => local(naive, zone),
        rest if rest == "Z" || rest.starts_with(['+', '-', '.']) => Some(naive.and_utc()),
        _ => None,
    }
}

/// A local time; one that a clock change skips moves on by an hour, one that exists twice is the first.
pub(crate) fn local(naive: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&naive) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => {
            let later = naive + chrono::TimeDelta::hours(1);
            zone.from_local_datetime(&later).earliest().map(|at| at.with_timezone(&Utc))
        }
    }
}
