//! Many people in one statement: lists of rows come as JSON.

use chrono::{DateTime, Utc};
use lectern_core::ids::OrganizationId;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::people::{Person, Row, person_columns};
use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant OF_ADDRESSES,
    sqlite: person_columns!("where organization_id = $1 and kind = 'user' and email_key in (select value from json_each($2))"),
    postgres: person_columns!("where organization_id = $1 and kind = 'user' and email_key = any(array(select value from json_array_elements_text($2::json)))"));
statement!(tenant OF_IDS,
    sqlite: person_columns!("where organization_id = $1 and id in (select unhex(value) from json_each($2)) order by first_name, last_name, id"),
    postgres: person_columns!("where organization_id = $1 and id = any(array(select value::uuid from json_array_elements_text($2::json))) order by first_name, last_name, id"));
statement!(tenant HOLDERS,
    sqlite: "select external_id, id from people where organization_id = $1 and external_id in (select value from json_each($2))",
    postgres: "select external_id, id from people where organization_id = $1 and external_id = any(array(select value from json_array_elements_text($2::json)))");
statement!(tenant INSERT_STUDENTS,
    sqlite: "insert into people (id, organization_id, kind, external_id, email, email_key, first_name, last_name, role, owner, state, language, time_zone, created_at, updated_at)
        select unhex(json_extract(value, '$.id')), $1, 'user', json_extract(value, '$.external_id'), json_extract(value, '$.email'), json_extract(value, '$.email_key'),
            json_extract(value, '$.first_name'), json_extract(value, '$.last_name'), 0, 0, 'active', json_extract(value, '$.language'), json_extract(value, '$.time_zone'), $3, $3
        from json_each($2)",
    postgres: "insert into people (id, organization_id, kind, external_id, email, email_key, first_name, last_name, role, owner, state, language, time_zone, created_at, updated_at)
        select (value ->> 'id')::uuid, $1, 'user', value ->> 'external_id', value ->> 'email', value ->> 'email_key',
            value ->> 'first_name', value ->> 'last_name', 0, false, 'active', value ->> 'language', value ->> 'time_zone', $3, $3
        from jsonb_array_elements($2)");
statement!(tenant UPDATE_STUDENTS,
    sqlite: "update people set first_name = json_extract(value, '$.first_name'), last_name = json_extract(value, '$.last_name'), external_id = json_extract(value, '$.external_id'),
            language = json_extract(value, '$.language'), time_zone = json_extract(value, '$.time_zone'), updated_at = $3
        from json_each($2) where people.organization_id = $1 and people.id = unhex(json_extract(value, '$.id')) and people.role = 0",
    postgres: "update people set first_name = value ->> 'first_name', last_name = value ->> 'last_name', external_id = value ->> 'external_id',
            language = value ->> 'language', time_zone = value ->> 'time_zone', updated_at = $3
        from jsonb_array_elements($2) as value where people.organization_id = $1 and people.id = (value ->> 'id')::uuid and people.role = 0");

fn texts(texts: &[String]) -> Result<String, StoreError> {
    serde_json::to_string(texts).map_err(|error| StoreError::corrupt("people", error))
}

/// The users with these addresses, each in lower case.
pub async fn of_addresses(
    tx: &mut Tx,
    organization: OrganizationId,
    keys: &[String],
) -> Result<Vec<Person>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, OF_ADDRESSES, [organization.uuid(), texts(keys)?])?;
    rows.into_iter().map(Person::try_from).collect()
}

/// These people, by name.
pub async fn of_ids(tx: &mut Tx, organization: OrganizationId, ids: &str) -> Result<Vec<Person>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, OF_IDS, [organization.uuid(), ids])?;
    rows.into_iter().map(Person::try_from).collect()
}

/// Who has each of these ids of the host application.
pub async fn holders(
    tx: &mut Tx,
    organization: OrganizationId,
    external_ids: &[String],
) -> Result<Vec<(String, Uuid)>, StoreError> {
    Ok(run!(all, tx, HOLDERS, [organization.uuid(), texts(external_ids)?])?)
}

/// Adds students.
pub async fn insert_students(
    tx: &mut Tx,
    organization: OrganizationId,
    students: &Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, INSERT_STUDENTS, [organization.uuid(), Json(students), now])?;
    Ok(())
}

/// Writes what a list may change of students.
pub async fn update_students(
    tx: &mut Tx,
    organization: OrganizationId,
    students: &Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, UPDATE_STUDENTS, [organization.uuid(), Json(students), now])?;
    Ok(())
}
