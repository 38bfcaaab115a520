//! Tenants: who they are and what they decided for themselves.

pub mod limits;
pub mod own_pages;
pub mod pages;
mod policies;
pub mod routes;
pub mod service;
pub mod store;

pub use store::{HostTokens, Organization, Settings};
