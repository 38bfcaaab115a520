//! What the doctor reads of connections.

use lectern_core::ids::OrganizationId;
use sqlx::FromRow;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant CONNECTIONS, "select provider, email, state, problem from connections where organization_id = $1 and state <> 'gone' order by provider, email");

/// A connection's state.
#[derive(Debug, FromRow)]
pub(super) struct Connection {
    pub(super) provider: String,
    pub(super) email: String,
    pub(super) state: String,
    pub(super) problem: Option<String>,
}

pub(super) async fn connections(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<Vec<Connection>, StoreError> {
    Ok(run!(all, tx, CONNECTIONS, [organization.uuid()])?)
}
