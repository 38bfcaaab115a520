//! How often each person's feed address was made anew.

use chrono::{DateTime, Utc};
use lectern_core::ids::{OrganizationId, PersonId};

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant FIND, "select generation from calendar_feeds where organization_id = $1 and person_id = $2");
statement!(tenant ROTATE, "insert into calendar_feeds (organization_id, person_id, generation, rotated_at) values ($1, $2, 1, $3)
    on conflict (organization_id, person_id) do update set generation = calendar_feeds.generation + 1, rotated_at = excluded.rotated_at
    returning generation");

fn number(generation: i64) -> Result<u32, StoreError> {
    u32::try_from(generation).map_err(|error| StoreError::corrupt("calendar_feeds", error))
}

/// The present generation: 0 for an address that was never made anew.
pub async fn generation(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<u32, StoreError> {
    let found: Option<i64> = run!(optional_value, tx, FIND, [organization.uuid(), person.uuid()])?;
    found.map_or(Ok(0), number)
}

/// The next generation.
pub async fn rotate(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<u32, StoreError> {
    number(run!(value, tx, ROTATE, [organization.uuid(), person.uuid(), now])?)
}
