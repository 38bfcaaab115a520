//! Platform settings and connections, as JSON, and the address the platform sends people back to.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use lectern_core::{ids::ConnectionId, ids::OrganizationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    check::{self, TestView},
    connect::{self, ConnectionView},
    consent::{self, Callback, Outcome},
    save::{self, SaveSettings},
    settings::{self, HistoryView, PlatformView},
    tickets,
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, Instructor, Json, Path, Query, SignedIn, SuperAdmin, cookie},
    list::{List, Paging},
    pages::see_other,
};

/// A platform's settings; one that is not set up shows the addresses to set it up with.
#[utoipa::path(get, path = "/api/v1/platforms/{provider}", tag = "platforms", params(("provider" = String, Path, example = "zoom")), responses((status = 200, body = PlatformView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    who: Admin,
    Path(provider): Path<String>,
) -> Result<axum::Json<PlatformView>, ApiError> {
    Ok(axum::Json(settings::show(&app, &who, settings::provider(&provider)?).await?))
}

/// Saves a platform's credentials; secrets are never shown again.
#[utoipa::path(put, path = "/api/v1/platforms/{provider}", tag = "platforms", params(("provider" = String, Path, example = "zoom")), request_body = SaveSettings, responses((status = 200, body = PlatformView), (status = 403, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn save(
    State(app): State<App>,
    who: Admin,
    Path(provider): Path<String>,
    Json(body): Json<SaveSettings>,
) -> Result<axum::Json<PlatformView>, ApiError> {
    Ok(axum::Json(save::save(&app, &who, settings::provider(&provider)?, body).await?))
}

/// Removes a platform's credentials and ends every connection made with them.
#[utoipa::path(delete, path = "/api/v1/platforms/{provider}", tag = "platforms", params(("provider" = String, Path, example = "zoom")), responses((status = 204), (status = 403, body = Problem, content_type = "application/problem+json"), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    State(app): State<App>,
    who: Admin,
    Path(provider): Path<String>,
) -> Result<StatusCode, ApiError> {
    settings::remove(&app, &who, settings::provider(&provider)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tests a platform's settings step by step.
#[utoipa::path(post, path = "/api/v1/platforms/{provider}/test", tag = "platforms", params(("provider" = String, Path, example = "zoom")), responses((status = 200, body = TestView), (status = 409, description = "Nothing is set up", body = Problem, content_type = "application/problem+json")))]
pub async fn test(
    State(app): State<App>,
    who: Admin,
    Path(provider): Path<String>,
) -> Result<axum::Json<TestView>, ApiError> {
    Ok(axum::Json(check::run(&app, &who, settings::provider(&provider)?).await?))
}

/// Paging.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
}

/// Who changed a platform's settings, when.
#[utoipa::path(get, path = "/api/v1/platforms/{provider}/history", tag = "platforms", params(("provider" = String, Path, example = "zoom"), PageQuery), responses((status = 200, body = List<HistoryView>)))]
pub async fn history(
    State(app): State<App>,
    who: Admin,
    Path(provider): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<HistoryView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    Ok(axum::Json(settings::history(&app, &who, settings::provider(&provider)?, &paging).await?))
}

/// Removes an organization's credentials without reading them; its own audit log says so.
#[utoipa::path(delete, path = "/api/v1/organizations/{id}/platforms/{provider}", tag = "instance", params(("id" = Uuid, Path), ("provider" = String, Path, example = "zoom")), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn reset(
    State(app): State<App>,
    who: SuperAdmin,
    Path((id, provider)): Path<(Uuid, String)>,
) -> Result<StatusCode, ApiError> {
    settings::reset(&app, &who, OrganizationId(id), settings::provider(&provider)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where to send the person's browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizeView {
    /// At the platform; valid for 10 minutes, once, and only for the browser that asked (see the cookie), or any sign-in of the
    /// same person when a program asked with `Authorization`.
    pub authorize_url: String,
    /// For a program: an address of ours for the person's browser, good for 5 minutes and once. It says whose account is about
    /// to be connected, binds the consent to that browser, and leads on to the platform; nobody need be signed in here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_url: Option<String>,
}

/// An answer that gives the asker its cookie.
pub(super) fn with_cookie(app: &App, started: &consent::Started, mut response: Response) -> Response {
    let cookie = app.config.server.set_cookie(
        consent::COOKIE,
        Some(started.cookie.expose()),
        consent::PATIENCE.num_seconds(),
    );
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Begins to connect one's own account: the person allows it at the platform.
#[utoipa::path(post, path = "/api/v1/platforms/{provider}/connection", tag = "connections", params(("provider" = String, Path, example = "zoom")), responses((status = 200, body = AuthorizeView), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn connect(
    State(app): State<App>,
    who: Instructor,
    Path(provider): Path<String>,
) -> Result<Response, ApiError> {
    let provider = settings::provider(&provider)?;
    let started = consent::start(&app, &who, provider).await?;
    let start_url = tickets::issue(&app, &who, provider).await?;
    let view = AuthorizeView { authorize_url: started.authorize_url.to_string(), start_url };
    Ok(with_cookie(&app, &started, axum::Json(view).into_response()))
}

/// One's own connection.
#[utoipa::path(get, path = "/api/v1/platforms/{provider}/connection", tag = "connections", params(("provider" = String, Path, example = "zoom")), responses((status = 200, body = ConnectionView)))]
pub async fn connection(
    State(app): State<App>,
    who: Instructor,
    Path(provider): Path<String>,
) -> Result<axum::Json<ConnectionView>, ApiError> {
    Ok(axum::Json(connect::show(&app, &who, settings::provider(&provider)?).await?))
}

/// Disconnects one's own account, here and at the platform.
#[utoipa::path(delete, path = "/api/v1/platforms/{provider}/connection", tag = "connections", params(("provider" = String, Path, example = "zoom")), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn disconnect(
    State(app): State<App>,
    who: Instructor,
    Path(provider): Path<String>,
) -> Result<StatusCode, ApiError> {
    connect::disconnect(&app, &who, settings::provider(&provider)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refreshes one's own connection now.
#[utoipa::path(post, path = "/api/v1/platforms/{provider}/connection/refresh", tag = "connections", params(("provider" = String, Path, example = "zoom")), responses((status = 200, body = ConnectionView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, description = "It must be connected again", body = Problem, content_type = "application/problem+json")))]
pub async fn refresh(
    State(app): State<App>,
    who: Instructor,
    Path(provider): Path<String>,
) -> Result<axum::Json<ConnectionView>, ApiError> {
    Ok(axum::Json(connect::refresh(&app, &who, settings::provider(&provider)?).await?))
}

/// Everybody's connections.
#[utoipa::path(get, path = "/api/v1/connections", tag = "connections", params(PageQuery), responses((status = 200, body = List<ConnectionView>)))]
pub async fn list(
    State(app): State<App>,
    who: Admin,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<ConnectionView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    Ok(axum::Json(connect::list(&app, &who, &paging).await?))
}

/// Ends anybody's connection, here and at the platform.
#[utoipa::path(delete, path = "/api/v1/connections/{id}", tag = "connections", params(("id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn revoke(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    connect::revoke_any(&app, &who, ConnectionId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /oauth/{provider}/callback`: the platform sends the person back. A page; a program that comes with `Authorization` is
/// told a failure as a problem document.
pub async fn callback(
    State(app): State<App>,
    who: Option<SignedIn>,
    headers: HeaderMap,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let provider = settings::provider(&provider)?;
    let back: Callback = serde_html_form::from_str(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let program = headers.contains_key(header::AUTHORIZATION);
    let name = app.config.server.cookie_name(consent::COOKIE);
    let cookie = cookie(&headers, &name);
    let by_ticket = cookie.is_some_and(|cookie| cookie.starts_with(consent::BY_TICKET));
    let outcome = consent::complete(&app, provider, who.as_ref(), cookie, back).await;
    let landing = if by_ticket && who.is_none() {
        format!("/oauth/{}/done", provider.as_str())
    } else {
        "/connection".to_owned()
    };
    let mut response = match outcome {
        Ok(Outcome::Connected) => see_other(&format!("{landing}?notice=connected")),
        Ok(Outcome::Denied) => see_other(&format!("{landing}?notice=connect_failed")),
        Err(ApiError::Provider(error)) if !program => {
            tracing::warn!(%error, "an account could not be connected: {error}");
            see_other(&format!("{landing}?notice=connect_failed"))
        }
        Err(error) => return Err(error),
    };
    if let Ok(value) = HeaderValue::from_str(&app.config.server.set_cookie(consent::COOKIE, None, 0)) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}
