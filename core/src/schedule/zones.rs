//! From a time on the clock to an instant, and back.

use std::fmt;

use chrono::{DateTime, Duration, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// Further from any change of the clocks than the widest offset of a zone is from UTC.
const FAR: Duration = Duration::hours(24);

/// What the clocks of a zone show. Laws change that: so a test, or an operator's newer data, can stand in for what is compiled in.
pub trait Zones: fmt::Debug + Send + Sync + 'static {
    /// How far ahead of UTC the clocks are at an instant.
    fn ahead(&self, zone: Tz, at: DateTime<Utc>) -> Duration;

    /// What the clocks show at an instant.
    fn local_of(&self, zone: Tz, at: DateTime<Utc>) -> NaiveDateTime {
        at.naive_utc() + self.ahead(zone, at)
    }

    /// The instant at which the clocks show a time. One that they show twice (set back) is the first; one that they never show
    /// (set forward) moves forward by the length of the gap, as a person's watch would.
    fn instant_of(&self, zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
        let as_utc = local.and_utc();
        let before = self.ahead(zone, as_utc - FAR);
        let after = self.ahead(zone, as_utc + FAR);
        // The third finds the middle of two changes within two days.
        let between = self.ahead(zone, as_utc - before);
        [before, between, after]
            .into_iter()
            .map(|ahead| as_utc - ahead)
            .filter(|at| self.local_of(zone, *at) == local)
            .min()
            .unwrap_or(as_utc - before)
    }

    /// Whether the clocks never show this time.
    fn is_gap(&self, zone: Tz, local: NaiveDateTime) -> bool {
        self.local_of(zone, self.instant_of(zone, local)) != local
    }
}

/// The IANA zones as compiled in (`chrono-tz`).
#[derive(Clone, Copy, Debug, Default)]
pub struct IanaZones;

impl Zones for IanaZones {
    fn ahead(&self, zone: Tz, at: DateTime<Utc>) -> Duration {
        let offset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        Duration::seconds(i64::from(offset.local_minus_utc()))
    }
}
