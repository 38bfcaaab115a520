//! Giving a booking back.

use lectern_core::ids::OrganizationId;
use serde_json::json;
use uuid::Uuid;

use super::{
    settle::{promote, tell, tell_host, wake},
    slots::end_slot,
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    bookings::{
        jobs,
        store::{self, Booking, BookingState},
    },
    classes::{self, admitting},
    db::Tx,
    error::ApiError,
    sessions,
};

/// Whose wish it is to end a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// Whoever booked: the money goes back while the terms say so.
    Buyer,
    /// Whoever teaches or runs the class: the money goes back in any case.
    Staff,
}

/// Ends a booking: the place on the roster goes, the money goes back where it does, who waits comes up.
///
/// # Errors
/// [`ApiError::Conflict`] when there is nothing to give back any more.
pub async fn end(
    app: &App,
    organization: OrganizationId,
    by: Actor,
    id: Uuid,
    ended_by: EndedBy,
) -> Result<Booking, ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let look = store::find(&mut tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    if let Some(slot) = &look.slot {
        let ended = end_slot(app, &mut tx, &sealer, (organization, by), (id, slot), ended_by).await?;
        tx.commit().await?;
        wake(app);
        return Ok(ended);
    }
    let offer = store::offer_to_change(&mut tx, organization, look.class).await?.ok_or(ApiError::NotFound)?;
    let mut booking = store::find_to_change(&mut tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    let class =
        classes::service::find(&mut tx, organization, booking.class).await?.ok_or(ApiError::NotFound)?;
    let paid = booking.payment_intent.is_some();
    let given_back = ended_by == EndedBy::Buyer && booking.state == BookingState::Confirmed;
    booking.state = match booking.state {
        BookingState::Held | BookingState::Waiting => BookingState::Cancelled,
        BookingState::Confirmed if paid => {
            let next = sessions::service::next_of_class(&mut tx, organization, class.id, now).await?;
            let next = next.map(|session| session.starts_at);
            if ended_by == EndedBy::Buyer && !offer.terms().is_refunded(next, now) {
                return Err(ApiError::conflict(
                    "too_late",
                    format!(
                        "A booking can be given back until {} hours before the next session.",
                        offer.refund_hours
                    ),
                    "Ask whoever teaches the class.",
                ));
            }
            BookingState::Refunding
        }
        BookingState::Confirmed => BookingState::Cancelled,
        _ => {
            return Err(ApiError::conflict(
                "booking_ended",
                "This booking has ended.",
                "Book the class again, if there is a seat.",
            ));
        }
    };
    store::update(&mut tx, organization, &booking, now).await?;
    admitting::dismiss(app, &mut tx, &sealer, (organization, by), &class, booking.person).await?;
    ended(app, &mut tx, (organization, by), &booking).await?;
    tell(app, &mut tx, organization, &booking, "booking_ended").await?;
    if given_back {
        tell_host(app, &mut tx, organization, &booking, "booking_left").await?;
    }
    promote(app, &mut tx, &sealer, organization, &class).await?;
    tx.commit().await?;
    wake(app);
    Ok(booking)
}

/// What follows the end of a booking, whatever was booked: the money, the payment's page, the log.
pub(super) async fn ended(
    app: &App,
    tx: &mut Tx,
    (organization, by): (OrganizationId, Actor),
    booking: &Booking,
) -> Result<(), ApiError> {
    let job = if booking.state == BookingState::Refunding { Some(jobs::REFUND) } else { None };
    let job = job.or_else(|| booking.checkout_id.as_ref().map(|_| jobs::CLOSE));
    if let Some(kind) = job {
        jobs::queue(app, tx, organization, kind, booking.id).await?;
    }
    let entry = app.entry(organization, EntryKind::BookingEnded, by).class(booking.class);
    let details = json!({"booking": booking.id, "state": booking.state});
    Ok(audit::store::insert(tx, &entry.person(booking.person).details(details)).await?)
}
