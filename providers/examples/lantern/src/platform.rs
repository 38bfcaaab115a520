//! Lantern, for the registry.

use std::sync::Arc;

use lectern_core::provider::{NameWords, ProviderName};
use lectern_providers::registry::{LiveSource, Place, Platform};

use crate::{capabilities, config::Lantern, oauth};

/// Lantern's name. Its word is in databases: it never changes.
pub const NAME: ProviderName = ProviderName::new(&NameWords { slug: "lantern", title: "Lantern Rooms" });

/// Lantern.
pub static PLATFORM: Platform = Platform {
    name: NAME,
    build: |settings, transport, connection| {
        Ok(Arc::new(Lantern::new(settings.clone(), transport.clone(), connection)))
    },
    events: None,
    at_best: capabilities::at_best,
    live_source: LiveSource::Afterwards,
    by_account: true,
    // Visitors type their names, and nothing else is told of them.
    addresses_are_accounts: false,
    is_essential: |scope| scope == oauth::ROOMS,
    plans: &[],
    places: &[Place {
        api: "https://api.lantern.example/v1",
        oauth: "https://lantern.example/oauth",
        others: &[],
        meeting_hosts: &["rooms.lantern.example"],
    }],
};
