//! How a connection to a platform stood, day by day.

use chrono::{DateTime, Utc};

/// A moment at which a connection began to work, or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it works from then on.
    pub works: bool,
}

/// How a day was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayState {
    /// Nothing was connected yet.
    Unconnected,
    /// It worked whenever it was connected.
    Worked,
    /// It stopped, or worked again, in the course of the day.
    Broke,
    /// It did not work all day.
    Down,
}

/// The days between some edges, which are in order: one day less than edges. `turns` are in order too; before the first of them
/// it was the other way about, except that what began to work for the first time was not connected before. Without any, every
/// day is as it is now.
#[must_use]
pub fn days(turns: &[Turn], works_now: bool, edges: &[DateTime<Utc>]) -> Vec<DayState> {
    let before = match turns.first() {
        Some(first) => (!first.works).then_some(true),
        None => Some(works_now),
    };
    edges
        .windows(2)
        .map(|day| {
            let (from, to) = (day[0], day[1]);
            let at_first = turns.iter().take_while(|turn| turn.at <= from).last();
            let at_first = at_first.map_or(before, |turn| Some(turn.works));
            let within = turns.iter().filter(|turn| from < turn.at && turn.at < to);
            let states = std::iter::once(at_first).chain(within.map(|turn| Some(turn.works)));
            let (mut worked, mut down) = (false, false);
            for state in states {
                worked |= state == Some(true);
                down |= state == Some(false);
            }
            match (worked, down) {
                (false, false) => DayState::Unconnected,
                (true, false) => DayState::Worked,
                (true, true) => DayState::Broke,
                (false, true) => DayState::Down,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn hour(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn edges(days: i64) -> Vec<DateTime<Utc>> {
        (0..=days).map(|day| hour(day * 24)).collect()
    }

    fn turn(at: i64, works: bool) -> Turn {
        Turn { at: hour(at), works }
    }

    #[test]
    fn a_grant_that_ends_and_is_renewed_two_days_later() {
        use DayState::{Broke, Down, Unconnected, Worked};
        let turns = [turn(30, true), turn(60, false), turn(105, true)];
        assert_eq!(days(&turns, true, &edges(6)), [Unconnected, Worked, Broke, Down, Broke, Worked]);
        assert_eq!(days(&turns[1..], true, &edges(4)), [Worked, Worked, Broke, Down]);
        assert_eq!((days(&[], true, &edges(1)), days(&[], false, &edges(1))), (vec![Worked], vec![Down]));
        assert_eq!(days(&[turn(24, false)], false, &edges(2)), [Worked, Down], "at midnight");
        assert!(days(&[], true, &[]).is_empty());
    }

    proptest! {
        /// What an hour-by-hour look says, the days say.
        #[test]
        fn days_are_what_their_hours_are(turns in proptest::collection::btree_map(0_i64..240, any::<bool>(), 0..8), now in any::<bool>()) {
            let turns: Vec<Turn> = turns.into_iter().map(|(at, works)| turn(at, works)).collect();
            let first = turns.first().map_or(Some(now), |first| (!first.works).then_some(true));
            let state = |at: i64| turns.iter().rev().find(|turn| turn.at <= hour(at)).map_or(first, |turn| Some(turn.works));
            for (day, said) in days(&turns, now, &edges(10)).into_iter().enumerate() {
                let hours: Vec<Option<bool>> = (0..24).map(|hour| state(i64::try_from(day).unwrap() * 24 + hour)).collect();
                let has = |what| hours.contains(&Some(what));
                prop_assert_eq!(said, match (has(true), has(false)) {
                    (true, true) => DayState::Broke,
                    (true, false) => DayState::Worked,
                    (false, true) => DayState::Down,
                    (false, false) => DayState::Unconnected,
                });
            }
        }
    }
}
