//! Days off, as JSON.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::service::{self, HolidayView};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, Json, Member},
    list::List,
};

/// A day off's name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveHoliday {
    /// What people call it.
    #[schema(example = "Victory Day")]
    pub name: String,
}

fn day(text: &str) -> Result<NaiveDate, ApiError> {
    text.parse().map_err(|_| ApiError::field("day", "Write a day such as 2026-12-16."))
}

/// The organization's days off, in order.
#[utoipa::path(get, path = "/api/v1/organization/holidays", tag = "organization", responses((status = 200, body = List<HolidayView>)))]
pub async fn list(State(app): State<App>, who: Member) -> Result<axum::Json<List<HolidayView>>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let days = service::of(&mut tx, who.organization).await?;
    Ok(axum::Json(List::whole(days.into_iter().map(|(day, name)| HolidayView { day, name }).collect())))
}

/// Makes a day one on which no session of a series takes place, or names it anew. What is scheduled on it by a series is called
/// off, with the name as reason.
#[utoipa::path(put, path = "/api/v1/organization/holidays/{day}", tag = "organization", params(("day" = String, Path)), request_body = SaveHoliday, responses((status = 200, body = HolidayView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn save(
    State(app): State<App>,
    who: Admin,
    Path(text): Path<String>,
    Json(body): Json<SaveHoliday>,
) -> Result<axum::Json<HolidayView>, ApiError> {
    Ok(axum::Json(service::save(&app, &who, day(&text)?, &body.name).await?))
}

/// Takes a day off back: series hold class on it again. Fine when it was none.
#[utoipa::path(delete, path = "/api/v1/organization/holidays/{day}", tag = "organization", params(("day" = String, Path)), responses((status = 204)))]
pub async fn remove(
    State(app): State<App>,
    who: Admin,
    Path(text): Path<String>,
) -> Result<StatusCode, ApiError> {
    service::remove(&app, &who, day(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
