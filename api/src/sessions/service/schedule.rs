//! Scheduling sessions.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use chrono_tz::Tz;
use lectern_core::{
    ids::{ClassId, OrganizationId},
    organization::MeetingCreated,
    schedule::Slot,
    session::{Delivery, SessionState},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    checks::{check_time, check_zone, checked_title},
    record::{record, wake},
    view::{SessionView, view},
};
use crate::{
    app::App,
    audit::{Actor, EntryKind},
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

/// What the session's clock shows when it begins.
pub(super) fn local_start(app: &App, session: &Session) -> NaiveDateTime {
    app.zones.local_of(session.time_zone.parse().unwrap_or(Tz::UTC), session.starts_at)
}
