//! Telling people: a row for each notice that was decided on, written with what caused it; jobs render and mail them, and whoever
//! has a page open is told there.

pub mod batch;
pub mod choices;
mod compose;
pub mod jobs;
pub mod obstacles;
pub mod pages;
pub mod preflight;
pub mod reminders;
pub mod routes;
pub mod service;
pub mod store;

pub use choices::Topic;
