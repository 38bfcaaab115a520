use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Call, IncomingEvent, MeetingRef, Result};

/// Looking at who is there: for vendors that do not tell by themselves, or tell only that something happened.
#[async_trait]
pub trait LiveRoster: Send + Sync {
    /// What the vendor knows now of the meeting's present run, and of runs that ended after `since`, as the events that would
    /// have told it, oldest first. The same state gives the same fingerprints.
    async fn look(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        since: DateTime<Utc>,
    ) -> Result<Vec<IncomingEvent>>;

    /// The id of the meeting to which a resource belongs that an event named; `None` when the vendor does not know it (yet).
    async fn meeting_of(&self, call: &Call, resource: &str) -> Result<Option<String>>;
}
