use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use lectern_core::{
    ids::{OrganizationId, PersonId},
    role::Role,
};
use serde::Serialize;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::{Event, EventPerson, EventType};

/// Messages a slow watcher may lag behind before it is told to start anew.
const BACKLOG: usize = 512;

/// An event on its way to watchers: rendered once for all of them.
#[derive(Clone, Debug)]
pub struct LiveMessage {
    /// Its number.
    pub seq: i64,
    /// The event.
    pub event: Arc<Event>,
    /// As sent.
    pub json: Utf8Bytes,
}

#[derive(Serialize)]
struct Wire<'a> {
    seq: i64,
    #[serde(rename = "type")]
    kind: EventType,
    at: chrono::DateTime<chrono::Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'a EventPerson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl LiveMessage {
    /// Renders an event.
    #[must_use]
    pub fn new(seq: i64, event: Event) -> Self {
        let wire = Wire {
            seq,
            kind: event.kind,
            at: event.at,
            session_id: event.session.map(|id| id.uuid()),
            class_id: event.class.map(|id| id.uuid()),
            person: event.person.as_ref(),
            detail: event.detail.as_deref(),
        };
        let json = serde_json::to_string(&wire).unwrap_or_default();
        Self { seq, json: json.into(), event: Arc::new(event) }
    }

    /// Whether this person may see it: whom it is addressed to; else admins all, instructors their own classes', everyone what is about themselves.
    #[must_use]
    pub fn is_for(&self, person: Uuid, role: Role) -> bool {
        if !self.event.audience.is_empty() {
            return self.event.audience.binary_search(&PersonId(person)).is_ok();
        }
        let own_class = self.event.instructor.is_some_and(|instructor| instructor.uuid() == person);
        let about = self.event.person.as_ref().and_then(|about| about.id) == Some(person);
        match role {
            Role::Admin => true,
            Role::Instructor => own_class || about,
            Role::Student => about,
        }
    }
}

/// What a watcher hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// An event that was numbered.
    Event(Arc<LiveMessage>),
    /// Sign-ins of this person ended: their watchers look whether theirs still holds. Not stored and not numbered; other
    /// instances notice at their next beat.
    SignInEnded(PersonId),
}

/// Where watchers of each organization listen, in this process.
#[derive(Clone, Debug, Default)]
pub struct Hub(Arc<Mutex<HashMap<OrganizationId, broadcast::Sender<Heard>>>>);

impl Hub {
    /// Listens to one organization's events from now on.
    #[must_use]
    pub fn subscribe(&self, organization: OrganizationId) -> broadcast::Receiver<Heard> {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        channels.entry(organization).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// How many listen now, in this process.
    #[must_use]
    pub fn listeners(&self) -> usize {
        let channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        channels.values().map(broadcast::Sender::receiver_count).sum()
    }

    /// Hands an event to everybody who listens.
    pub fn deliver(&self, organization: OrganizationId, message: LiveMessage) {
        self.say(organization, Heard::Event(Arc::new(message)));
    }

    /// Has the person's watchers look at once whether their sign-in still holds; after the commit that ended it. The nil id
    /// stands for programs with an API key.
    pub fn sign_in_ended(&self, organization: OrganizationId, person: PersonId) {
        self.say(organization, Heard::SignInEnded(person));
    }

    fn say(&self, organization: OrganizationId, heard: Heard) {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = channels.get(&organization)
            && sender.send(heard).is_err()
        {
            channels.remove(&organization);
        }
    }
}
