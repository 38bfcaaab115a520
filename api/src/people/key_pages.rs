//! API keys, as a page: the list, one more, and taking one back.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use lectern_core::ids::PersonId;
use lectern_web::{
    FieldError as PageFieldError, NoticeKind, Section,
    pages::api_keys::{ApiKeyForm, ApiKeyRow, ApiKeysPage, MadeKey},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{Scope, service, store::ApiKey};
use crate::{
    app::App,
    error::{ApiError, FieldError},
    extract::{Admin, Form, Path, Query, SignedIn},
    live::feed::instant,
    organizations,
    pages::{NoticeQuery, Pages, Reader, see_other},
};

/// A new key as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeyForm {
    name: String,
    scope: Vec<String>,
}

impl KeyForm {
    fn scopes(&self) -> Vec<Scope> {
        Scope::ALL.into_iter().filter(|scope| self.scope.iter().any(|word| word == scope.as_str())).collect()
    }

    /// The service's refusals beside the inputs, in words every language has.
    fn refused(&self, errors: &[FieldError]) -> Vec<PageFieldError> {
        let said = |error: &FieldError| match error.field.as_str() {
            "name" if self.name.trim().is_empty() => PageFieldError::new("name", "required"),
            "name" => PageFieldError::new("name", "one_line"),
            "scopes" => PageFieldError::new("scope", "scopes"),
            field => PageFieldError::new(field, error.message.as_str()),
        };
        errors.iter().map(said).collect()
    }
}

async fn page(
    app: &App,
    who: &SignedIn,
    made: Option<MadeKey>,
    form: ApiKeyForm,
) -> Result<ApiKeysPage, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let keys = service::api_keys(&mut tx, who.organization).await?;
    let makers = keys.iter().filter_map(|key| key.created_by);
    let names = service::names(&mut tx, who.organization, makers).await?;
    let zone = organizations::service::settings_in(&mut tx, who.organization).await?.time_zone;
    let row = |key: ApiKey| ApiKeyRow {
        id: key.id.to_string(),
        hint: key.hint,
        scopes: key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        created_at: instant(key.created_at),
        created_by: key.created_by.and_then(|person: PersonId| names.get(&person).cloned()),
        last_used_at: key.last_used_at.map(instant),
        revoked_at: key.revoked_at.map(instant),
        name: key.name,
    };
    Ok(ApiKeysPage { items: keys.into_iter().map(row).collect(), made, form, zone })
}

fn form(typed: KeyForm, errors: Vec<PageFieldError>) -> ApiKeyForm {
    let all = Scope::ALL.map(|scope| scope.as_str().to_owned()).to_vec();
    ApiKeyForm { name: typed.name, scopes: typed.scope, all, errors }
}

/// `GET /api-keys`
pub async fn list(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    who.person()?;
    let fresh = KeyForm { scope: vec![Scope::Read.as_str().to_owned()], ..KeyForm::default() };
    let page = page(&app, &who, None, form(fresh, Vec::new())).await?;
    Pages::new(&app, &who, reader, Section::ApiKeys).await?.notice(query.notice).show(&page)
}

/// `POST /api-keys`: the page, once with the key itself. It is in this answer alone, so no address leads to it again.
pub async fn create(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(typed): Form<KeyForm>,
) -> Result<Response, ApiError> {
    let pages = Pages::new(&app, &who, reader, Section::ApiKeys).await?;
    match service::create_api_key(&app, &who, &typed.name, typed.scopes()).await {
        Ok((key, token)) => {
            let made = MadeKey { name: key.name, token: token.expose().to_owned() };
            let page = page(&app, &who, Some(made), form(KeyForm::default(), Vec::new())).await?;
            let shown = pages.notice(Some(NoticeKind::KeyMade)).show(&page)?;
            Ok(([(header::CACHE_CONTROL, "no-store")], shown).into_response())
        }
        Err(ApiError::Invalid(errors)) => {
            let errors = typed.refused(&errors);
            pages.refuse(&page(&app, &who, None, form(typed, errors)).await?)
        }
        Err(other) => Err(other),
    }
}

/// `POST /api-keys/{id}/revoke`: fine when somebody else was faster.
pub async fn revoke(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    who.person()?;
    let mut tx = app.db.read(who.organization).await?;
    let keys = service::api_keys(&mut tx, who.organization).await?;
    drop(tx);
    let key = keys.iter().find(|key| key.id == id).ok_or(ApiError::NotFound)?;
    if key.revoked_at.is_some() {
        return Ok(see_other("/api-keys?notice=already_done"));
    }
    match service::revoke_api_key(&app, &who, id).await {
        Ok(()) => Ok(see_other("/api-keys?notice=key_revoked")),
        Err(ApiError::NotFound) => Ok(see_other("/api-keys?notice=already_done")),
        Err(other) => Err(other),
    }
}
