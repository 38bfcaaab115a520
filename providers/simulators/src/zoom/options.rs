//! How to start a simulator, and what to put into it.

use std::{net::SocketAddr, sync::Arc};

use lectern_core::clock::{Clock, ShiftedClock};
use serde::{Deserialize, Serialize};

use super::state::{AccountPlan, AppMode, HostPlan};
use crate::contract::Contract;

/// How to start a simulator.
#[derive(Clone, Debug)]
pub struct ZoomOptions {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The clock that `/_control/clock` moves, where there is one.
    pub shifted: Option<ShiftedClock>,
    /// The same seed and the same calls give the same ids, faults and orders.
    pub seed: u64,
    /// Where to listen; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// Checks every call, answer and webhook.
    pub contract: Option<Arc<Contract>>,
    /// Serve `/_control/…`.
    pub control: bool,
    /// Deliver webhooks by itself as time passes. Without it, [`super::ZoomSimulator::flush_webhooks`] delivers what is due.
    pub live: bool,
}

impl ZoomOptions {
    /// Loopback, a port the system chooses, no control routes, webhooks by hand.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            clock,
            shifted: None,
            seed,
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            contract: None,
            control: false,
            live: false,
        }
    }
}

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
