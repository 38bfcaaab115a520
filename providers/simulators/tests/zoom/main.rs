//! The simulated Zoom over real HTTP. With `LECTERN_VENDOR_SPECS` every call, answer and webhook of these tests is
//! checked against Zoom's documents too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conformance;
mod contract;
mod control;
mod evening;
mod faults;
mod harness;
mod limits;
mod live;
mod meetings;
mod oauth;
mod past;
mod recordings;
mod registrants;
mod webhooks;
