//! lectern-providers
pub trait Inspect: std::fmt::Debug + Send + Sync {}
