//! The switches.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Choices Microsoft leaves open, what tenants decide, and how generous the simulator is with time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// How often a new event is answered before its `joinUrl` is there.
    pub join_url_after_reads: u32,
    /// A known `transactionId` is refused (409) instead of answered with the event it made.
    pub refuse_known_transaction: bool,
    /// An attendance report appears this long after the end of a call.
    pub report_delay_seconds: i64,
    /// Reports are switched off: the list is empty.
    pub reports_off: bool,
    /// Items on a page where the request does not say.
    pub page: usize,
    /// Items on a page at most, whatever the request says.
    pub longest_page: usize,
    /// Recordings and transcripts are ready this long after the end.
    pub recording_seconds: i64,
    /// The tenant's expiry of recordings: 120 days, 30 for A1 licences.
    pub recording_days: i64,
    /// Content is answered with a redirect to a signed address instead of bytes.
    pub redirect_content: bool,
    /// Options a meeting policy fixed: what is asked otherwise is ignored.
    pub locked: Map<String, Value>,
    /// Options that are refused, as for want of a licence.
    pub refused: Vec<String>,
    /// People without an account may start a meeting.
    pub anonymous_may_start: bool,
    /// What a 429 says in `Retry-After`; absent: nothing, as some services do.
    pub retry_after_seconds: Option<u32>,
    /// A subscription's longest life.
    pub subscription_minutes: i64,
    /// How long before its end a subscription asks to be authorized again; 0: never.
    pub reauthorize_minutes: i64,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            join_url_after_reads: 0,
            refuse_known_transaction: false,
            report_delay_seconds: 300,
            reports_off: false,
            page: 10,
            longest_page: 1_000,
            recording_seconds: 300,
            recording_days: 120,
            redirect_content: false,
            locked: Map::new(),
            refused: Vec::new(),
            anonymous_may_start: false,
            retry_after_seconds: Some(10),
            subscription_minutes: 4_230,
            reauthorize_minutes: 0,
        }
    }
}
