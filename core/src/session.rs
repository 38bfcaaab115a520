//! One scheduled occurrence of a class.

use serde::{Deserialize, Serialize};

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// To come, or never started.
    Scheduled,
    /// Running.
    Live,
    /// Over.
    Ended,
    /// Called off.
    Cancelled,
}

/// How people take part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Online.
    #[default]
    Virtual,
    /// Some online, some in the room.
    Hybrid,
    /// In the room; no meeting is made.
    InPerson,
}

/// Where the provider's meeting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingProgress {
    /// None is wanted yet.
    None,
    /// Decided; the provider has not confirmed.
    Creating,
    /// There.
    Ready,
    /// The provider refused; the problem says why.
    Failed,
}

macro_rules! words {
    ($($type:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl $type {
            /// The stored word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Reads the stored word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    )*};
}

words! {
    SessionState { Scheduled = "scheduled", Live = "live", Ended = "ended", Cancelled = "cancelled" }
    Delivery { Virtual = "virtual", Hybrid = "hybrid", InPerson = "in_person" }
    MeetingProgress { None = "none", Creating = "creating", Ready = "ready", Failed = "failed" }
}
