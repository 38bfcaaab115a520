//! How a connection to a platform stood, day by day.

use chrono::{DateTime, Utc};

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The platform accepts it.
    Works,
    /// It must be connected again.
    Lost,
    /// There is none, because nobody wants one.
    Gone,
}

/// A moment from which on a connection stood in a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When.
    pub at: DateTime<Utc>,
    /// How, from then on.
    pub to: Standing,
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

/// The days between some edges, which are in order: one day less than edges. `turns` are in order too. Before the first of them
/// nothing was connected if it says that something works now, and something worked if it says that it no longer does. Without any,
/// every day is as it is `now`.
#[must_use]
pub fn days(turns: &[Turn], now: Standing, edges: &[DateTime<Utc>]) -> Vec<DayState> {
    let before = match turns.first() {
        Some(Turn { to: Standing::Works, .. }) => Standing::Gone,
        Some(_) => Standing::Works,
        None => now,
    };
    edges
        .windows(2)
        .map(|day| {
            let (from, to) = (day[0], day[1]);
            let at_first = turns.iter().take_while(|turn| turn.at <= from).last();
            let at_first = at_first.map_or(before, |turn| turn.to);
            let within = turns.iter().filter(|turn| from < turn.at && turn.at < to);
            let (mut worked, mut lost) = (false, false);
            for standing in std::iter::once(at_first).chain(within.map(|turn| turn.to)) {
                worked |= standing == Standing::Works;
                lost |= standing == Standing::Lost;
            }
            match (worked, lost) {
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

    use super::{
        DayState::{Broke, Down, Unconnected, Worked},
        Standing::{Gone, Lost, Works},
        *,
    };

    fn hour(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn edges(days: i64) -> Vec<DateTime<Utc>> {
        (0..=days).map(|day| hour(day * 24)).collect()
    }

    fn turn(at: i64, to: Standing) -> Turn {
        Turn { at: hour(at), to }
    }

    #[test]
    fn a_grant_that_ends_and_is_renewed_two_days_later() {
        let turns = [turn(30, Works), turn(60, Lost), turn(105, Works)];
        assert_eq!(days(&turns, Works, &edges(6)), [Unconnected, Worked, Broke, Down, Broke, Worked]);
        assert_eq!(days(&turns[1..], Works, &edges(4)), [Worked, Worked, Broke, Down]);
        assert_eq!((days(&[], Works, &edges(1)), days(&[], Lost, &edges(1))), (vec![Worked], vec![Down]));
        assert_eq!(days(&[turn(24, Lost)], Lost, &edges(2)), [Worked, Down], "at midnight");
        assert!(days(&[], Works, &[]).is_empty());
    }

    #[test]
    fn who_disconnects_is_not_down() {
        let turns = [turn(-90, Works), turn(30, Gone), turn(80, Works)];
        assert_eq!(days(&turns, Works, &edges(4)), [Worked, Worked, Unconnected, Worked]);
        let asked_again = [turn(-90, Works), turn(30, Works)];
        assert_eq!(days(&asked_again, Works, &edges(3)), [Worked, Worked, Worked]);
    }

    proptest! {
        /// What an hour-by-hour look says, the days say.
        #[test]
        fn days_are_what_their_hours_are(
            turns in proptest::collection::btree_map(0_i64..240, prop_oneof![Just(Works), Just(Lost), Just(Gone)], 1..8),
        ) {
            let turns: Vec<Turn> = turns.into_iter().map(|(at, to)| turn(at, to)).collect();
            let first = if turns[0].to == Works { Gone } else { Works };
            let state = |at: i64| turns.iter().rev().find(|turn| turn.at <= hour(at)).map_or(first, |turn| turn.to);
            for (day, said) in days(&turns, Gone, &edges(10)).into_iter().enumerate() {
                let hours: Vec<Standing> = (0..24).map(|hour| state(i64::try_from(day).unwrap() * 24 + hour)).collect();
                prop_assert_eq!(said, match (hours.contains(&Works), hours.contains(&Lost)) {
                    (true, true) => Broke,
                    (true, false) => Worked,
                    (false, true) => Down,
                    (false, false) => Unconnected,
                });
            }
        }
    }
}
