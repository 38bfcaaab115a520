//! What the simulators' control routes share. Loopback only, JSON in and out.

use std::net::SocketAddr;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// Shows that the caller sits on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loopback;

impl<S: Send + Sync> FromRequestParts<S> for Loopback {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let peer = parts.extensions.get::<SocketAddr>();
        if peer.is_some_and(|peer| peer.ip().is_loopback()) { Ok(Self) } else { Err(StatusCode::NOT_FOUND) }
    }
}

/// From where on a log is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Since {
    /// A sequence number, or a moment.
    #[serde(default)]
    since: String,
}

impl Since {
    /// The entries after it; `at` gives an entry's moment.
    pub(crate) fn cut<'a, T>(&self, log: &'a [T], at: impl Fn(&T) -> DateTime<Utc>) -> &'a [T] {
        match (self.since.parse::<u64>(), DateTime::parse_from_rfc3339(&self.since)) {
            (Ok(seq), _) => since(log, seq),
            (_, Ok(moment)) => {
                log.get(log.partition_point(|entry| at(entry) <= moment)..).unwrap_or_default()
            }
            _ => log,
        }
    }
}

/// How far a clock is moved.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    pub(crate) advance_seconds: i64,
}

/// The entries after a sequence number: the log's numbers begin at 1 and never skip.
pub(crate) fn since<T>(log: &[T], seq: u64) -> &[T] {
    usize::try_from(seq).ok().and_then(|seq| log.get(seq..)).unwrap_or_default()
}
