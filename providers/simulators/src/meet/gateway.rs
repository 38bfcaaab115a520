//! Around every call of an API: faults, authentication, scopes, quotas, contract checks and the log.

use axum::{
    extract::{Request, State},
    http::Method,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    delivery::Inner,
    errors,
    fields::Mask,
    http::Shared,
    oauth::Caller,
    operations::{Operation, find},
    world::{RequestRecord, World},
};
use crate::{
    answer::Answer,
    faults::{Fault, after, hang_up},
    http::{body, header, raw_query},
    query::Query,
};

/// One call, understood.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) params: Vec<String>,
    pub(crate) query: Query,
    pub(crate) fields: Option<Mask>,
    pub(crate) body: Value,
    pub(crate) range: Option<String>,
    pub(crate) caller: Caller,
    pub(crate) now: DateTime<Utc>,
}

impl Call {
    pub(crate) fn param(&self, position: usize) -> &str {
        self.params.get(position).map(String::as_str).unwrap_or_default()
    }

    /// The account that calls; empty for a service account by itself.
    pub(crate) fn user(&self) -> &str {
        self.caller.user.as_deref().unwrap_or_default()
    }
}

/// What came in.
struct Incoming {
    method: Method,
    path: String,
    query: Query,
    raw_query: Option<String>,
    authorization: Option<String>,
    range: Option<String>,
    bytes: axum::body::Bytes,
}

/// A call of any of the APIs.
pub(crate) async fn api(State(inner): Shared, request: Request) -> Response {
    let incoming = Incoming {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: raw_query(&request),
        raw_query: request.uri().query().map(str::to_owned),
        authorization: header(request.headers(), "authorization").map(str::to_owned),
        range: header(request.headers(), "range").map(str::to_owned),
        bytes: body(request).await,
    };
    if let Some(contract) = &inner.contract {
        let raw = incoming.raw_query.as_deref();
        contract.check_request(incoming.method.as_str(), &incoming.path, raw, &incoming.bytes);
    }
    let (response, fault) = api_now(&inner, &incoming);
    after(fault, response).await
}

/// The call itself: everything that happens while the world is held.
fn api_now(inner: &Inner, incoming: &Incoming) -> (Response, Option<Fault>) {
    let (mut world, now) = inner.present();
    let method = incoming.method.as_str();
    let Some((operation, params)) = find(method, &incoming.path) else {
        let answer = Answer::html(404, "<html><title>Error 404 (Not Found)!!1</title></html>".to_owned());
        world.note(now, (method, "/", "unknown"), &answer, None);
        return (answer.into_response(), None);
    };
    let fault = world.faults.strike(operation.id, true);
    let answer = match fault {
        Some(Fault::TimeoutBefore) => Answer::empty(0),
        Some(Fault::ServerError(status)) => errors::unavailable(status),
        Some(Fault::TooManyRequests) => {
            errors::too_many(&format!("{}.googleapis.com", operation.service), "Requests", 1)
        }
        Some(Fault::TimeoutAfter | Fault::Slow(_)) | None => world.answer(operation, params, incoming, now),
    };
    let silent = matches!(fault, Some(Fault::TimeoutBefore | Fault::TimeoutAfter));
    let noted = if silent { Answer::empty(0) } else { answer.clone() };
    world.note(now, (method, operation.path, operation.id), &noted, fault);
    drop(world);
    inner.wake.notify_one();
    if answer.status == 0 {
        return (hang_up(), fault);
    }
    if let Some(contract) = inner.contract.as_ref().filter(|_| incoming.query.get("alt") != Some("media")) {
        contract.check_response(method, &incoming.path, answer.status, &answer.bytes());
    }
    (answer.into_response(), fault)
}

impl World {
    /// Authentication, the project, the scope, the quota, forced errors, then the work.
    fn answer(
        &mut self,
        operation: &'static Operation,
        params: Vec<String>,
        incoming: &Incoming,
        now: DateTime<Utc>,
    ) -> Answer {
        let service = format!("{}.googleapis.com", operation.service);
        let caller = match self.bearer(incoming.authorization.as_deref(), operation.service, now) {
            Ok(caller) => caller,
            Err(answer) => return answer,
        };
        if self.disabled_apis.contains(&(caller.project.clone(), operation.service.to_owned())) {
            return errors::service_disabled(&service);
        }
        if !operation.scopes.iter().any(|scope| caller.may(scope)) {
            return errors::scope_missing(&service);
        }
        // A service account by itself has no Meet, no Drive of its own, no domain.
        if caller.user.is_none() && operation.service != "pubsub" {
            return errors::no_space();
        }
        let user = caller.user.clone().unwrap_or_default();
        if let Err(answer) =
            self.limits.count((&caller.project, &user), operation.label, &self.behaviour, now)
        {
            return answer;
        }
        if let Some(forced) = self.faults.forced(operation.id) {
            return errors::forced(&service, &forced);
        }
        let fields = match incoming.query.get("fields") {
            None => None,
            Some(text) => match Mask::parse(text) {
                Some(mask) => Some(mask),
                None => return errors::invalid("fields"),
            },
        };
        let body = match serde_json::from_slice::<Value>(&incoming.bytes) {
            Ok(body) => body,
            Err(_) if incoming.bytes.is_empty() => Value::Null,
            Err(_) => return errors::invalid("the body is not JSON"),
        };
        let call = Call {
            operation,
            params,
            query: incoming.query.clone(),
            fields,
            body,
            range: incoming.range.clone(),
            caller,
            now,
        };
        let answer = match self.serve(&call) {
            Ok(answer) | Err(answer) => answer,
        };
        match (&call.fields, answer.json_body()) {
            (Some(mask), Some(body)) if answer.status < 300 => Answer::json(answer.status, mask.cut(body)),
            _ => answer,
        }
    }

    fn serve(&mut self, call: &Call) -> Result<Answer, Answer> {
        let body = match call.operation.id {
            "meet.spaces.create" => self.create_space(call)?,
            "meet.spaces.get" => self.get_space(call)?,
            "meet.spaces.patch" => self.patch_space(call)?,
            "meet.spaces.endActiveConference" => self.end_active_conference(call)?,
            "meet.spaces.members.create" => self.create_member(call)?,
            "meet.spaces.members.list" => self.list_members(call)?,
            "meet.spaces.members.batchUpdate" => self.update_members(call)?,
            "meet.spaces.members.get" => self.get_member(call)?,
            "meet.spaces.members.patch" => self.patch_member(call)?,
            "meet.spaces.members.delete" => self.delete_member(call)?,
            "meet.conferenceRecords.list" => self.list_records(call)?,
            "meet.conferenceRecords.get" => self.get_record(call)?,
            "meet.conferenceRecords.participants.list" => self.list_participants(call)?,
            "meet.conferenceRecords.participants.get" => self.get_participant(call)?,
            "meet.conferenceRecords.participants.participantSessions.list" => self.list_sessions(call)?,
            "meet.conferenceRecords.participants.participantSessions.get" => self.get_session(call)?,
            "meet.conferenceRecords.recordings.list" => self.list_recordings(call)?,
            "meet.conferenceRecords.recordings.get" => self.get_recording(call)?,
            "workspaceevents.subscriptions.create" => self.create_subscription(call)?,
            "workspaceevents.subscriptions.list" => self.list_subscriptions(call)?,
            "workspaceevents.subscriptions.get" => self.get_subscription(call)?,
            "workspaceevents.subscriptions.patch" => self.patch_subscription(call)?,
            "workspaceevents.subscriptions.delete" => self.delete_subscription(call)?,
            "workspaceevents.subscriptions.reactivate" => self.reactivate_subscription(call)?,
            "workspaceevents.operations.get" => self.get_operation(call)?,
            "drive.files.get" => return self.get_file(call),
            "drive.files.update" => self.update_file(call)?,
            "drive.files.delete" => return self.delete_file(call),
            "drive.about.get" => self.about(call)?,
            "people.people.get" => self.get_person(call)?,
            "people.people.getBatchGet" => self.get_people(call)?,
            "directory.users.get" => self.get_user(call)?,
            "pubsub.projects.subscriptions.pull" => self.pull(call)?,
            "pubsub.projects.subscriptions.acknowledge" => self.acknowledge(call)?,
            _ => return Err(errors::not_found()),
        };
        Ok(Answer::json(200, body))
    }

    /// Writes a call into the log, without its secrets.
    pub(crate) fn note(
        &mut self,
        at: DateTime<Utc>,
        (method, route, operation): (&str, &str, &str),
        answer: &Answer,
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
            reason: errors::reason(answer),
            fault: fault.map(Fault::name),
        });
    }
}
