//! Which platforms this server has. Ours are one line each in `OURS`; a server that has others besides says so in its
//! `main`, by one line too: [`plug_in`].

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, OnceLock},
};

use lectern_core::provider::{
    Capabilities, CheckCapabilities, Events, Provider, ProviderName, UnknownProvider,
};
use url::Url;

pub use crate::platform::{
    Connection, LiveSource, NotAvailable, Place, Plan, PlanWorth, Platform, ProviderSettings,
};
use crate::{link, meet, teams, transport::Transport, zoom};

/// The platforms of this release: a new one is its folder and a line here.
static OURS: &[&Platform] = &[&zoom::PLATFORM, &teams::PLATFORM, &meet::PLATFORM, &link::PLATFORM];

static ALL: OnceLock<Vec<&'static Platform>> = OnceLock::new();

/// Why platforms could not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlugInError {
    /// Two platforms have one word.
    #[error("there are two platforms called {0}: give one of them another word")]
    Twice(ProviderName),
    /// Something has used the list already.
    #[error("platforms are plugged in before anything else happens: call plug_in first thing in main")]
    TooLate,
}

/// Adds platforms to ours, once, before anything else asks for platforms:
///
/// ```
/// # use lectern_core::provider::{NameWords, ProviderName};
/// # use lectern_providers::registry::{self, Platform};
/// # mod bluebird {
/// #     pub static PLATFORM: super::Platform = super::Platform {
/// #         name: super::ProviderName::new(&super::NameWords { slug: "bluebird", title: "Bluebird" }),
/// #         ..lectern_providers::link::PLATFORM
/// #     };
/// # }
/// fn main() -> Result<(), registry::PlugInError> {
///     registry::plug_in(&[&bluebird::PLATFORM])?;
///     // … and then what `lectern` does: lectern_api::cli::main().await
/// #   assert!(registry::named("bluebird").is_ok() && registry::named("zoom").is_ok());
/// #   assert_eq!(registry::plug_in(&[]), Err(registry::PlugInError::TooLate));
///     Ok(())
/// }
/// ```
///
/// # Errors
/// [`PlugInError`]; the list is then as it was.
pub fn plug_in(others: &[&'static Platform]) -> Result<(), PlugInError> {
    ALL.set(together(others)?).map_err(|_| PlugInError::TooLate)
}

fn together(others: &[&'static Platform]) -> Result<Vec<&'static Platform>, PlugInError> {
    let mut all = OURS.to_vec();
    for other in others {
        if all.iter().any(|known| known.name == other.name) {
            return Err(PlugInError::Twice(other.name));
        }
        all.push(other);
    }
    Ok(all)
}

/// All platforms, ours first.
#[must_use]
pub fn platforms() -> &'static [&'static Platform] {
    ALL.get_or_init(|| OURS.to_vec())
}

/// A platform by its name.
#[must_use]
pub fn platform(name: ProviderName) -> Option<&'static Platform> {
    platforms().iter().find(|platform| platform.name == name).copied()
}

/// The name behind a word from an address, a request or the database.
///
/// # Errors
/// [`UnknownProvider`].
pub fn named(word: &str) -> Result<ProviderName, UnknownProvider> {
    let known = platforms().iter().find(|platform| platform.name.as_str() == word);
    known.map(|platform| platform.name).ok_or(UnknownProvider)
}

/// The platforms an organization can set up: those at which it has an app of its own.
pub static AVAILABLE: LazyLock<Vec<ProviderName>> = LazyLock::new(|| {
    let has_apps = |platform: &&&Platform| !platform.places.is_empty();
    platforms().iter().filter(has_apps).map(|platform| platform.name).collect()
});

/// Builds a platform's provider, which refuses before any request what its capabilities say cannot be done.
///
/// # Errors
/// [`NotAvailable`].
pub fn build(
    settings: &ProviderSettings,
    transport: &Transport,
    connection: Option<Connection>,
) -> Result<Arc<dyn Provider>, NotAvailable> {
    let platform = platform(settings.provider).ok_or(NotAvailable(settings.provider))?;
    let provider = (platform.build)(settings, transport, connection)?;
    Ok(Arc::new(CheckCapabilities::new(provider)))
}

/// A platform's webhooks, for intake: needs neither settings nor a connection.
#[must_use]
pub fn events(provider: ProviderName) -> Option<&'static dyn Events> {
    platform(provider)?.events
}

/// What the platform can do with a licensed host and every scope granted: for those who have not connected yet.
#[must_use]
pub fn at_best(provider: ProviderName) -> Option<Capabilities> {
    platform(provider).map(|platform| (platform.at_best)())
}

/// How this release learns who is in a class of this platform while it runs.
#[must_use]
pub fn live_source(provider: ProviderName) -> LiveSource {
    platform(provider).map_or(LiveSource::Afterwards, |platform| platform.live_source)
}

/// Whether this release lets one account hold everybody's classes, without a person's consent.
#[must_use]
pub fn by_account(provider: ProviderName) -> bool {
    platform(provider).is_some_and(|platform| platform.by_account)
}

/// Whether classes are held there without an app or an account of anybody's: their address is pasted.
#[must_use]
pub fn needs_no_account(provider: ProviderName) -> bool {
    platform(provider).is_some_and(|platform| platform.places.is_empty())
}

/// Builds the provider of a platform that [needs no account](needs_no_account).
///
/// # Errors
/// [`NotAvailable`] for any other.
pub fn build_without_account(
    provider: ProviderName,
    transport: &Transport,
) -> Result<Arc<dyn Provider>, NotAvailable> {
    if !needs_no_account(provider) {
        return Err(NotAvailable(provider));
    }
    build(&ProviderSettings::without_app(provider).ok_or(NotAvailable(provider))?, transport, None)
}

/// Whether an address that the platform reports is that of an account that signed in there, never one that somebody typed.
#[must_use]
pub fn addresses_are_accounts(provider: ProviderName) -> bool {
    platform(provider).is_some_and(|platform| platform.addresses_are_accounts)
}

/// Whether nothing works without this scope.
#[must_use]
pub fn is_essential(provider: ProviderName, scope: &str) -> bool {
    platform(provider).is_some_and(|platform| (platform.is_essential)(scope))
}

/// Whether the platform tells which plan a host has.
#[must_use]
pub fn tells_plans(provider: ProviderName) -> bool {
    platform(provider).is_some_and(|platform| !platform.plans.is_empty())
}

/// A host's plan, when the platform told one that it documents.
#[must_use]
pub fn plan(provider: ProviderName, number: Option<i64>) -> Option<Plan> {
    let number = number?;
    platform(provider)?.plans.iter().find(|plan| plan.number == number).copied()
}

/// The platform's name for a host's plan.
#[must_use]
pub fn plan_name(provider: ProviderName, number: Option<i64>) -> Option<&'static str> {
    plan(provider, number).map(|plan| plan.name)
}

/// One set of addresses at which a platform is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// [`ProviderSettings::api_base`].
    pub api_base: Url,
    /// [`ProviderSettings::oauth_base`].
    pub oauth_base: Url,
    /// [`ProviderSettings::others`].
    pub others: BTreeMap<String, Url>,
    /// [`ProviderSettings::hosts`].
    pub hosts: Vec<String>,
}

impl Addresses {
    fn of(place: &Place) -> Option<Self> {
        let others = place.others.iter().map(|(name, url)| Some(((*name).to_owned(), Url::parse(url).ok()?)));
        Some(Self {
            api_base: Url::parse(place.api).ok()?,
            oauth_base: Url::parse(place.oauth).ok()?,
            others: others.collect::<Option<_>>()?,
            hosts: place.meeting_hosts.iter().map(|host| (*host).to_owned()).collect(),
        })
    }
}

/// Where the vendor runs it, unless the operator says otherwise: each set that an administrator may choose, the proposed one
/// first.
#[must_use]
pub fn addresses(provider: ProviderName) -> Vec<Addresses> {
    platform(provider)
        .map_or_else(Vec::new, |platform| platform.places.iter().filter_map(Addresses::of).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use lectern_core::provider::NameWords;

    use super::*;

    #[test]
    fn every_platform_is_found_by_its_word_and_has_good_addresses() {
        for platform in OURS {
            assert_eq!(named(platform.name.as_str()), Ok(platform.name));
            assert_eq!(addresses(platform.name).len(), platform.places.len(), "{}", platform.name);
            assert_eq!(events(platform.name).is_some(), AVAILABLE.contains(&platform.name));
            assert_eq!(at_best(platform.name), Some((platform.at_best)()));
        }
        assert_eq!(named("jitsi"), Err(UnknownProvider));
    }

    #[test]
    fn microsoft_has_two_faces_and_keys() {
        let others = &addresses(teams::NAME)[0].others;
        assert_eq!(others["beta"].as_str(), "https://graph.microsoft.com/beta");
        assert!(others.contains_key("keys") && events(teams::NAME).is_some());
    }

    #[test]
    fn a_word_is_given_once() {
        static OTHER: Platform = Platform {
            name: ProviderName::new(&NameWords { slug: "other", title: "Other" }),
            ..link::PLATFORM
        };
        static AGAIN: Platform = Platform {
            name: ProviderName::new(&NameWords { slug: "zoom", title: "Another" }),
            ..link::PLATFORM
        };
        assert_eq!(together(&[&OTHER]).unwrap().last().unwrap().name.title(), "Other");
        assert_eq!(together(&[&AGAIN]).unwrap_err(), PlugInError::Twice(zoom::NAME));
        assert_eq!(together(&[&OTHER, &OTHER]).unwrap_err(), PlugInError::Twice(OTHER.name));
    }
}
