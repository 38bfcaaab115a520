use std::{fmt, str::FromStr};

use lectern_core::provider::Call;
use reqwest::{
    Method,
    header::{HeaderName, HeaderValue},
};
use serde::de::DeserializeOwned;

use super::{NAME, StripeConfig, StripeError, StripeErrorKind, error, wire};
use crate::transport::{Allowance, Body, Budget, Credentials, Label, RateLimits, Request, Transport};

/// The version of the API that every call asks for.
///
/// Since 2022-08-01 a session has no payment intent before somebody pays, since 2022-11-15 a charge does not carry its refunds.
pub const VERSION: &str = "2024-06-20";

/// In this header Stripe names each exchange for its support.
pub(super) const REQUEST_ID: &str = "request-id";
const VERSION_HEADER: HeaderName = HeaderName::from_static("stripe-version");
const KEY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Stripe allows 100 calls a second live and 25 in a sandbox, and 25 of any one endpoint.
const LIMITS: RateLimits = RateLimits { per_second: 25, per_minute: None, per_day: None };
/// Tries of one call, the first included.
const TRIES: u8 = 3;

/// By this a creating call may be repeated: the same key and the same parameters have one effect, for 24 hours.
///
/// Derive it from what is bought (the booking and its attempt), so that a job that died goes on with the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(HeaderValue);

/// A text that cannot be an idempotency key: 1 to 255 printable ASCII characters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 printable ASCII characters")]
pub struct UnusableKey;

impl FromStr for IdempotencyKey {
    type Err = UnusableKey;

    fn from_str(text: &str) -> Result<Self, UnusableKey> {
        let good = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        let value = HeaderValue::from_str(text).ok().filter(|_| good);
        value.map(Self).ok_or(UnusableKey)
    }
}

/// One call of the API.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) operation: &'static str,
    pub(super) method: Method,
    pub(super) route: &'static str,
    pub(super) path: String,
    pub(super) form: Vec<(String, String)>,
    pub(super) key: Option<IdempotencyKey>,
}

impl Ask {
    pub(super) fn get(operation: &'static str, route: &'static str, path: String) -> Self {
        Self { operation, method: Method::GET, route, path, form: Vec::new(), key: None }
    }

    pub(super) fn post(operation: &'static str, route: &'static str, path: String) -> Self {
        Self { operation, method: Method::POST, route, path, form: Vec::new(), key: None }
    }

    pub(super) fn field(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.form.push((name.into(), value.into()));
    }

    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) {
        // An empty text would be read as "unset", and refused.
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.field(name, value);
        }
    }

    pub(super) fn metadata<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a String, &'a String)>) {
        for (key, value) in pairs {
            self.field(format!("metadata[{key}]"), value);
        }
    }

    fn looks(&self) -> bool {
        self.method == Method::GET
    }
}

/// A school's account at Stripe. Cheap to clone.
#[derive(Clone)]
pub struct Stripe {
    config: StripeConfig,
    transport: Transport,
    tenant: String,
}

impl Stripe {
    /// Builds it; `tenant` is the organization, as a key for circuits and limits.
    #[must_use]
    pub fn new(config: StripeConfig, transport: Transport, tenant: impl Into<String>) -> Self {
        Self { config, transport, tenant: tenant.into() }
    }

    /// Whether calls move real money.
    #[must_use]
    pub const fn livemode(&self) -> bool {
        self.config.livemode()
    }

    fn request(&self, ask: &Ask) -> Request {
        let mut url = self.config.api_base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{}", ask.path));
        let mut headers = vec![(VERSION_HEADER, HeaderValue::from_static(VERSION))];
        headers.extend(ask.key.clone().map(|key| (KEY_HEADER, key.0)));
        let looks = ask.looks();
        Request {
            provider: NAME,
            operation: ask.operation,
            route: ask.route,
            method: ask.method.clone(),
            url,
            headers,
            credentials: Some(Credentials::Bearer(self.config.secret_key.clone())),
            body: if looks { Body::Empty } else { Body::Fields(ask.form.clone()) },
            // Expiring a session twice is refused the second time, and changes nothing.
            repeatable: looks || ask.key.is_some(),
            tries: TRIES,
            tenant: self.tenant.clone().into(),
            budget: Some(Budget {
                account: format!("stripe:{}", self.tenant),
                label: Label::Light,
                limits: LIMITS,
            }),
            judge: if looks { error::judge_look } else { error::judge_change },
            tracking_header: REQUEST_ID,
        }
    }

    pub(super) async fn ask<T: DeserializeOwned>(&self, call: &Call, ask: &Ask) -> Result<T, StripeError> {
        let time = Allowance::start(call);
        let sent = self.transport.send(&self.request(ask), &time).await;
        let now = self.transport.clock().now();
        let response = sent.map_err(|failure| error::of_failure(ask.operation, failure, ask.looks(), now))?;
        if !response.is_success() {
            return Err(error::of(ask.operation, &response, ask.looks(), now));
        }
        wire::read(ask.operation, &response).map_err(|mut error| {
            error.maybe_done = !ask.looks();
            error
        })
    }
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe")
            .field("config", &self.config)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// An object's id in a path: letters, digits and `_`, nothing else ever.
pub(super) fn id_segment<'a>(operation: &'static str, id: &'a str) -> Result<&'a str, StripeError> {
    if wire::is_id(id) { Ok(id) } else { Err(StripeError::new(operation, StripeErrorKind::NotFound)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn keys_fit_into_a_header() {
        assert!("booking-42/1".parse::<IdempotencyKey>().is_ok());
        for wrong in ["", "a b", "a\nb", "\u{e9}", &"x".repeat(256)] {
            assert_eq!(wrong.parse::<IdempotencyKey>(), Err(UnusableKey), "{wrong:?}");
        }
    }
}
