//! Pasted links, sealed.

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, OrganizationId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

/// A pasted link.
#[derive(Clone, Debug, FromRow)]
pub struct PastedLink {
    /// The session or the class it is for, which the seal names.
    pub of_id: Uuid,
    /// The address, sealed.
    pub link: Vec<u8>,
    /// The address's host.
    pub host: String,
    /// Since when.
    pub updated_at: DateTime<Utc>,
}

statement!(tenant FIND, "select of_id, link, host, updated_at from pasted_links where organization_id = $1 and of_id = $2");
statement!(tenant PUT, "insert into pasted_links (of_id, organization_id, class_id, link, host, updated_at) values ($1, $2, $3, $4, $5, $6)
    on conflict (organization_id, of_id) do update set link = excluded.link, host = excluded.host, updated_at = excluded.updated_at");
statement!(tenant REMOVE_OF_CLASS, "delete from pasted_links where organization_id = $1 and class_id = $2");
statement!(tenant REMOVE, "delete from pasted_links where organization_id = $1 and of_id = $2");

/// Takes a class's link away, and those of its sessions.
pub async fn remove_of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_OF_CLASS, [organization.uuid(), class.uuid()])?;
    Ok(())
}

/// The link of a session's own, or of a class.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    of_id: Uuid,
) -> Result<Option<PastedLink>, StoreError> {
    Ok(run!(optional, tx, FIND, [organization.uuid(), of_id])?)
}

/// Keeps a link in the place of the one before.
pub async fn put(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    link: &PastedLink,
) -> Result<(), StoreError> {
    let sealed = link.link.as_slice();
    run!(
        execute,
        tx,
        PUT,
        [link.of_id, organization.uuid(), class.uuid(), sealed, &link.host, link.updated_at]
    )?;
    Ok(())
}

/// Takes a link away; `false` when there was none.
pub async fn remove(tx: &mut Tx, organization: OrganizationId, of_id: Uuid) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, REMOVE, [organization.uuid(), of_id])? == 1)
}
