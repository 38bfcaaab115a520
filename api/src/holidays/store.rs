//! Days off.

use chrono::{DateTime, NaiveDate, Utc};
use lectern_core::ids::OrganizationId;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant ALL, "select day, name from holidays where organization_id = $1 order by day");
statement!(tenant SAVE, "insert into holidays (organization_id, day, name, created_at) values ($1, $2, $3, $4) on conflict (organization_id, day) do update set name = excluded.name");
statement!(tenant REMOVE, "delete from holidays where organization_id = $1 and day = $2");

/// All, in order.
pub async fn all(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<(NaiveDate, String)>, StoreError> {
    let rows: Vec<(String, String)> = run!(all, tx, ALL, [organization.uuid()])?;
    rows.into_iter()
        .map(|(day, name)| {
            let read = day.parse().map_err(|_| StoreError::corrupt("holidays", format!("the day {day}")));
            Ok((read?, name))
        })
        .collect()
}

/// Adds one, or names it anew.
pub async fn save(
    tx: &mut Tx,
    organization: OrganizationId,
    day: NaiveDate,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, SAVE, [organization.uuid(), day.to_string(), name, now])?;
    Ok(())
}

/// Removes one: `false` when it was none.
pub async fn remove(tx: &mut Tx, organization: OrganizationId, day: NaiveDate) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, REMOVE, [organization.uuid(), day.to_string()])? == 1)
}
