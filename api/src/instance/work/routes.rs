//! The server's work, as JSON.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::service::{self, WorkView};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Json, Path, Query, SuperAdmin},
    list::Paging,
};

/// What is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WorkQuery {
    /// Only what gave up of this kind.
    pub kind: Option<String>,
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
}

/// The server's work by kind, and what gave up, the newest first.
#[utoipa::path(get, path = "/api/v1/instance/jobs", tag = "instance", params(WorkQuery), responses((status = 200, body = WorkView), (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    _: SuperAdmin,
    Query(query): Query<WorkQuery>,
) -> Result<axum::Json<WorkView>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let kind = query.kind.unwrap_or_default();
    Ok(axum::Json(service::work(&app, &kind, &paging).await?))
}

/// Has one that gave up, or waits for another try, tried again now and with all its tries.
#[utoipa::path(post, path = "/api/v1/instance/jobs/{id}/retry", tag = "instance", params(("id" = Uuid, Path)), responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn retry(
    State(app): State<App>,
    who: SuperAdmin,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    service::retry(&app, &who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets one that gave up, or waits for another try, go undone.
#[utoipa::path(post, path = "/api/v1/instance/jobs/{id}/discard", tag = "instance", params(("id" = Uuid, Path)), responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn discard(
    State(app): State<App>,
    who: SuperAdmin,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    service::discard(&app, &who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which kind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryKind {
    /// As in `kinds` of the list.
    #[schema(example = "mails.send")]
    pub kind: String,
}

/// How many are tried again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Retried {
    /// How many had given up.
    pub retried: u64,
}

/// Has all of a kind that gave up tried again.
#[utoipa::path(post, path = "/api/v1/instance/jobs/retry", tag = "instance", request_body = RetryKind, responses((status = 200, body = Retried)))]
pub async fn retry_kind(
    State(app): State<App>,
    who: SuperAdmin,
    Json(body): Json<RetryKind>,
) -> Result<axum::Json<Retried>, ApiError> {
    Ok(axum::Json(Retried { retried: service::retry_kind(&app, &who, &body.kind).await? }))
}
