//! Many people at once: for lists that come from elsewhere. All in the caller's transaction.

use std::collections::HashMap;

use lectern_core::ids::{OrganizationId, PersonId};
use serde_json::json;
use uuid::Uuid;

use super::directory::room;
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::{StoreError, Tx},
    error::ApiError,
    people::{
        Person,
        store::{self, email_key},
    },
};

/// Rows that one statement takes.
const AT_A_TIME: usize = 500;

/// A student without a password, to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStudent {
    /// Their id.
    pub id: PersonId,
    /// Address: nobody here has it.
    pub email: String,
    /// Given name, or the whole one.
    pub first_name: String,
    /// Family name.
    pub last_name: Option<String>,
    /// The host application's id: nobody here has it.
    pub external_id: Option<String>,
    /// Chosen language.
    pub language: Option<String>,
    /// Chosen IANA zone.
    pub time_zone: Option<String>,
}

/// The users with these addresses, by [`email_key`].
pub async fn of_addresses(
    tx: &mut Tx,
    organization: OrganizationId,
    keys: &[String],
) -> Result<HashMap<String, Person>, ApiError> {
    let mut found = HashMap::with_capacity(keys.len());
    for some in keys.chunks(AT_A_TIME) {
        for person in store::of_addresses(tx, organization, some).await? {
            found.insert(email_key(&person.email), person);
        }
    }
    Ok(found)
}

/// Who has each of these ids of the host application.
pub async fn holders(
    tx: &mut Tx,
    organization: OrganizationId,
    external_ids: &[String],
) -> Result<HashMap<String, PersonId>, ApiError> {
    let mut found = HashMap::new();
    for some in external_ids.chunks(AT_A_TIME) {
        let rows = store::holders(tx, organization, some).await?;
        found.extend(rows.into_iter().map(|(external, person)| (external, PersonId(person))));
    }
    Ok(found)
}

/// These people; those unknown are left out.
pub async fn of_ids(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: &[PersonId],
) -> Result<Vec<Person>, ApiError> {
    Ok(store::of_ids(tx, organization, &crate::ids::json_list(ids.iter().map(|id| id.uuid()))).await?)
}

/// Somebody else was faster.
fn taken(error: StoreError) -> ApiError {
    if error.is_taken() {
        return ApiError::conflict(
            "changed_meanwhile",
            "Somebody with one of these addresses or external ids was added just now.",
            "Send the list again.",
        );
    }
    error.into()
}

/// Makes students.
pub async fn make_students(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    by: Actor,
    students: &[NewStudent],
) -> Result<(), ApiError> {
    if !students.is_empty() {
        room(tx, organization, students.len()).await?;
    }
    for some in students.chunks(AT_A_TIME) {
        let rows = some.iter().map(|new| {
            json!({
                "id": new.id.uuid().simple().to_string(), "email": new.email, "email_key": email_key(&new.email),
                "first_name": new.first_name, "last_name": new.last_name, "external_id": new.external_id,
                "language": new.language, "time_zone": new.time_zone,
            })
        });
        let made =
            store::insert_students(tx, organization, &json!(rows.collect::<Vec<_>>()), app.clock.now()).await;
        made.map_err(taken)?;
        let ids = some.iter().map(|new| new.id);
        keep_words(tx, organization, ids.clone()).await?;
        write_down(app, tx, organization, (EntryKind::PersonCreated, by), ids).await?;
    }
    Ok(())
}

/// Writes names, language, zone and the host application's id of students. Whoever is more than a student stays as they are.
pub async fn change_students(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    by: Actor,
    students: &[Person],
) -> Result<(), ApiError> {
    for some in students.chunks(AT_A_TIME) {
        let rows = some.iter().map(|person| {
            json!({
                "id": person.id.uuid().simple().to_string(), "first_name": person.first_name, "last_name": person.last_name,
                "external_id": person.external_id, "language": person.language, "time_zone": person.time_zone,
            })
        });
        let changed =
            store::update_students(tx, organization, &json!(rows.collect::<Vec<_>>()), app.clock.now()).await;
        changed.map_err(taken)?;
        let ids = some.iter().map(|person| person.id);
        keep_words(tx, organization, ids.clone()).await?;
        write_down(app, tx, organization, (EntryKind::PersonChanged, by), ids).await?;
    }
    Ok(())
}

/// They are found by what is written of them now.
async fn keep_words(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: impl Iterator<Item = PersonId>,
) -> Result<(), ApiError> {
    let people = store::of_ids(tx, organization, &crate::ids::json_list(ids.map(PersonId::uuid))).await?;
    Ok(store::keep_words(tx, organization, &people).await?)
}

/// Gives words to whoever has none.
pub async fn give_words(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let mut after = Uuid::nil();
    loop {
        let mut look = app.db.read(organization).await?;
        let most = i64::try_from(AT_A_TIME).unwrap_or(1);
        let some = store::without_words(&mut look, organization, after, most).await?;
        drop(look);
        let Some(last) = some.last() else { return Ok(()) };
        after = last.id.uuid();
        let mut tx = app.db.begin(organization).await?;
        // As they are now: somebody may have been renamed meanwhile.
        keep_words(&mut tx, organization, some.iter().map(|person| person.id)).await?;
        tx.commit().await?;
    }
}

async fn write_down(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    (kind, by): (EntryKind, Actor),
    people: impl Iterator<Item = PersonId>,
) -> Result<(), ApiError> {
    let entries: Vec<_> = people.map(|person| app.entry(organization, kind, by).person(person)).collect();
    Ok(audit::store::insert_all(tx, &entries.iter().collect::<Vec<_>>()).await?)
}
