//! Zoom's statuses and codes in our words. Source: the error lists of Zoom's API description, and what its users reported.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    provider::{ErrorKind, ProviderError, RepairedBy, Retry},
    sentence::Sentence,
};
use serde::Deserialize;

use crate::{
    layer::{next_utc_day, retry_after},
    transport::{Judgement, Response},
};

/// When a 429 does not say how long.
const USUAL_WAIT: Duration = Duration::from_secs(1);
/// However long a 429 says, unless it is a daily limit.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
const DAY: Duration = Duration::from_secs(25 * 3600);

/// What an administrator of the account must do at Zoom.
const ROLE: Sentence = Sentence::known(
    "provider_step.zoom.role",
    "give the app's user the role permission for this in Zoom's user management.",
);
const ALLOW: Sentence =
    Sentence::known("provider_step.zoom.allow", "allow this for the account in Zoom's settings.");
const UNBLOCK: Sentence = Sentence::known(
    "provider_step.zoom.unblock",
    "remove the block of this domain in Zoom's settings (Block users in specific domains).",
);
const SCHEDULING: Sentence = Sentence::known(
    "provider_step.zoom.scheduling",
    "give the connected user the scheduling privilege for this host.",
);
const CAPACITY: Sentence = Sentence::known(
    "provider_step.zoom.capacity",
    "raise the host's meeting capacity, or remove registrants: the meeting is full.",
);
const STORAGE: Sentence =
    Sentence::known("provider_step.zoom.storage", "free Zoom cloud storage, or buy more.");
const SHARE: Sentence = Sentence::known(
    "provider_step.zoom.share",
    "let the host share scheduling access with the connected user.",
);
const ACTIVATE: Sentence =
    Sentence::known("provider_step.zoom.activate", "activate the app in the Zoom App Marketplace.");
const REDIRECT: Sentence = Sentence::known(
    "provider_step.zoom.redirect",
    "add Lectern's redirect URL to the app's allow list at Zoom.",
);
const KIND_OF_APP: Sentence = Sentence::known(
    "provider_step.zoom.kind_of_app",
    "use credentials of the right kind of app: General, or Server-to-Server.",
);
/// All of them.
pub const STEPS: [Sentence; 10] =
    [ROLE, ALLOW, UNBLOCK, SCHEDULING, CAPACITY, STORAGE, SHARE, ACTIVATE, REDIRECT, KIND_OF_APP];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Option<i64>,
    message: String,
    errors: Vec<FieldError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldError {
    field: String,
}

fn body(response: &Response) -> ErrorBody {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

/// Until when a 429 asks us to wait, and whether a day's budget is used up. Daily answers come with an ISO date-time, or
/// with nothing but a sentence.
fn limit(response: &Response, now: DateTime<Utc>) -> (Duration, bool) {
    let header = response.header("retry-after");
    let message = body(response).message.to_ascii_lowercase();
    let kind = response.header("x-ratelimit-type").unwrap_or_default().to_ascii_lowercase();
    let dated = header.is_some_and(|text| DateTime::parse_from_rfc3339(text.trim()).is_ok());
    let far = dated && retry_after(header, now, Duration::ZERO, DAY) > LONGEST_WAIT;
    if kind.contains("daily") || message.contains("daily") || message.contains("gmt 00:00") || far {
        let midnight = (next_utc_day(now) - now).to_std().unwrap_or(DAY);
        (retry_after(header.filter(|_| dated), now, midnight, DAY), true)
    } else {
        let reset = header.or_else(|| response.header("x-ratelimit-reset"));
        (retry_after(reset, now, USUAL_WAIT, LONGEST_WAIT), false)
    }
}

/// Whether another try of the same request can help.
pub(super) fn judge(response: &Response, now: DateTime<Utc>) -> Judgement {
    match response.status {
        429 => match limit(response, now) {
            (_, true) => Judgement::Final,
            (wait, false) => Judgement::Again { after: Some(wait), refused: true },
        },
        500..=599 => {
            let header = response.header("retry-after");
            let after = header.map(|_| retry_after(header, now, USUAL_WAIT, LONGEST_WAIT));
            Judgement::Again { after, refused: false }
        }
        _ => Judgement::Final,
    }
}

fn new(operation: &'static str, kind: ErrorKind) -> ProviderError {
    ProviderError::new(crate::zoom::NAME, operation, kind)
}

fn policy(operation: &'static str, step: Sentence) -> ProviderError {
    ProviderError::policy(crate::zoom::NAME, operation, step)
}

fn too_many(operation: &'static str, response: &Response, now: DateTime<Utc>) -> ProviderError {
    let (wait, daily) = limit(response, now);
    let until = now + TimeDelta::from_std(wait).unwrap_or_default();
    let kind = if daily { ErrorKind::DailyLimit(until) } else { ErrorKind::RateLimited(until) };
    new(operation, kind).retry(Retry::After(wait))
}

/// The scopes named in `Invalid access token, does not contain scopes:[a, b].`
fn named_scopes(message: &str) -> Vec<String> {
    let inside =
        message.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(inside, _)| inside);
    inside
        .split(',')
        .map(|scope| scope.trim().trim_matches('"').to_owned())
        .filter(|scope| !scope.is_empty())
        .collect()
}

/// An error answer of the API. `repeatable`: the request's; a server error leaves others in doubt.
pub(super) fn of(
    operation: &'static str,
    response: &Response,
    repeatable: bool,
    now: DateTime<Utc>,
) -> ProviderError {
    let ErrorBody { code, message, errors } = body(response);
    let status = response.status;
    let says = |words: &str| message.to_ascii_lowercase().contains(words);
    let conflict = || new(operation, ErrorKind::Conflict);
    let error = match (status, code.unwrap_or_default()) {
        (429, _) => too_many(operation, response, now),
        (500..=599, _) => {
            let error = new(operation, ErrorKind::Unavailable);
            if repeatable { error } else { error.maybe_done() }
        }
        (_, 4711) => new(operation, ErrorKind::ScopeMissing(named_scopes(&message))),
        // No token, or `me` used where it must not be: a fault of ours or of the operator's settings.
        (_, 4700) => new(operation, ErrorKind::Unexpected),
        (401, _) => new(operation, ErrorKind::Reconnect),
        (_, 200) if says("paid") => new(operation, ErrorKind::LicenceMissing),
        (_, 200) => policy(operation, ROLE),
        (_, 3161) => new(operation, ErrorKind::LicenceMissing),
        (_, 1001 | 1010) => new(operation, ErrorKind::HostNotFound),
        (_, 3001 | 3301 | 12702) => new(operation, ErrorKind::NotFound),
        (_, 300) if says("does not exist") => new(operation, ErrorKind::NotFound),
        (_, 300) if says("no permission") || says("not available for this account") => {
            policy(operation, ALLOW)
        }
        (_, 300) if says("cannot access") => conflict(),
        (_, 300) => new(operation, ErrorKind::Invalid(field(&message, &errors))),
        (_, 3000) if says("blocked from joining") => policy(operation, UNBLOCK),
        (_, 3000) if says("cannot schedule") || says("can't schedule") => policy(operation, SCHEDULING),
        (_, 3003) => conflict().repaired_by(RepairedBy::Admin),
        (_, 3043) => policy(operation, CAPACITY),
        (_, 3309) => policy(operation, STORAGE),
        // Being processed: later it works.
        (_, 3303) => conflict().retry(Retry::Backoff),
        // Registration off (3027, 404), over (3038), wrong meeting type (303), running (3002), ended (3007), personal
        // rooms (3018, 3037), on-premise host (3063), recording in use (3332), and Zoom's catch-all (3000).
        (400 | 404, 303 | 404 | 3000 | 3002 | 3007 | 3018 | 3027 | 3037 | 3038 | 3063 | 3332) => conflict(),
        (403, _) => policy(operation, SHARE),
        (404, _) => new(operation, ErrorKind::NotFound),
        _ => new(operation, ErrorKind::Unexpected),
    };
    error.vendor_code(code.map_or_else(|| status.to_string(), |code| format!("{status}/{code}")))
}

/// The field a validation error is about: Zoom's list, or the word its sentence puts in back-quotes.
fn field(message: &str, errors: &[FieldError]) -> String {
    if let Some(first) = errors.iter().find(|error| !error.field.is_empty()) {
        return first.field.clone();
    }
    let quoted = message.split('`').nth(1).filter(|word| !word.is_empty());
    if let Some(word) = quoted {
        return word.to_owned();
    }
    match message.split_once("for the ").and_then(|(_, rest)| rest.split_once(" field")) {
        Some((word, _)) => word.to_owned(),
        None => "request".to_owned(),
    }
}

/// Codes that say: this grant is over. Code expired or wrong (4733, 4734), owner gone (4735), refresh token unknown (4737),
/// reuse (4740), revoked or authorized again (4741).
const GRANT_OVER: [u32; 6] = [4733, 4734, 4735, 4737, 4740, 4741];
/// Client id or secret wrong or missing.
const WRONG_CLIENT: [u32; 3] = [4702, 4704, 4706];
/// App switched off, by its developer or an account administrator.
const APP_OFF: [u32; 2] = [4717, 4738];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OAuthBody {
    error: String,
    reason: String,
    #[serde(alias = "errorCode")]
    code: Option<serde_json::Value>,
    error_description: String,
    message: String,
}

/// An error answer of the token or revoke endpoint.
pub(super) fn of_oauth(operation: &'static str, response: &Response, now: DateTime<Utc>) -> ProviderError {
    let body: OAuthBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = body.code.as_ref().map(ToString::to_string).unwrap_or_default();
    let text = format!("{} {} {} {} {code}", body.error, body.reason, body.error_description, body.message);
    let named = |codes: &[u32]| codes.iter().any(|code| text.contains(&code.to_string()));
    let reason = body.reason.to_ascii_lowercase();
    let told = |kind| new(operation, kind);
    let error = match (response.status, body.error.as_str()) {
        (429, _) => return too_many(operation, response, now),
        (500..=599, _) => {
            return new(operation, ErrorKind::Unavailable)
                .vendor_code(response.status.to_string())
                .maybe_done();
        }
        _ if named(&GRANT_OVER) => told(ErrorKind::Reconnect),
        _ if named(&APP_OFF) => policy(operation, ACTIVATE),
        _ if named(&[4709]) || reason.contains("redirect") => policy(operation, REDIRECT),
        (401, _) | (_, "invalid_client") => told(ErrorKind::Invalid("client_secret".to_owned())),
        _ if named(&WRONG_CLIENT) => told(ErrorKind::Invalid("client_secret".to_owned())),
        _ if named(&[4705]) || body.error == "unsupported_grant_type" => policy(operation, KIND_OF_APP),
        _ if reason.contains("account") => told(ErrorKind::Invalid("account_id".to_owned())),
        // 2024 says invalid_grant, 2021 said invalid_request with the same reason.
        (_, "invalid_grant") => told(ErrorKind::Reconnect),
        (_, "invalid_request") if reason.contains("token") || reason.contains("code") => {
            told(ErrorKind::Reconnect)
        }
        _ => told(ErrorKind::Unexpected),
    };
    let admin = matches!(error.kind, ErrorKind::Invalid(_));
    let word = if body.error.is_empty() { "-" } else { body.error.as_str() };
    let error = error.vendor_code(format!("{}/{word}", response.status));
    if admin { error.repaired_by(RepairedBy::Admin) } else { error }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use bytes::Bytes;
    use reqwest::header::{HeaderMap, HeaderName};

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        Response { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    fn api(status: u16, code: i64, message: &str) -> ProviderError {
        let body = serde_json::json!({"code": code, "message": message}).to_string();
        of("test", &response(status, &[], &body), true, now())
    }

    fn policy(error: &ProviderError) -> &str {
        match &error.kind {
            ErrorKind::PolicyMissing(step) => step,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_documented_code_has_its_kind() {
        let table: &[(u16, i64, &str, ErrorKind)] = &[
            (401, 124, "Invalid access token.", ErrorKind::Reconnect),
            (401, 124, "Access token is expired.", ErrorKind::Reconnect),
            (401, 4700, "Token cannot be empty.", ErrorKind::Unexpected),
            (400, 4700, "Token cannot be empty.", ErrorKind::Unexpected),
            (400, 200, "Only available for Paid user: x", ErrorKind::LicenceMissing),
            (400, 200, "Only available for paid account: x", ErrorKind::LicenceMissing),
            (
                400,
                3161,
                "Meeting hosting and scheduling capabilities are not allowed for your user account.",
                ErrorKind::LicenceMissing,
            ),
            (400, 1010, "User does not belong to this account: x.", ErrorKind::HostNotFound),
            (404, 1001, "User does not exist: x.", ErrorKind::HostNotFound),
            (400, 1001, "User x does not exist or does not belong to this account.", ErrorKind::HostNotFound),
            (404, 3001, "Meeting does not exist: 1.", ErrorKind::NotFound),
            (400, 3001, "Meeting does not exist: 1.", ErrorKind::NotFound),
            (404, 3301, "There is no recording for this meeting.", ErrorKind::NotFound),
            (400, 12702, "Can not access a meeting a year ago.", ErrorKind::NotFound),
            (400, 300, "Meeting id does not exist.", ErrorKind::NotFound),
            (400, 300, "Cannot access meeting information.", ErrorKind::Conflict),
            (
                400,
                300,
                "The value that you entered in the `schedule_for` field is invalid.",
                ErrorKind::Invalid("schedule_for".into()),
            ),
            (
                400,
                300,
                "The value that you entered for the Registrant ID field is invalid. Enter a valid value and try again.",
                ErrorKind::Invalid("Registrant ID".into()),
            ),
            (
                400,
                303,
                "This API can only be used for scheduled meeting(meeting type: 2).",
                ErrorKind::Conflict,
            ),
            (400, 3000, "Cannot access meeting info.", ErrorKind::Conflict),
            (
                400,
                3002,
                "Sorry, you cannot delete this meeting since it is in progress.",
                ErrorKind::Conflict,
            ),
            (400, 3003, "You are not the meeting host.", ErrorKind::Conflict),
            (400, 3007, "Sorry, you cannot delete this meeting since it has ended.", ErrorKind::Conflict),
            (400, 3018, "Not allowed to delete PMI.", ErrorKind::Conflict),
            (400, 3037, "Not allowed to delete PAC.", ErrorKind::Conflict),
            (400, 3027, "Registration is not enabled.", ErrorKind::Conflict),
            (404, 404, "Registration has not been enabled for this meeting: 1.", ErrorKind::Conflict),
            (400, 404, "Registration has not been enabled for this meeting: 1.", ErrorKind::Conflict),
            (400, 3038, "Meeting is over, you can not register now.", ErrorKind::Conflict),
            (400, 3063, "Can not end on-premise user's meeting: 1.", ErrorKind::Conflict),
            (400, 3303, "You can not delete an uncompleted meeting.", ErrorKind::Conflict),
            (400, 3332, "This recording was selected for a simulive webinar.", ErrorKind::Conflict),
            (404, 0, "", ErrorKind::NotFound),
            (409, 0, "", ErrorKind::Unexpected),
            (400, 99_999, "Something new.", ErrorKind::Unexpected),
            (503, 0, "", ErrorKind::Unavailable),
        ];
        for (status, code, message, kind) in table {
            let error = api(*status, *code, message);
            assert_eq!(&error.kind, kind, "{status}/{code} {message}");
            assert_eq!(error.vendor_code.as_deref(), Some(format!("{status}/{code}").as_str()));
        }
    }

    #[test]
    fn steps_of_the_vendors_administrator_are_named() {
        assert!(policy(&api(400, 200, "No permission.")).contains("permission"));
        assert!(policy(&api(400, 300, "No permission.")).contains("settings"));
        assert!(
            policy(&api(400, 3000, "Users in 'x' have been blocked from joining meetings and webinars."))
                .contains("domain")
        );
        assert!(
            policy(&api(400, 3000, "You cannot schedule a meeting for x")).contains("scheduling privilege")
        );
        assert!(
            policy(&api(400, 3043, "Meeting has reached maximum attendee capacity.")).contains("capacity")
        );
        assert!(
            policy(&api(404, 3043, "Meeting has reached maximum attendee capacity.")).contains("capacity")
        );
        assert!(policy(&api(400, 3309, "Not enough cloud storage available.")).contains("storage"));
        assert!(policy(&api(403, 0, "")).contains("scheduling access"));
    }

    #[test]
    fn missing_scopes_are_named() {
        let error = api(
            400,
            4711,
            "Invalid access token, does not contain scopes:[meeting:write:meeting, meeting:write:meeting:admin].",
        );
        let scopes = vec!["meeting:write:meeting".to_owned(), "meeting:write:meeting:admin".to_owned()];
        assert_eq!(error.kind, ErrorKind::ScopeMissing(scopes));
        assert_eq!(
            api(401, 4711, "Invalid access token, does not contain scopes:[a].").kind,
            ErrorKind::ScopeMissing(vec!["a".into()])
        );
        assert_eq!(error.repaired_by, RepairedBy::Admin);
    }

    #[test]
    fn the_named_field_is_told() {
        let body = r#"{"code":300,"message":"Validation Failed.","errors":[{"field":"settings.auto_recording","message":"Invalid field."}]}"#;
        let error = of("test", &response(400, &[], body), true, now());
        assert_eq!(error.kind, ErrorKind::Invalid("settings.auto_recording".to_owned()));
    }

    #[test]
    fn a_server_error_leaves_a_create_in_doubt() {
        assert!(of("create", &response(500, &[], ""), false, now()).maybe_done);
        assert!(!of("read", &response(500, &[], "<html>"), true, now()).maybe_done);
    }

    #[test]
    fn r_03_per_second_limits() {
        let until = |headers: &[(&str, &str)]| {
            of("test", &response(429, headers, r#"{"code":429,"message":"You have reached the maximum per-second rate limit for this API."}"#), true, now()).kind
        };
        assert_eq!(until(&[("retry-after", "30")]), ErrorKind::RateLimited(now() + TimeDelta::seconds(30)));
        assert_eq!(
            until(&[("retry-after", "Sat, 21 Nov 2026 09:00:20 GMT")]),
            ErrorKind::RateLimited(now() + TimeDelta::seconds(20))
        );
        assert_eq!(until(&[("retry-after", "soon")]), ErrorKind::RateLimited(now() + TimeDelta::seconds(1)));
        assert_eq!(
            until(&[("x-ratelimit-type", "QPS"), ("x-ratelimit-reset", "3")]),
            ErrorKind::RateLimited(now() + TimeDelta::seconds(3))
        );
        assert_eq!(
            until(&[("retry-after", "86400")]),
            ErrorKind::RateLimited(now() + TimeDelta::seconds(300))
        );
        assert_eq!(until(&[]), ErrorKind::RateLimited(now() + TimeDelta::seconds(1)));
    }

    #[test]
    fn daily_limits_end_when_zoom_says_or_at_midnight_utc() {
        let midnight: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
        let daily = r#"{"code":429,"message":"You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00."}"#;
        let kind = |headers: &[(&str, &str)], body: &str| {
            of("test", &response(429, headers, body), true, now()).kind
        };
        assert_eq!(kind(&[], daily), ErrorKind::DailyLimit(midnight));
        assert_eq!(kind(&[("retry-after", "1")], daily), ErrorKind::DailyLimit(midnight));
        let dated = [("x-ratelimit-type", "Daily-limit"), ("retry-after", "2026-11-22T00:00:00Z")];
        assert_eq!(kind(&dated, "{}"), ErrorKind::DailyLimit(midnight));
        assert_eq!(kind(&dated[1..], "{}"), ErrorKind::DailyLimit(midnight));
        assert_eq!(judge(&response(429, &dated, "{}"), now()), Judgement::Final);
        let far = [("x-ratelimit-type", "Daily-limit"), ("retry-after", "2027-11-22T00:00:00Z")];
        assert_eq!(kind(&far, "{}"), ErrorKind::DailyLimit(now() + TimeDelta::hours(25)));
    }

    #[test]
    fn what_may_be_tried_again() {
        let judged = |status, headers: &[(&str, &str)]| judge(&response(status, headers, "{}"), now());
        assert_eq!(judged(200, &[]), Judgement::Final);
        assert_eq!(judged(400, &[]), Judgement::Final);
        assert_eq!(judged(503, &[]), Judgement::Again { after: None, refused: false });
        assert_eq!(
            judged(503, &[("retry-after", "7")]),
            Judgement::Again { after: Some(Duration::from_secs(7)), refused: false }
        );
        assert_eq!(judged(429, &[]), Judgement::Again { after: Some(USUAL_WAIT), refused: true });
    }

    #[test]
    fn every_answer_of_the_token_endpoint_has_its_kind() {
        let kind = |status, body: &str| of_oauth("refresh", &response(status, &[], body), now()).kind;
        for over in [
            r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#,
            r#"{"reason":"Invalid Token!","error":"invalid_request"}"#,
            r#"{"reason":"Invalid authorization code 4734","error":"invalid_grant"}"#,
            r#"{"reason":"The authorization code has expired","error":"invalid_request","code":4733}"#,
            r#"{"code":"4735","error":"invalid_request"}"#,
            r#"{"code":4737,"error":"invalid_request"}"#,
            r#"{"code":4740,"error":"invalid_request"}"#,
            r#"{"code":4741,"error":"invalid_grant"}"#,
        ] {
            assert_eq!(kind(400, over), ErrorKind::Reconnect, "{over}");
        }
        for client in [
            r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
            r#"{"code":4702,"error":"invalid_request"}"#,
            r#"{"code":4704,"error":"invalid_request"}"#,
            r#"{"code":4706,"error":"invalid_request"}"#,
        ] {
            let error = of_oauth("refresh", &response(400, &[], client), now());
            assert_eq!(error.kind, ErrorKind::Invalid("client_secret".into()), "{client}");
            assert_eq!(error.repaired_by, RepairedBy::Admin);
        }
        assert_eq!(kind(401, "{}"), ErrorKind::Invalid("client_secret".into()));
        assert_eq!(
            kind(400, r#"{"reason":"Bad account_id","error":"invalid_request"}"#),
            ErrorKind::Invalid("account_id".into())
        );
        assert_eq!(kind(400, "nonsense"), ErrorKind::Unexpected);
        assert_eq!(kind(502, ""), ErrorKind::Unavailable);
        assert!(matches!(kind(429, ""), ErrorKind::RateLimited(_)));
        for (body, word) in [
            (r#"{"code":4709,"error":"invalid_request"}"#, "redirect"),
            (r#"{"reason":"Redirect URI mismatch","error":"invalid_grant"}"#, "redirect"),
            (r#"{"code":4717,"error":"invalid_request"}"#, "activate"),
            (r#"{"code":4738,"error":"invalid_request"}"#, "activate"),
            (r#"{"code":4705,"error":"invalid_request"}"#, "kind of app"),
            (r#"{"reason":"unsupported grant type","error":"unsupported_grant_type"}"#, "kind of app"),
        ] {
            assert!(policy(&of_oauth("refresh", &response(400, &[], body), now())).contains(word), "{body}");
        }
    }
}
