//! Pasted links, for the registry.

use std::sync::Arc;

use lectern_core::provider::{NameWords, ProviderName};

use super::{Link, capabilities};
use crate::platform::{LiveSource, Platform};

/// The name of pasted links.
pub const NAME: ProviderName = ProviderName::new(&NameWords { slug: "link", title: "Pasted link" });

/// Pasted links: nobody has an app there, and nobody tells anything.
pub static PLATFORM: Platform = Platform {
    name: NAME,
    build: |_, transport, _| Ok(Arc::new(Link::new(transport.allow_loopback()))),
    events: None,
    at_best: capabilities,
    live_source: LiveSource::Afterwards,
    by_account: false,
    addresses_are_accounts: false,
    is_essential: |_| false,
    plans: &[],
    places: &[],
};
