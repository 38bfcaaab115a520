//! Behind the handle: the shared world, and the courier that shakes hands and carries notifications.

use std::{
    sync::Arc,
    time::{Duration as RealDuration, Instant},
};

use axum::Router;
use chrono::{DateTime, Utc};

use super::{subscriptions::Wanted, world::World};
use crate::{
    answer::Answer,
    stage::{Options, Simulated, Stage},
};

/// A receiver answers a handshake within ten seconds, and a notification within three.
const HANDSHAKE: RealDuration = RealDuration::from_secs(10);
const PATIENCE: RealDuration = RealDuration::from_secs(3);

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
