//! What a rule of recurrence can say: the part of RFC 5545 that timetables need, checked once, here.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday, WeekdaySet};

/// Longest interval: a rule says "every n days, weeks or months".
pub const LONGEST_INTERVAL: u32 = 999;
/// Most occurrences a `COUNT` can ask for.
pub const LARGEST_COUNT: u32 = 1000;

/// A rule that is not one of ours. The text says what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A part that is not understood, as written.
    #[error("“{0}” is not understood. {ACCEPTED}")]
    Unknown(String),
    /// A part is there twice.
    #[error("{0} is there twice. Say it once.")]
    Twice(&'static str),
    /// `FREQ` is missing, or another one.
    #[error("FREQ must be DAILY, WEEKLY or MONTHLY. {ACCEPTED}")]
    Frequency,
    /// `INTERVAL` out of bounds.
    #[error("INTERVAL is a number from 1 to {LONGEST_INTERVAL}.")]
    Interval,
    /// `COUNT` out of bounds.
    #[error("COUNT is a number from 1 to {LARGEST_COUNT}.")]
    Count,
    /// Both ends at once.
    #[error("A rule ends by COUNT or by UNTIL, not by both. Leave one out.")]
    TwoEnds,
    /// `UNTIL` or `EXDATE` is no time.
    #[error(
        "“{0}” is not a time. Write a day such as 20270331, a time on the class's clock such as 20270331T090000, or an instant such as 20270331T030000Z."
    )]
    Moment(String),
    /// An `EXDATE` in a zone other than the series'.
    #[error("EXDATE is in the zone {0}, the sessions are not. Write it in the sessions' zone, or in UTC.")]
    Zone(String),
    /// Days of the week where they mean nothing.
    #[error("BYDAY goes with WEEKLY (MO,WE,FR) or, numbered, with MONTHLY (2TU, -1FR).")]
    Weekdays,
    /// Days of the month where they mean nothing.
    #[error("BYMONTHDAY goes with MONTHLY and is a list of days from 1 to 31, or from -1 (the last) to -31.")]
    MonthDays,
    /// Both ways to choose days of the month.
    #[error("A month's days are chosen by BYMONTHDAY or by BYDAY, not by both. Leave one out.")]
    TwoChoices,
    /// More exceptions than a series can have sessions.
    #[error("At most {LARGEST_COUNT} exceptions.")]
    TooManyExceptions,
}

/// What a rule may look like, for people who write one.
pub const ACCEPTED: &str = "Accepted: FREQ=DAILY, FREQ=WEEKLY;BYDAY=MO,WE or FREQ=MONTHLY with BYMONTHDAY=1,15 or BYDAY=2TU,-1FR; \
with INTERVAL, with COUNT or UNTIL, and EXDATE lines. For example FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10.";

/// The nth of a weekday in its month: the second Tuesday, the last Friday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NthWeekday {
    /// 1 to 5 from the month's begin, -1 to -5 from its end.
    pub nth: i8,
    /// Of which weekday.
    pub weekday: Weekday,
}

impl NthWeekday {
    /// That weekday's place in its month, from the begin.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self { nth: i8::try_from(day.day0() / 7 + 1).unwrap_or(1), weekday: day.weekday() }
    }
}

/// On which days of each period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Every day.
    Daily,
    /// These days of the week. Weeks begin on Monday.
    Weekly(WeekdaySet),
    /// These days of the month: 1 to 31, or -1 (the last) to -31. A month that lacks the day is passed over.
    MonthlyByDay(BTreeSet<i8>),
    /// These weekdays of the month, each once, in order.
    MonthlyByWeekday(Vec<NthWeekday>),
}

/// A day, or a time on the clock in the series' zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// A whole day.
    Day(NaiveDate),
    /// A time on the clock.
    Time(NaiveDateTime),
}

impl Moment {
    /// Whether a time on the clock is this one, or on this day.
    #[must_use]
    pub fn covers(self, local: NaiveDateTime) -> bool {
        match self {
            Self::Day(day) => local.date() == day,
            Self::Time(time) => local == time,
        }
    }

    /// Whether a time on the clock lies behind it; a day lasts until its end.
    #[must_use]
    pub fn is_before(self, local: NaiveDateTime) -> bool {
        match self {
            Self::Day(day) => day < local.date(),
            Self::Time(time) => time < local,
        }
    }

    /// Its day.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        match self {
            Self::Day(day) => day,
            Self::Time(time) => time.date(),
        }
    }
}

/// Where a rule ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nowhere.
    Never,
    /// After so many occurrences, exceptions counted.
    Count(u32),
    /// With this moment, included.
    Until(Moment),
}

/// A checked rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pattern: Pattern,
    interval: u32,
    end: End,
}

impl Rule {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`RuleError`] for a number out of bounds or a pattern without a day.
    pub fn new(pattern: Pattern, interval: u32, end: End) -> Result<Self, RuleError> {
        if !(1..=LONGEST_INTERVAL).contains(&interval) {
            return Err(RuleError::Interval);
        }
        if matches!(end, End::Count(count) if !(1..=LARGEST_COUNT).contains(&count)) {
            return Err(RuleError::Count);
        }
        let pattern = match pattern {
            Pattern::Daily => pattern,
            Pattern::Weekly(days) if days.is_empty() => return Err(RuleError::Weekdays),
            Pattern::Weekly(_) => pattern,
            Pattern::MonthlyByDay(days) => {
                if days.is_empty() || days.iter().any(|day| !(1..=31).contains(&day.unsigned_abs())) {
                    return Err(RuleError::MonthDays);
                }
                Pattern::MonthlyByDay(days)
            }
            Pattern::MonthlyByWeekday(mut days) => {
                if days.is_empty() || days.iter().any(|day| !(1..=5).contains(&day.nth.unsigned_abs())) {
                    return Err(RuleError::Weekdays);
                }
                days.sort_by_key(|day| (day.nth < 0, day.nth, day.weekday.num_days_from_monday()));
                days.dedup();
                Pattern::MonthlyByWeekday(days)
            }
        };
        Ok(Self { pattern, interval, end })
    }

    /// On which days.
    #[must_use]
    pub const fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Every how many days, weeks or months.
    #[must_use]
    pub const fn interval(&self) -> u32 {
        self.interval
    }

    /// Where it ends.
    #[must_use]
    pub const fn end(&self) -> End {
        self.end
    }

    /// The same days, another end.
    ///
    /// # Errors
    /// [`RuleError::Count`].
    pub fn ending(&self, end: End) -> Result<Self, RuleError> {
        Self::new(self.pattern.clone(), self.interval, end)
    }

    /// Other days, the same interval and end.
    ///
    /// # Errors
    /// [`RuleError`] for a pattern without a day.
    pub fn on(&self, pattern: Pattern) -> Result<Self, RuleError> {
        Self::new(pattern, self.interval, self.end)
    }
}

/// A rule and what it leaves out (`EXDATE`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    /// The rule.
    pub rule: Rule,
    /// Left out, though the rule says so; they count for `COUNT`.
    pub except: BTreeSet<Moment>,
}

impl From<Rule> for Recurrence {
    fn from(rule: Rule) -> Self {
        Self { rule, except: BTreeSet::new() }
    }
}
