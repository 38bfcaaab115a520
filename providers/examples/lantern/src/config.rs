use std::fmt;

use lectern_core::{
    provider::{
        Attendance, Capabilities, ErrorKind, Meetings, OAuth, Provider, ProviderError, ProviderName, Result,
    },
    secret::SecretString,
};
use lectern_providers::{
    registry::{Connection, ProviderSettings},
    transport::{Transport, address},
};
use url::Url;

use crate::{NAME, capabilities};

/// Lantern, for one organization, with or without a connection.
pub struct Lantern {
    pub(crate) settings: ProviderSettings,
    pub(crate) transport: Transport,
    pub(crate) connection: Option<Connection>,
    capabilities: Capabilities,
}

impl Lantern {
    /// Builds it. Without a connection only [`Provider::oauth`] is there.
    #[must_use]
    pub fn new(settings: ProviderSettings, transport: Transport, connection: Option<Connection>) -> Self {
        let capabilities = match &connection {
            Some(connection) => capabilities::of(&connection.scopes),
            None => capabilities::unconnected(),
        };
        Self { settings, transport, connection, capabilities }
    }

    /// The connection, for a call that needs one.
    pub(crate) fn connected(&self, operation: &'static str) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(|| ProviderError::new(NAME, operation, ErrorKind::Reconnect))
    }

    /// An address Lantern gave for a browser; refused when it leads elsewhere.
    pub(crate) fn browser_url(&self, operation: &'static str, text: &str) -> Result<SecretString> {
        let good = Url::parse(text).is_ok_and(|url| {
            address::is_listed(&url, &self.settings.hosts, false)
                || address::is_at_home(&url, self.transport.allow_loopback())
        });
        if good {
            return Ok(SecretString::from(text));
        }
        Err(ProviderError::new(NAME, operation, ErrorKind::Unexpected).vendor_code("foreign address"))
    }
}

impl fmt::Debug for Lantern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lantern")
            .field("tenant", &self.settings.tenant)
            .field("connected", &self.connection.is_some())
            .finish_non_exhaustive()
    }
}

impl Provider for Lantern {
    fn name(&self) -> ProviderName {
        NAME
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

    fn attendance(&self) -> Option<&dyn Attendance> {
        self.capabilities.attendance.is_possible().then_some(self as &dyn Attendance)
    }
}
