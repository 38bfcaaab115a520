//! An organization's thresholds.

use serde::{Deserialize, Serialize};

use crate::organization::Policies;

/// When somebody is late, left early, or was there too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttendancePolicy {
    /// Late: came in *more* than so many minutes after the class began.
    pub late_after_minutes: u32,
    /// Left early: went *more* than so many minutes before the class ended.
    pub left_early_before_minutes: u32,
    /// Less than this is absent.
    pub minimum_presence: MinimumPresence,
}

/// How much of a class makes somebody attend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MinimumPresence {
    /// Percent of the time the class was held; more than 100 counts as 100.
    Percent(u8),
    /// Minutes, or the whole class where it was held for less.
    Minutes(u32),
}

impl Default for AttendancePolicy {
    /// What an organization has that decided nothing.
    fn default() -> Self {
        Self::from(&Policies::default())
    }
}

impl From<&Policies> for AttendancePolicy {
    fn from(policies: &Policies) -> Self {
        let percent = u8::try_from(policies.minimum_presence_percent.min(100)).unwrap_or(100);
        Self {
            late_after_minutes: policies.late_after_minutes,
            left_early_before_minutes: policies.left_early_minutes,
            minimum_presence: MinimumPresence::Percent(percent),
        }
    }
}

impl MinimumPresence {
    /// Whether so many seconds are enough for a class held for so many. Nobody is present for nothing.
    #[must_use]
    pub fn is_met(self, seconds: u32, held_seconds: u32) -> bool {
        let (seconds, held) = (u64::from(seconds), u64::from(held_seconds));
        seconds > 0
            && match self {
                Self::Percent(percent) => seconds * 100 >= held * u64::from(percent.min(100)),
                Self::Minutes(minutes) => seconds >= (u64::from(minutes) * 60).min(held),
            }
    }
}
