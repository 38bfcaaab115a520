//! One batch of events, each put where it belongs: to its session and person, into the record of who was there, and told.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::{Presence, PresenceKind, Roster, calls},
    ids::{OrganizationId, PersonId},
    provider::{EventKind, IncomingEvent, ProviderName},
    session::SessionState,
};
use lectern_providers::registry::{self, LiveSource};

use super::{identifying, looking};
use crate::{
    app::App,
    attendance::{self, evidence::NotedStay},
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    keys::Sealer,
    sessions::{
        facts::{self, SessionFacts},
        replacing,
    },
    subscriptions::{self, Told},
};

/// How long after its end the platform's report is first asked for.
const REPORT_AFTER: Duration = Duration::minutes(2);

/// How an event came.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) at: DateTime<Utc>,
    /// Signed too long ago to have an effect by itself.
    pub(super) late: bool,
}

/// A session as this batch sees it.
pub(super) struct Scene {
    facts: SessionFacts,
    roster: Roster,
    /// Late evidence came: the report shall be read.
    late: bool,
    ended: bool,
    changed: bool,
    /// Somebody came whom the platform names by an id alone.
    unnamed: bool,
}

/// Where an event belongs.
enum Placed {
    /// To the meeting it names.
    AsItSays,
    /// To the meeting of its subscription.
    At(String),
    /// To none; what is odd about it.
    Nowhere(Option<&'static str>),
}

/// One transaction over one organization's batch.
pub(super) struct Work<'a> {
    app: &'a App,
    organization: OrganizationId,
    sealer: &'a Sealer,
    pub(super) now: DateTime<Utc>,
    pub(super) tx: Tx,
    pub(super) scenes: HashMap<(ProviderName, String), Option<Scene>>,
    pub(super) told: bool,
    /// Jobs were queued.
    pub(super) asked: bool,
}

impl<'a> Work<'a> {
    pub(super) async fn begin(
        app: &'a App,
        organization: OrganizationId,
        sealer: &'a Sealer,
    ) -> Result<Work<'a>, ApiError> {
        let mut tx = app.db.begin(organization).await?;
        attendance::evidence::lock(&mut tx, organization).await?;
        let (now, scenes) = (app.clock.now(), HashMap::new());
        Ok(Work { app, organization, sealer, now, tx, scenes, told: false, asked: false })
    }

    /// Works one event in; what is odd about it, if anything.
    pub(super) async fn take_in(
        &mut self,
        provider: ProviderName,
        event: &IncomingEvent,
        arrival: Arrival,
    ) -> Result<Option<&'static str>, ApiError> {
        let completed;
        let event = match self.placed(provider, event).await? {
            Placed::AsItSays => event,
            Placed::At(meeting) => {
                completed = IncomingEvent {
                    meeting_id: Some(meeting),
                    run_id: event.run_id.clone().or_else(|| calls::unnamed(event)),
                    ..event.clone()
                };
                &completed
            }
            Placed::Nowhere(problem) => return Ok(problem),
        };
        let Some(meeting) = event.meeting_id.clone() else { return Ok(None) };
        let key = (provider, meeting);
        let mut scene = match self.scenes.remove(&key) {
            Some(scene) => scene,
            None => self.scene(&key).await?,
        };
        let problem = match &mut scene {
            Some(scene) => {
                self.play(scene, event, arrival).await?;
                None
            }
            None => Some("unknown_meeting"),
        };
        self.scenes.insert(key, scene);
        Ok(problem)
    }

    /// Where an event belongs. One that names only a subscription gets its meeting from there, and its run from its time.
    async fn placed(&mut self, provider: ProviderName, event: &IncomingEvent) -> Result<Placed, ApiError> {
        if event.meeting_id.is_some() || event.subscription_id.is_none() {
            return Ok(Placed::AsItSays);
        }
        let told = subscriptions::told(self.app, &mut self.tx, self.organization, provider, event).await?;
        Ok(match told {
            Told::Unknown => Placed::Nowhere(Some("unknown_subscription")),
            Told::Account(connection) => {
                let by = (provider, connection);
                looking::look_up(self.app, &mut self.tx, self.organization, by, event).await?;
                self.asked = true;
                Placed::Nowhere(None)
            }
            Told::Itself => {
                self.asked = true;
                Placed::Nowhere(None)
            }
            Told::Meeting(meeting) => Placed::At(meeting),
        })
    }

    pub(super) async fn scene(
        &mut self,
        (provider, meeting): &(ProviderName, String),
    ) -> Result<Option<Scene>, ApiError> {
        let facts = facts::by_meeting_ref(&mut self.tx, self.organization, *provider, meeting).await?;
        let Some(facts) = facts else { return Ok(None) };
        let seats = facts::roster(&mut self.tx, self.organization, &facts).await?;
        let roster = Roster::new(seats);
        Ok(Some(Scene { facts, roster, late: false, ended: false, changed: false, unnamed: false }))
    }

    async fn play(
        &mut self,
        scene: &mut Scene,
        event: &IncomingEvent,
        arrival: Arrival,
    ) -> Result<(), ApiError> {
        if event.kind == EventKind::MeetingDeleted {
            self.asked |=
                replacing::deleted_at_platform(self.app, &mut self.tx, self.organization, &scene.facts)
                    .await?;
            return Ok(());
        }
        // Some events are lost: the report will have them.
        scene.late |= event.kind == EventKind::EventsMissed;
        let stay = Presence::from_event(event, arrival.at);
        let about_run = matches!(event.kind, EventKind::MeetingStarted | EventKind::MeetingEnded);
        if !about_run && stay.is_none() {
            return Ok(());
        }
        scene.late |= arrival.late;
        let run =
            attendance::evidence::note_run(&mut self.tx, self.organization, &scene.facts, event).await?;
        scene.changed |= run.changed;
        if let Some(stay) = stay {
            self.note_stay(scene, event, &stay, arrival.late).await?;
        }
        if arrival.late {
            return Ok(());
        }
        match event.kind {
            EventKind::MeetingStarted => self.live(scene, event.at).await,
            // The end of a run that was followed by another is not the end of the session.
            EventKind::MeetingEnded if !run.followed => {
                let ended = facts::mark_ended(
                    self.app,
                    &mut self.tx,
                    self.sealer,
                    self.organization,
                    &mut scene.facts,
                    event.at,
                )
                .await?;
                scene.ended |= ended;
                self.told |= ended;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn live(&mut self, scene: &mut Scene, at: DateTime<Utc>) -> Result<(), ApiError> {
        self.told |=
            facts::mark_live(self.app, &mut self.tx, self.sealer, self.organization, &mut scene.facts, at)
                .await?;
        Ok(())
    }

    async fn note_stay(
        &mut self,
        scene: &mut Scene,
        event: &IncomingEvent,
        told: &Presence,
        late: bool,
    ) -> Result<(), ApiError> {
        let session = scene.facts.session;
        let noted =
            attendance::evidence::note_stay(&mut self.tx, self.organization, session, &scene.roster, told)
                .await?;
        let Some(NotedStay { stay, person, role, name, new_mark }) = noted else { return Ok(()) };
        scene.changed = true;
        scene.unnamed |= person.is_none() && stay.facts.user_id.is_some() && stay.facts.email.is_none();
        if !new_mark {
            return Ok(());
        }
        let came_in = !told.joins.is_empty();
        if stay.key.kind == PresenceKind::Main {
            let kind = if came_in { EntryKind::ParticipantJoined } else { EntryKind::ParticipantLeft };
            let mut details = serde_json::json!({"role": role.name(), "late": late});
            if person.is_none() {
                // Of somebody without a seat the log has what the platform shows of them.
                details["name"] = name.clone().into();
            }
            self.audit(scene, kind, event.at, person, details).await?;
        }
        if late {
            return Ok(());
        }
        if came_in && stay.key.kind == PresenceKind::Main {
            self.live(scene, event.at).await?;
            self.check_shared(scene, &stay).await?;
        }
        let open = stay.left_at().is_none();
        let kind = match (stay.key.kind, came_in) {
            // A coming-in told after the going-out would mislead whoever watches; the sheet has it.
            (PresenceKind::Main, true) if open => EventType::ParticipantJoined,
            (PresenceKind::Main, false) => EventType::ParticipantLeft,
            (PresenceKind::Waiting, true) if open => EventType::ParticipantWaiting,
            // Nobody's coming or going, but the board is another.
            _ => return self.tell(Event::new(EventType::AttendanceUpdated, event.at), scene).await,
        };
        self.tell(Event::new(kind, event.at).person(person, name, role.name()), scene).await
    }

    pub(super) async fn recognise(
        &mut self,
        scene: &mut Scene,
        addresses: &HashMap<String, String>,
    ) -> Result<(), ApiError> {
        let session = scene.facts.session;
        let (stays, _) = attendance::evidence::of_session(&mut self.tx, self.organization, session).await?;
        for mut told in stays.into_iter().filter(|stay| stay.facts.email.is_none()) {
            let Some(email) = told.facts.user_id.as_ref().and_then(|user| addresses.get(user)) else {
                continue;
            };
            told.facts.email = Some(email.clone());
            let noted = attendance::evidence::note_stay(
                &mut self.tx,
                self.organization,
                session,
                &scene.roster,
                &told,
            )
            .await?;
            let Some(NotedStay { stay, person: Some(person), role, name, .. }) = noted else { continue };
            scene.changed = true;
            let kind = match (stay.key.kind, stay.left_at()) {
                (PresenceKind::Main, None) => EventType::ParticipantJoined,
                (PresenceKind::Waiting, None) => EventType::ParticipantWaiting,
                _ => EventType::AttendanceUpdated,
            };
            let at = stay.joined_at().unwrap_or(self.now);
            self.tell(Event::new(kind, at).person(Some(person), name, role.name()), scene).await?;
        }
        Ok(())
    }

    /// Two stays at once under one registrant: a client that died and came back, or a copied address. The platform lets go
    /// of a dead client within 90 seconds, so it is decided a little later.
    async fn check_shared(&mut self, scene: &Scene, stay: &Presence) -> Result<(), ApiError> {
        let session = scene.facts.session;
        let doubled = attendance::evidence::doubled(&mut self.tx, self.organization, session, stay).await?;
        if let Some(registrant) = doubled {
            let (app, run) = (self.app, &stay.key.run);
            attendance::jobs::look_for_sharing(
                app,
                &mut self.tx,
                self.organization,
                session,
                registrant,
                run,
            )
            .await?;
            self.asked = true;
        }
        Ok(())
    }

    async fn audit(
        &mut self,
        scene: &Scene,
        kind: EntryKind,
        at: DateTime<Utc>,
        person: Option<PersonId>,
        details: serde_json::Value,
    ) -> Result<(), ApiError> {
        let facts = &scene.facts;
        let entry = self
            .app
            .entry(self.organization, kind, Actor::Provider)
            .class(facts.class)
            .session(facts.session);
        let entry = audit::Entry { at, person, details, ..entry };
        Ok(audit::store::insert(&mut self.tx, &entry).await?)
    }

    async fn tell(&mut self, event: Event, scene: &Scene) -> Result<(), ApiError> {
        self.told = true;
        let event = event.of(Some(scene.facts.session), scene.facts.class, scene.facts.instructor);
        Ok(events::emit(&mut self.tx, &self.app.ids, self.sealer, self.organization, self.now, &event)
            .await?)
    }

    /// What follows from all events together.
    pub(super) async fn finish(&mut self) -> Result<(), ApiError> {
        for scene in std::mem::take(&mut self.scenes).into_values().flatten() {
            let Scene { facts, late, ended, changed, unnamed, .. } = scene;
            if unnamed && registry::live_source(facts.provider) == LiveSource::Asked {
                identifying::queue(self.app, &mut self.tx, self.organization, facts.session).await?;
                self.asked = true;
            }
            if ended || late {
                let at = self.now.max(facts.ended_at.unwrap_or(facts.ends_at) + REPORT_AFTER);
                attendance::service::ask_for_report(
                    self.app,
                    &mut self.tx,
                    self.organization,
                    facts.session,
                    at,
                )
                .await?;
                self.asked = true;
            }
            if changed && facts.state == SessionState::Ended {
                let (app, sealer) = (self.app, self.sealer);
                self.told |=
                    attendance::service::recompute(app, &mut self.tx, sealer, self.organization, facts)
                        .await?;
            }
        }
        Ok(())
    }
}
