//! Notifications on their way: made, and delayed, doubled, lost or mixed up when asked; retried for four hours.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    keys,
    state::{About, Identity, Subscription, Who},
    strange::add_unknown_properties,
    world::World,
    zones::stamp,
};
use crate::{control::Carrier, dice::Dice, faults::percent};

/// What happens to notifications on the way. Shares are percent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationBehaviour {
    /// Seeds the lottery below.
    pub seed: Option<u64>,
    /// Never sent.
    #[serde(deserialize_with = "percent")]
    pub lose: u8,
    /// Sent twice, as two deliveries.
    #[serde(deserialize_with = "percent")]
    pub duplicate: u8,
    /// Overtaken by later ones.
    #[serde(deserialize_with = "percent")]
    pub reorder: u8,
    /// Late by this much.
    pub delay_seconds: i64,
    /// With another `clientState`.
    #[serde(deserialize_with = "percent")]
    pub wrong_state: u8,
    /// With a validation token for another app.
    #[serde(deserialize_with = "percent")]
    pub wrong_token: u8,
    /// Field names in another case.
    #[serde(deserialize_with = "percent")]
    pub other_case: u8,
    /// Followed by a call event of a type that no document knows.
    #[serde(deserialize_with = "percent")]
    pub unknown_events: u8,
    /// Up to this many waiting notifications in one delivery; 0 and 1: one each.
    pub batch: usize,
}

/// One attempt to deliver, or the decision not to.
#[derive(Clone, Debug, Serialize)]
pub struct NotificationRecord {
    /// Grows by one.
    pub seq: u64,
    /// When, by the simulator's clock.
    pub at: DateTime<Utc>,
    /// What it is: `callStarted`, `rosterUpdated`, `lifecycle.missed`, ...
    pub what: String,
    /// 1 for the first attempt; 0 when it was lost on purpose.
    pub attempt: u8,
    /// The receiver's status; absent when there was none in time.
    pub status: Option<u16>,
    /// No further attempt will be made.
    pub is_final: bool,
}

/// Retries come after so many minutes; after four hours a notification is dropped.
const RETRIES: [i64; 8] = [1, 3, 7, 15, 30, 60, 120, 240];
/// A receiver whose share of slow answers in ten minutes is above these is told later, or nothing.
const DELAYED_ABOVE: usize = 10;
const DROPPED_ABOVE: usize = 15;
const WINDOW: Duration = Duration::minutes(10);
/// Fewer answers than this say nothing of a receiver.
const ENOUGH: usize = 10;

/// One delivery.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) what: String,
    pub(crate) url: String,
    pub(crate) items: Vec<Value>,
    pub(crate) tokens: Vec<String>,
    pub(crate) attempt: u8,
    pub(crate) first: Option<DateTime<Utc>>,
    pub(crate) other_case: bool,
}

impl Delivery {
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = json!({ "value": self.items });
        if !self.tokens.is_empty() {
            body["validationTokens"] = json!(self.tokens);
        }
        if self.other_case { upper(body) } else { body }.to_string().into_bytes()
    }
}

/// `encryptedContent` as `EncryptedContent`.
fn upper(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| {
                    let mut letters = key.chars();
                    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
                    (first.into_iter().chain(letters).collect(), upper(value))
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(upper).collect()),
        other => other,
    }
}

#[derive(Debug)]
pub(crate) struct Outbox {
    dice: Dice,
    pub(crate) behaviour: NotificationBehaviour,
    waiting: BTreeMap<(DateTime<Utc>, u64), Delivery>,
    pub(crate) log: Vec<NotificationRecord>,
    /// Answers by receiver: when, and whether slow.
    paces: BTreeMap<String, Vec<(DateTime<Utc>, bool)>>,
    sequence: u64,
}

impl Carrier for Outbox {
    type Behaviour = NotificationBehaviour;
    type Record = NotificationRecord;

    fn set(&mut self, behaviour: NotificationBehaviour) {
        if let Some(seed) = behaviour.seed {
            self.dice = Dice::new(seed);
        }
        self.behaviour = behaviour;
    }

    fn log(&self) -> &[NotificationRecord] {
        &self.log
    }

    fn at(record: &NotificationRecord) -> DateTime<Utc> {
        record.at
    }

    fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.waiting.keys().next().map(|(due, _)| *due)
    }
}

impl Outbox {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed ^ 0x6e07),
            behaviour: NotificationBehaviour::default(),
            waiting: BTreeMap::new(),
            log: Vec::new(),
            paces: BTreeMap::new(),
            sequence: 0,
        }
    }

    fn record(&mut self, at: DateTime<Utc>, what: &str, attempt: u8, status: Option<u16>, is_final: bool) {
        self.log.push(NotificationRecord {
            seq: self.log.len() as u64 + 1,
            at,
            what: what.to_owned(),
            attempt,
            status,
            is_final,
        });
    }

    /// Percent of slow answers lately.
    fn slowness(&self, url: &str, now: DateTime<Utc>) -> usize {
        let paces = self.paces.get(url).map(Vec::as_slice).unwrap_or_default();
        let lately: Vec<_> = paces.iter().filter(|(at, _)| *at > now - WINDOW).collect();
        if lately.len() < ENOUGH {
            return 0;
        }
        lately.iter().filter(|(_, slow)| *slow).count() * 100 / lately.len()
    }

    fn push(&mut self, now: DateTime<Utc>, mut delivery: Delivery) {
        if self.dice.percent(self.behaviour.lose) || self.slowness(&delivery.url, now) > DROPPED_ABOVE {
            self.record(now, &delivery.what, 0, None, true);
            return;
        }
        let mut due = now + Duration::seconds(self.behaviour.delay_seconds);
        if self.slowness(&delivery.url, now) > DELAYED_ABOVE {
            due += Duration::seconds(10);
        }
        delivery.other_case = self.dice.percent(self.behaviour.other_case);
        let copies = if self.dice.percent(self.behaviour.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            self.sequence += 10;
            let mut order = self.sequence;
            if self.dice.percent(self.behaviour.reorder) {
                order += self.dice.below(60);
            }
            while self.waiting.contains_key(&(due, order)) {
                order += 1;
            }
            self.waiting.insert((due, order), delivery.clone());
        }
    }

    /// The next delivery that is due; several notifications for one receiver may go together.
    pub(crate) fn take_due(&mut self, now: DateTime<Utc>) -> Option<Delivery> {
        let key = *self.waiting.first_key_value().filter(|((due, _), _)| *due <= now)?.0;
        let mut delivery = self.waiting.remove(&key)?;
        while delivery.attempt == 0 && delivery.items.len() < self.behaviour.batch {
            let next = self
                .waiting
                .iter()
                .find(|((due, _), other)| *due <= now && other.url == delivery.url && other.attempt == 0);
            let Some(key) = next.map(|(key, _)| *key) else { break };
            let Some(other) = self.waiting.remove(&key) else { break };
            delivery.what = format!("{}+{}", delivery.what, other.what);
            delivery.items.extend(other.items);
            delivery.tokens.extend(other.tokens);
        }
        Some(delivery)
    }

    /// What became of an attempt. `status` is absent when no answer came in time.
    pub(crate) fn attempted(
        &mut self,
        mut delivery: Delivery,
        status: Option<u16>,
        slow: bool,
        now: DateTime<Utc>,
    ) {
        self.paces.entry(delivery.url.clone()).or_default().push((now, slow));
        delivery.attempt += 1;
        let taken = status.is_some_and(|status| (200..300).contains(&status));
        let first = *delivery.first.get_or_insert(now);
        let next = RETRIES
            .get(usize::from(delivery.attempt) - 1)
            .map(|minutes| first + Duration::minutes(*minutes))
            .filter(|_| !taken);
        self.record(now, &delivery.what, delivery.attempt, status, next.is_none());
        if let Some(due) = next {
            self.sequence += 10;
            self.waiting.insert((due, self.sequence), delivery);
        }
    }
}

/// How a participant stands in the roster.
pub(crate) fn roster_entry(who: &Who, participant: &str, in_lobby: bool, removed: Option<&str>) -> Value {
    let kind = match who.identity {
        Identity::Organizer | Identity::Entra | Identity::Federated => "user",
        Identity::Anonymous => "guest",
        Identity::DialIn => "phone",
    };
    let mut identity = json!({"id": who.id, "displayName": who.name});
    if let Some(tenant) = &who.tenant {
        identity["tenantId"] = tenant.clone().into();
    }
    let mut entry = json!({"info": {"identity": {kind: identity}}, "isInLobby": in_lobby, "id": participant});
    if let Some(reason) = removed {
        entry["removedState"] = json!({ "reason": reason });
    }
    entry
}

impl World {
    fn item(&self, subscription: &Subscription, odata_type: &str, odata_id: &str, id: &str) -> Value {
        let wrong = self.outbox.dice.percent(self.outbox.behaviour.wrong_state);
        let state = if wrong { Some("somebody-else".to_owned()) } else { subscription.client_state.clone() };
        json!({
            "subscriptionId": subscription.id, "clientState": state, "changeType": subscription.change_type,
            "tenantId": subscription.tenant, "resource": subscription.resource, "organizationId": subscription.tenant,
            "subscriptionExpirationDateTime": stamp(subscription.expires),
            "resourceData": {"@odata.id": odata_id, "@odata.type": odata_type, "id": id},
        })
    }

    fn send(
        &mut self,
        subscription: &Subscription,
        what: &str,
        mut item: Value,
        content: Option<&Value>,
        now: DateTime<Utc>,
    ) {
        let mut content = content.cloned();
        if self.behaviour.unknown_properties {
            add_unknown_properties(&mut item);
            content.iter_mut().for_each(add_unknown_properties);
        }
        let mut tokens = Vec::new();
        if let (Some((certificate, id)), Some(content)) = (&subscription.certificate, content) {
            if let Some(sealed) = keys::sealed(&content, self.dice.bytes(), certificate, id) {
                item["encryptedContent"] = sealed;
            }
            let wrong = self.outbox.dice.percent(self.outbox.behaviour.wrong_token);
            let audience =
                if wrong { "00000000-0000-0000-0000-000000000000" } else { subscription.app.as_str() };
            let issuer = format!("https://sts.windows.net/{}/", subscription.tenant);
            tokens.push(keys::token(&json!({
                "aud": audience, "iss": issuer, "idp": issuer, "iat": now.timestamp(), "nbf": now.timestamp(),
                "exp": now.timestamp() + 29_100, "appid": keys::PUBLISHER, "appidacr": "2", "tid": subscription.tenant, "ver": "1.0",
            })));
        }
        self.outbox.push(
            now,
            Delivery {
                what: what.to_owned(),
                url: subscription.notification_url.clone(),
                items: vec![item],
                tokens,
                attempt: 0,
                first: None,
                other_case: false,
            },
        );
    }

    /// Tells everybody who asked that a call began, ended, or changed its roster.
    pub(crate) fn call_event(
        &mut self,
        meeting: &str,
        event: &str,
        roster: Option<Vec<Value>>,
        now: DateTime<Utc>,
    ) {
        let wanted = About::CallEvents { meeting: meeting.to_owned() };
        let told: Vec<_> = self
            .subscriptions
            .values()
            .filter(|found| found.about == wanted && found.expires > now)
            .cloned()
            .collect();
        for subscription in told {
            let id = self.dice.uuid();
            let mut content = json!({
                "@odata.type": "#microsoft.graph.callevent", "@odata.id": subscription.resource, "id": id, "eventType": event,
                "eventDateTime": stamp(now),
            });
            if let Some(roster) = &roster {
                content["participants@delta"] = json!(roster);
            }
            let item =
                self.item(&subscription, "#microsoft.graph.callevent", &subscription.resource.clone(), &id);
            self.send(&subscription, event, item, Some(&content), now);
            if self.outbox.dice.percent(self.outbox.behaviour.unknown_events) {
                let strange = "whiteboardTornOff";
                content["id"] = self.dice.uuid().into();
                content["eventType"] = strange.into();
                let (path, id) = (subscription.resource.clone(), content["id"].as_str().unwrap_or_default());
                let item = self.item(&subscription, "#microsoft.graph.callevent", &path, id);
                self.send(&subscription, strange, item, Some(&content), now);
            }
        }
    }

    /// Recording and transcript of a call are there.
    pub(crate) fn files_ready(&mut self, meeting: &str, call: &str, at: DateTime<Utc>) {
        let Some(found) = self.meetings.get(meeting) else { return };
        let Some(session) = found.calls.iter().find(|session| session.id == call) else { return };
        let Some(ended) = session.ended else { return };
        let mut files = Vec::new();
        for transcript in [false, true] {
            let there = if transcript { session.transcribes } else { session.records };
            if there && found.event.is_some() {
                files.push((transcript, session.started, self.file_json(found, session, ended, transcript)));
            }
        }
        let organizer = found.organizer.clone();
        for (transcript, began, content) in files {
            let told: Vec<_> = self
                .subscriptions
                .values()
                .filter(|wanted| match &wanted.about {
                    About::Files { transcripts, meeting: of, user } => {
                        *transcripts == transcript
                            && of.as_deref().is_none_or(|of| of == meeting)
                            && user.as_deref().is_none_or(|user| user == organizer)
                            // Of transcripts only those that began later are told.
                            && (!transcript || wanted.created <= began)
                    }
                    About::CallEvents { .. } => false,
                })
                .cloned()
                .collect();
            for subscription in told {
                let (kind, folder) = if transcript {
                    ("callTranscript", "transcripts")
                } else {
                    ("callRecording", "recordings")
                };
                let id = content["id"].as_str().unwrap_or_default().to_owned();
                let path = format!("users('{organizer}')/onlineMeetings('{meeting}')/{folder}('{id}')");
                let item = self.item(&subscription, &format!("#Microsoft.Graph.{kind}"), &path, &id);
                self.send(&subscription, kind, item, Some(&content), at);
            }
        }
    }

    /// What becomes of a subscription.
    pub(crate) fn lifecycle(&mut self, subscription: &str, event: &str, now: DateTime<Utc>) -> bool {
        let Some(found) = self.subscriptions.get(subscription).cloned() else { return false };
        let Some(url) = found.lifecycle_url.clone() else { return false };
        let item = json!({
            "subscriptionId": found.id, "subscriptionExpirationDateTime": stamp(found.expires), "tenantId": found.tenant,
            "clientState": found.client_state, "lifecycleEvent": event,
        });
        if event == "subscriptionRemoved" {
            self.subscriptions.remove(subscription);
        }
        let what = format!("lifecycle.{event}");
        self.outbox.push(
            now,
            Delivery {
                what,
                url,
                items: vec![item],
                tokens: Vec::new(),
                attempt: 0,
                first: None,
                other_case: false,
            },
        );
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(second)
    }

    fn delivery() -> Delivery {
        Delivery {
            what: "callStarted".to_owned(),
            url: "https://classroom.test/hook".to_owned(),
            items: Vec::new(),
            tokens: Vec::new(),
            attempt: 0,
            first: None,
            other_case: false,
        }
    }

    /// An outbox whose receiver took so many answers of a hundred too long.
    fn after_slow(slow: usize) -> Outbox {
        let mut outbox = Outbox::new(1);
        for number in 0..100 {
            outbox.attempted(delivery(), Some(202), number < slow, second(0));
        }
        outbox
    }

    #[test]
    fn a_slow_receiver_is_told_late_and_a_slower_one_nothing() {
        let told = |slow: usize, at: i64| {
            let mut outbox = after_slow(slow);
            outbox.push(second(at), delivery());
            outbox.next_due().map(|due| (due - second(at)).num_seconds())
        };
        assert_eq!([told(10, 1), told(11, 1), told(15, 1), told(16, 1)], [Some(0), Some(10), Some(10), None]);
        // Ten minutes later that is forgotten.
        assert_eq!(told(16, 600), Some(0));
        let mut outbox = after_slow(16);
        outbox.push(second(1), delivery());
        let last = outbox.log.last().map(|record| (record.attempt, record.is_final));
        assert_eq!(last, Some((0, true)));
    }
}
