//! `/_control/…`: what a demo, a rehearsal or a test in another process may do. Loopback only, JSON in and out.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    behaviour::Behaviour,
    delivery::Inner,
    options::{AppSpec, EndpointSpec, HostSpec},
    webhooks::Outbox,
    world::{RequestRecord, World},
};
use crate::{
    control::{Loopback, common, controlled},
    faults::ForcedError,
};

type Shared = State<Arc<Inner>>;

controlled!(World { forced: ForcedError = faults.forced, outbox: Outbox = "/_control/webhooks" });

/// The control routes.
pub(crate) fn router() -> Router<Arc<Inner>> {
    common()
        .route("/_control/truth/{meeting}", get(truth))
        .route("/_control/meetings", get(meetings))
        .route("/_control/apps", post(add_app))
        .route("/_control/apps/{client}/endpoints", post(subscribe))
        .route("/_control/apps/{client}/remove", post(remove))
        .route("/_control/apps/{client}/revoke", post(revoke))
        .route("/_control/hosts", post(add_host))
}

async fn truth(_: Loopback, State(inner): Shared, Path(meeting): Path<u64>) -> Response {
    let (world, now) = inner.present();
    match world.truth(meeting, now) {
        Some(truth) => Json(truth).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "no such meeting" }))).into_response(),
    }
}

/// Meetings with their registrants' join URLs: how a rehearsal's people find the door.
async fn meetings(_: Loopback, State(inner): Shared) -> Json<Value> {
    let (world, _) = inner.present();
    let found = world
        .meetings
        .values()
        .filter(|meeting| meeting.deleted.is_none())
        .map(|meeting| {
            let registrants = meeting.registrants.iter().filter(|registrant| registrant.status == super::state::RegistrantStatus::Approved);
            let registrants = registrants
                .map(|registrant| json!({ "id": registrant.id, "email": registrant.email, "name": registrant.name(), "join_url": world.join_url(meeting, registrant) }))
                .collect::<Vec<_>>();
            json!({
                "id": meeting.id, "topic": meeting.topic, "host": world.users.get(&meeting.host).map(|user| user.email.clone()),
                "start_time": meeting.start, "live": meeting.live().is_some(), "registrants": registrants,
            })
        })
        .collect::<Vec<_>>();
    Json(json!({ "meetings": found }))
}

async fn add_app(_: Loopback, State(inner): Shared, Json(spec): Json<AppSpec>) -> StatusCode {
    inner.add_app(spec);
    StatusCode::CREATED
}

async fn subscribe(
    _: Loopback,
    State(inner): Shared,
    Path(client): Path<String>,
    Json(endpoint): Json<EndpointSpec>,
) -> Response {
    match inner.subscribe(&client, endpoint).await {
        Ok(()) => StatusCode::CREATED.into_response(),
        Err(failed) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": failed.to_string() }))).into_response()
        }
    }
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
    let removed = world.remove_app(&client, &person.email, now);
    drop(world);
    inner.wake.notify_one();
    Json(json!({ "removed": removed }))
}

/// The grant dies without a word.
async fn revoke(
    _: Loopback,
    State(inner): Shared,
    Path(client): Path<String>,
    Json(person): Json<Person>,
) -> Json<Value> {
    let mut world = inner.world();
    let user = world.user(&person.email).map(|user| user.id.clone());
    let revoked = user.is_some_and(|user| world.revoke_user(&client, &user));
    Json(json!({ "revoked": revoked }))
}

async fn add_host(
    _: Loopback,
    State(inner): Shared,
    Json(spec): Json<HostSpec>,
) -> (StatusCode, Json<Value>) {
    let id = inner.add_host(spec);
    (StatusCode::CREATED, Json(json!({ "id": id })))
}
