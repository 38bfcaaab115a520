//! Making classes.

use lectern_core::{secret::SecretString, settings::ClassSettings};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    fields::{description, external, instructor, pasted, provider, taken, title},
    find::room,
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    classes::store::{self, Class},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    organizations, pasted_links,
};

/// A new class.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateClass {
    /// At most 200 characters.
    #[schema(example = "Mathematics, class 8")]
    pub title: String,
    /// At most 2000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// `zoom`, `teams`, `meet` or `link`; the organization's default when left out.
    #[serde(default)]
    pub provider: Option<String>,
    /// Who teaches it; only an admin may name somebody else.
    #[serde(default)]
    pub instructor_id: Option<Uuid>,
    /// The host application's id.
    #[serde(default)]
    pub external_id: Option<String>,
    /// For the platform `link`: the address of the meeting. Sealed, and shown to nobody.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub link: Option<SecretString>,
}

/// Whether a class could be made of this; nothing is done.
///
/// # Errors
/// As [`create`].
pub async fn could_create(app: &App, who: &SignedIn, new: &CreateClass) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    title(&new.title, &mut errors);
    description(new.description.as_deref(), &mut errors);
    external(new.external_id.as_deref(), &mut errors);
    let asked = new.provider.as_deref().and_then(|name| provider(app, name, &mut errors));
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let mut tx = app.db.read(who.organization).await?;
    instructor(&mut tx, who, new.instructor_id).await?;
    let settings = organizations::service::settings_in(&mut tx, who.organization).await?;
    let held_on = asked.unwrap_or(settings.default_provider);
    organizations::service::check_aliases(&settings.policies, held_on, "provider")?;
    pasted(app, held_on, new.link.as_ref()).map(drop)
}

/// Makes a class.
pub async fn create(app: &App, who: &SignedIn, new: CreateClass) -> Result<Class, ApiError> {
    let mut tx = app.db.begin(who.organization).await?;
    let class = create_in(app, &mut tx, who, new, None).await?;
    tx.commit().await?;
    Ok(class)
}

/// Makes a class in the caller's transaction, with these wishes instead of what classes begin with: whoever asks has looked what
/// the platform can do.
///
/// # Errors
/// As [`create`].
pub async fn create_in(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    new: CreateClass,
    wishes: Option<ClassSettings>,
) -> Result<Class, ApiError> {
    let mut errors = Vec::new();
    let title = title(&new.title, &mut errors);
    let description = description(new.description.as_deref(), &mut errors);
    let external_id = external(new.external_id.as_deref(), &mut errors);
    let provider = new.provider.as_deref().map(|name| provider(app, name, &mut errors));
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let instructor = instructor(tx, who, new.instructor_id).await?;
    let settings = organizations::service::settings_in(tx, who.organization).await?;
    let provider = provider.flatten().unwrap_or(settings.default_provider);
    organizations::service::check_aliases(&settings.policies, provider, "provider")?;
    let link = pasted(app, provider, new.link.as_ref())?;
    let wishes = wishes.unwrap_or_else(|| settings.locks.begin());
    let class = Class {
        id: app.new_id(),
        external_id,
        title,
        description,
        instructor,
        provider,
        settings: settings.locks.over(&wishes),
        wishes,
        locks: settings.locks,
        active: true,
        created_at: app.clock.now(),
    };
    room(tx, who.organization).await?;
    store::insert(tx, who.organization, &class).await.map_err(taken)?;
    if let Some(url) = link {
        pasted_links::service::keep(app, tx, who.organization, class.id, class.id.uuid(), &url).await?;
    }
    let entry = app.entry(who.organization, EntryKind::ClassCreated, who.actor()).class(class.id);
    audit::store::insert(tx, &entry).await?;
    Ok(class)
}
