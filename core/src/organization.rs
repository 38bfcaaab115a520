//! What an organization decides for itself.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::settings::ClassSettings;

/// Which words the pages use for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vocabulary {
    /// Instructor, student.
    #[default]
    School,
    /// Seller, buyer.
    Marketplace,
}

impl Vocabulary {
    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::School => "school",
            Self::Marketplace => "marketplace",
        }
    }

    /// Reads the stored word; anything else is a school.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        if word == "marketplace" { Self::Marketplace } else { Self::School }
    }
}

/// When the provider's meeting is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingCreated {
    /// As soon as the session is scheduled.
    #[default]
    Scheduled,
    /// With the first enrollment, at the latest 30 minutes before the start.
    Booked,
    /// When the instructor starts.
    Started,
}

/// Which classes send the platform aliases instead of people's names and addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aliases {
    /// Those whose options say so.
    #[default]
    ByClass,
    /// All. A platform that must know people's own addresses cannot be used.
    Always,
}

/// Who may change platform credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialsBy {
    /// Every administrator.
    #[default]
    Admins,
    /// Only an owner.
    Owners,
}

/// An organization's policies, stored as one JSON object. Missing fields take their defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policies {
    /// Minutes before the start at which the join window opens.
    pub join_opens_minutes: u32,
    /// Minutes after the end at which it closes.
    pub join_closes_minutes: u32,
    /// When meetings are made.
    pub meeting_created: MeetingCreated,
    /// Who edits credentials.
    pub credentials_by: CredentialsBy,
    /// A person is late after this many minutes.
    pub late_after_minutes: u32,
    /// A person left early when gone this many minutes before the end.
    pub left_early_minutes: u32,
    /// Below this share of the session (percent) a person counts as absent.
    pub minimum_presence_percent: u32,
    /// Which classes send aliases.
    pub aliases: Aliases,
    /// The domain of the relay addresses that stand for moved seats and for people with an alias.
    pub relay_domain: String,
    /// The platform that takes over a session that was started and whose own platform does not answer, by its word. None: no
    /// session is ever held anywhere but where its class is.
    pub standby_provider: Option<String>,
    /// How many minutes before a session its people are reminded; each is a reminder of its own. Empty: nobody is.
    pub reminder_minutes: Vec<u32>,
    /// It takes over so many minutes after the start, at most 60.
    pub standby_after_minutes: u32,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            join_opens_minutes: 15,
            join_closes_minutes: 15,
            meeting_created: MeetingCreated::Scheduled,
            credentials_by: CredentialsBy::Admins,
            late_after_minutes: 5,
            left_early_minutes: 5,
            minimum_presence_percent: 10,
            aliases: Aliases::ByClass,
            relay_domain: "seats.lectern.invalid".to_owned(),
            standby_provider: None,
            standby_after_minutes: 2,
            reminder_minutes: vec![30],
        }
    }
}

impl Policies {
    /// Whether a class with these options sends aliases.
    #[must_use]
    pub const fn send_aliases(&self, settings: &ClassSettings) -> bool {
        settings.aliases || matches!(self.aliases, Aliases::Always)
    }

    /// How long after the start the standby platform takes over.
    #[must_use]
    pub fn standby_after(&self) -> Duration {
        Duration::minutes(i64::from(self.standby_after_minutes))
    }

    /// How long before the start the window opens.
    #[must_use]
    pub fn join_opens(&self) -> Duration {
        Duration::minutes(i64::from(self.join_opens_minutes))
    }

    /// How long after the end it closes.
    #[must_use]
    pub fn join_closes(&self) -> Duration {
        Duration::minutes(i64::from(self.join_closes_minutes))
    }
}
