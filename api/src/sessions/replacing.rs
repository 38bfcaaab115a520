//! A meeting that gives way to another: because it went at the platform while it is needed, or because its class is held
//! elsewhere. The people's links stay and lead to the new one.

use lectern_core::{
    ids::{MeetingId, OrganizationId, SessionId},
    provider::{Call, ErrorKind, ProviderName},
    session::SessionState,
};
use serde_json::json;

use super::{meetings, service, store};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    jobs::{Job, JobError},
    sessions::facts::SessionFacts,
};

/// The platform said that a meeting was deleted: whether one that is needed is gone is looked up by a job, because the word may
/// be old, and what was deleted may have been brought back. Our own deletes are of sessions that are over or cancelled. Inside
/// the caller's transaction; `true`: the job is queued.
pub async fn deleted_at_platform(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    facts: &SessionFacts,
) -> Result<bool, ApiError> {
    let needed = matches!(facts.state, SessionState::Scheduled | SessionState::Live);
    let ready = facts.meeting_state.as_deref() == Some("ready");
    let Some(meeting) = facts.meeting.filter(|_| needed && ready) else { return Ok(false) };
    meetings::queue(app, tx, organization, "meeting.check", meeting, app.clock.now()).await?;
    Ok(true)
}

/// Job `meeting.check`: replaces a meeting that the platform no longer has.
pub async fn check_job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: MeetingId = job.id_of("meeting")?;
    let reached = meetings::reach(app, job.organization, id).await.map_err(meetings::retry)?;
    let Some((target, connected)) = reached else { return Ok(()) };
    let Some(meetings) = connected.provider.meetings() else { return Ok(()) };
    match meetings.get(&Call::background(), &target).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind == ErrorKind::NotFound => replace(app, job.organization, id)
            .await
            .map_err(|error| JobError::Retry(error.problem().detail, None)),
        Err(error) => Err(meetings::retry(error)),
    }
}

/// Gives a session's meeting up: nobody is sent there any more, and a job removes it at the platform. Inside the caller's
/// transaction. The platform it was on; `None`: there was none.
pub(super) async fn retire(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<ProviderName>, ApiError> {
    let Some(meeting) = store::meeting_of(tx, organization, session).await? else { return Ok(None) };
    let now = app.clock.now();
    store::retire_meeting(tx, organization, meeting.id).await?;
    // An attempt that is under way has ended by then, and has removed what it made.
    let at = meeting.busy_until.unwrap_or(now).max(now);
    meetings::queue(app, tx, organization, "meeting.remove", meeting.id, at).await?;
    Ok(Some(meeting.provider))
}

/// Forgets a meeting that is gone, wants another, and tells the instructor.
pub(super) async fn replace(app: &App, organization: OrganizationId, id: MeetingId) -> Result<(), ApiError> {
    let now = app.clock.now();
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let Some(meeting) = store::find_meeting(&mut tx, organization, id).await? else { return Ok(()) };
    let session = store::find(&mut tx, organization, meeting.session).await?;
    let needed =
        session.filter(|session| matches!(session.state, SessionState::Scheduled | SessionState::Live));
    let Some(session) = needed else { return Ok(()) };
    let class = service::class_of(&mut tx, organization, &session).await?;
    if !store::meeting_removed(&mut tx, organization, id, now).await? {
        return Ok(());
    }
    let entry =
        app.entry(organization, EntryKind::MeetingLost, Actor::Provider).class(class.id).session(session.id);
    audit::store::insert(&mut tx, &entry.details(json!({"meeting": meeting.provider_id}))).await?;
    let event = Event::new(EventType::SessionUpdated, now)
        .of(Some(session.id), class.id, class.instructor)
        .detail("meeting_deleted");
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    // A running session stays on the platform that stands in for its class's.
    let running = session.state == SessionState::Live;
    let on = if running { meeting.provider } else { class.provider };
    meetings::want_on(app, &mut tx, organization, &session, on).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    app.wake.jobs.notify_one();
    Ok(())
}
