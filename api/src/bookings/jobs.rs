//! Work on bookings that waits for the payment service.

use lectern_core::{ids::OrganizationId, provider::Call};
use lectern_providers::stripe::{
    IdempotencyKey, NewRefund, RefundReason, RefundStatus, SessionStatus, StripeErrorKind,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    service,
    store::{self, BookingState},
};
use crate::{
    app::App,
    db::Tx,
    error::ApiError,
    jobs::{
        Job, JobError,
        store::{self as jobs, NewJob},
    },
    organizations,
    payments::service::{client, for_job},
    sessions::jobs::Failures,
};

/// Gives the money of a booking back.
pub const REFUND: &str = "booking.refund";
/// Closes the page of a booking that ended, so that nobody pays for nothing.
pub const CLOSE: &str = "booking.close";
/// Looks at seats that were kept until now.
pub const TICK: &str = "tick.bookings";

/// Has one of these done, in the caller's transaction.
pub(super) async fn queue(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    kind: &'static str,
    booking: Uuid,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let job = NewJob {
        id: app.ids.next(),
        kind,
        body: json!({"booking": booking}),
        unique_key: Some(&booking.to_string()),
        run_at: now,
        now,
    };
    Ok(jobs::insert(tx, organization, &job).await?)
}

fn told(error: ApiError) -> JobError {
    JobError::Retry(error.problem().detail, None)
}

/// Tick `bookings`: what Stripe told and we did not hear is found here.
pub async fn tick(app: &App) -> Result<(), JobError> {
    let mut failures = Failures::default();
    for organization in organizations::service::all_active(app).await.map_err(told)? {
        failures.note(organization, look_at_held(app, organization).await);
    }
    failures.finish()
}

async fn look_at_held(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let mut look = app.db.read(organization).await?;
    let overdue = store::overdue(&mut look, organization, app.clock.now()).await?;
    drop(look);
    if overdue.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.begin(organization).await?;
    for id in overdue {
        queue(app, &mut tx, organization, CLOSE, id).await?;
    }
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}

/// Job `booking.close`: the page is closed; if it was paid before that, the booking is confirmed, or the money goes back.
pub async fn close(app: &App, job: &Job) -> Result<(), JobError> {
    let id: Uuid = job.id_of("booking")?;
    let organization = job.organization;
    let mut look = app.db.read(organization).await?;
    let Some(booking) = store::find(&mut look, organization, id).await? else { return Ok(()) };
    drop(look);
    let stripe = client(app, organization).await.map_err(told)?;
    let mut page = None;
    if let (Some(stripe), Some(checkout)) = (&stripe, &booking.checkout_id) {
        let call = Call::background();
        let known =
            stripe.retrieve_checkout_session(&call, checkout).await.map_err(|error| for_job(&error))?;
        page = Some(match known.status {
            SessionStatus::Open => match stripe.expire_checkout_session(&call, checkout).await {
                Ok(closed) => closed,
                // Somebody paid at this very moment.
                Err(error) if matches!(error.kind, StripeErrorKind::Invalid { .. }) => stripe
                    .retrieve_checkout_session(&call, checkout)
                    .await
                    .map_err(|error| for_job(&error))?,
                Err(error) => return Err(for_job(&error)),
            },
            _ => known,
        });
    }
    let sealer =
        app.keys.sealer(organization).await.map_err(|error| JobError::Retry(error.to_string(), None))?;
    let mut tx = app.db.begin(organization).await?;
    match page {
        Some(page) if page.is_paid() => {
            service::checked_out(app, &mut tx, &sealer, organization, &page).await
        }
        // The money is on its way: the seat is kept until an event says what came of it.
        Some(page) if page.status == SessionStatus::Complete => {
            let Some(mut booking) = store::find_to_change(&mut tx, organization, id).await? else {
                return Ok(());
            };
            booking.held_until = None;
            store::update(&mut tx, organization, &booking, app.clock.now()).await?;
            Ok(())
        }
        _ => service::expire(app, &mut tx, &sealer, organization, id).await,
    }
    .map_err(told)?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
    Ok(())
}

/// Job `booking.refund`.
pub async fn refund(app: &App, job: &Job) -> Result<(), JobError> {
    let id: Uuid = job.id_of("booking")?;
    let organization = job.organization;
    let mut look = app.db.read(organization).await?;
    let Some(booking) = store::find(&mut look, organization, id).await? else { return Ok(()) };
    drop(look);
    let (BookingState::Refunding, Some(payment_intent)) = (booking.state, booking.payment_intent) else {
        return Ok(());
    };
    let stripe = client(app, organization).await.map_err(told)?;
    let Some(stripe) = stripe else {
        return fail(app, organization, id, "The payment account's key is gone.").await;
    };
    let new = NewRefund {
        payment_intent,
        amount: None,
        reason: Some(RefundReason::RequestedByCustomer),
        metadata: [("lectern_booking".to_owned(), id.to_string())].into(),
    };
    let key: IdempotencyKey =
        format!("refund-{id}").parse().map_err(|_| JobError::GiveUp("the key cannot be used".to_owned()))?;
    let made = match stripe.create_refund(&Call::background(), &new, &key).await {
        Ok(made) => Some(made),
        Err(error) if error.kind == StripeErrorKind::AlreadyRefunded => None,
        Err(error) => match for_job(&error) {
            JobError::GiveUp(reason) => return fail(app, organization, id, &reason).await,
            retry @ JobError::Retry(..) => return Err(retry),
        },
    };
    let sealer =
        app.keys.sealer(organization).await.map_err(|error| JobError::Retry(error.to_string(), None))?;
    let mut tx = app.db.begin(organization).await?;
    if let Some(made) = &made
        && let Some(mut booking) = store::find_to_change(&mut tx, organization, id).await?
    {
        booking.refund_id = Some(made.id.clone());
        store::update(&mut tx, organization, &booking, app.clock.now()).await?;
    }
    match made.map(|made| (made.status, made.failure_reason)) {
        None | Some((RefundStatus::Succeeded, _)) => {
            service::refunded(app, &mut tx, &sealer, organization, id).await.map_err(told)?;
        }
        Some((RefundStatus::Failed | RefundStatus::Canceled, reason)) => {
            let reason = reason.unwrap_or_else(|| "Stripe could not pay it back.".to_owned());
            service::refund_failed(app, &mut tx, organization, id, &reason).await.map_err(told)?;
        }
        // An event says what comes of it.
        Some(_) => {}
    }
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}

async fn fail(app: &App, organization: OrganizationId, id: Uuid, reason: &str) -> Result<(), JobError> {
    let mut tx = app.db.begin(organization).await?;
    service::refund_failed(app, &mut tx, organization, id, reason).await.map_err(told)?;
    tx.commit().await?;
    Ok(())
}
