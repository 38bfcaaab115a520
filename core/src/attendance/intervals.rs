//! Stretches of time: union, clipping, length. Two devices at once are one person once.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// From one instant up to another, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// First instant.
    pub from: DateTime<Utc>,
    /// Last instant; not before `from`.
    pub to: DateTime<Utc>,
}

impl Interval {
    /// An end before the beginning becomes an empty interval at the beginning.
    #[must_use]
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, to: to.max(from) }
    }

    /// How long it is.
    #[must_use]
    pub fn length(&self) -> TimeDelta {
        self.to - self.from
    }

    /// The part inside `window`. `None` when nothing is: touching an edge is outside,
    /// but a single instant inside stays, because somebody was seen then.
    #[must_use]
    pub fn clip(&self, window: Self) -> Option<Self> {
        let (from, to) = (self.from.max(window.from), self.to.min(window.to));
        let instant_inside = self.from == self.to && from == to;
        (from < to || instant_inside).then_some(Self { from, to })
    }

    /// Whether one interval of a [`union`] holds all of this one.
    #[must_use]
    pub fn is_within(&self, union: &[Self]) -> bool {
        union.iter().any(|outer| outer.from <= self.from && self.to <= outer.to)
    }
}

/// The same instants as disjoint intervals in order; touching ones become one.
#[must_use]
pub fn union(intervals: impl IntoIterator<Item = Interval>) -> Vec<Interval> {
    let mut sorted: Vec<Interval> = intervals.into_iter().collect();
    sorted.sort_unstable();
    let mut merged: Vec<Interval> = Vec::with_capacity(sorted.len());
    for next in sorted {
        match merged.last_mut() {
            Some(last) if next.from <= last.to => last.to = last.to.max(next.to),
            _ => merged.push(next),
        }
    }
    merged
}

/// Whole seconds of a [`union`], rounded down once, over the sum.
#[must_use]
pub fn seconds(union: &[Interval]) -> u32 {
    let total: TimeDelta = union.iter().map(Interval::length).sum();
    u32::try_from(total.num_seconds().max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn between(from: i64, to: i64) -> Interval {
        Interval::new(at(from), at(to))
    }

    fn intervals() -> impl Strategy<Value = Vec<Interval>> {
        prop::collection::vec(
            (0i64..200, 0i64..60).prop_map(|(from, length)| between(from, from + length)),
            0..20,
        )
    }

    /// The slow way: looks at each second.
    fn seconds_one_by_one(of: &[Interval], window: Interval) -> u32 {
        let inside = |second: &i64| {
            let (a, b) = (at(*second), at(*second + 1));
            window.from <= a && b <= window.to && of.iter().any(|i| i.from <= a && b <= i.to)
        };
        u32::try_from((0..400).filter(inside).count()).unwrap()
    }

    #[test]
    fn a_reversed_interval_is_empty() {
        assert_eq!(between(50, 10).length(), TimeDelta::zero());
    }

    #[test]
    fn touching_the_window_is_outside_and_an_instant_inside_is_seen() {
        let window = between(10, 20);
        assert_eq!(between(0, 10).clip(window), None);
        assert_eq!(between(20, 30).clip(window), None);
        assert_eq!(between(15, 15).clip(window), Some(between(15, 15)));
        assert_eq!(between(5, 5).clip(window), None);
    }

    #[test]
    fn parts_of_a_second_round_down_once() {
        let half = TimeDelta::milliseconds(600);
        let parts = [Interval::new(at(0), at(0) + half), Interval::new(at(10), at(10) + half)];
        assert_eq!(seconds(&union(parts)), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn a_union_counts_each_second_once(all in intervals(), from in 0i64..100, length in 1i64..150) {
            let window = between(from, from + length);
            let merged = union(all.iter().filter_map(|i| i.clip(window)));
            prop_assert_eq!(seconds(&merged), seconds_one_by_one(&all, window));
            prop_assert!(i64::from(seconds(&merged)) <= length);
            prop_assert!(merged.windows(2).all(|pair| pair[0].to < pair[1].from));
            prop_assert_eq!(union(merged.clone()), merged);
        }

        #[test]
        fn order_and_repetition_change_nothing(all in intervals()) {
            let mut again = all.clone();
            again.reverse();
            again.extend(all.iter().copied());
            prop_assert_eq!(union(again), union(all));
        }
    }
}
