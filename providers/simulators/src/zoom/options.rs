//! What to put into a simulator.

use serde::{Deserialize, Serialize};

use super::state::{AccountPlan, AppMode, HostPlan};

/// An app on Zoom's marketplace.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSpec {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: String,
    /// Shown on the authorization page.
    #[serde(default)]
    pub name: String,
    /// Who it acts for.
    #[serde(default)]
    pub mode: AppMode,
    /// The account of a server-to-server app.
    #[serde(default)]
    pub account_id: Option<String>,
    /// The allow list; compared exactly.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Scopes every token of it has.
    pub scopes: Vec<String>,
    /// Event subscriptions, taken as validated earlier; see [`super::ZoomSimulator::subscribe`] for the check at set-up.
    #[serde(default)]
    pub endpoints: Vec<EndpointSpec>,
}

/// An event subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSpec {
    /// Where events go.
    pub url: String,
    /// The app's secret token, which signs.
    pub secret_token: String,
    /// Event names; empty means all.
    #[serde(default)]
    pub events: Vec<String>,
}

/// A person who can host.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostSpec {
    /// Sign-in address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// Licence.
    #[serde(default)]
    pub plan: HostPlan,
    /// The account: made when new.
    pub account_id: String,
    /// The account's plan, when the account is made here.
    #[serde(default)]
    pub account_plan: AccountPlan,
    /// IANA name; UTC when empty.
    #[serde(default)]
    pub time_zone: String,
}

/// A receiver that did not prove that it holds the secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("URL validation failed: {0}")]
pub struct ValidationFailed(pub(crate) String);
