//! The running simulator and how tests, the demo and rehearsals drive it.

use std::{io, sync::Arc};

use chrono::{DateTime, Duration, Utc};

use super::{
    behaviour::{Behaviour, ForcedAnswer},
    delivery::Inner,
    driving::session_id,
    options::{AccountSpec, EndpointSpec},
    truth::Truth,
    webhooks::{WebhookBehaviour, WebhookRecord},
    world::RequestRecord,
};
use crate::{
    control::{Carrier, since},
    faults::FaultPlan,
    stage::{Options, Running, start},
};

/// A running simulated Stripe. It ends when dropped.
#[derive(Debug)]
pub struct StripeSimulator {
    pub(crate) inner: Arc<Inner>,
    running: Running,
}

impl StripeSimulator {
    /// Starts listening.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (inner, running) = start(options).await?;
        Ok(Self { inner, running })
    }

    /// Scheme, host and port: the API is below `/v1`, the pages are below `/c/pay`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.running.base_url()
    }

    /// Opens an account, or replaces it with its keys and endpoints.
    pub fn add_account(&self, spec: AccountSpec) {
        self.inner.act(|world, now| world.add_account(spec, now));
    }

    /// Adds a webhook endpoint, or replaces the one with this address. False when there is no such account.
    pub fn add_endpoint(&self, account: &str, spec: EndpointSpec) -> bool {
        self.inner.world().add_endpoint(account, spec)
    }

    /// Takes an endpoint away: what was on its way to it is dropped. False when there was none.
    pub fn remove_endpoint(&self, account: &str, url: &str) -> bool {
        let mut world = self.inner.world();
        let Some(account) = world.accounts.get_mut(account) else { return false };
        let before = account.endpoints.len();
        account.endpoints.retain(|endpoint| endpoint.spec.url != url);
        account.endpoints.len() < before
    }

    /// Gives an endpoint another secret; the old one signs too for this long (at Stripe up to 24 hours). False when there is none.
    pub fn roll_secret(&self, account: &str, url: &str, secret: &str, both_for: Duration) -> bool {
        self.inner.act(|world, now| {
            let endpoints = world.accounts.get_mut(account).map(|account| &mut account.endpoints);
            let found = endpoints.into_iter().flatten().find(|endpoint| endpoint.spec.url == url);
            let Some(endpoint) = found else { return false };
            let old = std::mem::replace(&mut endpoint.spec.secret, secret.to_owned());
            endpoint.rolled = Some((old, now + both_for));
            true
        })
    }

    /// A key is rolled: it counts no longer. False when there is none.
    pub fn expire_key(&self, key: &str) -> bool {
        self.inner.world().keys.get_mut(key).map(|key| key.expired = true).is_some()
    }

    /// All sessions, as `(id, client_reference_id, address of the page)`; by id, so in no order of time.
    #[must_use]
    pub fn sessions(&self) -> Vec<(String, Option<String>, String)> {
        let (world, _) = self.inner.present();
        let all = world.sessions.values();
        all.map(|one| (one.id.clone(), one.client_reference_id.clone(), world.page_url(one))).collect()
    }

    /// What really happened; `session` is an id or the address of its page.
    #[must_use]
    pub fn truth(&self, session: &str) -> Option<Truth> {
        let (world, _) = self.inner.present();
        world.truth(session_id(session))
    }

    /// Calls served after this sequence number (0: all).
    #[must_use]
    pub fn requests_since(&self, seq: u64) -> Vec<RequestRecord> {
        since(&self.inner.world().log, seq).to_vec()
    }

    /// Delivery attempts, and losses on purpose, after this sequence number (0: all).
    #[must_use]
    pub fn webhooks_since(&self, seq: u64) -> Vec<WebhookRecord> {
        since(&self.inner.world().outbox.log, seq).to_vec()
    }

    /// Webhooks that wait for their time, and when the first is due.
    #[must_use]
    pub fn waiting_webhooks(&self) -> (usize, Option<DateTime<Utc>>) {
        let (world, _) = self.inner.present();
        (world.outbox.waiting(), world.outbox.next_due())
    }

    /// Lets everything happen that is due by the clock, and delivers what is due, retries included; returns the number of
    /// attempts.
    pub async fn flush_webhooks(&self) -> usize {
        self.inner.deliver_due().await
    }

    /// Starts a fault plan over API calls; the default plan ends it.
    pub fn set_faults(&self, seed: u64, plan: FaultPlan) {
        self.inner.world().faults.set(seed, plan);
    }

    /// Makes the next calls of one operation answer this.
    pub fn force_answer(&self, forced: ForcedAnswer) {
        self.inner.world().forced.push(forced);
    }

    /// Changes what happens to webhooks from now on.
    pub fn set_webhooks(&self, behaviour: WebhookBehaviour) {
        self.inner.world().outbox.set(behaviour);
    }

    /// Changes the switches.
    pub fn set_behaviour(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.inner.world().behaviour);
    }
}
