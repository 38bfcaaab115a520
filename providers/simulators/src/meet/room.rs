//! The rooms: pages where a browser chooses an account, joins or knocks, is let in, and leaves. No scripts: the page reloads
//! itself.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::{
    driving,
    live::Refusal,
    state::{Presence, Space, Visitor},
    world::World,
};
use crate::{
    answer::Answer,
    html::{escape, page},
    query::Query,
    rooms::{Rooms, again},
};

/// The cookie by which a browser is known again.
pub(crate) const BROWSER: &str = "meet_simulator_browser";

fn refused(refusal: Refusal) -> Answer {
    let status = if refusal == Refusal::NoSuchSpace { 404 } else { 403 };
    let title = "You can't join this video call";
    let body = format!("<h1>{title}</h1><p>{}</p>", escape(&refusal.to_string()));
    Answer::html(status, page("Google Meet", title, "", &body))
}

impl World {
    /// `GET /{code}`: the page before the call. `authuser` puts one account first; nobody joins by looking.
    pub(crate) fn green_room(&self, code: &str, query: &Query, browser: &str) -> Answer {
        let Some(space) = self.space_by_code(code) else { return refused(Refusal::NoSuchSpace) };
        let here = self.visitors_of(&space.id).find(|visitor| {
            visitor.browser.as_deref() == Some(browser)
                && matches!(visitor.presence, Presence::InCall | Presence::Knocking | Presence::BeforeHost)
        });
        if let Some(visitor) = here {
            return Answer::redirect(303, &format!("{}/room/{}", self.base, visitor.key));
        }
        let wanted = query.get("authuser").unwrap_or_default();
        let mut accounts: Vec<_> = self.accounts.values().collect();
        accounts.sort_by_key(|account| (account.email != wanted, account.email.as_str()));
        let mut people = String::new();
        for account in accounts {
            let checked = if account.email == wanted { " checked" } else { "" };
            // Writing to a String cannot fail.
            let _ = write!(
                people,
                "<label><input type=\"radio\" name=\"user\" value=\"{email}\"{checked}> {name} <span class=\"soft\">{email}</span></label>",
                email = escape(&account.email),
                name = escape(&account.name),
            );
        }
        let none = if wanted.is_empty() { " checked" } else { "" };
        let body = format!(
            "<h1>Ready to join?</h1><p class=\"soft\">{code}</p><form method=\"post\" action=\"/{code}\" style=\"display:block\">\
             <h2>Signed in as</h2>{people}<label><input type=\"radio\" name=\"user\" value=\"\"{none}> Not signed in</label>\
             <label>What's your name? <input type=\"text\" name=\"name\" maxlength=\"60\"></label>\
             <button class=\"main\">Join now</button></form>",
            code = escape(&space.code),
        );
        Answer::html(200, page("Google Meet", "Ready to join?", "", &body))
    }

    /// `POST /{code}`: in, or to the door.
    pub(crate) fn join_by_page(
        &mut self,
        code: &str,
        form: &Query,
        browser: &str,
        now: DateTime<Utc>,
    ) -> Answer {
        let email = form.get("user").unwrap_or_default();
        let visitor = if email.is_empty() {
            let name = form.get("name").map(str::trim).filter(|name| !name.is_empty()).unwrap_or("Guest");
            driving::Visitor::anonymous(name)
        } else {
            driving::Visitor::account(email)
        };
        let arrived = self.person(&visitor).and_then(|person| self.arrive(code, person, Some(browser), now));
        match arrived {
            Ok(visitor) => self.to_room(visitor),
            Err(refusal) => refused(refusal),
        }
    }

    fn to_room(&self, visitor: u64) -> Answer {
        let key = self.visitors.get(&visitor).map(|visitor| visitor.key.clone()).unwrap_or_default();
        Answer::redirect(303, &format!("{}/room/{key}", self.base))
    }

    fn room_page(&self, visitor: u64) -> Answer {
        let Some(visitor) = self.visitors.get(&visitor) else { return refused(Refusal::NotThere) };
        let Some(space) = self.spaces.get(&visitor.space) else { return refused(Refusal::NoSuchSpace) };
        let key = escape(&visitor.key);
        let again = again(&key);
        let leave = format!(
            "<form method=\"post\" action=\"/room/{key}/leave\"><button class=\"stop\">Leave call</button></form>"
        );
        let over = |title: &'static str| {
            (title, String::new(), format!("<h1>{title}</h1><p class=\"soft\">You can close this page.</p>"))
        };
        let (title, head, body) = match visitor.presence {
            Presence::BeforeHost => (
                "Waiting for the host",
                again,
                format!("<h1>Please wait until a meeting host brings you into the call</h1>{leave}"),
            ),
            Presence::Knocking => (
                "Asking to be let in",
                again,
                format!(
                    "<h1>Asking to be let in</h1><p>You'll join the call when someone lets you in.</p>{leave}"
                ),
            ),
            Presence::InCall => ("In the call", again, self.inside(space, visitor, &leave)),
            Presence::Left => over("You left the meeting"),
            Presence::Ended => over("The call has ended for everyone"),
            Presence::Denied => over("You can't join this call: someone in the call denied your request"),
        };
        Answer::html(200, page("Google Meet", title, &head, &body))
    }

    fn inside(&self, space: &Space, visitor: &Visitor, leave: &str) -> String {
        let mut people = String::new();
        for one in space.live().map(|call| call.participants.as_slice()).unwrap_or_default() {
            for session in one.sessions.iter().filter(|session| session.end.is_none()) {
                let mine = if session.visitor == visitor.id { " (you)" } else { "" };
                let role = match (self.is_host(space, &one.person), one.person.account()) {
                    (true, _) => "host",
                    (false, Some(_)) => "participant",
                    (false, None) => "guest",
                };
                // Writing to a String cannot fail.
                let _ = write!(people, "<li>{}{mine}<small>{role}</small></li>", escape(one.person.name()));
            }
        }
        let recording =
            space.live().is_some_and(|call| call.recordings.iter().any(|recording| recording.end.is_none()));
        let mut body = format!(
            "<h1>{code}</h1><p><span class=\"live\">● Live</span>{recorded} <span class=\"soft\">You are {name}</span></p><h2>In the call</h2><ul class=\"people\">{people}</ul>",
            code = escape(&space.code),
            recorded = if recording { " <span class=\"bad\">● Recording</span>" } else { "" },
            name = escape(visitor.person.name()),
        );
        if self.is_host(space, &visitor.person) {
            let key = escape(&visitor.key);
            let mut rows = String::new();
            for other in self.visitors_of(&space.id).filter(|other| other.presence == Presence::Knocking) {
                let _ = write!(
                    rows,
                    "<tr><td>{name}</td><td><form method=\"post\" action=\"/room/{key}/admit\"><input type=\"hidden\" name=\"who\" value=\"{who}\"><button>Admit</button></form>\
                     <form method=\"post\" action=\"/room/{key}/deny\"><input type=\"hidden\" name=\"who\" value=\"{who}\"><button>Deny entry</button></form></td></tr>",
                    name = escape(other.person.name()),
                    who = escape(&other.key),
                );
            }
            if !rows.is_empty() {
                let _ = write!(body, "<h2>Someone wants to join this call</h2><table>{rows}</table>");
            }
            let (what, word) =
                if recording { ("stop", "Stop recording") } else { ("record", "Start recording") };
            let _ = write!(
                body,
                "<h2>Host</h2><form method=\"post\" action=\"/room/{key}/{what}\"><button>{word}</button></form>\
                 <form method=\"post\" action=\"/room/{key}/end\"><button class=\"stop\">End the call for everyone</button></form>"
            );
        }
        body.push_str(leave);
        body
    }
}

impl Rooms for World {
    /// `GET /room/{key}`: the same room again, and a sign of life. It never joins anew.
    fn room_again(&mut self, key: &str, now: DateTime<Utc>) -> Answer {
        let Some(visitor) = self.room_keys.get(key).copied() else { return refused(Refusal::NotThere) };
        self.seen(visitor, now);
        self.room_page(visitor)
    }

    /// `POST /room/{key}/{what}`: a button in the room.
    fn room_button(&mut self, key: &str, what: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let Some(id) = self.room_keys.get(key).copied() else { return refused(Refusal::NotThere) };
        let Some(visitor) = self.visitors.get(&id).cloned() else { return refused(Refusal::NotThere) };
        let host = visitor.presence == Presence::InCall
            && self.spaces.get(&visitor.space).is_some_and(|space| self.is_host(space, &visitor.person));
        let owner = self
            .spaces
            .get(&visitor.space)
            .is_some_and(|space| visitor.person.account() == Some(&space.owner));
        let meant = || {
            let other = form.get("who").and_then(|key| self.room_keys.get(key)).copied()?;
            self.visitors.get(&other).filter(|other| other.space == visitor.space).map(|other| other.id)
        };
        let done = match what {
            "leave" => self.leave(id, now),
            "end" if host && owner => {
                self.end_call(&visitor.space, now);
                Ok(())
            }
            "admit" if host => meant().ok_or(Refusal::NotThere).and_then(|other| self.admit(other, now)),
            "deny" if host => meant().ok_or(Refusal::NotThere).and_then(|other| self.deny(other)),
            "record" if host => {
                self.start_recording(&visitor.space, now);
                Ok(())
            }
            "stop" if host => {
                self.stop_recording(&visitor.space, now);
                Ok(())
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
