//! `/_control/…`: what a demo, a rehearsal or a test in another process may do. Loopback only, JSON in and out.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    behaviour::Behaviour,
    delivery::Inner,
    options::{AppSpec, EndpointSpec, HostSpec},
    webhooks::WebhookBehaviour,
};
use crate::{
    control::{Advance, Loopback, Since},
    faults::{FaultPlan, ForcedError},
};

type Shared = State<Arc<Inner>>;

/// The control routes.
pub(crate) fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route("/_control/requests", get(requests))
        .route("/_control/clock", get(clock).post(advance))
        .route("/_control/faults", post(faults))
        .route("/_control/errors", post(errors))
        .route("/_control/webhooks", get(deliveries).post(webhooks))
        .route("/_control/behaviour", get(behaviour).put(set_behaviour))
        .route("/_control/truth/{meeting}", get(truth))
        .route("/_control/meetings", get(meetings))
        .route("/_control/apps", post(add_app))
        .route("/_control/apps/{client}/endpoints", post(subscribe))
        .route("/_control/apps/{client}/remove", post(remove))
        .route("/_control/apps/{client}/revoke", post(revoke))
        .route("/_control/hosts", post(add_host))
}

async fn requests(_: Loopback, State(inner): Shared, Query(wanted): Query<Since>) -> Json<Value> {
    let world = inner.world();
    Json(json!({ "requests": wanted.cut(&world.log, |entry| entry.at), "seq": world.log.len() }))
}

async fn clock(_: Loopback, State(inner): Shared) -> Json<Value> {
    Json(json!({ "now": inner.now() }))
}

async fn advance(_: Loopback, State(inner): Shared, Json(wanted): Json<Advance>) -> Response {
    let Some(clock) = &inner.shifted else {
        return (
            StatusCode::CONFLICT,
            Json(json!({ "error": "this simulator's clock cannot be moved from here" })),
        )
            .into_response();
    };
    clock.advance(Duration::seconds(wanted.advance_seconds));
    drop(inner.present());
    inner.wake.notify_one();
    Json(json!({ "now": inner.now() })).into_response()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    plan: FaultPlan,
}

async fn faults(_: Loopback, State(inner): Shared, Json(wanted): Json<Faults>) -> Json<Value> {
    inner.world().faults.set(wanted.seed, wanted.plan.clone());
    Json(json!({ "seed": wanted.seed, "plan": wanted.plan }))
}

async fn errors(_: Loopback, State(inner): Shared, Json(forced): Json<ForcedError>) -> Json<Value> {
    inner.world().faults.forced.push(forced.clone());
    Json(json!({ "forced": forced }))
}

async fn webhooks(_: Loopback, State(inner): Shared, Json(wanted): Json<WebhookBehaviour>) -> Json<Value> {
    inner.world().outbox.set(wanted.clone());
    Json(json!(wanted))
}

async fn deliveries(_: Loopback, State(inner): Shared, Query(wanted): Query<Since>) -> Json<Value> {
    let world = inner.world();
    Json(
        json!({ "deliveries": wanted.cut(&world.outbox.log, |entry| entry.at), "waiting": world.outbox.waiting(), "next_due": world.outbox.next_due() }),
    )
}

async fn behaviour(_: Loopback, State(inner): Shared) -> Json<Behaviour> {
    Json(inner.world().behaviour.clone())
}

async fn set_behaviour(_: Loopback, State(inner): Shared, Json(wanted): Json<Behaviour>) -> Json<Behaviour> {
    inner.world().behaviour = wanted.clone();
    Json(wanted)
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
