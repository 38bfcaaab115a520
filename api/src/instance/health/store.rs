//! What the database says of itself.

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(system SCHEMA, "select max(version) from _sqlx_migrations where success");
statement!(system BYTES,
    sqlite: "select (select page_count from pragma_page_count) * (select page_size from pragma_page_size)",
    postgres: "select pg_database_size(current_database())");

/// The newest migration that ran.
pub(super) async fn schema(tx: &mut Tx) -> Result<i64, StoreError> {
    let newest: Option<i64> = run!(value, tx, SCHEMA, [])?;
    Ok(newest.unwrap_or(0))
}

/// How many bytes the database takes.
pub(super) async fn bytes(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(run!(value, tx, BYTES, [])?)
}
