//! The days a calendar shows: a month in whole weeks, one week, or days from one on.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use chrono_tz::Tz;

/// How much a calendar shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// The weeks of a month.
    #[default]
    Month,
    /// Seven days.
    Week,
    /// Two weeks from a day on, day by day.
    List,
}

impl Extent {
    /// The word in an address.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
            Self::List => "list",
        }
    }

    /// Reads the word in an address.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Month, Self::Week, Self::List].into_iter().find(|one| one.as_str() == word)
    }
}

/// Days in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The day it was opened on.
    pub on: NaiveDate,
    /// How much it shows.
    pub extent: Extent,
    /// The first day shown.
    pub first: NaiveDate,
    /// How many days are shown: whole weeks but in a list.
    pub days: u32,
}

/// Days of a list.
const LISTED: u32 = 14;

impl Sheet {
    /// The sheet with a day on it. `None` for days at the very ends of time.
    #[must_use]
    pub fn with(on: NaiveDate, extent: Extent, week_begins: Weekday) -> Option<Self> {
        let (first, days) = match extent {
            Extent::List => (on, LISTED),
            Extent::Week => (on.week(week_begins).checked_first_day()?, 7),
            Extent::Month => {
                let begins = on.with_day(1)?;
                let first = begins.week(week_begins).checked_first_day()?;
                let last = begins.checked_add_months(Months::new(1))?.pred_opt()?;
                let last = last.week(week_begins).checked_last_day()?;
                (first, u32::try_from((last - first).num_days() + 1).ok()?)
            }
        };
        // Neighbours are asked for when it is shown.
        let sheet = Self { on, extent, first, days };
        sheet.before()?;
        sheet.after()?;
        Some(sheet)
    }

    /// Every day shown.
    pub fn all(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        self.first.iter_days().take(self.days as usize)
    }

    /// The first day behind the sheet.
    #[must_use]
    pub fn end(&self) -> NaiveDate {
        self.first + Days::new(u64::from(self.days))
    }

    /// A day on the sheet before.
    #[must_use]
    pub fn before(&self) -> Option<NaiveDate> {
        match self.extent {
            Extent::Month => self.on.with_day(1)?.checked_sub_months(Months::new(1)),
            Extent::Week | Extent::List => self.first.checked_sub_days(Days::new(u64::from(self.days))),
        }
    }

    /// A day on the next sheet.
    #[must_use]
    pub fn after(&self) -> Option<NaiveDate> {
        match self.extent {
            Extent::Month => self.on.with_day(1)?.checked_add_months(Months::new(1)),
            Extent::Week | Extent::List => self.first.checked_add_days(Days::new(u64::from(self.days))),
        }
    }

    /// Whether a day belongs to what the sheet is about: not so the days that fill up a month's first and last week.
    #[must_use]
    pub fn is_about(&self, day: NaiveDate) -> bool {
        self.extent != Extent::Month || (day.year(), day.month()) == (self.on.year(), self.on.month())
    }
}

/// The day on which people in a zone begin their week.
///
/// After the Unicode CLDR's week data by territory, for the zones of the territories that do not begin on Monday; Bangladesh
/// begins with its working week, on Saturday.
#[must_use]
pub fn week_begins(zone: Tz) -> Weekday {
    let name = zone.name();
    match name {
        "Asia/Dhaka" | "Africa/Cairo" | "Africa/Algiers" | "Africa/Tripoli" | "Africa/Khartoum"
        | "Asia/Kabul" | "Asia/Baghdad" | "Asia/Amman" | "Asia/Kuwait" | "Asia/Bahrain" | "Asia/Qatar"
        | "Asia/Damascus" | "Asia/Tehran" | "Asia/Muscat" => Weekday::Sat,
        "Asia/Tokyo"
        | "Asia/Seoul"
        | "Asia/Kolkata"
        | "Asia/Calcutta"
        | "Asia/Karachi"
        | "Asia/Kathmandu"
        | "Asia/Riyadh"
        | "Asia/Jerusalem"
        | "Asia/Hong_Kong"
        | "Asia/Taipei"
        | "Asia/Manila"
        | "Asia/Jakarta"
        | "Asia/Singapore"
        | "Asia/Bangkok"
        | "Africa/Johannesburg"
        | "Africa/Nairobi"
        | "Europe/Lisbon"
        | "Pacific/Honolulu" => Weekday::Sun,
        _ if name.starts_with("America/") || name.starts_with("US/") => Weekday::Sun,
        _ => Weekday::Mon,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn november_in_dhaka_begins_on_a_saturday_of_october() {
        let sheet = Sheet::with(day("2026-11-21"), Extent::Month, week_begins(Tz::Asia__Dhaka)).unwrap();
        assert_eq!((sheet.first, sheet.days, sheet.end()), (day("2026-10-31"), 35, day("2026-12-05")));
        assert_eq!((sheet.before(), sheet.after()), (Some(day("2026-10-01")), Some(day("2026-12-01"))));
        assert!(!sheet.is_about(day("2026-10-31")) && sheet.is_about(day("2026-11-30")));
    }

    #[test]
    fn a_week_has_seven_days_and_a_list_begins_on_its_day() {
        let week = Sheet::with(day("2026-11-21"), Extent::Week, week_begins(Tz::Europe__London)).unwrap();
        assert_eq!((week.first, week.days, week.after()), (day("2026-11-16"), 7, Some(day("2026-11-23"))));
        let list = Sheet::with(day("2026-11-21"), Extent::List, Weekday::Mon).unwrap();
        assert_eq!((list.first, list.days, list.before()), (day("2026-11-21"), 14, Some(day("2026-11-07"))));
        assert!(list.is_about(day("2026-12-01")));
    }

    proptest! {
        #[test]
        fn a_month_is_whole_weeks_with_all_its_days(days in 0i32..200_000, begins in 0u8..7) {
            let on = NaiveDate::from_num_days_from_ce_opt(600_000 + days).unwrap();
            let begins = Weekday::try_from(begins).unwrap();
            let sheet = Sheet::with(on, Extent::Month, begins).unwrap();
            prop_assert!(sheet.days.is_multiple_of(7) && sheet.days <= 42 && sheet.first.weekday() == begins);
            let about = sheet.all().filter(|day| sheet.is_about(*day)).count();
            let last = on.with_day(1).unwrap() + Months::new(1);
            prop_assert_eq!(about as i64, (last - on.with_day(1).unwrap()).num_days());
        }

        #[test]
        fn no_day_makes_it_panic(days in i32::MIN..i32::MAX, begins in 0u8..7) {
            if let Some(on) = NaiveDate::from_num_days_from_ce_opt(days) {
                for extent in [Extent::Month, Extent::Week, Extent::List] {
                    let sheet = Sheet::with(on, extent, Weekday::try_from(begins).unwrap());
                    prop_assert!(sheet.is_none_or(|sheet| sheet.all().count() == sheet.days as usize));
                }
            }
        }
    }
}
