//! Coming to a call, and leaving it: who walks in, who knocks, who waits for the host.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::{
    state::{
        Conference, DriveFile, Edition, Participant, Person, Presence, Recording, Session, Space, Timer,
        Visitor,
    },
    world::World,
};

/// Why somebody is not where they want to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No space has this link.
    #[error("Check your meeting code")]
    NoSuchSpace,
    /// The space is open only inside its app.
    #[error("You can't join this video call")]
    OtherEntryPoint,
    /// There is no such account.
    #[error("Couldn't find your Google Account")]
    NoSuchAccount,
    /// They are not there, or not where this can be done.
    #[error("Not in the call")]
    NotThere,
}

/// Where somebody who came to the door is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In the call.
    InCall,
    /// Knocking: a host may admit them.
    Knocking,
    /// Waiting until a host is there.
    WaitingForHost,
    /// Out again.
    Gone,
}

impl From<Presence> for Where {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::InCall => Self::InCall,
            Presence::Knocking => Self::Knocking,
            Presence::BeforeHost => Self::WaitingForHost,
            Presence::Left | Presence::Ended | Presence::Denied => Self::Gone,
        }
    }
}

impl World {
    /// Whether somebody may admit and record: the owner, or a co-host.
    pub(crate) fn is_host(&self, space: &Space, person: &Person) -> bool {
        let Some(account) = person.account().and_then(|id| self.accounts.get(id)) else { return false };
        account.id == space.owner || space.member(&account.email).is_some_and(|member| member.co_host)
    }

    /// Whether somebody enters without knocking.
    fn is_expected(&self, space: &Space, person: &Person, now: DateTime<Utc>) -> bool {
        let access = space.setting("/accessType");
        if access == "OPEN" {
            return true;
        }
        let Some(account) = person.account().and_then(|id| self.accounts.get(id)) else { return false };
        let member = space.member(&account.email).is_some_and(|member| member.effective <= now);
        let domain = self.accounts.get(&space.owner).and_then(|owner| owner.domain.as_ref());
        member || (access == "TRUSTED" && domain.is_some() && domain == account.domain.as_ref())
    }

    /// Somebody comes to the door. The same browser comes back as the same visitor.
    pub(crate) fn arrive(
        &mut self,
        code: &str,
        person: Person,
        browser: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<u64, Refusal> {
        let space = self.space_by_code(code).ok_or(Refusal::NoSuchSpace)?;
        if space.setting("/entryPointAccess") == "CREATOR_APP_ONLY" {
            return Err(Refusal::OtherEntryPoint);
        }
        let id = space.id.clone();
        let same = |visitor: &&Visitor| {
            visitor.person == person && visitor.browser.is_some() && visitor.browser.as_deref() == browser
        };
        let known = self.visitors_of(&id).find(same).map(|visitor| (visitor.id, visitor.presence));
        let visitor = match known {
            Some((visitor, Presence::BeforeHost | Presence::Knocking | Presence::InCall)) => {
                self.seen(visitor, now);
                return Ok(visitor);
            }
            Some((visitor, _)) => visitor,
            None => {
                let (visitor, key) = (self.next(), self.dice.token(32));
                self.room_keys.insert(key.clone(), visitor);
                if let Some(space) = self.spaces.get_mut(&id) {
                    space.visitors.push(visitor);
                }
                let browser = browser.map(str::to_owned);
                let (space, presence) = (id, Presence::BeforeHost);
                self.visitors.insert(visitor, Visitor { id: visitor, key, space, person, presence, browser });
                visitor
            }
        };
        self.come_in(visitor, now);
        self.seen(visitor, now);
        Ok(visitor)
    }

    fn set_presence(&mut self, visitor: u64, presence: Presence) {
        if let Some(visitor) = self.visitors.get_mut(&visitor) {
            visitor.presence = presence;
            if Where::from(presence) == Where::Gone {
                self.open_pages.closed(visitor.id);
            }
        }
    }

    /// A sign of life of a page; people who came otherwise, or are gone, have none.
    pub(crate) fn seen(&mut self, visitor: u64, now: DateTime<Utc>) {
        let open =
            |visitor: &Visitor| visitor.browser.is_some() && Where::from(visitor.presence) != Where::Gone;
        if self.visitors.get(&visitor).is_some_and(open) {
            self.open_pages.seen(visitor, now);
        }
    }

    /// From the door into the call, to knocking, or to waiting for a host.
    fn come_in(&mut self, visitor: u64, now: DateTime<Utc>) {
        let Some((id, person)) =
            self.visitors.get(&visitor).map(|visitor| (visitor.space.clone(), visitor.person.clone()))
        else {
            return;
        };
        let Some(space) = self.spaces.get(&id) else { return };
        let host = self.is_host(space, &person);
        let host_there = space.live().is_some_and(|call| call.host_seen);
        let open = space.setting("/accessType") == "OPEN";
        let expected = self.is_expected(space, &person, now);
        if host || (expected && (open || host_there)) {
            self.enter(visitor, host, now);
            if host && !host_there {
                self.let_in_the_early(&id, now);
            }
        } else if expected || !host_there {
            self.set_presence(visitor, Presence::BeforeHost);
        } else {
            self.set_presence(visitor, Presence::Knocking);
            if self.behaviour.auto_admit {
                self.enter(visitor, false, now);
            }
        }
    }

    fn let_in_the_early(&mut self, id: &str, now: DateTime<Utc>) {
        let early: Vec<_> = self
            .visitors_of(id)
            .filter(|visitor| visitor.presence == Presence::BeforeHost)
            .map(|visitor| visitor.id)
            .collect();
        for visitor in early {
            self.come_in(visitor, now);
        }
    }

    fn enter(&mut self, visitor: u64, host: bool, now: DateTime<Utc>) {
        let Some((id, person)) =
            self.visitors.get(&visitor).map(|visitor| (visitor.space.clone(), visitor.person.clone()))
        else {
            return;
        };
        self.set_presence(visitor, Presence::InCall);
        let (call, participant, session) =
            (self.dice.token(40).replace('-', "x"), self.dice.digits(18).to_string(), self.dice.token(16));
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let started = space.live().is_none();
        if started {
            space.calls.push(Conference {
                id: call,
                started: now,
                ended: None,
                participants: Vec::new(),
                recordings: Vec::new(),
                host_seen: false,
            });
        }
        let Some(live) = space.live_mut() else { return };
        live.host_seen |= host;
        // One participant for each account; the others are known by nothing, so each device is another one.
        let known = live.participants.iter_mut().find(|one| {
            one.person == person
                && (person.account().is_some()
                    || one.sessions.iter().any(|session| session.visitor == visitor))
        });
        let stay = Session { id: session.clone(), visitor, start: now, end: None };
        let participant = match known {
            Some(known) => {
                known.sessions.push(stay);
                known.id.clone()
            }
            None => {
                let id = person.account().map_or(participant, str::to_owned);
                live.participants.push(Participant {
                    id: id.clone(),
                    person: person.clone(),
                    sessions: vec![stay],
                });
                id
            }
        };
        let call = live.name();
        if started {
            self.tell(&id, "conference.v2.started", json!({"conferenceRecord": {"name": call}}), now);
        }
        let name = format!("{call}/participants/{participant}/participantSessions/{session}");
        self.tell(&id, "participant.v2.joined", json!({"participantSession": {"name": name}}), now);
        self.record_by_itself(&id, &person, now);
    }

    /// A host admits somebody who knocks.
    pub(crate) fn admit(&mut self, visitor: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let knocking =
            self.visitors.get(&visitor).is_some_and(|visitor| visitor.presence == Presence::Knocking);
        if !knocking {
            return Err(Refusal::NotThere);
        }
        self.enter(visitor, false, now);
        Ok(())
    }

    /// A host says no.
    pub(crate) fn deny(&mut self, visitor: u64) -> Result<(), Refusal> {
        let knocking =
            self.visitors.get(&visitor).is_some_and(|visitor| visitor.presence == Presence::Knocking);
        if !knocking {
            return Err(Refusal::NotThere);
        }
        self.set_presence(visitor, Presence::Denied);
        Ok(())
    }

    fn close_sessions(&mut self, id: &str, visitor: Option<u64>, now: DateTime<Utc>) {
        let Some(live) = self.spaces.get_mut(id).and_then(Space::live_mut) else { return };
        let call = live.name();
        let mut names = Vec::new();
        for participant in &mut live.participants {
            for session in &mut participant.sessions {
                if session.end.is_none() && visitor.is_none_or(|visitor| session.visitor == visitor) {
                    session.end = Some(now);
                    names.push(format!(
                        "{call}/participants/{}/participantSessions/{}",
                        participant.id, session.id
                    ));
                }
            }
        }
        for name in names {
            self.tell(id, "participant.v2.left", json!({"participantSession": {"name": name}}), now);
        }
    }

    /// Somebody leaves; the last one ends the call.
    pub(crate) fn leave(&mut self, visitor: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let Some((id, presence)) =
            self.visitors.get(&visitor).map(|visitor| (visitor.space.clone(), visitor.presence))
        else {
            return Err(Refusal::NotThere);
        };
        match presence {
            Presence::BeforeHost | Presence::Knocking => {
                self.set_presence(visitor, Presence::Left);
                Ok(())
            }
            Presence::InCall => {
                self.set_presence(visitor, Presence::Left);
                self.close_sessions(&id, Some(visitor), now);
                let empty = self.spaces.get(&id).and_then(Space::live).is_some_and(|call| {
                    call.participants.iter().all(|participant| participant.last().is_some())
                });
                if empty {
                    self.end_call(&id, now);
                }
                Ok(())
            }
            Presence::Left | Presence::Ended | Presence::Denied => Err(Refusal::NotThere),
        }
    }

    /// Ends the running call for all; false when there is none.
    pub(crate) fn end_call(&mut self, id: &str, now: DateTime<Utc>) -> bool {
        if self.spaces.get(id).and_then(Space::live).is_none() {
            return false;
        }
        self.close_sessions(id, None, now);
        self.stop_recording(id, now);
        let inside: Vec<_> = self
            .visitors_of(id)
            .filter(|visitor| matches!(visitor.presence, Presence::InCall | Presence::Knocking))
            .map(|visitor| visitor.id)
            .collect();
        for visitor in inside {
            self.set_presence(visitor, Presence::Ended);
        }
        let Some(live) = self.spaces.get_mut(id).and_then(Space::live_mut) else { return false };
        live.ended = Some(now);
        let call = live.name();
        self.tell(id, "conference.v2.ended", json!({"conferenceRecord": {"name": call}}), now);
        true
    }

    /// Recording begins when somebody who may record joins, where that was asked. An edition without recording takes the
    /// wish and does nothing.
    fn record_by_itself(&mut self, id: &str, person: &Person, now: DateTime<Utc>) {
        let Some(space) = self.spaces.get(id) else { return };
        let wanted = space.setting("/artifactConfig/recordingConfig/autoRecordingGeneration") == "ON";
        if wanted && self.is_host(space, person) {
            self.start_recording(id, now);
        }
    }

    /// Starts recording; false when the edition, a full Drive or a running recording forbids it.
    pub(crate) fn start_recording(&mut self, id: &str, now: DateTime<Utc>) -> bool {
        let recording = self.dice.token(24);
        let Some(space) = self.spaces.get(id) else { return false };
        let able = self
            .accounts
            .get(&space.owner)
            .is_some_and(|owner| owner.edition == Edition::Recording && !owner.drive_full);
        let idle = space.live().is_some_and(|call| call.recordings.iter().all(|one| one.end.is_some()));
        if !able || !idle {
            return false;
        }
        let Some(live) = self.spaces.get_mut(id).and_then(Space::live_mut) else { return false };
        let name = format!("{}/recordings/{recording}", live.name());
        live.recordings.push(Recording { id: recording, start: now, end: None, file: None });
        self.tell(id, "recording.v2.started", json!({"recording": {"name": name}}), now);
        true
    }

    /// Stops recording; its file comes later.
    pub(crate) fn stop_recording(&mut self, id: &str, now: DateTime<Utc>) -> bool {
        let delay = Duration::seconds(self.behaviour.recording_seconds);
        let Some(live) = self.spaces.get_mut(id).and_then(Space::live_mut) else { return false };
        let (call, name) = (live.id.clone(), live.name());
        let Some(recording) = live.recordings.iter_mut().find(|one| one.end.is_none()) else { return false };
        recording.end = Some(now);
        let recording = recording.id.clone();
        let body = json!({"recording": {"name": format!("{name}/recordings/{recording}")}});
        self.tell(id, "recording.v2.ended", body, now);
        self.after(now + delay, Timer::FileGenerated { space: id.to_owned(), call, recording });
        true
    }

    /// The file is in the owner's Drive.
    pub(crate) fn generate_file(&mut self, id: &str, call: &str, recording: &str, now: DateTime<Utc>) {
        let file = self.dice.token(33);
        let Some(space) = self.spaces.get_mut(id) else { return };
        let (owner, code) = (space.owner.clone(), space.code.clone());
        let Some(found) = space
            .calls
            .iter_mut()
            .find(|known| known.id == call)
            .and_then(|known| known.recordings.iter_mut().find(|known| known.id == recording))
        else {
            return;
        };
        found.file = Some(file.clone());
        let seconds = found.end.map_or(0, |end| (end - found.start).num_seconds());
        let can_download = self.accounts.get(&owner).is_some_and(|owner| !owner.downloads_forbidden);
        let name = format!("Meeting ({code}) - {} - Recording", found.start.format("%Y/%m/%d %H:%M UTC"));
        let bytes = format!("{name}, {seconds} s\n").repeat(4096).into_bytes();
        self.files.insert(
            file.clone(),
            DriveFile { id: file, owner, name, created: now, bytes, trashed: false, can_download },
        );
        let name = format!("conferenceRecords/{call}/recordings/{recording}");
        self.tell(id, "recording.v2.fileGenerated", json!({"recording": {"name": name}}), now);
    }
}
