//! The simulated Stripe over real HTTP, by hand and with Lectern's own client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bank;
mod checkout;
mod contract;
mod control;
mod faults;
mod harness;
mod idempotency;
mod keys;
mod limits;
mod page;
mod parameters;
mod refunds;
mod webhooks;
