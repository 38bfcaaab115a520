//! Around every call of the API: faults, the key, the version, limits, idempotency, parameters, and the log.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};

use super::{
    delivery::Inner,
    errors::{self, INVALID, Refusal, invalid, refuse},
    http::Shared,
    idempotency::{Key as KeptKey, Met},
    operations::{Operation, find},
    params::Params,
    state::{Owner, SessionState},
    world::World,
};
use crate::{
    answer::Answer,
    faults::{Fault, after, hang_up},
    http::{body, header, raw_query},
    query::Query,
};

/// The version an account without a choice of its own has here.
pub(crate) const VERSION: &str = "2024-06-20";

/// What came in.
struct Incoming {
    method: String,
    path: String,
    authorization: Option<String>,
    version: Option<String>,
    key: Option<String>,
    /// A form's, or a query's.
    pairs: Query,
    is_form: bool,
}

/// One call, understood.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    /// The id in the path.
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) params: Params,
    pub(crate) request: Origin,
    pub(crate) now: DateTime<Utc>,
}

/// The call that made an event happen.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) request_id: String,
    pub(crate) key: Option<String>,
}

/// Holds an idempotency key until the answer has gone out, or nobody waits for it any more.
struct Running(Arc<Inner>, Option<KeptKey>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(key) = &self.1 {
            self.0.world().kept.finish(key);
        }
    }
}

/// A call below `/v1`.
pub(crate) async fn api(State(inner): Shared, request: Request) -> Response {
    let [authorization, version, key, kind] =
        ["authorization", "stripe-version", "idempotency-key", "content-type"]
            .map(|name| header(request.headers(), name).map(str::to_owned));
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let query = raw_query(&request);
    let bytes = body(request).await;
    let form = Query::parse(&String::from_utf8_lossy(&bytes));
    let is_form =
        bytes.is_empty() || kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let pairs = if method == "GET" { query } else { form };
    let incoming = Incoming { method, path, authorization, version, key, pairs, is_form };
    let (response, fault, held) = api_now(&inner, &incoming);
    let running = Running(Arc::clone(&inner), held);
    let response = after(fault, response).await;
    drop(running);
    response
}

/// The call itself: everything that happens while the world is held.
fn api_now(inner: &Inner, incoming: &Incoming) -> (Response, Option<Fault>, Option<KeptKey>) {
    let (mut world, now) = inner.present();
    let method = incoming.method.as_str();
    let request_id = world.id("req_", 14);
    let dressed = |answer: Answer| {
        let version = incoming.version.as_deref().unwrap_or(VERSION).to_owned();
        answer.header("request-id", request_id.clone()).header("stripe-version", version)
    };
    let Some((operation, id)) = find(method, &incoming.path) else {
        let answer = dressed(errors::unrecognized(method, &incoming.path).answer);
        world.note(now, (method, "/v1", "unknown"), &answer, None);
        return (answer.into_response(), None, None);
    };
    let fault = world.faults.strike(operation.id, true);
    let mut held = None;
    let answer = match fault {
        Some(Fault::TimeoutBefore) => Answer::empty(0),
        Some(Fault::ServerError(status)) => errors::broken(status).answer,
        Some(Fault::TooManyRequests) => errors::too_many("global-rate").answer,
        Some(Fault::TimeoutAfter | Fault::Slow(_)) | None => {
            match world.answer(operation, id, incoming, &request_id, &mut held, now) {
                Ok(answer) => answer,
                Err(refusal) => refusal.answer,
            }
        }
    };
    let answer = if answer.status == 0 { answer } else { dressed(answer) };
    let silent = matches!(fault, Some(Fault::TimeoutBefore | Fault::TimeoutAfter));
    let noted = if silent { Answer::empty(0) } else { answer.clone() };
    world.note(now, (method, operation.path, operation.id), &noted, fault);
    drop(world);
    inner.wake.notify_one();
    let response = if answer.status == 0 { hang_up() } else { answer.into_response() };
    (response, fault, held)
}

/// The key of a call: Bearer, or Basic with the key as the user's name.
fn key(authorization: Option<&str>) -> Option<String> {
    let text = authorization?;
    if let Some(key) = text.strip_prefix("Bearer ") {
        return Some(key.trim().to_owned());
    }
    let decoded = STANDARD.decode(text.strip_prefix("Basic ")?.trim()).ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    Some(pair.split_once(':').map_or(pair.as_str(), |(user, _)| user).to_owned())
}

/// A key as Stripe shows it: its kind and its last four characters.
fn masked(key: &str) -> String {
    let count = key.chars().count();
    let start =
        ["sk_test_", "sk_live_", "rk_test_", "rk_live_"].iter().find(|start| key.starts_with(**start));
    let start = start.map_or(0, |start| start.len());
    key.chars()
        .enumerate()
        .map(|(at, letter)| if at < start || at + 4 >= count { letter } else { '*' })
        .collect()
}

impl World {
    fn caller(&self, operation: &Operation, authorization: Option<&str>) -> Result<Owner, Refusal> {
        let refused = |code, message: String| refuse(401, INVALID, code, None, message);
        let Some(key) = key(authorization).filter(|key| !key.is_empty()) else {
            return Err(refused(
                None,
                "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth \
                 (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we \
                 can help at https://support.stripe.com/."
                    .to_owned(),
            ));
        };
        if key.starts_with("pk_") {
            return Err(refused(
                Some("secret_key_required"),
                "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your \
                 API keys at https://dashboard.stripe.com/account/apikeys."
                    .to_owned(),
            ));
        }
        let Some(known) = self.keys.get(&key) else {
            return Err(refused(None, format!("Invalid API Key provided: {}", masked(&key))));
        };
        if known.expired {
            return Err(refused(
                Some("api_key_expired"),
                format!("Expired API Key provided: {}", masked(&key)),
            ));
        }
        if known.operations.as_ref().is_some_and(|may| !may.iter().any(|id| id == operation.id)) {
            let message = format!(
                "The provided key '{}' does not have the required permissions for this endpoint on account '{}'.",
                masked(&key),
                known.owner.account
            );
            return Err(refuse(403, INVALID, None, None, message));
        }
        Ok(known.owner.clone())
    }

    /// The key, the version, the limits, then the work, once for each idempotency key.
    fn answer(
        &mut self,
        operation: &'static Operation,
        id: String,
        incoming: &Incoming,
        request_id: &str,
        held: &mut Option<KeptKey>,
        now: DateTime<Utc>,
    ) -> Result<Answer, Refusal> {
        let owner = self.caller(operation, incoming.authorization.as_deref())?;
        if let Some(version) = incoming.version.as_deref().filter(|version| !is_version(version)) {
            return Err(invalid(None, None, format!("Invalid Stripe API version: {version}")));
        }
        if self.behaviour.limits {
            self.limits.count(&owner, operation.id, now)?;
        }
        if !incoming.is_form {
            let message = "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any \
                           questions, we can help at https://support.stripe.com/.";
            return Err(invalid(None, None, message));
        }
        let given = incoming.key.as_deref().filter(|_| operation.method == "POST");
        if let Some(long) = given.filter(|key| key.len() > 255) {
            let message =
                format!("Idempotency keys can have up to 255 characters, yours has {}.", long.len());
            return Err(refuse(400, "idempotency_error", None, None, message));
        }
        let kept = given.map(|key| (owner.clone(), key.to_owned()));
        if let Some(key) = &kept {
            let mut pairs: Vec<_> = incoming.pairs.pairs().collect();
            pairs.sort_unstable();
            let call = format!("{} {} {pairs:?}", incoming.method, incoming.path);
            if let Met::Before(answer, first) = self.kept.meet(key, &call, request_id, now)? {
                return Ok(answer
                    .header("idempotency-key", key.1.clone())
                    .header("original-request", first)
                    .header("idempotent-replayed", "true".to_owned()));
            }
            *held = Some(key.clone());
        }
        let request = Origin { request_id: request_id.to_owned(), key: kept.clone().map(|(_, key)| key) };
        let outcome = self.work(operation, id, owner, &incoming.pairs, request, now);
        let Some(key) = kept else { return outcome };
        let (answer, begun) = match outcome {
            Ok(answer) => (answer, true),
            Err(refusal) => (refusal.answer, refusal.begun),
        };
        self.kept.keep(&key, Some(&answer).filter(|_| begun));
        let first = request_id.to_owned();
        Ok(answer.header("idempotency-key", key.1).header("original-request", first))
    }

    fn work(
        &mut self,
        operation: &'static Operation,
        id: String,
        owner: Owner,
        pairs: &Query,
        request: Origin,
        now: DateTime<Utc>,
    ) -> Result<Answer, Refusal> {
        if let Some(forced) = self.take_forced(operation.id) {
            return Err(errors::forced(&forced));
        }
        let params = Params::read(pairs, operation.params)?;
        let call = Call { operation, id, owner, params, request, now };
        let body = match call.operation.id {
            "GetAccount" => self.account(&call)?,
            "PostCheckoutSessions" => self.create_session(&call)?,
            "GetCheckoutSessionsSession" => self.get_session(&call)?,
            "PostCheckoutSessionsSessionExpire" => self.expire_session(&call)?,
            "PostRefunds" => self.create_refund(&call)?,
            "GetRefundsRefund" => self.get_refund(&call)?,
            _ => return Err(errors::unrecognized(operation.method, operation.path)),
        };
        Ok(Answer::json(200, body))
    }

    /// Only an open session can be closed.
    fn expire_session(&mut self, call: &Call) -> Result<serde_json::Value, Refusal> {
        let state = self.session_of(&call.owner, &call.id)?.state;
        if state != SessionState::Open {
            let message = format!(
                "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `{}`.",
                state.word()
            );
            return Err(invalid(None, None, message).begun());
        }
        self.close(&call.id, Some(&call.request), call.now);
        self.get_session(call)
    }
}

/// `2024-06-20`, or newer ones with a name: `2025-03-31.basil`.
fn is_version(text: &str) -> bool {
    let date = text.split_once('.').map_or(text, |(date, _)| date);
    chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_by_its_ends() {
        assert_eq!(masked("sk_test_abcdefgh1234"), "sk_test_********1234");
        assert_eq!(masked("nonsense"), "****ense");
    }

    #[test]
    fn keys_come_as_a_bearer_and_as_a_name() {
        assert_eq!(key(Some("Bearer sk_test_1")).as_deref(), Some("sk_test_1"));
        assert_eq!(key(Some("Basic c2tfdGVzdF8xOg==")).as_deref(), Some("sk_test_1"));
        assert_eq!(key(Some("Digest x")), None);
        assert!(is_version("2024-06-20") && is_version("2025-03-31.basil") && !is_version("latest"));
    }
}
