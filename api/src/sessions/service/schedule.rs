//! Scheduling and moving sessions.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use chrono_tz::Tz;
use lectern_core::{
    ids::{ClassId, OrganizationId, SessionId},
    organization::MeetingCreated,
    schedule::{EditError, Scope, Slot},
    session::{Delivery, SessionState},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    find::own_to_change,
    record::{record, wake},
    view::{SessionView, view},
};
use crate::{
    app::App,
    audit::{Actor, EntryKind},
    bookings,
    classes::{self, Class},
    db::Tx,
    error::{ApiError, FieldError},
    events::EventType,
    extract::SignedIn,
    keys::Sealer,
    notify, organizations,
    sessions::{
        meetings, series,
        store::{self, Session},
    },
};

/// A meeting is made at the latest this long before the start.
pub const LATEST_MEETING: Duration = Duration::minutes(30);

/// Under the policy that makes meetings when they are scheduled, those of a series are made this long ahead: a platform forgets
/// what nobody uses, and counts what is made in a day.
pub const PREPARED_AHEAD: Duration = Duration::days(14);

/// Longest session.
const LONGEST_MINUTES: i64 = 24 * 60;

/// A new session. It is answered as a list, the shape in which a series of sessions is answered too.
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
    /// A rule in RFC 5545 words, with the time on the clock of `time_zone`: `DAILY`, `WEEKLY` with `BYDAY`, or `MONTHLY` with
    /// `BYMONTHDAY` or a numbered `BYDAY`; `INTERVAL`; `COUNT` or `UNTIL`; `EXDATE` lines. The answer has the sessions that are
    /// written out at once: the first 60, and those of the next 26 weeks.
    #[serde(default)]
    #[schema(example = "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=10")]
    pub recurrence: Option<String>,
    /// What happens when the host would hold more at once than the platform allows: `refuse` answers 409 `host_busy`, `allow`
    /// schedules all the same. Left out: `refuse` with `recurrence`, else `allow`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub clashes: Option<Clashes>,
}

/// What happens when a host would hold too much at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clashes {
    /// Nothing is scheduled.
    #[default]
    Refuse,
    /// It is scheduled all the same.
    Allow,
    /// Nothing is scheduled as soon as the host would hold two at once, whatever the platforms allow. Pages ask for it, and
    /// then offer what can be done.
    #[serde(skip)]
    RefuseAny,
}

impl Clashes {
    /// Whether a clash refuses.
    #[must_use]
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Refuse | Self::RefuseAny)
    }
}

/// Schedules a session, or a series of them.
pub async fn schedule(
    app: &App,
    who: &SignedIn,
    class: ClassId,
    new: ScheduleSessions,
) -> Result<Vec<SessionView>, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let class = classes::service::own_active(&mut tx, who, class).await?;
    let sessions = schedule_in(app, &mut tx, &sealer, who, &class, new).await?;
    tx.commit().await?;
    wake(app);
    let mut tx = app.db.read(who.organization).await?;
    let mut views = Vec::with_capacity(sessions.len());
    for session in &sessions {
        views.push(view(app, &mut tx, who, session, &class).await?);
    }
    Ok(views)
}

/// The same in the caller's transaction, for a class that is not archived and that this person may teach.
///
/// # Errors
/// As [`schedule`].
pub async fn schedule_in(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    class: &Class,
    new: ScheduleSessions,
) -> Result<Vec<Session>, ApiError> {
    let mut errors = Vec::new();
    let now = app.clock.now();
    if new.starts_at.is_none() {
        errors.push(FieldError::new("starts_at", "This is needed: an instant such as 2026-11-23T09:00:00Z."));
    }
    let starts_at = new.starts_at.map(|at| chrono::SubsecRound::trunc_subsecs(at, 0)).unwrap_or(now);
    check_time(starts_at, new.duration_minutes, now, &mut errors);
    check_zone(new.time_zone.as_deref(), &mut errors);
    let title = new.title.as_deref().and_then(|title| checked_title(title, &mut errors));
    let external_id = classes::service::external(new.external_id.as_deref(), &mut errors);
    if new.recurrence.is_some() && external_id.is_some() {
        errors.push(FieldError::new(
            "external_id",
            "It names one session. Leave it out where there is a rule.",
        ));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    if let Some(rule) = new.recurrence {
        let asked = series::Asked {
            starts_at,
            minutes: new.duration_minutes,
            zone: new.time_zone,
            title,
            delivery: new.delivery.unwrap_or_default(),
            rule,
            clashes: new.clashes.unwrap_or_default(),
        };
        return series::schedule(app, tx, sealer, who, class, asked).await;
    }
    let settings = organizations::service::settings_in(tx, who.organization).await?;
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
    if new.clashes == Some(Clashes::RefuseAny) && session.delivery != Delivery::InPerson {
        let (local, starts_at, ends_at) = (local_start(app, &session), session.starts_at, session.ends_at);
        let slot = Slot { local, starts_at, ends_at };
        series::refuse_any_clash(tx, who.organization, class, &[slot]).await?;
    }
    let refuse = new.clashes.is_some_and(Clashes::refuses);
    add(app, tx, sealer, (who.organization, who.actor()), (&session, class), refuse).await?;
    Ok(vec![session])
}

/// Schedules one session of a class, with all that follows, in the caller's transaction; `refuse_clashes`: not when the host
/// would hold too much at once.
///
/// # Errors
/// [`ApiError::Conflict`] `host_busy` before anything is written, or `taken` for its external id.
pub async fn add(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    (organization, by): (OrganizationId, Actor),
    (session, class): (&Session, &Class),
    refuse_clashes: bool,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let local = local_start(app, session);
    if refuse_clashes && session.delivery != Delivery::InPerson {
        let slot = Slot { local, starts_at: session.starts_at, ends_at: session.ends_at };
        series::refuse_clashes(tx, organization, class, &[slot], &[]).await?;
    }
    store::insert(tx, organization, session, now).await.map_err(|error| {
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
    series::set_clock(tx, organization, session.id, local).await?;
    let soon = session.starts_at - now <= LATEST_MEETING;
    let members = !classes::enrollments::of_class(tx, organization, class.id).await?.is_empty();
    let policies = organizations::service::settings_in(tx, organization).await?.policies;
    let wanted = match policies.meeting_created {
        MeetingCreated::Scheduled => true,
        MeetingCreated::Booked => members || soon,
        MeetingCreated::Started => false,
    };
    if wanted {
        meetings::want(app, tx, organization, session, class).await?;
    }
    let (entry, event) = (EntryKind::SessionScheduled, EventType::SessionScheduled);
    record(app, tx, sealer, organization, by, entry, event, session, class).await?;
    notify::service::session_scheduled(app, tx, sealer, organization, session, class).await
}

/// What the session's clock shows when it begins.
fn local_start(app: &App, session: &Session) -> NaiveDateTime {
    app.zones.local_of(session.time_zone.parse().unwrap_or(Tz::UTC), session.starts_at)
}

/// Whether a session can be so long.
pub fn check_length(minutes: i64, errors: &mut Vec<FieldError>) -> bool {
    let right = (1..=LONGEST_MINUTES).contains(&minutes);
    if !right {
        errors.push(FieldError::new("duration_minutes", "Between 1 and 1440 minutes."));
    }
    right
}

/// Whether one session could be scheduled so; nothing is done.
///
/// # Errors
/// [`ApiError::Invalid`] with every wrong field.
pub fn check_new(app: &App, new: &ScheduleSessions) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut errors = Vec::new();
    check_time(new.starts_at.unwrap_or(now), new.duration_minutes, now, &mut errors);
    check_zone(new.time_zone.as_deref(), &mut errors);
    new.title.as_deref().and_then(|title| checked_title(title, &mut errors));
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Invalid(errors)) }
}

/// Whether a session could be changed so; nothing is done.
///
/// # Errors
/// As [`change`].
pub fn check_change(app: &App, session: &Session, change: &ChangeSession) -> Result<(), ApiError> {
    if session.state != SessionState::Scheduled {
        return Err(not_scheduled());
    }
    check_new(
        app,
        &ScheduleSessions {
            starts_at: change.starts_at,
            duration_minutes: change.duration_minutes.unwrap_or_else(|| session.minutes()),
            time_zone: change.time_zone.clone(),
            title: change.title.clone(),
            ..ScheduleSessions::default()
        },
    )
}

fn not_scheduled() -> ApiError {
    ApiError::conflict(
        "not_scheduled",
        "This session has begun, is over or was cancelled.",
        "Schedule another session instead.",
    )
}

pub(in crate::sessions) fn check_time(
    starts_at: DateTime<Utc>,
    minutes: i64,
    now: DateTime<Utc>,
    errors: &mut Vec<FieldError>,
) {
    if !check_length(minutes, errors) {
        return;
    }
    // First: behind the end of all years nothing can be added.
    if starts_at > now + Duration::days(5 * 366) {
        errors.push(FieldError::new("starts_at", "At most five years ahead."));
    } else if starts_at + Duration::minutes(minutes) <= now {
        errors.push(FieldError::new("starts_at", "This time has passed. Choose a time to come."));
    }
}

pub(in crate::sessions) fn check_zone(zone: Option<&str>, errors: &mut Vec<FieldError>) {
    if zone.is_some_and(|zone| zone.parse::<Tz>().is_err()) {
        errors.push(FieldError::new("time_zone", "Use an IANA zone such as Asia/Dhaka."));
    }
}

fn checked_title(title: &str, errors: &mut Vec<FieldError>) -> Option<String> {
    crate::people::service::one_line(title, 200)
        .map_err(|message| errors.push(FieldError::new("title", message)))
        .ok()
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
    /// How far it reaches in a series: `this` (when left out), `following` (this one and all behind it) or `all` that have not
    /// begun. What was moved or called off by itself stays so.
    #[serde(default)]
    pub scope: Option<String>,
    /// Another rule, with `following` and `all`.
    #[serde(default)]
    #[schema(example = "FREQ=WEEKLY;BYDAY=WE;UNTIL=20270331")]
    pub recurrence: Option<String>,
    /// As when scheduling; left out: `refuse` in a series, else `allow`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub clashes: Option<Clashes>,
}

/// The scope that a request names.
///
/// # Errors
/// [`ApiError::Invalid`] for another word.
pub fn scope_of(word: Option<&str>) -> Result<Scope, ApiError> {
    let read = word.map_or(Some(Scope::This), Scope::parse);
    read.ok_or_else(|| ApiError::field("scope", "Send \"this\", \"following\" or \"all\"."))
}

/// Moves or renames a session that has not begun, or more of its series; the meeting follows, the people are told, the links
/// stay.
pub async fn change(
    app: &App,
    who: &SignedIn,
    id: SessionId,
    change: ChangeSession,
) -> Result<SessionView, ApiError> {
    let scope = scope_of(change.scope.as_deref())?;
    if scope != Scope::This {
        return change_series(app, who, id, scope, change).await;
    }
    if change.recurrence.is_some() {
        return Err(ApiError::field("recurrence", EditError::RuleForOne.to_string()));
    }
    let sealer = app.keys.sealer(who.organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let (mut session, class) = own_to_change(&mut tx, who, id).await?;
    if session.state != SessionState::Scheduled {
        return Err(not_scheduled());
    }
    let before = session.clone();
    let mut errors = Vec::new();
    let minutes = change.duration_minutes.unwrap_or_else(|| session.minutes());
    let starts_at =
        change.starts_at.map_or(session.starts_at, |at| chrono::SubsecRound::trunc_subsecs(at, 0));
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
    let refuse = change.clashes.is_some_and(Clashes::refuses);
    let by = (who.organization, who.actor());
    let session = replace(app, &mut tx, &sealer, by, (&before, session), &class, refuse).await?;
    let view = view(app, &mut tx, who, &session, &class).await?;
    tx.commit().await?;
    wake(app);
    Ok(view)
}

/// Another time for a session that has not begun, in the caller's transaction; the people are told, the links stay.
///
/// # Errors
/// [`ApiError::Conflict`] `host_busy` when the host would hold too much at once.
pub async fn move_to(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    by: (OrganizationId, Actor),
    (session, class): (&Session, &Class),
    (starts_at, minutes): (DateTime<Utc>, i64),
) -> Result<Session, ApiError> {
    let moved = Session { starts_at, ends_at: starts_at + Duration::minutes(minutes), ..session.clone() };
    replace(app, tx, sealer, by, (session, moved), class, true).await
}

/// Writes what became of a session, with all that follows.
async fn replace(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    (organization, by): (OrganizationId, Actor),
    (before, mut session): (&Session, Session),
    class: &Class,
    refuse_clashes: bool,
) -> Result<Session, ApiError> {
    let (now, id) = (app.clock.now(), session.id);
    let moved = (session.starts_at, session.ends_at, &session.time_zone)
        != (before.starts_at, before.ends_at, &before.time_zone);
    if refuse_clashes && session.delivery != Delivery::InPerson {
        let slot = Slot {
            local: local_start(app, &session),
            starts_at: session.starts_at,
            ends_at: session.ends_at,
        };
        series::refuse_clashes(tx, organization, class, &[slot], &[id]).await?;
    }
    if moved || session.title != before.title {
        session.revision += 1;
        if let Some(meeting) = store::meeting_of(tx, organization, id).await? {
            meetings::queue(app, tx, organization, "meeting.update", meeting.id, now).await?;
        }
    }
    store::update(tx, organization, &session, now).await?;
    if moved {
        let place = series::place_of(tx, organization, id).await?;
        let place =
            series::Place { local: Some(local_start(app, &session)), moved: place.slot.is_some(), ..place };
        series::set_place(tx, organization, id, &place).await?;
        bookings::service::session_moved(tx, organization, &session, now).await?;
    }
    let (entry, event) = (EntryKind::SessionChanged, EventType::SessionUpdated);
    record(app, tx, sealer, organization, by, entry, event, &session, class).await?;
    if moved {
        notify::service::session_moved(app, tx, sealer, organization, (before, &session), class).await?;
    }
    Ok(session)
}

async fn change_series(
    app: &App,
    who: &SignedIn,
    id: SessionId,
    scope: Scope,
    change: ChangeSession,
) -> Result<SessionView, ApiError> {
    let now = app.clock.now();
    let mut errors = Vec::new();
    if change.starts_at.is_some() || change.duration_minutes.is_some() {
        // A session of the series may have any time to come; its length is checked in any case.
        let starts_at = change.starts_at.unwrap_or(now);
        check_time(starts_at, change.duration_minutes.unwrap_or(1), now, &mut errors);
    }
    check_zone(change.time_zone.as_deref(), &mut errors);
    let title = change.title.as_deref().and_then(|title| checked_title(title, &mut errors));
    if change.external_id.is_some() {
        errors.push(FieldError::new("external_id", "It names one session. Change that one alone."));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    series::change(app, who, id, scope, change, title).await
}
