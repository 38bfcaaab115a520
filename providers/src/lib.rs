//! The video platforms behind [`lectern_core::provider`]: one folder each, with the same file names in every one, and
//! what they share: the one outbound HTTP client ([`transport`]) and the layers around it ([`layer`]).
//!
//! [`registry`] names what exists and builds it. [`stripe`] is no platform: it takes the money for paid classes.

pub mod bearer;
pub mod certificate;
mod digest;
mod download;
mod jwt;
pub mod layer;
pub mod link;
pub mod meet;
pub mod platform;
pub mod registry;
#[cfg(test)]
mod samples;
pub mod signing_keys;
pub mod stripe;
pub mod teams;
pub mod transport;
pub mod wire;
pub mod zoom;
