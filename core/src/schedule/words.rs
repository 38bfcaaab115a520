//! A rule for people: "Every week on Monday and Wednesday, 10 times".

use chrono::{Datelike, NaiveDate, Weekday};

use super::rule::{End, NthWeekday, Pattern, Rule};
use crate::sentence::Sentence;

/// The rule in a sentence without a full stop; pages say it in the reader's language.
#[must_use]
pub fn words(rule: &Rule) -> Sentence {
    let said = match (rule.pattern(), rule.interval()) {
        (Pattern::Daily, 1) => Sentence::known("rule.daily", "Every day"),
        (Pattern::Daily, _) => Sentence::known("rule.daily_n", "Every {n} days"),
        (Pattern::Weekly(_), 1) => Sentence::known("rule.weekly", "Every week on {days}"),
        (Pattern::Weekly(_), _) => Sentence::known("rule.weekly_n", "Every {n} weeks on {days}"),
        (_, 1) => Sentence::known("rule.monthly", "Every month on {days}"),
        _ => Sentence::known("rule.monthly_n", "Every {n} months on {days}"),
    };
    let said = if rule.interval() == 1 { said } else { said.with("n", rule.interval().to_string()) };
    let said = match rule.pattern() {
        Pattern::Daily => said,
        Pattern::Weekly(days) => said.with("days", list(days.iter(Weekday::Mon).map(weekday).collect())),
        Pattern::MonthlyByDay(days) => {
            // From the begin of the month to its end: 1, 15, then the last but one, the last.
            let (back, forth): (Vec<i8>, Vec<i8>) = days.iter().partition(|day| **day < 0);
            said.with("days", list(forth.into_iter().chain(back).map(month_day).collect()))
        }
        Pattern::MonthlyByWeekday(days) => said.with("days", list(days.iter().map(nth_weekday).collect())),
    };
    match rule.end() {
        End::Never => said,
        End::Count(1) => Sentence::known("rule.once", "{rule}, once").with("rule", said),
        End::Count(count) => Sentence::known("rule.times", "{rule}, {count} times")
            .with("rule", said)
            .with("count", count.to_string()),
        End::Until(moment) => Sentence::known("rule.until", "{rule}, until {date}")
            .with("rule", said)
            .with("date", date(moment.day())),
    }
}

/// "Monday, Wednesday and Friday".
fn list(mut items: Vec<Sentence>) -> Sentence {
    let Some(last) = items.pop() else { return Sentence::from("") };
    let Some(before) = items.pop() else { return last };
    let end = Sentence::known("rule.and", "{first} and {last}").with("first", before).with("last", last);
    items.into_iter().rev().fold(end, |rest, first| {
        Sentence::known("rule.list", "{first}, {rest}").with("first", first).with("rest", rest)
    })
}

const fn weekday(day: Weekday) -> Sentence {
    match day {
        Weekday::Mon => Sentence::known("weekday.monday", "Monday"),
        Weekday::Tue => Sentence::known("weekday.tuesday", "Tuesday"),
        Weekday::Wed => Sentence::known("weekday.wednesday", "Wednesday"),
        Weekday::Thu => Sentence::known("weekday.thursday", "Thursday"),
        Weekday::Fri => Sentence::known("weekday.friday", "Friday"),
        Weekday::Sat => Sentence::known("weekday.saturday", "Saturday"),
        Weekday::Sun => Sentence::known("weekday.sunday", "Sunday"),
    }
}

fn month_day(day: i8) -> Sentence {
    match day {
        -1 => Sentence::known("rule.last_day", "the last day"),
        ..0 => Sentence::known("rule.day_from_end", "day {n} from the end")
            .with("n", day.unsigned_abs().to_string()),
        _ => Sentence::known("rule.day", "day {n}").with("n", day.to_string()),
    }
}

fn nth_weekday(day: &NthWeekday) -> Sentence {
    let nth = match day.nth {
        1 => Sentence::known("rule.nth.first", "the first {weekday}"),
        2 => Sentence::known("rule.nth.second", "the second {weekday}"),
        3 => Sentence::known("rule.nth.third", "the third {weekday}"),
        4 => Sentence::known("rule.nth.fourth", "the fourth {weekday}"),
        5 => Sentence::known("rule.nth.fifth", "the fifth {weekday}"),
        -1 => Sentence::known("rule.nth.last", "the last {weekday}"),
        nth => Sentence::known("rule.nth.from_end", "{weekday} number {n} from the end")
            .with("n", nth.unsigned_abs().to_string()),
    };
    nth.with("weekday", weekday(day.weekday))
}

/// "31 March 2027".
fn date(day: NaiveDate) -> Sentence {
    Sentence::known("rule.date", "{day} {month} {year}")
        .with("day", day.day().to_string())
        .with("month", month(day.month()))
        .with("year", day.year().to_string())
}

const fn month(number: u32) -> Sentence {
    match number {
        1 => Sentence::known("month.1", "January"),
        2 => Sentence::known("month.2", "February"),
        3 => Sentence::known("month.3", "March"),
        4 => Sentence::known("month.4", "April"),
        5 => Sentence::known("month.5", "May"),
        6 => Sentence::known("month.6", "June"),
        7 => Sentence::known("month.7", "July"),
        8 => Sentence::known("month.8", "August"),
        9 => Sentence::known("month.9", "September"),
        10 => Sentence::known("month.10", "October"),
        11 => Sentence::known("month.11", "November"),
        _ => Sentence::known("month.12", "December"),
    }
}
