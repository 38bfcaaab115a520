//! Every path of the simulator, and the pages and OAuth endpoints among them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderMap, Method},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use serde_json::json;

use super::{delivery::Inner, gateway::api, room::BROWSER};
use crate::{
    answer::Answer,
    faults::{Fault, after, hang_up},
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
        .route("/o/oauth2/v2/auth", get(authorize).post(decide))
        .route("/token", post(token))
        .route("/revoke", post(revoke))
        .route("/oauth2/v2/userinfo", get(userinfo))
        .route("/oauth2/v3/certs", get(certs))
        .route("/connections", get(connections).post(remove_access))
        .merge(rooms::routes())
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

async fn authorize(State(inner): Shared, request: Request) -> Response {
    let query = raw_query(&request);
    inner.answered((request.method().as_str(), "/o/oauth2/v2/auth", "oauthAuthorize"), |world, _| {
        world.authorize_page(&query)
    })
}

async fn decide(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/o/oauth2/v2/auth", "oauthDecide"), |world, now| world.decide(&form, now))
}

async fn token(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    let fault = inner.world().faults.strike("oauthToken", false);
    after(fault, token_now(&inner, &form, fault)).await
}

fn token_now(inner: &Inner, form: &Query, fault: Option<Fault>) -> Response {
    if fault == Some(Fault::TimeoutBefore) {
        return hang_up();
    }
    inner.answered(("POST", "/token", "oauthToken"), |world, now| {
        match (fault, world.faults.forced("oauthToken")) {
            (Some(Fault::ServerError(status)), _) => {
                let body = json!({"error": "internal_failure", "error_description": "Backend Error"});
                Answer::json(status, body)
            }
            (Some(Fault::TooManyRequests), _) => Answer::json(429, json!({"error": "rate_limit_exceeded"})),
            (_, Some(forced)) => {
                let error = forced.message.unwrap_or_else(|| "invalid_grant".to_owned());
                let body = json!({"error": error, "error_description": "Bad Request"});
                Answer::json(forced.status, body)
            }
            (_, None) => world.token(form, now),
        }
    })
}

async fn revoke(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/revoke", "oauthRevoke"), |world, now| world.revoke(&form, now))
}

async fn userinfo(State(inner): Shared, headers: HeaderMap) -> Response {
    inner.answered(("GET", "/oauth2/v2/userinfo", "oauth2.userinfo.get"), |world, now| {
        world.userinfo(header(&headers, "authorization"), now)
    })
}

async fn certs(State(inner): Shared) -> Response {
    inner.answered(("GET", "/oauth2/v3/certs", "oauthCerts"), |world, _| {
        Answer::json(200, world.keys.document())
            .header("cache-control", "public, max-age=20000, must-revalidate".to_owned())
    })
}

async fn connections(State(inner): Shared) -> Response {
    inner.present().0.connections_page().into_response()
}

async fn remove_access(State(inner): Shared, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/connections", "removeAccess"), |world, now| {
        let user =
            form.get("user").and_then(|email| world.account_by_email(email)).map(|found| found.id.clone());
        if let Some(user) = user {
            world.end_grants(form.get("client_id").unwrap_or_default(), &user, now);
        }
        Answer::redirect(303, "/connections")
    })
}

/// The browser's mark, and the header that sets it when it is new.
fn browser(inner: &Inner, headers: &HeaderMap) -> (String, Option<String>) {
    rooms::browser(headers, BROWSER, || inner.world().dice.token(32))
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
    inner.answered((method.as_str(), "/{code}", "greenRoom"), |world, _| {
        with_cookie(world.green_room(&code, &raw_query(&request), &browser), cookie)
    })
}

async fn join(
    State(inner): Shared,
    Path(code): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let (browser, cookie) = browser(&inner, &headers);
    let form = form(request).await;
    inner.answered(("POST", "/{code}", "joinPage"), |world, now| {
        with_cookie(world.join_by_page(&code, &form, &browser, now), cookie)
    })
}
