//! The payment account and what it sends, as JSON.

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use lectern_core::ids::OrganizationId;
use lectern_providers::stripe::SIGNATURE_HEADER;
use uuid::Uuid;

use super::service::{self, Heard, PaymentsView, SavePayments};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, Json, Path},
};

/// The organization's Stripe account. Keys are never shown.
#[utoipa::path(get, path = "/api/v1/payments/stripe", tag = "payments", responses((status = 200, body = PaymentsView)))]
pub async fn show(State(app): State<App>, who: Admin) -> Result<axum::Json<PaymentsView>, ApiError> {
    Ok(axum::Json(service::show(&app, who.organization).await?))
}

/// Saves keys, sealed; by whoever may edit platform credentials.
#[utoipa::path(put, path = "/api/v1/payments/stripe", tag = "payments", request_body = SavePayments, responses((status = 200, body = PaymentsView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn save(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<SavePayments>,
) -> Result<axum::Json<PaymentsView>, ApiError> {
    Ok(axum::Json(service::save(&app, &who, body).await?))
}

/// Takes the account off: nobody can pay any more.
#[utoipa::path(delete, path = "/api/v1/payments/stripe", tag = "payments", responses((status = 204)))]
pub async fn remove(State(app): State<App>, who: Admin) -> Result<StatusCode, ApiError> {
    service::remove(&app, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the account for its name.
#[utoipa::path(post, path = "/api/v1/payments/stripe/test", tag = "payments", responses((status = 200, body = PaymentsView), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn test(State(app): State<App>, who: Admin) -> Result<axum::Json<PaymentsView>, ApiError> {
    Ok(axum::Json(service::test(&app, &who).await?))
}

/// An event of the organization's Stripe account.
#[utoipa::path(post, path = "/api/stripe/webhook/{organization}", tag = "events from platforms", security(()), params(("organization" = Uuid, Path)),
    request_body(content = Object, description = "As Stripe sends it, signed over the raw bytes"),
    responses((status = 200, description = "Followed, now or before"), (status = 401, description = "The signature is missing or wrong")))]
pub async fn receive(
    State(app): State<App>,
    Path(organization): Path<Uuid>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = match body {
        Ok(body) => body,
        Err(cut) => return Ok(cut.status().into_response()),
    };
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let heard = service::hear(&app, OrganizationId(organization), signature, &body).await?;
    Ok(match heard {
        Heard::Followed => StatusCode::OK.into_response(),
        Heard::Refused => StatusCode::UNAUTHORIZED.into_response(),
    })
}
