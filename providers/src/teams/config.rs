use std::{fmt, sync::Arc};

use lectern_core::{
    provider::{
        AccessTokens, Account, Attendance, Capabilities, ErrorKind, Events, Meetings, OAuth, Provider,
        ProviderError, ProviderName, Recordings, Result, Subscriptions,
    },
    secret::SecretString,
};
use url::Url;

use super::{capabilities, events::TeamsEvents};
use crate::transport::{Transport, address};

/// For whom the app acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// People connect their own work or school accounts.
    Delegated,
    /// The app acts for a whole tenant, without a person.
    Application {
        /// The tenant's GUID.
        tenant_id: String,
    },
}

/// An organization's app registration, and where Microsoft is. National clouds have other hosts.
#[derive(Clone, Debug)]
pub struct TeamsSettings {
    /// The organization, as a key for circuits and limits.
    pub tenant: String,
    /// The app's id.
    pub client_id: String,
    /// The app's secret: its value, not its id.
    pub client_secret: SecretString,
    /// For whom it acts.
    pub mode: Mode,
    /// `https://graph.microsoft.com/v1.0`.
    pub api_base: Url,
    /// `https://graph.microsoft.com/beta`: subscriptions to a meeting's call events are documented there only.
    pub beta_base: Url,
    /// `https://login.microsoftonline.com`.
    pub login_base: Url,
    /// Hosts that may serve join pages: exact names, or `.teams.microsoft.com` for all below; a port counts when given.
    pub hosts: Vec<String>,
}

impl TeamsSettings {
    /// The hosts of Teams' own join pages, national clouds included.
    #[must_use]
    pub fn teams_hosts() -> Vec<String> {
        ["teams.microsoft.com", ".teams.microsoft.com", "gov.teams.microsoft.us", "dod.teams.microsoft.us"]
            .map(str::to_owned)
            .into()
    }
}

/// A grant, for calls in its name.
#[derive(Clone, Debug)]
pub struct TeamsConnection {
    /// Where tokens come from.
    pub tokens: Arc<dyn AccessTokens>,
    /// Whose.
    pub account: Account,
    /// What was granted; empty for an application, whose token does not tell.
    pub scopes: Vec<String>,
    /// Whose rate budget the calls use.
    pub rate_key: String,
}

/// Teams, for one organization, with or without a connection.
pub struct Teams {
    pub(super) settings: TeamsSettings,
    pub(super) transport: Transport,
    pub(super) connection: Option<TeamsConnection>,
    capabilities: Capabilities,
}

impl Teams {
    /// Builds it. Without a connection only [`Provider::oauth`] and [`Provider::events`] are there.
    #[must_use]
    pub fn new(settings: TeamsSettings, transport: Transport, connection: Option<TeamsConnection>) -> Self {
        let capabilities = match &connection {
            Some(connection) => capabilities::of(&settings.mode, &connection.scopes),
            None => capabilities::unconnected(&settings.mode),
        };
        Self { settings, transport, connection, capabilities }
    }

    /// The connection, for a call that needs one.
    pub(super) fn connected(&self, operation: &'static str) -> Result<&TeamsConnection> {
        self.connection
            .as_ref()
            .ok_or_else(|| ProviderError::new(crate::teams::NAME, operation, ErrorKind::Reconnect))
    }

    pub(super) fn is_application(&self) -> bool {
        matches!(self.settings.mode, Mode::Application { .. })
    }

    /// An address Graph gave for a browser; refused when it leads elsewhere.
    pub(super) fn browser_url(&self, operation: &'static str, text: &str) -> Result<SecretString> {
        let good = Url::parse(text).is_ok_and(|url| {
            address::is_listed(&url, &self.settings.hosts, false)
                || address::is_at_home(&url, self.transport.allow_loopback())
        });
        if good {
            return Ok(SecretString::from(text));
        }
        tracing::error!(operation, "Graph answered an address that is not Teams'; it is not used");
        Err(ProviderError::new(crate::teams::NAME, operation, ErrorKind::Unexpected)
            .vendor_code("foreign address"))
    }
}

impl fmt::Debug for Teams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teams")
            .field("tenant", &self.settings.tenant)
            .field("mode", &self.settings.mode)
            .field("connected", &self.connection.is_some())
            .finish_non_exhaustive()
    }
}

impl Provider for Teams {
    fn name(&self) -> ProviderName {
        crate::teams::NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        Some(self)
    }

    fn meetings(&self) -> Option<&dyn Meetings> {
        self.connection.as_ref().map(|_| self as &dyn Meetings)
    }

    fn recordings(&self) -> Option<&dyn Recordings> {
        self.capabilities.recording_download.is_possible().then_some(self as &dyn Recordings)
    }

    fn attendance(&self) -> Option<&dyn Attendance> {
        self.capabilities.attendance.is_possible().then_some(self as &dyn Attendance)
    }

    fn events(&self) -> Option<&dyn Events> {
        Some(&TeamsEvents)
    }

    /// Call events of a meeting can be subscribed to by an application only.
    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        (self.connection.is_some() && self.is_application()).then_some(self as &dyn Subscriptions)
    }
}
