//! Platforms that do not tell who is there by themselves are looked at while a class is on. What is seen walks the same way as
//! an event that was told.

use chrono::Duration;
use lectern_core::{
    ids::{OrganizationId, SessionId},
    provider::{Call, ErrorKind, MeetingRef},
};
use lectern_providers::registry::{self, LiveSource};

use super::processor;
use crate::{
    app::App,
    error::ApiError,
    jobs::{Job, JobError, store::NewJob},
    organizations, platforms,
    sessions::facts::{self, SessionFacts},
};

/// Finds the classes that are on.
pub const TICK: &str = "tick.look";
/// Looks at one of them: `{session}`.
pub const LOOK: &str = "roster.look";
/// Runs that ended so long before the session are another's.
const BEFORE: Duration = Duration::hours(1);

/// Queues a look at every class that is on, where its platform must be looked at.
///
/// # Errors
/// When the database refuses.
pub async fn tick(app: &App) -> Result<(), JobError> {
    let failed = |error: ApiError| JobError::Retry(format!("{error:?}"), None);
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
    due.retain(|facts| {
        registry::live_source(facts.provider) == LiveSource::LookedAt && facts.provider_id.is_some()
    });
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
    let ours = |error: ApiError| JobError::Retry(format!("{error:?}"), None);
    let mut read = app.db.read(job.organization).await?;
    let found = facts::of_session(&mut read, job.organization, session).await.map_err(ours)?;
    drop(read);
    let Some(facts) = found else { return Ok(()) };
    match see(app, job.organization, &facts).await {
        Ok(seen) => processor::absorb(app, job.organization, facts.provider, &seen).await.map_err(ours),
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
