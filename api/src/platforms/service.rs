//! What other rooms ask of this one.

use super::{App, Capabilities, Connected, OrganizationId, PersonId, ProviderError, ProviderName, Url};
use crate::{db::Tx, error::ApiError};
use lectern_core::{ids::ConnectionId, provider::ErrorKind};

/// The provider with which this instructor's classes are held: their own connection, else the organization's.
/// No transaction may be open.
pub async fn connected(
    _app: &App,
    _organization: OrganizationId,
    provider: ProviderName,
    _instructor: PersonId,
) -> Result<Connected, ProviderError> {
    Err(ProviderError::new(provider, "connect", ErrorKind::Reconnect))
}

/// The provider with a certain connection: for work on a meeting that this connection made.
pub async fn connected_by(
    _app: &App,
    _organization: OrganizationId,
    provider: ProviderName,
    _connection: ConnectionId,
) -> Result<Connected, ProviderError> {
    Err(ProviderError::new(provider, "connect", ErrorKind::Reconnect))
}

/// What this instructor's classes can do on a platform; without a connection, what the platform can at best. No I/O but the database.
pub async fn capabilities(
    _app: &App,
    _organization: OrganizationId,
    _provider: ProviderName,
    _instructor: PersonId,
) -> Result<Capabilities, ApiError> {
    Err(ApiError::NotFound)
}

/// Whether a person may be sent to this address of the platform: only hosts of the operator's list.
pub fn is_meeting_host(_app: &App, _provider: ProviderName, _url: &Url) -> bool {
    false
}

/// The connected accounts' ids and addresses of an instructor, by which the host is recognised in events and reports.
pub async fn host_identities(
    _tx: &mut Tx,
    _organization: OrganizationId,
    _provider: ProviderName,
    _connection: ConnectionId,
) -> Result<Option<(String, String)>, ApiError> {
    Ok(None)
}
