//! Tenants: who they are and what they decided for themselves.

pub mod first_owner;
pub mod language_pages;
pub mod limits;
pub mod look;
pub mod own_pages;
pub mod pages;
mod policies;
pub mod routes;
pub mod service;
pub mod store;

pub use look::{LogoFile, Look, Sender};
pub use store::{HostTokens, Organization, Settings};
