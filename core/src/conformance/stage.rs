//! What all cases have: a harness, its provider behind the capability check, and a draft.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use super::{
    harness::{Harness, Post, Room},
    people::reference,
};
use crate::{
    provider::{
        Call, Capabilities, CheckCapabilities, ErrorKind, Meeting, MeetingDraft, MeetingRef, Meetings,
        Provider, ProviderError, Result,
    },
    settings::ClassSettings,
};

/// Enough for everything. A person waits: background work leaves a part of each rate budget to others, and a case is alone.
pub(super) const CALL: Call = Call::interactive(Duration::from_secs(30));

/// A person waits who has not much time.
pub(super) const HURRY: Call = Call::interactive(Duration::from_millis(900));

/// The same neutral wishes everywhere: nothing that any platform could refuse.
pub(super) fn nothing_special() -> ClassSettings {
    ClassSettings { waiting_room: false, ..ClassSettings::default() }
}

pub(super) struct Stage<H> {
    pub(super) harness: H,
    pub(super) provider: Arc<dyn Provider>,
}

impl<H: Harness> Stage<H> {
    pub(super) async fn new() -> Self {
        let harness = H::start().await;
        let provider = Arc::new(CheckCapabilities::new(harness.provider()));
        Self { harness, provider }
    }

    pub(super) fn can(&self) -> &Capabilities {
        self.provider.capabilities()
    }

    pub(super) fn meetings(&self) -> &dyn Meetings {
        self.provider.meetings().expect("a connected provider makes meetings")
    }

    /// A class of an hour, in a quarter of an hour.
    pub(super) fn draft(&self, number: usize) -> MeetingDraft {
        let mut draft = MeetingDraft {
            reference: reference(number),
            topic: format!("Algebra {number}"),
            agenda: "Bring a pen.".to_owned(),
            starts_at: self.harness.now() + TimeDelta::minutes(15),
            length: Duration::from_secs(3600),
            time_zone: chrono_tz::Europe::Warsaw,
            settings: nothing_special(),
            host: None,
            registration: false,
        };
        self.harness.adapt(&mut draft);
        draft
    }

    pub(super) fn at(&self, meeting: &Meeting) -> MeetingRef {
        MeetingRef { id: meeting.id.clone(), host: self.draft(0).host }
    }

    pub(super) async fn create(&self, draft: &MeetingDraft) -> Meeting {
        let made = self.meetings().create(&CALL, draft).await.unwrap();
        assert!(made.differences.is_empty(), "nothing special was asked, and yet: {:?}", made.differences);
        made
    }

    /// The harness's people, whom a provider with attendance needs.
    pub(super) fn room(&self) -> Option<&dyn Room> {
        let room = self.harness.room();
        assert_eq!(
            room.is_some(),
            self.can().attendance.is_possible(),
            "the harness has people exactly when the provider tells who was there"
        );
        room
    }

    /// The harness's post, which a provider with events needs.
    pub(super) fn post(&self) -> Option<&dyn Post> {
        let post = self.harness.post();
        if self.provider.events().is_none() {
            assert!(post.is_none(), "the harness has events, and the provider cannot read any");
        }
        post
    }

    /// Runs something that must be refused, and sees that the vendor was not asked.
    pub(super) async fn refuses<T>(&self, what: &str, attempt: impl AsyncFnOnce() -> Result<T>) {
        let before = self.harness.requests();
        match attempt().await.err() {
            Some(ProviderError { kind: ErrorKind::Unsupported(named), .. }) => assert_eq!(named, what),
            Some(error) => panic!("{what}: unsupported was expected, not {error}"),
            None => panic!("{what}: done, although the capabilities say no"),
        }
        assert_eq!(self.harness.requests(), before, "{what}: the vendor was asked first");
    }
}
