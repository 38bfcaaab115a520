//! The server's work as a page.

use axum::{extract::State, response::Response};
use chrono::{DateTime, SecondsFormat, Utc};
use lectern_web::{
    NoticeKind, Section,
    pages::instance_jobs::{DeadJob, DiscardJob, InstanceJobs, JobKind},
};
use serde::Deserialize;
use uuid::Uuid;

use super::service::{self, DeadView, KindView};
use crate::{
    app::{App, OPERATOR},
    error::ApiError,
    extract::{Form, Path, Query, SuperAdmin},
    list::{Paging, next_url},
    organizations,
    pages::{Pages, Reader, see_other},
};

/// Query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct JobsQuery {
    notice: Option<NoticeKind>,
    kind: String,
    cursor: Option<String>,
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn kind(of: KindView) -> JobKind {
    JobKind {
        kind: of.kind,
        waiting: count(of.waiting),
        running: count(of.running),
        retrying: count(of.retrying),
        dead: count(of.dead),
        due_since: of.due_since.map(text),
    }
}

fn dead(one: DeadView) -> DeadJob {
    DeadJob {
        id: one.id.to_string(),
        kind: one.kind,
        about: one.about,
        organization: one.organization,
        attempts: count(one.attempts),
        error: one.error,
        created_at: text(one.created_at),
        died_at: text(one.died_at),
    }
}

/// The zone of whoever runs the server.
pub(in crate::instance) async fn zone(app: &App) -> Result<String, ApiError> {
    let mut tx = app.db.read(OPERATOR).await?;
    Ok(organizations::service::settings_in(&mut tx, OPERATOR).await?.time_zone)
}

/// `GET /jobs`
pub async fn list(
    State(app): State<App>,
    who: SuperAdmin,
    reader: Reader,
    Query(query): Query<JobsQuery>,
) -> Result<Response, ApiError> {
    let paging = Paging::new(None, query.cursor.as_deref())?;
    let work = service::work(&app, &query.kind, &paging).await?;
    let page = InstanceJobs {
        kinds: work.kinds.into_iter().map(kind).collect(),
        items: work.items.into_iter().map(dead).collect(),
        next_url: work.next_cursor.map(|cursor| next_url("/jobs?", &[("kind", &query.kind)], &cursor)),
        filter: query.kind,
        now: text(app.clock.now()),
        zone: zone(&app).await?,
    };
    Pages::new(&app, &who, reader, Section::Jobs).await?.notice(query.notice).show(&page)
}

/// What somebody else decided meanwhile is said on the list.
fn done(outcome: Result<(), ApiError>, notice: &str) -> Result<Response, ApiError> {
    let notice = match outcome {
        Ok(()) => notice,
        Err(ApiError::Conflict("job_running", ..)) => "job_running",
        Err(ApiError::Conflict(..) | ApiError::NotFound) => "already_done",
        Err(other) => return Err(other),
    };
    Ok(see_other(&format!("/jobs?notice={notice}")))
}

/// `POST /jobs/{id}/retry`
pub async fn retry(
    State(app): State<App>,
    who: SuperAdmin,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    done(service::retry(&app, &who, id).await, "jobs_retried")
}

/// Which kind.
#[derive(Debug, Deserialize)]
pub struct KindForm {
    #[serde(default)]
    kind: String,
}

/// `POST /jobs/retry`
pub async fn retry_kind(
    State(app): State<App>,
    who: SuperAdmin,
    Form(form): Form<KindForm>,
) -> Result<Response, ApiError> {
    done(service::retry_kind(&app, &who, &form.kind).await.map(drop), "jobs_retried")
}

/// `GET /jobs/{id}/discard`: what would not be done.
pub async fn ask_discard(
    State(app): State<App>,
    who: SuperAdmin,
    reader: Reader,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    let page = DiscardJob { job: dead(service::dead_one(&app, id).await?), zone: zone(&app).await? };
    Pages::new(&app, &who, reader, Section::Jobs).await?.show(&page)
}

/// `POST /jobs/{id}/discard`
pub async fn discard(
    State(app): State<App>,
    who: SuperAdmin,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    done(service::discard(&app, &who, id).await, "job_discarded")
}
