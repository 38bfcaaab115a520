//! Google's statuses and reasons in our words. Source: Google's error guides, and what its users reported.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    provider::{ErrorKind, ProviderError, RepairedBy, Retry},
    sentence::Sentence,
};
use serde::Deserialize;

use super::oauth;
use crate::{
    layer::retry_after,
    transport::{Judgement, Response},
};

/// A minute's quota says nothing of when it opens again.
const USUAL_WAIT: Duration = Duration::from_secs(2);
/// When work that was refused is worth being taken up again.
const LATER: Duration = Duration::from_secs(30);
/// However long a 429 says.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// A `quotaExceeded` lasts hours; Google does not say how many.
const QUOTA_HOURS: i64 = 6;

/// The code of a service account whose client is not registered in the domain, or not for all scopes.
pub(super) const NOT_DELEGATED: &str = "401/unauthorized_client";

/// What an administrator must do at Google.
const ALLOW: Sentence = Sentence::known(
    "provider_step.meet.allow",
    "let an administrator of the Google account check that Google Meet and this app are allowed for the connected user, in the Google Admin console.",
);
const DELEGATION: Sentence = Sentence::known(
    "provider_step.meet.delegation",
    "register the service account's client id with all of Lectern's scopes in the Google Admin console (Security, API controls, Domain-wide delegation).",
);
const DOWNLOADS: Sentence = Sentence::known(
    "provider_step.meet.downloads",
    "allow downloads of Drive files in the Google Admin console, or fetch the recording from Drive by hand.",
);
pub(super) const ENABLE_API: Sentence =
    Sentence::known("provider_step.meet.enable_api", "enable the {api} in the Google Cloud project.");
const INTERNAL: Sentence = Sentence::known(
    "provider_step.meet.internal",
    "connect an account of the school's own domain: the project is for internal users.",
);
const REDIRECT: Sentence = Sentence::known(
    "provider_step.meet.redirect",
    "add Lectern's redirect URL to the OAuth client's authorized redirect URIs in the Google Cloud project.",
);
pub(super) const TOPIC: Sentence = Sentence::known(
    "provider_step.meet.topic",
    "check that the Pub/Sub topic is in the same Google Cloud project and that meet-api-event-push@system.gserviceaccount.com may publish to it.",
);
const TRUST: Sentence = Sentence::known(
    "provider_step.meet.trust",
    "let an administrator trust this app in the Google Admin console (API controls).",
);
/// All of them.
pub const STEPS: [Sentence; 8] = [ALLOW, DELEGATION, DOWNLOADS, ENABLE_API, INTERNAL, REDIRECT, TOPIC, TRUST];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    error: ErrorBody,
}

/// Both of Google's envelopes: `status` and `details` are the newer one's, `errors` the older one's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    message: String,
    status: String,
    details: Vec<Detail>,
    errors: Vec<Item>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detail {
    reason: String,
    metadata: Metadata,
    field_violations: Vec<FieldViolation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    service: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldViolation {
    field: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    reason: String,
    location: String,
}

impl ErrorBody {
    fn read(response: &Response) -> Self {
        serde_json::from_slice::<Envelope>(&response.body).unwrap_or_default().error
    }

    fn reasons(&self) -> impl Iterator<Item = &str> {
        let newer = self.details.iter().map(|detail| detail.reason.as_str());
        newer.chain(self.errors.iter().map(|item| item.reason.as_str())).filter(|reason| !reason.is_empty())
    }

    fn has(&self, reasons: &[&str]) -> bool {
        self.reasons().any(|reason| reasons.contains(&reason))
    }

    /// Too many calls in a minute: Google says it with 403 as well as with 429.
    fn is_rate(&self, status: u16) -> bool {
        status == 429
            || (status == 403
                && self.has(&["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"]))
    }

    /// Hours, not minutes.
    fn is_quota(&self, status: u16) -> bool {
        matches!(status, 403 | 429) && self.has(&["quotaExceeded", "dailyLimitExceeded"])
    }

    fn field(&self) -> String {
        let violation = self.details.iter().flat_map(|detail| &detail.field_violations).map(|one| &one.field);
        let location = self.errors.iter().map(|item| &item.location);
        violation
            .chain(location)
            .find(|field| !field.is_empty())
            .cloned()
            .unwrap_or_else(|| "request".to_owned())
    }
}

fn wait(response: &Response, now: DateTime<Utc>, usual: Duration) -> Duration {
    retry_after(response.header("retry-after"), now, usual, LONGEST_WAIT)
}

/// Whether another try of the same request can help.
pub(super) fn judge(response: &Response, now: DateTime<Utc>) -> Judgement {
    match response.status {
        403 | 429 => {
            let body = ErrorBody::read(response);
            if body.is_quota(response.status) || !body.is_rate(response.status) {
                return Judgement::Final;
            }
            Judgement::Again { after: Some(wait(response, now, USUAL_WAIT)), refused: true }
        }
        500..=599 => {
            let after = response.header("retry-after").map(|_| wait(response, now, USUAL_WAIT));
            Judgement::Again { after, refused: false }
        }
        _ => Judgement::Final,
    }
}

fn new(operation: &'static str, kind: ErrorKind) -> ProviderError {
    ProviderError::new(crate::meet::NAME, operation, kind)
}

pub(super) fn policy(operation: &'static str, step: Sentence) -> ProviderError {
    ProviderError::policy(crate::meet::NAME, operation, step)
}

fn too_many(operation: &'static str, response: &Response, now: DateTime<Utc>) -> ProviderError {
    let wait = wait(response, now, LATER);
    let until = now + TimeDelta::from_std(wait).unwrap_or_default();
    new(operation, ErrorKind::RateLimited(until)).retry(Retry::After(wait))
}

fn product(service: &str) -> &'static str {
    match service.split('.').next().unwrap_or_default() {
        "meet" => "Google Meet API",
        "drive" => "Google Drive API",
        "people" => "People API",
        "admin" => "Admin SDK API",
        "workspaceevents" => "Google Workspace Events API",
        "pubsub" => "Cloud Pub/Sub API",
        _ => "API that Google names in its answer",
    }
}

/// An error answer of an API. `scope`: what the call needs. `repeatable`: the request's; a server error leaves others in doubt.
pub(super) fn of(
    operation: &'static str,
    response: &Response,
    scope: &'static str,
    repeatable: bool,
    now: DateTime<Utc>,
) -> ProviderError {
    let body = ErrorBody::read(response);
    let status = response.status;
    let word = if body.status.is_empty() { body.reasons().next().unwrap_or("-") } else { &body.status };
    let error = match (status, word) {
        _ if body.is_quota(status) => {
            new(operation, ErrorKind::DailyLimit(now + TimeDelta::hours(QUOTA_HOURS)))
        }
        _ if body.is_rate(status) => too_many(operation, response, now),
        (500..=599, _) => {
            let error = new(operation, ErrorKind::Unavailable);
            if repeatable { error } else { error.maybe_done() }
        }
        (401, _) => new(operation, ErrorKind::Reconnect),
        (403, _) if body.has(&["ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"]) => {
            new(operation, ErrorKind::ScopeMissing(vec![oauth::short(scope).to_owned()]))
        }
        (403, _) if body.has(&["SERVICE_DISABLED", "accessNotConfigured"]) => {
            let service = body
                .details
                .iter()
                .map(|detail| detail.metadata.service.as_str())
                .find(|name| !name.is_empty());
            policy(operation, ENABLE_API.with("api", product(service.unwrap_or_default())))
        }
        // One answer for what is gone, another account's, or another project's.
        (403, _) if body.message.contains("might not exist") => new(operation, ErrorKind::NotFound),
        (403, _) if body.has(&["cannotDownloadFile", "downloadRestrictedByAdmin"]) => {
            policy(operation, DOWNLOADS)
        }
        (403, _) => policy(operation, ALLOW),
        (404 | 410, _) => new(operation, ErrorKind::NotFound),
        (409, "ABORTED") => new(operation, ErrorKind::Conflict).retry(Retry::Backoff),
        (409 | 412, _) | (400, "FAILED_PRECONDITION") => new(operation, ErrorKind::Conflict),
        (400, _) => new(operation, ErrorKind::Invalid(body.field())),
        _ => new(operation, ErrorKind::Unexpected),
    };
    let code = format!("{status}/{word}");
    error.vendor_code(code)
}

/// Whether a write was refused because its outcome is there already.
pub(super) fn exists_already(error: &ProviderError) -> bool {
    matches!(error.vendor_code.as_deref(), Some("409/ALREADY_EXISTS" | "409/duplicate"))
}

/// Credentials in the settings that cannot be used: what is wrong.
pub(super) fn wrong_credentials(operation: &'static str, what: &'static str) -> ProviderError {
    new(operation, ErrorKind::Invalid("client_secret".to_owned()))
        .repaired_by(RepairedBy::Admin)
        .vendor_code(what)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OAuthBody {
    error: serde_json::Value,
}

/// An error answer of the token or revoke endpoint.
pub(super) fn of_oauth(operation: &'static str, response: &Response, now: DateTime<Utc>) -> ProviderError {
    let body: OAuthBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let word = body.error.as_str().unwrap_or("-");
    let status = response.status;
    let error = match (status, word) {
        (429, _) => too_many(operation, response, now),
        (500..=599, _) | (_, "internal_failure" | "server_error" | "temporarily_unavailable") => {
            new(operation, ErrorKind::Unavailable).maybe_done()
        }
        (_, "invalid_grant") => new(operation, ErrorKind::Reconnect),
        (_, "invalid_client") | (401, "-") => {
            new(operation, ErrorKind::Invalid("client_secret".to_owned())).repaired_by(RepairedBy::Admin)
        }
        (_, "redirect_uri_mismatch") => policy(operation, REDIRECT),
        (_, "admin_policy_enforced") => policy(operation, TRUST),
        (_, "unauthorized_client") => policy(operation, DELEGATION),
        (_, "org_internal") => policy(operation, INTERNAL),
        _ => new(operation, ErrorKind::Unexpected),
    };
    let code = match word {
        "unauthorized_client" => NOT_DELEGATED.to_owned(),
        word => format!("{status}/{word}"),
    };
    error.vendor_code(code)
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
