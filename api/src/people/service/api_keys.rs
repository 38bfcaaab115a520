//! API keys: made, revoked, named.

use std::cmp::Reverse;

use chrono::Duration;
use lectern_core::ids::{OrganizationId, PersonId};
use uuid::Uuid;

use super::fields::one_line;
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    people::{
        BearerToken, Scope,
        store::{self, ApiKey},
    },
};

/// How far apart the noted uses of a key are.
const NOTED_EVERY: Duration = Duration::minutes(10);

/// Makes an API key; the token is in the answer and nowhere else.
pub async fn create_api_key(
    app: &App,
    who: &SignedIn,
    name: &str,
    scopes: Vec<Scope>,
) -> Result<(ApiKey, BearerToken), ApiError> {
    let mut errors = Vec::new();
    let name = one_line(name, 80)
        .map_err(|message| errors.push(FieldError::new("name", message)))
        .unwrap_or_default();
    if scopes.is_empty() {
        errors.push(FieldError::new("scopes", "Name at least one of read, write, platforms."));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let by = who.person()?;
    let token = BearerToken::generate("lk_", app.randomness.as_ref());
    let hint = token.expose().chars().take(9).collect();
    let key = ApiKey {
        id: app.ids.next(),
        name,
        scopes,
        hint,
        created_by: Some(by),
        created_at: app.clock.now(),
        last_used_at: None,
        revoked_at: None,
    };
    let mut tx = app.db.begin(who.organization).await?;
    store::insert_api_key(&mut tx, who.organization, &key, token.hash()).await?;
    let entry = app.entry(who.organization, EntryKind::ApiKeyCreated, who.actor());
    audit::store::insert(&mut tx, &entry.details(serde_json::json!({"api_key": key.id}))).await?;
    tx.commit().await?;
    Ok((key, token))
}

/// The organization's keys, those that hold before those that are revoked, the newest first.
pub async fn api_keys(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<ApiKey>, ApiError> {
    let mut keys = store::list_api_keys(tx, organization).await?;
    keys.sort_by_key(|key| (key.revoked_at.is_some(), Reverse((key.created_at, key.id))));
    Ok(keys)
}

/// Notes that a program came with this key. Once in a while is enough to tell a key in use from a forgotten one, and keeps
/// requests that only read from waiting for a write.
pub(super) async fn note_use(app: &App, organization: OrganizationId, key: &ApiKey) -> Result<(), ApiError> {
    let now = app.clock.now();
    let before = now - NOTED_EVERY;
    if key.last_used_at.is_some_and(|at| at >= before) {
        return Ok(());
    }
    let mut tx = app.db.begin(organization).await?;
    store::note_api_key_use(&mut tx, organization, key.id, now, before).await?;
    tx.commit().await?;
    Ok(())
}

/// Revokes an API key at once.
pub async fn revoke_api_key(app: &App, who: &SignedIn, id: Uuid) -> Result<(), ApiError> {
    let mut tx = app.db.begin(who.organization).await?;
    if !store::revoke_api_key(&mut tx, who.organization, id, app.clock.now()).await? {
        return Err(ApiError::NotFound);
    }
    let entry = app.entry(who.organization, EntryKind::ApiKeyRevoked, who.actor());
    audit::store::insert(&mut tx, &entry.details(serde_json::json!({"api_key": id}))).await?;
    tx.commit().await?;
    // Programs have no person: each of the organization's looks whether its key still holds.
    app.hub.sign_in_ended(who.organization, PersonId(Uuid::nil()));
    Ok(())
}

/// The names of an organization's API keys, revoked ones too.
pub async fn api_key_names(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<std::collections::HashMap<uuid::Uuid, String>, ApiError> {
    let keys = store::list_api_keys(tx, organization).await?;
    Ok(keys.into_iter().map(|key| (key.id, key.name)).collect())
}
