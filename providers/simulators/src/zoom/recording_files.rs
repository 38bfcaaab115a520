//! Recordings through the API: lists, the trash, recovery, settings, and the download itself.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::{
    answer::Answer,
    api::Call,
    recordings::minutes,
    state::{Meeting, RecordingFile, Run},
    time::stamp,
    world::World,
};
use crate::answer::Content;
use crate::html::page;
use crate::query::Query;

/// How long the trash keeps a file.
fn kept_in_trash() -> Duration {
    Duration::days(30)
}

impl World {
    /// The run with a finished recording that a path names: meeting and run, by position.
    fn recorded_run(&self, call: &Call) -> Result<(u64, usize), Answer> {
        let name = call.param(0);
        let known = name.parse::<u64>().is_ok_and(|id| self.meetings.contains_key(&id))
            || self.run_uuids.contains_key(name);
        let id = if known { self.named_meeting(call, true)? } else { return Err(call.refuse(404, 3301)) };
        let meeting = self.meetings.get(&id).ok_or_else(|| call.refuse(404, 3301))?;
        let position = match name.parse::<u64>() {
            Ok(_) => meeting.runs.len().checked_sub(1),
            Err(_) => meeting.runs.iter().position(|run| run.uuid == name),
        };
        let position = position.ok_or_else(|| call.refuse(404, 3301))?;
        let recording = &meeting.runs[position].recording;
        if recording.completed.is_none() {
            // Deleting what is still being made has a code of its own.
            let making = call.operation.id == "recordingDeleteOne" && !recording.segments.is_empty();
            return Err(if making { call.refuse(400, 3303) } else { call.refuse(404, 3301) });
        }
        Ok((id, position))
    }

    fn run_mut(&mut self, at: (u64, usize)) -> Option<&mut Run> {
        self.meetings.get_mut(&at.0)?.runs.get_mut(at.1)
    }

    /// What a list or an answer says about one run's recording.
    fn recording_row(
        &self,
        meeting: &Meeting,
        run: &Run,
        files: &[&RecordingFile],
        now: DateTime<Utc>,
        trash: bool,
    ) -> Value {
        let mut row = json!({
            "uuid": run.uuid, "id": meeting.id, "account_id": meeting.account, "host_id": meeting.host, "topic": meeting.topic,
            "type": meeting.kind.to_string(), "start_time": stamp(run.started), "duration": minutes(run),
            "total_size": files.iter().map(|file| file.size).sum::<u64>(), "recording_count": files.len(),
            "recording_play_passcode": run.recording.passcode,
            "recording_files": files.iter().map(|file| self.file_json(run, file, now, trash)).collect::<Vec<_>>(),
        });
        if let Some((delete, date)) = self.auto_delete(meeting, run) {
            row["auto_delete"] = delete.into();
            row["auto_delete_date"] = date.into();
        }
        row
    }

    /// Files to show: in the trash or not, ready unless processing ones are shown too.
    fn files<'a>(&self, run: &'a Run, now: DateTime<Utc>, trash: bool) -> Vec<&'a RecordingFile> {
        run.recording
            .files
            .iter()
            .filter(|file| file.ready <= now || self.behaviour.list_processing_files)
            .filter(|file| match file.trashed {
                None => !trash,
                Some(at) => trash && now < at + kept_in_trash(),
            })
            .collect()
    }

    /// `GET /users/{userId}/recordings`.
    pub(crate) fn list_recordings(&mut self, call: &Call) -> Result<Answer, Answer> {
        let user = self.named_user(call, call.param(0))?;
        let today = call.now.date_naive();
        let day = |name: &str| match call.query.get(name) {
            None => Ok(today),
            Some(text) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .map_err(|_| Answer::invalid(name, "Invalid field.")),
        };
        let (from, to) = (day("from")?, day("to")?);
        if to < from || (to - from).num_days() > 31 {
            return Err(Answer::invalid("from", "The date range should be within one month."));
        }
        let trash = call.query.flag("trash");
        let only = call.query.get("meeting_id").and_then(|id| id.parse::<u64>().ok());
        let mut rows = Vec::new();
        for meeting in self
            .meetings
            .values()
            .filter(|meeting| meeting.host == user.id && only.is_none_or(|id| meeting.id == id))
        {
            for run in
                meeting.runs.iter().filter(|run| run.recording.completed.is_some_and(|at| at <= call.now))
            {
                let day = run.started.date_naive();
                let files = self.files(run, call.now, trash);
                if day >= from && day <= to && !files.is_empty() {
                    rows.push(self.recording_row(meeting, run, &files, call.now, trash));
                }
            }
        }
        let mut answer =
            self.page(call, &format!("recordings {} {from} {to} {trash}", user.id), "meetings", rows)?;
        if let Content::Json(body) = &mut answer.content {
            body["from"] = from.to_string().into();
            body["to"] = to.to_string().into();
        }
        Ok(answer)
    }

    /// `GET /meetings/{id}/recordings`.
    pub(crate) fn get_recordings(&mut self, call: &Call) -> Result<Answer, Answer> {
        let at = self.recorded_run(call)?;
        let seconds = match call.query.get("ttl").map(str::parse::<i64>) {
            None => 0,
            Some(Ok(seconds @ 0..=604_800)) => seconds,
            Some(_) => return Err(Answer::invalid("ttl", "Invalid field.")),
        };
        let token = (call.query.get("include_fields") == Some("download_access_token")).then(|| {
            self.download_token(call.now + Duration::seconds(if seconds == 0 { 86_400 } else { seconds }))
        });
        let meeting = self.meetings.get(&at.0).ok_or_else(|| call.refuse(404, 3301))?;
        let run = meeting.runs.get(at.1).ok_or_else(|| call.refuse(404, 3301))?;
        let files = self.files(run, call.now, false);
        if files.is_empty() {
            return Err(call.refuse(404, 3301));
        }
        let mut body = self.recording_row(meeting, run, &files, call.now, false);
        body["password"] = run.recording.passcode.clone().into();
        body["participant_audio_files"] = json!([]);
        if let Some(token) = token {
            body["download_access_token"] = token.into();
        }
        Ok(Answer::json(200, body))
    }

    /// Trash or delete some files of a run; 404/3301 when none fits.
    fn discard(&mut self, call: &Call, only: Option<&str>) -> Result<Answer, Answer> {
        let at = self.recorded_run(call)?;
        let now = call.now;
        let fits = |file: &RecordingFile| only.is_none_or(|id| file.id == id) && file.ready <= now;
        let forever = match call.query.get("action").unwrap_or("trash") {
            "trash" => false,
            "delete" => true,
            _ => return Err(Answer::invalid("action", "Invalid field.")),
        };
        let run = self.run_mut(at).ok_or_else(|| call.refuse(404, 3301))?;
        if run.recording.in_use {
            return Err(call.refuse(400, 3332));
        }
        let there = |file: &RecordingFile| match file.trashed {
            None => true,
            Some(trashed) => forever && now < trashed + kept_in_trash(),
        };
        if !run.recording.files.iter().any(|file| fits(file) && there(file)) {
            return Err(call.refuse(404, 3301));
        }
        let uuid = run.uuid.clone();
        let hit = run
            .recording
            .files
            .iter()
            .filter(|file| fits(file) && there(file))
            .map(|file| file.id.clone())
            .collect::<Vec<_>>();
        let object = self.recording_set(at.0, &uuid, now, |file| hit.contains(&file.id));
        let operator = self.operator(call, at.0);
        if let Some(run) = self.run_mut(at) {
            if forever {
                run.recording.files.retain(|file| !hit.contains(&file.id));
            } else {
                for file in run.recording.files.iter_mut().filter(|file| hit.contains(&file.id)) {
                    file.trashed = Some(now);
                }
            }
        }
        let name = if forever { "recording.deleted" } else { "recording.trashed" };
        self.recording_event(name, at.0, object, operator.as_deref(), !forever, now);
        Ok(Answer::empty(204))
    }

    fn operator(&self, call: &Call, meeting: u64) -> Option<String> {
        call.caller.user.clone().or_else(|| self.meetings.get(&meeting).map(|meeting| meeting.host.clone()))
    }

    pub(crate) fn delete_recordings(&mut self, call: &Call) -> Result<Answer, Answer> {
        self.discard(call, None)
    }

    pub(crate) fn delete_recording_file(&mut self, call: &Call) -> Result<Answer, Answer> {
        self.discard(call, Some(call.param(1)))
    }

    fn recover(&mut self, call: &Call, only: Option<&str>) -> Result<Answer, Answer> {
        if call.body.get("action").and_then(Value::as_str) != Some("recover") {
            return Err(Answer::invalid("action", "Invalid field."));
        }
        let at = self.recorded_run(call)?;
        let now = call.now;
        if self.accounts.get(&call.caller.account).is_some_and(|account| account.storage_full) {
            return Err(call.refuse(400, 3309));
        }
        let run = self.run_mut(at).ok_or_else(|| call.refuse(404, 3301))?;
        let mut hit = Vec::new();
        for file in &mut run.recording.files {
            let there = file.trashed.is_some_and(|at| now < at + kept_in_trash());
            if there && only.is_none_or(|id| file.id == id) {
                file.trashed = None;
                hit.push(file.id.clone());
            }
        }
        let uuid = run.uuid.clone();
        if hit.is_empty() {
            return Err(call.refuse(404, 3301));
        }
        let operator = self.operator(call, at.0);
        let object = self.recording_set(at.0, &uuid, now, |file| hit.contains(&file.id));
        self.recording_event("recording.recovered", at.0, object, operator.as_deref(), true, now);
        Ok(Answer::empty(204))
    }

    pub(crate) fn recover_recordings(&mut self, call: &Call) -> Result<Answer, Answer> {
        self.recover(call, None)
    }

    pub(crate) fn recover_recording_file(&mut self, call: &Call) -> Result<Answer, Answer> {
        self.recover(call, Some(call.param(1)))
    }

    /// `GET /meetings/{id}/recordings/settings`.
    pub(crate) fn recording_settings(&mut self, call: &Call) -> Result<Answer, Answer> {
        let (id, position) = self.recorded_run(call)?;
        let meeting = self.meetings.get(&id).ok_or_else(|| call.refuse(404, 3301))?;
        let mut body = json!({
            "share_recording": "internally", "recording_authentication": false, "viewer_download": false, "on_demand": false,
            "approval_type": 2, "send_email_to_host": false, "show_social_share_buttons": false, "topic": meeting.topic, "auto_delete": false,
        });
        if let Some((delete, date)) =
            meeting.runs.get(position).and_then(|run| self.auto_delete(meeting, run))
        {
            body["auto_delete"] = delete.into();
            body["auto_delete_date"] = date.into();
        }
        for (name, value) in &meeting.recording_settings {
            body[name] = value.clone();
        }
        Ok(Answer::json(200, body))
    }

    /// `PATCH /meetings/{id}/recordings/settings`.
    pub(crate) fn update_recording_settings(&mut self, call: &Call) -> Result<Answer, Answer> {
        let (id, _) = self.recorded_run(call)?;
        let asked = call.body.as_object().cloned().unwrap_or_else(Map::new);
        let share = asked.get("share_recording").and_then(Value::as_str);
        if share.is_some_and(|share| !["publicly", "internally", "none"].contains(&share)) {
            return Err(Answer::invalid("share_recording", "Invalid field."));
        }
        if let Some(meeting) = self.meetings.get_mut(&id) {
            meeting.recording_settings.extend(asked);
        }
        Ok(Answer::empty(204))
    }

    fn file_by_handle(&self, handle: &str, now: DateTime<Utc>) -> Option<&RecordingFile> {
        let files =
            self.meetings.values().flat_map(|meeting| &meeting.runs).flat_map(|run| &run.recording.files);
        files.into_iter().find(|file| file.handle == handle && file.trashed.is_none() && file.ready <= now)
    }

    /// `GET /rec/download/{handle}`: with a good token a redirect to where the bytes are, without one Zoom's sign-in page.
    pub(crate) fn download(
        &mut self,
        handle: &str,
        authorization: Option<&str>,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Answer {
        let given = authorization
            .and_then(|value| value.strip_prefix("Bearer "))
            .or_else(|| query.get("access_token"));
        let Some(given) = given else {
            return Answer::html(
                200,
                page("Zoom", "Sign in", "", "<h1>Sign in</h1><p>Sign in to see this recording.</p>"),
            );
        };
        let by_token = self.download_tokens.get(given).is_some_and(|until| now < *until);
        if !by_token {
            let caller = match self.bearer(Some(&format!("Bearer {given}")), now) {
                Ok(caller) => caller,
                Err(answer) => return answer,
            };
            if !caller.scopes.iter().any(|scope| scope.contains("recording")) {
                return Answer::error(401, 124, "Invalid access token.");
            }
        }
        if self.file_by_handle(handle, now).is_none() {
            return Answer::error(404, 3301, "There is no recording for this meeting.");
        }
        let pass = self.download_token(now + Duration::hours(1));
        Answer::redirect(302, &format!("{}/rec/file/{handle}?pass={pass}", self.base))
    }

    /// `GET /rec/file/{handle}`: the bytes, whole or a range.
    pub(crate) fn file_bytes(
        &self,
        handle: &str,
        query: &Query,
        range: Option<&str>,
        now: DateTime<Utc>,
    ) -> Answer {
        let allowed = query
            .get("pass")
            .and_then(|pass| self.download_tokens.get(pass))
            .is_some_and(|until| now < *until);
        let Some(file) = self.file_by_handle(handle, now).filter(|_| allowed) else {
            return Answer::html(403, page("Zoom", "Forbidden", "", "<h1>This link has expired</h1>"));
        };
        let bytes = content(file);
        let kind = match file.extension {
            "MP4" => "video/mp4",
            "M4A" => "audio/mp4",
            "VTT" => "text/vtt",
            _ => "application/octet-stream",
        };
        let name =
            format!("attachment; filename=\"{}.{}\"", file.recording_type, file.extension.to_lowercase());
        let whole = bytes.len();
        let wanted = range.and_then(|range| span(range, whole));
        let (status, part) = match (range, wanted) {
            (None, _) => (200, bytes),
            (Some(_), Some((first, last))) => (206, bytes.get(first..=last).unwrap_or_default().to_vec()),
            (Some(_), None) => return Answer::empty(416).header("content-range", format!("bytes */{whole}")),
        };
        let answer = Answer { status, headers: Vec::new(), content: Content::Bytes(kind, part) }
            .header("accept-ranges", "bytes".to_owned())
            .header("content-disposition", name);
        match wanted {
            Some((first, last)) if status == 206 => {
                answer.header("content-range", format!("bytes {first}-{last}/{whole}"))
            }
            _ => answer,
        }
    }
}

/// `bytes=a-b`, `bytes=a-` or `bytes=-n`, as first and last position.
fn span(range: &str, whole: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = whole.checked_sub(1)?;
    let (first, last) = match (first, last) {
        ("", count) => (whole.saturating_sub(count.parse().ok()?), end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<usize>().ok()?.min(end)),
    };
    (first <= last && first < whole).then_some((first, last))
}

/// The file's bytes: a readable transcript, else a pattern of the announced size.
fn content(file: &RecordingFile) -> Vec<u8> {
    let size = usize::try_from(file.size).unwrap_or(0);
    let mut bytes = match file.extension {
        "VTT" => b"WEBVTT\n\n1\n00:00:00.000 --> 00:00:04.000\nAda: Good evening, everybody.\n".to_vec(),
        _ => [&[0, 0, 0, 24], b"ftypmp42".as_slice(), &[0, 0, 0, 0], b"mp42isom".as_slice()].concat(),
    };
    let pattern = file.id.as_bytes();
    while bytes.len() < size {
        bytes.extend_from_slice(if file.extension == "VTT" { b"\n" } else { pattern });
    }
    bytes.truncate(size);
    bytes
}
