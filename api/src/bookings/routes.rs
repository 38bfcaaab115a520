//! Offers and bookings, as JSON.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, OrganizationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    checkout,
    offers::{self, OfferView, SaveOffer},
    service::{self, BookingView, Buyer},
    store::{self, Booking, BookingState},
};
use crate::{
    app::App,
    classes,
    error::{ApiError, Problem},
    extract::{Instructor, Json, Member, Path},
    list::List,
};

/// On which terms a class is booked.
#[utoipa::path(get, path = "/api/v1/classes/{id}/offer", tag = "bookings", params(("id" = Uuid, Path)), responses((status = 200, body = OfferView), (status = 404, description = "It cannot be booked", body = Problem, content_type = "application/problem+json")))]
pub async fn offer(
    State(app): State<App>,
    who: Member,
    Path(class): Path<Uuid>,
) -> Result<axum::Json<OfferView>, ApiError> {
    Ok(axum::Json(offers::show(&app, &who, ClassId(class)).await?))
}

/// Lets people book a class, on these terms; those who have booked keep their price. A price needs the keys of a payment account.
#[utoipa::path(put, path = "/api/v1/classes/{id}/offer", tag = "bookings", params(("id" = Uuid, Path)), request_body = SaveOffer, responses((status = 200, body = OfferView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn save_offer(
    State(app): State<App>,
    who: Instructor,
    Path(class): Path<Uuid>,
    Json(body): Json<SaveOffer>,
) -> Result<axum::Json<OfferView>, ApiError> {
    Ok(axum::Json(offers::save(&app, &who, ClassId(class), body).await?))
}

/// A class's bookings, oldest first: at most a thousand.
#[utoipa::path(get, path = "/api/v1/classes/{id}/bookings", tag = "bookings", params(("id" = Uuid, Path)), responses((status = 200, body = List<BookingView>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    who: Instructor,
    Path(class): Path<Uuid>,
) -> Result<axum::Json<List<BookingView>>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = classes::service::own(&mut tx, &who, ClassId(class)).await?;
    let bookings = store::of_class(&mut tx, who.organization, class.id).await?;
    Ok(axum::Json(List::whole(bookings.iter().map(BookingView::from).collect())))
}

/// A booking that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Booked {
    /// The booking.
    #[serde(flatten)]
    pub booking: BookingView,
    /// Where it is paid; null when it needs no payment, or waits for a seat.
    pub checkout_url: Option<String>,
    /// Where whoever booked looks after it, without signing in.
    pub url: String,
}

/// Books a class for the caller. Booking again answers the booking there is.
#[utoipa::path(post, path = "/api/v1/classes/{id}/bookings", tag = "bookings", params(("id" = Uuid, Path)), responses((status = 201, body = Booked), (status = 403, body = Problem, content_type = "application/problem+json"), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn book(
    State(app): State<App>,
    who: Member,
    Path(class): Path<Uuid>,
) -> Result<(StatusCode, axum::Json<Booked>), ApiError> {
    let buyer = Buyer::Known(who.person()?);
    let organization = who.organization;
    let booking = service::book(&app, organization, who.actor(), ClassId(class), buyer).await?;
    Ok((StatusCode::CREATED, axum::Json(booked(&app, organization, &booking).await?)))
}

/// A booking that was just made, with where it is paid and looked after.
pub(crate) async fn booked(
    app: &App,
    organization: OrganizationId,
    booking: &Booking,
) -> Result<Booked, ApiError> {
    let checkout_url = match booking.state {
        BookingState::Held => Some(checkout::page(app, organization, booking).await?.expose().clone()),
        _ => None,
    };
    let url = service::url(app, organization, booking.id);
    Ok(Booked { booking: booking.into(), checkout_url, url })
}

/// What can be changed of a booking.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBooking {
    /// Another free slot of its booking page.
    #[schema(value_type = String, example = "2026-11-24T12:00:00Z")]
    pub starts_at: DateTime<Utc>,
}

/// Moves the time that was booked on a booking page to another free one; what was paid stays paid. Whoever booked may until the
/// page's notice, whoever teaches always.
#[utoipa::path(patch, path = "/api/v1/bookings/{id}", tag = "bookings", params(("id" = Uuid, Path)), request_body = ChangeBooking, responses((status = 200, body = BookingView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    who: Member,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangeBooking>,
) -> Result<axum::Json<BookingView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let (_, by) = service::readable(&mut tx, &who, id).await?;
    drop(tx);
    let moved = service::move_slot(&app, who.organization, who.actor(), (id, body.starts_at), by).await?;
    Ok(axum::Json((&moved).into()))
}

/// A booking: one's own, or of a class one teaches or runs.
#[utoipa::path(get, path = "/api/v1/bookings/{id}", tag = "bookings", params(("id" = Uuid, Path)), responses((status = 200, body = BookingView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    who: Member,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<BookingView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let (booking, _) = service::readable(&mut tx, &who, id).await?;
    Ok(axum::Json((&booking).into()))
}

/// Ends a booking: the place goes, and the money goes back: for whoever booked as long as the terms say so, else always.
#[utoipa::path(delete, path = "/api/v1/bookings/{id}", tag = "bookings", params(("id" = Uuid, Path)), responses((status = 200, body = BookingView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn end(
    State(app): State<App>,
    who: Member,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<BookingView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let (_, by) = service::readable(&mut tx, &who, id).await?;
    drop(tx);
    let ended = service::end(&app, who.organization, who.actor(), id, by).await?;
    Ok(axum::Json((&ended).into()))
}
