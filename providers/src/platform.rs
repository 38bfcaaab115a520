//! What the server must know of a platform apart from anybody's app there: one [`Platform`] in each provider's folder.

use std::{collections::BTreeMap, fmt, sync::Arc};

use lectern_core::{
    provider::{AccessTokens, Account, Capabilities, Events, Provider, ProviderName},
    secret::SecretString,
};
use url::Url;

use crate::transport::Transport;

/// A platform, as its provider's folder describes it. [`crate::registry`] lists them.
///
/// Every field has to be said: there is no default that could be wrong for a new platform.
pub struct Platform {
    /// Its name.
    pub name: ProviderName,
    /// Builds the provider; without a connection only its OAuth and events parts need be there. Cheap: what is shared
    /// (connections, rate budgets, circuits) lives in the transport. [`crate::registry::build`] wraps the capability check
    /// around it.
    pub build: Build,
    /// Its webhooks, for intake: they need neither settings nor a connection.
    pub events: Option<&'static dyn Events>,
    /// What it can do with the best plan and every scope granted: for those who have not connected yet.
    pub at_best: fn() -> Capabilities,
    /// How this release learns who is in a class while it runs.
    pub live_source: LiveSource,
    /// Whether one account can hold everybody's classes, without a person's consent.
    pub by_account: bool,
    /// Whether an address that the platform reports is that of an account that signed in there, never one that somebody typed.
    pub addresses_are_accounts: bool,
    /// Whether nothing works without this scope.
    pub is_essential: fn(&str) -> bool,
    /// The plans a host can have, where the platform tells; empty where it does not.
    pub plans: &'static [Plan],
    /// Where the vendor runs it; the first is proposed. Empty for a platform that needs no app of the organization's.
    pub places: &'static [Place],
}

/// How a platform's provider is built: from an organization's app and, where there is one, a connection.
pub type Build =
    fn(&ProviderSettings, &Transport, Option<Connection>) -> Result<Arc<dyn Provider>, NotAvailable>;

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How this release learns who is in a class while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveSource {
    /// The platform's events arrive at an address of ours, which somebody wrote down there.
    Told,
    /// The platform's events arrive at an address of ours, because Lectern asks for them, meeting by meeting: for an app that
    /// acts for the whole organization. A person's own connection is told afterwards.
    Asked,
    /// Lectern looks, again and again.
    LookedAt,
    /// Lectern looks, again and again; and where the organization has a queue for it (Google: a Pub/Sub topic), the platform's
    /// events arrive by that, because Lectern asks for them, and tell when to look.
    Published,
    /// Not at all: the report comes afterwards.
    Afterwards,
}

impl LiveSource {
    /// Whether running classes are looked at.
    #[must_use]
    pub const fn is_looked_at(self) -> bool {
        matches!(self, Self::LookedAt | Self::Published)
    }
}

/// A host's plan at the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The vendor's number for it ([`Account::plan`]).
    pub number: i64,
    /// The vendor's name for it.
    pub name: &'static str,
    /// What a class with this host is like.
    pub worth: PlanWorth,
}

/// What a class is like whose host has a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanWorth {
    /// Everything works.
    Whole,
    /// Meetings end by themselves after so many minutes, and people get no link of their own.
    Short {
        /// Longest meeting.
        minutes: u32,
    },
    /// No meetings at all.
    Nothing,
}

/// One set of addresses at which the vendor runs the platform.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// [`ProviderSettings::api_base`].
    pub api: &'static str,
    /// [`ProviderSettings::oauth_base`].
    pub oauth: &'static str,
    /// [`ProviderSettings::others`].
    pub others: &'static [(&'static str, &'static str)],
    /// [`ProviderSettings::hosts`].
    pub meeting_hosts: &'static [&'static str],
}

/// An organization's app at a platform, in words that hold for all of them.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// Which platform.
    pub provider: ProviderName,
    /// The organization, as a key for circuits and limits.
    pub tenant: String,
    /// The app's id.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: SecretString,
    /// The platform's account, where the app acts for one account without a person (Zoom: Server-to-Server; Microsoft: the
    /// tenant's GUID; Google: the address of the organizer that a service account acts as).
    pub account_id: Option<String>,
    /// Where the API is, version included.
    pub api_base: Url,
    /// The folder of the platform's authorize, token and revoke addresses.
    pub oauth_base: Url,
    /// Further addresses of the platform's API, by name: [`Place::others`]. The platform's own for those that are missing.
    pub others: BTreeMap<String, Url>,
    /// Where the platform's join pages and recordings are: exact hosts, or `.zoom.us` for all below; a port counts when given.
    pub hosts: Vec<String>,
}

impl ProviderSettings {
    /// Of a platform at which nobody has an app: there is nothing in them.
    #[must_use]
    pub fn without_app(provider: ProviderName) -> Option<Self> {
        let nowhere = Url::parse("about:blank").ok()?;
        Some(Self {
            provider,
            tenant: String::new(),
            client_id: String::new(),
            client_secret: SecretString::new(String::new()),
            account_id: None,
            api_base: nowhere.clone(),
            oauth_base: nowhere,
            others: BTreeMap::new(),
            hosts: Vec::new(),
        })
    }

    /// The platform's account, where one is named.
    #[must_use]
    pub fn account(&self) -> Option<String> {
        self.account_id.clone().filter(|id| !id.is_empty())
    }

    /// An address in the folder [`ProviderSettings::oauth_base`].
    #[must_use]
    pub fn oauth(&self, name: &str) -> Url {
        below(&self.oauth_base, name)
    }
}

/// A grant, for calls in its name.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Where tokens come from.
    pub tokens: Arc<dyn AccessTokens>,
    /// Whose.
    pub account: Account,
    /// What was granted.
    pub scopes: Vec<String>,
    /// Whose rate budget the calls use: the platform's id of the account, which all its hosts share.
    pub rate_key: String,
}

/// A platform that this release cannot talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not available in this release")]
pub struct NotAvailable(pub ProviderName);

fn below(base: &Url, name: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{name}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_are_put_below_the_base() {
        for base in ["https://zoom.us/oauth/", "https://zoom.us/oauth"] {
            let base = Url::parse(base).unwrap();
            assert_eq!(below(&base, "token").as_str(), "https://zoom.us/oauth/token");
        }
    }
}
