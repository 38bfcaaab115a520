//! Who was where, by which source.

use chrono::{DateTime, Utc};
use lectern_core::{
    attendance::{Presence, PresenceKey, Source},
    ids::{OrganizationId, PersonId, SessionId},
    role::SessionRole,
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

// Touches no table.
statement!(system LOCK,
    sqlite: "select 1 where $1 is not null",
    postgres: "select 1 from pg_advisory_xact_lock(hashtextextended('attendance:' || $1::uuid::text, 0))");
statement!(tenant FIND_PRESENCE, "select facts from presences
    where organization_id = $1 and session_id = $2 and source = $3 and run_id = $4 and stay = $5 and kind = $6");
statement!(tenant PRESENCES_OF, "select facts from presences where organization_id = $1 and session_id = $2 order by source, run_id, stay, kind");
statement!(tenant PRESENCES_OF_MANY,
    sqlite: "select session_id, facts from presences where organization_id = $1 and session_id in (select unhex(value) from json_each($2)) order by session_id, source, run_id, stay, kind",
    postgres: "select session_id, facts from presences where organization_id = $1 and session_id = any(array(select value::uuid from json_array_elements_text($2::json))) order by session_id, source, run_id, stay, kind");
statement!(tenant SAVE_PRESENCE, "insert into presences (organization_id, session_id, source, run_id, stay, kind, person_id, role, joined_at, left_at, registrant_id, facts, received_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    on conflict (organization_id, session_id, source, run_id, stay, kind) do update set person_id = excluded.person_id, role = excluded.role,
        joined_at = excluded.joined_at, left_at = excluded.left_at, registrant_id = excluded.registrant_id, facts = excluded.facts, received_at = excluded.received_at");
statement!(tenant REPORTED, "select facts from presences where organization_id = $1 and session_id = $2 and source = $3 and run_id = $4");
statement!(tenant REMOVE_REPORTED, "delete from presences where organization_id = $1 and session_id = $2 and source = $3 and run_id = $4");
statement!(tenant INSIDE_WITH, "select count(*) from presences where organization_id = $1 and session_id = $2 and registrant_id = $3
    and source = 'webhook' and kind = 'main' and run_id = $4 and joined_at is not null and left_at is null");
statement!(tenant FIRST_SEEN, "select min(joined_at) from presences where organization_id = $1 and session_id = $2 and person_id = $3 and source = 'webhook' and kind = 'main'");

/// Waits until no other instance changes this organization's evidence; held until the transaction ends. SQLite has one
/// writer anyway.
///
/// # Errors
/// When the database refuses.
pub async fn lock(tx: &mut Tx, organization: OrganizationId) -> Result<(), StoreError> {
    run!(execute, tx, LOCK, [organization.uuid()])?;
    Ok(())
}

/// The stay with this key.
///
/// # Errors
/// When the database refuses.
pub async fn find_presence(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    key: &PresenceKey,
) -> Result<Option<Presence>, StoreError> {
    let row: Option<Json<Presence>> = run!(
        optional_value,
        tx,
        FIND_PRESENCE,
        [organization.uuid(), session.uuid(), key.source.name(), &key.run, &key.entry, key.kind.name()]
    )?;
    Ok(row.map(|Json(presence)| presence))
}

/// All stays of a session, of all sources.
///
/// # Errors
/// When the database refuses.
pub async fn presences_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Vec<Presence>, StoreError> {
    let rows: Vec<Json<Presence>> = run!(values, tx, PRESENCES_OF, [organization.uuid(), session.uuid()])?;
    Ok(rows.into_iter().map(|Json(presence)| presence).collect())
}

/// All stays of some sessions, each with its session.
///
/// # Errors
/// When the database refuses.
pub async fn presences_of_many(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: &str,
) -> Result<Vec<(SessionId, Presence)>, StoreError> {
    let rows: Vec<(Uuid, Json<Presence>)> =
        run!(all, tx, PRESENCES_OF_MANY, [organization.uuid(), sessions])?;
    Ok(rows.into_iter().map(|(session, Json(presence))| (session.into(), presence)).collect())
}

/// Writes a stay whole, with the person it was found to be.
///
/// # Errors
/// When the database refuses.
pub async fn save_presence(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    presence: &Presence,
    (person, role): (Option<PersonId>, SessionRole),
) -> Result<(), StoreError> {
    let key = &presence.key;
    run!(
        execute,
        tx,
        SAVE_PRESENCE,
        [
            organization.uuid(),
            session.uuid(),
            key.source.name(),
            &key.run,
            &key.entry,
            key.kind.name(),
            person.map(PersonId::uuid),
            role.name(),
            presence.joined_at(),
            presence.left_at(),
            presence.facts.registrant_id.as_deref(),
            Json(presence),
            presence.received_at
        ]
    )?;
    Ok(())
}

/// The rows an earlier report gave for a run.
///
/// # Errors
/// When the database refuses.
pub async fn reported(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    source: Source,
    run: &str,
) -> Result<Vec<Presence>, StoreError> {
    let rows: Vec<Json<Presence>> =
        run!(values, tx, REPORTED, [organization.uuid(), session.uuid(), source.name(), run])?;
    Ok(rows.into_iter().map(|Json(presence)| presence).collect())
}

/// Removes the rows an earlier report gave for a run: only to put a newer report's in their place.
///
/// # Errors
/// When the database refuses.
pub async fn remove_reported(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    source: Source,
    run: &str,
) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_REPORTED, [organization.uuid(), session.uuid(), source.name(), run])?;
    Ok(())
}

/// How many are in the meeting's main room under one registrant.
///
/// # Errors
/// When the database refuses.
pub async fn inside_with(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    registrant: &str,
    run: &str,
) -> Result<i64, StoreError> {
    Ok(run!(value, tx, INSIDE_WITH, [organization.uuid(), session.uuid(), registrant, run])?)
}

/// When the platform first saw a person in a session's main room.
pub async fn first_seen(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    person: PersonId,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(run!(value, tx, FIRST_SEEN, [organization.uuid(), session.uuid(), person.uuid()])?)
}
