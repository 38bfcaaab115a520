//! The running simulator and how tests, the demo and rehearsals drive it.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration as RealDuration,
};

use chrono::{DateTime, Duration, Utc};
use lectern_core::clock::{Clock, ShiftedClock};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    http::router,
    live::Refusal,
    query::Query,
    recordings::Control,
    state::{
        Account, AccountPlan, App, AppMode, Behaviour, Endpoint, HostPlan, RequestRecord, Role, User, Who,
        World,
    },
    truth::Truth,
    webhooks::{Delivery, WebhookBehaviour, WebhookRecord, encrypted_token, signature},
};
use crate::{
    contract::Contract,
    faults::{FaultPlan, ForcedError},
    server::{Server, bind, serve},
};

/// Zoom gives a receiver this long.
const WEBHOOK_PATIENCE: RealDuration = RealDuration::from_secs(3);

/// How to start a simulator.
#[derive(Clone, Debug)]
pub struct ZoomOptions {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The clock that `/_control/clock` moves, where there is one.
    pub shifted: Option<ShiftedClock>,
    /// The same seed and the same calls give the same ids, faults and orders.
    pub seed: u64,
    /// Where to listen; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// Checks every call, answer and webhook.
    pub contract: Option<Arc<Contract>>,
    /// Serve `/_control/…`.
    pub control: bool,
    /// Deliver webhooks by itself as time passes. Without it, [`ZoomSimulator::flush_webhooks`] delivers what is due.
    pub live: bool,
}

impl ZoomOptions {
    /// Loopback, a port the system chooses, no control routes, webhooks by hand.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            clock,
            shifted: None,
            seed,
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            contract: None,
            control: false,
            live: false,
        }
    }
}

/// An app on Zoom's marketplace.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSpec {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: String,
    /// Shown on the authorization page.
    #[serde(default)]
    pub name: String,
    /// Who it acts for.
    #[serde(default)]
    pub mode: AppMode,
    /// The account of a server-to-server app.
    #[serde(default)]
    pub account_id: Option<String>,
    /// The allow list; compared exactly.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Scopes every token of it has.
    pub scopes: Vec<String>,
    /// Event subscriptions, taken as validated earlier; see [`ZoomSimulator::subscribe`] for the check at set-up.
    #[serde(default)]
    pub endpoints: Vec<EndpointSpec>,
}

/// An event subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSpec {
    /// Where events go.
    pub url: String,
    /// The app's secret token, which signs.
    pub secret_token: String,
    /// Event names; empty means all.
    #[serde(default)]
    pub events: Vec<String>,
}

/// A person who can host.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostSpec {
    /// Sign-in address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// Licence.
    #[serde(default)]
    pub plan: HostPlan,
    /// The account: made when new.
    pub account_id: String,
    /// The account's plan, when the account is made here.
    #[serde(default)]
    pub account_plan: AccountPlan,
    /// IANA name; UTC when empty.
    #[serde(default)]
    pub time_zone: String,
}

/// A receiver that did not prove that it holds the secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("URL validation failed: {0}")]
pub struct ValidationFailed(String);

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

    /// Sends everything that is due; returns how many deliveries were attempted.
    pub(crate) async fn deliver_due(&self) -> usize {
        let _one_sender = self.sending.lock().await;
        self.revalidate().await;
        let mut sent = 0;
        loop {
            let (mut delivery, headers) = {
                let (mut world, now) = self.present();
                let Some(mut delivery) = world.outbox.take_due(now) else { return sent };
                let signed = world.outbox.sign(&mut delivery, now);
                let tracking = format!("WEB_{}", world.dice.token(24));
                (delivery, (signed.0, signed.1, tracking))
            };
            let status = self.post(&mut delivery, headers).await;
            let now = self.now();
            self.world().outbox.attempted(delivery, status, now);
            sent += 1;
        }
    }

    async fn post(
        &self,
        delivery: &mut Delivery,
        (timestamp, signature, tracking): (String, String, String),
    ) -> Option<u16> {
        if let Some(contract) = self.contract.as_ref().filter(|_| delivery.regular) {
            contract.check_webhook(&delivery.body);
        }
        let request = self
            .client
            .post(&delivery.url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Zoom Marketplace/1.0a")
            .header("x-zm-request-timestamp", timestamp)
            .header("x-zm-signature", signature)
            .header("x-zm-trackingid", tracking)
            .body(delivery.body.clone());
        match request.send().await {
            Ok(answer) => Some(answer.status().as_u16()),
            Err(error) => {
                tracing::debug!(event = %delivery.event, %error, "a webhook found nobody");
                None
            }
        }
    }

    /// Every 72 hours each receiver proves again that it holds the secret.
    async fn revalidate(&self) {
        let due = {
            let now = self.now();
            let world = self.world();
            world
                .apps
                .values()
                .flat_map(|app| {
                    app.endpoints.iter().map(|endpoint| (app.client_id.clone(), endpoint.clone()))
                })
                .filter(|(_, endpoint)| now >= endpoint.validated + Duration::hours(72))
                .collect::<Vec<_>>()
        };
        for (app, endpoint) in due {
            let outcome = self.validate(&endpoint.url, &endpoint.secret_token).await;
            let now = self.now();
            let mut world = self.world();
            let found = world
                .apps
                .get_mut(&app)
                .and_then(|app| app.endpoints.iter_mut().find(|found| found.url == endpoint.url));
            if let Some(found) = found {
                found.validated = now;
                found.failed_validations = if outcome.is_ok() { 0 } else { found.failed_validations + 1 };
            }
        }
    }

    /// `endpoint.url_validation`: the receiver answers within three seconds with the token and its MAC.
    async fn validate(&self, url: &str, secret: &str) -> Result<(), ValidationFailed> {
        let (plain, now) = {
            let (world, now) = self.present();
            (world.dice.token(22), now)
        };
        let body = json!({ "event": "endpoint.url_validation", "event_ts": now.timestamp_millis(), "payload": { "plainToken": plain } }).to_string();
        let timestamp = now.timestamp().to_string();
        let sent = self
            .client
            .post(url)
            .header("content-type", "application/json; charset=utf-8")
            .header("x-zm-signature", signature(secret, &timestamp, body.as_bytes()))
            .header("x-zm-request-timestamp", timestamp)
            .body(body)
            .send()
            .await;
        let answer = sent.map_err(|error| ValidationFailed(error.to_string()))?;
        if answer.status().as_u16() != 200 {
            return Err(ValidationFailed(format!("status {}", answer.status().as_u16())));
        }
        let answer: serde_json::Value =
            answer.json().await.map_err(|error| ValidationFailed(error.to_string()))?;
        if answer == json!({ "plainToken": plain, "encryptedToken": encrypted_token(secret, &plain) }) {
            Ok(())
        } else {
            Err(ValidationFailed("the answer does not hold the token and its MAC".to_owned()))
        }
    }
}

impl Inner {
    pub(crate) fn add_app(&self, spec: AppSpec) {
        let now = self.now();
        let endpoints = spec
            .endpoints
            .into_iter()
            .map(|endpoint| Endpoint {
                url: endpoint.url,
                secret_token: endpoint.secret_token,
                events: endpoint.events,
                validated: now,
                failed_validations: 0,
            })
            .collect();
        let name = if spec.name.is_empty() { spec.client_id.clone() } else { spec.name };
        let app = App {
            client_id: spec.client_id.clone(),
            client_secret: spec.client_secret,
            name,
            mode: spec.mode,
            account: spec.account_id,
            redirect_uris: spec.redirect_uris,
            scopes: spec.scopes,
            disabled: false,
            endpoints,
        };
        self.world().apps.insert(spec.client_id, app);
    }

    pub(crate) async fn subscribe(
        &self,
        client_id: &str,
        endpoint: EndpointSpec,
    ) -> Result<(), ValidationFailed> {
        self.validate(&endpoint.url, &endpoint.secret_token).await?;
        let now = self.now();
        let mut world = self.world();
        let app = world.apps.get_mut(client_id).ok_or_else(|| ValidationFailed("no such app".to_owned()))?;
        app.endpoints.retain(|known| known.url != endpoint.url);
        app.endpoints.push(Endpoint {
            url: endpoint.url,
            secret_token: endpoint.secret_token,
            events: endpoint.events,
            validated: now,
            failed_validations: 0,
        });
        Ok(())
    }

    pub(crate) fn add_host(&self, spec: HostSpec) -> String {
        let now = self.now();
        let mut world = self.world();
        world.accounts.entry(spec.account_id.clone()).or_insert_with(|| Account {
            plan: spec.account_plan,
            locked: Map::new(),
            storage_full: false,
            auto_delete_days: None,
        });
        let id = world.dice.token(22);
        let pmi = world.dice.digits(10);
        let time_zone = if spec.time_zone.is_empty() { "UTC".to_owned() } else { spec.time_zone };
        let user = User {
            id: id.clone(),
            account: spec.account_id,
            email: spec.email,
            first_name: spec.first_name,
            last_name: spec.last_name,
            plan: spec.plan,
            time_zone,
            pmi,
            created: now,
            profile: Map::new(),
        };
        world.users.insert(id.clone(), user);
        id
    }
}

/// A running simulated Zoom. It ends when dropped.
#[derive(Debug)]
pub struct ZoomSimulator {
    inner: Arc<Inner>,
    server: Server,
    courier: Option<JoinHandle<()>>,
}

impl Drop for ZoomSimulator {
    fn drop(&mut self) {
        if let Some(courier) = &self.courier {
            courier.abort();
        }
    }
}

impl ZoomSimulator {
    /// Starts listening.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(options: ZoomOptions) -> io::Result<Self> {
        let listener = bind(options.bind).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let mut world = World::new(options.seed, base);
        world.outbox.live = options.live;
        let client = reqwest::Client::builder()
            .timeout(WEBHOOK_PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(io::Error::other)?;
        let inner = Arc::new(Inner {
            clock: options.clock,
            shifted: options.shifted,
            contract: options.contract,
            control: options.control,
            world: Mutex::new(world),
            client,
            sending: tokio::sync::Mutex::new(()),
            wake: Notify::new(),
        });
        let server = serve(listener, router(Arc::clone(&inner)))?;
        let courier = options.live.then(|| {
            let inner = Arc::clone(&inner);
            tokio::spawn(async move {
                loop {
                    inner.deliver_due().await;
                    let pause = tokio::time::sleep(RealDuration::from_millis(200));
                    tokio::select! {
                        () = inner.wake.notified() => {}
                        () = pause => {}
                    }
                }
            })
        });
        Ok(Self { inner, server, courier })
    }

    /// Scheme, host and port: OAuth pages are at `/oauth/…`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.server.address)
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

    fn act<T>(&self, deed: impl FnOnce(&mut World, DateTime<Utc>) -> T) -> T {
        let (mut world, now) = self.inner.present();
        let outcome = deed(&mut world, now);
        drop(world);
        self.inner.wake.notify_one();
        outcome
    }

    /// The host opens the meeting in the client; the run starts if there is none.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn host_joins(&self, meeting: u64) -> Result<Visit, Refusal> {
        self.act(|world, now| {
            let who = world
                .meetings
                .get(&meeting)
                .map(|found| world.host_of(found))
                .ok_or(Refusal::NoSuchMeeting)?;
            world.arrive(meeting, who, None, false, now).map(Visit)
        })
    }

    /// Somebody opens a registrant's join URL in a client of their own: each call is another device.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn joins(&self, join_url: &str) -> Result<Visit, Refusal> {
        let parsed = url::Url::parse(join_url).map_err(|_| Refusal::NoSuchMeeting)?;
        let meeting = parsed
            .path()
            .rsplit('/')
            .next()
            .and_then(|id| id.parse::<u64>().ok())
            .ok_or(Refusal::NoSuchMeeting)?;
        let tk = parsed.query_pairs().find(|(name, _)| name == "tk").map(|(_, value)| value.into_owned());
        self.act(|world, now| {
            let registrant = tk
                .as_deref()
                .and_then(|tk| world.registrant_by_tk(meeting, tk))
                .ok_or(Refusal::NotRegistered)?;
            let who = Who {
                role: Role::Registrant,
                name: registrant.name(),
                email: registrant.email.clone(),
                registrant: Some(registrant.id.clone()),
                zoom_user: None,
            };
            world.arrive(meeting, who, None, false, now).map(Visit)
        })
    }

    /// Somebody comes in by meeting id and passcode, under any name.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn stranger_joins(&self, meeting: u64, name: &str) -> Result<Visit, Refusal> {
        let who = Who {
            role: Role::Outsider,
            name: name.to_owned(),
            email: String::new(),
            registrant: None,
            zoom_user: None,
        };
        self.act(|world, now| world.arrive(meeting, who, None, false, now).map(Visit))
    }

    /// The host admits somebody from the waiting room.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn admit(&self, visit: Visit) -> Result<(), Refusal> {
        self.act(|world, now| world.admit(visit.0, now))
    }

    /// The host sends somebody to the waiting room.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn put_in_waiting_room(&self, visit: Visit) -> Result<(), Refusal> {
        self.act(|world, now| world.put_in_waiting_room(visit.0, now))
    }

    /// Somebody leaves; the last one ends the run.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn leaves(&self, visit: Visit) -> Result<(), Refusal> {
        self.act(|world, now| world.leave(visit.0, "Left the meeting", now))
    }

    /// Somebody's client dies: Zoom notices 60 to 90 seconds later. They may join again at once.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn crashes(&self, visit: Visit) -> Result<(), Refusal> {
        self.act(|world, now| world.crash(visit.0, now))
    }

    /// Somebody goes into a breakout room, named by its UUID.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn enters_breakout(&self, visit: Visit, room_uuid: &str) -> Result<(), Refusal> {
        self.act(|world, now| world.enter_breakout(visit.0, room_uuid, now))
    }

    /// Somebody comes back to the main room.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn exits_breakout(&self, visit: Visit) -> Result<(), Refusal> {
        self.act(|world, now| world.exit_breakout(visit.0, now))
    }

    /// The host ends the meeting for all; false when it was not live. Another [`host_joins`](Self::host_joins) starts
    /// the next run, under another UUID.
    pub fn end_for_all(&self, meeting: u64) -> bool {
        self.act(|world, now| world.end_run(meeting, now))
    }

    /// The host presses Record; false when that is impossible or makes no difference.
    pub fn records(&self, meeting: u64, on: bool) -> bool {
        self.act(|world, now| {
            world.recording_control(meeting, if on { Control::Start } else { Control::Stop }, now)
        })
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

/// The entries after a sequence number: the log's numbers begin at 1 and never skip.
pub(crate) fn since<T>(log: &[T], seq: u64) -> &[T] {
    usize::try_from(seq).ok().and_then(|seq| log.get(seq..)).unwrap_or_default()
}

/// One device of one person at one meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit(pub(crate) u64);
