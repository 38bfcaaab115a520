//! Days on which an organization holds no class: series pass them over.

pub mod pages;
pub mod routes;
mod service;
pub mod store;

pub use service::{HolidayView, of, remove, save};
