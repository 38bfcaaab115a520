//! One's own notices and what one wants to be told, as JSON.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    choices::{self, Choice, Topic},
    obstacles::{self, Obstacle},
    store,
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Json, Member, Path, Query},
    list::{List, Paging},
};

/// A notice.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeView {
    /// Its id.
    pub id: Uuid,
    /// `join`, `guest_invite`, `reminder`, `moved`, `cancelled`, `standby`, `connection_lost`, `preflight`, `webhook_disabled`, or
    /// of bookings `booked`, `booking_held`, `booking_waits`, `seat_free`, `booking_ended`, `booking_refunded`, and for whoever is
    /// booked `booking_made`, `booking_left`.
    #[schema(example = "reminder")]
    pub kind: String,
    /// About which session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Uuid>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it starts now, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// IANA zone of the class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What stands in the session's way, with `preflight`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<ObstacleView>,
    /// When it was given.
    pub at: DateTime<Utc>,
    /// When it was seen; null before.
    pub seen_at: Option<DateTime<Utc>>,
}

impl From<store::NoticeRow> for NoticeView {
    fn from(row: store::NoticeRow) -> Self {
        let store::NoticeRow {
            id,
            kind,
            session_id,
            title,
            starts_at,
            time_zone,
            created_at,
            seen_at,
            facts,
            ..
        } = row;
        let obstacles = obstacles::kept(&facts.0).into_iter().map(ObstacleView::from).collect();
        Self { id, kind, session_id, title, starts_at, time_zone, obstacles, at: created_at, seen_at }
    }
}

/// One thing that stands in a session's way.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObstacleView {
    /// What it is, in English.
    pub detail: String,
    /// `instructor`, `admin`, `operator`, or `nobody`: it may pass by itself.
    #[schema(example = "admin")]
    pub mended_by: &'static str,
}

impl From<Obstacle> for ObstacleView {
    fn from(one: Obstacle) -> Self {
        Self { detail: one.words.to_string(), mended_by: one.by.as_str() }
    }
}

/// Paging.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoticeQuery {
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
}

/// The caller's notices, newest first.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "notices", params(NoticeQuery), responses((status = 200, body = List<NoticeView>), (status = 403, description = "An API key is told nothing", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    who: Member,
    Query(query): Query<NoticeQuery>,
) -> Result<axum::Json<List<NoticeView>>, ApiError> {
    let person = who.person()?;
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let mut tx = app.db.read(who.organization).await?;
    let rows =
        store::notices(&mut tx, who.organization, person, paging.id_or_last()?, paging.fetch()).await?;
    Ok(axum::Json(paging.list(rows, |row| row.id.to_string(), NoticeView::from)))
}

/// All notices there are count as seen.
#[utoipa::path(post, path = "/api/v1/notifications/seen", tag = "notices", responses((status = 204), (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn see(State(app): State<App>, who: Member) -> Result<StatusCode, ApiError> {
    let person = who.person()?;
    let mut tx = app.db.begin(who.organization).await?;
    store::see(&mut tx, who.organization, person, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How somebody wants to be told of a topic.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChoiceView {
    /// What it is about.
    pub topic: Topic,
    /// By e-mail.
    pub mail: bool,
    /// On the pages they have open.
    pub live: bool,
}

/// What the caller wants to be told, of every topic.
#[utoipa::path(get, path = "/api/v1/notification-choices", tag = "notices", responses((status = 200, body = List<ChoiceView>), (status = 403, body = Problem, content_type = "application/problem+json")))]
pub async fn choices(State(app): State<App>, who: Member) -> Result<axum::Json<List<ChoiceView>>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let all = choices::of_person(&mut tx, who.organization, who.person()?).await?;
    let view = |(topic, Choice { mail, live })| ChoiceView { topic, mail, live };
    Ok(axum::Json(List::whole(all.into_iter().map(view).collect())))
}

/// Chooses for one topic: `reminder`, `change`, `trouble` or `booking`. What lets somebody in (a link, a code) always comes.
#[utoipa::path(put, path = "/api/v1/notification-choices/{topic}", tag = "notices", params(("topic" = String, Path)), request_body = Choice, responses((status = 200, body = ChoiceView), (status = 403, body = Problem, content_type = "application/problem+json"), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn choose(
    State(app): State<App>,
    who: Member,
    Path(topic): Path<String>,
    Json(choice): Json<Choice>,
) -> Result<axum::Json<ChoiceView>, ApiError> {
    let person = who.person()?;
    let topic = Topic::parse(&topic).ok_or(ApiError::NotFound)?;
    let mut tx = app.db.begin(who.organization).await?;
    choices::choose(&app, &mut tx, who.organization, person, topic, choice).await?;
    tx.commit().await?;
    Ok(axum::Json(ChoiceView { topic, mail: choice.mail, live: choice.live }))
}
