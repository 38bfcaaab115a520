//! `GET|POST /organization/embedding`: which pages may frame ours.

use axum::{extract::State, response::Response};
use lectern_core::embed::{EmbedOrigin, OriginProblem};
use lectern_web::{
    FieldError as PageFieldError, Section,
    pages::embed::{EmbeddingPage, WrongOrigins},
};
use serde::Deserialize;

use super::settings;
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Query},
    pages::{NoticeQuery, Pages, Reader, see_other},
};

/// `GET`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let origins = settings::show(&app, who.organization).await?;
    let lines: Vec<String> = origins.iter().map(ToString::to_string).collect();
    let page = EmbeddingPage { origins: lines.join("\n"), wrong: Vec::new(), errors: Vec::new() };
    Pages::new(&app, &who, reader, Section::Organization).await?.notice(query.notice).show(&page)
}

/// One origin a line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EmbeddingForm {
    origins: String,
}

/// What is wrong with the lines, in words every language has, each kind once with its lines.
fn wrong(lines: &[String]) -> Vec<WrongOrigins> {
    let mut wrong: Vec<WrongOrigins> = Vec::new();
    for line in lines {
        let Err(problem) = EmbedOrigin::parse(line) else { continue };
        let key = match problem {
            OriginProblem::Unreadable => "origin",
            OriginProblem::Insecure => "origin_https",
            OriginProblem::More => "origin_more",
            OriginProblem::Host => "origin_host",
        };
        let line = line.chars().take(120).collect();
        match wrong.iter_mut().find(|known| known.problem == key) {
            Some(known) => known.lines.push(line),
            None => wrong.push(WrongOrigins { problem: key.to_owned(), lines: vec![line] }),
        }
    }
    if wrong.is_empty() {
        wrong.push(WrongOrigins { problem: "origin_many".to_owned(), lines: Vec::new() });
    }
    wrong
}

/// `POST`: everything or nothing.
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(form): Form<EmbeddingForm>,
) -> Result<Response, ApiError> {
    let lines = form.origins.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    match settings::set(&app, &who, &lines).await {
        Ok(_) => Ok(see_other("/organization/embedding?notice=saved")),
        Err(ApiError::Invalid(_)) => {
            let wrong = wrong(&lines);
            // The field is one, whatever is wrong with it.
            let errors = wrong
                .iter()
                .take(1)
                .map(|one| PageFieldError::new("origins", one.problem.as_str()))
                .collect();
            let page = EmbeddingPage { origins: form.origins, wrong, errors };
            Pages::new(&app, &who, reader, Section::Organization).await?.refuse(&page)
        }
        Err(other) => Err(other),
    }
}
