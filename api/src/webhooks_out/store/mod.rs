//! The tables of outgoing webhooks.

pub mod deliveries;
pub mod endpoints;
pub mod queue;
