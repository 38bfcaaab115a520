use std::time::Duration;

use lectern_core::provider::Call;
use tokio::time::Instant;

/// The time one use of a provider still has: a [`Call`] that has begun. All requests of that use share it.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    until: Instant,
    interactive: bool,
}

impl Allowance {
    /// Starts the call's time.
    #[must_use]
    pub fn start(call: &Call) -> Self {
        Self { until: Instant::now() + call.deadline, interactive: call.interactive }
    }

    /// Zero when the time is over.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The end, on the runtime's timer.
    #[must_use]
    pub const fn until(&self) -> Instant {
        self.until
    }

    /// Whether a person waits.
    #[must_use]
    pub const fn interactive(&self) -> bool {
        self.interactive
    }
}
