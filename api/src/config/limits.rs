use serde::{Deserialize, Serialize};

/// `[limits]`: against guessing and flooding.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Sign-in tries for one account within 10 minutes.
    pub sign_ins_per_account: u32,
    /// Sign-in tries from one address within 10 minutes.
    pub sign_ins_per_address: u32,
    /// Refused join links from one address within 10 minutes.
    pub refused_joins_per_address: u32,
    /// Refused tokens in `Authorization` from one address within 10 minutes.
    pub refused_tokens_per_address: u32,
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Seconds a request may take, its body included.
    pub request_seconds: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            sign_ins_per_account: 10,
            sign_ins_per_address: 100,
            refused_joins_per_address: 300,
            refused_tokens_per_address: 300,
            body_bytes: 1 << 20,
            request_seconds: 30,
        }
    }
}
