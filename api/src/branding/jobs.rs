//! Files that no organization shows are taken away.

use chrono::Duration;
use lectern_core::ids::OrganizationId;
use serde_json::json;
use uuid::Uuid;

use super::looks::key;
use crate::{
    app::App,
    db::Tx,
    error::ApiError,
    jobs::{
        Job, JobError,
        store::{self as queue, NewJob},
    },
    organizations,
};

/// Its kind. The body names the logo.
pub const TIDY: &str = "branding.tidy";

/// Looks at a logo's file later, and removes it unless it is shown then. Inside the caller's transaction.
pub(super) async fn look_again(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    logo: Uuid,
    after: Duration,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let body = json!({"logo": logo});
    let job = NewJob { id: app.ids.next(), kind: TIDY, body, unique_key: None, run_at: now + after, now };
    Ok(queue::insert(tx, organization, &job).await?)
}

/// Job [`TIDY`]: also what an upload left that was cut off half-way. Doing it twice does nothing more.
///
/// # Errors
/// For the runner to try again: failures of ours.
pub async fn tidy(app: &App, job: &Job) -> Result<(), JobError> {
    let logo = job.body.get("logo").and_then(|id| id.as_str()).and_then(|id| Uuid::parse_str(id).ok());
    let logo = logo.ok_or_else(|| JobError::GiveUp("the body names no logo".to_owned()))?;
    let again = |error: &dyn std::fmt::Display| JobError::Retry(error.to_string(), None);
    let mut look = app.db.system_read().await.map_err(|error| again(&error))?;
    let organization = organizations::service::find(&mut look, job.organization).await;
    drop(look);
    let shown = organization.map_err(|error| again(&error))?.and_then(|organization| organization.look.logo);
    if shown.is_some_and(|shown| shown.id == logo) {
        return Ok(());
    }
    app.storage.remove(&key(job.organization, logo)).await.map_err(|error| again(&error))
}
