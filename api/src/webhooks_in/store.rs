//! The inbox's table.

use super::InboxRow;
use crate::{
    append::Appended,
    db::{StoreError, Tx},
    on, statement,
};

statement!(system INSERT, "insert into webhook_inbox (id, organization_id, provider, fingerprint, kind, event_at, received_at, meeting_ref, late, body, state, attempt)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'new', 0) on conflict do nothing");

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
