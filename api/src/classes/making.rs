//! Classes that another room makes, inside its transaction.

use lectern_core::{
    ids::{OrganizationId, PersonId},
    provider::ProviderName,
};

use super::{
    service,
    store::{self, Class},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    organizations, pasted_links,
};

/// A class like another one: on its platform, with its options and its link.
#[derive(Clone, Debug)]
pub struct Made<'a> {
    /// At most 200 characters.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Who teaches it.
    pub instructor: PersonId,
    /// The other one; none: the organization's platform, with the options its classes begin with.
    pub like: Option<&'a Class>,
}

/// The platform of a class that is made like another one.
///
/// # Errors
/// [`ApiError::Conflict`] on a platform that lives by a link, when there is no class whose link could be used.
pub async fn platform(
    tx: &mut Tx,
    organization: OrganizationId,
    like: Option<&Class>,
) -> Result<ProviderName, ApiError> {
    let settings = organizations::service::settings_in(tx, organization).await?;
    let provider = like.map_or(settings.default_provider, |like| like.provider);
    organizations::service::check_aliases(&settings.policies, provider, "class_id")?;
    if like.is_none() && pasted_links::service::lives_by_one(provider) {
        return Err(ApiError::field("class_id", "Name the class whose meeting link is to be used."));
    }
    Ok(provider)
}

/// Makes the class.
///
/// # Errors
/// As [`platform`].
pub async fn make(
    app: &App,
    tx: &mut Tx,
    (organization, by): (OrganizationId, Actor),
    made: Made<'_>,
) -> Result<Class, ApiError> {
    let provider = platform(tx, organization, made.like).await?;
    let locks = organizations::service::settings_in(tx, organization).await?.locks;
    let wishes = made.like.map_or_else(|| locks.begin(), |like| like.wishes.clone());
    let class = Class {
        id: app.new_id(),
        external_id: None,
        title: made.title,
        description: made.description,
        instructor: made.instructor,
        provider,
        settings: locks.over(&wishes),
        wishes,
        locks,
        active: true,
        created_at: app.clock.now(),
    };
    service::room(tx, organization).await?;
    store::insert(tx, organization, &class).await?;
    if let Some(like) = made.like.filter(|_| pasted_links::service::lives_by_one(provider)) {
        pasted_links::service::copy(app, tx, organization, like.id, class.id).await?;
    }
    let entry = app.entry(organization, EntryKind::ClassCreated, by).class(class.id);
    audit::store::insert(tx, &entry).await?;
    Ok(class)
}
