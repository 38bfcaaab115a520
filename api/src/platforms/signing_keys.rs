//! Keys that platforms sign deliveries with: fetched when deliveries are asked for, and when one names a key that is not known;
//! kept in memory.

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
/// Keys that are older are fetched again ahead of their end, while deliveries are asked for.
const FRESH: TimeDelta = TimeDelta::hours(12);
/// Whoever sends unknown keys makes us ask this seldom.
const PAUSE: TimeDelta = TimeDelta::minutes(5);
/// So soon after the platform did not answer.
const AGAIN: TimeDelta = TimeDelta::seconds(30);
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
        known.get(url).is_none_or(|known| {
            let answered = known.fetched_at == Some(known.tried_at);
            now - known.tried_at >= if answered { PAUSE } else { AGAIN }
        })
    }

    fn is_old(&self, url: &Url, now: DateTime<Utc>) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(url).and_then(|known| known.fetched_at).is_none_or(|at| now - at >= FRESH)
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

/// Fetches the keys at an address ahead of the deliveries that need them.
///
/// # Errors
/// When the platform does not answer: the first delivery asks again.
pub(super) async fn fetch_ahead(app: &App, provider: ProviderName, url: &Url) -> Result<(), ProviderError> {
    if app.providers.signing_keys().is_old(url, app.clock.now()) {
        fetch(app, provider, url).await?;
    }
    Ok(())
}

/// Fetches the keys at an address, unless they came in the last five minutes, or it did not answer in the last 30 seconds; what is
/// known then.
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_are_asked_for_seldom_and_believed_for_a_day() {
        let (cache, url) = (KeyCache::default(), Url::parse("https://login.example/keys").unwrap());
        let start = DateTime::UNIX_EPOCH;
        let key = SigningKey { id: "a".to_owned(), modulus: "n".to_owned(), exponent: "AQAB".to_owned() };
        assert!(cache.may_ask(&url, start) && cache.is_old(&url, start));
        cache.note(&url, None, start);
        assert!(!cache.may_ask(&url, start + TimeDelta::seconds(29)));
        assert!(cache.may_ask(&url, start + AGAIN), "it did not answer");
        let start = start + AGAIN;
        cache.note(&url, Some(vec![key.clone()]), start);
        assert!(!cache.may_ask(&url, start + TimeDelta::seconds(299)));
        assert!(cache.may_ask(&url, start + PAUSE));
        assert!(!cache.is_old(&url, start + TimeDelta::hours(11)) && cache.is_old(&url, start + FRESH));
        assert_eq!(*cache.fresh(&url, start + TimeDelta::hours(23)), [key]);
        assert!(cache.fresh(&url, start + LIFE).is_empty(), "one may have been withdrawn");
    }
}
