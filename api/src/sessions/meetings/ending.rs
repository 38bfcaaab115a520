//! Ending a meeting at the platform, and taking it away.

use lectern_core::{
    ids::{MeetingId, OrganizationId},
    provider::{Call, ErrorKind, MeetingRef, ProviderError, Retry},
    sentence::Sentence,
};
use serde_json::json;

use super::{draft, gone, host_of, reach, retry};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    error::ApiError,
    events::{self, Event, EventType},
    jobs::{Job, JobError},
    platforms,
    sessions::{
        service,
        store::{self, Meeting, MeetingState},
    },
};

/// Job `meeting.remove`: deletes the provider's meeting of a cancelled or long-past session, or one that was given up.
pub async fn remove_job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: MeetingId = job.id_of("meeting")?;
    let organization = job.organization;
    let mut tx = app.db.read(organization).await?;
    let Some(meeting) = store::not_yet_removed(&mut tx, organization, id).await? else { return Ok(()) };
    drop(tx);
    if let Some(provider_id) = meeting.provider_id.clone() {
        let connected =
            platforms::service::connected_by(app, organization, meeting.provider, meeting.connection)
                .await
                .map_err(retry)?;
        if let Some(meetings) = connected.provider.meetings() {
            let target = MeetingRef { id: provider_id, host: connected.host.clone() };
            meetings.delete(&Call::background(), &target).await.map_err(retry)?;
        }
    } else if meeting.attempt > 0 && matches!(meeting.state, MeetingState::Creating | MeetingState::Removed) {
        // An attempt may be under way, or have died after the platform did its part.
        remove_unrecorded(app, organization, &meeting).await?;
    }
    let mut tx = app.db.begin(organization).await?;
    if store::meeting_removed(&mut tx, organization, id, app.clock.now()).await? {
        let mut entry =
            app.entry(organization, EntryKind::MeetingRemoved, Actor::System).session(meeting.session);
        if let Some(session) = store::find(&mut tx, organization, meeting.session).await? {
            entry = entry.class(session.class);
        }
        audit::store::insert(&mut tx, &entry.details(json!({"meeting": meeting.provider_id}))).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Removes what an attempt may have made without living to record it.
async fn remove_unrecorded(
    app: &App,
    organization: OrganizationId,
    meeting: &Meeting,
) -> Result<(), JobError> {
    let mut tx = app.db.read(organization).await?;
    let Some(session) = store::find(&mut tx, organization, meeting.session).await? else { return Ok(()) };
    let class = service::class_of(&mut tx, organization, &session).await.map_err(gone)?;
    drop(tx);
    let connected = platforms::service::connected(app, organization, meeting.provider, class.instructor)
        .await
        .map_err(retry)?;
    let Some(meetings) = connected.provider.meetings() else { return Ok(()) };
    let registration = connected.provider.registrants().is_some();
    let host = host_of(app, organization, &connected, &session, &class).await.map_err(gone)?;
    let draft = draft(&meeting.reference, &session, &class, &connected, host, registration);
    if let Some(found) = meetings.find(&Call::background(), &draft).await.map_err(retry)? {
        let target = MeetingRef { id: found.id, host: connected.host.clone() };
        meetings.delete(&Call::background(), &target).await.map_err(retry)?;
    }
    Ok(())
}

/// Job `meeting.end`: ends the provider's meeting for everyone.
pub async fn end_job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: MeetingId = job.id_of("meeting")?;
    match end(app, job.organization, id, &Call::background()).await {
        Ok(()) => Ok(()),
        // Our door is closed; the rest is the teacher's, as the page says.
        Err(error) if matches!(error.kind, ErrorKind::Unsupported(_)) => Ok(()),
        Err(error) if error.retry == Retry::Never && error.kind != ErrorKind::NotFound => {
            not_ended(app, job.organization, id, &error).await.map_err(gone)
        }
        Err(error) => Err(retry(error)),
    }
}

/// Our door is closed, and the platform's meeting goes on: whoever teaches is told to end it there.
async fn not_ended(
    app: &App,
    organization: OrganizationId,
    id: MeetingId,
    error: &ProviderError,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let Some(meeting) = store::find_meeting(&mut tx, organization, id).await? else { return Ok(()) };
    let Some(session) = store::find(&mut tx, organization, meeting.session).await? else { return Ok(()) };
    let class = service::class_of(&mut tx, organization, &session).await?;
    let words = Sentence::known(
        "said.not_ended",
        "{platform} could not be told to end the meeting: press End meeting there. {why}",
    )
    .with("platform", meeting.provider.title())
    .with("why", error.words());
    store::meeting_not_ended(&mut tx, organization, id, error.code(), &words).await?;
    let entry = app
        .entry(organization, EntryKind::MeetingNotEnded, Actor::System)
        .class(class.id)
        .session(session.id);
    audit::store::insert(&mut tx, &entry.details(json!({"code": error.code()}))).await?;
    let event = Event::new(EventType::SessionUpdated, now).of(Some(session.id), class.id, class.instructor);
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// Ends the provider's meeting for everyone; fine when there is none.
pub async fn end(
    app: &App,
    organization: OrganizationId,
    id: MeetingId,
    call: &Call,
) -> Result<(), ProviderError> {
    let Some((meeting, connected)) = reach(app, organization, id).await? else { return Ok(()) };
    match connected.provider.meetings() {
        Some(meetings) => meetings.end(call, &meeting).await,
        None => Ok(()),
    }
}
