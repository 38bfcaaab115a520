//! How the server is, as JSON.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::service::{self, Health, Line, TickView};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::SuperAdmin,
};

/// One part of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartView {
    /// Which: `version`, `database`, `size`, `disk`, `files`, `jobs`, `dead`, `inbox`, `outbox`, `hooks`, `mail`, `ticks`, `tasks`, `sockets`,
    /// `backup`.
    pub part: &'static str,
    /// `ok`, `warn` or `bad`.
    pub state: &'static str,
    /// What was seen.
    pub seen: String,
    /// What to do; null when it is as it should be.
    pub next_step: Option<String>,
    /// From when on it is judged otherwise.
    pub limits: Option<String>,
}

impl From<Line> for PartView {
    fn from(line: Line) -> Self {
        Self {
            part: line.part,
            state: line.state.as_str(),
            seen: line.seen.to_string(),
            next_step: line.next_step.map(|step| step.to_string()),
            limits: line.limits.map(|limits| limits.to_string()),
        }
    }
}

/// The whole server.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthView {
    /// How the worst part is: `ok`, `warn` or `bad`.
    pub state: &'static str,
    /// When it was looked at.
    pub at: DateTime<Utc>,
    /// Every part.
    pub parts: Vec<PartView>,
    /// Regular work, each kind.
    pub ticks: Vec<TickView>,
}

impl From<Health> for HealthView {
    fn from(health: Health) -> Self {
        Self {
            state: health.worst().as_str(),
            at: health.now,
            parts: health.lines.into_iter().map(PartView::from).collect(),
            ticks: health.ticks,
        }
    }
}

/// How the server is, part by part, with what to do. What is said of tasks, sockets and mail is about the process that answers.
#[utoipa::path(get, path = "/api/v1/instance/health", tag = "instance", responses((status = 200, body = HealthView), (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, _: SuperAdmin) -> Result<axum::Json<HealthView>, ApiError> {
    Ok(axum::Json(service::examine(&app).await?.into()))
}
