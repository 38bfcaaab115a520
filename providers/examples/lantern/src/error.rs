//! Lantern's statuses and codes in our words: the one place where they are read.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::provider::{ErrorKind, ProviderError, RepairedBy, Retry};
use lectern_providers::{
    layer::retry_after,
    transport::{Judgement, Response},
};

use crate::{NAME, wire::Refused};

const USUAL_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

fn wait(response: &Response, now: DateTime<Utc>) -> Duration {
    retry_after(response.header("retry-after"), now, USUAL_WAIT, LONGEST_WAIT)
}

/// Whether another try of the same request can help: the layers ask, and they do the trying.
pub(crate) fn judge(response: &Response, now: DateTime<Utc>) -> Judgement {
    match response.status {
        429 => Judgement::Again { after: Some(wait(response, now)), refused: true },
        500..=599 => Judgement::Again { after: None, refused: false },
        _ => Judgement::Final,
    }
}

/// An error answer. `repeatable`: the request's; a server error leaves others in doubt.
pub(crate) fn of(
    operation: &'static str,
    response: &Response,
    repeatable: bool,
    now: DateTime<Utc>,
) -> ProviderError {
    let Refused { code, needs } = serde_json::from_slice(&response.body).unwrap_or_default();
    let new = |kind| ProviderError::new(NAME, operation, kind);
    let error = match (response.status, code.as_str()) {
        (429, _) => {
            let wait = wait(response, now);
            let until = now + TimeDelta::from_std(wait).unwrap_or_default();
            new(ErrorKind::RateLimited(until)).retry(Retry::After(wait))
        }
        (500..=599, _) if repeatable => new(ErrorKind::Unavailable),
        (500..=599, _) => new(ErrorKind::Unavailable).maybe_done(),
        (_, "bad_credentials") => {
            new(ErrorKind::Invalid("client_secret".to_owned())).repaired_by(RepairedBy::Admin)
        }
        (401, _) => new(ErrorKind::Reconnect),
        (403, "not_allowed") => new(ErrorKind::ScopeMissing(needs.into_iter().collect())),
        (404, _) => new(ErrorKind::NotFound),
        (409, _) => new(ErrorKind::Conflict),
        (400 | 422, _) => new(ErrorKind::Invalid("request".to_owned())),
        _ => new(ErrorKind::Unexpected),
    };
    error.vendor_code(format!("{}/{code}", response.status))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn kind(status: u16, body: &'static str) -> ErrorKind {
        let response = Response { status, headers: Default::default(), body: body.into() };
        of("test", &response, true, "2026-11-21T12:00:00Z".parse().unwrap()).kind
    }

    #[test]
    fn every_documented_code_is_read() {
        assert_eq!(kind(401, r#"{"code":"bad_token"}"#), ErrorKind::Reconnect);
        assert_eq!(
            kind(401, r#"{"code":"bad_credentials"}"#),
            ErrorKind::Invalid("client_secret".to_owned())
        );
        assert_eq!(
            kind(403, r#"{"code":"not_allowed","needs":"rooms"}"#),
            ErrorKind::ScopeMissing(vec!["rooms".to_owned()])
        );
        assert_eq!(kind(404, r#"{"code":"no_room"}"#), ErrorKind::NotFound);
        assert_eq!(kind(503, "<html>"), ErrorKind::Unavailable);
        assert_eq!(kind(418, "{}"), ErrorKind::Unexpected);
        let until = "2026-11-21T12:00:02Z".parse().unwrap();
        assert_eq!(kind(429, "{}"), ErrorKind::RateLimited(until));
    }
}
