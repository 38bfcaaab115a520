//! The switches.

use serde::{Deserialize, Serialize};

/// Choices Stripe leaves open, and how long money takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// A bank debit arrives, or fails, this long after the person agreed.
    pub bank_seconds: i64,
    /// A refund that is not done at once is done, or comes back, this long after it was made.
    pub refund_seconds: i64,
    /// Limits of calls a second hold.
    pub limits: bool,
    /// Whether a person may choose a bank debit on the page, where the price is in euros.
    pub bank_debits: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { bank_seconds: 3 * 86_400, refund_seconds: 86_400, limits: true, bank_debits: true }
    }
}

/// An answer that the next calls of one operation give instead of doing any work.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForcedAnswer {
    /// The operation id in Stripe's API description.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// `api_error`, `card_error`, `invalid_request_error` or `idempotency_error`.
    #[serde(rename = "type", default = "api_error")]
    pub kind: String,
    /// Stripe's code.
    #[serde(default)]
    pub code: Option<String>,
    /// The bank's reason.
    #[serde(default)]
    pub decline_code: Option<String>,
    /// Whether it is kept under the idempotency key, as Stripe keeps what an endpoint answered once it had begun.
    #[serde(default)]
    pub kept: bool,
    /// For how many calls.
    #[serde(default = "once")]
    pub times: u32,
}

fn api_error() -> String {
    "api_error".to_owned()
}

fn once() -> u32 {
    1
}
