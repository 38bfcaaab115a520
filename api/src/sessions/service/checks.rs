//! What a session may be: how long, when, in which zone, called what.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use crate::error::FieldError;

/// Longest session.
pub const LONGEST_MINUTES: i64 = 24 * 60;

/// Whether a session can be so long.
pub fn check_length(minutes: i64, errors: &mut Vec<FieldError>) -> bool {
    let right = (1..=LONGEST_MINUTES).contains(&minutes);
    if !right {
        errors.push(FieldError::new("duration_minutes", "Between 1 and 1440 minutes."));
    }
    right
}

pub(in crate::sessions) fn check_time(
    starts_at: DateTime<Utc>,
    minutes: i64,
    now: DateTime<Utc>,
    errors: &mut Vec<FieldError>,
) {
    if !check_length(minutes, errors) {
        return;
    }
    // First: behind the end of all years nothing can be added.
    if starts_at > now + Duration::days(5 * 366) {
        errors.push(FieldError::new("starts_at", "At most five years ahead."));
    } else if starts_at + Duration::minutes(minutes) <= now {
        errors.push(FieldError::new("starts_at", "This time has passed. Choose a time to come."));
    }
}

pub(in crate::sessions) fn check_zone(zone: Option<&str>, errors: &mut Vec<FieldError>) {
    if zone.is_some_and(|zone| zone.parse::<Tz>().is_err()) {
        errors.push(FieldError::new("time_zone", "Use an IANA zone such as Asia/Dhaka."));
    }
}

pub(super) fn checked_title(title: &str, errors: &mut Vec<FieldError>) -> Option<String> {
    crate::people::service::one_line(title, 200)
        .map_err(|message| errors.push(FieldError::new("title", message)))
        .ok()
}
