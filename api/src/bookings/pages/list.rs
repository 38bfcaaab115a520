//! The terms of a class and who has booked it, for whoever teaches it.

use axum::{extract::State, response::Response};
use chrono_tz::Tz;
use lectern_core::{
    booking::{decimals, money, read_money},
    ids::ClassId,
    text::plain_digits,
};
use lectern_web::{
    FieldError as PageFieldError, Section,
    pages::booking::{BookingRow, ClassBookings, OfferForm},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    bookings::{
        offers::{self, SaveOffer},
        service::{self, EndedBy},
        store::{self, BookingState, Offer},
    },
    calendar, classes,
    error::ApiError,
    extract::{Form, Instructor, Path, Query, SignedIn},
    live::feed::instant,
    pages::{NoticeQuery, Pages, Reader, beside_form, see_other},
    payments, people,
    sessions::local_time::start_of,
};

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
    let ids: Vec<_> = bookings.iter().map(|booking| booking.person).collect();
    let known = people::service::of_ids(&mut tx, organization, &ids).await?;
    let mut items = Vec::with_capacity(bookings.len());
    for booking in bookings.iter().rev() {
        let person = known.iter().find(|person| person.id == booking.person);
        items.push(BookingRow {
            id: booking.id.to_string(),
            person_id: booking.person.to_string(),
            name: person.map(|person| person.name()).unwrap_or_default(),
            email: person.map(|person| person.email.clone()).unwrap_or_default(),
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
    Query(query): Query<NoticeQuery>,
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
            let text = plain_digits(text);
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
            Err(error) => {
                let mut errors = beside_form(&app, error)?;
                for error in errors.iter_mut().filter(|error| error.field == "closes_at") {
                    error.field = "closes_on".to_owned();
                }
                errors
            }
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
