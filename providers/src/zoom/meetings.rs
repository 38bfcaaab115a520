use std::time::Duration;

use async_trait::async_trait;
use lectern_core::{
    provider::{
        Call, ErrorKind, HostUrl, Meeting, MeetingDraft, MeetingRef, MeetingState, Meetings, ProviderError,
        Result, SettingDifference,
    },
    settings::RecordingMode,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    client::{Ask, begin, meeting_segment},
    config::Zoom,
    wire,
};
use crate::transport::{Allowance, Label};

/// `type` of a meeting at a fixed time.
const SCHEDULED: u8 = 2;
/// Registration with approval: strangers who find the general link stay pending, our own people are approved by us.
const MANUAL_APPROVAL: i64 = 1;
const NO_REGISTRATION: i64 = 2;

fn recording(mode: RecordingMode) -> &'static str {
    match mode {
        RecordingMode::None => "none",
        RecordingMode::Local => "local",
        RecordingMode::Cloud => "cloud",
    }
}

fn minutes(length: Duration) -> u64 {
    length.as_secs().div_ceil(60).max(1)
}

fn approval(draft: &MeetingDraft) -> i64 {
    if draft.registration { MANUAL_APPROVAL } else { NO_REGISTRATION }
}

fn topic(draft: &MeetingDraft) -> &str {
    wire::cut(draft.topic.trim(), wire::TOPIC)
}

/// The body of create and update. Zoom's mails to registrants are off: they carry meeting id and passcode, with which
/// anybody gets past our gate.
fn body(draft: &MeetingDraft) -> Value {
    json!({
        "topic": topic(draft),
        "type": SCHEDULED,
        "start_time": wire::time(draft.starts_at),
        "duration": minutes(draft.length),
        "timezone": draft.time_zone.name(),
        "agenda": wire::agenda(&draft.agenda, &draft.reference),
        "settings": {
            "approval_type": approval(draft),
            "registrants_confirmation_email": false,
            "registrants_email_notification": false,
            "allow_multiple_devices": false,
            "show_share_button": false,
            "use_pmi": false,
            "waiting_room": draft.settings.waiting_room,
            "join_before_host": false,
            "auto_recording": recording(draft.settings.recording),
        },
    })
}

/// Where the account's policy had its own way.
fn differences(draft: &MeetingDraft, got: &wire::MeetingSettings) -> Vec<SettingDifference> {
    let mut found = Vec::new();
    let mut compare = |setting: &'static str, asked: String, got: Option<String>| {
        if let Some(got) = got.filter(|got| *got != asked) {
            found.push(SettingDifference { setting, asked, got });
        }
    };
    let flag = |value: Option<bool>| value.map(|value| value.to_string());
    let off = || false.to_string();
    compare(
        "registration",
        draft.registration.to_string(),
        got.approval_type.map(|kind| (kind != NO_REGISTRATION).to_string()),
    );
    if draft.registration && got.approval_type.is_some_and(|kind| kind != NO_REGISTRATION) {
        compare(
            "manual_approval",
            true.to_string(),
            got.approval_type.map(|kind| (kind == MANUAL_APPROVAL).to_string()),
        );
        compare("registrant_mails", off(), flag(got.registrants_confirmation_email));
        compare("registrant_notices", off(), flag(got.registrants_email_notification));
        compare("several_devices", off(), flag(got.allow_multiple_devices));
        compare("social_share_button", off(), flag(got.show_share_button));
    }
    compare("waiting_room", draft.settings.waiting_room.to_string(), flag(got.waiting_room));
    compare("recording", recording(draft.settings.recording).to_owned(), got.auto_recording.clone());
    compare("join_before_host", off(), flag(got.join_before_host));
    compare("personal_meeting_id", off(), flag(got.use_pmi));
    // We leave it to the account; people without a Zoom account must know when it shuts them out.
    compare("sign_in_required", off(), flag(got.meeting_authentication));
    found
}

impl Zoom {
    fn meeting(
        &self,
        operation: &'static str,
        answer: wire::Meeting,
        draft: Option<&MeetingDraft>,
    ) -> Result<Meeting> {
        let differences = draft.map(|draft| differences(draft, &answer.settings)).unwrap_or_default();
        Ok(Meeting {
            join_url: self.browser_url(operation, &answer.join_url)?,
            id: answer.id,
            host_id: answer.host_id,
            topic: answer.topic,
            starts_at: answer.start_time,
            minutes: answer.duration,
            state: if answer.status.as_deref() == Some("started") {
                MeetingState::Started
            } else {
                MeetingState::Waiting
            },
            registration: answer.settings.approval_type.is_some_and(|kind| kind != NO_REGISTRATION),
            differences,
        })
    }

    async fn look(&self, operation: &'static str, id: &str, time: &Allowance) -> Result<wire::Meeting> {
        let path = format!("/meetings/{}", meeting_segment(operation, id)?);
        self.ask_json(&Ask::new(operation, Method::GET, Label::Light, "/meetings/{id}", path), time).await
    }
}

#[async_trait]
impl Meetings for Zoom {
    async fn create(&self, call: &Call, draft: &MeetingDraft) -> Result<Meeting> {
        const OPERATION: &str = "create meeting";
        let connection = self.connected(OPERATION)?;
        let path = format!("/users/{}/meetings", self.user(connection, draft.host.as_deref()));
        let ask =
            Ask::new(OPERATION, Method::POST, Label::Medium, "/users/{id}/meetings", path).json(body(draft));
        let answer: wire::Meeting = self.ask_json(&ask, &begin(call)).await?;
        // It exists now, whatever is wrong with the answer.
        self.meeting(OPERATION, answer, Some(draft)).map_err(ProviderError::maybe_done)
    }

    async fn find(&self, call: &Call, draft: &MeetingDraft) -> Result<Option<Meeting>> {
        const OPERATION: &str = "find meeting";
        let connection = self.connected(OPERATION)?;
        let time = begin(call);
        let path = format!("/users/{}/meetings", self.user(connection, draft.host.as_deref()));
        let list = || {
            Ask::new(OPERATION, Method::GET, Label::Medium, "/users/{id}/meetings", path.clone())
                .query("type", "scheduled")
        };
        let marker = wire::marker(&draft.reference);
        let starts_at = wire::time(draft.starts_at);
        for listed in self.ask_all::<wire::MeetingPage>(list, &time).await? {
            let marked = listed.agenda.contains(&marker);
            // The list may shorten the agenda: then a meeting that looks the same is looked at whole.
            let shortened = !listed.agenda.contains("[lectern:")
                && listed.topic == topic(draft)
                && listed.start_time.is_some_and(|at| wire::time(at) == starts_at);
            if !marked && !shortened {
                continue;
            }
            match self.look(OPERATION, &listed.id, &time).await {
                Ok(found) if found.agenda.contains(&marker) => {
                    return self.meeting(OPERATION, found, Some(draft)).map(Some);
                }
                Ok(_) => {}
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn update(&self, call: &Call, meeting: &MeetingRef, draft: &MeetingDraft) -> Result<Meeting> {
        const OPERATION: &str = "update meeting";
        let time = begin(call);
        let path = format!("/meetings/{}", meeting_segment(OPERATION, &meeting.id)?);
        // The whole draft each time, so a repetition changes nothing. Two tries: a host has 100 writes a day.
        let ask = Ask::new(OPERATION, Method::PATCH, Label::Light, "/meetings/{id}", path)
            .json(body(draft))
            .repeatable(2);
        self.ask(&ask, &time).await?;
        let now = self.look(OPERATION, &meeting.id, &time).await?;
        self.meeting(OPERATION, now, Some(draft))
    }

    async fn get(&self, call: &Call, meeting: &MeetingRef) -> Result<Meeting> {
        const OPERATION: &str = "get meeting";
        let answer = self.look(OPERATION, &meeting.id, &begin(call)).await?;
        self.meeting(OPERATION, answer, None)
    }

    async fn delete(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        const OPERATION: &str = "delete meeting";
        let path = format!("/meetings/{}", meeting_segment(OPERATION, &meeting.id)?);
        let ask = Ask::new(OPERATION, Method::DELETE, Label::Light, "/meetings/{id}", path)
            .query("schedule_for_reminder", "false")
            .query("cancel_meeting_reminder", "false");
        match self.ask(&ask, &begin(call)).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            // Over: Zoom keeps nothing that could still be removed.
            Err(error) if error.vendor_code.as_deref() == Some("400/3007") => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn end(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        const OPERATION: &str = "end meeting";
        let time = begin(call);
        let path = format!("/meetings/{}/status", meeting_segment(OPERATION, &meeting.id)?);
        let ask = Ask::new(OPERATION, Method::PUT, Label::Light, "/meetings/{id}/status", path)
            .json(json!({"action": "end"}));
        let refused = match self.ask(&ask, &time).await {
            Ok(_) => return Ok(()),
            Err(error) if matches!(error.kind, ErrorKind::NotFound) => return Ok(()),
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::Conflict | ErrorKind::Invalid(_) | ErrorKind::Unexpected
                ) =>
            {
                error
            }
            Err(error) => return Err(error),
        };
        // What Zoom answers for a meeting that does not run is not documented: look.
        match self.look(OPERATION, &meeting.id, &time).await {
            Ok(now) if now.status.as_deref() != Some("started") => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Ok(_) | Err(_) => Err(refused),
        }
    }

    async fn host_url(&self, call: &Call, meeting: &MeetingRef) -> Result<HostUrl> {
        const OPERATION: &str = "start link";
        let answer = self.look(OPERATION, &meeting.id, &begin(call)).await?;
        let url = answer.start_url.ok_or_else(|| {
            ProviderError::new(crate::zoom::NAME, OPERATION, ErrorKind::Unexpected)
                .vendor_code("no start_url")
        })?;
        Ok(HostUrl(self.browser_url(OPERATION, &url)?))
    }
}
