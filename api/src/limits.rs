//! Tries within ten minutes, counted per key in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};
use lectern_core::clock::Clock;

const WINDOW: Duration = Duration::minutes(10);
/// Keys remembered at most; beyond that the stale ones go first, so that memory stays flat under a flood.
const KEYS: usize = 100_000;

/// When a key's window began, and how many tries fell into it.
type Window = (DateTime<Utc>, u32);

/// Counts tries.
#[derive(Clone, Debug)]
pub struct Limiter {
    clock: Arc<dyn Clock>,
    windows: Arc<Mutex<HashMap<String, Window>>>,
}

impl Limiter {
    /// Over the given clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, windows: Arc::default() }
    }

    /// Counts a try and says whether it is within the limit.
    ///
    /// # Errors
    /// The seconds to wait, when it is not.
    pub fn count(&self, key: &str, most: u32) -> Result<(), u64> {
        let now = self.clock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= KEYS {
            windows.retain(|_, (began, _)| *began + WINDOW > now);
            if windows.len() >= KEYS {
                windows.clear();
            }
        }
        let (began, tries) = windows.entry(key.to_owned()).or_insert((now, 0));
        if *began + WINDOW <= now {
            (*began, *tries) = (now, 0);
        }
        *tries = tries.saturating_add(1);
        if *tries <= most {
            return Ok(());
        }
        let wait = (*began + WINDOW - now).num_seconds();
        Err(u64::try_from(wait).unwrap_or(0).max(1))
    }

    /// Forgets a key: after success.
    pub fn forget(&self, key: &str) {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use lectern_core::clock::FixedClock;

    use super::*;

    #[test]
    fn tries_beyond_the_limit_wait_for_the_window_to_end() {
        let clock = FixedClock::at(DateTime::UNIX_EPOCH);
        let limiter = Limiter::new(Arc::new(clock.clone()));
        assert!((0..3).all(|_| limiter.count("a", 3).is_ok()));
        assert_eq!(limiter.count("a", 3), Err(600));
        assert!(limiter.count("b", 3).is_ok(), "others are not affected");
        clock.advance(WINDOW);
        assert!(limiter.count("a", 3).is_ok());
    }
}
