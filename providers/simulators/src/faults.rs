//! What goes wrong on purpose: a seeded plan over API calls and webhooks.

use axum::response::Response;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{dice::Dice, server::HangUp};

/// How many percent of API calls fail, and how. The shares are tried in the order of the fields; the first that hits counts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultPlan {
    /// The connection closes before any work is done.
    #[serde(deserialize_with = "percent")]
    pub timeout_before: u8,
    /// Status 500, 502 or 503 without any work done.
    #[serde(deserialize_with = "percent")]
    pub server_error: u8,
    /// Status 429 although no limit is reached.
    #[serde(deserialize_with = "percent")]
    pub too_many_requests: u8,
    /// The work is done, and the connection closes without an answer.
    #[serde(deserialize_with = "percent")]
    pub timeout_after: u8,
    /// The work is done and the answer comes late, by [`slow_millis`](Self::slow_millis) of real time.
    #[serde(deserialize_with = "percent")]
    pub slow: u8,
    /// How late a slow answer is, in milliseconds.
    pub slow_millis: u64,
    /// Only these operation ids of the vendor's document (empty: all API operations, not the token endpoint).
    pub operations: Vec<String>,
}

/// Reads a share: a whole number is percent, a number with a decimal point is a part of one, `true` is always.
pub(crate) fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Share {
        Always(bool),
        Percent(u8),
        Part(f64),
    }
    match Share::deserialize(deserializer)? {
        Share::Always(always) => Ok(if always { 100 } else { 0 }),
        Share::Percent(percent @ 0..=100) => Ok(percent),
        Share::Part(part) if (0.0..=1.0).contains(&part) => {
            // Within 0 to 100, so that nothing is cut off.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
            Ok((part * 100.0).round() as u8)
        }
        _ => {
            Err(serde::de::Error::custom("a share is a percentage from 0 to 100, or a part from 0.0 to 1.0"))
        }
    }
}

/// The fault that strikes one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    TimeoutBefore,
    ServerError(u16),
    TooManyRequests,
    TimeoutAfter,
    Slow(u64),
}

impl Fault {
    /// Its word in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::TimeoutBefore => "timeout_before",
            Self::ServerError(_) => "server_error",
            Self::TooManyRequests => "too_many_requests",
            Self::TimeoutAfter => "timeout_after",
            Self::Slow(_) => "slow",
        }
    }
}

/// Closes the connection instead of answering.
pub(crate) fn hang_up() -> Response {
    let mut response = Response::new(axum::body::Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

/// Faults that strike when the work is done.
pub(crate) async fn after(fault: Option<Fault>, response: Response) -> Response {
    match fault {
        Some(Fault::TimeoutAfter) => hang_up(),
        Some(Fault::Slow(millis)) => {
            tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
            response
        }
        _ => response,
    }
}

/// A documented answer that the next calls of one operation give instead of doing any work.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForcedError {
    /// The operation id in the vendor's document.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// The vendor's own code.
    pub code: i64,
    /// The vendor's text; the documented one when absent.
    #[serde(default)]
    pub message: Option<String>,
    /// For how many calls.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// The plan, its dice and what is forced.
#[derive(Debug)]
pub(crate) struct Faults {
    dice: Dice,
    pub(crate) plan: FaultPlan,
    pub(crate) forced: Vec<ForcedError>,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), plan: FaultPlan::default(), forced: Vec::new() }
    }

    /// Starts a plan over from its seed.
    pub(crate) fn set(&mut self, seed: u64, plan: FaultPlan) {
        self.dice = Dice::new(seed);
        self.plan = plan;
    }

    /// What strikes this call, if anything.
    pub(crate) fn strike(&self, operation: &str, is_api: bool) -> Option<Fault> {
        let plan = &self.plan;
        let meant = if plan.operations.is_empty() {
            is_api
        } else {
            plan.operations.iter().any(|name| name == operation)
        };
        if !meant {
            return None;
        }
        let throw = self.dice.below(100);
        let mut edge = 0;
        let mut within = |share: u8| {
            edge += u64::from(share);
            throw < edge
        };
        if within(plan.timeout_before) {
            Some(Fault::TimeoutBefore)
        } else if within(plan.server_error) {
            Some(Fault::ServerError([500, 502, 503][usize::try_from(self.dice.below(3)).unwrap_or(0)]))
        } else if within(plan.too_many_requests) {
            Some(Fault::TooManyRequests)
        } else if within(plan.timeout_after) {
            Some(Fault::TimeoutAfter)
        } else if within(plan.slow) {
            Some(Fault::Slow(plan.slow_millis))
        } else {
            None
        }
    }

    /// Takes one forced answer for this operation.
    pub(crate) fn forced(&mut self, operation: &str) -> Option<ForcedError> {
        let index =
            self.forced.iter().position(|forced| forced.operation == operation && forced.times > 0)?;
        self.forced[index].times -= 1;
        let taken = self.forced[index].clone();
        if self.forced[index].times == 0 {
            self.forced.remove(index);
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percent_parts_or_always() {
        let read = |text: &str| serde_json::from_str::<FaultPlan>(text).map(|plan| plan.server_error);
        assert_eq!(read(r#"{"server_error":10}"#).unwrap(), 10);
        assert_eq!(read(r#"{"server_error":0.25}"#).unwrap(), 25);
        assert_eq!(read(r#"{"server_error":1.0}"#).unwrap(), 100);
        assert_eq!(read(r#"{"server_error":true}"#).unwrap(), 100);
        assert_eq!(read("{}").unwrap(), 0);
        assert!(read(r#"{"server_error":101}"#).is_err());
    }

    #[test]
    fn forced_errors_are_used_up() {
        let mut faults = Faults::new(1);
        faults.forced.push(ForcedError {
            operation: "user".into(),
            status: 400,
            code: 300,
            message: None,
            times: 2,
        });
        assert!(faults.forced("meeting").is_none());
        assert!(
            faults.forced("user").is_some()
                && faults.forced("user").is_some()
                && faults.forced("user").is_none()
        );
    }
}
