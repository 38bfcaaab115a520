//! Cloud recordings while and after they are made: segments, files, transcripts, and the events about them.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    events::Event,
    state::{HostPlan, Meeting, RecordingFile, Run, Timer},
    time::stamp,
    world::World,
};

/// What can be done to the recording of a live meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Start,
    Stop,
    Pause,
    Resume,
}

impl World {
    /// Records, or stops; false when that makes no difference.
    pub(crate) fn recording_control(&mut self, id: u64, control: Control, now: DateTime<Utc>) -> bool {
        let Some(meeting) = self.meetings.get(&id) else { return false };
        let may = self.users.get(&meeting.host).is_some_and(|host| host.plan == HostPlan::Licensed)
            && self.accounts.get(&meeting.account).is_some_and(|account| !account.storage_full);
        let Some(run) = self.meetings.get_mut(&id).and_then(Meeting::live_mut) else { return false };
        let recording = &mut run.recording;
        let open = recording.segments.last().is_some_and(|(_, end)| end.is_none());
        let name = match control {
            Control::Start if may && !open => {
                recording.segments.push((now, None));
                recording.paused = false;
                "recording.started"
            }
            Control::Stop if open => {
                if let Some(segment) = recording.segments.last_mut() {
                    segment.1 = Some(now);
                }
                "recording.stopped"
            }
            Control::Pause if open && !recording.paused => {
                recording.paused = true;
                "recording.paused"
            }
            Control::Resume if open && recording.paused => {
                recording.paused = false;
                "recording.resumed"
            }
            _ => return false,
        };
        let (start, end) = recording.segments.last().copied().unwrap_or((now, None));
        let end = if name == "recording.paused" { Some(now) } else { end };
        let mut object = self.recording_object(id, None);
        object["recording_file"] =
            json!({ "recording_start": stamp(start), "recording_end": end.map(stamp).unwrap_or_default() });
        self.recording_event(name, id, object, None, false, now);
        true
    }

    /// The meeting part of a recording event: here the id is a number.
    fn recording_object(&self, id: u64, run: Option<&str>) -> Value {
        let mut object = self.run_object(id);
        object["id"] = id.into();
        if let Some(found) = self
            .meetings
            .get(&id)
            .and_then(|meeting| meeting.runs.iter().find(|found| Some(found.uuid.as_str()) == run))
        {
            object["uuid"] = found.uuid.clone().into();
            object["start_time"] = stamp(found.started).into();
            object["duration"] = minutes(found).into();
        }
        object
    }

    pub(crate) fn recording_event(
        &mut self,
        name: &'static str,
        id: u64,
        object: Value,
        operator: Option<&str>,
        download_token: bool,
        now: DateTime<Utc>,
    ) {
        let Some((account, host)) =
            self.meetings.get(&id).map(|meeting| (meeting.account.clone(), meeting.host.clone()))
        else {
            return;
        };
        let mut payload = json!({ "object": object });
        if let Some(user) = operator.and_then(|id| self.users.get(id)) {
            payload["operator"] = user.email.clone().into();
            payload["operator_id"] = user.id.clone().into();
        }
        self.emit(Event {
            name,
            at: now,
            account: &account,
            host: &host,
            meeting: Some(id),
            payload,
            download_token,
        });
    }

    /// The files of an ended run come into being: `recording.completed`.
    pub(crate) fn recording_ready(&mut self, id: u64, uuid: &str, now: DateTime<Utc>) {
        let transcript = now + Duration::seconds(self.behaviour.transcript_seconds);
        let passcode = self.dice.token(12);
        let share = self.dice.token(24);
        let Some(meeting) = self.meetings.get_mut(&id) else { return };
        let Some(run) = meeting.runs.iter_mut().find(|run| run.uuid == uuid) else { return };
        let recording = &mut run.recording;
        for (start, end) in recording.segments.clone() {
            let end = end.unwrap_or(now);
            let seconds = u64::try_from((end - start).num_seconds()).unwrap_or(0);
            // Shorter ones are not kept.
            if seconds < 5 {
                continue;
            }
            for (file_type, extension, recording_type, rate, ready) in [
                ("MP4", "MP4", "shared_screen_with_speaker_view", 60_000, now),
                ("M4A", "M4A", "audio_only", 8_000, now),
                ("TRANSCRIPT", "VTT", "audio_transcript", 15, transcript),
            ] {
                recording.files.push(RecordingFile {
                    id: self.dice.uuid(),
                    start,
                    end,
                    file_type,
                    extension,
                    recording_type,
                    size: (seconds * rate).clamp(64, 400_000),
                    handle: self.dice.token(64),
                    ready,
                    trashed: None,
                });
            }
        }
        if recording.files.is_empty() {
            return;
        }
        recording.completed = Some(now);
        recording.passcode = passcode;
        recording.share = share;
        let object = self.recording_set(id, uuid, now, |file| file.file_type != "TRANSCRIPT");
        self.recording_event("recording.completed", id, object, None, true, now);
        self.after(transcript, Timer::TranscriptReady { meeting: id, run: uuid.to_owned() });
    }

    pub(crate) fn transcript_ready(&mut self, id: u64, uuid: &str, now: DateTime<Utc>) {
        let object = self.recording_set(id, uuid, now, |file| file.file_type == "TRANSCRIPT");
        if object.pointer("/recording_files/0").is_some() {
            self.recording_event("recording.transcript_completed", id, object, None, true, now);
        }
    }

    /// A run's recording as an event's object, with those files that fit.
    pub(crate) fn recording_set(
        &self,
        id: u64,
        uuid: &str,
        now: DateTime<Utc>,
        fits: impl Fn(&RecordingFile) -> bool,
    ) -> Value {
        let mut object = self.recording_object(id, Some(uuid));
        let Some(meeting) = self.meetings.get(&id) else { return object };
        let Some(run) = meeting.runs.iter().find(|run| run.uuid == uuid) else { return object };
        let files = run.recording.files.iter().filter(|file| fits(file)).collect::<Vec<_>>();
        object["account_id"] = meeting.account.clone().into();
        object["host_email"] =
            self.users.get(&meeting.host).map(|user| user.email.clone()).unwrap_or_default().into();
        object["password"] = run.recording.passcode.clone().into();
        object["recording_play_passcode"] = run.recording.passcode.clone().into();
        object["share_url"] = format!("{}/rec/share/{}", self.base, run.recording.share).into();
        object["total_size"] = files.iter().map(|file| file.size).sum::<u64>().into();
        object["recording_count"] = files.len().into();
        object["recording_files"] =
            files.iter().map(|file| self.file_json(run, file, now, false)).collect::<Vec<_>>().into();
        if let Some((delete, date)) = self.auto_delete(meeting, run) {
            object["auto_delete"] = delete.into();
            object["auto_delete_date"] = date.into();
        }
        object
    }

    /// Zoom's own retention of this run, where the account has one.
    pub(crate) fn auto_delete(&self, meeting: &Meeting, run: &Run) -> Option<(bool, String)> {
        let days = self.accounts.get(&meeting.account)?.auto_delete_days?;
        Some((true, (run.recording.completed? + Duration::days(days)).format("%Y-%m-%d").to_string()))
    }

    /// One file; in the trash it also tells since when.
    pub(crate) fn file_json(
        &self,
        run: &Run,
        file: &RecordingFile,
        now: DateTime<Utc>,
        in_trash: bool,
    ) -> Value {
        let mut body = json!({
            "id": file.id, "meeting_id": run.uuid, "recording_start": stamp(file.start), "recording_end": stamp(file.end),
            "file_type": file.file_type, "file_extension": file.extension, "file_size": file.size, "recording_type": file.recording_type,
            "play_url": format!("{}/rec/play/{}", self.base, file.handle),
            "download_url": format!("{}/rec/download/{}", self.base, file.handle),
            "status": if file.ready <= now { "completed" } else { "processing" },
        });
        if in_trash && let Some(at) = file.trashed {
            body["deleted_time"] = stamp(at).into();
        }
        body
    }
}

/// Whole minutes a run lasted, at least one.
pub(crate) fn minutes(run: &Run) -> i64 {
    run.ended.map_or(1, |ended| ((ended - run.started).num_seconds() + 59) / 60).max(1)
}
