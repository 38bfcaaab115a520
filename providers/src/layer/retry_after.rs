use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, Utc};

/// How long a `Retry-After` header asks us to wait: seconds, an HTTP date, or an ISO date-time (Zoom's daily limits).
/// Absent or unreadable: `usual`. Never longer than `longest`; a moment that has passed is no wait.
#[must_use]
pub fn retry_after(header: Option<&str>, now: DateTime<Utc>, usual: Duration, longest: Duration) -> Duration {
    let Some(text) = header.map(str::trim) else { return usual.min(longest) };
    let asked = text.parse::<u64>().ok().map(Duration::from_secs).or_else(|| {
        let until =
            DateTime::parse_from_rfc2822(text).or_else(|_| DateTime::parse_from_rfc3339(text)).ok()?;
        Some((until.to_utc() - now).to_std().unwrap_or_default())
    });
    asked.unwrap_or(usual).min(longest)
}

/// The next 00:00 UTC, when daily limits begin anew.
#[must_use]
pub fn next_utc_day(now: DateTime<Utc>) -> DateTime<Utc> {
    now.date_naive().checked_add_days(Days::new(1)).map_or(now, |day| day.and_time(NaiveTime::MIN).and_utc())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    const USUAL: Duration = Duration::from_secs(2);
    const LONGEST: Duration = Duration::from_secs(300);

    fn wait(header: Option<&str>) -> Duration {
        retry_after(header, "2026-11-21T09:00:00Z".parse().unwrap(), USUAL, LONGEST)
    }

    /// R-03, the reading of the header.
    #[test]
    fn r_03_every_form_of_the_header_is_read() {
        assert_eq!(wait(Some("30")), Duration::from_secs(30));
        assert_eq!(wait(Some("Sat, 21 Nov 2026 09:00:45 GMT")), Duration::from_secs(45));
        assert_eq!(wait(Some("2026-11-21T09:01:00Z")), Duration::from_secs(60));
        assert_eq!(wait(Some("2026-11-21T08:00:00Z")), Duration::ZERO);
        for nonsense in ["soon", "-5", "", "1.5", "99999999999999999999999"] {
            assert_eq!(wait(Some(nonsense)), USUAL, "{nonsense}");
        }
        assert_eq!(wait(None), USUAL);
        assert_eq!(wait(Some("86400")), LONGEST);
        assert_eq!(wait(Some("2027-01-01T00:00:00Z")), LONGEST);
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let day = next_utc_day("2026-12-31T23:59:59Z".parse().unwrap());
        assert_eq!(day, "2027-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap());
    }
}
