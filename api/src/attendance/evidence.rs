//! What the inbox writes and the live board reads of presences and runs, each in its own transaction.

pub use super::store::{find_presence, find_run, inside_with, lock, presences_of, runs_of, save_presence, save_run};
