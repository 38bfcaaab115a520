use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::events::{Event, EventType};

// The words are `tt`: a `literal` is hidden from the description's derive.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:tt,)*) => {
        /// What an endpoint can be told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum HookKind { $($(#[$doc])* #[serde(rename = $word)] $name,)* }

        impl HookKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word sent.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }
    };
}

kinds! {
    /// A session was scheduled.
    SessionScheduled = "session.scheduled",
    /// A session was moved or renamed, or its meeting changed.
    SessionUpdated = "session.updated",
    /// A session was called off.
    SessionCancelled = "session.cancelled",
    /// A session is live.
    SessionStarted = "session.started",
    /// A session is over.
    SessionEnded = "session.ended",
    /// The platform saw a person come in.
    ParticipantJoined = "participant.joined",
    /// The platform saw a person go out.
    ParticipantLeft = "participant.left",
    /// A person was let through by us.
    JoinRedeemed = "join.redeemed",
    /// A person of the class was turned away.
    JoinRefused = "join.refused",
    /// The evidence of a session is together, or became another afterwards.
    AttendanceProposed = "attendance.proposed",
    /// A person in charge decided on the attendance of a session.
    AttendanceVerified = "attendance.verified",
    /// An account must be connected again.
    ConnectionLost = "connection.lost",
    /// Somebody pressed Test.
    EndpointTest = "endpoint.test",
}

/// [`EventType::AttendanceUpdated`] with this detail: the evidence is together.
const PROPOSED: &str = "proposed";
/// With this one: a person decided.
const VERIFIED: &str = "verified";

impl HookKind {
    /// The kind of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// What endpoints are told of an event; most of what the live pages hear is nothing to them.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match (event.kind, event.detail.as_deref()) {
            (EventType::SessionScheduled, _) => Self::SessionScheduled,
            (EventType::SessionUpdated, _) => Self::SessionUpdated,
            (EventType::SessionCancelled, _) => Self::SessionCancelled,
            (EventType::SessionStarted, _) => Self::SessionStarted,
            (EventType::SessionEnded, _) => Self::SessionEnded,
            (EventType::ParticipantJoined, _) => Self::ParticipantJoined,
            (EventType::ParticipantLeft, _) => Self::ParticipantLeft,
            (EventType::JoinRedeemed, _) => Self::JoinRedeemed,
            (EventType::JoinRefused, _) => Self::JoinRefused,
            (EventType::AttendanceUpdated, Some(PROPOSED)) => Self::AttendanceProposed,
            (EventType::AttendanceUpdated, Some(VERIFIED)) => Self::AttendanceVerified,
            (EventType::ConnectionChanged, Some("needs_reconnect")) => Self::ConnectionLost,
            _ => return None,
        })
    }
}
