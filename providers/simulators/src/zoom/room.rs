//! The rooms: pages where a browser joins, is seen, waits, is let in, and leaves. No scripts: the page reloads itself.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::{
    answer::Answer,
    live::Refusal,
    registrants::Application,
    state::{HostPlan, Meeting, Place, Presence, Role, Visitor, Who},
    world::World,
};
use crate::{
    html::{escape, page},
    query::Query,
    rooms::{Rooms, again},
};

/// The cookie by which a browser is known again.
pub(crate) const BROWSER: &str = "zoom_simulator_browser";

fn message(status: u16, title: &str, text: &str) -> Answer {
    Answer::html(
        status,
        page("Zoom", title, "", &format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text))),
    )
}

fn refused(refusal: Refusal) -> Answer {
    let status = if refusal == Refusal::NoSuchMeeting { 404 } else { 403 };
    message(status, "You cannot join this meeting", &refusal.to_string())
}

impl World {
    /// `GET /w/{meeting}?tk=…`: a registrant's own link.
    pub(crate) fn join_page(&mut self, id: u64, query: &Query, browser: &str, now: DateTime<Utc>) -> Answer {
        let Some(registrant) = query.get("tk").and_then(|tk| self.registrant_by_tk(id, tk)).cloned() else {
            return self.registration_or_passcode(id, query, now);
        };
        let who = Who {
            role: Role::Registrant,
            name: registrant.name(),
            email: registrant.email.clone(),
            registrant: Some(registrant.id.clone()),
            zoom_user: None,
        };
        match self.arrive(id, who, Some(browser), true, now) {
            Ok(visitor) => self.room_page(visitor),
            Err(refusal) => refused(refusal),
        }
    }

    /// `GET /s/{meeting}?zak=…`: the host's link.
    pub(crate) fn start_page(&mut self, id: u64, query: &Query, browser: &str, now: DateTime<Utc>) -> Answer {
        let owner = query
            .get("zak")
            .and_then(|zak| self.zaks.get(zak))
            .filter(|(_, until)| now < *until)
            .map(|(user, _)| user.clone());
        let Some(meeting) = self.meetings.get(&id) else { return refused(Refusal::NoSuchMeeting) };
        if owner.as_deref() != Some(meeting.host.as_str()) {
            return refused(Refusal::StartLinkExpired);
        }
        let who = self.host_of(meeting);
        match self.arrive(id, who, Some(browser), true, now) {
            Ok(visitor) => self.room_page(visitor),
            Err(refusal) => refused(refusal),
        }
    }

    /// `GET /j/{meeting}`: without a registrant's mark.
    pub(crate) fn registration_or_passcode(&self, id: u64, query: &Query, now: DateTime<Utc>) -> Answer {
        let Some(meeting) =
            self.meetings.get(&id).filter(|meeting| meeting.deleted.is_none() && !meeting.expired(now))
        else {
            return refused(Refusal::NoSuchMeeting);
        };
        if meeting.approval_type() != 2 {
            return Answer::redirect(
                302,
                &format!("{}/meeting/register/{}", self.base, meeting.registration_token),
            );
        }
        let body = format!(
            "<h1>{topic}</h1><p class=\"soft\">Meeting {id}</p><form method=\"post\" action=\"/j/{id}\" style=\"display:block\">\
             <label>Your name <input type=\"text\" name=\"name\" required maxlength=\"64\"></label>\
             <label>Passcode <input type=\"text\" name=\"passcode\" value=\"{passcode}\"></label><button class=\"main\">Join</button></form>",
            topic = escape(&meeting.topic),
            passcode = escape(query.get("pwd").unwrap_or_default()),
        );
        Answer::html(200, page("Zoom", "Join a meeting", "", &body))
    }

    /// `POST /j/{meeting}`: in by id and passcode, under any name.
    pub(crate) fn join_by_passcode(
        &mut self,
        id: u64,
        form: &Query,
        browser: &str,
        now: DateTime<Utc>,
    ) -> Answer {
        let Some(meeting) = self.meetings.get(&id) else { return refused(Refusal::NoSuchMeeting) };
        if form.get("passcode") != Some(meeting.password.as_str()) {
            return refused(Refusal::WrongPasscode);
        }
        let name =
            form.get("name").map(str::trim).filter(|name| !name.is_empty()).unwrap_or("Guest").to_owned();
        let who = Who { role: Role::Outsider, name, email: String::new(), registrant: None, zoom_user: None };
        match self.arrive(id, who, Some(browser), true, now) {
            Ok(visitor) => self.to_room(visitor),
            Err(refusal) => refused(refusal),
        }
    }

    /// `GET /meeting/register/{token}`: anybody may ask to be registered.
    pub(crate) fn registration_page(&self, token: &str) -> Answer {
        let Some(meeting) = self
            .meetings
            .values()
            .find(|meeting| meeting.registration_token == token && meeting.deleted.is_none())
        else {
            return refused(Refusal::NoSuchMeeting);
        };
        if meeting.approval_type() == 2 {
            return message(404, "No registration", "Registration has not been enabled for this meeting.");
        }
        let body = format!(
            "<h1>Meeting registration</h1><p>{topic}</p><form method=\"post\" action=\"/meeting/register/{token}\" style=\"display:block\">\
             <label>First name <input type=\"text\" name=\"first_name\" required maxlength=\"64\"></label>\
             <label>Last name <input type=\"text\" name=\"last_name\" maxlength=\"64\"></label>\
             <label>E-mail address <input type=\"email\" name=\"email\" required maxlength=\"128\"></label>\
             <button class=\"main\">Register</button></form>",
            topic = escape(&meeting.topic),
            token = escape(token),
        );
        Answer::html(200, page("Zoom", "Meeting registration", "", &body))
    }

    /// The form of that page: pending with manual approval, in at once with automatic approval.
    pub(crate) fn self_register(&mut self, token: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let found = self
            .meetings
            .values()
            .find(|meeting| meeting.registration_token == token && meeting.deleted.is_none());
        let Some(meeting) = found.filter(|meeting| meeting.approval_type() != 2) else {
            return refused(Refusal::NoSuchMeeting);
        };
        if self.users.get(&meeting.host).is_none_or(|host| host.plan != HostPlan::Licensed) {
            return message(400, "No registration", "Only available for Paid user.");
        }
        let id = meeting.id;
        let body = serde_json::json!({
            "email": form.get("email").unwrap_or_default(), "first_name": form.get("first_name").unwrap_or_default(),
            "last_name": form.get("last_name").unwrap_or_default(),
        });
        let Ok(application) = Application::read(&body) else {
            return message(400, "Registration failed", "Please give a name and a valid e-mail address.");
        };
        match self.register(id, &application, now) {
            None => message(400, "Registration failed", "Meeting has reached maximum attendee capacity."),
            Some(registrant) if registrant.status == super::state::RegistrantStatus::Approved => {
                message(200, "Registration approved", "You will receive an e-mail with your personal link.")
            }
            Some(_) => message(200, "Registration pending", "The host has to approve your registration."),
        }
    }

    fn visitor_by_key(&self, key: &str) -> Option<u64> {
        self.room_keys.get(key).copied()
    }

    fn to_room(&self, visitor: u64) -> Answer {
        let key = self.visitors.get(&visitor).map(|visitor| visitor.key.clone()).unwrap_or_default();
        Answer::redirect(303, &format!("{}/room/{key}", self.base))
    }

    fn room_page(&self, visitor: u64) -> Answer {
        let Some(visitor) = self.visitors.get(&visitor) else { return refused(Refusal::NotThere) };
        let Some(meeting) = self.meetings.get(&visitor.meeting) else {
            return refused(Refusal::NoSuchMeeting);
        };
        let key = escape(&visitor.key);
        let topic = escape(&meeting.topic);
        let again = again(&key);
        let leave = format!(
            "<form method=\"post\" action=\"/room/{key}/leave\"><button class=\"stop\">Leave meeting</button></form>"
        );
        let (title, head, body) = match visitor.presence {
            Presence::BeforeHost => (
                "Waiting for the host",
                again,
                format!(
                    "<h1>Waiting for the host to start this meeting</h1><p>{topic}</p><p class=\"soft\">This page opens the meeting by itself.</p>{leave}"
                ),
            ),
            Presence::WaitingRoom => (
                "Waiting room",
                again,
                format!("<h1>Please wait, the meeting host will let you in soon</h1><p>{topic}</p>{leave}"),
            ),
            Presence::InMeeting => ("In the meeting", again, self.inside(meeting, visitor, &leave)),
            Presence::Crashed => ("Connection lost", String::new(), "<h1>Connection lost</h1>".to_owned()),
            Presence::Left => (
                "You left the meeting",
                String::new(),
                format!(
                    "<h1>You left the meeting</h1><p>{topic}</p><p class=\"soft\">You can close this page.</p>"
                ),
            ),
            Presence::Ended => (
                "The meeting has ended",
                String::new(),
                format!(
                    "<h1>This meeting has been ended by the host</h1><p>{topic}</p><p class=\"soft\">You can close this page.</p>"
                ),
            ),
        };
        Answer::html(200, page("Zoom", title, &head, &body))
    }

    fn inside(&self, meeting: &Meeting, visitor: &Visitor, leave: &str) -> String {
        let mut people = String::new();
        if let Some(run) = meeting.live() {
            for stay in
                run.stays.iter().filter(|stay| stay.left.is_none() && stay.place != Place::WaitingRoom)
            {
                let mine = if stay.visitor == visitor.id { " (you)" } else { "" };
                let role = match (&stay.place, stay.who.role) {
                    (Place::Breakout { .. }, _) => "in a breakout room",
                    (_, Role::Host) => "host",
                    (_, Role::Registrant) => "participant",
                    (_, Role::Outsider) => "guest",
                };
                // Writing to a String cannot fail.
                let _ = write!(people, "<li>{}{mine}<small>{role}</small></li>", escape(&stay.who.name));
            }
        }
        let recording = meeting
            .live()
            .is_some_and(|run| run.recording.segments.last().is_some_and(|(_, end)| end.is_none()));
        let mut body = format!(
            "<h1>{topic}</h1><p><span class=\"live\">● Live</span>{recording} <span class=\"soft\">Meeting {id}, you are {name}</span></p><h2>In the meeting</h2><ul class=\"people\">{people}</ul>",
            topic = escape(&meeting.topic),
            recording = if recording { " <span class=\"bad\">● Recording</span>" } else { "" },
            id = meeting.id,
            name = escape(&visitor.who.name),
        );
        if visitor.who.role == Role::Host {
            let waiting =
                self.visitors_of(meeting.id).filter(|other| other.presence == Presence::WaitingRoom);
            let mut rows = String::new();
            for other in waiting {
                let _ = write!(
                    rows,
                    "<tr><td>{}</td><td><form method=\"post\" action=\"/room/{}/admit\"><input type=\"hidden\" name=\"who\" value=\"{}\"><button>Admit</button></form></td></tr>",
                    escape(&other.who.name),
                    escape(&visitor.key),
                    escape(&other.key),
                );
            }
            if !rows.is_empty() {
                let _ = write!(
                    body,
                    "<h2>Waiting room</h2><table>{rows}</table><form method=\"post\" action=\"/room/{}/admit-all\"><button class=\"main\">Admit all</button></form>",
                    escape(&visitor.key),
                );
            }
            let _ = write!(
                body,
                "<h2>Host</h2><form method=\"post\" action=\"/room/{}/end\"><button class=\"stop\">End meeting for all</button></form>",
                escape(&visitor.key),
            );
        }
        body.push_str(leave);
        body
    }
}

impl Rooms for World {
    /// `GET /room/{key}`: the same room again, and a sign of life. It never joins anew.
    fn room_again(&mut self, key: &str, now: DateTime<Utc>) -> Answer {
        let Some(visitor) = self.visitor_by_key(key) else { return refused(Refusal::NotThere) };
        let present = |visitor: &Visitor| {
            matches!(visitor.presence, Presence::BeforeHost | Presence::WaitingRoom | Presence::InMeeting)
        };
        if self.visitors.get(&visitor).is_some_and(present) {
            self.open_pages.seen(visitor, now);
        }
        self.room_page(visitor)
    }

    /// `POST /room/{key}/{what}`: a button in the room.
    fn room_button(&mut self, key: &str, what: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let Some(id) = self.visitor_by_key(key) else { return refused(Refusal::NotThere) };
        let Some(visitor) = self.visitors.get(&id).cloned() else { return refused(Refusal::NotThere) };
        let is_host = visitor.who.role == Role::Host && visitor.presence == Presence::InMeeting;
        let done = match what {
            "leave" => self.leave(id, "Left the meeting", now),
            "end" if is_host => {
                self.end_run(visitor.meeting, now);
                Ok(())
            }
            "admit" if is_host => {
                let waiting = form.get("who").and_then(|key| self.visitor_by_key(key));
                match waiting.filter(|other| {
                    self.visitors.get(other).is_some_and(|other| other.meeting == visitor.meeting)
                }) {
                    Some(other) => self.admit(other, now),
                    None => Err(Refusal::NotThere),
                }
            }
            "admit-all" if is_host => {
                let waiting = self
                    .visitors_of(visitor.meeting)
                    .filter(|other| other.presence == Presence::WaitingRoom)
                    .map(|other| other.id)
                    .collect::<Vec<_>>();
                waiting.into_iter().try_for_each(|other| self.admit(other, now))
            }
            _ => Err(Refusal::NotThere),
        };
        match done {
            // A second press of "leave" finds nobody: the page says what is the case.
            Ok(()) | Err(Refusal::NotThere) => self.to_room(id),
            Err(refusal) => refused(refusal),
        }
    }
}
