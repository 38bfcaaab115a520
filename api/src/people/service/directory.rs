//! Finding people, and how they are shown.

use std::collections::HashMap;

use lectern_core::{
    ids::{OrganizationId, PersonId},
    role::Role,
    search::Asked,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    db::Tx,
    error::ApiError,
    list::{List, Paging},
    organizations::limits::{self, Limited},
    people::{Person, store},
    search::{self, service::Kind},
};

/// A person, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonView {
    /// Their id.
    pub id: Uuid,
    /// The host application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Address.
    pub email: String,
    /// Given and family name.
    pub name: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: Option<String>,
    /// 0 student, 1 instructor, 2 admin.
    pub role: i64,
    /// The same in a word.
    pub role_name: &'static str,
    /// An admin who may name owners.
    pub owner: bool,
    /// `en` or `bn`, when chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// IANA zone, when chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether they may sign in and join.
    pub active: bool,
}

impl From<&Person> for PersonView {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.uuid(),
            external_id: person.external_id.clone(),
            email: person.email.clone(),
            name: person.name(),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            role: person.role.number(),
            role_name: person.role.name(),
            owner: person.owner,
            language: person.language.clone(),
            time_zone: person.time_zone.clone(),
            active: person.active,
        }
    }
}

/// The person with the host application's id.
pub async fn find_by_external(
    tx: &mut Tx,
    organization: OrganizationId,
    external: &str,
) -> Result<Option<Person>, ApiError> {
    Ok(store::find_by_external(tx, organization, external).await?)
}

/// The user with this address, in the caller's transaction.
pub async fn find_by_email(
    tx: &mut Tx,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Person>, ApiError> {
    Ok(store::find_by_email(tx, organization, email).await?)
}

/// A person of this organization, in the caller's transaction.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: PersonId,
) -> Result<Option<Person>, ApiError> {
    Ok(store::find(tx, organization, id).await?)
}

/// Every user of an organization, in the order of their addresses.
pub async fn all(app: &App, organization: OrganizationId) -> Result<Vec<Person>, ApiError> {
    let mut tx = app.db.read(organization).await?;
    let mut all: Vec<Person> = Vec::new();
    loop {
        let after = all.last().map(|person| store::email_key(&person.email)).unwrap_or_default();
        let more = store::list(&mut tx, organization, &after, 200).await?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

/// The names of these people, for lists of other rooms; those unknown are left out.
pub async fn names(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: impl IntoIterator<Item = PersonId>,
) -> Result<std::collections::HashMap<PersonId, String>, ApiError> {
    let ids: std::collections::BTreeSet<uuid::Uuid> = ids.into_iter().map(PersonId::uuid).collect();
    if ids.is_empty() {
        return Ok(std::collections::HashMap::new());
    }
    let rows = store::names(tx, organization, &crate::ids::json_list(ids)).await?;
    let named = rows.into_iter().map(|(id, first, last)| match last {
        Some(last) => (PersonId(id), format!("{first} {last}")),
        None => (PersonId(id), first),
    });
    Ok(named.collect())
}

/// The host application's ids of these people; those without one are left out.
pub async fn external_ids(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: impl IntoIterator<Item = PersonId>,
) -> Result<std::collections::HashMap<PersonId, String>, ApiError> {
    let ids = crate::ids::json_list(ids.into_iter().map(PersonId::uuid));
    let rows = store::external_ids(tx, organization, &ids).await?;
    Ok(rows.into_iter().map(|(id, external)| (PersonId(id), external)).collect())
}

/// The active admins.
pub async fn admins(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<PersonId>, ApiError> {
    Ok(store::admins(tx, organization).await?)
}

/// People with words in name or address that begin as asked, guests too; at most 100.
pub async fn search(
    tx: &mut Tx,
    organization: OrganizationId,
    text: &str,
) -> Result<Vec<PersonId>, ApiError> {
    let Some(asked) = Asked::read(text) else { return Ok(Vec::new()) };
    let paging = Paging::new(Some(100), None)?;
    let mut found = search::service::find(tx, organization, Kind::User, &asked, &paging).await?.items;
    found.extend(search::service::find(tx, organization, Kind::Guest, &asked, &paging).await?.items);
    found.truncate(100);
    Ok(found.into_iter().map(PersonId).collect())
}

/// One page of the users, or of those with one role, by address; or, when something is asked for, of those with words in name or
/// address that begin so.
///
/// # Errors
/// [`ApiError::Invalid`] for a cursor that is none.
pub async fn page(
    tx: &mut Tx,
    organization: OrganizationId,
    asked: Option<&str>,
    role: Option<Role>,
    paging: &Paging,
) -> Result<List<Person>, ApiError> {
    let Some(text) = asked.filter(|text| !text.trim().is_empty()) else {
        let after = paging.text()?.unwrap_or_default();
        let people = match role {
            Some(role) => store::list_of_role(tx, organization, role, &after, paging.fetch()).await?,
            None => store::list(tx, organization, &after, paging.fetch()).await?,
        };
        return Ok(paging.list(people, |person| store::email_key(&person.email), |person| person));
    };
    let Some(asked) = Asked::read(text) else { return Ok(List::whole(Vec::new())) };
    let found = search::service::find_of_role(tx, organization, Kind::User, &asked, role, paging).await?;
    let people = store::of_ids(tx, organization, &crate::ids::json_list(found.items.iter().copied())).await?;
    let mut known: HashMap<Uuid, Person> =
        people.into_iter().map(|person| (person.id.uuid(), person)).collect();
    let items = found.items.iter().filter_map(|id| known.remove(id)).collect();
    Ok(List { items, next_cursor: found.next_cursor })
}

/// Whether there is an owner who may sign in.
pub async fn has_owner(tx: &mut Tx, organization: OrganizationId) -> Result<bool, ApiError> {
    Ok(store::has_owner(tx, organization).await?)
}

/// Whoever may teach, by name; at most 500.
pub async fn teachers(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Person>, ApiError> {
    Ok(store::teachers(tx, organization).await?)
}

/// How many people may sign in, counted up to a number.
pub async fn count_active(tx: &mut Tx, organization: OrganizationId, most: i64) -> Result<i64, ApiError> {
    Ok(store::count_active(tx, organization, most).await?)
}

/// Whether so many more people may sign in; from here on nobody else adds any until the transaction ends.
///
/// # Errors
/// [`ApiError::Conflict`] `limit_people`.
pub(in crate::people) async fn room(
    tx: &mut Tx,
    organization: OrganizationId,
    more: usize,
) -> Result<(), ApiError> {
    let Some(most) = limits::most(tx, organization, Limited::People).await? else { return Ok(()) };
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    let there = store::count_active(tx, organization, most).await?;
    limits::check(Limited::People, most, there.saturating_add(more))
}

/// How many who may sign in chose each language; without one, how many chose none.
pub async fn count_languages(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<Vec<(Option<String>, i64)>, ApiError> {
    Ok(store::count_languages(tx, organization).await?)
}

/// How many people have an account.
pub async fn count(tx: &mut Tx, organization: OrganizationId) -> Result<i64, ApiError> {
    Ok(store::count_users(tx, organization).await?)
}
