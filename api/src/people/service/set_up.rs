//! The first start: the operator's own organization, and the link that sets the server up once.

use lectern_core::{
    organization::{Policies, Vocabulary},
    secret::SecretString,
};
use lectern_web::Languages;
use serde::Deserialize;

use super::{
    create::{CreatePerson, checked, create_person},
    fields::NameInput,
};
use crate::{
    app::{App, OPERATOR},
    audit::Actor,
    error::{ApiError, FieldError},
    organizations,
    people::{BearerToken, store},
};

const SET_UP: &str = "set_up_token";

/// Checks that an organization's operator rows exist: at every start.
pub async fn ensure_operator(app: &App) -> Result<(), crate::app::StartError> {
    let mut look = app.db.system_read().await?;
    let known = organizations::service::find(&mut look, OPERATOR).await?.is_some();
    drop(look);
    if known {
        return Ok(());
    }
    let operator = organizations::Organization {
        id: OPERATOR,
        slug: String::new(),
        name: "Operator".to_owned(),
        vocabulary: Vocabulary::School,
        active: true,
        created_at: app.clock.now(),
        languages: Languages::default(),
        look: organizations::Look::default(),
    };
    match organizations::service::add(app, &operator, "UTC", &Policies::default(), Actor::System).await {
        // Another instance made it first.
        Ok(()) | Err(ApiError::Invalid(_)) => Ok(()),
        Err(ApiError::Internal(error)) => Err(crate::app::StartError::Config(error.to_string())),
        Err(other) => Err(crate::app::StartError::Config(other.problem().detail)),
    }
}

/// The one-time set-up link's token, while nobody runs this server yet.
pub async fn set_up_token(app: &App) -> Result<Option<BearerToken>, ApiError> {
    let mut look = app.db.read(OPERATOR).await?;
    let people = store::count_users(&mut look, OPERATOR).await?;
    drop(look);
    if people > 0 {
        return Ok(None);
    }
    let token = BearerToken::generate("su_", app.randomness.as_ref());
    let mut tx = app.db.system().await?;
    organizations::service::instance_put(&mut tx, SET_UP, &hex::encode(token.hash())).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// First set-up: the super admin and the first organization with its owner, who is the same person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// From the link.
    pub token: String,
    /// The organization's name.
    pub organization_name: String,
    /// Its short name.
    pub organization_slug: String,
    /// The person's name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: SecretString,
}

/// Whether a set-up token is the one that was printed.
pub async fn set_up_is_open(app: &App, token: &str) -> Result<bool, ApiError> {
    let mut look = app.db.system_read().await?;
    let stored = organizations::service::instance_get(&mut look, SET_UP).await?;
    Ok(stored.as_deref() == Some(hex::encode(BearerToken::received(token).hash()).as_str()))
}

/// Sets the server up, once.
pub async fn set_up(app: &App, form: SetUp) -> Result<(), ApiError> {
    if !set_up_is_open(app, &form.token).await? {
        return Err(ApiError::NotFound);
    }
    let person = |owner| CreatePerson {
        email: form.email.clone(),
        name: NameInput { name: Some(form.name.clone()), ..NameInput::default() },
        role: 2,
        owner: Some(owner),
        password: Some(form.password.clone()),
        external_id: None,
    };
    // Everything is checked before anything is made.
    checked(&person(true))?;
    let organization = organizations::service::create(
        app,
        Actor::System,
        organizations::service::CreateOrganization {
            slug: form.organization_slug.clone(),
            name: form.organization_name.clone(),
            vocabulary: None,
            time_zone: None,
        },
    )
    .await
    .map_err(|error| match error {
        ApiError::Invalid(errors) => ApiError::Invalid(
            errors
                .into_iter()
                .map(|error| FieldError::new(format!("organization_{}", error.field), error.message))
                .collect(),
        ),
        other => other,
    })?;
    create_person(app, OPERATOR, Actor::System, true, person(true)).await?;
    create_person(app, organization.id, Actor::System, true, person(true)).await?;
    let mut tx = app.db.system().await?;
    organizations::service::instance_remove(
        &mut tx,
        SET_UP,
        &hex::encode(BearerToken::received(&form.token).hash()),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
