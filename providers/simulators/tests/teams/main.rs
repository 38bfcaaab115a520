//! The simulated Microsoft: what its pages and its API do, and the client of this product against it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calls;
mod client;
mod conformance;
mod contract;
mod control;
mod faults;
mod files;
mod harness;
mod login;
mod meetings;
mod subscriptions;
