//! The standby platform: what an organization decided for the hour in which a class was started and its platform does not answer.
//!
//! Without that policy nothing ever moves by itself. With it a session moves once, openly: the instructor's page, everybody's
//! mail, the join page and the audit log say so, and people's links lead to the other platform. The class stays where it is; its
//! next session is held there again.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{MeetingId, OrganizationId, SessionId},
    organization::Policies,
    provider::{ProviderError, ProviderName},
    session::SessionState,
};
use lectern_providers::registry;
use serde_json::{Value, json};

use super::{
    meetings, replacing, service,
    store::{self, Meeting, MeetingState, Session},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    classes::Class,
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    jobs::{Job, JobError},
    notify, organizations, pasted_links, platforms,
};

/// The standby platform of a class, when its organization named one that is another than the class's own.
fn of_class(policies: &Policies, class: &Class) -> Option<ProviderName> {
    let word = policies.standby_provider.as_deref()?;
    registry::named(word).ok().filter(|name| *name != class.provider)
}

/// A session that runs, whose own platform is out of order: when it may be moved, and where to.
fn due(
    policies: &Policies,
    session: &Session,
    class: &Class,
    meeting: &Meeting,
) -> Option<(ProviderName, DateTime<Utc>)> {
    let started = session.started_at.filter(|_| session.state == SessionState::Live)?;
    let out_of_order = meeting.state != MeetingState::Ready
        && meeting.problem_code.as_deref().is_some_and(ProviderError::is_outage);
    // What stands in already is not replaced again: that would be a second guess, and the links would wander.
    (out_of_order && meeting.provider == class.provider)
        .then(|| of_class(policies, class).map(|to| (to, started + policies.standby_after())))
        .flatten()
}

/// An attempt failed: when that is an outage of a running session's platform, the policy is asked again after its time. Inside
/// the caller's transaction.
pub(super) async fn after_failure(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    class: &Class,
) -> Result<(), ApiError> {
    let Some(meeting) = store::find_meeting(tx, organization, id).await? else { return Ok(()) };
    let Some(session) = store::find(tx, organization, meeting.session).await? else { return Ok(()) };
    let policies = organizations::service::settings_in(tx, organization).await?.policies;
    if let Some((_, at)) = due(&policies, &session, class, &meeting) {
        let at = at.max(app.clock.now());
        meetings::queue(app, tx, organization, "meeting.stand_by", id, at).await?;
    }
    Ok(())
}

/// Job `meeting.stand_by`: moves a running session whose platform is still out of order to the standby platform.
///
/// # Errors
/// For the runner to try again: failures of ours.
pub async fn job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: MeetingId = job.id_of("meeting")?;
    let outcome = stand_by(app, job.organization, id).await;
    outcome.map_err(|error| JobError::Retry(error.problem().detail, None))
}

async fn stand_by(app: &App, organization: OrganizationId, id: MeetingId) -> Result<(), ApiError> {
    let mut look = app.db.read(organization).await?;
    let Some((meeting, session, class)) = still(&mut look, organization, id).await? else { return Ok(()) };
    let policies = organizations::service::settings_in(&mut look, organization).await?.policies;
    drop(look);
    let Some((to, at)) = due(&policies, &session, &class, &meeting) else { return Ok(()) };
    let now = app.clock.now();
    if now < at {
        let mut tx = app.db.begin(organization).await?;
        meetings::queue(app, &mut tx, organization, "meeting.stand_by", id, at).await?;
        return Ok(tx.commit().await?);
    }
    let details = json!({"from": class.provider, "to": to, "because": meeting.problem_code});
    match obstacle(app, organization, &policies, &session, &class, to).await? {
        None => switch(app, organization, id, session.id, to, details).await,
        Some(obstacle) => refuse(app, organization, &session, &class, details, obstacle).await,
    }
}

/// The meeting with its session and class, as they are now.
async fn still(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
) -> Result<Option<(Meeting, Session, Class)>, ApiError> {
    let Some(meeting) = store::find_meeting(tx, organization, id).await? else { return Ok(None) };
    let Some(session) = store::find(tx, organization, meeting.session).await? else { return Ok(None) };
    let class = service::class_of(tx, organization, &session).await?;
    Ok(Some((meeting, session, class)))
}

/// Why the standby platform cannot hold this session either: a stable word.
async fn obstacle(
    app: &App,
    organization: OrganizationId,
    policies: &Policies,
    session: &Session,
    class: &Class,
    to: ProviderName,
) -> Result<Option<&'static str>, ApiError> {
    if !platforms::settings::for_classes(app).contains(&to) {
        return Ok(Some("not_offered"));
    }
    let connected = match platforms::service::connected(app, organization, to, class.instructor).await {
        Ok(connected) => connected,
        Err(error) => return Ok(Some(error.code())),
    };
    // Nobody's name leaves for a platform from which the class keeps it.
    if policies.send_aliases(&class.settings) && !connected.provider.capabilities().aliases.is_possible() {
        return Ok(Some("aliases"));
    }
    let no_link = pasted_links::service::lives_by_one(to)
        && pasted_links::service::of_session(app, organization, session).await?.is_none();
    Ok(no_link.then_some("no_link"))
}

async fn switch(
    app: &App,
    organization: OrganizationId,
    id: MeetingId,
    session: SessionId,
    to: ProviderName,
    details: Value,
) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    store::find_to_change(&mut tx, organization, session).await?;
    // Looked at again inside: the platform may have come back, the session may be over, the policy may be gone.
    let Some((meeting, session, class)) = still(&mut tx, organization, id).await? else { return Ok(()) };
    let policies = organizations::service::settings_in(&mut tx, organization).await?.policies;
    if due(&policies, &session, &class, &meeting).is_none_or(|(now_to, _)| now_to != to) {
        return Ok(());
    }
    replacing::retire(app, &mut tx, organization, session.id).await?;
    meetings::want_on(app, &mut tx, organization, &session, to).await?;
    let entry = app.entry(organization, EntryKind::SessionStoodBy, Actor::System);
    audit::store::insert(&mut tx, &entry.class(class.id).session(session.id).details(details)).await?;
    let event = Event::new(EventType::SessionUpdated, now)
        .of(Some(session.id), class.id, class.instructor)
        .detail("standby");
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    notify::service::session_stood_by(app, &mut tx, &sealer, organization, &session, &class).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    app.wake.jobs.notify_one();
    tracing::warn!(session = %session.id, "session {} is held on {to}: {} does not answer", session.id, class.provider);
    Ok(())
}

/// The policy cannot be followed: that is told, and the class's own platform is tried on.
async fn refuse(
    app: &App,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
    mut details: Value,
    obstacle: &'static str,
) -> Result<(), ApiError> {
    details["obstacle"] = json!(obstacle);
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let entry = app.entry(organization, EntryKind::StandbyNotReady, Actor::System);
    audit::store::insert(&mut tx, &entry.class(class.id).session(session.id).details(details)).await?;
    let event = Event::new(EventType::SessionUpdated, now)
        .of(Some(session.id), class.id, class.instructor)
        .detail("standby_not_ready");
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(())
}
