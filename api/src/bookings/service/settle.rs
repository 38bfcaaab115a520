//! What becomes of a booking by itself: paid, not paid in time, moved up from the waiting list, refunded.

use chrono::Duration;
use lectern_core::{booking::Stand, ids::OrganizationId};
use lectern_providers::stripe::{CheckoutSession, EventKind, Refund, RefundStatus};
use serde_json::json;
use uuid::Uuid;

use super::slots::{call_off, confirm_slot, hold_session};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    bookings::{
        jobs,
        store::{self, Booking, BookingState},
    },
    classes::{self, Class, admitting},
    db::Tx,
    error::ApiError,
    keys::Sealer,
    notify,
};

/// Who comes off the waiting list has so long to pay.
const HELD_FOR_WAITING: Duration = Duration::hours(24);

pub(super) fn wake(app: &App) {
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
}

/// Decides on the mail of one kind about a booking.
pub(in crate::bookings) async fn tell(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    booking: &Booking,
    kind: &'static str,
) -> Result<(), ApiError> {
    let about = (booking.class, booking.id);
    notify::service::booking(app, tx, organization, booking.person, about, kind).await?;
    if kind == "booked" { tell_host(app, tx, organization, booking, "booking_made").await } else { Ok(()) }
}

/// The same for whoever is booked.
pub(super) async fn tell_host(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    booking: &Booking,
    kind: &'static str,
) -> Result<(), ApiError> {
    let Some(class) = classes::service::find(tx, organization, booking.class).await? else { return Ok(()) };
    notify::service::booking(app, tx, organization, class.instructor, (class.id, booking.id), kind).await
}

/// The booking is paid: onto the roster. One that lost its seat meanwhile gets another, or its money back.
pub(in crate::bookings) async fn confirm(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    id: Uuid,
    payment_intent: Option<String>,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let Some(look) = store::find(tx, organization, id).await? else { return Ok(()) };
    if let Some(slot) = &look.slot {
        return confirm_slot(app, tx, sealer, organization, (id, slot), payment_intent).await;
    }
    let offer = store::offer_to_change(tx, organization, look.class).await?.ok_or(ApiError::NotFound)?;
    let Some(mut booking) = store::find_to_change(tx, organization, id).await? else { return Ok(()) };
    if booking.payment_intent.is_some() {
        return Ok(());
    }
    booking.payment_intent = payment_intent;
    let class = classes::service::find(tx, organization, booking.class).await?.ok_or(ApiError::NotFound)?;
    let taken = store::taken(tx, organization, booking.class).await?;
    let has_seat = match booking.state {
        BookingState::Held => class.active,
        BookingState::Expired | BookingState::Cancelled => {
            let again = store::living(tx, organization, booking.class, booking.person).await?;
            class.active && again.is_none() && offer.terms().seats.is_none_or(|seats| taken < seats)
        }
        _ => return Ok(store::update(tx, organization, &booking, now).await?),
    };
    if has_seat {
        booking.state = BookingState::Confirmed;
        store::update(tx, organization, &booking, now).await?;
        admitting::admit(app, tx, sealer, (organization, Actor::System), &class, booking.person).await?;
        let entry = app.entry(organization, EntryKind::BookingConfirmed, Actor::System);
        let entry = entry.class(class.id).person(booking.person).details(json!({"booking": id}));
        audit::store::insert(tx, &entry).await?;
        return tell(app, tx, organization, &booking, "booked").await;
    }
    booking.state = BookingState::Refunding;
    store::update(tx, organization, &booking, now).await?;
    jobs::queue(app, tx, organization, jobs::REFUND, id).await?;
    tell(app, tx, organization, &booking, "booking_ended").await
}

/// The seat is free again: the page was closed, or nobody paid in time.
pub(in crate::bookings) async fn expire(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    id: Uuid,
) -> Result<(), ApiError> {
    let Some(mut booking) = store::find_to_change(tx, organization, id).await? else { return Ok(()) };
    if booking.state != BookingState::Held {
        return Ok(());
    }
    booking.state = BookingState::Expired;
    booking.checkout_url = None;
    store::update(tx, organization, &booking, app.clock.now()).await?;
    let entry = app.entry(organization, EntryKind::BookingEnded, Actor::System).class(booking.class);
    let details = json!({"booking": id, "state": booking.state});
    audit::store::insert(tx, &entry.person(booking.person).details(details)).await?;
    if let Some(class) = classes::service::find(tx, organization, booking.class).await? {
        promote(app, tx, sealer, organization, &class).await?;
    }
    Ok(())
}

/// Whoever waits longest gets what seats there are: confirmed where the class is free, else kept for a day to pay.
pub(in crate::bookings) async fn promote(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    class: &Class,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let Some(offer) = store::offer_to_change(tx, organization, class.id).await? else { return Ok(()) };
    loop {
        let taken = store::taken(tx, organization, class.id).await?;
        if !class.active || offer.terms().stand(taken, now) != Stand::Free {
            return Ok(());
        }
        let Some(mut next) = store::next_waiting(tx, organization, class.id).await? else { return Ok(()) };
        if next.price == 0 {
            next.state = BookingState::Confirmed;
            store::update(tx, organization, &next, now).await?;
            admitting::admit(app, tx, sealer, (organization, Actor::System), class, next.person).await?;
            tell(app, tx, organization, &next, "booked").await?;
        } else {
            next.state = BookingState::Held;
            next.held_until = Some(now + HELD_FOR_WAITING);
            store::update(tx, organization, &next, now).await?;
            tell(app, tx, organization, &next, "seat_free").await?;
        }
    }
}

/// What Stripe told, in the transaction that remembers it.
pub async fn stripe_told(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    event: &EventKind,
) -> Result<(), ApiError> {
    match event {
        EventKind::CheckoutCompleted(page) | EventKind::AsyncPaymentSucceeded(page) => {
            checked_out(app, tx, sealer, organization, page).await
        }
        EventKind::AsyncPaymentFailed(page) | EventKind::CheckoutExpired(page) => {
            match store::by_checkout(tx, organization, &page.id).await? {
                Some(id) => expire(app, tx, sealer, organization, id).await,
                None => Ok(()),
            }
        }
        EventKind::ChargeRefunded(charge) if charge.refunded => {
            let payment = charge.payment_intent.as_deref().unwrap_or_default();
            match store::by_payment(tx, organization, payment).await? {
                Some(id) => refunded(app, tx, sealer, organization, id).await,
                None => Ok(()),
            }
        }
        EventKind::RefundFailed(refund) => {
            let Some(id) = whole_refund(tx, organization, refund).await? else { return Ok(()) };
            let reason =
                refund.failure_reason.clone().unwrap_or_else(|| "Stripe could not pay it back.".to_owned());
            refund_failed(app, tx, organization, id, &reason).await
        }
        EventKind::RefundUpdated(refund) if refund.status == RefundStatus::Succeeded => {
            match whole_refund(tx, organization, refund).await? {
                Some(id) => refunded(app, tx, sealer, organization, id).await,
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The booking whose whole price a refund gives back; one of a part, made by hand at Stripe, ends no booking.
async fn whole_refund(
    tx: &mut Tx,
    organization: OrganizationId,
    refund: &Refund,
) -> Result<Option<Uuid>, ApiError> {
    let payment = refund.payment_intent.as_deref().unwrap_or_default();
    let Some(id) = store::by_payment(tx, organization, payment).await? else { return Ok(None) };
    let booking = store::find(tx, organization, id).await?;
    Ok(booking.filter(|booking| refund.amount >= booking.price).map(|booking| booking.id))
}

/// What a page of Stripe's says of its booking.
pub(in crate::bookings) async fn checked_out(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    page: &CheckoutSession,
) -> Result<(), ApiError> {
    // The money may still be on its way: another event says when it is there.
    if !page.is_paid() {
        return Ok(());
    }
    let Some(id) = store::by_checkout(tx, organization, &page.id).await? else { return Ok(()) };
    confirm(app, tx, sealer, organization, id, page.payment_intent.clone()).await
}

/// The money is back: by us, or by hand at Stripe.
pub(in crate::bookings) async fn refunded(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    id: Uuid,
) -> Result<(), ApiError> {
    let session = match store::find(tx, organization, id).await?.and_then(|look| look.slot) {
        Some(slot) => hold_session(tx, organization, &slot).await?,
        None => None,
    };
    let Some(mut booking) = store::find_to_change(tx, organization, id).await? else { return Ok(()) };
    if booking.state == BookingState::Refunded {
        return Ok(());
    }
    let was_confirmed = booking.state == BookingState::Confirmed;
    booking.state = BookingState::Refunded;
    booking.problem = None;
    store::update(tx, organization, &booking, app.clock.now()).await?;
    let entry = app.entry(organization, EntryKind::BookingRefunded, Actor::System).class(booking.class);
    audit::store::insert(tx, &entry.person(booking.person).details(json!({"booking": id}))).await?;
    if booking.slot.is_some() {
        call_off(app, tx, sealer, (organization, Actor::System), session).await?;
        return tell(app, tx, organization, &booking, "booking_refunded").await;
    }
    let class = classes::service::find(tx, organization, booking.class).await?;
    if let Some(class) = class.filter(|_| was_confirmed) {
        let by = (organization, Actor::System);
        admitting::dismiss(app, tx, sealer, by, &class, booking.person).await?;
        promote(app, tx, sealer, organization, &class).await?;
    }
    tell(app, tx, organization, &booking, "booking_refunded").await
}

/// The money could not be given back: it stands on the page of whoever teaches and runs the class.
pub(in crate::bookings) async fn refund_failed(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    reason: &str,
) -> Result<(), ApiError> {
    let Some(mut booking) = store::find_to_change(tx, organization, id).await? else { return Ok(()) };
    booking.state = BookingState::RefundFailed;
    booking.problem = Some(reason.to_owned());
    Ok(store::update(tx, organization, &booking, app.clock.now()).await?)
}
