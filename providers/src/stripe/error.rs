//! Stripe's statuses and codes in our words. Source: docs.stripe.com/error-codes and docs.stripe.com/api/errors.

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};
use lectern_core::provider::Retry;
use serde::Deserialize;

use crate::{
    layer::retry_after,
    transport::{Failure, FailureKind, Judgement, Response},
    wire::cut,
};

/// When a limit does not say how long. Stripe documents no `Retry-After`; it asks for growing pauses.
const USUAL_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// So much of Stripe's sentence is kept, in characters.
const LONGEST_MESSAGE: usize = 400;

/// What went wrong, as far as it makes a difference.
///
/// For the log it prints without Stripe's sentence, which may quote what a person typed.
#[derive(Clone, PartialEq, Eq)]
pub enum StripeErrorKind {
    /// 401: the key is unknown, rolled or expired. An administrator enters another one.
    KeyRefused,
    /// 403: the (restricted) key may not do this.
    NotAllowed,
    /// 400: a value is wrong, or the object is not in a state for this.
    Invalid {
        /// The parameter, in Stripe's spelling: `line_items[0][price_data][unit_amount]`.
        param: Option<Box<str>>,
        /// Stripe's sentence, in English: for administrators.
        message: Box<str>,
    },
    /// 404, or a parameter that names nothing of this account in this mode.
    NotFound,
    /// The idempotency key was used with other parameters within the last 24 hours.
    IdempotencyConflict,
    /// Another call with the same key, or on the same object, is still running.
    Busy,
    /// The payment has been refunded in full.
    AlreadyRefunded,
    /// 402: the bank said no.
    CardDeclined {
        /// The bank's reason, when it gave one: `insufficient_funds`.
        decline_code: Option<Box<str>>,
    },
    /// Too many calls, by Stripe's count or ours.
    RateLimited,
    /// Stripe failed, or could not be reached in time.
    Unavailable,
    /// An answer that no document knows.
    Unexpected,
}

impl StripeErrorKind {
    /// One word for it: in logs, and in JSON.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyRefused => "key_refused",
            Self::NotAllowed => "not_allowed",
            Self::Invalid { .. } => "invalid",
            Self::NotFound => "not_found",
            Self::IdempotencyConflict => "idempotency_conflict",
            Self::Busy => "busy",
            Self::AlreadyRefunded => "already_refunded",
            Self::CardDeclined { .. } => "card_declined",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Unexpected => "unexpected",
        }
    }
}

impl fmt::Debug for StripeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Self::Invalid { param: Some(word), .. } | Self::CardDeclined { decline_code: Some(word) } => {
                write!(f, "({word})")
            }
            _ => Ok(()),
        }
    }
}

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[error(
    "stripe: {operation}: {kind:?}{}{}",
    code.as_deref().map(|code| format!(" (code {code})")).unwrap_or_default(),
    request_id.as_deref().map(|id| format!(" (request {id})")).unwrap_or_default()
)]
pub struct StripeError {
    /// What went wrong.
    pub kind: StripeErrorKind,
    /// Our word for the call.
    pub operation: &'static str,
    /// Stripe's own code, or the status. For logs and support, never for users.
    pub code: Option<Box<str>>,
    /// Stripe's `Request-Id`. For logs and support.
    pub request_id: Option<Box<str>>,
    /// Not before this long, when somebody said so.
    pub wait: Option<Duration>,
    /// It may have been done all the same: repeat it with the same idempotency key, or look.
    pub maybe_done: bool,
    /// What broke on the way.
    #[source]
    pub source: Option<Box<Failure>>,
}

impl StripeError {
    pub(super) fn new(operation: &'static str, kind: StripeErrorKind) -> Self {
        Self { kind, operation, code: None, request_id: None, wait: None, maybe_done: false, source: None }
    }

    /// Whether the same call, with the same idempotency key, can succeed later.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self.kind {
            StripeErrorKind::RateLimited | StripeErrorKind::Unavailable | StripeErrorKind::Busy => {
                self.wait.map_or(Retry::Backoff, Retry::After)
            }
            _ => Retry::Never,
        }
    }

    pub(super) fn unreadable(
        operation: &'static str,
        response: &Response,
        error: &serde_json::Error,
    ) -> Self {
        // The parser's own words may quote the answer.
        let place = format!("unreadable answer at line {} column {}", error.line(), error.column());
        let mut told = Self::new(operation, StripeErrorKind::Unexpected);
        told.code = Some(place.into());
        told.request_id = request_id(response);
        told
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    error: Body,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
    message: Option<String>,
}

fn body(response: &Response) -> Body {
    serde_json::from_slice::<Envelope>(&response.body).unwrap_or_default().error
}

fn request_id(response: &Response) -> Option<Box<str>> {
    response.header(super::client::REQUEST_ID).map(|id| cut(id, 100).into())
}

fn wait(response: &Response, now: DateTime<Utc>) -> Option<Duration> {
    let header = response.header("retry-after");
    header.map(|_| retry_after(header, now, USUAL_WAIT, LONGEST_WAIT))
}

/// Whether another try of a call that only looks can help.
pub(super) fn judge_look(response: &Response, now: DateTime<Utc>) -> Judgement {
    judge(response, now, true)
}

/// The same for a call with an idempotency key. Stripe answers a kept 500 again and again, so that one is final.
pub(super) fn judge_change(response: &Response, now: DateTime<Utc>) -> Judgement {
    judge(response, now, false)
}

fn judge(response: &Response, now: DateTime<Utc>, looks: bool) -> Judgement {
    let after = wait(response, now);
    // Stripe's own libraries obey this header before anything else.
    if response.header("stripe-should-retry") == Some("false") {
        return Judgement::Final;
    }
    match response.status {
        409 | 429 => Judgement::Again { after, refused: true },
        500 if !looks => Judgement::Final,
        500..=599 => Judgement::Again { after, refused: false },
        _ => Judgement::Final,
    }
}

/// An error answer. `looks`: the call changes nothing.
pub(super) fn of(
    operation: &'static str,
    response: &Response,
    looks: bool,
    now: DateTime<Utc>,
) -> StripeError {
    let status = response.status;
    let Body { kind, code, decline_code, param, message } = body(response);
    let told = match (status, kind.as_deref(), code.as_deref()) {
        (401, ..) => StripeErrorKind::KeyRefused,
        (403, ..) => StripeErrorKind::NotAllowed,
        (409, ..) | (429, _, Some("lock_timeout")) | (_, _, Some("idempotency_key_in_use")) => {
            StripeErrorKind::Busy
        }
        (429, ..) => StripeErrorKind::RateLimited,
        (500..=599, ..) => StripeErrorKind::Unavailable,
        (400, Some("idempotency_error"), _) => StripeErrorKind::IdempotencyConflict,
        (_, _, Some("charge_already_refunded")) => StripeErrorKind::AlreadyRefunded,
        // A parameter that names nothing: 404 or 400, the documents do not say which (unverified).
        (404, ..) | (400, _, Some("resource_missing")) => StripeErrorKind::NotFound,
        (402, ..) | (400, Some("card_error"), _) => {
            StripeErrorKind::CardDeclined { decline_code: decline_code.map(Into::into) }
        }
        (400, ..) => {
            let message = message.unwrap_or_default();
            StripeErrorKind::Invalid {
                param: param.map(Into::into),
                message: cut(&message, LONGEST_MESSAGE).into(),
            }
        }
        _ => StripeErrorKind::Unexpected,
    };
    let mut error = StripeError::new(operation, told);
    error.maybe_done = !looks && error.kind == StripeErrorKind::Unavailable;
    error.wait = wait(response, now);
    error.code = Some(code.map_or_else(|| status.to_string(), |code| format!("{status}/{code}")).into());
    error.request_id = request_id(response);
    error
}

/// A call without an answer.
pub(super) fn of_failure(
    operation: &'static str,
    failure: Failure,
    looks: bool,
    now: DateTime<Utc>,
) -> StripeError {
    let (kind, wait) = match failure.kind {
        FailureKind::Forbidden(_) | FailureKind::TooLarge => (StripeErrorKind::Unexpected, None),
        FailureKind::Throttled(until) | FailureKind::DayOver(until) => {
            (StripeErrorKind::RateLimited, (until - now).to_std().ok())
        }
        FailureKind::CircuitOpen(pause) => (StripeErrorKind::Unavailable, Some(pause)),
        FailureKind::NotConnected
        | FailureKind::TimedOut
        | FailureKind::Interrupted
        | FailureKind::NoTime => (StripeErrorKind::Unavailable, None),
    };
    let mut error = StripeError::new(operation, kind);
    error.wait = wait;
    error.maybe_done = failure.maybe_done && !looks;
    error.source = Some(Box::new(failure));
    error
}
