use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::secret::SecretString;

/// What arrived, untouched.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Header names in lower case.
    pub headers: &'a [(String, String)],
    /// What came after the `?` of the address, still encoded.
    pub query: Option<&'a str>,
    /// The raw bytes, exactly as received.
    pub body: &'a [u8],
}

impl Delivery<'_> {
    /// The header of this (lower-case) name; `None` when absent or repeated.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

/// A public key a vendor signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The vendor's name for it (`kid`).
    pub id: String,
    /// The RSA modulus, base64url.
    pub modulus: String,
    /// The RSA exponent, base64url.
    pub exponent: String,
}

/// A private key of ours that opens what a vendor encrypted to it.
#[derive(Clone, Debug)]
pub struct OpeningKey {
    /// The name under which the vendor got its certificate.
    pub id: String,
    /// PKCS#8, PEM.
    pub pem: SecretString,
}

/// What a delivery is checked with, and opened with where its content is encrypted.
#[derive(Clone, Copy, Debug)]
pub struct EventKeys<'a> {
    /// The organization's secret for events: Zoom's secret token, the `clientState` of Graph's subscriptions.
    pub secret: &'a SecretString,
    /// The vendor's signing keys as last fetched; empty for vendors that sign with the secret.
    pub signing: &'a [SigningKey],
    /// Our keys, newest first; old ones stay until nothing names them.
    pub opening: &'a [OpeningKey],
    /// For whom a signed delivery must be: the app's id at Microsoft, the audience of the push subscription at Google.
    pub audience: &'a str,
    /// Who must have sent it, where that is the organization's choice: Google's push service account.
    pub sender: &'a str,
}

impl<'a> EventKeys<'a> {
    /// For vendors that sign with a shared secret alone.
    #[must_use]
    pub const fn shared(secret: &'a SecretString) -> Self {
        Self { secret, signing: &[], opening: &[], audience: "", sender: "" }
    }
}

/// A delivery that is the vendor's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified<'a> {
    /// Events, each to be stored and read by itself. None at all when the delivery was the vendor's but nothing in it was for
    /// this organization: it is acknowledged and forgotten.
    Events {
        /// Older than the window for direct effect.
        late: bool,
        /// The raw bytes of each.
        parts: Vec<Cow<'a, [u8]>>,
    },
    /// The vendor checks that the address is ours: answer at once, store nothing.
    Challenge {
        /// The body of the answer.
        answer: String,
        /// Its media type.
        media_type: &'static str,
    },
}

/// Why a delivery is refused. The sender learns nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Signature headers are missing, repeated or malformed.
    #[error("the signature headers are missing or malformed")]
    NoSignature,
    /// The secret does not match.
    #[error("the signature does not match")]
    BadSignature,
    /// Outside even the retry horizon.
    #[error("the signature's time is outside the accepted window")]
    TooOld,
    /// Signed, but not readable.
    #[error("the body is not what this vendor sends")]
    Malformed,
    /// Signed with a key that is not among [`EventKeys::signing`]: worth fetching them again.
    #[error("the signing key is not known")]
    UnknownKey,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The meeting began.
    MeetingStarted,
    /// The meeting ended.
    MeetingEnded,
    /// The meeting was changed, at the vendor.
    MeetingUpdated,
    /// The meeting was deleted, at the vendor.
    MeetingDeleted,
    /// Somebody came in.
    ParticipantJoined,
    /// Somebody went out.
    ParticipantLeft,
    /// Somebody waits to be admitted.
    WaitingRoomJoined,
    /// Somebody no longer waits.
    WaitingRoomLeft,
    /// Somebody went into a breakout room.
    BreakoutJoined,
    /// Somebody came out of a breakout room.
    BreakoutLeft,
    /// Somebody registered, at the vendor or by us.
    RegistrantChanged,
    /// Recording began or went on.
    RecordingStarted,
    /// Recording stopped or paused.
    RecordingStopped,
    /// Files are ready.
    RecordingReady,
    /// Files changed, went or came back.
    RecordingChanged,
    /// The account withdrew its grant.
    Deauthorized,
    /// A subscription must be renewed or authorized again.
    SubscriptionEnding,
    /// A subscription is gone or suspended.
    SubscriptionLost,
    /// The vendor could not deliver some events: look, instead of waiting for them.
    EventsMissed,
    /// Kept, without effect.
    Other,
}

/// A person in an event, by the vendor's facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantFacts {
    /// The id of this stay: changes with every rejoin.
    pub stay: Option<String>,
    /// A second id of this stay, where the vendor has two.
    pub stay_alias: Option<String>,
    /// The registrant.
    pub registrant_id: Option<String>,
    /// The address, where shown.
    pub email: Option<String>,
    /// The name shown in the meeting.
    pub name: Option<String>,
    /// The vendor's user id, for people signed in to the vendor.
    pub user_id: Option<String>,
    /// The breakout room.
    pub breakout_room: Option<String>,
    /// The stay in the main room this breakout stay belongs to.
    pub parent_stay: Option<String>,
    /// Why they left, in the vendor's words.
    pub leave_reason: Option<String>,
}

/// A vendor's event in our words. URLs, tokens and passcodes are already dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingEvent {
    /// What it is about.
    pub kind: EventKind,
    /// The vendor's own word.
    pub vendor_kind: String,
    /// When it happened, by the vendor's clock.
    pub at: DateTime<Utc>,
    /// Equal for duplicates of one event, different otherwise: 64 hex digits.
    pub fingerprint: String,
    /// The vendor's account.
    pub account_id: Option<String>,
    /// The vendor's user: the host, or who withdrew.
    pub host_id: Option<String>,
    /// The meeting.
    pub meeting_id: Option<String>,
    /// The subscription that brought it: for vendors whose events do not name the meeting as it was created.
    #[serde(default)]
    pub subscription_id: Option<String>,
    /// What must be looked up to know more ([`super::LiveRoster::meeting_of`]), where the event is only a name.
    #[serde(default)]
    pub resource: Option<String>,
    /// The run of the meeting.
    pub run_id: Option<String>,
    /// The person.
    pub participant: Option<ParticipantFacts>,
}

/// Events the vendor sends by itself. Pure: no I/O, so that intake can run at the speed of the network.
pub trait Events: Send + Sync {
    /// Checks a delivery, over the raw bytes, in constant time.
    ///
    /// # Errors
    /// [`Rejected`]; nothing of such a delivery may be believed.
    fn verify<'a>(
        &self,
        delivery: &Delivery<'a>,
        keys: &EventKeys<'_>,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Rejected>;

    /// Reads one part of a verified delivery: at least one event, in the order in which they happened. The first names
    /// the whole part: its fingerprint tells duplicates.
    ///
    /// # Errors
    /// [`Rejected::Malformed`] when it is not this vendor's envelope. Unknown kinds are [`EventKind::Other`].
    fn parse(&self, part: &[u8], keys: &EventKeys<'_>) -> Result<Vec<IncomingEvent>, Rejected>;
}
