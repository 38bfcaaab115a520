//! A rule to times on the clock on the wall: no zone, no instant.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, Weekday};

use super::rule::{End, NthWeekday, Pattern, Recurrence, Rule};

/// No timetable reaches further, and rules that fit no date end here.
const LAST_YEAR: i32 = 9999;

impl Rule {
    /// The times of a rule, from `start` on, in order. The start itself is one of them only if the rule says so; what it gives
    /// besides the first day are its time on the clock and the week or month from which an interval counts.
    #[must_use]
    pub fn occurrences(&self, start: NaiveDateTime) -> Occurrences<'_> {
        Occurrences { rule: self, start, period: 0, days: Vec::new().into_iter(), given: 0 }
    }
}

impl Recurrence {
    /// The times of the rule without what is left out. Exceptions count for `COUNT`.
    pub fn occurrences(&self, start: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> + '_ {
        let left_out = |local: NaiveDateTime| self.except.iter().any(|moment| moment.covers(local));
        self.rule.occurrences(start).filter(move |local| !left_out(*local))
    }
}

/// See [`Rule::occurrences`].
#[derive(Clone, Debug)]
pub struct Occurrences<'a> {
    rule: &'a Rule,
    start: NaiveDateTime,
    period: u32,
    days: std::vec::IntoIter<NaiveDate>,
    given: u32,
}

impl Occurrences<'_> {
    /// The days of the next period, in order; `None` behind the last year.
    fn next_days(&mut self) -> Option<Vec<NaiveDate>> {
        let first = self.start.date();
        let steps = self.period.checked_mul(self.rule.interval())?;
        self.period = self.period.checked_add(1)?;
        let days = match self.rule.pattern() {
            Pattern::Daily => vec![first.checked_add_days(Days::new(steps.into()))?],
            Pattern::Weekly(days) => {
                let monday = first.week(Weekday::Mon).checked_first_day()?;
                let monday = monday.checked_add_days(Days::new(u64::from(steps) * 7))?;
                days.iter(Weekday::Mon)
                    .filter_map(|day| monday.checked_add_days(Days::new(day.num_days_from_monday().into())))
                    .collect()
            }
            Pattern::MonthlyByDay(days) => {
                let month = first.with_day(1)?.checked_add_months(Months::new(steps))?;
                let found: BTreeSet<NaiveDate> =
                    days.iter().filter_map(|day| day_of_month(month, *day)).collect();
                return (month.year() <= LAST_YEAR).then(|| found.into_iter().collect());
            }
            Pattern::MonthlyByWeekday(days) => {
                let month = first.with_day(1)?.checked_add_months(Months::new(steps))?;
                let found: BTreeSet<NaiveDate> =
                    days.iter().filter_map(|day| weekday_of_month(month, *day)).collect();
                return (month.year() <= LAST_YEAR).then(|| found.into_iter().collect());
            }
        };
        days.first().is_some_and(|day| day.year() <= LAST_YEAR).then_some(days)
    }
}

impl Iterator for Occurrences<'_> {
    type Item = NaiveDateTime;

    fn next(&mut self) -> Option<NaiveDateTime> {
        if matches!(self.rule.end(), End::Count(count) if self.given >= count) {
            return None;
        }
        let day = loop {
            match self.days.next() {
                Some(day) if day >= self.start.date() => break day,
                Some(_) => {}
                None => self.days = self.next_days()?.into_iter(),
            }
        };
        let local = day.and_time(self.start.time());
        if matches!(self.rule.end(), End::Until(until) if until.is_before(local)) {
            return None;
        }
        self.given += 1;
        Some(local)
    }
}

fn days_in(month: NaiveDate) -> i8 {
    i8::try_from(month.num_days_in_month()).unwrap_or(31)
}

/// The day of a month, from its begin or its end; `None` where the month is too short.
fn day_of_month(month: NaiveDate, day: i8) -> Option<NaiveDate> {
    let day = if day > 0 { day } else { days_in(month) + 1 + day };
    month.with_day(u32::try_from(day).ok()?)
}

fn weekday_of_month(month: NaiveDate, day: NthWeekday) -> Option<NaiveDate> {
    if day.nth > 0 {
        return NaiveDate::from_weekday_of_month_opt(
            month.year(),
            month.month(),
            day.weekday,
            day.nth.unsigned_abs(),
        );
    }
    let last = month.with_day(month.num_days_in_month().into())?;
    let back = last.weekday().days_since(day.weekday) + 7 * (u32::from(day.nth.unsigned_abs()) - 1);
    last.checked_sub_days(Days::new(back.into())).filter(|found| found.month() == month.month())
}
