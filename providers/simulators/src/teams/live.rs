//! A call's life: the door, the lobby, the roster.

use chrono::{DateTime, Duration, Utc};

use super::{
    notify::roster_entry,
    state::{Call, Identity, Online, Presence, Stay, Timer, Visitor, Who},
    world::World,
};

/// Why somebody cannot do that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Wrong link, deleted meeting, or one whose link has died.
    #[error("We couldn't find this meeting.")]
    NoSuchMeeting,
    /// Nobody by that name in the tenant.
    #[error("There is no such account.")]
    NoSuchAccount,
    /// Not in the lobby, or not in the call.
    #[error("This person is not there.")]
    NotThere,
}

const LEFT: &str = "Participant has left the meeting call.";
const INACTIVE: &str = "Participant has entered an inactive state in the roster.";

/// Whether somebody passes the lobby.
fn passes(meeting: &Online, who: &Who, anonymous_may_start: bool) -> bool {
    let phone = || {
        let settings = meeting.option("lobbyBypassSettings");
        settings.and_then(|settings| settings["isDialInBypassEnabled"].as_bool()).unwrap_or(false)
    };
    let invited = || {
        meeting.attendees.iter().any(|attendee| {
            let id = attendee.pointer("/identity/user/id").and_then(serde_json::Value::as_str);
            let upn = attendee["upn"].as_str();
            id == Some(who.id.as_str()) || (upn.is_some() && upn == who.email.as_deref())
        })
    };
    match (meeting.lobby(), who.identity) {
        (_, Identity::Organizer) => true,
        (_, Identity::DialIn) => phone(),
        ("organizer", _) => false,
        ("invited", _) => invited(),
        ("everyone", Identity::Anonymous) => anonymous_may_start || meeting.live().is_some(),
        ("everyone", _) | (_, Identity::Entra) => true,
        ("organizationAndFederated", Identity::Federated) => true,
        _ => false,
    }
}

impl World {
    pub(crate) fn who(&mut self, meeting: &str, identity: Identity, name: &str) -> Result<Who, Refusal> {
        let found = self.meetings.get(meeting).ok_or(Refusal::NoSuchMeeting)?;
        let (organizer, tenant) = (found.organizer.clone(), found.tenant.clone());
        Ok(match identity {
            Identity::Organizer | Identity::Entra => {
                let key = if identity == Identity::Organizer { organizer.as_str() } else { name };
                let user =
                    self.user(key).filter(|user| user.tenant == tenant).ok_or(Refusal::NoSuchAccount)?;
                let is_organizer = user.id == organizer;
                Who {
                    identity: if is_organizer { Identity::Organizer } else { Identity::Entra },
                    id: user.id.clone(),
                    name: user.name.clone(),
                    email: Some(user.email.clone()),
                    tenant: Some(tenant),
                }
            }
            Identity::Federated => Who {
                identity,
                id: self.dice.uuid(),
                name: name.to_owned(),
                email: Some(format!("{}@federated.example", name.to_lowercase().replace(' ', "."))),
                tenant: Some("2b2b2b2b-0000-4000-8000-000000000002".to_owned()),
            },
            Identity::Anonymous | Identity::DialIn => {
                Who { identity, id: self.dice.uuid(), name: name.to_owned(), email: None, tenant: None }
            }
        })
    }

    /// Somebody comes to the door.
    pub(crate) fn arrive(&mut self, meeting: &str, who: Who, now: DateTime<Utc>) -> Result<u64, Refusal> {
        let anonymous = self.behaviour.anonymous_may_start;
        let found =
            self.meetings.get(meeting).filter(|found| found.usable(now)).ok_or(Refusal::NoSuchMeeting)?;
        let inside = passes(found, &who, anonymous);
        let id = self.next();
        let visitor = Visitor {
            id,
            key: self.dice.token(24),
            meeting: meeting.to_owned(),
            who,
            participant: self.dice.uuid(),
            presence: Presence::Lobby,
        };
        self.room_keys.insert(visitor.key.clone(), id);
        self.visitors.insert(id, visitor);
        if let Some(found) = self.meetings.get_mut(meeting) {
            found.visitors.push(id);
        }
        if inside {
            self.enter(id, now)?;
        } else if self.meetings.get(meeting).is_some_and(|found| found.live().is_some()) {
            self.tell(&[id], now, None);
        }
        Ok(id)
    }

    /// From the door or the lobby into the call, which begins with the first.
    fn enter(&mut self, id: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let visitor = self.visitors.get_mut(&id).ok_or(Refusal::NotThere)?;
        visitor.presence = Presence::InCall;
        let (meeting, participant, who) =
            (visitor.meeting.clone(), visitor.participant.clone(), visitor.who.clone());
        let begins = self.meetings.get(&meeting).is_some_and(|found| found.live().is_none());
        if begins {
            let call = Call {
                id: self.dice.uuid(),
                report: self.dice.uuid(),
                started: now,
                ended: None,
                stays: Vec::new(),
                records: false,
                transcribes: false,
                recording: format!("VjIj{}=", self.dice.token(70)),
                transcript: format!("MSMj{}", self.dice.token(50)),
                correlation: self.dice.uuid(),
            };
            if let Some(found) = self.meetings.get_mut(&meeting) {
                let records = found.flag("recordAutomatically") && found.flag("allowRecording");
                let transcribes = records && found.flag("allowTranscription");
                found.calls.push(Call { records, transcribes, ..call });
            }
            self.call_event(&meeting, "callStarted", None, now);
        }
        if let Some(call) = self.meetings.get_mut(&meeting).and_then(Online::live_mut) {
            call.stays.push(Stay { who, participant, joined: now, left: None });
        }
        self.tell(&[id], now, None);
        if begins {
            // Who waited already is told now.
            let waiting = self.waiting(&meeting);
            if !waiting.is_empty() {
                self.tell(&waiting, now, None);
            }
        }
        Ok(())
    }

    pub(crate) fn waiting(&self, meeting: &str) -> Vec<u64> {
        let ids = self.meetings.get(meeting).map(|found| found.visitors.as_slice()).unwrap_or_default();
        let waits =
            |id: &&u64| self.visitors.get(id).is_some_and(|visitor| visitor.presence == Presence::Lobby);
        ids.iter().filter(waits).copied().collect()
    }

    /// A change of the roster: these, and nobody else.
    fn tell(&mut self, ids: &[u64], now: DateTime<Utc>, removed: Option<&str>) {
        let visitors: Vec<_> = ids.iter().filter_map(|id| self.visitors.get(id)).collect();
        let Some(meeting) = visitors.first().map(|visitor| visitor.meeting.clone()) else { return };
        let entries = visitors
            .iter()
            .map(|visitor| {
                roster_entry(&visitor.who, &visitor.participant, visitor.presence == Presence::Lobby, removed)
            })
            .collect();
        self.call_event(&meeting, "rosterUpdated", Some(entries), now);
    }

    /// The organizer lets somebody in.
    pub(crate) fn admit(&mut self, id: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        match self.visitors.get(&id) {
            Some(visitor) if visitor.presence == Presence::Lobby => self.enter(id, now),
            _ => Err(Refusal::NotThere),
        }
    }

    /// Somebody goes; the last one ends the call.
    pub(crate) fn leave(&mut self, id: u64, inactive: bool, now: DateTime<Utc>) -> Result<(), Refusal> {
        let visitor = self.visitors.get(&id).ok_or(Refusal::NotThere)?;
        let (meeting, participant, presence) =
            (visitor.meeting.clone(), visitor.participant.clone(), visitor.presence);
        if !matches!(presence, Presence::Lobby | Presence::InCall) {
            return Err(Refusal::NotThere);
        }
        let live = self.meetings.get(&meeting).is_some_and(|found| found.live().is_some());
        if live {
            self.tell(&[id], now, Some(if inactive { INACTIVE } else { LEFT }));
        }
        if let Some(visitor) = self.visitors.get_mut(&id) {
            visitor.presence = Presence::Left;
        }
        self.open_pages.closed(id);
        let mut empty = false;
        if let Some(call) = self.meetings.get_mut(&meeting).and_then(Online::live_mut) {
            if let Some(stay) = call.stays.iter_mut().find(|stay| stay.participant == participant) {
                stay.left = Some(now);
            }
            empty = call.stays.iter().all(|stay| stay.left.is_some());
        }
        if empty {
            self.end_call(&meeting, now);
        }
        Ok(())
    }

    /// The organizer presses End meeting; false when nothing runs.
    pub(crate) fn end_call(&mut self, meeting: &str, now: DateTime<Utc>) -> bool {
        let Some(call) = self.meetings.get_mut(meeting).and_then(Online::live_mut) else { return false };
        call.ended = Some(now);
        for stay in call.stays.iter_mut().filter(|stay| stay.left.is_none()) {
            stay.left = Some(now);
        }
        let (id, files) = (call.id.clone(), call.records);
        let ids = self.meetings.get(meeting).map(|found| found.visitors.clone()).unwrap_or_default();
        for id in ids {
            if let Some(visitor) = self.visitors.get_mut(&id)
                && matches!(visitor.presence, Presence::Lobby | Presence::InCall)
            {
                visitor.presence = Presence::Ended;
                self.open_pages.closed(id);
            }
        }
        self.call_event(meeting, "callEnded", None, now);
        if files {
            let due = now + Duration::seconds(self.behaviour.recording_seconds);
            self.after(due, Timer::FilesReady { meeting: meeting.to_owned(), call: id });
        }
        true
    }
}
