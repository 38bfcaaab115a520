//! Moving and renaming sessions that have not begun.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{OrganizationId, SessionId},
    schedule::{EditError, Scope, Slot},
    session::{Delivery, SessionState},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    checks::{check_time, check_zone, checked_title},
    find::own_to_change,
    record::{record, wake},
    schedule::{Clashes, ScheduleSessions, check_new, local_start},
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
    notify,
    sessions::{
        meetings, series,
        store::{self, Session},
    },
};

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
    /// The revision that a page was answered from: when it is another by now, nothing is changed.
    #[serde(skip)]
    pub revision: Option<i64>,
}

impl ChangeSession {
    /// Whether it is about the session as it is now.
    ///
    /// # Errors
    /// [`ApiError::Conflict`] when the session was moved or renamed since it was looked at.
    pub(in crate::sessions) fn is_about(&self, session: &Session) -> Result<(), ApiError> {
        if self.revision.is_none_or(|revision| revision == session.revision) {
            return Ok(());
        }
        Err(ApiError::conflict(
            "changed_meanwhile",
            "This was changed meanwhile.",
            "Look at it again, then save.",
        ))
    }
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
    change.is_about(&session)?;
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
