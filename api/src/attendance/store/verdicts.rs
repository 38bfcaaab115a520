//! The verdicts on people.

use chrono::{DateTime, Utc};
use lectern_core::{
    attendance::{AttendanceState, Finding, Verified},
    ids::{OrganizationId, PersonId, SessionId},
};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant VERDICTS_OF, "select person_id, proposed, note from attendance where organization_id = $1 and session_id = $2");
statement!(tenant SAVE_VERDICT, "insert into attendance (organization_id, session_id, person_id, state, seconds, first_joined_at, last_left_at, proposed, verified_by, verified_at, note, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (organization_id, session_id, person_id) do update set state = excluded.state, seconds = excluded.seconds, first_joined_at = excluded.first_joined_at,
        last_left_at = excluded.last_left_at, proposed = excluded.proposed, verified_by = excluded.verified_by, verified_at = excluded.verified_at,
        note = excluded.note, updated_at = excluded.updated_at");
statement!(tenant STATES_OF_ONE,
    sqlite: "select session_id, state from attendance where organization_id = $1 and person_id = $3 and session_id in (select unhex(value) from json_each($2))",
    postgres: "select session_id, state from attendance where organization_id = $1 and person_id = $3 and session_id = any(array(select value::uuid from json_array_elements_text($2::json)))");
// What nobody can judge, or nobody holds against a person, is no part of a share.
statement!(tenant FIGURES_OF_PERSON, "select count(a.verified_by) as held, count(case when a.state <> 'absent' then a.verified_by end) as came, count(case when a.verified_by is null then 1 end) as proposed
    from attendance a join sessions s on s.organization_id = a.organization_id and s.id = a.session_id
        join classes c on c.organization_id = s.organization_id and c.id = s.class_id
    where a.organization_id = $1 and a.person_id = $2 and c.instructor_id <> $2 and a.state in ('present', 'late', 'left_early', 'absent')");
statement!(tenant OF_PERSON, "select s.id, s.title, c.title as class_title, s.starts_at, s.ends_at, a.state, a.seconds, a.verified_by is not null as verified
    from attendance a join sessions s on s.organization_id = a.organization_id and s.id = a.session_id
        join classes c on c.organization_id = s.organization_id and c.id = s.class_id
    where a.organization_id = $1 and a.person_id = $2 and c.instructor_id <> $2 and (s.starts_at, s.id) < ($3, $4)
    order by s.starts_at desc, s.id desc limit $5");

/// What is kept of a verdict beside the value that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What the evidence proposes now.
    pub proposed: Finding,
    /// What a person decided.
    pub verified: Option<Verified>,
}

/// A stored verdict on one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVerdict {
    /// Who.
    pub person: PersonId,
    /// Proposal and decision.
    pub kept: Kept,
    /// What the person who decided wrote to it.
    pub note: Option<String>,
}

#[derive(FromRow)]
struct VerdictRow {
    person_id: Uuid,
    proposed: Json<Kept>,
    note: Option<String>,
}

/// All stored verdicts of a session.
///
/// # Errors
/// When the database refuses.
pub async fn verdicts_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Vec<StoredVerdict>, StoreError> {
    let rows: Vec<VerdictRow> = run!(all, tx, VERDICTS_OF, [organization.uuid(), session.uuid()])?;
    let stored = |row: VerdictRow| StoredVerdict {
        person: row.person_id.into(),
        kept: row.proposed.0,
        note: row.note,
    };
    Ok(rows.into_iter().map(stored).collect())
}

/// A verdict to write.
#[derive(Clone, Debug)]
pub struct NewVerdict<'a> {
    /// Who.
    pub person: PersonId,
    /// The state that holds.
    pub state: AttendanceState,
    /// The seconds that hold.
    pub seconds: u32,
    /// First in.
    pub first_joined_at: Option<DateTime<Utc>>,
    /// Last out.
    pub last_left_at: Option<DateTime<Utc>>,
    /// Proposal and decision.
    pub kept: Kept,
    /// A word to it.
    pub note: Option<&'a str>,
}

/// Writes a verdict.
///
/// # Errors
/// When the database refuses.
pub async fn save_verdict(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    verdict: &NewVerdict<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SAVE_VERDICT,
        [
            organization.uuid(),
            session.uuid(),
            verdict.person.uuid(),
            verdict.state.name(),
            i64::from(verdict.seconds),
            verdict.first_joined_at,
            verdict.last_left_at,
            Json(&verdict.kept),
            verdict.kept.verified.map(|verified| verified.by.uuid()),
            verdict.kept.verified.map(|verified| verified.at),
            verdict.note,
            now
        ]
    )?;
    Ok(())
}

/// The stored word for one person in each of some sessions.
pub async fn states_of_one(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: &str,
    person: PersonId,
) -> Result<Vec<(Uuid, String)>, StoreError> {
    Ok(run!(all, tx, STATES_OF_ONE, [organization.uuid(), sessions, person.uuid()])?)
}

/// How somebody's attendance stands.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Figures {
    /// Sessions with a verdict that a teacher has looked at.
    pub held: i64,
    /// Of those, how many the person came to.
    pub came: i64,
    /// Sessions with a proposal that no teacher has looked at: no figure is made of those.
    pub proposed: i64,
}

/// A verdict on somebody, with the session it is about.
#[derive(Clone, Debug, FromRow)]
pub struct PersonsRow {
    /// The session.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// Its class's.
    pub class_title: String,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// Last instant.
    pub ends_at: DateTime<Utc>,
    /// The stored word of the verdict.
    pub state: String,
    /// Seconds that count.
    pub seconds: i64,
    /// Whether a person has looked at it.
    pub verified: bool,
}

/// How somebody's attendance stands.
///
/// # Errors
/// When the database refuses.
pub async fn figures_of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Figures, StoreError> {
    Ok(run!(one, tx, FIGURES_OF_PERSON, [organization.uuid(), person.uuid()])?)
}

/// The verdicts on somebody, the newest first, before a row; of classes they teach none.
///
/// # Errors
/// When the database refuses.
pub async fn of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    (at, id): (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<PersonsRow>, StoreError> {
    Ok(run!(all, tx, OF_PERSON, [organization.uuid(), person.uuid(), at, id, limit])?)
}
