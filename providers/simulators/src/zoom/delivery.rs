//! Behind the handle: the shared world, what is put into it, and the courier that carries webhooks.

use std::{sync::Arc, time::Duration as RealDuration};

use axum::Router;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, json};

use super::{
    options::{AppSpec, EndpointSpec, HostSpec, ValidationFailed},
    state::{Account, App, Endpoint, User},
    webhooks::{Delivery, encrypted_token, signature},
    world::World,
};
use crate::{
    answer::Answer,
    stage::{Options, Simulated, Stage},
};

/// Zoom gives a receiver this long.
const WEBHOOK_PATIENCE: RealDuration = RealDuration::from_secs(3);

/// What the routes hold.
pub(crate) type Inner = Stage<World>;

impl Simulated for World {
    const PATIENCE: RealDuration = WEBHOOK_PATIENCE;

    fn begin(options: &Options, base: String) -> Self {
        let mut world = Self::new(options.seed, base);
        world.outbox.live = options.live;
        world
    }

    fn tick(&mut self, now: DateTime<Utc>) {
        self.let_time_pass(now);
    }

    fn router(stage: Arc<Inner>) -> Router {
        super::http::router(stage)
    }

    fn note_page(&mut self, at: DateTime<Utc>, what: (&str, &str, &str), answer: &Answer) {
        self.note(at, what.0, what.1, what.2, answer, None, None);
    }

    async fn deliver_due(stage: &Inner) -> usize {
        stage.deliver_due().await
    }
}

impl Inner {
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
