//! Reading the log, in the caller's transaction.

use lectern_core::ids::OrganizationId;

use super::store;
use crate::{db::Tx, error::ApiError};

pub use store::{Filter, Row};

/// Entries, newest first.
pub async fn page(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Row>, ApiError> {
    Ok(store::page(tx, organization, filter, limit).await?)
}
