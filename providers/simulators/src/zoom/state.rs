//! The things the simulated Zoom knows: accounts, apps, meetings, people at meetings, recordings.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A Zoom account's plan: it decides the rate limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountPlan {
    /// 4 light calls a second, no reports.
    Free,
    /// 30 light calls a second.
    #[default]
    Pro,
    /// 80 light calls a second.
    Business,
}

/// A user's licence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostPlan {
    /// Type 1: no registration, no cloud recording, 40 minutes.
    Basic,
    /// Type 2.
    #[default]
    Licensed,
    /// Type 99: may not host at all (3161).
    None,
}

impl HostPlan {
    /// The number Zoom uses for it.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Basic => 1,
            Self::Licensed => 2,
            Self::None => 99,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) plan: AccountPlan,
    /// Meeting settings that the account's administrators fixed.
    pub(crate) locked: Map<String, Value>,
    /// Cloud storage is used up: recordings cannot start or come back (3309).
    pub(crate) storage_full: bool,
    /// Zoom's own retention, in days.
    pub(crate) auto_delete_days: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) plan: HostPlan,
    pub(crate) time_zone: String,
    pub(crate) pmi: u64,
    pub(crate) created: DateTime<Utc>,
    /// What PATCH /users/{id} may change beyond the names.
    pub(crate) profile: Map<String, Value>,
}

impl User {
    pub(crate) fn display_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// Who an app acts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppMode {
    /// A general app with user-level scopes: each person connects themselves and is `me`.
    #[default]
    User,
    /// A general app with admin-level scopes: a person of the account connects for the whole account.
    Admin,
    /// Server-to-server: no person, no `me`.
    ServerToServer,
}

#[derive(Debug)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) name: String,
    pub(crate) mode: AppMode,
    /// The account of a server-to-server app.
    pub(crate) account: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) disabled: bool,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// Where an app receives events.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) secret_token: String,
    /// Empty: every event.
    pub(crate) events: Vec<String>,
    pub(crate) validated: DateTime<Utc>,
    pub(crate) failed_validations: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegistrantStatus {
    Approved,
    Pending,
    Denied,
}

impl RegistrantStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Pending => "pending",
            Self::Denied => "denied",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Registrant {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) status: RegistrantStatus,
    pub(crate) created: DateTime<Utc>,
    /// Marks the registrant in the personal join URL.
    pub(crate) tk: String,
    pub(crate) occurrences: Vec<String>,
}

impl Registrant {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Occurrence {
    pub(crate) id: String,
    pub(crate) start: DateTime<Utc>,
    pub(crate) duration: i64,
    pub(crate) deleted: bool,
    /// What a PATCH of this occurrence alone changed.
    pub(crate) overrides: Map<String, Value>,
}

#[derive(Debug)]
pub(crate) struct Meeting {
    pub(crate) id: u64,
    pub(crate) account: String,
    pub(crate) host: String,
    /// The UUID of the running or the next run.
    pub(crate) uuid: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) topic: String,
    pub(crate) agenda: String,
    /// 1 instant, 2 scheduled, 3 recurring without time, 8 recurring.
    pub(crate) kind: u8,
    pub(crate) start: Option<DateTime<Utc>>,
    pub(crate) duration: i64,
    pub(crate) time_zone: String,
    pub(crate) password: String,
    pub(crate) settings: Map<String, Value>,
    pub(crate) recurrence: Option<Value>,
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) deleted: Option<DateTime<Utc>>,
    pub(crate) used: DateTime<Utc>,
    pub(crate) registrants: Vec<Registrant>,
    pub(crate) registration_token: String,
    /// Everybody who ever came to the door.
    pub(crate) visitors: Vec<u64>,
    pub(crate) runs: Vec<Run>,
    pub(crate) recording_settings: Map<String, Value>,
    /// Waiting people are let in by themselves.
    pub(crate) auto_admit: bool,
}

impl Meeting {
    pub(crate) fn setting(&self, name: &str) -> Option<&Value> {
        self.settings.get(name)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.setting(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// 0 automatic, 1 manual, 2 no registration.
    pub(crate) fn approval_type(&self) -> u64 {
        self.setting("approval_type").and_then(Value::as_u64).unwrap_or(2)
    }

    pub(crate) fn live(&self) -> Option<&Run> {
        self.runs.last().filter(|run| run.ended.is_none())
    }

    pub(crate) fn live_mut(&mut self) -> Option<&mut Run> {
        self.runs.last_mut().filter(|run| run.ended.is_none())
    }

    /// Gone 30 days after the last use, recurring ones 365.
    pub(crate) fn expired(&self, now: DateTime<Utc>) -> bool {
        let kept = if matches!(self.kind, 3 | 8) { Duration::days(365) } else { Duration::days(30) };
        let last = self.start.map_or(self.used, |start| start.max(self.used));
        let last = self.occurrences.last().map_or(last, |occurrence| last.max(occurrence.start));
        self.live().is_none() && now > last + kept
    }
}

/// One time the meeting took place.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) uuid: String,
    pub(crate) started: DateTime<Utc>,
    pub(crate) ended: Option<DateTime<Utc>>,
    pub(crate) stays: Vec<Stay>,
    pub(crate) recording: Recording,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    WaitingRoom,
    Main,
    Breakout { room: String, parent_user_id: String },
}

/// One unbroken presence of one device in one place.
#[derive(Clone, Debug)]
pub(crate) struct Stay {
    pub(crate) visitor: u64,
    pub(crate) who: Who,
    pub(crate) place: Place,
    /// Per meeting, other with every join.
    pub(crate) user_id: String,
    pub(crate) participant_uuid: String,
    pub(crate) joined: DateTime<Utc>,
    pub(crate) left: Option<DateTime<Utc>>,
}

/// A person as the meeting knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) role: Role,
    pub(crate) name: String,
    /// As Zoom shows it to the host: empty for outsiders who did not register.
    pub(crate) email: String,
    pub(crate) registrant: Option<String>,
    /// For people signed in to Zoom.
    pub(crate) zoom_user: Option<String>,
}

/// How somebody came into a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// By the start URL.
    Host,
    /// By a registrant's own join URL.
    Registrant,
    /// By meeting id and passcode.
    Outsider,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The host has not started.
    BeforeHost,
    WaitingRoom,
    InMeeting,
    /// The client died; Zoom has not noticed.
    Crashed,
    Left,
    /// The host ended the meeting.
    Ended,
}

/// One device of one person at one meeting, over leaving and coming back.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) id: u64,
    /// Unguessable name in the room's URL.
    pub(crate) key: String,
    pub(crate) meeting: u64,
    pub(crate) who: Who,
    pub(crate) presence: Presence,
    /// The browser's cookie, for people who came by page.
    pub(crate) browser: Option<String>,
}

/// The cloud recording of a run.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// Start, and end when stopped.
    pub(crate) segments: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    pub(crate) paused: bool,
    pub(crate) files: Vec<RecordingFile>,
    /// The files exist from here on.
    pub(crate) completed: Option<DateTime<Utc>>,
    /// Selected for another Zoom product: cannot be deleted (3332).
    pub(crate) in_use: bool,
    pub(crate) passcode: String,
    pub(crate) share: String,
}

#[derive(Clone, Debug)]
pub(crate) struct RecordingFile {
    pub(crate) id: String,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
    pub(crate) file_type: &'static str,
    pub(crate) extension: &'static str,
    pub(crate) recording_type: &'static str,
    pub(crate) size: u64,
    /// In the download URL.
    pub(crate) handle: String,
    pub(crate) ready: DateTime<Utc>,
    pub(crate) trashed: Option<DateTime<Utc>>,
}

/// Something that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// Zoom notices that a client died.
    Noticed {
        visitor: u64,
    },
    RecordingReady {
        meeting: u64,
        run: String,
    },
    TranscriptReady {
        meeting: u64,
        run: String,
    },
    /// A free host's 40 minutes are over.
    FreeLimit {
        meeting: u64,
        run: String,
    },
}
