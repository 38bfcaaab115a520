//! Finding a session with its class and its meeting.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, ConnectionId, MeetingId, OrganizationId, PersonId, SessionId},
    provider::ProviderName,
    sentence::Sentence,
    session::{Delivery, SessionState},
};
use lectern_providers::registry;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{Statement, StoreError, Tx, in_words},
    error::ApiError,
    run, statement,
};

/// One session with its class and, where there is one, its meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// The session.
    pub session: SessionId,
    /// Its class.
    pub class: ClassId,
    /// Who teaches the class.
    pub instructor: PersonId,
    /// The meeting, also one that was removed since; none while nobody wanted one.
    pub meeting: Option<MeetingId>,
    /// The platform: the meeting's, else the class's.
    pub provider: ProviderName,
    /// The platform's id of the meeting.
    pub provider_id: Option<String>,
    /// The platform's id of the host.
    pub host_id: Option<String>,
    /// Whose grant made the meeting.
    pub connection: Option<ConnectionId>,
    /// Where the meeting stands, in the stored word.
    pub meeting_state: Option<String>,
    /// What is wrong with it: a sentence.
    pub meeting_problem: Option<Sentence>,
    /// Scheduled start.
    pub starts_at: DateTime<Utc>,
    /// Scheduled end.
    pub ends_at: DateTime<Utc>,
    /// IANA zone.
    pub time_zone: String,
    /// Virtual, hybrid or in person.
    pub delivery: Delivery,
    /// Where it stands.
    pub state: SessionState,
    /// When it went live.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its own title.
    pub title: String,
    /// Its class's title.
    pub class_title: String,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    class_id: Uuid,
    instructor_id: Uuid,
    class_title: String,
    title: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    time_zone: String,
    delivery: String,
    state: String,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    meeting_id: Option<Uuid>,
    provider: String,
    provider_id: Option<String>,
    host_id: Option<String>,
    connection_id: Option<Uuid>,
    meeting_state: Option<String>,
    meeting_problem: Option<String>,
    meeting_problem_words: Option<Json<Sentence>>,
}

impl TryFrom<Row> for SessionFacts {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let unknown = |word: &str| StoreError::corrupt("sessions", format!("the word {word}"));
        Ok(Self {
            session: row.id.into(),
            class: row.class_id.into(),
            instructor: row.instructor_id.into(),
            meeting: row.meeting_id.map(MeetingId),
            provider: registry::named(&row.provider).map_err(|_| unknown(&row.provider))?,
            provider_id: row.provider_id,
            host_id: row.host_id,
            connection: row.connection_id.map(ConnectionId),
            meeting_state: row.meeting_state,
            meeting_problem: in_words(row.meeting_problem, row.meeting_problem_words),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            time_zone: row.time_zone,
            delivery: Delivery::parse(&row.delivery).ok_or_else(|| unknown(&row.delivery))?,
            state: SessionState::parse(&row.state).ok_or_else(|| unknown(&row.state))?,
            started_at: row.started_at,
            ended_at: row.ended_at,
            title: row.title,
            class_title: row.class_title,
        })
    }
}

macro_rules! facts {
    ($meeting:literal, $rest:literal) => {
        concat!(
            "select s.id, s.class_id, c.instructor_id, c.title as class_title, s.title, s.starts_at, s.ends_at, s.time_zone, s.delivery, s.state, s.started_at, s.ended_at,
                m.id as meeting_id, coalesce(m.provider, c.provider) as provider, m.provider_id, m.host_id, m.connection_id, m.state as meeting_state, m.problem as meeting_problem, m.problem_words as meeting_problem_words
            from sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id ",
            $meeting,
            $rest
        )
    };
    // With the meeting in use, else the last one that was. Under row-level security PostgreSQL looks nothing up by what a subquery
    // gives, and would read all meetings; SQLite knows no `lateral`.
    (sqlite $rest:literal) => {
        facts!(
            "left join meetings m on m.organization_id = s.organization_id and m.id = (
                select x.id from meetings x where x.organization_id = s.organization_id and x.session_id = s.id and x.parent_id is null
                order by case when x.state = 'removed' then 1 else 0 end, x.wanted_at desc limit 1) ",
            $rest
        )
    };
    (postgres $rest:literal) => {
        facts!(
            "left join lateral (
                select x.* from meetings x where x.organization_id = s.organization_id and x.session_id = s.id and x.parent_id is null
                order by case when x.state = 'removed' then 1 else 0 end, x.wanted_at desc limit 1) m on true ",
            $rest
        )
    };
}

macro_rules! with_meeting {
    ($name:ident, $rest:literal) => {
        statement!(tenant $name, sqlite: facts!(sqlite $rest), postgres: facts!(postgres $rest));
    };
}

statement!(tenant BY_MEETING_REF, facts!(
    "join meetings m on m.organization_id = s.organization_id and m.session_id = s.id ",
    "where s.organization_id = $1 and m.provider = $2 and m.provider_id = $3 order by m.wanted_at desc limit 1"));
with_meeting!(OF_SESSION, "where s.organization_id = $1 and s.id = $2");
// Each state has an index of its own: SQLite goes by them where each is asked for apart, but not where they stand beside an `or`.
statement!(tenant ON_NOW,
    sqlite: facts!(sqlite "where s.organization_id = $1 and s.id in (select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at <= $2 and x.ends_at > $2)
        and ($3 is null or c.instructor_id = $3) order by s.starts_at, s.id"),
    postgres: facts!(postgres "where s.organization_id = $1 and s.id = any(array(select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at <= $2 and x.ends_at > $2))
        and ($3::uuid is null or c.instructor_id = $3) order by s.starts_at, s.id"));
statement!(tenant TO_FOLLOW,
    sqlite: facts!(sqlite "where s.organization_id = $1 and m.state = 'ready' and m.connection_id is not null
        and s.id in (select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at <= $2 and x.ends_at > $4
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'ended' and x.ended_at > $3) order by s.starts_at, s.id"),
    postgres: facts!(postgres "where s.organization_id = $1 and m.state = 'ready' and m.connection_id is not null
        and s.id = any(array(select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at <= $2 and x.ends_at > $4
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'ended' and x.ended_at > $3)) order by s.starts_at, s.id"));
with_meeting!(LIVE_FOR_MEMBER, "where s.organization_id = $1 and s.state = 'live' and exists (
        select 1 from enrollments e where e.organization_id = s.organization_id and e.class_id = s.class_id and e.person_id = $2 and e.state = 'active')
    order by s.starts_at, s.id");
with_meeting!(
    OVER_BETWEEN,
    "where s.organization_id = $1 and s.ends_at > $2 and (s.ends_at <= $3 or s.state = 'ended')
    and s.state <> 'cancelled' and m.provider_id is not null order by s.ends_at, s.id"
);
async fn one(
    tx: &mut Tx,
    organization: OrganizationId,
    statement: Statement,
    first: &str,
    second: Option<&str>,
) -> Result<Option<SessionFacts>, StoreError> {
    let row: Option<Row> = run!(optional, tx, statement, [organization.uuid(), first, second])?;
    row.map(SessionFacts::try_from).transpose()
}

fn all(rows: Vec<Row>) -> Result<Vec<SessionFacts>, ApiError> {
    Ok(rows.into_iter().map(SessionFacts::try_from).collect::<Result<_, _>>()?)
}

/// The session behind a platform's meeting; a helped breakout room's is its parent's.
pub async fn by_meeting_ref(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    meeting_ref: &str,
) -> Result<Option<SessionFacts>, ApiError> {
    Ok(one(tx, organization, BY_MEETING_REF, provider.as_str(), Some(meeting_ref)).await?)
}

/// A session of this organization.
pub async fn of_session(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<SessionFacts>, ApiError> {
    let row: Option<Row> = run!(optional, tx, OF_SESSION, [organization.uuid(), session.uuid()])?;
    Ok(row.map(SessionFacts::try_from).transpose()?)
}

/// Sessions that are live, or should be by the schedule: all, or one instructor's.
pub async fn on_now(
    tx: &mut Tx,
    organization: OrganizationId,
    now: DateTime<Utc>,
    instructor: Option<PersonId>,
) -> Result<Vec<SessionFacts>, ApiError> {
    all(run!(all, tx, ON_NOW, [organization.uuid(), now, instructor.map(PersonId::uuid)])?)
}

/// Sessions with a meeting whose events are wanted: those that run, that start at the latest at `starting`, or that ended after
/// `ended`.
pub async fn to_follow(
    tx: &mut Tx,
    organization: OrganizationId,
    starting: DateTime<Utc>,
    ended: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<SessionFacts>, ApiError> {
    all(run!(all, tx, TO_FOLLOW, [organization.uuid(), starting, ended, now])?)
}

/// Live sessions of the classes a person belongs to.
pub async fn live_for_member(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Vec<SessionFacts>, ApiError> {
    all(run!(all, tx, LIVE_FOR_MEMBER, [organization.uuid(), person.uuid()])?)
}

/// Sessions that had a meeting and are over: scheduled to end after `after` and, unless ended before, at the latest at `until`.
pub async fn over_between(
    tx: &mut Tx,
    organization: OrganizationId,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<SessionFacts>, ApiError> {
    all(run!(all, tx, OVER_BETWEEN, [organization.uuid(), after, until])?)
}
