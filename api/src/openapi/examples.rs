//! What every operation of the description has besides its own annotation: the refusals that hold for all of its kind, and an
//! example of what is sent.

use serde_json::{Value, json};
use utoipa::openapi::{
    ContentBuilder, Ref, RefOr, ResponseBuilder,
    path::{Operation, ParameterIn},
};

use crate::error::ApiError;

const PROBLEM: &str = "application/problem+json";

/// Adds a refusal where the annotation has none, and its example where it has.
fn refuse(operation: &mut Operation, description: &str, error: &ApiError) {
    let problem = error.problem();
    let status = problem.status.to_string();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(serde_json::to_value(problem).ok())
        .build();
    match operation.responses.responses.get_mut(&status) {
        Some(RefOr::T(known)) if known.content.contains_key(PROBLEM) => {
            known.content.insert(PROBLEM.to_owned(), content.into());
        }
        Some(_) => {}
        None => {
            let added = ResponseBuilder::new().description(description).content(PROBLEM, content).build();
            operation.responses.responses.insert(status, RefOr::T(added));
        }
    }
}

/// Completes one operation.
pub(super) fn complete(method: &str, path: &str, operation: &mut Operation) {
    // Sign-in, and what proves itself in another way, say so in their annotation.
    let signed_in = operation.security.is_none();
    let asks = |place: ParameterIn| {
        operation
            .parameters
            .iter()
            .flatten()
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == place))
    };
    let (in_path, in_query) = (asks(ParameterIn::Path), asks(ParameterIn::Query));
    if signed_in {
        refuse(operation, "Nobody is signed in, or no longer", &ApiError::SignedOut);
        refuse(operation, "Not for this role, or not in the API key's scopes", &ApiError::Forbidden);
    }
    if in_path {
        refuse(operation, "There is no such thing in this organization", &ApiError::NotFound);
    }
    let Some(RefOr::T(body)) = operation.request_body.as_mut() else {
        if in_query {
            refuse(operation, INVALID, &invalid());
        }
        return;
    };
    if let (Some(example), Some(RefOr::T(content))) =
        (sent(method, path), body.content.get_mut("application/json"))
    {
        content.example = Some(example);
    }
    // What platforms send is answered by a status alone.
    if path.starts_with("/api/v1/") {
        refuse(operation, INVALID, &invalid());
    }
}

const INVALID: &str = "A value that is not possible; `errors` names the fields";

fn invalid() -> ApiError {
    ApiError::field("title", "This is needed.")
}

const ID: &str = "0193f1a2-7c44-7d10-9a53-3f0c5b1e2d77";

/// What somebody sends to this operation.
fn sent(method: &str, path: &str) -> Option<Value> {
    let example = match (method, path) {
        ("post", "/api/v1/auth/login") => {
            json!({"organization": "oakwood", "email": "ayesha@oakwood.example", "password": "chalk and duster"})
        }
        ("post", "/api/v1/people") => {
            json!({"email": "ayesha@oakwood.example", "first_name": "Ayesha", "last_name": "Rahman", "role": 0})
        }
        ("patch", "/api/v1/people/{id}") => json!({"first_name": "Ayesha", "active": true}),
        ("post", "/api/v1/api-keys") => json!({"name": "Timetable", "scopes": ["read", "write"]}),
        ("put", "/api/v1/organization/embedding") => json!({"origins": ["https://www.dreamcrowd.example"]}),
        ("post", "/api/v1/embeds") => {
            json!({"view": "join", "class_id": ID, "theme": {"accent": "#0e5e49", "scheme": "auto"}})
        }
        ("put", "/api/v1/organization/locks") => {
            serde_json::to_value(lectern_core::locks::Locks::default()).unwrap_or_default()
        }
        ("patch", "/api/v1/organization/branding") => json!({
            "colour": "#ffe600", "logo_ground": "paper", "sender_name": "Oakwood School", "reply_to": "office@oakwood.example",
        }),
        ("patch", "/api/v1/organization/settings") => json!({"time_zone": "Asia/Dhaka"}),
        ("put", "/api/v1/organization/host-tokens") => json!({
            "tokens": {"algorithm": "hs256", "issuer": "https://dreamcrowd.example", "audience": "lectern"},
            "secret": "at least 32 characters that only both sides know",
        }),
        ("put", "/api/v1/organization/default-platform") => json!({"provider": "zoom"}),
        ("post", "/api/v1/organizations") => {
            json!({"slug": "oakwood", "name": "Oakwood School", "time_zone": "Asia/Dhaka"})
        }
        ("patch", "/api/v1/organizations/{id}") => json!({"active": true}),
        ("put", "/api/v1/organizations/{id}/limits") => {
            json!({"people": 500, "classes": 60, "live_sessions": 10})
        }
        ("post", "/api/v1/instance/jobs/retry") => json!({"kind": "mails.send"}),
        ("post", "/api/v1/classes") => json!({"title": "Mathematics, class 8", "provider": "zoom"}),
        ("patch", "/api/v1/classes/{id}") => json!({"title": "Mathematics, class 9"}),
        ("put", "/api/v1/classes/{id}/settings") => {
            serde_json::to_value(lectern_core::settings::ClassSettings::default()).unwrap_or_default()
        }
        ("put", "/api/v1/classes/{id}/link" | "/api/v1/sessions/{id}/link") => {
            json!({"link": "https://meet.jit.si/OakwoodAlgebra"})
        }
        ("post", "/api/v1/classes/{id}/platform") => json!({"provider": "teams"}),
        ("post", "/api/v1/classes/{id}/enrollments") => {
            json!({"email": "tanvir@home.example", "name": "Tanvir Rahman", "external_id": "buyer-17"})
        }
        ("post", "/api/v1/cohorts") => json!({"name": "Class 8, section A", "external_id": "8-A"}),
        ("patch", "/api/v1/cohorts/{id}") => json!({"name": "Class 9, section A"}),
        ("post", "/api/v1/cohorts/{id}/members") => {
            json!({"email": "tanvir@home.example", "name": "Tanvir Rahman"})
        }
        ("post", "/api/v1/classes/{id}/guests") => {
            json!({"email": "nadia@guest.example", "first_name": "Nadia", "sessions": [ID]})
        }
        ("post", "/api/v1/classes/{id}/sessions") => json!({
            "starts_at": "2026-11-23T09:00:00Z", "duration_minutes": 45, "time_zone": "Asia/Dhaka", "title": "Fractions",
        }),
        ("post", "/api/v1/classes/{id}/sessions/preview") => json!({
            "starts_at": "2026-12-01T03:00:00Z", "duration_minutes": 60, "time_zone": "Asia/Dhaka",
            "viewer_time_zone": "Europe/London", "recurrence": "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=10",
        }),
        ("put", "/api/v1/notification-choices/{topic}") => json!({"mail": false, "live": true}),
        ("put", "/api/v1/schedule/{external_id}") => json!({
            "class": {"external_id": "math-8", "title": "Mathematics, class 8", "instructor": "farhan@oakwood.example"},
            "starts_at": "2026-12-01T03:00:00Z", "duration_minutes": 45, "time_zone": "Asia/Dhaka",
        }),
        ("post", "/api/v1/schedule") => json!({"dry_run": true, "entries": [{
            "external_id": "lesson-2026-12-01-1", "class": {"external_id": "math-8"}, "starts_at": "2026-12-01T03:00:00Z",
            "duration_minutes": 45, "cancelled": true, "reason": "The teacher is ill.",
        }]}),
        ("put", "/api/v1/classes/{id}/offer") => {
            json!({"price": 120_000, "currency": "bdt", "seats": 12, "refund_hours": 24})
        }
        ("post", "/api/v1/booking-pages") | ("put", "/api/v1/booking-pages/{id}") => json!({
            "title": "Office hours", "duration_minutes": 30, "buffer_after_minutes": 5, "notice_minutes": 120, "daily_limit": 6,
            "time_zone": "Asia/Dhaka", "weekly": [{"weekday": "MO", "from": "18:00", "to": "21:00"}],
            "exceptions": [{"date": "2026-12-28", "hours": []}], "audience": "anyone",
        }),
        ("post", "/api/v1/booking-pages/{id}/bookings") | ("patch", "/api/v1/bookings/{id}") => {
            json!({"starts_at": "2026-11-30T12:00:00Z"})
        }
        ("put", "/api/v1/payments/stripe") => {
            json!({"secret_key": "sk_test_of_your_account", "webhook_secret": "whsec_of_the_endpoint"})
        }
        ("post", "/api/stripe/webhook/{organization}") => {
            json!({"id": "evt_1", "object": "event", "type": "checkout.session.completed", "created": 1_795_424_400, "data": {"object": {}}})
        }
        ("patch", "/api/v1/me") => json!({"language": "bn", "time_zone": "Europe/London"}),
        ("post", "/api/v1/webhook-endpoints") => json!({
            "url": "https://portal.oakwood.example/lectern", "description": "Attendance",
            "events": ["session.ended", "attendance.proposed", "attendance.verified"],
        }),
        ("patch", "/api/v1/webhook-endpoints/{id}") => json!({"events": [], "active": true}),
        ("post", "/api/v1/webhook-endpoints/{id}/replay") => json!({"since": "2026-11-23T00:00:00Z"}),
        ("put", "/api/v1/organization/holidays/{day}") => json!({"name": "Victory Day"}),
        ("patch", "/api/v1/sessions/{id}") => {
            json!({"starts_at": "2026-11-23T10:00:00Z", "duration_minutes": 60})
        }
        ("delete", "/api/v1/sessions/{id}") => json!({"reason": "The teacher is ill."}),
        ("patch", "/api/v1/sessions/{id}/attendance/{person}") => {
            json!({"state": "excused", "note": "Mother called."})
        }
        ("post", "/api/v1/sessions/{id}/attendance/verify") => json!({"person_ids": [ID]}),
        ("post", "/api/v1/sessions/{id}/attendance/strays") => {
            json!({"stay": "6d61696e2f34", "person_id": ID})
        }
        ("put", "/api/v1/platforms/{provider}") => json!({
            "mode": "user", "client_id": "of your app at the platform", "client_secret": "its secret", "webhook_secret": "its secret token",
        }),
        (_, "/api/{provider}/webhook" | "/api/{provider}/webhook/{organization}") => json!({
            "event": "meeting.started", "event_ts": 1_795_424_400_000_i64,
            "payload": {"account_id": "abc", "object": {
                "id": "98884753832", "uuid": "4444AAAiAAAAAiAiAiiAii==", "host_id": "x1yCzABCDEfg23HiJKl4mN", "topic": "Fractions",
                "type": 2, "start_time": "2026-11-23T09:00:00Z", "duration": 45, "timezone": "Asia/Dhaka",
            }},
        }),
        _ => return None,
    };
    Some(example)
}
