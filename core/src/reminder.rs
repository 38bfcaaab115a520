//! When a reminder is due, and when it comes too late.

use chrono::{DateTime, Duration, Utc};

/// Where a reminder stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Its time has not come.
    NotYet,
    /// It goes out.
    Now,
    /// Half of its lead is gone, or the session was scheduled when its time had passed: another mail has just said the same.
    TooLate,
}

/// Whether a reminder `lead` before `starts_at` goes out now, for a session that is in the timetable since `scheduled_at`.
#[must_use]
pub fn due(starts_at: DateTime<Utc>, lead: Duration, scheduled_at: DateTime<Utc>, now: DateTime<Utc>) -> Due {
    let at = starts_at - lead;
    if now < at {
        Due::NotYet
    } else if scheduled_at > at || now - at > lead / 2 || now >= starts_at {
        Due::TooLate
    } else {
        Due::Now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minute)
    }

    #[test]
    fn half_an_hour_before_and_not_in_the_last_quarter() {
        let half = Duration::minutes(30);
        let stand = |now| due(at(100), half, at(0), at(now));
        assert_eq!(
            [stand(69), stand(70), stand(85), stand(86), stand(100), stand(200)],
            [Due::NotYet, Due::Now, Due::Now, Due::TooLate, Due::TooLate, Due::TooLate]
        );
    }

    #[test]
    fn whoever_was_just_told_is_not_reminded() {
        assert_eq!(due(at(100), Duration::minutes(30), at(80), at(80)), Due::TooLate);
        assert_eq!(due(at(100), Duration::minutes(30), at(70), at(70)), Due::Now);
    }
}
