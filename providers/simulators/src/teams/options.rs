//! How to start a simulator, and what to put into it.

use std::{net::SocketAddr, sync::Arc};

use lectern_core::clock::{Clock, ShiftedClock};
use serde::{Deserialize, Serialize};

use crate::contract::Contract;

/// How to start a simulator.
#[derive(Clone, Debug)]
pub struct TeamsOptions {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The clock that `/_control/clock` moves, where there is one.
    pub shifted: Option<ShiftedClock>,
    /// The same seed and the same calls give the same ids, faults and orders. Keys are new each time.
    pub seed: u64,
    /// Where to listen; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// Checks every call and answer.
    pub contract: Option<Arc<Contract>>,
    /// Serve `/_control/…`.
    pub control: bool,
    /// Deliver notifications by itself as time passes. Without it, [`super::TeamsSimulator::flush_notifications`] delivers what is due.
    pub live: bool,
}

impl TeamsOptions {
    /// Loopback, a port the system chooses, no control routes, notifications by hand.
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
