//! The log, as JSON.

use axum::extract::State;
use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, PersonId, SessionId};
use serde::Deserialize;
use uuid::Uuid;

use super::service::{self, EntryView, Filter};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{AnyAdmin, Query},
    list::{List, Paging, instant_cursor},
};

/// Filters of the log.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// A kind (`join.refused`) or its first word (`join`).
    pub kind: Option<String>,
    /// Who did it, or whom it is about.
    pub person_id: Option<Uuid>,
    /// About which class.
    pub class_id: Option<Uuid>,
    /// About which session.
    pub session_id: Option<Uuid>,
    /// From this instant.
    #[param(value_type = Option<String>)]
    pub from: Option<DateTime<Utc>>,
    /// Until before this instant.
    #[param(value_type = Option<String>)]
    pub to: Option<DateTime<Utc>>,
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
}

/// The log of the caller's organization, newest first; for whoever runs the server, the server's own.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery), responses((status = 200, body = List<EntryView>), (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    who: AnyAdmin,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<List<EntryView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        kind: query.kind,
        people: query.person_id.map(|id| vec![PersonId(id)]),
        class: query.class_id.map(ClassId),
        session: query.session_id.map(SessionId),
        from: query.from,
        to: query.to,
        before: paging.instant_and_id()?,
    };
    let mut tx = app.db.read(who.organization).await?;
    let rows = service::rows(&mut tx, who.organization, &filter, paging.fetch()).await?;
    let list = paging.list(rows, |row| instant_cursor(row.at, row.id), |row| row);
    let items = service::named(&mut tx, who.organization, list.items).await?;
    Ok(axum::Json(List { items, next_cursor: list.next_cursor }))
}
