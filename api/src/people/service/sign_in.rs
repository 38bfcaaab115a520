//! Signing in and out, and who comes with a token.

use chrono::Duration;
use lectern_core::{
    ids::{OrganizationId, PersonId},
    role::Role,
    secret::SecretString,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::api_keys;
use crate::{
    app::{App, OPERATOR},
    audit::{self, Actor, EntryKind},
    db::Tx,
    embedding,
    error::ApiError,
    extract::{SignedIn, Via},
    organizations::{self, Organization},
    people::{BearerToken, Person, host_tokens, store},
};

/// How long a sign-in lasts.
const SIGN_IN_LIFE: Duration = Duration::days(14);

/// A sign-in with a password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The organization's short name; `null` for whoever runs the server.
    #[schema(example = "oakwood")]
    pub organization: Option<String>,
    /// Address.
    pub email: String,
    /// Password.
    #[schema(value_type = String)]
    pub password: SecretString,
}

/// Signs in. Unknown people, wrong passwords and closed organizations are answered alike, after the same work.
///
/// # Errors
/// [`ApiError::TooMany`] before any hashing; else [`ApiError::Invalid`] without saying what was wrong.
pub async fn sign_in(
    app: &App,
    address: std::net::IpAddr,
    login: &Login,
) -> Result<(BearerToken, Person, OrganizationId), ApiError> {
    let slug = login.organization.as_deref().map(|slug| slug.trim().to_ascii_lowercase()).unwrap_or_default();
    let limits = &app.config.limits;
    let account = format!("sign-in {slug} {}", store::email_key(&login.email));
    app.limiter
        .count(&format!("sign-in from {address}"), limits.sign_ins_per_address)
        .map_err(ApiError::TooMany)?;
    app.limiter.count(&account, limits.sign_ins_per_account).map_err(ApiError::TooMany)?;
    let mut look = app.db.system_read().await?;
    let organization = organizations::service::find_by_slug(&mut look, &slug)
        .await?
        .filter(|organization| organization.active);
    drop(look);
    let tenant = organization.as_ref().map_or(OPERATOR, |organization| organization.id);
    let mut look = app.db.read(tenant).await?;
    let person = store::find_by_email(&mut look, tenant, &login.email).await?;
    drop(look);
    let person = person.filter(|person| organization.is_some() && person.active);
    let hash = person.as_ref().and_then(|person| person.password_hash.clone());
    let fits = app.passwords.verify(&login.password, hash.as_deref()).await;
    let Some(person) = person.filter(|_| fits) else {
        app.append_audit(app.entry(tenant, EntryKind::SignInFailed, Actor::Nobody)).await;
        return Err(ApiError::field(
            "password",
            "Organization, address and password do not fit together. Check all three.",
        ));
    };
    app.limiter.forget(&account);
    let token = BearerToken::generate("ls_", app.randomness.as_ref());
    let now = app.clock.now();
    let mut tx = app.db.begin(tenant).await?;
    store::insert_sign_in(&mut tx, token.hash(), tenant, person.id, now, now + SIGN_IN_LIFE).await?;
    audit::store::insert(
        &mut tx,
        &app.entry(tenant, EntryKind::SignedIn, Actor::Person(person.id)).person(person.id),
    )
    .await?;
    tx.commit().await?;
    Ok((token, person, tenant))
}

/// Ends the sign-in a request came with, and what the person looks at in other pages.
pub async fn sign_out(app: &App, who: &SignedIn) -> Result<(), ApiError> {
    let sign_in = match who.via {
        Via::Cookie(hash) | Via::Bearer(hash) => Some(hash),
        // The host application says that its person has gone.
        Via::HostToken(_) => None,
        Via::ApiKey(..) | Via::Embed(_) => return Ok(()),
    };
    let mut tx = app.db.begin(who.organization).await?;
    if let Some(hash) = sign_in {
        store::remove_sign_in(&mut tx, hash).await?;
    }
    embedding::service::end_of(&mut tx, who.organization, who.person).await?;
    audit::store::insert(
        &mut tx,
        &app.entry(who.organization, EntryKind::SignedOut, who.actor()).person(who.person),
    )
    .await?;
    tx.commit().await?;
    app.hub.sign_in_ended(who.organization, who.person);
    Ok(())
}

/// Who came with this `Authorization` value.
///
/// # Errors
/// [`ApiError::SignedOut`].
pub async fn authenticate_bearer(app: &App, token: &str) -> Result<SignedIn, ApiError> {
    let bearer = BearerToken::received(token);
    if token.starts_with("lk_") {
        return authenticate_key(app, &bearer).await;
    }
    if token.starts_with("ls_") {
        return authenticate_sign_in(app, &bearer, Via::Bearer(bearer.hash())).await;
    }
    let (organization, person, until) = host_tokens::authenticate(app, token).await?;
    Ok(signed_in(&organization, &person, Via::HostToken(until)))
}

/// Who signed in with this token.
///
/// # Errors
/// [`ApiError::SignedOut`].
pub async fn authenticate_sign_in(app: &App, token: &BearerToken, via: Via) -> Result<SignedIn, ApiError> {
    let mut look = app.db.system_read().await?;
    let (organization, person) =
        store::find_sign_in(&mut look, token.hash(), app.clock.now()).await?.ok_or(ApiError::SignedOut)?;
    let tenant = organizations::service::find(&mut look, organization).await?;
    let tenant = tenant.filter(|tenant| tenant.active).ok_or(ApiError::SignedOut)?;
    drop(look);
    let mut look = app.db.read(organization).await?;
    let person = store::find(&mut look, organization, person).await?.filter(|person| person.active);
    Ok(signed_in(&tenant, &person.ok_or(ApiError::SignedOut)?, via))
}

/// Somebody who proved who they are in this way.
#[must_use]
pub fn signed_in(tenant: &Organization, person: &Person, via: Via) -> SignedIn {
    SignedIn {
        organization: tenant.id,
        languages: tenant.languages,
        person: person.id,
        role: person.role,
        owner: person.owner,
        name: person.name(),
        language: person.language.clone(),
        via,
    }
}

/// Whether somebody who proved who they are is still good for it: sign-in not ended, key not revoked, person and organization
/// active. With their present role.
///
/// # Errors
/// [`ApiError::SignedOut`].
pub async fn check_again(
    app: &App,
    organization: OrganizationId,
    person: PersonId,
    via: &Via,
) -> Result<SignedIn, ApiError> {
    if let Via::Embed(secret) = via
        && !embedding::service::still(app, organization, person, secret).await?
    {
        return Err(ApiError::SignedOut);
    }
    let mut look = app.db.system_read().await?;
    if let Via::Cookie(hash) | Via::Bearer(hash) = via {
        let known = store::find_sign_in(&mut look, *hash, app.clock.now()).await?;
        known.filter(|known| *known == (organization, person)).ok_or(ApiError::SignedOut)?;
    }
    if matches!(via, Via::HostToken(until) if *until <= app.clock.now()) {
        return Err(ApiError::SignedOut);
    }
    let tenant = organizations::service::find(&mut look, organization).await?;
    let tenant = tenant.filter(|tenant| tenant.active).ok_or(ApiError::SignedOut)?;
    drop(look);
    let mut look = app.db.read(organization).await?;
    if let Via::ApiKey(id, _) = via {
        let key = store::find_api_key(&mut look, organization, *id).await?;
        let key = key.filter(|key| key.revoked_at.is_none()).ok_or(ApiError::SignedOut)?;
        return Ok(SignedIn {
            organization,
            languages: tenant.languages,
            person,
            role: Role::Admin,
            owner: false,
            name: key.name,
            language: None,
            via: Via::ApiKey(*id, key.scopes),
        });
    }
    let person = store::find(&mut look, organization, person).await?.filter(|person| person.active);
    Ok(signed_in(&tenant, &person.ok_or(ApiError::SignedOut)?, via.clone()))
}

async fn authenticate_key(app: &App, key: &BearerToken) -> Result<SignedIn, ApiError> {
    let mut look = app.db.system_read().await?;
    let (organization, id) =
        store::find_api_key_hash(&mut look, key.hash()).await?.ok_or(ApiError::SignedOut)?;
    let tenant = organizations::service::find(&mut look, organization).await?;
    let tenant = tenant.filter(|tenant| tenant.active).ok_or(ApiError::SignedOut)?;
    drop(look);
    let mut look = app.db.read(organization).await?;
    let key = store::find_api_key(&mut look, organization, id).await?.filter(|key| key.revoked_at.is_none());
    let key = key.ok_or(ApiError::SignedOut)?;
    drop(look);
    if let Err(error) = api_keys::note_use(app, organization, &key).await {
        tracing::warn!(%organization, api_key = %key.id, %error, "the use of an API key is not noted");
    }
    Ok(SignedIn {
        organization,
        languages: tenant.languages,
        person: PersonId(Uuid::nil()),
        role: Role::Admin,
        owner: false,
        name: key.name,
        language: None,
        via: Via::ApiKey(id, key.scopes),
    })
}

/// Forgets sign-ins that ended before the instant. Inside the caller's system transaction.
pub async fn remove_ended_sign_ins(
    tx: &mut Tx,
    before: chrono::DateTime<chrono::Utc>,
) -> Result<u64, ApiError> {
    Ok(store::remove_ended_sign_ins(tx, before).await?)
}
