//! The provider's meeting behind a session: made at most once, whatever dies in between.
//!
//! Three steps: a transaction writes the intent and the job; the provider is called with no transaction open; a
//! transaction records the result of this very attempt. An attempt after the first begins by looking for what an earlier
//! one may have made. Only one attempt runs at a time (`busy_until`).

mod ending;
mod making;

pub use ending::{end, end_job, remove_job};
pub use making::{Attempt, create_job, make};

use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{MeetingId, OrganizationId, SessionId},
    provider::{Call, ErrorKind, MeetingDraft, MeetingRef, OurReference, ProviderError, ProviderName, Retry},
    session::{Delivery, SessionState},
};
use serde_json::json;

use super::{
    replacing, service,
    store::{self, Meeting, Session},
};
use crate::{
    app::App,
    audit::{Actor, EntryKind},
    classes::Class,
    db::Tx,
    error::ApiError,
    jobs::{
        Job, JobError,
        store::{self as jobs, NewJob},
    },
    pasted_links, platforms,
};

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
    let draft = draft(&meeting.reference, &session, &class, &connected, host, meeting.registration);
    platforms::host_days::has_room(app, organization, &connected, session.starts_at).await.map_err(retry)?;
    let updated = meetings.update(&Call::background(), &target, &draft).await;
    platforms::host_days::count(app, organization, &connected, &updated).await.map_err(gone)?;
    match updated {
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
