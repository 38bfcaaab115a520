use async_trait::async_trait;
use lectern_core::{
    provider::{
        Call, ErrorKind, HostUrl, Meeting, MeetingDraft, MeetingRef, MeetingState, Meetings, ProviderError,
        Result,
    },
    secret::SecretString,
};
use sha2::{Digest, Sha256};
use url::Url;

use super::Link;
use crate::transport::address;

/// Longest address that is taken.
const LONGEST: usize = 2048;

fn new(operation: &'static str, kind: ErrorKind) -> ProviderError {
    ProviderError::new(crate::link::NAME, operation, kind)
}

/// A link's name where the link itself must not be seen.
fn id_of(url: &Url) -> String {
    let mut id = hex::encode(Sha256::digest(url.as_str()));
    id.truncate(32);
    id
}

impl Link {
    /// An address that a browser may be sent to: https, without a password in it, not inside somebody's network.
    fn address(&self, operation: &'static str, text: Option<&str>) -> Result<Url> {
        let invalid = || new(operation, ErrorKind::Invalid("link".to_owned()));
        let text = text.map(str::trim).filter(|text| text.len() <= LONGEST).ok_or_else(invalid)?;
        let url = Url::parse(text).map_err(|_| invalid())?;
        address::check(&url, self.allow_loopback).map_err(|_| invalid())?;
        Ok(url)
    }

    fn meeting(&self, url: Url, topic: &str) -> Meeting {
        Meeting {
            id: id_of(&url),
            host_id: None,
            join_url: SecretString::new(url.into()),
            topic: topic.to_owned(),
            starts_at: None,
            minutes: 0,
            state: MeetingState::Waiting,
            registration: false,
            differences: Vec::new(),
        }
    }

    fn look_up(&self, operation: &'static str, meeting: &MeetingRef) -> Result<Meeting> {
        let gone = |_| new(operation, ErrorKind::NotFound);
        let url = self.address(operation, meeting.host.as_deref()).map_err(gone)?;
        let found = self.meeting(url, "");
        if found.id == meeting.id { Ok(found) } else { Err(new(operation, ErrorKind::NotFound)) }
    }
}

#[async_trait]
impl Meetings for Link {
    /// Nothing is made: the same link is the same meeting.
    async fn create(&self, _: &Call, draft: &MeetingDraft) -> Result<Meeting> {
        let url = self.address("create meeting", draft.host.as_deref())?;
        Ok(self.meeting(url, &draft.topic))
    }

    async fn find(&self, call: &Call, draft: &MeetingDraft) -> Result<Option<Meeting>> {
        self.create(call, draft).await.map(Some)
    }

    /// Another link is another meeting.
    async fn update(&self, call: &Call, meeting: &MeetingRef, draft: &MeetingDraft) -> Result<Meeting> {
        let wanted = self.create(call, draft).await?;
        if wanted.id == meeting.id { Ok(wanted) } else { Err(new("update meeting", ErrorKind::Conflict)) }
    }

    async fn get(&self, _: &Call, meeting: &MeetingRef) -> Result<Meeting> {
        self.look_up("get meeting", meeting)
    }

    /// There is nothing of ours to remove.
    async fn delete(&self, _: &Call, _: &MeetingRef) -> Result<()> {
        Ok(())
    }

    async fn end(&self, _: &Call, _: &MeetingRef) -> Result<()> {
        Err(new("end meeting", ErrorKind::Unsupported("end_meeting")))
    }

    async fn host_url(&self, _: &Call, meeting: &MeetingRef) -> Result<HostUrl> {
        self.look_up("start link", meeting).map(|found| HostUrl(found.join_url))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::time::Duration;

    use lectern_core::{
        provider::{OurReference, Provider},
        settings::ClassSettings,
    };

    use super::*;

    const CALL: Call = Call::background();

    fn draft(link: &str) -> MeetingDraft {
        MeetingDraft {
            reference: OurReference::parse("abcdefghij").unwrap(),
            topic: "Algebra".to_owned(),
            agenda: String::new(),
            starts_at: "2026-11-23T18:00:00Z".parse().unwrap(),
            length: Duration::from_secs(3600),
            time_zone: chrono_tz::UTC,
            settings: ClassSettings { waiting_room: false, ..ClassSettings::default() },
            host: Some(link.to_owned()),
            registration: false,
        }
    }

    #[tokio::test]
    async fn a_link_is_its_own_meeting() {
        let link = Link::new(false);
        let made = link.create(&CALL, &draft(" https://meet.jit.si/oak-algebra ")).await.unwrap();
        assert_eq!(made.join_url.expose(), "https://meet.jit.si/oak-algebra");
        assert!(!made.id.contains("algebra"));
        let at = MeetingRef { id: made.id.clone(), host: Some("https://meet.jit.si/oak-algebra".to_owned()) };
        assert_eq!(link.get(&CALL, &at).await.unwrap().join_url, made.join_url);
        assert_eq!(link.host_url(&CALL, &at).await.unwrap().0, made.join_url);
        assert_eq!(
            link.find(&CALL, &draft("https://meet.jit.si/oak-algebra")).await.unwrap().unwrap().id,
            made.id
        );
        link.update(&CALL, &at, &draft("https://meet.jit.si/oak-algebra")).await.unwrap();
        let other = link.update(&CALL, &at, &draft("https://meet.jit.si/other")).await.unwrap_err();
        assert_eq!(other.kind, ErrorKind::Conflict);
        link.delete(&CALL, &at).await.unwrap();
        let stranger = MeetingRef { id: made.id, host: Some("https://evil.example/".to_owned()) };
        assert_eq!(link.get(&CALL, &stranger).await.unwrap_err().kind, ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn what_a_browser_must_not_be_sent_to_is_refused() {
        let link = Link::new(false);
        for bad in [
            "",
            "meet.jit.si/x",
            "http://meet.jit.si/x",
            "javascript:alert(1)",
            "https://user:pass@meet.jit.si/x",
            "https://192.168.1.1/x",
            "https://127.0.0.1/x",
            "https://localhost/x",
        ] {
            let refused = link.create(&CALL, &draft(bad)).await.unwrap_err();
            assert_eq!(refused.kind, ErrorKind::Invalid("link".to_owned()), "{bad}");
        }
        let long = format!("https://meet.jit.si/{}", "a".repeat(LONGEST));
        assert!(link.create(&CALL, &draft(&long)).await.is_err());
        assert!(Link::new(true).create(&CALL, &draft("http://127.0.0.1:8000/x")).await.is_ok());
    }

    #[test]
    fn almost_nothing_is_possible_and_each_no_has_its_sentence() {
        let link = Link::new(false);
        let can = link.capabilities();
        assert!(!can.registrants.is_possible() && !can.end_meeting.is_possible() && !can.chat.is_possible());
        assert!(can.attendance.reason().unwrap().0.key().is_some());
        assert!(link.oauth().is_none() && link.events().is_none() && link.attendance().is_none());
        assert!(link.registrants().is_none() && link.meetings().is_some());
    }
}
