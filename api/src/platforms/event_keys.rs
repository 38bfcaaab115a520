//! What comes back with every delivery that was asked for, and the key that opens it: made when first needed, sealed, and made
//! anew once a year.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::OrganizationId,
    provider::{Certificate, OpeningKey, ProviderName},
    secret::SecretString,
};
use lectern_providers::certificate;
use uuid::Uuid;

use super::store::event_keys::{self as store, Row};
use crate::{app::App, error::ApiError, keys::Sealer};

/// A key older than this is followed by another.
const LIFE: Duration = Duration::days(365);

/// An organization's key at a platform, opened.
#[derive(Clone, Debug)]
pub(super) struct EventKey {
    /// Comes back with every delivery.
    pub(super) secret: SecretString,
    /// What the platform gets.
    pub(super) certificate: Certificate,
    /// What we keep.
    pub(super) opening: OpeningKey,
}

fn open(sealer: &Sealer, row: &Row) -> Result<EventKey, ApiError> {
    let id = row.id.simple().to_string();
    Ok(EventKey {
        secret: sealer.open_text("event_keys", "secret", row.id, &row.secret)?,
        certificate: Certificate { id: id.clone(), der: row.certificate.clone() },
        opening: OpeningKey {
            id,
            pem: sealer.open_text("event_keys", "private_key", row.id, &row.private_key)?,
        },
    })
}

/// All that may still be named by a delivery, the one in use first.
pub(super) async fn all(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Vec<EventKey>, ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let mut look = app.db.read(organization).await?;
    let rows = store::of(&mut look, organization, provider).await?;
    drop(look);
    rows.iter().map(|row| open(&sealer, row)).collect()
}

/// The one in use; made when there is none, or when it is a year old. No transaction may be open.
pub(super) async fn in_use(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<EventKey, ApiError> {
    let now = app.clock.now();
    let mut look = app.db.read(organization).await?;
    let rows = store::of(&mut look, organization, provider).await?;
    drop(look);
    if !rows.iter().any(|row| row.retired_at.is_none() && row.made_at + LIFE > now) {
        add(app, organization, provider, now).await?;
    }
    let key = all(app, organization, provider).await?.into_iter().next();
    key.ok_or_else(|| ApiError::internal(std::io::Error::other("no event key")))
}

async fn add(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let id: Uuid = app.ids.next();
    let name = id.simple().to_string();
    let (certificate, opening) = tokio::task::spawn_blocking(move || certificate::make(&name, now))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    let secret = hex::encode(app.randomness.bytes::<32>());
    let sealer = app.keys.sealer(organization).await?;
    let row = Row {
        id,
        secret: sealer.seal("event_keys", "secret", id, secret.as_bytes()),
        certificate: certificate.der,
        private_key: sealer.seal("event_keys", "private_key", id, opening.pem.expose().as_bytes()),
        made_at: now,
        retired_at: None,
    };
    let mut tx = app.db.begin(organization).await?;
    store::retire(&mut tx, organization, provider, now - LIFE, now).await?;
    // Another instance may have been quicker: then its key is in use.
    store::insert(&mut tx, organization, provider, &row).await?;
    tx.commit().await?;
    app.providers.forget(organization, provider);
    Ok(())
}
