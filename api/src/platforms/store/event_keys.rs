//! Keys of events that were asked for.

use chrono::{DateTime, Utc};
use lectern_core::{ids::OrganizationId, provider::ProviderName};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

/// One key; secret and private key are sealed.
#[derive(Clone, Debug, FromRow)]
pub struct Row {
    /// Its id, which its seals name.
    pub id: Uuid,
    /// Comes back with every delivery.
    pub secret: Vec<u8>,
    /// X.509, DER, base64.
    pub certificate: String,
    /// PKCS#8, PEM.
    pub private_key: Vec<u8>,
    /// When.
    pub made_at: DateTime<Utc>,
    /// Since when another is in use.
    pub retired_at: Option<DateTime<Utc>>,
}

statement!(tenant OF, "select id, secret, certificate, private_key, made_at, retired_at from event_keys where organization_id = $1 and provider = $2
    order by case when retired_at is null then 0 else 1 end, made_at desc");
statement!(tenant INSERT, "insert into event_keys (id, organization_id, provider, secret, certificate, private_key, made_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing");
statement!(tenant RETIRE, "update event_keys set retired_at = $4 where organization_id = $1 and provider = $2 and retired_at is null and made_at <= $3");
statement!(tenant REMOVE_OLD, "delete from event_keys where organization_id = $1 and retired_at < $2");

/// All keys, the one in use first.
pub async fn of(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Vec<Row>, StoreError> {
    Ok(run!(all, tx, OF, [organization.uuid(), provider.as_str()])?)
}

/// Adds a key, unless one is in use.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    row: &Row,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            row.id,
            organization.uuid(),
            provider.as_str(),
            row.secret.as_slice(),
            &row.certificate,
            row.private_key.as_slice(),
            row.made_at
        ]
    )?;
    Ok(())
}

/// Retires a key that was made before an instant.
pub async fn retire(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    made_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, RETIRE, [organization.uuid(), provider.as_str(), made_before, now])?;
    Ok(())
}

/// Removes keys that were retired before an instant.
pub async fn remove_old(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_OLD, [organization.uuid(), before])?)
}
