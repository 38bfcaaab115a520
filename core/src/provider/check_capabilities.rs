use std::sync::Arc;

use super::{
    Attendance, BreakoutRooms, Call, Capabilities, ErrorKind, Events, HostUrl, LiveAttendance, LiveRoster,
    Meeting, MeetingDraft, MeetingRef, Meetings, OAuth, Provider, ProviderError, ProviderName,
    RecordingModes, Recordings, Registrants, Result, Subscriptions,
};
use crate::settings::{RecordingMode, ScreenShare};
use async_trait::async_trait;

/// Refuses, before any request, what the provider's capabilities say cannot be done. Parts whose capability is "no" are
/// absent. The server wraps every provider in it, so that no provider has to check what it was asked.
#[derive(Debug)]
pub struct CheckCapabilities {
    inner: Arc<dyn Provider>,
}

impl CheckCapabilities {
    /// Wraps a provider.
    #[must_use]
    pub fn new(inner: Arc<dyn Provider>) -> Self {
        Self { inner }
    }

    fn unsupported(&self, operation: &'static str, what: &'static str) -> ProviderError {
        ProviderError::new(self.inner.name(), operation, ErrorKind::Unsupported(what))
    }

    fn inner_meetings(&self, operation: &'static str) -> Result<&dyn Meetings> {
        self.inner.meetings().ok_or_else(|| self.unsupported(operation, "meetings"))
    }

    /// Whether anybody may ask who is there while a meeting runs.
    fn tells_live(&self) -> bool {
        self.inner.capabilities().attendance.how() == Some(&LiveAttendance::Live)
    }

    /// The first wish of the draft that cannot be met.
    fn check(&self, operation: &'static str, draft: &MeetingDraft) -> Result<()> {
        let can = self.inner.capabilities();
        let settings = &draft.settings;
        let recording = |wanted: fn(&RecordingModes) -> bool| can.auto_recording.how().is_some_and(wanted);
        let wishes = [
            (draft.registration && !can.registrants.is_possible(), "registrants"),
            (settings.waiting_room && !can.waiting_room.is_possible(), "waiting_room"),
            (settings.recording == RecordingMode::Local && !recording(|modes| modes.local), "auto_recording"),
            (settings.recording == RecordingMode::Cloud && !recording(|modes| modes.cloud), "auto_recording"),
            (settings.breakout_rooms && !can.breakout_rooms.is_possible(), "breakout_rooms"),
            (!settings.chat && !can.chat.is_possible(), "chat"),
            (settings.aliases && !can.aliases.is_possible(), "aliases"),
            (
                settings.screen_share != ScreenShare::default() && !can.screen_share.is_possible(),
                "screen_share",
            ),
        ];
        match wishes.into_iter().find(|(refused, _)| *refused) {
            Some((_, what)) => Err(self.unsupported(operation, what)),
            None => Ok(()),
        }
    }
}

impl Provider for CheckCapabilities {
    fn name(&self) -> ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        self.inner.oauth()
    }

    fn meetings(&self) -> Option<&dyn Meetings> {
        self.inner.meetings().map(|_| self as &dyn Meetings)
    }

    fn registrants(&self) -> Option<&dyn Registrants> {
        self.inner.registrants().filter(|_| self.capabilities().registrants.is_possible())
    }

    fn recordings(&self) -> Option<&dyn Recordings> {
        self.inner.recordings().filter(|_| self.capabilities().recording_download.is_possible())
    }

    fn breakout_rooms(&self) -> Option<&dyn BreakoutRooms> {
        self.inner.breakout_rooms().filter(|_| self.capabilities().breakout_rooms.is_possible())
    }

    fn attendance(&self) -> Option<&dyn Attendance> {
        self.inner.attendance().filter(|_| self.capabilities().attendance.is_possible())
    }

    fn events(&self) -> Option<&dyn Events> {
        self.inner.events()
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        self.inner.subscriptions().filter(|_| self.tells_live())
    }

    fn live_roster(&self) -> Option<&dyn LiveRoster> {
        self.inner.live_roster().filter(|_| self.tells_live())
    }
}

#[async_trait]
impl Meetings for CheckCapabilities {
    async fn create(&self, call: &Call, draft: &MeetingDraft) -> Result<Meeting> {
        self.check("create meeting", draft)?;
        self.inner_meetings("create meeting")?.create(call, draft).await
    }

    async fn find(&self, call: &Call, draft: &MeetingDraft) -> Result<Option<Meeting>> {
        self.inner_meetings("find meeting")?.find(call, draft).await
    }

    async fn update(&self, call: &Call, meeting: &MeetingRef, draft: &MeetingDraft) -> Result<Meeting> {
        self.check("update meeting", draft)?;
        self.inner_meetings("update meeting")?.update(call, meeting, draft).await
    }

    async fn get(&self, call: &Call, meeting: &MeetingRef) -> Result<Meeting> {
        self.inner_meetings("get meeting")?.get(call, meeting).await
    }

    async fn delete(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        self.inner_meetings("delete meeting")?.delete(call, meeting).await
    }

    async fn end(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        if !self.capabilities().end_meeting.is_possible() {
            return Err(self.unsupported("end meeting", "end_meeting"));
        }
        self.inner_meetings("end meeting")?.end(call, meeting).await
    }

    async fn host_url(&self, call: &Call, meeting: &MeetingRef) -> Result<HostUrl> {
        self.inner_meetings("start link")?.host_url(call, meeting).await
    }
}
