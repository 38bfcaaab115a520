//! Work by the clock: a tick only inserts a job row, unique while it waits, so that every instance may tick and the work runs once.

use tokio_cron_scheduler::{Job as CronJob, JobScheduler, JobSchedulerError};

use super::store::{self, NewJob};
use crate::{
    app::{App, OPERATOR},
    db::StoreError,
};

/// When each kind of regular work is due (seconds first), and the job that does it.
const TICKS: &[(&str, &str)] = &[
    ("5 * * * * *", "tick.refresh_tokens"),
    ("15 * * * * *", "tick.prepare_sessions"),
    ("25 * * * * *", "tick.end_sessions"),
    ("10,30,50 * * * * *", "tick.look"),
    ("20,50 * * * * *", "tick.bookings"),
    ("0,10,20,30,40,50 * * * * *", "tick.reminders"),
    ("40 * * * * *", "tick.preflight"),
    ("45 * * * * *", "tick.subscriptions"),
    ("35 */5 * * * *", "tick.reconcile"),
    ("0 20 * * * *", "tick.clean_up"),
    ("40 50 * * * *", "tick.series"),
    ("30 35 * * * *", crate::search::jobs::TICK),
];

/// Starts ticking.
pub async fn start_ticks(app: &App) {
    if let Err(error) = start(app).await {
        tracing::error!(%error, "the cron scheduler cannot start: {error}");
    }
}

async fn start(app: &App) -> Result<(), JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    for (due, kind) in TICKS {
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
