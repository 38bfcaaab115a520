//! A meeting while it takes place: arriving, waiting, being let in, breakout rooms, leaving, dying, ending.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    state::{
        Meeting, Place, Presence, Registrant, RegistrantStatus, Role, Run, Stay, Timer, Visitor, Who, World,
    },
    time::stamp,
    webhooks::Event,
};

/// Why somebody does not get into a meeting, or a host's button does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Unknown, deleted or expired.
    #[error("This meeting does not exist or has expired.")]
    NoSuchMeeting,
    /// The link's registrant is unknown, pending or denied.
    #[error("Your registration has not been approved.")]
    NotRegistered,
    /// `allow_multiple_devices` is off and the registrant is inside already.
    #[error("You are already in this meeting on another device.")]
    SecondDevice,
    /// The start link's token is older than two hours.
    #[error("This start link has expired.")]
    StartLinkExpired,
    /// The passcode is wrong.
    #[error("The passcode is wrong.")]
    WrongPasscode,
    /// Nobody of that name is there, or not in that state.
    #[error("This person is not in the meeting.")]
    NotThere,
    /// The host's licence does not allow it.
    #[error("The host cannot start meetings.")]
    HostMayNot,
}

impl World {
    /// The host, by the account.
    pub(crate) fn host_of(&self, meeting: &Meeting) -> Who {
        let user = self.users.get(&meeting.host);
        Who {
            role: Role::Host,
            name: user.map(super::state::User::display_name).unwrap_or_default(),
            email: user.map(|user| user.email.clone()).unwrap_or_default(),
            registrant: None,
            zoom_user: Some(meeting.host.clone()),
        }
    }

    /// The registrant of a personal link.
    pub(crate) fn registrant_by_tk(&self, meeting: u64, tk: &str) -> Option<&Registrant> {
        self.meetings.get(&meeting)?.registrants.iter().find(|registrant| registrant.tk == tk)
    }

    /// Somebody comes to the door. The same browser comes back as the same visitor.
    pub(crate) fn arrive(
        &mut self,
        id: u64,
        who: Who,
        browser: Option<&str>,
        by_page: bool,
        now: DateTime<Utc>,
    ) -> Result<u64, Refusal> {
        let meeting =
            self.meetings.get(&id).filter(|meeting| meeting.deleted.is_none() && !meeting.expired(now));
        let meeting = meeting.ok_or(Refusal::NoSuchMeeting)?;
        if let Some(wanted) = &who.registrant {
            let approved = meeting.registrants.iter().any(|registrant| {
                registrant.id == *wanted && registrant.status == RegistrantStatus::Approved
            });
            if !approved {
                return Err(Refusal::NotRegistered);
            }
        }
        let several = meeting.flag("allow_multiple_devices");
        let mine = |visitor: &&Visitor| {
            visitor.who.role == who.role
                && visitor.who.registrant == who.registrant
                && visitor.browser.is_some()
                && visitor.browser.as_deref() == browser
        };
        let known = self.visitors_of(id).find(mine).map(|visitor| (visitor.id, visitor.presence));
        if let Some((visitor, Presence::BeforeHost | Presence::WaitingRoom | Presence::InMeeting)) = known {
            self.seen(visitor, now);
            return Ok(visitor);
        }
        let inside = |visitor: &Visitor| {
            visitor.who.registrant == who.registrant
                && matches!(
                    visitor.presence,
                    Presence::BeforeHost | Presence::WaitingRoom | Presence::InMeeting
                )
        };
        if who.role == Role::Registrant && !several && self.visitors_of(id).any(inside) {
            return Err(Refusal::SecondDevice);
        }
        let visitor = match known {
            Some((visitor, _)) => visitor,
            None => {
                let (visitor, key) = (self.next(), self.dice.token(32));
                let browser = browser.map(str::to_owned);
                self.room_keys.insert(key.clone(), visitor);
                if let Some(meeting) = self.meetings.get_mut(&id) {
                    meeting.visitors.push(visitor);
                }
                self.visitors.insert(
                    visitor,
                    Visitor {
                        id: visitor,
                        key,
                        meeting: id,
                        who,
                        presence: Presence::BeforeHost,
                        browser,
                        seen: None,
                    },
                );
                visitor
            }
        };
        if by_page {
            self.seen(visitor, now);
        }
        self.come_in(visitor, now)?;
        Ok(visitor)
    }

    /// From the door into the meeting, the waiting room, or the wait for the host.
    fn come_in(&mut self, visitor: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let Some((id, who)) =
            self.visitors.get(&visitor).map(|visitor| (visitor.meeting, visitor.who.clone()))
        else {
            return Err(Refusal::NotThere);
        };
        let meeting = self.meetings.get(&id).ok_or(Refusal::NoSuchMeeting)?;
        let live = meeting.live().is_some();
        let waiting_room = meeting.flag("waiting_room");
        let early = meeting.flag("join_before_host") && !waiting_room;
        if who.role == Role::Host {
            if !live {
                self.start_run(id, now)?;
            }
            self.enter(visitor, Place::Main, now);
            if !live {
                self.let_in_the_early(id, now);
            }
            return Ok(());
        }
        if !live && !early {
            self.set_presence(visitor, Presence::BeforeHost);
            self.waiting_event("meeting.participant_jbh_waiting", visitor, now);
            return Ok(());
        }
        if !live {
            self.start_run(id, now)?;
            self.waiting_event("meeting.participant_jbh_joined", visitor, now);
        }
        if waiting_room {
            self.enter(visitor, Place::WaitingRoom, now);
            if self.behaviour.auto_admit || self.meetings.get(&id).is_some_and(|meeting| meeting.auto_admit) {
                self.admit(visitor, now)?;
            }
        } else {
            self.enter(visitor, Place::Main, now);
        }
        Ok(())
    }

    fn let_in_the_early(&mut self, id: u64, now: DateTime<Utc>) {
        let early = self
            .visitors_of(id)
            .filter(|visitor| visitor.presence == Presence::BeforeHost)
            .map(|visitor| visitor.id)
            .collect::<Vec<_>>();
        for visitor in early {
            if let Err(refusal) = self.come_in(visitor, now) {
                tracing::debug!(%refusal, "somebody who waited for the host did not get in");
            }
        }
    }

    /// A run begins: `meeting.started`.
    pub(crate) fn start_run(&mut self, id: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let meeting = self.meetings.get_mut(&id).ok_or(Refusal::NoSuchMeeting)?;
        let host = self.users.get(&meeting.host).ok_or(Refusal::NoSuchMeeting)?;
        if host.plan == super::state::HostPlan::None {
            return Err(Refusal::HostMayNot);
        }
        let basic = host.plan == super::state::HostPlan::Basic;
        let uuid = meeting.uuid.clone();
        meeting.used = now;
        meeting.runs.push(Run {
            uuid: uuid.clone(),
            started: now,
            ended: None,
            stays: Vec::new(),
            recording: super::state::Recording::default(),
        });
        let cloud = meeting.setting("auto_recording").and_then(Value::as_str) == Some("cloud");
        self.meeting_event("meeting.started", id, now);
        if basic {
            self.after(now + Duration::minutes(40), Timer::FreeLimit { meeting: id, run: uuid });
        }
        if cloud {
            self.recording_control(id, super::recordings::Control::Start, now);
        }
        Ok(())
    }

    /// The part of an event body that names the meeting and its run.
    pub(crate) fn run_object(&self, id: u64) -> Value {
        let Some(meeting) = self.meetings.get(&id) else { return json!({}) };
        let Some(run) = meeting.runs.last() else {
            return json!({
                "id": id.to_string(), "uuid": meeting.uuid, "host_id": meeting.host, "topic": meeting.topic, "type": meeting.kind,
                "start_time": meeting.start.map(stamp).unwrap_or_default(), "timezone": meeting.time_zone, "duration": meeting.duration,
            });
        };
        json!({
            "id": id.to_string(), "uuid": run.uuid, "host_id": meeting.host, "topic": meeting.topic, "type": meeting.kind,
            "start_time": stamp(run.started), "timezone": meeting.time_zone, "duration": meeting.duration,
        })
    }

    fn send_live(&mut self, name: &'static str, id: u64, object: Value, now: DateTime<Utc>) {
        let Some((account, host)) =
            self.meetings.get(&id).map(|meeting| (meeting.account.clone(), meeting.host.clone()))
        else {
            return;
        };
        self.emit(Event {
            name,
            at: now,
            account: &account,
            host: &host,
            meeting: Some(id),
            payload: json!({ "object": object }),
            download_token: false,
        });
    }

    fn meeting_event(&mut self, name: &'static str, id: u64, now: DateTime<Utc>) {
        let mut object = self.run_object(id);
        if name == "meeting.ended" {
            object["end_time"] = stamp(now).into();
        }
        self.send_live(name, id, object, now);
    }

    fn waiting_event(&mut self, name: &'static str, visitor: u64, now: DateTime<Utc>) {
        let Some(visitor) = self.visitors.get(&visitor).cloned() else { return };
        let mut object = self.run_object(visitor.meeting);
        if self.meetings.get(&visitor.meeting).is_some_and(|meeting| meeting.live().is_none())
            && let Some(meeting) = self.meetings.get(&visitor.meeting)
        {
            object["uuid"] = meeting.uuid.clone().into();
        }
        object["participant"] =
            json!({ "id": visitor.who.zoom_user.clone().unwrap_or_default(), "user_name": visitor.who.name });
        if let Some(registrant) = &visitor.who.registrant
            && name == "meeting.participant_jbh_joined"
        {
            object["participant"]["registrant_id"] = registrant.clone().into();
        }
        self.send_live(name, visitor.meeting, object, now);
    }

    fn stay_event(
        &mut self,
        name: &'static str,
        id: u64,
        stay: &Stay,
        when: (&str, DateTime<Utc>),
        reason: Option<&str>,
        at: DateTime<Utc>,
    ) {
        let mut object = self.run_object(id);
        let zoom_user = stay.who.zoom_user.clone().unwrap_or_default();
        let mut participant = json!({
            "user_id": stay.user_id, "user_name": stay.who.name, "id": zoom_user, "participant_user_id": zoom_user,
            "participant_uuid": stay.participant_uuid, "email": stay.who.email, "phone_number": "",
        });
        participant[when.0] = stamp(when.1).into();
        if let Some(registrant) = &stay.who.registrant {
            participant["registrant_id"] = registrant.clone().into();
        }
        if let Some(reason) = reason {
            participant["leave_reason"] =
                format!("{} left the meeting.<br>Reason: {reason}", stay.who.name).into();
        }
        if let Place::Breakout { room, parent_user_id } = &stay.place {
            object["breakout_room_uuid"] = room.clone().into();
            participant["parent_user_id"] = parent_user_id.clone().into();
        }
        object["participant"] = participant;
        self.send_live(name, id, object, at);
    }

    fn set_presence(&mut self, visitor: u64, presence: Presence) {
        if let Some(visitor) = self.visitors.get_mut(&visitor) {
            visitor.presence = presence;
            if matches!(presence, Presence::Left | Presence::Ended | Presence::Crashed) {
                visitor.seen = None;
                self.open_pages.remove(&visitor.id);
            }
        }
    }

    /// A sign of life of somebody's page.
    pub(crate) fn seen(&mut self, visitor: u64, now: DateTime<Utc>) {
        if let Some(visitor) = self.visitors.get_mut(&visitor) {
            visitor.seen = Some(now);
            self.open_pages.insert(visitor.id);
        }
    }

    /// Opens a stay in the live run and tells.
    fn enter(&mut self, visitor: u64, place: Place, now: DateTime<Utc>) {
        let Some((id, who)) =
            self.visitors.get(&visitor).map(|visitor| (visitor.meeting, visitor.who.clone()))
        else {
            return;
        };
        let user_id = (16_778_240 + self.next() * 1_024).to_string();
        let participant_uuid = self.dice.uuid().to_uppercase();
        let stay = Stay { visitor, who, place, user_id, participant_uuid, joined: now, left: None };
        let Some(run) = self.meetings.get_mut(&id).and_then(Meeting::live_mut) else { return };
        run.stays.push(stay.clone());
        let (name, field, presence) = match stay.place {
            Place::WaitingRoom => {
                ("meeting.participant_joined_waiting_room", "date_time", Presence::WaitingRoom)
            }
            Place::Main => ("meeting.participant_joined", "join_time", Presence::InMeeting),
            Place::Breakout { .. } => {
                ("meeting.participant_joined_breakout_room", "join_time", Presence::InMeeting)
            }
        };
        self.set_presence(visitor, presence);
        self.stay_event(name, id, &stay, (field, now), None, now);
    }

    /// Closes this visitor's open stays in places that fit, and tells.
    fn close(&mut self, visitor: u64, fits: impl Fn(&Place) -> bool, reason: &str, now: DateTime<Utc>) {
        let Some(id) = self.visitors.get(&visitor).map(|visitor| visitor.meeting) else { return };
        let Some(run) = self.meetings.get_mut(&id).and_then(Meeting::live_mut) else { return };
        let mut closed = Vec::new();
        for stay in run
            .stays
            .iter_mut()
            .filter(|stay| stay.visitor == visitor && stay.left.is_none() && fits(&stay.place))
        {
            stay.left = Some(now);
            closed.push(stay.clone());
        }
        // A breakout room is left before the meeting around it.
        closed.sort_by_key(|stay| !matches!(stay.place, Place::Breakout { .. }));
        for stay in closed {
            match stay.place {
                Place::WaitingRoom => {
                    self.stay_event(
                        "meeting.participant_left_waiting_room",
                        id,
                        &stay,
                        ("date_time", now),
                        None,
                        now,
                    );
                }
                Place::Main => self.stay_event(
                    "meeting.participant_left",
                    id,
                    &stay,
                    ("leave_time", now),
                    Some(reason),
                    now,
                ),
                Place::Breakout { .. } => {
                    self.stay_event(
                        "meeting.participant_left_breakout_room",
                        id,
                        &stay,
                        ("leave_time", now),
                        Some(reason),
                        now,
                    );
                }
            }
        }
    }

    /// The host lets somebody in from the waiting room.
    pub(crate) fn admit(&mut self, visitor: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let found = self.visitors.get(&visitor).ok_or(Refusal::NotThere)?;
        if found.presence != Presence::WaitingRoom {
            return Err(Refusal::NotThere);
        }
        let id = found.meeting;
        let waiting =
            |stay: &&Stay| stay.visitor == visitor && stay.left.is_none() && stay.place == Place::WaitingRoom;
        let stay = self
            .meetings
            .get(&id)
            .and_then(Meeting::live)
            .and_then(|run| run.stays.iter().find(waiting))
            .cloned();
        let stay = stay.ok_or(Refusal::NotThere)?;
        self.stay_event("meeting.participant_admitted", id, &stay, ("date_time", now), None, now);
        self.close(visitor, |place| *place == Place::WaitingRoom, "Admitted", now);
        self.enter(visitor, Place::Main, now);
        Ok(())
    }

    /// The host sends somebody back to the waiting room.
    pub(crate) fn put_in_waiting_room(&mut self, visitor: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let found = self.visitors.get(&visitor).filter(|visitor| visitor.presence == Presence::InMeeting);
        let id = found.ok_or(Refusal::NotThere)?.meeting;
        let main = |stay: &&Stay| stay.visitor == visitor && stay.left.is_none() && stay.place == Place::Main;
        let stay = self
            .meetings
            .get(&id)
            .and_then(Meeting::live)
            .and_then(|run| run.stays.iter().find(main))
            .cloned();
        let stay = stay.ok_or(Refusal::NotThere)?;
        self.stay_event("meeting.participant_put_in_waiting_room", id, &stay, ("date_time", now), None, now);
        self.close(visitor, |_| true, "Put in waiting room", now);
        self.enter(visitor, Place::WaitingRoom, now);
        Ok(())
    }

    /// Somebody goes. The last one ends the run.
    pub(crate) fn leave(&mut self, visitor: u64, reason: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        let found = self.visitors.get(&visitor).ok_or(Refusal::NotThere)?;
        if matches!(found.presence, Presence::Left | Presence::Ended) {
            return Err(Refusal::NotThere);
        }
        let id = found.meeting;
        self.close(visitor, |_| true, reason, now);
        self.set_presence(visitor, Presence::Left);
        let empty = self.meetings.get(&id).and_then(Meeting::live).is_some_and(|run| {
            !run.stays.iter().any(|stay| stay.left.is_none() && stay.place != Place::WaitingRoom)
        });
        if empty {
            self.end_run(id, now);
        }
        Ok(())
    }

    /// Somebody's client dies; Zoom notices 60 to 90 seconds later and calls that their leaving.
    pub(crate) fn crash(&mut self, visitor: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let found = self.visitors.get_mut(&visitor).filter(|visitor| visitor.presence == Presence::InMeeting);
        // A browser that comes back after this is a new client for Zoom.
        found.ok_or(Refusal::NotThere)?.browser = None;
        self.set_presence(visitor, Presence::Crashed);
        let late = 60 + i64::try_from(self.dice.below(31)).unwrap_or(0);
        self.after(now + Duration::seconds(late), Timer::Noticed { visitor });
        Ok(())
    }

    /// Somebody moves into a breakout room, from the main room or from another room.
    pub(crate) fn enter_breakout(
        &mut self,
        visitor: u64,
        room: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let found = self.visitors.get(&visitor).filter(|visitor| visitor.presence == Presence::InMeeting);
        let id = found.ok_or(Refusal::NotThere)?.meeting;
        self.close(visitor, |place| matches!(place, Place::Breakout { .. }), "Moved to another room", now);
        let run = self.meetings.get(&id).and_then(Meeting::live).ok_or(Refusal::NotThere)?;
        let parent = run.stays.iter().rev().find(|stay| stay.visitor == visitor && stay.place == Place::Main);
        let parent_user_id = parent.ok_or(Refusal::NotThere)?.user_id.clone();
        if self.behaviour.breakout_leaves_main {
            self.close(visitor, |place| *place == Place::Main, "Joined a breakout room", now);
        }
        self.enter(visitor, Place::Breakout { room: room.to_owned(), parent_user_id }, now);
        Ok(())
    }

    /// Back to the main room.
    pub(crate) fn exit_breakout(&mut self, visitor: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let found = self.visitors.get(&visitor).filter(|visitor| visitor.presence == Presence::InMeeting);
        let id = found.ok_or(Refusal::NotThere)?.meeting;
        let here = |place: &Place| matches!(place, Place::Breakout { .. });
        let run = self.meetings.get(&id).and_then(Meeting::live).ok_or(Refusal::NotThere)?;
        if !run.stays.iter().any(|stay| stay.visitor == visitor && stay.left.is_none() && here(&stay.place)) {
            return Err(Refusal::NotThere);
        }
        self.close(visitor, here, "Returned to the main room", now);
        let in_main = self.meetings.get(&id).and_then(Meeting::live).is_some_and(|run| {
            run.stays
                .iter()
                .any(|stay| stay.visitor == visitor && stay.left.is_none() && stay.place == Place::Main)
        });
        if !in_main {
            self.enter(visitor, Place::Main, now);
        }
        Ok(())
    }

    /// The run is over for all: everybody's leaving, then `meeting.ended`; the next run has another UUID.
    pub(crate) fn end_run(&mut self, id: u64, now: DateTime<Utc>) -> bool {
        if self.meetings.get(&id).and_then(Meeting::live).is_none() {
            return false;
        }
        self.recording_control(id, super::recordings::Control::Stop, now);
        let present = self
            .visitors_of(id)
            .filter(|visitor| {
                !matches!(visitor.presence, Presence::Left | Presence::Ended | Presence::BeforeHost)
            })
            .map(|visitor| visitor.id)
            .collect::<Vec<_>>();
        for visitor in present {
            self.close(visitor, |_| true, "Host ended the meeting.", now);
            self.set_presence(visitor, Presence::Ended);
        }
        self.meeting_event("meeting.ended", id, now);
        let uuid = self.new_run_uuid(id);
        let Some(meeting) = self.meetings.get_mut(&id) else { return false };
        let Some(run) = meeting.live_mut() else { return false };
        run.ended = Some(now);
        let (ended, recorded) = (run.uuid.clone(), !run.recording.segments.is_empty());
        meeting.used = now;
        meeting.uuid = uuid;
        if recorded {
            let ready = now + Duration::seconds(self.behaviour.recording_seconds);
            self.after(ready, Timer::RecordingReady { meeting: id, run: ended });
        }
        true
    }

    /// Everything that happened by itself until now, each at its own time.
    pub(crate) fn tick(&mut self, now: DateTime<Utc>) {
        loop {
            let silent = self
                .open_pages
                .iter()
                .filter_map(|id| self.visitors.get(id))
                .filter_map(|visitor| Some((visitor.seen? + Duration::seconds(60), visitor.id)))
                .filter(|(due, _)| *due <= now)
                .min();
            let timer = self.timers.keys().next().filter(|(due, _)| *due <= now).copied();
            match (silent, timer) {
                (Some((due, visitor)), timer) if timer.is_none_or(|timer| due < timer.0) => {
                    if let Err(refusal) = self.leave(visitor, "Connection lost", due) {
                        tracing::debug!(%refusal, "a closed page belonged to nobody");
                    }
                }
                (_, Some(key)) => {
                    if let Some(timer) = self.timers.remove(&key) {
                        self.ring(timer, key.0);
                    }
                }
                (_, None) => return,
            }
        }
    }

    fn ring(&mut self, timer: Timer, at: DateTime<Utc>) {
        match timer {
            Timer::Noticed { visitor } => {
                if self.visitors.get(&visitor).is_some_and(|visitor| visitor.presence == Presence::Crashed)
                    && let Err(refusal) = self.leave(visitor, "Connection lost", at)
                {
                    tracing::debug!(%refusal, "a dead client belonged to nobody");
                }
            }
            Timer::RecordingReady { meeting, run } => self.recording_ready(meeting, &run, at),
            Timer::TranscriptReady { meeting, run } => self.transcript_ready(meeting, &run, at),
            Timer::FreeLimit { meeting, run } => {
                let same =
                    self.meetings.get(&meeting).and_then(Meeting::live).is_some_and(|live| live.uuid == run);
                if same {
                    self.end_run(meeting, at);
                }
            }
        }
    }
}
