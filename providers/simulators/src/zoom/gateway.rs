//! Below `/v2`: faults, authentication, contract checks and the log around every call.

use axum::{
    extract::{Request, State},
    http::Method,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    answer::Answer,
    api::Call,
    delivery::Inner,
    errors::refuse,
    http::Shared,
    limits::{Label, Reached, too_many},
    operations::{Matched, find},
    world::{RequestRecord, World},
};
use crate::query::Query;
use crate::{
    faults::{Fault, after, hang_up},
    http::{body, header, raw_query},
};

/// Faults that strike before any work.
pub(crate) fn before(inner: &Inner, fault: Option<Fault>) -> Option<Response> {
    let now = inner.now();
    match fault {
        Some(Fault::TimeoutBefore) => Some(hang_up()),
        Some(Fault::ServerError(status)) => Some(server_error(status).into_response()),
        Some(Fault::TooManyRequests) => {
            let behaviour = inner.world().behaviour.clone();
            Some(too_many(Reached::Second, Label::Light, 30, None, &behaviour, now).into_response())
        }
        Some(Fault::TimeoutAfter | Fault::Slow(_)) | None => None,
    }
}

fn server_error(status: u16) -> Answer {
    Answer::html(status, "<html><body><h1>Service Temporarily Unavailable</h1></body></html>".to_owned())
}

/// A call below `/v2`.
pub(crate) async fn api(State(inner): Shared, request: Request) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().strip_prefix("/v2").unwrap_or_default().to_owned();
    let query = raw_query(&request);
    let raw = request.uri().query().map(str::to_owned);
    let authorization = header(request.headers(), "authorization").map(str::to_owned);
    let bytes = body(request).await;
    if let Some(contract) = &inner.contract {
        contract.check_request(method.as_str(), &path, raw.as_deref(), &bytes);
    }
    let (response, fault) = api_now(&inner, &method, &path, query, &bytes, authorization.as_deref());
    after(fault, response).await
}

/// The call itself: everything that happens while the world is held.
fn api_now(
    inner: &Inner,
    method: &Method,
    path: &str,
    query: Query,
    bytes: &[u8],
    authorization: Option<&str>,
) -> (Response, Option<Fault>) {
    let (mut world, now) = inner.present();
    let tracking = format!("v=2.0;clid=aw1;rid=WEB_{}", world.dice.token(16));
    let Some(matched) = find(method.as_str(), path) else {
        // An unencoded UUID falls apart into segments: Zoom then finds no meeting.
        let answer = if path.starts_with("/meetings/")
            || path.starts_with("/past_meetings/")
            || path.starts_with("/report/")
        {
            Answer::error(404, 3001, "Meeting does not exist.")
        } else {
            Answer::error(404, 2300, "This API endpoint is not recognized.")
        };
        world.note(now, method.as_str(), "/v2", "unknown", &answer, None, None);
        return (answer.header("x-zm-trackingid", tracking).into_response(), None);
    };
    let operation = matched.operation;
    let fault = world.faults.strike(operation.id, true);
    let meeting = matched
        .params
        .first()
        .and_then(|param| param.parse::<u64>().ok())
        .filter(|_| operation.path.contains("{meetingId}"));
    let outcome = match fault {
        Some(Fault::TimeoutBefore) => None,
        Some(Fault::ServerError(status)) => Some(server_error(status)),
        Some(Fault::TooManyRequests) => {
            Some(too_many(Reached::Second, operation.label, 30, None, &world.behaviour, now))
        }
        Some(Fault::TimeoutAfter | Fault::Slow(_)) | None => {
            Some(world.answer(matched, query, bytes, authorization, now))
        }
    };
    let answer = outcome.unwrap_or_else(|| Answer::empty(0));
    let made = answer
        .json_body()
        .filter(|_| operation.id == "meetingCreate" && answer.status == 201)
        .and_then(|body| body.get("id")?.as_u64());
    let silent = matches!(fault, Some(Fault::TimeoutBefore | Fault::TimeoutAfter));
    let noted = if silent { Answer::empty(0) } else { answer.clone() };
    world.note(now, method.as_str(), operation.path, operation.id, &noted, meeting.or(made), fault);
    drop(world);
    inner.wake.notify_one();
    if answer.status == 0 {
        return (hang_up(), fault);
    }
    if let Some(contract) = &inner.contract {
        contract.check_response(method.as_str(), path, answer.status, &answer.bytes());
    }
    (answer.header("x-zm-trackingid", tracking).into_response(), fault)
}

impl World {
    /// Authentication, forced errors, then the work.
    fn answer(
        &mut self,
        matched: Matched,
        query: Query,
        bytes: &[u8],
        authorization: Option<&str>,
        now: DateTime<Utc>,
    ) -> Answer {
        let caller = match self.bearer(authorization, now) {
            Ok(caller) => caller,
            Err(answer) => return answer,
        };
        let operation = matched.operation;
        let named = matched.params.first().cloned().unwrap_or_default();
        if let Some(forced) = self.faults.forced(operation.id) {
            return match forced.message {
                Some(message) => Answer::error(forced.status, forced.code, message),
                None => refuse(operation.id, forced.status, forced.code, &named),
            };
        }
        if matched.unroutable {
            return refuse(operation.id, 404, 3001, &named);
        }
        let body = match serde_json::from_slice::<Value>(bytes) {
            Ok(body) => body,
            Err(_) if bytes.is_empty() => Value::Null,
            Err(_) => return Answer::error(400, 300, "Request Body should be a valid JSON object."),
        };
        self.serve(&Call { operation, params: matched.params, query, body, caller, now })
    }

    /// Writes a call into the log, without its secrets.
    #[expect(clippy::too_many_arguments, reason = "the columns of one log line")]
    pub(crate) fn note(
        &mut self,
        at: DateTime<Utc>,
        method: &str,
        route: &str,
        operation: &str,
        answer: &Answer,
        meeting: Option<u64>,
        fault: Option<Fault>,
    ) {
        let seq = self.log.len() as u64 + 1;
        self.log.push(RequestRecord {
            seq,
            at,
            method: method.to_owned(),
            route: route.to_owned(),
            operation: operation.to_owned(),
            status: answer.status,
            code: answer.code(),
            meeting,
            fault: fault.map(Fault::name),
        });
    }
}
