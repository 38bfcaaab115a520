//! What was sent to an endpoint: looked at, tried out, sent again.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    HookKind, messages, sender, service,
    store::{
        deliveries::{self, Delivery, NewDelivery},
        endpoints::Endpoint,
        queue,
    },
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    keys::Sealer,
    list::{List, Paging, instant_cursor},
};

/// A delivery, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its id.
    pub id: Uuid,
    /// What it carries as `webhook-id`.
    #[schema(example = "msg_0193f1a27c447d109a533f0c5b1e2d77")]
    pub webhook_id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// `pending` (also between two tries), `delivered` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next; null when it is not.
    pub next_try_at: Option<DateTime<Utc>>,
    /// When it was last tried.
    pub last_try_at: Option<DateTime<Utc>>,
    /// The HTTP status of the last answer.
    pub status: Option<i64>,
    /// Why there was no answer: `not_connected`, `timed_out`, `interrupted` or `forbidden` (an address that is not called).
    pub problem: Option<String>,
    /// How the last answer begins: at most 4 KB.
    pub answer: Option<String>,
    /// How long the last try took.
    pub millis: Option<i64>,
    /// When it was decided on.
    pub created_at: DateTime<Utc>,
}

fn view(sealer: &Sealer, delivery: Delivery) -> DeliveryView {
    let Delivery {
        id,
        event_id,
        kind,
        state,
        tries,
        due_at,
        tried_at,
        status,
        problem,
        answer,
        millis,
        created_at,
    } = delivery;
    let answer = answer.and_then(|sealed| sealer.open("webhook_deliveries", "answer", id, &sealed).ok());
    DeliveryView {
        id,
        webhook_id: sender::message_id(event_id),
        kind,
        state,
        tries,
        next_try_at: due_at,
        last_try_at: tried_at,
        status,
        problem,
        answer: answer.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        millis,
        created_at,
    }
}

/// The states a delivery can be in.
pub(super) const STATES: [&str; 3] = ["pending", "delivered", "failed"];

/// What was sent to an endpoint, the newest first.
pub(super) async fn list(
    app: &App,
    who: &SignedIn,
    endpoint: Uuid,
    state: Option<&str>,
    paging: &Paging,
) -> Result<List<DeliveryView>, ApiError> {
    if let Some(state) = state.filter(|state| !STATES.contains(state)) {
        return Err(ApiError::field("state", format!("{state} is none of {}.", STATES.join(", "))));
    }
    let before = paging.instant_and_id()?;
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.read(who.organization).await?;
    service::own(&mut tx, who, endpoint).await?;
    let rows = deliveries::page(&mut tx, who.organization, endpoint, state, before, paging.fetch()).await?;
    Ok(paging.list(rows, |row| instant_cursor(row.created_at, row.id), |row| view(&sealer, row)))
}

/// An endpoint that is sent to.
async fn active(tx: &mut Tx, who: &SignedIn, id: Uuid) -> Result<Endpoint, ApiError> {
    let endpoint = service::own(tx, who, id).await?;
    if !endpoint.is_active() {
        return Err(ApiError::conflict(
            "endpoint_disabled",
            "Nothing is sent to this endpoint: it is disabled.",
            "Enable it first.",
        ));
    }
    Ok(endpoint)
}

/// After the commit: the endpoint has work now, also if it rests.
async fn call(app: &App, endpoint: Uuid) -> Result<(), ApiError> {
    let mut tx = app.db.system().await?;
    queue::call(&mut tx, endpoint, app.clock.now()).await?;
    tx.commit().await?;
    app.wake.hooks.notify_one();
    Ok(())
}

/// Sends `endpoint.test`, whatever types the endpoint wants.
pub(super) async fn test(app: &App, who: &SignedIn, id: Uuid) -> Result<DeliveryView, ApiError> {
    let (organization, now) = (who.organization, app.clock.now());
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let endpoint = active(&mut tx, who, id).await?;
    let body = messages::body(HookKind::EndpointTest, now, &endpoint.version, &messages::test(id)?)?;
    let delivery = app.ids.next();
    let new = NewDelivery {
        id: delivery,
        endpoint: id,
        event: app.ids.next(),
        kind: HookKind::EndpointTest.as_str(),
        payload: &sealer.seal("webhook_deliveries", "payload", delivery, &body),
        due_at: now,
    };
    deliveries::insert(&mut tx, organization, &new).await?;
    queue::insert(&mut tx, organization, id, Some(now)).await?;
    let entry = app.entry(organization, EntryKind::WebhookEndpointTested, who.actor());
    audit::store::insert(&mut tx, &entry.details(json!({"webhook_endpoint": id}))).await?;
    let made = deliveries::find(&mut tx, organization, id, delivery).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    call(app, id).await?;
    Ok(view(&sealer, made))
}

/// Sends one again, whether it arrived or not; the same bytes under the same `webhook-id`.
pub(super) async fn replay(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    delivery: Uuid,
) -> Result<DeliveryView, ApiError> {
    let (organization, now) = (who.organization, app.clock.now());
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    active(&mut tx, who, id).await?;
    if !deliveries::replay(&mut tx, organization, id, delivery, now).await? {
        return Err(ApiError::NotFound);
    }
    queue::insert(&mut tx, organization, id, Some(now)).await?;
    let entry = app.entry(organization, EntryKind::WebhookReplayed, who.actor());
    let details = json!({"webhook_endpoint": id, "delivery": delivery});
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    let again = deliveries::find(&mut tx, organization, id, delivery).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    call(app, id).await?;
    Ok(view(&sealer, again))
}

/// Sends everything again that failed for good, of what was decided on since; how many.
pub(super) async fn replay_failed(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    since: DateTime<Utc>,
) -> Result<u64, ApiError> {
    let (organization, now) = (who.organization, app.clock.now());
    let mut tx = app.db.begin(organization).await?;
    active(&mut tx, who, id).await?;
    let count = deliveries::replay_failed(&mut tx, organization, id, since, now).await?;
    if count > 0 {
        queue::insert(&mut tx, organization, id, Some(now)).await?;
        let entry = app.entry(organization, EntryKind::WebhookReplayed, who.actor());
        let details = json!({"webhook_endpoint": id, "since": since, "count": count});
        audit::store::insert(&mut tx, &entry.details(details)).await?;
    }
    tx.commit().await?;
    call(app, id).await?;
    Ok(count)
}
