//! Changing and archiving classes.

use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId},
    role::Role,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    fields::{description, external, instructor, taken, title},
    find::own_to_change,
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    classes::store::{self, Class},
    cohorts,
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    join, sessions,
};

/// Changes to a class: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeClass {
    /// At most 200 characters.
    #[serde(default)]
    pub title: Option<String>,
    /// At most 2000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// Only an admin may change it.
    #[serde(default)]
    pub instructor_id: Option<Uuid>,
    /// The host application's id.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Title and description that a page was answered from: when they are others by now, nothing is changed.
    #[serde(skip)]
    pub seen: Option<(String, String)>,
}

/// Changes a class; its coming meetings follow.
pub async fn change(app: &App, who: &SignedIn, id: ClassId, change: ChangeClass) -> Result<Class, ApiError> {
    let mut errors = Vec::new();
    let new_title = change.title.as_deref().map(|text| title(text, &mut errors));
    let new_description = change.description.as_deref().map(|text| description(Some(text), &mut errors));
    let new_external = external(change.external_id.as_deref(), &mut errors);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let mut class = own_to_change(&mut tx, who, id).await?;
    if change.seen.is_some_and(|(title, text)| title != class.title || text != class.description) {
        return Err(ApiError::conflict(
            "changed_meanwhile",
            "This was changed meanwhile.",
            "Look at it again, then save.",
        ));
    }
    let taught_by = class.instructor;
    if let Some(asked) = change.instructor_id.filter(|asked| *asked != class.instructor.uuid()) {
        if who.role != Role::Admin {
            return Err(ApiError::field("instructor_id", "Only an admin can hand a class to somebody else."));
        }
        class.instructor = instructor(&mut tx, who, Some(asked)).await?;
    }
    class.title = new_title.unwrap_or(class.title);
    class.description = new_description.unwrap_or(class.description);
    class.external_id = new_external.or(class.external_id);
    store::update(&mut tx, who.organization, &class, app.clock.now()).await.map_err(taken)?;
    if class.instructor != taught_by {
        cohorts::keeping::class_handed_over(app, &mut tx, &sealer, who, class.id).await?;
    }
    sessions::service::class_changed(app, &mut tx, who.organization, class.id).await?;
    audit::store::insert(
        &mut tx,
        &app.entry(who.organization, EntryKind::ClassChanged, who.actor()).class(id),
    )
    .await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
    Ok(class)
}

/// Archives a class: its coming sessions are cancelled, its links die.
pub async fn archive(app: &App, who: &SignedIn, id: ClassId) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let mut class = own_to_change(&mut tx, who, id).await?;
    sessions::service::cancel_coming(app, &mut tx, &sealer, who, &class).await?;
    class.active = false;
    store::update(&mut tx, who.organization, &class, app.clock.now()).await?;
    audit::store::insert(
        &mut tx,
        &app.entry(who.organization, EntryKind::ClassArchived, who.actor()).class(id),
    )
    .await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
    Ok(())
}

/// A person may no longer come anywhere: their links and seats die. Inside the caller's transaction.
pub async fn person_disabled(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    for mut enrollment in store::enrollments_of_person(tx, organization, person).await? {
        enrollment.generation += 1;
        store::update_enrollment(tx, organization, &enrollment, now).await?;
        join::service::revoke_seats(app, tx, organization, enrollment.class, person).await?;
    }
    Ok(())
}
