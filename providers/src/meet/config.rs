use std::{collections::BTreeMap, fmt, sync::Arc};

use lectern_core::{
    provider::{
        AccessTokens, Account, Attendance, Can, Capabilities, ErrorKind, Events, LiveRoster, Meetings, OAuth,
        Provider, ProviderError, ProviderName, Recordings, Registrants, Result, Subscriptions,
    },
    secret::SecretString,
    sentence::Sentence,
};
use url::Url;

use super::{
    capabilities,
    events::MeetEvents,
    oauth::{Bundle, Scopes},
};
use crate::transport::{Transport, address};

/// Which kind of credentials they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// An OAuth client: people authorize it for their own accounts.
    User,
    /// A service account with domain-wide delegation.
    Delegated {
        /// The address of the account it acts as: it owns all spaces.
        organizer: String,
    },
}

macro_rules! addresses {
    ($($(#[$doc:meta])* $name:ident $word:literal $address:literal;)*) => {
        /// Where Google's APIs are.
        #[derive(Clone, Debug)]
        pub struct MeetAddresses {
            $($(#[$doc])* pub $name: Url,)*
        }

        impl MeetAddresses {
            /// Names and addresses at Google.
            pub const OTHERS: &'static [(&'static str, &'static str)] = &[$(($word, $address)),*];

            /// The given ones, Google's own for those that are missing; `None` never happens with valid constants.
            #[must_use]
            pub fn with(others: &BTreeMap<String, Url>) -> Option<Self> {
                let pick = |word: &str, own: &str| others.get(word).cloned().or_else(|| Url::parse(own).ok());
                Some(Self { $($name: pick($word, $address)?,)* })
            }
        }
    };
}

addresses! {
    /// Codes and refresh tokens become access tokens here.
    token "token" "https://oauth2.googleapis.com/token";
    /// Grants end here.
    revoke "revoke" "https://oauth2.googleapis.com/revoke";
    /// Who an access token belongs to.
    userinfo "userinfo" "https://www.googleapis.com/oauth2/v2/userinfo";
    /// The keys that sign what Pub/Sub pushes.
    keys "keys" "https://www.googleapis.com/oauth2/v3/certs";
    /// Files.
    drive "drive" "https://www.googleapis.com/drive/v3";
    /// Profiles.
    people "people" "https://people.googleapis.com/v1";
    /// A domain's users.
    directory "directory" "https://admin.googleapis.com/admin/directory/v1";
    /// Subscriptions.
    events "events" "https://workspaceevents.googleapis.com/v1";
}

/// An organization's project at Google, and where Google is.
#[derive(Clone, Debug)]
pub struct MeetSettings {
    /// The organization, as a key for circuits and limits.
    pub tenant: String,
    /// The OAuth client's id, or the service account's numeric one.
    pub client_id: String,
    /// The OAuth client's secret, or the service account's key file (JSON).
    pub client_secret: SecretString,
    /// Which kind of credentials.
    pub mode: Mode,
    /// What is asked of a person who connects.
    pub bundles: Vec<Bundle>,
    /// `https://meet.googleapis.com/v2`.
    pub api_base: Url,
    /// `https://accounts.google.com/o/oauth2/v2/auth`.
    pub oauth_authorize: Url,
    /// The other APIs.
    pub others: MeetAddresses,
    /// Hosts that may serve join pages: exact names, or `.google.com` for all below; a port counts when given.
    pub hosts: Vec<String>,
}

impl MeetSettings {
    /// Where Meet's join pages are.
    #[must_use]
    pub fn meet_hosts() -> Vec<String> {
        vec!["meet.google.com".to_owned()]
    }
}

/// A grant, for calls in its name.
#[derive(Clone, Debug)]
pub struct MeetConnection {
    /// Where tokens come from.
    pub tokens: Arc<dyn AccessTokens>,
    /// Whose.
    pub account: Account,
    /// What was granted.
    pub scopes: Vec<String>,
    /// Whose rate budget the calls use. Google counts for each user of a project.
    pub rate_key: String,
}

/// Google Meet, for one organization, with or without a connection.
pub struct Meet {
    pub(super) settings: MeetSettings,
    pub(super) transport: Transport,
    pub(super) connection: Option<MeetConnection>,
    capabilities: Capabilities,
}

impl Meet {
    /// Builds it. Without a connection only [`Provider::oauth`] and [`Provider::events`] are there.
    #[must_use]
    pub fn new(settings: MeetSettings, transport: Transport, connection: Option<MeetConnection>) -> Self {
        let capabilities = connection
            .as_ref()
            .map_or_else(unconnected, |connection| capabilities::of(&Scopes::new(&connection.scopes)));
        Self { settings, transport, connection, capabilities }
    }

    /// The connection, for a call that needs one.
    pub(super) fn connected(&self, operation: &'static str) -> Result<&MeetConnection> {
        self.connection
            .as_ref()
            .ok_or_else(|| ProviderError::new(crate::meet::NAME, operation, ErrorKind::Reconnect))
    }

    /// Whether the connection has a scope; without a connection it has none.
    pub(super) fn may(&self, scope: &str) -> bool {
        self.connection.as_ref().is_some_and(|connection| Scopes::new(&connection.scopes).may(scope))
    }

    /// An address Google gave for a browser; refused when it leads elsewhere.
    pub(super) fn browser_url(&self, operation: &'static str, text: &str) -> Result<SecretString> {
        let allow_loopback = self.transport.allow_loopback();
        let good = Url::parse(text).is_ok_and(|url| {
            address::is_listed(&url, &self.settings.hosts, false) || address::is_at_home(&url, allow_loopback)
        });
        if good {
            return Ok(SecretString::from(text));
        }
        tracing::error!(operation, "Google answered an address that is not Meet's; it is not used");
        Err(ProviderError::new(crate::meet::NAME, operation, ErrorKind::Unexpected)
            .vendor_code("foreign address"))
    }
}

/// Without a connection nothing works yet.
#[must_use]
pub fn unconnected() -> Capabilities {
    const WHY: Sentence = Sentence::known("reason.meet.connect_first", "Connect a Google account first.");
    let mut none = capabilities::of(&Scopes::new(&[]));
    none.registrants = Can::no(WHY);
    none.attendance = Can::no(WHY);
    none.waiting_room = Can::no(WHY);
    none.auto_recording = Can::no(WHY);
    none.recording_download = Can::no(WHY);
    none.chat = Can::no(WHY);
    none.screen_share = Can::no(WHY);
    none.recurrence = Can::no(WHY);
    none.end_meeting = Can::no(WHY);
    none
}

impl fmt::Debug for Meet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meet")
            .field("tenant", &self.settings.tenant)
            .field("mode", &self.settings.mode)
            .field("connected", &self.connection.is_some())
            .finish_non_exhaustive()
    }
}

impl Provider for Meet {
    fn name(&self) -> ProviderName {
        crate::meet::NAME
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

    fn attendance(&self) -> Option<&dyn Attendance> {
        self.capabilities.attendance.is_possible().then_some(self as &dyn Attendance)
    }

    fn events(&self) -> Option<&dyn Events> {
        Some(&MeetEvents)
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        self.capabilities.attendance.is_possible().then_some(self as &dyn Subscriptions)
    }

    fn live_roster(&self) -> Option<&dyn LiveRoster> {
        self.capabilities.attendance.is_possible().then_some(self as &dyn LiveRoster)
    }
}
