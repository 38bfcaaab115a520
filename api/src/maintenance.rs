//! Removing what has served: ended sign-ins, published events, read deliveries, used codes, consents nobody gave, kept answers, meetings nobody needs.
//!
//! Everything goes by its own age or state, never because a platform's answer was empty or failed.

use chrono::Duration;
use lectern_core::ids::OrganizationId;
use serde_json::json;

use crate::{
    app::{App, OPERATOR},
    audit::{Actor, EntryKind},
    embedding,
    error::ApiError,
    events, idempotency,
    jobs::{JobError, runner, store as jobs},
    join, live, organizations, people, platforms, sessions, subscriptions, webhooks_in, webhooks_out,
};

/// Published events are kept this long, for those who come back.
const EVENTS_KEPT: Duration = Duration::hours(24);
/// Deliveries are kept this long.
const DELIVERIES_KEPT: Duration = Duration::days(30);

/// Tick `clean_up`.
pub async fn clean_up(app: &App) -> Result<(), JobError> {
    let told = |error: ApiError| JobError::Retry(error.problem().detail, None);
    let now = app.clock.now();
    let mut tx = app.db.system().await?;
    let sign_ins = people::service::remove_ended_sign_ins(&mut tx, now).await.map_err(told)?;
    let read_to = webhooks_out::read_to(&mut tx).await?;
    let events = events::remove_old(&mut tx, now - EVENTS_KEPT, read_to).await?;
    let deliveries = webhooks_in::remove_old(&mut tx, now - DELIVERIES_KEPT).await?;
    live::service::remove_old_tickets(&mut tx, now).await?;
    let dead_jobs = jobs::bury_old(&mut tx, runner::grave_limit(now)).await?;
    tx.commit().await?;
    if sign_ins + events + deliveries + dead_jobs > 0 {
        let entry = app.entry(OPERATOR, EntryKind::CleanedUp, Actor::System);
        app.append_audit(entry.details(
            json!({"sign_ins": sign_ins, "events": events, "deliveries": deliveries, "dead_jobs": dead_jobs}),
        ))
        .await;
    }
    let mut failures = sessions::jobs::Failures::default();
    for organization in organizations::service::all_active(app).await.map_err(told)? {
        failures.note(organization, clean_up_of(app, organization).await);
    }
    failures.finish()
}

async fn clean_up_of(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    sessions::jobs::remove_unused_meetings(app, organization).await?;
    let codes = join::service::clean_up(app, organization).await?;
    let consents = platforms::consent::clean_up(app, organization).await?;
    let subscriptions = subscriptions::remove_old(app, organization).await?;
    platforms::host_days::clean_up(app, organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let answers = idempotency::remove_old(app, &mut tx, organization).await?;
    let embeds = embedding::service::remove_ended(&mut tx, organization, app.clock.now()).await?;
    tx.commit().await?;
    let sent = webhooks_out::clean_up(app, organization).await?;
    if codes + consents + subscriptions + answers + embeds + sent > 0 {
        let entry = app.entry(organization, EntryKind::CleanedUp, Actor::System);
        let removed = json!({"codes": codes, "consents": consents, "subscriptions": subscriptions, "kept_answers": answers, "embeds": embeds, "sent_webhooks": sent});
        app.append_audit(entry.details(removed)).await;
    }
    Ok(())
}
