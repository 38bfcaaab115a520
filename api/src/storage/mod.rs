//! The room for files: logos and whatever else does not belong into a database, in a folder or in a bucket that speaks S3.
//!
//! A file has no name of anybody's: its [`Key`] is the organization, a shelf and an id of ours, so nothing a person typed becomes part
//! of a path. What a file is called and what kind it is stands in the database, beside whoever it belongs to.
//!
//! It is slow work: never while a transaction is open. Whoever replaces a file writes the new one under a new key, then the row that
//! names it, and lets a job remove the old one.

mod key;
mod room;

pub use key::{Key, Shelf};
pub use room::{Storage, StorageError};
