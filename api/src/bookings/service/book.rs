//! Booking a class.

use chrono::Duration;
use lectern_core::{
    booking::Stand,
    ids::{ClassId, OrganizationId, PersonId},
};
use serde_json::json;

use super::settle::{tell, wake};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    bookings::store::{self, Booking, BookingState},
    classes::{self, admitting, enrollments},
    db::Tx,
    error::ApiError,
    notify, people,
};

/// A seat is kept so long for whoever is paying: as short as Stripe's page allows, and a minute.
pub const HELD: Duration = Duration::minutes(31);

/// Mails that somebody's booking can cause by being tried again, in ten minutes.
const REMINDED: u32 = 3;

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

/// Books a class: a free one is confirmed at once, a paid one keeps a seat until it is paid, a full one goes onto the waiting
/// list. Booking again answers somebody who is known the booking there is; of an address that anybody can write its mail is sent
/// again instead.
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
    let is_known = matches!(buyer, Buyer::Known(_));
    let person = person_of(app, &mut tx, organization, by, buyer).await?;
    if person == class.instructor {
        return Err(ApiError::conflict("own_class", "You teach this class.", "Let somebody else book it."));
    }
    if let Some(living) = store::living(&mut tx, organization, class.id, person).await? {
        if !is_known {
            remind(app, &mut tx, organization, &living).await?;
            tx.commit().await?;
            wake(app);
            return Err(ApiError::conflict(
                "booked_already",
                "This address has booked this class already.",
                "The booking's own link is in its mail; it was sent once more.",
            ));
        }
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
        slot: None,
    };
    match offer.terms().stand(taken, now) {
        Stand::Closed => {
            return Err(ApiError::conflict(
                "booking_closed",
                "This class cannot be booked any more.",
                "Look for another class, or ask whoever teaches it.",
            ));
        }
        Stand::NotYet(at) => {
            return Err(ApiError::conflict(
                "booking_not_open",
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

/// The mail with the booking's link once more, a few times at most.
pub(super) async fn remind(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    living: &Booking,
) -> Result<(), ApiError> {
    let kind = match living.state {
        BookingState::Held => "booking_held",
        BookingState::Waiting => "booking_waits",
        _ => "booked",
    };
    if app.limiter.count(&format!("booking again {}", living.id), REMINDED).is_err() {
        return Ok(());
    }
    let about = (living.class, living.id);
    notify::service::booking(app, tx, organization, living.person, about, kind).await
}

pub(super) async fn person_of(
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
            "booking_disabled",
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
