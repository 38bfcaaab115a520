//! One line in `main`, and the server's registry has Lantern beside its own platforms.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Arc};

use lectern_core::{clock::FixedClock, random::SeededRandomness};
use lectern_lantern::{NAME, PLATFORM};
use lectern_providers::{
    registry::{self, PlugInError, ProviderSettings},
    transport::{Transport, TransportOptions},
};

#[test]
fn one_line_plugs_it_in() {
    registry::plug_in(&[&PLATFORM]).unwrap();

    let named = registry::named("lantern").unwrap();
    assert_eq!((named, named.title()), (NAME, "Lantern Rooms"));
    assert!(registry::AVAILABLE.contains(&NAME) && registry::AVAILABLE.len() > 1);
    assert_eq!(registry::platforms().last().map(|platform| platform.name), Some(NAME));
    assert!(registry::at_best(NAME).unwrap().attendance.is_possible());
    assert!(registry::by_account(NAME) && registry::is_essential(NAME, "rooms"));
    let place = registry::addresses(NAME).remove(0);
    let settings = ProviderSettings {
        provider: NAME,
        tenant: "oak".to_owned(),
        client_id: "client".to_owned(),
        client_secret: "secret".into(),
        account_id: None,
        api_base: place.api_base,
        oauth_base: place.oauth_base,
        others: BTreeMap::new(),
        hosts: place.hosts,
    };
    let transport = Transport::new(TransportOptions {
        allow_loopback: false,
        clock: Arc::new(FixedClock::at("2026-11-21T12:00:00Z".parse().unwrap())),
        randomness: Arc::new(SeededRandomness::new(1)),
        before_each: || {},
        inspect: None,
    })
    .unwrap();
    let provider = registry::build(&settings, &transport, None).unwrap();
    assert_eq!(provider.name(), NAME);
    assert!(provider.oauth().is_some() && provider.meetings().is_none());

    // Ours are still there, and the list stays as it is.
    assert!(registry::named("zoom").is_ok());
    assert_eq!(registry::plug_in(&[&PLATFORM]), Err(PlugInError::TooLate));
}
