//! Events are rows, written by the transaction that caused them, numbered after commit, then delivered.

pub mod history;
mod hub;
pub mod publisher;
pub mod store;

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, ConnectionId, OrganizationId, PersonId, SessionId};
use serde::{Deserialize, Serialize};

pub use hub::{Heard, Hub, LiveMessage};
pub use store::{Lag, lag, last_seq, oldest, remove_old, since_of};

use crate::{
    db::{StoreError, Tx},
    ids::IdSource,
    keys::Sealer,
};

/// What happened, for those who watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// A session was scheduled.
    SessionScheduled,
    /// A session was moved, renamed or its meeting changed.
    SessionUpdated,
    /// A session was cancelled.
    SessionCancelled,
    /// A session is live.
    SessionStarted,
    /// A session is over.
    SessionEnded,
    /// A person was let through by us.
    JoinRedeemed,
    /// A person was turned away.
    JoinRefused,
    /// A person's seat is ready.
    SeatReady,
    /// The platform saw a person come in.
    ParticipantJoined,
    /// The platform saw a person go out.
    ParticipantLeft,
    /// A person waits to be admitted.
    ParticipantWaiting,
    /// Two people use one seat.
    SeatShared,
    /// People were told something: a reminder, a change. Each finds it among their notices.
    NoticeGiven,
    /// Attendance was computed anew.
    AttendanceUpdated,
    /// A class's roster changed.
    RosterChanged,
    /// A connection changed its state.
    ConnectionChanged,
    /// Sign-ins or memberships of a person changed: sockets check again.
    AccessChanged,
}

/// The person an event is about.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EventPerson {
    /// Their id; none for somebody without a seat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<uuid::Uuid>,
    /// As on the class list, or as shown in the meeting.
    pub name: String,
    /// `student`, `instructor`, `guest` or `unknown`.
    pub role: String,
}

/// An event as it lies, sealed, in the outbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// What.
    pub kind: EventType,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// In which session.
    pub session: Option<SessionId>,
    /// Of which class.
    pub class: Option<ClassId>,
    /// Whose class: decides which instructor hears of it.
    pub instructor: Option<PersonId>,
    /// About whom.
    pub person: Option<EventPerson>,
    /// Whom it is for and nobody else, in order; empty: whom its class and person say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<PersonId>,
    /// One sentence more, where the type alone does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Which connection, and at which platform; watchers ask for themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<(ConnectionId, String)>,
}

impl Event {
    /// An event about nothing in particular yet.
    #[must_use]
    pub const fn new(kind: EventType, at: DateTime<Utc>) -> Self {
        Self {
            kind,
            at,
            session: None,
            class: None,
            instructor: None,
            person: None,
            audience: Vec::new(),
            detail: None,
            connection: None,
        }
    }

    /// In a session of a class of an instructor.
    #[must_use]
    pub const fn of(mut self, session: Option<SessionId>, class: ClassId, instructor: PersonId) -> Self {
        self.session = session;
        self.class = Some(class);
        self.instructor = Some(instructor);
        self
    }

    /// About a person.
    #[must_use]
    pub fn person(mut self, id: Option<PersonId>, name: impl Into<String>, role: &str) -> Self {
        self.person =
            Some(EventPerson { id: id.map(PersonId::uuid), name: name.into(), role: role.to_owned() });
        self
    }

    /// For these people and nobody else.
    #[must_use]
    pub fn to(mut self, people: &[PersonId]) -> Self {
        self.audience = people.to_vec();
        self.audience.sort_unstable();
        self
    }

    /// With a sentence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Puts an event into the outbox, in the transaction that caused it.
///
/// After the commit, `app.wake.outbox.notify_one()` has it delivered at once instead of within a second.
///
/// # Errors
/// When the database refuses.
pub async fn emit(
    tx: &mut Tx,
    ids: &IdSource,
    sealer: &Sealer,
    organization: OrganizationId,
    now: DateTime<Utc>,
    event: &Event,
) -> Result<(), StoreError> {
    let id = ids.next();
    let plain = serde_json::to_vec(event).map_err(|error| StoreError::corrupt("event_outbox", error))?;
    let payload = sealer.seal("event_outbox", "payload", id, &plain);
    store::insert(tx, organization, id, &payload, now).await
}

/// Puts events into the outbox as [`emit`] does, in one statement.
///
/// # Errors
/// When the database refuses.
pub async fn emit_all(
    tx: &mut Tx,
    ids: &IdSource,
    sealer: &Sealer,
    organization: OrganizationId,
    now: DateTime<Utc>,
    events: &[Event],
) -> Result<(), StoreError> {
    let mut sealed = Vec::with_capacity(events.len());
    for event in events {
        let id = ids.next();
        let plain = serde_json::to_vec(event).map_err(|error| StoreError::corrupt("event_outbox", error))?;
        sealed.push((id, sealer.seal("event_outbox", "payload", id, &plain)));
    }
    store::insert_many(tx, organization, &sealed, now).await
}
