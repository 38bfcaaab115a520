//! The page of one booking, behind a link of its own: paying, waiting, giving it back.

use axum::{extract::State, response::Response};
use lectern_core::{booking::money, ids::OrganizationId};
use lectern_web::pages::booking::{Booked, BookingPage};
use serde::Deserialize;

use super::slot;
use crate::{
    app::App,
    audit::Actor,
    booking_pages::pages::Look,
    bookings::{
        checkout,
        service::{self, EndedBy},
        store::{self, Booking, BookingState},
    },
    branding::house,
    classes::{self, Class, enrollments, links},
    db::Tx,
    error::ApiError,
    extract::{Path, Query, SignedIn, Visitor},
    live::feed::instant,
    organizations::{self, Organization},
    pages::{CheckoutHeaders, Reader, conflict, see_other},
    people,
    sessions::{self, pages::line},
};

/// Sessions shown of what is booked.
const FEW: usize = 6;

pub(crate) fn with_checkout(mut response: Response) -> Response {
    response.extensions_mut().insert(CheckoutHeaders);
    response
}

/// What stands on every page about a booking.
pub(super) async fn booked(
    app: &App,
    tx: &mut Tx,
    tenant: &Organization,
    class: &Class,
    price: (i64, &str),
    zone: String,
) -> Result<Booked, ApiError> {
    let now = app.clock.now();
    let coming = sessions::service::near(tx, tenant.id, class.id, now).await?;
    let coming = coming.iter().filter(|session| session.is_scheduled() && session.ends_at > now);
    let instructor = people::service::find(tx, tenant.id, class.instructor).await?;
    Ok(Booked {
        class_id: class.id.to_string(),
        class_title: class.title.clone(),
        description: Some(class.description.clone()).filter(|text| !text.is_empty()),
        instructor: instructor.map(|instructor| instructor.name()).unwrap_or_default(),
        organization: tenant.name.clone(),
        price: (price.0 > 0).then(|| money(price.0, price.1)),
        sessions: coming.take(FEW).map(|session| line(session, None)).collect(),
        zone,
    })
}

/// To where the booking is paid; to its own page when there is nothing to pay, or nobody answers there.
pub(crate) async fn lead_on(
    app: &App,
    organization: OrganizationId,
    booking: &Booking,
) -> Result<Response, ApiError> {
    let own = service::own_path(app, organization, booking.id);
    if booking.state != BookingState::Held {
        return Ok(see_other(&own));
    }
    match checkout::page(app, organization, booking).await {
        Ok(url) => Ok(see_other(url.expose())),
        Err(ApiError::Conflict(code, ..)) => Ok(see_other(&format!("{own}?problem={code}"))),
        Err(other) => Err(other),
    }
}

/// Where the reader comes from.
#[derive(Debug, Default, Deserialize)]
pub struct BookingQuery {
    paid: Option<String>,
    problem: Option<String>,
    /// Of a booked time: how the other times are looked at.
    zone: Option<String>,
    from: Option<chrono::NaiveDate>,
}

async fn booking_page(
    app: &App,
    (reader, visitor): (Reader, Option<&SignedIn>),
    (tenant, booking): &(Organization, Booking),
    paying: bool,
    problem: Option<String>,
) -> Result<Response, ApiError> {
    let organization = tenant.id;
    let mut tx = app.db.read(organization).await?;
    let class =
        classes::service::find(&mut tx, organization, booking.class).await?.ok_or(ApiError::NotFound)?;
    let offer = store::offer(&mut tx, organization, class.id).await?.ok_or(ApiError::NotFound)?;
    let person =
        people::service::find(&mut tx, organization, booking.person).await?.ok_or(ApiError::NotFound)?;
    let zone = match person.time_zone {
        Some(zone) => zone,
        None => organizations::service::settings_in(&mut tx, organization).await?.time_zone,
    };
    let place = enrollments::of_person(&mut tx, organization, class.id, booking.person).await?;
    // Anybody can write anybody's address, and this link opens the class: others find it in their mail.
    let is_own = |who: &SignedIn| who.organization == organization && who.person == booking.person;
    let shown = booking.state == BookingState::Confirmed && visitor.is_some_and(is_own);
    let place = place.filter(|place| place.active && shown);
    let next = sessions::service::next_of_class(&mut tx, organization, class.id, app.clock.now()).await?;
    let refunded = offer.terms().is_refunded(next.map(|session| session.starts_at), app.clock.now());
    let own = service::own_path(app, organization, booking.id);
    let page = BookingPage {
        about: booked(app, &mut tx, tenant, &class, (booking.price, &booking.currency), zone).await?,
        state: booking.state.as_str().to_owned(),
        paying,
        held_until: booking.held_until.map(instant),
        ahead: store::ahead(&mut tx, organization, booking).await?,
        join_url: place.map(|place| links::join_link(app, organization, &place)),
        can_end: refunded || booking.payment_intent.is_none(),
        refund_hours: u32::try_from(offer.refund_hours).unwrap_or(0),
        end_url: format!("{own}/cancel"),
        pay_url: own,
        book_url: format!("/book/{}", class.id),
        problem,
    };
    drop(tx);
    Ok(with_checkout(reader.bare(app, &page, house(tenant))?))
}

/// `GET /booking/{token}`
pub async fn booking(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    reader: Reader,
    Path(token): Path<String>,
    Query(query): Query<BookingQuery>,
) -> Result<Response, ApiError> {
    let found = service::behind(&app, &token).await?;
    // Whatever else an address says is not ours.
    let known = |code: &&str| ["payments_missing", "payments_silent", "unpayable"].contains(code);
    let problem = query.problem.as_deref().filter(known).map(|code| format!("conflict.{code}"));
    if let Some(slot) = &found.1.slot {
        let look = Look { zone: query.zone, from: query.from };
        let (visitor, paying) = (visitor.as_ref(), query.paid.is_some());
        let view = slot::View { visitor, look, paying, problem, refused: false };
        return slot::show(&app, reader, &found, slot, view).await;
    }
    booking_page(&app, (reader, visitor.as_ref()), &found, query.paid.is_some(), problem).await
}

/// `POST /booking/{token}`: to where it is paid.
pub async fn pay(State(app): State<App>, Path(token): Path<String>) -> Result<Response, ApiError> {
    let (tenant, booking) = service::behind(&app, &token).await?;
    lead_on(&app, tenant.id, &booking).await
}

/// `POST /booking/{token}/cancel`: given back. The link is the proof.
pub async fn cancel(
    State(app): State<App>,
    reader: Reader,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let found = service::behind(&app, &token).await?;
    let actor = Actor::Person(found.1.person);
    match service::end(&app, found.0.id, actor, found.1.id, EndedBy::Buyer).await {
        Ok(_) => Ok(see_other(&format!("/booking/{token}"))),
        Err(ApiError::Conflict(code, detail, next)) => {
            let problem = conflict(&app, code, &detail, &next).message;
            if let Some(slot) = &found.1.slot {
                let view = slot::View { problem: Some(problem), refused: true, ..slot::View::default() };
                return slot::show(&app, reader, &found, slot, view).await;
            }
            booking_page(&app, (reader, None), &found, false, Some(problem)).await
        }
        Err(other) => Err(other),
    }
}
