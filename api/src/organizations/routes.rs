//! Settings of one's own organization; organizations, for whoever runs the server.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    limits::{self, Limits, LimitsView},
    service::{self, ChangeSettings, CreateOrganization, OrganizationView, SetHostTokens, SettingsView},
    store,
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, Json, Owner, Path, Query, SuperAdmin},
    list::{List, Paging},
};

/// What the organization decided.
#[utoipa::path(get, path = "/api/v1/organization/settings", tag = "organization", responses((status = 200, body = SettingsView)))]
pub async fn show_settings(State(app): State<App>, who: Admin) -> Result<axum::Json<SettingsView>, ApiError> {
    Ok(axum::Json(service::organization(&app, who.organization).await?.into()))
}

/// Changes name, words, zone, default platform, languages and policies: all that is sent, or nothing. Name, words and who edits credentials are
/// an owner's to change.
#[utoipa::path(patch, path = "/api/v1/organization/settings", tag = "organization", request_body = ChangeSettings, responses((status = 200, body = SettingsView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn change_settings(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<ChangeSettings>,
) -> Result<axum::Json<SettingsView>, ApiError> {
    Ok(axum::Json(service::change(&app, &who, body).await?.into()))
}

/// Sets how the host application's tokens are checked: one fixed algorithm.
///
/// Its people then come with `Authorization: Bearer <JWT>`, signed with the shared secret (`hs256`, at least 32 characters) or by
/// a key of the set (`rs256`; with several keys the header names one by `kid`). Claims: `iss` and `aud` as set here; `sub`, the
/// person's id with you, which never changes; `email`; `name`; `role` as a number, 0 student or buyer, 1 instructor or seller,
/// 2 admin (never an owner); `iat` and `exp` in seconds, at most an hour apart; `nbf` may be left out. Clocks may differ by a
/// minute. Whoever comes for the first time is made, or known again by an address that no password protects. A token that is
/// signed well and not accepted answers 401 `token_refused` with the reason; any other 401 `signed_out`.
#[utoipa::path(put, path = "/api/v1/organization/host-tokens", tag = "organization", request_body = SetHostTokens, responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_host_tokens(
    State(app): State<App>,
    who: Owner,
    Json(body): Json<SetHostTokens>,
) -> Result<StatusCode, ApiError> {
    who.person()?;
    service::set_host_tokens(&app, &who, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The platform of new classes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultPlatform {
    /// `zoom`, `teams`, `meet` or `link`.
    pub provider: String,
}

/// Makes a platform the one new classes use.
#[utoipa::path(put, path = "/api/v1/organization/default-platform", tag = "organization", request_body = DefaultPlatform, responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_default_platform(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<DefaultPlatform>,
) -> Result<StatusCode, ApiError> {
    service::set_default_platform(&app, &who, &body.provider).await?;
    Ok(StatusCode::NO_CONTENT)
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

/// All organizations of this server.
#[utoipa::path(get, path = "/api/v1/organizations", tag = "instance", params(PageQuery), responses((status = 200, body = List<OrganizationView>), (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    _: SuperAdmin,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<OrganizationView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let mut tx = app.db.system_read().await?;
    // The operator's own rows have the empty slug and come before every other.
    let organizations = store::list(&mut tx, paging.text()?.as_deref().unwrap_or(""), paging.fetch()).await?;
    Ok(axum::Json(paging.list(
        organizations,
        |organization| organization.slug.clone(),
        OrganizationView::from,
    )))
}

/// How much an organization may have, and has.
#[utoipa::path(get, path = "/api/v1/organizations/{id}/limits", tag = "instance", params(("id" = Uuid, Path)), responses((status = 200, body = LimitsView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show_limits(
    State(app): State<App>,
    _: SuperAdmin,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<LimitsView>, ApiError> {
    Ok(axum::Json(limits::show(&app, id.into()).await?.1))
}

/// Sets how much an organization may have: all three at once, and what is left out or `null` has no limit.
///
/// What is there already stays, also above a limit; only nothing is added then: `limit_people` (made one by one, from a list, by
/// booking or by a host application's token), `limit_classes` or `limit_live_sessions`, 409. Guests are not counted, and a meeting
/// that its host starts at the platform runs in any case.
#[utoipa::path(put, path = "/api/v1/organizations/{id}/limits", tag = "instance", params(("id" = Uuid, Path)), request_body = Limits, responses((status = 200, body = LimitsView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn set_limits(
    State(app): State<App>,
    who: SuperAdmin,
    Path(id): Path<Uuid>,
    Json(body): Json<Limits>,
) -> Result<axum::Json<LimitsView>, ApiError> {
    Ok(axum::Json(limits::set(&app, &who, id.into(), body).await?))
}

/// Whether an organization is open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeOrganization {
    /// Closed, nobody of it signs in or joins, and nothing is begun for it by the clock, but that its connections are kept alive;
    /// what was queued is finished and told. Its data stay.
    pub active: bool,
}

/// Opens or closes an organization.
#[utoipa::path(patch, path = "/api/v1/organizations/{id}", tag = "instance", params(("id" = Uuid, Path)), request_body = ChangeOrganization, responses((status = 200, body = OrganizationView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    who: SuperAdmin,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangeOrganization>,
) -> Result<axum::Json<OrganizationView>, ApiError> {
    Ok(axum::Json(limits::set_active(&app, &who, id.into(), body.active).await?.into()))
}

/// Makes an organization.
#[utoipa::path(post, path = "/api/v1/organizations", tag = "instance", request_body = CreateOrganization, responses((status = 201, body = OrganizationView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    who: SuperAdmin,
    Json(body): Json<CreateOrganization>,
) -> Result<(StatusCode, axum::Json<OrganizationView>), ApiError> {
    let organization = service::create(&app, crate::audit::Actor::Operator(who.person), body).await?;
    Ok((StatusCode::CREATED, axum::Json(organization.into())))
}
