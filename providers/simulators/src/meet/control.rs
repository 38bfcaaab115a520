//! `/_control/…`: what a demo, a rehearsal or a test in another process may do. Loopback only, JSON in and out.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, patch, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    behaviour::Behaviour,
    delivery::Inner,
    http::Shared,
    options::{AccountSpec, AppSpec, PushSpec, ServiceAccountSpec},
    pubsub::PubSub,
    state::Edition,
    world::{RequestRecord, World},
};
use crate::{
    control::{Loopback, common, controlled},
    faults::ForcedError,
};

controlled!(World { forced: ForcedError = faults.forced, pubsub: PubSub = "/_control/pushes" });

/// The control routes.
pub(crate) fn router() -> Router<Arc<Inner>> {
    common()
        .route("/_control/push", post(add_push))
        .route("/_control/truth/{space}", get(truth))
        .route("/_control/meetings", get(meetings))
        .route("/_control/apps", post(add_app))
        .route("/_control/apps/{client}/remove", post(remove))
        .route("/_control/accounts", post(add_account))
        .route("/_control/accounts/{email}", patch(change_account))
        .route("/_control/subscriptions/{id}/suspend", post(suspend))
        .route("/_control/service-accounts", post(add_service_account))
        .route("/_control/keys/rotate", post(rotate))
}

async fn add_push(_: Loopback, State(inner): Shared, Json(spec): Json<PushSpec>) -> StatusCode {
    inner.world().pubsub.add(spec);
    StatusCode::CREATED
}

async fn truth(_: Loopback, State(inner): Shared, Path(space): Path<String>) -> Response {
    let (world, now) = inner.present();
    match world.truth(&format!("spaces/{space}"), now) {
        Some(truth) => Json(truth).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "no such space" }))).into_response(),
    }
}

/// Spaces with their links and lists: how a rehearsal's people find the door.
async fn meetings(_: Loopback, State(inner): Shared) -> Json<Value> {
    let (world, _) = inner.present();
    let found: Vec<_> = world
        .spaces
        .values()
        .map(|space| {
            let members: Vec<_> = space.members.iter().map(|member| member.email.as_str()).collect();
            json!({
                "id": space.name(), "join_url": world.link(space), "live": space.live().is_some(), "members": members,
                "host": world.accounts.get(&space.owner).map(|owner| owner.email.clone()), "config": space.config,
            })
        })
        .collect();
    Json(json!({ "meetings": found }))
}

async fn add_app(_: Loopback, State(inner): Shared, Json(spec): Json<AppSpec>) -> StatusCode {
    inner.add_app(spec);
    StatusCode::CREATED
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    email: String,
}

async fn remove(
    _: Loopback,
    State(inner): Shared,
    Path(client): Path<String>,
    Json(person): Json<Person>,
) -> Json<Value> {
    let (mut world, now) = inner.present();
    let user = world.account_by_email(&person.email).map(|account| account.id.clone());
    let removed = user.is_some_and(|user| world.end_grants(&client, &user, now));
    drop(world);
    inner.wake.notify_one();
    Json(json!({ "removed": removed }))
}

async fn add_account(
    _: Loopback,
    State(inner): Shared,
    Json(spec): Json<AccountSpec>,
) -> (StatusCode, Json<Value>) {
    let id = inner.add_account(spec);
    (StatusCode::CREATED, Json(json!({ "id": id })))
}

/// What is to become of an account; what is absent stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    edition: Option<Edition>,
    drive_full: Option<bool>,
    /// Bytes.
    storage_limit: Option<u64>,
    downloads_forbidden: Option<bool>,
}

async fn change_account(
    _: Loopback,
    State(inner): Shared,
    Path(email): Path<String>,
    Json(wanted): Json<AccountChange>,
) -> Response {
    let changed = inner.world().change_account(&email, |account| {
        account.edition = wanted.edition.unwrap_or(account.edition);
        account.drive_full = wanted.drive_full.unwrap_or(account.drive_full);
        account.storage_limit = wanted.storage_limit.or(account.storage_limit);
        account.downloads_forbidden = wanted.downloads_forbidden.unwrap_or(account.downloads_forbidden);
    });
    if changed {
        return StatusCode::NO_CONTENT.into_response();
    }
    (StatusCode::NOT_FOUND, Json(json!({ "error": "no such account" }))).into_response()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suspension {
    /// One of Google's reasons.
    reason: String,
}

async fn suspend(
    _: Loopback,
    State(inner): Shared,
    Path(id): Path<String>,
    Json(wanted): Json<Suspension>,
) -> Json<Value> {
    let suspended = inner.act(|world, now| world.suspend(&id, &wanted.reason, now));
    Json(json!({ "suspended": suspended }))
}

async fn add_service_account(
    _: Loopback,
    State(inner): Shared,
    Json(spec): Json<ServiceAccountSpec>,
) -> (StatusCode, Json<Value>) {
    let key_file = inner.add_service_account(spec);
    (StatusCode::CREATED, Json(json!({ "key_file": key_file })))
}

async fn rotate(_: Loopback, State(inner): Shared) -> StatusCode {
    inner.world().keys.rotate();
    StatusCode::NO_CONTENT
}
