//! Reads stored deliveries: what an event says is absorbed into runs and stays, and told to those who watch.
//!
//! One transaction a batch and organization. Reading a delivery again changes nothing (a stay only ever gains marks), so a
//! crash between the work and the mark on the delivery costs a second reading, never a second effect.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration as StdDuration,
};

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::{Presence, PresenceKind, Roster, calls},
    ids::{OrganizationId, PersonId, SessionId},
    provider::{EventKind, IncomingEvent, ProviderName},
    session::SessionState,
};
use lectern_providers::registry::{self, LiveSource};
use uuid::Uuid;

use super::{
    identifying, looking,
    store::{self, Outcome, Waiting},
};
use crate::{
    app::App,
    attendance::{self, evidence::NotedStay},
    audit::{self, Actor, EntryKind},
    db::{Engine, StoreError, Tx},
    error::ApiError,
    events::{self, Event, EventType},
    keys::Sealer,
    platforms,
    sessions::{
        facts::{self, SessionFacts},
        replacing,
    },
    subscriptions::{self, Told},
};

/// The longest look away from the inbox.
const IDLE: StdDuration = StdDuration::from_secs(1);
/// Between two readings: what arrives meanwhile is read together, and nobody who watches notices.
const BREATH: StdDuration = StdDuration::from_millis(2);
/// The same while deliveries wait to be acknowledged.
const GIVE_WAY: StdDuration = StdDuration::from_millis(10);
/// Tries before a delivery is set aside.
const TRIES: i64 = 8;
/// How long after its end the platform's report is first asked for.
const REPORT_AFTER: Duration = Duration::minutes(2);

/// Reads deliveries until the application stops.
pub async fn run(app: App) {
    loop {
        let mut after = Uuid::nil();
        loop {
            match read_some(&app, after).await {
                Ok(Some((last, _))) => after = last,
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "deliveries could not be read: {error}");
                    break;
                }
            }
            // Acknowledging goes first: on SQLite both write through the one writer.
            tokio::time::sleep(if app.appender.is_behind() { GIVE_WAY } else { BREATH }).await;
        }
        tokio::select! {
            () = app.stopping() => return,
            () = app.wake.inbox.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Reads every delivery that waits, each at most once; returns how many are settled.
///
/// # Errors
/// When the inbox cannot be read.
pub async fn process_pending(app: &App) -> Result<usize, StoreError> {
    let (mut settled, mut after) = (0, Uuid::nil());
    while let Some((last, more)) = read_some(app, after).await? {
        (settled, after) = (settled + more, last);
    }
    Ok(settled)
}

/// Reads some deliveries after one; the last of them and how many are settled, or nothing when none waits.
async fn read_some(app: &App, after: Uuid) -> Result<Option<(Uuid, usize)>, StoreError> {
    let mut look = app.db.system_read().await?;
    let rows = store::waiting(&mut look, after).await?;
    drop(look);
    let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
    let mut groups: BTreeMap<Uuid, Vec<Waiting>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.organization_id).or_default().push(row);
    }
    let mut settled = 0;
    for (organization, rows) in groups {
        settled += process(app, organization.into(), rows).await?;
    }
    Ok(Some((last, settled)))
}

/// A delivery that was opened and understood.
struct Item {
    row: Waiting,
    provider: ProviderName,
    events: Vec<IncomingEvent>,
}

async fn process(app: &App, organization: OrganizationId, rows: Vec<Waiting>) -> Result<usize, StoreError> {
    let sealer = match app.keys.sealer(organization).await {
        Ok(sealer) => sealer,
        Err(error) => {
            let failed = rows.iter().map(|row| failed(row, &error.to_string())).collect::<Vec<_>>();
            return mark(app, &failed).await;
        }
    };
    let mut aside = Vec::new();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        match open(app, organization, &sealer, &row).await {
            Ok((provider, events)) => match withdrawals(app, organization, &events).await {
                Ok(()) => items.push(Item { row, provider, events }),
                Err(error) => aside.push(failed(&row, &error.problem().code)),
            },
            Err(problem) => {
                tracing::warn!(delivery = %row.id, "delivery {} cannot be read: {problem}", row.id);
                aside.push(Outcome { id: row.id, state: "bad", problem: Some(problem.to_owned()) });
            }
        }
    }
    let mut settled = mark(app, &aside).await?;
    match work(app, organization, &sealer, &items).await {
        Ok(count) => settled += count,
        Err(error) if items.len() > 1 => {
            tracing::warn!(?error, "a batch of {} deliveries failed, reading them one by one", items.len());
            for item in &items {
                match work(app, organization, &sealer, std::slice::from_ref(item)).await {
                    Ok(count) => settled += count,
                    Err(error) => settled += mark(app, &[failed(&item.row, &format!("{error:?}"))]).await?,
                }
            }
        }
        Err(error) => {
            for item in &items {
                settled += mark(app, &[failed(&item.row, &format!("{error:?}"))]).await?;
            }
        }
    }
    Ok(settled)
}

/// Ends the connections of accounts that withdrew their grant: it calls the platform, so before the transaction.
async fn withdrawals(
    app: &App,
    organization: OrganizationId,
    events: &[IncomingEvent],
) -> Result<(), ApiError> {
    for event in events.iter().filter(|event| event.kind == EventKind::Deauthorized) {
        let user = event.host_id.as_deref().unwrap_or_default();
        let account = event.account_id.as_deref().unwrap_or_default();
        platforms::service::deauthorized(app, organization, user, account).await?;
    }
    Ok(())
}

async fn open(
    app: &App,
    organization: OrganizationId,
    sealer: &Sealer,
    row: &Waiting,
) -> Result<(ProviderName, Vec<IncomingEvent>), &'static str> {
    let provider: ProviderName = registry::named(&row.provider).map_err(|_| "unknown_provider")?;
    let events = registry::events(provider).ok_or("unknown_provider")?;
    let body = sealer.open("webhook_inbox", "body", row.id, &row.body).map_err(|_| "sealed_elsewhere")?;
    let secrets = platforms::service::webhook_secrets(app, provider, organization).await;
    let secrets = secrets.map_err(|_| "no_keys")?;
    let events = events.parse(&body, &secrets.opened_with(&[])).map_err(|_| "malformed")?;
    Ok((provider, events))
}

fn failed(row: &Waiting, problem: &str) -> Outcome {
    let attempt = row.attempt + 1;
    let state = if attempt >= TRIES { "failed" } else { "new" };
    tracing::error!(delivery = %row.id, attempt, "delivery {} could not be worked in: {problem}", row.id);
    Outcome { id: row.id, state, problem: Some(problem.chars().take(300).collect()) }
}

/// Marks deliveries on their own; returns how many are settled by it.
async fn mark(app: &App, outcomes: &[Outcome]) -> Result<usize, StoreError> {
    if outcomes.is_empty() {
        return Ok(0);
    }
    let mut tx = app.db.system().await?;
    store::mark(&mut tx, outcomes).await?;
    tx.commit().await?;
    Ok(outcomes.iter().filter(|outcome| outcome.state != "new").count())
}

/// How an event came.
#[derive(Clone, Copy)]
struct Arrival {
    at: DateTime<Utc>,
    /// Signed too long ago to have an effect by itself.
    late: bool,
}

/// Works in what looking at a meeting showed, as if the platform had told it now. What was seen before changes nothing.
///
/// # Errors
/// When the database refuses.
pub(super) async fn absorb(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    seen: &[IncomingEvent],
) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let mut work = Work::begin(app, organization, &sealer).await?;
    let arrival = Arrival { at: work.now, late: false };
    for event in seen {
        work.take_in(provider, event, arrival).await?;
    }
    work.finish().await?;
    let Work { tx, told, asked, .. } = work;
    tx.commit().await?;
    wake(app, told, asked);
    Ok(())
}

/// Works in whose the stays of a session are that the platform named by ids alone: addresses by id.
///
/// # Errors
/// When the database refuses.
pub(super) async fn recognise(
    app: &App,
    organization: OrganizationId,
    session: SessionId,
    addresses: &HashMap<String, String>,
) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let mut work = Work::begin(app, organization, &sealer).await?;
    let facts = facts::of_session(&mut work.tx, organization, session).await?;
    let Some(key) = facts.and_then(|facts| Some((facts.provider, facts.provider_id?))) else { return Ok(()) };
    if let Some(mut scene) = work.scene(&key).await? {
        work.recognise(&mut scene, addresses).await?;
        work.scenes.insert(key, Some(scene));
    }
    work.finish().await?;
    let Work { tx, told, asked, .. } = work;
    tx.commit().await?;
    wake(app, told, asked);
    Ok(())
}

fn wake(app: &App, told: bool, asked: bool) {
    if told {
        app.wake.outbox.notify_one();
    }
    if asked {
        app.wake.jobs.notify_one();
    }
}

/// Works deliveries of one organization in, in one transaction.
async fn work(
    app: &App,
    organization: OrganizationId,
    sealer: &Sealer,
    items: &[Item],
) -> Result<usize, ApiError> {
    if items.is_empty() {
        return Ok(0);
    }
    let mut work = Work::begin(app, organization, sealer).await?;
    let mut outcomes = Vec::with_capacity(items.len());
    for item in items {
        let mut problem = None;
        for event in &item.events {
            let arrival = Arrival { at: item.row.received_at, late: item.row.late };
            problem = work.take_in(item.provider, event, arrival).await?;
        }
        let outcome = Outcome { id: item.row.id, state: "done", problem: problem.map(str::to_owned) };
        outcomes.push(outcome);
    }
    work.finish().await?;
    let Work { mut tx, told, asked, .. } = work;
    // One commit where one role may do both. On PostgreSQL the worker's role marks afterwards.
    let together = app.db.engine() == Engine::Sqlite;
    if together {
        store::mark(&mut tx, &outcomes).await?;
    }
    tx.commit().await?;
    wake(app, told, asked);
    if !together {
        mark(app, &outcomes).await?;
    }
    Ok(outcomes.len())
}

/// A session as this batch sees it.
struct Scene {
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

struct Work<'a> {
    app: &'a App,
    organization: OrganizationId,
    sealer: &'a Sealer,
    now: DateTime<Utc>,
    tx: Tx,
    scenes: HashMap<(ProviderName, String), Option<Scene>>,
    told: bool,
    /// Jobs were queued.
    asked: bool,
}

impl<'a> Work<'a> {
    async fn begin(
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
    async fn take_in(
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

    async fn scene(
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

    async fn recognise(
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
    async fn finish(&mut self) -> Result<(), ApiError> {
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
