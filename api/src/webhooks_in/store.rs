//! The inbox's table.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::InboxRow;
use crate::{
    append::Appended,
    db::{StoreError, Tx},
    on, statement,
};

statement!(system INSERT, "insert into webhook_inbox (id, organization_id, provider, fingerprint, kind, event_at, received_at, meeting_ref, late, body, state, attempt)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'new', 0) on conflict do nothing");
statement!(system WAITING, "select id, organization_id, provider, received_at, late, body, attempt from webhook_inbox where state = 'new' and id > $1 order by id limit 256");
statement!(system MARK, "update webhook_inbox set state = $2, attempt = $3, problem = $4 where id = $1 and state = 'new'");

statement!(system REMOVE_OLD, "delete from webhook_inbox where received_at < $1 and state <> 'new'");

/// Removes deliveries that were read and arrived before the instant.
pub async fn remove_old(tx: &mut Tx, before: chrono::DateTime<chrono::Utc>) -> Result<u64, StoreError> {
    Ok(on!(tx, REMOVE_OLD, |sql, db| sqlx::query(sql).bind(before).execute(db).await?.rows_affected()))
}

/// Adds a delivery, unless the same is there already.
pub async fn insert(tx: &mut Tx, row: &InboxRow) -> Result<Appended, StoreError> {
    let added = on!(tx, INSERT, |sql, db| sqlx::query(sql)
        .bind(row.id)
        .bind(row.organization.uuid())
        .bind(row.provider.as_str())
        .bind(&row.fingerprint)
        .bind(&row.kind)
        .bind(row.event_at)
        .bind(row.received_at)
        .bind(row.meeting_ref.as_deref())
        .bind(row.late)
        .bind(row.body.as_slice())
        .execute(db)
        .await?
        .rows_affected());
    Ok(if added == 1 { Appended::New } else { Appended::Duplicate })
}

/// A delivery that waits to be read.
#[derive(Debug, FromRow)]
pub struct Waiting {
    /// Its id, which its seal names.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Which platform sent it.
    pub provider: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// Signed too long ago to have an effect by itself.
    pub late: bool,
    /// The raw bytes, sealed.
    pub body: Vec<u8>,
    /// How often it was tried.
    pub attempt: i64,
}

/// Up to 256 deliveries that wait, in the order of arrival, after one.
///
/// # Errors
/// When the database refuses.
pub async fn waiting(tx: &mut Tx, after: Uuid) -> Result<Vec<Waiting>, StoreError> {
    Ok(on!(tx, WAITING, |sql, db| sqlx::query_as(sql).bind(after).fetch_all(db).await?))
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub id: Uuid,
    /// `done`, `bad` (cannot be read), `failed` (tried too often) or still `new`.
    pub state: &'static str,
    /// How often it was tried.
    pub attempt: i64,
    /// What was odd or wrong.
    pub problem: Option<String>,
}

/// Writes what became of deliveries.
///
/// # Errors
/// When the database refuses.
pub async fn mark(tx: &mut Tx, outcomes: &[Outcome]) -> Result<(), StoreError> {
    for outcome in outcomes {
        on!(tx, MARK, |sql, db| sqlx::query(sql)
            .bind(outcome.id)
            .bind(outcome.state)
            .bind(outcome.attempt)
            .bind(outcome.problem.as_deref())
            .execute(db)
            .await
            .map(drop)?);
    }
    Ok(())
}
