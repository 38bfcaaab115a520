//! What really happened at a meeting, for comparing.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{state::Identity, world::World};

/// Everything that really happened at a meeting.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    /// The online meeting's id.
    pub meeting: String,
    /// Its calls, oldest first.
    pub calls: Vec<CallTruth>,
}

/// One call.
#[derive(Clone, Debug, Serialize)]
pub struct CallTruth {
    /// First instant.
    pub started: DateTime<Utc>,
    /// Last instant; absent while it runs.
    pub ended: Option<DateTime<Utc>>,
    /// Who was in it.
    pub stays: Vec<StayTruth>,
}

/// One unbroken presence.
#[derive(Clone, Debug, Serialize)]
pub struct StayTruth {
    /// The name shown.
    pub name: String,
    /// How they were known.
    pub identity: Identity,
    /// First instant in the call, not in the lobby.
    pub joined: DateTime<Utc>,
    /// Last instant; absent while there.
    pub left: Option<DateTime<Utc>>,
}

impl World {
    pub(crate) fn truth(&self, join_url: &str) -> Option<Truth> {
        let meeting = self.by_link(join_url)?;
        let calls = meeting
            .calls
            .iter()
            .map(|call| CallTruth {
                started: call.started,
                ended: call.ended,
                stays: call
                    .stays
                    .iter()
                    .map(|stay| StayTruth {
                        name: stay.who.name.clone(),
                        identity: stay.who.identity,
                        joined: stay.joined,
                        left: stay.left,
                    })
                    .collect(),
            })
            .collect();
        Some(Truth { meeting: meeting.id.clone(), calls })
    }
}
