//! The class's options as an online meeting has them, and what became of them.

use lectern_core::{
    provider::{MeetingDraft, SettingDifference},
    settings::{RecordingMode, ScreenShare},
};
use serde_json::{Map, Value, json};

use super::wire::OnlineMeeting;

/// One option: our word for it, what is sent, and how it reads in an answer.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) setting: &'static str,
    pub(super) body: Value,
    asked: String,
    got: fn(&OnlineMeeting) -> Option<String>,
}

fn word(value: Option<bool>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// Everybody waits, but for the organizer; or nobody has to.
pub(super) fn lobby_scope(waiting_room: bool) -> &'static str {
    if waiting_room { "organizer" } else { "everyone" }
}

/// All options of a class. Graph has no switch for screen sharing: presenters may share, so that decides it. Microphone and
/// camera are on because ending a class switches them off.
pub(super) fn choices(draft: &MeetingDraft) -> Vec<Choice> {
    let settings = &draft.settings;
    let scope = lobby_scope(settings.waiting_room);
    let presenters = match settings.screen_share {
        ScreenShare::Host => "organizer",
        ScreenShare::Everyone => "everyone",
    };
    let chat = if settings.chat { "enabled" } else { "disabled" };
    let record = settings.recording == RecordingMode::Cloud;
    vec![
        Choice {
            setting: "waiting_room",
            body: json!({"lobbyBypassSettings": {"scope": scope, "isDialInBypassEnabled": !settings.waiting_room}}),
            asked: scope.to_owned(),
            got: |meeting| meeting.lobby_bypass_settings.as_ref()?.scope.clone(),
        },
        Choice {
            setting: "lobby_admitters",
            body: json!({"allowedLobbyAdmitters": "organizerAndCoOrganizers"}),
            asked: "organizerAndCoOrganizers".to_owned(),
            got: |meeting| meeting.allowed_lobby_admitters.clone(),
        },
        Choice {
            setting: "screen_share",
            body: json!({"allowedPresenters": presenters}),
            asked: presenters.to_owned(),
            got: |meeting| meeting.allowed_presenters.clone(),
        },
        Choice {
            setting: "chat",
            body: json!({"allowMeetingChat": chat}),
            asked: chat.to_owned(),
            got: |meeting| meeting.allow_meeting_chat.clone(),
        },
        Choice {
            setting: "recording",
            body: json!({"recordAutomatically": record}),
            asked: record.to_string(),
            got: |meeting| word(meeting.record_automatically),
        },
        Choice {
            setting: "microphones",
            body: json!({"allowAttendeeToEnableMic": true}),
            asked: true.to_string(),
            got: |meeting| word(meeting.allow_attendee_to_enable_mic),
        },
        Choice {
            setting: "cameras",
            body: json!({"allowAttendeeToEnableCamera": true}),
            asked: true.to_string(),
            got: |meeting| word(meeting.allow_attendee_to_enable_camera),
        },
    ]
}

/// The body that sets them all.
pub(super) fn together(choices: &[Choice]) -> Value {
    let fields: Map<String, Value> =
        choices.iter().filter_map(|choice| choice.body.as_object().cloned()).flatten().collect();
    Value::Object(fields)
}

/// Nobody passes the lobby, and nobody is heard or seen: as near as Graph comes to ending a meeting.
pub(super) fn locked() -> Value {
    json!({
        "lobbyBypassSettings": {"scope": "organizer", "isDialInBypassEnabled": false},
        "allowAttendeeToEnableMic": false,
        "allowAttendeeToEnableCamera": false,
    })
}

impl Choice {
    /// The option was refused.
    pub(super) fn refused(&self, now: Option<&OnlineMeeting>) -> SettingDifference {
        let got = now.and_then(self.got).unwrap_or_else(|| "refused".to_owned());
        SettingDifference { setting: self.setting, asked: self.asked.clone(), got }
    }

    /// The option came out otherwise, by a policy of the tenant; what the answer leaves out counts as taken.
    pub(super) fn difference(&self, got: &OnlineMeeting) -> Option<SettingDifference> {
        let got = (self.got)(got).filter(|got| *got != self.asked)?;
        Some(SettingDifference { setting: self.setting, asked: self.asked.clone(), got })
    }
}
