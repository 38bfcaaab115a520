//! Secrets that verify deliveries, kept in memory so that intake reads no table.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    ids::OrganizationId,
    provider::{EventKeys, OpeningKey, ProviderName, SigningKey},
    secret::SecretString,
};
use lectern_providers::registry::{self, LiveSource};
use tokio::time::Instant;
use url::Url;

use super::{event_keys, settings, store};
use crate::{app::App, error::ApiError};

/// Another process's change is seen after this long at the latest; one's own at once.
const LIFE: Duration = Duration::from_secs(30);
/// The bare address tries at most so many organizations' secrets.
const MOST_ORGANIZATIONS: i64 = 32;
/// How exactly it is kept when a delivery was last verified.
const SEEN: TimeDelta = TimeDelta::hours(1);

/// One organization's secrets for one platform.
#[derive(Debug)]
pub struct WebhookSecrets {
    /// Whose.
    pub organization: OrganizationId,
    present: Option<SecretString>,
    previous: Option<(SecretString, DateTime<Utc>)>,
    /// Of events that were asked for: the secret in use first.
    asked: Vec<SecretString>,
    opening: Vec<OpeningKey>,
    audience: String,
    /// Of events that are published to a queue: the account that delivers, and no secret.
    sender: String,
    unsigned: SecretString,
    /// Where the platform publishes the keys it signs with.
    pub(super) keys_at: Option<Url>,
    /// Microseconds; when a delivery was last verified, as far as the table knows.
    seen: AtomicI64,
}

impl WebhookSecrets {
    /// The secrets that are valid now, the present one first.
    fn valid(&self, now: DateTime<Utc>) -> impl Iterator<Item = &SecretString> {
        let previous =
            self.previous.as_ref().filter(move |(_, until)| now < *until).map(|(secret, _)| secret);
        self.present.iter().chain(previous).chain(&self.asked)
    }

    /// What a delivery may be checked with, and opened: by each secret, or by the platform's signature alone where it knows no
    /// secret of ours.
    pub fn keys<'a>(
        &'a self,
        signing: &'a [SigningKey],
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = EventKeys<'a>> {
        let without = (!self.sender.is_empty()).then_some(&self.unsigned);
        self.valid(now).chain(without).map(move |secret| EventKeys { secret, ..self.opened_with(signing) })
    }

    /// What a delivery that was verified is opened with.
    #[must_use]
    pub fn opened_with<'a>(&'a self, signing: &'a [SigningKey]) -> EventKeys<'a> {
        EventKeys {
            secret: &self.unsigned,
            signing,
            opening: &self.opening,
            audience: &self.audience,
            sender: &self.sender,
        }
    }

    /// Whether the table should be told that a delivery was verified now: once an hour.
    pub fn is_news(&self, now: DateTime<Utc>) -> bool {
        let now = now.timestamp_micros();
        let seen = self.seen.load(Ordering::Relaxed);
        now - seen > SEEN.num_microseconds().unwrap_or(i64::MAX)
            && self.seen.compare_exchange(seen, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

type Entries<K, V> = RwLock<HashMap<K, (Instant, V)>>;

/// What was read lately.
#[derive(Default)]
pub(super) struct SecretCache {
    secrets: Entries<(ProviderName, OrganizationId), Arc<WebhookSecrets>>,
    organizations: Entries<ProviderName, Arc<[OrganizationId]>>,
}

impl fmt::Debug for SecretCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretCache")
    }
}

fn fresh<K: std::hash::Hash + Eq, V: Clone>(entries: &Entries<K, V>, key: &K) -> Option<V> {
    let entries = entries.read().unwrap_or_else(PoisonError::into_inner);
    entries.get(key).filter(|(at, _)| at.elapsed() < LIFE).map(|(_, value)| value.clone())
}

fn keep<K: std::hash::Hash + Eq, V>(entries: &Entries<K, V>, key: K, value: V) {
    let mut entries = entries.write().unwrap_or_else(PoisonError::into_inner);
    if entries.len() >= 10_000 {
        entries.retain(|_, (at, _)| at.elapsed() < LIFE);
    }
    entries.insert(key, (Instant::now(), value));
}

impl SecretCache {
    pub(super) fn forget(&self, organization: OrganizationId, provider: ProviderName) {
        self.secrets.write().unwrap_or_else(PoisonError::into_inner).remove(&(provider, organization));
        self.organizations.write().unwrap_or_else(PoisonError::into_inner).remove(&provider);
    }
}

/// An organization's secrets; none valid when it has no settings. Reads the tables at most every 30 seconds.
pub(super) async fn of(
    app: &App,
    provider: ProviderName,
    organization: OrganizationId,
) -> Result<Arc<WebhookSecrets>, ApiError> {
    let cache = app.providers.secrets();
    if let Some(secrets) = fresh(&cache.secrets, &(provider, organization)) {
        return Ok(secrets);
    }
    let mut tx = app.db.read(organization).await?;
    let found = store::settings::find(&mut tx, organization, provider).await?;
    drop(tx);
    let mut secrets = WebhookSecrets {
        organization,
        present: None,
        previous: None,
        asked: Vec::new(),
        opening: Vec::new(),
        audience: String::new(),
        sender: String::new(),
        unsigned: SecretString::from(""),
        keys_at: None,
        seen: AtomicI64::new(0),
    };
    if let Some(found) = found {
        let opened = settings::open_webhook_secrets(app, organization, provider, &found).await?;
        secrets.present = opened.0;
        secrets.previous = opened.1.zip(found.previous_valid_until);
        if let Some(seen) = found.webhook_seen_at {
            secrets.seen = AtomicI64::new(seen.timestamp_micros());
        }
        match (registry::live_source(provider), found.events_by) {
            (LiveSource::Asked, _) => {
                for key in event_keys::all(app, organization, provider).await? {
                    secrets.asked.push(key.secret);
                    secrets.opening.push(key.opening);
                }
                secrets.keys_at = keys_at(app, provider, &found.api_base);
                secrets.audience = found.client_id;
            }
            (LiveSource::Published, Some(queue)) => {
                secrets.keys_at = keys_at(app, provider, &found.api_base);
                secrets.audience = settings::webhook_url(app, organization, provider);
                secrets.sender = queue.sender;
            }
            _ => {}
        }
    }
    let secrets = Arc::new(secrets);
    keep(&cache.secrets, (provider, organization), Arc::clone(&secrets));
    Ok(secrets)
}

/// Where the platform at this address publishes the keys it signs with.
fn keys_at(app: &App, provider: ProviderName, api_base: &str) -> Option<Url> {
    let hosts = app.providers.addresses(provider).iter().find(|hosts| hosts.api.as_str() == api_base)?;
    hosts.others.get("keys").cloned().or_else(|| {
        let places = registry::addresses(provider);
        let same = places.iter().find(|place| place.api_base == hosts.api).or(places.first())?;
        same.others.get("keys").cloned()
    })
}

/// Organizations that use a platform, at most 32.
pub(super) async fn organizations(
    app: &App,
    provider: ProviderName,
) -> Result<Arc<[OrganizationId]>, ApiError> {
    let cache = app.providers.secrets();
    if let Some(organizations) = fresh(&cache.organizations, &provider) {
        return Ok(organizations);
    }
    let mut tx = app.db.system_read().await?;
    let found = store::settings::organizations(&mut tx, provider, MOST_ORGANIZATIONS).await?;
    drop(tx);
    let found: Arc<[OrganizationId]> = found.into();
    keep(&cache.organizations, provider, Arc::clone(&found));
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use lectern_core::ids::OrganizationId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_previous_secret_is_valid_until_its_end_and_the_table_hears_once_an_hour() {
        let start: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        let secrets = WebhookSecrets {
            organization: OrganizationId(Uuid::nil()),
            present: Some("new".into()),
            previous: Some(("old".into(), start + TimeDelta::hours(24))),
            asked: Vec::new(),
            opening: Vec::new(),
            audience: String::new(),
            sender: String::new(),
            unsigned: SecretString::from(""),
            keys_at: None,
            seen: AtomicI64::new(0),
        };
        let valid = |now| secrets.valid(now).map(|secret| secret.expose().clone()).collect::<Vec<_>>();
        assert_eq!(valid(start), ["new", "old"]);
        assert_eq!(valid(start + TimeDelta::hours(24)), ["new"]);
        assert!(secrets.is_news(start));
        assert!(!secrets.is_news(start + TimeDelta::minutes(59)));
        assert!(secrets.is_news(start + TimeDelta::minutes(61)));
    }
}
