//! A zone's clocks were changed by law: sessions keep their time on the clock, so their instants change.

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::zones::Zones;

/// A session and the time on the clock it was scheduled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pinned<Id> {
    /// Which.
    pub id: Id,
    /// On the clock.
    pub local: NaiveDateTime,
    /// Whose clock.
    pub zone: Tz,
    /// The instant that was computed from it.
    pub starts_at: DateTime<Utc>,
}

/// A session whose instant is another one now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replanned<Id> {
    /// Which.
    pub id: Id,
    /// The right instant.
    pub starts_at: DateTime<Utc>,
}

/// Clocks are kept in whole seconds; what is less is no change.
fn is_another(right: DateTime<Utc>, starts_at: DateTime<Utc>) -> bool {
    (right - starts_at).num_seconds() != 0
}

/// The sessions to come whose instants are no longer right. One that would come to lie in the past stays: who comes at the old
/// instant finds it.
#[must_use]
pub fn replan<Id: Copy>(
    zones: &dyn Zones,
    sessions: &[Pinned<Id>],
    now: DateTime<Utc>,
) -> Vec<Replanned<Id>> {
    sessions
        .iter()
        .filter(|session| session.starts_at > now)
        .map(|session| (session, zones.instant_of(session.zone, session.local)))
        .filter(|(session, right)| is_another(*right, session.starts_at) && *right > now)
        .map(|(session, starts_at)| Replanned { id: session.id, starts_at })
        .collect()
}
