//! Where a consent begins in a browser in which nobody is signed in: people of a host application come with its token, which
//! their browser never sends us.
//!
//! The program gets a one-time address of ours. Opening it shows whose account is about to be connected and changes nothing;
//! the button binds the consent to this browser by the same cookie as every other consent, and leads on to the platform.

use chrono::TimeDelta;
use lectern_core::{
    ids::{OrganizationId, PersonId},
    provider::ProviderName,
    role::Role,
};
use uuid::Uuid;

use super::{
    consent::{self, Started, hash, random},
    store::tickets,
};
use crate::{
    app::App,
    db::Tx,
    error::ApiError,
    extract::{SignedIn, Via},
    organizations::{self, Organization},
    people::{self, Person},
};

/// How long the address is good.
const LIFE: TimeDelta = TimeDelta::minutes(5);

fn refused() -> ApiError {
    ApiError::Malformed(
        "This address was used already, is older than 5 minutes, or is for somebody else. Start again from where you came."
            .to_owned(),
    )
}

/// A one-time address for whoever asked with a token, or inside a frame, whose cookie stays there: none for a browser that is
/// signed in, which has its cookie already.
pub async fn issue(app: &App, who: &SignedIn, provider: ProviderName) -> Result<Option<String>, ApiError> {
    if !matches!(who.via, Via::Bearer(_) | Via::HostToken(_) | Via::Embed(_)) {
        return Ok(None);
    }
    let person = who.person()?;
    let organization = who.organization;
    // The organization leads, so that the row is found without a sign-in; the rest cannot be guessed.
    let ticket = format!("{}.{}", organization.uuid().simple(), random(app));
    let until = app.clock.now() + LIFE;
    let mut tx = app.db.begin(organization).await?;
    tickets::insert(&mut tx, organization, &hash(&ticket), provider.as_str(), person, until).await?;
    tx.commit().await?;
    Ok(Some(format!("{}{}?ticket={ticket}", app.config.server.origin(), path(provider))))
}

/// The page's path, without the ticket.
#[must_use]
pub fn path(provider: ProviderName) -> String {
    format!("/oauth/{}/start", provider.as_str())
}

/// Whose account is about to be connected.
#[derive(Debug)]
pub struct Asked {
    /// In which organization.
    pub organization: Organization,
    /// Whose.
    pub person: Person,
}

/// Who asks, at a good address. Changes nothing.
///
/// # Errors
/// [`ApiError::Malformed`] for an address that is used, old, another platform's, or not for whoever is signed in here.
pub async fn look(
    app: &App,
    provider: ProviderName,
    ticket: &str,
    visitor: Option<&SignedIn>,
) -> Result<Asked, ApiError> {
    let organization = organization_of(app, ticket).await?;
    let mut tx = app.db.read(organization.id).await?;
    let person = good(app, &mut tx, organization.id, ticket, provider, visitor).await?;
    Ok(Asked { organization, person })
}

/// Uses the address up and asks for the consent, bound to the browser that gets the cookie.
///
/// # Errors
/// The same as [`look`], and those of asking for a consent.
pub async fn begin(
    app: &App,
    provider: ProviderName,
    ticket: &str,
    visitor: Option<&SignedIn>,
) -> Result<Started, ApiError> {
    let organization = organization_of(app, ticket).await?.id;
    let mut tx = app.db.begin(organization).await?;
    let person = good(app, &mut tx, organization, ticket, provider, visitor).await?;
    if !tickets::use_up(&mut tx, organization, &hash(ticket), app.clock.now()).await? {
        return Err(refused());
    }
    tx.commit().await?;
    consent::start_by_ticket(app, organization, person.id, provider).await
}

async fn organization_of(app: &App, ticket: &str) -> Result<Organization, ApiError> {
    let leading = ticket.split_once('.').and_then(|(leading, _)| Uuid::try_parse(leading).ok());
    let id = leading.map(OrganizationId).ok_or_else(refused)?;
    organizations::service::find_active(app, id).await?.ok_or_else(refused)
}

async fn good(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    ticket: &str,
    provider: ProviderName,
    visitor: Option<&SignedIn>,
) -> Result<Person, ApiError> {
    let found = tickets::find(tx, organization, &hash(ticket)).await?.ok_or_else(refused)?;
    let person = PersonId(found.person_id);
    let is_theirs = visitor.is_none_or(|who| who.organization == organization && who.person == person);
    let is_good =
        found.provider == provider.as_str() && found.used_at.is_none() && app.clock.now() < found.expires_at;
    if !is_good || !is_theirs {
        return Err(refused());
    }
    people::service::find(tx, organization, person)
        .await?
        .filter(|person| person.active && person.role != Role::Student)
        .ok_or_else(refused)
}
