//! The one outbound HTTP client.
//!
//! A [`Request`] goes through the layers (retry, circuit, concurrency, rate budget) to [`http::Http`], which refuses
//! addresses that are not public, follows no redirect, limits time and size, and writes no secret to the log. A [`Courier`]
//! beside it posts to addresses that an organization chose.

pub mod address;
mod allowance;
mod courier;
mod failure;
mod http;
mod inspect;
mod request;
mod stack;

pub use allowance::Allowance;
pub use courier::{Courier, Receipt};
pub use failure::{Failure, FailureKind};
pub use http::{Http, Opened, TransportBroken};
pub use inspect::{Inspect, Seen, SeenAnswer};
pub use request::{
    Body, Budget, Credentials, Exchange, Field, Judgement, Label, RateLimits, Request, Response,
};
/// An HTTP method, for [`Request::method`].
pub use reqwest::Method;
pub use stack::{Transport, TransportOptions};
