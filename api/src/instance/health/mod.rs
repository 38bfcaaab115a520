//! How the server is, part by part, by limits that are stated; what happened, and what to do about it.
//!
//! Every look is cheap: counts stop at a thousand and go by an index, so the page may be open all day.

mod judge;
pub mod pages;
pub mod routes;
pub mod service;
mod store;

pub use service::note_backup;
