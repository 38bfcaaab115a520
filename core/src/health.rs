//! How well a server is, by limits that are stated beside each judgement.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How a part is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    #[default]
    Ok,
    /// It works, but somebody should look.
    Warn,
    /// It does not work.
    Bad,
}

impl State {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// From which age on something is worth a look, and from which on it is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A look.
    pub warn: TimeDelta,
    /// Bad.
    pub bad: TimeDelta,
}

impl Limits {
    /// In minutes.
    #[must_use]
    pub const fn minutes(warn: i64, bad: i64) -> Self {
        Self { warn: TimeDelta::minutes(warn), bad: TimeDelta::minutes(bad) }
    }

    /// How something is that waits since this long; nothing waits: as it should be.
    #[must_use]
    pub fn judge(&self, age: Option<TimeDelta>) -> State {
        match age {
            Some(age) if age >= self.bad => State::Bad,
            Some(age) if age >= self.warn => State::Warn,
            _ => State::Ok,
        }
    }

    /// What regular work of this period may take: three rounds and a minute, or ten rounds and five minutes.
    #[must_use]
    pub fn of_regular(period: TimeDelta) -> Self {
        Self { warn: period * 3 + TimeDelta::minutes(1), bad: period * 10 + TimeDelta::minutes(5) }
    }
}

/// How regular work is: late since it was last done, or since the process began when it never was; or failing.
#[must_use]
pub fn of_regular(
    period: TimeDelta,
    done_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> State {
    // A server that stood still is given the time to begin again.
    let since = done_at.map_or(started_at, |done| done.max(started_at));
    let late = Limits::of_regular(period).judge(Some(now - since));
    let failing = failed_at.is_some_and(|failed| done_at.is_none_or(|done| failed > done));
    if failing { late.max(State::Warn) } else { late }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_waits_longer_is_worse() {
        let limits = Limits::minutes(2, 15);
        for (minutes, state) in [(0, State::Ok), (2, State::Warn), (14, State::Warn), (15, State::Bad)] {
            assert_eq!(limits.judge(Some(TimeDelta::minutes(minutes))), state, "{minutes}");
        }
        assert_eq!(limits.judge(None), State::Ok);
    }

    #[test]
    fn a_server_that_has_just_begun_is_not_late() {
        let now: DateTime<Utc> = "2026-11-27T12:00:00Z".parse().unwrap();
        let (minute, before) = (TimeDelta::minutes(1), now - TimeDelta::days(3));
        assert_eq!(of_regular(minute, Some(before), None, now, now), State::Ok);
        assert_eq!(of_regular(minute, None, None, now - TimeDelta::minutes(4), now), State::Warn);
        assert_eq!(of_regular(minute, None, None, before, now), State::Bad);
        assert_eq!(of_regular(minute, Some(now - minute), Some(now), before, now), State::Warn, "it fails");
        assert_eq!(
            of_regular(minute, Some(now), Some(now - minute), before, now),
            State::Ok,
            "it failed once"
        );
    }

    proptest! {
        #[test]
        fn waiting_never_makes_it_better(warn in 1_i64..1_000, more in 1_i64..1_000, age in 0_i64..5_000, longer in 0_i64..5_000) {
            let limits = Limits::minutes(warn, warn + more);
            let at = |minutes| limits.judge(Some(TimeDelta::minutes(minutes)));
            prop_assert!(at(age) <= at(age + longer));
        }
    }
}
