//! What is typed about a class, checked.

use lectern_core::{
    ids::PersonId, provider::ProviderName, role::Role, secret::SecretString, text::is_hidden,
};
use lectern_providers::registry;
use url::Url;
use uuid::Uuid;

use crate::{
    app::App,
    db::{StoreError, Tx},
    error::{ApiError, FieldError},
    extract::SignedIn,
    pasted_links, people,
};

pub(super) fn taken(error: StoreError) -> ApiError {
    if error.is_taken() {
        return ApiError::conflict(
            "taken",
            "Something here already has this external_id.",
            "Find it with ?external_id= or send another id.",
        );
    }
    error.into()
}

pub(crate) fn title(text: &str, errors: &mut Vec<FieldError>) -> String {
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
pub(in crate::classes) fn provider(
    app: &App,
    name: &str,
    errors: &mut Vec<FieldError>,
) -> Option<ProviderName> {
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
pub(crate) fn pasted(
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
