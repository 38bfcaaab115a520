//! Which platforms exist, and how one is built. A new platform is one folder, and one line in each function here.

use std::{collections::BTreeMap, sync::Arc};

use lectern_core::{
    provider::{AccessTokens, Account, Capabilities, Events, Provider, ProviderName},
    secret::SecretString,
};
use url::Url;

use crate::{
    layer::CheckCapabilities,
    link::Link,
    meet::{Meet, MeetAddresses, MeetConnection, MeetEvents, MeetSettings},
    teams::{Teams, TeamsConnection, TeamsEvents, TeamsSettings},
    transport::Transport,
    zoom::{Mode, Zoom, ZoomConnection, ZoomEvents, ZoomSettings},
};

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
    /// Further addresses of the platform's API, by name: [`Addresses::others`]. The platform's own for those that are missing.
    pub others: BTreeMap<String, Url>,
    /// Where the platform's join pages and recordings are: exact hosts, or `.zoom.us` for all below; a port counts when given.
    pub hosts: Vec<String>,
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

/// Where a platform is, unless the operator says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// [`ProviderSettings::api_base`].
    pub api_base: Url,
    /// [`ProviderSettings::oauth_base`].
    pub oauth_base: Url,
    /// [`ProviderSettings::others`]. Microsoft: `beta`, Graph's other face; `keys`, where it publishes the keys it signs with.
    pub others: BTreeMap<String, Url>,
}

/// A platform that this release cannot talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not available in this release")]
pub struct NotAvailable(pub ProviderName);

/// The platforms that can be built.
pub const AVAILABLE: &[ProviderName] = &[ProviderName::Zoom, ProviderName::Teams, ProviderName::Meet];

/// Builds a platform; without a connection only its OAuth and events parts are there. Cheap: what is shared (connections,
/// rate budgets, circuits) lives in the transport.
///
/// # Errors
/// [`NotAvailable`].
pub fn build(
    settings: &ProviderSettings,
    transport: &Transport,
    connection: Option<Connection>,
) -> Result<Arc<dyn Provider>, NotAvailable> {
    match settings.provider {
        ProviderName::Zoom => {
            Ok(Arc::new(CheckCapabilities::new(Arc::new(zoom(settings, transport, connection)))))
        }
        ProviderName::Teams => {
            Ok(Arc::new(CheckCapabilities::new(Arc::new(teams(settings, transport, connection)))))
        }
        ProviderName::Meet => {
            let meet = meet(settings, transport, connection).ok_or(NotAvailable(ProviderName::Meet))?;
            Ok(Arc::new(CheckCapabilities::new(Arc::new(meet))))
        }
        ProviderName::Link => {
            Ok(Arc::new(CheckCapabilities::new(Arc::new(Link::new(transport.allow_loopback())))))
        }
    }
}

/// A platform's webhooks, for intake: needs neither settings nor a connection.
#[must_use]
pub fn events(provider: ProviderName) -> Option<&'static dyn Events> {
    match provider {
        ProviderName::Zoom => Some(&ZoomEvents),
        ProviderName::Teams => Some(&TeamsEvents),
        ProviderName::Meet => Some(&MeetEvents),
        _ => None,
    }
}

/// What the platform can do with a licensed host and every scope granted: for those who have not connected yet.
#[must_use]
pub fn at_best(provider: ProviderName) -> Option<Capabilities> {
    match provider {
        ProviderName::Zoom => Some(crate::zoom::at_best()),
        ProviderName::Teams => Some(crate::teams::at_best()),
        ProviderName::Meet => Some(crate::meet::at_best()),
        ProviderName::Link => Some(crate::link::capabilities()),
    }
}

/// How this release learns who is in a class while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveSource {
    /// The platform's events arrive at an address of ours.
    Told,
    /// Lectern looks, again and again.
    LookedAt,
    /// Not at all: the report comes afterwards.
    Afterwards,
}

/// How this release learns who is in a class of this platform while it runs.
#[must_use]
pub const fn live_source(provider: ProviderName) -> LiveSource {
    match provider {
        ProviderName::Zoom => LiveSource::Told,
        ProviderName::Meet => LiveSource::LookedAt,
        ProviderName::Teams | ProviderName::Link => LiveSource::Afterwards,
    }
}

/// Whether this release lets one account hold everybody's classes, without a person's consent.
#[must_use]
pub const fn by_account(provider: ProviderName) -> bool {
    matches!(provider, ProviderName::Zoom)
}

/// Whether an address that the platform reports is that of an account that signed in there, never one that somebody typed.
/// Zoom's may be what was typed at its registration form.
#[must_use]
pub const fn addresses_are_accounts(provider: ProviderName) -> bool {
    matches!(provider, ProviderName::Teams | ProviderName::Meet)
}

/// Whether nothing works without this scope.
#[must_use]
pub fn is_essential(provider: ProviderName, scope: &str) -> bool {
    match provider {
        ProviderName::Zoom => ["user:read:user", "meeting:write:meeting", "meeting:read:meeting"]
            .contains(&scope.trim_end_matches(":admin")),
        ProviderName::Teams => {
            ["User.Read", "Calendars.ReadWrite", "OnlineMeetings.ReadWrite"].contains(&scope)
        }
        ProviderName::Meet => scope == "meetings.space.created",
        ProviderName::Link => false,
    }
}

/// The platform's name for a host's plan.
#[must_use]
pub fn plan_name(provider: ProviderName, plan: Option<i64>) -> Option<&'static str> {
    match (provider, plan?) {
        (ProviderName::Zoom, 1) => Some("Basic"),
        (ProviderName::Zoom, 2) => Some("Licensed"),
        (ProviderName::Zoom, 4 | 99) => Some("No meeting licence"),
        _ => None,
    }
}

/// Where the vendor runs it.
#[must_use]
pub fn addresses(provider: ProviderName) -> Option<Addresses> {
    let (api, oauth, others): (_, _, &[(&str, &str)]) = match provider {
        ProviderName::Zoom => ("https://api.zoom.us/v2", "https://zoom.us/oauth", &[]),
        ProviderName::Teams => (
            "https://graph.microsoft.com/v1.0",
            "https://login.microsoftonline.com",
            &[
                ("beta", "https://graph.microsoft.com/beta"),
                ("keys", "https://login.microsoftonline.com/common/discovery/v2.0/keys"),
            ],
        ),
        ProviderName::Meet => (
            "https://meet.googleapis.com/v2",
            "https://accounts.google.com/o/oauth2/v2",
            MeetAddresses::OTHERS,
        ),
        _ => return None,
    };
    let others = others.iter().map(|(name, url)| Some(((*name).to_owned(), Url::parse(url).ok()?)));
    Some(Addresses {
        api_base: Url::parse(api).ok()?,
        oauth_base: Url::parse(oauth).ok()?,
        others: others.collect::<Option<_>>()?,
    })
}

fn below(base: &Url, name: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{name}", base.path().trim_end_matches('/')));
    url
}

fn zoom(settings: &ProviderSettings, transport: &Transport, connection: Option<Connection>) -> Zoom {
    let account_id = settings.account_id.clone().filter(|id| !id.is_empty());
    let zoom = ZoomSettings {
        tenant: settings.tenant.clone(),
        client_id: settings.client_id.clone(),
        client_secret: settings.client_secret.clone(),
        mode: account_id.map_or(Mode::User, |account_id| Mode::ServerToServer { account_id }),
        api_base: settings.api_base.clone(),
        oauth_authorize: below(&settings.oauth_base, "authorize"),
        oauth_token: below(&settings.oauth_base, "token"),
        oauth_revoke: below(&settings.oauth_base, "revoke"),
        hosts: settings.hosts.clone(),
    };
    let connection = connection.map(|connection| ZoomConnection {
        tokens: connection.tokens,
        account: connection.account,
        scopes: connection.scopes,
        rate_key: connection.rate_key,
    });
    Zoom::new(zoom, transport.clone(), connection)
}

fn teams(settings: &ProviderSettings, transport: &Transport, connection: Option<Connection>) -> Teams {
    let tenant_id = settings.account_id.clone().filter(|id| !id.is_empty());
    // Graph's faces are neighbours: one that the operator moved has its other beside it.
    let beta = || {
        let mut url = settings.api_base.clone();
        let path = url.path().trim_end_matches('/').trim_end_matches("v1.0").to_owned();
        url.set_path(&format!("{path}beta"));
        url
    };
    let teams = TeamsSettings {
        tenant: settings.tenant.clone(),
        client_id: settings.client_id.clone(),
        client_secret: settings.client_secret.clone(),
        mode: tenant_id
            .map_or(crate::teams::Mode::Delegated, |tenant_id| crate::teams::Mode::Application { tenant_id }),
        beta_base: settings.others.get("beta").cloned().unwrap_or_else(beta),
        api_base: settings.api_base.clone(),
        login_base: settings.oauth_base.clone(),
        hosts: settings.hosts.clone(),
    };
    let connection = connection.map(|connection| TeamsConnection {
        tokens: connection.tokens,
        account: connection.account,
        scopes: connection.scopes,
        rate_key: connection.rate_key,
    });
    Teams::new(teams, transport.clone(), connection)
}

fn meet(settings: &ProviderSettings, transport: &Transport, connection: Option<Connection>) -> Option<Meet> {
    let organizer = settings.account_id.clone().filter(|id| !id.is_empty());
    let meet = MeetSettings {
        tenant: settings.tenant.clone(),
        client_id: settings.client_id.clone(),
        client_secret: settings.client_secret.clone(),
        mode: organizer
            .map_or(crate::meet::Mode::User, |organizer| crate::meet::Mode::Delegated { organizer }),
        bundles: crate::meet::oauth::Bundle::USUAL.into(),
        api_base: settings.api_base.clone(),
        oauth_authorize: below(&settings.oauth_base, "auth"),
        others: MeetAddresses::with(&settings.others)?,
        hosts: settings.hosts.clone(),
    };
    let connection = connection.map(|connection| MeetConnection {
        tokens: connection.tokens,
        account: connection.account,
        scopes: connection.scopes,
        rate_key: connection.rate_key,
    });
    Some(Meet::new(meet, transport.clone(), connection))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn what_is_available_has_addresses_and_events() {
        for name in AVAILABLE {
            assert!(addresses(*name).is_some(), "{name}");
            assert!(events(*name).is_some(), "{name}");
        }
    }

    #[test]
    fn microsoft_has_two_faces_and_keys() {
        let others = addresses(ProviderName::Teams).unwrap().others;
        assert_eq!(others["beta"].as_str(), "https://graph.microsoft.com/beta");
        assert!(others.contains_key("keys") && events(ProviderName::Teams).is_some());
    }

    #[test]
    fn addresses_are_put_below_the_base() {
        let base = Url::parse("https://zoom.us/oauth/").unwrap();
        assert_eq!(below(&base, "token").as_str(), "https://zoom.us/oauth/token");
        assert_eq!(
            below(&addresses(ProviderName::Zoom).unwrap().oauth_base, "token").as_str(),
            "https://zoom.us/oauth/token"
        );
    }
}
