//! Work for later: rows, claimed with a lease and a growing attempt number, retried with growing pauses, and
//! kept visible when they gave up.

mod handlers;
pub mod runner;
mod schedule;
pub mod standing;
pub mod store;

use chrono::{DateTime, Utc};
use lectern_core::ids::OrganizationId;
use serde_json::Value;
use uuid::Uuid;

pub use handlers::KINDS;
pub use schedule::{regular, start_ticks, tick};

/// How a job ended that did not succeed.
#[derive(Debug)]
pub enum JobError {
    /// Try again: after the usual pause, or not before this instant.
    Retry(String, Option<DateTime<Utc>>),
    /// Trying again cannot help: the job is kept as dead, with this reason.
    GiveUp(String),
}

impl<E: std::error::Error> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::Retry(error.to_string(), None)
    }
}

/// A job that was claimed.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// The tenant it works for.
    pub organization: OrganizationId,
    /// What to do.
    pub kind: String,
    /// With what: ids only.
    pub body: Value,
    /// Which claim this is, ever: what a worker that was thought lost says of an earlier one no longer counts.
    pub attempt: i64,
    /// Which try this is, from 1.
    pub tries: i64,
}

impl Job {
    /// An id from the body.
    ///
    /// # Errors
    /// [`JobError::GiveUp`] when it is not there: no later try would find it.
    pub fn id_of<T: From<Uuid>>(&self, name: &str) -> Result<T, JobError> {
        let id = self.body.get(name).and_then(Value::as_str).and_then(|text| Uuid::parse_str(text).ok());
        id.map(T::from).ok_or_else(|| JobError::GiveUp(format!("the body has no {name}")))
    }
}
