//! Stripe's error answers: `{"error": {"type", "code", "param", "message", "doc_url"}}`.
//!
//! Sources: docs.stripe.com/api/errors, docs.stripe.com/error-codes, and the sentences that people have posted. Which codes go
//! with which sentence is documented for few of them; what is written here without a code has been seen without one.

use serde_json::{Map, Value, json};

use super::behaviour::ForcedAnswer;
use crate::answer::Answer;

pub(crate) const INVALID: &str = "invalid_request_error";

/// A refusal, and whether the endpoint had begun: what it answers then is kept under the idempotency key.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) answer: Answer,
    pub(crate) begun: bool,
}

impl Refusal {
    /// The same, found out by the endpoint's own work and not by looking at the parameters.
    pub(crate) fn begun(mut self) -> Self {
        self.begun = true;
        self
    }
}

fn body(kind: &str, code: Option<&str>, param: Option<&str>, message: &str) -> Map<String, Value> {
    let mut error = Map::new();
    error.insert("type".to_owned(), json!(kind));
    error.insert("message".to_owned(), json!(message));
    if let Some(code) = code {
        error.insert("code".to_owned(), json!(code));
        let page = code.replace('_', "-");
        error.insert("doc_url".to_owned(), json!(format!("https://stripe.com/docs/error-codes/{page}")));
    }
    if let Some(param) = param {
        error.insert("param".to_owned(), json!(param));
    }
    error
}

pub(crate) fn refuse(
    status: u16,
    kind: &str,
    code: Option<&str>,
    param: Option<&str>,
    message: impl AsRef<str>,
) -> Refusal {
    let error = body(kind, code, param, message.as_ref());
    Refusal { answer: Answer::json(status, json!({ "error": error })), begun: false }
}

/// 400, about the parameters.
pub(crate) fn invalid(code: Option<&str>, param: Option<&str>, message: impl AsRef<str>) -> Refusal {
    refuse(400, INVALID, code, param, message)
}

pub(crate) fn missing(param: &str) -> Refusal {
    invalid(Some("parameter_missing"), Some(param), format!("Missing required param: {param}."))
}

pub(crate) fn unknown(param: &str) -> Refusal {
    invalid(Some("parameter_unknown"), Some(param), format!("Received unknown parameter: {param}"))
}

pub(crate) fn empty(param: &str) -> Refusal {
    let message = format!(
        "You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; however \
         '{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty value."
    );
    invalid(Some("parameter_invalid_empty"), Some(param), message)
}

pub(crate) fn no_integer(param: &str, value: &str) -> Refusal {
    invalid(Some("parameter_invalid_integer"), Some(param), format!("Invalid integer: {value}"))
}

/// Nothing of this account and mode has the id. In a path 404; in a parameter 400 (unverified).
pub(crate) fn no_such(what: &str, id: &str, param: Option<&str>, hint: &str) -> Refusal {
    let message = format!("No such {what}: '{id}'{hint}");
    let status = if param.is_some() { 400 } else { 404 };
    refuse(status, INVALID, Some("resource_missing"), Some(param.unwrap_or("id")), message)
}

pub(crate) fn unrecognized(method: &str, path: &str) -> Refusal {
    let message = format!(
        "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at \
         https://support.stripe.com/."
    );
    refuse(404, INVALID, None, None, message)
}

/// `reason` is the header's word: `global-rate` or `endpoint-rate`.
pub(crate) fn too_many(reason: &str) -> Refusal {
    let message =
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.";
    let mut refusal = refuse(429, INVALID, Some("rate_limit"), None, message);
    refusal.answer = refusal.answer.header("stripe-rate-limited-reason", reason.to_owned());
    refusal
}

pub(crate) fn broken(status: u16) -> Refusal {
    let message = "An unknown error occurred. Please contact support@stripe.com with the request ID for more information.";
    refuse(status, "api_error", None, None, message)
}

pub(crate) fn forced(forced: &ForcedAnswer) -> Refusal {
    let mut error = body(&forced.kind, forced.code.as_deref(), None, "Forced by the simulator.");
    if let Some(code) = &forced.decline_code {
        error.insert("decline_code".to_owned(), json!(code));
    }
    let answer = Answer::json(forced.status, json!({ "error": error }));
    Refusal { answer, begun: forced.kept }
}

/// Stripe's code in an error answer, or its type.
pub(crate) fn code(answer: &Answer) -> Option<String> {
    let error = answer.json_body()?.get("error")?;
    error.get("code").or_else(|| error.get("type"))?.as_str().map(str::to_owned)
}
