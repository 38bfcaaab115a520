//! What an organization decides for itself, as a page for its administrators.

use axum::{extract::State, response::Response};
use lectern_core::text::plain_digits;
use lectern_web::{
    Choice, FieldError as PageFieldError, Section,
    pages::organization::{OrganizationFields, OwnOrganizationPage},
};
use serde_json::{Map, Value, json};

use super::{
    service::{self, ChangeSettings},
    store::{Organization, Settings},
};
use crate::{
    app::App,
    error::{ApiError, FieldError},
    extract::{Admin, Form, Query, SignedIn},
    pages::{NoticeQuery, Overtaken, Pages, Reader, before, see_other},
    platforms,
    sessions::pages::zones,
};

/// The form as everything stands.
fn standing(organization: &Organization, settings: &Settings) -> Result<OrganizationFields, ApiError> {
    let policies = &settings.policies;
    let word = |value: Result<Value, serde_json::Error>| -> Result<Option<String>, ApiError> {
        Ok(value.map_err(ApiError::internal)?.as_str().map(str::to_owned))
    };
    let leads: Vec<String> = policies.reminder_minutes.iter().map(ToString::to_string).collect();
    Ok(OrganizationFields {
        name: Some(organization.name.clone()),
        vocabulary: Some(organization.vocabulary.as_str().to_owned()),
        time_zone: Some(settings.time_zone.clone()),
        default_provider: Some(settings.default_provider.as_str().to_owned()),
        meeting_created: word(serde_json::to_value(policies.meeting_created))?,
        standby_provider: Some(policies.standby_provider.clone().unwrap_or_default()),
        standby_after_minutes: Some(policies.standby_after_minutes.to_string()),
        credentials_by: word(serde_json::to_value(policies.credentials_by))?,
        join_opens_minutes: Some(policies.join_opens_minutes.to_string()),
        join_closes_minutes: Some(policies.join_closes_minutes.to_string()),
        late_after_minutes: Some(policies.late_after_minutes.to_string()),
        left_early_minutes: Some(policies.left_early_minutes.to_string()),
        minimum_presence_percent: Some(policies.minimum_presence_percent.to_string()),
        reminder_minutes: Some(leads.join(", ")),
        relay_domain: Some(policies.relay_domain.clone()),
    })
}

/// The typed values over those that stand: what was not sent is shown as it is.
fn over(standing: OrganizationFields, typed: OrganizationFields) -> OrganizationFields {
    OrganizationFields {
        name: typed.name.or(standing.name),
        vocabulary: typed.vocabulary.or(standing.vocabulary),
        time_zone: typed.time_zone.or(standing.time_zone),
        default_provider: typed.default_provider.or(standing.default_provider),
        meeting_created: typed.meeting_created.or(standing.meeting_created),
        standby_provider: typed.standby_provider.or(standing.standby_provider),
        standby_after_minutes: typed.standby_after_minutes.or(standing.standby_after_minutes),
        credentials_by: typed.credentials_by.or(standing.credentials_by),
        join_opens_minutes: typed.join_opens_minutes.or(standing.join_opens_minutes),
        join_closes_minutes: typed.join_closes_minutes.or(standing.join_closes_minutes),
        late_after_minutes: typed.late_after_minutes.or(standing.late_after_minutes),
        left_early_minutes: typed.left_early_minutes.or(standing.left_early_minutes),
        minimum_presence_percent: typed.minimum_presence_percent.or(standing.minimum_presence_percent),
        reminder_minutes: typed.reminder_minutes.or(standing.reminder_minutes),
        relay_domain: typed.relay_domain.or(standing.relay_domain),
    }
}

/// A figure as people write it, in Bengali digits too.
fn figure(text: &str) -> Option<u32> {
    plain_digits(text).parse().ok()
}

/// Leads with commas or blanks between them; none for an empty text.
fn leads(text: &str) -> Option<Vec<u32>> {
    let parts = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '،' | '、'))
        .filter(|part| !part.is_empty());
    parts.map(figure).collect()
}

/// What is wrong with a field when it is wrong, in words every language has.
fn words(error: &FieldError) -> PageFieldError {
    let field = error.field.strip_prefix("policies.").unwrap_or(&error.field);
    let unknown = error.message.starts_with("Use one of");
    let key = match field {
        _ if unknown => "choose",
        "name" if error.message == "This is needed." => "required",
        "name" => "one_line",
        "time_zone" => "zone",
        "join_opens_minutes" | "join_closes_minutes" | "late_after_minutes" | "left_early_minutes" => {
            "minutes_day"
        }
        "standby_after_minutes" => "minutes_hour",
        "minimum_presence_percent" => "percent",
        "reminder_minutes" => "leads",
        "relay_domain" => "domain",
        "default_provider" | "standby_provider" => "aliases_only",
        _ => error.message.as_str(),
    };
    PageFieldError::new(field, key)
}

/// What the form asks for.
///
/// # Errors
/// [`ApiError::Invalid`] with every field that is no figure.
fn asked(typed: &OrganizationFields) -> Result<ChangeSettings, ApiError> {
    let (mut policies, mut errors) = (Map::new(), Vec::new());
    for (name, text) in [
        ("standby_after_minutes", &typed.standby_after_minutes),
        ("join_opens_minutes", &typed.join_opens_minutes),
        ("join_closes_minutes", &typed.join_closes_minutes),
        ("late_after_minutes", &typed.late_after_minutes),
        ("left_early_minutes", &typed.left_early_minutes),
        ("minimum_presence_percent", &typed.minimum_presence_percent),
    ] {
        match text.as_deref().map(figure) {
            Some(Some(figure)) => drop(policies.insert(name.to_owned(), json!(figure))),
            Some(None) => errors.push(FieldError::new(name, "A whole number.")),
            None => {}
        }
    }
    match typed.reminder_minutes.as_deref().map(leads) {
        Some(Some(leads)) => drop(policies.insert("reminder_minutes".to_owned(), json!(leads))),
        Some(None) => errors.push(FieldError::new("reminder_minutes", "Whole numbers.")),
        None => {}
    }
    for (name, text) in [
        ("meeting_created", &typed.meeting_created),
        ("credentials_by", &typed.credentials_by),
        ("relay_domain", &typed.relay_domain),
        ("standby_provider", &typed.standby_provider),
    ] {
        let Some(text) = text.as_deref().map(str::trim) else { continue };
        let none = name == "standby_provider" && text.is_empty();
        policies.insert(name.to_owned(), if none { Value::Null } else { json!(text) });
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    Ok(ChangeSettings {
        name: typed.name.clone(),
        vocabulary: typed.vocabulary.clone(),
        time_zone: typed.time_zone.clone(),
        default_provider: typed.default_provider.clone(),
        languages: None,
        default_language: None,
        policies: Some(policies),
    })
}

async fn page(
    app: &App,
    who: &SignedIn,
    sent: Overtaken<OrganizationFields>,
    errors: Vec<PageFieldError>,
) -> Result<OwnOrganizationPage, ApiError> {
    let (organization, settings) = service::organization(app, who.organization).await?;
    let names = platforms::settings::for_classes(app);
    let standing = standing(&organization, &settings)?;
    Ok(OwnOrganizationPage {
        before: if sent.before.is_empty() { before(&standing)? } else { sent.before },
        form: over(standing, sent.typed),
        slug: organization.slug,
        errors,
        owner: who.owner,
        providers: names.iter().map(|name| Choice::new(name.as_str(), name.title())).collect(),
        zones: zones(),
    })
}

/// `GET /organization`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, Overtaken::default(), Vec::new()).await?;
    Pages::new(&app, &who, reader, Section::Organization).await?.notice(query.notice).show(&page)
}

/// `POST /organization`: everything that was changed in the form, or nothing.
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(sent): Form<Overtaken<OrganizationFields>>,
) -> Result<Response, ApiError> {
    let outcome = match asked(&sent.changed()?) {
        Ok(change) => service::change(&app, &who, change).await.map(drop),
        Err(error) => Err(error),
    };
    let errors = match outcome {
        Ok(()) => return Ok(see_other("/organization?notice=saved")),
        Err(ApiError::Invalid(errors)) => errors.iter().map(words).collect(),
        Err(other) => return Err(other),
    };
    let page = page(&app, &who, sent, errors).await?;
    Pages::new(&app, &who, reader, Section::Organization).await?.refuse(&page)
}

#[cfg(test)]
mod tests {
    use super::{figure, leads};

    #[test]
    fn figures_are_read_as_people_write_them() {
        assert_eq!(
            (figure(" 15 "), figure("১৫"), figure("soon"), figure("-1")),
            (Some(15), Some(15), None, None)
        );
        assert_eq!((leads("1440, ৩০"), leads("1440 30")), (Some(vec![1440, 30]), Some(vec![1440, 30])));
        assert_eq!((leads(""), leads("30,,")), (Some(vec![]), Some(vec![30])));
        assert_eq!(leads("a day before"), None);
    }
}
