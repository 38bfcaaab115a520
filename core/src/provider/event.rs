use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::secret::SecretString;

/// What arrived, untouched.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Header names in lower case.
    pub headers: &'a [(String, String)],
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

/// A delivery that a secret verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// An event. `late`: signed too long ago to have an effect by itself.
    Event {
        /// Older than the window for direct effect.
        late: bool,
    },
    /// The vendor checks that we hold the secret: answer this body at once, store nothing.
    Challenge {
        /// The JSON body of the answer.
        answer: String,
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
    /// The run of the meeting.
    pub run_id: Option<String>,
    /// The person.
    pub participant: Option<ParticipantFacts>,
}

/// Events the vendor sends by itself. Pure: no I/O, so that intake can run at the speed of the network.
pub trait Events: Send + Sync {
    /// Checks a delivery against one secret, over the raw bytes, in constant time.
    ///
    /// # Errors
    /// [`Rejected`]; nothing of such a delivery may be believed.
    fn verify(
        &self,
        delivery: &Delivery<'_>,
        secret: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<Verified, Rejected>;

    /// Reads a verified body.
    ///
    /// # Errors
    /// [`Rejected::Malformed`] when it is not this vendor's envelope. Unknown kinds are [`EventKind::Other`].
    fn parse(&self, body: &[u8]) -> Result<IncomingEvent, Rejected>;
}
