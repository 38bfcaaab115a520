//! The things the simulated Google knows: accounts, spaces, calls and the people in them, recordings.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Whether an account has paid for recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// Business Standard, Education Plus, and the like.
    Recording,
    /// Free, Education Fundamentals, and the like: automatic recording is accepted and never happens.
    #[default]
    Basic,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) domain: Option<String>,
    pub(crate) edition: Edition,
    pub(crate) default_access: String,
    pub(crate) admin: bool,
    pub(crate) shows_address: bool,
    /// Drive is full: recordings fail.
    pub(crate) drive_full: bool,
    /// `None`: unlimited.
    pub(crate) storage_limit: Option<u64>,
    /// The administrator forbids downloads.
    pub(crate) downloads_forbidden: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) co_host: bool,
    /// From here on the door knows.
    pub(crate) effective: DateTime<Utc>,
}

#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) id: String,
    pub(crate) code: String,
    /// The account that made it.
    pub(crate) owner: String,
    /// The Cloud project that made it.
    pub(crate) project: String,
    pub(crate) config: Value,
    pub(crate) members: Vec<Member>,
    /// Oldest first.
    pub(crate) calls: Vec<Conference>,
    /// Everybody who ever came to the door.
    pub(crate) visitors: Vec<u64>,
}

impl Space {
    pub(crate) fn name(&self) -> String {
        format!("spaces/{}", self.id)
    }

    pub(crate) fn setting(&self, pointer: &str) -> &str {
        self.config.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn live(&self) -> Option<&Conference> {
        self.calls.last().filter(|call| call.ended.is_none())
    }

    pub(crate) fn live_mut(&mut self) -> Option<&mut Conference> {
        self.calls.last_mut().filter(|call| call.ended.is_none())
    }

    pub(crate) fn member(&self, email: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.email.eq_ignore_ascii_case(email))
    }
}

/// A configuration with every default filled in.
pub(crate) fn default_config(access: &str) -> Value {
    json!({
        "accessType": access, "entryPointAccess": "ALL", "moderation": "OFF",
        "moderationRestrictions": default_restrictions(),
        "attendanceReportGenerationType": "DO_NOT_GENERATE",
        "artifactConfig": {
            "recordingConfig": {"autoRecordingGeneration": "OFF"},
            "transcriptionConfig": {"autoTranscriptionGeneration": "OFF"},
            "smartNotesConfig": {"autoSmartNotesGeneration": "OFF"},
        },
    })
}

pub(crate) fn default_restrictions() -> Value {
    json!({"chatRestriction": "NO_RESTRICTION", "reactionRestriction": "NO_RESTRICTION",
        "presentRestriction": "NO_RESTRICTION", "defaultJoinAsViewerType": "OFF"})
}

/// One call in a space.
#[derive(Debug)]
pub(crate) struct Conference {
    pub(crate) id: String,
    pub(crate) started: DateTime<Utc>,
    pub(crate) ended: Option<DateTime<Utc>>,
    pub(crate) participants: Vec<Participant>,
    pub(crate) recordings: Vec<Recording>,
    /// Whether somebody who may admit has been in it.
    pub(crate) host_seen: bool,
}

impl Conference {
    pub(crate) fn name(&self) -> String {
        format!("conferenceRecords/{}", self.id)
    }

    /// Records are forgotten 30 days after the end.
    pub(crate) fn expires(&self) -> Option<DateTime<Utc>> {
        self.ended.map(|ended| ended + Duration::days(30))
    }

    pub(crate) fn known(&self, now: DateTime<Utc>) -> bool {
        self.expires().is_none_or(|until| now < until)
    }
}

/// Who somebody in a call is, as Google shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Person {
    /// Signed in; meeting-room devices too.
    Account {
        id: String,
        name: String,
    },
    Anonymous {
        name: String,
    },
    Phone {
        number: String,
    },
}

impl Person {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Account { name, .. } | Self::Anonymous { name } => name,
            Self::Phone { number } => number,
        }
    }

    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::Account { id, .. } => Some(id),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Participant {
    pub(crate) id: String,
    pub(crate) person: Person,
    pub(crate) sessions: Vec<Session>,
}

impl Participant {
    pub(crate) fn first(&self) -> Option<DateTime<Utc>> {
        self.sessions.iter().map(|session| session.start).min()
    }

    /// `None` while a session is open.
    pub(crate) fn last(&self) -> Option<DateTime<Utc>> {
        if self.sessions.iter().any(|session| session.end.is_none()) {
            return None;
        }
        self.sessions.iter().filter_map(|session| session.end).max()
    }
}

/// One stay of one device.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) visitor: u64,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) id: String,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: Option<DateTime<Utc>>,
    pub(crate) file: Option<String>,
}

#[derive(Debug)]
pub(crate) struct DriveFile {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) trashed: bool,
    pub(crate) can_download: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Waits until a host is there.
    BeforeHost,
    /// Knocks.
    Knocking,
    InCall,
    Left,
    /// The call was ended for all.
    Ended,
    /// A host said no.
    Denied,
}

/// One device of one person at one space.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) id: u64,
    /// Unguessable name in the room's URL.
    pub(crate) key: String,
    pub(crate) space: String,
    pub(crate) person: Person,
    pub(crate) presence: Presence,
    /// The browser's cookie, for people who came by page.
    pub(crate) browser: Option<String>,
}

/// A subscription of Workspace Events.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) target: String,
    pub(crate) types: Vec<String>,
    pub(crate) topic: String,
    /// Whose credentials made it.
    pub(crate) user: String,
    pub(crate) project: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) suspended: Option<String>,
}

impl Subscription {
    pub(crate) fn name(&self) -> String {
        format!("subscriptions/{}", self.id)
    }
}

/// Work that may still be under way: looks until it is done, and its outcome.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) looks: u32,
    pub(crate) response: Value,
}

/// Something that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    FileGenerated { space: String, call: String, recording: String },
    Reminder { subscription: String, expires: DateTime<Utc> },
    Expired { subscription: String, expires: DateTime<Utc> },
}

pub(crate) type Accounts = BTreeMap<String, Account>;
