//! Lantern's JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What create and update send.
#[derive(Debug, Serialize)]
pub(crate) struct Wanted<'a> {
    /// Ours: the same key is the same room.
    pub(crate) key: &'a str,
    pub(crate) title: &'a str,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) minutes: u64,
    pub(crate) lobby: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) minutes: u32,
    pub(crate) lobby: bool,
    pub(crate) url: String,
    pub(crate) running: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) started_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Visit {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) joined_at: DateTime<Utc>,
    pub(crate) left_at: DateTime<Utc>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// What to ask for next; absent on the last page.
    pub(crate) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Granted {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) expires_in: u32,
    pub(crate) scope: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Owner {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) email: String,
    pub(crate) name: String,
}

/// An error answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Refused {
    pub(crate) code: String,
    /// The scope that is missing.
    pub(crate) needs: Option<String>,
}
