//! `GET|POST /organization/embedding`: which pages may frame ours.

use axum::{extract::State, response::Response};
use lectern_core::embed::{EmbedOrigin, MOST_ORIGINS, OriginProblem};
use lectern_web::{FieldError as PageFieldError, NoticeKind, Section, pages::embed::EmbeddingPage};
use serde::Deserialize;

use super::settings;
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Query},
    pages::{Pages, Reader, see_other},
};

/// What was done before the page came.
#[derive(Debug, Default, Deserialize)]
pub struct EmbeddingQuery {
    notice: Option<NoticeKind>,
}

/// `GET`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<EmbeddingQuery>,
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

/// What is wrong with the lines, each kind once, in words every language has; and which lines.
fn wrong(lines: &[String]) -> (Vec<PageFieldError>, Vec<String>) {
    let mut keys: Vec<&str> = Vec::new();
    let mut wrong = Vec::new();
    for line in lines {
        let Err(problem) = EmbedOrigin::parse(line) else { continue };
        wrong.push(line.chars().take(120).collect());
        let key = match problem {
            OriginProblem::Unreadable => "origin",
            OriginProblem::Insecure => "origin_https",
            OriginProblem::More => "origin_more",
            OriginProblem::Host => "origin_host",
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.is_empty() && lines.len() > MOST_ORIGINS {
        keys.push("origin_many");
    }
    (keys.into_iter().map(|key| PageFieldError::new("origins", key)).collect(), wrong)
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
            let (errors, wrong) = wrong(&lines);
            let page = EmbeddingPage { origins: form.origins, wrong, errors };
            Pages::new(&app, &who, reader, Section::Organization).await?.refuse(&page)
        }
        Err(other) => Err(other),
    }
}
