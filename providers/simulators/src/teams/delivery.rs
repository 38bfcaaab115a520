//! Behind the handle: the shared world, and the courier that shakes hands and carries notifications.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration as RealDuration, Instant},
};

use chrono::{DateTime, Utc};
use lectern_core::clock::{Clock, ShiftedClock};
use tokio::sync::Notify;

use super::{options::TeamsOptions, subscriptions::Wanted, world::World};
use crate::contract::Contract;

/// A receiver answers a handshake within ten seconds, and a notification within three.
const HANDSHAKE: RealDuration = RealDuration::from_secs(10);
const PATIENCE: RealDuration = RealDuration::from_secs(3);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) shifted: Option<ShiftedClock>,
    pub(crate) contract: Option<Arc<Contract>>,
    pub(crate) control: bool,
    world: Mutex<World>,
    client: reqwest::Client,
    sending: tokio::sync::Mutex<()>,
    pub(crate) wake: Notify,
}

impl Inner {
    /// Everything but the listener.
    pub(crate) fn new(options: TeamsOptions, base: String) -> io::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(io::Error::other)?;
        Ok(Self {
            clock: options.clock,
            shifted: options.shifted,
            contract: options.contract,
            control: options.control,
            world: Mutex::new(World::new(options.seed, base)),
            client,
            sending: tokio::sync::Mutex::new(()),
            wake: Notify::new(),
        })
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The world, after everything that happened by itself until now.
    pub(crate) fn present(&self) -> (MutexGuard<'_, World>, DateTime<Utc>) {
        let now = self.now();
        let mut world = self.world();
        world.tick(now);
        (world, now)
    }

    /// Asks both addresses to echo a token, decoded, as text. The same address twice is asked twice.
    pub(crate) async fn shake_hands(&self, wanted: &Wanted) -> bool {
        let subscription = &wanted.subscription;
        let urls = [Some(&subscription.notification_url), subscription.lifecycle_url.as_ref()];
        for url in urls.into_iter().flatten() {
            let request = self.world().dice.uuid();
            let token = format!(
                "Validation: Testing client application reachability for subscription Request-Id: {request}"
            );
            let Ok(mut target) = url::Url::parse(url) else { return false };
            target.query_pairs_mut().append_pair("validationToken", &token);
            let sent = self
                .client
                .post(target)
                .timeout(HANDSHAKE)
                .header("content-type", "text/plain; charset=utf-8")
                .send()
                .await;
            let Ok(answer) = sent else { return false };
            let plain = answer
                .headers()
                .get("content-type")
                .and_then(|kind| kind.to_str().ok())
                .is_some_and(|kind| kind.starts_with("text/plain"));
            if answer.status().as_u16() != 200
                || !plain
                || answer.text().await.ok().as_deref() != Some(&token)
            {
                return false;
            }
        }
        true
    }

    /// Sends everything that is due; returns how many deliveries were attempted.
    pub(crate) async fn deliver_due(&self) -> usize {
        let _one_sender = self.sending.lock().await;
        let mut sent = 0;
        loop {
            let delivery = {
                let (mut world, now) = self.present();
                let Some(delivery) = world.outbox.take_due(now) else { return sent };
                delivery
            };
            let started = Instant::now();
            let request = self
                .client
                .post(&delivery.url)
                .timeout(PATIENCE)
                .header("content-type", "application/json; charset=utf-8")
                .body(delivery.body());
            let status = match request.send().await {
                Ok(answer) => Some(answer.status().as_u16()),
                Err(error) => {
                    tracing::debug!(what = %delivery.what, %error, "a notification found nobody");
                    None
                }
            };
            let now = self.now();
            let slow = started.elapsed() >= PATIENCE;
            self.world().outbox.attempted(delivery, status, slow, now);
            sent += 1;
        }
    }
}
