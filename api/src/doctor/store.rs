//! What the doctor reads of connections and of the database itself.

use lectern_core::ids::OrganizationId;
use sqlx::FromRow;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(system ENGINE,
    sqlite: "select 'SQLite ' || sqlite_version()",
    postgres: "select 'PostgreSQL ' || current_setting('server_version') || ', as ' || session_user");
statement!(tenant CONNECTIONS, "select provider, email, state, problem from connections where organization_id = $1 and state <> 'gone' order by provider, email");

/// A connection's state.
#[derive(Debug, FromRow)]
pub(super) struct Connection {
    pub(super) provider: String,
    pub(super) email: String,
    pub(super) state: String,
    pub(super) problem: Option<String>,
}

/// The engine, in words.
///
/// # Errors
/// When the database refuses.
pub async fn engine(tx: &mut Tx) -> Result<String, StoreError> {
    Ok(run!(value, tx, ENGINE, [])?)
}

pub(super) async fn connections(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<Vec<Connection>, StoreError> {
    Ok(run!(all, tx, CONNECTIONS, [organization.uuid()])?)
}
