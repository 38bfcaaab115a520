//! Classes, and the route from each to its organization.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId},
    provider::ProviderName,
    settings::ClassSettings,
};
use lectern_providers::registry;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
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
    /// Its options.
    pub settings: ClassSettings,
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
            settings: row.settings.0,
            active: row.state == "active",
            created_at: row.created_at,
        })
    }
}

macro_rules! class_columns {
    ($rest:literal) => {
        concat!("select id, external_id, title, description, instructor_id, provider, settings, state, created_at from classes ", $rest)
    };
}

/// Active classes of one tab: with something to come or nothing scheduled ever ($7 = 0), or with only a past ($7 = 1).
macro_rules! tab_columns {
    ($id:literal) => {
        concat!(
            "select id, external_id, title, description, instructor_id, provider, settings, state, created_at from classes
             where organization_id = $1 and state = 'active' and ($2", $id, " is null or instructor_id = $2)
             and ($3", $id, " is null or id in (select class_id from enrollments where organization_id = $1 and person_id = $3 and state = 'active'))
             and ($4", $id, " is null or id < $4)
             and case when exists (select 1 from sessions s where s.organization_id = $1 and s.class_id = classes.id and (s.state = 'live' or (s.state = 'scheduled' and s.ends_at > $6))) then 0
                      when exists (select 1 from sessions s where s.organization_id = $1 and s.class_id = classes.id) then 1 else 0 end = $7
             order by id desc limit $5"
        )
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
statement!(tenant LIST,
    sqlite: class_columns!("where organization_id = $1 and state = 'active' and ($2 is null or instructor_id = $2)
        and ($3 is null or id in (select class_id from enrollments where organization_id = $1 and person_id = $3 and state = 'active'))
        and ($4 is null or id < $4) order by id desc limit $5"),
    postgres: class_columns!("where organization_id = $1 and state = 'active' and ($2::uuid is null or instructor_id = $2)
        and ($3::uuid is null or id in (select class_id from enrollments where organization_id = $1 and person_id = $3 and state = 'active'))
        and ($4::uuid is null or id < $4) order by id desc limit $5"));
statement!(tenant LIST_TAB,
    sqlite: tab_columns!(""),
    postgres: tab_columns!("::uuid"));
statement!(tenant TITLES,
    sqlite: "select id, title from classes where organization_id = $1 and id in (select unhex(value) from json_each($2))",
    postgres: "select id, title from classes where organization_id = $1 and id in (select value::uuid from json_array_elements_text($2::json))");
statement!(tenant HOLD,
    sqlite: class_columns!("where organization_id = $1 and id in (select unhex(value) from json_each($2)) order by id"),
    postgres: class_columns!("where organization_id = $1 and id in (select value::uuid from json_array_elements_text($2::json)) order by id for no key update"));
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
            Json(&class.settings),
            class.created_at
        ]
    )?;
    run!(execute, tx, INSERT_ROUTE, [class.id.uuid(), organization.uuid()])?;
    Ok(())
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
#[derive(Clone, Copy, Debug, Default)]
pub struct ClassFilter {
    /// Taught by.
    pub instructor: Option<PersonId>,
    /// Enrolled in.
    pub member: Option<PersonId>,
    /// Older than this one.
    pub before: Option<Uuid>,
}

/// Classes, newest first.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: ClassFilter,
    limit: i64,
) -> Result<Vec<Class>, StoreError> {
    let rows: Vec<Row> = run!(
        all,
        tx,
        LIST,
        [
            organization.uuid(),
            filter.instructor.map(PersonId::uuid),
            filter.member.map(PersonId::uuid),
            filter.before,
            limit
        ]
    )?;
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
            Json(&class.settings),
            if class.active { "active" } else { "archived" },
            class.external_id.as_deref(),
            now
        ]
    )?;
    Ok(())
}

/// Classes of one tab, newest first: those with something to come or nothing yet, or those with only a past.
pub async fn list_tab(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: ClassFilter,
    (previous, now): (bool, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Class>, StoreError> {
    let rows: Vec<Row> = run!(
        all,
        tx,
        LIST_TAB,
        [
            organization.uuid(),
            filter.instructor.map(|id| id.uuid()),
            filter.member.map(|id| id.uuid()),
            filter.before,
            limit,
            now,
            i32::from(previous)
        ]
    )?;
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
