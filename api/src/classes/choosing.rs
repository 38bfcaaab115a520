//! Choosing a platform: what each can do for the one who will teach, by that host's grant and plan.

use lectern_core::{
    ids::PersonId,
    provider::{Capabilities, ProviderName},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::service;
use crate::{
    app::App,
    error::ApiError,
    extract::SignedIn,
    organizations,
    platforms::{
        self,
        service::{HostState, Standing},
    },
};

/// A platform on which a class can be held.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlatformChoiceView {
    /// Its word.
    #[schema(value_type = String, example = "zoom")]
    pub provider: ProviderName,
    /// Its name.
    #[schema(example = "Zoom")]
    pub title: &'static str,
    /// Whether new classes are held there unless they say otherwise.
    pub is_default: bool,
    /// How ready it is for this instructor.
    pub state: HostState,
    /// The host's plan, where the platform told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<&'static str>,
    /// Whether `capabilities` are what this host's grant and plan allow; otherwise they are what the platform can at best.
    pub effective: bool,
    /// What a class can have, each with a reason where it cannot.
    #[schema(value_type = Object)]
    pub capabilities: Capabilities,
}

/// The platforms for a class of an instructor: of oneself, or for an admin of anybody who teaches. A program that names nobody
/// sees what the platforms can at best.
///
/// # Errors
/// [`ApiError::Invalid`] at `instructor_id` when there is nobody of that id, or only an admin may ask for them.
pub async fn platforms(
    app: &App,
    who: &SignedIn,
    asked: Option<Uuid>,
) -> Result<(Option<PersonId>, Vec<PlatformChoiceView>), ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let instructor = match (asked, who.person()) {
        (None, Err(_)) => None,
        (None, Ok(own)) => Some(own),
        (Some(_), _) => Some(service::instructor(&mut tx, who, asked).await?),
    };
    let default = organizations::service::settings_in(&mut tx, who.organization).await?.default_provider;
    drop(tx);
    let mut all = Vec::new();
    for provider in platforms::settings::for_classes(app) {
        let Standing { state, plan, capabilities, effective } =
            platforms::service::standing(app, who.organization, provider, instructor).await?;
        let is_default = provider == default;
        all.push(PlatformChoiceView {
            provider,
            title: provider.title(),
            is_default,
            state,
            plan,
            effective,
            capabilities,
        });
    }
    Ok((instructor, all))
}
