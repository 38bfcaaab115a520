//! Scheduled occurrences of a class, and the meetings behind them.

pub mod jobs;
pub mod meetings;
pub mod routes;
pub mod service;
pub mod store;

pub use store::{Meeting, MeetingState, Session};
