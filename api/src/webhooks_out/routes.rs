//! Endpoints and their deliveries, as JSON.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    deliveries::{self, DeliveryView},
    service::{self, ChangeEndpoint, CreateEndpoint, EndpointView},
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, Json, Path, Query},
    list::{List, Paging},
};

/// The organization's webhook endpoints.
#[utoipa::path(get, path = "/api/v1/webhook-endpoints", tag = "webhooks", responses((status = 200, body = List<EndpointView>)))]
pub async fn list(State(app): State<App>, who: Admin) -> Result<axum::Json<List<EndpointView>>, ApiError> {
    Ok(axum::Json(List::whole(service::list(&app, &who).await?)))
}

/// Adds an endpoint: at most 20. Its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints", tag = "webhooks", request_body = CreateEndpoint, responses((status = 201, body = EndpointView), (status = 409, description = "There are 20 already", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<CreateEndpoint>,
) -> Result<(StatusCode, axum::Json<EndpointView>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(service::create(&app, &who, body).await?)))
}

/// One endpoint.
#[utoipa::path(get, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 200, body = EndpointView)))]
pub async fn show(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<EndpointView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    Ok(axum::Json(service::own(&mut tx, &who, id).await?.into()))
}

/// Changes an endpoint, or switches it off and on.
#[utoipa::path(patch, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), request_body = ChangeEndpoint, responses((status = 200, body = EndpointView)))]
pub async fn change(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangeEndpoint>,
) -> Result<axum::Json<EndpointView>, ApiError> {
    Ok(axum::Json(service::change(&app, &who, id, body).await?))
}

/// Removes an endpoint, and what is known of its deliveries.
#[utoipa::path(delete, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    service::remove(&app, &who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes another secret, shown in this answer and nowhere else. For 24 hours the one before signs as well: a message then has
/// two signatures, parted by a space.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/rotate-secret", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 200, body = EndpointView)))]
pub async fn rotate_secret(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<EndpointView>, ApiError> {
    Ok(axum::Json(service::rotate(&app, &who, id).await?))
}

/// Sends `endpoint.test`; its delivery tells how that went.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/test", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 202, body = DeliveryView), (status = 409, description = "It is disabled", body = Problem, content_type = "application/problem+json")))]
pub async fn test(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, axum::Json<DeliveryView>), ApiError> {
    Ok((StatusCode::ACCEPTED, axum::Json(deliveries::test(&app, &who, id).await?)))
}

/// Filters of the deliveries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DeliveriesQuery {
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
    /// Only `pending`, `delivered` or `failed`.
    pub state: Option<String>,
}

/// What was sent to an endpoint in the last 30 days, the newest first.
#[utoipa::path(get, path = "/api/v1/webhook-endpoints/{id}/deliveries", tag = "webhooks", params(("id" = Uuid, Path), DeliveriesQuery), responses((status = 200, body = List<DeliveryView>)))]
pub async fn deliveries(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Query(query): Query<DeliveriesQuery>,
) -> Result<axum::Json<List<DeliveryView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    Ok(axum::Json(deliveries::list(&app, &who, id, query.state.as_deref(), &paging).await?))
}

/// Sends one again: the same bytes under the same `webhook-id`, with as many tries as the first time.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/deliveries/{delivery}/replay", tag = "webhooks", params(("id" = Uuid, Path), ("delivery" = Uuid, Path)), responses((status = 202, body = DeliveryView), (status = 409, description = "The endpoint is disabled", body = Problem, content_type = "application/problem+json")))]
pub async fn replay(
    State(app): State<App>,
    who: Admin,
    Path((id, delivery)): Path<(Uuid, Uuid)>,
) -> Result<(StatusCode, axum::Json<DeliveryView>), ApiError> {
    Ok((StatusCode::ACCEPTED, axum::Json(deliveries::replay(&app, &who, id, delivery).await?)))
}

/// From when on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaySince {
    /// What failed of that which happened at this instant or later.
    pub since: DateTime<Utc>,
}

/// How many are sent again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// Deliveries.
    pub count: u64,
}

/// Sends everything again that failed for good since an instant.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/replay", tag = "webhooks", params(("id" = Uuid, Path)), request_body = ReplaySince, responses((status = 202, body = Replayed), (status = 409, description = "The endpoint is disabled", body = Problem, content_type = "application/problem+json")))]
pub async fn replay_failed(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Json(body): Json<ReplaySince>,
) -> Result<(StatusCode, axum::Json<Replayed>), ApiError> {
    let count = deliveries::replay_failed(&app, &who, id, body.since).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Replayed { count })))
}
