//! What is on its way to receivers: due at its time, in an order that may be mixed up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// Deliveries that wait for their time.
#[derive(Debug)]
pub(crate) struct Transit<D> {
    /// By time, for what is not due yet; then by order and number.
    waiting: BTreeMap<(DateTime<Utc>, u64, u64), D>,
    /// Due, in the order in which it goes out.
    due: BTreeMap<(u64, u64), D>,
    sequence: u64,
}

impl<D> Default for Transit<D> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), due: BTreeMap::new(), sequence: 0 }
    }
}

impl<D> Transit<D> {
    /// Sends one at a time, let by so many later ones.
    pub(crate) fn send(&mut self, at: DateTime<Utc>, overtaken_by: u64, delivery: D) {
        self.sequence += 1;
        self.waiting.insert((at, self.sequence + overtaken_by, self.sequence), delivery);
    }

    /// The next one that is due, in the (possibly mixed) order.
    pub(crate) fn take_due(&mut self, now: DateTime<Utc>) -> Option<D> {
        while let Some(entry) = self.waiting.first_entry().filter(|entry| entry.key().0 <= now) {
            let (_, order, sequence) = *entry.key();
            self.due.insert((order, sequence), entry.remove());
        }
        self.due.pop_first().map(|(_, delivery)| delivery)
    }

    /// When the next one is due.
    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.waiting.keys().next().map(|(due, ..)| *due)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.due.len()
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn who_is_overtaken_comes_later_but_nobody_before_their_time() {
        let (now, mut transit) = (DateTime::UNIX_EPOCH, Transit::default());
        transit.send(now, 2, "first");
        transit.send(now, 0, "second");
        transit.send(now, 0, "third");
        transit.send(now + Duration::minutes(1), 0, "tomorrow");
        let order: Vec<_> = std::iter::from_fn(|| transit.take_due(now)).collect();
        assert_eq!(order, ["second", "first", "third"]);
        assert_eq!((transit.len(), transit.next_due()), (1, Some(now + Duration::minutes(1))));
    }
}
