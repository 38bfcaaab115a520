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
    errors::Forced,
    http::Shared,
    notify::NotificationBehaviour,
    options::{AppSpec, PolicySpec, UserSpec},
};
use crate::{
    control::{Advance, Loopback, Since},
    faults::FaultPlan,
};

/// The control routes.
pub(crate) fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route("/_control/requests", get(requests))
        .route("/_control/clock", get(clock).post(advance))
        .route("/_control/faults", post(faults))
        .route("/_control/errors", post(errors))
        .route("/_control/notifications", get(deliveries).post(notifications))
        .route("/_control/lifecycle", post(lifecycle))
        .route("/_control/behaviour", get(behaviour).put(set_behaviour))
        .route("/_control/truth", get(truth))
        .route("/_control/meetings", get(meetings))
        .route("/_control/mails", get(mails))
        .route("/_control/apps", post(add_app))
        .route("/_control/users", get(users).post(add_user))
        .route("/_control/policies", post(grant_policy))
        .route("/_control/tenants/{tenant}/consent", post(consent))
        .route("/_control/apps/{client}/end", post(end_grant))
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
        let body = json!({ "error": "this simulator's clock cannot be moved from here" });
        return (StatusCode::CONFLICT, Json(body)).into_response();
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

async fn errors(_: Loopback, State(inner): Shared, Json(forced): Json<Forced>) -> Json<Value> {
    inner.world().forced.push(forced.clone());
    Json(json!({ "forced": forced }))
}

async fn notifications(
    _: Loopback,
    State(inner): Shared,
    Json(wanted): Json<NotificationBehaviour>,
) -> Json<Value> {
    inner.world().outbox.set(wanted.clone());
    Json(json!(wanted))
}

async fn deliveries(_: Loopback, State(inner): Shared, Query(wanted): Query<Since>) -> Json<Value> {
    let world = inner.world();
    Json(
        json!({ "deliveries": wanted.cut(&world.outbox.log, |entry| entry.at), "waiting": world.outbox.waiting() }),
    )
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lifecycle {
    subscription: String,
    event: String,
}

async fn lifecycle(_: Loopback, State(inner): Shared, Json(wanted): Json<Lifecycle>) -> Json<Value> {
    let (mut world, now) = inner.present();
    let told = world.lifecycle(&wanted.subscription, &wanted.event, now);
    drop(world);
    inner.wake.notify_one();
    Json(json!({ "told": told }))
}

async fn behaviour(_: Loopback, State(inner): Shared) -> Json<Behaviour> {
    Json(inner.world().behaviour.clone())
}

async fn set_behaviour(_: Loopback, State(inner): Shared, Json(wanted): Json<Behaviour>) -> Json<Behaviour> {
    inner.world().behaviour = wanted.clone();
    Json(wanted)
}

#[derive(Debug, Deserialize)]
struct Link {
    join_url: String,
}

async fn truth(_: Loopback, State(inner): Shared, Query(link): Query<Link>) -> Response {
    match inner.present().0.truth(&link.join_url) {
        Some(truth) => Json(truth).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "no such meeting" }))).into_response(),
    }
}

/// Meetings with their links: how a rehearsal's people find the door.
async fn meetings(_: Loopback, State(inner): Shared) -> Json<Value> {
    let (world, now) = inner.present();
    let found: Vec<_> = world
        .meetings
        .values()
        .filter(|meeting| meeting.usable(now))
        .map(|meeting| {
            json!({
                "id": meeting.id, "subject": meeting.subject, "join_url": meeting.join_url, "start": meeting.start,
                "organizer": world.users.get(&meeting.organizer).map(|user| user.email.clone()), "live": meeting.live().is_some(),
            })
        })
        .collect();
    Json(json!({ "meetings": found }))
}

async fn mails(_: Loopback, State(inner): Shared) -> Json<Value> {
    Json(json!({ "mails": inner.world().mails }))
}

async fn add_app(_: Loopback, State(inner): Shared, Json(spec): Json<AppSpec>) -> StatusCode {
    inner.world().add_app(spec);
    StatusCode::CREATED
}

/// Everybody with an account: whom a rehearsal's people may be.
async fn users(_: Loopback, State(inner): Shared) -> Json<Value> {
    let world = inner.world();
    let users: Vec<_> = world
        .users
        .values()
        .map(|user| json!({ "id": user.id, "email": user.email, "name": user.name, "tenant": user.tenant, "licensed": user.licensed }))
        .collect();
    Json(json!({ "users": users }))
}

async fn add_user(
    _: Loopback,
    State(inner): Shared,
    Json(spec): Json<UserSpec>,
) -> (StatusCode, Json<Value>) {
    let id = inner.world().add_user(spec);
    (StatusCode::CREATED, Json(json!({ "id": id })))
}

async fn grant_policy(_: Loopback, State(inner): Shared, Json(spec): Json<PolicySpec>) -> StatusCode {
    let (mut world, now) = inner.present();
    world.grant_policy(spec, now);
    StatusCode::CREATED
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consent {
    client_id: String,
}

async fn consent(
    _: Loopback,
    State(inner): Shared,
    Path(tenant): Path<String>,
    Json(wanted): Json<Consent>,
) -> StatusCode {
    inner.world().consent(&tenant, &wanted.client_id);
    StatusCode::CREATED
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    email: String,
}

async fn end_grant(
    _: Loopback,
    State(inner): Shared,
    Path(client): Path<String>,
    Json(person): Json<Person>,
) -> Json<Value> {
    let (mut world, now) = inner.present();
    let user = world.user(&person.email).map(|user| user.id.clone());
    if let Some(user) = &user {
        world.end_grant(&client, user, now);
    }
    Json(json!({ "ended": user.is_some() }))
}
