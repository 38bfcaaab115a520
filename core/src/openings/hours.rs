//! Hours of the week and of single days, on the clock on the wall.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::text::plain_digit;

/// The end of a day, in minutes.
const WHOLE_DAY: u16 = 24 * 60;

/// A time of day to the minute, `24:00` among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockTime(u16);

impl ClockTime {
    /// Minutes since midnight.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// This time of a day; `24:00` is the next day's begin.
    #[must_use]
    pub fn on(self, day: NaiveDate) -> NaiveDateTime {
        let day = if self.0 >= WHOLE_DAY { day.checked_add_days(Days::new(1)).unwrap_or(day) } else { day };
        let minutes = u32::from(self.0 % WHOLE_DAY);
        day.and_time(NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap_or(NaiveTime::MIN))
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> Self {
        time.to_string()
    }
}

impl TryFrom<String> for ClockTime {
    type Error = HoursError;

    fn try_from(text: String) -> Result<Self, HoursError> {
        text.parse()
    }
}

impl FromStr for ClockTime {
    type Err = HoursError;

    /// `09:00`, `9:00`, `9` or `24:00`.
    fn from_str(text: &str) -> Result<Self, HoursError> {
        let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "00"));
        let number = |part: &str, digits: usize| {
            let plain = (1..=digits).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (Some(hour), Some(minute)) = (number(hour, 2), number(minute, 2)) else {
            return Err(HoursError::Unreadable);
        };
        let minutes = hour * 60 + minute;
        (minute < 60 && minutes <= WHOLE_DAY).then_some(Self(minutes)).ok_or(HoursError::Unreadable)
    }
}

/// From a time of day until another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hours {
    /// The first minute.
    pub from: ClockTime,
    /// The minute behind the last.
    pub to: ClockTime,
}

impl Hours {
    /// How many minutes on the clock.
    #[must_use]
    pub fn minutes(self) -> i64 {
        i64::from(self.to.minutes()) - i64::from(self.from.minutes())
    }
}

/// Why hours make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Not as hours are written.
    #[error("Write hours as 09:00-12:00, several with commas between.")]
    Unreadable,
    /// The end comes before the begin.
    #[error("The end must come after the begin. A day ends at 24:00.")]
    Backwards,
    /// Two spans share time.
    #[error("Two spans of one day overlap.")]
    Overlapping,
}

impl Hours {
    /// The hours of one day in order.
    ///
    /// # Errors
    /// [`HoursError::Backwards`] and [`HoursError::Overlapping`].
    pub fn of_a_day(mut hours: Vec<Self>) -> Result<Vec<Self>, HoursError> {
        if hours.iter().any(|span| span.from >= span.to) {
            return Err(HoursError::Backwards);
        }
        hours.sort();
        if hours.windows(2).any(|two| two[1].from < two[0].to) {
            return Err(HoursError::Overlapping);
        }
        Ok(hours)
    }

    /// Reads `09:00-12:00, 14:00–17:00` as people type it, in the digits they have; nothing at all is a day without hours. An end of
    /// `00:00` is the end of the day.
    ///
    /// # Errors
    /// [`HoursError`].
    pub fn read(text: &str) -> Result<Vec<Self>, HoursError> {
        let plain: String = text.chars().map(plain_digit).collect();
        let spans = plain.split([',', ';']).map(str::trim).filter(|span| !span.is_empty());
        let read = spans.map(|span| {
            let (from, to) = span.split_once(['-', '–', '—']).ok_or(HoursError::Unreadable)?;
            let to: ClockTime = to.parse()?;
            let to = if to.0 == 0 { ClockTime(WHOLE_DAY) } else { to };
            Ok(Self { from: from.parse()?, to })
        });
        Self::of_a_day(read.collect::<Result<_, _>>()?)
    }

    /// What [`Hours::read`] reads.
    #[must_use]
    pub fn written(hours: &[Self]) -> String {
        hours.iter().map(|span| format!("{}-{}", span.from, span.to)).collect::<Vec<_>>().join(", ")
    }
}

/// The hours of every day: by weekday, unless the day has its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// From Monday on.
    pub weekly: [Vec<Hours>; 7],
    /// Days with other hours; without any: closed.
    pub exceptions: BTreeMap<NaiveDate, Vec<Hours>>,
}

impl Availability {
    /// The hours of a day.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> &[Hours] {
        let weekday = day.weekday().num_days_from_monday() as usize;
        let usual = self.weekly.get(weekday).map(Vec::as_slice).unwrap_or_default();
        self.exceptions.get(&day).map_or(usual, Vec::as_slice)
    }

    /// Reads exceptions, one a line: `2026-12-24` (closed) or `2026-12-31 10:00-12:00`. The number of the first line that says
    /// something else otherwise.
    ///
    /// # Errors
    /// The line, from 1 on.
    pub fn read_exceptions(text: &str) -> Result<BTreeMap<NaiveDate, Vec<Hours>>, usize> {
        let mut exceptions = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let line: String = line.trim().chars().map(plain_digit).collect();
            if line.is_empty() {
                continue;
            }
            let (day, hours) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
            let day: NaiveDate = day.parse().map_err(|_| at + 1)?;
            let hours = Hours::read(hours).map_err(|_| at + 1)?;
            if exceptions.insert(day, hours).is_some() {
                return Err(at + 1);
            }
        }
        Ok(exceptions)
    }

    /// What [`Availability::read_exceptions`] reads.
    #[must_use]
    pub fn written_exceptions(&self) -> String {
        let line = |(day, hours): (&NaiveDate, &Vec<Hours>)| {
            format!("{day} {}", Hours::written(hours)).trim_end().to_owned()
        };
        self.exceptions.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> Result<String, HoursError> {
        Hours::read(text).map(|hours| Hours::written(&hours))
    }

    #[test]
    fn hours_are_read_as_people_type_them() {
        assert_eq!(written(" 14:00–17:30, 9-12 ").unwrap(), "09:00-12:00, 14:00-17:30");
        assert_eq!(written("২০:০০-২২:৩০").unwrap(), "20:00-22:30");
        assert_eq!(written("18:00-00:00").unwrap(), "18:00-24:00");
        assert_eq!(written("").unwrap(), "");
        for (wrong, why) in [
            ("nine to five", HoursError::Unreadable),
            ("09:00", HoursError::Unreadable),
            ("09:60-10:00", HoursError::Unreadable),
            ("25:00-26:00", HoursError::Unreadable),
            ("12:00-09:00", HoursError::Backwards),
            ("09:00-11:00, 10:00-12:00", HoursError::Overlapping),
        ] {
            assert_eq!(Hours::read(wrong), Err(why), "{wrong}");
        }
    }

    #[test]
    fn a_day_of_its_own_counts_before_its_weekday() {
        let nine = Hours::read("9-12").unwrap();
        let mut hours = Availability { weekly: std::array::from_fn(|_| nine.clone()), ..Default::default() };
        hours.exceptions = Availability::read_exceptions("2026-12-24\n\n2026-12-31 10:00-11:00\n").unwrap();
        let on = |text: &str| Hours::written(hours.on(text.parse().unwrap()));
        assert_eq!(
            [on("2026-12-23"), on("2026-12-24"), on("2026-12-31")],
            ["09:00-12:00", "", "10:00-11:00"]
        );
        assert_eq!(hours.written_exceptions(), "2026-12-24\n2026-12-31 10:00-11:00");
        assert_eq!(Availability::read_exceptions("2026-12-24\n2026-13-01"), Err(2));
        assert_eq!(Availability::read_exceptions("2026-12-24\n2026-12-24 9-10"), Err(2), "twice");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(times in prop::collection::btree_set(0_u16..=WHOLE_DAY, 0..8)) {
            let times: Vec<_> = times.into_iter().map(ClockTime).collect();
            let hours: Vec<_> = times.chunks_exact(2).map(|two| Hours { from: two[0], to: two[1] }).collect();
            prop_assert_eq!(Hours::read(&Hours::written(&hours)), Ok(hours.clone()));
            let json = serde_json::to_string(&hours).unwrap();
            prop_assert_eq!(serde_json::from_str::<Vec<Hours>>(&json).unwrap(), hours);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _hours = Hours::read(&text);
            let _days = Availability::read_exceptions(&text);
        }
    }
}
