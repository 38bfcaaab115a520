//! The classes of those who book.

use std::collections::HashSet;

use lectern_core::ids::{ClassId, OrganizationId, PersonId};

use crate::{
    app::App,
    audit::Actor,
    booking_pages::store::{self, BookingPage},
    classes::{
        self, Class,
        making::{self, Made},
    },
    db::Tx,
    error::ApiError,
    people,
};

/// Which of these classes were made for somebody who booked.
pub async fn made_among(
    tx: &mut Tx,
    organization: OrganizationId,
    classes: &[Class],
) -> Result<HashSet<ClassId>, ApiError> {
    let made = store::made_among(tx, organization, classes.iter().map(|class| class.id)).await?;
    Ok(made.into_iter().map(ClassId).collect())
}

/// The class of somebody who books on a page: the one they have, or one that is made now.
pub async fn class_for(
    app: &App,
    tx: &mut Tx,
    (organization, by): (OrganizationId, Actor),
    page: &BookingPage,
    person: PersonId,
) -> Result<Class, ApiError> {
    if let Some(known) = store::class_of(tx, organization, page.id, person).await? {
        let class = classes::service::find(tx, organization, known).await?;
        // One that was archived, or handed to somebody else, is no longer for this.
        if let Some(class) = class.filter(|class| class.active && class.instructor == page.instructor) {
            return Ok(class);
        }
    }
    let like = match page.class {
        Some(like) => classes::service::find(tx, organization, like).await?,
        None => None,
    };
    let who = people::service::find(tx, organization, person).await?.ok_or(ApiError::NotFound)?;
    let title: String = format!("{} · {}", page.title, who.name()).chars().take(200).collect();
    let description = page.description.clone();
    let made = Made { title, description, instructor: page.instructor, like: like.as_ref() };
    let class = making::make(app, tx, (organization, by), made).await?;
    store::set_class(tx, organization, page.id, person, class.id).await?;
    Ok(class)
}
