//! The address of one's own calendar feed, as JSON.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::feed;
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::Member,
};

/// Where a person's calendar is.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarFeed {
    /// For a calendar program. Secret: whoever has it sees the timetable and the join links on it.
    #[schema(example = "https://classes.example/calendar/AXBl….ics")]
    pub url: String,
}

/// The caller's own calendar feed: the sessions they teach or are enrolled in, an admin's those of the organization, 60 days
/// back and a year ahead.
#[utoipa::path(get, path = "/api/v1/calendar-feed", tag = "calendar", responses((status = 200, body = CalendarFeed), (status = 403, description = "An API key has no calendar", body = Problem, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, who: Member) -> Result<axum::Json<CalendarFeed>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    Ok(axum::Json(CalendarFeed { url: feed::url(&app, &mut tx, &who).await? }))
}

/// Makes the feed's address anew; the old one opens nothing from then on.
#[utoipa::path(post, path = "/api/v1/calendar-feed/rotate", tag = "calendar", responses((status = 200, body = CalendarFeed), (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn rotate(State(app): State<App>, who: Member) -> Result<axum::Json<CalendarFeed>, ApiError> {
    Ok(axum::Json(CalendarFeed { url: feed::rotate(&app, &who).await? }))
}
