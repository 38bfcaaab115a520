//! The video platforms behind [`lectern_core::provider`]: one folder each, with the same file names in every one, and
//! what they share: the one outbound HTTP client ([`transport`]) and the layers around it ([`layer`]).
//!
//! [`registry`] names what exists and builds it.

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
pub mod teams;
pub mod transport;
pub mod wire;
pub mod zoom;
