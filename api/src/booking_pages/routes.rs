//! Booking pages, as JSON.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    openings::{self, But},
    service::{self, BookingPageView, SaveBookingPage},
};
use crate::{
    app::App,
    bookings::{
        self,
        routes::Booked,
        service::{BookingView, Buyer},
    },
    error::{ApiError, Problem},
    extract::{Instructor, Json, Member, Path, Query},
    list::{List, Paging},
};

/// How far one question about free slots reaches.
const REACH: Duration = Duration::days(31);

/// Which part of the list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PagesQuery {
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
}

/// The booking pages the caller runs, newest first: an admin's are all.
#[utoipa::path(get, path = "/api/v1/booking-pages", tag = "bookings", params(PagesQuery), responses((status = 200, body = List<BookingPageView>)))]
pub async fn list(
    State(app): State<App>,
    who: Instructor,
    Query(query): Query<PagesQuery>,
) -> Result<axum::Json<List<BookingPageView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let mut tx = app.db.read(who.organization).await?;
    let rows = service::list(&mut tx, &who, paging.id()?, paging.fetch()).await?;
    let list = paging.list(rows, |page| page.id.to_string(), |page| page);
    let mut items = Vec::with_capacity(list.items.len());
    for page in &list.items {
        items.push(service::view(&app, &mut tx, who.organization, page).await?);
    }
    Ok(axum::Json(List { items, next_cursor: list.next_cursor }))
}

/// Makes a booking page.
#[utoipa::path(post, path = "/api/v1/booking-pages", tag = "bookings", request_body = SaveBookingPage, responses((status = 201, body = BookingPageView), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    who: Instructor,
    Json(body): Json<SaveBookingPage>,
) -> Result<(StatusCode, axum::Json<BookingPageView>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(service::save(&app, &who, None, body).await?)))
}

/// A booking page: of whoever runs it, or can book on it.
#[utoipa::path(get, path = "/api/v1/booking-pages/{id}", tag = "bookings", params(("id" = Uuid, Path)), responses((status = 200, body = BookingPageView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    who: Member,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<BookingPageView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let page = service::readable(&mut tx, &who, id).await?;
    Ok(axum::Json(service::view(&app, &mut tx, who.organization, &page).await?))
}

/// Gives a booking page other terms; what was booked stays as it was booked.
#[utoipa::path(put, path = "/api/v1/booking-pages/{id}", tag = "bookings", params(("id" = Uuid, Path)), request_body = SaveBookingPage, responses((status = 200, body = BookingPageView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn save(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<SaveBookingPage>,
) -> Result<axum::Json<BookingPageView>, ApiError> {
    Ok(axum::Json(service::save(&app, &who, Some(id), body).await?))
}

/// A free slot.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlotView {
    /// Its begin.
    pub starts_at: DateTime<Utc>,
    /// Its end.
    pub ends_at: DateTime<Utc>,
    /// The zone of whoever is booked.
    #[schema(example = "Asia/Dhaka")]
    pub time_zone: String,
}

/// From when until when.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SlotsQuery {
    /// Slots that begin then or later; now when left out.
    #[param(value_type = Option<String>)]
    pub from: Option<DateTime<Utc>>,
    /// Slots that begin before; two weeks later when left out, 31 days later at most.
    #[param(value_type = Option<String>)]
    pub until: Option<DateTime<Utc>>,
}

/// The free slots of a booking page, in order.
#[utoipa::path(get, path = "/api/v1/booking-pages/{id}/slots", tag = "bookings", params(("id" = Uuid, Path), SlotsQuery), responses((status = 200, body = List<SlotView>), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn slots(
    State(app): State<App>,
    who: Member,
    Path(id): Path<Uuid>,
    Query(query): Query<SlotsQuery>,
) -> Result<axum::Json<List<SlotView>>, ApiError> {
    let now = app.clock.now();
    // Nobody books in another year: what lies further away is empty in any case.
    let from = query.from.unwrap_or(now).clamp(now, now + Duration::days(400));
    let until = query.until.unwrap_or(from + Duration::days(14));
    if until > from + REACH {
        return Err(ApiError::field("until", "At most 31 days at once."));
    }
    let mut tx = app.db.read(who.organization).await?;
    let page = service::readable(&mut tx, &who, id).await?;
    let asked = (&page, page.duration_minutes);
    let free = openings::free(&app, &mut tx, who.organization, asked, (from, until), But::default()).await?;
    let length = Duration::minutes(page.duration_minutes);
    let view = |starts_at| SlotView { starts_at, ends_at: starts_at + length, time_zone: page.zone.clone() };
    Ok(axum::Json(List::whole(free.into_iter().map(view).collect())))
}

/// What was booked on a page, the latest time first: at most a thousand.
#[utoipa::path(get, path = "/api/v1/booking-pages/{id}/bookings", tag = "bookings", params(("id" = Uuid, Path)), responses((status = 200, body = List<BookingView>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn bookings(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<List<BookingView>>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let page = service::own(&mut tx, &who, id).await?;
    let all = bookings::service::of_page(&mut tx, who.organization, page.id).await?;
    Ok(axum::Json(List::whole(all.iter().map(BookingView::from).collect())))
}

/// The time that is booked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookSlot {
    /// The begin of a free slot.
    #[schema(value_type = String, example = "2026-11-24T12:00:00Z")]
    pub starts_at: DateTime<Utc>,
}

/// Books a time for the caller. It is theirs alone: 409 `slot_taken` when it is not free any more.
#[utoipa::path(post, path = "/api/v1/booking-pages/{id}/bookings", tag = "bookings", params(("id" = Uuid, Path)), request_body = BookSlot, responses((status = 201, body = Booked), (status = 403, body = Problem, content_type = "application/problem+json"), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn book(
    State(app): State<App>,
    who: Member,
    Path(id): Path<Uuid>,
    Json(body): Json<BookSlot>,
) -> Result<(StatusCode, axum::Json<Booked>), ApiError> {
    let buyer = Buyer::Known(who.person()?);
    let organization = who.organization;
    let mut tx = app.db.read(organization).await?;
    service::readable(&mut tx, &who, id).await?;
    drop(tx);
    let booking =
        bookings::service::book_slot(&app, organization, who.actor(), id, body.starts_at, buyer).await?;
    Ok((StatusCode::CREATED, axum::Json(bookings::routes::booked(&app, organization, &booking).await?)))
}
