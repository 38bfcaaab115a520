//! Numbers that lists show, kept by the database beside the rows they count: see the migration `scale`. Nothing is counted to show
//! them.

pub mod service;
mod store;
