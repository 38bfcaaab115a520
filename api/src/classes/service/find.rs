//! Finding classes, and who may see and run them.

use std::collections::{BTreeSet, HashMap};

use lectern_core::{
    ids::{ClassId, OrganizationId},
    provider::ProviderName,
    role::Role,
    search::{Asked, words},
};
use uuid::Uuid;

use crate::{
    app::App,
    classes::store::{self, Class, Shelf},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    list::{List, Paging},
    organizations::limits::{self, Limited},
    search::{self, service::Kind},
};

/// Classes of one person among which is looked.
const MOST_OF_ONE: i64 = 1_000;

/// The class, when this person may teach it: an admin any, an instructor their own. Else it is not there.
pub async fn own(tx: &mut Tx, who: &SignedIn, id: ClassId) -> Result<Class, ApiError> {
    let class = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    match who.role {
        Role::Admin => Ok(class),
        Role::Instructor if class.instructor == who.person => Ok(class),
        _ => Err(ApiError::NotFound),
    }
}

/// The same as [`own`], and nobody else changes the class until the transaction ends: all columns are written together.
pub async fn own_to_change(tx: &mut Tx, who: &SignedIn, id: ClassId) -> Result<Class, ApiError> {
    own(tx, who, id).await?;
    // Locked once it is known to be theirs; what happened while waiting is looked at again.
    store::find_to_change(tx, who.organization, id).await?;
    own(tx, who, id).await
}

/// The same as [`own`], when it is not archived.
pub async fn own_active(tx: &mut Tx, who: &SignedIn, id: ClassId) -> Result<Class, ApiError> {
    let class = own(tx, who, id).await?;
    if class.active {
        return Ok(class);
    }
    Err(ApiError::conflict("archived", "This class is archived.", "Use another class, or make a new one."))
}

/// The class, when this person may see it: who may teach it, and who belongs to it.
pub async fn readable(tx: &mut Tx, who: &SignedIn, id: ClassId) -> Result<Class, ApiError> {
    let class = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    if who.role == Role::Admin || class.instructor == who.person {
        return Ok(class);
    }
    let place = store::find_enrollment_of(tx, who.organization, id, who.person).await?;
    if place.is_some_and(|place| place.active) { Ok(class) } else { Err(ApiError::NotFound) }
}

/// Whether this person teaches or administers the class.
#[must_use]
pub fn may_manage(who: &SignedIn, class: &Class) -> bool {
    match who.role {
        Role::Admin => true,
        Role::Instructor => class.instructor == who.person,
        Role::Student => false,
    }
}

/// The class of an organization, whoever asks: for other rooms.
pub async fn find(tx: &mut Tx, organization: OrganizationId, id: ClassId) -> Result<Option<Class>, ApiError> {
    Ok(store::find(tx, organization, id).await?)
}

/// Classes that are not archived, newest first, before one: for work on all of them.
pub async fn all_before(
    tx: &mut Tx,
    organization: OrganizationId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Class>, ApiError> {
    Ok(store::list(tx, organization, Shelf::All, before, limit).await?)
}

/// The class with the host application's id.
pub async fn find_by_external(
    tx: &mut Tx,
    organization: OrganizationId,
    external: &str,
) -> Result<Option<Class>, ApiError> {
    Ok(store::find_by_external(tx, organization, external).await?)
}

fn shelf(who: &SignedIn) -> Shelf {
    match who.role {
        Role::Admin => Shelf::All,
        Role::Instructor => Shelf::TaughtBy(who.person),
        Role::Student => Shelf::EnrolledBy(who.person),
    }
}

/// One page of the classes a person sees, newest first: an admin all, an instructor their own, others those they belong to.
///
/// # Errors
/// [`ApiError::Invalid`] for a cursor that is none.
pub async fn list(tx: &mut Tx, who: &SignedIn, paging: &Paging) -> Result<List<Class>, ApiError> {
    let before = paging.id_or_last()?;
    let classes = store::list(tx, who.organization, shelf(who), before, paging.fetch()).await?;
    Ok(paging.list(classes, |class| class.id.to_string(), |class| class))
}

/// One page of one tab of the classes a person sees, newest first: those with something to come or nothing scheduled yet, or
/// (`previous`) those with only a past.
///
/// # Errors
/// [`ApiError::Invalid`] for a cursor that is none.
pub async fn list_tab(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    previous: bool,
    paging: &Paging,
) -> Result<List<Class>, ApiError> {
    let (tab, before) = ((previous, app.clock.now()), paging.id_or_last()?);
    let classes = store::list_tab(tx, who.organization, shelf(who), tab, before, paging.fetch()).await?;
    Ok(paging.list(classes, |class| class.id.to_string(), |class| class))
}

/// One page of those of them with words in the title that begin as asked: an admin's in the order of those words.
///
/// # Errors
/// [`ApiError::Invalid`] for a cursor that is none.
pub async fn find_titled(
    tx: &mut Tx,
    who: &SignedIn,
    text: &str,
    paging: &Paging,
) -> Result<List<Class>, ApiError> {
    let Some(asked) = Asked::read(text) else { return Ok(List::whole(Vec::new())) };
    if who.role != Role::Admin {
        // Nobody has so many of their own that an index would serve better.
        let before = paging.id_or_last()?;
        let mut classes = store::list(tx, who.organization, shelf(who), before, MOST_OF_ONE).await?;
        classes.retain(|class| asked.finds(&words(&class.title)));
        return Ok(paging.list(classes, |class| class.id.to_string(), |class| class));
    }
    let found = search::service::find(tx, who.organization, Kind::Class, &asked, paging).await?;
    let ids = crate::ids::json_list(found.items.iter().copied());
    let classes = store::of_ids(tx, who.organization, &ids).await?;
    let mut known: HashMap<Uuid, Class> = classes.into_iter().map(|class| (class.id.uuid(), class)).collect();
    let items = found.items.iter().filter_map(|id| known.remove(id)).collect();
    Ok(List { items, next_cursor: found.next_cursor })
}

/// Gives words to classes that have none.
pub async fn give_words(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let mut after = Uuid::nil();
    loop {
        let mut look = app.db.read(organization).await?;
        let some = store::without_words(&mut look, organization, after, 500).await?;
        drop(look);
        let Some(last) = some.last() else { return Ok(()) };
        after = last.id.uuid();
        let mut tx = app.db.begin(organization).await?;
        // As they are now: some may have been renamed meanwhile.
        let ids = crate::ids::json_list(some.iter().map(|class| class.id.uuid()));
        let fresh = store::of_ids(&mut tx, organization, &ids).await?;
        store::keep_words(&mut tx, organization, &fresh).await?;
        tx.commit().await?;
    }
}

/// The titles of these classes, for lists of other rooms.
pub async fn titles(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: impl IntoIterator<Item = ClassId>,
) -> Result<HashMap<ClassId, String>, ApiError> {
    let ids: BTreeSet<Uuid> = ids.into_iter().map(ClassId::uuid).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = store::titles(tx, organization, &crate::ids::json_list(ids)).await?;
    Ok(rows.into_iter().map(|(id, title)| (ClassId(id), title)).collect())
}

/// Whether there may be one class more; from here on nobody else adds any until the transaction ends.
///
/// # Errors
/// [`ApiError::Conflict`] `limit_classes`.
pub(in crate::classes) async fn room(tx: &mut Tx, organization: OrganizationId) -> Result<(), ApiError> {
    match limits::most(tx, organization, Limited::Classes).await? {
        Some(most) => limits::check(Limited::Classes, most, count(tx, organization).await? + 1),
        None => Ok(()),
    }
}

/// How many classes there are, archived ones not counted.
pub async fn count(tx: &mut Tx, organization: OrganizationId) -> Result<i64, ApiError> {
    Ok(store::count(tx, organization).await?)
}

/// The platforms of the classes that are not archived.
pub async fn platforms_in_use(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<Vec<ProviderName>, ApiError> {
    Ok(store::platforms(tx, organization).await?)
}
