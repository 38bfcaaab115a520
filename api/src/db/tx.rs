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

/// Binds values to a statement and runs it. The first word says what comes back, in a `Result`: `execute` the number of rows
/// that changed; `one`, `optional` and `all` rows; `value`, `optional_value` and `values` the only column of rows:
/// `run!(optional, tx, FIND, [organization.uuid(), id.uuid()])?`.
#[macro_export]
macro_rules! run {
    (execute, $tx:expr, $statement:expr, [$($value:expr),* $(,)?]) => {
        $crate::on!($tx, $statement, |sql, db| sqlx::query(sql)
            $(.bind($value))*
            .execute(db)
            .await
            .map(|done| done.rows_affected()))
    };
    (one, $($call:tt)*) => { $crate::run!(@ query_as fetch_one, $($call)*) };
    (optional, $($call:tt)*) => { $crate::run!(@ query_as fetch_optional, $($call)*) };
    (all, $($call:tt)*) => { $crate::run!(@ query_as fetch_all, $($call)*) };
    (value, $($call:tt)*) => { $crate::run!(@ query_scalar fetch_one, $($call)*) };
    (optional_value, $($call:tt)*) => { $crate::run!(@ query_scalar fetch_optional, $($call)*) };
    (values, $($call:tt)*) => { $crate::run!(@ query_scalar fetch_all, $($call)*) };
    (@ $query:ident $fetch:ident, $tx:expr, $statement:expr, [$($value:expr),* $(,)?]) => {
        $crate::on!($tx, $statement, |sql, db| sqlx::$query(sql)$(.bind($value))*.$fetch(db).await)
    };
}
