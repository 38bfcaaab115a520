//! The vendors' documents, beside everything that is said in any story.

use std::sync::{Arc, OnceLock};

use lectern_providers::transport::{Inspect, Seen};
use lectern_simulators::contract::Contract;

type Shared = OnceLock<Option<Arc<Contract>>>;

/// Zoom's documents, read once for this process; `None` where `LECTERN_VENDOR_SPECS` is unset, which is said.
///
/// # Panics
/// When the variable is set and the documents cannot be used.
#[must_use]
pub fn contract() -> Option<Arc<Contract>> {
    static CONTRACT: Shared = OnceLock::new();
    CONTRACT.get_or_init(|| Contract::zoom_from_environment().unwrap()).clone()
}

/// Graph's.
pub(crate) fn teams_contract() -> Option<Arc<Contract>> {
    static CONTRACT: Shared = OnceLock::new();
    CONTRACT.get_or_init(|| Contract::teams_from_environment().unwrap()).clone()
}

/// Google's.
pub(crate) fn google_contract() -> Option<Arc<Contract>> {
    static CONTRACT: Shared = OnceLock::new();
    CONTRACT.get_or_init(|| Contract::google_from_environment().unwrap()).clone()
}

/// Holds every exchange of a client against the documents of whoever it talks to.
#[derive(Debug)]
pub(crate) struct Inspector {
    /// Zoom's. Answers from elsewhere than its address were tampered with on the way: they are not the platform's.
    pub(crate) zoom: (Option<Arc<Contract>>, String),
    /// The others, by the address where they are.
    pub(crate) others: Vec<(Option<Arc<Contract>>, String)>,
}

impl Inspect for Inspector {
    fn exchanged(&self, seen: &Seen<'_>) {
        // The login services have no such documents, and a file's bytes no schema.
        let path = seen.url.path();
        let bytes = seen.url.query().is_some_and(|query| query.contains("alt=media"));
        if bytes || ["/token", "/revoke", "/oauth2/", "/common/"].iter().any(|start| path.starts_with(start))
        {
            return;
        }
        let answer = seen.answer.as_ref().map(|answer| (answer.status, answer.body));
        let at = |base: &str| seen.url.as_str().starts_with(base);
        let (contract, answer) = match self.others.iter().find(|(_, base)| at(base)) {
            Some((contract, _)) => (contract, answer),
            None => (&self.zoom.0, answer.filter(|_| at(&self.zoom.1))),
        };
        if let Some(contract) = contract {
            contract.check_exchange(seen.method, seen.url, seen.body, answer);
        }
    }
}
