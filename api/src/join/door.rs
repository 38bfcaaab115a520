//! What the door knows of somebody who comes with a genuine link, read in one statement: it runs for everybody, at nine.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SessionId},
    join::{Choice, SessionTimes, choose},
    locks::Locks,
    organization::{Policies, Vocabulary},
    provider::{OurReference, ProviderName},
    sentence::Sentence,
    session::{Delivery, SessionState},
    settings::ClassSettings,
};
use lectern_providers::registry;
use lectern_web::Languages;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{aliases::Naming, store::Seat};
use crate::{
    app::App,
    classes::{Enrollment, EnrollmentKind},
    db::{StoreError, in_words},
    error::ApiError,
    on,
    organizations::{Look, Organization},
    sessions::{Meeting, MeetingState, Session},
    statement,
};

/// A session that ended this long ago is still spoken of; no window stays open longer.
const PAST: Duration = Duration::days(1);

/// Somebody who may come to a class, with everything the page and the button need.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The tenant.
    pub organization: Organization,
    /// What it decided.
    pub policies: Policies,
    /// The class.
    pub class: ClassAtDoor,
    /// Who teaches it.
    pub instructor: String,
    /// Their place in it.
    pub enrollment: Enrollment,
    /// The link's token; none for a signed-in member.
    pub token: Option<String>,
    /// They are signed in as this very person.
    pub signed_in: bool,
    /// The sessions they may come to, those long past left out.
    pub sessions: Vec<SessionAtDoor>,
}

/// A class, as far as the door shows it.
#[derive(Clone, Debug)]
pub struct ClassAtDoor {
    /// Its id.
    pub id: ClassId,
    /// Its title.
    pub title: String,
    /// Who teaches it.
    pub instructor: PersonId,
    /// On which platform.
    pub provider: ProviderName,
    /// Its options, under what the organization locked.
    pub settings: ClassSettings,
}

/// A session they may come to, and how far their way into it is made.
#[derive(Clone, Debug)]
pub struct SessionAtDoor {
    /// The session.
    pub session: Session,
    /// Its meeting.
    pub meeting: Option<Meeting>,
    /// Their seat.
    pub seat: Option<Seat>,
    /// Their own way into the meeting, when the platform's side of this seat is there.
    pub ready: Option<ReadyRegistrant>,
}

/// A registrant that the platform has confirmed.
#[derive(Clone, Debug)]
pub struct ReadyRegistrant {
    /// Its id, which the seal names.
    pub id: Uuid,
    /// The person's own URL, sealed.
    pub join_url: Vec<u8>,
}

impl Arrival {
    /// One of their sessions, with their place in it.
    #[must_use]
    pub fn at(&self, id: SessionId) -> Option<&SessionAtDoor> {
        self.sessions.iter().find(|at| at.session.id == id)
    }

    /// One of their sessions.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.at(id).map(|at| &at.session)
    }

    /// How the platform is told who people are.
    pub async fn naming(&self, app: &App) -> Result<Naming, ApiError> {
        let Self { organization, class, policies, .. } = self;
        Naming::new(app, organization.id, class.id, policies, &class.settings).await
    }

    /// Which session the link opens now.
    #[must_use]
    pub fn choice(&self, now: DateTime<Utc>) -> Choice {
        let times: Vec<SessionTimes> = self.sessions.iter().map(|at| at.session.times()).collect();
        choose(&times, &self.policies, now)
    }
}

// What runs comes first, then what is next, then what was last: the few that decide where somebody stands. A guest's named
// sessions are all told, so that a link whose sessions are over says so.
statement!(tenant DOOR, "select o.slug, o.name as organization_name, o.vocabulary, o.created_at as organization_created_at, o.languages, o.default_language, o.look, g.policies, g.locks,
        c.title as class_title, c.instructor_id, c.provider as class_provider, c.settings as class_settings, i.first_name as instructor_first, i.last_name as instructor_last,
        e.id as enrollment_id, e.kind, e.external_id as enrollment_external_id, e.all_sessions, e.generation as link_generation, e.created_at as enrolled_at,
        p.first_name, p.last_name, p.email, p.language,
        s.id as session_id, s.external_id as session_external_id, s.title as session_title, s.starts_at, s.ends_at, s.time_zone, s.delivery, s.state as session_state,
        s.started_at, s.ended_at, s.cancel_reason, s.revision,
        m.id as meeting_id, m.provider as meeting_provider, m.connection_id, m.reference, m.state as meeting_state, m.attempt, m.busy_until, m.provider_id, m.registration,
        m.join_url as meeting_url, m.problem_code, m.problem, m.problem_words,
        t.id as seat_id, t.generation as seat_generation, t.browser_hash, t.waiting_since, t.redirected_at,
        r.id as registrant_id, r.join_url as registrant_url
    from enrollments e
    join people p on p.organization_id = e.organization_id and p.id = e.person_id and p.state = 'active'
    join classes c on c.organization_id = e.organization_id and c.id = e.class_id and c.state = 'active'
    join people i on i.organization_id = e.organization_id and i.id = c.instructor_id
    join organization_settings g on g.organization_id = e.organization_id
    join organizations o on o.id = e.organization_id and o.state = 'active'
    left join sessions s on s.organization_id = e.organization_id and s.class_id = e.class_id
        and case when e.all_sessions then s.ends_at >= $4 or s.state = 'live'
            else exists (select 1 from guest_sessions n where n.organization_id = e.organization_id and n.enrollment_id = e.id and n.session_id = s.id) end
    left join meetings m on m.organization_id = s.organization_id and m.session_id = s.id and m.parent_id is null and m.state <> 'removed'
    left join seats t on t.organization_id = s.organization_id and t.session_id = s.id and t.person_id = e.person_id
    left join registrants r on r.organization_id = t.organization_id and r.meeting_id = m.id and r.seat_id = t.id and r.generation = t.generation and r.state = 'ready'
    where e.organization_id = $1 and e.class_id = $2 and e.person_id = $3 and e.state = 'active'
    order by case s.state when 'live' then 0 when 'scheduled' then 1 else 2 end,
        case when s.state in ('live', 'scheduled') then s.starts_at end, s.starts_at desc limit 12");

/// A person's arrival at a class, unless anything forbids it.
pub(super) async fn arrive(
    app: &App,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<Option<Arrival>, ApiError> {
    let mut tx = app.db.read_once(organization).await?;
    let since = app.clock.now() - PAST;
    let found = on!(tx, DOOR, |sql, db| {
        let rows = sqlx::query(sql)
            .bind(organization.uuid())
            .bind(class.uuid())
            .bind(person.uuid())
            .bind(since)
            .fetch_all(db)
            .await
            .map_err(StoreError::from)?;
        let mut sessions = Vec::with_capacity(rows.len());
        for row in &rows {
            sessions.push(session(row, class, person)?);
        }
        let first = rows.first().map(WhoRow::from_row).transpose().map_err(StoreError::from)?;
        first.map(|who| (who, sessions))
    });
    let Some((who, sessions)) = found else { return Ok(None) };
    let sessions = sessions.into_iter().flatten().collect();
    Ok(Some(who.arrival(organization, class, person, sessions)?))
}

/// The same columns of either engine's row, read in three pieces.
fn session<'r, R>(row: &'r R, class: ClassId, person: PersonId) -> Result<Option<SessionAtDoor>, StoreError>
where
    R: sqlx::Row,
    SessionRow: FromRow<'r, R>,
    MeetingRow: FromRow<'r, R>,
    SeatRow: FromRow<'r, R>,
{
    let Some(session) = SessionRow::from_row(row)?.session(class)? else { return Ok(None) };
    let meeting = MeetingRow::from_row(row)?.meeting(session.id)?;
    let (seat, ready) = SeatRow::from_row(row)?.seat(session.id, person);
    Ok(Some(SessionAtDoor { session, meeting, seat, ready }))
}

fn corrupt(what: &'static str) -> StoreError {
    StoreError::corrupt("door", what)
}

#[derive(FromRow)]
struct WhoRow {
    slug: String,
    organization_name: String,
    vocabulary: String,
    organization_created_at: DateTime<Utc>,
    languages: String,
    default_language: String,
    look: Json<Look>,
    policies: Json<Policies>,
    locks: Json<Locks>,
    class_title: String,
    instructor_id: Uuid,
    class_provider: String,
    class_settings: Json<ClassSettings>,
    instructor_first: String,
    instructor_last: Option<String>,
    enrollment_id: Uuid,
    kind: String,
    enrollment_external_id: Option<String>,
    all_sessions: bool,
    link_generation: i64,
    enrolled_at: DateTime<Utc>,
    first_name: String,
    last_name: Option<String>,
    email: String,
    language: Option<String>,
}

impl WhoRow {
    fn arrival(
        self,
        organization: OrganizationId,
        class: ClassId,
        person: PersonId,
        sessions: Vec<SessionAtDoor>,
    ) -> Result<Arrival, StoreError> {
        Ok(Arrival {
            organization: Organization {
                id: organization,
                slug: self.slug,
                name: self.organization_name,
                vocabulary: Vocabulary::parse(&self.vocabulary),
                active: true,
                created_at: self.organization_created_at,
                languages: Languages::read(&self.languages, &self.default_language),
                look: self.look.0,
            },
            policies: self.policies.0,
            class: ClassAtDoor {
                id: class,
                title: self.class_title,
                instructor: self.instructor_id.into(),
                provider: registry::named(&self.class_provider)
                    .map_err(|_| corrupt("the class's platform"))?,
                settings: self.locks.0.over(&self.class_settings.0),
            },
            instructor: match self.instructor_last {
                Some(last) => format!("{} {last}", self.instructor_first),
                None => self.instructor_first,
            },
            enrollment: Enrollment {
                id: self.enrollment_id.into(),
                class,
                person,
                kind: if self.kind == "guest" { EnrollmentKind::Guest } else { EnrollmentKind::Member },
                external_id: self.enrollment_external_id,
                all_sessions: self.all_sessions,
                generation: u32::try_from(self.link_generation).unwrap_or_default(),
                active: true,
                by_hand: true,
                kept_out: false,
                created_at: self.enrolled_at,
                first_name: self.first_name,
                last_name: self.last_name,
                email: self.email,
                language: self.language,
                person_active: true,
            },
            token: None,
            signed_in: false,
            sessions,
        })
    }
}

#[derive(FromRow)]
struct SessionRow {
    session_id: Option<Uuid>,
    session_external_id: Option<String>,
    session_title: Option<String>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    time_zone: Option<String>,
    delivery: Option<String>,
    session_state: Option<String>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    revision: Option<i64>,
}

impl SessionRow {
    fn session(self, class: ClassId) -> Result<Option<Session>, StoreError> {
        let (Some(id), Some(starts_at), Some(ends_at)) = (self.session_id, self.starts_at, self.ends_at)
        else {
            return Ok(None);
        };
        let delivery = self.delivery.as_deref().and_then(Delivery::parse);
        let state = self.session_state.as_deref().and_then(SessionState::parse);
        Ok(Some(Session {
            id: id.into(),
            class,
            external_id: self.session_external_id,
            title: self.session_title.unwrap_or_default(),
            starts_at,
            ends_at,
            time_zone: self.time_zone.unwrap_or_default(),
            delivery: delivery.ok_or_else(|| corrupt("the session's delivery"))?,
            state: state.ok_or_else(|| corrupt("the session's state"))?,
            started_at: self.started_at,
            ended_at: self.ended_at,
            cancel_reason: self.cancel_reason,
            revision: self.revision.unwrap_or_default(),
        }))
    }
}

#[derive(FromRow)]
struct MeetingRow {
    meeting_id: Option<Uuid>,
    meeting_provider: Option<String>,
    connection_id: Option<Uuid>,
    reference: Option<String>,
    meeting_state: Option<String>,
    attempt: Option<i64>,
    busy_until: Option<DateTime<Utc>>,
    provider_id: Option<String>,
    registration: Option<bool>,
    meeting_url: Option<Vec<u8>>,
    problem_code: Option<String>,
    problem: Option<String>,
    problem_words: Option<Json<Sentence>>,
}

impl MeetingRow {
    fn meeting(self, session: SessionId) -> Result<Option<Meeting>, StoreError> {
        let Some(id) = self.meeting_id else { return Ok(None) };
        let provider = self.meeting_provider.and_then(|word| registry::named(&word).ok());
        let reference = self.reference.as_deref().and_then(OurReference::parse);
        let state = self.meeting_state.as_deref().and_then(MeetingState::parse);
        Ok(Some(Meeting {
            id: id.into(),
            session,
            provider: provider.ok_or_else(|| corrupt("the meeting's platform"))?,
            connection: self.connection_id.map(Into::into),
            reference: reference.ok_or_else(|| corrupt("the meeting's reference"))?,
            state: state.ok_or_else(|| corrupt("the meeting's state"))?,
            attempt: self.attempt.unwrap_or_default(),
            busy_until: self.busy_until,
            provider_id: self.provider_id,
            registration: self.registration.unwrap_or(true),
            join_url: self.meeting_url,
            problem_code: self.problem_code,
            problem: in_words(self.problem, self.problem_words),
        }))
    }
}

#[derive(FromRow)]
struct SeatRow {
    seat_id: Option<Uuid>,
    seat_generation: Option<i64>,
    browser_hash: Option<Vec<u8>>,
    waiting_since: Option<DateTime<Utc>>,
    redirected_at: Option<DateTime<Utc>>,
    registrant_id: Option<Uuid>,
    registrant_url: Option<Vec<u8>>,
}

impl SeatRow {
    fn seat(self, session: SessionId, person: PersonId) -> (Option<Seat>, Option<ReadyRegistrant>) {
        let (Some(id), Some(generation)) = (self.seat_id, self.seat_generation) else { return (None, None) };
        let seat = Seat {
            id: id.into(),
            session,
            person,
            generation,
            browser_hash: self.browser_hash,
            waiting_since: self.waiting_since,
            redirected_at: self.redirected_at,
        };
        let ready = self
            .registrant_id
            .zip(self.registrant_url)
            .map(|(id, join_url)| ReadyRegistrant { id, join_url });
        (Some(seat), ready)
    }
}
