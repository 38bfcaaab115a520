//! Events on their way: signed, tried again, and lost, doubled, late or mixed up when asked.
//!
//! Source: docs.stripe.com/webhooks. Live, a delivery is tried again with growing pauses for up to three days; in a sandbox
//! three times within a few hours. Which pauses is not documented: those here are Lectern's choice.

use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::state::Owner;
use crate::{control::Carrier, dice::Dice, faults::percent, transit::Transit};

/// Minutes from one try to the next, live: the last comes after 65 hours and 35 minutes.
const LIVE: &[i64] = &[5, 30, 120, 300, 600, 720, 720, 720, 720];
/// In a sandbox.
const SANDBOX: &[i64] = &[5, 30, 120];

/// What happens to webhooks on the way. Shares are percent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookBehaviour {
    /// Seeds the lottery below; the simulator's own seed when absent.
    pub seed: Option<u64>,
    /// Never sent.
    #[serde(deserialize_with = "percent")]
    pub lose: u8,
    /// Sent twice, as two deliveries of one event.
    #[serde(deserialize_with = "percent")]
    pub duplicate: u8,
    /// Late by [`delay_seconds`](Self::delay_seconds): this share of all; absent means all of them.
    pub delay: Option<u8>,
    /// How late.
    pub delay_seconds: i64,
    /// Overtaken by up to twenty later ones.
    #[serde(deserialize_with = "percent")]
    pub reorder: u8,
    /// Signed with another secret.
    #[serde(deserialize_with = "percent")]
    pub bad_signature: u8,
    /// Signed an hour ago.
    #[serde(deserialize_with = "percent")]
    pub old_timestamp: u8,
    /// Tried again in a sandbox as it is live.
    pub three_days: bool,
}

/// One try, or a loss on purpose.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookRecord {
    /// Grows by one with each record.
    pub seq: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// The event's id: the same in all its deliveries.
    pub id: String,
    /// The event's type.
    pub event: String,
    /// Where it went.
    pub url: String,
    /// The first is 1; 0 for a loss.
    pub attempt: usize,
    /// The receiver's answer; `None`: nobody answered.
    pub status: Option<u16>,
    /// It will not be tried again.
    pub is_final: bool,
}

/// An event on its way to one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) owner: Owner,
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) body: Vec<u8>,
    pub(crate) bad_signature: bool,
    pub(crate) old_timestamp: bool,
    attempt: usize,
}

impl Delivery {
    pub(crate) fn new(owner: Owner, url: String, id: &str, event: &str, body: Vec<u8>) -> Self {
        let (id, event) = (id.to_owned(), event.to_owned());
        Self { owner, url, id, event, body, bad_signature: false, old_timestamp: false, attempt: 0 }
    }
}

/// What waits to be sent, and what was.
#[derive(Debug)]
pub(crate) struct Outbox {
    dice: Dice,
    behaviour: WebhookBehaviour,
    transit: Transit<Delivery>,
    pub(crate) log: Vec<WebhookRecord>,
}

impl Carrier for Outbox {
    type Behaviour = WebhookBehaviour;
    type Record = WebhookRecord;

    fn set(&mut self, behaviour: WebhookBehaviour) {
        if let Some(seed) = behaviour.seed {
            self.dice = Dice::new(seed);
        }
        self.behaviour = behaviour;
    }

    fn log(&self) -> &[WebhookRecord] {
        &self.log
    }

    fn at(record: &WebhookRecord) -> DateTime<Utc> {
        record.at
    }

    fn waiting(&self) -> usize {
        self.transit.len()
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.transit.next_due()
    }
}

impl Outbox {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed ^ 0x5eed),
            behaviour: WebhookBehaviour::default(),
            transit: Transit::default(),
            log: Vec::new(),
        }
    }

    /// Takes an event for an endpoint.
    pub(crate) fn post(&mut self, at: DateTime<Utc>, mut delivery: Delivery) {
        if self.dice.percent(self.behaviour.lose) {
            self.record(&delivery, None, true, at);
            return;
        }
        delivery.bad_signature = self.dice.percent(self.behaviour.bad_signature);
        delivery.old_timestamp = self.dice.percent(self.behaviour.old_timestamp);
        if self.dice.percent(self.behaviour.duplicate) {
            self.push(at, delivery.clone());
        }
        self.push(at, delivery);
    }

    fn push(&mut self, mut due: DateTime<Utc>, delivery: Delivery) {
        let mut overtaken_by = 0;
        let behaviour = &self.behaviour;
        if behaviour.delay_seconds > 0 && self.dice.percent(behaviour.delay.unwrap_or(100)) {
            due += Duration::seconds(behaviour.delay_seconds);
        }
        if self.dice.percent(behaviour.reorder) {
            overtaken_by = 1 + self.dice.below(20);
        }
        self.transit.send(due, overtaken_by, delivery);
    }

    /// The next delivery that is due, in the (possibly mixed) order.
    pub(crate) fn take_due(&mut self, now: DateTime<Utc>) -> Option<Delivery> {
        self.transit.take_due(now)
    }

    /// Notes the outcome and plans the next try. Only 2xx is success: a redirect is not followed.
    pub(crate) fn attempted(&mut self, mut delivery: Delivery, status: Option<u16>, now: DateTime<Utc>) {
        let pauses = if delivery.owner.livemode || self.behaviour.three_days { LIVE } else { SANDBOX };
        let pause = pauses.get(delivery.attempt).copied();
        delivery.attempt += 1;
        let success = status.is_some_and(|status| (200..300).contains(&status));
        let again = pause.filter(|_| !success);
        self.record(&delivery, status, again.is_none(), now);
        if let Some(minutes) = again {
            self.transit.send(now + Duration::minutes(minutes), 0, delivery);
        }
    }

    fn record(&mut self, delivery: &Delivery, status: Option<u16>, is_final: bool, now: DateTime<Utc>) {
        self.log.push(WebhookRecord {
            seq: self.log.len() as u64 + 1,
            at: now,
            id: delivery.id.clone(),
            event: delivery.event.clone(),
            url: delivery.url.clone(),
            attempt: delivery.attempt,
            status,
            is_final,
        });
    }
}

/// `Stripe-Signature`: the time, a `v1` for each secret, and in a sandbox a `v0` that means nothing.
#[must_use]
pub fn signature(secrets: &[&str], at: DateTime<Utc>, body: &[u8], sandbox: bool) -> String {
    let time = at.timestamp().to_string();
    let mut header = format!("t={time}");
    for secret in secrets {
        header.push_str(",v1=");
        header.push_str(&mac(secret, &[time.as_bytes(), b".", body]));
    }
    if sandbox {
        header.push_str(",v0=");
        header.push_str(&mac("v0", &[time.as_bytes()]));
    }
    header
}

fn mac(secret: &str, parts: &[&[u8]]) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    for part in parts {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl dgst -sha256 -hmac whsec_test`.
    #[test]
    fn a_signature_is_stripes_construction() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        assert_eq!(
            signature(&["whsec_test"], at, br#"{"a":1}"#, false),
            "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789"
        );
    }
}
