//! The running simulator and how tests, the demo and rehearsals drive it.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::Map;

use super::{
    behaviour::Behaviour,
    delivery::Inner,
    options::{AppSpec, EndpointSpec, HostSpec, ValidationFailed},
    state::{Account, AccountPlan, HostPlan},
    truth::Truth,
    webhooks::{WebhookBehaviour, WebhookRecord},
    world::RequestRecord,
};
use crate::query::Query;
use crate::{
    control::{Carrier, since},
    faults::{FaultPlan, ForcedError},
    stage::{Options, Running, start},
};

/// A running simulated Zoom. It ends when dropped.
#[derive(Debug)]
pub struct ZoomSimulator {
    pub(crate) inner: Arc<Inner>,
    running: Running,
}

impl ZoomSimulator {
    /// Starts listening.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (inner, running) = start(options).await?;
        Ok(Self { inner, running })
    }

    /// Scheme, host and port: OAuth pages are at `/oauth/…`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.running.base_url()
    }

    /// Where the API's paths begin.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/v2", self.base_url())
    }

    /// Puts an app on the marketplace, or replaces it.
    pub fn add_app(&self, spec: AppSpec) {
        self.inner.add_app(spec);
    }

    /// Subscribes an app to events after its receiver has proved that it holds the secret, as Zoom's form does.
    ///
    /// # Errors
    /// [`ValidationFailed`]; nothing is saved then.
    pub async fn subscribe(&self, client_id: &str, endpoint: EndpointSpec) -> Result<(), ValidationFailed> {
        self.inner.subscribe(client_id, endpoint).await
    }

    /// How many 72-hour validations in a row each receiver of an app has failed.
    #[must_use]
    pub fn failed_validations(&self, client_id: &str) -> Vec<(String, u32)> {
        let world = self.inner.world();
        let endpoints = world.apps.get(client_id).map(|app| &app.endpoints[..]).unwrap_or_default();
        endpoints.iter().map(|endpoint| (endpoint.url.clone(), endpoint.failed_validations)).collect()
    }

    /// Switches an app off (tokens die) or on again.
    pub fn disable_app(&self, client_id: &str, disabled: bool) {
        if let Some(app) = self.inner.world().apps.get_mut(client_id) {
            app.disabled = disabled;
        }
    }

    /// Changes the scopes of an app; the tokens that are out follow.
    pub fn set_scopes(&self, client_id: &str, scopes: &[&str]) {
        if let Some(app) = self.inner.world().apps.get_mut(client_id) {
            app.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        }
    }

    /// Adds a person who can host; returns their Zoom user id.
    pub fn add_host(&self, spec: HostSpec) -> String {
        self.inner.add_host(spec)
    }

    /// Changes a person's licence.
    pub fn set_host_plan(&self, email: &str, plan: HostPlan) {
        let mut world = self.inner.world();
        if let Some(user) = world.users.values_mut().find(|user| user.email == email) {
            user.plan = plan;
        }
    }

    /// Changes what the account's administrators decide.
    pub fn set_account(
        &self,
        account_id: &str,
        plan: AccountPlan,
        locked: Map<String, serde_json::Value>,
        storage_full: bool,
        auto_delete_days: Option<i64>,
    ) {
        self.inner
            .world()
            .accounts
            .insert(account_id.to_owned(), Account { plan, locked, storage_full, auto_delete_days });
    }

    /// Uses up what a host may create and change today.
    pub fn spend_day(&self, email: &str) {
        let (mut world, now) = self.inner.present();
        if let Some(host) = world.user(email).map(|user| user.id.clone()) {
            world.limits.spend_day(&host, now);
        }
    }

    /// What a person's "Allow" in the browser does: takes the authorization URL, gives the callback URL with code and state.
    #[must_use]
    pub fn allow(&self, authorize_url: &str, email: &str) -> Option<String> {
        let query = authorize_url.split_once('?')?.1;
        let form = Query::parse(query).join(Query::parse(
            &url::form_urlencoded::Serializer::new(String::new())
                .append_pair("user", email)
                .append_pair("decision", "allow")
                .finish(),
        ));
        let (mut world, now) = self.inner.present();
        let answer = world.decide(&form, now);
        answer.headers.into_iter().find(|(name, _)| *name == "location").map(|(_, value)| value)
    }

    /// A person removes the app on Zoom's page: tokens die, `app_deauthorized` goes out. False when there was no grant.
    pub fn remove_app(&self, client_id: &str, email: &str) -> bool {
        let (mut world, now) = self.inner.present();
        let removed = world.remove_app(client_id, email, now);
        drop(world);
        self.inner.wake.notify_one();
        removed
    }

    /// Tokens die without a word, as when an administrator acts or Zoom's memory is lost.
    pub fn revoke_silently(&self, client_id: &str, email: &str) -> bool {
        let mut world = self.inner.world();
        let Some(user) = world.user(email).map(|user| user.id.clone()) else { return false };
        world.revoke_user(client_id, &user)
    }

    /// Meetings that exist and are not deleted: number and topic.
    #[must_use]
    pub fn meetings(&self) -> Vec<(u64, String)> {
        let world = self.inner.world();
        world
            .meetings
            .values()
            .filter(|meeting| meeting.deleted.is_none())
            .map(|meeting| (meeting.id, meeting.topic.clone()))
            .collect()
    }

    /// Approved registrants of a meeting: id, e-mail address, join URL.
    #[must_use]
    pub fn registrants(&self, meeting: u64) -> Vec<(String, String, String)> {
        let world = self.inner.world();
        let Some(found) = world.meetings.get(&meeting) else { return Vec::new() };
        found
            .registrants
            .iter()
            .filter(|registrant| registrant.status == super::state::RegistrantStatus::Approved)
            .map(|registrant| {
                (registrant.id.clone(), registrant.email.clone(), world.join_url(found, registrant))
            })
            .collect()
    }

    /// Who really was in a meeting.
    #[must_use]
    pub fn truth(&self, meeting: u64) -> Option<Truth> {
        let (world, now) = self.inner.present();
        world.truth(meeting, now)
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
        let world = self.inner.world();
        (world.outbox.waiting(), world.outbox.next_due())
    }

    /// Delivers everything due by now, retries included, in order; returns the number of attempts.
    pub async fn flush_webhooks(&self) -> usize {
        self.inner.deliver_due().await
    }

    /// Starts a fault plan over API calls; the default plan ends it.
    pub fn set_faults(&self, seed: u64, plan: FaultPlan) {
        self.inner.world().faults.set(seed, plan);
    }

    /// Makes the next calls of one operation answer an error of Zoom's.
    pub fn force_error(&self, forced: ForcedError) {
        self.inner.world().faults.forced.push(forced);
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
