//! Every path of the simulator, and the pages and login endpoints among them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{OriginalUri, Path, Request, State},
    http::{HeaderMap, Method},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};

use super::{delivery::Inner, graph::api, world::World};
use crate::{
    answer::Answer,
    faults::{Fault, after, hang_up},
    http::{form, header, only_looking, raw_query},
    rooms,
};

pub(crate) type Shared = State<Arc<Inner>>;

/// Everything the simulator serves.
pub(crate) fn router(inner: Arc<Inner>) -> Router {
    let control = if inner.control { super::control::router() } else { Router::new() };
    Router::new()
        .merge(control)
        .route("/v1.0/{*path}", any(api))
        .route("/beta/{*path}", any(api))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize).post(decide))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/{tenant}/v2.0/adminconsent", get(consent).post(consent))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(openid))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .route("/l/meetup-join/{thread}/{number}", get(door).post(come_in))
        .merge(rooms::routes())
        .route("/presigned/{handle}", get(presigned))
        .fallback(nothing)
        .with_state(inner)
}

async fn nothing() -> Response {
    super::errors::graph(404, "ResourceNotFound", "Resource not found.").into_response()
}

async fn authorize(State(inner): Shared, Path(tenant): Path<String>, request: Request) -> Response {
    let query = raw_query(&request);
    inner.answered(("GET", "/{tenant}/oauth2/v2.0/authorize", "authorize"), |world, _| {
        world.authorize_page(&tenant, &query)
    })
}

async fn decide(State(inner): Shared, Path(tenant): Path<String>, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/{tenant}/oauth2/v2.0/authorize", "decide"), |world, now| {
        world.decide(&tenant, &form, now)
    })
}

async fn token(
    State(inner): Shared,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let is_form = header(&headers, "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    // Only the body counts: secrets in a query are not read.
    let body = crate::http::body(request).await;
    let form = crate::query::Query::parse(&String::from_utf8_lossy(if is_form { &body } else { &[] }));
    let fault = inner.world().faults.strike("token", false);
    match fault {
        Some(Fault::TimeoutBefore) => return hang_up(),
        Some(Fault::ServerError(status)) => return Answer::html(status, String::new()).into_response(),
        Some(Fault::TooManyRequests) => return inner.world().throttled().into_response(),
        Some(Fault::TimeoutAfter | Fault::Slow(_)) | None => {}
    }
    let response = inner.answered(("POST", "/{tenant}/oauth2/v2.0/token", "token"), |world, now| {
        world.token(&tenant, &form, now)
    });
    after(fault, response).await
}

async fn consent(State(inner): Shared, Path(tenant): Path<String>, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("GET", "/{tenant}/v2.0/adminconsent", "adminconsent"), |world, _| {
        world.admin_consent(&tenant, &form)
    })
}

async fn openid(State(inner): Shared, Path(tenant): Path<String>) -> Response {
    inner.world().openid(&tenant).into_response()
}

async fn keys(State(inner): Shared) -> Response {
    inner.answered(("GET", "/{tenant}/discovery/v2.0/keys", "keys"), |_, _| World::published_keys())
}

/// The link as it was given out: path and query as they came.
fn link(inner: &Inner, uri: &axum::http::Uri) -> String {
    let base = inner.world().base.clone();
    format!("{base}{}", uri.path_and_query().map_or("", axum::http::uri::PathAndQuery::as_str))
}

async fn door(State(inner): Shared, OriginalUri(uri): OriginalUri, method: Method) -> Response {
    if let Some(answer) = only_looking(&method) {
        return answer;
    }
    let link = link(&inner, &uri);
    inner.answered(("GET", "/l/meetup-join/…", "joinPage"), |world, now| world.door_page(&link, now))
}

async fn come_in(State(inner): Shared, OriginalUri(uri): OriginalUri, request: Request) -> Response {
    let link = link(&inner, &uri);
    let body = crate::http::body(request).await;
    let form = crate::query::Query::parse(&String::from_utf8_lossy(&body));
    inner.answered(("POST", "/l/meetup-join/…", "join"), |world, now| world.come_in(&link, &form, now))
}

async fn presigned(State(inner): Shared, Path(handle): Path<String>, headers: HeaderMap) -> Response {
    inner.answered(("GET", "/presigned/{handle}", "presigned"), |world, _| {
        world.presigned(&handle, header(&headers, "authorization"), header(&headers, "range"))
    })
}
