//! Coming to a meeting: the early, the host, the second device, the waiting room.

use chrono::{DateTime, Utc};

use super::{
    live::Refusal,
    state::{Meeting, Place, Presence, Registrant, RegistrantStatus, Role, Visitor, Who},
    world::World,
};

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
            self.open_pages.seen(visitor, now);
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
                    Visitor { id: visitor, key, meeting: id, who, presence: Presence::BeforeHost, browser },
                );
                visitor
            }
        };
        if by_page {
            self.open_pages.seen(visitor, now);
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
}
