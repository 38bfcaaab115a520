//! Answers kept under an idempotency key: the first one counts, for 24 hours. Keys belong to one account in one mode.
//!
//! Source: docs.stripe.com/api/idempotent_requests. What is refused for its parameters alone is not kept; what an endpoint answered
//! once it had begun is, a 500 too. Which refusals count as begun is not documented for each (unverified): here those about the
//! state of objects and about amounts and moments. The type of the 409 has been seen as `idempotency_error` and as
//! `invalid_request_error`.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::{
    errors::{Refusal, refuse},
    state::Owner,
};
use crate::answer::Answer;

pub(crate) type Key = (Owner, String);

#[derive(Debug)]
struct Entry {
    /// Method, path and sorted parameters.
    call: String,
    at: DateTime<Utc>,
    request_id: String,
    /// Absent while the first call still waits for it.
    answer: Option<Answer>,
    running: bool,
}

/// What a key means for a call.
#[derive(Debug)]
pub(crate) enum Met {
    /// Do the work.
    New,
    /// The first call's answer, and its request id.
    Before(Answer, String),
}

#[derive(Debug, Default)]
pub(crate) struct Kept(BTreeMap<Key, Entry>);

impl Kept {
    /// Looks a key up, and holds it for this call when it is new.
    pub(crate) fn meet(
        &mut self,
        key: &Key,
        call: &str,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Met, Refusal> {
        self.0.retain(|_, entry| entry.running || now - entry.at < Duration::hours(24));
        if let Some(entry) = self.0.get(key) {
            if entry.call != call {
                let message = format!(
                    "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a \
                     key other than '{}' if you meant to execute a different request.",
                    key.1
                );
                return Err(refuse(400, "idempotency_error", None, None, message));
            }
            return match &entry.answer {
                Some(answer) if !entry.running => Ok(Met::Before(answer.clone(), entry.request_id.clone())),
                _ => {
                    let message = format!(
                        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted \
                         twice, and the other request is still going through): {}. Please try again later.",
                        key.1
                    );
                    Err(refuse(409, "idempotency_error", Some("idempotency_key_in_use"), None, message))
                }
            };
        }
        let entry = Entry {
            call: call.to_owned(),
            at: now,
            request_id: request_id.to_owned(),
            answer: None,
            running: true,
        };
        self.0.insert(key.clone(), entry);
        Ok(Met::New)
    }

    /// The work's answer; `None`: nothing had begun.
    pub(crate) fn keep(&mut self, key: &Key, answer: Option<&Answer>) {
        match answer {
            Some(answer) => {
                if let Some(entry) = self.0.get_mut(key) {
                    entry.answer = Some(answer.clone());
                }
            }
            None => drop(self.0.remove(key)),
        }
    }

    /// The answer is on its way, or nobody waits for it any more.
    pub(crate) fn finish(&mut self, key: &Key) {
        if let Some(entry) = self.0.get_mut(key) {
            entry.running = false;
        }
    }
}
