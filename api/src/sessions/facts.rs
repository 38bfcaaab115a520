//! What other rooms may know of a session, and what the platform may change of it: everything takes the open transaction.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::Seat,
    ids::{ClassId, ConnectionId, EnrollmentId, MeetingId, OrganizationId, PersonId, SessionId},
    provider::ProviderName,
    role::SessionRole,
    sentence::Sentence,
    session::{Delivery, SessionState},
};
use lectern_providers::registry;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::{Statement, StoreError, Tx, in_words},
    error::ApiError,
    events::{self, Event, EventType},
    keys::Sealer,
    people, platforms, run, statement,
};

/// A start this long before the schedule is a trial of the room: kept as a run, but the session does not go live.
const EARLIEST_START: Duration = Duration::hours(1);
/// An end this close to the schedule's is the end of the session; an earlier one may be followed by a restart.
const NEAR_THE_END: Duration = Duration::minutes(5);

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
    // The meeting in use, else the last one that was.
    ($rest:literal) => {
        facts!(
            "left join meetings m on m.organization_id = s.organization_id and m.id = (
                select x.id from meetings x where x.organization_id = s.organization_id and x.session_id = s.id and x.parent_id is null
                order by case when x.state = 'removed' then 1 else 0 end, x.wanted_at desc limit 1) ",
            $rest
        )
    };
}

statement!(tenant BY_MEETING_REF, facts!(
    "join meetings m on m.organization_id = s.organization_id and m.session_id = s.id ",
    "where s.organization_id = $1 and m.provider = $2 and m.provider_id = $3 order by m.wanted_at desc limit 1"));
statement!(tenant OF_SESSION, facts!("where s.organization_id = $1 and s.id = $2"));
// Each state has an index of its own: SQLite goes by them where each is asked for apart, but not where they stand beside an `or`.
statement!(tenant ON_NOW,
    sqlite: facts!("where s.organization_id = $1 and s.id in (select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at <= $2 and x.ends_at > $2)
        and ($3 is null or c.instructor_id = $3) order by s.starts_at, s.id"),
    postgres: facts!("where s.organization_id = $1 and s.id in (select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
            union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at <= $2 and x.ends_at > $2)
        and ($3::uuid is null or c.instructor_id = $3) order by s.starts_at, s.id"));
statement!(tenant TO_FOLLOW, facts!("where s.organization_id = $1 and m.state = 'ready' and m.connection_id is not null
    and s.id in (select x.id from sessions x where x.organization_id = $1 and x.state = 'live'
        union all select x.id from sessions x where x.organization_id = $1 and x.state = 'scheduled' and x.starts_at <= $2 and x.ends_at > $4
        union all select x.id from sessions x where x.organization_id = $1 and x.state = 'ended' and x.ended_at > $3) order by s.starts_at, s.id"));
statement!(tenant LIVE_FOR_MEMBER, facts!("where s.organization_id = $1 and s.state = 'live' and exists (
        select 1 from enrollments e where e.organization_id = s.organization_id and e.class_id = s.class_id and e.person_id = $2 and e.state = 'active')
    order by s.starts_at, s.id"));
statement!(tenant OVER_BETWEEN, facts!("where s.organization_id = $1 and s.ends_at > $2 and (s.ends_at <= $3 or s.state = 'ended')
    and s.state <> 'cancelled' and m.provider_id is not null order by s.ends_at, s.id"));
macro_rules! expected {
    ($sessions:literal) => {
        concat!("select s.id as session_id, p.id, p.first_name, p.last_name, p.email, p.role, e.id as enrollment_id, e.kind
            from sessions s join enrollments e on e.organization_id = s.organization_id and e.class_id = s.class_id
            join people p on p.organization_id = e.organization_id and p.id = e.person_id
            where s.organization_id = $1 and s.id in (select ", $sessions, ") and ((e.state = 'active' and (e.kind <> 'guest' or e.all_sessions or exists (
                    select 1 from guest_sessions g where g.organization_id = e.organization_id and g.enrollment_id = e.id and g.session_id = s.id)))
                or exists (select 1 from seats t where t.organization_id = e.organization_id and t.session_id = s.id and t.person_id = e.person_id
                    and t.redirected_at is not null))
            order by p.first_name, p.last_name, p.id")
    };
}
statement!(tenant EXPECTED,
    sqlite: expected!("unhex(value) from json_each($2)"),
    postgres: expected!("value::uuid from json_array_elements_text($2::json)"));
statement!(tenant REGISTRANTS,
    sqlite: "select session_id, person_id, provider_registrant_id, email from registrants where organization_id = $1 and session_id in (select unhex(value) from json_each($2))",
    postgres: "select session_id, person_id, provider_registrant_id, email from registrants where organization_id = $1 and session_id = any(array(select value::uuid from json_array_elements_text($2::json)))");
statement!(tenant ENROLLMENT_KIND, "select e.kind from enrollments e join sessions s on s.organization_id = e.organization_id and s.class_id = e.class_id
    where e.organization_id = $1 and s.id = $2 and e.person_id = $3");
statement!(tenant IS_MEMBER, "select count(*) from enrollments where organization_id = $1 and class_id = $2 and person_id = $3 and state = 'active'");
statement!(tenant GO_LIVE, "update sessions set state = 'live', started_at = $3, ended_at = null, updated_at = $4
    where organization_id = $1 and id = $2 and state = 'scheduled'");
statement!(tenant STARTED_EARLIER, "update sessions set started_at = $3, updated_at = $4
    where organization_id = $1 and id = $2 and state in ('live', 'ended') and (started_at is null or started_at > $3)");
statement!(tenant GO_OVER, "update sessions set state = 'ended', ended_at = $3, updated_at = $4
    where organization_id = $1 and id = $2 and state in ('scheduled', 'live')");

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

/// Somebody expected in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// As the attendance rules need them.
    pub seat: Seat,
    /// Their address.
    pub email: String,
    /// Their role in the organization.
    pub role: i64,
    /// Their place in the class; none for the instructor.
    pub enrollment: Option<EnrollmentId>,
}

#[derive(FromRow)]
struct ExpectedRow {
    session_id: Uuid,
    id: Uuid,
    first_name: String,
    last_name: Option<String>,
    email: String,
    role: i64,
    enrollment_id: Uuid,
    kind: String,
}

/// Everybody expected: active members, guests with this session, whoever was let in before they left the class, and last the
/// instructor; with everything the platform may know them by.
pub async fn expected(
    tx: &mut Tx,
    organization: OrganizationId,
    facts: &SessionFacts,
) -> Result<Vec<Expected>, ApiError> {
    let mut all = expected_of(tx, organization, std::slice::from_ref(facts)).await?;
    Ok(all.remove(&facts.session).unwrap_or_default())
}

/// The registrants of a person in a session: ids at the platform, and addresses.
type Known = HashMap<(Uuid, Uuid), (Vec<String>, Vec<String>)>;

/// The same for several sessions, in as many statements as for one.
pub async fn expected_of(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: &[SessionFacts],
) -> Result<HashMap<SessionId, Vec<Expected>>, ApiError> {
    let ids = crate::ids::json_list(sessions.iter().map(|facts| facts.session.uuid()));
    let rows: Vec<ExpectedRow> = run!(all, tx, EXPECTED, [organization.uuid(), &ids])?;
    let registrants: Vec<(Uuid, Uuid, Option<String>, String)> =
        run!(all, tx, REGISTRANTS, [organization.uuid(), &ids])?;
    let mut known = Known::new();
    for (session, person, id, address) in registrants {
        let (ids, addresses) = known.entry((session, person)).or_default();
        ids.extend(id);
        addresses.push(address);
    }
    let teachers: Vec<PersonId> = sessions.iter().map(|facts| facts.instructor).collect();
    let teachers = people::service::of_ids(tx, organization, &teachers).await?;
    let mut of_session: HashMap<Uuid, Vec<ExpectedRow>> = HashMap::new();
    for row in rows {
        of_session.entry(row.session_id).or_default().push(row);
    }
    let mut all = HashMap::with_capacity(sessions.len());
    for facts in sessions {
        let rows = of_session.remove(&facts.session.uuid()).unwrap_or_default();
        let mut people: Vec<Expected> = rows
            .into_iter()
            .filter(|row| row.id != facts.instructor.uuid())
            .map(|row| learner(row, facts, &mut known))
            .collect();
        if let Some(teacher) = teachers.iter().find(|teacher| teacher.id == facts.instructor) {
            people.push(taught_by(tx, organization, teacher, facts, &mut known).await?);
        }
        all.insert(facts.session, people);
    }
    Ok(all)
}

fn learner(row: ExpectedRow, facts: &SessionFacts, known: &mut Known) -> Expected {
    let (registrant_ids, mut addresses) = known.remove(&(facts.session.uuid(), row.id)).unwrap_or_default();
    if registry::addresses_are_accounts(facts.provider) && !addresses.contains(&row.email) {
        addresses.push(row.email.clone());
    }
    Expected {
        seat: Seat {
            person: row.id.into(),
            role: if row.kind == "guest" { SessionRole::Guest } else { SessionRole::Student },
            name: match row.last_name {
                Some(last) => format!("{} {last}", row.first_name),
                None => row.first_name,
            },
            registrant_ids,
            addresses,
            vendor_users: Vec::new(),
            excused: false,
        },
        email: row.email,
        role: row.role,
        enrollment: Some(row.enrollment_id.into()),
    }
}

async fn taught_by(
    tx: &mut Tx,
    organization: OrganizationId,
    teacher: &people::Person,
    facts: &SessionFacts,
    known: &mut Known,
) -> Result<Expected, ApiError> {
    let (registrant_ids, mut addresses) =
        known.remove(&(facts.session.uuid(), teacher.id.uuid())).unwrap_or_default();
    let account = match facts.connection {
        Some(connection) => {
            platforms::service::host_identities(tx, organization, facts.provider, connection).await?
        }
        None => None,
    };
    let mut vendor_users: Vec<String> = facts.host_id.iter().cloned().collect();
    match account {
        // The connected account hosts: it is the instructor's own.
        Some((user, address)) if facts.host_id.as_ref().is_none_or(|host| *host == user) => {
            vendor_users.push(user);
            addresses.push(address);
        }
        // An organization's connection names the host by the instructor's address.
        _ => addresses.push(teacher.email.clone()),
    }
    vendor_users.dedup();
    Ok(Expected {
        seat: Seat {
            person: teacher.id,
            role: SessionRole::Instructor,
            name: teacher.name(),
            registrant_ids,
            addresses,
            vendor_users,
            excused: false,
        },
        email: teacher.email.clone(),
        role: teacher.role.number(),
        enrollment: None,
    })
}

/// Everybody expected, as the attendance rules need them.
pub async fn roster(
    tx: &mut Tx,
    organization: OrganizationId,
    facts: &SessionFacts,
) -> Result<Vec<Seat>, ApiError> {
    Ok(expected(tx, organization, facts).await?.into_iter().map(|person| person.seat).collect())
}

/// What a person is to a session.
pub async fn role_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    person: PersonId,
) -> Result<SessionRole, ApiError> {
    let kind: Option<String> =
        run!(optional_value, tx, ENROLLMENT_KIND, [organization.uuid(), session.uuid(), person.uuid()])?;
    match kind.as_deref() {
        Some("guest") => Ok(SessionRole::Guest),
        Some(_) => Ok(SessionRole::Student),
        None => {
            let teaches =
                of_session(tx, organization, session).await?.is_some_and(|facts| facts.instructor == person);
            Ok(if teaches { SessionRole::Instructor } else { SessionRole::Unknown })
        }
    }
}

/// Whether a person belongs to a class now.
pub async fn is_member(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<bool, ApiError> {
    let count: i64 = run!(value, tx, IS_MEMBER, [organization.uuid(), class.uuid(), person.uuid()])?;
    Ok(count > 0)
}

async fn change(
    tx: &mut Tx,
    organization: OrganizationId,
    statement: Statement,
    session: SessionId,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, statement, [organization.uuid(), session.uuid(), at, now])? == 1)
}

async fn tell(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: &SessionFacts,
    at: DateTime<Utc>,
    kinds: (EntryKind, EventType),
) -> Result<(), StoreError> {
    let entry = app
        .entry(organization, kinds.0, Actor::Provider)
        .class(facts.class)
        .session(facts.session)
        .details(serde_json::json!({"by": "platform"}));
    audit::store::insert(tx, &audit::Entry { at, ..entry }).await?;
    let event = Event::new(kinds.1, at).of(Some(facts.session), facts.class, facts.instructor);
    events::emit(tx, &app.ids, sealer, organization, app.clock.now(), &event).await
}

/// The platform says that the meeting runs: the session is live, unless the start is more than an hour early (a trial of the
/// room) or the session is already over or cancelled. Repeating it, and hearing of an earlier start later, are harmless.
/// Returns whether the session went live by it.
pub async fn mark_live(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: &mut SessionFacts,
    at: DateTime<Utc>,
) -> Result<bool, ApiError> {
    if at < facts.starts_at - EARLIEST_START || facts.state == SessionState::Cancelled {
        return Ok(false);
    }
    let now = app.clock.now();
    if facts.state == SessionState::Scheduled
        && change(tx, organization, GO_LIVE, facts.session, at, now).await?
    {
        facts.state = SessionState::Live;
        facts.started_at = Some(at);
        let kinds = (EntryKind::SessionStarted, EventType::SessionStarted);
        tell(app, tx, sealer, organization, facts, at, kinds).await?;
        return Ok(true);
    }
    if facts.started_at.is_none_or(|known| known > at)
        && change(tx, organization, STARTED_EARLIER, facts.session, at, now).await?
    {
        facts.started_at = Some(at);
    }
    Ok(false)
}

/// The platform says that the meeting ended. Within five minutes of the scheduled end, or after it, the session is over at
/// once. Earlier, it stays live: a dropped host starts again, and a class that really ended early is ended by its instructor
/// or, at its scheduled end and its grace, by the clock. Returns whether the session ended by it.
pub async fn mark_ended(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: &mut SessionFacts,
    at: DateTime<Utc>,
) -> Result<bool, ApiError> {
    if at < facts.ends_at - NEAR_THE_END {
        return Ok(false);
    }
    let ended = change(tx, organization, GO_OVER, facts.session, at, app.clock.now()).await?;
    if ended {
        facts.state = SessionState::Ended;
        facts.ended_at = Some(at);
        let kinds = (EntryKind::SessionEnded, EventType::SessionEnded);
        tell(app, tx, sealer, organization, facts, at, kinds).await?;
    }
    Ok(ended)
}
