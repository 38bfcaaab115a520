//! What a timetable elsewhere sends, as JSON.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::service::{self, Entry, EntryView, Outcome};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Instructor, Json, Path, Query},
};

/// Whether anything is done.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PutQuery {
    /// Only says what would come of it.
    #[serde(default)]
    pub dry_run: bool,
}

/// Makes it so that the session with the timetable's id is what the entry says: class, session and, unless it is in person, the
/// classroom come about by themselves. Sending the same again changes nothing.
#[utoipa::path(put, path = "/api/v1/schedule/{external_id}", tag = "timetable", params(("external_id" = String, Path, description = "The timetable's id of the session"), PutQuery), request_body = Entry, responses((status = 200, body = EntryView), (status = 201, description = "The session was made", body = EntryView), (status = 404, description = "The class belongs to another instructor", body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn put(
    State(app): State<App>,
    who: Instructor,
    Path(external): Path<String>,
    Query(query): Query<PutQuery>,
    Json(entry): Json<Entry>,
) -> Result<(StatusCode, axum::Json<EntryView>), ApiError> {
    let view = service::put(&app, &who, &external, entry, query.dry_run).await?;
    let made = view.outcome == Outcome::Created && !query.dry_run;
    Ok((if made { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(view)))
}

/// Many entries.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutSchedule {
    /// At most 500, each with an id of its own.
    pub entries: Vec<Entry>,
    /// Only says what would come of it.
    #[serde(default)]
    pub dry_run: bool,
}

/// What many entries came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleView {
    /// One for each entry, in order. One that is refused does not keep the others from being done.
    pub items: Vec<EntryView>,
    /// How many were refused.
    pub refused: usize,
}

/// The same for many sessions at once, each by itself, in the order in which they are sent.
#[utoipa::path(post, path = "/api/v1/schedule", tag = "timetable", request_body = PutSchedule, responses((status = 200, body = ScheduleView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn put_many(
    State(app): State<App>,
    who: Instructor,
    Json(body): Json<PutSchedule>,
) -> Result<axum::Json<ScheduleView>, ApiError> {
    let ids = service::ids_of(&body.entries)?;
    let mut items = Vec::with_capacity(ids.len());
    for (external_id, entry) in ids.into_iter().zip(body.entries) {
        let done = service::put(&app, &who, &external_id, entry, body.dry_run).await;
        items.push(match done {
            Ok(view) => view,
            Err(error @ (ApiError::Invalid(_) | ApiError::Conflict(..) | ApiError::NotFound)) => {
                EntryView::refused(&external_id, error)
            }
            Err(other) => return Err(other),
        });
    }
    let refused = items.iter().filter(|item| item.outcome == Outcome::Refused).count();
    Ok(axum::Json(ScheduleView { items, refused }))
}
