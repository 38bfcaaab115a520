use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction, pool::PoolConnection};

use super::{StoreError, mark::Mark};

/// An open transaction on either engine. Dropped without [`Tx::commit`], it rolls back.
///
/// While it lives, the task may not do slow work: see [`super::assert_no_open_transaction`].
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    _mark: Mark,
}

#[derive(Debug)]
enum Inner {
    /// One reading statement is a consistent picture by itself.
    SqliteOnce(PoolConnection<Sqlite>),
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The connection under a transaction, by engine: what [`on!`](crate::on) matches on.
#[derive(Debug)]
pub enum EngineTx<'a> {
    /// SQLite.
    Sqlite(&'a mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'a mut PgConnection),
}

impl Tx {
    pub(super) fn sqlite(transaction: Transaction<'static, Sqlite>) -> Self {
        Self { inner: Inner::Sqlite(transaction), _mark: Mark::set() }
    }

    pub(super) fn sqlite_once(connection: PoolConnection<Sqlite>) -> Self {
        Self { inner: Inner::SqliteOnce(connection), _mark: Mark::set() }
    }

    pub(super) fn postgres(transaction: Transaction<'static, Postgres>) -> Self {
        Self { inner: Inner::Postgres(transaction), _mark: Mark::set() }
    }

    /// The connection, by engine.
    pub fn engine(&mut self) -> EngineTx<'_> {
        match &mut self.inner {
            Inner::SqliteOnce(connection) => EngineTx::Sqlite(connection),
            Inner::Sqlite(transaction) => EngineTx::Sqlite(transaction),
            Inner::Postgres(transaction) => EngineTx::Postgres(transaction),
        }
    }

    /// Makes everything of this transaction durable and visible.
    ///
    /// # Errors
    /// When the engine could not; nothing is visible then.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::SqliteOnce(_) => {}
            Inner::Sqlite(transaction) => transaction.commit().await?,
            Inner::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}

/// Runs one statement on the engine the transaction belongs to:
/// `on!(tx, FIND, |sql, db| sqlx::query_as(sql).bind(id).fetch_optional(db).await?)`.
#[macro_export]
macro_rules! on {
    ($tx:expr, $statement:expr, |$sql:ident, $db:ident| $body:expr) => {
        match $tx.engine() {
            $crate::db::EngineTx::Sqlite($db) => {
                let $sql = $statement.sqlite;
                $body
            }
            $crate::db::EngineTx::Postgres($db) => {
                let $sql = $statement.postgres;
                $body
            }
        }
    };
}
