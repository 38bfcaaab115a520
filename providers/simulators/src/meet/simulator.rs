//! The running simulator and how tests, the demo and rehearsals drive it.

use std::{collections::BTreeMap, io, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    behaviour::{Behaviour, PushBehaviour},
    delivery::Inner,
    options::{AccountSpec, AppSpec, PushSpec, ServiceAccountSpec},
    pubsub::PushRecord,
    state::{Account, Edition},
    truth::Truth,
    world::RequestRecord,
};
use crate::{
    control::{Carrier, since},
    faults::{FaultPlan, ForcedError},
    query::Query,
    stage::{Options, Running, start},
};

/// A running simulated Google. It ends when dropped.
#[derive(Debug)]
pub struct MeetSimulator {
    pub(crate) inner: Arc<Inner>,
    running: Running,
}

impl MeetSimulator {
    /// Starts listening.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (inner, running) = start(options).await?;
        Ok(Self { inner, running })
    }

    /// Scheme, host and port: all of Google is here.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.running.base_url()
    }

    /// Where Meet's paths begin.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/v2", self.base_url())
    }

    /// The folder of the consent page.
    #[must_use]
    pub fn oauth_url(&self) -> String {
        format!("{}/o/oauth2/v2", self.base_url())
    }

    /// The other addresses, by the names that the provider's settings use.
    #[must_use]
    pub fn other_urls(&self) -> BTreeMap<String, String> {
        let base = self.base_url();
        [
            ("token", "/token"),
            ("revoke", "/revoke"),
            ("userinfo", "/oauth2/v2/userinfo"),
            ("keys", "/oauth2/v3/certs"),
            ("drive", "/drive/v3"),
            ("people", "/v1"),
            ("directory", "/admin/directory/v1"),
            ("events", "/v1"),
            ("pubsub", "/v1"),
        ]
        .into_iter()
        .map(|(name, path)| (name.to_owned(), format!("{base}{path}")))
        .collect()
    }

    /// Adds an account; returns its number.
    pub fn add_account(&self, spec: AccountSpec) -> String {
        self.inner.add_account(spec)
    }

    /// Adds an OAuth client, or replaces it.
    pub fn add_app(&self, spec: AppSpec) {
        self.inner.add_app(spec);
    }

    /// Adds a service account; returns its key file.
    pub fn add_service_account(&self, spec: ServiceAccountSpec) -> String {
        self.inner.add_service_account(spec)
    }

    /// Makes a topic and its Pub/Sub subscription, or replaces them.
    pub fn add_push(&self, spec: PushSpec) {
        self.inner.world().pubsub.add(spec);
    }

    fn change_account(&self, email: &str, change: impl FnOnce(&mut Account)) {
        self.inner.world().change_account(email, change);
    }

    /// Changes what an account has paid for.
    pub fn set_edition(&self, email: &str, edition: Edition) {
        self.change_account(email, |account| account.edition = edition);
    }

    /// Fills an account's Drive, or makes room; and limits it.
    pub fn set_drive(&self, email: &str, full: bool, limit: Option<u64>) {
        self.change_account(email, |account| {
            account.drive_full = full;
            account.storage_limit = limit;
        });
    }

    /// The administrator forbids downloads of what is recorded from now on.
    pub fn forbid_downloads(&self, email: &str, forbidden: bool) {
        self.change_account(email, |account| account.downloads_forbidden = forbidden);
    }

    /// Switches an API off for a project (`meet`, `drive`, `people`, `admin`, `workspaceevents`), or on again.
    pub fn disable_api(&self, project: &str, service: &str, disabled: bool) {
        let key = (project.to_owned(), service.to_owned());
        let mut world = self.inner.world();
        if disabled {
            world.disabled_apis.insert(key);
        } else {
            world.disabled_apis.remove(&key);
        }
    }

    /// What a person's "Continue" in the browser does, with all permissions ticked but those named: takes the authorization
    /// URL, gives the callback URL.
    #[must_use]
    pub fn allow(&self, authorize_url: &str, email: &str, unticked: &[&str]) -> Option<String> {
        let query = Query::parse(authorize_url.split_once('?')?.1);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in query.pairs() {
            if key == "scope" {
                let ticked: Vec<_> = value
                    .split(' ')
                    .filter(|scope| !unticked.iter().any(|not| scope.ends_with(not)))
                    .collect();
                form.append_pair("scope", &ticked.join(" "));
            } else {
                form.append_pair(key, value);
            }
        }
        let form = form.append_pair("user", email).append_pair("decision", "allow").finish();
        let (mut world, now) = self.inner.present();
        let answer = world.decide(&Query::parse(&form), now);
        answer.headers.into_iter().find(|(name, _)| *name == "location").map(|(_, value)| value)
    }

    /// A person takes a consent back on Google's page; false when there was none.
    pub fn remove_access(&self, client_id: &str, email: &str) -> bool {
        let (mut world, now) = self.inner.present();
        let Some(user) = world.account_by_email(email).map(|account| account.id.clone()) else {
            return false;
        };
        let ended = world.end_grants(client_id, &user, now);
        drop(world);
        self.inner.wake.notify_one();
        ended
    }

    /// Every space: its name and its link.
    #[must_use]
    pub fn spaces(&self) -> Vec<(String, String)> {
        let world = self.inner.world();
        world.spaces.values().map(|space| (space.name(), world.link(space))).collect()
    }

    /// The addresses on a space's list, with whether they are co-hosts.
    #[must_use]
    pub fn members(&self, space: &str) -> Vec<(String, bool)> {
        let world = self.inner.world();
        let found = space.strip_prefix("spaces/").and_then(|id| world.spaces.get(id));
        found
            .map(|space| space.members.iter().map(|member| (member.email.clone(), member.co_host)).collect())
            .unwrap_or_default()
    }

    /// A space's configuration.
    #[must_use]
    pub fn config(&self, space: &str) -> Option<serde_json::Value> {
        let world = self.inner.world();
        space.strip_prefix("spaces/").and_then(|id| world.spaces.get(id)).map(|space| space.config.clone())
    }

    /// Who really was in a space.
    #[must_use]
    pub fn truth(&self, space: &str) -> Option<Truth> {
        let (world, now) = self.inner.present();
        world.truth(space, now)
    }

    /// Calls served after this sequence number (0: all).
    #[must_use]
    pub fn requests_since(&self, seq: u64) -> Vec<RequestRecord> {
        since(&self.inner.world().log, seq).to_vec()
    }

    /// Pushes, and losses on purpose, after this sequence number (0: all).
    #[must_use]
    pub fn pushes_since(&self, seq: u64) -> Vec<PushRecord> {
        since(&self.inner.world().pubsub.log, seq).to_vec()
    }

    /// Messages that wait for their time or to be pulled, and when the first push is due.
    #[must_use]
    pub fn waiting_pushes(&self) -> (usize, Option<DateTime<Utc>>) {
        let (world, _) = self.inner.present();
        (world.pubsub.waiting(), world.pubsub.next_due())
    }

    /// Pushes everything due by now, retries included, in order; returns the number of attempts.
    pub async fn flush_pushes(&self) -> usize {
        self.inner.deliver_due().await
    }

    /// Google's next signing key signs from now on.
    pub fn rotate_keys(&self) {
        self.inner.world().keys.rotate();
    }

    /// Suspends a subscription of Workspace Events for one of Google's reasons; false when there is none.
    pub fn suspend(&self, subscription: &str, reason: &str) -> bool {
        let (mut world, now) = self.inner.present();
        let id = subscription.strip_prefix("subscriptions/").unwrap_or(subscription).to_owned();
        world.suspend(&id, reason, now)
    }

    /// Takes the next due push off its way: its address, its token and its body. For whoever wants to see what becomes of it
    /// when it is touched.
    #[must_use]
    pub fn intercept(&self) -> Option<(String, String, serde_json::Value)> {
        let (mut world, now) = self.inner.present();
        let message = world.pubsub.take_due(now)?;
        let token = world.keys.token(&message.claims(now), false);
        Some((message.spec.endpoint.clone()?, token, message.wrapped()))
    }

    /// A token with these claims and a signature of Google's, whatever they say; by a key that nobody published, when that is
    /// asked.
    #[must_use]
    pub fn signed(&self, claims: &serde_json::Value, wrong_key: bool) -> String {
        self.inner.world().keys.token(claims, wrong_key)
    }

    /// The keys as they are published.
    #[must_use]
    pub fn published_keys(&self) -> serde_json::Value {
        self.inner.world().keys.document()
    }

    /// Starts a fault plan over API calls; the default plan ends it.
    pub fn set_faults(&self, seed: u64, plan: FaultPlan) {
        self.inner.world().faults.set(seed, plan);
    }

    /// Makes the next calls of one method answer an error of Google's; the message may be one of its reasons.
    pub fn force_error(&self, forced: ForcedError) {
        self.inner.world().faults.forced.push(forced);
    }

    /// Changes what happens to pushes from now on.
    pub fn set_pushes(&self, behaviour: PushBehaviour) {
        self.inner.world().pubsub.set(behaviour);
    }

    /// Changes the switches.
    pub fn set_behaviour(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.inner.world().behaviour);
    }
}
