//! `/_control/…`: what a demo, a rehearsal or a test in another process may do. Loopback only, JSON in and out.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    behaviour::Behaviour,
    delivery::Inner,
    errors::Forced,
    http::Shared,
    notify::Outbox,
    options::{AppSpec, PolicySpec, UserSpec},
    world::{RequestRecord, World},
};
use crate::control::{Loopback, common, controlled};

controlled!(World { forced: Forced = forced, outbox: Outbox = "/_control/notifications" });

/// The control routes.
pub(crate) fn router() -> Router<Arc<Inner>> {
    common()
        .route("/_control/lifecycle", post(lifecycle))
        .route("/_control/truth", get(truth))
        .route("/_control/meetings", get(meetings))
        .route("/_control/mails", get(mails))
        .route("/_control/apps", post(add_app))
        .route("/_control/users", get(users).post(add_user))
        .route("/_control/policies", post(grant_policy))
        .route("/_control/tenants/{tenant}/consent", post(consent))
        .route("/_control/apps/{client}/end", post(end_grant))
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
