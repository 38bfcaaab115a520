//! When a delivery is tried again, and when an endpoint is given up.

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::random::Randomness;
use lectern_providers::layer;

/// The pauses after the first try, the second and so on, in seconds; after the last there is none.
const PAUSES: [i64; 9] = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];
/// The longest pause a receiver is given when it asks for one.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(24 * 3600);
/// An endpoint that only failed for so long is disabled.
pub(super) const PATIENCE: TimeDelta = TimeDelta::days(5);

/// When a delivery that failed for the `tries`th time is tried again; `None`: no more. Up to a tenth longer than the plan,
/// so that what failed together does not come back together.
pub(super) fn next(
    tries: i64,
    asked_for: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    randomness: &dyn Randomness,
) -> Option<DateTime<Utc>> {
    let pause = *PAUSES.get(usize::try_from(tries - 1).ok()?)?;
    let millis = u64::try_from(pause * 1000).unwrap_or(0);
    let jitter = i64::try_from(randomness.below(millis / 10)).unwrap_or(0);
    let planned = now + TimeDelta::seconds(pause) + TimeDelta::milliseconds(jitter);
    Some(asked_for.map_or(planned, |asked| asked.max(planned)))
}

/// Until when a receiver wants to be left alone, by its `Retry-After`; at most a day.
pub(super) fn asked_for(header: Option<&str>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let header = header?;
    let pause = layer::retry_after(Some(header), now, std::time::Duration::ZERO, LONGEST);
    let pause = TimeDelta::from_std(pause).unwrap_or_default();
    (pause > TimeDelta::zero()).then(|| now + pause)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use lectern_core::random::SeededRandomness;

    use super::*;

    #[test]
    fn ten_tries_over_three_days_each_pause_longer_with_a_little_chance() {
        let chance = SeededRandomness::new(3);
        let now: DateTime<Utc> = "2026-11-27T00:00:00Z".parse().unwrap();
        let mut before = TimeDelta::zero();
        for (tries, pause) in (1..).zip(PAUSES) {
            let waits = next(tries, None, now, &chance).unwrap() - now;
            let planned = TimeDelta::seconds(pause);
            assert!(waits >= planned && waits < planned * 11 / 10 && waits > before, "{tries}: {waits}");
            before = waits;
        }
        assert_eq!(next(10, None, now, &chance), None);
    }

    #[test]
    fn a_receiver_is_left_alone_as_long_as_it_asks_but_a_day_at_most() {
        let chance = SeededRandomness::new(3);
        let now: DateTime<Utc> = "2026-11-27T00:00:00Z".parse().unwrap();
        let waits = |header| asked_for(header, now).map(|until| until - now);
        assert_eq!(waits(None), None);
        assert_eq!(waits(Some("nonsense")), None);
        assert_eq!(waits(Some("120")), Some(TimeDelta::minutes(2)));
        assert_eq!(waits(Some("Fri, 27 Nov 2026 01:00:00 GMT")), Some(TimeDelta::hours(1)));
        assert_eq!(waits(Some("999999999")), Some(TimeDelta::hours(24)));
        let hour = Some(now + TimeDelta::hours(1));
        assert_eq!(next(1, hour, now, &chance), hour);
        assert!(next(5, hour, now, &chance) > hour);
    }
}
