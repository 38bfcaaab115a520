//! Changes of a plan, written: sessions come, move and go, with their meetings, mails and events.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{OrganizationId, SessionId},
    organization::MeetingCreated,
    schedule::{Change, Existing, Slot, Standing},
    session::SessionState,
};

use super::{
    host,
    store::{self, Course, Place, Placed},
};
use crate::{
    app::App,
    audit::{Actor, EntryKind},
    classes::{self, Class},
    db::Tx,
    error::ApiError,
    events::EventType,
    holidays,
    keys::Sealer,
    notify, organizations,
    sessions::{
        meetings,
        service::{LATEST_MEETING, PREPARED_AHEAD, cancel_one, record},
        store::{self as sessions, Session},
    },
};

/// Of one change of a series people get at most so many mails: those of the next sessions.
const TOLD: usize = 10;

/// Who changes which series, in whose name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hand<'a> {
    pub(super) app: &'a App,
    pub(super) sealer: &'a Sealer,
    pub(super) organization: OrganizationId,
    pub(super) actor: Actor,
    pub(super) class: &'a Class,
    pub(super) now: DateTime<Utc>,
}

/// How a session stands to its series.
pub(super) fn existing(placed: &Placed, now: DateTime<Utc>) -> Existing<SessionId> {
    let standing = match placed.state {
        SessionState::Cancelled => Standing::CalledOff,
        SessionState::Live | SessionState::Ended => Standing::Fixed,
        SessionState::Scheduled if placed.starts_at <= now => Standing::Fixed,
        SessionState::Scheduled if placed.moved => Standing::Moved,
        SessionState::Scheduled => Standing::Planned,
    };
    Existing {
        id: placed.id,
        slot: placed.slot,
        starts_at: placed.starts_at,
        ends_at: placed.ends_at,
        standing,
    }
}

impl Hand<'_> {
    /// A session that a series puts into a slot.
    fn session(&self, course: &Course, slot: &Slot) -> Session {
        Session {
            id: self.app.new_id(),
            class: self.class.id,
            external_id: None,
            title: course.title.clone(),
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            time_zone: course.plan.zone.name().to_owned(),
            delivery: course.delivery,
            state: SessionState::Scheduled,
            started_at: None,
            ended_at: None,
            cancel_reason: None,
            revision: 0,
        }
    }

    /// Writes sessions into these slots. Meetings are made for those that are near; the others' in good time by a job.
    pub(super) async fn add(
        &self,
        tx: &mut Tx,
        course: &Course,
        slots: &[Slot],
    ) -> Result<Vec<Session>, ApiError> {
        let policy =
            organizations::service::settings_in(tx, self.organization).await?.policies.meeting_created;
        let members = !classes::enrollments::of_class(tx, self.organization, self.class.id).await?.is_empty();
        let mut added = Vec::with_capacity(slots.len());
        for slot in slots {
            let session = self.session(course, slot);
            store::insert_session(tx, self.organization, course.id, slot.local, &session, self.now).await?;
            let ahead = slot.starts_at - self.now;
            let wanted = match policy {
                MeetingCreated::Scheduled => ahead <= PREPARED_AHEAD,
                MeetingCreated::Booked => ahead <= LATEST_MEETING || (members && ahead <= PREPARED_AHEAD),
                MeetingCreated::Started => false,
            };
            if wanted {
                meetings::want(self.app, tx, self.organization, &session, self.class).await?;
            }
            added.push(session);
        }
        Ok(added)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        entry: EntryKind,
        event: EventType,
        session: &Session,
    ) -> Result<(), ApiError> {
        let (app, organization) = (self.app, self.organization);
        record(app, tx, self.sealer, organization, self.actor, entry, event, session, self.class).await
    }

    /// The log and the watchers learn of new sessions.
    pub(super) async fn announce(&self, tx: &mut Tx, sessions: &[Session]) -> Result<(), ApiError> {
        for session in sessions {
            self.record(tx, EntryKind::SessionScheduled, EventType::SessionScheduled, session).await?;
        }
        Ok(())
    }

    /// Puts a session at another time; its meeting follows, its people are told when `told`.
    pub(super) async fn put(
        &self,
        tx: &mut Tx,
        before: &Session,
        after: &mut Session,
        told: bool,
    ) -> Result<(), ApiError> {
        let organization = self.organization;
        after.revision = before.revision + 1;
        sessions::update(tx, organization, after, self.now).await?;
        if let Some(meeting) = sessions::meeting_of(tx, organization, after.id).await? {
            meetings::queue(self.app, tx, organization, "meeting.update", meeting.id, self.now).await?;
        }
        self.record(tx, EntryKind::SessionChanged, EventType::SessionUpdated, after).await?;
        if told && (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at) {
            notify::service::session_moved(
                self.app,
                tx,
                self.sealer,
                organization,
                (before, after),
                self.class,
            )
            .await?;
        }
        Ok(())
    }

    /// Does what the changes say to the sessions of a series.
    pub(super) async fn carry_out(
        &self,
        tx: &mut Tx,
        course: &Course,
        changes: &[Change<SessionId>],
    ) -> Result<(), ApiError> {
        let organization = self.organization;
        let days = holidays::of(tx, organization).await?;
        // Two may change places: all leave their slots before one takes its new one.
        for change in changes {
            if let Change::Move { id, .. } | Change::Rename { id, .. } | Change::Drop { id } = change {
                let place = store::place_of(tx, organization, *id).await?;
                store::set_place(tx, organization, *id, &Place { slot: None, ..place }).await?;
            }
        }
        let mut told = 0;
        for change in changes {
            match *change {
                Change::Add(slot) => {
                    let added = self.add(tx, course, &[slot]).await?;
                    self.announce(tx, &added).await?;
                }
                Change::Move { id, to } => {
                    let Some(before) = sessions::find_to_change(tx, organization, id).await? else {
                        continue;
                    };
                    let mut after = Session {
                        starts_at: to.starts_at,
                        ends_at: to.ends_at,
                        time_zone: course.plan.zone.name().to_owned(),
                        ..before.clone()
                    };
                    self.put(tx, &before, &mut after, told < TOLD).await?;
                    told += 1;
                    let place =
                        Place { slot: Some((course.id, to.local)), local: Some(to.local), moved: false };
                    store::set_place(tx, organization, id, &place).await?;
                }
                Change::Rename { id, slot } => {
                    let place = store::place_of(tx, organization, id).await?;
                    let place = Place { slot: Some((course.id, slot)), ..place };
                    store::set_place(tx, organization, id, &place).await?;
                }
                Change::Drop { id } => {
                    let Some(session) = sessions::find_to_change(tx, organization, id).await? else {
                        continue;
                    };
                    let shown = self.app.zones.local_of(course.plan.zone, session.starts_at);
                    let reason = days.get(&shown.date()).cloned();
                    self.drop_one(tx, session, reason, told < TOLD).await?;
                    told += 1;
                }
            }
        }
        Ok(())
    }

    /// Calls one session off.
    pub(super) async fn drop_one(
        &self,
        tx: &mut Tx,
        session: Session,
        reason: Option<String>,
        told: bool,
    ) -> Result<(), ApiError> {
        cancel_one(
            self.app,
            tx,
            self.sealer,
            self.organization,
            self.actor,
            session,
            self.class,
            reason,
            told,
        )
        .await
    }

    /// Refuses what would leave the host with more than the platform allows.
    pub(super) async fn refuse_clashes(
        &self,
        tx: &mut Tx,
        changes: &[Change<SessionId>],
    ) -> Result<(), ApiError> {
        let mut slots = Vec::new();
        let mut but = Vec::new();
        for change in changes {
            match *change {
                Change::Add(slot) => slots.push(slot),
                Change::Move { id, to } => {
                    slots.push(to);
                    but.push(id);
                }
                Change::Drop { id } => but.push(id),
                Change::Rename { .. } => {}
            }
        }
        host::refuse_clashes(tx, self.organization, self.class, &slots, &but).await
    }
}

/// The end of a session that begins elsewhere and takes as long.
pub(super) fn end_at(session: &Session, starts_at: DateTime<Utc>) -> DateTime<Utc> {
    starts_at + Duration::microseconds((session.ends_at - session.starts_at).num_microseconds().unwrap_or(0))
}
