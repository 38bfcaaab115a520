//! From HTTP to the world and back.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, Method, header},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    answer::Answer,
    api::Call,
    errors::refuse,
    limits::{Label, Reached, too_many},
    operations::{Matched, find},
    query::Query,
    room::BROWSER,
    simulator::Inner,
    state::{RequestRecord, World},
};
use crate::{faults::Fault, server::HangUp};

/// The largest body taken.
const LARGEST_BODY: usize = 1 << 20;

type Shared = State<Arc<Inner>>;

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

fn raw_query(request: &Request) -> Query {
    Query::parse(request.uri().query().unwrap_or_default())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn body(request: Request) -> Bytes {
    // A body that is too long or breaks off is answered like an empty one: the field checks refuse it.
    axum::body::to_bytes(request.into_body(), LARGEST_BODY).await.unwrap_or_default()
}

async fn form(request: Request) -> Query {
    let query = raw_query(&request);
    let body = body(request).await;
    Query::parse(&String::from_utf8_lossy(&body)).join(query)
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
    let known = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(BROWSER).and_then(|rest| rest.strip_prefix('=')));
    match known {
        Some(known) => (known.to_owned(), None),
        None => {
            let made = inner.world().dice.token(32);
            let cookie = format!("{BROWSER}={made}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400");
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

/// HEAD is what mail scanners send: it shows that there is a page and joins nobody.
fn only_looking(method: &Method) -> Option<Response> {
    (method == Method::HEAD).then(|| Answer::html(200, String::new()).into_response())
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

fn hang_up() -> Response {
    let mut response = Response::new(axum::body::Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

/// Faults that strike before any work.
fn before(inner: &Inner, fault: Option<Fault>) -> Option<Response> {
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

/// Faults that strike when the work is done.
async fn after(fault: Option<Fault>, response: Response) -> Response {
    match fault {
        Some(Fault::TimeoutAfter) => hang_up(),
        Some(Fault::Slow(millis)) => {
            tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
            response
        }
        _ => response,
    }
}

fn fault_name(fault: Fault) -> &'static str {
    match fault {
        Fault::TimeoutBefore => "timeout_before",
        Fault::ServerError(_) => "server_error",
        Fault::TooManyRequests => "too_many_requests",
        Fault::TimeoutAfter => "timeout_after",
        Fault::Slow(_) => "slow",
    }
}

/// A call below `/v2`.
async fn api(State(inner): Shared, request: Request) -> Response {
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
            fault: fault.map(fault_name),
        });
    }
}
