use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::sentence::Sentence;

/// Why something cannot be done, or how Lectern helps: one sentence a person will read.
///
/// Made from a text it is English for everybody; made from [`Sentence::known`] pages say it in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub Sentence);

/// The English sentence and its key, beside the other fields of a [`Can`].
impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            reason: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason_key: Option<&'a str>,
        }
        Fields { reason: &self.0, reason_key: self.0.key() }.serialize(serializer)
    }
}

impl From<Sentence> for Reason {
    fn from(sentence: Sentence) -> Self {
        Self(sentence)
    }
}

impl From<&'static str> for Reason {
    fn from(sentence: &'static str) -> Self {
        Self(sentence.into())
    }
}

impl From<String> for Reason {
    fn from(sentence: String) -> Self {
        Self(sentence.into())
    }
}

/// Whether a platform can do a thing: by itself, with Lectern's help, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "can", rename_all = "snake_case")]
pub enum Can<T> {
    /// The platform does it.
    Yes {
        /// In detail.
        how: T,
    },
    /// Lectern makes up for what the platform lacks, openly.
    Helped {
        /// In detail.
        how: T,
        /// What is done instead.
        #[serde(flatten)]
        reason: Reason,
    },
    /// Not here.
    No {
        /// Why not, and the nearest thing that is possible.
        #[serde(flatten)]
        reason: Reason,
    },
}

impl<T> Can<T> {
    /// Can, natively.
    pub const fn yes(how: T) -> Self {
        Self::Yes { how }
    }

    /// Can, with help.
    pub fn helped(how: T, reason: impl Into<Reason>) -> Self {
        Self::Helped { how, reason: reason.into() }
    }

    /// Cannot.
    pub fn no(reason: impl Into<Reason>) -> Self {
        Self::No { reason: reason.into() }
    }

    /// Natively or helped.
    pub const fn is_possible(&self) -> bool {
        !matches!(self, Self::No { .. })
    }

    /// The details, when possible.
    pub const fn how(&self) -> Option<&T> {
        match self {
            Self::Yes { how } | Self::Helped { how, .. } => Some(how),
            Self::No { .. } => None,
        }
    }

    /// The sentence that goes with "helped" and "no".
    pub const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Yes { .. } => None,
            Self::Helped { reason, .. } | Self::No { reason } => Some(reason),
        }
    }
}

/// What kind of join link people get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrantLinks {
    /// Everybody gets the same link.
    Shared,
    /// Each person gets a link of their own.
    Unique,
}

/// How strong the platform's own door is, behind ours; strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinGuarantee {
    /// Each person's URL opens for that person's seat alone.
    PerPersonUrl,
    /// The platform knows the roster: others must knock.
    RosterLocked,
    /// Everybody waits until the teacher admits them.
    HostAdmits,
    /// Whoever has the platform's link gets in.
    LinkHolder,
}

/// How soon the platform tells who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveAttendance {
    /// Only in a report after the meeting.
    Report,
    /// As it happens, and in a report.
    Live,
}

/// What can be done about breakout rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakoutSupport {
    /// Rooms and people are planned before the meeting.
    Preassign,
    /// Rooms are opened, moved and closed while it runs.
    Live,
}

/// Where a switch can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlScope {
    /// For each meeting apart.
    PerMeeting,
    /// Only for all meetings of a host.
    PerHost,
}

/// Which automatic recordings exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RecordingModes {
    /// On the host's computer.
    pub local: bool,
    /// In the vendor's cloud.
    pub cloud: bool,
}

/// How a create that timed out is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CreateRecovery {
    /// The vendor knows our key and makes nothing twice.
    ByKey,
    /// We find our marker in the host's list.
    ByMarker,
    /// Not at all: at most one orphan a time-out.
    None,
}

/// What a vendor learns about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalData {
    /// The name on the class list.
    Name,
    /// The registered e-mail address.
    Email,
}

/// Figures a plan must respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Longest topic, in characters.
    pub topic_characters: usize,
    /// Registrants of one meeting.
    pub registrants: u32,
    /// Registrants in one call.
    pub registrants_at_once: u32,
    /// Meetings created or changed for one host in one UTC day.
    pub host_writes_per_day: Option<u32>,
    /// Meetings that one host can hold at the same time. `None`: the platform sets no limit.
    pub meetings_at_once: Option<u32>,
    /// Longest meeting of this host's plan, in minutes.
    pub meeting_minutes: Option<u32>,
}

/// What a connection can do. Effective for a class: provider ∩ host's plan ∩ organization's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Whether each student can get a join URL of their own.
    pub registrants: Can<RegistrantLinks>,
    /// What a leaked platform link is worth, with the waiting room on.
    pub guarantee: JoinGuarantee,
    /// Where attendance comes from.
    pub attendance: Can<LiveAttendance>,
    /// Breakout rooms.
    pub breakout_rooms: Can<BreakoutSupport>,
    /// Holding people until the teacher admits them.
    pub waiting_room: Can<ControlScope>,
    /// Recording that starts by itself.
    pub auto_recording: Can<RecordingModes>,
    /// Fetching recordings from the vendor.
    pub recording_download: Can<()>,
    /// Switching chat off.
    pub chat: Can<ControlScope>,
    /// Saying who may share the screen.
    pub screen_share: Can<ControlScope>,
    /// One meeting for a whole series.
    pub recurrence: Can<()>,
    /// Ending a meeting for everyone.
    pub end_meeting: Can<()>,
    /// What happens after a create that timed out.
    pub create_recovery: CreateRecovery,
    /// Figures.
    pub limits: Limits,
    /// How long the vendor keeps a cloud recording. `None`: until deleted.
    pub recording_kept_for: Option<Duration>,
    /// What the vendor learns about a person from us, unless the class sends aliases.
    pub personal_data: Vec<PersonalData>,
    /// Whether an alias and a relay address can stand for a person, and reports still come back matched.
    pub aliases: Can<()>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn json_has_the_english_sentence_and_the_key_where_there_is_one() {
        let told = |can: Can<()>| serde_json::to_value(can).unwrap();
        assert_eq!(told(Can::no("Not here.")), serde_json::json!({"can": "no", "reason": "Not here."}));
        assert_eq!(
            told(Can::no("Not there.".to_owned())),
            serde_json::json!({"can": "no", "reason": "Not there."})
        );
        let known = Sentence::known("reason.scope", "{scope} is missing.").with("scope", "a:b");
        assert_eq!(
            told(Can::helped((), known)),
            serde_json::json!({"can": "helped", "how": null, "reason": "a:b is missing.", "reason_key": "reason.scope"})
        );
    }
}
