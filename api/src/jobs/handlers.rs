//! Which function does which kind of job: every kind in one screenful.

use super::{Job, JobError};
use crate::app::App;

pub(super) async fn handle(app: &App, job: &Job) -> Result<(), JobError> {
    match job.kind.as_str() {
        "tick.refresh_tokens" => crate::platforms::jobs::queue_refreshes(app).await,
        "connection.refresh" => crate::platforms::jobs::refresh(app, job).await,
        other => Err(JobError::GiveUp(format!("no release of this server knows the job {other}"))),
    }
}
