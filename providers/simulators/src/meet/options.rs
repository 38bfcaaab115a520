//! What to put into a simulator.

use serde::{Deserialize, Serialize};

use super::state::Edition;

/// A Google account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSpec {
    /// Its address.
    pub email: String,
    /// Display name.
    pub name: String,
    /// The Workspace it belongs to; `None`: a personal account.
    #[serde(default)]
    pub domain: Option<String>,
    /// What it has paid for.
    #[serde(default)]
    pub edition: Edition,
    /// Its access type for new spaces where none is asked.
    #[serde(default)]
    pub default_access: Option<String>,
    /// Whether it administers its domain.
    #[serde(default)]
    pub admin: bool,
    /// Whether its profile shows its address to others of the domain.
    #[serde(default = "yes")]
    pub shows_address: bool,
}

fn yes() -> bool {
    true
}

impl AccountSpec {
    /// An account of the Workspace that its address names, in an edition that records.
    #[must_use]
    pub fn new(email: &str, name: &str) -> Self {
        Self {
            email: email.to_owned(),
            name: name.to_owned(),
            domain: email.split_once('@').map(|(_, domain)| domain.to_owned()),
            edition: Edition::Recording,
            default_access: None,
            admin: false,
            shows_address: true,
        }
    }
}

/// An OAuth client of a Cloud project.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSpec {
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: String,
    /// Shown on the consent screen.
    #[serde(default)]
    pub name: String,
    /// The Cloud project: spaces are visible to the project that made them.
    pub project: String,
    /// The redirect URIs; compared exactly.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Publishing status "Testing": refresh tokens die after seven days.
    #[serde(default)]
    pub testing: bool,
    /// User type "Internal" of this domain.
    #[serde(default)]
    pub internal: Option<String>,
    /// Scopes that the domain's administrator has blocked.
    #[serde(default)]
    pub blocked_scopes: Vec<String>,
}

/// A service account with domain-wide delegation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountSpec {
    /// Its address.
    pub email: String,
    /// Its project.
    pub project: String,
    /// The domain where it is registered.
    pub domain: String,
    /// The scopes registered there.
    pub scopes: Vec<String>,
}

/// A Pub/Sub topic and the subscription that takes its messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushSpec {
    /// `projects/…/topics/…`.
    pub topic: String,
    /// `projects/…/subscriptions/…`.
    pub subscription: String,
    /// Where messages go; `None`: they are pulled.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The audience of the tokens; the endpoint's address when absent.
    #[serde(default)]
    pub audience: Option<String>,
    /// The service account in the tokens.
    #[serde(default)]
    pub service_account: String,
    /// Whether Google's Meet may publish to the topic.
    #[serde(default = "yes")]
    pub meet_may_publish: bool,
}
