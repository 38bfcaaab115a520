//! Booking a class, and what becomes of a booking.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    booking::Stand,
    ids::{ClassId, OrganizationId, PersonId},
    personal_link::{PersonalClaims, PersonalPurpose},
};
use lectern_providers::stripe::{CheckoutSession, EventKind, Refund, RefundStatus};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    jobs,
    store::{self, Booking, BookingState},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    classes::{self, Class, admitting, enrollments},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    keys::Sealer,
    notify, organizations, people, sessions,
};

/// A seat is kept so long for whoever is paying: as short as Stripe's page allows, and a minute.
pub const HELD: Duration = Duration::minutes(31);
/// Who comes off the waiting list has so long to pay.
const HELD_FOR_WAITING: Duration = Duration::hours(24);

/// Who books.
#[derive(Clone, Debug)]
pub enum Buyer {
    /// Somebody of the organization.
    Known(PersonId),
    /// Somebody by their address.
    Stranger {
        /// The address.
        email: String,
        /// Given and family name.
        name: (String, Option<String>),
        /// Language and zone, as they read the page.
        language: Option<String>,
        /// IANA zone.
        time_zone: Option<String>,
    },
}

/// A booking, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookingView {
    /// Its id.
    pub id: Uuid,
    /// Of which class.
    pub class_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// Where it stands.
    pub state: BookingState,
    /// In the currency's smallest unit.
    pub price: i64,
    /// ISO 4217, in small letters.
    pub currency: String,
    /// A held seat is kept until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_until: Option<DateTime<Utc>>,
    /// Why the money could not be given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<&Booking> for BookingView {
    fn from(booking: &Booking) -> Self {
        Self {
            id: booking.id,
            class_id: booking.class.uuid(),
            person_id: booking.person.uuid(),
            state: booking.state,
            price: booking.price,
            currency: booking.currency.clone(),
            held_until: booking.held_until.filter(|_| booking.state == BookingState::Held),
            problem: booking.problem.clone(),
            created_at: booking.created_at,
        }
    }
}

/// The address at which whoever booked looks after the booking, without signing in.
#[must_use]
pub fn url(app: &App, organization: OrganizationId, booking: Uuid) -> String {
    app.config.server.url(&own_path(app, organization, booking))
}

/// The same, within this server.
pub(super) fn own_path(app: &App, organization: OrganizationId, booking: Uuid) -> String {
    let claims =
        PersonalClaims { purpose: PersonalPurpose::Booking, organization, of: booking, generation: 0 };
    format!("/booking/{}", app.personal_links.token(&claims))
}

/// A booking, for other rooms.
pub async fn find(tx: &mut Tx, organization: OrganizationId, id: Uuid) -> Result<Option<Booking>, ApiError> {
    Ok(store::find(tx, organization, id).await?)
}

/// The booking behind such an address.
///
/// # Errors
/// [`ApiError::NotFound`] whatever is wrong with it.
pub async fn behind(app: &App, token: &str) -> Result<(organizations::Organization, Booking), ApiError> {
    let claims = app.personal_links.verify(token, PersonalPurpose::Booking).ok_or(ApiError::NotFound)?;
    let tenant =
        organizations::service::find_active(app, claims.organization).await?.ok_or(ApiError::NotFound)?;
    let mut tx = app.db.read(tenant.id).await?;
    let booking = store::find(&mut tx, tenant.id, claims.of).await?.ok_or(ApiError::NotFound)?;
    Ok((tenant, booking))
}

fn wake(app: &App) {
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
}

/// Books a class: a free one is confirmed at once, a paid one keeps a seat until it is paid, a full one goes onto the waiting
/// list. Booking again answers the booking there is.
///
/// # Errors
/// [`ApiError::Conflict`] when the class cannot be booked, or the person belongs to it already.
pub async fn book(
    app: &App,
    organization: OrganizationId,
    by: Actor,
    class: ClassId,
    buyer: Buyer,
) -> Result<Booking, ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let class = classes::service::find(&mut tx, organization, class).await?;
    let class = class.filter(|class| class.active).ok_or(ApiError::NotFound)?;
    let offer = store::offer_to_change(&mut tx, organization, class.id).await?.ok_or(ApiError::NotFound)?;
    let person = person_of(app, &mut tx, organization, by, buyer).await?;
    if person == class.instructor {
        return Err(ApiError::conflict("instructor", "You teach this class.", "Let somebody else book it."));
    }
    if let Some(living) = store::living(&mut tx, organization, class.id, person).await? {
        tx.commit().await?;
        return Ok(living);
    }
    let place = enrollments::of_person(&mut tx, organization, class.id, person).await?;
    if place.is_some_and(|place| place.active) {
        return Err(ApiError::conflict(
            "enrolled",
            "This person belongs to the class already.",
            "The link to it is in the mail about its next session.",
        ));
    }
    let taken = store::taken(&mut tx, organization, class.id).await?;
    let mut booking = Booking {
        id: app.ids.next(),
        class: class.id,
        person,
        state: BookingState::Held,
        price: offer.price,
        currency: offer.currency.clone(),
        attempt: 0,
        checkout_id: None,
        checkout_url: None,
        payment_intent: None,
        held_until: None,
        refund_id: None,
        problem: None,
        created_at: now,
    };
    match offer.terms().stand(taken, now) {
        Stand::Closed => {
            return Err(ApiError::conflict(
                "closed",
                "This class cannot be booked any more.",
                "Look for another class, or ask whoever teaches it.",
            ));
        }
        Stand::NotYet(at) => {
            return Err(ApiError::conflict(
                "not_yet",
                format!("This class can be booked from {} on.", at.to_rfc3339()),
                "Come back then.",
            ));
        }
        Stand::Full => booking.state = BookingState::Waiting,
        Stand::Free if offer.price == 0 => booking.state = BookingState::Confirmed,
        Stand::Free => booking.held_until = Some(now + HELD),
    }
    store::insert(&mut tx, organization, &booking).await?;
    let entry = app.entry(organization, EntryKind::Booked, by).class(class.id).person(person);
    let details = json!({"booking": booking.id, "state": booking.state, "price": booking.price});
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    match booking.state {
        BookingState::Confirmed => {
            admitting::admit(app, &mut tx, &sealer, (organization, by), &class, person).await?;
            tell(app, &mut tx, organization, &booking, "booked").await?;
        }
        BookingState::Waiting => tell(app, &mut tx, organization, &booking, "booking_waits").await?,
        _ => {}
    }
    tx.commit().await?;
    wake(app);
    Ok(booking)
}

async fn person_of(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    by: Actor,
    buyer: Buyer,
) -> Result<PersonId, ApiError> {
    let (email, name, language, zone) = match buyer {
        Buyer::Known(person) => return Ok(person),
        Buyer::Stranger { email, name, language, time_zone } => (email, name, language, time_zone),
    };
    if let Some(known) = people::service::find_by_email(tx, organization, &email).await? {
        if known.active {
            return Ok(known.id);
        }
        return Err(ApiError::conflict(
            "disabled",
            "This address cannot book here.",
            "Ask whoever runs the organization.",
        ));
    }
    let (first, last) = &name;
    let made =
        people::service::make_student(app, tx, organization, by, &email, (first, last.as_deref())).await?;
    people::service::set_choices(app, tx, organization, made.id, (language, zone)).await?;
    Ok(made.id)
}

/// Decides on the mail of one kind about a booking.
async fn tell(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    booking: &Booking,
    kind: &'static str,
) -> Result<(), ApiError> {
    notify::service::booking(app, tx, organization, booking.person, (booking.class, booking.id), kind).await
}

/// The booking is paid: onto the roster. One that lost its seat meanwhile gets another, or its money back.
pub(super) async fn confirm(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    id: Uuid,
    payment_intent: Option<String>,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let Some(look) = store::find(tx, organization, id).await? else { return Ok(()) };
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
pub(super) async fn expire(
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
pub(super) async fn promote(
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
    let offer = store::offer_to_change(&mut tx, organization, look.class).await?.ok_or(ApiError::NotFound)?;
    let mut booking = store::find_to_change(&mut tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    let class =
        classes::service::find(&mut tx, organization, booking.class).await?.ok_or(ApiError::NotFound)?;
    let paid = booking.payment_intent.is_some();
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
                "ended",
                "This booking has ended.",
                "Book the class again, if there is a seat.",
            ));
        }
    };
    store::update(&mut tx, organization, &booking, now).await?;
    admitting::dismiss(app, &mut tx, &sealer, (organization, by), &class, booking.person).await?;
    let job = if booking.state == BookingState::Refunding { Some(jobs::REFUND) } else { None };
    let job = job.or_else(|| booking.checkout_id.as_ref().map(|_| jobs::CLOSE));
    if let Some(kind) = job {
        jobs::queue(app, &mut tx, organization, kind, id).await?;
    }
    let entry = app.entry(organization, EntryKind::BookingEnded, by).class(class.id).person(booking.person);
    let details = json!({"booking": id, "state": booking.state});
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    tell(app, &mut tx, organization, &booking, "booking_ended").await?;
    promote(app, &mut tx, &sealer, organization, &class).await?;
    tx.commit().await?;
    wake(app);
    Ok(booking)
}

/// The booking, when this person may look after it: their own, or of a class they teach or run.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn readable(tx: &mut Tx, who: &SignedIn, id: Uuid) -> Result<(Booking, EndedBy), ApiError> {
    let booking = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    if booking.person == who.person {
        return Ok((booking, EndedBy::Buyer));
    }
    classes::service::own(tx, who, booking.class).await?;
    Ok((booking, EndedBy::Staff))
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
pub(super) async fn checked_out(
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
pub(super) async fn refunded(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    id: Uuid,
) -> Result<(), ApiError> {
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
    let class = classes::service::find(tx, organization, booking.class).await?;
    if let Some(class) = class.filter(|_| was_confirmed) {
        let by = (organization, Actor::System);
        admitting::dismiss(app, tx, sealer, by, &class, booking.person).await?;
        promote(app, tx, sealer, organization, &class).await?;
    }
    tell(app, tx, organization, &booking, "booking_refunded").await
}

/// The money could not be given back: it stands on the page of whoever teaches and runs the class.
pub(super) async fn refund_failed(
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
