//! The stories: each is told on SQLite and on PostgreSQL. One binary, because linking takes longer than testing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test stops at the first surprise"
)]

mod api_keys;
mod contract;
mod dreamcrowd;
mod host_key;
mod host_tokens;
mod idempotency;
mod join_mail;
mod join_standings;
mod meetings;
mod parity;
mod roles;
mod secure_join;
mod secure_links;
mod sign_in;
mod tenancy;

/// The server's binary, built beside these stories.
const LECTERN: &str = env!("CARGO_BIN_EXE_lectern-under-test");
