//! Finding people by name or address and classes by title, by the beginnings of words. The words are rows; which words a text has
//! is decided in [`lectern_core::search`], the same for both databases.

pub mod jobs;
pub mod service;
mod store;
