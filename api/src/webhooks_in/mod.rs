//! Deliveries from platforms: verified over the raw bytes, stored sealed, answered at once, read later.

pub mod identifying;
pub mod looking;
mod placing;
pub mod processor;
pub mod routes;
pub mod service;
pub mod store;

pub use store::{
    Backlog, DeadDelivery, backlog, dead_count, dead_one, dead_ones, discard, remove_old, revive, revive_all,
};

use chrono::{DateTime, Utc};
use lectern_core::{ids::OrganizationId, provider::ProviderName};
use uuid::Uuid;

/// What deliveries that are set aside are called among the jobs that gave up.
pub const DEAD: &str = "webhook.read";

/// A verified delivery on its way into the inbox.
#[derive(Clone, Debug)]
pub struct InboxRow {
    /// Its id.
    pub id: Uuid,
    /// Whose secret verified it.
    pub organization: OrganizationId,
    /// Which platform sent it.
    pub provider: ProviderName,
    /// Equal for duplicates of one event.
    pub fingerprint: String,
    /// The platform's word for what it is.
    pub kind: String,
    /// When it happened.
    pub event_at: DateTime<Utc>,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// The platform's id of the meeting.
    pub meeting_ref: Option<String>,
    /// Signed too long ago to have an effect by itself.
    pub late: bool,
    /// The raw bytes, sealed.
    pub body: Vec<u8>,
}
