use async_trait::async_trait;
use lectern_core::provider::{
    BreakoutPlan, BreakoutRooms, Call, ErrorKind, MeetingRef, ProviderError, Result,
};
use reqwest::Method;
use serde_json::json;

use super::{
    client::{Ask, begin, meeting_segment},
    config::Zoom,
};
use crate::transport::Label;

/// Rooms and people of a plan, without Zoom's large-rooms feature.
const MOST_ROOMS: usize = 50;
const MOST_PEOPLE: usize = 200;

#[async_trait]
impl BreakoutRooms for Zoom {
    async fn preassign(&self, call: &Call, meeting: &MeetingRef, rooms: &[BreakoutPlan]) -> Result<()> {
        const OPERATION: &str = "plan breakout rooms";
        let invalid = |field: &str| {
            ProviderError::new(crate::zoom::NAME, OPERATION, ErrorKind::Invalid(field.to_owned()))
        };
        if rooms.len() > MOST_ROOMS || rooms.iter().any(|room| room.name.trim().is_empty()) {
            return Err(invalid("rooms"));
        }
        if rooms.iter().map(|room| room.participants.len()).sum::<usize>() > MOST_PEOPLE {
            return Err(invalid("participants"));
        }
        let rooms: Vec<_> = rooms
            .iter()
            .map(|room| json!({"name": room.name.trim(), "participants": room.participants}))
            .collect();
        let plan = json!({"settings": {"breakout_room": {"enable": !rooms.is_empty(), "rooms": rooms}}});
        let path = format!("/meetings/{}", meeting_segment(OPERATION, &meeting.id)?);
        // The whole plan each time.
        let ask =
            Ask::new(OPERATION, Method::PATCH, Label::Light, "/meetings/{id}", path).json(plan).repeatable(2);
        self.ask(&ask, &begin(call)).await.map(|_| ())
    }
}
