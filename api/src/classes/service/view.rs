//! Classes as they are shown.

use lectern_core::ids::OrganizationId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    classes::{links, store::Class},
    db::Tx,
    error::ApiError,
    people, totals,
};

/// A class, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClassView {
    /// Its id.
    pub id: Uuid,
    /// The host application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// On which platform.
    pub provider: &'static str,
    /// Who teaches it.
    pub instructor: PersonRef,
    /// How many belong to it, guests too.
    pub people: i64,
    /// Not archived.
    pub active: bool,
    /// Since when.
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// The class's own address, for members who sign in. Personal links are in the roster.
    pub join_url: String,
}

/// A person, named.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonRef {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}

/// The view of a class.
pub async fn view(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
) -> Result<ClassView, ApiError> {
    let mut views = views(app, tx, organization, std::slice::from_ref(class)).await?;
    views.pop().ok_or(ApiError::NotFound)
}

/// The views of classes, in their order.
pub async fn views(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    classes: &[Class],
) -> Result<Vec<ClassView>, ApiError> {
    let names =
        people::service::names(tx, organization, classes.iter().map(|class| class.instructor)).await?;
    let totals = totals::service::of(tx, organization, classes.iter().map(|class| class.id.uuid())).await?;
    let views = classes.iter().map(|class| {
        let totals = totals.get(&class.id.uuid()).copied().unwrap_or_default();
        ClassView {
            id: class.id.uuid(),
            external_id: class.external_id.clone(),
            title: class.title.clone(),
            description: class.description.clone(),
            provider: class.provider.as_str(),
            instructor: PersonRef {
                id: class.instructor.uuid(),
                name: names.get(&class.instructor).cloned().unwrap_or_default(),
            },
            people: i64::from(totals.members) + i64::from(totals.guests),
            active: class.active,
            created_at: class.created_at,
            join_url: links::class_link(app, class.id),
        }
    });
    Ok(views.collect())
}
