//! What to put into a simulator.

use serde::{Deserialize, Serialize};

/// An app registration in Entra ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSpec {
    /// The application (client) id.
    pub client_id: String,
    /// The secret's value.
    pub client_secret: String,
    /// Shown on the pages.
    #[serde(default)]
    pub name: String,
    /// Platform Web; compared exactly.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Delegated permissions of the registration.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Application permissions of the registration.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// Somebody with a Microsoft account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    /// Sign-in name, and mail address.
    pub email: String,
    /// Display name.
    pub name: String,
    /// The tenant's GUID: made when new. Empty: a personal account.
    #[serde(default)]
    pub tenant: String,
    /// Has a licence for Teams.
    #[serde(default = "yes")]
    pub licensed: bool,
}

fn yes() -> bool {
    true
}

/// A Teams application access policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySpec {
    /// The tenant's GUID.
    pub tenant: String,
    /// The app's id.
    pub client_id: String,
    /// The organizer's object id; absent: `-Global`.
    #[serde(default)]
    pub user: Option<String>,
    /// Works after this many minutes; up to 30 at Microsoft.
    #[serde(default)]
    pub delay_minutes: i64,
}
