//! Defaults and locks: what the classes of an organization begin with, and what they cannot choose.

pub mod jobs;
pub mod pages;
pub mod routes;
mod service;

pub use service::{LocksView, of, set};
