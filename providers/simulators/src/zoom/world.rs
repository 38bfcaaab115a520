//! The whole simulated Zoom, in one place behind one lock.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    behaviour::Behaviour,
    limits::Limits,
    oauth::OauthState,
    state::{Account, App, Meeting, Timer, User, Visitor},
    webhooks::Outbox,
};
use crate::{dice::Dice, faults::Faults, rooms::OpenPages};

/// One served call, without secrets.
#[derive(Clone, Debug, Serialize)]
pub struct RequestRecord {
    /// Grows by one with each call.
    pub seq: u64,
    /// By the simulator's clock.
    pub at: DateTime<Utc>,
    /// The HTTP method.
    pub method: String,
    /// The route's pattern.
    pub route: String,
    /// The operation id of Zoom's document, or our word for what is outside it.
    pub operation: String,
    /// The status answered; 0 when the connection was closed instead.
    pub status: u16,
    /// Zoom's own code in an error answer.
    pub code: Option<i64>,
    /// The meeting in the path or in the answer of a create.
    pub meeting: Option<u64>,
    /// The fault that struck, if one did.
    pub fault: Option<&'static str>,
}

/// The whole simulated Zoom.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) dice: Dice,
    /// Scheme, host and port of this server.
    pub(crate) base: String,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) oauth: OauthState,
    pub(crate) meetings: BTreeMap<u64, Meeting>,
    pub(crate) visitors: BTreeMap<u64, Visitor>,
    pub(crate) open_pages: OpenPages,
    /// Visitors by the name in their room's URL.
    pub(crate) room_keys: BTreeMap<String, u64>,
    /// Meetings by the UUIDs of their runs.
    pub(crate) run_uuids: BTreeMap<String, u64>,
    pub(crate) timers: BTreeMap<(DateTime<Utc>, u64), Timer>,
    pub(crate) outbox: Outbox,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    pub(crate) behaviour: Behaviour,
    pub(crate) log: Vec<RequestRecord>,
    /// Start tokens handed out: token, user, expiry.
    pub(crate) zaks: BTreeMap<String, (String, DateTime<Utc>)>,
    /// Tokens that download recordings: token, expiry.
    pub(crate) download_tokens: BTreeMap<String, DateTime<Utc>>,
    /// Pages handed out: token, list key, offset, expiry.
    pub(crate) pages: BTreeMap<String, (String, usize, DateTime<Utc>)>,
    pub(crate) numbers: u64,
}

impl World {
    pub(crate) fn new(seed: u64, base: String) -> Self {
        Self {
            dice: Dice::new(seed),
            base,
            accounts: BTreeMap::new(),
            users: BTreeMap::new(),
            apps: BTreeMap::new(),
            oauth: OauthState::default(),
            meetings: BTreeMap::new(),
            visitors: BTreeMap::new(),
            open_pages: OpenPages::default(),
            room_keys: BTreeMap::new(),
            run_uuids: BTreeMap::new(),
            timers: BTreeMap::new(),
            outbox: Outbox::new(seed),
            limits: Limits::default(),
            faults: Faults::new(seed),
            behaviour: Behaviour::default(),
            log: Vec::new(),
            zaks: BTreeMap::new(),
            download_tokens: BTreeMap::new(),
            pages: BTreeMap::new(),
            numbers: 0,
        }
    }

    /// The next number of a sequence that never repeats.
    pub(crate) fn next(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(crate) fn after(&mut self, due: DateTime<Utc>, timer: Timer) {
        let number = self.next();
        self.timers.insert((due, number), timer);
    }

    pub(crate) fn user_by_email(&self, email: &str) -> Option<&User> {
        self.users.values().find(|user| user.email.eq_ignore_ascii_case(email))
    }

    /// A user named by id or e-mail address.
    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name).or_else(|| self.user_by_email(name))
    }

    /// A UUID for a meeting's next run.
    pub(crate) fn new_run_uuid(&mut self, meeting: u64) -> String {
        let uuid = self.dice.run_uuid();
        self.run_uuids.insert(uuid.clone(), meeting);
        uuid
    }

    /// The visitors of one meeting.
    pub(crate) fn visitors_of(&self, meeting: u64) -> impl Iterator<Item = &Visitor> {
        let ids = self.meetings.get(&meeting).map(|meeting| meeting.visitors.as_slice()).unwrap_or_default();
        ids.iter().filter_map(|id| self.visitors.get(id))
    }
}
