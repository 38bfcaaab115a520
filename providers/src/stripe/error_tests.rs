#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;
use lectern_core::provider::Retry;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::{
    StripeErrorKind as Kind,
    error::{judge_change, judge_look, of, of_failure},
};
use crate::transport::{Failure, FailureKind, Judgement, Response};

fn now() -> chrono::DateTime<chrono::Utc> {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    Response { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
}

fn kind(status: u16, error: &Value) -> Kind {
    of("test", &response(status, &[], &json!({ "error": error }).to_string()), false, now()).kind
}

fn invalid(param: Option<&str>, message: &str) -> Kind {
    Kind::Invalid { param: param.map(Into::into), message: message.into() }
}

#[test]
fn every_documented_answer_has_its_kind() {
    let request = "invalid_request_error";
    let declined = Kind::CardDeclined { decline_code: Some("insufficient_funds".into()) };
    let table = [
        (
            401,
            json!({"type": request, "message": "Invalid API Key provided: sk_test_***7dc"}),
            Kind::KeyRefused,
        ),
        (401, json!({"type": request, "code": "api_key_expired"}), Kind::KeyRefused),
        (403, json!({"type": request}), Kind::NotAllowed),
        (
            400,
            json!({"type": request, "code": "parameter_missing", "param": "success_url", "message": "Missing required param: success_url."}),
            invalid(Some("success_url"), "Missing required param: success_url."),
        ),
        (
            400,
            json!({"type": request, "message": "Only Checkout Sessions with a status in [\"open\"] can be expired."}),
            invalid(None, "Only Checkout Sessions with a status in [\"open\"] can be expired."),
        ),
        (400, json!({"type": "idempotency_error"}), Kind::IdempotencyConflict),
        (409, json!({"type": "idempotency_error", "code": "idempotency_key_in_use"}), Kind::Busy),
        (429, json!({"type": request, "code": "lock_timeout"}), Kind::Busy),
        (429, json!({"type": request, "code": "rate_limit"}), Kind::RateLimited),
        (400, json!({"type": request, "code": "charge_already_refunded"}), Kind::AlreadyRefunded),
        (404, json!({"type": request, "code": "resource_missing", "param": "id"}), Kind::NotFound),
        (
            400,
            json!({"type": request, "code": "resource_missing", "param": "payment_intent"}),
            Kind::NotFound,
        ),
        (
            402,
            json!({"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}),
            declined,
        ),
        (500, json!({"type": "api_error"}), Kind::Unavailable),
        (418, json!({}), Kind::Unexpected),
    ];
    for (status, error, expected) in table {
        assert_eq!(kind(status, &error), expected, "{status} {error}");
    }
}

#[test]
fn what_is_no_json_is_told_by_its_status() {
    assert_eq!(of("test", &response(503, &[], "<html>"), true, now()).kind, Kind::Unavailable);
    assert_eq!(of("test", &response(400, &[], "[]"), true, now()).kind, invalid(None, ""));
    assert_eq!(of("test", &response(302, &[], ""), true, now()).kind, Kind::Unexpected);
}

#[test]
fn code_and_request_are_for_the_log() {
    let body = json!({"error": {"code": "parameter_missing", "message": "x".repeat(9000)}}).to_string();
    let error = of("test", &response(400, &[("request-id", "req_1")], &body), false, now());
    assert_eq!(
        (error.code.as_deref(), error.request_id.as_deref()),
        (Some("400/parameter_missing"), Some("req_1"))
    );
    assert!(matches!(&error.kind, Kind::Invalid { message, .. } if message.len() == 400));
    assert!(error.to_string().contains("(request req_1)"));
}

#[test]
fn another_try_helps_where_it_can() {
    let retry =
        |status, headers: &[(&str, &str)]| of("test", &response(status, headers, ""), false, now()).retry();
    assert_eq!(retry(429, &[]), Retry::Backoff);
    assert_eq!(retry(429, &[("retry-after", "7")]), Retry::After(std::time::Duration::from_secs(7)));
    assert_eq!(retry(503, &[]), Retry::Backoff);
    assert_eq!(retry(409, &[]), Retry::Backoff);
    assert_eq!(retry(400, &[]), Retry::Never);
    assert_eq!(retry(401, &[]), Retry::Never);
}

#[test]
fn a_kept_500_is_not_asked_for_again() {
    let again = |refused| Judgement::Again { after: None, refused };
    assert_eq!(judge_change(&response(500, &[], ""), now()), Judgement::Final);
    assert_eq!(judge_look(&response(500, &[], ""), now()), again(false));
    assert_eq!(judge_change(&response(503, &[], ""), now()), again(false));
    assert_eq!(judge_change(&response(429, &[], ""), now()), again(true));
    assert_eq!(judge_change(&response(409, &[], ""), now()), again(true));
    assert_eq!(
        judge_change(&response(429, &[("stripe-should-retry", "false")], ""), now()),
        Judgement::Final
    );
    assert_eq!(judge_look(&response(404, &[], ""), now()), Judgement::Final);
}

#[test]
fn doubt_is_kept_only_where_something_may_have_changed() {
    assert!(of("create", &response(500, &[], ""), false, now()).maybe_done);
    assert!(!of("read", &response(500, &[], ""), true, now()).maybe_done);
    let late = || Failure::after_sending(FailureKind::TimedOut);
    assert!(of_failure("create", late(), false, now()).maybe_done);
    assert!(!of_failure("read", late(), true, now()).maybe_done);
    assert_eq!(of_failure("read", late(), true, now()).kind, Kind::Unavailable);
    let throttled = Failure::new(FailureKind::Throttled(now() + chrono::TimeDelta::seconds(3)));
    let error = of_failure("read", throttled, true, now());
    assert_eq!(
        (&error.kind, error.retry()),
        (&Kind::RateLimited, Retry::After(std::time::Duration::from_secs(3)))
    );
}

#[test]
fn what_a_person_typed_stays_out_of_the_log() {
    let body = json!({"error": {"type": "invalid_request_error", "param": "customer_email", "message": "Invalid email address: ada@oak"}});
    let error = of("test", &response(400, &[("request-id", "req_1")], &body.to_string()), false, now());
    assert_eq!(error.to_string(), "stripe: test: invalid(customer_email) (code 400) (request req_1)");
    assert!(!format!("{error:?}").contains("ada@oak"));
}
