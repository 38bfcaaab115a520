//! Events on their way to the apps: signed, retried, and delayed, doubled, lost or mixed up when asked.
//!
//! Sources: `zoom.md`, section 11 (signature, 3 seconds, retries after 5, 25 and 85 minutes, URL validation).

use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{control::Carrier, dice::Dice, faults::percent, transit::Transit};

/// What happens to webhooks on the way. Shares are percent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookBehaviour {
    /// Seeds the lottery below; the simulator's own seed when absent.
    pub seed: Option<u64>,
    /// Never sent.
    #[serde(deserialize_with = "percent")]
    pub lose: u8,
    /// Sent twice, as two deliveries.
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
    /// Signed three hours ago.
    #[serde(deserialize_with = "percent")]
    pub old_timestamp: u8,
    /// Followed by an event no document knows.
    #[serde(deserialize_with = "percent")]
    pub unknown_events: u8,
    /// With fields no document knows, in the body, its object and the participant.
    #[serde(deserialize_with = "percent")]
    pub unknown_fields: u8,
    /// Without the optional fields of the participant.
    #[serde(deserialize_with = "percent")]
    pub omit_optional: u8,
    /// JSON with unusual spacing and escapes; the signature is over those bytes.
    pub odd_whitespace: bool,
    /// The form of `object.id`.
    pub ids: IdForm,
    /// `recording_end` null, as in the samples, instead of empty until a recording stops.
    pub null_recording_end: bool,
    /// Which answers are tried again.
    pub retry: RetryRule,
    /// Whether a retry is signed anew or repeats its first timestamp and signature.
    pub keep_first_signature: bool,
}

/// Zoom's samples and types disagree on the type of a meeting's id in events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdForm {
    /// As the types say: a string in live events, a number in the others.
    #[default]
    AsTyped,
    /// A number, as in the sample of `meeting.started`.
    Numbers,
    /// A string.
    Strings,
}

/// Zoom's texts disagree on what is retried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryRule {
    /// Anything but 2xx.
    #[default]
    AllFailures,
    /// 5xx and no answer; 3xx and 4xx are final.
    ServerErrorsOnly,
}

/// One attempt to deliver, or the decision not to.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookRecord {
    /// Grows by one.
    pub seq: u64,
    /// When, by the simulator's clock.
    pub at: DateTime<Utc>,
    /// The event's name.
    pub event: String,
    /// The meeting it is about.
    pub meeting: Option<u64>,
    /// 1 for the first attempt; 0 when it was lost on purpose.
    pub attempt: u8,
    /// The receiver's status; absent when there was no answer, or when it was lost on purpose.
    pub status: Option<u16>,
    /// No further attempt will be made.
    pub is_final: bool,
}

/// One event for one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) event: String,
    pub(crate) meeting: Option<u64>,
    pub(crate) url: String,
    pub(crate) secret: String,
    pub(crate) body: Vec<u8>,
    pub(crate) attempt: u8,
    /// First attempt.
    pub(crate) first: Option<DateTime<Utc>>,
    /// Timestamp and signature of the first attempt.
    pub(crate) signed: Option<(String, String)>,
    pub(crate) bad_signature: bool,
    pub(crate) old_timestamp: bool,
    /// Within the documented shapes: worth checking against the contract.
    pub(crate) regular: bool,
}

/// What waits to be sent, and what was.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) dice: Dice,
    pub(crate) behaviour: WebhookBehaviour,
    transit: Transit<Delivery>,
    pub(crate) log: Vec<WebhookRecord>,
    /// In live operation "reordered" also means a few seconds late.
    pub(crate) live: bool,
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
            live: false,
        }
    }

    pub(crate) fn push(&mut self, mut due: DateTime<Utc>, delivery: Delivery) {
        let mut overtaken_by = 0;
        let behaviour = &self.behaviour;
        if behaviour.delay_seconds > 0 && self.dice.percent(behaviour.delay.unwrap_or(100)) {
            due += Duration::seconds(behaviour.delay_seconds);
        }
        if self.dice.percent(behaviour.reorder) {
            overtaken_by = 1 + self.dice.below(20);
            if self.live {
                due += Duration::milliseconds(i64::try_from(self.dice.below(4_000)).unwrap_or(0));
            }
        }
        self.transit.send(due, overtaken_by, delivery);
    }

    /// The next delivery that is due, in the (possibly mixed) order.
    pub(crate) fn take_due(&mut self, now: DateTime<Utc>) -> Option<Delivery> {
        self.transit.take_due(now)
    }

    /// Notes the outcome and plans the retry Zoom would make.
    pub(crate) fn attempted(&mut self, mut delivery: Delivery, status: Option<u16>, now: DateTime<Utc>) {
        let first = *delivery.first.get_or_insert(now);
        delivery.attempt += 1;
        let success = status.is_some_and(|status| (200..300).contains(&status));
        let worth_it = match self.behaviour.retry {
            RetryRule::AllFailures => true,
            RetryRule::ServerErrorsOnly => status.is_none_or(|status| status >= 500),
        };
        let after = match delivery.attempt {
            1 => Some(5),
            2 => Some(25),
            3 => Some(85),
            _ => None,
        };
        let again = if success || !worth_it { None } else { after };
        self.record(&delivery, delivery.attempt, status, again.is_none(), now);
        if let Some(minutes) = again {
            self.transit.send(first + Duration::minutes(minutes), 0, delivery);
        }
    }

    pub(crate) fn record(
        &mut self,
        delivery: &Delivery,
        attempt: u8,
        status: Option<u16>,
        is_final: bool,
        now: DateTime<Utc>,
    ) {
        let seq = self.log.len() as u64 + 1;
        let (event, meeting) = (delivery.event.clone(), delivery.meeting);
        self.log.push(WebhookRecord { seq, at: now, event, meeting, attempt, status, is_final });
    }

    /// Signs for this attempt: timestamp and `x-zm-signature`.
    pub(crate) fn sign(&self, delivery: &mut Delivery, now: DateTime<Utc>) -> (String, String) {
        if self.behaviour.keep_first_signature
            && let Some(signed) = &delivery.signed
        {
            return signed.clone();
        }
        let at = if delivery.old_timestamp { now - Duration::hours(3) } else { now };
        let timestamp = at.timestamp().to_string();
        let secret = if delivery.bad_signature { "not-the-secret" } else { delivery.secret.as_str() };
        let signature = signature(secret, &timestamp, &delivery.body);
        delivery.signed = Some((timestamp.clone(), signature.clone()));
        (timestamp, signature)
    }
}

/// `v0=` and the hex HMAC-SHA256 over `v0:{timestamp}:{raw body}`.
#[must_use]
pub fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    format!("v0={}", mac(secret, &[b"v0:", timestamp.as_bytes(), b":", body]))
}

/// The answer Zoom expects to a URL validation: the hex HMAC-SHA256 of the plain token.
#[must_use]
pub fn encrypted_token(secret: &str, plain: &str) -> String {
    mac(secret, &[plain.as_bytes()])
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

    /// The vectors of `zoom.md`, section 11.1.
    #[test]
    fn signatures_equal_the_published_vectors() {
        let body = r#"{"event":"meeting.ended","payload":{"account_id":"A1","object":{"id":"123","topic":"Zażółć"}},"event_ts":1700000000000}"#;
        assert_eq!(
            signature("test-secret-token", "1700000000", body.as_bytes()),
            "v0=908e16b6816fafdde1f4ae055a2713c74e9d11c8031109eecd5749e360e6cc5e"
        );
        assert_eq!(
            encrypted_token("test-secret-token", "qgg8vlvZRS6UYooatFL8Aw"),
            "9c8ad56737c19db2904b301c0781e86857e999f39f07727668cf62a5e7e298c8"
        );
    }
}
