//! Google's events, as Pub/Sub pushes them. The contract: `Authorization: Bearer <token>`, signed by Google (RS256), for our
//! audience and from the push subscription's own service account; a body that wraps one message. A message names what it is
//! about and tells nothing more.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::provider::{
    Delivery, EventKeys, EventKind, Events, IncomingEvent, ParticipantFacts, Rejected, Verified,
};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::wire;
use crate::{digest, jwt};

const AUTHORIZATION: &str = "authorization";
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];
/// Clocks may differ by this much.
const SKEW: TimeDelta = TimeDelta::seconds(300);
/// No token of Google's lives longer.
const LONGEST_LIFE: TimeDelta = TimeDelta::hours(24);
/// Older messages have no effect by themselves.
const FRESH: TimeDelta = TimeDelta::seconds(300);

const SOURCE: &str = "//workspaceevents.googleapis.com/";
const USERS: &str = "//cloudidentity.googleapis.com/users/";
const MEET: &str = "google.workspace.meet.";
const LIFECYCLE: &str = "google.workspace.events.subscription.v1.";

/// Verifies and reads pushes of Pub/Sub. Needs no settings: keys, audience and sender come with each delivery.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeetEvents;

#[derive(Clone, Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(default)]
    email: String,
    #[serde(default)]
    email_verified: bool,
}

#[derive(Debug, Deserialize)]
struct Push {
    message: Message,
}

/// Google writes some names in both spellings.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    #[serde(default)]
    attributes: std::collections::HashMap<String, String>,
    #[serde(default)]
    data: String,
    message_id: Option<String>,
    #[serde(rename = "message_id")]
    message_id_too: Option<String>,
    publish_time: Option<String>,
    #[serde(rename = "publish_time")]
    publish_time_too: Option<String>,
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

impl Message {
    fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Push>(body).ok().map(|push| push.message)
    }

    /// `ce-id`; both `ce-specversion` and `ce-spec_version` were seen, so hyphens and underscores count alike.
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.get(name).or_else(|| {
            let plain = |text: &str| text.replace('_', "-").to_ascii_lowercase();
            self.attributes.iter().find(|(key, _)| plain(key) == name).map(|(_, value)| value)
        });
        found.map(String::as_str).filter(|value| !value.is_empty())
    }

    fn id(&self) -> Option<&str> {
        self.attribute("ce-id").or(self.message_id.as_deref()).or(self.message_id_too.as_deref())
    }

    fn published(&self) -> Option<DateTime<Utc>> {
        moment(self.publish_time.as_deref().or(self.publish_time_too.as_deref())?)
    }

    fn at(&self) -> Option<DateTime<Utc>> {
        self.attribute("ce-time").and_then(moment).or_else(|| self.published())
    }

    /// The one resource it names.
    fn resource(&self) -> Option<String> {
        let data = STANDARD.decode(&self.data).ok()?;
        let data: Value = serde_json::from_slice(&data).ok()?;
        let names = data.as_object()?.values().filter_map(|held| held.get("name")?.as_str());
        names.map(str::to_owned).next()
    }
}

fn kind(word: &str) -> EventKind {
    if let Some(word) = word.strip_prefix(LIFECYCLE) {
        return match word {
            "expirationReminder" => EventKind::SubscriptionEnding,
            "suspended" | "expired" => EventKind::SubscriptionLost,
            _ => EventKind::Other,
        };
    }
    match word.strip_prefix(MEET).unwrap_or_default() {
        "conference.v2.started" => EventKind::MeetingStarted,
        "conference.v2.ended" => EventKind::MeetingEnded,
        "participant.v2.joined" => EventKind::ParticipantJoined,
        "participant.v2.left" => EventKind::ParticipantLeft,
        "recording.v2.started" => EventKind::RecordingStarted,
        "recording.v2.ended" => EventKind::RecordingStopped,
        "recording.v2.fileGenerated" => EventKind::RecordingReady,
        _ => EventKind::Other,
    }
}

/// The same message may be pushed again, even under another message id: the event's own id names it.
fn fingerprint(message: &Message, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    match message.id() {
        Some(id) => {
            digest::add(&mut hash, "push");
            digest::add(&mut hash, message.attribute("ce-source").unwrap_or_default());
            digest::add(&mut hash, id);
        }
        None => hash.update(body),
    }
    hex::encode(hash.finalize())
}

impl Events for MeetEvents {
    /// A token that is Google's, for us, and from the school's own push account: any service account of anybody's can have
    /// the other two. Something unreadable under such a token is taken and forgotten, else it would come again for a week.
    fn verify<'a>(
        &self,
        delivery: &Delivery<'a>,
        keys: &EventKeys<'_>,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Rejected> {
        let header = delivery.header(AUTHORIZATION).ok_or(Rejected::NoSignature)?;
        let (scheme, token) = header.split_once(' ').ok_or(Rejected::NoSignature)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Rejected::NoSignature);
        }
        // Without these two anybody's token would do.
        if keys.audience.is_empty() || keys.sender.is_empty() {
            return Err(Rejected::BadSignature);
        }
        let claims: Claims = jwt::verified(token.trim(), keys.signing)?;
        let instant = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(Rejected::NoSignature);
        let (issued, expires) = (instant(claims.iat)?, instant(claims.exp)?);
        if now > expires + SKEW || issued > now + SKEW || expires - issued > LONGEST_LIFE {
            return Err(Rejected::TooOld);
        }
        let ours = ISSUERS.contains(&claims.iss.as_str())
            && claims.aud == keys.audience
            && claims.email_verified
            && claims.email.eq_ignore_ascii_case(keys.sender);
        if !ours {
            return Err(Rejected::BadSignature);
        }
        let Some(message) = Message::read(delivery.body).filter(|message| message.at().is_some()) else {
            tracing::warn!("Pub/Sub pushed something that is no message of Google's; it is dropped");
            return Ok(Verified::Events { late: false, parts: Vec::new() });
        };
        let late = message.published().or_else(|| message.at()).is_some_and(|at| now - at > FRESH);
        Ok(Verified::Events { late, parts: vec![Cow::Borrowed(delivery.body)] })
    }

    fn parse(&self, part: &[u8], _: &EventKeys<'_>) -> Result<Vec<IncomingEvent>, Rejected> {
        let message = Message::read(part).ok_or(Rejected::Malformed)?;
        let at = message.at().ok_or(Rejected::Malformed)?;
        let vendor_kind = message.attribute("ce-type").unwrap_or("unknown").to_owned();
        let kind = kind(&vendor_kind);
        let named = message.resource();
        let source = message.attribute("ce-source").and_then(|source| source.strip_prefix(SOURCE));
        // Of the subscription itself, the message names it; of everything else, its source does.
        let lifecycle = vendor_kind.starts_with(LIFECYCLE);
        let subscription_id = named.as_deref().filter(|_| lifecycle).or(source).map(str::to_owned);
        let resource = named.filter(|_| !lifecycle);
        let stay = resource.as_deref().and_then(wire::stay);
        Ok(vec![IncomingEvent {
            kind,
            at,
            fingerprint: fingerprint(&message, part),
            account_id: None,
            host_id: message
                .attribute("ce-subject")
                .and_then(|subject| subject.strip_prefix(USERS))
                .map(str::to_owned),
            // The subject may name a space, and may not: only what the resource leads to counts.
            meeting_id: None,
            subscription_id,
            run_id: resource.as_deref().and_then(wire::run_of),
            participant: stay
                .map(|stay| ParticipantFacts { stay: Some(stay), ..ParticipantFacts::default() }),
            resource,
            vendor_kind,
        }])
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
