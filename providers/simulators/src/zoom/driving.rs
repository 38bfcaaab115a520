//! People at meetings, moved by a test or a demo.

use super::{
    live::Refusal,
    recordings::Control,
    simulator::ZoomSimulator,
    state::{Role, Who},
};

/// One device of one person at one meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit(pub(crate) u64);

impl ZoomSimulator {
    /// The host opens the meeting in the client; the run starts if there is none.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn host_joins(&self, meeting: u64) -> Result<Visit, Refusal> {
        self.inner.act(|world, now| {
            let who = world
                .meetings
                .get(&meeting)
                .map(|found| world.host_of(found))
                .ok_or(Refusal::NoSuchMeeting)?;
            world.arrive(meeting, who, None, false, now).map(Visit)
        })
    }

    /// Somebody opens a registrant's join URL in a client of their own: each call is another device.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn joins(&self, join_url: &str) -> Result<Visit, Refusal> {
        let parsed = url::Url::parse(join_url).map_err(|_| Refusal::NoSuchMeeting)?;
        let meeting = parsed
            .path()
            .rsplit('/')
            .next()
            .and_then(|id| id.parse::<u64>().ok())
            .ok_or(Refusal::NoSuchMeeting)?;
        let tk = parsed.query_pairs().find(|(name, _)| name == "tk").map(|(_, value)| value.into_owned());
        self.inner.act(|world, now| {
            let registrant = tk
                .as_deref()
                .and_then(|tk| world.registrant_by_tk(meeting, tk))
                .ok_or(Refusal::NotRegistered)?;
            let who = Who {
                role: Role::Registrant,
                name: registrant.name(),
                email: registrant.email.clone(),
                registrant: Some(registrant.id.clone()),
                zoom_user: None,
            };
            world.arrive(meeting, who, None, false, now).map(Visit)
        })
    }

    /// Somebody comes in by meeting id and passcode, under any name.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn stranger_joins(&self, meeting: u64, name: &str) -> Result<Visit, Refusal> {
        let who = Who {
            role: Role::Outsider,
            name: name.to_owned(),
            email: String::new(),
            registrant: None,
            zoom_user: None,
        };
        self.inner.act(|world, now| world.arrive(meeting, who, None, false, now).map(Visit))
    }

    /// The host admits somebody from the waiting room.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn admit(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.admit(visit.0, now))
    }

    /// The host sends somebody to the waiting room.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn put_in_waiting_room(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.put_in_waiting_room(visit.0, now))
    }

    /// Somebody leaves; the last one ends the run.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn leaves(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.leave(visit.0, "Left the meeting", now))
    }

    /// Somebody's client dies: Zoom notices 60 to 90 seconds later. They may join again at once.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn crashes(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.crash(visit.0, now))
    }

    /// The host allows, on Zoom's own page, that one registrant comes with several devices; false when there is no such meeting.
    pub fn allows_several_devices(&self, meeting: u64) -> bool {
        self.inner.act(|world, _| {
            let found = world.meetings.get_mut(&meeting);
            found
                .map(|found| found.settings.insert("allow_multiple_devices".to_owned(), true.into()))
                .is_some()
        })
    }

    /// Somebody goes into a breakout room, named by its UUID.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn enters_breakout(&self, visit: Visit, room_uuid: &str) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.enter_breakout(visit.0, room_uuid, now))
    }

    /// Somebody comes back to the main room.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn exits_breakout(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.exit_breakout(visit.0, now))
    }

    /// The host ends the meeting for all; false when it was not live. Another [`host_joins`](Self::host_joins) starts
    /// the next run, under another UUID.
    pub fn end_for_all(&self, meeting: u64) -> bool {
        self.inner.act(|world, now| world.end_run(meeting, now))
    }

    /// The host deletes a meeting in the client or on the web; false when there is none, or it runs.
    pub fn host_deletes(&self, meeting: u64) -> bool {
        self.inner.act(|world, now| world.host_deletes(meeting, now))
    }

    /// The host brings a deleted meeting back; false when it is not deleted.
    pub fn host_recovers(&self, meeting: u64) -> bool {
        self.inner.act(|world, now| world.host_recovers(meeting, now))
    }

    /// The host gives a meeting another topic; false when there is none.
    pub fn host_renames(&self, meeting: u64, topic: &str) -> bool {
        self.inner.act(|world, now| world.host_renames(meeting, topic, now))
    }

    /// The host presses Record; false when that is impossible or makes no difference.
    pub fn records(&self, meeting: u64, on: bool) -> bool {
        self.inner.act(|world, now| {
            world.recording_control(meeting, if on { Control::Start } else { Control::Stop }, now)
        })
    }
}
