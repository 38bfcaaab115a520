use std::time::Duration;

use chrono::{DateTime, Utc};

use super::ProviderName;
use crate::sentence::Sentence;

/// Any underlying failure.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The answer of every provider call.
pub type Result<T, E = ProviderError> = std::result::Result<T, E>;

/// What went wrong, in words every caller can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The grant is gone: the account must be connected again.
    Reconnect,
    /// The grant lacks these scopes.
    ScopeMissing(Vec<String>),
    /// An administrator of the vendor's account must take this step.
    PolicyMissing(String),
    /// The host's plan does not include this.
    LicenceMissing,
    /// The host has another meeting.
    HostBusy,
    /// The account has no such host.
    HostNotFound,
    /// The vendor does not know the object, or no longer.
    NotFound,
    /// The object is in a state that forbids this.
    Conflict,
    /// The vendor refused a value: the field, in the vendor's words.
    Invalid(String),
    /// Too many calls; room again at this instant.
    RateLimited(DateTime<Utc>),
    /// A day's budget is spent; room again at this instant.
    DailyLimit(DateTime<Utc>),
    /// The vendor does not answer, or with a server error.
    Unavailable,
    /// This connection cannot do this at all: the capability's name.
    Unsupported(&'static str),
    /// The vendor answered something undocumented.
    Unexpected,
}

/// Who can repair it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairedBy {
    /// The person who joins.
    Student,
    /// The class's instructor.
    Instructor,
    /// The organization's administrator.
    Admin,
    /// Whoever runs this server.
    Operator,
    /// Time alone, or nobody.
    Nobody,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same call will fail again.
    Never,
    /// Soon, with growing pauses.
    Backoff,
    /// Not before this long.
    After(Duration),
}

/// A vendor call that failed.
#[derive(Debug, thiserror::Error)]
#[error("{provider}: {operation}: {kind:?}{}", vendor_code.as_deref().map(|code| format!(" (vendor code {code})")).unwrap_or_default())]
pub struct ProviderError {
    /// What happened.
    pub kind: ErrorKind,
    /// Who can repair it.
    pub repaired_by: RepairedBy,
    /// Whether to try again.
    pub retry: Retry,
    /// Whose call it was.
    pub provider: ProviderName,
    /// Which call, in our words.
    pub operation: &'static str,
    /// The vendor's own code. For logs and support, never for users.
    pub vendor_code: Option<Box<str>>,
    /// The step of [`ErrorKind::PolicyMissing`], where it has words in other languages too.
    pub step: Option<Box<Sentence>>,
    /// Whether the vendor may have done the work although no answer came.
    pub maybe_done: bool,
    /// What lies beneath.
    #[source]
    pub source: Option<BoxError>,
}

impl ProviderError {
    /// An error of this kind, with the repairer and the retry advice that usually go with it.
    #[must_use]
    pub fn new(provider: ProviderName, operation: &'static str, kind: ErrorKind) -> Self {
        let (repaired_by, retry) = match &kind {
            ErrorKind::Reconnect | ErrorKind::HostBusy => (RepairedBy::Instructor, Retry::Never),
            ErrorKind::ScopeMissing(_)
            | ErrorKind::PolicyMissing(_)
            | ErrorKind::LicenceMissing
            | ErrorKind::HostNotFound => (RepairedBy::Admin, Retry::Never),
            ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Unsupported(_) => {
                (RepairedBy::Nobody, Retry::Never)
            }
            ErrorKind::Invalid(_) => (RepairedBy::Instructor, Retry::Never),
            ErrorKind::RateLimited(_) | ErrorKind::Unavailable => (RepairedBy::Nobody, Retry::Backoff),
            ErrorKind::DailyLimit(_) => (RepairedBy::Nobody, Retry::Never),
            ErrorKind::Unexpected => (RepairedBy::Operator, Retry::Never),
        };
        Self {
            kind,
            repaired_by,
            retry,
            provider,
            operation,
            vendor_code: None,
            step: None,
            maybe_done: false,
            source: None,
        }
    }

    /// An administrator of the vendor's account must take this step, known in every language.
    #[must_use]
    pub fn policy(provider: ProviderName, operation: &'static str, step: Sentence) -> Self {
        let error = Self::new(provider, operation, ErrorKind::PolicyMissing(step.to_string()));
        Self { step: Some(Box::new(step)), ..error }
    }

    /// Adds the vendor's code.
    #[must_use]
    pub fn vendor_code(mut self, code: impl Into<Box<str>>) -> Self {
        self.vendor_code = Some(code.into());
        self
    }

    /// Says who can repair it.
    #[must_use]
    pub fn repaired_by(mut self, who: RepairedBy) -> Self {
        self.repaired_by = who;
        self
    }

    /// Says whether to try again.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The answer is unknown: the work may have been done.
    #[must_use]
    pub fn maybe_done(mut self) -> Self {
        self.maybe_done = true;
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// A word for the kind, stable over releases: it keys translations and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.kind {
            ErrorKind::Reconnect => "reconnect",
            ErrorKind::ScopeMissing(_) => "scope_missing",
            ErrorKind::PolicyMissing(_) => "policy_missing",
            ErrorKind::LicenceMissing => "licence_missing",
            ErrorKind::HostBusy => "host_busy",
            ErrorKind::HostNotFound => "host_not_found",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Invalid(_) => "invalid",
            ErrorKind::RateLimited(_) => "rate_limited",
            ErrorKind::DailyLimit(_) => "daily_limit",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Unsupported(_) => "unsupported",
            ErrorKind::Unexpected => "unexpected",
        }
    }

    /// Whether a [`ProviderError::code`] says that the platform itself is out of order: nobody's grant, plan or setting is wrong,
    /// and nobody here can repair it while the class waits.
    #[must_use]
    pub fn is_outage(code: &str) -> bool {
        matches!(code, "unavailable" | "daily_limit")
    }

    /// What happened and what to do next, in English. Never the vendor's own text.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.words().to_string()
    }

    /// The same, for a page in the reader's language.
    #[must_use]
    pub fn words(&self) -> Sentence {
        let known = Sentence::known;
        let words = match &self.kind {
            ErrorKind::Reconnect => known(
                "provider_error.reconnect",
                "{platform} is not connected, or no longer. Connect the account.",
            ),
            ErrorKind::ScopeMissing(scopes) => known(
                "provider_error.scope_missing",
                "The {platform} app lacks a permission: {scopes}. Add it to the app's scopes, \
                     then connect again.",
            )
            .with("scopes", scopes.join(", ")),
            ErrorKind::PolicyMissing(step) => {
                known("provider_error.policy_missing", "{platform} needs a step by its administrator: {step}")
                    .with("step", self.step.as_deref().cloned().unwrap_or_else(|| step.clone().into()))
            }
            ErrorKind::LicenceMissing => known(
                "provider_error.licence_missing",
                "This {platform} host has no licence for this. Give the host a paid licence, \
                     or choose another host.",
            ),
            ErrorKind::HostBusy => known(
                "provider_error.host_busy",
                "The {platform} host has another meeting now. End it, or choose another host.",
            ),
            ErrorKind::HostNotFound => known(
                "provider_error.host_not_found",
                "{platform} does not know this host in the account. Check who hosts the class.",
            ),
            ErrorKind::NotFound => known(
                "provider_error.not_found",
                "{platform} no longer has this meeting. A new one can be made.",
            ),
            ErrorKind::Conflict => known(
                "provider_error.conflict",
                "{platform} refuses this in the meeting's present state. Look at the class \
                     again, then retry.",
            ),
            ErrorKind::Invalid(field) => known(
                "provider_error.invalid",
                "{platform} does not accept the value of \u{201c}{field}\u{201d}. Change it \
                     and save again.",
            )
            .with("field", field.clone()),
            ErrorKind::RateLimited(_) => {
                known("provider_error.rate_limited", "{platform} asks us to wait. We try again by ourselves.")
            }
            ErrorKind::DailyLimit(until) => known(
                "provider_error.daily_limit",
                "{platform}'s daily limit for this host is used up. It opens again at {at} UTC.",
            )
            .with("at", until.format("%H:%M").to_string()),
            ErrorKind::Unavailable => known(
                "provider_error.unavailable",
                "{platform} does not answer right now. We try again by ourselves.",
            ),
            ErrorKind::Unsupported(what) => {
                known("provider_error.unsupported", "{platform} cannot do this here: {what}.")
                    .with("what", *what)
            }
            ErrorKind::Unexpected => known(
                "provider_error.unexpected",
                "{platform} gave an answer we do not know. The server's log has the details.",
            ),
        };
        words.with("platform", self.provider.title())
    }
}
