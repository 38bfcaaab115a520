//! `/v2`: what every call goes through, and where it goes.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    answer::Answer,
    errors::refuse,
    oauth::Caller,
    operations::Operation,
    state::{AppMode, User},
    world::World,
};
use crate::query::Query;

/// One call that has passed authentication.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) params: Vec<String>,
    pub(crate) query: Query,
    pub(crate) body: Value,
    pub(crate) caller: Caller,
    pub(crate) now: DateTime<Utc>,
}

impl Call {
    pub(crate) fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    /// An error of this operation, in Zoom's words.
    pub(crate) fn refuse(&self, status: u16, code: i64) -> Answer {
        let named = if code == 1010 { self.caller.account.as_str() } else { self.param(0) };
        refuse(self.operation.id, status, code, named)
    }
}

impl World {
    /// Scopes, limits, then the operation itself.
    pub(crate) fn serve(&mut self, call: &Call) -> Answer {
        if !call.operation.allowed_by(&call.caller.scopes) {
            let wanted = call
                .operation
                .granular
                .iter()
                .chain(call.operation.classic)
                .copied()
                .collect::<Vec<_>>()
                .join(", ");
            return Answer::error(
                400,
                4711,
                format!("Invalid access token, does not contain scopes:[{wanted}]."),
            );
        }
        let plan = self.accounts.get(&call.caller.account).map(|account| account.plan).unwrap_or_default();
        let behaviour = self.behaviour.clone();
        let headers =
            match self.limits.count(&call.caller.account, plan, call.operation.label, &behaviour, call.now) {
                Ok(headers) => headers,
                Err(answer) => return answer,
            };
        let mut answer = self.work(call);
        if answer.status != 429 {
            answer.headers.extend(headers);
        }
        answer
    }

    fn work(&mut self, call: &Call) -> Answer {
        let done = match call.operation.id {
            "users" => self.list_users(call),
            "user" => self.get_user(call),
            "userUpdate" => self.update_user(call),
            "userZak" => self.user_zak(call),
            "userToken" => self.user_token(call),
            "meetings" => self.list_meetings(call),
            "meetingCreate" => self.create_meeting(call),
            "meeting" => self.get_meeting(call),
            "meetingUpdate" => self.update_meeting(call),
            "meetingDelete" => self.delete_meeting(call),
            "meetingStatus" => self.meeting_status(call),
            "meetingRegistrants" => self.list_registrants(call),
            "meetingRegistrantCreate" => self.add_registrant(call),
            "meetingRegistrantStatus" => self.registrant_status(call),
            "meetingregistrantdelete" => self.delete_registrant(call),
            "addBatchRegistrants" => self.add_batch(call),
            "meetingInvitation" => self.invitation(call),
            "inMeetingControl" => self.live_control(call),
            "pastMeetingDetails" => self.past_meeting(call),
            "pastMeetings" => self.past_instances(call),
            "pastMeetingParticipants" => self.past_participants(call),
            "reportMeetingParticipants" => self.report_participants(call),
            "recordingsList" => self.list_recordings(call),
            "recordingGet" => self.get_recordings(call),
            "recordingDelete" => self.delete_recordings(call),
            "recordingDeleteOne" => self.delete_recording_file(call),
            "recordingStatusUpdateOne" => self.recover_recording_file(call),
            "recordingStatusUpdate" => self.recover_recordings(call),
            "recordingSettingUpdate" => self.recording_settings(call),
            "recordingSettingsUpdate" => self.update_recording_settings(call),
            _ => Err(Answer::error(404, 2300, "This API endpoint is not recognized.")),
        };
        done.unwrap_or_else(|refused| refused)
    }

    /// The user a path names, as far as this caller may name users.
    pub(crate) fn named_user(&self, call: &Call, name: &str) -> Result<User, Answer> {
        let misuse = || Answer::error(400, 4700, "Invalid access token.");
        let id = match (call.caller.mode, name) {
            (AppMode::ServerToServer, "me") => return Err(misuse()),
            (AppMode::User | AppMode::Admin, "me") => call.caller.user.clone().unwrap_or_default(),
            // A user-level token knows nobody but `me`.
            (AppMode::User, _) => return Err(misuse()),
            (AppMode::Admin | AppMode::ServerToServer, name) => name.to_owned(),
        };
        match self.user(&id) {
            Some(user) if user.account == call.caller.account => Ok(user.clone()),
            Some(_) if super::errors::documented(call.operation.id, 400, 1010, name).is_some() => {
                Err(call.refuse(400, 1010))
            }
            _ => Err(call.refuse(404, 1001)),
        }
    }

    /// The meeting a path names, if this caller may touch it. A run's UUID is taken where `by_uuid` says so.
    pub(crate) fn named_meeting(&self, call: &Call, by_uuid: bool) -> Result<u64, Answer> {
        let name = call.param(0);
        let id = name.parse::<u64>().ok().or_else(|| self.run_uuids.get(name).copied().filter(|_| by_uuid));
        let missing = || call.refuse(404, 3001);
        let meeting = id.and_then(|id| self.meetings.get(&id)).ok_or_else(missing)?;
        let told = |code: i64| super::errors::documented(call.operation.id, 400, code, name).is_some();
        if meeting.account != call.caller.account {
            return Err(if told(1010) { call.refuse(400, 1010) } else { missing() });
        }
        if call.caller.mode == AppMode::User && call.caller.user.as_deref() != Some(meeting.host.as_str()) {
            return Err(if told(3003) { call.refuse(400, 3003) } else { missing() });
        }
        Ok(meeting.id)
    }

    /// A meeting that can still be used: neither deleted nor expired.
    pub(crate) fn usable_meeting(&self, call: &Call) -> Result<u64, Answer> {
        let id = self.named_meeting(call, false)?;
        let usable = self
            .meetings
            .get(&id)
            .is_some_and(|meeting| meeting.deleted.is_none() && !meeting.expired(call.now));
        if usable { Ok(id) } else { Err(call.refuse(404, 3001)) }
    }
}
