//! Which function does which kind of job: every kind in one screenful.

use super::{Job, JobError};
use crate::{app::App, attendance};

pub(super) async fn handle(app: &App, job: &Job) -> Result<(), JobError> {
    match job.kind.as_str() {
        attendance::jobs::RECONCILE => attendance::jobs::reconcile(app, job).await,
        attendance::jobs::TICK => attendance::jobs::tick(app).await,
        other => Err(JobError::GiveUp(format!("no release of this server knows the job {other}"))),
    }
}
