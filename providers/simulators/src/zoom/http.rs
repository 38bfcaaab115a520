//! Every path of the simulator, and the pages and OAuth endpoints among them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderMap, Method},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};

use super::{
    answer::Answer,
    delivery::Inner,
    gateway::{api, before},
    room::BROWSER,
};
use crate::{
    faults::after,
    http::{form, header, only_looking, raw_query},
    query::Query,
    rooms::{self, with_cookie},
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
        .merge(rooms::routes())
        .route("/v2/{*path}", any(api))
        .fallback(nothing)
        .with_state(inner)
}

async fn nothing() -> Response {
    Answer::error(404, 2300, "This API endpoint is not recognized.").into_response()
}

async fn authorize(State(inner): Shared, request: Request) -> Response {
    let query = raw_query(&request);
    inner.answered((request.method().as_str(), "/oauth/authorize", "oauthAuthorize"), |world, _| {
        world.authorize_page(&query)
    })
}

async fn decide(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/oauth/authorize", "oauthDecide"), |world, now| world.decide(&form, now))
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
    inner.answered(("POST", "/oauth/token", "oauthToken"), |world, now| {
        let Some(forced) = world.faults.forced("oauthToken") else {
            return world.token(header(headers, "authorization"), form, now);
        };
        let reason = forced.message.unwrap_or_else(|| "Invalid Token!".to_owned());
        Answer::json(forced.status, serde_json::json!({ "reason": reason, "error": "invalid_grant" }))
    })
}

async fn revoke(State(inner): Shared, headers: HeaderMap, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/oauth/revoke", "oauthRevoke"), |world, _| {
        world.revoke(header(&headers, "authorization"), &form)
    })
}

async fn apps(State(inner): Shared) -> Response {
    inner.present().0.apps_page().into_response()
}

async fn remove_app(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/apps", "removeApp"), |world, now| {
        world.remove_app(
            form.get("client_id").unwrap_or_default(),
            form.get("user").unwrap_or_default(),
            now,
        );
        Answer::redirect(303, "/apps")
    })
}

/// The browser's mark, and the header that sets it when it is new.
fn browser(inner: &Inner, headers: &HeaderMap) -> (String, Option<String>) {
    rooms::browser(headers, BROWSER, || inner.world().dice.token(32))
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
    inner.answered((method.as_str(), "/w/{meeting}", "joinPage"), |world, now| {
        with_cookie(
            world.join_page(meeting.parse().unwrap_or(0), &raw_query(&request), &browser, now),
            cookie,
        )
    })
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
    inner.answered((method.as_str(), "/s/{meeting}", "startPage"), |world, now| {
        with_cookie(
            world.start_page(meeting.parse().unwrap_or(0), &raw_query(&request), &browser, now),
            cookie,
        )
    })
}

async fn plain(State(inner): Shared, Path(meeting): Path<String>, request: Request) -> Response {
    inner.answered((request.method().as_str(), "/j/{meeting}", "plainJoinPage"), |world, now| {
        world.registration_or_passcode(meeting.parse().unwrap_or(0), &raw_query(&request), now)
    })
}

async fn by_passcode(
    State(inner): Shared,
    Path(meeting): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let (browser, cookie) = browser(&inner, &headers);
    let form = form(request).await;
    inner.answered(("POST", "/j/{meeting}", "joinByPasscode"), |world, now| {
        with_cookie(world.join_by_passcode(meeting.parse().unwrap_or(0), &form, &browser, now), cookie)
    })
}

async fn registration(State(inner): Shared, Path(token): Path<String>) -> Response {
    inner.present().0.registration_page(&token).into_response()
}

async fn self_register(State(inner): Shared, Path(token): Path<String>, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/meeting/register/{token}", "selfRegister"), |world, now| {
        world.self_register(&token, &form, now)
    })
}

async fn download(
    State(inner): Shared,
    Path(handle): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    inner.answered((request.method().as_str(), "/rec/download/{handle}", "download"), |world, now| {
        world.download(&handle, header(&headers, "authorization"), &raw_query(&request), now)
    })
}

async fn file(
    State(inner): Shared,
    Path(handle): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    inner.answered((request.method().as_str(), "/rec/file/{handle}", "file"), |world, now| {
        world.file_bytes(&handle, &raw_query(&request), header(&headers, "range"), now)
    })
}
