//! Registrants: the same address is the same registrant, a denied one stays denied, a pending one has no link.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    answer::Answer,
    api::Call,
    events::Event,
    state::{HostPlan, Meeting, Registrant, RegistrantStatus},
    time::stamp,
    world::World,
};

/// The most registrants a meeting takes.
const CAPACITY: usize = 4_999;

/// What somebody types, or an app sends, to register.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) auto_approve: bool,
    pub(crate) occurrences: Vec<String>,
}

impl Application {
    /// Reads the fields of one registrant.
    pub(crate) fn read(body: &Value) -> Result<Self, Answer> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let (email, first_name) = (text("email"), text("first_name"));
        let plausible =
            email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
                && !email.contains(char::is_whitespace);
        if !plausible || email.len() > 128 {
            return Err(Answer::invalid("email", "Invalid field."));
        }
        if first_name.is_empty() || first_name.chars().count() > 64 {
            return Err(Answer::invalid("first_name", "Invalid field."));
        }
        if text("last_name").chars().count() > 64 {
            return Err(Answer::invalid("last_name", "Invalid field."));
        }
        Ok(Self {
            email,
            first_name,
            last_name: text("last_name"),
            auto_approve: body.get("auto_approve").and_then(Value::as_bool).unwrap_or(false),
            occurrences: Vec::new(),
        })
    }
}

impl World {
    /// The personal link of a registrant.
    pub(crate) fn join_url(&self, meeting: &Meeting, registrant: &Registrant) -> String {
        format!("{}/w/{}?tk={}&pwd={}", self.base, meeting.id, registrant.tk, meeting.password)
    }

    /// Whether this meeting takes registrations now: the reasons why not, in Zoom's order.
    pub(crate) fn registration_open(&self, call: &Call, id: u64) -> Result<(), Answer> {
        let Some(meeting) = self.meetings.get(&id) else { return Err(call.refuse(404, 3001)) };
        let host = self.users.get(&meeting.host);
        if host.is_none_or(|host| host.plan != HostPlan::Licensed) {
            let email = host.map(|host| host.email.as_str()).unwrap_or_default();
            return Err(Answer::error(400, 200, format!("Only available for Paid user: {email}")));
        }
        if meeting.approval_type() == 2 {
            let (status, code) =
                if self.behaviour.registration_off_is_3027 { (400, 3027) } else { (404, 404) };
            return Err(call.refuse(status, code));
        }
        let over = meeting.kind == 2
            && meeting.live().is_none()
            && meeting
                .start
                .is_some_and(|start| call.now > start + Duration::minutes(meeting.duration.max(1)));
        if over {
            return Err(call.refuse(400, 3038));
        }
        Ok(())
    }

    pub(crate) fn add_registrant(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.usable_meeting(call)?;
        self.registration_open(call, id)?;
        let mut application = Application::read(&call.body)?;
        if let Some(wanted) = call.query.get("occurrence_ids") {
            application.occurrences = wanted.split(',').map(str::to_owned).collect();
        }
        let behaviour = self.behaviour.clone();
        self.limits.registration(id, &application.email, &behaviour, call.now)?;
        let registrant = self.register(id, &application, call.now).ok_or_else(|| call.refuse(400, 3043))?;
        let Some(meeting) = self.meetings.get(&id) else { return Err(call.refuse(404, 3001)) };
        let mut body = json!({ "id": id, "registrant_id": registrant.id, "topic": meeting.topic });
        if let Some(start) = meeting.start {
            body["start_time"] = stamp(start).into();
        }
        if !meeting.occurrences.is_empty() {
            body["occurrences"] = meeting
                .occurrences
                .iter()
                .filter(|occurrence| !occurrence.deleted)
                .map(super::meetings::occurrence_json)
                .collect();
        }
        if registrant.status == RegistrantStatus::Approved {
            body["join_url"] = self.join_url(meeting, &registrant).into();
        }
        Ok(Answer::json(201, body))
    }

    /// Registers, or finds who registered with this address; `None` when the meeting is full.
    pub(crate) fn register(
        &mut self,
        id: u64,
        application: &Application,
        now: DateTime<Utc>,
    ) -> Option<Registrant> {
        let meeting = self.meetings.get_mut(&id)?;
        let known =
            meeting.registrants.iter().find(|known| known.email.eq_ignore_ascii_case(&application.email));
        if let Some(known) = known {
            return Some(known.clone());
        }
        let taken = meeting
            .registrants
            .iter()
            .filter(|registrant| registrant.status != RegistrantStatus::Denied)
            .count();
        if taken >= CAPACITY {
            return None;
        }
        let approved = meeting.approval_type() == 0 || application.auto_approve;
        let registrant = Registrant {
            id: self.dice.token(22),
            email: application.email.clone(),
            first_name: application.first_name.clone(),
            last_name: application.last_name.clone(),
            status: if approved { RegistrantStatus::Approved } else { RegistrantStatus::Pending },
            created: now,
            tk: self.dice.token(48),
            occurrences: application.occurrences.clone(),
        };
        meeting.registrants.push(registrant.clone());
        self.registration_event("meeting.registration_created", id, &registrant, None, now);
        Some(registrant)
    }

    /// `meeting.registration_*`.
    pub(crate) fn registration_event(
        &mut self,
        name: &'static str,
        id: u64,
        registrant: &Registrant,
        operator: Option<&str>,
        now: DateTime<Utc>,
    ) {
        let Some(meeting) = self.meetings.get(&id) else { return };
        let approved = registrant.status == RegistrantStatus::Approved;
        let mut person = json!({
            "id": registrant.id, "first_name": registrant.first_name, "last_name": registrant.last_name, "email": registrant.email,
        });
        if matches!(name, "meeting.registration_created" | "meeting.registration_approved") {
            person["join_url"] =
                if approved { self.join_url(meeting, registrant) } else { String::new() }.into();
        }
        if name == "meeting.registration_created" {
            person["status"] = registrant.status.word().into();
        }
        let mut object = json!({
            "uuid": meeting.uuid, "id": id, "host_id": meeting.host, "topic": meeting.topic, "type": meeting.kind,
            "start_time": stamp(meeting.start.unwrap_or(meeting.created)), "duration": meeting.duration, "timezone": meeting.time_zone,
            "registrant": person,
        });
        if !meeting.occurrences.is_empty() {
            object["occurrences"] = meeting
                .occurrences
                .iter()
                .filter(|occurrence| !occurrence.deleted)
                .map(super::meetings::occurrence_mark)
                .collect();
        }
        let (account, host) = (meeting.account.clone(), meeting.host.clone());
        let mut payload = json!({ "object": object });
        if name != "meeting.registration_created" {
            let operator = operator.and_then(|id| self.users.get(id)).or_else(|| self.users.get(&host));
            payload["operator"] = operator.map(|user| user.email.clone()).unwrap_or_default().into();
            payload["operator_id"] = operator.map(|user| user.id.clone()).unwrap_or_default().into();
        }
        self.emit(Event {
            name,
            at: now,
            account: &account,
            host: &host,
            meeting: Some(id),
            payload,
            download_token: false,
        });
    }

    pub(crate) fn registrant_json(&self, meeting: &Meeting, registrant: &Registrant) -> Value {
        let mut body = json!({
            "id": registrant.id, "email": registrant.email, "first_name": registrant.first_name, "last_name": registrant.last_name,
            "status": registrant.status.word(), "create_time": stamp(registrant.created), "custom_questions": [],
        });
        if registrant.status == RegistrantStatus::Approved {
            body["join_url"] = self.join_url(meeting, registrant).into();
        }
        body
    }

    pub(crate) fn list_registrants(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.usable_meeting(call)?;
        let status = match call.query.get("status").unwrap_or("approved") {
            "approved" => RegistrantStatus::Approved,
            "pending" => RegistrantStatus::Pending,
            "denied" => RegistrantStatus::Denied,
            _ => return Err(Answer::invalid("status", "Invalid field.")),
        };
        let Some(meeting) = self.meetings.get(&id) else { return Err(call.refuse(404, 3001)) };
        let occurrence = call.query.get("occurrence_id");
        let mut found = meeting
            .registrants
            .iter()
            .filter(|registrant| registrant.status == status)
            .filter(|registrant| {
                occurrence.is_none_or(|wanted| {
                    registrant.occurrences.is_empty() || registrant.occurrences.iter().any(|id| id == wanted)
                })
            })
            .collect::<Vec<_>>();
        // No order to rely on, but the same one for all pages of a list.
        found.sort_by_key(|registrant| registrant.tk.as_str());
        let rows = found.into_iter().map(|registrant| self.registrant_json(meeting, registrant)).collect();
        self.page(call, &format!("registrants {id} {}", status.word()), "registrants", rows)
    }
}

impl World {
    /// `PUT /meetings/{id}/registrants/status`: approve, cancel or deny. Nobody inside is put out by it.
    pub(crate) fn registrant_status(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.usable_meeting(call)?;
        let (status, event) = match call.body.get("action").and_then(Value::as_str) {
            Some("approve") => (RegistrantStatus::Approved, "meeting.registration_approved"),
            Some("cancel") => (RegistrantStatus::Denied, "meeting.registration_cancelled"),
            Some("deny") => (RegistrantStatus::Denied, "meeting.registration_denied"),
            _ => return Err(Answer::invalid("action", "Invalid field.")),
        };
        let wanted =
            call.body.get("registrants").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if wanted.is_empty() || wanted.len() > 30 {
            return Err(Answer::invalid("registrants", "Invalid field."));
        }
        let meeting = self.meetings.get(&id).ok_or_else(|| call.refuse(404, 3001))?;
        let mut found = Vec::new();
        for one in wanted {
            let text = |name: &str| one.get(name).and_then(Value::as_str);
            let registrant = meeting.registrants.iter().find(|registrant| {
                text("id").map_or_else(
                    || text("email").is_some_and(|email| registrant.email.eq_ignore_ascii_case(email)),
                    |id| registrant.id == id,
                )
            });
            let registrant = registrant.ok_or_else(|| {
                Answer::error(400, 300, "The value that you entered for the Registrant ID field is invalid.")
            })?;
            found.push(registrant.id.clone());
        }
        let behaviour = self.behaviour.clone();
        for registrant in &found {
            self.limits.registrant_status(id, registrant, &behaviour, call.now)?;
        }
        let operator = call.caller.user.clone();
        for wanted in found {
            let Some(meeting) = self.meetings.get_mut(&id) else { continue };
            let Some(registrant) = meeting.registrants.iter_mut().find(|registrant| registrant.id == wanted)
            else {
                continue;
            };
            if registrant.status == status {
                continue;
            }
            registrant.status = status;
            let changed = registrant.clone();
            self.registration_event(event, id, &changed, operator.as_deref(), call.now);
        }
        Ok(Answer::empty(204))
    }

    /// `DELETE /meetings/{id}/registrants/{registrantId}`: gone from the lists, and the address stays denied.
    pub(crate) fn delete_registrant(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.named_meeting(call, false)?;
        let meeting =
            self.meetings.get(&id).filter(|meeting| meeting.deleted.is_none() && !meeting.expired(call.now));
        let meeting = meeting.ok_or_else(|| call.refuse(400, 3001))?;
        let host = self.users.get(&meeting.host);
        if host.is_none_or(|host| host.plan != HostPlan::Licensed) {
            return Err(call.refuse(400, 200));
        }
        if meeting.approval_type() == 2 {
            return Err(call.refuse(400, 404));
        }
        let operator = call.caller.user.clone();
        let meeting = self.meetings.get_mut(&id).ok_or_else(|| call.refuse(400, 3001))?;
        let registrant = meeting.registrants.iter_mut().find(|registrant| registrant.id == call.param(1));
        let registrant = registrant.ok_or_else(|| call.refuse(400, 300))?;
        if registrant.status != RegistrantStatus::Denied {
            registrant.status = RegistrantStatus::Denied;
            let changed = registrant.clone();
            self.registration_event(
                "meeting.registration_cancelled",
                id,
                &changed,
                operator.as_deref(),
                call.now,
            );
        }
        Ok(Answer::empty(204))
    }

    /// `POST /meetings/{id}/batch_registrants`: at most 30, scheduled meetings only.
    pub(crate) fn add_batch(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.usable_meeting(call)?;
        if self.meetings.get(&id).is_none_or(|meeting| meeting.kind != 2) {
            return Err(call.refuse(400, 303));
        }
        self.registration_open(call, id)?;
        let wanted =
            call.body.get("registrants").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if wanted.is_empty() || wanted.len() > 30 {
            return Err(Answer::invalid(
                "registrants",
                "The number of registrants must be between 1 and 30.",
            ));
        }
        let auto_approve = call.body.get("auto_approve").and_then(Value::as_bool).unwrap_or(false);
        let mut applications = Vec::with_capacity(wanted.len());
        for one in wanted {
            applications.push(Application { auto_approve, ..Application::read(one)? });
        }
        let behaviour = self.behaviour.clone();
        for application in &applications {
            self.limits.registration(id, &application.email, &behaviour, call.now)?;
        }
        let mut rows = Vec::with_capacity(applications.len());
        for application in applications {
            let registrant =
                self.register(id, &application, call.now).ok_or_else(|| call.refuse(404, 3043))?;
            let Some(meeting) = self.meetings.get(&id) else { return Err(call.refuse(404, 3001)) };
            let mut row = json!({ "email": registrant.email, "registrant_id": registrant.id });
            if registrant.status == RegistrantStatus::Approved {
                row["join_url"] = self.join_url(meeting, &registrant).into();
            }
            rows.push(row);
        }
        Ok(Answer::json(201, json!({ "registrants": rows })))
    }
}
