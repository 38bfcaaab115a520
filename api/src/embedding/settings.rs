//! Which pages may frame ours: an organization's decision.

use std::collections::BTreeSet;

use lectern_core::{
    embed::{EmbedOrigin, MOST_ORIGINS},
    ids::OrganizationId,
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::store;
use crate::{
    app::App,
    audit::{self, EntryKind},
    error::{ApiError, FieldError},
    extract::SignedIn,
    organizations,
};

/// What the organization decided.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EmbeddingView {
    /// Scheme, host and port of pages that may frame ours, in order. None: nobody may.
    #[schema(example = json!(["https://www.dreamcrowd.example"]))]
    pub origins: Vec<String>,
}

impl From<BTreeSet<EmbedOrigin>> for EmbeddingView {
    fn from(origins: BTreeSet<EmbedOrigin>) -> Self {
        Self { origins: origins.iter().map(ToString::to_string).collect() }
    }
}

/// Who may frame.
pub async fn show(app: &App, organization: OrganizationId) -> Result<BTreeSet<EmbedOrigin>, ApiError> {
    let mut tx = app.db.read(organization).await?;
    Ok(store::origins(&mut tx, organization).await?)
}

/// Reads origins as they were typed; each once.
///
/// # Errors
/// [`ApiError::Invalid`] at `origins[n]` for each that is none, at `origins` for too many.
fn read(typed: &[String]) -> Result<BTreeSet<EmbedOrigin>, ApiError> {
    let mut errors = Vec::new();
    let mut origins = BTreeSet::new();
    for (index, text) in typed.iter().enumerate() {
        match EmbedOrigin::parse(text) {
            Ok(origin) => drop(origins.insert(origin)),
            Err(problem) => errors.push(FieldError::new(format!("origins[{index}]"), problem.to_string())),
        }
    }
    if origins.len() > MOST_ORIGINS {
        errors.push(FieldError::new("origins", format!("At most {MOST_ORIGINS}.")));
    }
    if errors.is_empty() { Ok(origins) } else { Err(ApiError::Invalid(errors)) }
}

/// Decides anew. It holds at once for views that are open, too; without any origin all of them end.
///
/// # Errors
/// [`ApiError::Invalid`] with everything that is wrong.
pub async fn set(app: &App, who: &SignedIn, typed: &[String]) -> Result<BTreeSet<EmbedOrigin>, ApiError> {
    let (organization, now) = (who.organization, app.clock.now());
    let origins = read(typed)?;
    let mut tx = app.db.begin(organization).await?;
    // One after the other: what is written is the difference to what stands.
    organizations::service::settings_to_change(&mut tx, organization).await?;
    let before = store::origins(&mut tx, organization).await?;
    if before == origins {
        return Ok(origins);
    }
    for gone in before.difference(&origins) {
        store::remove_origin(&mut tx, organization, gone).await?;
    }
    for new in origins.difference(&before) {
        store::add_origin(&mut tx, organization, new, now).await?;
    }
    if origins.is_empty() {
        store::remove_all(&mut tx, organization).await?;
    }
    let entry = app.entry(organization, EntryKind::EmbeddingChanged, who.actor());
    let changes = json!({"origins": {"from": before, "to": origins}});
    audit::store::insert(&mut tx, &entry.details(changes)).await?;
    tx.commit().await?;
    Ok(origins)
}
