//! The video platforms behind [`lectern_core::provider`]: one folder each, with the same file names in every one, and
//! what they share: the one outbound HTTP client ([`transport`]) and the layers around it ([`layer`]).
//!
//! [`registry`] names what exists and builds it.

pub mod layer;
pub mod registry;
pub mod transport;
pub mod zoom;
