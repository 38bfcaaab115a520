//! The stories: each is told on SQLite and on PostgreSQL. One binary, because linking takes longer than testing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test stops at the first surprise"
)]

mod abuse;
mod access;
mod aliases;
mod api_keys;
mod attendance;
mod audit_export;
mod booking_pages;
mod bookings;
mod branding;
mod calendar;
mod choosing;
mod cohorts;
mod connections;
mod consents;
mod contract;
mod days_off;
mod deliveries;
mod demo;
mod dreamcrowd;
mod durability;
mod embedding;
mod foreign_ids;
mod home;
mod host_days;
mod host_key;
mod host_tokens;
mod idempotency;
mod instance;
mod join_mail;
mod join_standings;
mod kill;
mod languages;
mod late_events;
mod leaks;
mod live;
mod live_ends;
mod locks;
mod many_sessions;
mod many_starts;
mod meetings;
mod moving;
mod notifications;
mod open_transactions;
mod openapi;
mod operations;
mod organization;
mod outage;
mod pages;
mod parity;
mod pasted_link;
mod people;
mod platforms;
mod policies;
mod preflight;
mod pushes;
mod recurrence;
mod register;
mod reminders;
mod roles;
mod scale;
mod scheduling;
mod seat_races;
mod secrets;
mod secure_join;
mod secure_links;
mod series;
mod sign_in;
mod smuggled;
mod stale_pages;
mod standby;
mod statement_writes;
mod statements;
mod storage;
mod strays;
mod tenancy;
mod three_platforms;
mod timetable;
mod undo;
mod webhooks_out;
mod words;
mod zoom_errors;

/// The server's binary, built beside these stories.
const LECTERN: &str = env!("CARGO_BIN_EXE_lectern-under-test");
