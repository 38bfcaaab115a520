//! Series, as JSON. Scheduling and changing them go by the sessions' own routes.

use axum::extract::{Path, State};
use lectern_core::ids::ClassId;
use uuid::Uuid;

use super::preview::{self, Preview, PreviewSessions};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Instructor, Json},
};

/// Every session that a rule would give: on the class's clock and the viewer's, with clashes, days off and shifted hours.
/// Nothing is saved.
#[utoipa::path(post, path = "/api/v1/classes/{id}/sessions/preview", tag = "sessions", params(("id" = Uuid, Path)), request_body = PreviewSessions, responses((status = 200, body = Preview), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn preview(
    State(app): State<App>,
    who: Instructor,
    Path(class): Path<Uuid>,
    Json(body): Json<PreviewSessions>,
) -> Result<axum::Json<Preview>, ApiError> {
    Ok(axum::Json(preview::preview(&app, &who, ClassId(class), body).await?))
}
