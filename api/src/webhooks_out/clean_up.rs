//! What is done once an hour.

use chrono::Duration;
use lectern_core::ids::OrganizationId;

use super::{
    ending,
    store::{deliveries, endpoints, queue},
};
use crate::{app::App, error::ApiError};

/// Deliveries are kept this long.
const KEPT: Duration = Duration::days(30);

/// Removes old deliveries (how many comes back), gives endpoints up that are silent for too long, and puts those to work again
/// whose hint a crash took away.
///
/// # Errors
/// When the database refuses.
pub async fn clean_up(app: &App, organization: OrganizationId) -> Result<u64, ApiError> {
    let now = app.clock.now();
    let mut look = app.db.read(organization).await?;
    let all = endpoints::all(&mut look, organization).await?;
    drop(look);
    if all.is_empty() {
        return Ok(0);
    }
    let mut tx = app.db.begin(organization).await?;
    let removed = deliveries::remove_old(&mut tx, organization, now - KEPT).await?;
    let (mut ended, mut waiting) = (Vec::new(), Vec::new());
    for endpoint in all.iter().filter(|endpoint| endpoint.is_active()) {
        if ending::is_given_up(endpoint.failing_at, now) {
            if ending::give_up(app, &mut tx, organization, endpoint.id, "failing").await? {
                ended.push(endpoint.id);
            }
            continue;
        }
        queue::insert(&mut tx, organization, endpoint.id, None).await?;
        if let Some(due) = deliveries::next_due(&mut tx, organization, endpoint.id).await? {
            waiting.push((endpoint.id, due.max(now)));
        }
    }
    tx.commit().await?;
    let mut tx = app.db.system().await?;
    for endpoint in &ended {
        queue::remove(&mut tx, *endpoint).await?;
    }
    for (endpoint, due) in &waiting {
        queue::hasten(&mut tx, *endpoint, *due).await?;
    }
    tx.commit().await?;
    if !ended.is_empty() {
        app.wake.jobs.notify_one();
    }
    app.wake.hooks.notify_one();
    Ok(removed)
}
