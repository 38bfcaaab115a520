//! Keys of requests, and their sealed answers.

use chrono::{DateTime, Utc};
use lectern_core::ids::OrganizationId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    on, run, statement,
};

statement!(tenant REMOVE_EXPIRED, "delete from idempotency_keys where organization_id = $1 and person_id = $2 and route = $3 and idempotency_key = $4 and created_at <= $5");
statement!(tenant CLAIM, "insert into idempotency_keys (organization_id, person_id, route, idempotency_key, body_hash, created_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing");
statement!(tenant FIND, "select body_hash, answer, status, created_at from idempotency_keys where organization_id = $1 and person_id = $2 and route = $3 and idempotency_key = $4");
statement!(tenant ANSWER, "update idempotency_keys set answer = $5, status = $6 where organization_id = $1 and person_id = $2 and route = $3 and idempotency_key = $4");
statement!(tenant FORGET, "delete from idempotency_keys where organization_id = $1 and person_id = $2 and route = $3 and idempotency_key = $4");
statement!(tenant REMOVE_OLD, "delete from idempotency_keys where organization_id = $1 and created_at <= $2");

/// Whose key, for what.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) organization: OrganizationId,
    /// The person, or the API key.
    pub(super) who: Uuid,
    /// Method and pattern.
    pub(super) route: String,
    pub(super) key: String,
}

/// A request that came before.
#[derive(Debug, FromRow)]
pub(super) struct Earlier {
    pub(super) body_hash: Vec<u8>,
    pub(super) answer: Option<Vec<u8>>,
    pub(super) status: Option<i64>,
    pub(super) created_at: DateTime<Utc>,
}

macro_rules! named {
    ($sql:expr, $name:expr) => {
        $sql.bind($name.organization.uuid()).bind($name.who).bind(&$name.route).bind(&$name.key)
    };
}

/// Takes the key; `false` when it is taken. One that was made before `expired` is free again.
pub(super) async fn claim(
    tx: &mut Tx,
    name: &Name,
    body_hash: [u8; 32],
    now: DateTime<Utc>,
    expired: DateTime<Utc>,
) -> Result<bool, StoreError> {
    on!(tx, REMOVE_EXPIRED, |sql, db| named!(sqlx::query(sql), name)
        .bind(expired)
        .execute(db)
        .await
        .map(drop)?);
    let made = on!(tx, CLAIM, |sql, db| named!(sqlx::query(sql), name)
        .bind(body_hash.as_slice())
        .bind(now)
        .execute(db)
        .await?
        .rows_affected());
    Ok(made == 1)
}

pub(super) async fn find(tx: &mut Tx, name: &Name) -> Result<Option<Earlier>, StoreError> {
    Ok(on!(tx, FIND, |sql, db| named!(sqlx::query_as(sql), name).fetch_optional(db).await?))
}

pub(super) async fn answer(tx: &mut Tx, name: &Name, sealed: &[u8], status: u16) -> Result<(), StoreError> {
    on!(tx, ANSWER, |sql, db| named!(sqlx::query(sql), name)
        .bind(sealed)
        .bind(i64::from(status))
        .execute(db)
        .await
        .map(drop)?);
    Ok(())
}

pub(super) async fn forget(tx: &mut Tx, name: &Name) -> Result<(), StoreError> {
    on!(tx, FORGET, |sql, db| named!(sqlx::query(sql), name).execute(db).await.map(drop)?);
    Ok(())
}

pub(super) async fn remove_old(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_OLD, [organization.uuid(), before])?)
}
