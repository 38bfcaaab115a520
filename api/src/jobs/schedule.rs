//! Work by the clock: a tick only inserts a job row, unique while it waits, so that every instance may tick and the work runs once.

use chrono::Duration;
use tokio_cron_scheduler::{Job as CronJob, JobScheduler, JobSchedulerError};

use super::store::{self, NewJob};
use crate::{
    app::{App, OPERATOR},
    db::StoreError,
};

/// When each kind of regular work is due (seconds first), the job that does it, and how many seconds lie between two.
const TICKS: &[(&str, &str, i64)] = &[
    ("5 * * * * *", "tick.refresh_tokens", 60),
    ("15 * * * * *", "tick.prepare_sessions", 60),
    ("25 * * * * *", "tick.end_sessions", 60),
    ("10,30,50 * * * * *", "tick.look", 20),
    ("20,50 * * * * *", "tick.bookings", 30),
    ("0,10,20,30,40,50 * * * * *", "tick.reminders", 10),
    ("40 * * * * *", "tick.preflight", 60),
    ("45 * * * * *", "tick.subscriptions", 60),
    ("35 */5 * * * *", "tick.reconcile", 300),
    ("0 20 * * * *", "tick.clean_up", 3600),
    ("40 50 * * * *", "tick.series", 3600),
    ("30 35 * * * *", crate::search::jobs::TICK, 3600),
];

/// Every kind of regular work, and how long lies between two.
pub fn regular() -> impl Iterator<Item = (&'static str, Duration)> {
    TICKS.iter().map(|(_, kind, seconds)| (*kind, Duration::seconds(*seconds)))
}

/// Starts ticking.
pub async fn start_ticks(app: &App) {
    if let Err(error) = start(app).await {
        tracing::error!(%error, "the cron scheduler cannot start: {error}");
    }
}

async fn start(app: &App) -> Result<(), JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    for (due, kind, _) in TICKS {
        let app = app.clone();
        scheduler
            .add(CronJob::new_async(*due, move |_, _| {
                let app = app.clone();
                Box::pin(async move {
                    if let Err(error) = tick(&app, kind).await {
                        tracing::error!(%error, "{kind} could not be queued: {error}");
                    }
                })
            })?)
            .await?;
    }
    scheduler.start().await?;
    let app = app.clone();
    tokio::spawn(async move {
        let mut scheduler = scheduler;
        app.stopping().await;
        if let Err(error) = scheduler.shutdown().await {
            tracing::warn!(%error, "the cron scheduler did not stop: {error}");
        }
    });
    Ok(())
}

/// Queues one kind of regular work now.
pub async fn tick(app: &App, kind: &'static str) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.db.system().await?;
    let job = NewJob {
        id: app.ids.next(),
        kind,
        body: serde_json::json!({}),
        unique_key: Some("tick"),
        run_at: now,
        now,
    };
    store::insert(&mut tx, OPERATOR, &job).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}
