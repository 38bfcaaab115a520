//! Every path of the simulator, and the pages and OAuth endpoints among them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderMap, Method},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::{delivery::Inner, gateway::api, room::BROWSER, world::World};
use crate::{
    answer::Answer,
    faults::{Fault, after, hang_up},
    http::{form, header, only_looking, raw_query},
    open_pages::{mark, set_mark},
    query::Query,
};

pub(crate) type Shared = State<Arc<Inner>>;

/// Everything the simulator serves.
pub(crate) fn router(inner: Arc<Inner>) -> Router {
    let control = if inner.control { super::control::router() } else { Router::new() };
    Router::new()
        .merge(control)
        .route("/o/oauth2/v2/auth", get(authorize).post(decide))
        .route("/token", post(token))
        .route("/revoke", post(revoke))
        .route("/oauth2/v2/userinfo", get(userinfo))
        .route("/oauth2/v3/certs", get(certs))
        .route("/connections", get(connections).post(remove_access))
        .route("/room/{key}", get(room))
        .route("/room/{key}/{what}", post(button))
        .route("/v1/{*path}", any(api))
        .route("/v2/{*path}", any(api))
        .route("/drive/v3/{*path}", any(api))
        .route("/admin/directory/v1/{*path}", any(api))
        .route("/{code}", get(green_room).post(join))
        .fallback(nothing)
        .with_state(inner)
}

async fn nothing() -> Response {
    Answer::html(404, "<html><title>Error 404 (Not Found)!!1</title></html>".to_owned()).into_response()
}

/// Notes a call outside the APIs and answers it.
fn finish(
    inner: &Inner,
    mut world: std::sync::MutexGuard<'_, World>,
    now: DateTime<Utc>,
    what: (&Method, &'static str, &'static str),
    answer: Answer,
) -> Response {
    world.note(now, (what.0.as_str(), what.1, what.2), &answer, None);
    drop(world);
    inner.wake.notify_one();
    answer.into_response()
}

async fn authorize(State(inner): Shared, request: Request) -> Response {
    let query = raw_query(&request);
    let (world, now) = inner.present();
    let answer = world.authorize_page(&query);
    finish(&inner, world, now, (request.method(), "/o/oauth2/v2/auth", "oauthAuthorize"), answer)
}

async fn decide(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    let (mut world, now) = inner.present();
    let answer = world.decide(&form, now);
    finish(&inner, world, now, (&Method::POST, "/o/oauth2/v2/auth", "oauthDecide"), answer)
}

async fn token(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    let fault = inner.world().faults.strike("oauthToken", false);
    after(fault, token_now(&inner, &form, fault)).await
}

fn token_now(inner: &Inner, form: &Query, fault: Option<Fault>) -> Response {
    let (mut world, now) = inner.present();
    let answer = match (fault, world.faults.forced("oauthToken")) {
        (Some(Fault::TimeoutBefore), _) => return hang_up(),
        (Some(Fault::ServerError(status)), _) => {
            Answer::json(status, json!({"error": "internal_failure", "error_description": "Backend Error"}))
        }
        (Some(Fault::TooManyRequests), _) => Answer::json(429, json!({"error": "rate_limit_exceeded"})),
        (_, Some(forced)) => Answer::json(
            forced.status,
            json!({"error": forced.message.unwrap_or_else(|| "invalid_grant".to_owned()), "error_description": "Bad Request"}),
        ),
        (_, None) => world.token(form, now),
    };
    finish(inner, world, now, (&Method::POST, "/token", "oauthToken"), answer)
}

async fn revoke(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    let (mut world, now) = inner.present();
    let answer = world.revoke(&form, now);
    finish(&inner, world, now, (&Method::POST, "/revoke", "oauthRevoke"), answer)
}

async fn userinfo(State(inner): Shared, headers: HeaderMap) -> Response {
    let (world, now) = inner.present();
    let answer = world.userinfo(header(&headers, "authorization"), now);
    finish(&inner, world, now, (&Method::GET, "/oauth2/v2/userinfo", "oauth2.userinfo.get"), answer)
}

async fn certs(State(inner): Shared) -> Response {
    let (world, now) = inner.present();
    let answer = Answer::json(200, world.keys.document())
        .header("cache-control", "public, max-age=20000, must-revalidate".to_owned());
    finish(&inner, world, now, (&Method::GET, "/oauth2/v3/certs", "oauthCerts"), answer)
}

async fn connections(State(inner): Shared) -> Response {
    inner.present().0.connections_page().into_response()
}

async fn remove_access(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    let (mut world, now) = inner.present();
    let user = form.get("user").and_then(|email| world.account_by_email(email)).map(|found| found.id.clone());
    if let Some(user) = user {
        world.end_grants(form.get("client_id").unwrap_or_default(), &user, now);
    }
    finish(
        &inner,
        world,
        now,
        (&Method::POST, "/connections", "removeAccess"),
        Answer::redirect(303, "/connections"),
    )
}

/// The browser's mark, and the header that sets it when it is new.
fn browser(inner: &Inner, headers: &HeaderMap) -> (String, Option<String>) {
    match mark(headers, BROWSER) {
        Some(known) => (known, None),
        None => {
            let made = inner.world().dice.token(32);
            let cookie = set_mark(BROWSER, &made);
            (made, Some(cookie))
        }
    }
}

async fn green_room(
    State(inner): Shared,
    Path(code): Path<String>,
    method: Method,
    headers: HeaderMap,
    request: Request,
) -> Response {
    if let Some(answer) = only_looking(&method) {
        return answer;
    }
    let (browser, cookie) = browser(&inner, &headers);
    let (world, now) = inner.present();
    let mut answer = world.green_room(&code, &raw_query(&request), &browser);
    if let Some(cookie) = cookie {
        answer = answer.header("set-cookie", cookie);
    }
    finish(&inner, world, now, (&method, "/{code}", "greenRoom"), answer)
}

async fn join(
    State(inner): Shared,
    Path(code): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let (browser, cookie) = browser(&inner, &headers);
    let form = form(request).await;
    let (mut world, now) = inner.present();
    let mut answer = world.join_by_page(&code, &form, &browser, now);
    if let Some(cookie) = cookie {
        answer = answer.header("set-cookie", cookie);
    }
    finish(&inner, world, now, (&Method::POST, "/{code}", "joinPage"), answer)
}

async fn room(State(inner): Shared, Path(key): Path<String>, method: Method) -> Response {
    if let Some(answer) = only_looking(&method) {
        return answer;
    }
    let (mut world, now) = inner.present();
    world.room_again(&key, now).into_response()
}

async fn button(
    State(inner): Shared,
    Path((key, what)): Path<(String, String)>,
    request: Request,
) -> Response {
    let form = form(request).await;
    let (mut world, now) = inner.present();
    let answer = world.room_button(&key, &what, &form, now);
    finish(&inner, world, now, (&Method::POST, "/room/{key}/{what}", "roomButton"), answer)
}
