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
    behaviour::{Behaviour, ForcedAnswer},
    delivery::Inner,
    driving::session_id,
    options::{AccountSpec, EndpointSpec},
    payments::{Paid, PayWith},
    webhooks::Outbox,
    world::{RequestRecord, World},
};
use crate::control::{Loopback, common, controlled};

type Shared = State<Arc<Inner>>;

controlled!(World { forced: ForcedAnswer = forced, outbox: Outbox = "/_control/webhooks" });

/// The control routes.
pub(crate) fn router() -> Router<Arc<Inner>> {
    common()
        .route("/_control/truth/{session}", get(truth))
        .route("/_control/sessions", get(sessions))
        .route("/_control/sessions/{session}/pay", post(pay))
        .route("/_control/sessions/{session}/bank", post(bank))
        .route("/_control/sessions/{session}/refund", post(refund))
        .route("/_control/accounts", post(add_account))
        .route("/_control/accounts/{account}/endpoints", post(add_endpoint))
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": "no such session" }))).into_response()
}

async fn truth(_: Loopback, State(inner): Shared, Path(session): Path<String>) -> Response {
    let (world, _) = inner.present();
    world.truth(&session).map_or_else(nothing, |truth| Json(truth).into_response())
}

async fn sessions(_: Loopback, State(inner): Shared) -> Json<Value> {
    let (world, _) = inner.present();
    let all = world
        .sessions
        .values()
        .map(|one| {
            json!({
                "id": one.id, "client_reference_id": one.client_reference_id, "status": one.state, "url": world.page_url(one),
                "payment_status": world.payment_status(one), "amount_total": one.total, "currency": one.currency,
            })
        })
        .collect::<Vec<_>>();
    Json(json!({ "sessions": all }))
}

/// Who pays, and with what: one of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payer {
    #[serde(default)]
    email: String,
    #[serde(default)]
    card: Option<String>,
    #[serde(default)]
    iban: Option<String>,
    /// The answer to the card's bank, when it asks.
    #[serde(default)]
    confirms: Option<bool>,
}

async fn pay(
    _: Loopback,
    State(inner): Shared,
    Path(session): Path<String>,
    Json(payer): Json<Payer>,
) -> Response {
    let outcome = inner.act(|world, now| {
        let id = session_id(&session);
        let with = match (&payer.card, &payer.iban) {
            (_, Some(iban)) => PayWith::Iban(iban),
            (card, None) => PayWith::Card(card.as_deref().unwrap_or_default()),
        };
        match (world.pay(id, &payer.email, with, now), payer.confirms) {
            (Ok(Paid::Asked), Some(yes)) => world.authenticate(id, yes, now),
            (outcome, _) => outcome,
        }
    });
    match outcome {
        Ok(Paid::Done(back)) => Json(json!({ "back": back })).into_response(),
        Ok(Paid::Asked) => Json(json!({ "asked": true })).into_response(),
        Err(refused) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": refused.to_string() }))).into_response()
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bank {
    arrives: bool,
}

async fn bank(
    _: Loopback,
    State(inner): Shared,
    Path(session): Path<String>,
    Json(bank): Json<Bank>,
) -> Json<Value> {
    let decided = inner.act(|world, now| {
        let intent = world.sessions.get(&session).and_then(|session| session.payment.clone());
        intent.is_some_and(|intent| world.bank_decides(&intent, bank.arrives, now))
    });
    Json(json!({ "decided": decided }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Amount {
    #[serde(default)]
    amount: Option<i64>,
}

/// The school sends money back on Stripe's own page.
async fn refund(
    _: Loopback,
    State(inner): Shared,
    Path(session): Path<String>,
    Json(wanted): Json<Amount>,
) -> Response {
    let refund = inner.act(|world, now| {
        let intent = world.sessions.get(&session)?.payment.clone()?;
        world.refund(&intent, wanted.amount, None, now, |_| {}).ok()
    });
    refund.map_or_else(nothing, |id| Json(json!({ "refund": id })).into_response())
}

async fn add_account(_: Loopback, State(inner): Shared, Json(spec): Json<AccountSpec>) -> StatusCode {
    inner.act(|world, now| world.add_account(spec, now));
    StatusCode::CREATED
}

async fn add_endpoint(
    _: Loopback,
    State(inner): Shared,
    Path(account): Path<String>,
    Json(spec): Json<EndpointSpec>,
) -> StatusCode {
    if inner.world().add_endpoint(&account, spec) { StatusCode::CREATED } else { StatusCode::NOT_FOUND }
}
