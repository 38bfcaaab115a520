//! Times as people write them in forms: a date, a time on the clock and a zone.

use chrono::{DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// Zones offered in forms beside the organization's own: one for each usual offset and large country.
pub const OFFERED: &[&str] = &[
    "Pacific/Auckland",
    "Australia/Sydney",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Jakarta",
    "Asia/Dhaka",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Karachi",
    "Asia/Dubai",
    "Asia/Riyadh",
    "Europe/Istanbul",
    "Africa/Nairobi",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Europe/Athens",
    "Europe/Berlin",
    "Africa/Lagos",
    "Europe/London",
    "UTC",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
];

/// The instant of a local time. A time that happens twice (clocks go back) is the first of the two; one that never
/// happens (clocks go forward) is moved forward by the length of the gap.
#[must_use]
pub fn instant_of(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => {
            // The offset that held before the gap says how far forward: no gap is longer than a day.
            let before = (1..=48)
                .find_map(|hours| zone.from_local_datetime(&(local - Duration::hours(hours))).latest());
            let offset = before.map_or(0, |at| at.offset().fix().local_minus_utc());
            (local - Duration::seconds(i64::from(offset))).and_utc()
        }
    }
}

/// Whether the clocks never show this time: they are set forward over it.
#[must_use]
pub fn is_skipped(local: NaiveDateTime, zone: Tz) -> bool {
    zone.from_local_datetime(&local) == LocalResult::None
}

/// The first instant of a day.
#[must_use]
pub fn start_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    instant_of(day.and_time(NaiveTime::MIN), zone)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use chrono::SecondsFormat;

    use super::*;

    fn at(local: &str, zone: &str) -> String {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        instant_of(local, zone.parse().unwrap()).to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    #[test]
    fn a_usual_time_is_what_the_clock_says() {
        assert_eq!(at("2026-11-24 09:00", "Asia/Dhaka"), "2026-11-24T03:00:00Z");
        assert_eq!(at("2026-11-24 09:00", "UTC"), "2026-11-24T09:00:00Z");
    }

    #[test]
    fn a_time_in_the_gap_moves_forward_by_the_gap() {
        // 02:30 does not happen on 29 March 2026 in Berlin: 03:30 summer time is 01:30 UTC.
        assert_eq!(at("2026-03-29 02:30", "Europe/Berlin"), "2026-03-29T01:30:00Z");
        // Half an hour on Lord Howe Island: 02:15 becomes 02:45 at +11:00.
        assert_eq!(at("2026-10-04 02:15", "Australia/Lord_Howe"), "2026-10-03T15:45:00Z");
        // Samoa skipped the whole of 30 December 2011.
        assert_eq!(at("2011-12-30 10:00", "Pacific/Apia"), "2011-12-30T20:00:00Z");
    }

    #[test]
    fn a_time_that_happens_twice_is_the_first() {
        // 02:30 happens on 25 October 2026 in Berlin at +02:00, then at +01:00.
        assert_eq!(at("2026-10-25 02:30", "Europe/Berlin"), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn every_zone_offered_is_known() {
        for zone in OFFERED {
            assert!(zone.parse::<Tz>().is_ok(), "{zone}");
        }
        assert_eq!(
            start_of(NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(), "Asia/Dhaka".parse().unwrap()),
            "2026-11-20T18:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
    }
}
