//! Graph's errors: a status, a code, a message, and ids for Microsoft's support.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::world::World;
use crate::answer::Answer;

/// An answer that the next calls of one operation give instead of doing any work.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forced {
    /// The operation: `events.create`, `onlineMeetings.update`, ...
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// Graph's code.
    pub code: String,
    /// Graph's text.
    #[serde(default)]
    pub message: String,
    /// For how many calls.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

pub(crate) fn graph(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, json!({"error": {"code": code, "message": message}}))
}

pub(crate) fn bad(message: &str) -> Answer {
    graph(400, "BadRequest", message)
}

pub(crate) fn not_found() -> Answer {
    graph(404, "NotFound", "")
}

/// Outlook's word for it.
pub(crate) fn no_item() -> Answer {
    graph(404, "ErrorItemNotFound", "The specified object was not found in the store.")
}

/// What anybody but the organizer gets.
pub(crate) fn not_organizer() -> Answer {
    graph(403, "Forbidden", "An error has occurred.")
}

pub(crate) fn no_policy() -> Answer {
    graph(403, "Forbidden", "No application access policy found for this app.")
}

pub(crate) fn invalid_token() -> Answer {
    graph(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
}

impl World {
    /// Takes one forced answer for this operation.
    pub(crate) fn forced(&mut self, operation: &str) -> Option<Answer> {
        let index =
            self.forced.iter().position(|forced| forced.operation == operation && forced.times > 0)?;
        let forced = self.forced.get_mut(index)?;
        forced.times -= 1;
        Some(graph(forced.status, &forced.code, &forced.message))
    }

    pub(crate) fn throttled(&self) -> Answer {
        let answer = graph(429, "TooManyRequests", "Too many requests. Please try again later.");
        match self.behaviour.retry_after_seconds {
            Some(seconds) => answer.header("retry-after", seconds.to_string()),
            None => answer,
        }
    }

    /// Adds what every answer of Graph has: ids, in the header and inside errors.
    pub(crate) fn dressed(&self, answer: Answer, now: DateTime<Utc>) -> Answer {
        let id = self.dice.uuid();
        let mut answer = answer;
        if answer.status >= 400
            && let Some(body) = answer.json_body().cloned()
            && body.get("error").is_some()
        {
            let mut body = body;
            body["error"]["innerError"] = json!({
                "date": now.format("%Y-%m-%dT%H:%M:%S").to_string(), "request-id": id, "client-request-id": id,
            });
            answer.content = crate::answer::Content::Json(body);
        }
        answer.header("request-id", id.clone()).header("client-request-id", id)
    }
}
