//! The page of one booked time, behind a link of its own: paying, moving, giving it back.

use axum::{body::Bytes, extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Duration, Utc};
use lectern_web::pages::booking_page::SlotBookingPage;
use serde::Deserialize;

use super::booking::with_checkout;
use crate::{
    app::App,
    audit::Actor,
    booking_pages::{
        self,
        openings::But,
        pages::{Look, about, sheet},
    },
    bookings::{
        service::{self, EndedBy},
        store::{BookedSlot, Booking, BookingState},
    },
    branding::house,
    classes::{enrollments, links},
    error::ApiError,
    extract::{Path, SignedIn, read_form},
    live::feed::instant,
    organizations::Organization,
    pages::{Reader, conflict, see_other},
    people, sessions,
};

/// How the page is looked at.
#[derive(Debug, Default)]
pub(super) struct View<'a> {
    pub(super) visitor: Option<&'a SignedIn>,
    pub(super) look: Look,
    /// It was opened from the payment page.
    pub(super) paying: bool,
    /// Why what was asked for could not be done.
    pub(super) problem: Option<String>,
    /// It was asked for just now.
    pub(super) refused: bool,
}

/// The page of a booked time. The join link is shown only to whoever is signed in as the person who booked: anybody can write
/// anybody's address on a booking page, and the link opens every session of that person with this host. Others find it in their mail.
pub(super) async fn show(
    app: &App,
    reader: Reader,
    (tenant, booking): &(Organization, Booking),
    slot: &BookedSlot,
    view: View<'_>,
) -> Result<Response, ApiError> {
    let (organization, now) = (tenant.id, app.clock.now());
    let mut tx = app.db.read(organization).await?;
    let page = booking_pages::service::find(&mut tx, organization, slot.page).await?;
    let page = page.ok_or(ApiError::NotFound)?;
    let person =
        people::service::find(&mut tx, organization, booking.person).await?.ok_or(ApiError::NotFound)?;
    let own_zone = person.time_zone.as_deref().and_then(|zone| zone.parse().ok());
    let zone = view.look.chosen_zone().or(own_zone).unwrap_or_else(|| page.tz());
    let session = match slot.session {
        Some(id) => sessions::service::find(&mut tx, organization, id).await?,
        None => None,
    };
    let confirmed = booking.state == BookingState::Confirmed;
    let is_own = |who: &SignedIn| who.organization == organization && who.person == booking.person;
    let mut join_url = None;
    if confirmed && view.visitor.is_some_and(is_own) {
        let place = enrollments::of_person(&mut tx, organization, booking.class, booking.person).await?;
        join_url =
            place.filter(|place| place.active).map(|place| links::join_link(app, organization, &place));
    }
    let own = service::own_path(app, organization, booking.id);
    let scheduled = session.as_ref().is_some_and(sessions::Session::is_scheduled);
    let end_until = page.given_back_until(slot.starts_at, booking.payment_intent.is_some());
    let move_until = page.given_back_until(slot.starts_at, booking.payment_intent.is_some());
    let mut choice = None;
    if confirmed && scheduled && page.open && now <= move_until {
        let but = But { booking: Some(booking.id), session: slot.session };
        let look = Look { zone: Some(zone.name().to_owned()), ..view.look };
        let asked = (&page, slot.minutes);
        let mut other = sheet(app, &mut tx, organization, asked, but, (zone, &look, &own)).await?;
        // The time it has is no other time.
        let has = instant(slot.starts_at);
        for day in &mut other.days {
            day.slots.retain(|slot| slot.starts_at != has);
        }
        other.days.retain(|day| !day.slots.is_empty());
        choice = Some(other);
    }
    let price = (booking.price, &*booking.currency);
    let shown = SlotBookingPage {
        about: about(&mut tx, tenant, &page, (slot.minutes, price), zone).await?,
        starts_at: instant(slot.starts_at),
        ends_at: instant(slot.starts_at + Duration::minutes(slot.minutes)),
        state: booking.state.as_str().to_owned(),
        paying: view.paying,
        held_until: booking.held_until.map(instant),
        join_url,
        can_end: !confirmed || now <= end_until,
        sheet: choice,
        end_until: instant(end_until),
        move_until: instant(move_until),
        end_url: format!("{own}/cancel"),
        move_url: format!("{own}/move"),
        pay_url: own,
        book_url: booking_pages::service::path(page.id),
        problem: view.problem.clone(),
    };
    drop(tx);
    let mut response = reader.bare(app, &shown, house(tenant))?;
    if view.refused {
        *response.status_mut() = StatusCode::CONFLICT;
    }
    Ok(with_checkout(response))
}

/// The other time that was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MoveForm {
    slot: String,
}

/// `POST /booking/{token}/move`: to another free time. The link is the proof.
pub async fn reschedule(
    State(app): State<App>,
    reader: Reader,
    Path(token): Path<String>,
    form: Bytes,
) -> Result<Response, ApiError> {
    let found = service::behind(&app, &token).await?;
    let slot = found.1.slot.clone().ok_or(ApiError::NotFound)?;
    let form: MoveForm = read_form(&form)?;
    let to: DateTime<Utc> = form.slot.parse().map_err(|_| ApiError::field("slot", "Choose a free time."))?;
    let (organization, actor) = (found.0.id, Actor::Person(found.1.person));
    match service::move_slot(&app, organization, actor, (found.1.id, to), EndedBy::Buyer).await {
        Ok(_) => Ok(see_other(&format!("/booking/{token}"))),
        Err(ApiError::Conflict(code, detail, next)) => {
            let problem = Some(conflict(&app, code, &detail, &next).message);
            let view = View { problem, refused: true, ..View::default() };
            show(&app, reader, &found, &slot, view).await
        }
        Err(other) => Err(other),
    }
}
