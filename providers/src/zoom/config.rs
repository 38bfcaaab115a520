use std::{fmt, sync::Arc};

use lectern_core::{
    provider::{
        AccessTokens, Account, Attendance, BreakoutRooms, Can, Capabilities, ErrorKind, Events, Meetings,
        OAuth, Provider, ProviderError, ProviderName, RecordingModes, Recordings, Registrants, Result,
    },
    secret::SecretString,
    sentence::Sentence,
};
use url::Url;

use super::{capabilities, events::ZoomEvents};
use crate::transport::Transport;

/// Zoom's own domains. `zoom.com` serves newer join pages.
pub(super) const HOSTS: &[&str] = &["zoom.us", ".zoom.us", "zoom.com", ".zoom.com"];

/// Which kind of app the credentials belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A General app: people authorize it for their own accounts.
    User,
    /// A Server-to-Server app of one account.
    ServerToServer {
        /// The account's id.
        account_id: String,
    },
}

/// An organization's app at Zoom, and where Zoom is.
#[derive(Clone, Debug)]
pub struct ZoomSettings {
    /// The organization, as a key for circuits and limits.
    pub tenant: String,
    /// The app's id.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: SecretString,
    /// Which kind of app.
    pub mode: Mode,
    /// `https://api.zoom.us/v2`.
    pub api_base: Url,
    /// `https://zoom.us/oauth/authorize`.
    pub oauth_authorize: Url,
    /// `https://zoom.us/oauth/token`.
    pub oauth_token: Url,
    /// `https://zoom.us/oauth/revoke`.
    pub oauth_revoke: Url,
    /// Hosts that may serve recordings and join pages: exact names, or `.zoom.us` for all below; a port counts when given.
    pub hosts: Vec<String>,
}

impl ZoomSettings {
    /// Zoom's own domains.
    #[must_use]
    pub fn zoom_hosts() -> Vec<String> {
        HOSTS.iter().map(|host| (*host).to_owned()).collect()
    }
}

/// A grant, for calls in its name.
#[derive(Clone, Debug)]
pub struct ZoomConnection {
    /// Where tokens come from.
    pub tokens: Arc<dyn AccessTokens>,
    /// Whose.
    pub account: Account,
    /// What was granted.
    pub scopes: Vec<String>,
    /// Whose rate budget the calls use: the vendor's account, which all its hosts share.
    pub rate_key: String,
}

/// Zoom, for one organization, with or without a connection.
pub struct Zoom {
    pub(super) settings: ZoomSettings,
    pub(super) transport: Transport,
    pub(super) connection: Option<ZoomConnection>,
    capabilities: Capabilities,
}

impl Zoom {
    /// Builds it. Without a connection only [`Provider::oauth`] and [`Provider::events`] are there.
    #[must_use]
    pub fn new(settings: ZoomSettings, transport: Transport, connection: Option<ZoomConnection>) -> Self {
        let capabilities = connection.as_ref().map_or_else(unconnected, |connection| {
            capabilities::of(connection.account.plan, &connection.scopes)
        });
        Self { settings, transport, connection, capabilities }
    }

    /// The connection, for a call that needs one.
    pub(super) fn connected(&self, operation: &'static str) -> Result<&ZoomConnection> {
        self.connection
            .as_ref()
            .ok_or_else(|| ProviderError::new(crate::zoom::NAME, operation, ErrorKind::Reconnect))
    }

    /// Whether an address is Zoom's: its token may go there, its recordings come from there. The origins of the
    /// API and of the token endpoint count, so that a simulator works like Zoom does.
    pub(super) fn is_zooms(&self, url: &Url) -> bool {
        let origin = url.origin();
        if origin.is_tuple()
            && [&self.settings.api_base, &self.settings.oauth_token].iter().any(|own| own.origin() == origin)
        {
            return true;
        }
        crate::transport::address::is_listed(url, &self.settings.hosts, false)
    }

    /// An address Zoom gave for a browser; refused when it leads elsewhere.
    pub(super) fn browser_url(&self, operation: &'static str, text: &str) -> Result<SecretString> {
        let good = Url::parse(text).is_ok_and(|url| {
            self.is_zooms(&url)
                || crate::transport::address::is_at_home(&url, self.transport.allow_loopback())
        });
        if good {
            return Ok(SecretString::from(text));
        }
        tracing::error!(operation, "Zoom answered an address that is not Zoom's; it is not used");
        Err(ProviderError::new(crate::zoom::NAME, operation, ErrorKind::Unexpected)
            .vendor_code("foreign address"))
    }
}

/// Without a connection nothing works yet.
#[must_use]
pub fn unconnected() -> Capabilities {
    const WHY: Sentence = Sentence::known("reason.zoom.connect_first", "Connect a Zoom account first.");
    let mut none = capabilities::of(None, &[]);
    none.registrants = Can::no(WHY);
    none.attendance = Can::no(WHY);
    none.breakout_rooms = Can::no(WHY);
    none.waiting_room = Can::no(WHY);
    none.auto_recording = Can::<RecordingModes>::no(WHY);
    none.recording_download = Can::no(WHY);
    none.recurrence = Can::no(WHY);
    none.end_meeting = Can::no(WHY);
    none
}

impl fmt::Debug for Zoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zoom")
            .field("tenant", &self.settings.tenant)
            .field("mode", &self.settings.mode)
            .field("connected", &self.connection.is_some())
            .finish_non_exhaustive()
    }
}

impl Provider for Zoom {
    fn name(&self) -> ProviderName {
        crate::zoom::NAME
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

    fn registrants(&self) -> Option<&dyn Registrants> {
        self.capabilities.registrants.is_possible().then_some(self as &dyn Registrants)
    }

    fn recordings(&self) -> Option<&dyn Recordings> {
        self.capabilities.recording_download.is_possible().then_some(self as &dyn Recordings)
    }

    fn breakout_rooms(&self) -> Option<&dyn BreakoutRooms> {
        self.capabilities.breakout_rooms.is_possible().then_some(self as &dyn BreakoutRooms)
    }

    fn attendance(&self) -> Option<&dyn Attendance> {
        self.capabilities.attendance.is_possible().then_some(self as &dyn Attendance)
    }

    fn events(&self) -> Option<&dyn Events> {
        Some(&ZoomEvents)
    }
}
