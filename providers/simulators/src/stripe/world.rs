//! The whole simulated Stripe, in one place behind one lock.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    behaviour::{Behaviour, ForcedAnswer},
    errors,
    idempotency::Kept,
    limits::Limits,
    state::{Account, Key, Payment, Refund, Session, Timer},
    webhooks::Outbox,
};
use crate::{
    answer::Answer,
    dice::Dice,
    faults::{Fault, Faults},
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
    /// The operation id of Stripe's API description, or our word for what is outside it.
    pub operation: String,
    /// The status answered; 0 when the connection was closed instead.
    pub status: u16,
    /// Stripe's own code, or type, in an error answer.
    pub code: Option<String>,
    /// Stripe's name for the call; the pages have none.
    pub request_id: Option<String>,
    /// The answer is an earlier call's, kept under its idempotency key.
    pub replayed: bool,
    /// The fault that struck, if one did.
    pub fault: Option<&'static str>,
}

/// The whole simulated Stripe.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) dice: Dice,
    /// Scheme, host and port of this server.
    pub(crate) base: String,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) keys: BTreeMap<String, Key>,
    pub(crate) sessions: BTreeMap<String, Session>,
    /// By payment intent.
    pub(crate) payments: BTreeMap<String, Payment>,
    pub(crate) refunds: BTreeMap<String, Refund>,
    pub(crate) timers: BTreeMap<(DateTime<Utc>, u64), Timer>,
    pub(crate) kept: Kept,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    pub(crate) forced: Vec<ForcedAnswer>,
    pub(crate) behaviour: Behaviour,
    pub(crate) outbox: Outbox,
    pub(crate) log: Vec<RequestRecord>,
    numbers: u64,
}

impl World {
    pub(crate) fn new(seed: u64, base: String) -> Self {
        Self {
            dice: Dice::new(seed),
            base,
            accounts: BTreeMap::new(),
            keys: BTreeMap::new(),
            sessions: BTreeMap::new(),
            payments: BTreeMap::new(),
            refunds: BTreeMap::new(),
            timers: BTreeMap::new(),
            kept: Kept::default(),
            limits: Limits::default(),
            faults: Faults::new(seed),
            forced: Vec::new(),
            behaviour: Behaviour::default(),
            outbox: Outbox::new(seed),
            log: Vec::new(),
            numbers: 0,
        }
    }

    /// A new id: `prefix` and so many letters and digits.
    pub(crate) fn id(&self, prefix: &str, length: usize) -> String {
        const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut id = prefix.to_owned();
        for _ in 0..length {
            let at = usize::try_from(self.dice.below(62)).unwrap_or_default();
            id.extend(LETTERS.get(at).map(|letter| char::from(*letter)));
        }
        id
    }

    pub(crate) fn after(&mut self, due: DateTime<Utc>, timer: Timer) {
        self.numbers += 1;
        self.timers.insert((due, self.numbers), timer);
    }

    /// Everything that happens by itself until now, each at its own time.
    pub(crate) fn let_time_pass(&mut self, now: DateTime<Utc>) {
        while let Some(first) = self.timers.first_entry().filter(|first| first.key().0 <= now) {
            let at = first.key().0;
            match first.remove() {
                Timer::SessionExpires(session) => {
                    self.close(&session, None, at);
                }
                Timer::Bank(intent, arrives) => {
                    self.bank_decides(&intent, arrives, at);
                }
                Timer::Refund(refund, arrives) => {
                    self.refund_ends(&refund, arrives, at);
                }
            }
        }
    }

    /// Takes one forced answer for this operation.
    pub(crate) fn take_forced(&mut self, operation: &str) -> Option<ForcedAnswer> {
        let index =
            self.forced.iter().position(|forced| forced.operation == operation && forced.times > 0)?;
        let forced = self.forced.get_mut(index)?;
        forced.times -= 1;
        let taken = forced.clone();
        self.forced.retain(|forced| forced.times > 0);
        Some(taken)
    }

    /// Writes a call into the log, without its secrets.
    pub(crate) fn note(
        &mut self,
        at: DateTime<Utc>,
        (method, route, operation): (&str, &str, &str),
        answer: &Answer,
        fault: Option<Fault>,
    ) {
        let header =
            |name: &str| answer.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        let seq = self.log.len() as u64 + 1;
        self.log.push(RequestRecord {
            seq,
            at,
            method: method.to_owned(),
            route: route.to_owned(),
            operation: operation.to_owned(),
            status: answer.status,
            code: errors::code(answer),
            request_id: header("request-id"),
            replayed: header("idempotent-replayed").is_some(),
            fault: fault.map(Fault::name),
        });
    }
}
