//! Booking a class, looking after a booking, and the list for whoever teaches it, as pages.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use chrono_tz::Tz;
use lectern_core::{
    booking::{Stand, decimals, money, read_money},
    ids::{ClassId, OrganizationId},
};
use lectern_web::{
    FieldError as PageFieldError, NoticeKind, Section,
    pages::{
        booking::{BookPage, Booked, BookingPage, BookingRow, ClassBookings, OfferForm},
        people::PersonForm,
    },
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    checkout,
    offers::{self, SaveOffer},
    service::{self, Buyer, EndedBy},
    store::{self, Booking, BookingState, Offer},
};
use crate::{
    app::App,
    audit::Actor,
    calendar,
    classes::{self, Class, enrollments, links},
    db::Tx,
    error::{ApiError, FieldError},
    extract::{ClientAddress, Form, Instructor, Path, Query, SignedIn, Visitor, is_own_page, read_form},
    live::feed::instant,
    organizations::{self, Organization},
    pages::{CheckoutHeaders, Pages, Reader, see_other, vocabulary},
    payments,
    people::{self, pages::field_errors, service::parse_email},
    sessions::{
        self,
        local_time::start_of,
        pages::{line, zones},
    },
};

/// Sessions shown of what is booked.
const FEW: usize = 6;
/// Bookings from one address within ten minutes.
const MOST: u32 = 30;

fn with_checkout(mut response: Response) -> Response {
    response.extensions_mut().insert(CheckoutHeaders);
    response
}

/// What stands on every page about a booking.
async fn booked(
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

/// The class of a public address, with its terms.
async fn on_offer(app: &App, class: Uuid) -> Result<(Organization, Class, Offer), ApiError> {
    let class = ClassId(class);
    let mut look = app.db.system_read().await?;
    let organization = organizations::service::of_class(&mut look, class).await?.ok_or(ApiError::NotFound)?;
    drop(look);
    let tenant = organizations::service::find_active(app, organization).await?.ok_or(ApiError::NotFound)?;
    let mut tx = app.db.read(organization).await?;
    let class = classes::service::find(&mut tx, organization, class).await?;
    let class = class.filter(|class| class.active).ok_or(ApiError::NotFound)?;
    let offer = store::offer(&mut tx, organization, class.id).await?.ok_or(ApiError::NotFound)?;
    Ok((tenant, class, offer))
}

/// In which zone times are said.
#[derive(Debug, Default, Deserialize)]
pub struct BookQuery {
    zone: Option<String>,
}

/// The form of whoever is not known.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BookForm {
    email: String,
    first_name: String,
    last_name: String,
    time_zone: String,
}

async fn book_page(
    app: &App,
    (tenant, class, offer): &(Organization, Class, Offer),
    visitor: Option<&SignedIn>,
    zone: Option<String>,
    form: PersonForm,
) -> Result<BookPage, ApiError> {
    let mut tx = app.db.read(tenant.id).await?;
    let known = visitor.filter(|who| who.organization == tenant.id);
    let zone = match (known, zone.filter(|zone| zone.parse::<Tz>().is_ok())) {
        (_, Some(zone)) => zone,
        (Some(who), None) => calendar::service::zone_of(&mut tx, who).await?.name().to_owned(),
        (None, None) => organizations::service::settings_in(&mut tx, tenant.id).await?.time_zone,
    };
    let taken = store::taken(&mut tx, tenant.id, class.id).await?;
    let stand = offer.terms().stand(taken, app.clock.now());
    Ok(BookPage {
        about: booked(app, &mut tx, tenant, class, (offer.price, &offer.currency), zone).await?,
        stand: offers::word(stand).to_owned(),
        opens_at: if let Stand::NotYet(at) = stand { Some(instant(at)) } else { None },
        seats_left: offer.terms().seats.map(|seats| seats.saturating_sub(taken)),
        refund_hours: u32::try_from(offer.refund_hours).unwrap_or(0),
        person: known.map(|who| who.name.clone()),
        form,
        zones: zones(),
    })
}

/// `GET /book/{class}`
pub async fn show(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    reader: Reader,
    Path(class): Path<Uuid>,
    Query(query): Query<BookQuery>,
) -> Result<Response, ApiError> {
    let found = on_offer(&app, class).await?;
    let page = book_page(&app, &found, visitor.as_ref(), query.zone, PersonForm::default()).await?;
    Ok(with_checkout(reader.bare(&app, &page, vocabulary(found.0.vocabulary))?))
}

/// `POST /book/{class}`: the booking is made, and its person led to where it is paid, or to its page.
pub async fn book(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    ClientAddress(address): ClientAddress,
    reader: Reader,
    headers: HeaderMap,
    Path(class): Path<Uuid>,
    form: Bytes,
) -> Result<Response, ApiError> {
    if !is_own_page(&headers, &app) {
        return Err(ApiError::Malformed("This form was sent from another site.".into()));
    }
    let form: BookForm = read_form(&form)?;
    app.limiter.count(&format!("book {address}"), MOST).map_err(ApiError::TooMany)?;
    let found = on_offer(&app, class).await?;
    let tenant = found.0.id;
    let known = visitor.as_ref().filter(|who| who.organization == tenant);
    let (by, buyer) = match known {
        Some(who) => (who.actor(), who.person().map(Buyer::Known).map_err(|error| vec![told(error)])),
        None => (Actor::Nobody, stranger(&form, reader)),
    };
    let done = match buyer {
        Ok(buyer) => {
            service::book(&app, tenant, by, found.1.id, buyer).await.map_err(|error| vec![told(error)])
        }
        Err(errors) => Err(errors),
    };
    match done {
        Ok(booking) => lead_on(&app, tenant, &booking).await,
        Err(errors) => {
            let zone = Some(form.time_zone);
            let form = PersonForm {
                email: form.email,
                first_name: form.first_name,
                last_name: form.last_name,
                errors,
                ..PersonForm::default()
            };
            let page = book_page(&app, &found, visitor.as_ref(), zone, form).await?;
            let mut response = reader.bare(&app, &page, vocabulary(found.0.vocabulary))?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(with_checkout(response))
        }
    }
}

fn told(error: ApiError) -> PageFieldError {
    match error {
        ApiError::Conflict(_, detail, next) => PageFieldError::form(format!("{detail} {next}")),
        other => PageFieldError::form(other.problem().detail),
    }
}

fn stranger(form: &BookForm, reader: Reader) -> Result<Buyer, Vec<PageFieldError>> {
    let mut errors = Vec::new();
    let email = parse_email(&form.email)
        .map_err(|message| errors.push(FieldError::new("email", message)))
        .unwrap_or_default();
    let name = people::service::NameInput {
        name: None,
        first_name: Some(form.first_name.clone()),
        last_name: Some(form.last_name.clone()),
    };
    let name = name.read(&mut errors);
    if !errors.is_empty() {
        return Err(field_errors(&errors));
    }
    Ok(Buyer::Stranger {
        email,
        name,
        language: Some(reader.lang.tag().to_owned()),
        time_zone: Some(form.time_zone.clone()).filter(|zone| !zone.is_empty()),
    })
}

/// To where the booking is paid; to its own page when there is nothing to pay, or nobody answers there.
async fn lead_on(app: &App, organization: OrganizationId, booking: &Booking) -> Result<Response, ApiError> {
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
}

async fn booking_page(
    app: &App,
    reader: Reader,
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
    let place = place.filter(|place| place.active && booking.state == BookingState::Confirmed);
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
    Ok(with_checkout(reader.bare(app, &page, vocabulary(tenant.vocabulary))?))
}

/// `GET /booking/{token}`
pub async fn booking(
    State(app): State<App>,
    reader: Reader,
    Path(token): Path<String>,
    Query(query): Query<BookingQuery>,
) -> Result<Response, ApiError> {
    let found = service::behind(&app, &token).await?;
    let problem = match query.problem.as_deref() {
        Some("payments_missing") => Some(payments::service::missing().problem().detail),
        Some(_) => {
            Some("Nobody answered where it is paid. The seat is kept: try again in a minute.".to_owned())
        }
        None => None,
    };
    booking_page(&app, reader, &found, query.paid.is_some(), problem).await
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
        Err(error @ ApiError::Conflict(..)) => {
            booking_page(&app, reader, &found, false, Some(told(error).message)).await
        }
        Err(other) => Err(other),
    }
}

/// What was done before the page came.
#[derive(Debug, Default, Deserialize)]
pub struct ListQuery {
    notice: Option<NoticeKind>,
}

fn offer_form(offer: Option<&Offer>, zone: Tz) -> OfferForm {
    let Some(offer) = offer else {
        return OfferForm {
            currency: "usd".to_owned(),
            refund_hours: "24".to_owned(),
            open: true,
            ..OfferForm::default()
        };
    };
    let plain = money(offer.price, &offer.currency);
    let plain = plain.split(' ').next().unwrap_or_default().replace(',', "");
    OfferForm {
        open: offer.state == "open",
        price: if offer.price == 0 { String::new() } else { plain },
        currency: offer.currency.clone(),
        seats: offer.seats.map(|seats| seats.to_string()).unwrap_or_default(),
        closes_on: offer
            .closes_at
            .map(|at| at.with_timezone(&zone).date_naive().to_string())
            .unwrap_or_default(),
        refund_hours: offer.refund_hours.to_string(),
        errors: Vec::new(),
    }
}

async fn list_page(
    app: &App,
    who: &SignedIn,
    class: Uuid,
    form: Option<OfferForm>,
) -> Result<ClassBookings, ApiError> {
    let organization = who.organization;
    let can_charge = payments::service::show(app, organization).await?.configured;
    let mut tx = app.db.read(organization).await?;
    let class = classes::service::own(&mut tx, who, ClassId(class)).await?;
    let zone = calendar::service::zone_of(&mut tx, who).await?;
    let offer = store::offer(&mut tx, organization, class.id).await?;
    let bookings = store::of_class(&mut tx, organization, class.id).await?;
    let mut items = Vec::with_capacity(bookings.len());
    for booking in bookings.iter().rev() {
        let person = people::service::find(&mut tx, organization, booking.person).await?;
        items.push(BookingRow {
            id: booking.id.to_string(),
            person_id: booking.person.to_string(),
            name: person.as_ref().map(|person| person.name()).unwrap_or_default(),
            email: person.map(|person| person.email).unwrap_or_default(),
            state: booking.state.as_str().to_owned(),
            price: (booking.price > 0).then(|| money(booking.price, &booking.currency)),
            at: instant(booking.created_at),
            problem: booking.problem.clone(),
            can_end: matches!(
                booking.state,
                BookingState::Held | BookingState::Waiting | BookingState::Confirmed
            ),
        });
    }
    Ok(ClassBookings {
        class: classes::pages::head(&mut tx, who, &class).await?,
        items,
        taken: store::taken(&mut tx, organization, class.id).await?,
        form: form.unwrap_or_else(|| offer_form(offer.as_ref(), zone)),
        book_url: offer.map(|_| offers::url(app, class.id)),
        can_charge,
        can_set_up: who.role == lectern_core::role::Role::Admin,
        zone: zone.name().to_owned(),
    })
}

/// `GET /classes/{id}/bookings`
pub async fn list(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(class): Path<Uuid>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let page = list_page(&app, &who, class, None).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}

/// The typed terms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TermsForm {
    open: Option<String>,
    price: String,
    currency: String,
    seats: String,
    closes_on: String,
    refund_hours: String,
}

impl TermsForm {
    fn read(&self, zone: Tz, before: Option<&Offer>) -> Result<SaveOffer, Vec<PageFieldError>> {
        let mut errors = Vec::new();
        let mut number = |field: &'static str, text: &str| -> Option<i64> {
            let text = text.trim();
            (!text.is_empty())
                .then(|| text.parse().map_err(|_| errors.push(PageFieldError::new(field, "number"))).ok())?
        };
        let seats = number("seats", &self.seats);
        let refund_hours = number("refund_hours", &self.refund_hours).unwrap_or(24);
        let price = match self.price.trim() {
            "" => Some(0),
            text => read_money(text, self.currency.trim()),
        };
        if price.is_none() {
            let digits = decimals(&self.currency);
            let told = if digits == 0 { "number" } else { "money" };
            errors.push(PageFieldError::new("price", told));
        }
        let closes_at = match self.closes_on.trim() {
            "" => None,
            // The whole day still counts.
            day => match day.parse::<chrono::NaiveDate>().ok().and_then(|day| day.succ_opt()) {
                Some(next) => Some(start_of(next, zone)),
                None => {
                    errors.push(PageFieldError::new("closes_on", "date"));
                    None
                }
            },
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(SaveOffer {
            open: self.open.is_some(),
            price: price.unwrap_or(0),
            currency: self.currency.clone(),
            seats,
            opens_at: before.and_then(|before| before.opens_at),
            closes_at,
            refund_hours,
        })
    }
}

/// `POST /classes/{id}/bookings`: the terms.
pub async fn save_terms(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(class): Path<Uuid>,
    Form(form): Form<TermsForm>,
) -> Result<Response, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let zone = calendar::service::zone_of(&mut tx, &who).await?;
    let before = store::offer(&mut tx, who.organization, ClassId(class)).await?;
    drop(tx);
    let errors = match form.read(zone, before.as_ref()) {
        Ok(terms) => match offers::save(&app, &who, ClassId(class), terms).await {
            Ok(_) => return Ok(see_other(&format!("/classes/{class}/bookings?notice=saved"))),
            Err(ApiError::Invalid(errors)) => field_errors(&errors),
            Err(error @ ApiError::Conflict(..)) => vec![told(error)],
            Err(other) => return Err(other),
        },
        Err(errors) => errors,
    };
    let typed = OfferForm {
        open: form.open.is_some(),
        price: form.price,
        currency: form.currency,
        seats: form.seats,
        closes_on: form.closes_on,
        refund_hours: form.refund_hours,
        errors,
    };
    let page = list_page(&app, &who, class, Some(typed)).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}

/// `POST /classes/{id}/bookings/{booking}/end`
pub async fn end(
    State(app): State<App>,
    who: Instructor,
    Path((class, id)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = classes::service::own(&mut tx, &who, ClassId(class)).await?;
    let booking = store::find(&mut tx, who.organization, id).await?;
    booking.filter(|booking| booking.class == class.id).ok_or(ApiError::NotFound)?;
    drop(tx);
    service::end(&app, who.organization, who.actor(), id, EndedBy::Staff).await?;
    Ok(see_other(&format!("/classes/{}/bookings?notice=removed", class.id)))
}
