//! Scheduling, moving, starting, ending and cancelling sessions.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SessionId},
    organization::MeetingCreated,
    provider::{Call, ProviderError},
    role::Role,
    secret::SecretString,
    session::{Delivery, MeetingProgress, SessionState},
};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    facts, meetings,
    store::{self, Meeting, MeetingState, Session, SessionFilter},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    classes::{self, Class, Enrollment},
    db::Tx,
    error::{ApiError, FieldError},
    events::{self, Event, EventType},
    extract::SignedIn,
    join,
    keys::Sealer,
    notify, organizations, platforms,
};

/// How long Start waits for the meeting before it answers "creating".
const START_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
/// A meeting is made at the latest this long before the start.
pub const LATEST_MEETING: Duration = Duration::minutes(30);
/// Longest session.
const LONGEST_MINUTES: i64 = 24 * 60;

/// A session, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: Uuid,
    /// Of which class.
    pub class_id: Uuid,
    /// The host application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Its title.
    pub title: String,
    /// First instant, UTC.
    pub starts_at: DateTime<Utc>,
    /// Last instant, UTC.
    pub ends_at: DateTime<Utc>,
    /// IANA zone.
    pub time_zone: String,
    /// Whole minutes.
    pub duration_minutes: i64,
    /// `virtual`, `hybrid` or `in_person`.
    #[schema(value_type = String)]
    pub delivery: Delivery,
    /// On which platform.
    pub provider: &'static str,
    /// `scheduled`, `live`, `ended` or `cancelled`.
    #[schema(value_type = String)]
    pub state: SessionState,
    /// The platform's meeting.
    pub meeting: MeetingView,
    /// Since when it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// Since when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was called off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    /// The viewer's own Lectern link.
    pub join_url: String,
}

/// Where the platform's meeting stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MeetingView {
    /// `none`, `creating`, `ready` or `failed`.
    #[schema(value_type = String)]
    pub state: MeetingProgress,
    /// What is wrong, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<MeetingProblem>,
}

/// What is wrong with a meeting.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MeetingProblem {
    /// A stable word.
    pub code: String,
    /// In a sentence, with the next step.
    pub detail: String,
}

impl From<Option<&Meeting>> for MeetingView {
    fn from(meeting: Option<&Meeting>) -> Self {
        let state = match meeting.map(|meeting| meeting.state) {
            None => MeetingProgress::None,
            Some(MeetingState::Creating) => MeetingProgress::Creating,
            Some(MeetingState::Ready) => MeetingProgress::Ready,
            Some(MeetingState::Failed) => MeetingProgress::Failed,
        };
        let problem = meeting.and_then(|meeting| {
            Some(MeetingProblem { code: meeting.problem_code.clone()?, detail: meeting.problem.clone()? })
        });
        Self { state, problem }
    }
}

/// The class of a session.
pub async fn class_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
) -> Result<Class, ApiError> {
    classes::service::find(tx, organization, session.class).await?.ok_or(ApiError::NotFound)
}

/// A session of an organization, whoever asks: for other rooms.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SessionId,
) -> Result<Option<Session>, ApiError> {
    Ok(store::find(tx, organization, id).await?)
}

/// The next session of a class that is not over.
pub async fn next_of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    now: DateTime<Utc>,
) -> Result<Option<Session>, ApiError> {
    Ok(store::next_of_class(tx, organization, class, now).await?)
}

/// The sessions a join link of the class may open now or next; else the last one there was.
pub async fn near(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    now: DateTime<Utc>,
) -> Result<Vec<Session>, ApiError> {
    Ok(store::near(tx, organization, class, now - Duration::hours(12)).await?)
}

/// All sessions of a class, in order.
pub async fn of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<Session>, ApiError> {
    Ok(store::of_class(tx, organization, class).await?)
}

/// The session and its class, when this person may teach it. Else it is not there.
pub async fn own(tx: &mut Tx, who: &SignedIn, id: SessionId) -> Result<(Session, Class), ApiError> {
    let session = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let class = classes::service::own(tx, who, session.class).await?;
    Ok((session, class))
}

/// The same, and nobody else changes the session until the transaction ends.
async fn own_to_change(tx: &mut Tx, who: &SignedIn, id: SessionId) -> Result<(Session, Class), ApiError> {
    let session = store::find_to_change(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let class = classes::service::own(tx, who, session.class).await?;
    Ok((session, class))
}

/// Whether this person comes to the class's meetings as their host. Whoever enters by the host's address is the instructor
/// to the platform, so it is nobody else's, not even an admin's.
#[must_use]
pub fn hosts(who: &SignedIn, class: &Class) -> bool {
    class.instructor == who.person
}

/// The session and its class, when this person may see it.
pub async fn readable(tx: &mut Tx, who: &SignedIn, id: SessionId) -> Result<(Session, Class), ApiError> {
    let session = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let class = classes::service::readable(tx, who, session.class).await?;
    if who.role == Role::Student {
        let place = classes::enrollments::of_person(tx, who.organization, class.id, who.person)
            .await?
            .ok_or(ApiError::NotFound)?;
        if !classes::enrollments::may_come(tx, who.organization, &place, id).await? {
            return Err(ApiError::NotFound);
        }
    }
    Ok((session, class))
}

/// The view of a session for one viewer.
pub async fn view(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    session: &Session,
    class: &Class,
) -> Result<SessionView, ApiError> {
    let meeting = store::meeting_of(tx, who.organization, session.id).await?;
    let mut view = bare_view(session, class, meeting.as_ref());
    let place = match who.role {
        Role::Student => classes::enrollments::of_person(tx, who.organization, class.id, who.person).await?,
        _ => None,
    };
    view.join_url = match place {
        Some(place) => classes::links::join_link(app, who.organization, &place),
        None => classes::links::class_link(app, class.id),
    };
    // What is wrong with the platform is for those who can mend it.
    if who.role == Role::Student {
        view.meeting.problem = None;
    }
    Ok(view)
}

fn bare_view(session: &Session, class: &Class, meeting: Option<&Meeting>) -> SessionView {
    SessionView {
        id: session.id.uuid(),
        class_id: session.class.uuid(),
        external_id: session.external_id.clone(),
        title: session.title.clone(),
        starts_at: session.starts_at,
        ends_at: session.ends_at,
        time_zone: session.time_zone.clone(),
        duration_minutes: session.minutes(),
        delivery: session.delivery,
        provider: class.provider.as_str(),
        state: session.state,
        meeting: MeetingView::from(meeting),
        started_at: session.started_at,
        ended_at: session.ended_at,
        cancel_reason: session.cancel_reason.clone(),
        join_url: String::new(),
    }
}

/// Sessions between two instants that this person sees.
pub async fn list(
    app: &App,
    who: &SignedIn,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<SessionView>, ApiError> {
    let mut filter = SessionFilter { from, to, instructor: None, member: None, after };
    match who.role {
        Role::Admin => {}
        Role::Instructor => filter.instructor = Some(who.person),
        Role::Student => filter.member = Some(who.person),
    }
    let mut tx = app.db.read(who.organization).await?;
    let mut views = Vec::new();
    for session in store::list(&mut tx, who.organization, filter, limit).await? {
        let class = class_of(&mut tx, who.organization, &session).await?;
        views.push(view(app, &mut tx, who, &session, &class).await?);
    }
    Ok(views)
}

/// New sessions: one for now; a list is answered because a rule makes many.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSessions {
    /// First instant.
    #[schema(value_type = String, example = "2026-11-23T09:00:00Z")]
    pub starts_at: Option<DateTime<Utc>>,
    /// 1 to 1440.
    #[schema(example = 45)]
    pub duration_minutes: i64,
    /// IANA zone; the organization's when left out.
    #[serde(default)]
    #[schema(example = "Asia/Dhaka")]
    pub time_zone: Option<String>,
    /// The class's title when left out.
    #[serde(default)]
    pub title: Option<String>,
    /// `virtual` when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub delivery: Option<Delivery>,
    /// The host application's id.
    #[serde(default)]
    pub external_id: Option<String>,
    /// A rule in RFC 5545 words. Not available in this release: schedule sessions one by one.
    #[serde(default)]
    pub recurrence: Option<String>,
}

/// Schedules a session.
pub async fn schedule(
    app: &App,
    who: &SignedIn,
    class: ClassId,
    new: ScheduleSessions,
) -> Result<Vec<SessionView>, ApiError> {
    let mut errors = Vec::new();
    let now = app.clock.now();
    if new.starts_at.is_none() {
        errors.push(FieldError::new("starts_at", "This is needed: an instant such as 2026-11-23T09:00:00Z."));
    }
    let starts_at = new.starts_at.map(|at| chrono::SubsecRound::trunc_subsecs(at, 6)).unwrap_or(now);
    check_time(starts_at, new.duration_minutes, now, &mut errors);
    check_zone(new.time_zone.as_deref(), &mut errors);
    let title = new.title.as_deref().and_then(|title| checked_title(title, &mut errors));
    let external_id = classes::service::external(new.external_id.as_deref(), &mut errors);
    if new.recurrence.is_some() {
        errors.push(FieldError::new(
            "recurrence",
            "Recurring sessions are not available in this release. Schedule them one by one.",
        ));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let class = classes::service::own(&mut tx, who, class).await?;
    if !class.active {
        return Err(ApiError::conflict(
            "archived",
            "This class is archived.",
            "Use another class, or make a new one.",
        ));
    }
    let settings = organizations::service::settings_in(&mut tx, who.organization).await?;
    let session = Session {
        id: app.new_id(),
        class: class.id,
        external_id,
        title: title.unwrap_or_else(|| class.title.clone()),
        starts_at,
        ends_at: starts_at + Duration::minutes(new.duration_minutes),
        time_zone: new.time_zone.unwrap_or(settings.time_zone),
        delivery: new.delivery.unwrap_or_default(),
        state: SessionState::Scheduled,
        started_at: None,
        ended_at: None,
        cancel_reason: None,
        revision: 0,
    };
    store::insert(&mut tx, who.organization, &session, now).await.map_err(|error| {
        if error.is_taken() {
            ApiError::conflict(
                "taken",
                "Another session has this external_id.",
                "Find it with ?external_id= or send another id.",
            )
        } else {
            error.into()
        }
    })?;
    let soon = starts_at - now <= LATEST_MEETING;
    let members = !classes::enrollments::of_class(&mut tx, who.organization, class.id).await?.is_empty();
    let wanted = match settings.policies.meeting_created {
        MeetingCreated::Scheduled => true,
        MeetingCreated::Booked => members || soon,
        MeetingCreated::Started => false,
    };
    if wanted {
        meetings::want(app, &mut tx, who.organization, &session, &class).await?;
    }
    record(
        app,
        &mut tx,
        &sealer,
        who.organization,
        who.actor(),
        EntryKind::SessionScheduled,
        EventType::SessionScheduled,
        &session,
        &class,
    )
    .await?;
    notify::service::session_scheduled(app, &mut tx, who.organization, &session, &class).await?;
    let view = view(app, &mut tx, who, &session, &class).await?;
    tx.commit().await?;
    wake(app);
    Ok(vec![view])
}

fn check_time(starts_at: DateTime<Utc>, minutes: i64, now: DateTime<Utc>, errors: &mut Vec<FieldError>) {
    if !(1..=LONGEST_MINUTES).contains(&minutes) {
        errors.push(FieldError::new("duration_minutes", "Between 1 and 1440 minutes."));
        return;
    }
    if starts_at + Duration::minutes(minutes) <= now {
        errors.push(FieldError::new("starts_at", "This time has passed. Choose a time to come."));
    }
    if starts_at > now + Duration::days(5 * 366) {
        errors.push(FieldError::new("starts_at", "At most five years ahead."));
    }
}

fn check_zone(zone: Option<&str>, errors: &mut Vec<FieldError>) {
    if zone.is_some_and(|zone| zone.parse::<Tz>().is_err()) {
        errors.push(FieldError::new("time_zone", "Use an IANA zone such as Asia/Dhaka."));
    }
}

fn checked_title(title: &str, errors: &mut Vec<FieldError>) -> Option<String> {
    crate::people::service::one_line(title, 200)
        .map_err(|message| errors.push(FieldError::new("title", message)))
        .ok()
}

fn wake(app: &App) {
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
}

#[expect(
    clippy::too_many_arguments,
    reason = "what happened to which session, by whom, for the log and for watchers"
)]
async fn record(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    actor: Actor,
    entry: EntryKind,
    event: EventType,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    audit::store::insert(tx, &app.entry(organization, entry, actor).class(class.id).session(session.id))
        .await?;
    let event = Event::new(event, now).of(Some(session.id), class.id, class.instructor);
    Ok(events::emit(tx, &app.ids, sealer, organization, now, &event).await?)
}

/// Changes to a session: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSession {
    /// First instant.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub starts_at: Option<DateTime<Utc>>,
    /// 1 to 1440.
    #[serde(default)]
    pub duration_minutes: Option<i64>,
    /// IANA zone.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Its title.
    #[serde(default)]
    pub title: Option<String>,
    /// The host application's id.
    #[serde(default)]
    pub external_id: Option<String>,
}

/// Moves or renames a session that has not begun; the meeting follows, the people are told, the links stay.
pub async fn change(
    app: &App,
    who: &SignedIn,
    id: SessionId,
    change: ChangeSession,
) -> Result<SessionView, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let (mut session, class) = own_to_change(&mut tx, who, id).await?;
    if session.state != SessionState::Scheduled {
        return Err(ApiError::conflict(
            "not_scheduled",
            "This session has begun, is over or was cancelled.",
            "Schedule another session instead.",
        ));
    }
    let before = session.clone();
    let mut errors = Vec::new();
    let minutes = change.duration_minutes.unwrap_or_else(|| session.minutes());
    let starts_at =
        change.starts_at.map_or(session.starts_at, |at| chrono::SubsecRound::trunc_subsecs(at, 6));
    if change.starts_at.is_some() || change.duration_minutes.is_some() {
        check_time(starts_at, minutes, now, &mut errors);
    }
    check_zone(change.time_zone.as_deref(), &mut errors);
    if let Some(title) = change.title.as_deref().and_then(|title| checked_title(title, &mut errors)) {
        session.title = title;
    }
    session.external_id =
        classes::service::external(change.external_id.as_deref(), &mut errors).or(session.external_id);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    session.starts_at = starts_at;
    session.ends_at = starts_at + Duration::minutes(minutes);
    session.time_zone = change.time_zone.unwrap_or(session.time_zone);
    let moved = (session.starts_at, session.ends_at, &session.time_zone)
        != (before.starts_at, before.ends_at, &before.time_zone);
    if moved || session.title != before.title {
        session.revision += 1;
        if let Some(meeting) = store::meeting_of(&mut tx, who.organization, id).await? {
            meetings::queue(app, &mut tx, who.organization, "meeting.update", meeting.id, now).await?;
        }
    }
    store::update(&mut tx, who.organization, &session, now).await?;
    record(
        app,
        &mut tx,
        &sealer,
        who.organization,
        who.actor(),
        EntryKind::SessionChanged,
        EventType::SessionUpdated,
        &session,
        &class,
    )
    .await?;
    if moved {
        notify::service::session_moved(app, &mut tx, who.organization, &before, &session, &class).await?;
    }
    let view = view(app, &mut tx, who, &session, &class).await?;
    tx.commit().await?;
    wake(app);
    Ok(view)
}

/// Calls a session off: links say so, the meeting goes, the people are told.
pub async fn cancel(app: &App, who: &SignedIn, id: SessionId, reason: Option<&str>) -> Result<(), ApiError> {
    let reason = match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => Some(
            crate::people::service::one_line(reason, 300)
                .map_err(|message| ApiError::field("reason", message))?,
        ),
        None => None,
    };
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let (session, class) = own_to_change(&mut tx, who, id).await?;
    match session.state {
        SessionState::Cancelled => return Ok(()),
        SessionState::Ended => {
            return Err(ApiError::conflict(
                "ended",
                "This session is over.",
                "There is nothing left to cancel.",
            ));
        }
        SessionState::Live => {
            return Err(ApiError::conflict("live", "This session is running.", "End it instead."));
        }
        SessionState::Scheduled => {}
    }
    cancel_one(app, &mut tx, &sealer, who, session, &class, reason).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}

async fn cancel_one(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    mut session: Session,
    class: &Class,
    reason: Option<String>,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    session.state = SessionState::Cancelled;
    session.cancel_reason = reason;
    session.revision += 1;
    store::update(tx, who.organization, &session, now).await?;
    if let Some(meeting) = store::meeting_of(tx, who.organization, session.id).await? {
        meetings::queue(app, tx, who.organization, "meeting.remove", meeting.id, now).await?;
    }
    record(
        app,
        tx,
        sealer,
        who.organization,
        who.actor(),
        EntryKind::SessionCancelled,
        EventType::SessionCancelled,
        &session,
        class,
    )
    .await?;
    notify::service::session_cancelled(app, tx, who.organization, &session, class).await
}

/// Cancels what is still to come of a class. Inside the caller's transaction.
pub async fn cancel_coming(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    class: &Class,
) -> Result<(), ApiError> {
    for listed in store::of_class(tx, who.organization, class.id).await? {
        let Some(session) = store::find_to_change(tx, who.organization, listed.id).await? else { continue };
        match session.state {
            SessionState::Scheduled => cancel_one(app, tx, sealer, who, session, class, None).await?,
            SessionState::Live => {
                return Err(ApiError::conflict(
                    "live",
                    "A session of this class is running.",
                    "End it first, then archive the class.",
                ));
            }
            SessionState::Ended | SessionState::Cancelled => {}
        }
    }
    Ok(())
}

/// Title, instructor or options of a class changed: coming meetings follow. Inside the caller's transaction.
pub async fn class_changed(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    for session in store::of_class(tx, organization, class).await? {
        if session.state == SessionState::Scheduled
            && let Some(meeting) = store::meeting_of(tx, organization, session.id).await?
        {
            meetings::queue(app, tx, organization, "meeting.update", meeting.id, now).await?;
        }
    }
    Ok(())
}

/// Somebody came onto a roster: a meeting where the policy waits for that, and a seat ahead of time. Inside the caller's transaction.
pub async fn roster_grew(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
    _who: &Enrollment,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let settings = organizations::service::settings_in(tx, organization).await?;
    for session in store::near(tx, organization, class.id, now).await? {
        if !matches!(session.state, SessionState::Scheduled | SessionState::Live) {
            continue;
        }
        if settings.policies.meeting_created == MeetingCreated::Booked {
            meetings::want(app, tx, organization, &session, class).await?;
        }
        join::registrants::queue(app, tx, organization, session.id, now).await?;
    }
    Ok(())
}

/// Whether Start found the meeting ready.
#[derive(Debug)]
pub struct Started {
    /// The session as it is now.
    pub view: SessionView,
    /// `false`: the meeting is still being made; the page opens it by itself.
    pub ready: bool,
}

/// Starts a session: the door opens at once, and the meeting is made when it is missing.
pub async fn start(app: &App, who: &SignedIn, id: SessionId) -> Result<Started, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let (mut session, class) = own_to_change(&mut tx, who, id).await?;
    match session.state {
        SessionState::Cancelled => {
            return Err(ApiError::conflict(
                "cancelled",
                "This session was cancelled.",
                "Schedule another one.",
            ));
        }
        SessionState::Ended => {
            return Err(ApiError::conflict("ended", "This session is over.", "Schedule another one."));
        }
        SessionState::Live => {}
        SessionState::Scheduled => {
            session.state = SessionState::Live;
            session.started_at = Some(now);
            store::update(&mut tx, who.organization, &session, now).await?;
            record(
                app,
                &mut tx,
                &sealer,
                who.organization,
                who.actor(),
                EntryKind::SessionStarted,
                EventType::SessionStarted,
                &session,
                &class,
            )
            .await?;
        }
    }
    meetings::want(app, &mut tx, who.organization, &session, &class).await?;
    let meeting = store::meeting_of(&mut tx, who.organization, id).await?;
    tx.commit().await?;
    wake(app);
    if let Some(meeting) = meeting.filter(|meeting| meeting.state != MeetingState::Ready) {
        make_now(app, who.organization, &meeting).await?;
    }
    let mut tx = app.db.read(who.organization).await?;
    let meeting = store::meeting_of(&mut tx, who.organization, id).await?;
    let in_person = session.delivery == Delivery::InPerson;
    let ready = in_person || meeting.as_ref().is_some_and(|meeting| meeting.state == MeetingState::Ready);
    Ok(Started { view: view(app, &mut tx, who, &session, &class).await?, ready })
}

/// Makes the meeting while the person waits, or waits for who already does.
async fn make_now(app: &App, organization: OrganizationId, meeting: &Meeting) -> Result<(), ApiError> {
    let call = Call::interactive(START_PATIENCE);
    let waited = tokio::time::timeout(START_PATIENCE, async {
        loop {
            match meetings::make(app, organization, meeting.id, &call).await? {
                meetings::Attempt::NotOurs => {}
                meetings::Attempt::Ready => return Ok::<(), ApiError>(()),
                meetings::Attempt::Failed(_) => return meetings::hasten(app, organization, meeting.id).await,
            }
            let mut tx = app.db.read(organization).await?;
            let now = store::find_meeting(&mut tx, organization, meeting.id).await?;
            drop(tx);
            if now.is_none_or(|now| now.state != MeetingState::Creating) {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    waited.await.unwrap_or(Ok(()))
}

/// Ends a session: the door closes, the platform's meeting ends for everyone.
pub async fn end(app: &App, who: &SignedIn, id: SessionId) -> Result<SessionView, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let (session, class) = own_to_change(&mut tx, who, id).await?;
    let session = match session.state {
        SessionState::Cancelled => {
            return Err(ApiError::conflict(
                "cancelled",
                "This session was cancelled.",
                "There is nothing to end.",
            ));
        }
        SessionState::Ended => session,
        SessionState::Scheduled | SessionState::Live => {
            close(app, &mut tx, &sealer, who.organization, who.actor(), session, &class).await?
        }
    };
    let meeting = store::meeting_of(&mut tx, who.organization, id).await?;
    if let Some(meeting) = &meeting {
        meetings::queue(app, &mut tx, who.organization, "meeting.end", meeting.id, app.clock.now()).await?;
    }
    let view = view(app, &mut tx, who, &session, &class).await?;
    tx.commit().await?;
    wake(app);
    Ok(view)
}

/// Writes that a session is over, and queues what follows. Inside the caller's transaction.
pub async fn close(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    actor: Actor,
    mut session: Session,
    class: &Class,
) -> Result<Session, ApiError> {
    let now = app.clock.now();
    session.state = SessionState::Ended;
    session.ended_at = Some(now);
    store::update(tx, organization, &session, now).await?;
    record(
        app,
        tx,
        sealer,
        organization,
        actor,
        EntryKind::SessionEnded,
        EventType::SessionEnded,
        &session,
        class,
    )
    .await?;
    if let Some(facts) = facts::of_session(tx, organization, session.id).await? {
        crate::attendance::service::after_end(app, tx, sealer, organization, facts).await?;
    }
    Ok(session)
}

/// A fresh address that opens the meeting as its host: given out once, never kept.
pub async fn launch(app: &App, who: &SignedIn, id: SessionId) -> Result<SecretString, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let (session, class) = own(&mut tx, who, id).await?;
    if !hosts(who, &class) {
        return Err(ApiError::Forbidden);
    }
    let meeting = store::meeting_of(&mut tx, who.organization, id).await?;
    drop(tx);
    if matches!(session.state, SessionState::Ended | SessionState::Cancelled) {
        return Err(ApiError::conflict(
            "over",
            "This session is over or was cancelled.",
            "Schedule another one.",
        ));
    }
    let not_ready = || {
        ApiError::conflict(
            "meeting_not_ready",
            "The meeting is not there yet.",
            "Press Start Class, wait a moment, then open it again.",
        )
    };
    let meeting = meeting.filter(|meeting| meeting.state == MeetingState::Ready).ok_or_else(not_ready)?;
    let (target, connected) =
        meetings::reach(app, who.organization, meeting.id).await?.ok_or_else(not_ready)?;
    let meetings = connected.provider.meetings().ok_or_else(not_ready)?;
    let host = meetings.host_url(&Call::interactive(START_PATIENCE), &target).await?;
    let url = Url::parse(host.0.expose())
        .ok()
        .filter(|url| platforms::service::is_meeting_host(app, meeting.provider, url));
    if url.is_none() {
        app.append_audit(
            app.entry(who.organization, EntryKind::JoinUrlRefused, who.actor()).class(class.id).session(id),
        )
        .await;
        return Err(unexpected(&connected));
    }
    app.append_audit(
        app.entry(who.organization, EntryKind::SessionLaunched, who.actor()).class(class.id).session(id),
    )
    .await;
    Ok(host.0)
}

fn unexpected(connected: &platforms::Connected) -> ApiError {
    ProviderError::new(connected.provider.name(), "launch", lectern_core::provider::ErrorKind::Unexpected)
        .into()
}

/// The classes a person teaches are live now: for the badge in the navigation.
pub async fn live_count(tx: &mut Tx, who: &SignedIn) -> Result<u32, ApiError> {
    let instructor: Option<PersonId> = (who.role == Role::Instructor).then_some(who.person);
    Ok(u32::try_from(store::count_live(tx, who.organization, instructor).await?).unwrap_or(0))
}

/// Class and title of these sessions, for lists of other rooms.
pub async fn titles(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: impl IntoIterator<Item = SessionId>,
) -> Result<std::collections::HashMap<SessionId, (ClassId, String)>, ApiError> {
    let ids: std::collections::BTreeSet<Uuid> = ids.into_iter().map(SessionId::uuid).collect();
    if ids.is_empty() {
        return Ok(std::collections::HashMap::new());
    }
    let rows = store::titles(tx, organization, &crate::ids::json_list(ids)).await?;
    Ok(rows.into_iter().map(|(id, class, title)| (SessionId(id), (ClassId(class), title))).collect())
}

/// What a list of classes says of one: the running session, else the next one, else the last there was.
pub async fn glance(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    now: DateTime<Utc>,
) -> Result<Option<Session>, ApiError> {
    let near = store::near(tx, organization, class, now).await?;
    let live = near.iter().find(|session| session.state == SessionState::Live);
    let next =
        || near.iter().find(|session| session.state == SessionState::Scheduled && session.ends_at > now);
    Ok(live.or_else(next).or_else(|| near.last()).cloned())
}
