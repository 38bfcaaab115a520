//! Creating, reading, changing, deleting and ending meetings.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::{
    answer::Answer,
    api::Call,
    events::Event,
    recurrence,
    state::{HostPlan, Meeting, Occurrence, User},
    time::{read, stamp},
    world::World,
};

/// What a meeting has when nothing is said.
fn default_settings() -> Map<String, Value> {
    let defaults = json!({
        "host_video": false, "participant_video": false, "cn_meeting": false, "in_meeting": false, "join_before_host": false,
        "jbh_time": 0, "mute_upon_entry": false, "watermark": false, "use_pmi": false, "approval_type": 2, "audio": "both",
        "auto_recording": "none", "enforce_login": false, "enforce_login_domains": "", "alternative_hosts": "",
        "alternative_host_update_polls": false, "close_registration": false, "show_share_button": false,
        "allow_multiple_devices": false, "registrants_confirmation_email": true, "registrants_email_notification": true,
        "waiting_room": false, "request_permission_to_unmute_participants": false, "meeting_authentication": false,
        "encryption_type": "enhanced_encryption", "breakout_room": { "enable": false }, "private_meeting": false,
        "internal_meeting": false, "focus_mode": false, "email_notification": true, "host_save_video_order": false,
        "participant_focused_meeting": false, "push_change_to_calendar": false, "auto_start_meeting_summary": false,
        "alternative_hosts_email_notification": true, "device_testing": false, "show_join_info": false,
    });
    match defaults {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

pub(crate) fn occurrence_json(occurrence: &Occurrence) -> Value {
    json!({
        "occurrence_id": occurrence.id, "start_time": stamp(occurrence.start), "duration": occurrence.duration,
        "status": if occurrence.deleted { "deleted" } else { "available" },
    })
}

/// The short form in events.
pub(crate) fn occurrence_mark(occurrence: &Occurrence) -> Value {
    json!({ "occurrence_id": occurrence.id, "start_time": stamp(occurrence.start) })
}

pub(crate) fn zone_of(name: &str) -> Result<Tz, Answer> {
    name.parse::<Tz>().map_err(|_| Answer::invalid("timezone", "Invalid field."))
}

/// What a body says about topic, agenda, passcode, duration: the checks that create and update share.
pub(crate) fn check_texts(body: &Value) -> Result<(), Answer> {
    let longer = |name: &str, most: usize| {
        body.get(name).and_then(Value::as_str).is_some_and(|text| text.chars().count() > most)
    };
    if longer("topic", 200) {
        return Err(Answer::invalid("topic", "Topic must be less than 200 characters."));
    }
    if longer("agenda", 2_000) {
        return Err(Answer::invalid("agenda", "Agenda must be less than 2000 characters."));
    }
    let allowed = |text: &str| {
        text.len() <= 10 && text.chars().all(|c| c.is_ascii_alphanumeric() || "@-_*".contains(c))
    };
    if body.get("password").and_then(Value::as_str).is_some_and(|text| !allowed(text)) {
        return Err(Answer::invalid("password", "Invalid field."));
    }
    if body
        .get("duration")
        .is_some_and(|duration| !duration.as_i64().is_some_and(|minutes| (0..=1_440).contains(&minutes)))
    {
        return Err(Answer::invalid("duration", "Invalid field."));
    }
    if let Some(settings) = body.get("settings") {
        let within =
            |name: &str, allowed: &[Value]| settings.get(name).is_none_or(|value| allowed.contains(value));
        let numbers = |upper: i64| (0..=upper).map(Value::from).collect::<Vec<_>>();
        if !within("approval_type", &numbers(2)) {
            return Err(Answer::invalid("approval_type", "Invalid field."));
        }
        if !within("auto_recording", &["none".into(), "local".into(), "cloud".into()]) {
            return Err(Answer::invalid("auto_recording", "Invalid field."));
        }
        if !within("registration_type", &numbers(3)[1..]) {
            return Err(Answer::invalid("registration_type", "Invalid field."));
        }
    }
    Ok(())
}

impl World {
    /// What becomes of asked settings: licence, meeting type and the account's locks have the last word, silently.
    pub(crate) fn effective(&self, kind: u8, host: &User, settings: &mut Map<String, Value>) {
        if let Some(account) = self.accounts.get(&host.account) {
            for (name, value) in &account.locked {
                settings.insert(name.clone(), value.clone());
            }
        }
        let licensed = host.plan == HostPlan::Licensed;
        if !licensed || kind == 3 || settings.get("use_pmi") == Some(&Value::Bool(true)) {
            settings.insert("approval_type".to_owned(), 2.into());
        }
        if !licensed && settings.get("auto_recording").and_then(Value::as_str) == Some("cloud") {
            settings.insert("auto_recording".to_owned(), "none".into());
        }
        if kind != 8 {
            settings.remove("registration_type");
        } else if !settings.contains_key("registration_type") {
            settings.insert("registration_type".to_owned(), 1.into());
        }
        if settings.get("waiting_room") == Some(&Value::Bool(true)) {
            settings.insert("join_before_host".to_owned(), false.into());
        }
    }

    pub(crate) fn may_host(&self, call: &Call, host: &User) -> Result<(), Answer> {
        if host.plan == HostPlan::None { Err(call.refuse(400, 3161)) } else { Ok(()) }
    }

    pub(crate) fn create_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let host = self.named_user(call, call.param(0))?;
        self.may_host(call, &host)?;
        let body = &call.body;
        if !body.is_object() {
            return Err(Answer::error(400, 300, "Request Body should be a valid JSON object."));
        }
        check_texts(body)?;
        let kind = match body.get("type") {
            None => 2,
            Some(value) => value
                .as_u64()
                .and_then(|kind| u8::try_from(kind).ok())
                .filter(|kind| [1, 2, 3, 8].contains(kind))
                .ok_or_else(|| Answer::invalid("type", "Invalid field."))?,
        };
        let other = body.get("schedule_for").and_then(Value::as_str).filter(|name| !name.is_empty());
        let host = match other {
            Some(_) if kind == 1 => return Err(call.refuse(400, 3000)),
            Some(name) => match self.user(name) {
                Some(user) if user.account == host.account => user.clone(),
                _ => return Err(call.refuse(400, 300)),
            },
            None => host,
        };
        let behaviour = self.behaviour.clone();
        self.limits.meeting_write(&host.id, &behaviour, call.now)?;
        let time_zone = body.get("timezone").and_then(Value::as_str).unwrap_or(&host.time_zone).to_owned();
        let zone = zone_of(&time_zone)?;
        let start = match body.get("start_time").and_then(Value::as_str).filter(|text| !text.is_empty()) {
            Some(text) => {
                Some(read(text, zone).ok_or_else(|| Answer::invalid("start_time", "Invalid field."))?)
            }
            None => None,
        };
        let start = match kind {
            1 | 3 => None,
            _ => Some(start.unwrap_or(call.now)),
        };
        let mut settings = default_settings();
        if let Some(asked) = body.get("settings").and_then(Value::as_object) {
            settings.extend(asked.clone());
        }
        self.effective(kind, &host, &mut settings);
        let duration = body.get("duration").and_then(Value::as_i64).unwrap_or(60);
        let recurrence = body.get("recurrence").filter(|_| kind == 8).cloned();
        let occurrences = match (&recurrence, start) {
            (Some(rule), Some(start)) => recurrence::expand(rule, start, zone, duration)?,
            _ => Vec::new(),
        };
        let id = loop {
            let id = self.dice.digits(11);
            if !self.meetings.contains_key(&id) {
                break id;
            }
        };
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let password = text("password")
            .filter(|text| !text.is_empty())
            .map_or_else(|| self.dice.digits(6).to_string(), str::to_owned);
        let meeting = Meeting {
            id,
            account: host.account.clone(),
            host: host.id.clone(),
            uuid: self.new_run_uuid(id),
            created: call.now,
            topic: text("topic").filter(|text| !text.is_empty()).unwrap_or("Zoom Meeting").to_owned(),
            agenda: text("agenda").unwrap_or_default().to_owned(),
            kind,
            start,
            duration,
            time_zone,
            password,
            settings,
            recurrence,
            occurrences,
            deleted: None,
            used: call.now,
            registrants: Vec::new(),
            registration_token: self.dice.token(32),
            visitors: Vec::new(),
            runs: Vec::new(),
            recording_settings: Map::new(),
            auto_admit: false,
        };
        self.meetings.insert(id, meeting);
        self.lifecycle_event("meeting.created", id, call.caller.user.as_ref(), call.now, None);
        Ok(Answer::json(201, self.meeting_json(id, call.now, true)))
    }

    /// A fresh start link: whoever opens it within two hours is the host.
    pub(crate) fn start_url(&mut self, id: u64, host: &str, now: DateTime<Utc>) -> String {
        let zak = self.zak(host, now + Duration::hours(2));
        format!("{}/s/{id}?zak={zak}", self.base)
    }

    /// The meeting as create and get answer it.
    fn meeting_json(&mut self, id: u64, now: DateTime<Utc>, created: bool) -> Value {
        let Some(host) = self.meetings.get(&id).map(|meeting| meeting.host.clone()) else {
            return Value::Null;
        };
        let start_url = self.start_url(id, &host, now);
        let Some(meeting) = self.meetings.get(&id) else { return Value::Null };
        let mut body = json!({
            "id": id, "uuid": meeting.uuid, "host_id": host, "host_email": self.users.get(&host).map(|user| user.email.clone()).unwrap_or_default(),
            "topic": meeting.topic, "agenda": meeting.agenda, "type": meeting.kind, "duration": meeting.duration, "timezone": meeting.time_zone,
            "created_at": stamp(meeting.created), "start_url": start_url, "join_url": self.plain_join_url(meeting),
            "password": meeting.password, "h323_password": meeting.password, "pstn_password": meeting.password,
            "encrypted_password": meeting.password, "settings": meeting.settings, "pre_schedule": false, "creation_source": "open_api",
            "status": if meeting.live().is_some() { "started" } else { "waiting" },
        });
        if let Some(start) = meeting.start {
            body["start_time"] = stamp(start).into();
        }
        if meeting.approval_type() != 2 {
            body["registration_url"] =
                format!("{}/meeting/register/{}", self.base, meeting.registration_token).into();
        }
        if let Some(rule) = &meeting.recurrence {
            body["recurrence"] = rule.clone();
            body["occurrences"] = meeting
                .occurrences
                .iter()
                .filter(|occurrence| {
                    created || occurrence.start + Duration::minutes(occurrence.duration) >= now
                })
                .map(occurrence_json)
                .collect();
        }
        body
    }

    /// The link without a registrant: for registration meetings it leads to the registration form.
    pub(crate) fn plain_join_url(&self, meeting: &Meeting) -> String {
        format!("{}/j/{}?pwd={}", self.base, meeting.id, meeting.password)
    }

    pub(crate) fn get_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.usable_meeting(call)?;
        let mut body = self.meeting_json(id, call.now, call.query.flag("show_previous_occurrences"));
        if let Some(wanted) = call.query.get("occurrence_id") {
            let meeting = self.meetings.get(&id).ok_or_else(|| call.refuse(404, 3001))?;
            let occurrence = meeting.occurrences.iter().find(|occurrence| occurrence.id == wanted);
            let occurrence = occurrence.ok_or_else(|| {
                Answer::error(400, 3000, "Cannot access meeting information. Invalid occurrence_id.")
            })?;
            body["start_time"] = stamp(occurrence.start).into();
            body["duration"] = occurrence.duration.into();
            for (name, value) in &occurrence.overrides {
                if name == "agenda" {
                    body["agenda"] = value.clone();
                } else {
                    body["settings"][name] = value.clone();
                }
            }
        }
        Ok(Answer::json(200, body))
    }

    pub(crate) fn delete_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.usable_meeting(call)?;
        let Some(meeting) = self.meetings.get_mut(&id) else { return Err(call.refuse(404, 3001)) };
        if let Some(wanted) = call.query.get("occurrence_id") {
            let occurrence = meeting
                .occurrences
                .iter_mut()
                .find(|occurrence| occurrence.id == wanted && !occurrence.deleted);
            let occurrence = occurrence.ok_or_else(|| call.refuse(400, 3000))?;
            occurrence.deleted = true;
            let mark = occurrence_mark(occurrence);
            self.lifecycle_event("meeting.deleted", id, call.caller.user.as_ref(), call.now, Some(mark));
            return Ok(Answer::empty(204));
        }
        if meeting.live().is_some() {
            return Err(call.refuse(400, 3002));
        }
        if meeting.kind == 1 && !meeting.runs.is_empty() {
            return Err(call.refuse(400, 3007));
        }
        meeting.deleted = Some(call.now);
        self.lifecycle_event("meeting.deleted", id, call.caller.user.as_ref(), call.now, None);
        Ok(Answer::empty(204))
    }

    /// The host deletes a meeting without this API.
    pub(crate) fn host_deletes(&mut self, id: u64, now: DateTime<Utc>) -> bool {
        let there = self.meetings.get_mut(&id).filter(|meeting| meeting.deleted.is_none());
        let Some(meeting) = there.filter(|meeting| meeting.live().is_none()) else { return false };
        meeting.deleted = Some(now);
        self.lifecycle_event("meeting.deleted", id, None, now, None);
        true
    }

    /// The host brings a deleted meeting back without this API.
    pub(crate) fn host_recovers(&mut self, id: u64, now: DateTime<Utc>) -> bool {
        let gone = self.meetings.get_mut(&id).filter(|meeting| meeting.deleted.is_some());
        let Some(meeting) = gone else { return false };
        meeting.deleted = None;
        self.lifecycle_event("meeting.recovered", id, None, now, None);
        true
    }

    /// `PUT /meetings/{id}/status`: end for all, or bring a deleted meeting back.
    pub(crate) fn meeting_status(&mut self, call: &Call) -> Result<Answer, Answer> {
        match call.body.get("action").and_then(Value::as_str) {
            Some("end") => {
                let id = self.usable_meeting(call)?;
                if self.end_run(id, call.now) { Ok(Answer::empty(204)) } else { Err(call.refuse(400, 3000)) }
            }
            Some("recover") => {
                let id = self.named_meeting(call, false)?;
                let meeting = self.meetings.get_mut(&id).filter(|meeting| meeting.deleted.is_some());
                meeting.ok_or_else(|| call.refuse(400, 3000))?.deleted = None;
                self.lifecycle_event("meeting.recovered", id, call.caller.user.as_ref(), call.now, None);
                Ok(Answer::empty(204))
            }
            _ => Err(Answer::invalid("action", "Invalid field.")),
        }
    }

    /// `meeting.created`, `.deleted`, `.recovered`: here the id is a number, and there is an operator.
    pub(crate) fn lifecycle_event(
        &mut self,
        name: &'static str,
        id: u64,
        operator: Option<&String>,
        at: DateTime<Utc>,
        occurrence: Option<Value>,
    ) {
        let Some(meeting) = self.meetings.get(&id) else { return };
        let mut object = json!({
            "uuid": meeting.uuid, "id": id, "host_id": meeting.host, "topic": meeting.topic, "type": meeting.kind,
            "start_time": stamp(meeting.start.unwrap_or(meeting.created)), "duration": meeting.duration, "timezone": meeting.time_zone,
        });
        if name == "meeting.created" {
            object["join_url"] = self.plain_join_url(meeting).into();
            object["password"] = meeting.password.clone().into();
            object["settings"] = json!({
                "use_pmi": meeting.flag("use_pmi"), "join_before_host": meeting.flag("join_before_host"),
                "alternative_hosts": meeting.setting("alternative_hosts").and_then(Value::as_str).unwrap_or_default(),
            });
            if let Some(rule) = &meeting.recurrence {
                object["recurrence"] = rule.clone();
                object["occurrences"] = meeting.occurrences.iter().map(occurrence_json).collect();
            }
        }
        let operation = if occurrence.is_some() { "single" } else { "all" };
        if let Some(mark) = occurrence {
            object["occurrences"] = json!([mark]);
        }
        let operator = operator.or(Some(&meeting.host)).and_then(|id| self.users.get(id));
        let payload = json!({
            "operator": operator.map(|user| user.email.clone()).unwrap_or_default(),
            "operator_id": operator.map(|user| user.id.clone()).unwrap_or_default(),
            "operation": operation, "object": object,
        });
        let (account, host) = (meeting.account.clone(), meeting.host.clone());
        self.emit(Event {
            name,
            at,
            account: &account,
            host: &host,
            meeting: Some(id),
            payload,
            download_token: false,
        });
    }
}
