//! What somebody should see before saving a series: who is busy, and where the clocks change under it.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use super::{series::Slot, zones::Zones};

/// Something that already takes the host's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy<Id> {
    /// Which.
    pub id: Id,
    /// Its begin.
    pub starts_at: DateTime<Utc>,
    /// Its end; another may begin with it.
    pub ends_at: DateTime<Utc>,
}

/// A slot for which the host is not free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash<Id> {
    /// The slot's place in the list.
    pub slot: usize,
    /// What else lies in its time, in order of begin.
    pub with: Vec<Id>,
}

/// The slots in whose time a host who can hold `at_once` meetings already holds as many.
#[must_use]
pub fn clashes<Id: Copy>(slots: &[Slot], busy: &[Busy<Id>], at_once: u32) -> Vec<Clash<Id>> {
    let mut busy: Vec<&Busy<Id>> = busy.iter().collect();
    busy.sort_by_key(|other| (other.starts_at, other.ends_at));
    let mut found = Vec::new();
    for (at, slot) in slots.iter().enumerate() {
        let with: Vec<&Busy<Id>> = busy
            .iter()
            .filter(|other| other.starts_at < slot.ends_at && slot.starts_at < other.ends_at)
            .copied()
            .collect();
        // Most are at once where one of them, or the slot, begins.
        let at_most = with
            .iter()
            .map(|other| other.starts_at.max(slot.starts_at))
            .map(|begin| {
                with.iter().filter(|other| other.starts_at <= begin && begin < other.ends_at).count()
            })
            .max()
            .unwrap_or(0);
        if at_most >= at_once as usize && !with.is_empty() {
            found.push(Clash { slot: at, with: with.into_iter().map(|other| other.id).collect() });
        }
    }
    found
}

/// What the clocks do to a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockChange {
    /// The clocks of the series' zone are set between the slot before and this one: by so much they are ahead more than then.
    /// Whoever lives elsewhere comes at another hour from here on.
    pub shift: Option<Duration>,
    /// For the viewer's clock: by so much later (or earlier) than the slot before it shows this one.
    pub viewer_shift: Option<Duration>,
    /// The time on the clock is skipped on that day: it begins so much later.
    pub skipped: Option<Duration>,
    /// The time on the clock comes twice on that day: this is the first.
    pub twice: bool,
}

/// What the clocks do to each slot of a series in `zone`, and what somebody in `viewer` sees of it.
#[must_use]
pub fn clock_changes(zones: &dyn Zones, zone: Tz, viewer: Tz, slots: &[Slot]) -> Vec<ClockChange> {
    let mut before: Option<(Duration, Duration)> = None;
    slots
        .iter()
        .map(|slot| {
            let ahead = zones.ahead(zone, slot.starts_at);
            // Between the two clocks: what somebody over there must add.
            let between = zones.ahead(viewer, slot.starts_at) - ahead;
            let shown = zones.local_of(zone, slot.starts_at);
            let last = before.replace((ahead, between));
            let by = |now: Duration, then: Option<Duration>| {
                then.map(|then| now - then).filter(|shift| !shift.is_zero())
            };
            ClockChange {
                shift: by(ahead, last.map(|(ahead, _)| ahead)),
                viewer_shift: by(between, last.map(|(_, between)| between)),
                skipped: Some(shown - slot.local).filter(|late| *late > Duration::zero()),
                twice: is_twice(zones, zone, slot),
            }
        })
        .collect()
}

fn is_twice(zones: &dyn Zones, zone: Tz, slot: &Slot) -> bool {
    let later = zones.ahead(zone, slot.starts_at + Duration::hours(24));
    let again = slot.local.and_utc() - later;
    again > slot.starts_at && zones.local_of(zone, again) == slot.local
}
