//! Sign-in, one's own record, people and API keys, as JSON.

use axum::{extract::State, http::StatusCode};
use lectern_core::{ids::PersonId, role::Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Scope,
    service::{self, ChangePerson, CreatePersonBody, Login, PersonView},
    store,
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, ClientAddress, Json, Path, Query, SignedIn},
    list::{List, Paging},
};

/// A fresh sign-in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedInView {
    /// For `Authorization: Bearer`, for 14 days.
    pub token: String,
    /// Who signed in.
    pub user: PersonView,
}

/// Signs in with a password.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "sign-in", security(()), request_body = Login,
    responses((status = 200, body = SignedInView), (status = 422, description = "They do not fit together", body = Problem, content_type = "application/problem+json"), (status = 429, body = Problem, content_type = "application/problem+json")))]
pub async fn login(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<Login>,
) -> Result<axum::Json<SignedInView>, ApiError> {
    let (token, person, _) = service::sign_in(&app, address, &body).await?;
    Ok(axum::Json(SignedInView { token: token.expose().to_owned(), user: (&person).into() }))
}

/// Ends the sign-in this request came with, and the person's views inside other pages.
///
/// A host application calls it with its person's token when they sign out there.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "sign-in", responses((status = 204)))]
pub async fn logout(State(app): State<App>, who: SignedIn) -> Result<StatusCode, ApiError> {
    service::sign_out(&app, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Filters of the list of people.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PeopleQuery {
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
    /// Only the person with the host application's id.
    pub external_id: Option<String>,
    /// Only people with words in name or address that begin so: `rin das`. Then in the order of those words.
    pub q: Option<String>,
}

/// The organization's users.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", params(PeopleQuery), responses((status = 200, body = List<PersonView>)))]
pub async fn list(
    State(app): State<App>,
    who: Admin,
    Query(query): Query<PeopleQuery>,
) -> Result<axum::Json<List<PersonView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let mut tx = app.db.read(who.organization).await?;
    if let Some(external) = &query.external_id {
        let person = store::find_by_external(&mut tx, who.organization, external).await?;
        return Ok(axum::Json(List::whole(person.iter().map(PersonView::from).collect())));
    }
    let List { items, next_cursor } =
        service::page(&mut tx, who.organization, query.q.as_deref(), None, &paging).await?;
    Ok(axum::Json(List { items: items.iter().map(PersonView::from).collect(), next_cursor }))
}

/// Makes a user.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = CreatePersonBody,
    responses((status = 201, body = PersonView), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<CreatePersonBody>,
) -> Result<(StatusCode, axum::Json<PersonView>), ApiError> {
    let person = service::create_person(&app, who.organization, who.actor(), who.owner, body.into()).await?;
    Ok((StatusCode::CREATED, axum::Json((&person).into())))
}

/// A user: an admin any, everybody themselves.
#[utoipa::path(get, path = "/api/v1/people/{id}", tag = "people", params(("id" = Uuid, Path)), responses((status = 200, body = PersonView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<PersonView>, ApiError> {
    if who.role != Role::Admin && who.person.uuid() != id {
        return Err(ApiError::NotFound);
    }
    let mut tx = app.db.read(who.organization).await?;
    let person = store::find(&mut tx, who.organization, PersonId(id)).await?.ok_or(ApiError::NotFound)?;
    Ok(axum::Json((&person).into()))
}

/// Changes a user.
#[utoipa::path(patch, path = "/api/v1/people/{id}", tag = "people", params(("id" = Uuid, Path)), request_body = ChangePerson, responses((status = 200, body = PersonView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangePerson>,
) -> Result<axum::Json<PersonView>, ApiError> {
    let person = service::change_person(&app, &who, PersonId(id), body).await?;
    Ok(axum::Json((&person).into()))
}

/// A new API key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// An API key.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyView {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Its first characters.
    pub hint: String,
    /// Who made it.
    pub created_by: Option<Uuid>,
    /// Since when.
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// When a program last came with it, to within ten minutes.
    pub last_used_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Since when no longer.
    pub revoked_at: Option<chrono::DateTime<chrono::Utc>>,
    /// The key itself: only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl From<store::ApiKey> for ApiKeyView {
    fn from(key: store::ApiKey) -> Self {
        let store::ApiKey { id, name, scopes, hint, created_by, created_at, last_used_at, revoked_at } = key;
        let created_by = created_by.map(PersonId::uuid);
        Self { id, name, scopes, hint, created_by, created_at, last_used_at, revoked_at, token: None }
    }
}

/// The organization's API keys.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "people", responses((status = 200, body = List<ApiKeyView>)))]
pub async fn list_api_keys(
    State(app): State<App>,
    who: Admin,
) -> Result<axum::Json<List<ApiKeyView>>, ApiError> {
    who.person()?;
    let mut tx = app.db.read(who.organization).await?;
    let keys = store::list_api_keys(&mut tx, who.organization).await?;
    Ok(axum::Json(List::whole(keys.into_iter().map(ApiKeyView::from).collect())))
}

/// Makes an API key.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "people", request_body = CreateApiKey, responses((status = 201, body = ApiKeyView)))]
pub async fn create_api_key(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<CreateApiKey>,
) -> Result<(StatusCode, axum::Json<ApiKeyView>), ApiError> {
    let (key, token) = service::create_api_key(&app, &who, &body.name, body.scopes).await?;
    let view = ApiKeyView { token: Some(token.expose().to_owned()), ..key.into() };
    Ok((StatusCode::CREATED, axum::Json(view)))
}

/// Revokes an API key.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "people", params(("id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn revoke_api_key(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    who.person()?;
    service::revoke_api_key(&app, &who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
