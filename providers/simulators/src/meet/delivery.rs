//! Behind the handle: the shared world, what is put into it, and the courier that pushes messages.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration as RealDuration,
};

use chrono::{DateTime, Utc};
use lectern_core::clock::{Clock, ShiftedClock};
use tokio::sync::Notify;

use super::{
    keys,
    options::{AccountSpec, AppSpec, MeetOptions, ServiceAccountSpec},
    pubsub::{Forged, Message},
    state::Account,
    world::World,
};
use crate::contract::Contract;

/// Pub/Sub's usual deadline for an acknowledgement.
const PATIENCE: RealDuration = RealDuration::from_secs(10);

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
    pub(crate) fn new(options: MeetOptions, base: String) -> io::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
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

    /// Pushes everything that is due; returns how many pushes were attempted.
    pub(crate) async fn deliver_due(&self) -> usize {
        let _one_sender = self.sending.lock().await;
        let mut sent = 0;
        loop {
            let (message, token) = {
                let (mut world, now) = self.present();
                let Some(message) = world.pubsub.take_due(now) else { return sent };
                let token = world.keys.token(&message.claims(now), message.forged == Forged::Key);
                (message, token)
            };
            let status = self.post(&message, token).await;
            let now = self.now();
            self.world().pubsub.attempted(message, status, now);
            sent += 1;
        }
    }

    async fn post(&self, message: &Message, token: String) -> Option<u16> {
        let request = self
            .client
            .post(message.spec.endpoint.as_deref()?)
            .header("content-type", "application/json")
            .header("user-agent", "CloudPubSub-Google")
            .bearer_auth(token)
            .body(message.wrapped().to_string());
        match request.send().await {
            Ok(answer) => Some(answer.status().as_u16()),
            Err(error) => {
                tracing::debug!(event = %message.event, %error, "a push found nobody");
                None
            }
        }
    }

    pub(crate) fn add_account(&self, spec: AccountSpec) -> String {
        let mut world = self.world();
        let id = format!("1{:020}", world.dice.digits(18));
        let account = Account {
            id: id.clone(),
            email: spec.email,
            name: spec.name,
            domain: spec.domain,
            edition: spec.edition,
            default_access: spec.default_access.unwrap_or_else(|| "RESTRICTED".to_owned()),
            admin: spec.admin,
            shows_address: spec.shows_address,
            drive_full: false,
            storage_limit: None,
            downloads_forbidden: false,
        };
        world.accounts.insert(id.clone(), account);
        id
    }

    pub(crate) fn add_app(&self, mut spec: AppSpec) {
        if spec.name.is_empty() {
            spec.name.clone_from(&spec.client_id);
        }
        self.world().oauth.apps.insert(spec.client_id.clone(), spec);
    }

    /// The key file that the console gives.
    pub(crate) fn add_service_account(&self, spec: ServiceAccountSpec) -> String {
        let mut world = self.world();
        let client_id = world.dice.digits(18).to_string();
        let file = keys::key_file(&spec.email, &client_id, &spec.project);
        world.oauth.service_accounts.insert(spec.email.clone(), (spec, client_id));
        file
    }
}
