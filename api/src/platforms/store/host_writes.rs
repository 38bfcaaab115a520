//! How often each host's meetings were made or changed, by day.

use lectern_core::{ids::OrganizationId, provider::ProviderName};

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant ADD, "insert into host_writes (organization_id, provider, host, day, writes) values ($1, $2, $3, $4, $5)
    on conflict (organization_id, provider, host, day) do update set writes = host_writes.writes + excluded.writes");
statement!(tenant FIND, "select writes from host_writes where organization_id = $1 and provider = $2 and host = $3 and day = $4");
statement!(tenant OF_DAY, "select provider, host, writes from host_writes where organization_id = $1 and day = $2");
statement!(tenant REMOVE_BEFORE, "delete from host_writes where organization_id = $1 and day < $2");

/// Counts so many more.
pub async fn add(
    tx: &mut Tx,
    organization: OrganizationId,
    (provider, host, day): (ProviderName, &str, &str),
    writes: i64,
) -> Result<(), StoreError> {
    run!(execute, tx, ADD, [organization.uuid(), provider.as_str(), host, day, writes])?;
    Ok(())
}

/// How many there were of a host.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    (provider, host, day): (ProviderName, &str, &str),
) -> Result<i64, StoreError> {
    let found: Option<(i64,)> =
        run!(optional, tx, FIND, [organization.uuid(), provider.as_str(), host, day])?;
    Ok(found.map_or(0, |(writes,)| writes))
}

/// Every host with how many there were: platform, host, number.
pub async fn of_day(
    tx: &mut Tx,
    organization: OrganizationId,
    day: &str,
) -> Result<Vec<(String, String, i64)>, StoreError> {
    Ok(run!(all, tx, OF_DAY, [organization.uuid(), day])?)
}

/// Removes what was before a day.
pub async fn remove_before(tx: &mut Tx, organization: OrganizationId, day: &str) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_BEFORE, [organization.uuid(), day])?)
}
