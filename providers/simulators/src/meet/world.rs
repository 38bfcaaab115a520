//! The whole simulated Google, in one place behind one lock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    behaviour::Behaviour,
    keys::Keys,
    limits::Limits,
    oauth::OauthState,
    pubsub::PubSub,
    state::{Account, Accounts, DriveFile, Operation, Space, Subscription, Timer, Visitor},
};
use crate::{
    dice::Dice,
    faults::Faults,
    rooms::{Next, OpenPages},
};

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
    /// The method id of Google's document, or our word for what is outside it.
    pub operation: String,
    /// The status answered; 0 when the connection was closed instead.
    pub status: u16,
    /// Google's own status or reason in an error answer.
    pub reason: Option<String>,
    /// The fault that struck, if one did.
    pub fault: Option<&'static str>,
}

/// The whole simulated Google.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) dice: Dice,
    /// Scheme, host and port of this server.
    pub(crate) base: String,
    pub(crate) accounts: Accounts,
    pub(crate) oauth: OauthState,
    pub(crate) keys: Keys,
    pub(crate) spaces: BTreeMap<String, Space>,
    pub(crate) visitors: BTreeMap<u64, Visitor>,
    pub(crate) open_pages: OpenPages,
    /// Visitors by the name in their room's URL.
    pub(crate) room_keys: BTreeMap<String, u64>,
    pub(crate) files: BTreeMap<String, DriveFile>,
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) pubsub: PubSub,
    pub(crate) timers: BTreeMap<(DateTime<Utc>, u64), Timer>,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    pub(crate) behaviour: Behaviour,
    /// APIs that a project has not enabled: project and service.
    pub(crate) disabled_apis: BTreeSet<(String, String)>,
    pub(crate) log: Vec<RequestRecord>,
    /// Pages handed out: token, list key, offset.
    pub(crate) pages: BTreeMap<String, (String, usize)>,
    pub(crate) numbers: u64,
}

impl World {
    pub(crate) fn new(seed: u64, base: String) -> Self {
        Self {
            dice: Dice::new(seed),
            base,
            accounts: BTreeMap::new(),
            oauth: OauthState::default(),
            keys: Keys::default(),
            spaces: BTreeMap::new(),
            visitors: BTreeMap::new(),
            open_pages: OpenPages::default(),
            room_keys: BTreeMap::new(),
            files: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            operations: BTreeMap::new(),
            pubsub: PubSub::new(seed),
            timers: BTreeMap::new(),
            limits: Limits::default(),
            faults: Faults::new(seed),
            behaviour: Behaviour::default(),
            disabled_apis: BTreeSet::new(),
            log: Vec::new(),
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

    /// Everything that happens by itself until now.
    pub(crate) fn let_time_pass(&mut self, now: DateTime<Utc>) {
        while let Some(next) = self.open_pages.next(&self.timers, now) {
            match next {
                Next::Closed { visitor, at } => {
                    if let Err(refusal) = self.leave(visitor, at) {
                        tracing::debug!(%refusal, "a closed page belonged to nobody");
                    }
                }
                Next::Timer(key) => {
                    if let Some(timer) = self.timers.remove(&key) {
                        self.ring(timer, key.0);
                    }
                }
            }
        }
    }

    fn ring(&mut self, timer: Timer, at: DateTime<Utc>) {
        match timer {
            Timer::FileGenerated { space, call, recording } => {
                self.generate_file(&space, &call, &recording, at);
            }
            Timer::Reminder { subscription, expires } => self.remind(&subscription, expires, at),
            Timer::Expired { subscription, expires } => self.expire(&subscription, expires, at),
        }
    }

    pub(crate) fn account_by_email(&self, email: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.email.eq_ignore_ascii_case(email))
    }

    /// False when there is no such account.
    pub(crate) fn change_account(&mut self, email: &str, change: impl FnOnce(&mut Account)) -> bool {
        let found = self.accounts.values_mut().find(|account| account.email.eq_ignore_ascii_case(email));
        found.map(change).is_some()
    }

    /// A space by its id, or by its meeting code in any case.
    pub(crate) fn space_by_code(&self, code: &str) -> Option<&Space> {
        self.spaces.values().find(|space| space.code.eq_ignore_ascii_case(code))
    }

    /// The space and position of a call.
    pub(crate) fn call_at(&self, id: &str) -> Option<(String, usize)> {
        self.spaces.values().find_map(|space| {
            let position = space.calls.iter().position(|call| call.id == id)?;
            Some((space.id.clone(), position))
        })
    }

    pub(crate) fn link(&self, space: &Space) -> String {
        format!("{}/{}", self.base, space.code)
    }

    pub(crate) fn visitors_of(&self, space: &str) -> impl Iterator<Item = &Visitor> {
        let ids = self.spaces.get(space).map(|space| space.visitors.as_slice()).unwrap_or_default();
        ids.iter().filter_map(|id| self.visitors.get(id))
    }
}
