//! How the server is, as a page.

use axum::{extract::State, response::Response};
use chrono::{DateTime, SecondsFormat, Utc};
use lectern_web::{
    Section,
    pages::instance_health::{HealthPart, HealthTick, InstanceHealth},
};

use super::service::{self, Line, TickView};
use crate::{
    app::App,
    error::ApiError,
    extract::SuperAdmin,
    instance::work::pages::zone,
    pages::{Pages, Reader},
};

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn part(line: Line) -> HealthPart {
    HealthPart {
        part: line.part.to_owned(),
        state: line.state,
        seen: line.seen,
        next_step: line.next_step,
        limits: line.limits,
    }
}

fn tick(tick: TickView) -> HealthTick {
    HealthTick {
        kind: tick.kind.to_owned(),
        state: tick.judged,
        every_seconds: u32::try_from(tick.every_seconds).unwrap_or(u32::MAX),
        last_done_at: tick.last_done_at.map(text),
        last_failed_at: tick.last_failed_at.map(text),
    }
}

/// `GET /health`
pub async fn show(State(app): State<App>, who: SuperAdmin, reader: Reader) -> Result<Response, ApiError> {
    let health = service::examine(&app).await?;
    let page = InstanceHealth {
        state: health.worst(),
        parts: health.lines.into_iter().map(part).collect(),
        ticks: health.ticks.into_iter().map(tick).collect(),
        now: text(health.now),
        zone: zone(&app).await?,
    };
    Pages::new(&app, &who, reader, Section::Health).await?.show(&page)
}
