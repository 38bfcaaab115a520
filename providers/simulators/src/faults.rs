//! What goes wrong on purpose: a seeded plan over API calls and webhooks.

use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// How many percent of API calls fail, and how. The shares are tried in the order of the fields; the first that hits counts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultPlan {
    /// The connection closes before any work is done.
    pub timeout_before: u8,
    /// Status 500, 502 or 503 without any work done.
    pub server_error: u8,
    /// Status 429 although no limit is reached.
    pub too_many_requests: u8,
    /// The work is done, and the connection closes without an answer.
    pub timeout_after: u8,
    /// The work is done and the answer comes late, by [`slow_millis`](Self::slow_millis) of real time.
    pub slow: u8,
    /// How late a slow answer is, in milliseconds.
    pub slow_millis: u64,
    /// Only these operation ids of the vendor's document (empty: all API operations, not the token endpoint).
    pub operations: Vec<String>,
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
