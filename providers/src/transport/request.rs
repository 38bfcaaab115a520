use std::{borrow::Cow, fmt, future::Future, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use lectern_core::{provider::ProviderName, secret::SecretString};
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use url::Url;

use super::{Allowance, Failure};

/// Anything that turns a request into an answer: the client itself, and each layer around it.
pub trait Exchange: fmt::Debug + Send + Sync {
    /// One answer, whatever its status; or the reason why there is none.
    fn exchange(
        &self,
        request: &Request,
        time: &Allowance,
    ) -> impl Future<Output = Result<Response, Failure>> + Send;
}

/// Who we are to the vendor.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An access token.
    Bearer(SecretString),
    /// A client id and its secret.
    Basic(String, SecretString),
}

/// A field of a form.
#[derive(Clone, Debug)]
pub enum Field {
    /// May be seen.
    Open(String),
    /// Must not.
    Hidden(SecretString),
}

impl Field {
    /// The value, for the wire.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Open(text) => text,
            Self::Hidden(secret) => secret.expose(),
        }
    }

    /// The value, for looking at.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Open(text) => text,
            Self::Hidden(_) => "***",
        }
    }
}

/// What is sent.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// JSON.
    Json(serde_json::Value),
    /// A form.
    Form(Vec<(&'static str, Field)>),
    /// A form without secrets, whose names are made while it is written: `metadata[class]`.
    Fields(Vec<(String, String)>),
}

/// The vendor's class of a call, by which it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// Cheap ones.
    Light,
    /// Lists and writes.
    Medium,
    /// Reports and batches.
    Heavy,
}

/// How many calls of a label an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// In any second.
    pub per_second: u32,
    /// In any minute; `None`: unlimited.
    pub per_minute: Option<u32>,
    /// In one UTC day; `None`: unlimited.
    pub per_day: Option<u32>,
}

/// The budget a call is taken from.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Whose: the vendor's account, which all its apps and hosts share.
    pub account: String,
    /// Which.
    pub label: Label,
    /// How large.
    pub limits: RateLimits,
}

/// What the vendor's answer means for another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Take it as it is.
    Final,
    /// The same request may succeed later.
    Again {
        /// Not before this long.
        after: Option<Duration>,
        /// The vendor surely did nothing: repeating is safe whatever the request is.
        refused: bool,
    },
}

/// One request, with all that the layers must know about it.
#[derive(Clone)]
pub struct Request {
    /// Whose API.
    pub provider: ProviderName,
    /// Our word for it.
    pub operation: &'static str,
    /// The path's pattern, for the log: never the path itself.
    pub route: &'static str,
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Headers that hold no secret.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Who we are.
    pub credentials: Option<Credentials>,
    /// What is sent.
    pub body: Body,
    /// The same request twice has the effect of one: it may be repeated although the first may have been done.
    pub repeatable: bool,
    /// How often it may be tried; a layer may try less.
    pub tries: u8,
    /// The organization, for circuit, concurrency and retry budget. May be empty.
    pub tenant: Cow<'static, str>,
    /// The rate budget it is taken from.
    pub budget: Option<Budget>,
    /// What an answer means for another try.
    pub judge: fn(&Response, DateTime<Utc>) -> Judgement,
    /// The header in which the vendor names this exchange for support.
    pub tracking_header: &'static str,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}

/// An answer, read to its end.
#[derive(Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// A header, when it is there and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// 200 to 299.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
