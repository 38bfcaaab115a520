//! Who is in a cohort.

use chrono::{DateTime, Utc};
use lectern_core::ids::{CohortId, OrganizationId, PersonId};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    ids::json_list,
    run, statement,
};

statement!(tenant ADD,
    sqlite: "insert into cohort_members (organization_id, cohort_id, person_id, added_at) select $1, $2, unhex(value), $4 from json_each($3) where true on conflict do nothing",
    postgres: "insert into cohort_members (organization_id, cohort_id, person_id, added_at) select $1, $2, value::uuid, $4 from json_array_elements_text($3::json) on conflict do nothing");
statement!(tenant TAKE_OUT, "delete from cohort_members where organization_id = $1 and cohort_id = $2 and person_id = $3");
statement!(tenant REMOVE_ALL, "delete from cohort_members where organization_id = $1 and cohort_id = $2");
statement!(tenant COUNT, "select count(*) from cohort_members where organization_id = $1 and cohort_id = $2");
statement!(tenant HAS, "select count(*) from cohort_members where organization_id = $1 and cohort_id = $2 and person_id = $3");
statement!(tenant IDS, "select person_id from cohort_members where organization_id = $1 and cohort_id = $2");

/// Puts people into a cohort; whoever is in it stays.
pub async fn add(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
    people: &[PersonId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let people = json_list(people.iter().map(|person| person.uuid()));
    run!(execute, tx, ADD, [organization.uuid(), cohort.uuid(), people, now])?;
    Ok(())
}

/// Takes somebody out: `false` when they were not in it.
pub async fn take_out(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
    person: PersonId,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, TAKE_OUT, [organization.uuid(), cohort.uuid(), person.uuid()])? == 1)
}

/// Takes everybody out.
pub async fn remove_all(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_ALL, [organization.uuid(), cohort.uuid()])?;
    Ok(())
}

/// How many are in it.
pub async fn count(tx: &mut Tx, organization: OrganizationId, cohort: CohortId) -> Result<i64, StoreError> {
    Ok(run!(value, tx, COUNT, [organization.uuid(), cohort.uuid()])?)
}

/// Whether somebody is in it.
pub async fn has(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
    person: PersonId,
) -> Result<bool, StoreError> {
    let count: i64 = run!(value, tx, HAS, [organization.uuid(), cohort.uuid(), person.uuid()])?;
    Ok(count > 0)
}

/// Everybody in it.
pub async fn ids(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
) -> Result<Vec<Uuid>, StoreError> {
    Ok(run!(values, tx, IDS, [organization.uuid(), cohort.uuid()])?)
}
