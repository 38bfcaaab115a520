//! Ids in the order they are made, also within one millisecond, so that tables grow at their end.

use std::sync::{Arc, Mutex, PoisonError};

use lectern_core::{clock::Clock, random::Randomness};
use uuid::Uuid;

/// Makes UUIDs of version 7 whose order is the order of making in this process.
#[derive(Clone, Debug)]
pub struct IdSource {
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    /// Milliseconds and a 12-bit counter, as one number.
    last: Arc<Mutex<u64>>,
}

impl IdSource {
    /// Over the given clock and source of randomness.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { clock, randomness, last: Arc::default() }
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> Uuid {
        let now = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0) << 12;
        let ticket = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = now.max(*last + 1);
            *last
        };
        let mut tail: [u8; 10] = self.randomness.bytes();
        let counter = (ticket & 0xFFF).to_be_bytes();
        tail[0] = counter[6];
        tail[1] = counter[7];
        uuid::Builder::from_unix_timestamp_millis(ticket >> 12, &tail).into_uuid()
    }
}

/// Ids as the JSON list that `… in (select …)` statements take: one text on both engines.
#[must_use]
pub fn json_list(ids: impl IntoIterator<Item = Uuid>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| format!("\"{}\"", id.simple())).collect();
    format!("[{}]", ids.join(","))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use lectern_core::{clock::FixedClock, random::SystemRandomness};

    use super::*;

    #[test]
    fn ids_of_one_millisecond_are_in_order_and_distinct() {
        let clock = FixedClock::at(DateTime::UNIX_EPOCH + chrono::Duration::days(20_000));
        let source = IdSource::new(Arc::new(clock), Arc::new(SystemRandomness));
        let ids: Vec<_> = (0..10_000).map(|_| source.next()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids[0].get_version_num(), 7);
    }
}
