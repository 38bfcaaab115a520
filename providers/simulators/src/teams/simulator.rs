//! The running simulator and how tests, the demo and rehearsals drive it.

use std::{io, sync::Arc};

use chrono::{DateTime, Duration, Utc};

use super::{
    behaviour::Behaviour,
    delivery::Inner,
    errors::Forced,
    notify::{NotificationBehaviour, NotificationRecord},
    options::{AppSpec, PolicySpec, UserSpec},
    state::{App, Mail, Policy, User},
    truth::Truth,
    world::{RequestRecord, World},
};
use crate::{
    control::{Carrier, since},
    faults::FaultPlan,
    query::Query,
    stage::{Options, Running, start},
};

/// A running simulated Microsoft: login service, Graph and meeting rooms. It ends when dropped.
#[derive(Debug)]
pub struct TeamsSimulator {
    pub(crate) inner: Arc<Inner>,
    running: Running,
}

impl World {
    pub(crate) fn add_app(&mut self, spec: AppSpec) {
        let name = if spec.name.is_empty() { spec.client_id.clone() } else { spec.name };
        let app = App {
            client_id: spec.client_id.clone(),
            client_secret: spec.client_secret,
            name,
            redirect_uris: spec.redirect_uris,
            scopes: spec.scopes,
            roles: spec.roles,
        };
        self.apps.insert(spec.client_id, app);
    }

    pub(crate) fn add_user(&mut self, spec: UserSpec) -> String {
        if !spec.tenant.is_empty() {
            self.tenants.entry(spec.tenant.clone()).or_default();
        }
        let id = self.dice.uuid();
        let user = User {
            id: id.clone(),
            tenant: spec.tenant,
            email: spec.email,
            name: spec.name,
            licensed: spec.licensed,
        };
        self.users.insert(id.clone(), user);
        id
    }

    pub(crate) fn consent(&mut self, tenant: &str, app: &str) {
        self.tenants.entry(tenant.to_owned()).or_default().consented.insert(app.to_owned());
    }

    pub(crate) fn grant_policy(&mut self, spec: PolicySpec, now: DateTime<Utc>) {
        let from = now + Duration::minutes(spec.delay_minutes);
        let policy = Policy { app: spec.client_id, user: spec.user, from };
        self.tenants.entry(spec.tenant).or_default().policies.push(policy);
    }
}

impl TeamsSimulator {
    /// Starts listening.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (inner, running) = start(options).await?;
        Ok(Self { inner, running })
    }

    /// Scheme, host and port: where the login service is.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.running.base_url()
    }

    /// Where Graph's paths begin.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/v1.0", self.base_url())
    }

    /// Graph's other face.
    #[must_use]
    pub fn beta_url(&self) -> String {
        format!("{}/beta", self.base_url())
    }

    /// Registers an app, or replaces it.
    pub fn add_app(&self, spec: AppSpec) {
        self.inner.world().add_app(spec);
    }

    /// Adds somebody, and their tenant; returns the object id.
    pub fn add_user(&self, spec: UserSpec) -> String {
        self.inner.world().add_user(spec)
    }

    /// An administrator consents to everything the app registered.
    pub fn consent(&self, tenant: &str, client_id: &str) {
        self.inner.world().consent(tenant, client_id);
    }

    /// An administrator grants an application access policy.
    pub fn grant_policy(&self, spec: PolicySpec) {
        let (mut world, now) = self.inner.present();
        world.grant_policy(spec, now);
    }

    /// Every token that is out for this person dies.
    pub fn end_grant(&self, client_id: &str, email: &str) {
        let (mut world, now) = self.inner.present();
        if let Some(user) = world.user(email).map(|user| user.id.clone()) {
            world.end_grant(client_id, &user, now);
        }
    }

    /// What a person's "Accept" in the browser does: takes the authorization URL, gives the callback URL.
    #[must_use]
    pub fn accept(&self, authorize_url: &str, email: &str) -> Option<String> {
        let url = url::Url::parse(authorize_url).ok()?;
        let tenant = url.path_segments()?.next()?.to_owned();
        let decision = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("user", email)
            .append_pair("decision", "accept")
            .finish();
        let form = Query::parse(url.query()?).join(Query::parse(&decision));
        let (mut world, now) = self.inner.present();
        let answer = world.decide(&tenant, &form, now);
        answer.headers.into_iter().find(|(name, _)| *name == "location").map(|(_, value)| value)
    }

    /// Meetings that can be joined: subject and link.
    #[must_use]
    pub fn meetings(&self) -> Vec<(String, String)> {
        let (world, now) = self.inner.present();
        let usable = world.meetings.values().filter(|meeting| meeting.usable(now));
        usable.map(|meeting| (meeting.subject.clone(), meeting.join_url.clone())).collect()
    }

    /// Events in all calendars: subject, and whether it has an online meeting.
    #[must_use]
    pub fn events(&self) -> Vec<(String, bool)> {
        let world = self.inner.world();
        world.events.values().map(|event| (event.subject.clone(), event.online.is_some())).collect()
    }

    /// An option of a meeting as it is now.
    #[must_use]
    pub fn option(&self, join_url: &str, name: &str) -> Option<serde_json::Value> {
        self.inner.world().by_link(join_url)?.option(name).cloned()
    }

    /// What Outlook mailed.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.inner.world().mails.clone()
    }

    /// Subscriptions that stand: id and end.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<(String, DateTime<Utc>)> {
        let (world, _) = self.inner.present();
        world.subscriptions.values().map(|found| (found.id.clone(), found.expires)).collect()
    }

    /// Tells a receiver what becomes of its subscription; false when there is none, or no address for that.
    pub fn lifecycle(&self, subscription: &str, event: &str) -> bool {
        let (mut world, now) = self.inner.present();
        world.lifecycle(subscription, event, now)
    }

    /// The key the login service signs with, as it publishes it: id, modulus and exponent.
    #[must_use]
    pub fn signing_key(&self) -> (String, String, String) {
        let key = super::keys::published();
        let part = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
        (part("kid"), part("n"), part("e"))
    }

    /// Who really was in a meeting.
    #[must_use]
    pub fn truth(&self, join_url: &str) -> Option<Truth> {
        self.inner.present().0.truth(join_url)
    }

    /// Calls served after this sequence number (0: all).
    #[must_use]
    pub fn requests_since(&self, seq: u64) -> Vec<RequestRecord> {
        since(&self.inner.world().log, seq).to_vec()
    }

    /// Delivery attempts, and losses on purpose, after this sequence number (0: all).
    #[must_use]
    pub fn notifications_since(&self, seq: u64) -> Vec<NotificationRecord> {
        since(&self.inner.world().outbox.log, seq).to_vec()
    }

    /// Notifications that wait for their time.
    #[must_use]
    pub fn waiting_notifications(&self) -> usize {
        self.inner.world().outbox.waiting()
    }

    /// Delivers everything due by now, retries included, in order; returns the number of attempts.
    pub async fn flush_notifications(&self) -> usize {
        self.inner.deliver_due().await
    }

    /// Takes the next due notification off its way: its address and its body. For whoever wants to see what becomes of it when
    /// it is touched.
    #[must_use]
    pub fn intercept(&self) -> Option<(String, serde_json::Value)> {
        let (mut world, now) = self.inner.present();
        let delivery = world.outbox.take_due(now)?;
        serde_json::from_slice(&delivery.body()).ok().map(|body| (delivery.url, body))
    }

    /// A token with these claims and a signature of the login service's, whatever they say.
    #[must_use]
    pub fn signed(&self, claims: &serde_json::Value) -> String {
        super::keys::token(claims)
    }

    /// Starts a fault plan over API calls; the default plan ends it.
    pub fn set_faults(&self, seed: u64, plan: FaultPlan) {
        self.inner.world().faults.set(seed, plan);
    }

    /// Makes the next calls of one operation answer an error of Graph's.
    pub fn force_error(&self, forced: Forced) {
        self.inner.world().forced.push(forced);
    }

    /// Changes what happens to notifications from now on.
    pub fn set_notifications(&self, behaviour: NotificationBehaviour) {
        self.inner.world().outbox.set(behaviour);
    }

    /// Changes the switches.
    pub fn set_behaviour(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.inner.world().behaviour);
    }
}
