//! Pasted links, as JSON.

use axum::{extract::State, http::StatusCode};
use lectern_core::ids::{ClassId, SessionId};
use uuid::Uuid;

use super::service::{self, PasteLink, PastedLinkView};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Instructor, Json, Path},
};

/// Where a class's pasted link leads.
#[utoipa::path(get, path = "/api/v1/classes/{id}/link", tag = "classes", params(("id" = Uuid, Path)), responses((status = 200, body = PastedLinkView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<PastedLinkView>, ApiError> {
    Ok(axum::Json(service::show(&app, &who, ClassId(id)).await?))
}

/// Replaces a class's pasted link; people's own links stay and lead there from now on.
#[utoipa::path(put, path = "/api/v1/classes/{id}/link", tag = "classes", params(("id" = Uuid, Path)), request_body = PasteLink, responses((status = 200, body = PastedLinkView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<PasteLink>,
) -> Result<axum::Json<PastedLinkView>, ApiError> {
    Ok(axum::Json(service::set(&app, &who, ClassId(id), &body).await?))
}

/// Where a session's pasted link leads: its own, or the class's.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/link", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 200, body = PastedLinkView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn show_of_session(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<PastedLinkView>, ApiError> {
    Ok(axum::Json(service::show_of_session(&app, &who, SessionId(id)).await?))
}

/// Gives a session a link of its own, instead of the class's.
#[utoipa::path(put, path = "/api/v1/sessions/{id}/link", tag = "sessions", params(("id" = Uuid, Path)), request_body = PasteLink, responses((status = 200, body = PastedLinkView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_of_session(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<PasteLink>,
) -> Result<axum::Json<PastedLinkView>, ApiError> {
    service::set_of_session(&app, &who, SessionId(id), Some(&body)).await?;
    Ok(axum::Json(service::show_of_session(&app, &who, SessionId(id)).await?))
}

/// Takes a session's own link away: it opens the class's again.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}/link", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn remove_of_session(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    service::set_of_session(&app, &who, SessionId(id), None).await?;
    Ok(StatusCode::NO_CONTENT)
}
