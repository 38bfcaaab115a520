//! Classes, and the route from each to its organization.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId},
    locks::Locks,
    provider::ProviderName,
    search::words,
    settings::ClassSettings,
};
use lectern_providers::registry;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run,
    search::{self, service::Kind},
    statement,
};

/// A class.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its id.
    pub id: ClassId,
    /// The host application's id.
    pub external_id: Option<String>,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Who teaches it.
    pub instructor: PersonId,
    /// On which platform.
    pub provider: ProviderName,
    /// Its options: as wished, under what the organization locked.
    pub settings: ClassSettings,
    /// Its options as wished, kept while they are locked otherwise.
    pub wishes: ClassSettings,
    /// What the organization locked when the class was read.
    pub locks: Locks,
    /// Not archived.
    pub active: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    external_id: Option<String>,
    title: String,
    description: String,
    instructor_id: Uuid,
    provider: String,
    settings: Json<ClassSettings>,
    locks: Json<Locks>,
    state: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Class {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            external_id: row.external_id,
            title: row.title,
            description: row.description,
            instructor: row.instructor_id.into(),
            provider: registry::named(&row.provider)
                .map_err(|error| StoreError::corrupt("classes", error))?,
            settings: row.locks.0.over(&row.settings.0),
            wishes: row.settings.0,
            locks: row.locks.0,
            active: row.state == "active",
            created_at: row.created_at,
        })
    }
}

macro_rules! class_columns {
    ($rest:literal) => {
        class_columns!(concat $rest)
    };
    (concat $($part:expr),+ $(,)?) => {
        concat!("select id, external_id, title, description, instructor_id, provider, settings, state, created_at, (select o.locks from organization_settings o where o.organization_id = $1) as locks from classes ", $($part),+)
    };
}

/// Active classes, newest first, before one ($2) and so many ($3); $4 is the person, where there is one.
macro_rules! page {
    ($whose:literal) => {
        class_columns!(concat "where organization_id = $1 and state = 'active' and id < $2 and ", $whose, " order by id desc limit $3")
    };
    // Of one tab: with something to come after $5, or nothing scheduled ever ($6 = 0); or with only a past ($6 = 1).
    (tab $whose:literal) => {
        page!(tab $whose, "$5", "$6")
    };
    (tab $whose:literal, $now:literal, $tab:literal) => {
        class_columns!(concat "where organization_id = $1 and state = 'active' and id < $2 and ", $whose,
            " and case when exists (select 1 from sessions s where s.organization_id = $1 and s.class_id = classes.id and s.state in ('scheduled', 'live') and (s.state = 'live' or s.ends_at > ", $now, ")) then 0
                      when exists (select 1 from sessions s where s.organization_id = $1 and s.class_id = classes.id) then 1 else 0 end = ", $tab,
            " order by id desc limit $3")
    };
}

statement!(tenant INSERT, "insert into classes (id, organization_id, external_id, title, description, instructor_id, provider, settings, state, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, 'active', $9, $9)");
statement!(system INSERT_ROUTE, "insert into class_routes (class_id, organization_id) values ($1, $2)");
statement!(tenant FIND, class_columns!("where organization_id = $1 and id = $2"));
statement!(tenant FIND_TO_CHANGE,
    sqlite: class_columns!("where organization_id = $1 and id = $2"),
    postgres: class_columns!("where organization_id = $1 and id = $2 for update"));
statement!(tenant FIND_BY_EXTERNAL, class_columns!("where organization_id = $1 and external_id = $2"));
// One text for each reader: a condition that may be absent keeps SQLite from going by the index that serves it.
statement!(tenant LIST_ALL, page!("true"));
statement!(tenant LIST_TAUGHT, page!("instructor_id = $4"));
statement!(tenant LIST_ENROLLED, page!("id in (select e.class_id from enrollments e where e.organization_id = $1 and e.person_id = $4 and e.state = 'active')"));
statement!(tenant TAB_ALL, page!(tab "true", "$4", "$5"));
statement!(tenant TAB_TAUGHT, page!(tab "instructor_id = $4"));
statement!(tenant TAB_ENROLLED, page!(tab "id in (select e.class_id from enrollments e where e.organization_id = $1 and e.person_id = $4 and e.state = 'active')"));
statement!(tenant OF_IDS,
    sqlite: class_columns!("where organization_id = $1 and state = 'active' and id in (select unhex(value) from json_each($2))"),
    postgres: class_columns!("where organization_id = $1 and state = 'active' and id = any(array(select value::uuid from json_array_elements_text($2::json)))"));
statement!(tenant WITHOUT_WORDS, class_columns!("where organization_id = $1 and state = 'active' and id > $2
    and not exists (select 1 from search_words w where w.organization_id = classes.organization_id and w.kind = 'class' and w.of_id = classes.id) order by id limit $3"));
statement!(tenant TITLES,
    sqlite: "select id, title from classes where organization_id = $1 and id in (select unhex(value) from json_each($2))",
    postgres: "select id, title from classes where organization_id = $1 and id = any(array(select value::uuid from json_array_elements_text($2::json)))");
statement!(tenant HOLD,
    sqlite: class_columns!("where organization_id = $1 and id in (select unhex(value) from json_each($2)) order by id"),
    postgres: class_columns!("where organization_id = $1 and id = any(array(select value::uuid from json_array_elements_text($2::json))) order by id for no key update"));
statement!(tenant COUNT, "select count(*) from classes where organization_id = $1 and state = 'active'");
statement!(tenant PLATFORMS, "select distinct provider from classes where organization_id = $1 and state = 'active' order by provider");
statement!(tenant UPDATE, "update classes set title = $3, description = $4, instructor_id = $5, provider = $6, settings = $7, state = $8, external_id = $9, updated_at = $10 where organization_id = $1 and id = $2");

/// Adds a class and the route to its organization.
pub async fn insert(tx: &mut Tx, organization: OrganizationId, class: &Class) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            class.id.uuid(),
            organization.uuid(),
            class.external_id.as_deref(),
            &class.title,
            &class.description,
            class.instructor.uuid(),
            class.provider.as_str(),
            Json(&class.wishes),
            class.created_at
        ]
    )?;
    run!(execute, tx, INSERT_ROUTE, [class.id.uuid(), organization.uuid()])?;
    keep_words(tx, organization, std::slice::from_ref(class)).await
}

/// From now on these classes are found by the titles they have; archived ones are not found.
pub async fn keep_words(
    tx: &mut Tx,
    organization: OrganizationId,
    classes: &[Class],
) -> Result<(), StoreError> {
    let words = |class: &Class| if class.active { words(&class.title) } else { BTreeSet::new() };
    let words: Vec<_> = classes.iter().map(|class| (class.id.uuid(), words(class))).collect();
    search::service::keep(tx, organization, Kind::Class, &words).await
}

/// Classes whom no word finds yet, behind an id.
pub async fn without_words(
    tx: &mut Tx,
    organization: OrganizationId,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Class>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, WITHOUT_WORDS, [organization.uuid(), after, limit])?;
    rows.into_iter().map(Class::try_from).collect()
}

/// Those of these classes that are not archived.
pub async fn of_ids(tx: &mut Tx, organization: OrganizationId, ids: &str) -> Result<Vec<Class>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, OF_IDS, [organization.uuid(), ids])?;
    rows.into_iter().map(Class::try_from).collect()
}

/// A class.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ClassId,
) -> Result<Option<Class>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND, [organization.uuid(), id.uuid()])?;
    row.map(Class::try_from).transpose()
}

/// The class with the host application's id.
pub async fn find_by_external(
    tx: &mut Tx,
    organization: OrganizationId,
    external: &str,
) -> Result<Option<Class>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND_BY_EXTERNAL, [organization.uuid(), external])?;
    row.map(Class::try_from).transpose()
}

/// Whose classes to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// All there are.
    All,
    /// Taught by somebody.
    TaughtBy(PersonId),
    /// Somebody is enrolled in them.
    EnrolledBy(PersonId),
}

/// Classes, newest first, before one.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    shelf: Shelf,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Class>, StoreError> {
    let of = organization.uuid();
    let rows: Vec<Row> = match shelf {
        Shelf::All => run!(all, tx, LIST_ALL, [of, before, limit])?,
        Shelf::TaughtBy(person) => run!(all, tx, LIST_TAUGHT, [of, before, limit, person.uuid()])?,
        Shelf::EnrolledBy(person) => run!(all, tx, LIST_ENROLLED, [of, before, limit, person.uuid()])?,
    };
    rows.into_iter().map(Class::try_from).collect()
}

/// Writes what may change.
pub async fn update(
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        UPDATE,
        [
            organization.uuid(),
            class.id.uuid(),
            &class.title,
            &class.description,
            class.instructor.uuid(),
            class.provider.as_str(),
            Json(&class.wishes),
            if class.active { "active" } else { "archived" },
            class.external_id.as_deref(),
            now
        ]
    )?;
    keep_words(tx, organization, std::slice::from_ref(class)).await
}

/// Classes of one tab, newest first, before one: those with something to come or nothing yet, or those with only a past.
pub async fn list_tab(
    tx: &mut Tx,
    organization: OrganizationId,
    shelf: Shelf,
    (previous, now): (bool, DateTime<Utc>),
    before: Uuid,
    limit: i64,
) -> Result<Vec<Class>, StoreError> {
    let (of, tab) = (organization.uuid(), i32::from(previous));
    let rows: Vec<Row> = match shelf {
        Shelf::All => run!(all, tx, TAB_ALL, [of, before, limit, now, tab])?,
        Shelf::TaughtBy(person) => run!(all, tx, TAB_TAUGHT, [of, before, limit, person.uuid(), now, tab])?,
        Shelf::EnrolledBy(person) => {
            run!(all, tx, TAB_ENROLLED, [of, before, limit, person.uuid(), now, tab])?
        }
    };
    rows.into_iter().map(Class::try_from).collect()
}

/// The titles of these classes.
pub async fn titles(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: &str,
) -> Result<Vec<(Uuid, String)>, StoreError> {
    Ok(run!(all, tx, TITLES, [organization.uuid(), ids])?)
}

/// How many classes there are, archived ones not counted.
pub async fn count(tx: &mut Tx, organization: OrganizationId) -> Result<i64, StoreError> {
    Ok(run!(value, tx, COUNT, [organization.uuid()])?)
}

/// The platforms of the classes that are not archived.
pub async fn platforms(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<ProviderName>, StoreError> {
    let words: Vec<(String,)> = run!(all, tx, PLATFORMS, [organization.uuid()])?;
    let known =
        |(word,): (String,)| registry::named(&word).map_err(|error| StoreError::corrupt("classes", error));
    words.into_iter().map(known).collect()
}

/// A class that nobody else changes until the transaction ends.
pub async fn find_to_change(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ClassId,
) -> Result<Option<Class>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND_TO_CHANGE, [organization.uuid(), id.uuid()])?;
    row.map(Class::try_from).transpose()
}

/// These classes; nobody else who holds them goes on until the transaction ends.
pub async fn hold(tx: &mut Tx, organization: OrganizationId, ids: &str) -> Result<Vec<Class>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, HOLD, [organization.uuid(), ids])?;
    rows.into_iter().map(Class::try_from).collect()
}
