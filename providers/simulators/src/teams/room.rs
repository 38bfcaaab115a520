//! The pages of a meeting: the door, the lobby, the call.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::{
    live::Refusal,
    state::{Identity, Online, Presence, Visitor},
    world::World,
};
use crate::{
    answer::Answer,
    html::{escape, page},
    query::Query,
    rooms::{Rooms, again},
};

fn refused(refusal: Refusal) -> Answer {
    let status = if refusal == Refusal::NoSuchMeeting { 404 } else { 403 };
    let body = format!("<h1>You cannot join this meeting</h1><p>{}</p>", escape(&refusal.to_string()));
    Answer::html(status, page("Microsoft Teams", "You cannot join this meeting", "", &body))
}

impl World {
    /// `GET /l/meetup-join/…`: who are you?
    pub(crate) fn door_page(&self, join_url: &str, now: DateTime<Utc>) -> Answer {
        let Some(meeting) = self.by_link(join_url).filter(|meeting| meeting.usable(now)) else {
            return refused(Refusal::NoSuchMeeting);
        };
        let mut people = String::new();
        let mut users: Vec<_> = self.users.values().filter(|user| user.tenant == meeting.tenant).collect();
        users.sort_by_key(|user| user.email.as_str());
        for user in users {
            // Writing to a String cannot fail.
            let _ = write!(
                people,
                "<form method=\"post\"><input type=\"hidden\" name=\"account\" value=\"{email}\"><button>Join as {name}</button></form>",
                email = escape(&user.email),
                name = escape(&user.name),
            );
        }
        let body = format!(
            "<h1>{topic}</h1><form method=\"post\" style=\"display:block\"><label>Your name \
             <input type=\"text\" name=\"name\" required maxlength=\"64\"></label><button class=\"main\">Join now</button></form>\
             <h2>Sign in</h2>{people}",
            topic = escape(&meeting.subject),
        );
        Answer::html(200, page("Microsoft Teams", "Join the meeting", "", &body))
    }

    /// `POST` of that page.
    pub(crate) fn come_in(&mut self, join_url: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let Some(meeting) = self.by_link(join_url).map(|meeting| meeting.id.clone()) else {
            return refused(Refusal::NoSuchMeeting);
        };
        let who = match form.get("account") {
            Some(account) => self.who(&meeting, Identity::Entra, account),
            None => {
                let name = form.get("name").map(str::trim).filter(|name| !name.is_empty()).unwrap_or("Guest");
                self.who(&meeting, Identity::Anonymous, name)
            }
        };
        match who.and_then(|who| self.arrive(&meeting, who, now)) {
            Ok(visitor) => {
                self.open_pages.seen(visitor, now);
                self.to_room(visitor)
            }
            Err(refusal) => refused(refusal),
        }
    }

    fn to_room(&self, visitor: u64) -> Answer {
        let key = self.visitors.get(&visitor).map(|visitor| visitor.key.clone()).unwrap_or_default();
        Answer::redirect(303, &format!("{}/room/{key}", self.base))
    }

    fn room_page(&self, key: &str) -> Answer {
        let visitor = self.room_keys.get(key).and_then(|id| self.visitors.get(id));
        let Some((visitor, meeting)) =
            visitor.and_then(|visitor| Some((visitor, self.meetings.get(&visitor.meeting)?)))
        else {
            return refused(Refusal::NotThere);
        };
        let (key, topic) = (escape(&visitor.key), escape(&meeting.subject));
        let again = again(&key);
        let leave = format!(
            "<form method=\"post\" action=\"/room/{key}/leave\"><button class=\"stop\">Leave</button></form>"
        );
        let (title, head, body) = match visitor.presence {
            Presence::Lobby => {
                ("Lobby", again, format!("<h1>Someone will let you in shortly</h1><p>{topic}</p>{leave}"))
            }
            Presence::InCall => ("In the meeting", again, self.inside(meeting, visitor, &leave)),
            Presence::Left => {
                ("You left", String::new(), format!("<h1>You left the meeting</h1><p>{topic}</p>"))
            }
            Presence::Ended => {
                ("Meeting ended", String::new(), format!("<h1>The meeting has ended</h1><p>{topic}</p>"))
            }
        };
        Answer::html(200, page("Microsoft Teams", title, &head, &body))
    }

    fn inside(&self, meeting: &Online, visitor: &Visitor, leave: &str) -> String {
        let mut people = String::new();
        let there =
            meeting.live().into_iter().flat_map(|call| &call.stays).filter(|stay| stay.left.is_none());
        for stay in there {
            let mine = if stay.participant == visitor.participant { " (you)" } else { "" };
            let role = match stay.who.identity {
                Identity::Organizer => "organizer",
                Identity::Entra => "member",
                Identity::Federated => "external",
                Identity::Anonymous => "unverified",
                Identity::DialIn => "by telephone",
            };
            // Writing to a String cannot fail.
            let _ = write!(people, "<li>{}{mine}<small>{role}</small></li>", escape(&stay.who.name));
        }
        let recording = meeting.live().is_some_and(|call| call.records);
        let mut body = format!(
            "<h1>{topic}</h1><p><span class=\"live\">● Live</span>{recording}</p><h2>In this meeting</h2><ul class=\"people\">{people}</ul>",
            topic = escape(&meeting.subject),
            recording = if recording { " <span class=\"bad\">● Recording</span>" } else { "" },
        );
        if visitor.who.identity == Identity::Organizer {
            let key = escape(&visitor.key);
            let mut rows = String::new();
            for other in self.waiting(&meeting.id).iter().filter_map(|id| self.visitors.get(id)) {
                let _ = write!(
                    rows,
                    "<tr><td>{}</td><td><form method=\"post\" action=\"/room/{key}/admit\"><input type=\"hidden\" name=\"who\" value=\"{}\"><button>Admit</button></form></td></tr>",
                    escape(&other.who.name),
                    escape(&other.key),
                );
            }
            if !rows.is_empty() {
                let _ = write!(
                    body,
                    "<h2>Waiting in the lobby</h2><table>{rows}</table><form method=\"post\" action=\"/room/{key}/admit-all\"><button class=\"main\">Admit all</button></form>"
                );
            }
            let _ = write!(
                body,
                "<h2>Organizer</h2><form method=\"post\" action=\"/room/{key}/end\"><button class=\"stop\">End meeting</button></form>"
            );
        }
        body.push_str(leave);
        body
    }
}

impl Rooms for World {
    /// `GET /room/{key}`: where somebody is now, and a sign of life. It never joins anew.
    fn room_again(&mut self, key: &str, now: DateTime<Utc>) -> Answer {
        let there = |visitor: &&Visitor| matches!(visitor.presence, Presence::Lobby | Presence::InCall);
        let visitor = self.room_keys.get(key).and_then(|id| self.visitors.get(id));
        if let Some(id) = visitor.filter(there).map(|visitor| visitor.id) {
            self.open_pages.seen(id, now);
        }
        self.room_page(key)
    }

    /// `POST /room/{key}/{what}`: a button in the room.
    fn room_button(&mut self, key: &str, what: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let Some(visitor) = self.room_keys.get(key).and_then(|id| self.visitors.get(id)).cloned() else {
            return refused(Refusal::NotThere);
        };
        let organizer = visitor.who.identity == Identity::Organizer && visitor.presence == Presence::InCall;
        match what {
            "leave" => {
                // A second press finds nobody: the page says what is the case.
                let _left = self.leave(visitor.id, false, now);
            }
            "end" if organizer => {
                self.end_call(&visitor.meeting, now);
            }
            "admit" | "admit-all" if organizer => {
                let chosen = form.get("who").and_then(|key| self.room_keys.get(key)).copied();
                let waiting = self.waiting(&visitor.meeting);
                for id in waiting.into_iter().filter(|id| what == "admit-all" || Some(*id) == chosen) {
                    let _admitted = self.admit(id, now);
                }
            }
            _ => return refused(Refusal::NotThere),
        }
        self.to_room(visitor.id)
    }
}
