//! The first owner of an organization. Whoever runs the server makes them, as long as there is none; owners make all others.

use lectern_core::{ids::OrganizationId, secret::SecretString};

use super::limits;
use crate::{
    app::App,
    audit::Actor,
    error::ApiError,
    extract::SignedIn,
    people::{
        self, Person,
        service::{CreatePerson, NameInput},
    },
};

/// Who it is to be.
#[derive(Clone, Debug)]
pub struct FirstOwner {
    /// Address.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name; empty: none.
    pub last_name: String,
    /// Handed over by whoever runs the server.
    pub password: SecretString,
}

/// Whether an organization has an owner who may sign in.
///
/// # Errors
/// When the database refuses.
pub async fn is_there(app: &App, id: OrganizationId) -> Result<bool, ApiError> {
    let mut tx = app.db.read(id).await?;
    people::service::has_owner(&mut tx, id).await
}

/// Makes the first owner; the organization reads it in its log.
///
/// # Errors
/// [`ApiError::Conflict`] `has_owner`; [`ApiError::Invalid`]; [`ApiError::NotFound`].
pub async fn make(
    app: &App,
    who: &SignedIn,
    id: OrganizationId,
    new: FirstOwner,
) -> Result<Person, ApiError> {
    limits::known(app, id).await?;
    if is_there(app, id).await? {
        return Err(ApiError::conflict(
            "has_owner",
            "This organization has an owner by now.",
            "Its owners name all others on their page People.",
        ));
    }
    let FirstOwner { email, first_name, last_name, password } = new;
    let new = CreatePerson {
        email,
        name: NameInput { name: None, first_name: Some(first_name), last_name: Some(last_name) },
        role: 2,
        owner: Some(true),
        password: Some(password),
        external_id: None,
    };
    people::service::create_person(app, id, Actor::Operator(who.person()?), true, new).await
}
