//! The two databases behind one set of store functions.
//!
//! A store function holds one SQL text (two where the dialects differ), registered by [`statement!`](crate::statement)
//! and run on whichever engine the transaction belongs to by [`on!`](crate::on).

mod error;
mod many;
mod mark;
mod migrate;
mod pools;
mod statement;
mod tx;
mod words;

pub use error::StoreError;
pub use many::{column, in_sizes};
pub use mark::assert_no_open_transaction;
pub use migrate::{MigrateError, make_postgres_roles, migrate_postgres, migrate_sqlite, newest_migration};
pub use pools::{DatabaseError, Db, Engine};
pub use statement::{Kind, Statement, registered_statements};
pub use tx::{EngineTx, Tx};
pub use words::in_words;
