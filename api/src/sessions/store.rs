//! Sessions and the meetings behind them.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, ConnectionId, MeetingId, OrganizationId, PersonId, SessionId},
    join::SessionTimes,
    provider::{OurReference, ProviderName},
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

    /// Whole minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        (self.ends_at - self.starts_at).num_minutes()
    }
}

#[derive(FromRow)]
struct Row {
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

/// Where a meeting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeetingState {
    /// Decided; the provider has not confirmed.
    Creating,
    /// There.
    Ready,
    /// The provider refused.
    Failed,
}

impl MeetingState {
    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "creating" => Some(Self::Creating),
            "ready" => Some(Self::Ready),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}

/// The provider's object behind a session.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Its id.
    pub id: MeetingId,
    /// Of which session.
    pub session: SessionId,
    /// On which platform.
    pub provider: ProviderName,
    /// Made by which grant.
    pub connection: Option<ConnectionId>,
    /// Our name for it.
    pub reference: OurReference,
    /// Where it stands.
    pub state: MeetingState,
    /// How often it was tried.
    pub attempt: i64,
    /// Somebody is making it until then.
    pub busy_until: Option<DateTime<Utc>>,
    /// The provider's id.
    pub provider_id: Option<String>,
    /// People must be registered to get in; otherwise the general URL is for all.
    pub registration: bool,
    /// The general join URL, sealed.
    pub join_url: Option<Vec<u8>>,
    /// A stable word for what is wrong.
    pub problem_code: Option<String>,
    /// What is wrong, in a sentence.
    pub problem: Option<String>,
}

#[derive(FromRow)]
struct MeetingRow {
    id: Uuid,
    session_id: Uuid,
    provider: String,
    connection_id: Option<Uuid>,
    reference: String,
    state: String,
    attempt: i64,
    busy_until: Option<DateTime<Utc>>,
    provider_id: Option<String>,
    registration: Option<bool>,
    join_url: Option<Vec<u8>>,
    problem_code: Option<String>,
    problem: Option<String>,
}

impl TryFrom<MeetingRow> for Meeting {
    type Error = StoreError;

    fn try_from(row: MeetingRow) -> Result<Self, StoreError> {
        let broken = |what: &str| StoreError::corrupt("meetings", what.to_owned());
        Ok(Self {
            id: row.id.into(),
            session: row.session_id.into(),
            provider: row.provider.parse().map_err(|_| broken("provider"))?,
            connection: row.connection_id.map(ConnectionId),
            reference: OurReference::parse(&row.reference).ok_or_else(|| broken("reference"))?,
            state: MeetingState::parse(&row.state).ok_or_else(|| broken("state"))?,
            attempt: row.attempt,
            busy_until: row.busy_until,
            provider_id: row.provider_id,
            registration: row.registration.unwrap_or(true),
            join_url: row.join_url,
            problem_code: row.problem_code,
            problem: row.problem,
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

macro_rules! meeting_columns {
    ($rest:literal) => {
        concat!(
            "select id, session_id, provider, connection_id, reference, state, attempt, busy_until, provider_id, registration, join_url, problem_code, problem from meetings ",
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
    postgres: "select id, class_id, title from sessions where organization_id = $1 and id in (select value::uuid from json_array_elements_text($2::json))");
statement!(tenant NEAR, session_columns!("where organization_id = $1 and class_id = $2 and (ends_at >= $3 or state = 'live') order by starts_at, id limit 40"));
statement!(tenant LAST_OF_CLASS, session_columns!("where organization_id = $1 and class_id = $2 order by starts_at desc, id desc limit 1"));
statement!(tenant NEXT_OF_CLASS, session_columns!("where organization_id = $1 and class_id = $2 and ends_at > $3 and state in ('scheduled', 'live') order by starts_at, id limit 1"));
statement!(tenant LIST,
    sqlite: session_columns!("where organization_id = $1 and starts_at >= $2 and starts_at < $3
        and ($4 is null or class_id in (select c.id from classes c where c.organization_id = $1 and c.instructor_id = $4))
        and ($5 is null or class_id in (select e.class_id from enrollments e where e.organization_id = $1 and e.person_id = $5 and e.state = 'active'))
        and ($6 is null or (starts_at, id) > ($6, $7)) order by starts_at, id limit $8"),
    postgres: session_columns!("where organization_id = $1 and starts_at >= $2 and starts_at < $3
        and ($4::uuid is null or class_id in (select c.id from classes c where c.organization_id = $1 and c.instructor_id = $4))
        and ($5::uuid is null or class_id in (select e.class_id from enrollments e where e.organization_id = $1 and e.person_id = $5 and e.state = 'active'))
        and ($6::timestamptz is null or (starts_at, id) > ($6, $7::uuid)) order by starts_at, id limit $8"));
statement!(tenant DUE_FOR_MEETING, session_columns!("where organization_id = $1 and state in ('scheduled', 'live') and delivery <> 'in_person' and starts_at <= $2 and ends_at > $3
    and not exists (select 1 from meetings m where m.organization_id = $1 and m.session_id = sessions.id and m.parent_id is null and m.state <> 'removed')"));
statement!(tenant OVERDUE, session_columns!("where organization_id = $1 and ((state = 'scheduled' and ends_at < $2) or (state = 'live' and ends_at < $3)) order by ends_at limit 200"));
statement!(tenant COUNT_LIVE,
    sqlite: "select count(*) from sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id where s.organization_id = $1 and s.state = 'live' and ($2 is null or c.instructor_id = $2)",
    postgres: "select count(*) from sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id where s.organization_id = $1 and s.state = 'live' and ($2::uuid is null or c.instructor_id = $2)");
statement!(tenant INSERT_MEETING, "insert into meetings (id, organization_id, session_id, provider, reference, state, attempt, wanted_at) values ($1, $2, $3, $4, $5, 'creating', 0, $6) on conflict do nothing");
statement!(tenant FIND_MEETING, meeting_columns!("where organization_id = $1 and id = $2 and state <> 'removed'"));
statement!(tenant MEETING_OF, meeting_columns!("where organization_id = $1 and session_id = $2 and parent_id is null and state <> 'removed'"));
statement!(tenant BEGIN_ATTEMPT, "update meetings set state = 'creating', attempt = attempt + 1, busy_until = $3
    where organization_id = $1 and id = $2 and state in ('creating', 'failed') and (busy_until is null or busy_until <= $4) returning attempt");
statement!(tenant MEETING_READY, "update meetings set state = 'ready', provider_id = $4, host_id = $5, join_url = $6, connection_id = $7, differences = $8, ready_at = $9, registration = $10, busy_until = null, problem_code = null, problem = null
    where organization_id = $1 and id = $2 and attempt = $3 and state = 'creating'");
statement!(tenant MEETING_PROBLEM, "update meetings set state = $4, problem_code = $5, problem = $6, busy_until = null where organization_id = $1 and id = $2 and attempt = $3 and state = 'creating'");
statement!(tenant MEETING_REMOVED, "update meetings set state = 'removed', removed_at = $3, join_url = null, busy_until = null where organization_id = $1 and id = $2 and state <> 'removed'");
statement!(tenant REMOVABLE, "select m.id, m.session_id, m.provider, m.connection_id, m.reference, m.state, m.attempt, m.busy_until, m.provider_id, m.registration, m.join_url, m.problem_code, m.problem
    from meetings m join sessions s on s.organization_id = m.organization_id and s.id = m.session_id
    left join reconciliations r on r.organization_id = m.organization_id and r.session_id = m.session_id
    where m.organization_id = $1 and m.state = 'ready' and (s.state = 'cancelled' or (s.state = 'ended' and s.ends_at < $2
        and (s.ends_at < $3 or r.state in ('finished', 'none') or (r.state = 'given_up' and r.problem is null
            and not exists (select 1 from runs u where u.organization_id = m.organization_id and u.session_id = m.session_id))))) order by m.id limit 50");

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

/// Which sessions to list.
#[derive(Clone, Copy, Debug)]
pub struct SessionFilter {
    /// Starting from.
    pub from: DateTime<Utc>,
    /// Starting before.
    pub to: DateTime<Utc>,
    /// Of classes taught by.
    pub instructor: Option<PersonId>,
    /// Of classes with this member.
    pub member: Option<PersonId>,
    /// After this one.
    pub after: Option<(DateTime<Utc>, Uuid)>,
}

/// Sessions in the order of their starts.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: SessionFilter,
    limit: i64,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = run!(
        all,
        tx,
        LIST,
        [
            organization.uuid(),
            filter.from,
            filter.to,
            filter.instructor.map(PersonId::uuid),
            filter.member.map(PersonId::uuid),
            filter.after.map(|(at, _)| at),
            filter.after.map(|(_, id)| id),
            limit
        ]
    )?;
    rows.into_iter().map(Session::try_from).collect()
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

/// Decides on a meeting; `false` when the session has one.
pub async fn insert_meeting(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    session: SessionId,
    provider: ProviderName,
    reference: &OurReference,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        INSERT_MEETING,
        [id.uuid(), organization.uuid(), session.uuid(), provider.as_str(), reference.as_str(), now]
    )? == 1)
}

/// A meeting that was not removed.
pub async fn find_meeting(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
) -> Result<Option<Meeting>, StoreError> {
    let row: Option<MeetingRow> = run!(optional, tx, FIND_MEETING, [organization.uuid(), id.uuid()])?;
    row.map(Meeting::try_from).transpose()
}

/// The meeting of a session.
pub async fn meeting_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<Meeting>, StoreError> {
    let row: Option<MeetingRow> = run!(optional, tx, MEETING_OF, [organization.uuid(), session.uuid()])?;
    row.map(Meeting::try_from).transpose()
}

/// Begins an attempt to make the meeting, unless another is under way; its number.
pub async fn begin_attempt(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    Ok(run!(optional_value, tx, BEGIN_ATTEMPT, [organization.uuid(), id.uuid(), until, now])?)
}

/// What the provider made.
#[derive(Debug)]
pub struct Made<'a> {
    /// The provider's id.
    pub provider_id: &'a str,
    /// The provider's id of the host.
    pub host_id: Option<&'a str>,
    /// The general join URL, sealed.
    pub join_url: &'a [u8],
    /// By which grant.
    pub connection: ConnectionId,
    /// People must be registered.
    pub registration: bool,
    /// Settings that came out otherwise than asked.
    pub differences: &'a serde_json::Value,
}

/// The meeting is there: only the present attempt may say so.
pub async fn meeting_ready(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    attempt: i64,
    made: &Made<'_>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        MEETING_READY,
        [
            organization.uuid(),
            id.uuid(),
            attempt,
            made.provider_id,
            made.host_id,
            made.join_url,
            made.connection.uuid(),
            sqlx::types::Json(made.differences),
            now,
            made.registration
        ]
    )? == 1)
}

/// The attempt did not succeed; `last`: no further one follows by itself.
pub async fn meeting_problem(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    attempt: i64,
    last: bool,
    code: &str,
    sentence: &str,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        MEETING_PROBLEM,
        [organization.uuid(), id.uuid(), attempt, if last { "failed" } else { "creating" }, code, sentence]
    )? == 1)
}

/// The meeting is no longer referred to: `false` when it was not any more.
pub async fn meeting_removed(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, MEETING_REMOVED, [organization.uuid(), id.uuid(), now])? == 1)
}

/// Meetings of cancelled sessions, and of sessions long past: those whose attendance was read, cannot be read by anybody, or of
/// which the platform says that nobody came; and, whatever was read, those whose session ended before `dead_before`.
pub async fn removable_meetings(
    tx: &mut Tx,
    organization: OrganizationId,
    past_before: DateTime<Utc>,
    dead_before: DateTime<Utc>,
) -> Result<Vec<Meeting>, StoreError> {
    let rows: Vec<MeetingRow> = run!(all, tx, REMOVABLE, [organization.uuid(), past_before, dead_before])?;
    rows.into_iter().map(Meeting::try_from).collect()
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
