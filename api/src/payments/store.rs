//! Keys of an organization's payment account, and which of its events were followed.

use chrono::{DateTime, Utc};
use lectern_core::ids::OrganizationId;
use sqlx::FromRow;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant FIND, "select secret_key, webhook_secret, account_name, live, tested_at from payment_settings where organization_id = $1");
statement!(tenant SAVE, "insert into payment_settings (organization_id, secret_key, webhook_secret, account_name, live, tested_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (organization_id) do update set secret_key = excluded.secret_key, webhook_secret = excluded.webhook_secret, account_name = excluded.account_name, live = excluded.live, tested_at = excluded.tested_at, updated_at = excluded.updated_at");
statement!(tenant TESTED, "update payment_settings set account_name = $2, tested_at = $3 where organization_id = $1");
statement!(tenant REMOVE, "delete from payment_settings where organization_id = $1");
statement!(tenant FOLLOW, "insert into payment_events (organization_id, event_id, received_at) values ($1, $2, $3) on conflict do nothing");
statement!(tenant FORGET, "delete from payment_events where organization_id = $1 and received_at < $2");

/// The account.
#[derive(Clone, Debug, FromRow)]
pub struct PaymentSettings {
    /// Sealed.
    pub secret_key: Vec<u8>,
    /// Sealed.
    pub webhook_secret: Option<Vec<u8>>,
    /// As the account last called itself.
    pub account_name: Option<String>,
    /// Real money.
    pub live: bool,
    /// When it last answered.
    pub tested_at: Option<DateTime<Utc>>,
}

/// The organization's account.
pub async fn find(tx: &mut Tx, organization: OrganizationId) -> Result<Option<PaymentSettings>, StoreError> {
    Ok(run!(optional, tx, FIND, [organization.uuid()])?)
}

/// Writes it whole.
pub async fn save(
    tx: &mut Tx,
    organization: OrganizationId,
    settings: &PaymentSettings,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SAVE,
        [
            organization.uuid(),
            settings.secret_key.as_slice(),
            settings.webhook_secret.as_deref(),
            settings.account_name.as_deref(),
            settings.live,
            settings.tested_at,
            now
        ]
    )?;
    Ok(())
}

/// It answered, and calls itself so.
pub async fn tested(
    tx: &mut Tx,
    organization: OrganizationId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, TESTED, [organization.uuid(), name, now])?;
    Ok(())
}

/// Removes it: `false` when there was none.
pub async fn remove(tx: &mut Tx, organization: OrganizationId) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, REMOVE, [organization.uuid()])? == 1)
}

/// An event is about to be followed: `false` when it was before.
pub async fn follow(
    tx: &mut Tx,
    organization: OrganizationId,
    event: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, FOLLOW, [organization.uuid(), event, now])? == 1)
}

/// Forgets events followed before an instant: Stripe no longer sends them again.
pub async fn forget(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, FORGET, [organization.uuid(), before])?;
    Ok(())
}
