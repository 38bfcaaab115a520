//! Whether aliases can be sent everywhere.

use lectern_core::{
    ids::OrganizationId,
    organization::{Aliases, Policies},
    provider::ProviderName,
};
use lectern_providers::registry;

use crate::{classes, db::Tx, error::ApiError};

/// Refuses a platform that must know people's own addresses where the organization sends aliases only.
///
/// # Errors
/// [`ApiError::Invalid`] at `field`, with the platform's reason.
pub fn check_aliases(
    policies: &Policies,
    provider: ProviderName,
    field: &'static str,
) -> Result<(), ApiError> {
    let can = registry::at_best(provider);
    let refused = can.filter(|can| policies.aliases == Aliases::Always && !can.aliases.is_possible());
    let Some(reason) = refused.as_ref().and_then(|can| can.aliases.reason()) else { return Ok(()) };
    Err(ApiError::field(
        field,
        format!("{} cannot be used with aliases only. {}", provider.title(), reason.0),
    ))
}

/// Refuses aliases only, where a class is held on a platform that must know people's own addresses.
pub(super) async fn check_in_classes(
    tx: &mut Tx,
    organization: OrganizationId,
    policies: &Policies,
    field: &'static str,
) -> Result<(), ApiError> {
    for provider in classes::service::platforms_in_use(tx, organization).await? {
        check_aliases(policies, provider, field)?;
    }
    Ok(())
}
