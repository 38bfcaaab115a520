//! Scheduled occurrences of classes and the meetings behind them.

pub mod facts;
pub mod jobs;
pub mod local_time;
pub mod meetings;
pub mod pages;
pub mod replacing;
pub mod routes;
pub mod series;
pub mod service;
pub mod standby;
pub mod store;

pub use store::{Line, Meeting, MeetingState, Session, Whose};
