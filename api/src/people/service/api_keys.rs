//! API keys: made, revoked, named.

use lectern_core::ids::{OrganizationId, PersonId};
use uuid::Uuid;

use super::fields::one_line;
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    people::{
        BearerToken, Scope,
        store::{self, ApiKey},
    },
};

/// Makes an API key; the token is in the answer and nowhere else.
pub async fn create_api_key(
    app: &App,
    who: &SignedIn,
    name: &str,
    scopes: Vec<Scope>,
) -> Result<(ApiKey, BearerToken), ApiError> {
    let name = one_line(name, 80).map_err(|message| ApiError::field("name", message))?;
    if scopes.is_empty() {
        return Err(ApiError::field("scopes", "Name at least one of read, write, platforms."));
    }
    let by = who.person()?;
    let token = BearerToken::generate("lk_", app.randomness.as_ref());
    let hint = token.expose().chars().take(9).collect();
    let key =
        ApiKey { id: app.ids.next(), name, scopes, hint, created_at: app.clock.now(), revoked_at: None };
    let mut tx = app.db.begin(who.organization).await?;
    store::insert_api_key(&mut tx, who.organization, &key, token.hash(), Some(by)).await?;
    let entry = app.entry(who.organization, EntryKind::ApiKeyCreated, who.actor());
    audit::store::insert(&mut tx, &entry.details(serde_json::json!({"api_key": key.id}))).await?;
    tx.commit().await?;
    Ok((key, token))
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
