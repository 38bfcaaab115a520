//! What is said of jobs to whoever runs the server, and what they may do about one: try it again, or let it go.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::store;
use crate::{
    db::{StoreError, Tx},
    error::ApiError,
};

pub use store::{
    Due, KindCount, Standing, TickRun, by_kind, dead_count, dead_ones, due, failing_mails, standing,
    tick_runs,
};

/// A job that somebody may decide about: dead, or waiting for another try. `None` when there is no such job.
///
/// # Errors
/// [`ApiError::Conflict`] when it runs or was not tried yet.
pub async fn may_be_decided(tx: &mut Tx, id: Uuid) -> Result<Option<Standing>, ApiError> {
    store::standing(tx, id).await?.map(failed).transpose()
}

fn failed(job: Standing) -> Result<Standing, ApiError> {
    match (job.state.as_str(), job.tries) {
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
        _ => Ok(job),
    }
}

/// Has a job tried again, now and with all its tries; `None` when there is no such job.
///
/// # Errors
/// [`ApiError::Conflict`] when it runs or was not tried yet.
pub async fn retry(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<Option<Standing>, ApiError> {
    let job = store::standing_locked(tx, id).await?.map(failed).transpose()?;
    if let Some(job) = &job {
        store::revive(tx, job.id, now).await.map_err(equal)?;
    }
    Ok(job)
}

/// Lets a job go undone; `None` when there is no such job.
///
/// # Errors
/// As [`retry`].
pub async fn discard(tx: &mut Tx, id: Uuid) -> Result<Option<Standing>, ApiError> {
    let job = store::standing_locked(tx, id).await?.map(failed).transpose()?;
    if let Some(job) = &job {
        store::remove(tx, job.id).await?;
    }
    Ok(job)
}

/// The same as [`retry`] for every dead job of a kind; how many were dead.
///
/// # Errors
/// [`ApiError::Conflict`] when an equal job is asked for at this moment.
pub async fn revive_kind(tx: &mut Tx, kind: &str, now: DateTime<Utc>) -> Result<u64, ApiError> {
    store::revive_kind(tx, kind, now).await.map_err(equal)
}

/// An equal job came while one was set to be tried again.
fn equal(error: StoreError) -> ApiError {
    if error.is_taken() {
        return ApiError::conflict(
            "job_waiting",
            "An equal job was asked for just now.",
            "Look at the list again.",
        );
    }
    error.into()
}
