//! Making and changing classes, and what their options can be.

use std::collections::HashMap;

use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId},
    provider::ProviderName,
    role::Role,
    search::{Asked, words},
    secret::SecretString,
    settings::ClassSettings,
    text::is_hidden,
};
use lectern_providers::registry;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, Class, Shelf};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    list::{List, Paging},
    organizations, pasted_links, people,
    search::{self, service::Kind},
    totals,
};

/// Classes of one person among which is looked.
const MOST_OF_ONE: i64 = 1_000;

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

/// The class, when this person may teach it: an admin any, an instructor their own. Else it is not there.
pub async fn own(tx: &mut Tx, who: &SignedIn, id: ClassId) -> Result<Class, ApiError> {
    let class = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    match who.role {
        Role::Admin => Ok(class),
        Role::Instructor if class.instructor == who.person => Ok(class),
        _ => Err(ApiError::NotFound),
    }
}

/// The same, when it is not archived.
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

/// The class of an organization, whoever asks: for other rooms.
pub async fn find(tx: &mut Tx, organization: OrganizationId, id: ClassId) -> Result<Option<Class>, ApiError> {
    Ok(store::find(tx, organization, id).await?)
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
            join_url: super::links::class_link(app, class.id),
        }
    });
    Ok(views.collect())
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

/// Whether this person teaches or administers the class.
#[must_use]
pub fn may_manage(who: &SignedIn, class: &Class) -> bool {
    match who.role {
        Role::Admin => true,
        Role::Instructor => class.instructor == who.person,
        Role::Student => false,
    }
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

/// The titles of these classes, for lists of other rooms.
pub async fn titles(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: impl IntoIterator<Item = ClassId>,
) -> Result<std::collections::HashMap<ClassId, String>, ApiError> {
    let ids: std::collections::BTreeSet<Uuid> = ids.into_iter().map(ClassId::uuid).collect();
    if ids.is_empty() {
        return Ok(std::collections::HashMap::new());
    }
    let rows = store::titles(tx, organization, &crate::ids::json_list(ids)).await?;
    Ok(rows.into_iter().map(|(id, title)| (ClassId(id), title)).collect())
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

/// The class with the host application's id.
pub async fn find_by_external(
    tx: &mut Tx,
    organization: OrganizationId,
    external: &str,
) -> Result<Option<Class>, ApiError> {
    Ok(store::find_by_external(tx, organization, external).await?)
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
    let mut errors = Vec::new();
    let title = title(&new.title, &mut errors);
    let description = description(new.description.as_deref(), &mut errors);
    let external_id = external(new.external_id.as_deref(), &mut errors);
    let provider = new.provider.as_deref().map(|name| provider(app, name, &mut errors));
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let mut tx = app.db.begin(who.organization).await?;
    let instructor = instructor(&mut tx, who, new.instructor_id).await?;
    let settings = organizations::service::settings_in(&mut tx, who.organization).await?;
    let provider = provider.flatten().unwrap_or(settings.default_provider);
    organizations::service::check_aliases(&settings.policies, provider, "provider")?;
    let link = pasted(app, provider, new.link.as_ref())?;
    let class = Class {
        id: app.new_id(),
        external_id,
        title,
        description,
        instructor,
        provider,
        settings: ClassSettings::default(),
        active: true,
        created_at: app.clock.now(),
    };
    store::insert(&mut tx, who.organization, &class).await.map_err(taken)?;
    if let Some(url) = link {
        pasted_links::service::keep(app, &mut tx, who.organization, class.id, class.id.uuid(), &url).await?;
    }
    audit::store::insert(
        &mut tx,
        &app.entry(who.organization, EntryKind::ClassCreated, who.actor()).class(class.id),
    )
    .await?;
    tx.commit().await?;
    Ok(class)
}

fn taken(error: crate::db::StoreError) -> ApiError {
    if error.is_taken() {
        return ApiError::conflict(
            "taken",
            "Something here already has this external_id.",
            "Find it with ?external_id= or send another id.",
        );
    }
    error.into()
}

fn title(text: &str, errors: &mut Vec<FieldError>) -> String {
    people::service::one_line(text, 200)
        .map_err(|message| errors.push(FieldError::new("title", message)))
        .unwrap_or_default()
}

pub(crate) fn description(text: Option<&str>, errors: &mut Vec<FieldError>) -> String {
    let text = text.unwrap_or_default().trim();
    if text.chars().count() > 2_000 {
        errors.push(FieldError::new("description", "At most 2000 characters."));
    }
    if text.chars().any(|c| is_hidden(c) && c != '\n' && c != '\r') {
        errors.push(FieldError::new("description", "Control characters are not possible here."));
    }
    text.replace("\r\n", "\n")
}

pub(crate) fn external(text: Option<&str>, errors: &mut Vec<FieldError>) -> Option<String> {
    text.and_then(|text| {
        people::service::one_line(text, 200)
            .map_err(|message| errors.push(FieldError::new("external_id", message)))
            .ok()
    })
}

/// A class's platform by its word.
pub(super) fn provider(app: &App, name: &str, errors: &mut Vec<FieldError>) -> Option<ProviderName> {
    let links = app.config.platforms.has_links();
    let here = |name: &ProviderName| {
        registry::AVAILABLE.contains(name) || links && registry::needs_no_account(*name)
    };
    let known = registry::named(name).ok().filter(here);
    if known.is_none() {
        errors.push(FieldError::new("provider", "This platform is not available here."));
    }
    known
}

/// The link of a class on a platform that lives by one; on any other there is none.
pub(super) fn pasted(
    app: &App,
    provider: ProviderName,
    link: Option<&SecretString>,
) -> Result<Option<Url>, ApiError> {
    match (pasted_links::service::lives_by_one(provider), link) {
        (true, Some(link)) => pasted_links::service::read(app, link).map(Some),
        (true, None) => Err(ApiError::field("link", "Paste the address of the meeting.")),
        (false, Some(_)) => {
            Err(ApiError::field("link", "Lectern makes the meeting on this platform. Leave the link out."))
        }
        (false, None) => Ok(None),
    }
}

/// Whom a class or a page is of: an admin may name anybody who teaches, others only themselves.
pub(crate) async fn instructor(
    tx: &mut Tx,
    who: &SignedIn,
    asked: Option<Uuid>,
) -> Result<PersonId, ApiError> {
    let wrong = |message: &str| ApiError::field("instructor_id", message);
    let id = match (who.role, asked) {
        (Role::Admin, Some(id)) => PersonId(id),
        (_, Some(id)) if PersonId(id) != who.person => {
            return Err(wrong("Only an admin can name somebody else."));
        }
        _ => who.person().map_err(|_| wrong("An API key must name the instructor."))?,
    };
    let person = people::service::find(tx, who.organization, id).await?.filter(|person| person.active);
    match person {
        Some(person) if person.role != Role::Student => Ok(person.id),
        Some(_) => Err(wrong("This person is a student. Make them an instructor first.")),
        None => Err(wrong("There is nobody with this id here.")),
    }
}

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
    let mut class = own(&mut tx, who, id).await?;
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
        crate::cohorts::keeping::class_handed_over(app, &mut tx, &sealer, who, class.id).await?;
    }
    crate::sessions::service::class_changed(app, &mut tx, who.organization, class.id).await?;
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
    let mut class = own(&mut tx, who, id).await?;
    crate::sessions::service::cancel_coming(app, &mut tx, &sealer, who, &class).await?;
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
        crate::join::service::revoke_seats(app, tx, organization, enrollment.class, person).await?;
    }
    Ok(())
}
