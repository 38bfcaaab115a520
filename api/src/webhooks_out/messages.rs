//! What endpoints are told: our ids and the host's, names, times; never an address of a platform, a join link or a token.

use chrono::{DateTime, Utc};
use lectern_core::{
    attendance::Standing,
    ids::{OrganizationId, PersonId, SessionId},
    session::{Delivery, SessionState},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::HookKind;
use crate::{
    app::App,
    attendance,
    db::Tx,
    error::ApiError,
    events::{Event, EventPerson},
    people,
    sessions::{self, facts},
};

/// The shape described here. An endpoint keeps the one it was made with.
pub const VERSION: &str = "2026-11-27";
/// Every shape this release can write.
pub const VERSIONS: &[&str] = &[VERSION];

/// What is posted. The header `webhook-id` names the event: the same at every try and replay, so that what arrives twice is
/// seen to; `webhook-signature` signs these very bytes; `lectern-version` repeats the version.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message<D> {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: HookKind,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// The shape of `data`, by date.
    #[schema(example = "2026-11-27")]
    pub version: String,
    /// What it is about, as it stood when the delivery was written: within a second of the event.
    pub data: D,
}

/// Of `session.*`.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionData {
    /// The session.
    pub session: MessageSession,
}

/// Of `participant.*` and `join.*`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonData {
    /// The session.
    pub session: MessageSession,
    /// Who.
    pub person: MessagePerson,
    /// Of `join.refused`, why: `other_browser` (the link was opened where the person had not yet proved themselves) or `host`
    /// (the platform's answer could not be trusted).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Of `attendance.*`.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttendanceData {
    /// The session.
    pub session: MessageSession,
    /// One line for everybody expected: the whole sheet each time, so that the last message is the truth.
    pub attendance: Vec<MessageAttendance>,
}

/// Of `connection.lost`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionData {
    /// The connection.
    pub connection: MessageConnection,
    /// Whose it is, and who must connect it again; null for the organization's own.
    pub person: Option<MessagePerson>,
}

/// Of `endpoint.test`.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestData {
    /// The endpoint that is tested.
    pub endpoint_id: Uuid,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageSession {
    /// Its id.
    pub id: Uuid,
    /// The host application's id.
    pub external_id: Option<String>,
    /// Its title.
    pub title: String,
    /// Its class.
    pub class: MessageClass,
    /// Scheduled start, UTC.
    pub starts_at: DateTime<Utc>,
    /// Scheduled end, UTC.
    pub ends_at: DateTime<Utc>,
    /// IANA zone.
    #[schema(example = "Asia/Dhaka")]
    pub time_zone: String,
    /// Whole minutes.
    pub duration_minutes: i64,
    /// `virtual`, `hybrid` or `in_person`.
    #[schema(value_type = String)]
    pub delivery: Delivery,
    /// On which platform.
    pub provider: &'static str,
    /// `scheduled`, `live`, `ended` or `cancelled`.
    #[schema(value_type = String)]
    pub state: SessionState,
    /// Since when it runs.
    pub started_at: Option<DateTime<Utc>>,
    /// Since when it is over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was called off.
    pub cancel_reason: Option<String>,
}

/// A class.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageClass {
    /// Its id.
    pub id: Uuid,
    /// The host application's id.
    pub external_id: Option<String>,
    /// Its title.
    pub title: String,
    /// Who teaches it.
    pub instructor_id: Uuid,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagePerson {
    /// Their id; null for somebody in the meeting who is nobody's seat.
    pub id: Option<Uuid>,
    /// The host application's id.
    pub external_id: Option<String>,
    /// Their name, or what the platform shows of them.
    pub name: String,
    /// Their address.
    pub email: Option<String>,
    /// `student`, `guest`, `instructor`, `admin` or `unknown`.
    pub role: String,
}

/// A line of the attendance sheet.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageAttendance {
    /// Who.
    pub person: MessagePerson,
    /// `present`, `late`, `left_early`, `absent`, `excused`, `unconfirmed`, or `expected`, `in_class`, `left` before the end.
    pub state: &'static str,
    /// `proposed`, `verified` or `conflict`: later evidence says otherwise than a person decided, and the decision holds.
    pub standing: &'static str,
    /// First in.
    pub first_joined_at: Option<DateTime<Utc>>,
    /// Last out.
    pub last_left_at: Option<DateTime<Utc>>,
    /// Seconds that count.
    pub seconds: u32,
    /// The same in whole minutes, rounded down.
    pub minutes: u32,
    /// Who verified it.
    pub verified_by: Option<Uuid>,
    /// When.
    pub verified_at: Option<DateTime<Utc>>,
}

/// A connection to a platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageConnection {
    /// Its id.
    pub id: Uuid,
    /// At which platform.
    pub provider: String,
}

/// The bytes to be signed and sent. There is one version yet; a second one turns the first one's data into its own here.
pub(super) fn body(
    kind: HookKind,
    at: DateTime<Utc>,
    version: &str,
    data: &Value,
) -> Result<Vec<u8>, ApiError> {
    let message = Message { kind, timestamp: at, version: version.to_owned(), data };
    serde_json::to_vec(&message).map_err(ApiError::internal)
}

/// What an event is about; `None` when that is no longer there.
pub(super) async fn data(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    kind: HookKind,
    event: &Event,
) -> Result<Option<Value>, ApiError> {
    if kind == HookKind::ConnectionLost {
        let Some((id, provider)) = &event.connection else { return Ok(None) };
        let owner = match event.instructor {
            Some(owner) => people::service::find(tx, organization, owner).await?,
            None => None,
        };
        let connection = MessageConnection { id: id.uuid(), provider: provider.clone() };
        let person = owner.map(|owner| known(&owner, owner.role.name()));
        return value(&ConnectionData { connection, person });
    }
    let Some(id) = event.session else { return Ok(None) };
    let Some(session) = session(tx, organization, id).await? else { return Ok(None) };
    match kind {
        HookKind::ParticipantJoined
        | HookKind::ParticipantLeft
        | HookKind::JoinRedeemed
        | HookKind::JoinRefused => {
            let Some(about) = &event.person else { return Ok(None) };
            let person = person(tx, organization, about).await?;
            let reason = event.detail.clone().filter(|_| kind == HookKind::JoinRefused);
            value(&PersonData { session, person, reason })
        }
        HookKind::AttendanceProposed | HookKind::AttendanceVerified => {
            let attendance = sheet(app, tx, organization, id).await?;
            value(&AttendanceData { session, attendance })
        }
        _ => value(&SessionData { session }),
    }
}

fn value<D: Serialize>(data: &D) -> Result<Option<Value>, ApiError> {
    serde_json::to_value(data).map(Some).map_err(ApiError::internal)
}

/// What Test sends.
pub(super) fn test(endpoint: Uuid) -> Result<Value, ApiError> {
    serde_json::to_value(TestData { endpoint_id: endpoint }).map_err(ApiError::internal)
}

async fn session(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SessionId,
) -> Result<Option<MessageSession>, ApiError> {
    let Some(session) = sessions::service::find(tx, organization, id).await? else { return Ok(None) };
    let class = sessions::service::class_of(tx, organization, &session).await?;
    let meeting = sessions::meetings::of_session(tx, organization, id).await?;
    Ok(Some(MessageSession {
        id: id.uuid(),
        provider: meeting.map_or(class.provider, |meeting| meeting.provider).as_str(),
        class: MessageClass {
            id: class.id.uuid(),
            external_id: class.external_id,
            title: class.title,
            instructor_id: class.instructor.uuid(),
        },
        duration_minutes: session.minutes(),
        external_id: session.external_id,
        title: session.title,
        starts_at: session.starts_at,
        ends_at: session.ends_at,
        time_zone: session.time_zone,
        delivery: session.delivery,
        state: session.state,
        started_at: session.started_at,
        ended_at: session.ended_at,
        cancel_reason: session.cancel_reason,
    }))
}

fn known(person: &people::Person, role: &str) -> MessagePerson {
    MessagePerson {
        id: Some(person.id.uuid()),
        external_id: person.external_id.clone(),
        name: person.name(),
        email: Some(person.email.clone()),
        role: role.to_owned(),
    }
}

async fn person(
    tx: &mut Tx,
    organization: OrganizationId,
    about: &EventPerson,
) -> Result<MessagePerson, ApiError> {
    let found = match about.id {
        Some(id) => people::service::find(tx, organization, PersonId(id)).await?,
        None => None,
    };
    Ok(found.map_or_else(
        || MessagePerson {
            id: about.id,
            external_id: None,
            name: about.name.clone(),
            email: None,
            role: about.role.clone(),
        },
        |person| known(&person, &about.role),
    ))
}

async fn sheet(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    id: SessionId,
) -> Result<Vec<MessageAttendance>, ApiError> {
    let facts = facts::of_session(tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    let sheet = attendance::service::sheet_in(app, tx, organization, facts).await?;
    let ids = sheet.lines.iter().map(|line| line.verdict.person);
    let mut external = people::service::external_ids(tx, organization, ids).await?;
    let lines = sheet.lines.iter().map(|line| {
        let (verdict, finding) = (&line.verdict, line.outcome.finding);
        MessageAttendance {
            person: MessagePerson {
                id: Some(verdict.person.uuid()),
                external_id: external.remove(&verdict.person),
                name: line.expected.seat.name.clone(),
                email: Some(line.expected.email.clone()),
                role: attendance::service::role_words(verdict.role).1.to_owned(),
            },
            state: finding.state.name(),
            standing: match line.outcome.standing {
                Standing::Proposed => "proposed",
                Standing::Verified => "verified",
                Standing::Conflict { .. } => "conflict",
            },
            first_joined_at: verdict.first_joined_at,
            last_left_at: verdict.last_left_at,
            seconds: finding.seconds,
            minutes: finding.seconds / 60,
            verified_by: line.verified.map(|verified| verified.by.uuid()),
            verified_at: line.verified.map(|verified| verified.at),
        }
    });
    Ok(lines.collect())
}
