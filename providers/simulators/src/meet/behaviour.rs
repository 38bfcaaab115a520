//! The switches.

use serde::{Deserialize, Serialize};

use crate::faults::percent;

/// Choices Google leaves open, and how generous the simulator is with time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// A new member may enter this long after being made.
    pub member_delay_seconds: i64,
    /// What making the same member twice answers: undocumented.
    pub duplicate_member: DuplicateMember,
    /// Members show their account, as in the beta.
    pub members_show_user: bool,
    /// What ending a call answers where none runs: 400 (`FAILED_PRECONDITION`), or 200.
    pub idle_end_is_fine: bool,
    /// A recording's file is there this long after its end.
    pub recording_seconds: i64,
    /// An operation of Workspace Events is done after this many looks.
    pub operation_looks: u32,
    /// Knocking people are let in by themselves while a host is there.
    pub auto_admit: bool,
    /// The quotas hold.
    pub quotas: bool,
    /// Reads a minute for each user of a project.
    pub reads: usize,
    /// Writes a minute for each user of a project.
    pub writes: usize,
    /// New spaces a minute for each user of a project.
    pub creates: usize,
    /// Lists come in pages of at most so many rows, whatever a call asks for.
    pub longest_page: usize,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            member_delay_seconds: 0,
            duplicate_member: DuplicateMember::default(),
            members_show_user: false,
            idle_end_is_fine: false,
            recording_seconds: 600,
            operation_looks: 0,
            auto_admit: false,
            quotas: true,
            reads: 600,
            writes: 100,
            creates: 10,
            longest_page: 1_000,
        }
    }
}

/// The answers to a member that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateMember {
    /// 409.
    #[default]
    AlreadyExists,
    /// 200 with the member that is there.
    TheSame,
}

/// What happens to pushed messages on the way. Shares are percent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PushBehaviour {
    /// Seeds the lottery below; the simulator's own seed when absent.
    pub seed: Option<u64>,
    /// Never published.
    #[serde(deserialize_with = "percent")]
    pub lose: u8,
    /// Pushed twice, under two message ids.
    #[serde(deserialize_with = "percent")]
    pub duplicate: u8,
    /// Late by this much.
    pub delay_seconds: i64,
    /// Overtaken by up to twenty later ones.
    #[serde(deserialize_with = "percent")]
    pub reorder: u8,
    /// With a token for somebody else's address.
    #[serde(deserialize_with = "percent")]
    pub wrong_audience: u8,
    /// With a token of another service account.
    #[serde(deserialize_with = "percent")]
    pub wrong_sender: u8,
    /// With a token by another issuer.
    #[serde(deserialize_with = "percent")]
    pub wrong_issuer: u8,
    /// With a token that ended hours ago.
    #[serde(deserialize_with = "percent")]
    pub expired_token: u8,
    /// With a token whose signature is by a key that nobody published.
    #[serde(deserialize_with = "percent")]
    pub wrong_key: u8,
    /// Followed by an event of a kind that no document knows.
    #[serde(deserialize_with = "percent")]
    pub unknown_events: u8,
    /// The spelling `message_id` and `publish_time` alone.
    pub snake_case: bool,
}
