//! Giving words to what has none: rows of before there were words, or of an earlier release that ran again for a while.

use lectern_core::ids::OrganizationId;

use crate::{
    app::App, classes, error::ApiError, jobs::JobError, organizations, people, sessions::jobs::Failures,
};

/// Looks for people and classes without words: at each start, and once an hour.
pub const TICK: &str = "tick.search";

/// Tick `search`.
pub async fn tick(app: &App) -> Result<(), JobError> {
    let told = |error: ApiError| JobError::Retry(error.problem().detail, None);
    let mut failures = Failures::default();
    for organization in organizations::service::all_active(app).await.map_err(told)? {
        failures.note(organization, complete(app, organization).await);
    }
    failures.finish()
}

/// Everybody and every class of an organization can be found.
pub async fn complete(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    people::service::give_words(app, organization).await?;
    classes::service::give_words(app, organization).await
}
