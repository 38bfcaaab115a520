//! Platforms that do not tell who is there by themselves are looked at while a class is on, and when an event of theirs only
//! names something that changed. What is seen walks the same way as an event that was told.

use chrono::Duration;
use lectern_core::{
    ids::{ConnectionId, OrganizationId, SessionId},
    provider::{Call, ErrorKind, EventKind, IncomingEvent, MeetingRef, ProviderName},
};
use lectern_providers::registry;

use super::processor;
use crate::{
    app::App,
    db::Tx,
    error::ApiError,
    jobs::{Job, JobError, store::NewJob},
    organizations, platforms,
    sessions::facts::{self, SessionFacts},
};

/// Finds the classes that are on.
pub const TICK: &str = "tick.look";
/// Looks at one of them: `{session}`.
pub const LOOK: &str = "roster.look";
/// Finds the class of something that an event named, and looks at it: `{provider, connection, resource}`.
pub const LOOK_UP: &str = "roster.look_up";
/// Runs that ended so long before the session are another's.
const BEFORE: Duration = Duration::hours(1);

/// Queues a look at every class that is on, where its platform must be looked at.
///
/// # Errors
/// When the database refuses.
pub async fn tick(app: &App) -> Result<(), JobError> {
    let failed = |error: ApiError| JobError::Retry(error.to_string(), None);
    for organization in organizations::service::all_active(app).await.map_err(failed)? {
        queue(app, organization).await.map_err(failed)?;
    }
    app.wake.jobs.notify_one();
    Ok(())
}

async fn queue(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut look = app.db.read(organization).await?;
    let mut due = facts::on_now(&mut look, organization, now, None).await?;
    drop(look);
    due.retain(|facts| registry::live_source(facts.provider).is_looked_at() && facts.provider_id.is_some());
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.begin(organization).await?;
    for facts in due {
        let key = facts.session.to_string();
        let body = serde_json::json!({"session": facts.session});
        let job = NewJob { id: app.ids.next(), kind: LOOK, body, unique_key: Some(&key), run_at: now, now };
        crate::jobs::store::insert(&mut tx, organization, &job).await?;
    }
    Ok(tx.commit().await?)
}

/// Looks at one class.
///
/// # Errors
/// [`JobError`]; the next tick looks again, so nothing is tried twice here.
pub async fn look(app: &App, job: &Job) -> Result<(), JobError> {
    let session = job.body.get("session").and_then(serde_json::Value::as_str).and_then(|id| id.parse().ok());
    let Some(session) = session.map(SessionId) else {
        return Err(JobError::GiveUp("the job names no session".to_owned()));
    };
    let ours = |error: ApiError| JobError::Retry(error.to_string(), None);
    let mut read = app.db.read(job.organization).await?;
    let found = facts::of_session(&mut read, job.organization, session).await.map_err(ours)?;
    drop(read);
    let Some(facts) = found else { return Ok(()) };
    look_at(app, job.organization, &facts).await
}

/// Queues a look at the class of something that an event named: one for all that happens in a run until then.
pub(super) async fn look_up(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    (provider, connection): (ProviderName, ConnectionId),
    event: &IncomingEvent,
) -> Result<(), ApiError> {
    let tells = matches!(
        event.kind,
        EventKind::MeetingStarted
            | EventKind::MeetingEnded
            | EventKind::ParticipantJoined
            | EventKind::ParticipantLeft
    );
    let Some(resource) = event.run_id.as_ref().or(event.resource.as_ref()).filter(|_| tells) else {
        return Ok(());
    };
    let (key, now) = (format!("{connection} {resource}"), app.clock.now());
    let body = serde_json::json!({"provider": provider, "connection": connection, "resource": resource});
    let job = NewJob { id: app.ids.next(), kind: LOOK_UP, body, unique_key: Some(&key), run_at: now, now };
    Ok(crate::jobs::store::insert(tx, organization, &job).await?)
}

/// Job [`LOOK_UP`]. What is no meeting of ours is nothing to us.
///
/// # Errors
/// For the runner to try again.
pub async fn find_and_look(app: &App, job: &Job) -> Result<(), JobError> {
    let ours = |error: ApiError| JobError::Retry(error.to_string(), None);
    let organization = job.organization;
    let connection: ConnectionId = job.id_of("connection")?;
    let text = |name: &str| {
        let text = job.body.get(name).and_then(serde_json::Value::as_str);
        text.ok_or_else(|| JobError::GiveUp(format!("the body has no {name}")))
    };
    let resource = text("resource")?;
    let provider = registry::named(text("provider")?).map_err(|error| JobError::GiveUp(error.to_string()))?;
    let finding = async {
        let connected =
            platforms::service::connected_by(app, organization, provider, Some(connection)).await?;
        match connected.provider.live_roster() {
            Some(roster) => roster.meeting_of(&Call::background(), resource).await,
            None => Ok(None),
        }
    };
    let meeting = match finding.await {
        Ok(Some(meeting)) => meeting,
        Ok(None) => return Ok(()),
        Err(error) => {
            // The next event, or the next tick, looks again.
            tracing::warn!(%error, "something an event named could not be looked up: {error}");
            return Ok(());
        }
    };
    let mut read = app.db.read(organization).await?;
    let facts = facts::by_meeting_ref(&mut read, organization, provider, &meeting).await.map_err(ours)?;
    drop(read);
    match facts {
        Some(facts) => look_at(app, organization, &facts).await,
        None => Ok(()),
    }
}

async fn look_at(app: &App, organization: OrganizationId, facts: &SessionFacts) -> Result<(), JobError> {
    let ours = |error: ApiError| JobError::Retry(error.to_string(), None);
    match see(app, organization, facts).await {
        Ok(seen) => processor::absorb(app, organization, facts.provider, &seen).await.map_err(ours),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        Err(error) => {
            tracing::warn!(%error, session = %facts.session, "a class could not be looked at: {error}");
            Ok(())
        }
    }
}

async fn see(
    app: &App,
    organization: OrganizationId,
    facts: &SessionFacts,
) -> lectern_core::provider::Result<Vec<lectern_core::provider::IncomingEvent>> {
    let (Some(id), Some(connection)) = (&facts.provider_id, facts.connection) else { return Ok(Vec::new()) };
    let connected =
        platforms::service::connected_by(app, organization, facts.provider, Some(connection)).await?;
    let Some(roster) = connected.provider.live_roster() else { return Ok(Vec::new()) };
    let meeting = MeetingRef { id: id.clone(), host: connected.host.clone() };
    roster.look(&Call::background(), &meeting, facts.starts_at - BEFORE).await
}
