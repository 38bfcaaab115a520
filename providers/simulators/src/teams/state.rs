//! The things the simulated Microsoft knows: tenants, people, apps, calendars, online meetings, calls.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Default)]
pub(crate) struct Tenant {
    /// Apps an administrator consented to, with everything they registered.
    pub(crate) consented: BTreeSet<String>,
    pub(crate) policies: Vec<Policy>,
}

#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) app: String,
    /// `None`: everybody.
    pub(crate) user: Option<String>,
    pub(crate) from: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    /// Empty for personal accounts.
    pub(crate) tenant: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) licensed: bool,
}

#[derive(Debug)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
}

/// A calendar event; of a series the master.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) subject: String,
    /// What the client wrote, as HTML.
    pub(crate) written: String,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
    pub(crate) zone: String,
    pub(crate) attendees: Vec<Value>,
    pub(crate) hide_attendees: bool,
    pub(crate) transaction: Option<String>,
    pub(crate) recurrence: Option<Value>,
    /// The online meeting; `None` for plain events.
    pub(crate) online: Option<String>,
    /// Answers that still come without the join URL.
    pub(crate) reads_left: u32,
    pub(crate) created: DateTime<Utc>,
    pub(crate) changed: DateTime<Utc>,
    pub(crate) ical: String,
}

#[derive(Debug)]
pub(crate) struct Online {
    pub(crate) id: String,
    pub(crate) organizer: String,
    pub(crate) tenant: String,
    pub(crate) thread: String,
    pub(crate) join_url: String,
    pub(crate) subject: String,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) options: Map<String, Value>,
    pub(crate) attendees: Vec<Value>,
    pub(crate) external_id: Option<String>,
    /// `None`: not calendar backed.
    pub(crate) event: Option<String>,
    pub(crate) join_id: String,
    pub(crate) passcode: String,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) deleted: bool,
    pub(crate) calls: Vec<Call>,
    /// Everybody who ever came to the door.
    pub(crate) visitors: Vec<u64>,
}

impl Online {
    pub(crate) fn option(&self, name: &str) -> Option<&Value> {
        self.options.get(name)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.option(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn lobby(&self) -> &str {
        let settings = self.option("lobbyBypassSettings");
        settings.and_then(|settings| settings.get("scope")).and_then(Value::as_str).unwrap_or("organization")
    }

    pub(crate) fn live(&self) -> Option<&Call> {
        self.calls.last().filter(|call| call.ended.is_none())
    }

    pub(crate) fn live_mut(&mut self) -> Option<&mut Call> {
        self.calls.last_mut().filter(|call| call.ended.is_none())
    }

    pub(crate) fn usable(&self, now: DateTime<Utc>) -> bool {
        !self.deleted && now <= self.expires
    }
}

/// One time the meeting took place.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) report: String,
    pub(crate) started: DateTime<Utc>,
    pub(crate) ended: Option<DateTime<Utc>>,
    pub(crate) stays: Vec<Stay>,
    /// As the meeting stood at the start: later changes count for the next call.
    pub(crate) records: bool,
    pub(crate) transcribes: bool,
    pub(crate) recording: String,
    pub(crate) transcript: String,
    pub(crate) correlation: String,
}

/// One unbroken presence of one device in the call.
#[derive(Clone, Debug)]
pub(crate) struct Stay {
    pub(crate) who: Who,
    pub(crate) participant: String,
    pub(crate) joined: DateTime<Utc>,
    pub(crate) left: Option<DateTime<Utc>>,
}

/// How somebody is known to the meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Whose meeting it is.
    Organizer,
    /// Signed in to the same tenant.
    Entra,
    /// Signed in to another tenant.
    Federated,
    /// Without an account: a name and nothing else.
    Anonymous,
    /// By telephone.
    DialIn,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) identity: Identity,
    /// The object id, or what Teams makes up.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) tenant: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Lobby,
    InCall,
    Left,
    Ended,
}

/// One device of one person at one meeting. Coming back makes another.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) id: u64,
    /// Unguessable name in the room's URL.
    pub(crate) key: String,
    pub(crate) meeting: String,
    pub(crate) who: Who,
    /// Its id in the roster.
    pub(crate) participant: String,
    pub(crate) presence: Presence,
}

/// Who wants to be told.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) app: String,
    pub(crate) tenant: String,
    pub(crate) creator: String,
    pub(crate) resource: String,
    pub(crate) about: About,
    pub(crate) change_type: String,
    pub(crate) notification_url: String,
    pub(crate) lifecycle_url: Option<String>,
    pub(crate) client_state: Option<String>,
    pub(crate) certificate: Option<(String, String)>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) asked_again: bool,
}

/// What a subscription is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Who is in a meeting.
    CallEvents { meeting: String },
    /// Files of a meeting, of an organizer, or of the tenant.
    Files { transcripts: bool, meeting: Option<String>, user: Option<String> },
}

/// A mail that Outlook sent.
#[derive(Clone, Debug, Serialize)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// What about.
    pub subject: String,
    /// With the raw link, as Outlook does.
    pub body: String,
}

/// Something that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// Recording and transcript of a call are ready.
    FilesReady { meeting: String, call: String },
}
