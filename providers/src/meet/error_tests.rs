#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::*;
use crate::samples;

fn now() -> DateTime<Utc> {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

fn response(status: u16, headers: &[(&str, &str)], body: &Value) -> Response {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    Response { status, headers, body: Bytes::from(body.to_string()) }
}

fn kind(status: u16, body: &Value) -> ErrorKind {
    of("test", &response(status, &[], body), oauth::CREATED, true, now()).kind
}

fn status(code: u16, word: &str) -> Value {
    json!({"error": {"code": code, "message": "x", "status": word}})
}

#[test]
fn every_sample_of_an_error_has_its_kind() {
    let Some(samples) = samples::folder("every_sample_of_an_error_has_its_kind", "meet/samples") else {
        return;
    };
    let limited = ErrorKind::RateLimited(now() + TimeDelta::seconds(30));
    let scope = ErrorKind::ScopeMissing(vec!["meetings.space.created".to_owned()]);
    let mut seen = 0;
    for (name, body) in samples.iter().filter(|(name, _)| name.starts_with("error_")) {
        let code: u16 = name.split('_').nth(1).unwrap().parse().unwrap();
        let wanted = match name.as_str() {
            "error_400_calendar_invalid_conference_type" | "error_400_meet_invalid_argument" => {
                ErrorKind::Invalid("request".to_owned())
            }
            "error_401_calendar" | "error_401_meet_unauthenticated" => ErrorKind::Reconnect,
            "error_403_calendar_quota_exceeded" => ErrorKind::DailyLimit(now() + TimeDelta::hours(6)),
            "error_403_calendar_rate_limit_exceeded"
            | "error_403_calendar_user_rate_limit_exceeded"
            | "error_429_calendar"
            | "error_429_meet_resource_exhausted" => limited.clone(),
            "error_403_meet_permission_denied"
            | "error_404_calendar"
            | "error_404_meet"
            | "error_410_calendar_deleted" => ErrorKind::NotFound,
            "error_403_scope_insufficient" | "error_403_scope_insufficient_calendar" => scope.clone(),
            "error_403_service_disabled" => {
                ErrorKind::PolicyMissing("enable the Google Meet API in the Google Cloud project.".to_owned())
            }
            "error_409_calendar_duplicate_id" | "error_409_events_already_exists" => ErrorKind::Conflict,
            "error_503_backend" => ErrorKind::Unavailable,
            other => panic!("no kind for {other}"),
        };
        assert_eq!(kind(code, body), wanted, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 19);
}

#[test]
fn statuses_without_a_sample() {
    assert_eq!(kind(400, &status(400, "FAILED_PRECONDITION")), ErrorKind::Conflict);
    assert_eq!(kind(409, &status(409, "ABORTED")), ErrorKind::Conflict);
    assert_eq!(kind(418, &json!("nonsense")), ErrorKind::Unexpected);
    assert!(matches!(kind(403, &status(403, "PERMISSION_DENIED")), ErrorKind::PolicyMissing(_)));
    let field = json!({"error": {"status": "INVALID_ARGUMENT", "details": [{"fieldViolations": [{"field": "email"}]}]}});
    assert_eq!(kind(400, &field), ErrorKind::Invalid("email".to_owned()));
}

#[test]
fn a_server_error_leaves_a_create_in_doubt() {
    let answer = response(503, &[], &status(503, "UNAVAILABLE"));
    assert!(of("create", &answer, oauth::CREATED, false, now()).maybe_done);
    assert!(!of("read", &answer, oauth::CREATED, true, now()).maybe_done);
}

#[test]
fn a_403_that_means_too_many_is_tried_again_and_a_spent_quota_is_not() {
    let reason =
        |word: &str| json!({"error": {"code": 403, "errors": [{"domain": "usageLimits", "reason": word}]}});
    let judged = |status, body: &Value| judge(&response(status, &[], body), now());
    let again = Judgement::Again { after: Some(USUAL_WAIT), refused: true };
    assert_eq!(judged(403, &reason("rateLimitExceeded")), again);
    assert_eq!(judged(403, &reason("userRateLimitExceeded")), again);
    assert_eq!(judged(429, &status(429, "RESOURCE_EXHAUSTED")), again);
    assert_eq!(judged(403, &reason("quotaExceeded")), Judgement::Final);
    assert_eq!(judged(403, &status(403, "PERMISSION_DENIED")), Judgement::Final);
    assert_eq!(judged(500, &json!({})), Judgement::Again { after: None, refused: false });
    let header = response(429, &[("retry-after", "7")], &json!({}));
    assert_eq!(
        judge(&header, now()),
        Judgement::Again { after: Some(Duration::from_secs(7)), refused: true }
    );
}

#[test]
fn every_answer_of_the_token_endpoint_has_its_kind() {
    let of = |status, word: &str| {
        of_oauth("refresh", &response(status, &[], &json!({"error": word, "error_description": "x"})), now())
    };
    assert_eq!(of(400, "invalid_grant").kind, ErrorKind::Reconnect);
    assert_eq!(of(401, "invalid_client").kind, ErrorKind::Invalid("client_secret".to_owned()));
    assert_eq!(of(401, "invalid_client").repaired_by, RepairedBy::Admin);
    assert_eq!(of(500, "internal_failure").kind, ErrorKind::Unavailable);
    assert_eq!(of(400, "temporarily_unavailable").kind, ErrorKind::Unavailable);
    assert_eq!(of(401, "unauthorized_client").vendor_code.as_deref(), Some(NOT_DELEGATED));
    assert_eq!(of(400, "something").kind, ErrorKind::Unexpected);
    for (word, step) in [
        ("redirect_uri_mismatch", "redirect"),
        ("admin_policy_enforced", "API controls"),
        ("unauthorized_client", "Domain-wide delegation"),
        ("org_internal", "internal users"),
    ] {
        match of(400, word).kind {
            ErrorKind::PolicyMissing(told) => assert!(told.contains(step), "{told}"),
            other => panic!("{word}: {other:?}"),
        }
    }
}

#[test]
fn every_sample_of_an_oauth_error_has_its_kind() {
    let Some(samples) = samples::folder("every_sample_of_an_oauth_error_has_its_kind", "meet/samples") else {
        return;
    };
    for (name, body) in samples.iter().filter(|(name, _)| name.starts_with("oauth_error_")) {
        let error = of_oauth("refresh", &response(400, &[], body), now());
        assert_ne!(error.kind, ErrorKind::Unexpected, "{name}");
        assert_eq!(error.kind == ErrorKind::Reconnect, name.contains("invalid_grant"), "{name}");
    }
}
