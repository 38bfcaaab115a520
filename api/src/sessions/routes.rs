//! Sessions, as JSON.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, Utc};
use lectern_core::ids::{ClassId, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    service::{self, ChangeSession, ScheduleSessions, SessionView},
    store,
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Instructor, Json, Path, Query, SignedIn},
    list::{List, Paging, instant_cursor},
};

/// Filters of the list of sessions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SessionQuery {
    /// Starting from this instant; yesterday when left out.
    #[param(value_type = Option<String>)]
    pub from: Option<DateTime<Utc>>,
    /// Starting before this instant; 30 days after `from` when left out.
    #[param(value_type = Option<String>)]
    pub to: Option<DateTime<Utc>>,
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
    /// Only the session with the host application's id.
    pub external_id: Option<String>,
}

/// The sessions the caller sees, in the order of their starts.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions", params(SessionQuery), responses((status = 200, body = List<SessionView>)))]
pub async fn list(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<SessionQuery>,
) -> Result<axum::Json<List<SessionView>>, ApiError> {
    if let Some(external) = &query.external_id {
        let mut tx = app.db.read(who.organization).await?;
        let found = store::find_by_external(&mut tx, who.organization, external).await?;
        let mut items = Vec::new();
        if let Some(found) = found
            && let Ok((session, class)) = service::readable(&mut tx, &who, found.id).await
        {
            items.push(service::view(&app, &mut tx, &who, &session, &class).await?);
        }
        return Ok(axum::Json(List::whole(items)));
    }
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let from = query.from.unwrap_or_else(|| app.clock.now() - Duration::days(1));
    let to = query.to.unwrap_or(from + Duration::days(30));
    let sessions = service::list(&app, &who, from, to, paging.instant_and_id()?, paging.fetch()).await?;
    Ok(axum::Json(paging.list(
        sessions,
        |session| instant_cursor(session.starts_at, session.id),
        |session| session,
    )))
}

/// Schedules a session of a class.
#[utoipa::path(post, path = "/api/v1/classes/{id}/sessions", tag = "sessions", params(("id" = Uuid, Path)), request_body = ScheduleSessions, responses((status = 201, body = List<SessionView>), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn schedule(
    State(app): State<App>,
    who: Instructor,
    Path(class): Path<Uuid>,
    Json(body): Json<ScheduleSessions>,
) -> Result<(StatusCode, axum::Json<List<SessionView>>), ApiError> {
    let sessions = service::schedule(&app, &who, ClassId(class), body).await?;
    Ok((StatusCode::CREATED, axum::Json(List::whole(sessions))))
}

/// A session.
#[utoipa::path(get, path = "/api/v1/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 200, body = SessionView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<SessionView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let (session, class) = service::readable(&mut tx, &who, SessionId(id)).await?;
    Ok(axum::Json(service::view(&app, &mut tx, &who, &session, &class).await?))
}

/// Moves or renames a session.
#[utoipa::path(patch, path = "/api/v1/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)), request_body = ChangeSession, responses((status = 200, body = SessionView), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangeSession>,
) -> Result<axum::Json<SessionView>, ApiError> {
    Ok(axum::Json(service::change(&app, &who, SessionId(id), body).await?))
}

/// Why a session is called off.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelSession {
    /// In the instructor's own words, for the people's mail.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Calls a session off.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)), request_body(content = CancelSession, description = "May be left out"), responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn cancel(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<CancelSession>,
) -> Result<StatusCode, ApiError> {
    service::cancel(&app, &who, SessionId(id), body.reason.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Starts a session: 200 when the meeting is there, 202 while it is being made.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/start", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 200, body = SessionView), (status = 202, body = SessionView), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn start(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, axum::Json<SessionView>), ApiError> {
    let started = service::start(&app, &who, SessionId(id)).await?;
    let status = if started.ready { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, axum::Json(started.view)))
}

/// Ends a session for everyone.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/end", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 200, body = SessionView), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn end(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<SessionView>, ApiError> {
    Ok(axum::Json(service::end(&app, &who, SessionId(id)).await?))
}

/// Where the host goes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Launch {
    /// Opens the meeting as its host: a secret, good for a short while, given out once.
    pub location: String,
}

/// A fresh address that opens the meeting as its host: for the session's instructor alone.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/launch", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 200, body = Launch), (status = 403, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn launch(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    let location = service::launch(&app, &who, SessionId(id)).await?;
    let mut response = axum::Json(Launch { location: location.expose().clone() }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
