//! What only the first pages ask.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{OrganizationId, PersonId},
    sentence::Sentence,
};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx, in_words},
    run, statement,
};

statement!(tenant BELONGS, "select count(*) from enrollments where organization_id = $1 and person_id = $2 and state = 'active'");
statement!(tenant TO_VERIFY, "select s.id, s.title, s.starts_at, s.ends_at, s.time_zone, count(*) as people
    from classes c join sessions s on s.organization_id = c.organization_id and s.class_id = c.id
        join attendance a on a.organization_id = s.organization_id and a.session_id = s.id
    where c.organization_id = $1 and c.instructor_id = $2 and s.starts_at >= $3 and s.state = 'ended' and a.verified_by is null and a.person_id <> c.instructor_id
    group by s.id, s.title, s.starts_at, s.ends_at, s.time_zone order by s.starts_at desc, s.id desc limit $4");
statement!(tenant FAILING, "select s.id as session, s.title, s.starts_at, c.instructor_id as instructor, m.problem, m.problem_words
    from sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id join meetings m on m.organization_id = s.organization_id and m.session_id = s.id and m.parent_id is null
    where s.organization_id = $1 and s.state in ('scheduled', 'live') and s.starts_at >= $5 and s.starts_at < $3 and s.ends_at >= $2 and m.state = 'failed' and m.problem is not null
    order by s.starts_at, s.id limit $4");
statement!(tenant STANDING, "select
    (select count(*) from (select 1 from platform_settings where organization_id = $1 limit 1) x) > 0
        or (select count(*) from (select 1 from pasted_links where organization_id = $1 limit 1) x) > 0 as platform,
    (select count(*) from (select 1 from people where organization_id = $1 and kind = 'user' and role = 1 limit 1) x) > 0 as teachers,
    (select count(*) from (select 1 from people where organization_id = $1 and kind = 'user' and role = 0 limit 1) x) > 0 as students,
    (select count(*) from (select 1 from connections where organization_id = $1 and state <> 'gone' limit 1) x) > 0
        or (select count(*) from (select 1 from pasted_links where organization_id = $1 limit 1) x) > 0 as connected,
    (select count(*) from (select 1 from classes where organization_id = $1 and state = 'active' limit 1) x) > 0 as classes,
    (select count(*) from (select 1 from sessions where organization_id = $1 limit 1) x) > 0 as sessions,
    (select count(*) from connections where organization_id = $1 and state = 'needs_reconnect') as lost");
// `$2` is a list of the weeks' first instants, each with the next week's.
statement!(tenant BY_WEEK,
    sqlite: "select w.key as week, s.delivery, count(*) as number from json_each($2) w
        cross join sessions s on s.organization_id = $1 and s.starts_at >= json_extract(w.value, '$[0]') and s.starts_at < json_extract(w.value, '$[1]')
        where s.state <> 'cancelled' group by w.key, s.delivery",
    postgres: "select w.week - 1 as week, s.delivery, count(*) as number from json_array_elements($2::json) with ordinality w(value, week)
        cross join lateral (select t.delivery from sessions t where t.organization_id = $1 and t.starts_at >= (w.value ->> 0)::timestamptz and t.starts_at < (w.value ->> 1)::timestamptz and t.state <> 'cancelled') s
        group by w.week, s.delivery");

/// Whether a person belongs to any class now.
pub(super) async fn belongs(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<bool, StoreError> {
    let count: i64 = run!(value, tx, BELONGS, [organization.uuid(), person.uuid()])?;
    Ok(count > 0)
}

/// A session with proposals that nobody has verified.
#[derive(FromRow)]
pub(super) struct Unverified {
    pub(super) id: Uuid,
    pub(super) title: String,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
    pub(super) time_zone: String,
    pub(super) people: i64,
}

/// The latest sessions of a teacher, from an instant on, whose attendance waits for a look.
pub(super) async fn to_verify(
    tx: &mut Tx,
    organization: OrganizationId,
    teacher: PersonId,
    from: DateTime<Utc>,
    most: usize,
) -> Result<Vec<Unverified>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(run!(all, tx, TO_VERIFY, [organization.uuid(), teacher.uuid(), from, most])?)
}

/// A session without a meeting that it needs.
pub(super) struct Failing {
    pub(super) session: Uuid,
    pub(super) title: String,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) instructor: PersonId,
    pub(super) words: Sentence,
}

#[derive(FromRow)]
struct FailingRow {
    session: Uuid,
    title: String,
    starts_at: DateTime<Utc>,
    instructor: Uuid,
    problem: Option<String>,
    problem_words: Option<Json<Sentence>>,
}

/// The sessions that start between two instants, are not over, and whose meeting could not be made; the first ones.
pub(super) async fn failing(
    tx: &mut Tx,
    organization: OrganizationId,
    now: DateTime<Utc>,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    most: usize,
) -> Result<Vec<Failing>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows: Vec<FailingRow> = run!(all, tx, FAILING, [organization.uuid(), now, to, most, from])?;
    let failing = |row: FailingRow| {
        let words = in_words(row.problem, row.problem_words)?;
        Some(Failing {
            session: row.session,
            title: row.title,
            starts_at: row.starts_at,
            instructor: PersonId(row.instructor),
            words,
        })
    };
    Ok(rows.into_iter().filter_map(failing).collect())
}

/// How far an organization is set up.
#[derive(FromRow)]
pub(super) struct Standing {
    /// A platform is set up, or a pasted link is used.
    pub(super) platform: bool,
    pub(super) teachers: bool,
    pub(super) students: bool,
    /// An account is connected, or a pasted link needs none.
    pub(super) connected: bool,
    pub(super) classes: bool,
    pub(super) sessions: bool,
    /// Accounts to be connected again.
    pub(super) lost: i64,
}

/// How far an organization is set up.
pub(super) async fn standing(tx: &mut Tx, organization: OrganizationId) -> Result<Standing, StoreError> {
    Ok(run!(one, tx, STANDING, [organization.uuid()])?)
}

/// How many sessions of which delivery each week has, by its place in the list.
pub(super) async fn by_week(
    tx: &mut Tx,
    organization: OrganizationId,
    weeks: &[(DateTime<Utc>, DateTime<Utc>)],
) -> Result<HashMap<(u64, String), u32>, StoreError> {
    // As SQLite keeps instants: its comparison is one of text.
    let weeks: Vec<(String, String)> =
        weeks.iter().map(|(begins, ends)| (begins.to_rfc3339(), ends.to_rfc3339())).collect();
    let rows: Vec<(i64, String, i64)> =
        run!(all, tx, BY_WEEK, [organization.uuid(), serde_json::json!(weeks).to_string()])?;
    let counted = |(week, delivery, number): (i64, String, i64)| {
        let week = u64::try_from(week).map_err(|error| StoreError::corrupt("sessions", error))?;
        Ok(((week, delivery), u32::try_from(number).unwrap_or(u32::MAX)))
    };
    rows.into_iter().map(counted).collect()
}
