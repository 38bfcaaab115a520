//! API keys: each row, and the hash by which its organization is found.

use chrono::{DateTime, Utc};
use lectern_core::ids::{OrganizationId, PersonId};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    people::Scope,
    run, statement,
};

statement!(tenant INSERT_API_KEY, "insert into api_keys (id, organization_id, name, scopes, hint, created_by, created_at) values ($1, $2, $3, $4, $5, $6, $7)");
statement!(system INSERT_API_KEY_HASH, "insert into api_key_hashes (key_hash, organization_id, api_key_id) values ($1, $2, $3)");
statement!(system FIND_API_KEY_HASH, "select organization_id, api_key_id from api_key_hashes where key_hash = $1");
statement!(tenant FIND_API_KEY, "select id, name, scopes, hint, created_by, created_at, last_used_at, revoked_at from api_keys where organization_id = $1 and id = $2");
statement!(tenant LIST_API_KEYS, "select id, name, scopes, hint, created_by, created_at, last_used_at, revoked_at from api_keys where organization_id = $1 order by id");
statement!(tenant REVOKE_API_KEY, "update api_keys set revoked_at = $3 where organization_id = $1 and id = $2 and revoked_at is null");
statement!(tenant NOTE_API_KEY_USE, "update api_keys set last_used_at = $3 where organization_id = $1 and id = $2 and (last_used_at is null or last_used_at < $4)");
statement!(system REMOVE_API_KEY_HASH, "delete from api_key_hashes where organization_id = $1 and api_key_id = $2");

/// An API key, without the key.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Its first characters.
    pub hint: String,
    /// Who made it.
    pub created_by: Option<PersonId>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When a program last came with it; not every use is noted.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Since when no longer.
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct ApiKeyRow {
    id: Uuid,
    name: String,
    scopes: Json<Vec<Scope>>,
    hint: String,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<ApiKeyRow> for ApiKey {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: row.scopes.0,
            hint: row.hint,
            created_by: row.created_by.map(PersonId),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// Adds a key.
pub async fn insert_api_key(
    tx: &mut Tx,
    organization: OrganizationId,
    key: &ApiKey,
    hash: [u8; 32],
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT_API_KEY,
        [
            key.id,
            organization.uuid(),
            &key.name,
            Json(&key.scopes),
            &key.hint,
            key.created_by.map(PersonId::uuid),
            key.created_at
        ]
    )?;
    run!(execute, tx, INSERT_API_KEY_HASH, [hash.as_slice(), organization.uuid(), key.id])?;
    Ok(())
}

/// Whose key it is.
pub async fn find_api_key_hash(
    tx: &mut Tx,
    hash: [u8; 32],
) -> Result<Option<(OrganizationId, Uuid)>, StoreError> {
    let row: Option<(Uuid, Uuid)> = run!(optional, tx, FIND_API_KEY_HASH, [hash.as_slice()])?;
    Ok(row.map(|(organization, key)| (organization.into(), key)))
}

/// A key.
pub async fn find_api_key(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<ApiKey>, StoreError> {
    let row: Option<ApiKeyRow> = run!(optional, tx, FIND_API_KEY, [organization.uuid(), id])?;
    Ok(row.map(ApiKey::from))
}

/// All keys.
pub async fn list_api_keys(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<ApiKey>, StoreError> {
    let rows: Vec<ApiKeyRow> = run!(all, tx, LIST_API_KEYS, [organization.uuid()])?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// Notes that a key was used now, unless a use after `before` is noted already.
pub async fn note_api_key_use(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, NOTE_API_KEY_USE, [organization.uuid(), id, now, before])?;
    Ok(())
}

/// Revokes a key; `false` when there is none to revoke.
pub async fn revoke_api_key(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = run!(execute, tx, REVOKE_API_KEY, [organization.uuid(), id, now])?;
    run!(execute, tx, REMOVE_API_KEY_HASH, [organization.uuid(), id])?;
    Ok(changed == 1)
}
