//! What a class's register is read from: its past sessions, its people, and the verdicts where they cross.

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, OrganizationId, PersonId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant HELD, "select id, title, starts_at, ends_at, time_zone from sessions
    where organization_id = $1 and class_id = $2 and state = 'ended' and (starts_at, id) < ($3, $4) order by starts_at desc, id desc limit $5");
statement!(tenant MEMBERS, "select e.id, e.person_id, p.first_name, coalesce(p.last_name, '') as last_name from enrollments e join people p on p.organization_id = e.organization_id and p.id = e.person_id
    where e.organization_id = $1 and e.class_id = $2 and e.kind = 'member' and e.state = 'active' and (p.first_name, coalesce(p.last_name, ''), e.id) > ($3, $4, $5)
    order by p.first_name, coalesce(p.last_name, ''), e.id limit $6");
statement!(tenant CELLS,
    sqlite: "select session_id, person_id, state, verified_by is not null as verified from attendance
        where organization_id = $1 and session_id in (select unhex(value) from json_each($2)) and person_id in (select unhex(value) from json_each($3))",
    postgres: "select session_id, person_id, state, verified_by is not null as verified from attendance
        where organization_id = $1 and session_id = any(array(select value::uuid from json_array_elements_text($2::json)))
            and person_id = any(array(select value::uuid from json_array_elements_text($3::json)))");
statement!(tenant SESSION_FIGURES,
    sqlite: "select session_id as id, count(case when state in ('present', 'late', 'left_early', 'absent') then 1 end) as held, count(case when state in ('present', 'late', 'left_early') then 1 end) as came,
            count(case when verified_by is null then 1 end) as proposed from attendance
        where organization_id = $1 and session_id in (select unhex(value) from json_each($2)) and person_id <> $3 group by session_id",
    postgres: "select session_id as id, count(case when state in ('present', 'late', 'left_early', 'absent') then 1 end) as held, count(case when state in ('present', 'late', 'left_early') then 1 end) as came,
            count(case when verified_by is null then 1 end) as proposed from attendance
        where organization_id = $1 and session_id = any(array(select value::uuid from json_array_elements_text($2::json))) and person_id <> $3 group by session_id");
statement!(tenant MEMBER_FIGURES,
    sqlite: "select a.person_id as id, count(*) as held, count(case when a.state <> 'absent' then 1 end) as came, count(case when a.verified_by is null then 1 end) as proposed
        from sessions s cross join attendance a on a.organization_id = s.organization_id and a.session_id = s.id
        where s.organization_id = $1 and s.class_id = $2 and a.person_id in (select unhex(value) from json_each($3)) and a.state in ('present', 'late', 'left_early', 'absent') group by a.person_id",
    postgres: "select a.person_id as id, count(*) as held, count(case when a.state <> 'absent' then 1 end) as came, count(case when a.verified_by is null then 1 end) as proposed
        from sessions s join attendance a on a.organization_id = s.organization_id and a.session_id = s.id
        where s.organization_id = $1 and s.class_id = $2 and a.person_id = any(array(select value::uuid from json_array_elements_text($3::json)))
            and a.state in ('present', 'late', 'left_early', 'absent') group by a.person_id");

/// A session that took place.
#[derive(Clone, Debug, FromRow)]
pub struct HeldSession {
    /// Which.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// Last instant.
    pub ends_at: DateTime<Utc>,
    /// IANA name of the zone its times were set in.
    pub time_zone: String,
}

/// Somebody of the roster.
#[derive(Clone, Debug, FromRow)]
pub struct Member {
    /// The enrollment.
    pub id: Uuid,
    /// The person.
    pub person_id: Uuid,
    /// As it stands in the list's order.
    pub first_name: String,
    /// Empty for whoever has one name.
    pub last_name: String,
}

/// Where a person and a session cross.
#[derive(Clone, Debug, FromRow)]
pub struct Cell {
    /// The session.
    pub session_id: Uuid,
    /// The person.
    pub person_id: Uuid,
    /// The stored word of the verdict.
    pub state: String,
    /// Whether somebody has looked at it.
    pub verified: bool,
}

/// How many verdicts a session or a person has.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Tally {
    /// The session or the person.
    pub id: Uuid,
    /// Verdicts that count: neither excused nor unconfirmed.
    pub held: i64,
    /// Of those, how many say that somebody came.
    pub came: i64,
    /// How many nobody has looked at.
    pub proposed: i64,
}

/// The class's sessions that took place, the newest first, before a row.
///
/// # Errors
/// When the database refuses.
pub async fn held(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    (at, id): (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<HeldSession>, StoreError> {
    Ok(run!(all, tx, HELD, [organization.uuid(), class.uuid(), at, id, limit])?)
}

/// The class's members by name, after one.
///
/// # Errors
/// When the database refuses.
pub async fn members(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    (first_name, last_name, id): (&str, &str, Uuid),
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
    Ok(run!(all, tx, MEMBERS, [organization.uuid(), class.uuid(), first_name, last_name, id, limit])?)
}

/// The verdicts on some people in some sessions; both as JSON lists of ids.
///
/// # Errors
/// When the database refuses.
pub async fn cells(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: &str,
    people: &str,
) -> Result<Vec<Cell>, StoreError> {
    Ok(run!(all, tx, CELLS, [organization.uuid(), sessions, people])?)
}

/// How each of some sessions stands, its instructor left out.
///
/// # Errors
/// When the database refuses.
pub async fn session_figures(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: &str,
    instructor: PersonId,
) -> Result<Vec<Tally>, StoreError> {
    Ok(run!(all, tx, SESSION_FIGURES, [organization.uuid(), sessions, instructor.uuid()])?)
}

/// How each of some people stands in all sessions of the class.
///
/// # Errors
/// When the database refuses.
pub async fn member_figures(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    people: &str,
) -> Result<Vec<Tally>, StoreError> {
    Ok(run!(all, tx, MEMBER_FIGURES, [organization.uuid(), class.uuid(), people])?)
}
