//! Instants and zones in words: "Saturday 21 November, 9:00 – 9:45, Dhaka time".
//!
//! Instants come as RFC 3339 text in UTC with an IANA zone beside them, as the JSON interface gives them.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;

use crate::catalog::{Catalog, CatalogError};
use crate::lang::{Lang, Vocabulary};

/// An instant or zone that could not be put into words.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    #[error("{0:?} is not an RFC 3339 instant")]
    NotAnInstant(String),
    #[error(transparent)]
    Words(#[from] CatalogError),
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Reads an RFC 3339 instant.
///
/// # Errors
/// [`TimeError::NotAnInstant`].
pub fn instant(text: &str) -> Result<DateTime<Utc>, TimeError> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| TimeError::NotAnInstant(text.to_owned()))
}

/// A zone by its IANA name. An unknown name reads as UTC, so that a page about a class with a mistyped zone still opens.
#[must_use]
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// Puts time into the words of one language.
#[derive(Clone, Copy, Debug)]
pub struct Speaker<'a> {
    pub catalog: &'a Catalog,
    pub lang: Lang,
}

impl Speaker<'_> {
    fn word(&self, key: &str) -> Result<String, TimeError> {
        Ok(self.catalog.say(self.lang, Vocabulary::School, key, None, &|_| None)?)
    }

    fn local(at: &str, zone_name: &str) -> Result<DateTime<Tz>, TimeError> {
        Ok(instant(at)?.with_timezone(&zone(zone_name)))
    }

    /// "Saturday 21 November".
    ///
    /// # Errors
    /// When `at` is not an instant.
    pub fn day(&self, at: &str, zone_name: &str) -> Result<String, TimeError> {
        let local = Self::local(at, zone_name)?;
        Ok(self.lang.digits(&format!(
            "{} {} {}",
            self.weekday(at, zone_name)?,
            local.day(),
            self.word(&format!("month.{}", local.month()))?
        )))
    }

    /// "Saturday".
    ///
    /// # Errors
    /// When `at` is not an instant.
    pub fn weekday(&self, at: &str, zone_name: &str) -> Result<String, TimeError> {
        let local = Self::local(at, zone_name)?;
        self.word(&format!("weekday.{}", WEEKDAYS[local.weekday().num_days_from_monday() as usize]))
    }

    /// "9:00", on the 24-hour clock in both languages: axes, feeds, tables.
    ///
    /// # Errors
    /// When `at` is not an instant.
    pub fn clock(&self, at: &str, zone_name: &str) -> Result<String, TimeError> {
        let local = Self::local(at, zone_name)?;
        Ok(self.lang.digits(&format!("{}:{:02}", local.hour(), local.minute())))
    }

    /// "9:12:41".
    ///
    /// # Errors
    /// When `at` is not an instant.
    pub fn clock_s(&self, at: &str, zone_name: &str) -> Result<String, TimeError> {
        let local = Self::local(at, zone_name)?;
        Ok(self.lang.digits(&format!("{}:{:02}:{:02}", local.hour(), local.minute(), local.second())))
    }

    /// "21 November 2026, 9:12": for records that may be years old.
    ///
    /// # Errors
    /// When `at` is not an instant.
    pub fn moment(&self, at: &str, zone_name: &str) -> Result<String, TimeError> {
        let local = Self::local(at, zone_name)?;
        Ok(self.lang.digits(&format!(
            "{} {} {}, {}:{:02}",
            local.day(),
            self.word(&format!("month.{}", local.month()))?,
            local.year(),
            local.hour(),
            local.minute()
        )))
    }

    /// "21 November 2026".
    ///
    /// # Errors
    /// When `at` is not an instant.
    pub fn date(&self, at: &str, zone_name: &str) -> Result<String, TimeError> {
        let local = Self::local(at, zone_name)?;
        let month = self.word(&format!("month.{}", local.month()))?;
        Ok(self.lang.digits(&format!("{} {month} {}", local.day(), local.year())))
    }

    /// "9:00 – 9:45"; in Bengali with the part of the day, on the 12-hour clock: "সকাল ৯:০০ – ৯:৪৫".
    ///
    /// # Errors
    /// When an instant is not one.
    pub fn span(&self, from: &str, to: &str, zone_name: &str) -> Result<String, TimeError> {
        let (from, to) = (Self::local(from, zone_name)?, Self::local(to, zone_name)?);
        let text = match self.lang {
            Lang::En => {
                format!("{}:{:02} – {}:{:02}", from.hour(), from.minute(), to.hour(), to.minute())
            }
            Lang::Bn => {
                let (first, last) = (part_of_day(from.hour()), part_of_day(to.hour()));
                let mut text = format!(
                    "{} {}:{:02} – ",
                    self.word(&format!("daypart.{first}"))?,
                    twelve(from.hour()),
                    from.minute()
                );
                if first != last {
                    text.push_str(&self.word(&format!("daypart.{last}"))?);
                    text.push(' ');
                }
                text.push_str(&format!("{}:{:02}", twelve(to.hour()), to.minute()));
                text
            }
        };
        Ok(self.lang.digits(&text))
    }

    /// "Saturday 21 November, 9:00 – 9:45, Dhaka time".
    ///
    /// # Errors
    /// When an instant is not one.
    pub fn when(&self, from: &str, to: &str, zone_name: &str) -> Result<String, TimeError> {
        Ok(format!(
            "{}, {}, {}",
            self.day(from, zone_name)?,
            self.span(from, to, zone_name)?,
            self.zone_words(zone_name)?
        ))
    }

    /// "Dhaka time", "UTC".
    ///
    /// # Errors
    /// When the catalog lacks its own sentence for a zone.
    pub fn zone_words(&self, zone_name: &str) -> Result<String, TimeError> {
        let known = zone(zone_name);
        if known == Tz::UTC {
            return Ok("UTC".to_owned());
        }
        let key = format!("zone.{}", known.name());
        if self.catalog.has(&key) {
            return self.word(&key);
        }
        let city = known.name().rsplit('/').next().unwrap_or_default().replace('_', " ");
        Ok(self.catalog.say(self.lang, Vocabulary::School, "zone.other", None, &|name| {
            (name == "city").then(|| city.clone())
        })?)
    }
}

fn part_of_day(hour: u32) -> &'static str {
    match hour {
        4..6 => "dawn",
        6..12 => "morning",
        12..15 => "noon",
        15..18 => "afternoon",
        18..20 => "evening",
        _ => "night",
    }
}

fn twelve(hour: u32) -> u32 {
    match hour % 12 {
        0 => 12,
        other => other,
    }
}

/// Whole minutes between two instants, rounded down, never negative.
///
/// # Errors
/// When an instant is not one.
pub fn minutes_between(from: &str, to: &str) -> Result<i64, TimeError> {
    Ok((instant(to)? - instant(from)?).num_minutes().max(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    const FROM: &str = "2026-11-21T03:00:00Z";
    const TO: &str = "2026-11-21T03:45:00Z";

    #[test]
    fn a_class_says_when_it_is() {
        let catalog = Catalog::load().unwrap();
        let en = Speaker { catalog: &catalog, lang: Lang::En };
        let bn = Speaker { catalog: &catalog, lang: Lang::Bn };
        assert_eq!(en.when(FROM, TO, "Asia/Dhaka").unwrap(), "Saturday 21 November, 9:00 – 9:45, Dhaka time");
        assert_eq!(bn.when(FROM, TO, "Asia/Dhaka").unwrap(), "শনিবার ২১ নভেম্বর, সকাল ৯:০০ – ৯:৪৫, ঢাকার সময়");
        assert_eq!(
            en.when(FROM, TO, "America/New_York").unwrap(),
            "Friday 20 November, 22:00 – 22:45, New York time"
        );
        assert_eq!(en.when(FROM, TO, "Nowhere/Land").unwrap(), "Saturday 21 November, 3:00 – 3:45, UTC");
    }

    #[test]
    fn noon_changes_the_part_of_the_day() {
        let catalog = Catalog::load().unwrap();
        let bn = Speaker { catalog: &catalog, lang: Lang::Bn };
        assert_eq!(
            bn.span("2026-11-21T05:30:00Z", "2026-11-21T06:30:00Z", "Asia/Dhaka").unwrap(),
            "সকাল ১১:৩০ – দুপুর ১২:৩০"
        );
    }

    #[test]
    fn minutes_are_whole_and_never_negative() {
        assert_eq!(minutes_between(FROM, "2026-11-21T03:13:59Z").unwrap(), 13);
        assert_eq!(minutes_between(TO, FROM).unwrap(), 0);
        assert!(minutes_between("yesterday", TO).is_err());
    }
}
