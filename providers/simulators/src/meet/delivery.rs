//! Behind the handle: the shared world, what is put into it, and the courier that pushes messages.

use std::{sync::Arc, time::Duration as RealDuration};

use axum::Router;
use chrono::{DateTime, Utc};

use super::{
    keys,
    options::{AccountSpec, AppSpec, ServiceAccountSpec},
    pubsub::{Forged, Message},
    state::Account,
    world::World,
};
use crate::{
    answer::Answer,
    stage::{Options, Simulated, Stage},
};

/// Pub/Sub's usual deadline for an acknowledgement.
const PATIENCE: RealDuration = RealDuration::from_secs(10);

/// What the routes hold.
pub(crate) type Inner = Stage<World>;

impl Simulated for World {
    const PATIENCE: RealDuration = PATIENCE;

    fn begin(options: &Options, base: String) -> Self {
        Self::new(options.seed, base)
    }

    fn tick(&mut self, now: DateTime<Utc>) {
        self.let_time_pass(now);
    }

    fn router(stage: Arc<Inner>) -> Router {
        super::http::router(stage)
    }

    fn note_page(&mut self, at: DateTime<Utc>, what: (&str, &str, &str), answer: &Answer) {
        self.note(at, what, answer, None);
    }

    async fn deliver_due(stage: &Inner) -> usize {
        stage.deliver_due().await
    }
}

impl Inner {
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
