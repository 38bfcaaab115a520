//! Zones whose clocks a story can set by law.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use lectern_core::schedule::{IanaZones, Zones};

/// From an instant on a zone's clocks are ahead by so much more.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// Whose clocks.
    pub zone: Tz,
    /// From when on.
    pub from: DateTime<Utc>,
    /// By how much more.
    pub more: Duration,
}

/// The zones as everybody knows them, until the story makes a law.
#[derive(Clone, Debug, Default)]
pub struct Laws(Arc<Mutex<Option<Law>>>);

impl Laws {
    /// Makes a law, which the running server learns at once.
    pub fn make(&self, law: Law) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(law);
    }
}

impl Zones for Laws {
    fn ahead(&self, zone: Tz, at: DateTime<Utc>) -> Duration {
        let law = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let law = law.filter(|law| law.zone == zone && law.from <= at);
        IanaZones.ahead(zone, at) + law.map_or(Duration::zero(), |law| law.more)
    }
}
