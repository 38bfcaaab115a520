//! Whom a platform's deliveries are believed for, and where it is asked to send them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::ConnectionId,
    provider::{ErrorKind, EventEndpoint, SigningKey, SubscriptionScope},
    secret::SecretString,
};
use lectern_providers::registry::{self, LiveSource};

use super::service::{connected_by, ours};
use super::{
    App, OrganizationId, ProviderError, ProviderName, Url, WebhookSecrets, event_keys, settings,
    signing_keys,
    store::{self},
    webhook_secrets,
};
use crate::{db::Tx, error::ApiError};

/// The secrets that verify an organization's deliveries, from memory.
pub async fn webhook_secrets(
    app: &App,
    provider: ProviderName,
    organization: OrganizationId,
) -> Result<Arc<WebhookSecrets>, ApiError> {
    webhook_secrets::of(app, provider, organization).await
}

/// Keys a platform signs deliveries with, as they are known: perhaps none.
pub fn known_signing_keys(app: &App, secrets: &WebhookSecrets) -> Arc<[SigningKey]> {
    let now = app.clock.now();
    let known = secrets.keys_at.as_ref().map(|url| app.providers.signing_keys().fresh(url, now));
    known.unwrap_or_else(|| Arc::from([]))
}

/// The same after a delivery named one that is not known: fetched, at most every five minutes.
///
/// # Errors
/// When the platform does not answer.
pub async fn fetch_signing_keys(
    app: &App,
    provider: ProviderName,
    secrets: &WebhookSecrets,
) -> Result<Arc<[SigningKey]>, ProviderError> {
    match &secrets.keys_at {
        Some(url) => signing_keys::fetch(app, provider, url).await,
        None => Ok(Arc::from([])),
    }
}

/// Sees to it that the keys are there before the deliveries that were asked for. A failure is the first delivery's to mend.
pub async fn expect_deliveries(app: &App, organization: OrganizationId, provider: ProviderName) {
    let fetching = async {
        let secrets =
            webhook_secrets(app, provider, organization).await.map_err(|error| ours(provider, &error))?;
        match &secrets.keys_at {
            Some(url) => signing_keys::fetch_ahead(app, provider, url).await,
            None => Ok(()),
        }
    };
    if let Err(error) = fetching.await {
        tracing::warn!(%error, "the keys {provider} signs with are not there yet: {error}");
    }
}

/// Whether events are asked for with this connection, and of what one subscription tells. No I/O but the database.
pub async fn asks_for_events(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    connection: ConnectionId,
) -> Result<Option<SubscriptionScope>, ApiError> {
    match registry::live_source(provider) {
        LiveSource::Asked => {}
        LiveSource::Published if queue(app, organization, provider).await?.is_some() => {}
        _ => return Ok(None),
    }
    match connected_by(app, organization, provider, Some(connection)).await {
        Ok(connected) => Ok(connected.provider.subscriptions().map(|part| part.scope())),
        Err(error) if matches!(error.kind, ErrorKind::Reconnect | ErrorKind::PolicyMissing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The organization's queue for a platform's events.
async fn queue(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Option<store::settings::EventQueue>, ApiError> {
    let mut look = app.db.read(organization).await?;
    Ok(store::settings::find(&mut look, organization, provider).await?.and_then(|found| found.events_by))
}

/// Where a platform's events shall go, and what shall come with them. Makes the organization's key when it has none; no
/// transaction may be open.
pub async fn event_endpoint(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<EventEndpoint, ProviderError> {
    let url = settings::webhook_url(app, organization, provider);
    let url = Url::parse(&url)
        .map_err(|error| ProviderError::new(provider, "subscribe", ErrorKind::Unexpected).source(error))?;
    if registry::live_source(provider) == LiveSource::Published {
        let queue = queue(app, organization, provider).await.map_err(|error| ours(provider, &error))?;
        let topic = queue.map(|queue| queue.topic);
        return Ok(EventEndpoint { url, secret: SecretString::from(""), certificate: None, topic });
    }
    let key =
        event_keys::in_use(app, organization, provider).await.map_err(|error| ours(provider, &error))?;
    Ok(EventEndpoint { url, secret: key.secret, certificate: Some(key.certificate), topic: None })
}

/// Removes keys of events that were retired before an instant.
pub async fn remove_old_event_keys(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, ApiError> {
    Ok(store::event_keys::remove_old(tx, organization, before).await?)
}

/// Organizations whose secrets the bare webhook address tries: at most 32, from memory.
pub async fn webhook_organizations(
    app: &App,
    provider: ProviderName,
) -> Result<Arc<[OrganizationId]>, ApiError> {
    webhook_secrets::organizations(app, provider).await
}

/// Records that a delivery of this platform was verified.
pub async fn webhook_seen(
    app: &App,
    provider: ProviderName,
    organization: OrganizationId,
) -> Result<(), ApiError> {
    let mut tx = app.db.begin(organization).await?;
    store::settings::set_webhook_seen(&mut tx, organization, provider, app.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}
