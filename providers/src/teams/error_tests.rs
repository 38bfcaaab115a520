#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::*;

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

const PLACE: Place<'static> = Place { client_id: "app-1", organizer: "teacher-1" };

fn graph(status: u16, code: &str, message: &str) -> ProviderError {
    let body = json!({"error": {"code": code, "message": message}});
    of("test", &response(status, &[], &body), true, &PLACE, now())
}

fn login(status: u16, error: &str, number: i64) -> ProviderError {
    let body = json!({"error": error, "error_description": format!("AADSTS{number}: words"), "error_codes": [number]});
    of_login("test", &response(status, &[], &body), now())
}

#[test]
fn every_answer_seen_has_its_kind() {
    let table: &[(u16, &str, &str, ErrorKind)] = &[
        (401, "InvalidAuthenticationToken", "Access token has expired.", ErrorKind::Reconnect),
        (404, "NotFound", "", ErrorKind::NotFound),
        (404, "ErrorItemNotFound", "The specified object was not found in the store.", ErrorKind::NotFound),
        (404, "ResourceNotFound", "The object was not found.", ErrorKind::NotFound),
        (404, "Request_ResourceNotFound", "Resource 'x' does not exist", ErrorKind::HostNotFound),
        (400, "BadRequest", "1026: An error has occurred.", ErrorKind::HostNotFound),
        (
            400,
            "BadRequest",
            "No iCalUid found for the meeting. This API is supported only for calendar backed OnlineMeeting.",
            ErrorKind::Conflict,
        ),
        (400, "BadRequest", "Invalid filter clause", ErrorKind::Invalid("request".into())),
        (403, "Forbidden", "An error has occurred.", ErrorKind::Conflict),
        (403, "MailboxNotEnabledForRESTAPI", "", ErrorKind::LicenceMissing),
        (404, "MailboxNotEnabledForRESTAPI", "", ErrorKind::LicenceMissing),
        (
            403,
            "Forbidden",
            "Missing role permissions on the request. API requires one of 'OnlineMeetings.Read.All, OnlineMeetings.ReadWrite.All'. Roles on the request ''.",
            ErrorKind::ScopeMissing(vec!["OnlineMeetings.Read.All".into()]),
        ),
        (409, "Conflict", "", ErrorKind::Conflict),
        (503, "", "", ErrorKind::Unavailable),
        (418, "", "", ErrorKind::Unexpected),
    ];
    for (status, code, message, kind) in table {
        assert_eq!(graph(*status, code, message).kind, *kind, "{status} {code} {message}");
    }
}

#[test]
fn a_missing_policy_names_the_step_the_app_and_the_teacher() {
    for (code, message) in [
        ("Forbidden", "No application access policy found for this app"),
        ("General", "No Application Access Policy found for this app."),
        ("Unauthorized", "App 'app-1' is not authorized to Create meeting on behalf of user 'teacher-1'."),
    ] {
        match graph(403, code, message).kind {
            ErrorKind::PolicyMissing(step) => {
                assert!(step.contains("New-CsApplicationAccessPolicy"), "{step}");
                assert!(step.contains("-AppIds \"app-1\""), "{step}");
                assert!(step.contains("-Identity \"teacher-1\""), "{step}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_wait_is_obeyed_and_bounded() {
    let body = json!({"error": {"code": "activityLimitReached", "message": ""}});
    let told = |seconds: &str| {
        let response = response(429, &[("retry-after", seconds)], &body);
        (of("test", &response, true, &PLACE, now()).retry, judge(&response, now()))
    };
    let after = Duration::from_secs(41);
    assert_eq!(told("41"), (Retry::After(after), Judgement::Again { after: Some(after), refused: true }));
    assert_eq!(told("86400").0, Retry::After(LONGEST_WAIT));
    let silent = response(429, &[], &body);
    assert_eq!(judge(&silent, now()), Judgement::Again { after: None, refused: true });
    assert_eq!(of("test", &silent, true, &PLACE, now()).retry, Retry::After(USUAL_WAIT));
    let down = response(503, &[("retry-after", "5")], &body);
    assert_eq!(judge(&down, now()), Judgement::Again { after: Some(Duration::from_secs(5)), refused: false });
}

#[test]
fn a_server_error_leaves_a_create_in_doubt() {
    let down = response(504, &[], &json!({}));
    assert!(of("test", &down, false, &PLACE, now()).maybe_done);
    assert!(!of("test", &down, true, &PLACE, now()).maybe_done);
}

#[test]
fn a_dead_grant_and_an_operators_mistake_are_told_apart() {
    for number in [54_005, 700_082, 700_084, 50_173, 50_076] {
        assert_eq!(login(400, "invalid_grant", number).kind, ErrorKind::Reconnect, "{number}");
    }
    assert_eq!(login(400, "interaction_required", 50_079).kind, ErrorKind::Reconnect);
    let wrong = login(401, "invalid_client", 7_000_215);
    assert_eq!(wrong.kind, ErrorKind::Invalid("client_secret".into()));
    assert_eq!(wrong.repaired_by, RepairedBy::Admin);
    assert_eq!(login(400, "invalid_request", 90_002).kind, ErrorKind::Invalid("account_id".into()));
    assert!(matches!(login(400, "invalid_request", 50_011).kind, ErrorKind::PolicyMissing(_)));
    assert_eq!(login(400, "temporarily_unavailable", 0).kind, ErrorKind::Unavailable);
    assert_eq!(login(503, "", 0).kind, ErrorKind::Unavailable);
}

/// Every sample of an error. `LECTERN_VENDOR_SPECS` names the folder that has them.
#[test]
fn every_sample_of_an_error_is_understood() {
    let Some(samples) = crate::samples::folder("every_sample_of_an_error_is_understood", "teams/samples")
    else {
        return;
    };
    let mut seen = 0;
    for (name, sample) in samples {
        let kind = if name.starts_with("error.") {
            let headers = sample["headers"].as_object().unwrap();
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
            let status = u16::try_from(sample["status"].as_u64().unwrap()).unwrap();
            of("test", &response(status, &headers, &sample["body"]), true, &PLACE, now()).kind
        } else if name.starts_with("oauth.token-error.") {
            of_login("test", &response(400, &[], &sample), now()).kind
        } else {
            continue;
        };
        seen += 1;
        // A scope of another resource in our own request would be our fault.
        assert_eq!(kind == ErrorKind::Unexpected, name.contains("invalid-scope"), "{name}: {kind:?}");
    }
    assert!(seen >= 14, "{seen} samples");
}
