//! Graph's statuses and codes, and the login service's `AADSTS` numbers, in our words. Graph documents no codes per call, so
//! that the status decides first.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    provider::{ErrorKind, ProviderError, RepairedBy, Retry},
    sentence::Sentence,
};
use serde::Deserialize;

use crate::{
    layer::retry_after,
    transport::{Judgement, Response},
};

/// When a 429 does not say how long.
const USUAL_WAIT: Duration = Duration::from_secs(10);
/// However long it says; 315 s were seen.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// What an error's repair needs to name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) client_id: &'a str,
    pub(super) organizer: &'a str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    error: Inside,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inside {
    code: String,
    message: String,
}

fn wait(response: &Response, now: DateTime<Utc>) -> Duration {
    retry_after(response.header("retry-after"), now, USUAL_WAIT, LONGEST_WAIT)
}

/// Whether another try of the same request can help.
pub(super) fn judge(response: &Response, now: DateTime<Utc>) -> Judgement {
    let told = response.header("retry-after").map(|_| wait(response, now));
    match response.status {
        // Without a header: growing pauses, as Microsoft asks.
        429 => Judgement::Again { after: told, refused: true },
        500..=599 => Judgement::Again { after: told, refused: false },
        _ => Judgement::Final,
    }
}

fn new(operation: &'static str, kind: ErrorKind) -> ProviderError {
    ProviderError::new(crate::teams::NAME, operation, kind)
}

fn too_many(operation: &'static str, response: &Response, now: DateTime<Utc>) -> ProviderError {
    let wait = wait(response, now);
    let until = now + TimeDelta::from_std(wait).unwrap_or_default();
    new(operation, ErrorKind::RateLimited(until)).retry(Retry::After(wait))
}

const CONSENT: Sentence = Sentence::known(
    "provider_step.teams.consent",
    "grant admin consent for the app's permissions in Entra ID (Enterprise applications, Permissions).",
);
const REDIRECT: Sentence = Sentence::known(
    "provider_step.teams.redirect",
    "add Lectern's redirect address to the app registration in Entra ID, platform Web.",
);

/// The step that grants the application access policy.
fn policy_step(place: &Place<'_>) -> Sentence {
    let whom = if place.organizer.is_empty() { "<object id>" } else { place.organizer };
    Sentence::known("provider_step.teams.policy", "run in PowerShell, in the MicrosoftTeams module: New-CsApplicationAccessPolicy -Identity Lectern-policy -AppIds \"{app}\" -Description \"Lectern\"; then Grant-CsApplicationAccessPolicy -PolicyName Lectern-policy -Identity \"{whom}\" (or -Global for everybody who hosts). It takes up to 30 minutes to work.")
        .with("app", place.client_id.to_owned())
        .with("whom", whom.to_owned())
}

/// Every step of an administrator's that an error can name.
#[must_use]
pub fn steps() -> [Sentence; 3] {
    [policy_step(&Place { client_id: "app", organizer: "teacher" }), CONSENT, REDIRECT]
}

fn policy(operation: &'static str, step: Sentence) -> ProviderError {
    ProviderError::policy(crate::teams::NAME, operation, step)
}

/// Permission names in `… API requires one of 'OnlineMeetings.Read.All, OnlineMeetings.ReadWrite.All'.`
fn named_permissions(message: &str) -> Vec<String> {
    let Some((_, rest)) = message.split_once("requires one of") else { return Vec::new() };
    let inside = rest.split('\'').nth(1).unwrap_or_default();
    inside.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).take(1).collect()
}

/// An error answer of the API. `repeatable`: the request's; a server error leaves others in doubt.
pub(super) fn of(
    operation: &'static str,
    response: &Response,
    repeatable: bool,
    place: &Place<'_>,
    now: DateTime<Utc>,
) -> ProviderError {
    let Inside { code, message } =
        serde_json::from_slice::<Envelope>(&response.body).unwrap_or_default().error;
    let status = response.status;
    let message = message.to_ascii_lowercase();
    let says = |words: &str| message.contains(words);
    let is = |words: &[&str]| words.iter().any(|word| code.eq_ignore_ascii_case(word));
    let error = match status {
        429 => too_many(operation, response, now),
        500..=599 => {
            let error = new(operation, ErrorKind::Unavailable);
            let error = match response.header("retry-after") {
                Some(_) => error.retry(Retry::After(wait(response, now))),
                None => error,
            };
            if repeatable { error } else { error.maybe_done() }
        }
        401 => new(operation, ErrorKind::Reconnect),
        _ if is(&["MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI"]) => {
            new(operation, ErrorKind::LicenceMissing)
        }
        402 => new(operation, ErrorKind::LicenceMissing),
        _ if says("application access policy") || (says("is not authorized to") && says("on behalf of")) => {
            policy(operation, policy_step(place))
        }
        403 => match named_permissions(&lossless(response)) {
            names if !names.is_empty() => new(operation, ErrorKind::ScopeMissing(names)),
            _ if is(&["ErrorAccessDenied", "Authorization_RequestDenied"]) => policy(operation, CONSENT),
            // Only the organizer is answered.
            _ => new(operation, ErrorKind::Conflict).repaired_by(RepairedBy::Admin),
        },
        404 if is(&["Request_ResourceNotFound", "ErrorInvalidUser"]) => {
            new(operation, ErrorKind::HostNotFound)
        }
        404 | 410 => new(operation, ErrorKind::NotFound),
        400 if is(&["ErrorInvalidIdMalformed", "ErrorItemNotFound"]) => new(operation, ErrorKind::NotFound),
        // The join address belongs to another organizer.
        400 if says("1026") => new(operation, ErrorKind::HostNotFound),
        400 if says("icaluid") => new(operation, ErrorKind::Conflict),
        400 if is(&["ValidationError"]) && says("notification endpoint") => {
            new(operation, ErrorKind::Invalid("public address".to_owned())).repaired_by(RepairedBy::Operator)
        }
        400 => new(operation, ErrorKind::Invalid("request".to_owned())),
        409 | 412 => new(operation, ErrorKind::Conflict),
        _ => new(operation, ErrorKind::Unexpected),
    };
    error.vendor_code(if code.is_empty() { status.to_string() } else { format!("{status}/{code}") })
}

/// The message as it came: names of permissions keep their case.
fn lossless(response: &Response) -> String {
    serde_json::from_slice::<Envelope>(&response.body).unwrap_or_default().error.message
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LoginBody {
    error: String,
    error_description: String,
    error_codes: Vec<i64>,
}

/// Wrong secret (or its id instead of its value), expired secret, unknown app.
const WRONG_CLIENT: [i64; 4] = [7_000_215, 7_000_222, 700_016, 7_000_218];
/// Tenant unknown.
const WRONG_TENANT: [i64; 2] = [90_002, 900_023];
/// The redirect address is not registered.
const WRONG_REDIRECT: i64 = 50_011;
/// An administrator has not consented.
const NO_CONSENT: [i64; 2] = [65_001, 90_094];

/// An error answer of the token endpoint.
pub(super) fn of_login(operation: &'static str, response: &Response, now: DateTime<Utc>) -> ProviderError {
    let body: LoginBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let number = body.error_codes.first().copied().or_else(|| {
        let digits = body.error_description.strip_prefix("AADSTS")?;
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    });
    let among = |numbers: &[i64]| number.is_some_and(|number| numbers.contains(&number));
    let word = if body.error.is_empty() { "-" } else { body.error.as_str() };
    let code = number.map_or_else(String::new, |number| format!("/AADSTS{number}"));
    let code = format!("{}/{word}{code}", response.status);
    let kind = match (response.status, body.error.as_str()) {
        (429, _) => return too_many(operation, response, now),
        _ if among(&[WRONG_REDIRECT]) => return policy(operation, REDIRECT).vendor_code(code),
        _ if among(&NO_CONSENT) => return policy(operation, CONSENT).vendor_code(code),
        (500..=599, _) | (_, "temporarily_unavailable" | "server_error") => {
            return new(operation, ErrorKind::Unavailable)
                .vendor_code(response.status.to_string())
                .maybe_done();
        }
        _ if among(&WRONG_CLIENT) => ErrorKind::Invalid("client_secret".to_owned()),
        _ if among(&WRONG_TENANT) => ErrorKind::Invalid("account_id".to_owned()),
        (_, "invalid_client" | "unauthorized_client") => ErrorKind::Invalid("client_secret".to_owned()),
        (_, "invalid_grant" | "interaction_required" | "consent_required" | "login_required") => {
            ErrorKind::Reconnect
        }
        _ => ErrorKind::Unexpected,
    };
    let admin = matches!(kind, ErrorKind::Invalid(_));
    let error = new(operation, kind).vendor_code(code);
    if admin { error.repaired_by(RepairedBy::Admin) } else { error }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
