//! People at meetings, moved by a test or a demo. A meeting is named by its link, as people know it.

use super::{live::Refusal, simulator::TeamsSimulator, state::Identity};

/// One device of one person at one meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit(pub(crate) u64);

impl TeamsSimulator {
    /// Somebody opens the link: the organizer (any name), somebody of the tenant (by address), or others by a name. Each call
    /// is another device, with another id in the roster.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn joins(&self, join_url: &str, identity: Identity, name: &str) -> Result<Visit, Refusal> {
        self.inner.act(|world, now| {
            let meeting =
                world.by_link(join_url).map(|found| found.id.clone()).ok_or(Refusal::NoSuchMeeting)?;
            let who = world.who(&meeting, identity, name)?;
            world.arrive(&meeting, who, now).map(Visit)
        })
    }

    /// The organizer opens the link.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn organizer_joins(&self, join_url: &str) -> Result<Visit, Refusal> {
        self.joins(join_url, Identity::Organizer, "")
    }

    /// The organizer lets somebody in from the lobby.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn admit(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.admit(visit.0, now))
    }

    /// Somebody leaves; the last one ends the call.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn leaves(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.leave(visit.0, false, now))
    }

    /// Somebody's client dies: the roster calls them inactive.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn goes_inactive(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.leave(visit.0, true, now))
    }

    /// Whether somebody waits in the lobby.
    #[must_use]
    pub fn is_waiting(&self, visit: Visit) -> bool {
        let world = self.inner.world();
        world.visitors.get(&visit.0).is_some_and(|visitor| visitor.presence == super::state::Presence::Lobby)
    }

    /// The organizer presses End meeting; false when nothing runs.
    pub fn end_for_all(&self, join_url: &str) -> bool {
        self.inner.act(|world, now| {
            let meeting = world.by_link(join_url).map(|found| found.id.clone());
            meeting.is_some_and(|meeting| world.end_call(&meeting, now))
        })
    }
}
