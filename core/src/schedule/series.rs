//! A series: a start on the clock, a zone, a length and a rule; and the slots that come of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::{rule::Recurrence, zones::Zones};

/// So many slots are written out at once, however far apart they are: a usual term or course is there as a whole.
pub const AT_ONCE: usize = 60;
/// What lies behind those is written out this long ahead. A rule without end never ends otherwise.
pub const HORIZON: Duration = Duration::days(26 * 7);

/// Days on which an organization holds no class, with their names. A series passes them over; a count does not grow for it.
pub type Holidays = BTreeMap<NaiveDate, String>;

/// A recurring plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// From when on, on the clock of the zone; its time of day is that of all.
    pub start: NaiveDateTime,
    /// Whose clock.
    pub zone: Tz,
    /// How long each takes, in minutes. An hour is an hour also on the night the clocks change.
    pub minutes: u32,
    /// The rule and its exceptions.
    pub recurrence: Recurrence,
}

/// One place in a series. Its time on the clock by the rule is its name (iCalendar: RECURRENCE-ID) wherever the session in it
/// is moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The time on the clock by the rule.
    pub local: NaiveDateTime,
    /// That time's instant.
    pub starts_at: DateTime<Utc>,
    /// The end.
    pub ends_at: DateTime<Utc>,
}

impl Series {
    /// A slot of this series at a time on the clock.
    #[must_use]
    pub fn slot(&self, local: NaiveDateTime, zones: &dyn Zones) -> Slot {
        let starts_at = zones.instant_of(self.zone, local);
        Slot { local, starts_at, ends_at: starts_at + Duration::minutes(self.minutes.into()) }
    }

    /// All slots in order, holidays too. Where the clocks skip a whole day, its slot would fall on the next one's and is left out.
    pub fn slots<'a>(&'a self, zones: &'a dyn Zones) -> impl Iterator<Item = Slot> + 'a {
        let mut after = None;
        self.recurrence
            .occurrences(self.start)
            .map(|local| self.slot(local, zones))
            .filter(move |slot| after.replace(slot.starts_at).is_none_or(|before| before < slot.starts_at))
    }

    /// The slots that should be written out at an instant, those of the past included and holidays not: the first
    /// [`AT_ONCE`], and what lies within the [`HORIZON`].
    #[must_use]
    pub fn written_out(&self, zones: &dyn Zones, holidays: &Holidays, now: DateTime<Utc>) -> Vec<Slot> {
        self.slots(zones)
            .enumerate()
            .take_while(|(at, slot)| *at < AT_ONCE || slot.starts_at <= now + HORIZON)
            .map(|(_, slot)| slot)
            .filter(|slot| !holidays.contains_key(&slot.local.date()))
            .collect()
    }

    /// Whether a slot begins after an instant: then the series is not over.
    #[must_use]
    pub fn goes_on_after(&self, zones: &dyn Zones, instant: DateTime<Utc>) -> bool {
        self.slots(zones).any(|slot| slot.starts_at > instant)
    }
}
