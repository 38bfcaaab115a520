//! The simulated Google over real HTTP, by itself and under the Meet provider. With `LECTERN_VENDOR_SPECS` every call and
//! answer of these tests is checked against Google's discovery documents too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attendance;
mod conformance;
mod contract;
mod control;
mod doors;
mod drive;
mod evening;
mod events;
mod faults;
mod harness;
mod members;
mod oauth;
mod recordings;
mod spaces;
