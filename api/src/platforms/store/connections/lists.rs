//! Lists for the page of connections.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ConnectionId, OrganizationId},
    provider::ProviderName,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::grants::{Connection, find};
use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant LIST,
    sqlite: "select c.id, c.person_id, p.first_name, p.last_name, p.email as person_email from connections c
        left join people p on p.organization_id = c.organization_id and p.id = c.person_id
        where c.organization_id = $1 and c.state <> 'gone' and ($2 is null or (c.connected_at, c.id) < ($2, $3)) order by c.connected_at desc, c.id desc limit $4",
    postgres: "select c.id, c.person_id, p.first_name, p.last_name, p.email as person_email from connections c
        left join people p on p.organization_id = c.organization_id and p.id = c.person_id
        where c.organization_id = $1 and c.state <> 'gone' and ($2::timestamptz is null or (c.connected_at, c.id) < ($2, $3::uuid))
        order by c.connected_at desc, c.id desc limit $4");
statement!(tenant UNCONNECTED, "select p.id, p.first_name, p.last_name from people p
    where p.organization_id = $1 and p.kind = 'user' and p.role = 1 and p.state = 'active'
      and not exists (select 1 from connections c where c.organization_id = $1 and c.person_id = p.id and c.provider = $2 and c.state <> 'gone')
    order by p.email_key limit $3");

/// Whose a listed grant is.
#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    /// The grant.
    pub id: Uuid,
    /// The person; none for the organization's own.
    pub person_id: Option<Uuid>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Their address here.
    pub person_email: Option<String>,
}

/// Grants that are not gone, newest first, before one.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<(Listed, Connection)>, StoreError> {
    let rows: Vec<Listed> = run!(
        all,
        tx,
        LIST,
        [organization.uuid(), before.map(|(at, _)| at), before.map(|(_, id)| id), limit]
    )?;
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(connection) = find(tx, organization, ConnectionId(row.id)).await? {
            list.push((row, connection));
        }
    }
    Ok(list)
}

/// Instructors without a grant: id, given and family name.
pub async fn unconnected(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    limit: i64,
) -> Result<Vec<(Uuid, String, Option<String>)>, StoreError> {
    Ok(run!(all, tx, UNCONNECTED, [organization.uuid(), provider.as_str(), limit])?)
}
