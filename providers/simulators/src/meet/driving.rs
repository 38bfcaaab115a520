//! People at calls, moved by a test or a demo.

use super::{
    live::{Refusal, Where},
    simulator::MeetSimulator,
    state::Person,
    world::World,
};

/// One device of one person at one space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit(pub(crate) u64);

/// Who comes to the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// Signed in to this Google account.
    Account(String),
    /// Signed in to none, under any name.
    Anonymous(String),
    /// By phone.
    Phone(String),
}

impl Visitor {
    /// Signed in to the account with this address.
    #[must_use]
    pub fn account(email: &str) -> Self {
        Self::Account(email.to_owned())
    }

    /// Not signed in.
    #[must_use]
    pub fn anonymous(name: &str) -> Self {
        Self::Anonymous(name.to_owned())
    }
}

impl World {
    pub(crate) fn person(&self, visitor: &Visitor) -> Result<Person, Refusal> {
        Ok(match visitor {
            Visitor::Account(email) => {
                let account = self.account_by_email(email).ok_or(Refusal::NoSuchAccount)?;
                Person::Account { id: account.id.clone(), name: account.name.clone() }
            }
            Visitor::Anonymous(name) => Person::Anonymous { name: name.clone() },
            Visitor::Phone(number) => Person::Phone { number: number.clone() },
        })
    }
}

impl MeetSimulator {
    /// Somebody opens a space's link in a client of their own: each call is another device.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn joins(&self, link: &str, visitor: Visitor) -> Result<Visit, Refusal> {
        let parsed = url::Url::parse(link).map_err(|_| Refusal::NoSuchSpace)?;
        let code = parsed.path().trim_matches('/').to_owned();
        self.inner.act(|world, now| {
            let person = world.person(&visitor)?;
            world.arrive(&code, person, None, now).map(Visit)
        })
    }

    /// Where somebody is.
    #[must_use]
    pub fn place(&self, visit: Visit) -> Option<Where> {
        self.inner.world().visitors.get(&visit.0).map(|visitor| visitor.presence.into())
    }

    /// The host admits somebody who knocks.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn admit(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.admit(visit.0, now))
    }

    /// The host turns away somebody who knocks.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn deny(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, _| world.deny(visit.0))
    }

    /// Somebody leaves; the last one ends the call.
    ///
    /// # Errors
    /// [`Refusal::NotThere`].
    pub fn leaves(&self, visit: Visit) -> Result<(), Refusal> {
        self.inner.act(|world, now| world.leave(visit.0, now))
    }

    /// The host ends the call for all; false when none runs.
    pub fn end_for_all(&self, space: &str) -> bool {
        let id = space.strip_prefix("spaces/").unwrap_or(space).to_owned();
        self.inner.act(|world, now| world.end_call(&id, now))
    }

    /// The host presses Record, or Stop; false when that is impossible or makes no difference.
    pub fn records(&self, space: &str, on: bool) -> bool {
        let id = space.strip_prefix("spaces/").unwrap_or(space).to_owned();
        self.inner.act(
            |world, now| if on { world.start_recording(&id, now) } else { world.stop_recording(&id, now) },
        )
    }
}
