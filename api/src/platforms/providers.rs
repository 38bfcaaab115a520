use std::{
    collections::HashMap,
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lectern_core::{
    clock::Clock,
    ids::{ConnectionId, OrganizationId},
    provider::{Account, ProviderName},
    random::Randomness,
};
use lectern_providers::transport::{Inspect, Transport, TransportOptions, address};
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    time::Instant,
};
use url::Url;

use super::{signing_keys::KeyCache, webhook_secrets::SecretCache};
use crate::config::{PlatformHosts, PlatformsConfig};

/// How long an account-level connection's hosts are remembered.
const HOST_LIFE: Duration = Duration::from_secs(600);
/// Hosts remembered at most.
const MOST_HOSTS: usize = 10_000;

/// The outbound side: the one transport and the operator's list of addresses.
#[derive(Clone)]
pub struct Providers(Arc<Parts>);

/// Since when, and whose; none when the account does not know the address.
type KnownHost = (Instant, Option<Account>);

struct Parts {
    transport: Transport,
    config: PlatformsConfig,
    /// Refreshing a connection waits here first, so that callers of one process do not poll the database.
    refreshing: Mutex<HashMap<ConnectionId, Arc<AsyncMutex<()>>>>,
    hosts: Mutex<HashMap<(OrganizationId, ProviderName, String), KnownHost>>,
    secrets: SecretCache,
    signing_keys: KeyCache,
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Providers").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Providers {
    /// From the operator's settings.
    pub fn new(
        config: &PlatformsConfig,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        inspect: Option<Arc<dyn Inspect>>,
    ) -> Result<Self, io::Error> {
        let transport = Transport::new(TransportOptions {
            allow_loopback: config.allow_loopback,
            clock,
            randomness,
            before_each: crate::db::assert_no_open_transaction,
            inspect,
        })
        .map_err(io::Error::other)?;
        Ok(Self(Arc::new(Parts {
            transport,
            config: config.clone(),
            refreshing: Mutex::default(),
            hosts: Mutex::default(),
            secrets: SecretCache::default(),
            signing_keys: KeyCache::default(),
        })))
    }

    /// The one outbound client.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        &self.0.transport
    }

    /// The operator's addresses of a platform; an administrator chooses from them.
    #[must_use]
    pub fn addresses(&self, provider: ProviderName) -> &[PlatformHosts] {
        self.0.config.of(provider)
    }

    /// The address an administrator means: as listed, with or without the last slash and the version.
    #[must_use]
    pub fn chosen(&self, provider: ProviderName, text: &str) -> Option<&PlatformHosts> {
        let plain = |text: &str| text.trim().trim_end_matches('/').to_ascii_lowercase();
        let wanted = plain(text);
        let addresses = self.addresses(provider);
        let without_version = |hosts: &&PlatformHosts| {
            plain(hosts.api.as_str()).rsplit_once("/v").is_some_and(|(base, _)| base == wanted)
        };
        addresses
            .iter()
            .find(|hosts| plain(hosts.api.as_str()) == wanted)
            .or_else(|| addresses.iter().find(without_version))
    }

    pub(super) fn is_meeting_host(&self, provider: ProviderName, url: &Url) -> bool {
        self.addresses(provider)
            .iter()
            .any(|hosts| address::is_listed(url, &hosts.meeting_hosts, self.0.config.allow_loopback))
    }

    /// Waits for the turn to refresh a connection in this process.
    pub(super) async fn turn_to_refresh(&self, connection: ConnectionId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut refreshing = self.0.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
            // Only those that somebody holds or waits for are worth remembering.
            if refreshing.len() > 1_000 {
                refreshing.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            Arc::clone(refreshing.entry(connection).or_default())
        };
        turn.lock_owned().await
    }

    /// What the platform said of a host's address lately: `Some(None)` when it does not know it.
    pub(super) fn known_host(
        &self,
        organization: OrganizationId,
        provider: ProviderName,
        email: &str,
    ) -> Option<Option<Account>> {
        let hosts = self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, account) = hosts.get(&(organization, provider, email.to_owned()))?;
        (at.elapsed() < HOST_LIFE).then(|| account.clone())
    }

    pub(super) fn remember_host(
        &self,
        organization: OrganizationId,
        provider: ProviderName,
        email: String,
        account: Option<Account>,
    ) {
        let mut hosts = self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MOST_HOSTS {
            hosts.clear();
        }
        hosts.insert((organization, provider, email), (Instant::now(), account));
    }

    /// Forgets what was remembered of an organization: after its settings changed.
    pub(super) fn forget(&self, organization: OrganizationId, provider: ProviderName) {
        self.0
            .hosts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(of, _, _), _| *of != organization);
        self.0.secrets.forget(organization, provider);
    }

    pub(super) fn signing_keys(&self) -> &KeyCache {
        &self.0.signing_keys
    }

    pub(super) fn secrets(&self) -> &SecretCache {
        &self.0.secrets
    }
}
