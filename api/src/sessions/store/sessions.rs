//! Sessions.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SessionId},
    join::SessionTimes,
    session::{Delivery, SessionState},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Of which class.
    pub class: ClassId,
    /// The host application's id.
    pub external_id: Option<String>,
    /// Its title.
    pub title: String,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// Last instant.
    pub ends_at: DateTime<Utc>,
    /// IANA zone.
    pub time_zone: String,
    /// Online, hybrid or in the room.
    pub delivery: Delivery,
    /// Where it stands.
    pub state: SessionState,
    /// Since when it runs.
    pub started_at: Option<DateTime<Utc>>,
    /// Since when it is over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was called off.
    pub cancel_reason: Option<String>,
    /// Grows with every change people are told of.
    pub revision: i64,
}

impl Session {
    /// What the join window is decided by.
    #[must_use]
    pub const fn times(&self) -> SessionTimes {
        SessionTimes { id: self.id, starts_at: self.starts_at, ends_at: self.ends_at, state: self.state }
    }

    /// Neither begun nor over nor called off.
    #[must_use]
    pub fn is_scheduled(&self) -> bool {
        self.state == SessionState::Scheduled
    }

    /// Whole minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        (self.ends_at - self.starts_at).num_minutes()
    }
}

#[derive(FromRow)]
pub(super) struct Row {
    id: Uuid,
    class_id: Uuid,
    external_id: Option<String>,
    title: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    time_zone: String,
    delivery: String,
    state: String,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    revision: i64,
}

impl TryFrom<Row> for Session {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let broken =
            || StoreError::corrupt("sessions", format!("state {} delivery {}", row.state, row.delivery));
        Ok(Self {
            id: row.id.into(),
            class: row.class_id.into(),
            delivery: Delivery::parse(&row.delivery).ok_or_else(broken)?,
            state: SessionState::parse(&row.state).ok_or_else(broken)?,
            external_id: row.external_id,
            title: row.title,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            time_zone: row.time_zone,
            started_at: row.started_at,
            ended_at: row.ended_at,
            cancel_reason: row.cancel_reason,
            revision: row.revision,
        })
    }
}

macro_rules! session_columns {
    ($rest:literal) => {
        concat!(
            "select id, class_id, external_id, title, starts_at, ends_at, time_zone, delivery, state, started_at, ended_at, cancel_reason, revision from sessions ",
            $rest
        )
    };
}

statement!(tenant INSERT, "insert into sessions (id, organization_id, class_id, external_id, title, starts_at, ends_at, time_zone, delivery, state, revision, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'scheduled', 0, $10, $10)");
statement!(tenant FIND, session_columns!("where organization_id = $1 and id = $2"));
statement!(tenant FIND_TO_CHANGE,
    sqlite: session_columns!("where organization_id = $1 and id = $2"),
    postgres: session_columns!("where organization_id = $1 and id = $2 for update"));
statement!(tenant FIND_BY_EXTERNAL, session_columns!("where organization_id = $1 and external_id = $2"));
statement!(tenant UPDATE, "update sessions set title = $3, starts_at = $4, ends_at = $5, time_zone = $6, delivery = $7, state = $8, started_at = $9, ended_at = $10, cancel_reason = $11, revision = $12, external_id = $13, updated_at = $14
    where organization_id = $1 and id = $2");
statement!(tenant OF_CLASS, session_columns!("where organization_id = $1 and class_id = $2 order by starts_at, id"));
statement!(tenant TITLES,
    sqlite: "select id, class_id, title from sessions where organization_id = $1 and id in (select unhex(value) from json_each($2))",
    postgres: "select id, class_id, title from sessions where organization_id = $1 and id = any(array(select value::uuid from json_array_elements_text($2::json)))");
statement!(tenant NEAR, session_columns!("where organization_id = $1 and class_id = $2 and (ends_at >= $3 or state = 'live') order by starts_at, id limit 40"));
statement!(tenant LAST_OF_CLASS, session_columns!("where organization_id = $1 and class_id = $2 order by starts_at desc, id desc limit 1"));
// Of each class the running session, else the next, else the last there was. As an array, because PostgreSQL expects so many ids of
// a subquery that it reads all sessions for them.
statement!(tenant GLANCES,
    sqlite: session_columns!("where organization_id = $1 and id in (select coalesce(
            (select s.id from sessions s where s.organization_id = c.organization_id and s.class_id = c.id and s.state in ('scheduled', 'live') and (s.state = 'live' or s.ends_at > $3)
                order by case when s.state = 'live' then 0 else 1 end, s.starts_at, s.id limit 1),
            (select s.id from sessions s where s.organization_id = c.organization_id and s.class_id = c.id order by s.starts_at desc, s.id desc limit 1))
        from classes c where c.organization_id = $1 and c.id in (select unhex(value) from json_each($2)))"),
    postgres: session_columns!("where organization_id = $1 and id = any(array(select coalesce(
            (select s.id from sessions s where s.organization_id = c.organization_id and s.class_id = c.id and s.state in ('scheduled', 'live') and (s.state = 'live' or s.ends_at > $3)
                order by case when s.state = 'live' then 0 else 1 end, s.starts_at, s.id limit 1),
            (select s.id from sessions s where s.organization_id = c.organization_id and s.class_id = c.id order by s.starts_at desc, s.id desc limit 1))
        from classes c where c.organization_id = $1 and c.id = any(array(select value::uuid from json_array_elements_text($2::json)))))"));
statement!(tenant COMING_OF_CLASS, session_columns!("where organization_id = $1 and class_id = $2 and (starts_at, id) > ($4, $5) and state in ('scheduled', 'live') and (state = 'live' or ends_at > $3) order by starts_at, id limit $6"));
statement!(tenant PAST_OF_CLASS, session_columns!("where organization_id = $1 and class_id = $2 and (starts_at, id) < ($4, $5) and state <> 'live' and (state <> 'scheduled' or ends_at <= $3) order by starts_at desc, id desc limit $6"));
statement!(tenant NEXT_OF_CLASS, session_columns!("where organization_id = $1 and class_id = $2 and ends_at > $3 and state in ('scheduled', 'live') order by starts_at, id limit 1"));
// Each state has an index of its own: SQLite goes by them where each is asked for apart, but not where they stand beside an `or`.
statement!(tenant DUE_FOR_MEETING,
    sqlite: session_columns!("where organization_id = $1 and starts_at <= $2 and ends_at > $3 and delivery <> 'in_person'
        and id in (select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at <= $2)
        and not exists (select 1 from meetings m where m.organization_id = $1 and m.session_id = sessions.id and m.parent_id is null and m.state <> 'removed')"),
    postgres: session_columns!("where organization_id = $1 and starts_at <= $2 and ends_at > $3 and delivery <> 'in_person'
        and id = any(array(select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at <= $2))
        and not exists (select 1 from meetings m where m.organization_id = $1 and m.session_id = sessions.id and m.parent_id is null and m.state <> 'removed')"));
statement!(tenant OVERDUE,
    sqlite: session_columns!("where organization_id = $1 and ((state = 'scheduled' and ends_at < $2) or (state = 'live' and ends_at < $3))
        and id in (select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at < $2) order by ends_at limit 200"),
    postgres: session_columns!("where organization_id = $1 and ((state = 'scheduled' and ends_at < $2) or (state = 'live' and ends_at < $3))
        and id = any(array(select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at < $2)) order by ends_at limit 200"));
statement!(tenant COUNT_ALL_LIVE, "select count(*) from sessions where organization_id = $1 and state = 'live'");
statement!(tenant COUNT_LIVE,
    sqlite: "select count(*) from sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id where s.organization_id = $1 and s.state = 'live' and ($2 is null or c.instructor_id = $2)",
    postgres: "select count(*) from sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id where s.organization_id = $1 and s.state = 'live' and ($2::uuid is null or c.instructor_id = $2)");

/// How many sessions of an organization are live.
pub async fn count_all_live(tx: &mut Tx, organization: OrganizationId) -> Result<i64, StoreError> {
    Ok(run!(value, tx, COUNT_ALL_LIVE, [organization.uuid()])?)
}

/// Adds a session.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            session.id.uuid(),
            organization.uuid(),
            session.class.uuid(),
            session.external_id.as_deref(),
            &session.title,
            session.starts_at,
            session.ends_at,
            &session.time_zone,
            session.delivery.as_str(),
            now
        ]
    )?;
    Ok(())
}

/// A session.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SessionId,
) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND, [organization.uuid(), id.uuid()])?;
    row.map(Session::try_from).transpose()
}

/// A session that is about to be changed: nobody else changes it until the transaction ends. SQLite has one writer anyway.
pub async fn find_to_change(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SessionId,
) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND_TO_CHANGE, [organization.uuid(), id.uuid()])?;
    row.map(Session::try_from).transpose()
}

/// The session with the host application's id.
pub async fn find_by_external(
    tx: &mut Tx,
    organization: OrganizationId,
    external: &str,
) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND_BY_EXTERNAL, [organization.uuid(), external])?;
    row.map(Session::try_from).transpose()
}

/// Writes what may change.
pub async fn update(
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        UPDATE,
        [
            organization.uuid(),
            session.id.uuid(),
            &session.title,
            session.starts_at,
            session.ends_at,
            &session.time_zone,
            session.delivery.as_str(),
            session.state.as_str(),
            session.started_at,
            session.ended_at,
            session.cancel_reason.as_deref(),
            session.revision,
            session.external_id.as_deref(),
            now
        ]
    )?;
    Ok(())
}

/// All sessions of a class, in order.
pub async fn of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, OF_CLASS, [organization.uuid(), class.uuid()])?;
    rows.into_iter().map(Session::try_from).collect()
}

/// The sessions a join link may open now or next: those that end after an instant or run; else the last one there was.
pub async fn near(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    after: DateTime<Utc>,
) -> Result<Vec<Session>, StoreError> {
    let mut rows: Vec<Row> = run!(all, tx, NEAR, [organization.uuid(), class.uuid(), after])?;
    if rows.is_empty() {
        rows = run!(all, tx, LAST_OF_CLASS, [organization.uuid(), class.uuid()])?;
    }
    rows.into_iter().map(Session::try_from).collect()
}

/// Of each class what a list says of it: the running session, else the next one, else the last there was.
pub async fn glances(
    tx: &mut Tx,
    organization: OrganizationId,
    classes: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, GLANCES, [organization.uuid(), classes, now])?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Sessions of a class that run or are to come, in order, behind one; or, `past`, the others, latest first, before one.
pub async fn page_of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    (past, now): (bool, DateTime<Utc>),
    (at, id): (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Session>, StoreError> {
    let statement = if past { PAST_OF_CLASS } else { COMING_OF_CLASS };
    let rows: Vec<Row> = run!(all, tx, statement, [organization.uuid(), class.uuid(), now, at, id, limit])?;
    rows.into_iter().map(Session::try_from).collect()
}

/// The next session of a class that is not over.
pub async fn next_of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    now: DateTime<Utc>,
) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = run!(optional, tx, NEXT_OF_CLASS, [organization.uuid(), class.uuid(), now])?;
    row.map(Session::try_from).transpose()
}

/// Online sessions that start before an instant, are not over and have no meeting.
pub async fn due_for_meeting(
    tx: &mut Tx,
    organization: OrganizationId,
    starts_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, DUE_FOR_MEETING, [organization.uuid(), starts_before, now])?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Sessions nobody started before one instant, and running ones whose end lies before the other.
pub async fn overdue(
    tx: &mut Tx,
    organization: OrganizationId,
    unstarted: DateTime<Utc>,
    running: DateTime<Utc>,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, OVERDUE, [organization.uuid(), unstarted, running])?;
    rows.into_iter().map(Session::try_from).collect()
}

/// How many sessions are live: of one instructor's classes, or of all.
pub async fn count_live(
    tx: &mut Tx,
    organization: OrganizationId,
    instructor: Option<PersonId>,
) -> Result<i64, StoreError> {
    Ok(run!(value, tx, COUNT_LIVE, [organization.uuid(), instructor.map(PersonId::uuid)])?)
}

/// Class and title of these sessions.
pub async fn titles(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: &str,
) -> Result<Vec<(Uuid, Uuid, String)>, StoreError> {
    Ok(run!(all, tx, TITLES, [organization.uuid(), ids])?)
}
