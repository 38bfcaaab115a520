//! What happened, by whom: appended in the transaction that did it, or by the appending task where there is none.

mod asked;
mod changes;
mod entry;
pub mod export;
pub mod pages;
pub mod routes;
pub mod service;
pub mod store;

pub use entry::{Actor, Entry, EntryKind};
