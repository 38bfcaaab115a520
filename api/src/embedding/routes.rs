//! Embedding, as JSON.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    service::{self, AskEmbed, EmbedLink},
    settings::{self, EmbeddingView},
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, Json, Member},
};

/// Makes a link that shows one view to one person inside a page of the host application.
///
/// Asked for as that person, with their token (of a sign-in, or of the host application): an API key stands for nobody and gets
/// 403. Put `url` into the `src` of a frame when you write the page; it opens once, within 5 minutes, in one browser, which
/// may then look at this one view for 8 hours. Signing out, disabling the person and closing the organization end it at once.
/// 409 `embedding_off` until an admin has named the origins that may frame.
#[utoipa::path(post, path = "/api/v1/embeds", tag = "embedding", request_body = AskEmbed, responses((status = 201, body = EmbedLink), (status = 403, description = "A view for other roles, or no person", body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn ask(
    State(app): State<App>,
    who: Member,
    Json(body): Json<AskEmbed>,
) -> Result<(StatusCode, axum::Json<EmbedLink>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(service::ask(&app, &who, body).await?)))
}

/// Which pages may show parts of Lectern.
#[utoipa::path(get, path = "/api/v1/organization/embedding", tag = "embedding", responses((status = 200, body = EmbeddingView)))]
pub async fn show(State(app): State<App>, who: Admin) -> Result<axum::Json<EmbeddingView>, ApiError> {
    Ok(axum::Json(settings::show(&app, who.organization).await?.into()))
}

/// The origins that may frame.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetEmbedding {
    /// Scheme, host and port of each: https, or http on loopback. At most 10; none turns embedding off and ends every open view.
    #[schema(example = json!(["https://www.dreamcrowd.example"]))]
    pub origins: Vec<String>,
}

/// Decides it anew, all origins together. For people only, not for API keys.
#[utoipa::path(put, path = "/api/v1/organization/embedding", tag = "embedding", request_body = SetEmbedding, responses((status = 200, body = EmbeddingView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<SetEmbedding>,
) -> Result<axum::Json<EmbeddingView>, ApiError> {
    who.person()?;
    Ok(axum::Json(settings::set(&app, &who, &body.origins).await?.into()))
}
