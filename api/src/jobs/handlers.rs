//! Which function does which kind of job: every kind in one screenful.

use super::{Job, JobError};
use crate::app::App;

pub(super) async fn handle(app: &App, job: &Job) -> Result<(), JobError> {
    let _ = app;
    match job.kind.as_str() {
        other => Err(JobError::GiveUp(format!("no release of this server knows the job {other}"))),
    }
}
