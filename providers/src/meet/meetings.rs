use async_trait::async_trait;
use futures::StreamExt;
use lectern_core::{
    provider::{
        Call, ErrorKind, HostUrl, Meeting, MeetingDraft, MeetingRef, MeetingState, Meetings, ProviderError,
        Result, SettingDifference,
    },
    secret::SecretString,
    settings::{RecordingMode, ScreenShare},
};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::{
    client::{Ask, begin},
    config::{Meet, Mode},
    error, wire,
};
use crate::transport::{Allowance, Label};

/// Members removed together.
const TOGETHER: usize = 4;

const ROUTE: &str = "/spaces/{space}";
/// Each field that we set, so that nothing else is touched and nothing is reset.
const MASK: &str = "config.accessType,config.entryPointAccess,config.moderation,\
                    config.moderationRestrictions.chatRestriction,config.moderationRestrictions.presentRestriction,\
                    config.artifactConfig.recordingConfig.autoRecordingGeneration";
const LOCKED_MASK: &str = "config.accessType,config.artifactConfig.recordingConfig.autoRecordingGeneration";

/// Who enters without knocking. With a list, or with a waiting room, only those on it: without a list that is nobody.
fn access(draft: &MeetingDraft) -> &'static str {
    if draft.registration || draft.settings.waiting_room { "RESTRICTED" } else { "OPEN" }
}

fn restriction(hosts_only: bool) -> &'static str {
    if hosts_only { "HOSTS_ONLY" } else { "NO_RESTRICTION" }
}

fn chat(draft: &MeetingDraft) -> &'static str {
    restriction(!draft.settings.chat)
}

fn present(draft: &MeetingDraft) -> &'static str {
    restriction(draft.settings.screen_share == ScreenShare::Host)
}

fn recording(draft: &MeetingDraft) -> &'static str {
    if draft.settings.recording == RecordingMode::Cloud { "ON" } else { "OFF" }
}

/// The body of create and update. Host controls are on: without them the restrictions mean nothing.
fn body(draft: &MeetingDraft) -> Value {
    json!({"config": {
        "accessType": access(draft),
        "entryPointAccess": "ALL",
        "moderation": "ON",
        "moderationRestrictions": {"chatRestriction": chat(draft), "presentRestriction": present(draft)},
        "artifactConfig": {"recordingConfig": {"autoRecordingGeneration": recording(draft)}},
    }})
}

/// Where the account's policy had its own way.
fn differences(draft: &MeetingDraft, got: &wire::SpaceConfig) -> Vec<SettingDifference> {
    let restrictions = &got.moderation_restrictions;
    let compared = [
        ("access", access(draft), &got.access_type),
        ("chat", chat(draft), &restrictions.chat_restriction),
        ("screen_share", present(draft), &restrictions.present_restriction),
        ("recording", recording(draft), &got.artifact_config.recording_config.auto_recording_generation),
    ];
    compared
        .into_iter()
        .filter_map(|(setting, asked, got)| {
            let got = got.as_deref().filter(|got| *got != asked)?;
            Some(SettingDifference { setting, asked: asked.to_owned(), got: got.to_owned() })
        })
        .collect()
}

fn not_running(error: &ProviderError) -> bool {
    matches!(error.kind, ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Invalid(_))
}

impl Meet {
    fn meeting(
        &self,
        operation: &'static str,
        space: wire::Space,
        draft: Option<&MeetingDraft>,
    ) -> Result<Meeting> {
        let config = space.config.unwrap_or_default();
        let restricted = config.access_type.as_deref() == Some("RESTRICTED");
        Ok(Meeting {
            join_url: self.browser_url(operation, &space.meeting_uri)?,
            id: space.name,
            host_id: Some(self.connected(operation)?.account.user_id.clone()),
            // A space has no topic, no time and no length: those are ours alone.
            topic: String::new(),
            starts_at: None,
            minutes: 0,
            state: match space.active_conference.and_then(|active| active.conference_record) {
                Some(_) => MeetingState::Started,
                None => MeetingState::Waiting,
            },
            registration: draft.is_none_or(|draft| draft.registration) && restricted,
            differences: draft.map(|draft| differences(draft, &config)).unwrap_or_default(),
        })
    }

    pub(super) async fn space(
        &self,
        operation: &'static str,
        id: &str,
        time: &Allowance,
    ) -> Result<wire::Space> {
        let path = wire::path(operation, id, &["spaces"])?;
        self.ask_json(&Ask::new(operation, Method::GET, ROUTE, path), time).await
    }

    /// A school's organizer owns all spaces: whoever teaches there becomes co-host, to be let in and to lead.
    async fn with_co_host(&self, mut meeting: Meeting, draft: &MeetingDraft, time: &Allowance) -> Meeting {
        let Mode::Delegated { organizer } = &self.settings.mode else { return meeting };
        let Some(host) = draft.host.as_deref().filter(|host| !host.eq_ignore_ascii_case(organizer)) else {
            return meeting;
        };
        if let Err(error) = self.make_co_host(&meeting.id, host, time).await {
            // The meeting is there: this must not look as if it were not.
            tracing::warn!(%error, "the teacher could not be made co-host of a Meet space");
            meeting.differences.push(SettingDifference {
                setting: "co_host",
                asked: host.to_owned(),
                got: String::new(),
            });
        }
        meeting
    }

    async fn make_co_host(&self, id: &str, host: &str, time: &Allowance) -> Result<()> {
        const OPERATION: &str = "make co-host";
        let path = wire::path(OPERATION, id, &["spaces"])?;
        let ask = Ask::new(OPERATION, Method::POST, "/spaces/{space}/members", format!("{path}/members"))
            .json(json!({"email": host, "role": "COHOST"}))
            .repeatable(2);
        match self.ask(&ask, time).await {
            Ok(_) => return Ok(()),
            Err(error) if error::exists_already(&error) => {}
            Err(error) => return Err(error),
        }
        let members = self.members(OPERATION, id, time).await?;
        let Some(known) = members.into_iter().find(|member| member.email.eq_ignore_ascii_case(host)) else {
            return Err(ProviderError::new(crate::meet::NAME, OPERATION, ErrorKind::Conflict));
        };
        if known.role.as_deref() == Some("COHOST") {
            return Ok(());
        }
        let path = wire::path(OPERATION, &known.name, &["spaces", "members"])?;
        let ask = Ask::new(OPERATION, Method::PATCH, "/spaces/{space}/members/{member}", path)
            .query("updateMask", "role")
            .json(json!({"role": "COHOST"}))
            .repeatable(2);
        self.ask(&ask, time).await.map(|_| ())
    }

    /// Ends the running call; what Google answers when there is none is not documented, so then we look.
    async fn end_call(&self, operation: &'static str, id: &str, time: &Allowance) -> Result<()> {
        let path = wire::path(operation, id, &["spaces"])?;
        let ask = Ask::new(
            operation,
            Method::POST,
            "/spaces/{space}:endActiveConference",
            format!("{path}:endActiveConference"),
        )
        .json(json!({}))
        .repeatable(3);
        let refused = match self.ask(&ask, time).await {
            Ok(_) => return Ok(()),
            Err(error) if not_running(&error) => error,
            Err(error) => return Err(error),
        };
        match self.space(operation, id, time).await {
            Ok(space) if space.active_conference.is_none() => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Ok(_) | Err(_) => Err(refused),
        }
    }
}

#[async_trait]
impl Meetings for Meet {
    async fn create(&self, call: &Call, draft: &MeetingDraft) -> Result<Meeting> {
        const OPERATION: &str = "create meeting";
        let time = begin(call);
        let ask =
            Ask::new(OPERATION, Method::POST, "/spaces", "/spaces").label(Label::Heavy).json(body(draft));
        let space: wire::Space = self.ask_json(&ask, &time).await?;
        // It exists now, whatever is wrong with the answer.
        let meeting = self.meeting(OPERATION, space, Some(draft)).map_err(ProviderError::maybe_done)?;
        Ok(self.with_co_host(meeting, draft, &time).await)
    }

    /// Google has no list of spaces, and no place in a space for our reference.
    async fn find(&self, _: &Call, _: &MeetingDraft) -> Result<Option<Meeting>> {
        Ok(None)
    }

    async fn update(&self, call: &Call, meeting: &MeetingRef, draft: &MeetingDraft) -> Result<Meeting> {
        const OPERATION: &str = "update meeting";
        let time = begin(call);
        let path = wire::path(OPERATION, &meeting.id, &["spaces"])?;
        let ask = Ask::new(OPERATION, Method::PATCH, ROUTE, path)
            .query("updateMask", MASK)
            .json(body(draft))
            .repeatable(3);
        let space: wire::Space = self.ask_json(&ask, &time).await?;
        let meeting = self.meeting(OPERATION, space, Some(draft))?;
        Ok(self.with_co_host(meeting, draft, &time).await)
    }

    async fn get(&self, call: &Call, meeting: &MeetingRef) -> Result<Meeting> {
        const OPERATION: &str = "get meeting";
        let space = self.space(OPERATION, &meeting.id, &begin(call)).await?;
        self.meeting(OPERATION, space, None)
    }

    /// A space cannot be deleted: its call is ended, its door is closed, and nobody stays on its list.
    async fn delete(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        const OPERATION: &str = "delete meeting";
        let time = begin(call);
        self.end_call(OPERATION, &meeting.id, &time).await?;
        let path = wire::path(OPERATION, &meeting.id, &["spaces"])?;
        let ask = Ask::new(OPERATION, Method::PATCH, ROUTE, path)
            .query("updateMask", LOCKED_MASK)
            .json(json!({"config": {
                "accessType": "RESTRICTED",
                "artifactConfig": {"recordingConfig": {"autoRecordingGeneration": "OFF"}},
            }}))
            .repeatable(3);
        match self.ask(&ask, &time).await {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        let members = self.members(OPERATION, &meeting.id, &time).await?;
        let mut removals = Vec::with_capacity(members.len());
        for member in &members {
            removals.push(self.remove_member(OPERATION, &member.name, &time));
        }
        futures::stream::iter(removals).buffered(TOGETHER).collect::<Vec<_>>().await.into_iter().collect()
    }

    async fn end(&self, call: &Call, meeting: &MeetingRef) -> Result<()> {
        self.end_call("end meeting", &meeting.id, &begin(call)).await
    }

    /// There is no host's address: whoever is signed in to Google as the owner is the host. `authuser` asks Meet to take that
    /// account where a browser has several.
    async fn host_url(&self, call: &Call, meeting: &MeetingRef) -> Result<HostUrl> {
        const OPERATION: &str = "start link";
        let space = self.space(OPERATION, &meeting.id, &begin(call)).await?;
        let address = self.browser_url(OPERATION, &space.meeting_uri)?;
        let who = match (&self.settings.mode, &meeting.host) {
            (Mode::Delegated { .. }, Some(host)) => host.clone(),
            _ => self.connected(OPERATION)?.account.email.clone(),
        };
        let Ok(mut url) = Url::parse(address.expose()) else { return Ok(HostUrl(address)) };
        url.query_pairs_mut().append_pair("authuser", &who);
        Ok(HostUrl(SecretString::new(url.into())))
    }
}
