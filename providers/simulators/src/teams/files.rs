//! Recordings and transcripts: of calendar-backed meetings only, for their organizer, until the tenant's rule takes them.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    errors::{bad, graph, not_found},
    graph::Call,
    state::{Call as Session, Online},
    world::World,
    zones::stamp,
};
use crate::answer::{Answer, Content};

/// The bytes of a recording: the same for the same id, and long enough for ranges.
fn bytes(id: &str, transcript: bool) -> Vec<u8> {
    if transcript {
        return format!("WEBVTT\n\n00:00:00.000 --> 00:00:05.320\n<v Teacher>This is {id}.</v>\n")
            .into_bytes();
    }
    id.bytes().cycle().take(64 * 1024).collect()
}

/// From where on a range wants the bytes.
fn from_byte(range: Option<&str>) -> Option<usize> {
    range?.strip_prefix("bytes=")?.split('-').next()?.parse().ok()
}

fn content(kind: &'static str, bytes: Vec<u8>, range: Option<&str>) -> Answer {
    let all = bytes.len();
    let answer = |status, bytes| Answer { status, headers: Vec::new(), content: Content::Bytes(kind, bytes) };
    match from_byte(range) {
        None => answer(200, bytes),
        Some(from) if from >= all => Answer::empty(416).header("content-range", format!("bytes */{all}")),
        Some(from) => answer(206, bytes.get(from..).unwrap_or_default().to_vec())
            .header("content-range", format!("bytes {from}-{}/{all}", all - 1)),
    }
}

const fn kind(transcript: bool) -> &'static str {
    if transcript { "text/vtt" } else { "video/mp4" }
}

fn file_id(session: &Session, transcript: bool) -> &str {
    if transcript { &session.transcript } else { &session.recording }
}

impl World {
    /// Calls of a meeting whose file is there.
    fn with_file<'a>(
        &self,
        meeting: &'a Online,
        transcript: bool,
        now: DateTime<Utc>,
    ) -> Vec<(&'a Session, DateTime<Utc>)> {
        let ready = Duration::seconds(self.behaviour.recording_seconds);
        let kept = Duration::days(self.behaviour.recording_days);
        meeting
            .calls
            .iter()
            .filter(|session| if transcript { session.transcribes } else { session.records })
            .filter_map(|session| Some((session, session.ended?)))
            .filter(|(_, ended)| now >= *ended + ready && now < *ended + kept)
            .collect()
    }

    /// A meeting that can have files.
    fn backed(&self, call: &Call) -> Result<&Online, Answer> {
        let meeting = self.own_meeting(call)?;
        if meeting.event.is_none() {
            return Err(bad(
                "No iCalUid found for the meeting. This API is supported only for calendar backed OnlineMeeting.",
            ));
        }
        Ok(meeting)
    }

    pub(crate) fn file_json(
        &self,
        meeting: &Online,
        session: &Session,
        ended: DateTime<Utc>,
        transcript: bool,
    ) -> Value {
        let id = file_id(session, transcript);
        let folder = if transcript { "transcripts" } else { "recordings" };
        let field = if transcript { "transcriptContentUrl" } else { "recordingContentUrl" };
        let mut body = json!({
            "id": id, "meetingId": meeting.id, "callId": session.id, "contentCorrelationId": session.correlation,
            "createdDateTime": stamp(session.started), "endDateTime": stamp(ended),
            "meetingOrganizer": {"application": null, "device": null, "user": {"id": meeting.organizer, "displayName": null}},
        });
        body[field] = format!(
            "{}/v1.0/users/{}/onlineMeetings/{}/{folder}/{id}/content",
            self.base, meeting.organizer, meeting.id
        )
        .into();
        body
    }

    pub(crate) fn list_files(&mut self, call: &Call, transcript: bool) -> Result<Answer, Answer> {
        let meeting = self.backed(call)?;
        let all = self
            .with_file(meeting, transcript, call.now)
            .into_iter()
            .map(|(session, ended)| self.file_json(meeting, session, ended, transcript))
            .collect();
        Ok(self.paged(call, all))
    }

    fn one_file(&self, call: &Call, transcript: bool) -> Result<(&Online, &Session, DateTime<Utc>), Answer> {
        let meeting = self.backed(call)?;
        let named = |(session, _): &(&Session, DateTime<Utc>)| file_id(session, transcript) == call.param(1);
        let found = self.with_file(meeting, transcript, call.now).into_iter().find(named);
        found.map(|(session, ended)| (meeting, session, ended)).ok_or_else(not_found)
    }

    pub(crate) fn get_file(&mut self, call: &Call, transcript: bool) -> Result<Answer, Answer> {
        let (meeting, session, ended) = self.one_file(call, transcript)?;
        Ok(Answer::json(200, self.file_json(meeting, session, ended, transcript)))
    }

    /// The bytes, or where they are: an address of another host that is signed and takes no token. Only there ranges are
    /// honoured: of Graph's own answer nothing is known, and the client must get by without.
    pub(crate) fn file_content(&mut self, call: &Call, transcript: bool) -> Result<Answer, Answer> {
        let (_, session, _) = self.one_file(call, transcript)?;
        let id = file_id(session, transcript).to_owned();
        if !self.behaviour.redirect_content {
            return Ok(content(kind(transcript), bytes(&id, transcript), None));
        }
        let handle = self.dice.token(40);
        self.handles.insert(handle.clone(), (id, transcript));
        let elsewhere = self.base.replace("127.0.0.1", "localhost");
        Ok(Answer::redirect(302, &format!("{elsewhere}/presigned/{handle}")))
    }

    /// `GET /presigned/{handle}`.
    pub(crate) fn presigned(&self, handle: &str, authorization: Option<&str>, range: Option<&str>) -> Answer {
        if authorization.is_some() {
            return graph(400, "InvalidRequest", "A signed address takes no Authorization header.");
        }
        match self.handles.get(handle) {
            Some((id, transcript)) => content(kind(*transcript), bytes(id, *transcript), range),
            None => not_found(),
        }
    }
}
