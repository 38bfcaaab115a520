//! Outlook's calendar: events, series, and what it mails.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    errors::{bad, graph, no_item},
    graph::Call,
    recurrence,
    state::{Event, Mail},
    world::World,
    zones,
};
use crate::{answer::Answer, html::escape};

/// Start, end, and the name of the zone.
type Span = (DateTime<Utc>, DateTime<Utc>, String);

/// What Teams puts below the text of an event.
fn blob(join_url: &str) -> String {
    format!(
        "________________________________________________________________________________<a href=\"{}\">Join the meeting now</a>",
        escape(join_url)
    )
}

fn as_html(body: &Value) -> String {
    let content = body["content"].as_str().unwrap_or_default();
    match body["contentType"].as_str() {
        Some(kind) if kind.eq_ignore_ascii_case("html") => content.to_owned(),
        _ => escape(content).replace('\n', "<br>\r\n"),
    }
}

fn moment(query: &crate::query::Query, name: &str) -> Result<DateTime<Utc>, Answer> {
    let text = query.get(name).ok_or_else(|| {
        graph(400, "ErrorInvalidRequest", "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.")
    })?;
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .or_else(|_| format!("{text}Z").parse())
        .map_err(|_| graph(400, "ErrorInvalidParameter", &format!("The value '{text}' is not a date-time.")))
}

impl World {
    fn own_event(&self, call: &Call) -> Result<&Event, Answer> {
        self.events.get(call.param(0)).filter(|event| event.owner == call.person_id()).ok_or_else(no_item)
    }

    fn join_url_of(&self, event: &Event) -> Option<String> {
        let meeting = event.online.as_ref().and_then(|id| self.meetings.get(id))?;
        (event.reads_left == 0).then(|| meeting.join_url.clone())
    }

    /// An event, or an occurrence of it.
    fn event_json(&self, event: &Event, occurrence: Option<DateTime<Utc>>, prefer: &str) -> Value {
        let zone = zones::preferred(prefer);
        let start = occurrence.unwrap_or(event.start);
        let end = start + (event.end - event.start);
        let join_url = self.join_url_of(event);
        let content = match &join_url {
            Some(url) => format!("<html><body>{}<br>{}</body></html>", event.written, blob(url)),
            None => format!("<html><body>{}</body></html>", event.written),
        };
        let preview: String = event.written.replace("<br>\r\n", "\r\n").chars().take(255).collect();
        let owner = self.users.get(&event.owner);
        let kind = match (&event.recurrence, occurrence) {
            (None, _) => "singleInstance",
            (Some(_), None) => "seriesMaster",
            (Some(_), Some(_)) => "occurrence",
        };
        let id = match occurrence.filter(|_| event.recurrence.is_some()) {
            Some(at) => format!("{}-{}", event.id, at.timestamp()),
            None => event.id.clone(),
        };
        let mut body = json!({
            "@odata.etag": format!("W/\"{}\"", event.changed.timestamp_micros()), "id": id, "iCalUId": event.ical,
            "createdDateTime": zones::stamp(event.created), "lastModifiedDateTime": zones::stamp(event.changed),
            "changeKey": event.changed.timestamp_micros().to_string(), "type": kind,
            "seriesMasterId": if kind == "occurrence" { event.id.clone().into() } else { Value::Null },
            "subject": event.subject, "bodyPreview": preview, "body": {"contentType": "html", "content": content},
            "isOrganizer": true, "isCancelled": false, "isOnlineMeeting": event.online.is_some(),
            "onlineMeetingProvider": if event.online.is_some() { "teamsForBusiness" } else { "unknown" }, "onlineMeetingUrl": null,
            "hideAttendees": event.hide_attendees, "start": zones::write(start, zone), "end": zones::write(end, zone),
            "recurrence": if kind == "seriesMaster" { event.recurrence.clone().unwrap_or_default() } else { Value::Null },
            "attendees": event.attendees,
            "organizer": {"emailAddress": {"name": owner.map(|owner| owner.name.clone()), "address": owner.map(|owner| owner.email.clone())}},
            "onlineMeeting": join_url.map(|url| json!({"joinUrl": url, "conferenceId": "291633251", "tollNumber": "+1 323-555-0166"})),
        });
        if let Some(transaction) = &event.transaction {
            body["transactionId"] = transaction.clone().into();
        }
        body
    }

    /// Mails an invitation or an update, the raw link in it.
    fn mail(&mut self, event: &Event, to: &[Value], what: &str) {
        let url = event
            .online
            .as_ref()
            .and_then(|id| self.meetings.get(id))
            .map(|meeting| meeting.join_url.clone());
        for attendee in to {
            let Some(address) = attendee["emailAddress"]["address"].as_str() else { continue };
            self.mails.push(Mail {
                to: address.to_owned(),
                subject: format!("{what}{}", event.subject),
                body: format!("{} {}", event.written, url.as_deref().map(blob).unwrap_or_default()),
            });
        }
    }

    /// Start, end and zone of a body; start and end both or none.
    fn span(body: &Value) -> Result<Option<Span>, Answer> {
        match (body.get("start"), body.get("end")) {
            (None, None) => Ok(None),
            (Some(start), Some(end)) => {
                let unsupported = || {
                    graph(400, "TimeZoneNotSupportedException", "A valid TimeZone value must be specified.")
                };
                let (from, zone) = zones::read(start).ok_or_else(unsupported)?;
                let (to, _) = zones::read(end).ok_or_else(unsupported)?;
                if to < from {
                    return Err(graph(
                        400,
                        "ErrorCalendarEndDateIsEarlierThanStartDate",
                        "The end date you entered occurs before the start date.",
                    ));
                }
                Ok(Some((from, to, zone)))
            }
            _ => {
                Err(graph(400, "ErrorPropertyValidationFailure", "At least one property failed validation."))
            }
        }
    }

    pub(crate) fn create_event(&mut self, call: &Call) -> Result<Answer, Answer> {
        let body = &call.body;
        let transaction = body["transactionId"].as_str().map(str::to_owned);
        let known = self.events.values().find(|event| {
            event.owner == call.person_id()
                && transaction.as_deref().is_some_and(|id| {
                    event.transaction.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(id))
                })
        });
        if let Some(known) = known {
            if self.behaviour.refuse_known_transaction {
                return Err(graph(
                    409,
                    "ErrorDuplicateTransactionId",
                    "The transaction id is already used by another event.",
                ));
            }
            return Ok(Answer::json(201, self.event_json(known, None, &call.prefer)));
        }
        let (start, end, zone) = Self::span(body)?.ok_or_else(|| {
            graph(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")
        })?;
        let recurrence = body.get("recurrence").filter(|value| !value.is_null()).cloned();
        if recurrence.as_ref().is_some_and(|recurrence| !recurrence::is_known(recurrence)) {
            return Err(graph(400, "ErrorInvalidRequest", "The recurrence pattern is not valid."));
        }
        let attendees = body["attendees"].as_array().cloned().unwrap_or_default();
        if attendees.len() > 500 {
            return Err(graph(400, "ErrorInvalidRecipients", "At most 500 attendees."));
        }
        let person = call.person.clone().ok_or_else(no_item)?;
        let mut event = Event {
            id: format!("AAMk{}=", self.dice.token(120)),
            owner: person.id.clone(),
            subject: body["subject"].as_str().unwrap_or_default().to_owned(),
            written: as_html(&body["body"]),
            start,
            end,
            zone,
            attendees,
            hide_attendees: body["hideAttendees"].as_bool().unwrap_or(false),
            transaction,
            recurrence,
            online: None,
            reads_left: 0,
            created: call.now,
            changed: call.now,
            ical: format!("040000008200E00074C5B7101A82E008{}", self.dice.digits(16)),
        };
        // Without a licence, or for a personal account, the calendar makes a plain event.
        let wanted = body["isOnlineMeeting"] == true && body["onlineMeetingProvider"] == "teamsForBusiness";
        if wanted && person.licensed && !person.tenant.is_empty() {
            event.online = Some(self.new_meeting(
                &person,
                &event.subject.clone(),
                (start, end),
                Some(event.id.clone()),
                call.now,
            ));
            event.reads_left = self.behaviour.join_url_after_reads;
        }
        let to = event.attendees.clone();
        self.mail(&event, &to, "");
        let answer = Answer::json(201, self.event_json(&event, None, &call.prefer));
        self.events.insert(event.id.clone(), event);
        Ok(answer)
    }

    pub(crate) fn get_event(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.own_event(call)?.id.clone();
        if let Some(event) = self.events.get_mut(&id) {
            event.reads_left = event.reads_left.saturating_sub(1);
        }
        let event = self.own_event(call)?;
        Ok(Answer::json(200, self.event_json(event, None, &call.prefer)))
    }

    pub(crate) fn update_event(&mut self, call: &Call) -> Result<Answer, Answer> {
        let mut event = self.own_event(call)?.clone();
        let body = &call.body;
        let span = Self::span(body)?;
        if let Some((start, end, zone)) = &span {
            (event.start, event.end, event.zone) = (*start, *end, zone.clone());
        }
        if let Some(subject) = body["subject"].as_str() {
            subject.clone_into(&mut event.subject);
        }
        if let Some(recurrence) = body.get("recurrence").filter(|value| !value.is_null()) {
            event.recurrence = Some(recurrence.clone());
        }
        let before = event.attendees.clone();
        if let Some(attendees) = body["attendees"].as_array() {
            event.attendees = attendees.clone();
        }
        if let Some(written) = body.get("body") {
            let html = as_html(written);
            let kept = self.join_url_of(&event).is_some_and(|url| html.contains(&escape(&url)));
            if !kept && let Some(gone) = event.online.take() {
                // The text that Teams put there is gone, and the meeting with it.
                self.drop_meeting(&gone);
            }
            event.written = html;
        }
        event.changed = call.now;
        if let Some(meeting) = event.online.as_ref().and_then(|id| self.meetings.get_mut(id)) {
            meeting.subject.clone_from(&event.subject);
            (meeting.start, meeting.end) = (event.start, event.end);
            meeting.expires = event.end + Duration::days(60);
        }
        let told: Vec<_> = if span.is_none() && body.get("attendees").is_some() {
            event.attendees.iter().filter(|attendee| !before.contains(attendee)).cloned().collect()
        } else {
            event.attendees.clone()
        };
        self.mail(&event, &told, "Updated: ");
        let answer = Answer::json(200, self.event_json(&event, None, &call.prefer));
        self.events.insert(event.id.clone(), event);
        Ok(answer)
    }

    pub(crate) fn delete_event(&mut self, call: &Call, status: u16) -> Result<Answer, Answer> {
        let event = self.own_event(call)?.clone();
        self.mail(&event, &event.attendees, "Canceled: ");
        self.events.remove(&event.id);
        if let Some(meeting) = &event.online {
            self.drop_meeting(meeting);
        }
        Ok(Answer::empty(status))
    }

    fn within(&self, call: &Call, of: Option<&str>) -> Result<Answer, Answer> {
        let (from, to) = (moment(&call.query, "startDateTime")?, moment(&call.query, "endDateTime")?);
        let mut found: Vec<(DateTime<Utc>, Value)> = Vec::new();
        let mine = |event: &&Event| event.owner == call.person_id() && of.is_none_or(|id| event.id == id);
        for event in self.events.values().filter(mine) {
            let length = event.end - event.start;
            for start in recurrence::starts(event) {
                if start < to && start + length > from {
                    let occurrence = event.recurrence.as_ref().map(|_| start);
                    found.push((start, self.event_json(event, occurrence, &call.prefer)));
                }
            }
        }
        found.sort_by_key(|(start, _)| *start);
        Ok(self.paged(call, found.into_iter().map(|(_, event)| event).collect()))
    }

    pub(crate) fn calendar_view(&mut self, call: &Call) -> Result<Answer, Answer> {
        self.within(call, None)
    }

    pub(crate) fn instances(&mut self, call: &Call) -> Result<Answer, Answer> {
        let master = self.own_event(call)?;
        if master.recurrence.is_none() {
            return Err(bad("The event is not a series."));
        }
        let id = master.id.clone();
        self.within(call, Some(&id))
    }

    pub(crate) fn list_events(&mut self, call: &Call) -> Result<Answer, Answer> {
        let mut mine: Vec<_> = self.events.values().filter(|event| event.owner == call.person_id()).collect();
        mine.sort_by_key(|event| event.start);
        let all = mine.into_iter().map(|event| self.event_json(event, None, &call.prefer)).collect();
        Ok(self.paged(call, all))
    }
}
