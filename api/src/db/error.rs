use std::fmt::Display;

/// The database refused, or holds something that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine's own error.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row that no version of this program writes.
    #[error("table {table} holds a row that cannot be read: {what}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

impl StoreError {
    /// A row of `table` that cannot be.
    pub fn corrupt(table: &'static str, what: impl Display) -> Self {
        Self::Corrupt { table, what: what.to_string() }
    }

    /// A unique key was already taken.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}
