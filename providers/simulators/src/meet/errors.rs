//! Google's two error envelopes.

use serde_json::{Value, json};

use crate::{answer::Answer, faults::ForcedError};

fn word(status: u16) -> &'static str {
    match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ALREADY_EXISTS",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        503 => "UNAVAILABLE",
        _ => "UNKNOWN",
    }
}

/// The newer envelope: Meet, Events, People, Pub/Sub.
pub(crate) fn failed(status: u16, message: &str) -> Answer {
    failed_as(status, word(status), message)
}

pub(crate) fn failed_as(status: u16, word: &str, message: &str) -> Answer {
    Answer::json(status, json!({"error": {"code": status, "message": message, "status": word}}))
}

fn with_reason(status: u16, message: &str, reason: &str, metadata: Value) -> Answer {
    Answer::json(
        status,
        json!({"error": {"code": status, "message": message, "status": word(status), "details": [{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": metadata,
        }]}}),
    )
}

/// The older envelope: Drive, the directory, Calendar.
pub(crate) fn older(status: u16, domain: &str, reason: &str, message: &str) -> Answer {
    Answer::json(
        status,
        json!({"error": {"code": status, "message": message,
            "errors": [{"domain": domain, "reason": reason, "message": message}]}}),
    )
}

pub(crate) fn invalid(what: &str) -> Answer {
    failed(400, &format!("Request contains an invalid argument: {what}."))
}

pub(crate) fn not_found() -> Answer {
    failed(404, "Requested entity was not found.")
}

/// One answer for what is gone, another account's, or another project's.
pub(crate) fn no_space() -> Answer {
    failed(403, "Permission denied on resource Space (or it might not exist)")
}

pub(crate) fn unauthenticated(service: &str) -> Answer {
    with_reason(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid \
         authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        "ACCESS_TOKEN_EXPIRED",
        json!({"service": service}),
    )
}

pub(crate) fn scope_missing(service: &str) -> Answer {
    with_reason(
        403,
        "Request had insufficient authentication scopes.",
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        json!({"service": service}),
    )
}

pub(crate) fn service_disabled(service: &str) -> Answer {
    with_reason(
        403,
        &format!(
            "{service} has not been used in project 123456789012 before or it is disabled. Enable it by visiting the console then retry."
        ),
        "SERVICE_DISABLED",
        json!({"service": service, "consumer": "projects/123456789012"}),
    )
}

pub(crate) fn too_many(service: &str, metric: &str, most: usize) -> Answer {
    with_reason(
        429,
        &format!(
            "Quota exceeded for quota metric '{metric}' and limit '{metric} per minute per user' of service '{service}' for consumer 'project_number:123456789012'."
        ),
        "RATE_LIMIT_EXCEEDED",
        json!({"service": service, "consumer": "projects/123456789012", "quota_limit_value": most.to_string()}),
    )
}

pub(crate) fn unavailable(status: u16) -> Answer {
    failed(status, "The service is currently unavailable.")
}

/// An answer that a test asked for: its message may be one of Google's reasons.
pub(crate) fn forced(service: &str, forced: &ForcedError) -> Answer {
    match forced.message.as_deref() {
        Some(reason @ ("rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded")) => {
            older(forced.status, "usageLimits", reason, "Rate Limit Exceeded")
        }
        Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT") => scope_missing(service),
        Some("SERVICE_DISABLED") => service_disabled(service),
        Some("FAILED_PRECONDITION") => failed_as(400, "FAILED_PRECONDITION", "Precondition check failed."),
        Some(message) => failed(forced.status, message),
        None => failed(forced.status, "Asked for by a test."),
    }
}

/// The word in an error answer, for the log.
pub(crate) fn reason(answer: &Answer) -> Option<String> {
    let error = answer.json_body().filter(|_| answer.status >= 400)?.get("error")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    error
        .pointer("/details/0/reason")
        .or_else(|| error.pointer("/errors/0/reason"))
        .or_else(|| error.get("status"))
        .or(Some(error))
        .and_then(text)
}
