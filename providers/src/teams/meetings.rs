use async_trait::async_trait;
use lectern_core::provider::{Call, ErrorKind, HostUrl, Meeting, MeetingDraft, MeetingRef, Meetings, Result};
use reqwest::Method;

use super::{
    client::{Ask, begin},
    config::Teams,
    options,
    reference::Reference,
    steps::{IN_UTC, body},
    wire,
};
use crate::transport::Label;

#[async_trait]
impl Meetings for Teams {
    /// The event first, then the online meeting behind its link, then its options. An event whose online meeting cannot be had
    /// (no access policy, no Teams) is taken back, so that nothing stays in the teacher's calendar.
    async fn create(&self, call: &Call, draft: &MeetingDraft) -> Result<Meeting> {
        const OPERATION: &str = "create meeting";
        let time = begin(call);
        let whose = self.host(OPERATION, draft.host.as_deref(), &time).await?;
        let ask = Ask::of(&whose, OPERATION, Method::POST, Label::Medium, "/events", "/events")
            .json(body(draft))
            .prefer(IN_UTC);
        let event: wire::Event = match self.ask_json(&ask, &time).await {
            Ok(event) => event,
            // The key is known: an earlier try made it.
            Err(error) if error.kind == ErrorKind::Conflict => {
                match self.find_event(OPERATION, &whose, draft, &time).await? {
                    Some(event) => event,
                    None => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        let id = event.id.clone();
        match self.complete(OPERATION, &whose, event, draft, &time).await {
            Ok(meeting) => Ok(meeting),
            Err(error) if error.kind == ErrorKind::Unavailable || error.kind == ErrorKind::Unexpected => {
                Err(error.maybe_done())
            }
            Err(mut error) => {
                let taken_back =
                    self.ask(&self.event_ask(&whose, OPERATION, Method::DELETE, &id), &time).await;
                error.maybe_done = taken_back.is_err();
                Err(error)
            }
        }
    }

    async fn find(&self, call: &Call, draft: &MeetingDraft) -> Result<Option<Meeting>> {
        const OPERATION: &str = "find meeting";
        let time = begin(call);
        let whose = self.host(OPERATION, draft.host.as_deref(), &time).await?;
        match self.find_event(OPERATION, &whose, draft, &time).await? {
            Some(event) => self.complete(OPERATION, &whose, event, draft, &time).await.map(Some),
            None => Ok(None),
        }
    }

    /// The description stays as it was created.
    async fn update(&self, call: &Call, meeting: &MeetingRef, draft: &MeetingDraft) -> Result<Meeting> {
        const OPERATION: &str = "update meeting";
        let time = begin(call);
        let reference = Reference::read(OPERATION, meeting)?;
        let whose = self.organizer(OPERATION, &reference)?;
        let event = self.patch_event(OPERATION, &whose, &reference.event, draft, &time).await?;
        let found = self.with_link(OPERATION, &whose, event, &time).await?;
        let online = self.look_online(OPERATION, &reference, &time).await?;
        let differences = self.set_options(OPERATION, &whose, &online, draft, &time).await?;
        self.meeting(OPERATION, &whose, found, &online, differences)
    }

    async fn get(&self, call: &Call, meeting: &MeetingRef) -> Result<Meeting> {
        const OPERATION: &str = "get meeting";
        let time = begin(call);
        let reference = Reference::read(OPERATION, meeting)?;
        let (whose, event) = self.look_event(OPERATION, &reference, &time).await?;
        let found = self.with_link(OPERATION, &whose, event, &time).await?;
        let online = self.look_online(OPERATION, &reference, &time).await?;
        self.meeting(OPERATION, &whose, found, &online, Vec::new())
    }

    async fn delete(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        const OPERATION: &str = "delete meeting";
        let reference = Reference::read(OPERATION, meeting)?;
        let whose = self.organizer(OPERATION, &reference)?;
        let ask = self.event_ask(&whose, OPERATION, Method::DELETE, &reference.event);
        match self.ask(&ask, &begin(call)).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Locks: Graph cannot end a call. Nobody new passes the lobby, nobody is heard or seen; the teacher presses End.
    async fn end(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        const OPERATION: &str = "end meeting";
        let reference = Reference::read(OPERATION, meeting)?;
        let whose = self.organizer(OPERATION, &reference)?;
        let ask = self
            .online_ask(&whose, OPERATION, Method::PATCH, &reference.meeting)
            .json(options::locked())
            .repeatable(3);
        match self.ask(&ask, &begin(call)).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The common link: it makes its bearer the organizer only with the organizer's own Microsoft account.
    async fn host_url(&self, call: &Call, meeting: &MeetingRef) -> Result<HostUrl> {
        const OPERATION: &str = "start link";
        let time = begin(call);
        let reference = Reference::read(OPERATION, meeting)?;
        let (whose, event) = self.look_event(OPERATION, &reference, &time).await?;
        let (_, url) = self.with_link(OPERATION, &whose, event, &time).await?;
        Ok(HostUrl(self.browser_url(OPERATION, &url)?))
    }
}
