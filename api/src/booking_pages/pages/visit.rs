//! The page on which people book a time with somebody, whoever they are.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use chrono::{DateTime, NaiveDate, Utc};
use lectern_web::{
    FieldError as PageFieldError,
    pages::{
        booking_page::{SlotSheet, VisitPage},
        people::PersonForm,
    },
};
use serde::Deserialize;
use uuid::Uuid;

use super::sheet::{Look, about, sheet};
use crate::{
    app::App,
    audit::Actor,
    booking_pages::{
        BookingPage,
        openings::But,
        service::{self, Stand, path},
    },
    bookings::{
        self,
        pages::{lead_on, stranger, with_checkout},
        service::Buyer,
    },
    branding::house,
    calendar,
    error::ApiError,
    extract::{ClientAddress, Path, Query, SignedIn, Visitor, is_own_page, read_form},
    organizations::Organization,
    pages::{Reader, beside_form},
};

/// Bookings from one address within ten minutes.
const MOST: u32 = 30;

/// In which zone times are said, and from which day on.
#[derive(Debug, Default, Deserialize)]
pub struct VisitQuery {
    zone: Option<String>,
    from: Option<NaiveDate>,
}

/// The form of whoever is not known; the time that was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SlotForm {
    slot: String,
    email: String,
    first_name: String,
    last_name: String,
    time_zone: String,
}

async fn visit_page(
    app: &App,
    (tenant, page): &(Organization, BookingPage),
    visitor: Option<&SignedIn>,
    look: &Look,
    (form, chosen): (PersonForm, String),
) -> Result<VisitPage, ApiError> {
    let mut tx = app.db.read(tenant.id).await?;
    let known = visitor.filter(|who| who.organization == tenant.id);
    let zone = match (look.chosen_zone(), known) {
        (Some(zone), _) => zone,
        (None, Some(who)) => calendar::service::zone_of(&mut tx, who).await?,
        (None, None) => page.tz(),
    };
    let person = known.and_then(|who| who.person().ok());
    let stand = service::stand(&mut tx, tenant.id, page, person).await?;
    let minutes = page.duration_minutes;
    let mut shown = if stand == Stand::Open {
        let here = path(page.id);
        let asked = (page, minutes);
        sheet(app, &mut tx, tenant.id, asked, But::default(), (zone, look, &here)).await?
    } else {
        SlotSheet { here: path(page.id), ..SlotSheet::default() }
    };
    shown.chosen = chosen;
    Ok(VisitPage {
        about: about(&mut tx, tenant, page, (minutes, (page.price, &page.currency)), zone).await?,
        stand: stand.as_str().to_owned(),
        sheet: shown,
        refund_hours: u32::try_from(page.refund_hours).unwrap_or(0),
        person: known.map(|who| who.name.clone()),
        form,
    })
}

/// `GET /book/with/{page}`
pub async fn visit(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    reader: Reader,
    Path(page): Path<Uuid>,
    Query(query): Query<VisitQuery>,
) -> Result<Response, ApiError> {
    let found = service::public(&app, page).await?;
    let nothing = (PersonForm::default(), String::new());
    let look = Look { zone: query.zone, from: query.from };
    let page = visit_page(&app, &found, visitor.as_ref(), &look, nothing).await?;
    Ok(with_checkout(reader.bare(&app, &page, house(&found.0))?))
}

/// `POST /book/with/{page}`: the time is booked, and whoever booked led to where it is paid, or to the booking's page. When the
/// time is gone, the free ones are shown again.
pub async fn book(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    ClientAddress(address): ClientAddress,
    reader: Reader,
    headers: HeaderMap,
    Path(page): Path<Uuid>,
    form: Bytes,
) -> Result<Response, ApiError> {
    if !is_own_page(&headers, &app) {
        return Err(ApiError::Malformed("This form was sent from another site.".into()));
    }
    let form: SlotForm = read_form(&form)?;
    // A school's people may share one address: whoever is known is counted alone.
    let counted = visitor.as_ref().map_or_else(|| address.to_string(), |who| who.person.to_string());
    app.limiter.count(&format!("book {counted}"), MOST).map_err(ApiError::TooMany)?;
    let found = service::public(&app, page).await?;
    let tenant = found.0.id;
    let known = visitor.as_ref().filter(|who| who.organization == tenant);
    let mut errors = Vec::new();
    let (by, buyer) = match known {
        Some(who) => (who.actor(), Some(Buyer::Known(who.person()?))),
        None => {
            let typed = (&*form.email, &*form.first_name, &*form.last_name, &*form.time_zone);
            let buyer =
                stranger(typed, reader.among(found.0.languages)).map_err(|wrong| errors.extend(wrong)).ok();
            (Actor::Nobody, buyer)
        }
    };
    let slot: Option<DateTime<Utc>> = form.slot.parse().ok();
    if slot.is_none() {
        errors.push(PageFieldError::new("slot", "choose"));
    }
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (Some(slot), Some(buyer)) = (slot, buyer) {
        match bookings::service::book_slot(&app, tenant, by, page, slot, buyer).await {
            Ok(booking) => return lead_on(&app, tenant, &booking).await,
            Err(error) => {
                errors.extend(beside_form(&app, error)?);
                status = StatusCode::CONFLICT;
            }
        }
    }
    let zone = Some(form.time_zone).filter(|zone| !zone.is_empty());
    let from = slot.filter(|slot| *slot > app.clock.now()).map(|slot| slot.date_naive());
    let look = Look { zone, from };
    let typed = PersonForm {
        email: form.email,
        first_name: form.first_name,
        last_name: form.last_name,
        errors,
        ..PersonForm::default()
    };
    let page = visit_page(&app, &found, visitor.as_ref(), &look, (typed, form.slot)).await?;
    let mut response = reader.bare(&app, &page, house(&found.0))?;
    *response.status_mut() = status;
    Ok(with_checkout(response))
}
