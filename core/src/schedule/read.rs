//! RFC 5545's words to a rule: `FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10`, with or without `RRULE:`, and `EXDATE` lines.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc, Weekday, WeekdaySet};
use chrono_tz::Tz;

use super::{
    rule::{End, LARGEST_COUNT, Moment, NthWeekday, Pattern, Recurrence, Rule, RuleError},
    zones::Zones,
};

/// The parts of an `RRULE` as written.
#[derive(Default)]
struct Parts<'a> {
    freq: Option<&'a str>,
    interval: Option<&'a str>,
    count: Option<&'a str>,
    until: Option<&'a str>,
    weekdays: Option<&'a str>,
    month_days: Option<&'a str>,
}

impl Recurrence {
    /// Reads a rule for sessions that begin at `start` on the clocks of `zone`. Capitals do not matter.
    ///
    /// As the RFC has it, `WEEKLY` and `MONTHLY` without days take those of the start. An `UNTIL` or `EXDATE` in UTC becomes the
    /// time on the class's clock at that instant: only the wall clock is kept.
    ///
    /// # Errors
    /// [`RuleError`], which says what is accepted.
    pub fn read(text: &str, start: NaiveDateTime, zone: Tz, zones: &dyn Zones) -> Result<Self, RuleError> {
        let upper = text.trim().to_ascii_uppercase();
        let mut rule = None;
        let mut except = BTreeSet::new();
        for line in upper.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(dates) = line.strip_prefix("EXDATE") {
                read_exceptions(dates, line, zone, zones, &mut except)?;
            } else if rule.is_some() {
                return Err(RuleError::Twice("RRULE"));
            } else {
                let line = line.strip_prefix("RRULE:").unwrap_or(line);
                rule = Some(read_rule(line, start, zone, zones)?);
            }
        }
        if except.len() > LARGEST_COUNT as usize {
            return Err(RuleError::TooManyExceptions);
        }
        Ok(Self { rule: rule.ok_or(RuleError::Frequency)?, except })
    }
}

fn once<'a>(place: &mut Option<&'a str>, name: &'static str, value: &'a str) -> Result<(), RuleError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(RuleError::Twice(name)),
    }
}

fn read_rule(line: &str, start: NaiveDateTime, zone: Tz, zones: &dyn Zones) -> Result<Rule, RuleError> {
    let mut parts = Parts::default();
    for part in line.split(';') {
        let (name, value) = part.split_once('=').ok_or_else(|| RuleError::Unknown(part.to_owned()))?;
        match name {
            "FREQ" => once(&mut parts.freq, "FREQ", value)?,
            "INTERVAL" => once(&mut parts.interval, "INTERVAL", value)?,
            "COUNT" => once(&mut parts.count, "COUNT", value)?,
            "UNTIL" => once(&mut parts.until, "UNTIL", value)?,
            "BYDAY" => once(&mut parts.weekdays, "BYDAY", value)?,
            "BYMONTHDAY" => once(&mut parts.month_days, "BYMONTHDAY", value)?,
            _ => return Err(RuleError::Unknown(part.to_owned())),
        }
    }
    let interval = match parts.interval {
        Some(text) => number(text).ok_or(RuleError::Interval)?,
        None => 1,
    };
    let end = match (parts.count, parts.until) {
        (Some(_), Some(_)) => return Err(RuleError::TwoEnds),
        (Some(count), None) => End::Count(number(count).ok_or(RuleError::Count)?),
        (None, Some(until)) => End::Until(moment(until, zone, zones)?),
        (None, None) => End::Never,
    };
    Rule::new(pattern(&parts, start)?, interval, end)
}

fn pattern(parts: &Parts<'_>, start: NaiveDateTime) -> Result<Pattern, RuleError> {
    match (parts.freq.ok_or(RuleError::Frequency)?, parts.weekdays, parts.month_days) {
        ("DAILY", None, None) => Ok(Pattern::Daily),
        ("DAILY", Some(_), _) => Err(RuleError::Weekdays),
        ("DAILY" | "WEEKLY", _, Some(_)) => Err(RuleError::MonthDays),
        ("WEEKLY", None, None) => Ok(Pattern::Weekly(WeekdaySet::single(start.weekday()))),
        ("WEEKLY", Some(days), None) => days
            .split(',')
            .map(|day| weekday(day).ok_or(RuleError::Weekdays))
            .collect::<Result<WeekdaySet, _>>()
            .map(Pattern::Weekly),
        ("MONTHLY", None, None) => {
            Ok(Pattern::MonthlyByDay(BTreeSet::from([i8::try_from(start.day()).unwrap_or(1)])))
        }
        ("MONTHLY", Some(_), Some(_)) => Err(RuleError::TwoChoices),
        ("MONTHLY", Some(days), None) => days
            .split(',')
            .map(|day| nth_weekday(day).ok_or(RuleError::Weekdays))
            .collect::<Result<Vec<_>, _>>()
            .map(Pattern::MonthlyByWeekday),
        ("MONTHLY", None, Some(days)) => days
            .split(',')
            .map(|day| signed(day).ok_or(RuleError::MonthDays))
            .collect::<Result<BTreeSet<_>, _>>()
            .map(Pattern::MonthlyByDay),
        _ => Err(RuleError::Frequency),
    }
}

fn read_exceptions(
    dates: &str,
    line: &str,
    zone: Tz,
    zones: &dyn Zones,
    except: &mut BTreeSet<Moment>,
) -> Result<(), RuleError> {
    let (parameters, values) = dates.split_once(':').ok_or_else(|| RuleError::Unknown(line.to_owned()))?;
    for parameter in parameters.split(';').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("TZID", name)) if name.eq_ignore_ascii_case(zone.name()) => {}
            Some(("TZID", name)) => return Err(RuleError::Zone(name.to_owned())),
            Some(("VALUE", "DATE" | "DATE-TIME")) => {}
            _ => return Err(RuleError::Unknown(line.to_owned())),
        }
    }
    for value in values.split(',') {
        except.insert(moment(value, zone, zones)?);
    }
    Ok(())
}

/// Digits only: `u32::from_str` also takes a plus.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn signed(text: &str) -> Option<i8> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    i8::try_from(number(digits)?).ok().map(|number| sign * number)
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

fn nth_weekday(text: &str) -> Option<NthWeekday> {
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    Some(NthWeekday { nth: signed(nth)?, weekday: weekday(day)? })
}

fn moment(text: &str, zone: Tz, zones: &dyn Zones) -> Result<Moment, RuleError> {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let read = match text.len() {
        8 if digits(0..8) => NaiveDate::parse_from_str(text, "%Y%m%d").ok().map(Moment::Day),
        15 if digits(0..8) && digits(9..15) => {
            NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok().map(Moment::Time)
        }
        16 if digits(0..8) && digits(9..15) => {
            NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok().map(|utc| {
                Moment::Time(zones.local_of(zone, DateTime::<Utc>::from_naive_utc_and_offset(utc, Utc)))
            })
        }
        _ => None,
    };
    read.filter(|moment| (1..=9999).contains(&moment.day().year()))
        .ok_or_else(|| RuleError::Moment(text.to_owned()))
}
