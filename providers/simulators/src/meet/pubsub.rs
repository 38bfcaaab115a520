//! Pub/Sub: topics, and the subscriptions that push their messages or keep them to be pulled.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    behaviour::PushBehaviour,
    errors::{invalid, not_found},
    gateway::Call,
    options::PushSpec,
    world::World,
};
use crate::{answer::Answer, control::Carrier, dice::Dice, transit::Transit};

/// Messages that nobody takes are kept this long.
const RETENTION_DAYS: i64 = 7;
/// A pulled message that is not acknowledged comes again.
const ACK_SECONDS: i64 = 10;
const FIRST_RETRY_SECONDS: i64 = 10;
const LONGEST_RETRY_SECONDS: i64 = 600;

/// One attempt to push, or the decision not to.
#[derive(Clone, Debug, Serialize)]
pub struct PushRecord {
    /// Grows by one.
    pub seq: u64,
    /// When, by the simulator's clock.
    pub at: DateTime<Utc>,
    /// The event's kind.
    pub event: String,
    /// 1 for the first attempt; 0 when it was lost on purpose.
    pub attempt: u32,
    /// The receiver's status; absent when there was no answer, or when it was lost on purpose.
    pub status: Option<u16>,
    /// No further attempt will be made.
    pub is_final: bool,
}

/// What is wrong with a push's token, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forged {
    No,
    Audience,
    Sender,
    Issuer,
    Expired,
    Key,
}

/// One message for one subscription.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) event: String,
    pub(crate) spec: PushSpec,
    pub(crate) body: Value,
    pub(crate) attempt: u32,
    pub(crate) published: DateTime<Utc>,
    pub(crate) forged: Forged,
}

/// Topics, and what waits.
#[derive(Debug)]
pub(crate) struct PubSub {
    dice: Dice,
    pub(crate) behaviour: PushBehaviour,
    specs: Vec<PushSpec>,
    transit: Transit<Message>,
    /// To be pulled: by subscription, acknowledgement id, and when it may be given out again.
    kept: Vec<(String, String, DateTime<Utc>, Message)>,
    pub(crate) log: Vec<PushRecord>,
    /// Messages published so far: their ids.
    published: u64,
}

impl Carrier for PubSub {
    type Behaviour = PushBehaviour;
    type Record = PushRecord;

    fn set(&mut self, behaviour: PushBehaviour) {
        if let Some(seed) = behaviour.seed {
            self.dice = Dice::new(seed);
        }
        self.behaviour = behaviour;
    }

    fn log(&self) -> &[PushRecord] {
        &self.log
    }

    fn at(record: &PushRecord) -> DateTime<Utc> {
        record.at
    }

    fn waiting(&self) -> usize {
        self.transit.len() + self.kept.len()
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.transit.next_due()
    }
}

impl PubSub {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed ^ 0x5eed),
            behaviour: PushBehaviour::default(),
            specs: Vec::new(),
            transit: Transit::default(),
            kept: Vec::new(),
            log: Vec::new(),
            published: 0,
        }
    }

    /// Makes a topic and its subscription, or replaces them.
    pub(crate) fn add(&mut self, spec: PushSpec) {
        self.specs.retain(|known| known.subscription != spec.subscription);
        self.specs.push(spec);
    }

    /// Whether Meet may publish to a topic; `None`: there is no such topic.
    pub(crate) fn may_publish(&self, topic: &str) -> Option<bool> {
        self.specs.iter().find(|spec| spec.topic == topic).map(|spec| spec.meet_may_publish)
    }

    pub(crate) fn publish(
        &mut self,
        topic: &str,
        event: &str,
        attributes: &Value,
        data: &Value,
        ordering: &str,
        now: DateTime<Utc>,
    ) {
        let specs: Vec<_> = self.specs.iter().filter(|spec| spec.topic == topic).cloned().collect();
        for spec in specs {
            if self.dice.percent(self.behaviour.lose) {
                self.record(event, 0, None, true, now);
                continue;
            }
            let copies = if self.dice.percent(self.behaviour.duplicate) { 2 } else { 1 };
            for _ in 0..copies {
                self.send(&spec, event, attributes, data, ordering, now);
            }
            if self.dice.percent(self.behaviour.unknown_events) {
                let mut strange = attributes.clone();
                strange["ce-type"] = "google.workspace.meet.hologram.v9.shimmered".into();
                strange["ce-id"] =
                    format!("{}-strange", strange["ce-id"].as_str().unwrap_or_default()).into();
                self.send(
                    &spec,
                    "google.workspace.meet.hologram.v9.shimmered",
                    &strange,
                    data,
                    ordering,
                    now,
                );
            }
        }
    }

    fn send(
        &mut self,
        spec: &PushSpec,
        event: &str,
        attributes: &Value,
        data: &Value,
        ordering: &str,
        now: DateTime<Utc>,
    ) {
        self.published += 1;
        let id = format!("{}", 10_000_000_000_000_000_u64 + self.published);
        let time = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut body = json!({"attributes": attributes, "data": STANDARD.encode(data.to_string()), "orderingKey": ordering});
        // Pushes carry both spellings, pulls the newer one.
        if spec.endpoint.is_none() || !self.behaviour.snake_case {
            body["messageId"] = id.as_str().into();
            body["publishTime"] = time.as_str().into();
        }
        if spec.endpoint.is_some() {
            body["message_id"] = id.into();
            body["publish_time"] = time.into();
        }
        let behaviour = &self.behaviour;
        let forged = [
            (behaviour.wrong_audience, Forged::Audience),
            (behaviour.wrong_sender, Forged::Sender),
            (behaviour.wrong_issuer, Forged::Issuer),
            (behaviour.expired_token, Forged::Expired),
            (behaviour.wrong_key, Forged::Key),
        ];
        let forged = forged
            .into_iter()
            .find(|(share, _)| self.dice.percent(*share))
            .map_or(Forged::No, |(_, what)| what);
        let due = now + Duration::seconds(behaviour.delay_seconds);
        let overtaken_by = if self.dice.percent(behaviour.reorder) { 1 + self.dice.below(20) } else { 0 };
        let message =
            Message { event: event.to_owned(), spec: spec.clone(), body, attempt: 0, published: now, forged };
        if spec.endpoint.is_some() {
            self.transit.send(due, overtaken_by, message);
        } else {
            let ack = self.dice.token(40);
            self.kept.push((spec.subscription.clone(), ack, due, message));
        }
    }

    /// The next message that is due, in the (possibly mixed) order.
    pub(crate) fn take_due(&mut self, now: DateTime<Utc>) -> Option<Message> {
        self.transit.take_due(now)
    }

    /// Notes the outcome. Anything but these five statuses comes again, later and later, until it is a week old.
    pub(crate) fn attempted(&mut self, mut message: Message, status: Option<u16>, now: DateTime<Utc>) {
        message.attempt += 1;
        let taken = status.is_some_and(|status| matches!(status, 102 | 200 | 201 | 202 | 204));
        let doubled = FIRST_RETRY_SECONDS.saturating_mul(1_i64 << (message.attempt - 1).min(16));
        let again = now + Duration::seconds(doubled.min(LONGEST_RETRY_SECONDS));
        let over = taken || again > message.published + Duration::days(RETENTION_DAYS);
        self.record(&message.event.clone(), message.attempt, status, over, now);
        if !over {
            self.transit.send(again, 0, message);
        }
    }

    fn record(&mut self, event: &str, attempt: u32, status: Option<u16>, is_final: bool, now: DateTime<Utc>) {
        let seq = self.log.len() as u64 + 1;
        self.log.push(PushRecord { seq, at: now, event: event.to_owned(), attempt, status, is_final });
    }
}

impl Message {
    /// The body of a push.
    pub(crate) fn wrapped(&self) -> Value {
        json!({"message": self.body, "subscription": self.spec.subscription, "deliveryAttempt": self.attempt + 1})
    }

    /// The claims of the token that goes with it.
    pub(crate) fn claims(&self, now: DateTime<Utc>) -> Value {
        let spec = &self.spec;
        let audience = spec.audience.clone().or_else(|| spec.endpoint.clone()).unwrap_or_default();
        let at = now.timestamp() - if self.forged == Forged::Expired { 3 * 3600 } else { 0 };
        json!({
            "iss": if self.forged == Forged::Issuer { "https://accounts.example" } else { "https://accounts.google.com" },
            "aud": if self.forged == Forged::Audience { "https://somebody.example/push".to_owned() } else { audience },
            "email": if self.forged == Forged::Sender { "push@another-project.iam.gserviceaccount.com" } else { &spec.service_account },
            "email_verified": true, "sub": "113774264463038321964", "azp": "113774264463038321964", "iat": at, "exp": at + 3600,
        })
    }
}

impl World {
    /// Messages to be pulled; they come again until they are acknowledged.
    pub(crate) fn pull(&mut self, call: &Call) -> Result<Value, Answer> {
        let name = format!("projects/{}/subscriptions/{}", call.param(0), call.param(1));
        if !self.pubsub.specs.iter().any(|spec| spec.subscription == name && spec.endpoint.is_none()) {
            return Err(not_found());
        }
        let most = call.body["maxMessages"]
            .as_u64()
            .filter(|most| *most > 0)
            .ok_or_else(|| invalid("max_messages"))?;
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(1000);
        let mut received = Vec::new();
        let oldest = call.now - Duration::days(RETENTION_DAYS);
        self.pubsub.kept.retain(|(.., message)| message.published > oldest);
        let ready = self.pubsub.kept.iter_mut().filter(|(of, _, from, _)| *of == name && *from <= call.now);
        for (_, ack, from, message) in ready.take(most) {
            *from = call.now + Duration::seconds(ACK_SECONDS);
            message.attempt += 1;
            received.push(json!({"ackId": ack, "message": message.body, "deliveryAttempt": message.attempt}));
        }
        Ok(if received.is_empty() { json!({}) } else { json!({ "receivedMessages": received }) })
    }

    pub(crate) fn acknowledge(&mut self, call: &Call) -> Result<Value, Answer> {
        let name = format!("projects/{}/subscriptions/{}", call.param(0), call.param(1));
        let acks: Vec<_> =
            call.body["ackIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if acks.is_empty() {
            return Err(invalid("ack_ids"));
        }
        self.pubsub.kept.retain(|(of, ack, ..)| *of != name || !acks.contains(&ack.as_str()));
        Ok(json!({}))
    }
}
