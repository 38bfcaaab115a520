//! Every path of the simulator: the API below `/v1`, the hosted pages below `/c/pay`, and the control routes.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::Method,
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};

use super::{delivery::Inner, gateway::api};
use crate::{
    answer::Answer,
    html::page,
    http::{form, only_looking},
};

pub(crate) type Shared = State<Arc<Inner>>;

/// Everything the simulator serves.
pub(crate) fn router(inner: Arc<Inner>) -> Router {
    let control = if inner.control { super::control::router() } else { Router::new() };
    Router::new()
        .merge(control)
        .route("/v1/{*path}", any(api))
        .route("/c/pay/{session}", get(show).post(pay))
        .route("/c/pay/{session}/authenticate", post(authenticate))
        .fallback(nothing)
        .with_state(inner)
}

async fn nothing() -> Response {
    Answer::html(404, page("Stripe", "Not found", "", "<h1>Page not found</h1>")).into_response()
}

async fn show(State(inner): Shared, Path(session): Path<String>, method: Method) -> Response {
    if let Some(answer) = only_looking(&method) {
        return answer;
    }
    inner
        .answered(("GET", "/c/pay/{session}", "checkoutPage"), |world, _| world.checkout_page(&session, None))
}

async fn pay(State(inner): Shared, Path(session): Path<String>, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/c/pay/{session}", "checkoutPay"), |world, now| {
        world.pay_by_form(&session, &form, now)
    })
}

async fn authenticate(State(inner): Shared, Path(session): Path<String>, request: Request) -> Response {
    let form = form(request).await;
    inner.answered(("POST", "/c/pay/{session}/authenticate", "checkoutAuthenticate"), |world, now| {
        world.authenticate_by_form(&session, &form, now)
    })
}
