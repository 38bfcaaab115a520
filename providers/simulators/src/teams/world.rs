//! The whole simulated Microsoft, in one place behind one lock.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{
    behaviour::Behaviour,
    errors::Forced,
    login::LoginState,
    notify::Outbox,
    state::{App, Event, Mail, Online, Subscription, Tenant, Timer, User, Visitor},
};
use crate::{
    answer::Answer,
    dice::Dice,
    faults::{Fault, Faults},
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
    /// Our word for the operation: the document's id without `me.` or `user.`.
    pub operation: String,
    /// The status answered; 0 when the connection was closed instead.
    pub status: u16,
    /// Graph's code in an error answer.
    pub code: Option<String>,
    /// The fault that struck, if one did.
    pub fault: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) dice: Dice,
    /// Scheme, host and port of this server.
    pub(crate) base: String,
    pub(crate) tenants: BTreeMap<String, Tenant>,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) login: LoginState,
    pub(crate) events: BTreeMap<String, Event>,
    pub(crate) meetings: BTreeMap<String, Online>,
    pub(crate) visitors: BTreeMap<u64, Visitor>,
    pub(crate) open_pages: OpenPages,
    /// Visitors by the name in their room's URL.
    pub(crate) room_keys: BTreeMap<String, u64>,
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    pub(crate) outbox: Outbox,
    pub(crate) mails: Vec<Mail>,
    /// Signed addresses of files: kind and call.
    pub(crate) handles: BTreeMap<String, (String, bool)>,
    pub(crate) timers: BTreeMap<(DateTime<Utc>, u64), Timer>,
    pub(crate) faults: Faults,
    pub(crate) forced: Vec<Forced>,
    pub(crate) behaviour: Behaviour,
    pub(crate) log: Vec<RequestRecord>,
    numbers: u64,
}

impl World {
    pub(crate) fn new(seed: u64, base: String) -> Self {
        Self {
            dice: Dice::new(seed),
            base,
            tenants: BTreeMap::new(),
            users: BTreeMap::new(),
            apps: BTreeMap::new(),
            login: LoginState::default(),
            events: BTreeMap::new(),
            meetings: BTreeMap::new(),
            visitors: BTreeMap::new(),
            open_pages: OpenPages::default(),
            room_keys: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            outbox: Outbox::new(seed),
            mails: Vec::new(),
            handles: BTreeMap::new(),
            timers: BTreeMap::new(),
            faults: Faults::new(seed),
            forced: Vec::new(),
            behaviour: Behaviour::default(),
            log: Vec::new(),
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

    /// A user named by object id or sign-in name.
    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        self.users
            .get(name)
            .or_else(|| self.users.values().find(|user| user.email.eq_ignore_ascii_case(name)))
    }

    /// The meeting behind a link.
    pub(crate) fn by_link(&self, join_url: &str) -> Option<&Online> {
        self.meetings.values().find(|meeting| meeting.join_url == join_url)
    }

    /// Everything that happens by itself until now.
    pub(crate) fn let_time_pass(&mut self, now: DateTime<Utc>) {
        while let Some(next) = self.open_pages.next(&self.timers, now) {
            match next {
                // Nobody pressed Leave: the roster calls them inactive.
                Next::Closed { visitor, at } => {
                    if let Err(refusal) = self.leave(visitor, true, at) {
                        tracing::debug!(%refusal, "a closed page belonged to nobody");
                    }
                }
                Next::Timer(key) => match self.timers.remove(&key) {
                    Some(Timer::FilesReady { meeting, call }) => self.files_ready(&meeting, &call, key.0),
                    None => {}
                },
            }
        }
        self.age_subscriptions(now);
    }

    /// Writes a call into the log, without its secrets.
    pub(crate) fn note(
        &mut self,
        at: DateTime<Utc>,
        (method, route, operation): (&str, &str, &str),
        answer: &Answer,
        fault: Option<Fault>,
    ) {
        let code = answer.json_body().and_then(|body| body.pointer("/error/code")).and_then(Value::as_str);
        self.log.push(RequestRecord {
            seq: self.log.len() as u64 + 1,
            at,
            method: method.to_owned(),
            route: route.to_owned(),
            operation: operation.to_owned(),
            status: answer.status,
            code: code.map(str::to_owned),
            fault: fault.map(Fault::name),
        });
    }
}
