//! Whether a class could be held now: app, grant, permissions and host, as far as looking tells.

use lectern_core::{
    ids::{OrganizationId, PersonId},
    provider::{AccessTokens, ErrorKind, ProviderError, ProviderName},
};
use lectern_providers::registry;

use super::{service, settings, store, tokens::Tokens};
use crate::{app::App, error::ApiError};

/// Tries what starting this instructor's class would need first. A token that is about to end is refreshed. No transaction may be
/// open.
///
/// # Errors
/// What is missing, with who repairs it.
pub async fn check(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    instructor: PersonId,
) -> Result<(), ProviderError> {
    let connected = service::connected(app, organization, provider, instructor).await?;
    let Some(connection) = connected.connection else { return Ok(()) };
    Tokens::new(app, organization, provider, connection).current().await?;
    let (_, credentials) = settings::for_calls(app, organization, provider).await?;
    let ours = |error: ApiError| {
        ProviderError::new(provider, "look at the grant", ErrorKind::Unavailable).source(error)
    };
    let looking = async {
        let mut look = app.db.read(organization).await?;
        Ok::<_, ApiError>(store::connections::find(&mut look, organization, connection).await?)
    };
    let row = looking.await.map_err(ours)?;
    let platform = registry::build(&credentials, app.providers.transport(), None)
        .map_err(|error| ours(ApiError::internal(error)))?;
    let (Some(row), Some(oauth)) = (row, platform.oauth()) else { return Ok(()) };
    let missing: Vec<String> = oauth
        .missing_scopes(&row.scopes)
        .into_iter()
        .filter(|(scope, _)| registry::is_essential(provider, scope))
        .map(|(scope, _)| scope.to_owned())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(ProviderError::new(provider, "look at the grant", ErrorKind::ScopeMissing(missing)))
}
