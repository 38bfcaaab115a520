//! Below `/v1.0` and `/beta`: faults, authentication, permissions and policies, contract checks and the log around every call.

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    delivery::Inner,
    errors::{bad, graph, no_policy, not_organizer},
    http::Shared,
    login::Caller,
    operations::{Matched, Operation, Owner, find},
    state::User,
    subscriptions::Wanted,
    world::World,
};
use crate::{
    answer::{Answer, Content},
    faults::{Fault, after, hang_up},
    http::{body, header},
    query::Query,
};

/// One call that has passed authentication and permissions.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) params: Vec<String>,
    pub(crate) query: Query,
    pub(crate) body: Value,
    pub(crate) caller: Caller,
    /// Whose calendar and meetings; `None` outside `/me` and `/users`.
    pub(crate) person: Option<User>,
    pub(crate) prefer: String,
    /// The path as called, for the addresses of further pages.
    pub(crate) path: String,
    pub(crate) now: DateTime<Utc>,
}

impl Call {
    pub(crate) fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    pub(crate) fn person_id(&self) -> &str {
        self.person.as_ref().map_or("", |person| person.id.as_str())
    }
}

/// What came.
struct Came {
    method: String,
    version: &'static str,
    path: String,
    query: Query,
    bytes: axum::body::Bytes,
    authorization: Option<String>,
    prefer: String,
}

impl Came {
    /// The document is of one face; subscriptions have the same shape in both.
    fn is_documented(&self) -> bool {
        self.version == "/v1.0" || self.path.starts_with("/subscriptions")
    }
}

/// What is to be done with a call: answer it, or ask a receiver first.
enum Next {
    Answer(Answer),
    Subscribe(Box<Wanted>),
}

/// A call below `/v1.0` or `/beta`.
pub(crate) async fn api(State(inner): Shared, request: Request) -> Response {
    let whole = request.uri().path().to_owned();
    let (version, path) = match (whole.strip_prefix("/v1.0"), whole.strip_prefix("/beta")) {
        (Some(path), _) => ("/v1.0", path.to_owned()),
        (None, Some(path)) => ("/beta", path.to_owned()),
        (None, None) => ("", whole.clone()),
    };
    let raw = request.uri().query().map(str::to_owned);
    let prefer = request.headers().get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let came = Came {
        method: request.method().to_string(),
        version,
        path,
        query: crate::http::raw_query(&request),
        prefer: prefer.collect::<Vec<_>>().join(", "),
        authorization: header(request.headers(), "authorization").map(str::to_owned),
        bytes: body(request).await,
    };
    if let Some(contract) = inner.contract.as_ref().filter(|_| came.is_documented()) {
        contract.check_request(&came.method, &came.path, raw.as_deref(), &came.bytes);
    }
    let Some(matched) = find(&came.method, &came.path) else { return unknown(&inner, &came) };
    let operation = matched.operation;
    let fault = inner.world().faults.strike(operation.id, true);
    let answer = match before(&inner, fault) {
        Some(answer) => answer,
        None => work(&inner, matched, &came).await,
    };
    let response = finish(&inner, &came, operation, answer, fault);
    after(fault, response).await
}

fn unknown(inner: &Inner, came: &Came) -> Response {
    let (mut world, now) = inner.present();
    let answer = graph(404, "ResourceNotFound", "Resource not found for the segment.");
    let answer = world.dressed(answer, now);
    world.note(now, (&came.method, came.version, "unknown"), &answer, None);
    answer.into_response()
}

/// Faults that strike before any work.
fn before(inner: &Inner, fault: Option<Fault>) -> Option<Answer> {
    match fault? {
        Fault::TimeoutBefore => Some(Answer::empty(0)),
        Fault::ServerError(status) => Some(graph(status, "InternalServerError", "An error has occurred.")),
        Fault::TooManyRequests => Some(inner.world().throttled()),
        Fault::TimeoutAfter | Fault::Slow(_) => None,
    }
}

/// Into the log, past the contract, and out.
fn finish(
    inner: &Inner,
    came: &Came,
    operation: &Operation,
    answer: Answer,
    fault: Option<Fault>,
) -> Response {
    let (mut world, now) = inner.present();
    let answer = world.dressed(answer, now);
    let silent = answer.status == 0 || matches!(fault, Some(Fault::TimeoutAfter));
    let noted = if silent { Answer::empty(0) } else { answer.clone() };
    world.note(now, (&came.method, operation.path, operation.id), &noted, fault);
    drop(world);
    inner.wake.notify_one();
    if answer.status == 0 {
        return hang_up();
    }
    if let Some(contract) = inner.contract.as_ref().filter(|_| came.is_documented()) {
        let bytes = match &answer.content {
            // Files are not the document's.
            Content::Bytes(..) => Vec::new(),
            _ => answer.bytes(),
        };
        contract.check_response(&came.method, &came.path, answer.status, &bytes);
    }
    answer.into_response()
}

async fn work(inner: &Inner, matched: Matched, came: &Came) -> Answer {
    let next = {
        let (mut world, now) = inner.present();
        world.serve(matched, came, now)
    };
    match next {
        Next::Answer(answer) => answer,
        // The receiver is asked while the caller waits; the world goes on meanwhile.
        Next::Subscribe(wanted) => {
            let shaken = inner.shake_hands(&wanted).await;
            let (mut world, now) = inner.present();
            world.subscribe(*wanted, shaken, now)
        }
    }
}

fn lacking(operation: &Operation, caller: &Caller) -> Answer {
    if operation.id.starts_with("events.") || operation.id.starts_with("calendar") {
        return graph(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
    }
    let (kind, names) = match caller.user {
        Some(_) => ("scope", operation.scopes),
        None => ("role", operation.roles),
    };
    let message = format!(
        "Missing {kind} permissions on the request. API requires one of '{}'. {} on the request '{}'.",
        names.join(", "),
        if kind == "scope" { "Scopes" } else { "Roles" },
        caller.may.join(", ")
    );
    graph(403, "Forbidden", &message)
}

impl World {
    fn serve(&mut self, matched: Matched, came: &Came, now: DateTime<Utc>) -> Next {
        match self.admitted(matched, came, now) {
            Ok(call) if call.operation.id == "subscriptions.create" => {
                match self.wanted_subscription(&call, came.version) {
                    Ok(wanted) => Next::Subscribe(Box::new(wanted)),
                    Err(answer) => Next::Answer(answer),
                }
            }
            Ok(call) => Next::Answer(self.done(&call).unwrap_or_else(|refused| refused)),
            Err(answer) => Next::Answer(answer),
        }
    }

    /// Authentication, forced errors, whose path it is, permissions, policies.
    fn admitted(&mut self, matched: Matched, came: &Came, now: DateTime<Utc>) -> Result<Call, Answer> {
        let caller = self.bearer(came.authorization.as_deref(), now)?;
        let operation = matched.operation;
        if let Some(answer) = self.forced(operation.id) {
            return Err(answer);
        }
        let person = self.person(&matched.owner, operation, &caller)?;
        let needed = if caller.user.is_some() { operation.scopes } else { operation.roles };
        if operation.personal && !caller.any_of(needed) {
            return Err(lacking(operation, &caller));
        }
        if let Some(person) = &person {
            self.may_meet(operation, &caller, person, now)?;
        }
        let body = match serde_json::from_slice::<Value>(&came.bytes) {
            Ok(body) => body,
            Err(_) if came.bytes.is_empty() => Value::Null,
            Err(_) => return Err(bad("Unable to read JSON request payload.")),
        };
        Ok(Call {
            operation,
            params: matched.params,
            query: came.query.clone(),
            body,
            caller,
            person,
            prefer: came.prefer.clone(),
            path: format!("{}{}", came.version, came.path),
            now,
        })
    }

    fn person(&self, owner: &Owner, operation: &Operation, caller: &Caller) -> Result<Option<User>, Answer> {
        let missing = || {
            graph(
                404,
                "Request_ResourceNotFound",
                "Resource does not exist or one of its queried reference-property objects are not present.",
            )
        };
        match (owner, &caller.user) {
            (Owner::Nobody, _) => Ok(None),
            (Owner::Me, None) => Err(bad("/me request is only valid with delegated authentication flow.")),
            (Owner::Me, Some(user)) => self.users.get(user).cloned().map(Some).ok_or_else(missing),
            (Owner::User(name), Some(user)) => {
                let own = self.user(name).filter(|found| found.id == *user).cloned();
                own.map(Some).ok_or_else(not_organizer)
            }
            (Owner::User(name), None) => {
                let found = self.user(name).filter(|found| found.tenant == caller.tenant).cloned();
                // Online meetings take object ids only.
                if operation.policy && found.as_ref().is_some_and(|found| found.id != *name) {
                    return Err(bad("Invalid user id in the request URL."));
                }
                found.map(Some).ok_or_else(missing)
            }
        }
    }

    fn may_meet(
        &self,
        operation: &Operation,
        caller: &Caller,
        person: &User,
        now: DateTime<Utc>,
    ) -> Result<(), Answer> {
        if !operation.policy {
            return Ok(());
        }
        if person.tenant.is_empty() {
            return Err(graph(
                403,
                "Forbidden",
                "The online meetings of personal accounts are not supported.",
            ));
        }
        let granted = caller.user.is_some()
            || self.tenants.get(&caller.tenant).is_some_and(|tenant| {
                tenant.policies.iter().any(|policy| {
                    policy.app == caller.app
                        && policy.user.as_ref().is_none_or(|user| *user == person.id)
                        && policy.from <= now
                })
            });
        if granted { Ok(()) } else { Err(no_policy()) }
    }

    fn done(&mut self, call: &Call) -> Result<Answer, Answer> {
        match call.operation.id {
            "get" => self.get_person(call),
            "events.create" => self.create_event(call),
            "events.list" => self.list_events(call),
            "events.get" => self.get_event(call),
            "events.update" => self.update_event(call),
            "events.delete" => self.delete_event(call, 204),
            "events.cancel" => self.delete_event(call, 202),
            "events.instances" => self.instances(call),
            "calendarView.list" => self.calendar_view(call),
            "onlineMeetings.create" => self.create_meeting(call),
            "onlineMeetings.createOrGet" => self.create_or_get(call),
            "onlineMeetings.list" => self.find_meeting(call),
            "onlineMeetings.get" => self.get_meeting(call),
            "onlineMeetings.update" => self.update_meeting(call),
            "onlineMeetings.delete" => self.delete_meeting(call),
            "attendanceReports.list" => self.list_reports(call),
            "attendanceReports.get" => self.get_report(call),
            "attendanceRecords.list" => self.list_records(call),
            "recordings.list" => self.list_files(call, false),
            "recordings.get" => self.get_file(call, false),
            "recordings.content" => self.file_content(call, false),
            "transcripts.list" => self.list_files(call, true),
            "transcripts.get" => self.get_file(call, true),
            "transcripts.content" => self.file_content(call, true),
            "subscriptions.list" => self.list_subscriptions(call),
            "subscriptions.get" => self.get_subscription(call),
            "subscriptions.update" => self.renew_subscription(call),
            "subscriptions.delete" => self.delete_subscription(call),
            "subscriptions.reauthorize" => self.reauthorize_subscription(call),
            _ => Err(graph(404, "ResourceNotFound", "Resource not found for the segment.")),
        }
    }

    fn get_person(&self, call: &Call) -> Result<Answer, Answer> {
        let person = call.person.as_ref().ok_or_else(super::errors::not_found)?;
        Ok(Answer::json(
            200,
            serde_json::json!({
                "@odata.context": format!("{}/v1.0/$metadata#users/$entity", self.base), "id": person.id, "displayName": person.name,
                "mail": if person.tenant.is_empty() { Value::Null } else { person.email.clone().into() },
                "userPrincipalName": person.email,
            }),
        ))
    }

    /// A list's page: what fits, and the address of the next.
    pub(crate) fn paged(&self, call: &Call, items: Vec<Value>) -> Answer {
        let (size, from) =
            super::operations::page(&call.query, self.behaviour.page, self.behaviour.longest_page);
        let more = items.len() > from.saturating_add(size);
        let value: Vec<_> = items.into_iter().skip(from).take(size).collect();
        let mut body = serde_json::json!({
            "@odata.context": format!("{}/v1.0/$metadata#Collection", self.base), "value": value,
        });
        if more {
            body["@odata.nextLink"] = self.next_link(&call.path, &call.query, from + size).into();
        }
        Answer::json(200, body)
    }

    pub(crate) fn next_link(&self, path: &str, query: &Query, from: usize) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in query.pairs().filter(|(name, _)| *name != "$skiptoken") {
            pairs.append_pair(name, value);
        }
        pairs.append_pair("$skiptoken", &from.to_string());
        format!("{}{path}?{}", self.base, pairs.finish())
    }
}
