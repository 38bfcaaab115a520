//! A pasted link: any meeting server that has an address (Jitsi, Webex, a school's own), behind the same gate as the others.
//!
//! The smallest provider there is. It calls nobody and needs no account: the address comes with each draft
//! ([`lectern_core::provider::MeetingDraft::host`]) and is checked, and Lectern's own gate does the rest. The platform's door
//! is whatever the server behind the link makes of it.

mod capabilities;
mod meetings;
mod platform;

use std::fmt;

use lectern_core::provider::{Capabilities, Meetings, Provider, ProviderName};

pub use capabilities::capabilities;
pub use platform::{NAME, PLATFORM};

/// Pasted links.
pub struct Link {
    allow_loopback: bool,
    capabilities: Capabilities,
}

impl Link {
    /// Builds it; `allow_loopback` lets links lead to this machine, for the demo and for tests.
    #[must_use]
    pub fn new(allow_loopback: bool) -> Self {
        Self { allow_loopback, capabilities: capabilities() }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Provider for Link {
    fn name(&self) -> ProviderName {
        crate::link::NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn meetings(&self) -> Option<&dyn Meetings> {
        Some(self)
    }
}
