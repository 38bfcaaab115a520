//! The page on which somebody pays for their booking.

use std::collections::BTreeMap;

use chrono::{Duration, SubsecRound};
use lectern_core::{ids::OrganizationId, provider::Retry, secret::SecretString};
use lectern_providers::stripe::{IdempotencyKey, NewCheckoutSession, SessionStatus, StripeError};

use super::{
    service::{self, HELD},
    store::{self, Booking, BookingState},
};
use crate::{
    app::App,
    classes,
    error::ApiError,
    payments::{self, service::PATIENCE},
    people,
};

const TABLE: &str = "bookings";

/// Where this booking is paid: the page it has, or a new one. Nobody but the person who booked is led there.
///
/// # Errors
/// [`ApiError::Conflict`] when there is nothing to pay, or the payment service does not answer.
pub async fn page(
    app: &App,
    organization: OrganizationId,
    booking: &Booking,
) -> Result<SecretString, ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let nothing = || {
        ApiError::conflict(
            "nothing_to_pay",
            "There is nothing to pay for this booking.",
            "Look at its page again.",
        )
    };
    let stripe =
        payments::service::client(app, organization).await?.ok_or_else(payments::service::missing)?;
    if let (Some(id), Some(sealed)) = (&booking.checkout_id, &booking.checkout_url) {
        let known = stripe.retrieve_checkout_session(&PATIENCE, id).await.map_err(|error| refused(&error))?;
        if known.status == SessionStatus::Open {
            return Ok(sealer.open_text(TABLE, "checkout_url", booking.id, sealed)?);
        }
        let mut tx = app.db.begin(organization).await?;
        service::checked_out(app, &mut tx, &sealer, organization, &known).await?;
        tx.commit().await?;
        if known.status == SessionStatus::Complete {
            return Err(nothing());
        }
    }
    let now = app.clock.now();
    // Short: that this page is being made, under a key of its own.
    let mut tx = app.db.begin(organization).await?;
    let mut held = store::find_to_change(&mut tx, organization, booking.id)
        .await?
        .filter(|booking| booking.state == BookingState::Held)
        .ok_or_else(nothing)?;
    held.attempt += 1;
    let least = now + HELD;
    let until = held.held_until.unwrap_or(least).clamp(least, now + Duration::hours(24));
    held.held_until = Some(until);
    store::update(&mut tx, organization, &held, now).await?;
    let class = classes::service::find(&mut tx, organization, held.class).await?.ok_or(ApiError::NotFound)?;
    let person =
        people::service::find(&mut tx, organization, held.person).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    let own = service::url(app, organization, held.id);
    let new = NewCheckoutSession {
        currency: held.currency.clone(),
        unit_amount: held.price,
        product_name: class.title,
        customer_email: Some(person.email),
        client_reference_id: Some(held.id.to_string()),
        metadata: BTreeMap::from([("lectern_booking".to_owned(), held.id.to_string())]),
        success_url: format!("{own}?paid=1"),
        cancel_url: own,
        expires_at: until.trunc_subsecs(0),
    };
    let key: IdempotencyKey =
        format!("booking-{}-{}", held.id, held.attempt).parse().map_err(ApiError::internal)?;
    let made = match stripe.create_checkout_session(&PATIENCE, &new, &key).await {
        Ok(made) => made,
        Err(error) => {
            if matches!(error.retry(), Retry::Never) {
                note(app, organization, &held, payments::service::for_staff(&error)).await?;
            }
            return Err(refused(&error));
        }
    };
    let url = made.url.clone().ok_or_else(nothing)?;
    let mut tx = app.db.begin(organization).await?;
    let fresh = store::find_to_change(&mut tx, organization, held.id).await?;
    let mut fresh = fresh.filter(|fresh| fresh.attempt == held.attempt).ok_or_else(nothing)?;
    fresh.problem = None;
    fresh.checkout_id = Some(made.id);
    fresh.checkout_url = Some(sealer.seal(TABLE, "checkout_url", held.id, url.as_bytes()));
    store::update(&mut tx, organization, &fresh, app.clock.now()).await?;
    tx.commit().await?;
    Ok(SecretString::from(url))
}

/// What whoever books is told; the reason is for those who run the class.
fn refused(error: &StripeError) -> ApiError {
    tracing::warn!(%error, "no page to pay on: {error}");
    match error.retry() {
        Retry::Never => ApiError::conflict(
            "unpayable",
            "This booking cannot be paid as it stands.",
            "Ask whoever teaches the class: its list of bookings says why.",
        ),
        Retry::Backoff | Retry::After(_) => ApiError::conflict(
            "payments_silent",
            "Nobody answers where it is paid. The seat is kept.",
            "Try again in a minute.",
        ),
    }
}

/// Why it could not be paid, on the class's list of bookings.
async fn note(
    app: &App,
    organization: OrganizationId,
    held: &Booking,
    problem: String,
) -> Result<(), ApiError> {
    let mut tx = app.db.begin(organization).await?;
    let fresh = store::find_to_change(&mut tx, organization, held.id).await?;
    if let Some(mut fresh) = fresh.filter(|fresh| fresh.attempt == held.attempt) {
        fresh.problem = Some(problem);
        store::update(&mut tx, organization, &fresh, app.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}
