//! A person's decision beside the evidence's proposal: kept, and never lowered silently.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AttendanceState, Verdict};
use crate::ids::PersonId;

/// The part of a verdict that a person decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where the person stands.
    pub state: AttendanceState,
    /// For how long they were there.
    pub seconds: u32,
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// What was decided: the proposal, or something else.
    pub finding: Finding,
    /// What the evidence proposed at that time. New evidence is measured against it, so that a decision
    /// that differs from the proposal on purpose does not come up again.
    pub proposed: Finding,
    /// Who decided.
    pub by: PersonId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What is shown and stored now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The value that holds.
    pub finding: Finding,
    /// On what it stands.
    pub standing: Standing,
}

/// On what a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// On evidence alone.
    Proposed,
    /// On a person's decision.
    Verified,
    /// On a person's decision, which later evidence contradicts: it says this. Somebody has to look.
    Conflict {
        /// What the evidence says now.
        proposed: Finding,
        /// Taking it would lower what was decided.
        lowers: bool,
    },
}

impl From<&Verdict> for Finding {
    fn from(verdict: &Verdict) -> Self {
        Self { state: verdict.state, seconds: verdict.seconds }
    }
}

/// Lays new evidence beside a decision. The decision always holds; evidence that has changed since, and says
/// something else, is shown as a conflict. Evidence that shows nothing (unconfirmed, or not over yet) contradicts nothing.
#[must_use]
pub fn apply(previous: Option<&Verified>, verdict: &Verdict) -> Outcome {
    let proposed = Finding::from(verdict);
    let Some(verified) = previous else {
        return Outcome { finding: proposed, standing: Standing::Proposed };
    };
    let finding = verified.finding;
    let silent =
        rank(proposed.state).is_none() || same(proposed, verified.proposed) || same(proposed, finding);
    let excused = finding.state == AttendanceState::Excused && proposed.state == AttendanceState::Absent;
    let standing = if silent || excused {
        Standing::Verified
    } else {
        let lowers =
            rank(proposed.state) < rank(finding.state) || proposed.seconds / 60 < finding.seconds / 60;
        Standing::Conflict { proposed, lowers }
    };
    Outcome { finding, standing }
}

/// Equal as people see it: to the minute.
fn same(a: Finding, b: Finding) -> bool {
    a.state == b.state && a.seconds / 60 == b.seconds / 60
}

/// `None` for states that say nothing final.
fn rank(state: AttendanceState) -> Option<u8> {
    match state {
        AttendanceState::Expected
        | AttendanceState::InClass
        | AttendanceState::Left
        | AttendanceState::Unconfirmed => None,
        AttendanceState::Absent => Some(0),
        AttendanceState::Excused => Some(1),
        AttendanceState::Late | AttendanceState::LeftEarly => Some(2),
        AttendanceState::Present => Some(3),
    }
}
