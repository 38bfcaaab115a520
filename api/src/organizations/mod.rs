//! Tenants: who they are and what they decided for themselves.

pub mod pages;
pub mod routes;
pub mod service;
pub mod store;

pub use store::{HostTokens, Organization, Settings};
