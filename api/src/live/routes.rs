//! The live side as JSON, and as a socket under the same path.

use axum::{
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    service::{self, Missed, SessionBoard, whereabouts_word},
    socket,
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Query, SignedIn},
};

/// From where on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LiveQuery {
    /// The number of the last event that was seen. Left out: only what comes.
    pub since: Option<i64>,
    /// For the socket: a one-time ticket instead of cookie or header.
    pub ticket: Option<String>,
}

/// A person on a board.
#[derive(Debug, Serialize, ToSchema)]
pub struct LivePersonView {
    /// Their id; null for somebody without a seat.
    pub id: Option<Uuid>,
    /// Their name, or the one shown in the meeting.
    pub name: String,
    /// `student`, `instructor`, `guest` or `unknown`.
    pub role: &'static str,
}

/// Where a person is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParticipantView {
    /// Who.
    pub person: LivePersonView,
    /// `expected`, `waiting`, `in_class` or `left`.
    pub state: &'static str,
    /// When they last came in, or began to wait.
    pub joined_at: Option<DateTime<Utc>>,
    /// When they went.
    pub left_at: Option<DateTime<Utc>>,
}

/// A live session, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveSessionView {
    /// Its id.
    pub id: Uuid,
    /// Its class.
    pub class_id: Uuid,
    /// Its title.
    pub title: String,
    /// The class's title.
    pub class_title: String,
    /// Who teaches.
    pub instructor: Option<LivePersonView>,
    /// The platform.
    pub provider: &'static str,
    /// Scheduled start.
    pub starts_at: DateTime<Utc>,
    /// Scheduled end.
    pub ends_at: DateTime<Utc>,
    /// IANA zone.
    pub time_zone: String,
    /// When it went live.
    pub started_at: Option<DateTime<Utc>>,
    /// `live`.
    pub state: &'static str,
}

/// A live session with its people.
#[derive(Debug, Serialize, ToSchema)]
pub struct BoardView {
    /// Which.
    pub session: LiveSessionView,
    /// Who is where: everybody for admins and the instructor, else only the caller.
    pub participants: Vec<ParticipantView>,
}

/// What goes on now, and what was missed.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveView {
    /// For the next `?since=`.
    pub seq: i64,
    /// The live sessions the caller may watch.
    pub sessions: Vec<BoardView>,
    /// The events after `since`: `{seq, type, at, session_id?, class_id?, person?, detail?}`; `[{type: "resync"}]` when `since` is too old.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Box<RawValue>>,
}

impl From<&SessionBoard> for BoardView {
    fn from(board: &SessionBoard) -> Self {
        let facts = &board.facts;
        let teacher = board.expected.iter().find(|expected| expected.seat.person == facts.instructor);
        Self {
            session: LiveSessionView {
                id: facts.session.uuid(),
                class_id: facts.class.uuid(),
                title: facts.title.clone(),
                class_title: facts.class_title.clone(),
                instructor: teacher.map(|teacher| LivePersonView {
                    id: Some(facts.instructor.uuid()),
                    name: teacher.seat.name.clone(),
                    role: "instructor",
                }),
                provider: facts.provider.as_str(),
                starts_at: facts.starts_at,
                ends_at: facts.ends_at,
                time_zone: facts.time_zone.clone(),
                started_at: facts.started_at,
                state: facts.state.as_str(),
            },
            participants: board
                .places()
                .into_iter()
                .map(|place| ParticipantView {
                    person: LivePersonView {
                        id: place.person.map(lectern_core::ids::PersonId::uuid),
                        name: place.name,
                        role: place.role.name(),
                    },
                    state: whereabouts_word(place.whereabouts),
                    joined_at: place.joined_at,
                    left_at: place.left_at,
                })
                .collect(),
        }
    }
}

/// What goes on now. With `Upgrade: websocket`: the events themselves, as they come; with `?since=` first those missed.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", params(LiveQuery),
    responses((status = 200, body = LiveView), (status = 101, description = "Events, one JSON text each"), (status = 401, body = Problem, content_type = "application/problem+json"), (status = 403, description = "A page of another site", body = Problem, content_type = "application/problem+json")))]
pub async fn live(
    State(app): State<App>,
    headers: HeaderMap,
    who: Option<SignedIn>,
    query: Result<Query<LiveQuery>, ApiError>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    tell(app, &headers, who, query, upgrade).await
}

/// The same for whoever was let in: what goes on, or the socket.
///
/// # Errors
/// [`ApiError::SignedOut`] for nobody, [`ApiError::Forbidden`] for a page of another site.
pub async fn tell(
    app: App,
    headers: &HeaderMap,
    who: Option<SignedIn>,
    query: Result<Query<LiveQuery>, ApiError>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    if !headers.contains_key(header::UPGRADE) {
        let who = who.ok_or(ApiError::SignedOut)?;
        return Ok(axum::Json(view(&app, &who, query?.0.since).await?).into_response());
    }
    let foreign = headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes() != app.config.server.origin().as_bytes());
    if foreign {
        return Err(ApiError::Forbidden);
    }
    let Query(query) = query?;
    let upgrade = upgrade.map_err(|rejection| ApiError::Malformed(rejection.body_text()))?;
    let who = match (who, &query.ticket) {
        (Some(who), _) => who,
        (None, Some(ticket)) => service::redeem(&app, ticket).await?,
        (None, None) => return Err(ApiError::SignedOut),
    };
    // Readers say nothing, and events are short: a socket is mostly its buffers, so they are small.
    let upgrade = upgrade
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_write_buffer_size(64 * 1024)
        .max_message_size(socket::MOST_INCOMING)
        .max_frame_size(socket::MOST_INCOMING);
    let reader = socket::listen(app, who, query.since).await?;
    Ok(upgrade.on_upgrade(move |socket| socket::run(reader, socket)))
}

async fn view(app: &App, who: &SignedIn, since: Option<i64>) -> Result<LiveView, ApiError> {
    let snapshot = service::snapshot(app, who).await?;
    let mut seq = snapshot.seq;
    let events = match since {
        None => Vec::new(),
        Some(since) => {
            let reader = (who.person.uuid(), who.role);
            match service::missed(app, who.organization, reader, since).await? {
                // Also those numbered after the boards were read: whoever applies them to the boards is up to date.
                Missed::Events(events, seen) => {
                    seq = seen;
                    events.iter().map(|json| raw(json.as_str())).collect()
                }
                Missed::Resync(_) => vec![raw(r#"{"type":"resync"}"#)],
            }
        }
    };
    Ok(LiveView {
        seq,
        sessions: snapshot.boards.iter().map(BoardView::from).collect(),
        events: events.into_iter().collect::<Result<_, _>>().map_err(ApiError::internal)?,
    })
}

fn raw(json: &str) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(json.to_owned())
}

/// A one-time ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketView {
    /// For `?ticket=`, once, within 30 seconds.
    pub ticket: String,
}

/// Makes a ticket that opens one live socket, for clients that can send neither cookie nor header with it.
#[utoipa::path(post, path = "/api/v1/live/tickets", tag = "live", responses((status = 201, body = TicketView), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn create_ticket(
    State(app): State<App>,
    who: SignedIn,
) -> Result<(StatusCode, axum::Json<TicketView>), ApiError> {
    let ticket = service::ticket(&app, &who).await?;
    Ok((StatusCode::CREATED, axum::Json(TicketView { ticket })))
}
