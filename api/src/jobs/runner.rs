//! Takes due jobs and runs them.

use std::time::Duration as StdDuration;

use chrono::{Duration, Utc};
use tokio::task::JoinSet;

use super::{Job, JobError, handlers, store};
use crate::{app::App, db::StoreError};

/// Jobs of one process at a time.
const AT_ONCE: usize = 8;
/// Tries before a job is dead.
const TRIES: i64 = 12;
/// The longest look away from the queue.
const IDLE: StdDuration = StdDuration::from_secs(1);

/// Runs jobs until the application stops.
pub async fn run(app: App) {
    let mut running = JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        let room = AT_ONCE.saturating_sub(running.len());
        let jobs = match claim(&app, room).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::error!(%error, "jobs could not be claimed: {error}");
                Vec::new()
            }
        };
        let claimed = jobs.len();
        for job in jobs {
            running.spawn(perform(app.clone(), job));
        }
        if claimed > 0 && running.len() < AT_ONCE {
            continue;
        }
        tokio::select! {
            () = app.stopping() => break,
            () = app.wake.jobs.notified(), if running.len() < AT_ONCE => {}
            _ = running.join_next(), if !running.is_empty() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
    // What runs may finish; what does not is taken up again after its lease.
    let _unfinished = tokio::time::timeout(StdDuration::from_secs(20), async {
        while running.join_next().await.is_some() {}
    })
    .await;
}

/// Runs what is due now, one after the other, until nothing is: for tests and for commands that end.
///
/// # Errors
/// When the queue cannot be read.
pub async fn run_due(app: &App) -> Result<usize, StoreError> {
    let mut count = 0;
    loop {
        let jobs = claim(app, AT_ONCE).await?;
        if jobs.is_empty() {
            return Ok(count);
        }
        for job in jobs {
            count += 1;
            perform(app.clone(), job).await;
        }
    }
}

async fn claim(app: &App, room: usize) -> Result<Vec<Job>, StoreError> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let mut look = app.db.system_read().await?;
    let due = store::next_due(&mut look).await?;
    drop(look);
    if due.is_none_or(|due| due > now) {
        return Ok(Vec::new());
    }
    let mut tx = app.db.system().await?;
    let jobs = store::claim(&mut tx, now, i64::try_from(room).unwrap_or(1)).await?;
    tx.commit().await?;
    Ok(jobs)
}

async fn perform(app: App, job: Job) {
    let outcome = handlers::handle(&app, &job).await;
    if let Err(error) = record(&app, &job, outcome).await {
        tracing::error!(job = %job.id, kind = job.kind, %error, "job {} of kind {} could not be recorded: {error}", job.id, job.kind);
    }
}

async fn record(app: &App, job: &Job, outcome: Result<(), JobError>) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.db.system().await?;
    if job.kind.starts_with("tick.") {
        store::note_tick(&mut tx, &job.kind, outcome.is_ok(), now).await?;
    }
    match outcome {
        Ok(()) => store::done(&mut tx, job).await?,
        Err(JobError::Retry(error, at)) if job.tries < TRIES => {
            let at = at.unwrap_or_else(|| now + pause(app, job.tries));
            tracing::warn!(job = %job.id, kind = job.kind, "job {} of kind {} waits for another try: {error}", job.id, job.kind);
            store::retry(&mut tx, job, at, &error).await?;
        }
        Err(JobError::Retry(error, _) | JobError::GiveUp(error)) => {
            tracing::error!(job = %job.id, kind = job.kind, "job {} of kind {} gave up: {error}", job.id, job.kind);
            store::dead(&mut tx, job, now, &error).await?;
        }
    }
    tx.commit().await
}

/// 2 s, doubled each time up to an hour, with full jitter in the upper half.
fn pause(app: &App, tries: i64) -> Duration {
    let ceiling = 2_000_u64 << tries.clamp(0, 10);
    let ceiling = ceiling.min(3_600_000);
    let millis = ceiling / 2 + app.randomness.below(ceiling / 2);
    Duration::milliseconds(i64::try_from(millis).unwrap_or(i64::from(i32::MAX)))
}

/// The instant before which dead jobs are no longer shown.
#[must_use]
pub fn grave_limit(now: chrono::DateTime<Utc>) -> chrono::DateTime<Utc> {
    now - Duration::days(30)
}
