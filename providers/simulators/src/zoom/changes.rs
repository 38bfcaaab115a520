//! Changing a meeting, listing meetings, and the invitation text.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::{
    answer::Answer,
    api::Call,
    events::Event,
    meetings::{check_texts, occurrence_json, zone_of},
    recurrence,
    state::Meeting,
    time::{read, stamp},
    world::World,
};

/// What a PATCH of one occurrence may change besides agenda, start time and duration.
const OF_AN_OCCURRENCE: &[&str] = &[
    "host_video",
    "participant_video",
    "join_before_host",
    "mute_upon_entry",
    "waiting_room",
    "watermark",
    "auto_recording",
];

/// The settings `meeting.updated` tells about.
const TOLD: &[&str] = &[
    "alternative_hosts",
    "approval_type",
    "audio",
    "auto_recording",
    "host_video",
    "jbh_time",
    "join_before_host",
    "meeting_authentication",
    "mute_upon_entry",
    "participant_video",
    "registration_type",
    "use_pmi",
    "waiting_room",
    "watermark",
    "email_in_attendee_report",
    "continuous_meeting_chat",
    "auto_start_meeting_summary",
];

/// A meeting's changeable facts, for comparing before and after.
fn facts(meeting: &Meeting) -> Map<String, Value> {
    let body = json!({
        "topic": meeting.topic, "agenda": meeting.agenda, "duration": meeting.duration, "timezone": meeting.time_zone, "type": meeting.kind,
        "password": meeting.password, "start_time": meeting.start.map(stamp).unwrap_or_default(), "recurrence": meeting.recurrence,
        "occurrences": meeting.occurrences.iter().map(occurrence_json).collect::<Vec<_>>(),
        "settings": TOLD.iter().filter_map(|name| Some(((*name).to_owned(), meeting.setting(name)?.clone()))).collect::<Map<_, _>>(),
    });
    match body {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Only what differs, from both sides.
fn difference(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> (Map<String, Value>, Map<String, Value>) {
    let (mut old, mut new) = (Map::new(), Map::new());
    for (name, value) in after {
        let earlier = before.get(name).unwrap_or(&Value::Null);
        if earlier == value {
            continue;
        }
        if let (Value::Object(was), Value::Object(is)) = (earlier, value)
            && name == "settings"
        {
            let (was, is) = difference(was, is);
            old.insert(name.clone(), was.into());
            new.insert(name.clone(), is.into());
            continue;
        }
        if !earlier.is_null() {
            old.insert(name.clone(), earlier.clone());
        }
        if !value.is_null() {
            new.insert(name.clone(), value.clone());
        }
    }
    (old, new)
}

impl World {
    /// `PATCH /meetings/{id}`.
    pub(crate) fn update_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.usable_meeting(call)?;
        let missing = || call.refuse(404, 3001);
        let host = self
            .meetings
            .get(&id)
            .and_then(|meeting| self.users.get(&meeting.host))
            .cloned()
            .ok_or_else(missing)?;
        self.may_host(call, &host)?;
        check_texts(&call.body)?;
        let behaviour = self.behaviour.clone();
        self.limits.meeting_write(&host.id, &behaviour, call.now)?;
        let before = facts(self.meetings.get(&id).ok_or_else(missing)?);
        let scope = if let Some(occurrence) = call.query.get("occurrence_id") {
            self.update_occurrence(call, id, occurrence)?;
            "single"
        } else {
            self.update_whole(call, id)?;
            "all"
        };
        let meeting = self.meetings.get_mut(&id).ok_or_else(missing)?;
        meeting.used = call.now;
        let (old, new) = difference(&before, &facts(meeting));
        self.updated_event(call.caller.user.as_ref(), call.now, id, (old, new), scope);
        Ok(Answer::empty(204))
    }

    fn update_occurrence(&mut self, call: &Call, id: u64, wanted: &str) -> Result<(), Answer> {
        let meeting = self.meetings.get_mut(&id).ok_or_else(|| call.refuse(404, 3001))?;
        let zone = zone_of(call.body.get("timezone").and_then(Value::as_str).unwrap_or(&meeting.time_zone))?;
        let occurrence =
            meeting.occurrences.iter_mut().find(|occurrence| occurrence.id == wanted && !occurrence.deleted);
        let occurrence = occurrence.ok_or_else(|| {
            Answer::error(400, 3000, "Cannot access meeting information. Invalid occurrence_id.")
        })?;
        if let Some(text) = call.body.get("start_time").and_then(Value::as_str) {
            let start = read(text, zone).ok_or_else(|| Answer::invalid("start_time", "Invalid field."))?;
            if start > call.now {
                occurrence.start = start;
            }
        }
        if let Some(minutes) = call.body.get("duration").and_then(Value::as_i64) {
            occurrence.duration = minutes;
        }
        if let Some(agenda) = call.body.get("agenda") {
            occurrence.overrides.insert("agenda".to_owned(), agenda.clone());
        }
        for name in OF_AN_OCCURRENCE {
            if let Some(value) = call.body.pointer(&format!("/settings/{name}")) {
                occurrence.overrides.insert((*name).to_owned(), value.clone());
            }
        }
        meeting.occurrences.sort_by_key(|occurrence| occurrence.start);
        Ok(())
    }

    fn update_whole(&mut self, call: &Call, id: u64) -> Result<(), Answer> {
        let missing = || call.refuse(404, 3001);
        let meeting = self.meetings.get(&id).ok_or_else(missing)?;
        let host = self.users.get(&meeting.host).cloned().ok_or_else(missing)?;
        let body = &call.body;
        let kind = match body.get("type").map(Value::as_u64) {
            None => meeting.kind,
            Some(kind) => kind
                .and_then(|kind| u8::try_from(kind).ok())
                .filter(|kind| [1, 2, 3, 8].contains(kind))
                .ok_or_else(|| Answer::invalid("type", "Invalid field."))?,
        };
        let time_zone = body.get("timezone").and_then(Value::as_str).unwrap_or(&meeting.time_zone).to_owned();
        let zone = zone_of(&time_zone)?;
        let mut start = meeting.start;
        if let Some(text) = body.get("start_time").and_then(Value::as_str).filter(|text| !text.is_empty()) {
            let asked = read(text, zone).ok_or_else(|| Answer::invalid("start_time", "Invalid field."))?;
            // A past start is ignored.
            if asked > call.now {
                start = Some(asked);
            }
        }
        let duration = body.get("duration").and_then(Value::as_i64).unwrap_or(meeting.duration);
        let mut recurrence = if kind == 8 {
            body.get("recurrence").cloned().or_else(|| meeting.recurrence.clone())
        } else {
            None
        };
        let mut occurrences = if kind == 8 { meeting.occurrences.clone() } else { Vec::new() };
        let moved = start != meeting.start || duration != meeting.duration || time_zone != meeting.time_zone;
        if let (Some(rule), Some(first)) = (&mut recurrence, start)
            && (moved || body.get("recurrence").is_some())
        {
            let endless = rule.get("end_date_time").is_none()
                && rule.get("end_times").and_then(Value::as_i64).unwrap_or(0) == 0;
            // An endless series that is changed becomes a bounded one, counted from the change.
            let from = if endless && first < call.now { call.now } else { first };
            let from = recurrence::expand(rule, first, zone, duration)?
                .iter()
                .map(|known| known.start)
                .find(|at| *at >= from)
                .unwrap_or(first);
            occurrences = recurrence::expand(rule, from, zone, duration)?;
            if endless {
                rule["end_times"] = occurrences.len().min(60).into();
            }
        }
        let mut settings = meeting.settings.clone();
        if let Some(asked) = body.get("settings").and_then(Value::as_object) {
            settings.extend(asked.clone());
        }
        self.effective(kind, &host, &mut settings);
        let meeting = self.meetings.get_mut(&id).ok_or_else(missing)?;
        for (name, field) in [
            ("topic", &mut meeting.topic),
            ("agenda", &mut meeting.agenda),
            ("password", &mut meeting.password),
        ] {
            if let Some(text) = body.get(name).and_then(Value::as_str) {
                text.clone_into(field);
            }
        }
        meeting.kind = kind;
        meeting.start = start;
        meeting.time_zone = time_zone;
        meeting.duration = duration;
        meeting.recurrence = recurrence;
        meeting.occurrences = occurrences;
        meeting.settings = settings;
        Ok(())
    }

    /// The host renames a meeting without this API.
    pub(crate) fn host_renames(&mut self, id: u64, topic: &str, now: DateTime<Utc>) -> bool {
        let there = self.meetings.get_mut(&id).filter(|meeting| meeting.deleted.is_none());
        let Some(meeting) = there else { return false };
        let before = std::mem::replace(&mut meeting.topic, topic.to_owned());
        let one = |topic: &str| Map::from_iter([("topic".to_owned(), Value::from(topic))]);
        self.updated_event(None, now, id, (one(&before), one(topic)), "all");
        true
    }

    fn updated_event(
        &mut self,
        operator: Option<&String>,
        at: DateTime<Utc>,
        id: u64,
        (mut old, mut new): (Map<String, Value>, Map<String, Value>),
        scope: &str,
    ) {
        let Some(meeting) = self.meetings.get(&id) else { return };
        old.insert("id".to_owned(), id.into());
        new.insert("id".to_owned(), id.into());
        let operator = operator.or(Some(&meeting.host)).and_then(|id| self.users.get(id));
        let payload = json!({
            "operator": operator.map(|user| user.email.clone()).unwrap_or_default(),
            "operator_id": operator.map(|user| user.id.clone()).unwrap_or_default(),
            "scope": scope, "time_stamp": at.timestamp_millis(), "object": new, "old_object": old,
        });
        let (account, host) = (meeting.account.clone(), meeting.host.clone());
        self.emit(Event {
            name: "meeting.updated",
            at,
            account: &account,
            host: &host,
            meeting: Some(id),
            payload,
            download_token: false,
        });
    }

    /// `GET /users/{userId}/meetings`: neither instant nor expired meetings.
    pub(crate) fn list_meetings(&mut self, call: &Call) -> Result<Answer, Answer> {
        let user = self.named_user(call, call.param(0))?;
        self.may_host(call, &user)?;
        let which = call.query.get("type").unwrap_or("scheduled").to_owned();
        if !["scheduled", "live", "upcoming", "upcoming_meetings", "previous_meetings"]
            .contains(&which.as_str())
        {
            return Err(Answer::invalid("type", "Invalid field."));
        }
        let day = |name: &str| match call.query.get(name) {
            None => Ok(None),
            Some(text) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .map(Some)
                .map_err(|_| Answer::invalid(name, "Invalid field.")),
        };
        let (from, to) = (day("from")?, day("to")?);
        let now = call.now;
        let ends = |meeting: &Meeting| {
            let last = meeting.occurrences.last().map(|occurrence| occurrence.start).or(meeting.start);
            last.map(|start| start + Duration::minutes(meeting.duration))
        };
        let mut found = self
            .meetings
            .values()
            .filter(|meeting| {
                meeting.host == user.id
                    && meeting.deleted.is_none()
                    && meeting.kind != 1
                    && !meeting.expired(now)
            })
            .filter(|meeting| match which.as_str() {
                "live" => meeting.live().is_some(),
                "upcoming" | "upcoming_meetings" => {
                    meeting.live().is_some() || ends(meeting).is_none_or(|end| end >= now)
                }
                "previous_meetings" => ends(meeting).is_some_and(|end| end < now),
                _ => true,
            })
            .filter(|meeting| {
                let day = meeting.start.unwrap_or(meeting.created).date_naive();
                from.is_none_or(|from| day >= from) && to.is_none_or(|to| day <= to)
            })
            .collect::<Vec<_>>();
        found.sort_by_key(|meeting| (meeting.start, meeting.id));
        let rows = found.into_iter().map(|meeting| self.meeting_row(meeting)).collect();
        self.page(call, &format!("meetings {} {which}", user.id), "meetings", rows)
    }

    fn meeting_row(&self, meeting: &Meeting) -> Value {
        let mut row = json!({
            "id": meeting.id, "uuid": meeting.uuid, "host_id": meeting.host, "topic": meeting.topic, "type": meeting.kind,
            "duration": meeting.duration, "timezone": meeting.time_zone, "created_at": stamp(meeting.created),
            "join_url": self.plain_join_url(meeting), "agenda": meeting.agenda,
        });
        if let Some(start) = meeting.start {
            row["start_time"] = stamp(start).into();
        }
        row
    }

    /// `GET /meetings/{id}/invitation`.
    pub(crate) fn invitation(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.usable_meeting(call)?;
        let meeting = self.meetings.get(&id).ok_or_else(|| call.refuse(404, 3001))?;
        let host = self.users.get(&meeting.host).cloned().ok_or_else(|| call.refuse(404, 3001))?;
        self.may_host(call, &host)?;
        let text = format!(
            "{} is inviting you to a scheduled Zoom meeting.\r\n\r\nTopic: {}\r\nTime: {} Universal Time UTC\r\n\r\nJoin Zoom Meeting\r\n{}\r\n\r\nMeeting ID: {}\r\nPasscode: {}\r\n",
            host.display_name(),
            meeting.topic,
            meeting.start.unwrap_or(meeting.created).format("%b %-d, %Y %I:%M %p"),
            self.plain_join_url(meeting),
            meeting.id,
            meeting.password,
        );
        Ok(Answer::json(200, json!({ "invitation": text, "sip_links": [] })))
    }

    /// `PATCH /live_meetings/{id}/events`: 202 means only that it was asked.
    pub(crate) fn live_control(&mut self, call: &Call) -> Result<Answer, Answer> {
        use super::recordings::Control;
        let id = self.usable_meeting(call)?;
        let method = call.body.get("method").and_then(Value::as_str).unwrap_or_default();
        let control = match method {
            "recording.start" => Control::Start,
            "recording.stop" => Control::Stop,
            "recording.pause" => Control::Pause,
            "recording.resume" => Control::Resume,
            "participant.invite"
            | "participant.invite.callout"
            | "participant.invite.room_system_callout" => return Ok(Answer::empty(202)),
            _ => return Err(Answer::invalid("method", "Invalid field.")),
        };
        let meeting = self.meetings.get(&id).ok_or_else(|| call.refuse(404, 3001))?;
        if meeting.live().is_none() {
            return Err(Answer::error(400, 300, "Meeting does not exist."));
        }
        if self.accounts.get(&meeting.account).is_some_and(|account| account.storage_full)
            && control == Control::Start
        {
            return Err(call.refuse(400, 3309));
        }
        if self.users.get(&meeting.host).is_none_or(|host| host.plan != super::state::HostPlan::Licensed) {
            return Err(Answer::error(
                400,
                300,
                "This API is not available for this account, please contact Zoom support.",
            ));
        }
        self.recording_control(id, control, call.now);
        Ok(Answer::empty(202))
    }
}
