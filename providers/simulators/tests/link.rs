//! What every provider promises, by pasted links: almost everything is refused, and the suite sees that it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    clock::{Clock as _, FixedClock},
    conformance::{Deletion, Harness, Trouble},
    provider::{Meeting, MeetingDraft, Provider},
    settings::ClassSettings,
};
use lectern_providers::link::Link;

struct Pasted {
    clock: FixedClock,
    provider: Arc<dyn Provider>,
}

#[async_trait]
impl Harness for Pasted {
    async fn start() -> Self {
        Self {
            clock: FixedClock::at("2026-11-21T12:00:00Z".parse().unwrap()),
            provider: Arc::new(Link::new(false)),
        }
    }

    fn provider(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.provider)
    }

    async fn poorer(&self) -> Vec<Arc<dyn Provider>> {
        Vec::new()
    }

    fn adapt(&self, draft: &mut MeetingDraft) {
        draft.host = Some("https://meet.jit.si/oak-algebra".to_owned());
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    fn requests(&self) -> Option<usize> {
        None
    }

    fn meetings(&self) -> usize {
        0
    }

    fn deletion(&self) -> Deletion {
        Deletion::NothingMade
    }

    fn trouble(&self, _: Trouble) -> bool {
        false
    }

    fn pages(&self, _: usize) {}

    async fn revoke(&self) -> bool {
        false
    }

    async fn take_scope(&self) -> bool {
        false
    }

    /// Nothing can be asked of a link.
    async fn settings(&self, _: &Meeting) -> ClassSettings {
        ClassSettings { waiting_room: false, ..ClassSettings::default() }
    }
}

lectern_core::conformance!(Pasted);
