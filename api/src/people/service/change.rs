//! Changing people: what may change, who may change it, and passwords.

use lectern_core::{
    ids::{OrganizationId, PersonId},
    role::Role,
    secret::SecretString,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    directory::room,
    fields::{check_password, one_line},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::{ApiError, FieldError},
    events::{self, Event, EventType},
    extract::SignedIn,
    people::{Person, PersonKind, me, store},
};

/// Changes to a person: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePerson {
    /// Given name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Family name; empty removes it.
    #[serde(default)]
    pub last_name: Option<String>,
    /// 0, 1 or 2.
    #[serde(default)]
    pub role: Option<i64>,
    /// Only an owner may change it.
    #[serde(default)]
    pub owner: Option<bool>,
    /// `false` ends all sign-ins, links and seats at once.
    #[serde(default)]
    pub active: Option<bool>,
    /// `en` or `bn`.
    #[serde(default)]
    pub language: Option<String>,
    /// IANA zone in which they see their timetable.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// A new password; ends all other sign-ins.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub password: Option<SecretString>,
}

/// Changes a person.
pub async fn change_person(
    app: &App,
    who: &SignedIn,
    id: PersonId,
    change: ChangePerson,
) -> Result<Person, ApiError> {
    let hash = match &change.password {
        Some(password) => {
            check_password(password).map_err(|message| ApiError::field("password", message))?;
            Some(app.passwords.hash(password).await.map_err(ApiError::internal)?)
        }
        None => None,
    };
    let sealer = app.keys.sealer(who.organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let mut person = store::find_to_change(&mut tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let was_active = person.active;
    apply(&mut person, &change, who)?;
    if person.active && !was_active && person.kind == PersonKind::User {
        room(&mut tx, who.organization, 1).await?;
    }
    store::update(&mut tx, who.organization, &person, now).await?;
    if let Some(hash) = hash {
        store::set_password(&mut tx, who.organization, id, &hash, now).await?;
        end_sign_ins(&mut tx, who.organization, id).await?;
    }
    let kind = match (was_active, person.active) {
        (true, false) => EntryKind::PersonDisabled,
        (false, true) => EntryKind::PersonEnabled,
        _ => EntryKind::PersonChanged,
    };
    if kind == EntryKind::PersonDisabled {
        end_sign_ins(&mut tx, who.organization, id).await?;
        crate::classes::service::person_disabled(app, &mut tx, who.organization, id).await?;
    }
    if kind == EntryKind::PersonEnabled {
        crate::cohorts::keeping::person_enabled(app, &mut tx, &sealer, who, id).await?;
    }
    audit::store::insert(&mut tx, &app.entry(who.organization, kind, who.actor()).person(id)).await?;
    let event = Event::new(EventType::AccessChanged, now).person(Some(id), person.name(), person.role.name());
    events::emit(&mut tx, &app.ids, &sealer, who.organization, now, &event).await?;
    tx.commit().await?;
    app.hub.sign_in_ended(who.organization, id);
    app.wake.outbox.notify_one();
    app.wake.jobs.notify_one();
    Ok(person)
}

/// Signs somebody out everywhere, also of what they look at in other pages.
async fn end_sign_ins(tx: &mut Tx, organization: OrganizationId, person: PersonId) -> Result<(), ApiError> {
    store::remove_sign_ins_of(tx, organization, person).await?;
    crate::embedding::service::end_of(tx, organization, person).await
}

/// What somebody chose on a page before they were anybody: language and zone. What cannot be read is passed over. Inside the
/// caller's transaction.
pub async fn set_choices(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    id: PersonId,
    (language, zone): (Option<String>, Option<String>),
) -> Result<(), ApiError> {
    let Some(mut person) = store::find_to_change(tx, organization, id).await? else { return Ok(()) };
    me::choose(&mut person, (language.as_deref(), zone.as_deref()), &mut Vec::new());
    Ok(store::update(tx, organization, &person, app.clock.now()).await?)
}

fn apply(person: &mut Person, change: &ChangePerson, who: &SignedIn) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    if let Some(first) = &change.first_name {
        match one_line(first, 120) {
            Ok(first) => person.first_name = first,
            Err(message) => errors.push(FieldError::new("first_name", message)),
        }
    }
    if let Some(last) = &change.last_name {
        match (last.trim().is_empty(), one_line(last, 120)) {
            (true, _) => person.last_name = None,
            (false, Ok(last)) => person.last_name = Some(last),
            (false, Err(message)) => errors.push(FieldError::new("last_name", message)),
        }
    }
    if let Some(role) = change.role {
        match Role::try_from(role) {
            Ok(role) => person.role = role,
            Err(error) => errors.push(FieldError::new("role", error.to_string())),
        }
    }
    me::choose(person, (change.language.as_deref(), change.time_zone.as_deref()), &mut errors);
    // Owners are touched by owners only, and nobody locks themselves out.
    if (person.owner || change.owner == Some(true)) && !who.owner {
        return Err(ApiError::Forbidden);
    }
    if let Some(owner) = change.owner {
        person.owner = owner;
    }
    if person.owner && person.role != Role::Admin {
        errors
            .push(FieldError::new("role", "An owner is an admin (role 2). Take the owner flag away first."));
    }
    if person.id == who.person
        && (change.active == Some(false) || change.role.is_some() || change.owner.is_some())
    {
        errors.push(FieldError::new("active", "Somebody else must change your own access."));
    }
    if let Some(active) = change.active {
        person.active = active;
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Invalid(errors)) }
}

/// Gives the user with this address a new password and ends all their sign-ins: for whoever runs the server.
///
/// # Errors
/// [`ApiError::Invalid`] when nobody has this address, or the password is too short.
pub async fn set_password(
    app: &App,
    organization: OrganizationId,
    by: Actor,
    email: &str,
    password: &SecretString,
) -> Result<(), ApiError> {
    check_password(password).map_err(|message| ApiError::field("password", message))?;
    let hash = app.passwords.hash(password).await.map_err(ApiError::internal)?;
    let mut tx = app.db.begin(organization).await?;
    let person = store::find_by_email(&mut tx, organization, email)
        .await?
        .ok_or_else(|| ApiError::field("email", "Nobody has this address here."))?;
    store::set_password(&mut tx, organization, person.id, &hash, app.clock.now()).await?;
    end_sign_ins(&mut tx, organization, person.id).await?;
    audit::store::insert(&mut tx, &app.entry(organization, EntryKind::PersonChanged, by).person(person.id))
        .await?;
    tx.commit().await?;
    Ok(())
}
