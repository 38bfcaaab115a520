use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::{Call, Result};
use crate::{secret::SecretString, settings::ClassSettings};

/// Our name for a meeting, sent along with every write: 10 characters of `[a-z0-9]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurReference(String);

impl OurReference {
    /// How many characters a reference has.
    pub const LENGTH: usize = 10;

    /// A fresh one.
    #[must_use]
    pub fn random(randomness: &dyn crate::random::Randomness) -> Self {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        Self(
            randomness
                .bytes::<{ Self::LENGTH }>()
                .iter()
                .map(|byte| LETTERS[usize::from(byte % 32)] as char)
                .collect(),
        )
    }

    /// Reads a stored one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let good =
            text.len() == Self::LENGTH && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        good.then(|| Self(text.to_owned()))
    }

    /// The ten characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a meeting should be.
#[derive(Clone, Debug)]
pub struct MeetingDraft {
    /// Our reference, by which a lost create is found again.
    pub reference: OurReference,
    /// Shown in the platform; cut to the vendor's limit by the provider.
    pub topic: String,
    /// Shown under the topic.
    pub agenda: String,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// Whole minutes are sent, rounded up.
    pub length: Duration,
    /// The class's zone, for the vendor's own pages.
    pub time_zone: Tz,
    /// The class's options.
    pub settings: ClassSettings,
    /// For server-to-server connections: who hosts (the vendor's id or address). `None`: the connected user.
    pub host: Option<String>,
    /// Whether people must be registered to get in.
    pub registration: bool,
}

/// The vendor's handle for a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingRef {
    /// The vendor's id, as text; opaque.
    pub id: String,
    /// For server-to-server connections: who hosts.
    pub host: Option<String>,
}

/// Whether the vendor says it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingState {
    /// Nobody has started it, or everybody has left.
    Waiting,
    /// Running.
    Started,
}

/// A setting the vendor did not take as asked (locked or overridden by account policy).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingDifference {
    /// Our word for the setting.
    pub setting: &'static str,
    /// What we asked.
    pub asked: String,
    /// What it is.
    pub got: String,
}

/// A meeting as the vendor has it.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// The vendor's id.
    pub id: String,
    /// The vendor's id of the host.
    pub host_id: Option<String>,
    /// The general join URL. Secret: with it a stranger may knock.
    pub join_url: SecretString,
    /// As the vendor keeps it.
    pub topic: String,
    /// As the vendor keeps it; `None` for meetings without a fixed time.
    pub starts_at: Option<DateTime<Utc>>,
    /// Whole minutes.
    pub minutes: u32,
    /// Whether it runs now.
    pub state: MeetingState,
    /// Whether people must be registered.
    pub registration: bool,
    /// Settings that came out otherwise than asked; empty when only looked at.
    pub differences: Vec<SettingDifference>,
}

/// The address that makes its bearer the host. Never stored, logged or shown.
#[derive(Clone, Debug)]
pub struct HostUrl(pub SecretString);

/// Creating, changing, ending meetings.
#[async_trait]
pub trait Meetings: Send + Sync {
    /// Makes a meeting, once per call: never repeated by a layer after a time-out
    /// (see [`super::ProviderError::maybe_done`]).
    async fn create(&self, call: &Call, draft: &MeetingDraft) -> Result<Meeting>;

    /// Looks for what an earlier [`Meetings::create`] with this reference made; all pages of the host's list.
    async fn find(&self, call: &Call, draft: &MeetingDraft) -> Result<Option<Meeting>>;

    /// Brings the meeting to the draft. The join URL stays.
    async fn update(&self, call: &Call, meeting: &MeetingRef, draft: &MeetingDraft) -> Result<Meeting>;

    /// Looks at a meeting.
    ///
    /// # Errors
    /// [`super::ErrorKind::NotFound`] when it is gone or expired.
    async fn get(&self, call: &Call, meeting: &MeetingRef) -> Result<Meeting>;

    /// Removes it. One that is already gone is fine.
    async fn delete(&self, call: &Call, meeting: &MeetingRef) -> Result<()>;

    /// Ends the running meeting for everyone. One that is not running is fine.
    async fn end(&self, call: &Call, meeting: &MeetingRef) -> Result<()>;

    /// A fresh address that opens the meeting as its host.
    async fn host_url(&self, call: &Call, meeting: &MeetingRef) -> Result<HostUrl>;
}
