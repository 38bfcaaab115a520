//! Platform settings, connections, and providers ready to be called.

pub mod service;

use std::sync::Arc;

use lectern_core::{
    clock::Clock,
    ids::{ConnectionId, OrganizationId, PersonId},
    provider::{Account, Capabilities, Provider, ProviderError, ProviderName},
    random::Randomness,
};
use lectern_providers::transport::Inspect;
use url::Url;

use crate::{app::App, config::PlatformsConfig};

/// The outbound side: the one transport and the operator's list of addresses.
#[derive(Debug, Clone)]
pub struct Providers;

impl Providers {
    /// From the operator's settings.
    pub fn new(
        _config: &PlatformsConfig,
        _clock: Arc<dyn Clock>,
        _randomness: Arc<dyn Randomness>,
        _inspect: Option<Arc<dyn Inspect>>,
    ) -> Result<Self, std::io::Error> {
        Ok(Self)
    }
}

/// A provider in the name of a connection.
#[derive(Debug, Clone)]
pub struct Connected {
    /// Ready to be called.
    pub provider: Arc<dyn Provider>,
    /// Which grant it uses.
    pub connection: ConnectionId,
    /// For an organization's own connection: who hosts, by address. `None`: the connected account itself.
    pub host: Option<String>,
    /// Whose grant.
    pub account: Account,
}
