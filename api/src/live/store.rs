//! One-time tickets for sockets.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(system INSERT, "insert into live_tickets (ticket_hash, organization_id, person_id, via, via_ref, expires_at) values ($1, $2, $3, $4, $5, $6)");
statement!(system TAKE, "delete from live_tickets where ticket_hash = $1 returning organization_id, person_id, via, via_ref, expires_at");
statement!(system REMOVE_OLD, "delete from live_tickets where expires_at < $1");

/// A ticket's row.
#[derive(Clone, Debug, FromRow)]
pub struct Ticket {
    /// The tenant.
    pub organization_id: Uuid,
    /// Who asked for it.
    pub person_id: Uuid,
    /// How they were signed in.
    pub via: String,
    /// The sign-in's hash, or the API key's id.
    pub via_ref: Option<Vec<u8>>,
    /// Good until.
    pub expires_at: DateTime<Utc>,
}

/// Remembers a ticket.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut Tx, hash: &[u8], ticket: &Ticket) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            hash,
            ticket.organization_id,
            ticket.person_id,
            &ticket.via,
            ticket.via_ref.as_deref(),
            ticket.expires_at
        ]
    )?;
    Ok(())
}

/// Takes a ticket: whoever comes second finds none.
///
/// # Errors
/// When the database refuses.
pub async fn take(tx: &mut Tx, hash: &[u8]) -> Result<Option<Ticket>, StoreError> {
    Ok(run!(optional, tx, TAKE, [hash])?)
}

/// Removes tickets that were good until before the instant.
///
/// # Errors
/// When the database refuses.
pub async fn remove_old(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_OLD, [before])?)
}
