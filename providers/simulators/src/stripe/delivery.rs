//! Behind the handle: the shared world, and the courier that carries webhooks.

use std::{sync::Arc, time::Duration as RealDuration};

use axum::Router;
use chrono::{DateTime, Duration, Utc};

use super::{
    webhooks::{Delivery, signature},
    world::World,
};
use crate::{
    answer::Answer,
    stage::{Options, Simulated, Stage},
};

/// How long a receiver may take. Stripe does not tell how long it waits (unverified).
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

impl World {
    /// The header for this try, signed anew; `None` when the endpoint is gone.
    fn sign(&self, delivery: &Delivery, now: DateTime<Utc>) -> Option<String> {
        let endpoints = &self.accounts.get(&delivery.owner.account)?.endpoints;
        let endpoint = endpoints.iter().find(|endpoint| endpoint.spec.url == delivery.url)?;
        let rolled = endpoint.rolled.as_ref().filter(|(_, until)| now < *until);
        let mut secrets = vec![endpoint.spec.secret.as_str()];
        secrets.extend(rolled.map(|(secret, _)| secret.as_str()));
        if delivery.bad_signature {
            secrets = vec!["whsec_not_the_secret"];
        }
        let at = if delivery.old_timestamp { now - Duration::hours(1) } else { now };
        Some(signature(&secrets, at, &delivery.body, !delivery.owner.livemode))
    }
}

impl Inner {
    /// Sends everything that is due; returns how many deliveries were attempted.
    pub(crate) async fn deliver_due(&self) -> usize {
        let _one_sender = self.sending.lock().await;
        let mut sent = 0;
        loop {
            let (delivery, signature) = {
                let (mut world, now) = self.present();
                let Some(delivery) = world.outbox.take_due(now) else { return sent };
                let Some(signature) = world.sign(&delivery, now) else { continue };
                (delivery, signature)
            };
            let status = self.post(&delivery, signature).await;
            let now = self.now();
            self.world().outbox.attempted(delivery, status, now);
            sent += 1;
        }
    }

    async fn post(&self, delivery: &Delivery, signature: String) -> Option<u16> {
        let request = self
            .client
            .post(&delivery.url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", signature)
            .body(delivery.body.clone());
        match request.send().await {
            Ok(answer) => Some(answer.status().as_u16()),
            Err(error) => {
                tracing::debug!(event = %delivery.event, %error, "a webhook found nobody");
                None
            }
        }
    }
}
