//! The attempt that makes a meeting: found again or created, recorded, and told when it fails.

use chrono::Duration;
use lectern_core::{
    ids::{MeetingId, OrganizationId},
    provider::{self, Call, ErrorKind, MeetingDraft, MeetingRef, Meetings, ProviderError, Retry},
    session::SessionState,
};
use serde_json::json;
use tokio::time::Instant;

use super::{draft, host_of, queue};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    classes::{self, Class},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    jobs::{Job, JobError},
    join, platforms,
    sessions::{
        service, standby,
        store::{self, Made, Meeting, MeetingState, Session},
    },
    subscriptions,
};

/// How long after its call's deadline an attempt counts as dead, and another may follow.
const GRACE: Duration = Duration::seconds(15);

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
                Ok(None) => create(app, organization, &connected, meetings, rest, &draft).await?,
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
    // What this account cannot do was not asked for: it is told beside what came out otherwise.
    let mut differences = class.settings.unmet(&draft.settings);
    differences.extend(made.differences);
    let differences = serde_json::to_value(&differences).map_err(ApiError::internal)?;
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

async fn create(
    app: &App,
    organization: OrganizationId,
    connected: &platforms::Connected,
    meetings: &dyn Meetings,
    rest: impl Fn() -> Call,
    draft: &MeetingDraft,
) -> Result<Result<provider::Meeting, ProviderError>, ApiError> {
    if let Err(error) = platforms::host_days::has_room(app, organization, connected, draft.starts_at).await {
        return Ok(Err(error));
    }
    let made = meetings.create(&rest(), draft).await;
    platforms::host_days::count(app, organization, connected, &made).await?;
    Ok(match made {
        Err(error) if error.maybe_done => match meetings.find(&rest(), draft).await {
            Ok(Some(found)) => Ok(found),
            _ => Err(error),
        },
        other => other,
    })
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
