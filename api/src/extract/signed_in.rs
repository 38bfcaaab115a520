use std::sync::{Arc, OnceLock};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, Method, header, request::Parts},
};
use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{OrganizationId, PersonId},
    role::Role,
};
use lectern_web::Languages;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{ClientAddress, cookie};
use crate::{
    app::{App, OPERATOR},
    audit::Actor,
    error::ApiError,
    people::{BearerToken, Scope, service},
};

/// The name of the sign-in cookie, before the prefix.
const COOKIE: &str = "lectern";

/// How a request proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// The browser's cookie; the hash of the sign-in token.
    Cookie([u8; 32]),
    /// A sign-in token in `Authorization`.
    Bearer([u8; 32]),
    /// An API key: acts for the organization, within its scopes.
    ApiKey(Uuid, Vec<Scope>),
    /// A token of the host application, which ends at this instant.
    HostToken(DateTime<Utc>),
    /// The cookie of one view inside somebody else's page; the hash of its secret. No request is let in by it but the view's own:
    /// [`SignedIn`] never comes of it.
    Embed([u8; 32]),
}

/// Somebody of an organization.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The tenant, from the proof and from nowhere else.
    pub organization: OrganizationId,
    /// The person; nil for an API key.
    pub person: PersonId,
    /// Their role there.
    pub role: Role,
    /// An admin who may name owners.
    pub owner: bool,
    /// Their name.
    pub name: String,
    /// In which languages the tenant speaks.
    pub languages: Languages,
    /// Chosen language.
    pub language: Option<String>,
    /// How they proved it.
    pub via: Via,
}

impl SignedIn {
    /// Runs the server.
    #[must_use]
    pub fn is_super_admin(&self) -> bool {
        self.organization == OPERATOR && self.role == Role::Admin
    }

    /// The person, where only a person will do.
    ///
    /// # Errors
    /// [`ApiError::KeyForbidden`] for an API key.
    pub fn person(&self) -> Result<PersonId, ApiError> {
        match self.via {
            Via::ApiKey(..) => Err(ApiError::KeyForbidden(
                "An API key stands for no person, and this is a person's.".into(),
                "Send the token of a person: of a sign-in, or of your own application.",
            )),
            _ => Ok(self.person),
        }
    }

    /// Who goes into the audit log.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        match self.via {
            Via::ApiKey(id, _) => Actor::ApiKey(id),
            _ => Actor::Person(self.person),
        }
    }

    /// What every form shown to this sign-in carries; empty for a program, which is shown none.
    #[must_use]
    pub fn csrf(&self) -> String {
        let hash = match &self.via {
            Via::Cookie(hash) | Via::Bearer(hash) | Via::Embed(hash) => hash.as_slice(),
            Via::ApiKey(..) | Via::HostToken(_) => return String::new(),
        };
        hex::encode(&Sha256::new().chain_update(b"form").chain_update(hash).finalize()[..16])
    }

    /// What shows that an address with this id was made for this sign-in; empty for a program.
    #[must_use]
    pub fn proof_of(&self, id: Uuid) -> String {
        let csrf = self.csrf();
        if csrf.is_empty() {
            return csrf;
        }
        hex::encode(&Sha256::new().chain_update(b"undo").chain_update(csrf).chain_update(id).finalize()[..16])
    }
}

/// Who turned out to ask, for whoever makes a page of a refusal: which languages their organization has, and which they chose.
#[derive(Clone, Debug, Default)]
pub struct Asker(Arc<OnceLock<(Languages, Option<String>)>>);

impl Asker {
    /// The languages, and the one the person chose; all of them while nobody is known.
    #[must_use]
    pub fn languages(&self) -> (Languages, Option<&str>) {
        let known = self.0.get();
        known.map_or_else(Default::default, |(languages, chosen)| (*languages, chosen.as_deref()))
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let who = authenticate(parts, app).await?;
        if let Via::ApiKey(_, scopes) = &who.via {
            allow_key(parts, scopes)?;
        }
        if matches!(who.via, Via::Cookie(_)) && is_change(&parts.method) && !is_own_page(&parts.headers, app)
        {
            return Err(ApiError::Malformed("This request came from a page of another site.".into()));
        }
        if let Some(asker) = parts.extensions.get::<Asker>() {
            asker.0.set((who.languages, who.language.clone())).ok();
        }
        parts.extensions.insert(who.clone());
        Ok(who)
    }
}

impl OptionalFromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, ApiError> {
        match <Self as FromRequestParts<App>>::from_request_parts(parts, app).await {
            Ok(who) => Ok(Some(who)),
            Err(ApiError::SignedOut) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whoever opens a join page: known when a cookie says so, without the check of the page's origin, which the join form's
/// own token replaces (a page that sends no referrer posts with `Origin: null`).
#[derive(Clone, Debug)]
pub struct Visitor(pub Option<SignedIn>);

impl FromRequestParts<App> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match authenticate(parts, app).await {
            Ok(who) => Ok(Self(Some(who))),
            Err(ApiError::SignedOut) => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }
}

async fn authenticate(parts: &mut Parts, app: &App) -> Result<SignedIn, ApiError> {
    let ClientAddress(address) =
        ClientAddress::from_request_parts(parts, app).await.unwrap_or_else(|never| match never {});
    let headers = &parts.headers;
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.to_str().map_err(|_| ApiError::SignedOut)?;
        let (scheme, token) = value.split_once(' ').ok_or(ApiError::SignedOut)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::SignedOut);
        }
        return match service::authenticate_bearer(app, token.trim()).await {
            // Only refused tokens count, so nobody who shares the address with a guesser is kept out.
            Err(ApiError::SignedOut) => {
                let most = app.config.limits.refused_tokens_per_address;
                let within = app.limiter.count(&format!("token refused {address}"), most);
                Err(within.map_or_else(ApiError::TooMany, |()| ApiError::SignedOut))
            }
            known => known,
        };
    }
    let name = app.config.server.cookie_name(COOKIE);
    let token = cookie(headers, &name).ok_or(ApiError::SignedOut)?;
    let token = BearerToken::received(token);
    service::authenticate_sign_in(app, &token, Via::Cookie(token.hash())).await
}

/// A program's key opens what its scopes name of the interface, and no page: pages are people's.
fn allow_key(parts: &Parts, scopes: &[Scope]) -> Result<(), ApiError> {
    let path = parts.uri.path();
    if !path.starts_with("/api/") {
        return Err(ApiError::KeyForbidden(
            "An API key opens no page.".into(),
            "Ask the JSON interface, as /api/docs describes it.",
        ));
    }
    let platforms = path.starts_with("/api/v1/platforms") || path.starts_with("/api/v1/connections");
    let needed = match (platforms, is_change(&parts.method)) {
        (true, _) => Scope::Platforms,
        (false, true) => Scope::Write,
        (false, false) => Scope::Read,
    };
    if scopes.contains(&needed) {
        return Ok(());
    }
    Err(ApiError::KeyForbidden(
        format!("This API key lacks the scope {}.", needed.as_str()),
        "Let an administrator make a key with that scope.",
    ))
}

fn is_change(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Browsers send `Origin` with every changing request. Without it and without `Sec-Fetch-Site` it is no browser, whose
/// cookies nobody else could make it send.
pub(crate) fn is_own_page(headers: &HeaderMap, app: &App) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HeaderName::from_static("sec-fetch-site"))) {
        (Some(origin), _) => origin == app.config.server.origin(),
        (None, Some(site)) => site == "same-origin",
        (None, None) => true,
    }
}
