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

use super::{
    answer::Answer,
    delivery::Inner,
    gateway::{api, before},
    room::BROWSER,
    world::World,
};
use crate::{
    faults::after,
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
        .route("/rec/download/{handle}", get(download))
        .route("/rec/file/{handle}", get(file))
        .route("/oauth/authorize", get(authorize).post(decide))
        .route("/oauth/token", post(token))
        .route("/oauth/revoke", post(revoke))
        .route("/apps", get(apps).post(remove_app))
        .route("/w/{meeting}", get(join))
        .route("/s/{meeting}", get(start))
        .route("/j/{meeting}", get(plain).post(by_passcode))
        .route("/meeting/register/{token}", get(registration).post(self_register))
        .route("/room/{key}", get(room))
        .route("/room/{key}/{what}", post(button))
        .route("/v2/{*path}", any(api))
        .fallback(nothing)
        .with_state(inner)
}

async fn nothing() -> Response {
    Answer::error(404, 2300, "This API endpoint is not recognized.").into_response()
}

/// Notes a call outside `/v2` and answers it.
fn finish(
    inner: &Inner,
    mut world: std::sync::MutexGuard<'_, World>,
    now: DateTime<Utc>,
    what: (&Method, &'static str, &'static str),
    answer: Answer,
) -> Response {
    world.note(now, what.0.as_str(), what.1, what.2, &answer, None, None);
    drop(world);
    inner.wake.notify_one();
    answer.into_response()
}

async fn authorize(State(inner): Shared, request: Request) -> Response {
    let query = raw_query(&request);
    let (world, now) = inner.present();
    let answer = world.authorize_page(&query);
    finish(&inner, world, now, (request.method(), "/oauth/authorize", "oauthAuthorize"), answer)
}

async fn decide(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    let (mut world, now) = inner.present();
    let answer = world.decide(&form, now);
    finish(&inner, world, now, (&Method::POST, "/oauth/authorize", "oauthDecide"), answer)
}

async fn token(State(inner): Shared, headers: HeaderMap, request: Request) -> Response {
    let form = form(request).await;
    let fault = inner.world().faults.strike("oauthToken", false);
    if let Some(refused) = before(&inner, fault) {
        return refused;
    }
    let response = token_now(&inner, &headers, &form);
    after(fault, response).await
}

fn token_now(inner: &Inner, headers: &HeaderMap, form: &Query) -> Response {
    let (mut world, now) = inner.present();
    let forced = world.faults.forced("oauthToken");
    let answer = match forced {
        Some(forced) => Answer::json(
            forced.status,
            serde_json::json!({ "reason": forced.message.unwrap_or_else(|| "Invalid Token!".to_owned()), "error": "invalid_grant" }),
        ),
        None => world.token(header(headers, "authorization"), form, now),
    };
    finish(inner, world, now, (&Method::POST, "/oauth/token", "oauthToken"), answer)
}

async fn revoke(State(inner): Shared, headers: HeaderMap, request: Request) -> Response {
    let form = form(request).await;
    let (mut world, now) = inner.present();
    let answer = world.revoke(header(&headers, "authorization"), &form);
    finish(&inner, world, now, (&Method::POST, "/oauth/revoke", "oauthRevoke"), answer)
}

async fn apps(State(inner): Shared) -> Response {
    inner.present().0.apps_page().into_response()
}

async fn remove_app(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    let (mut world, now) = inner.present();
    world.remove_app(form.get("client_id").unwrap_or_default(), form.get("user").unwrap_or_default(), now);
    finish(&inner, world, now, (&Method::POST, "/apps", "removeApp"), Answer::redirect(303, "/apps"))
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

fn with_cookie(answer: Answer, cookie: Option<String>) -> Answer {
    match cookie {
        Some(cookie) => answer.header("set-cookie", cookie),
        None => answer,
    }
}

async fn join(
    State(inner): Shared,
    Path(meeting): Path<String>,
    method: Method,
    headers: HeaderMap,
    request: Request,
) -> Response {
    if let Some(answer) = only_looking(&method) {
        return answer;
    }
    let (browser, cookie) = browser(&inner, &headers);
    let (mut world, now) = inner.present();
    let answer = world.join_page(meeting.parse().unwrap_or(0), &raw_query(&request), &browser, now);
    finish(&inner, world, now, (&method, "/w/{meeting}", "joinPage"), with_cookie(answer, cookie))
}

async fn start(
    State(inner): Shared,
    Path(meeting): Path<String>,
    method: Method,
    headers: HeaderMap,
    request: Request,
) -> Response {
    if let Some(answer) = only_looking(&method) {
        return answer;
    }
    let (browser, cookie) = browser(&inner, &headers);
    let (mut world, now) = inner.present();
    let answer = world.start_page(meeting.parse().unwrap_or(0), &raw_query(&request), &browser, now);
    finish(&inner, world, now, (&method, "/s/{meeting}", "startPage"), with_cookie(answer, cookie))
}

async fn plain(State(inner): Shared, Path(meeting): Path<String>, request: Request) -> Response {
    let (world, now) = inner.present();
    let answer = world.registration_or_passcode(meeting.parse().unwrap_or(0), &raw_query(&request), now);
    finish(&inner, world, now, (request.method(), "/j/{meeting}", "plainJoinPage"), answer)
}

async fn by_passcode(
    State(inner): Shared,
    Path(meeting): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let (browser, cookie) = browser(&inner, &headers);
    let form = form(request).await;
    let (mut world, now) = inner.present();
    let answer = world.join_by_passcode(meeting.parse().unwrap_or(0), &form, &browser, now);
    finish(&inner, world, now, (&Method::POST, "/j/{meeting}", "joinByPasscode"), with_cookie(answer, cookie))
}

async fn registration(State(inner): Shared, Path(token): Path<String>) -> Response {
    inner.present().0.registration_page(&token).into_response()
}

async fn self_register(State(inner): Shared, Path(token): Path<String>, request: Request) -> Response {
    let form = form(request).await;
    let (mut world, now) = inner.present();
    let answer = world.self_register(&token, &form, now);
    finish(&inner, world, now, (&Method::POST, "/meeting/register/{token}", "selfRegister"), answer)
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

async fn download(
    State(inner): Shared,
    Path(handle): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let (mut world, now) = inner.present();
    let answer = world.download(&handle, header(&headers, "authorization"), &raw_query(&request), now);
    finish(&inner, world, now, (request.method(), "/rec/download/{handle}", "download"), answer)
}

async fn file(
    State(inner): Shared,
    Path(handle): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let (world, now) = inner.present();
    let answer = world.file_bytes(&handle, &raw_query(&request), header(&headers, "range"), now);
    finish(&inner, world, now, (request.method(), "/rec/file/{handle}", "file"), answer)
}
