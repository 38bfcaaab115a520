use async_trait::async_trait;

use super::{Call, MeetingRef, Result};

/// One planned room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakoutPlan {
    /// Its name.
    pub name: String,
    /// The addresses of those who belong there.
    pub participants: Vec<String>,
}

/// Breakout rooms.
#[async_trait]
pub trait BreakoutRooms: Send + Sync {
    /// Replaces the whole plan, before the meeting starts.
    async fn preassign(&self, call: &Call, meeting: &MeetingRef, rooms: &[BreakoutPlan]) -> Result<()>;
}
