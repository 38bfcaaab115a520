//! Many durations in few words.

use std::{fmt, time::Duration};

/// Durations, to be ranked.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The duration that this share of all does not exceed.
    pub(crate) fn percentile(&mut self, percent: usize) -> Duration {
        self.0.sort_unstable();
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    /// `p50 1.2 ms, p99 3.4 ms, longest 5.6 ms`.
    pub(crate) fn sum_up(&mut self) -> String {
        let (half, most, all) = (self.percentile(50), self.percentile(99), self.percentile(100));
        format!("p50 {}, p99 {}, longest {}", Millis(half), Millis(most), Millis(all))
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        Self(times.into_iter().collect())
    }
}

/// A duration in milliseconds.
pub(crate) struct Millis(pub(crate) Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms", self.0.as_secs_f64() * 1_000.0)
    }
}

/// How many a second.
pub(crate) fn rate(count: usize, time: Duration) -> String {
    format!("{:.0}/s", f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64())
}
