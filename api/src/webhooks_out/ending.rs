//! Giving an endpoint up: nothing more is sent to it until a person enables it.

use chrono::{DateTime, Utc};
use lectern_core::ids::OrganizationId;
use serde_json::json;
use uuid::Uuid;

use super::{pauses::PATIENCE, store::endpoints};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    notify, people,
};

/// Disables an endpoint for a reason of its own and tells the admins by mail; `false` when it was disabled already. After the
/// commit, wake the jobs, and take the endpoint out of the queue.
pub(super) async fn give_up(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    endpoint: Uuid,
    why: &'static str,
) -> Result<bool, ApiError> {
    let now = app.clock.now();
    if !endpoints::disable(tx, organization, endpoint, why, now).await? {
        return Ok(false);
    }
    let entry = app.entry(organization, EntryKind::WebhookEndpointDisabled, Actor::System);
    audit::store::insert(tx, &entry.details(json!({"webhook_endpoint": endpoint, "why": why}))).await?;
    for admin in people::service::admins(tx, organization).await? {
        notify::service::webhook_endpoint_disabled(app, tx, organization, admin, endpoint, now).await?;
    }
    tracing::warn!(%endpoint, "webhook endpoint {endpoint} is disabled: {why}");
    Ok(true)
}

/// Whether nothing arrived for as long as an endpoint is borne with.
pub(super) fn is_given_up(failing_since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    failing_since.is_some_and(|since| now >= since + PATIENCE)
}
