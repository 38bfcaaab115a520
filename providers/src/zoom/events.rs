//! Zoom's webhooks. The contract: `x-zm-signature: v0=<hex HMAC-SHA256 of "v0:{timestamp}:{raw body}">`, keyed with the app's
//! secret token; a URL validation that is answered with the HMAC of its `plainToken`.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use lectern_core::{
    provider::{Delivery, EventKeys, EventKind, Events, IncomingEvent, ParticipantFacts, Rejected, Verified},
    secret::SecretString,
    text::visible,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::digest::{add, add_value};

const SIGNATURE: &str = "x-zm-signature";
const TIMESTAMP: &str = "x-zm-request-timestamp";
const VALIDATION: &str = "endpoint.url_validation";

/// Older deliveries have no effect by themselves.
const FRESH: TimeDelta = TimeDelta::seconds(300);
/// Zoom's last retry comes about 85 minutes after the first try; whether retries are signed anew is not documented.
const HORIZON: TimeDelta = TimeDelta::minutes(120);
/// Longest token of a URL validation. Nothing with a colon is ever signed, so no signature of an event can be had this way.
const LONGEST_PLAIN_TOKEN: usize = 64;

/// Verifies and reads Zoom's webhooks. Needs no settings: the secret comes with each delivery.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZoomEvents;

fn mac(secret: &SecretString) -> Result<Hmac<Sha256>, Rejected> {
    // An empty secret would let anybody sign.
    if secret.expose().is_empty() {
        return Err(Rejected::BadSignature);
    }
    Hmac::new_from_slice(secret.expose().as_bytes()).map_err(|_| Rejected::BadSignature)
}

/// How many headers of this name there are, and the first.
fn headers<'a>(delivery: &'a Delivery<'_>, name: &str) -> (usize, Option<&'a str>) {
    let mut values = delivery
        .headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str());
    let first = values.next();
    (usize::from(first.is_some()) + values.count(), first)
}

/// The longest body that can be a URL validation; longer ones are not read twice.
const LONGEST_VALIDATION: usize = 1024;

/// The token of a URL validation, when the body is one and the token can be nothing else.
fn plain_token(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Validation {
        event: String,
        payload: Payload,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Payload {
        plain_token: String,
    }
    if body.len() > LONGEST_VALIDATION {
        return None;
    }
    let validation: Validation = serde_json::from_slice(body).ok()?;
    let token = validation.payload.plain_token;
    let good = (1..=LONGEST_PLAIN_TOKEN).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    (validation.event == VALIDATION && good).then_some(token)
}

fn answer(token: &str, secret: &SecretString) -> Result<Verified<'static>, Rejected> {
    let mut mac = mac(secret)?;
    mac.update(token.as_bytes());
    let encrypted = hex::encode(mac.finalize().into_bytes());
    let answer = json!({"plainToken": token, "encryptedToken": encrypted}).to_string();
    Ok(Verified::Challenge { answer, media_type: "application/json" })
}

/// Whether a body says that it is a URL validation, well-formed or not.
fn is_validation(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Name {
        event: String,
    }
    body.len() <= LONGEST_VALIDATION
        && serde_json::from_slice::<Name>(body).is_ok_and(|name| name.event == VALIDATION)
}

impl Events for ZoomEvents {
    /// A URL validation is answered when this secret signed it, or when it is not signed at all (Zoom's documents disagree)
    /// and holds nothing but a short token. The caller decides whether an unsigned one may name an organization.
    fn verify<'a>(
        &self,
        delivery: &Delivery<'a>,
        keys: &EventKeys<'_>,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Rejected> {
        let secret = keys.secret;
        let (signature, timestamp) = match (headers(delivery, SIGNATURE), headers(delivery, TIMESTAMP)) {
            ((1, Some(signature)), (1, Some(timestamp))) => (signature, timestamp),
            ((0, _), _) => {
                return plain_token(delivery.body)
                    .ok_or(Rejected::NoSignature)
                    .and_then(|token| answer(&token, secret));
            }
            _ => return Err(Rejected::NoSignature),
        };
        let digits =
            (1..=12).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = timestamp.parse().ok().filter(|_| digits).ok_or(Rejected::NoSignature)?;
        let signed_at = DateTime::from_timestamp(seconds, 0).ok_or(Rejected::NoSignature)?;
        let hexadecimal =
            signature.strip_prefix("v0=").filter(|text| text.len() == 64).ok_or(Rejected::NoSignature)?;
        let claimed = hex::decode(hexadecimal).map_err(|_| Rejected::NoSignature)?;

        let mut mac = mac(secret)?;
        mac.update(b"v0:");
        mac.update(timestamp.as_bytes());
        mac.update(b":");
        mac.update(delivery.body);
        mac.verify_slice(&claimed).map_err(|_| Rejected::BadSignature)?;

        let age = now - signed_at;
        if age > HORIZON || age < -FRESH {
            return Err(Rejected::TooOld);
        }
        let late = age > FRESH;
        if is_validation(delivery.body) {
            if late {
                return Err(Rejected::TooOld);
            }
            return plain_token(delivery.body)
                .ok_or(Rejected::Malformed)
                .and_then(|token| answer(&token, secret));
        }
        Ok(Verified::Events { late, parts: vec![Cow::Borrowed(delivery.body)] })
    }

    fn parse(&self, body: &[u8], _keys: &EventKeys<'_>) -> Result<Vec<IncomingEvent>, Rejected> {
        let envelope: Envelope = serde_json::from_slice(body).map_err(|_| Rejected::Malformed)?;
        let payload = &envelope.payload;
        let empty = Map::new();
        let object = payload.get("object").and_then(Value::as_object).unwrap_or(&empty);
        let kind = kind(&envelope.event);
        let event_at = envelope.at().ok_or(Rejected::Malformed)?;
        let participant = match kind {
            EventKind::RegistrantChanged => {
                object.get("registrant").and_then(Value::as_object).map(registrant)
            }
            _ => {
                object.get("participant").and_then(Value::as_object).map(|person| participant(person, object))
            }
        };
        Ok(vec![IncomingEvent {
            at: inner_time(kind, object).unwrap_or(event_at),
            fingerprint: fingerprint(&envelope, object, kind),
            account_id: text(payload, "account_id"),
            host_id: if kind == EventKind::Deauthorized {
                text(payload, "user_id")
            } else {
                text(object, "host_id")
            },
            meeting_id: text(object, "id"),
            subscription_id: None,
            resource: None,
            run_id: text(object, "uuid"),
            vendor_kind: envelope.event,
            kind,
            participant,
        }])
    }
}

#[derive(Deserialize)]
struct Envelope {
    event: String,
    #[serde(default)]
    event_ts: Option<Value>,
    #[serde(default)]
    payload: Map<String, Value>,
}

impl Envelope {
    /// When Zoom says it happened: milliseconds at the top; the notice of a withdrawn grant has only texts inside.
    fn at(&self) -> Option<DateTime<Utc>> {
        let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
        if let Some(millis) = self.event_ts.as_ref().and_then(number) {
            return DateTime::from_timestamp_millis(millis);
        }
        moment(&self.payload, "deauthorization_time").or_else(|| {
            let text = self.payload.get("event_ts")?.as_str()?;
            NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok().map(|at| at.and_utc())
        })
    }
}

fn kind(event: &str) -> EventKind {
    match event {
        "meeting.started" => EventKind::MeetingStarted,
        "meeting.ended" => EventKind::MeetingEnded,
        "meeting.updated" | "meeting.recovered" => EventKind::MeetingUpdated,
        "meeting.deleted" | "meeting.permanently_deleted" => EventKind::MeetingDeleted,
        "meeting.participant_joined" => EventKind::ParticipantJoined,
        "meeting.participant_left" => EventKind::ParticipantLeft,
        "meeting.participant_joined_waiting_room" | "meeting.participant_put_in_waiting_room" => {
            EventKind::WaitingRoomJoined
        }
        "meeting.participant_left_waiting_room" | "meeting.participant_admitted" => {
            EventKind::WaitingRoomLeft
        }
        "meeting.participant_joined_breakout_room" => EventKind::BreakoutJoined,
        "meeting.participant_left_breakout_room" => EventKind::BreakoutLeft,
        "meeting.registration_created"
        | "meeting.registration_approved"
        | "meeting.registration_cancelled"
        | "meeting.registration_denied" => EventKind::RegistrantChanged,
        "recording.started" | "recording.resumed" => EventKind::RecordingStarted,
        "recording.stopped" | "recording.paused" => EventKind::RecordingStopped,
        "recording.completed" | "recording.transcript_completed" => EventKind::RecordingReady,
        "recording.trashed"
        | "recording.deleted"
        | "recording.recovered"
        | "recording.renamed"
        | "recording.batch_trashed"
        | "recording.batch_deleted"
        | "recording.batch_recovered" => EventKind::RecordingChanged,
        "app_deauthorized" => EventKind::Deauthorized,
        _ => EventKind::Other,
    }
}

/// A text or number; `None` when absent or empty.
fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn moment(object: &Map<String, Value>, key: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(object.get(key)?.as_str()?).ok()?;
    Some(at.to_utc())
}

/// The time of the thing itself, which is also the report's; the envelope's is the time of telling.
fn inner_time(kind: EventKind, object: &Map<String, Value>) -> Option<DateTime<Utc>> {
    let person = || object.get("participant").and_then(Value::as_object);
    match kind {
        EventKind::MeetingEnded => moment(object, "end_time"),
        EventKind::ParticipantJoined | EventKind::BreakoutJoined => moment(person()?, "join_time"),
        EventKind::ParticipantLeft | EventKind::BreakoutLeft => moment(person()?, "leave_time"),
        EventKind::WaitingRoomJoined | EventKind::WaitingRoomLeft => moment(person()?, "date_time"),
        _ => None,
    }
}

fn participant(person: &Map<String, Value>, object: &Map<String, Value>) -> ParticipantFacts {
    ParticipantFacts {
        stay: text(person, "user_id"),
        stay_alias: text(person, "participant_uuid"),
        registrant_id: text(person, "registrant_id"),
        email: text(person, "email"),
        name: text(person, "user_name").as_deref().map(visible),
        user_id: text(person, "participant_user_id").or_else(|| text(person, "id")),
        breakout_room: text(object, "breakout_room_uuid"),
        parent_stay: text(person, "parent_user_id"),
        leave_reason: text(person, "leave_reason"),
    }
}

fn registrant(person: &Map<String, Value>) -> ParticipantFacts {
    let name = [text(person, "first_name"), text(person, "last_name")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    ParticipantFacts {
        registrant_id: text(person, "id"),
        email: text(person, "email"),
        name: Some(name).filter(|name| !name.is_empty()),
        ..ParticipantFacts::default()
    }
}

/// Keys whose values differ between two deliveries of one event.
fn is_volatile(key: &str) -> bool {
    key == "download_token" || key == "url" || key.ends_with("_url")
}

/// Event, its time, account, meeting, run, and whom or which files it is about. Events whose kind we do not know are hashed
/// whole. Zoom sends no event id, and `x-zm-trackingid` differs for each delivery.
fn fingerprint(envelope: &Envelope, object: &Map<String, Value>, kind: EventKind) -> String {
    let mut hash = Sha256::new();
    let mut field = |value: Option<String>| add(&mut hash, value.as_deref().unwrap_or("\u{0}"));
    let time = envelope.event_ts.as_ref().map(|ts| ts.as_str().map_or_else(|| ts.to_string(), str::to_owned));
    field(Some(envelope.event.clone()));
    field(time.or_else(|| envelope.at().map(|at| at.timestamp_millis().to_string())));
    field(text(&envelope.payload, "account_id"));
    field(text(&envelope.payload, "user_id"));
    field(text(object, "uuid"));
    field(text(object, "id"));
    field(text(object, "breakout_room_uuid"));
    for who in ["participant", "registrant"] {
        let person = object.get(who).and_then(Value::as_object);
        for key in ["participant_uuid", "user_id", "id", "registrant_id"] {
            field(person.and_then(|person| text(person, key)));
        }
    }
    let mut files: Vec<String> = ["recording_files", "participant_audio_files"]
        .into_iter()
        .filter_map(|list| object.get(list).and_then(Value::as_array))
        .flatten()
        .filter_map(|file| text(file.as_object()?, "id"))
        .collect();
    files.sort();
    files.into_iter().for_each(|file| field(Some(file)));
    field(
        object
            .get("recording_file")
            .and_then(Value::as_object)
            .and_then(|file| text(file, "recording_start")),
    );
    let whole = match kind {
        EventKind::Other | EventKind::MeetingUpdated => Some(&envelope.payload),
        // Batches name many meetings and have no id of their own.
        EventKind::RecordingChanged if object.contains_key("meetings") => Some(&envelope.payload),
        _ => None,
    };
    if let Some(payload) = whole {
        add_value(&mut hash, &Value::Object(payload.clone()), is_volatile);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
