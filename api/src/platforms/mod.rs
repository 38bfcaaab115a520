//! Platform settings, connections, and providers ready to be called.

pub mod check;
pub mod connect;
pub mod consent;
mod days;
mod ending;
mod event_keys;
pub mod events;
mod findings;
pub mod fitness;
pub mod host_days;
pub mod jobs;
pub mod pages;
mod providers;
pub mod routes;
pub mod save;
pub mod service;
pub mod settings;
mod signing_keys;
pub mod start_pages;
mod step;
pub mod store;
pub mod tickets;
mod tokens;
mod webhook_secrets;

use std::sync::Arc;

use lectern_core::{
    ids::{ConnectionId, OrganizationId, PersonId},
    provider::{Account, Capabilities, Provider, ProviderError, ProviderName},
};
use url::Url;

pub use providers::Providers;
pub use step::{Step, StepState, StepView};
pub use webhook_secrets::WebhookSecrets;

use crate::app::App;

/// A provider in the name of a connection.
#[derive(Clone, Debug)]
pub struct Connected {
    /// Ready to be called.
    pub provider: Arc<dyn Provider>,
    /// Which grant it uses; none on a platform that needs no account.
    pub connection: Option<ConnectionId>,
    /// For an organization's own connection: who hosts, by address. `None`: the connected account itself.
    pub host: Option<String>,
    /// Whose grant.
    pub account: Account,
}
