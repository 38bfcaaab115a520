//! Totals. Written by triggers alone.

use lectern_core::ids::OrganizationId;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant OF,
    sqlite: "select of_id, what, number from totals where organization_id = $1 and of_id in (select unhex(value) from json_each($2))",
    postgres: "select of_id, what, number from totals where organization_id = $1 and of_id = any(array(select value::uuid from json_array_elements_text($2::json)))");

/// Of what, which total, how many.
pub(super) async fn of(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: &str,
) -> Result<Vec<(Uuid, String, i64)>, StoreError> {
    Ok(run!(all, tx, OF, [organization.uuid(), ids])?)
}
