//! What is said of jobs to whoever runs the server, and what they may do about one: try it again, or let it go.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::store;
use crate::{db::Tx, error::ApiError};

pub use store::{
    Due, KindCount, Standing, TickRun, by_kind, dead_count, dead_ones, due, failing_mails, revive_kind,
    standing, tick_runs,
};

/// A job that somebody may decide about: dead, or waiting for another try.
async fn failed(tx: &mut Tx, id: Uuid) -> Result<Option<Standing>, ApiError> {
    let Some(job) = store::standing_locked(tx, id).await? else { return Ok(None) };
    match (job.state.as_str(), job.attempt) {
        ("running", _) => Err(ApiError::conflict(
            "job_running",
            "This job is running now.",
            "Wait until it has ended, then look at it again.",
        )),
        ("waiting", 0) => Err(ApiError::conflict(
            "job_waiting",
            "This job waits for its first try, or was just set to be tried again.",
            "Nothing to do: it runs by itself.",
        )),
        _ => Ok(Some(job)),
    }
}

/// Has a job tried again, now and with all its tries; `None` when there is no such job.
///
/// # Errors
/// [`ApiError::Conflict`] when it runs or was not tried yet.
pub async fn retry(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<Option<Standing>, ApiError> {
    let job = failed(tx, id).await?;
    if let Some(job) = &job {
        store::revive(tx, job.id, now).await?;
    }
    Ok(job)
}

/// Lets a job go undone; `None` when there is no such job.
///
/// # Errors
/// As [`retry`].
pub async fn discard(tx: &mut Tx, id: Uuid) -> Result<Option<Standing>, ApiError> {
    let job = failed(tx, id).await?;
    if let Some(job) = &job {
        store::remove(tx, job.id).await?;
    }
    Ok(job)
}
