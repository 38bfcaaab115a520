//! Codes that prove another browser.

use chrono::{DateTime, Utc};
use lectern_core::ids::{OrganizationId, SeatId};
use sqlx::FromRow;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant PUT_CODE, "insert into seat_codes (organization_id, seat_id, code_hash, browser_hash, tries, sent_at, expires_at) values ($1, $2, $3, $4, 0, $5, $6)
    on conflict (organization_id, seat_id) do update set code_hash = excluded.code_hash, browser_hash = excluded.browser_hash, tries = 0, sent_at = excluded.sent_at, expires_at = excluded.expires_at, used_at = null");
statement!(tenant FIND_CODE, "select code_hash, browser_hash, tries, sent_at, expires_at, used_at from seat_codes where organization_id = $1 and seat_id = $2");
statement!(tenant TRY_CODE, "update seat_codes set tries = tries + 1 where organization_id = $1 and seat_id = $2 and tries < $3 and used_at is null and expires_at > $4 returning tries");
statement!(tenant USE_CODE, "update seat_codes set used_at = $3 where organization_id = $1 and seat_id = $2 and used_at is null");
statement!(tenant REMOVE_OLD_CODES, "delete from seat_codes where organization_id = $1 and expires_at < $2");

/// A code that was sent.
#[derive(Debug, FromRow)]
pub struct CodeRow {
    /// HMAC of the digits.
    pub code_hash: Vec<u8>,
    /// The browser that asked.
    pub browser_hash: Vec<u8>,
    /// Wrong tries so far.
    pub tries: i64,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
}

/// Remembers a code instead of any earlier one.
pub async fn put_code(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    code_hash: &[u8; 32],
    browser: &[u8; 32],
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        PUT_CODE,
        [organization.uuid(), seat.uuid(), code_hash.as_slice(), browser.as_slice(), now, until]
    )?;
    Ok(())
}

/// The code sent for a seat.
pub async fn find_code(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
) -> Result<Option<CodeRow>, StoreError> {
    Ok(run!(optional, tx, FIND_CODE, [organization.uuid(), seat.uuid()])?)
}

/// Counts a try, if one is left.
pub async fn try_code(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    Ok(run!(optional_value, tx, TRY_CODE, [organization.uuid(), seat.uuid(), most, now])?)
}

/// Uses the code up: `false` when it already was.
pub async fn use_code(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, USE_CODE, [organization.uuid(), seat.uuid(), now])? == 1)
}

/// Removes codes that ended before an instant.
pub async fn remove_old_codes(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_OLD_CODES, [organization.uuid(), before])?)
}
