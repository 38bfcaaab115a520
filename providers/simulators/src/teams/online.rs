//! Online meetings: made alone or with an event, found by their link, changed by their organizer.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Duration, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{
    errors::{bad, not_found, not_organizer},
    graph::Call,
    state::{Online, User},
    world::World,
    zones::stamp,
};
use crate::answer::Answer;

/// In a link's path Teams escapes in lower case.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-');

/// What PATCH may change, besides subject, times and participants.
const OPTIONS: &[&str] = &[
    "lobbyBypassSettings",
    "allowedLobbyAdmitters",
    "allowedPresenters",
    "allowAttendeeToEnableCamera",
    "allowAttendeeToEnableMic",
    "allowMeetingChat",
    "shareMeetingChatHistoryDefault",
    "recordAutomatically",
    "allowRecording",
    "allowTranscription",
    "allowBreakoutRooms",
    "allowWhiteboard",
    "allowPowerPointSharing",
    "allowLiveShare",
    "allowCopyingAndSharingMeetingContent",
    "allowTeamworkReactions",
    "isEntryExitAnnounced",
    "allowParticipantsToChangeName",
    "watermarkProtection",
    "isEndToEndEncryptionEnabled",
    "meetingSpokenLanguageTag",
];
/// Values an option takes, where they are words.
const WORDS: &[(&str, &[&str])] = &[
    ("allowedLobbyAdmitters", &["organizerAndCoOrganizersAndPresenters", "organizerAndCoOrganizers"]),
    ("allowedPresenters", &["everyone", "organization", "roleIsPresenter", "organizer"]),
    ("allowMeetingChat", &["enabled", "disabled", "limited"]),
    ("shareMeetingChatHistoryDefault", &["none", "all"]),
];
const SCOPES: &[&str] = &[
    "organizer",
    "organization",
    "organizationAndFederated",
    "everyone",
    "invited",
    "organizationExcludingGuests",
];
/// Values that are hidden from clients that do not ask for them.
const NEWER: &[&str] = &["invited", "organizationExcludingGuests"];
/// What is shown instead.
const HIDDEN: &str = "unknownFutureValue";
/// Ignored when sent.
const READ_ONLY: &[&str] = &[
    "id",
    "creationDateTime",
    "joinWebUrl",
    "joinInformation",
    "chatInfo",
    "videoTeleconferenceId",
    "audioConferencing",
    "meetingOptionsWebUrl",
    "meetingType",
    "expiryDateTime",
    "joinMeetingIdSettings",
    "externalId",
    "meetingTemplateId",
];

fn usual() -> Map<String, Value> {
    let options = json!({
        "lobbyBypassSettings": {"scope": "organization", "isDialInBypassEnabled": false},
        "allowedLobbyAdmitters": "organizerAndCoOrganizersAndPresenters", "allowedPresenters": "everyone",
        "allowAttendeeToEnableCamera": true, "allowAttendeeToEnableMic": true, "allowMeetingChat": "enabled",
        "shareMeetingChatHistoryDefault": "none", "recordAutomatically": false, "allowRecording": true, "allowTranscription": true,
        "allowBreakoutRooms": true, "allowTeamworkReactions": true, "isEntryExitAnnounced": false,
        "allowParticipantsToChangeName": false,
        "watermarkProtection": {"isEnabledForContentSharing": false, "isEnabledForVideo": false},
    });
    options.as_object().cloned().unwrap_or_default()
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(value.as_str()?).ok()?.to_utc())
}

type Span = (DateTime<Utc>, DateTime<Utc>);

/// Start and end of a body. `usually`: what an absent start and end mean; a start or end alone is an error.
fn span(body: &Value, usually: Option<DateTime<Utc>>) -> Result<Option<Span>, Answer> {
    let (start, end) = (time(&body["startDateTime"]), time(&body["endDateTime"]));
    match (start, end, usually) {
        (Some(start), Some(end), _) if end < start => Err(bad("End time must be after start time.")),
        (Some(start), Some(end), _) => Ok(Some((start, end))),
        (None, None, usually) => Ok(usually.map(|now| (now, now + Duration::hours(1)))),
        (Some(start), None, Some(_)) => Ok(Some((start, start + Duration::hours(1)))),
        _ => Err(bad("startDateTime and endDateTime must be given together.")),
    }
}

impl World {
    /// Makes a meeting; its id.
    pub(crate) fn new_meeting(
        &mut self,
        organizer: &User,
        subject: &str,
        (start, end): (DateTime<Utc>, DateTime<Utc>),
        event: Option<String>,
        now: DateTime<Utc>,
    ) -> String {
        let thread = format!("19:meeting_{}@thread.v2", self.dice.token(48).replace('-', "x"));
        let id = STANDARD.encode(format!("1*{}*0**{thread}", organizer.id));
        let lower = |text: &str| {
            // Percent escapes of Teams' links are in lower case.
            let encoded = utf8_percent_encode(text, SEGMENT).to_string();
            let mut out = String::with_capacity(encoded.len());
            let mut escape = 0;
            for character in encoded.chars() {
                if character == '%' {
                    escape = 3;
                }
                out.push(if escape > 0 { character.to_ascii_lowercase() } else { character });
                escape = i32::max(escape - 1, 0);
            }
            out
        };
        let context = format!("{{\"Tid\":\"{}\",\"Oid\":\"{}\"}}", organizer.tenant, organizer.id);
        let join_url =
            format!("{}/l/meetup-join/{}/0?context={}", self.base, lower(&thread), lower(&context));
        let meeting = Online {
            id: id.clone(),
            organizer: organizer.id.clone(),
            tenant: organizer.tenant.clone(),
            thread,
            join_url,
            subject: subject.to_owned(),
            start,
            end,
            created: now,
            options: usual(),
            attendees: Vec::new(),
            external_id: None,
            event,
            join_id: self.dice.digits(13).to_string(),
            passcode: self.dice.token(6),
            expires: end + Duration::days(60),
            deleted: false,
            calls: Vec::new(),
            visitors: Vec::new(),
        };
        self.meetings.insert(id.clone(), meeting);
        id
    }

    /// The meeting is gone; a call that runs goes on.
    pub(crate) fn drop_meeting(&mut self, id: &str) {
        if let Some(meeting) = self.meetings.get_mut(id) {
            meeting.deleted = true;
        }
    }

    pub(crate) fn meeting_json(&self, meeting: &Online, prefer: &str) -> Value {
        let organizer = self.users.get(&meeting.organizer);
        let mut body = json!({
            "@odata.context": format!("{}/v1.0/$metadata#users('{}')/onlineMeetings/$entity", self.base, meeting.organizer),
            "id": meeting.id, "creationDateTime": stamp(meeting.created), "startDateTime": stamp(meeting.start), "endDateTime": stamp(meeting.end),
            "joinWebUrl": meeting.join_url, "subject": meeting.subject, "meetingTemplateId": null, "externalId": meeting.external_id,
            "videoTeleconferenceId": null, "audioConferencing": null, "expiryDateTime": stamp(meeting.expires),
            "meetingOptionsWebUrl": format!("{}/meetingOptions/?organizerId={}&tenantId={}", self.base, meeting.organizer, meeting.tenant),
            "joinMeetingIdSettings": {"isPasscodeRequired": true, "joinMeetingId": meeting.join_id, "passcode": meeting.passcode},
            "chatInfo": {"threadId": meeting.thread, "messageId": "0", "replyChainMessageId": null},
            "participants": {
                "organizer": {
                    "upn": organizer.map(|user| user.email.clone()), "role": "presenter",
                    "identity": {"application": null, "device": null, "user": {"id": meeting.organizer, "displayName": null}},
                },
                "attendees": meeting.attendees,
            },
        });
        for (name, value) in &meeting.options {
            body[name] = value.clone();
        }
        let asked = prefer.contains("include-unknown-enum-members");
        if NEWER.contains(&meeting.lobby()) && !asked {
            body["lobbyBypassSettings"]["scope"] = HIDDEN.into();
        }
        for (name, member) in &self.behaviour.newer_members {
            body[name] = if asked { member.clone() } else { HIDDEN.into() };
        }
        body
    }

    /// The meeting a path names; anybody but its organizer is refused.
    pub(crate) fn own_meeting(&self, call: &Call) -> Result<&Online, Answer> {
        let meeting = self.meetings.get(call.param(0)).ok_or_else(not_found)?;
        if meeting.organizer != call.person_id() {
            return Err(not_organizer());
        }
        if meeting.usable(call.now) { Ok(meeting) } else { Err(not_found()) }
    }

    /// Checks and sets options. What a policy fixed stays; what needs a licence is refused.
    fn set_options(&mut self, id: &str, body: &Value) -> Result<(), Answer> {
        let asked = body.as_object().ok_or_else(|| bad("A body is required."))?;
        for (name, value) in asked {
            let known = OPTIONS.contains(&name.as_str())
                || READ_ONLY.contains(&name.as_str())
                || ["subject", "startDateTime", "endDateTime", "participants"].contains(&name.as_str())
                || name.contains("@odata.");
            if !known {
                return Err(bad(&format!(
                    "The property '{name}' does not exist on type 'microsoft.graph.onlineMeeting'."
                )));
            }
            if self.behaviour.refused.contains(name) {
                return Err(bad(&format!("The option {name} is not available for this organizer.")));
            }
            let words = WORDS.iter().find(|(option, _)| option == name).map(|(_, words)| *words);
            if words.is_some_and(|words| !value.as_str().is_some_and(|word| words.contains(&word))) {
                return Err(bad(&format!("Invalid value for {name}.")));
            }
            if let Some(scope) =
                value.get("scope").and_then(Value::as_str).filter(|_| name == "lobbyBypassSettings")
                && !SCOPES.contains(&scope)
            {
                return Err(bad("Invalid value for lobbyBypassSettings.scope."));
            }
        }
        let locked = self.behaviour.locked.clone();
        let Some(meeting) = self.meetings.get_mut(id) else { return Err(not_found()) };
        for (name, value) in asked.iter().filter(|(name, _)| OPTIONS.contains(&name.as_str())) {
            let value = locked.get(name).unwrap_or(value).clone();
            match (meeting.options.get_mut(name).and_then(Value::as_object_mut), value) {
                (Some(parts), Value::Object(new)) => parts.extend(new),
                (_, value) => {
                    meeting.options.insert(name.clone(), value);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn create_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let person = call.person.clone().ok_or_else(not_found)?;
        let span = span(&call.body, Some(call.now))?.ok_or_else(not_found)?;
        let subject = call.body["subject"].as_str().unwrap_or_default().to_owned();
        let id = self.new_meeting(&person, &subject, span, None, call.now);
        if let Err(refused) = self.set_options(&id, &call.body) {
            self.meetings.remove(&id);
            return Err(refused);
        }
        self.set_participants(&id, &call.body)?;
        let meeting = self.meetings.get(&id).ok_or_else(not_found)?;
        Ok(Answer::json(201, self.meeting_json(meeting, &call.prefer)))
    }

    fn set_participants(&mut self, id: &str, body: &Value) -> Result<(), Answer> {
        let Some(participants) = body.get("participants") else { return Ok(()) };
        let Some(meeting) = self.meetings.get_mut(id) else { return Err(not_found()) };
        let organizer = participants.pointer("/organizer/identity/user/id").and_then(Value::as_str);
        if organizer.is_some_and(|organizer| organizer != meeting.organizer) {
            return Err(bad("The organizer of a meeting cannot be changed."));
        }
        if let Some(attendees) = participants["attendees"].as_array() {
            meeting.attendees = attendees.clone();
        }
        Ok(())
    }

    pub(crate) fn create_or_get(&mut self, call: &Call) -> Result<Answer, Answer> {
        let person = call.person.clone().ok_or_else(not_found)?;
        let external = call.body["externalId"].as_str().filter(|id| !id.is_empty());
        let external = external.ok_or_else(|| bad("externalId is required."))?.to_owned();
        let known = self.meetings.values().find(|meeting| {
            meeting.organizer == person.id
                && meeting.external_id.as_deref() == Some(&external)
                && meeting.usable(call.now)
        });
        if let Some(known) = known {
            return Ok(Answer::json(200, self.meeting_json(known, &call.prefer)));
        }
        let span = span(&call.body, Some(call.now))?.ok_or_else(not_found)?;
        let subject = call.body["subject"].as_str().unwrap_or_default().to_owned();
        let id = self.new_meeting(&person, &subject, span, None, call.now);
        self.set_participants(&id, &call.body)?;
        let Some(meeting) = self.meetings.get_mut(&id) else { return Err(not_found()) };
        meeting.external_id = Some(external);
        let meeting = self.meetings.get(&id).ok_or_else(not_found)?;
        Ok(Answer::json(201, self.meeting_json(meeting, &call.prefer)))
    }

    /// There is no list: exactly one meeting, by its link or its number.
    pub(crate) fn find_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let filter = call.query.get("$filter").ok_or_else(|| bad("The request must have a $filter."))?;
        let value = |field: &str| {
            let (name, rest) = filter.split_once(" eq ")?;
            let inside = rest.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            name.trim().eq_ignore_ascii_case(field).then(|| inside.replace("''", "'"))
        };
        let found = if let Some(url) = value("JoinWebUrl") {
            // A link whose own escapes were decoded on the way is another text, and nobody's.
            self.by_link(&url)
        } else if let Some(number) = value("joinMeetingIdSettings/joinMeetingId") {
            self.meetings.values().find(|meeting| meeting.join_id == number)
        } else {
            return Err(bad("Invalid filter clause."));
        };
        match found.filter(|meeting| meeting.usable(call.now)) {
            None => Err(not_found()),
            Some(meeting) if meeting.organizer != call.person_id() => Err(match call.caller.user {
                Some(_) => not_organizer(),
                None => bad("1026: An error has occurred."),
            }),
            Some(meeting) => Ok(Answer::json(
                200,
                json!({"@odata.context": format!("{}/v1.0/$metadata#Collection", self.base), "value": [self.meeting_json(meeting, &call.prefer)]}),
            )),
        }
    }

    pub(crate) fn get_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let meeting = self.own_meeting(call)?;
        Ok(Answer::json(200, self.meeting_json(meeting, &call.prefer)))
    }

    pub(crate) fn update_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.own_meeting(call)?.id.clone();
        let span = span(&call.body, None)?;
        self.set_options(&id, &call.body)?;
        self.set_participants(&id, &call.body)?;
        let Some(meeting) = self.meetings.get_mut(&id) else { return Err(not_found()) };
        if let Some((start, end)) = span {
            (meeting.start, meeting.end) = (start, end);
            meeting.expires = end + Duration::days(60);
        }
        if let Some(subject) = call.body["subject"].as_str() {
            subject.clone_into(&mut meeting.subject);
        }
        let meeting = self.own_meeting(call)?;
        Ok(Answer::json(200, self.meeting_json(meeting, &call.prefer)))
    }

    pub(crate) fn delete_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.own_meeting(call)?.id.clone();
        self.drop_meeting(&id);
        Ok(Answer::empty(204))
    }
}
