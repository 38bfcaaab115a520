//! Many places in a class at once: for whoever comes and goes as a group.

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, EnrollmentId, OrganizationId, PersonId};
use serde_json::json;
use uuid::Uuid;

use super::enrollments::{Enrollment, EnrollmentRow, enrollment_columns};
use crate::{
    db::{StoreError, Tx},
    ids::json_list,
    run, statement,
};

statement!(tenant BRING,
    sqlite: "insert into enrollments (id, organization_id, class_id, person_id, kind, all_sessions, generation, state, by_hand, kept_out, created_at, updated_at)
        select unhex(json_extract(value, '$.id')), $1, $2, unhex(json_extract(value, '$.person')), 'member', 1, 1, 'active', 0, 0, $4, $4
        from json_each($3) where true
        on conflict (organization_id, class_id, person_id) do update set state = 'active', generation = enrollments.generation + 1, by_hand = 0, updated_at = excluded.updated_at
        where enrollments.state <> 'active'",
    postgres: "insert into enrollments (id, organization_id, class_id, person_id, kind, all_sessions, generation, state, by_hand, kept_out, created_at, updated_at)
        select (value ->> 'id')::uuid, $1, $2, (value ->> 'person')::uuid, 'member', true, 1, 'active', false, false, $4, $4
        from json_array_elements($3::json)
        on conflict (organization_id, class_id, person_id) do update set state = 'active', generation = enrollments.generation + 1, by_hand = false, updated_at = excluded.updated_at
        where enrollments.state <> 'active'");
statement!(tenant PUT_OUT,
    sqlite: "update enrollments set state = 'removed', generation = generation + 1, by_hand = 0, updated_at = $4
        where organization_id = $1 and class_id = $2 and state = 'active' and person_id in (select unhex(value) from json_each($3))",
    postgres: "update enrollments set state = 'removed', generation = generation + 1, by_hand = false, updated_at = $4
        where organization_id = $1 and class_id = $2 and state = 'active' and person_id = any(array(select value::uuid from json_array_elements_text($3::json)))");
statement!(tenant OF_PEOPLE,
    sqlite: enrollment_columns!("where e.organization_id = $1 and e.class_id = $2 and e.state = 'active' and e.person_id in (select unhex(value) from json_each($3)) order by e.id"),
    postgres: enrollment_columns!("where e.organization_id = $1 and e.class_id = $2 and e.state = 'active' and e.person_id = any(array(select value::uuid from json_array_elements_text($3::json))) order by e.id"));
statement!(tenant GUESTS_OF_PEOPLE,
    sqlite: enrollment_columns!("where e.organization_id = $1 and e.class_id = $2 and e.state = 'active' and e.kind = 'guest'
        and p.email_key in (select u.email_key from people u where u.organization_id = $1 and u.id in (select unhex(value) from json_each($3))) order by e.id"),
    postgres: enrollment_columns!("where e.organization_id = $1 and e.class_id = $2 and e.state = 'active' and e.kind = 'guest'
        and p.email_key in (select u.email_key from people u where u.organization_id = $1 and u.id = any(array(select value::uuid from json_array_elements_text($3::json)))) order by e.id"));

fn list(people: &[PersonId]) -> String {
    json_list(people.iter().map(|person| person.uuid()))
}

/// Gives people places that came by no hand; whoever was removed gets a new link, whoever is here stays as they are.
pub async fn bring(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    people: &[(EnrollmentId, PersonId)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let hex = |id: Uuid| id.simple().to_string();
    let rows: Vec<_> = people
        .iter()
        .map(|(id, person)| json!({"id": hex(id.uuid()), "person": hex(person.uuid())}))
        .collect();
    let rows = serde_json::to_string(&rows).map_err(|error| StoreError::corrupt("enrollments", error))?;
    run!(execute, tx, BRING, [organization.uuid(), class.uuid(), rows, now])?;
    Ok(())
}

/// Removes people's places; their links die.
pub async fn put_out(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    people: &[PersonId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, PUT_OUT, [organization.uuid(), class.uuid(), list(people), now])?;
    Ok(())
}

/// The places these people have.
pub async fn enrollments_of_people(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    people: &[PersonId],
) -> Result<Vec<Enrollment>, StoreError> {
    let rows: Vec<EnrollmentRow> =
        run!(all, tx, OF_PEOPLE, [organization.uuid(), class.uuid(), list(people)])?;
    Ok(rows.into_iter().map(Enrollment::from).collect())
}

/// The guests of a class who have the address of one of these people.
pub async fn guests_of_people(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    people: &[PersonId],
) -> Result<Vec<Enrollment>, StoreError> {
    let rows: Vec<EnrollmentRow> =
        run!(all, tx, GUESTS_OF_PEOPLE, [organization.uuid(), class.uuid(), list(people)])?;
    Ok(rows.into_iter().map(Enrollment::from).collect())
}
