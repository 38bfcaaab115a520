//! Tokens of the host application (a marketplace's own sign-in): its users are known here without a second account.
//!
//! One fixed algorithm per organization, chosen here and never by the token. The issuer finds the organization.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind as JwtError, jwk::JwkSet};
use lectern_core::{ids::OrganizationId, role::Role};
use serde::Deserialize;
use serde_json::Value;

use super::{Person, PersonKind, service, store};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    error::ApiError,
    organizations::{self, HostTokens, Organization},
};

/// The longest life of a token, in seconds.
const LONGEST_LIFE: u64 = 3_600;
/// Clocks may differ by this much, in seconds.
const LEEWAY: u64 = 60;
const TAKEN: &str = "The token's email belongs to somebody who signs in here in another way.";
const CLAIMS: &str = "The token lacks a claim or has one of another kind: iss, aud, sub, email, name (texts), role, iat, exp (numbers).";

#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    email: String,
    name: String,
    role: i64,
    iat: u64,
    #[serde(default)]
    nbf: u64,
    exp: u64,
}

/// Whether a pasted document is a key set that can be used.
///
/// # Errors
/// With what is wrong.
pub fn check_key_set(jwks: &Value) -> Result<(), String> {
    let keys: JwkSet = serde_json::from_value(jwks.clone())
        .map_err(|error| format!("This is no JWKS document: {error}."))?;
    if keys.keys.is_empty() {
        return Err("The key set holds no key.".to_owned());
    }
    for key in &keys.keys {
        DecodingKey::from_jwk(key).map_err(|error| format!("A key of the set cannot be used: {error}."))?;
    }
    Ok(())
}

/// Issuer and audiences a token claims: read without trust, to find the key that then decides.
fn claimed_origin(token: &str) -> Option<(String, Vec<String>)> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let body = token.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
    let issuer = claims.get("iss")?.as_str()?.to_owned();
    let audiences = match claims.get("aud")? {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().take(8).filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    Some((issuer, audiences))
}

/// The person a host application's token names, made or adopted at first arrival, and when the token ends.
///
/// # Errors
/// [`ApiError::SignedOut`] for every token that is not signed as agreed, [`ApiError::TokenRefused`] for one that is and says
/// something else than agreed.
pub async fn authenticate(app: &App, token: &str) -> Result<(Organization, Person, DateTime<Utc>), ApiError> {
    let (issuer, audiences) = claimed_origin(token).ok_or(ApiError::SignedOut)?;
    // Nobody is known by such a text, and PostgreSQL cannot even be asked for one with a NUL.
    let unreadable = |text: &str| text.chars().any(lectern_core::text::is_hidden);
    if unreadable(&issuer) || audiences.iter().any(|audience| unreadable(audience)) {
        return Err(ApiError::SignedOut);
    }
    let organization =
        organizations::service::of_host_tokens(app, &issuer, &audiences).await?.ok_or(ApiError::SignedOut)?;
    let settings = organizations::service::settings(app, organization.id).await?;
    let tokens = settings.host_tokens.as_ref().ok_or(ApiError::SignedOut)?;
    let claims = verify(app, organization.id, tokens, settings.host_secret.as_deref(), token).await?;
    if unreadable(&claims.sub) || unreadable(&claims.email) {
        return Err(ApiError::TokenRefused(
            "The token's sub or email holds characters that cannot be shown.",
        ));
    }
    let role = Role::try_from(claims.role)
        .map_err(|_| ApiError::TokenRefused("The token's role is none of 0, 1 and 2."))?;
    let person = arrive(app, organization.id, &claims, role).await?;
    let until = i64::try_from(claims.exp.saturating_add(LEEWAY)).ok();
    let until = until.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or(ApiError::SignedOut)?;
    if !person.active {
        return Err(ApiError::TokenRefused("This person was disabled here."));
    }
    Ok((organization, person, until))
}

async fn verify(
    app: &App,
    organization: OrganizationId,
    tokens: &HostTokens,
    sealed: Option<&[u8]>,
    token: &str,
) -> Result<Claims, ApiError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| ApiError::SignedOut)?;
    let (algorithm, key, issuer, audience) = match tokens {
        HostTokens::Hs256 { issuer, audience } => {
            let sealer = app.keys.sealer(organization).await?;
            let sealed = sealed.ok_or(ApiError::SignedOut)?;
            let secret =
                sealer.open_text("organization_settings", "host_secret", organization.uuid(), sealed)?;
            (Algorithm::HS256, DecodingKey::from_secret(secret.expose().as_bytes()), issuer, audience)
        }
        HostTokens::Rs256 { issuer, audience, jwks } => {
            let keys: JwkSet = serde_json::from_value(jwks.clone()).map_err(ApiError::internal)?;
            let named = match &header.kid {
                Some(kid) => keys.find(kid),
                None if keys.keys.len() == 1 => keys.keys.first(),
                None => None,
            };
            let key =
                DecodingKey::from_jwk(named.ok_or(ApiError::SignedOut)?).map_err(|_| ApiError::SignedOut)?;
            (Algorithm::RS256, key, issuer, audience)
        }
    };
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Time is checked below, by the clock that was passed in.
    validation.validate_exp = false;
    let claims = match jsonwebtoken::decode::<Claims>(token, &key, &validation) {
        Ok(decoded) => decoded.claims,
        // Its signature was right: the claims are read after it.
        Err(error) if matches!(error.kind(), JwtError::Json(_) | JwtError::MissingRequiredClaim(_)) => {
            return Err(ApiError::TokenRefused(CLAIMS));
        }
        Err(_) => return Err(ApiError::SignedOut),
    };
    let now = u64::try_from(app.clock.now().timestamp()).unwrap_or(0);
    // Saturating: the numbers are the sender's.
    if claims.exp.saturating_add(LEEWAY) <= now {
        return Err(ApiError::TokenRefused("The token has expired."));
    }
    if claims.iat.max(claims.nbf) >= now + LEEWAY {
        return Err(ApiError::TokenRefused("The token's iat or nbf lies ahead: compare the clocks."));
    }
    if claims.exp > claims.iat.saturating_add(LONGEST_LIFE) {
        return Err(ApiError::TokenRefused("The token lives for more than an hour from its iat to its exp."));
    }
    Ok(claims)
}

/// The person with this subject; else one of this organization known only by that address; else a new one. Never an owner.
async fn arrive(
    app: &App,
    organization: OrganizationId,
    claims: &Claims,
    role: Role,
) -> Result<Person, ApiError> {
    let now = app.clock.now();
    let mut look = app.db.read(organization).await?;
    let known = store::find_by_subject(&mut look, organization, &claims.sub).await?;
    drop(look);
    if let Some(person) = &known
        && person.role == role
    {
        return Ok(person.clone());
    }
    let mut tx = app.db.begin(organization).await?;
    if let Some(mut person) = store::find_by_subject(&mut tx, organization, &claims.sub).await? {
        // The host application decides its people's roles; an owner here stays an admin.
        if person.role != role && !person.owner {
            person.role = role;
            store::update(&mut tx, organization, &person, now).await?;
            let entry = app.entry(organization, EntryKind::PersonChanged, Actor::System).person(person.id);
            audit::store::insert(
                &mut tx,
                &entry.details(serde_json::json!({"role": role.number(), "by": "host token"})),
            )
            .await?;
            tx.commit().await?;
        }
        return Ok(person);
    }
    let by_external = store::find_by_external(&mut tx, organization, &claims.sub).await?;
    let candidate = match by_external {
        Some(person) => Some(person),
        None => match store::find_by_email(&mut tx, organization, &claims.email).await? {
            Some(person) if person.password_hash.is_none() && !person.owner => Some(person),
            // A person with a password of their own is not taken over by an address in a token.
            Some(_) => return Err(ApiError::TokenRefused(TAKEN)),
            None => None,
        },
    };
    if let Some(person) = candidate {
        if person.owner || store::has_subject(&mut tx, organization, person.id).await? {
            return Err(ApiError::TokenRefused(TAKEN));
        }
        store::adopt(&mut tx, organization, person.id, &claims.sub, now).await?;
        let entry = app.entry(organization, EntryKind::PersonAdopted, Actor::System).person(person.id);
        audit::store::insert(&mut tx, &entry).await?;
        let person = store::find(&mut tx, organization, person.id).await?.ok_or(ApiError::SignedOut)?;
        tx.commit().await?;
        return Ok(person);
    }
    let email = service::parse_email(&claims.email)
        .map_err(|_| ApiError::TokenRefused("The token's email is no address."))?;
    let name = service::one_line(&claims.name, 120)
        .map_err(|_| ApiError::TokenRefused("The token's name is empty or longer than 120 characters."))?;
    service::room(&mut tx, organization, 1).await?;
    let id = app.new_id();
    let new = store::NewPerson {
        id,
        kind: PersonKind::User,
        external_id: Some(&claims.sub),
        subject: Some(&claims.sub),
        email: &email,
        // A name is never split: the whole of it is the given name.
        first_name: &name,
        last_name: None,
        role,
        owner: false,
        password_hash: None,
    };
    store::insert(&mut tx, organization, &new, now).await?;
    let entry = app.entry(organization, EntryKind::PersonCreated, Actor::System).person(id);
    audit::store::insert(&mut tx, &entry.details(serde_json::json!({"by": "host token"}))).await?;
    let person = store::find(&mut tx, organization, id).await?.ok_or(ApiError::SignedOut)?;
    tx.commit().await?;
    Ok(person)
}
