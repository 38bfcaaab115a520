//! Time as an argument.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Duration, SubsecRound, TimeDelta, Utc};

/// Tells the time. Passed in wherever "now" matters, so that a test or the demo can move it.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present instant, at microsecond precision (PostgreSQL keeps no finer one).
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still until somebody moves it: for tests.
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    /// Starts at the given instant.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Arc::new(AtomicI64::new(now.timestamp_micros())))
    }

    /// Moves the clock; a negative duration moves it back.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }

    /// Puts the clock at an instant.
    pub fn set(&self, now: DateTime<Utc>) {
        self.0.store(now.timestamp_micros(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}

/// Another clock, shifted by an adjustable amount: the demo's clock, which the simulators can advance.
#[derive(Clone, Debug)]
pub struct ShiftedClock {
    base: Arc<dyn Clock>,
    shift_micros: Arc<AtomicI64>,
}

impl ShiftedClock {
    /// Starts without a shift.
    #[must_use]
    pub fn new(base: Arc<dyn Clock>) -> Self {
        Self { base, shift_micros: Arc::new(AtomicI64::new(0)) }
    }

    /// The instant of the clock underneath.
    #[must_use]
    pub fn base_now(&self) -> DateTime<Utc> {
        self.base.now()
    }

    /// Takes the shift away: from now on this clock tells the time of the one underneath.
    pub fn catch_up(&self) {
        self.shift_micros.store(0, Ordering::SeqCst);
    }

    /// Moves this clock, and all its clones, ahead.
    pub fn advance(&self, by: Duration) {
        self.shift_micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> DateTime<Utc> {
        self.base.now() + TimeDelta::microseconds(self.shift_micros.load(Ordering::SeqCst))
    }
}
