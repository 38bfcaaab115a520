//! Outgoing webhooks: what happens here is told to systems elsewhere, in the manner of standardwebhooks.com.
//!
//! An event is a row of the outbox, written by the transaction that caused it. [`fan_out`] reads the rows in the order of
//! their numbers and writes one delivery for each endpoint that wants it; where it stands is a row too, so nothing is lost
//! and nothing is written twice. [`sender`] has a loop of its own beside the jobs: one worker an endpoint, and lanes of their
//! own for endpoints that fail, so that a dead one keeps nobody waiting. Nothing of this is on the way of a join.

mod clean_up;
mod deliveries;
pub mod described;
mod ending;
pub mod fan_out;
mod kinds;
pub mod messages;
pub mod pages;
mod pauses;
pub mod routes;
pub mod sender;
mod service;
mod signing;
pub mod store;

pub use clean_up::clean_up;
pub use fan_out::read_to;
pub use kinds::HookKind;
pub use messages::VERSION;
pub use service::{GivenUp, given_up};
pub use store::queue::{Overdue, overdue};
