//! The vendor's documents, beside everything that is said in any story.

use std::sync::{Arc, OnceLock};

use lectern_providers::transport::{Inspect, Seen};
use lectern_simulators::contract::Contract;

/// Zoom's documents, read once for this process; `None` where `LECTERN_VENDOR_SPECS` is unset, which is said.
///
/// # Panics
/// When the variable is set and the documents cannot be used.
#[must_use]
pub fn contract() -> Option<Arc<Contract>> {
    static CONTRACT: OnceLock<Option<Arc<Contract>>> = OnceLock::new();
    CONTRACT.get_or_init(|| Contract::zoom_from_environment().unwrap()).clone()
}

/// Holds every exchange of a client against the documents.
#[derive(Debug)]
pub(crate) struct Inspector {
    contract: Arc<Contract>,
    /// Answers from elsewhere were tampered with on the way: they are not the platform's.
    platform: String,
}

impl Inspector {
    pub(crate) fn new(contract: Arc<Contract>, platform: String) -> Self {
        Self { contract, platform }
    }
}

impl Inspect for Inspector {
    fn exchanged(&self, seen: &Seen<'_>) {
        let answer = seen.answer.as_ref().map(|answer| (answer.status, answer.body));
        let answer = answer.filter(|_| seen.url.as_str().starts_with(&self.platform));
        self.contract.check_exchange(seen.method, seen.url, seen.body, answer);
    }
}
