//! Tokens are refreshed ahead of their end, so that nobody waits for it.

use chrono::TimeDelta;
use lectern_core::{
    ids::ConnectionId,
    provider::{ErrorKind, ProviderName, Retry},
};
use lectern_providers::registry;

use super::{store, tokens::Tokens};
use crate::{
    app::App,
    jobs::{Job, JobError, store as queue},
};

/// Tokens that end within this are refreshed by the clock.
const AHEAD: TimeDelta = TimeDelta::minutes(10);
/// More organizations than one server holds.
const ALL: i64 = 100_000;

/// `tick.refresh_tokens`: one job for each connection whose token ends soon.
pub async fn queue_refreshes(app: &App) -> Result<(), JobError> {
    let now = app.clock.now();
    let mut due = Vec::new();
    for provider in registry::AVAILABLE.iter() {
        let mut look = app.db.system_read().await?;
        let organizations = store::settings::organizations(&mut look, *provider, ALL).await?;
        drop(look);
        for organization in organizations {
            let mut look = app.db.read(organization).await?;
            let ids = store::connections::expiring(&mut look, organization, now + AHEAD).await?;
            due.extend(ids.into_iter().map(|id| (organization, id)));
        }
    }
    due.sort_unstable();
    due.dedup();
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.system().await?;
    for (organization, id) in due {
        let key = id.to_string();
        let job = queue::NewJob {
            id: app.ids.next(),
            kind: "connection.refresh",
            body: serde_json::json!({"connection_id": id.uuid()}),
            unique_key: Some(&key),
            run_at: now,
            now,
        };
        queue::insert(&mut tx, organization, &job).await?;
    }
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}

/// `connection.refresh`: refreshes one connection, unless somebody has done so.
pub async fn refresh(app: &App, job: &Job) -> Result<(), JobError> {
    let id: ConnectionId = job.id_of("connection_id")?;
    let mut look = app.db.read(job.organization).await?;
    let row = store::connections::find(&mut look, job.organization, id).await?;
    drop(look);
    let Some(provider): Option<ProviderName> = row.map(|row| row.provider) else { return Ok(()) };
    match Tokens::new(app, job.organization, provider, id).refresh_ahead(AHEAD).await {
        Ok(()) => Ok(()),
        // Recorded where it happened; only the person can mend it.
        Err(error) if error.kind == ErrorKind::Reconnect => Ok(()),
        Err(error) => {
            let at = match error.retry {
                Retry::After(wait) => TimeDelta::from_std(wait).ok().map(|wait| app.clock.now() + wait),
                Retry::Never | Retry::Backoff => None,
            };
            Err(JobError::Retry(error.to_string(), at))
        }
    }
}
