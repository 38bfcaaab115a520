//! Sign-ins: who proved who they are, and until when it holds.

use chrono::{DateTime, Utc};
use lectern_core::ids::{OrganizationId, PersonId};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(system INSERT_SIGN_IN, "insert into sign_ins (token_hash, organization_id, person_id, created_at, expires_at) values ($1, $2, $3, $4, $5)");
statement!(system FIND_SIGN_IN, "select organization_id, person_id from sign_ins where token_hash = $1 and expires_at > $2");
statement!(system REMOVE_SIGN_IN, "delete from sign_ins where token_hash = $1");
statement!(system REMOVE_SIGN_INS_OF, "delete from sign_ins where organization_id = $1 and person_id = $2");
statement!(system REMOVE_ENDED_SIGN_INS, "delete from sign_ins where expires_at < $1");

/// Remembers a sign-in.
pub async fn insert_sign_in(
    tx: &mut Tx,
    hash: [u8; 32],
    organization: OrganizationId,
    person: PersonId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, INSERT_SIGN_IN, [hash.as_slice(), organization.uuid(), person.uuid(), now, until])?;
    Ok(())
}

/// Who signed in with this token, if it is still good.
pub async fn find_sign_in(
    tx: &mut Tx,
    hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<(OrganizationId, PersonId)>, StoreError> {
    let row: Option<(Uuid, Uuid)> = run!(optional, tx, FIND_SIGN_IN, [hash.as_slice(), now])?;
    Ok(row.map(|(organization, person)| (organization.into(), person.into())))
}

/// Ends one sign-in.
pub async fn remove_sign_in(tx: &mut Tx, hash: [u8; 32]) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_SIGN_IN, [hash.as_slice()])?;
    Ok(())
}

/// Ends all sign-ins of a person.
pub async fn remove_sign_ins_of(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_SIGN_INS_OF, [organization.uuid(), person.uuid()])?;
    Ok(())
}

/// Removes sign-ins that ended before the instant.
pub async fn remove_ended_sign_ins(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_ENDED_SIGN_INS, [before])?)
}
