//! A rule in RFC 5545's words. What is printed reads back as the same rule.

use std::fmt::{self, Display, Formatter};

use chrono::{NaiveDateTime, Weekday};
use chrono_tz::Tz;

use super::{
    rule::{End, Moment, NthWeekday, Pattern, Recurrence, Rule},
    zones::Zones,
};

/// A time on the clock: `20270331T090000`.
pub(crate) fn local(time: NaiveDateTime) -> impl Display {
    time.format("%Y%m%dT%H%M%S")
}

const fn two_letters(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

fn list<T>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            f.write_str(",")?;
        }
        each(f, item)?;
    }
    Ok(())
}

impl Display for NthWeekday {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.nth, two_letters(self.weekday))
    }
}

/// `20270331`, or on the class's clock `20270331T090000`.
impl Display for Moment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{}", day.format("%Y%m%d")),
            Self::Time(time) => write!(f, "{}", local(*time)),
        }
    }
}

/// `FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10`, an `UNTIL` on the class's clock.
impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.pattern() {
            Pattern::Daily => f.write_str("FREQ=DAILY")?,
            Pattern::Weekly(days) => {
                f.write_str("FREQ=WEEKLY;BYDAY=")?;
                list(f, days.iter(Weekday::Mon), |f, day| f.write_str(two_letters(day)))?;
            }
            Pattern::MonthlyByDay(days) => {
                f.write_str("FREQ=MONTHLY;BYMONTHDAY=")?;
                list(f, days, |f, day| day.fmt(f))?;
            }
            Pattern::MonthlyByWeekday(days) => {
                f.write_str("FREQ=MONTHLY;BYDAY=")?;
                list(f, days, |f, day| day.fmt(f))?;
            }
        }
        if self.interval() != 1 {
            write!(f, ";INTERVAL={}", self.interval())?;
        }
        match self.end() {
            End::Never => Ok(()),
            End::Count(count) => write!(f, ";COUNT={count}"),
            End::Until(moment) => write!(f, ";UNTIL={moment}"),
        }
    }
}

/// `RRULE:…` and, where something is left out, `EXDATE` lines: days and times apart, as the RFC wants them.
impl Display for Recurrence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "RRULE:{}", self.rule)?;
        let days = || self.except.iter().filter(|moment| matches!(moment, Moment::Day(_)));
        let times = || self.except.iter().filter(|moment| matches!(moment, Moment::Time(_)));
        if days().next().is_some() {
            f.write_str("\nEXDATE;VALUE=DATE:")?;
            list(f, days(), |f, day| day.fmt(f))?;
        }
        if times().next().is_some() {
            f.write_str("\nEXDATE:")?;
            list(f, times(), |f, time| time.fmt(f))?;
        }
        Ok(())
    }
}

impl Rule {
    /// As a calendar file needs it beside a `DTSTART` with a `TZID`: `UNTIL` is an instant in UTC, a day's end its last second
    /// (RFC 5545, section 3.3.10).
    #[must_use]
    pub fn for_calendars(&self, zone: Tz, zones: &dyn Zones) -> String {
        let End::Until(until) = self.end() else { return self.to_string() };
        let last = match until {
            Moment::Day(day) => day.and_hms_opt(23, 59, 59).unwrap_or_default(),
            Moment::Time(time) => time,
        };
        let text = self.to_string();
        let days = text.split_once(";UNTIL=").map_or(text.as_str(), |(days, _)| days);
        format!("{days};UNTIL={}Z", local(zones.instant_of(zone, last).naive_utc()))
    }
}
