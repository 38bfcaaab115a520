//! Keys that platforms sign deliveries with, fetched when a delivery names one that is not known, and kept in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::provider::{Call, ProviderError, ProviderName, SigningKey};
use lectern_providers::signing_keys;
use url::Url;

use crate::app::App;

/// Keys that are older are fetched again before they are believed: the platform may have withdrawn one.
const LIFE: TimeDelta = TimeDelta::hours(24);
/// Whoever sends unknown keys makes us ask this seldom.
const PAUSE: TimeDelta = TimeDelta::seconds(30);
/// The platform waits three seconds for our answer.
const WAIT: Duration = Duration::from_millis(2_000);

#[derive(Debug)]
struct Known {
    keys: Arc<[SigningKey]>,
    fetched_at: Option<DateTime<Utc>>,
    tried_at: DateTime<Utc>,
}

/// What was fetched, by address.
#[derive(Debug, Default)]
pub(super) struct KeyCache {
    known: Mutex<HashMap<Url, Known>>,
    /// One asks, the others wait for the answer.
    turn: tokio::sync::Mutex<()>,
}

impl KeyCache {
    /// What is known, if it is fresh.
    pub(super) fn fresh(&self, url: &Url, now: DateTime<Utc>) -> Arc<[SigningKey]> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |known: &&Known| known.fetched_at.is_some_and(|at| now - at < LIFE);
        known.get(url).filter(fresh).map_or_else(|| Arc::from([]), |known| Arc::clone(&known.keys))
    }

    fn may_ask(&self, url: &Url, now: DateTime<Utc>) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(url).is_none_or(|known| now - known.tried_at >= PAUSE)
    }

    fn note(&self, url: &Url, fetched: Option<Vec<SigningKey>>, now: DateTime<Utc>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry(url.clone()).or_insert_with(|| Known {
            keys: Arc::from([]),
            fetched_at: None,
            tried_at: now,
        });
        entry.tried_at = now;
        if let Some(keys) = fetched {
            (entry.keys, entry.fetched_at) = (keys.into(), Some(now));
        }
    }
}

/// Fetches the keys at an address, unless that was tried in the last 30 seconds; what is known then.
///
/// # Errors
/// When the platform does not answer.
pub(super) async fn fetch(
    app: &App,
    provider: ProviderName,
    url: &Url,
) -> Result<Arc<[SigningKey]>, ProviderError> {
    let cache = app.providers.signing_keys();
    let _turn = cache.turn.lock().await;
    let now = app.clock.now();
    if cache.may_ask(url, now) {
        let fetched =
            signing_keys::fetch(app.providers.transport(), provider, url, &Call::interactive(WAIT)).await;
        match fetched {
            Ok(keys) => cache.note(url, Some(keys), now),
            Err(error) => {
                cache.note(url, None, now);
                return Err(error);
            }
        }
    }
    Ok(cache.fresh(url, now))
}
