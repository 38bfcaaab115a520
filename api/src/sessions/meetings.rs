//! The provider's meeting behind a session: made at most once, whatever dies in between.
//!
//! Three steps: a transaction writes the intent and the job; the provider is called with no transaction open; a
//! transaction records the result of this very attempt. An attempt after the first begins by looking for what an earlier
//! one may have made. Only one attempt runs at a time (`busy_until`).

use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{MeetingId, OrganizationId, SessionId},
    provider::{Call, ErrorKind, MeetingDraft, MeetingRef, OurReference, ProviderError, ProviderName, Retry},
    sentence::Sentence,
    session::{Delivery, SessionState},
};
use serde_json::json;
use tokio::time::Instant;

use super::{
    replacing, service, standby,
    store::{self, Made, Meeting, MeetingState, Session},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    classes::{self, Class},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    jobs::{
        Job, JobError,
        store::{self as jobs, NewJob},
    },
    join, pasted_links, platforms, subscriptions,
};

/// How long after its call's deadline an attempt counts as dead, and another may follow.
const GRACE: Duration = Duration::seconds(15);
/// After a click's failed attempt the job tries again so soon.
const AFTER_A_CLICK: Duration = Duration::seconds(1);

/// Decides that a session needs its meeting, and queues the work; fine when it has one. Inside the caller's transaction.
pub async fn want(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    want_on(app, tx, organization, session, class.provider).await
}

/// The same on a platform that need not be the class's.
pub(super) async fn want_on(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    provider: ProviderName,
) -> Result<(), ApiError> {
    if session.delivery == Delivery::InPerson
        || !matches!(session.state, SessionState::Scheduled | SessionState::Live)
    {
        return Ok(());
    }
    let now = app.clock.now();
    let id: MeetingId = app.new_id();
    let reference = OurReference::random(app.randomness.as_ref());
    if store::insert_meeting(tx, organization, id, session.id, provider, &reference, now).await? {
        queue(app, tx, organization, "meeting.create", id, now).await?;
    }
    Ok(())
}

/// Queues work on one meeting; one waiting job of a kind is enough.
pub async fn queue(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    kind: &'static str,
    id: MeetingId,
    run_at: DateTime<Utc>,
) -> Result<(), ApiError> {
    let key = id.to_string();
    let body = json!({"meeting": id});
    let job = NewJob { id: app.ids.next(), kind, body, unique_key: Some(&key), run_at, now: app.clock.now() };
    Ok(jobs::insert(tx, organization, &job).await?)
}

/// A click's attempt failed: the job need not wait until that attempt would have counted as dead.
pub async fn hasten(app: &App, organization: OrganizationId, id: MeetingId) -> Result<(), ApiError> {
    let mut tx = app.db.system().await?;
    let at = app.clock.now() + AFTER_A_CLICK;
    jobs::hasten(&mut tx, organization, "meeting.create", &id.to_string(), at).await?;
    tx.commit().await?;
    Ok(())
}

/// How an attempt came out.
#[derive(Debug)]
pub enum Attempt {
    /// The meeting is there.
    Ready,
    /// Another attempt is under way, or there is nothing to make any more.
    NotOurs,
    /// The provider failed.
    Failed(ProviderError),
}

/// Makes a meeting that was decided on: one attempt, under the call's deadline.
pub async fn make(
    app: &App,
    organization: OrganizationId,
    id: MeetingId,
    call: &Call,
) -> Result<Attempt, ApiError> {
    let Some((attempt, meeting, session, class)) = begin(app, organization, id, call).await? else {
        return Ok(Attempt::NotOurs);
    };
    let connected =
        match platforms::service::connected(app, organization, meeting.provider, class.instructor).await {
            Ok(connected) => connected,
            Err(error) => return failed(app, organization, &meeting, attempt, &class, error).await,
        };
    // A platform, plan or grant without registrants gets a meeting without registration: its one link, behind our gate.
    let registration = connected.provider.registrants().is_some();
    let host = host_of(app, organization, &connected, &session, &class).await?;
    let draft = draft(&meeting.reference, &session, &class, &connected, host, registration);
    // Looking, making and looking again share one deadline: `busy_until` counts on it.
    let begun = Instant::now();
    let rest = || call.after(begun.elapsed());
    let made = match connected.provider.meetings() {
        None => Err(ProviderError::new(meeting.provider, "create", ErrorKind::Unsupported("meetings"))),
        Some(meetings) => {
            // A meeting whose create was cut off is found again instead of made twice.
            let found = if attempt > 1 { meetings.find(&rest(), &draft).await } else { Ok(None) };
            match found {
                Ok(Some(found)) => Ok(found),
                Ok(None) => match meetings.create(&rest(), &draft).await {
                    Err(error) if error.maybe_done => match meetings.find(&rest(), &draft).await {
                        Ok(Some(found)) => Ok(found),
                        _ => Err(error),
                    },
                    other => other,
                },
                Err(error) => Err(error),
            }
        }
    };
    let made = match made {
        Ok(made) => made,
        Err(error) => return failed(app, organization, &meeting, attempt, &class, error).await,
    };
    let sealer = app.keys.sealer(organization).await?;
    let join_url = sealer.seal("meetings", "join_url", id.uuid(), made.join_url.expose().as_bytes());
    let differences = serde_json::to_value(&made.differences).map_err(ApiError::internal)?;
    let row = Made {
        provider_id: &made.id,
        host_id: made.host_id.as_deref(),
        join_url: &join_url,
        connection: connected.connection,
        registration: made.registration,
        differences: &differences,
    };
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    if !store::meeting_ready(&mut tx, organization, id, attempt, &row, now).await? {
        let present = store::find_meeting(&mut tx, organization, id).await?;
        drop(tx);
        if present.and_then(|present| present.provider_id).as_deref() != Some(made.id.as_str()) {
            drop_stray(app, organization, &session, &connected, &made.id).await;
        }
        return Ok(Attempt::NotOurs);
    }
    let entry =
        app.entry(organization, EntryKind::MeetingCreated, Actor::System).class(class.id).session(session.id);
    audit::store::insert(&mut tx, &entry.details(json!({"provider": meeting.provider, "meeting": made.id, "attempt": attempt, "differences": differences}))).await?;
    let event = Event::new(EventType::SessionUpdated, now).of(Some(session.id), class.id, class.instructor);
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    join::registrants::queue(app, &mut tx, organization, session.id, now).await?;
    follow_changes(app, &mut tx, organization, id, &session, &class).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    app.wake.jobs.notify_one();
    subscriptions::follow(app, organization, session.id).await;
    Ok(Attempt::Ready)
}

/// What was changed or cancelled while the meeting was being made found no meeting to change: it is done now.
async fn follow_changes(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    drafted: &Session,
    of: &Class,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let Some(session) = store::find(tx, organization, drafted.id).await? else { return Ok(()) };
    let class = service::class_of(tx, organization, &session).await?;
    let changed = session.revision != drafted.revision
        || class.settings != of.settings
        || class.description != of.description;
    match session.state {
        SessionState::Scheduled if changed => queue(app, tx, organization, "meeting.update", id, now).await,
        SessionState::Cancelled => queue(app, tx, organization, "meeting.remove", id, now).await,
        SessionState::Scheduled | SessionState::Live | SessionState::Ended => Ok(()),
    }
}

async fn begin(
    app: &App,
    organization: OrganizationId,
    id: MeetingId,
    call: &Call,
) -> Result<Option<(i64, Meeting, Session, Class)>, ApiError> {
    let now = app.clock.now();
    let busy_until = now + Duration::from_std(call.deadline).map_err(ApiError::internal)? + GRACE;
    let mut tx = app.db.begin(organization).await?;
    let Some(meeting) = store::find_meeting(&mut tx, organization, id).await? else { return Ok(None) };
    let session = store::find(&mut tx, organization, meeting.session).await?.ok_or(ApiError::NotFound)?;
    let class =
        classes::service::find(&mut tx, organization, session.class).await?.ok_or(ApiError::NotFound)?;
    if !matches!(session.state, SessionState::Scheduled | SessionState::Live) {
        return Ok(None);
    }
    let Some(attempt) = store::begin_attempt(&mut tx, organization, id, busy_until, now).await? else {
        return Ok(None);
    };
    tx.commit().await?;
    Ok(Some((attempt, meeting, session, class)))
}

async fn failed(
    app: &App,
    organization: OrganizationId,
    meeting: &Meeting,
    attempt: i64,
    class: &Class,
    error: ProviderError,
) -> Result<Attempt, ApiError> {
    let now = app.clock.now();
    let last =
        error.retry == Retry::Never && !error.maybe_done && !matches!(error.kind, ErrorKind::DailyLimit(_));
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    if store::meeting_problem(&mut tx, organization, meeting.id, attempt, last, error.code(), &error.words())
        .await?
    {
        let entry = app
            .entry(organization, EntryKind::MeetingFailed, Actor::System)
            .class(class.id)
            .session(meeting.session);
        let details = json!({"code": error.code(), "vendor_code": error.vendor_code, "attempt": attempt, "last": last, "maybe_done": error.maybe_done});
        audit::store::insert(&mut tx, &entry.details(details)).await?;
        let event =
            Event::new(EventType::SessionUpdated, now).of(Some(meeting.session), class.id, class.instructor);
        events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
        standby::after_failure(app, &mut tx, organization, meeting.id, class).await?;
    }
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(Attempt::Failed(error))
}

/// A stale attempt made a meeting that nobody refers to: it is removed at once, or told.
async fn drop_stray(
    app: &App,
    organization: OrganizationId,
    session: &Session,
    connected: &platforms::Connected,
    provider_id: &str,
) {
    let stray = MeetingRef { id: provider_id.to_owned(), host: connected.host.clone() };
    let removed = match connected.provider.meetings() {
        Some(meetings) => meetings.delete(&Call::background(), &stray).await,
        None => return,
    };
    let kind = if removed.is_ok() { EntryKind::MeetingRemoved } else { EntryKind::MeetingOrphaned };
    let entry = app.entry(organization, kind, Actor::System).class(session.class).session(session.id);
    app.append_audit(entry.details(json!({"meeting": provider_id, "why": "made twice"}))).await;
}

/// What the meeting should be, as near to the class's wishes as who makes it can come.
fn draft(
    reference: &OurReference,
    session: &Session,
    class: &Class,
    connected: &platforms::Connected,
    host: Option<String>,
    registration: bool,
) -> MeetingDraft {
    MeetingDraft {
        reference: reference.clone(),
        topic: session.title.clone(),
        agenda: class.description.clone(),
        starts_at: session.starts_at,
        length: StdDuration::from_secs(
            u64::try_from((session.ends_at - session.starts_at).num_seconds()).unwrap_or(60),
        ),
        time_zone: session.time_zone.parse().unwrap_or(chrono_tz::UTC),
        settings: connected.provider.capabilities().fit(&class.settings),
        host,
        registration,
    }
}

/// Job `meeting.create`.
pub async fn create_job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: MeetingId = job.id_of("meeting")?;
    match make(app, job.organization, id, &Call::background())
        .await
        .map_err(|error| JobError::Retry(error.problem().detail, None))?
    {
        Attempt::Ready => Ok(()),
        Attempt::NotOurs => still_creating(app, job, id).await,
        Attempt::Failed(error) => match (&error.kind, error.retry) {
            (ErrorKind::RateLimited(until) | ErrorKind::DailyLimit(until), _) => {
                Err(JobError::Retry(error.to_string(), Some(*until)))
            }
            (_, Retry::Never) if !error.maybe_done => Ok(()),
            (_, Retry::After(wait)) => {
                let wait = Duration::from_std(wait).unwrap_or(GRACE);
                Err(JobError::Retry(error.to_string(), Some(app.clock.now() + wait)))
            }
            _ => Err(JobError::Retry(error.to_string(), None)),
        },
    }
}

/// Another attempt is under way: look again when it must have ended.
async fn still_creating(app: &App, job: &Job, id: MeetingId) -> Result<(), JobError> {
    let mut tx = app.db.read(job.organization).await?;
    let meeting = store::find_meeting(&mut tx, job.organization, id).await?;
    match meeting {
        Some(meeting) if meeting.state == MeetingState::Creating => {
            let session = store::find(&mut tx, job.organization, meeting.session).await?;
            if session
                .is_some_and(|session| matches!(session.state, SessionState::Scheduled | SessionState::Live))
            {
                return Err(JobError::Retry("another attempt is under way".to_owned(), meeting.busy_until));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Job `meeting.update`: brings the provider's meeting to what the session and the class say now.
pub async fn update_job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: MeetingId = job.id_of("meeting")?;
    let organization = job.organization;
    let mut tx = app.db.read(organization).await?;
    let Some(meeting) = store::find_meeting(&mut tx, organization, id).await? else { return Ok(()) };
    let Some(provider_id) = meeting.provider_id.clone() else { return Ok(()) };
    let Some(session) = store::find(&mut tx, organization, meeting.session).await? else { return Ok(()) };
    let class = service::class_of(&mut tx, organization, &session).await.map_err(gone)?;
    drop(tx);
    if session.state != SessionState::Scheduled {
        return Ok(());
    }
    let connected = platforms::service::connected_by(app, organization, meeting.provider, meeting.connection)
        .await
        .map_err(retry)?;
    let Some(meetings) = connected.provider.meetings() else { return Ok(()) };
    let host = host_of(app, organization, &connected, &session, &class).await.map_err(gone)?;
    let target = MeetingRef { id: provider_id, host: host.clone() };
    match meetings
        .update(
            &Call::background(),
            &target,
            &draft(&meeting.reference, &session, &class, &connected, host, meeting.registration),
        )
        .await
    {
        Ok(_) => {
            app.append_audit(
                app.entry(organization, EntryKind::MeetingUpdated, Actor::System)
                    .class(class.id)
                    .session(session.id),
            )
            .await;
            Ok(())
        }
        // Removed at the platform: it is made anew, the join links stay.
        Err(error) if error.kind == ErrorKind::NotFound => {
            replacing::replace(app, organization, id).await.map_err(gone)
        }
        Err(error) => Err(retry(error)),
    }
}

/// Who hosts a meeting, where the platform must be told; of a pasted link, the link.
async fn host_of(
    app: &App,
    organization: OrganizationId,
    connected: &platforms::Connected,
    session: &Session,
    class: &Class,
) -> Result<Option<String>, ApiError> {
    if connected.connection.is_none() {
        let link = pasted_links::service::of_session(app, organization, session).await?;
        return Ok(link.map(|link| link.expose().to_owned()));
    }
    if connected.host.is_some() {
        return Ok(connected.host.clone());
    }
    let provider = connected.provider.name();
    let own = platforms::service::connected(app, organization, provider, class.instructor).await;
    Ok(own.ok().and_then(|own| own.host))
}

fn gone(error: ApiError) -> JobError {
    JobError::Retry(error.problem().detail, None)
}

/// How a job goes on after a provider's failure.
pub(crate) fn retry(error: ProviderError) -> JobError {
    match (&error.kind, error.retry) {
        (ErrorKind::RateLimited(until) | ErrorKind::DailyLimit(until), _) => {
            JobError::Retry(error.to_string(), Some(*until))
        }
        (_, Retry::Never) => JobError::GiveUp(error.to_string()),
        _ => JobError::Retry(error.to_string(), None),
    }
}

/// Job `meeting.remove`: deletes the provider's meeting of a cancelled or long-past session, or one that was given up.
pub async fn remove_job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: MeetingId = job.id_of("meeting")?;
    let organization = job.organization;
    let mut tx = app.db.read(organization).await?;
    let Some(meeting) = store::not_yet_removed(&mut tx, organization, id).await? else { return Ok(()) };
    drop(tx);
    if let Some(provider_id) = meeting.provider_id.clone() {
        let connected =
            platforms::service::connected_by(app, organization, meeting.provider, meeting.connection)
                .await
                .map_err(retry)?;
        if let Some(meetings) = connected.provider.meetings() {
            let target = MeetingRef { id: provider_id, host: connected.host.clone() };
            meetings.delete(&Call::background(), &target).await.map_err(retry)?;
        }
    } else if meeting.attempt > 0 && matches!(meeting.state, MeetingState::Creating | MeetingState::Removed) {
        // An attempt may be under way, or have died after the platform did its part.
        remove_unrecorded(app, organization, &meeting).await?;
    }
    let mut tx = app.db.begin(organization).await?;
    if store::meeting_removed(&mut tx, organization, id, app.clock.now()).await? {
        let entry =
            app.entry(organization, EntryKind::MeetingRemoved, Actor::System).session(meeting.session);
        audit::store::insert(&mut tx, &entry.details(json!({"meeting": meeting.provider_id}))).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Removes what an attempt may have made without living to record it.
async fn remove_unrecorded(
    app: &App,
    organization: OrganizationId,
    meeting: &Meeting,
) -> Result<(), JobError> {
    let mut tx = app.db.read(organization).await?;
    let Some(session) = store::find(&mut tx, organization, meeting.session).await? else { return Ok(()) };
    let class = service::class_of(&mut tx, organization, &session).await.map_err(gone)?;
    drop(tx);
    let connected = platforms::service::connected(app, organization, meeting.provider, class.instructor)
        .await
        .map_err(retry)?;
    let Some(meetings) = connected.provider.meetings() else { return Ok(()) };
    let registration = connected.provider.registrants().is_some();
    let host = host_of(app, organization, &connected, &session, &class).await.map_err(gone)?;
    let draft = draft(&meeting.reference, &session, &class, &connected, host, registration);
    if let Some(found) = meetings.find(&Call::background(), &draft).await.map_err(retry)? {
        let target = MeetingRef { id: found.id, host: connected.host.clone() };
        meetings.delete(&Call::background(), &target).await.map_err(retry)?;
    }
    Ok(())
}

/// Job `meeting.end`: ends the provider's meeting for everyone.
pub async fn end_job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: MeetingId = job.id_of("meeting")?;
    match end(app, job.organization, id, &Call::background()).await {
        Ok(()) => Ok(()),
        // Our door is closed; the rest is the teacher's, as the page says.
        Err(error) if matches!(error.kind, ErrorKind::Unsupported(_)) => Ok(()),
        Err(error) if error.retry == Retry::Never && error.kind != ErrorKind::NotFound => {
            not_ended(app, job.organization, id, &error).await.map_err(gone)
        }
        Err(error) => Err(retry(error)),
    }
}

/// Our door is closed, and the platform's meeting goes on: whoever teaches is told to end it there.
async fn not_ended(
    app: &App,
    organization: OrganizationId,
    id: MeetingId,
    error: &ProviderError,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let Some(meeting) = store::find_meeting(&mut tx, organization, id).await? else { return Ok(()) };
    let Some(session) = store::find(&mut tx, organization, meeting.session).await? else { return Ok(()) };
    let class = service::class_of(&mut tx, organization, &session).await?;
    let words = Sentence::known(
        "said.not_ended",
        "{platform} could not be told to end the meeting: press End meeting there. {why}",
    )
    .with("platform", meeting.provider.title())
    .with("why", error.words());
    store::meeting_not_ended(&mut tx, organization, id, error.code(), &words).await?;
    let entry = app
        .entry(organization, EntryKind::MeetingNotEnded, Actor::System)
        .class(class.id)
        .session(session.id);
    audit::store::insert(&mut tx, &entry.details(json!({"code": error.code()}))).await?;
    let event = Event::new(EventType::SessionUpdated, now).of(Some(session.id), class.id, class.instructor);
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// Ends the provider's meeting for everyone; fine when there is none.
pub async fn end(
    app: &App,
    organization: OrganizationId,
    id: MeetingId,
    call: &Call,
) -> Result<(), ProviderError> {
    let Some((meeting, connected)) = reach(app, organization, id).await? else { return Ok(()) };
    match connected.provider.meetings() {
        Some(meetings) => meetings.end(call, &meeting).await,
        None => Ok(()),
    }
}

/// The provider's meeting and the connection that made it; `None` when it is not ready.
pub async fn reach(
    app: &App,
    organization: OrganizationId,
    id: MeetingId,
) -> Result<Option<(MeetingRef, platforms::Connected)>, ProviderError> {
    let unreadable = |error: &dyn std::fmt::Display| {
        tracing::error!("meeting {id} cannot be read: {error}");
        ProviderError::new(lectern_providers::zoom::NAME, "read meeting", ErrorKind::Unexpected)
    };
    let mut tx = app.db.read(organization).await.map_err(|error| unreadable(&error))?;
    let meeting = store::find_meeting(&mut tx, organization, id).await.map_err(|error| unreadable(&error))?;
    drop(tx);
    let Some(meeting) = meeting else { return Ok(None) };
    let Some(provider_id) = meeting.provider_id else { return Ok(None) };
    let connected =
        platforms::service::connected_by(app, organization, meeting.provider, meeting.connection).await?;
    let host = match (&connected.connection, &meeting.join_url) {
        // A pasted link is found by itself.
        (None, Some(sealed)) => {
            let sealer = app.keys.sealer(organization).await.map_err(|error| unreadable(&error))?;
            let link = sealer.open_text("meetings", "join_url", id.uuid(), sealed);
            Some(link.map_err(|error| unreadable(&error))?.expose().to_owned())
        }
        _ => connected.host.clone(),
    };
    Ok(Some((MeetingRef { id: provider_id, host }, connected)))
}

/// The meeting of a session, for other rooms.
pub async fn of_session(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<Meeting>, ApiError> {
    Ok(store::meeting_of(tx, organization, session).await?)
}
