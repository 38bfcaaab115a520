//! The page on which people book a class, whoever they are.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use chrono_tz::Tz;
use lectern_core::{booking::Stand, ids::ClassId};
use lectern_web::{
    FieldError as PageFieldError,
    pages::{booking::BookPage, people::PersonForm},
};
use serde::Deserialize;
use uuid::Uuid;

use super::booking::{booked, lead_on, with_checkout};
use crate::{
    app::App,
    audit::Actor,
    bookings::{
        offers,
        service::{self, Buyer},
        store::{self, Offer},
    },
    branding::house,
    calendar,
    classes::{self, Class},
    error::{ApiError, FieldError},
    extract::{ClientAddress, Path, Query, SignedIn, Visitor, is_own_page, read_form},
    live::feed::instant,
    organizations::{self, Organization},
    pages::{Reader, beside_form, field_errors},
    people::{self, service::parse_email},
    sessions::{self, pages::zones},
};

/// Bookings from one address within ten minutes.
const MOST: u32 = 30;

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
struct BookForm {
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
    let now = app.clock.now();
    let stand = offer.terms().stand(taken, now);
    let next = sessions::service::next_of_class(&mut tx, tenant.id, class.id, now).await?;
    Ok(BookPage {
        about: booked(app, &mut tx, tenant, class, (offer.price, &offer.currency), zone).await?,
        stand: offers::word(stand).to_owned(),
        opens_at: if let Stand::NotYet(at) = stand { Some(instant(at)) } else { None },
        seats_left: offer.terms().seats.map(|seats| seats.saturating_sub(taken)),
        refund_hours: u32::try_from(offer.refund_hours).unwrap_or(0),
        refundable: offer.terms().is_refunded(next.map(|session| session.starts_at), now),
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
    Ok(with_checkout(reader.bare(&app, &page, house(&found.0))?))
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
    // A school's people may share one address: whoever is known is counted alone.
    let counted = visitor.as_ref().map_or_else(|| address.to_string(), |who| who.person.to_string());
    app.limiter.count(&format!("book {counted}"), MOST).map_err(ApiError::TooMany)?;
    let found = on_offer(&app, class).await?;
    let tenant = found.0.id;
    let known = visitor.as_ref().filter(|who| who.organization == tenant);
    let (by, buyer) = match known {
        Some(who) => (who.actor(), Ok(Buyer::Known(who.person()?))),
        None => {
            let typed = (&*form.email, &*form.first_name, &*form.last_name, &*form.time_zone);
            (Actor::Nobody, stranger(typed, reader.among(found.0.languages)))
        }
    };
    let errors = match buyer {
        Ok(buyer) => match service::book(&app, tenant, by, found.1.id, buyer).await {
            Ok(booking) => return lead_on(&app, tenant, &booking).await,
            Err(error) => beside_form(&app, error)?,
        },
        Err(errors) => errors,
    };
    let zone = Some(form.time_zone);
    let form = PersonForm {
        email: form.email,
        first_name: form.first_name,
        last_name: form.last_name,
        errors,
        ..PersonForm::default()
    };
    let page = book_page(&app, &found, visitor.as_ref(), zone, form).await?;
    let mut response = reader.bare(&app, &page, house(&found.0))?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(with_checkout(response))
}

/// Whoever books by address and name.
pub(crate) fn stranger(
    (email, first_name, last_name, time_zone): (&str, &str, &str, &str),
    reader: Reader,
) -> Result<Buyer, Vec<PageFieldError>> {
    let mut errors = Vec::new();
    let email = parse_email(email)
        .map_err(|message| errors.push(FieldError::new("email", message)))
        .unwrap_or_default();
    let name = people::service::NameInput {
        name: None,
        first_name: Some(first_name.to_owned()),
        last_name: Some(last_name.to_owned()),
    };
    let name = name.read(&mut errors);
    if !errors.is_empty() {
        return Err(field_errors(&errors));
    }
    Ok(Buyer::Stranger {
        email,
        name,
        language: Some(reader.lang.tag().to_owned()),
        time_zone: Some(time_zone.to_owned()).filter(|zone| !zone.is_empty()),
    })
}
