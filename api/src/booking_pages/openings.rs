//! What is free on a page.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{OrganizationId, SessionId},
    openings::Taken,
};
use uuid::Uuid;

use super::store::{self, BookingPage};
use crate::{app::App, db::Tx, error::ApiError, holidays};

/// Further than any session or buffer reaches.
const AROUND: Duration = Duration::hours(48);

/// What does not stand in its own way: a booking that is paid, a session that moves.
#[derive(Clone, Copy, Debug, Default)]
pub struct But {
    /// This booking's slot.
    pub booking: Option<Uuid>,
    /// This session.
    pub session: Option<SessionId>,
}

/// What takes the host's time, or counts for the day, around what begins between two instants.
async fn taken(
    tx: &mut Tx,
    organization: OrganizationId,
    page: &BookingPage,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    but: But,
) -> Result<Vec<Taken>, ApiError> {
    let reach = (from - AROUND, until + AROUND);
    let minutes = |minutes: Option<i64>| Duration::minutes(minutes.unwrap_or(0));
    let sessions = store::busy(tx, organization, page.instructor, reach).await?;
    let sessions = sessions.into_iter().filter(|one| but.session != Some(SessionId(one.id)));
    let mut taken: Vec<Taken> = sessions
        .map(|one| Taken {
            starts_at: one.starts_at,
            ends_at: one.ends_at,
            before: minutes(one.before_minutes),
            after: minutes(one.after_minutes),
            blocks: one.state != "ended",
            counts: one.page_id == Some(page.id),
        })
        .collect();
    let held = store::held(tx, organization, page.instructor, reach).await?;
    taken.extend(held.into_iter().filter(|one| but.booking != Some(one.id)).map(|one| Taken {
        starts_at: one.slot_starts_at,
        ends_at: one.slot_starts_at + Duration::minutes(one.slot_minutes),
        before: Duration::minutes(one.before_minutes),
        after: Duration::minutes(one.after_minutes),
        blocks: true,
        counts: one.page_id == page.id,
    }));
    Ok(taken)
}

/// The free slots that begin from one instant until before another, in order.
pub async fn free(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    (page, minutes): (&BookingPage, i64),
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    but: But,
) -> Result<Vec<DateTime<Utc>>, ApiError> {
    let now = app.clock.now();
    let openings = page.openings(minutes);
    let reach = (from.max(now), until.min(now + openings.ahead));
    if !page.open || reach.0 >= reach.1 {
        return Ok(Vec::new());
    }
    let holidays = holidays::of(tx, organization).await?;
    let taken = taken(tx, organization, page, reach, but).await?;
    Ok(openings.free(&*app.zones, &holidays, &taken, now, reach))
}

/// The conflict of whoever asks for a slot that is not free any more.
#[must_use]
pub fn gone() -> ApiError {
    ApiError::conflict(
        "slot_taken",
        "This time is not free any more.",
        "Choose another one. If you have just booked it, a mail says so.",
    )
}

/// Whether a slot is free, inside the transaction that takes it: the host's time is held.
///
/// # Errors
/// [`ApiError::Conflict`] `slot_taken`.
pub async fn claim(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    (page, minutes): (&BookingPage, i64),
    starts_at: DateTime<Utc>,
    but: But,
) -> Result<(), ApiError> {
    // Nobody asks for a slot at the ends of time, where reckoning stops.
    let ahead = app.clock.now() + Duration::days(page.ahead_days);
    if starts_at >= ahead {
        return Err(gone());
    }
    let reach = (starts_at, starts_at + Duration::seconds(1));
    let free = free(app, tx, organization, (page, minutes), reach, but).await?;
    if free.contains(&starts_at) { Ok(()) } else { Err(gone()) }
}

/// Whether a slot that was promised can still be held: it is to come, and the host has no other session then. What the hours
/// say by now does not matter any more.
pub async fn can_be_held(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    (page, minutes): (&BookingPage, i64),
    starts_at: DateTime<Utc>,
    but: But,
) -> Result<bool, ApiError> {
    if starts_at <= app.clock.now() {
        return Ok(false);
    }
    let taken = taken(tx, organization, page, (starts_at, starts_at), but).await?;
    Ok(page.openings(minutes).has_room(&taken, starts_at))
}
