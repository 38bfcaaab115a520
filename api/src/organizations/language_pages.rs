//! In which languages the organization speaks, as a page for its administrators.

use axum::{extract::State, response::Response};
use lectern_web::{
    FieldError as PageFieldError, Lang, Section,
    pages::languages::{LanguageRow, LanguagesPage},
};
use serde::Deserialize;

use super::service::{self, ChangeSettings};
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Query, SignedIn},
    pages::{NoticeQuery, Pages, Reader, see_other},
    people,
};

/// The form: a box that is not ticked is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LanguagesForm {
    language: Vec<String>,
    default_language: String,
}

async fn page(
    app: &App,
    who: &SignedIn,
    typed: Option<&LanguagesForm>,
    errors: Vec<PageFieldError>,
) -> Result<LanguagesPage, ApiError> {
    let (organization, _) = service::organization(app, who.organization).await?;
    let mut tx = app.db.read(who.organization).await?;
    let chosen = people::service::count_languages(&mut tx, who.organization).await?;
    drop(tx);
    let of = |tag: Option<&str>| {
        let found = chosen.iter().find(|(language, _)| language.as_deref() == tag);
        found.map_or(0, |(_, people)| u32::try_from(*people).unwrap_or(u32::MAX))
    };
    let row = |lang: Lang| {
        let tag = lang.tag();
        let (offered, default) = match typed {
            Some(form) => (form.language.iter().any(|one| one == tag), form.default_language == tag),
            None => (organization.languages.offers(lang), organization.languages.default_lang() == lang),
        };
        LanguageRow {
            tag: tag.to_owned(),
            name: lang.own_name().to_owned(),
            offered,
            default,
            people: of(Some(tag)),
        }
    };
    Ok(LanguagesPage { languages: Lang::ALL.map(row).to_vec(), undecided: of(None), errors })
}

/// `GET /languages`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, None, Vec::new()).await?;
    Pages::new(&app, &who, reader, Section::Organization).await?.notice(query.notice).show(&page)
}

/// `POST /languages`
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(form): Form<LanguagesForm>,
) -> Result<Response, ApiError> {
    let change = ChangeSettings {
        languages: Some(form.language.clone()),
        default_language: Some(form.default_language.clone()),
        ..ChangeSettings::default()
    };
    let errors = match service::change(&app, &who, change).await {
        Ok(_) => return Ok(see_other("/languages?notice=saved")),
        Err(ApiError::Invalid(errors)) => errors,
        Err(other) => return Err(other),
    };
    let words = |field: &str| {
        PageFieldError::new(field, if field == "languages" { "languages_none" } else { "languages_default" })
    };
    let errors = errors.iter().map(|error| words(&error.field)).collect();
    let page = page(&app, &who, Some(&form), errors).await?;
    Pages::new(&app, &who, reader, Section::Organization).await?.refuse(&page)
}
