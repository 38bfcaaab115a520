use std::time::Duration;

use chrono::{DateTime, Utc};
use lectern_core::provider::{BoxError, ErrorKind, ProviderError, ProviderName, RepairedBy, Retry};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The address is one we never call: why.
    Forbidden(&'static str),
    /// No connection came about: nothing was sent.
    NotConnected,
    /// Sent, but no whole answer came in time.
    TimedOut,
    /// The connection broke while we waited for the answer.
    Interrupted,
    /// The answer is larger than we accept.
    TooLarge,
    /// The use's time was over before anything was sent.
    NoTime,
    /// Our own rate budget has no room before this instant.
    Throttled(DateTime<Utc>),
    /// Our own count says that the account's day is used up until this instant.
    DayOver(DateTime<Utc>),
    /// The vendor failed too often just now; we ask again after this long.
    CircuitOpen(Duration),
}

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{kind:?}")]
pub struct Failure {
    /// What happened.
    pub kind: FailureKind,
    /// The vendor may have done the work although no answer came.
    pub maybe_done: bool,
    #[source]
    source: Option<BoxError>,
}

impl Failure {
    /// A failure before anything was sent.
    #[must_use]
    pub const fn new(kind: FailureKind) -> Self {
        Self { kind, maybe_done: false, source: None }
    }

    /// A failure after the request may have reached the vendor.
    #[must_use]
    pub const fn after_sending(kind: FailureKind) -> Self {
        Self { kind, maybe_done: true, source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The vendor or the way to it is in trouble: another try may succeed.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, FailureKind::NotConnected | FailureKind::TimedOut | FailureKind::Interrupted)
    }

    /// The same in the words of the provider traits.
    #[must_use]
    pub fn into_error(
        self,
        provider: ProviderName,
        operation: &'static str,
        now: DateTime<Utc>,
    ) -> ProviderError {
        let wait = |until: DateTime<Utc>| Retry::After((until - now).to_std().unwrap_or_default());
        let mut error = match self.kind {
            FailureKind::Forbidden(_) => ProviderError::new(provider, operation, ErrorKind::Unexpected)
                .repaired_by(RepairedBy::Operator),
            FailureKind::TooLarge => ProviderError::new(provider, operation, ErrorKind::Unexpected),
            FailureKind::Throttled(until) => {
                ProviderError::new(provider, operation, ErrorKind::RateLimited(until)).retry(wait(until))
            }
            FailureKind::DayOver(until) => {
                ProviderError::new(provider, operation, ErrorKind::DailyLimit(until)).retry(wait(until))
            }
            FailureKind::CircuitOpen(pause) => {
                ProviderError::new(provider, operation, ErrorKind::Unavailable).retry(Retry::After(pause))
            }
            FailureKind::NotConnected
            | FailureKind::TimedOut
            | FailureKind::Interrupted
            | FailureKind::NoTime => ProviderError::new(provider, operation, ErrorKind::Unavailable),
        };
        error.maybe_done = self.maybe_done;
        error.source(self)
    }
}
