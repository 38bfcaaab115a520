//! How the organization shows itself, as JSON; its logo as a file.

use axum::extract::State;

use super::service::{self, BrandingView, ChangeBranding};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, Json, PictureBody},
};

/// Logo, colour and the sender of mails.
#[utoipa::path(get, path = "/api/v1/organization/branding", tag = "organization", responses((status = 200, body = BrandingView)))]
pub async fn show(State(app): State<App>, who: Admin) -> Result<axum::Json<BrandingView>, ApiError> {
    Ok(axum::Json(service::show(&app, who.organization).await?.into()))
}

/// Changes colour, the logo's ground and the sender of mails: all that is sent, or nothing. An empty text takes a choice back.
///
/// Pages do not use the colour as it is sent, but the nearest ones of its hue that can be read, on light pages and on dark: `accents`.
#[utoipa::path(patch, path = "/api/v1/organization/branding", tag = "organization", request_body = ChangeBranding, responses((status = 200, body = BrandingView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<ChangeBranding>,
) -> Result<axum::Json<BrandingView>, ApiError> {
    Ok(axum::Json(service::change(&app, &who, &body, None).await?.into()))
}

/// Puts a logo in the place of the one before: a PNG, JPEG or WebP file of at most 512 KB, 16 to 2048 pixels a side, as the body.
///
/// The file must be whole, and what its `Content-Type` says. It is kept without what is not seen: place, camera, author, comments.
/// SVG is not taken, because it can hold scripts.
#[utoipa::path(put, path = "/api/v1/organization/logo", tag = "organization", request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))), responses((status = 200, body = BrandingView), (status = 413, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_logo(
    State(app): State<App>,
    who: Admin,
    PictureBody { media_type, bytes }: PictureBody,
) -> Result<axum::Json<BrandingView>, ApiError> {
    let picture = service::read_logo(&bytes)?;
    if picture.kind.media_type() != media_type {
        let is = picture.kind.media_type();
        return Err(ApiError::field(
            "logo",
            format!("The file is {is}, and Content-Type says {media_type}."),
        ));
    }
    Ok(axum::Json(service::change(&app, &who, &ChangeBranding::default(), Some(&bytes)).await?.into()))
}

/// Takes the logo away. Taking it away twice is no error.
#[utoipa::path(delete, path = "/api/v1/organization/logo", tag = "organization", responses((status = 200, body = BrandingView)))]
pub async fn remove_logo(State(app): State<App>, who: Admin) -> Result<axum::Json<BrandingView>, ApiError> {
    Ok(axum::Json(service::remove_logo(&app, &who).await?.into()))
}
