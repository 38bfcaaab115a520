//! A meeting while it takes place: being let in, breakout rooms, leaving, dying, ending.

use chrono::{DateTime, Duration, SubsecRound as _, Utc};
use serde_json::Value;

use super::{
    recordings::Control,
    state::{HostPlan, Meeting, Place, Presence, Recording, Run, Stay, Timer},
    world::World,
};
use crate::rooms::Next;

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
    /// A run begins: `meeting.started`.
    pub(crate) fn start_run(&mut self, id: u64, now: DateTime<Utc>) -> Result<(), Refusal> {
        let meeting = self.meetings.get_mut(&id).ok_or(Refusal::NoSuchMeeting)?;
        let host = self.users.get(&meeting.host).ok_or(Refusal::NoSuchMeeting)?;
        if host.plan == HostPlan::None {
            return Err(Refusal::HostMayNot);
        }
        let basic = host.plan == HostPlan::Basic;
        let uuid = meeting.uuid.clone();
        meeting.used = now;
        meeting.runs.push(Run {
            uuid: uuid.clone(),
            started: now,
            ended: None,
            stays: Vec::new(),
            recording: Recording::default(),
        });
        let cloud = meeting.setting("auto_recording").and_then(Value::as_str) == Some("cloud");
        self.meeting_event("meeting.started", id, now);
        if basic {
            self.after(now + Duration::minutes(40), Timer::FreeLimit { meeting: id, run: uuid });
        }
        if cloud {
            self.recording_control(id, Control::Start, now);
        }
        Ok(())
    }

    pub(crate) fn set_presence(&mut self, visitor: u64, presence: Presence) {
        if let Some(visitor) = self.visitors.get_mut(&visitor) {
            visitor.presence = presence;
            if matches!(presence, Presence::Left | Presence::Ended | Presence::Crashed) {
                self.open_pages.closed(visitor.id);
            }
        }
    }

    /// Opens a stay in the live run and tells.
    pub(crate) fn enter(&mut self, visitor: u64, place: Place, now: DateTime<Utc>) {
        let Some((id, who)) =
            self.visitors.get(&visitor).map(|visitor| (visitor.meeting, visitor.who.clone()))
        else {
            return;
        };
        let user_id = (16_778_240 + self.next() * 1_024).to_string();
        let participant_uuid = self.dice.uuid().to_uppercase();
        // Zoom counts whole seconds, in its events and in its lists.
        let stay =
            Stay { visitor, who, place, user_id, participant_uuid, joined: now.trunc_subsecs(0), left: None };
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
            stay.left = Some(now.trunc_subsecs(0));
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
        self.recording_control(id, Control::Stop, now);
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
    pub(crate) fn let_time_pass(&mut self, now: DateTime<Utc>) {
        while let Some(next) = self.open_pages.next(&self.timers, now) {
            match next {
                Next::Closed { visitor, at } => {
                    if let Err(refusal) = self.leave(visitor, "Connection lost", at) {
                        tracing::debug!(%refusal, "a closed page belonged to nobody");
                    }
                }
                Next::Timer(key) => {
                    if let Some(timer) = self.timers.remove(&key) {
                        self.ring(timer, key.0);
                    }
                }
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
