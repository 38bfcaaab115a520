//! People of one organization: those with an account, and guests.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{OrganizationId, PersonId},
    role::Role,
    search::words_of_person,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run,
    search::{self, service::Kind},
    statement,
};

/// Whether somebody has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonKind {
    /// Signs in.
    User,
    /// Invited by e-mail.
    Guest,
}

impl PersonKind {
    const fn found_as(self) -> Kind {
        match self {
            Self::User => Kind::User,
            Self::Guest => Kind::Guest,
        }
    }
}

/// A person of one organization.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// User or guest.
    pub kind: PersonKind,
    /// The host application's id.
    pub external_id: Option<String>,
    /// As written.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// An admin who may name owners.
    pub owner: bool,
    /// Argon2id.
    pub password_hash: Option<String>,
    /// May sign in and join.
    pub active: bool,
    /// Chosen language.
    pub language: Option<String>,
    /// Chosen IANA zone.
    pub time_zone: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl Person {
    /// Given and family name.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.last_name {
            Some(last) => format!("{} {last}", self.first_name),
            None => self.first_name.clone(),
        }
    }
}

/// The address by which people are told apart.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

#[derive(FromRow)]
pub(super) struct Row {
    id: Uuid,
    kind: String,
    external_id: Option<String>,
    email: String,
    first_name: String,
    last_name: Option<String>,
    role: i64,
    owner: bool,
    password_hash: Option<String>,
    state: String,
    language: Option<String>,
    time_zone: Option<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Person {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            kind: if row.kind == "guest" { PersonKind::Guest } else { PersonKind::User },
            external_id: row.external_id,
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            role: Role::try_from(row.role).map_err(|error| StoreError::corrupt("people", error))?,
            owner: row.owner,
            password_hash: row.password_hash,
            active: row.state == "active",
            language: row.language,
            time_zone: row.time_zone,
            created_at: row.created_at,
        })
    }
}

macro_rules! person_columns {
    ($rest:literal) => {
        concat!(
            "select id, kind, external_id, email, first_name, last_name, role, owner, password_hash, state, language, time_zone, created_at from people ",
            $rest
        )
    };
}
pub(super) use person_columns;

statement!(tenant INSERT, "insert into people (id, organization_id, kind, external_id, subject, email, email_key, first_name, last_name, role, owner, password_hash, state, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'active', $13, $13)");
statement!(tenant FIND, person_columns!("where organization_id = $1 and id = $2"));
statement!(tenant FIND_TO_CHANGE,
    sqlite: person_columns!("where organization_id = $1 and id = $2"),
    postgres: person_columns!("where organization_id = $1 and id = $2 for update"));
statement!(tenant FIND_BY_EMAIL, person_columns!("where organization_id = $1 and email_key = $2 and kind = 'user'"));
statement!(tenant FIND_BY_SUBJECT, person_columns!("where organization_id = $1 and subject = $2"));
statement!(tenant FIND_BY_EXTERNAL, person_columns!("where organization_id = $1 and external_id = $2"));
statement!(tenant LIST, person_columns!("where organization_id = $1 and kind = 'user' and email_key > $2 order by email_key limit $3"));
statement!(tenant LIST_OF_ROLE, person_columns!("where organization_id = $1 and kind = 'user' and role = $4 and email_key > $2 order by email_key limit $3"));
statement!(tenant HAS_OWNER, "select count(*) from (select 1 from people where organization_id = $1 and kind = 'user' and role = 2 and owner and state = 'active' limit 1) as found");
statement!(tenant HAS_SUBJECT, "select subject is not null from people where organization_id = $1 and id = $2");
statement!(tenant ADOPT, "update people set subject = $3, external_id = coalesce(external_id, $3), updated_at = $4 where organization_id = $1 and id = $2");
statement!(tenant UPDATE, "update people set first_name = $3, last_name = $4, role = $5, owner = $6, state = $7, language = $8, external_id = $9, time_zone = $11, updated_at = $10
    where organization_id = $1 and id = $2");
statement!(tenant SET_PASSWORD, "update people set password_hash = $3, updated_at = $4 where organization_id = $1 and id = $2");
statement!(tenant COUNT_ACTIVE, "select count(*) from (select 1 from people where organization_id = $1 and kind = 'user' and state = 'active' limit $2) as found");
statement!(tenant COUNT_USERS, "select count(*) from people where organization_id = $1 and kind = 'user'");
statement!(tenant COUNT_LANGUAGES, "select language, count(*) from people where organization_id = $1 and kind = 'user' and state = 'active' group by language");
statement!(tenant NAMES,
    sqlite: "select id, first_name, last_name from people where organization_id = $1 and id in (select unhex(value) from json_each($2))",
    postgres: "select id, first_name, last_name from people where organization_id = $1 and id = any(array(select value::uuid from json_array_elements_text($2::json)))");
statement!(tenant EXTERNAL_IDS,
    sqlite: "select id, external_id from people where organization_id = $1 and external_id is not null and id in (select unhex(value) from json_each($2))",
    postgres: "select id, external_id from people where organization_id = $1 and external_id is not null and id = any(array(select value::uuid from json_array_elements_text($2::json)))");
statement!(tenant ADMINS, "select id from people where organization_id = $1 and kind = 'user' and state = 'active' and role = 2 order by id");
statement!(tenant TEACHERS, person_columns!("where organization_id = $1 and kind = 'user' and state = 'active' and role >= 1 order by first_name, last_name, id limit 500"));

statement!(tenant WITHOUT_WORDS, person_columns!("where organization_id = $1 and id > $2
    and not exists (select 1 from search_words w where w.organization_id = people.organization_id and w.kind = people.kind and w.of_id = people.id) order by id limit $3"));

/// Somebody new.
#[derive(Debug)]
pub struct NewPerson<'a> {
    /// Their id.
    pub id: PersonId,
    /// User or guest.
    pub kind: PersonKind,
    /// The host application's id.
    pub external_id: Option<&'a str>,
    /// The host application's token subject.
    pub subject: Option<&'a str>,
    /// Address.
    pub email: &'a str,
    /// Given name.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: Option<&'a str>,
    /// Role.
    pub role: Role,
    /// Owner flag.
    pub owner: bool,
    /// Argon2id.
    pub password_hash: Option<&'a str>,
}

/// Adds a person.
///
/// # Errors
/// [`StoreError::is_taken`] when address, external id or subject belongs to somebody else.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    person: &NewPerson<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kind = if person.kind == PersonKind::Guest { "guest" } else { "user" };
    run!(
        execute,
        tx,
        INSERT,
        [
            person.id.uuid(),
            organization.uuid(),
            kind,
            person.external_id,
            person.subject,
            person.email,
            email_key(person.email),
            person.first_name,
            person.last_name,
            person.role.number(),
            person.owner,
            person.password_hash,
            now
        ]
    )?;
    let name = match person.last_name {
        Some(last) => format!("{} {last}", person.first_name),
        None => person.first_name.to_owned(),
    };
    let words = words_of_person(&name, person.email);
    search::service::keep(tx, organization, person.kind.found_as(), &[(person.id.uuid(), words)]).await
}

/// From now on these people are found by the names and addresses they have.
pub async fn keep_words(
    tx: &mut Tx,
    organization: OrganizationId,
    people: &[Person],
) -> Result<(), StoreError> {
    for kind in [PersonKind::User, PersonKind::Guest] {
        let of_kind = people.iter().filter(|person| person.kind == kind);
        let words: Vec<_> = of_kind
            .map(|person| (person.id.uuid(), words_of_person(&person.name(), &person.email)))
            .collect();
        if !words.is_empty() {
            search::service::keep(tx, organization, kind.found_as(), &words).await?;
        }
    }
    Ok(())
}

/// People whom no word finds yet, behind an id.
pub async fn without_words(
    tx: &mut Tx,
    organization: OrganizationId,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Person>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, WITHOUT_WORDS, [organization.uuid(), after, limit])?;
    rows.into_iter().map(Person::try_from).collect()
}

/// A person of this organization.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: PersonId,
) -> Result<Option<Person>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND, [organization.uuid(), id.uuid()])?;
    row.map(Person::try_from).transpose()
}

/// The same, and nobody else changes them until the transaction ends: all columns are written together.
pub async fn find_to_change(
    tx: &mut Tx,
    organization: OrganizationId,
    id: PersonId,
) -> Result<Option<Person>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND_TO_CHANGE, [organization.uuid(), id.uuid()])?;
    row.map(Person::try_from).transpose()
}

async fn find_by(
    tx: &mut Tx,
    statement: crate::db::Statement,
    organization: OrganizationId,
    value: &str,
) -> Result<Option<Person>, StoreError> {
    let row: Option<Row> = run!(optional, tx, statement, [organization.uuid(), value])?;
    row.map(Person::try_from).transpose()
}

/// The user with this address.
pub async fn find_by_email(
    tx: &mut Tx,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Person>, StoreError> {
    find_by(tx, FIND_BY_EMAIL, organization, &email_key(email)).await
}

/// The person the host application's tokens name so.
pub async fn find_by_subject(
    tx: &mut Tx,
    organization: OrganizationId,
    subject: &str,
) -> Result<Option<Person>, StoreError> {
    find_by(tx, FIND_BY_SUBJECT, organization, subject).await
}

/// The person with the host application's id.
pub async fn find_by_external(
    tx: &mut Tx,
    organization: OrganizationId,
    external: &str,
) -> Result<Option<Person>, StoreError> {
    find_by(tx, FIND_BY_EXTERNAL, organization, external).await
}

/// Users in the order of their addresses, after one.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    after: &str,
    limit: i64,
) -> Result<Vec<Person>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, LIST, [organization.uuid(), after, limit])?;
    rows.into_iter().map(Person::try_from).collect()
}

/// The same, of those with this role.
pub async fn list_of_role(
    tx: &mut Tx,
    organization: OrganizationId,
    role: Role,
    after: &str,
    limit: i64,
) -> Result<Vec<Person>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, LIST_OF_ROLE, [organization.uuid(), after, limit, role.number()])?;
    rows.into_iter().map(Person::try_from).collect()
}

/// Whether an owner may sign in.
pub async fn has_owner(tx: &mut Tx, organization: OrganizationId) -> Result<bool, StoreError> {
    let found: i64 = run!(value, tx, HAS_OWNER, [organization.uuid()])?;
    Ok(found > 0)
}

/// Whether a host application's token already named this person.
pub async fn has_subject(
    tx: &mut Tx,
    organization: OrganizationId,
    id: PersonId,
) -> Result<bool, StoreError> {
    Ok(run!(value, tx, HAS_SUBJECT, [organization.uuid(), id.uuid()])?)
}

/// From now on this subject is this person.
pub async fn adopt(
    tx: &mut Tx,
    organization: OrganizationId,
    id: PersonId,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, ADOPT, [organization.uuid(), id.uuid(), subject, now])?;
    Ok(())
}

/// Writes what may change of a person.
pub async fn update(
    tx: &mut Tx,
    organization: OrganizationId,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        UPDATE,
        [
            organization.uuid(),
            person.id.uuid(),
            &person.first_name,
            person.last_name.as_deref(),
            person.role.number(),
            person.owner,
            if person.active { "active" } else { "disabled" },
            person.language.as_deref(),
            person.external_id.as_deref(),
            now,
            person.time_zone.as_deref()
        ]
    )?;
    keep_words(tx, organization, std::slice::from_ref(person)).await
}

/// Sets the password's hash.
pub async fn set_password(
    tx: &mut Tx,
    organization: OrganizationId,
    id: PersonId,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, SET_PASSWORD, [organization.uuid(), id.uuid(), hash, now])?;
    Ok(())
}

/// How many users may sign in, counted up to a number.
pub async fn count_active(tx: &mut Tx, organization: OrganizationId, most: i64) -> Result<i64, StoreError> {
    Ok(run!(value, tx, COUNT_ACTIVE, [organization.uuid(), most])?)
}

/// How many users there are.
pub async fn count_users(tx: &mut Tx, organization: OrganizationId) -> Result<i64, StoreError> {
    Ok(run!(value, tx, COUNT_USERS, [organization.uuid()])?)
}

/// How many who may sign in chose each language; without one, how many chose none.
pub async fn count_languages(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<Vec<(Option<String>, i64)>, StoreError> {
    Ok(run!(all, tx, COUNT_LANGUAGES, [organization.uuid()])?)
}

/// Given and family names of these people; those unknown are left out.
pub async fn names(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: &str,
) -> Result<Vec<(Uuid, String, Option<String>)>, StoreError> {
    Ok(run!(all, tx, NAMES, [organization.uuid(), ids])?)
}

/// The host application's ids of these people; those without one are left out.
pub async fn external_ids(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: &str,
) -> Result<Vec<(Uuid, String)>, StoreError> {
    Ok(run!(all, tx, EXTERNAL_IDS, [organization.uuid(), ids])?)
}

/// The active admins.
pub async fn admins(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<PersonId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, ADMINS, [organization.uuid()])?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// Whoever may teach, by name.
pub async fn teachers(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Person>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, TEACHERS, [organization.uuid()])?;
    rows.into_iter().map(Person::try_from).collect()
}
