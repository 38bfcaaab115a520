//! Scheduled occurrences of classes and the meetings behind them.

pub mod facts;
pub mod jobs;
pub mod meetings;
pub mod routes;
pub mod service;
pub mod store;

pub use store::{Meeting, MeetingState, Session};
