//! The addresses platforms send their events to. Only the signature says who is asking.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::service::{self, Answer};
use crate::{app::App, error::ApiError, platforms::settings};

/// An event for an organization: the address that is registered at the platform.
#[utoipa::path(post, path = "/api/{provider}/webhook/{organization}", tag = "events from platforms", security(()), params(("provider" = String, Path, example = "zoom"), ("organization" = uuid::Uuid, Path)),
    request_body(content = Object, description = "As the platform sends it, signed over the raw bytes; at most 1 MiB"),
    responses((status = 200, description = "On disk, or there already; the answer to a URL validation"), (status = 401, description = "The signature is missing or wrong"), (status = 503, description = "Our own trouble: send it again")))]
pub async fn receive(
    State(app): State<App>,
    Path((provider, organization)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let provider = settings::provider(&provider)?;
    let body = match body {
        Ok(body) => body,
        Err(cut) => return Ok(cut.status().into_response()),
    };
    let organization = Uuid::try_parse(&organization).map_err(|_| ApiError::NotFound)?;
    Ok(answer(
        service::receive(&app, provider, Some(organization.into()), &headers, query.as_deref(), &body).await,
    ))
}

/// An event for whichever organization's secret signed it.
#[utoipa::path(post, path = "/api/{provider}/webhook", tag = "events from platforms", security(()), params(("provider" = String, Path, example = "zoom")),
    request_body(content = Object, description = "As the platform sends it, signed over the raw bytes; at most 1 MiB"),
    responses((status = 200, description = "On disk, or there already; the answer to a signed URL validation"), (status = 401, description = "The signature is missing or wrong"), (status = 503, description = "Our own trouble: send it again")))]
pub async fn receive_any(
    State(app): State<App>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let provider = settings::provider(&provider)?;
    let body = match body {
        Ok(body) => body,
        Err(cut) => return Ok(cut.status().into_response()),
    };
    Ok(answer(service::receive(&app, provider, None, &headers, query.as_deref(), &body).await))
}

/// No body tells a sender anything, except the answer to a challenge that the sender's own secret signed.
fn answer(answer: Answer) -> Response {
    match answer {
        Answer::Stored => StatusCode::OK.into_response(),
        Answer::Challenge { body, media_type } => {
            ([(header::CONTENT_TYPE, media_type)], body).into_response()
        }
        Answer::Refused => StatusCode::UNAUTHORIZED.into_response(),
        Answer::Unreadable => StatusCode::BAD_REQUEST.into_response(),
        Answer::OurTrouble => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response(),
    }
}
