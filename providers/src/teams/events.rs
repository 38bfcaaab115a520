//! Graph's change notifications. The contract: a handshake that is answered with its token; batches of notifications, each with
//! our `clientState`; content encrypted to our certificate, vouched for by signed tokens; field names in any case.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use lectern_core::{
    provider::{Delivery, EventKeys, EventKind, Events, IncomingEvent, ParticipantFacts, Rejected, Verified},
    text::visible,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    crypto::{self, Sealed},
    validation,
};
use crate::digest::{add, add_value};

/// We add when a notification came: what becomes of a subscription is told without a time.
const RECEIVED: &str = "lectern-received";

/// Verifies and reads Graph's notifications. Needs no settings: secret and keys come with each delivery.
#[derive(Clone, Copy, Debug, Default)]
pub struct TeamsEvents;

/// All keys in lower case: Graph writes `encryptedContent` here and `EncryptedContent` there.
fn lowered(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), lowered(value))).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(lowered).collect()),
        other => other,
    }
}

fn read(bytes: &[u8]) -> Result<Map<String, Value>, Rejected> {
    match serde_json::from_slice(bytes).map(lowered) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Rejected::Malformed),
    }
}

/// A text; `None` when absent or empty.
fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn moment(object: &Map<String, Value>, key: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(object.get(key)?.as_str()?).ok()?.to_utc())
}

impl Events for TeamsEvents {
    /// Notifications without our `clientState` are dropped; a delivery without any other is refused. Where one has content, the
    /// tokens must vouch for its tenant.
    fn verify<'a>(
        &self,
        delivery: &Delivery<'a>,
        keys: &EventKeys<'_>,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Rejected> {
        if let Some(token) = validation::handshake(delivery.query) {
            let empty = delivery.body.iter().all(u8::is_ascii_whitespace);
            let answer = token.and_then(|token| if empty { Ok(token) } else { Err(Rejected::Malformed) })?;
            return Ok(Verified::Challenge { answer, media_type: "text/plain" });
        }
        let envelope = read(delivery.body)?;
        let items = envelope.get("value").and_then(Value::as_array).ok_or(Rejected::Malformed)?;
        let items: Vec<_> = items.iter().filter_map(Value::as_object).collect();
        if items.is_empty() {
            return Err(Rejected::Malformed);
        }
        let ours: Vec<_> = items
            .into_iter()
            .filter(|item| validation::is_ours(item.get("clientstate").and_then(Value::as_str), keys))
            .collect();
        if ours.is_empty() {
            return Err(Rejected::BadSignature);
        }
        let sealed = |item: &Map<String, Value>| item.get("encryptedcontent").is_some_and(Value::is_object);
        if ours.iter().any(|item| sealed(item)) {
            let tokens: Vec<String> = envelope
                .get("validationtokens")
                .and_then(Value::as_array)
                .map(|tokens| tokens.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default();
            let tenants = validation::tenants(&tokens, keys, now)?;
            let vouched = |item: &Map<String, Value>| {
                item.get("tenantid")
                    .and_then(Value::as_str)
                    .is_some_and(|tenant| tenants.iter().any(|known| known.eq_ignore_ascii_case(tenant)))
            };
            if !ours.iter().all(|item| !sealed(item) || vouched(item)) {
                return Err(Rejected::BadSignature);
            }
        }
        let parts = ours.into_iter().map(|item| {
            let mut item = item.clone();
            // It is checked; it need not be kept.
            item.remove("clientstate");
            item.insert(RECEIVED.to_owned(), now.to_rfc3339_opts(SecondsFormat::Micros, true).into());
            Cow::Owned(Value::Object(item).to_string().into_bytes())
        });
        Ok(Verified::Events { late: false, parts: parts.collect() })
    }

    fn parse(&self, part: &[u8], keys: &EventKeys<'_>) -> Result<Vec<IncomingEvent>, Rejected> {
        let item = read(part)?;
        let subscription = text(&item, "subscriptionid").ok_or(Rejected::Malformed)?;
        let received = moment(&item, RECEIVED);
        let base = IncomingEvent {
            kind: EventKind::Other,
            vendor_kind: String::new(),
            at: DateTime::UNIX_EPOCH,
            fingerprint: String::new(),
            account_id: text(&item, "tenantid"),
            host_id: None,
            meeting_id: None,
            subscription_id: Some(subscription.clone()),
            resource: None,
            run_id: None,
            participant: None,
        };
        if let Some(event) = text(&item, "lifecycleevent") {
            let received = received.ok_or(Rejected::Malformed)?;
            return Ok(vec![IncomingEvent {
                kind: lifecycle(&event),
                at: received,
                fingerprint: fingerprint(&subscription, &Value::Object(item), 0),
                vendor_kind: format!("lifecycle.{event}"),
                ..base
            }]);
        }
        let empty = Map::new();
        let data = item.get("resourcedata").and_then(Value::as_object).unwrap_or(&empty);
        let sealed = item.get("encryptedcontent").and_then(Value::as_object);
        let content = sealed.map(|sealed| content(sealed, keys)).transpose()?;
        let about = content.as_ref().and_then(|content| text(content, "@odata.type"));
        let about = about.or_else(|| text(data, "@odata.type")).unwrap_or_default().to_ascii_lowercase();
        match content {
            Some(content) if about.ends_with("callevent") => call_events(&base, &content),
            content => {
                let ready = about.ends_with("callrecording") || about.ends_with("calltranscript");
                let created = text(&item, "changetype").as_deref() == Some("created");
                let at = content.as_ref().and_then(|content| moment(content, "createddatetime"));
                let whole = content.map_or_else(|| Value::Object(without_times(&item)), Value::Object);
                Ok(vec![IncomingEvent {
                    kind: if ready && created { EventKind::RecordingReady } else { EventKind::Other },
                    at: at.or(received).ok_or(Rejected::Malformed)?,
                    fingerprint: fingerprint(&subscription, &whole, 0),
                    vendor_kind: format!(
                        "{}.{}",
                        about.rsplit('.').next().unwrap_or_default(),
                        text(&item, "changetype").unwrap_or_default()
                    ),
                    resource: text(data, "@odata.id").or_else(|| text(&item, "resource")),
                    ..base
                }])
            }
        }
    }
}

/// A notification without what differs between its deliveries.
fn without_times(item: &Map<String, Value>) -> Map<String, Value> {
    let mut item = item.clone();
    item.remove(RECEIVED);
    item.remove("subscriptionexpirationdatetime");
    item
}

fn lifecycle(event: &str) -> EventKind {
    match event {
        "reauthorizationRequired" => EventKind::SubscriptionEnding,
        "subscriptionRemoved" => EventKind::SubscriptionLost,
        "missed" => EventKind::EventsMissed,
        _ => EventKind::Other,
    }
}

fn content(sealed: &Map<String, Value>, keys: &EventKeys<'_>) -> Result<Map<String, Value>, Rejected> {
    let part = |name: &str| sealed.get(name).and_then(Value::as_str).ok_or(Rejected::Malformed);
    let sealed = Sealed {
        data: part("data")?,
        data_signature: part("datasignature")?,
        data_key: part("datakey")?,
        certificate_id: part("encryptioncertificateid")?,
    };
    read(&crypto::open(&sealed, keys.opening)?)
}

/// The subscription and the content: the same change tells the same, however often it is sent.
fn fingerprint(subscription: &str, content: &Value, index: usize) -> String {
    let mut hash = Sha256::new();
    add(&mut hash, "graph");
    add(&mut hash, subscription);
    add(&mut hash, &index.to_string());
    add_value(&mut hash, content, |_| false);
    hex::encode(hash.finalize())
}

/// A call that began or ended, or what changed in its roster. A change never lists who stayed as they were.
fn call_events(base: &IncomingEvent, content: &Map<String, Value>) -> Result<Vec<IncomingEvent>, Rejected> {
    // The example and the type's own description call it differently.
    let event = text(content, "eventtype").or_else(|| text(content, "calleventtype"));
    let event = event.ok_or(Rejected::Malformed)?;
    let at = moment(content, "eventdatetime").ok_or(Rejected::Malformed)?;
    let mut told: Vec<(EventKind, Option<ParticipantFacts>)> = Vec::new();
    match event.to_ascii_lowercase().as_str() {
        "callstarted" => told.push((EventKind::MeetingStarted, None)),
        "callended" => told.push((EventKind::MeetingEnded, None)),
        "rosterupdated" => {
            let changes = content.get("participants@delta").and_then(Value::as_array);
            for change in changes.into_iter().flatten().filter_map(Value::as_object) {
                changed(change, &mut told);
            }
        }
        _ => {}
    }
    if told.is_empty() {
        told.push((EventKind::Other, None));
    }
    let subscription = base.subscription_id.as_deref().unwrap_or_default();
    let whole = Value::Object(content.clone());
    Ok(told
        .into_iter()
        .enumerate()
        .map(|(index, (kind, participant))| IncomingEvent {
            kind,
            vendor_kind: event.clone(),
            at,
            fingerprint: fingerprint(subscription, &whole, index),
            participant,
            ..base.clone()
        })
        .collect())
}

/// What happened to one participant. Somebody who is in the call no longer waits; whether they did is not told.
fn changed(change: &Map<String, Value>, told: &mut Vec<(EventKind, Option<ParticipantFacts>)>) {
    let Some(facts) = participant(change) else { return };
    let waits = change.get("isinlobby").and_then(Value::as_bool).unwrap_or(false);
    let gone = change.get("removedstate").is_some_and(Value::is_object);
    match (gone, waits) {
        (false, true) => told.push((EventKind::WaitingRoomJoined, Some(facts))),
        (true, true) => told.push((EventKind::WaitingRoomLeft, Some(facts))),
        (true, false) => told.push((EventKind::ParticipantLeft, Some(facts))),
        (false, false) => {
            told.push((EventKind::WaitingRoomLeft, Some(facts.clone())));
            told.push((EventKind::ParticipantJoined, Some(facts)));
        }
    }
}

/// Kinds of identity that are not people.
const MACHINES: [&str; 4] = ["application", "applicationinstance", "device", "onpremises"];

fn participant(change: &Map<String, Value>) -> Option<ParticipantFacts> {
    let stay = text(change, "id")?;
    let identities = change.get("info").and_then(|info| info.get("identity")).and_then(Value::as_object);
    let mut identities = identities.into_iter().flatten().filter_map(|(kind, identity)| {
        Some((kind.as_str(), identity.as_object()?)).filter(|(kind, _)| !MACHINES.contains(kind))
    });
    let (kind, identity) = identities.next()?;
    Some(ParticipantFacts {
        stay: Some(stay),
        name: text(identity, "displayname").as_deref().map(visible),
        // Of guests the id is new each time.
        user_id: text(identity, "id").filter(|_| kind == "user"),
        leave_reason: change
            .get("removedstate")
            .and_then(Value::as_object)
            .and_then(|state| text(state, "reason")),
        ..ParticipantFacts::default()
    })
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
