use async_trait::async_trait;
use lectern_core::provider::{
    Call, ErrorKind, HostUrl, Meeting, MeetingDraft, MeetingRef, MeetingState, Meetings, ProviderError,
    Result, SettingDifference,
};
use lectern_providers::{
    transport::Method,
    wire::{cut, segment},
};
use serde_json::{Value, json};

use crate::{
    capabilities::TITLE,
    client::{Ask, begin},
    config::Lantern,
    wire::{Room, Wanted},
};

fn body(draft: &MeetingDraft) -> Value {
    json!(Wanted {
        key: draft.reference.as_str(),
        title: cut(draft.topic.trim(), TITLE),
        starts_at: draft.starts_at,
        minutes: draft.length.as_secs().div_ceil(60).max(1),
        lobby: draft.settings.waiting_room,
    })
}

fn one(operation: &'static str, method: Method, id: &str) -> Ask {
    Ask::new(operation, method, "/rooms/{id}", format!("/rooms/{}", segment(id)))
}

impl Lantern {
    fn meeting(&self, operation: &'static str, room: Room, draft: Option<&MeetingDraft>) -> Result<Meeting> {
        let asked = draft.map_or(room.lobby, |draft| draft.settings.waiting_room);
        let differences = (asked != room.lobby).then(|| SettingDifference {
            setting: "waiting_room",
            asked: asked.to_string(),
            got: room.lobby.to_string(),
        });
        Ok(Meeting {
            join_url: self.browser_url(operation, &room.url)?,
            id: room.id,
            host_id: Some(self.connected(operation)?.account.user_id.clone()),
            topic: room.title,
            starts_at: Some(room.starts_at),
            minutes: room.minutes,
            state: if room.running { MeetingState::Started } else { MeetingState::Waiting },
            registration: false,
            differences: differences.into_iter().collect(),
        })
    }
}

#[async_trait]
impl Meetings for Lantern {
    /// The same key is the same room, so a create that is tried again finds what it made.
    async fn create(&self, call: &Call, draft: &MeetingDraft) -> Result<Meeting> {
        const OPERATION: &str = "create meeting";
        let ask = Ask::new(OPERATION, Method::POST, "/rooms", "/rooms".to_owned()).json(body(draft));
        let room: Room = self.ask_json(&ask, &begin(call)).await?;
        // It exists now, whatever is wrong with the answer.
        self.meeting(OPERATION, room, Some(draft)).map_err(ProviderError::maybe_done)
    }

    async fn find(&self, call: &Call, draft: &MeetingDraft) -> Result<Option<Meeting>> {
        const OPERATION: &str = "find meeting";
        let ask = Ask::new(OPERATION, Method::GET, "/rooms", "/rooms".to_owned())
            .query("key", draft.reference.as_str());
        let found: Vec<Room> = self.ask_all(&ask, &begin(call)).await?;
        found.into_iter().next().map(|room| self.meeting(OPERATION, room, Some(draft))).transpose()
    }

    async fn update(&self, call: &Call, meeting: &MeetingRef, draft: &MeetingDraft) -> Result<Meeting> {
        const OPERATION: &str = "update meeting";
        let ask = one(OPERATION, Method::PUT, &meeting.id).json(body(draft));
        let room = self.ask_json(&ask, &begin(call)).await?;
        self.meeting(OPERATION, room, Some(draft))
    }

    async fn get(&self, call: &Call, meeting: &MeetingRef) -> Result<Meeting> {
        const OPERATION: &str = "get meeting";
        let room = self.ask_json(&one(OPERATION, Method::GET, &meeting.id), &begin(call)).await?;
        self.meeting(OPERATION, room, None)
    }

    async fn delete(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        match self.ask(&one("delete meeting", Method::DELETE, &meeting.id), &begin(call)).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn end(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        let path = format!("/rooms/{}/run", segment(&meeting.id));
        let ask = Ask::new("end meeting", Method::DELETE, "/rooms/{id}/run", path);
        match self.ask(&ask, &begin(call)).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whoever is signed in to Lantern as the owner is the host: there is no address that makes one.
    async fn host_url(&self, call: &Call, meeting: &MeetingRef) -> Result<HostUrl> {
        const OPERATION: &str = "start link";
        let room: Room = self.ask_json(&one(OPERATION, Method::GET, &meeting.id), &begin(call)).await?;
        self.browser_url(OPERATION, &room.url).map(HostUrl)
    }
}
