//! Calls that take or took place, the people in them, and their recordings.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{
    errors::{failed, invalid, not_found},
    filter::Filter,
    gateway::Call,
    state::{Conference, Participant, Person, Recording, Session, Space},
    world::World,
};
use crate::answer::Answer;

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn put(body: &mut Value, name: &str, at: Option<DateTime<Utc>>) {
    if let Some(at) = at {
        body[name] = stamp(at).into();
    }
}

fn record_json(space: &Space, call: &Conference) -> Value {
    let mut body = json!({"name": call.name(), "startTime": stamp(call.started), "space": space.name()});
    put(&mut body, "endTime", call.ended);
    put(&mut body, "expireTime", call.expires());
    body
}

fn participant_json(call: &Conference, participant: &Participant) -> Value {
    let mut body = json!({"name": format!("{}/participants/{}", call.name(), participant.id)});
    put(&mut body, "earliestStartTime", participant.first());
    put(&mut body, "latestEndTime", participant.last());
    match &participant.person {
        Person::Account { id, name } => {
            body["signedinUser"] = json!({"user": format!("users/{id}"), "displayName": name});
        }
        Person::Anonymous { name } => body["anonymousUser"] = json!({ "displayName": name }),
        Person::Phone { number } => body["phoneUser"] = json!({ "displayName": number }),
    }
    body
}

fn session_json(call: &Conference, participant: &Participant, session: &Session) -> Value {
    let name = format!("{}/participants/{}/participantSessions/{}", call.name(), participant.id, session.id);
    let mut body = json!({"name": name, "startTime": stamp(session.start)});
    put(&mut body, "endTime", session.end);
    body
}

fn recording_json(call: &Conference, recording: &Recording) -> Value {
    let state = match (&recording.file, recording.end) {
        (Some(_), _) => "FILE_GENERATED",
        (None, Some(_)) => "ENDED",
        (None, None) => "STARTED",
    };
    let mut body = json!({
        "name": format!("{}/recordings/{}", call.name(), recording.id), "state": state, "startTime": stamp(recording.start),
    });
    put(&mut body, "endTime", recording.end);
    if let Some(file) = &recording.file {
        body["driveDestination"] =
            json!({"file": file, "exportUri": format!("https://drive.google.com/file/d/{file}/view")});
    }
    body
}

impl World {
    fn shown(&self, space: &Space, call: &Call) -> bool {
        self.visible(space, call) && (space.owner == call.user() || Self::took_part(space, call.user()))
    }

    /// The call a path names, where the caller may see it.
    fn conference(&self, call: &Call) -> Result<(&Space, &Conference), Answer> {
        let (space, position) = self.call_at(call.param(0)).ok_or_else(not_found)?;
        let space = self.spaces.get(&space).ok_or_else(not_found)?;
        let found = space.calls.get(position).filter(|found| found.known(call.now)).ok_or_else(not_found)?;
        if !self.shown(space, call) {
            return Err(failed(
                403,
                "Permission denied on resource ConferenceRecord (or it might not exist)",
            ));
        }
        Ok((space, found))
    }

    fn participant(&self, call: &Call) -> Result<(&Conference, &Participant), Answer> {
        let (_, found) = self.conference(call)?;
        let one = found.participants.iter().find(|one| one.id == call.param(1)).ok_or_else(not_found)?;
        Ok((found, one))
    }

    pub(crate) fn list_records(&mut self, call: &Call) -> Result<Value, Answer> {
        let fields = ["space.name", "space.meeting_code", "start_time", "end_time"];
        let filter = Filter::parse(call.query.get("filter"), &fields).ok_or_else(|| invalid("filter"))?;
        let mut rows = Vec::new();
        for space in self.spaces.values().filter(|space| self.shown(space, call)) {
            for found in space.calls.iter().filter(|found| found.known(call.now)) {
                let text = |field: &str| match field {
                    "space.name" => Some(space.name()),
                    "space.meeting_code" => Some(space.code.clone()),
                    _ => None,
                };
                let time = |field: &str| match field {
                    "start_time" => Some(found.started),
                    "end_time" => found.ended,
                    _ => None,
                };
                if filter.passes(text, time) {
                    rows.push((found.started, record_json(space, found)));
                }
            }
        }
        rows.sort_by_key(|(started, _)| std::cmp::Reverse(*started));
        self.page(call, "conferenceRecords", (25, 100), rows.into_iter().map(|(_, row)| row).collect())
    }

    pub(crate) fn get_record(&self, call: &Call) -> Result<Value, Answer> {
        self.conference(call).map(|(space, found)| record_json(space, found))
    }

    pub(crate) fn list_participants(&mut self, call: &Call) -> Result<Value, Answer> {
        let fields = ["earliest_start_time", "latest_end_time"];
        let filter = Filter::parse(call.query.get("filter"), &fields).ok_or_else(|| invalid("filter"))?;
        let (_, found) = self.conference(call)?;
        let mut people: Vec<_> = found
            .participants
            .iter()
            .filter(|one| {
                filter.passes(
                    |_| None,
                    |field| if field == "earliest_start_time" { one.first() } else { one.last() },
                )
            })
            .collect();
        people.sort_by_key(|one| std::cmp::Reverse(one.first()));
        let rows = people.into_iter().map(|one| participant_json(found, one)).collect();
        self.page(call, "participants", (100, 250), rows)
    }

    pub(crate) fn get_participant(&self, call: &Call) -> Result<Value, Answer> {
        self.participant(call).map(|(found, one)| participant_json(found, one))
    }

    pub(crate) fn list_sessions(&mut self, call: &Call) -> Result<Value, Answer> {
        let fields = ["start_time", "end_time"];
        let filter = Filter::parse(call.query.get("filter"), &fields).ok_or_else(|| invalid("filter"))?;
        let (found, one) = self.participant(call)?;
        let mut sessions: Vec<_> = one
            .sessions
            .iter()
            .filter(|session| {
                filter.passes(
                    |_| None,
                    |field| if field == "start_time" { Some(session.start) } else { session.end },
                )
            })
            .collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.start));
        let rows = sessions.into_iter().map(|session| session_json(found, one, session)).collect();
        self.page(call, "participantSessions", (100, 250), rows)
    }

    pub(crate) fn get_session(&self, call: &Call) -> Result<Value, Answer> {
        let (found, one) = self.participant(call)?;
        let session =
            one.sessions.iter().find(|session| session.id == call.param(2)).ok_or_else(not_found)?;
        Ok(session_json(found, one, session))
    }

    pub(crate) fn list_recordings(&mut self, call: &Call) -> Result<Value, Answer> {
        let (_, found) = self.conference(call)?;
        let rows = found.recordings.iter().map(|recording| recording_json(found, recording)).collect();
        self.page(call, "recordings", (10, 100), rows)
    }

    pub(crate) fn get_recording(&self, call: &Call) -> Result<Value, Answer> {
        let (_, found) = self.conference(call)?;
        let one = found.recordings.iter().find(|one| one.id == call.param(1)).ok_or_else(not_found)?;
        Ok(recording_json(found, one))
    }
}
