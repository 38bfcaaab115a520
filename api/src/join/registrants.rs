//! Registrants: made ahead of the click by a job within the platform's rate budget, or at the click when there is room now.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{MeetingId, OrganizationId, SessionId},
    provider::{
        Admission, Call, ErrorKind, MeetingRef, ProviderError, ProviderName, Registrant, RegistrantRef,
        RegistrantState, Retry,
    },
    session::SessionState,
};
use lectern_providers::registry;
use serde_json::json;
use url::Url;

use super::{
    aliases::Naming,
    store::{self, Made, RegistrantRow, Seat},
};
use crate::{
    app::App,
    audit::{Actor, EntryKind},
    classes::{Enrollment, enrollments},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    jobs::{
        Job, JobError,
        store::{self as jobs, NewJob},
    },
    keys::Sealer,
    people, platforms,
    sessions::{self, Meeting, MeetingState, meetings},
};

/// Whoever makes a registrant has ended one way or the other after this long.
const STALE: Duration = Duration::seconds(60);
/// Registrants in one turn of the job.
const AT_ONCE: i64 = 30;

/// Queues the making of a session's registrants. Inside the caller's transaction.
pub async fn queue(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    run_at: DateTime<Utc>,
) -> Result<(), ApiError> {
    let key = session.to_string();
    let job = NewJob {
        id: app.ids.next(),
        kind: "registrants.prepare",
        body: json!({"session": session}),
        unique_key: Some(&key),
        run_at,
        now: app.clock.now(),
    };
    Ok(jobs::insert(tx, organization, &job).await?)
}

/// Queues the cancelling of a session's left registrants. Inside the caller's transaction.
pub async fn queue_cancelling(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<(), ApiError> {
    let key = session.to_string();
    insert_cancelling(app, tx, organization, session, &key, app.clock.now()).await
}

/// The same for registrants whose maker may still answer: when it must have ended, whatever it made is looked up.
async fn queue_looking(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    run_at: DateTime<Utc>,
) -> Result<(), ApiError> {
    let key = format!("{session} unanswered");
    insert_cancelling(app, tx, organization, session, &key, run_at).await
}

async fn insert_cancelling(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    key: &str,
    run_at: DateTime<Utc>,
) -> Result<(), ApiError> {
    let job = NewJob {
        id: app.ids.next(),
        kind: "registrants.cancel",
        body: json!({"session": session}),
        unique_key: Some(key),
        run_at,
        now: app.clock.now(),
    };
    Ok(jobs::insert(tx, organization, &job).await?)
}

/// The address a seat generation registers with: the person's own or their alias's first, then one of its own, because the
/// platform gives the same address the same registrant, and a cancelled one may stay denied. Where an address is an account,
/// which opens the platform's door by itself, it stays the person's.
pub async fn want(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    seat: &Seat,
    meeting: &Meeting,
    naming: &Naming,
    own_address: &str,
) -> Result<(), ApiError> {
    let address = if seat.generation == 1 || registry::addresses_are_accounts(meeting.provider) {
        naming.address(seat.person, own_address)
    } else {
        naming.fresh_address(app)
    };
    Ok(store::want_registrant(tx, organization, app.ids.next(), seat, meeting.id, &address, app.clock.now())
        .await?)
}

/// Job `registrants.prepare`: seats and registrants for everybody who may come, who waits at the door first.
pub async fn prepare_job(app: &App, job: &Job) -> Result<(), JobError> {
    let session: SessionId = job.id_of("session")?;
    let organization = job.organization;
    let Some((meeting, naming)) = want_all(app, organization, session).await.map_err(told)? else {
        return Ok(());
    };
    let Some((target, connected)) =
        meetings::reach(app, organization, meeting).await.map_err(meetings::retry)?
    else {
        return Ok(());
    };
    let Some(registrants) = connected.provider.registrants() else { return Ok(()) };
    loop {
        let now = app.clock.now();
        let mut tx = app.db.begin(organization).await?;
        let mut taken = Vec::new();
        for row in store::wanted(&mut tx, organization, meeting, now - STALE, AT_ONCE).await? {
            if store::take(&mut tx, organization, &row, now, now - STALE).await? {
                taken.push(row);
            }
        }
        let people = names(&mut tx, organization, &naming, &taken).await.map_err(told)?;
        tx.commit().await?;
        if taken.is_empty() {
            return Ok(());
        }
        let results = registrants.register_many(&Call::background(), &target, &people).await;
        let mut wait = None;
        for (row, result) in taken.iter().zip(results) {
            let provider = connected.provider.name();
            if let Err(error) =
                record(app, organization, session, provider, row, result).await.map_err(told)?
            {
                wait = wait.or(Some(error));
            }
        }
        if let Some(error) = wait {
            return Err(match error.kind {
                ErrorKind::RateLimited(until) | ErrorKind::DailyLimit(until) => {
                    JobError::Retry(error.to_string(), Some(until))
                }
                _ if error.retry == Retry::Never => continue,
                _ => JobError::Retry(error.to_string(), None),
            });
        }
    }
}

fn told(error: ApiError) -> JobError {
    JobError::Retry(error.problem().detail, None)
}

/// Seats and wanted registrants for everybody who may come to the session; its meeting, when that is ready, and how people
/// are named there.
async fn want_all(
    app: &App,
    organization: OrganizationId,
    id: SessionId,
) -> Result<Option<(MeetingId, Naming)>, ApiError> {
    let mut tx = app.db.begin(organization).await?;
    let Some(session) = sessions::service::find(&mut tx, organization, id).await? else { return Ok(None) };
    if !matches!(session.state, SessionState::Scheduled | SessionState::Live) {
        return Ok(None);
    }
    let meeting = meetings::of_session(&mut tx, organization, id)
        .await?
        .filter(|meeting| meeting.state == MeetingState::Ready);
    let Some(meeting) = meeting.filter(|meeting| meeting.registration) else { return Ok(None) };
    let class = sessions::service::class_of(&mut tx, organization, &session).await?;
    let naming = Naming::of(app, &mut tx, organization, &class).await?;
    for enrollment in enrollments::of_session(&mut tx, organization, session.class, id).await? {
        let seat =
            store::seat(&mut tx, organization, app.new_id(), id, enrollment.person, app.clock.now()).await?;
        want(app, &mut tx, organization, &seat, &meeting, &naming, &enrollment.email).await?;
    }
    tx.commit().await?;
    Ok(Some((meeting.id, naming)))
}

async fn names(
    tx: &mut Tx,
    organization: OrganizationId,
    naming: &Naming,
    rows: &[RegistrantRow],
) -> Result<Vec<Registrant>, ApiError> {
    let mut registrants = Vec::with_capacity(rows.len());
    for row in rows {
        let person = people::service::find(tx, organization, row.person).await?.ok_or(ApiError::NotFound)?;
        registrants.push(naming.registrant(person, row.email.clone()));
    }
    Ok(registrants)
}

/// Writes what the platform answered for one registrant; an address off the operator's list is refused for good.
async fn record(
    app: &App,
    organization: OrganizationId,
    session: SessionId,
    provider: ProviderName,
    row: &RegistrantRow,
    result: Result<Admission, ProviderError>,
) -> Result<Result<(), ProviderError>, ApiError> {
    let now = app.clock.now();
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let outcome = match result {
        Ok(admission) => {
            // By the platform that answered: the session's meeting may be elsewhere by now.
            let url = Url::parse(admission.join_url.0.expose()).ok();
            let good = url.is_some_and(|url| platforms::service::is_meeting_host(app, provider, &url));
            if good {
                let sealed =
                    sealer.seal("registrants", "join_url", row.id, admission.join_url.0.expose().as_bytes());
                let made = store::made(
                    &mut tx,
                    organization,
                    row.id,
                    row.attempt + 1,
                    &admission.registrant_id,
                    &sealed,
                    now,
                )
                .await?;
                match made {
                    Made::Ready => tell_ready(app, &mut tx, &sealer, organization, session, row).await?,
                    Made::Unwanted => queue_cancelling(app, &mut tx, organization, session).await?,
                    Made::NotOurs => {}
                }
            } else {
                store::not_made(
                    &mut tx,
                    organization,
                    row.id,
                    row.attempt + 1,
                    true,
                    "the platform answered an address that is not on the operator's list",
                    now,
                )
                .await?;
                tell_refused(app, &mut tx, &sealer, organization, session, row, json!({"why": "host"}))
                    .await?;
            }
            Ok(())
        }
        Err(error) => {
            let last = error.retry == Retry::Never
                && !matches!(error.kind, ErrorKind::DailyLimit(_) | ErrorKind::RateLimited(_));
            store::not_made(&mut tx, organization, row.id, row.attempt + 1, last, &error.sentence(), now)
                .await?;
            // An answer nobody can follow, such as an address that is not the platform's: told, not only tried again.
            if error.kind == ErrorKind::Unexpected {
                let details = json!({"why": "host", "code": error.code(), "vendor_code": error.vendor_code});
                tell_refused(app, &mut tx, &sealer, organization, session, row, details).await?;
            }
            Err(error)
        }
    };
    tx.commit().await?;
    app.wake.outbox.notify_one();
    app.wake.jobs.notify_one();
    Ok(outcome)
}

async fn tell_ready(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    session: SessionId,
    row: &RegistrantRow,
) -> Result<(), ApiError> {
    let Some(found) = sessions::service::find(tx, organization, session).await? else { return Ok(()) };
    let class = sessions::service::class_of(tx, organization, &found).await?;
    let now = app.clock.now();
    let event = Event::new(EventType::SeatReady, now).of(Some(session), class.id, class.instructor).person(
        Some(row.person),
        "",
        "student",
    );
    Ok(events::emit(tx, &app.ids, sealer, organization, now, &event).await?)
}

/// Nobody is sent to the address: the log has it, and whoever watches the class is told.
async fn tell_refused(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    session: SessionId,
    row: &RegistrantRow,
    details: serde_json::Value,
) -> Result<(), ApiError> {
    let entry = app
        .entry(organization, EntryKind::JoinUrlRefused, Actor::System)
        .session(session)
        .person(row.person)
        .details(details);
    let Some(found) = sessions::service::find(tx, organization, session).await? else {
        return Ok(crate::audit::store::insert(tx, &entry).await?);
    };
    let class = sessions::service::class_of(tx, organization, &found).await?;
    crate::audit::store::insert(tx, &entry.class(class.id)).await?;
    let person = people::service::find(tx, organization, row.person).await?;
    let name = person.map(|person| person.name()).unwrap_or_default();
    let now = app.clock.now();
    let event = Event::new(EventType::JoinRefused, now)
        .of(Some(session), class.id, class.instructor)
        .person(Some(row.person), name, "student")
        .detail("host");
    events::emit(tx, &app.ids, sealer, organization, now, &event).await?;
    Ok(())
}

/// Makes one registrant while the person waits, when the platform's budget has room now; `false`: the job must do it.
pub async fn make_now(
    app: &App,
    organization: OrganizationId,
    session: SessionId,
    meeting: MeetingId,
    naming: &Naming,
    row: &RegistrantRow,
    patience: std::time::Duration,
) -> Result<bool, ApiError> {
    let Ok(Some((target, connected))) = meetings::reach(app, organization, meeting).await else {
        return Ok(false);
    };
    let Some(registrants) = connected.provider.registrants() else { return Ok(false) };
    if !registrants.room_now(1) {
        return Ok(false);
    }
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    if !store::take(&mut tx, organization, row, now, now - STALE).await? {
        return Ok(false);
    }
    let who = names(&mut tx, organization, naming, std::slice::from_ref(row)).await?;
    tx.commit().await?;
    let Some(who) = who.first() else { return Ok(false) };
    let result = registrants.register(&Call::interactive(patience), &target, who).await;
    Ok(record(app, organization, session, connected.provider.name(), row, result).await?.is_ok())
}

/// Job `registrants.cancel`: takes back at the platform what no seat gives out any more.
pub async fn cancel_job(app: &App, job: &Job) -> Result<(), JobError> {
    let session: SessionId = job.id_of("session")?;
    let organization = job.organization;
    let stale = app.clock.now() - STALE;
    let mut tx = app.db.begin(organization).await?;
    let rows = store::leaving(&mut tx, organization, session, stale).await?;
    if let Some(since) = store::last_unanswered(&mut tx, organization, session, stale).await? {
        // One second more: by then its maker has ended whichever way the instants are rounded.
        let run_at = since + STALE + Duration::seconds(1);
        queue_looking(app, &mut tx, organization, session, run_at).await.map_err(told)?;
    }
    tx.commit().await?;
    for row in rows {
        let mut tx = app.db.begin(organization).await?;
        // The same registrant for a later seat: nothing is taken back.
        if store::goes_on(&mut tx, organization, &row).await? {
            store::cancelled(&mut tx, organization, row.id, app.clock.now()).await?;
            tx.commit().await?;
            continue;
        }
        drop(tx);
        let reached = meetings::reach(app, organization, row.meeting).await.map_err(meetings::retry)?;
        let there = match reached {
            Some((target, connected)) => {
                cancel_one(&target, &connected, &row).await.map_err(meetings::retry)?
            }
            None => row.provider_registrant_id.is_some(),
        };
        let mut tx = app.db.begin(organization).await?;
        store::cancelled(&mut tx, organization, row.id, app.clock.now()).await?;
        if there {
            let entry = app
                .entry(organization, EntryKind::RegistrantCancelled, Actor::System)
                .session(session)
                .person(row.person);
            crate::audit::store::insert(&mut tx, &entry).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Cancels a registrant at the platform; one whose answer nobody heard is looked up by its address. `false`: there was none.
async fn cancel_one(
    target: &MeetingRef,
    connected: &platforms::Connected,
    row: &RegistrantRow,
) -> Result<bool, ProviderError> {
    let Some(registrants) = connected.provider.registrants() else { return Ok(false) };
    let call = Call::background();
    let id = match row.provider_registrant_id.clone() {
        Some(id) => Some(id),
        None => match registrants.list(&call, target, RegistrantState::Approved).await {
            Ok(approved) => {
                approved.into_iter().find(|one| one.email.eq_ignore_ascii_case(&row.email)).map(|one| one.id)
            }
            Err(error) if error.kind == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        },
    };
    let Some(id) = id else { return Ok(false) };
    let registrant = RegistrantRef { id, email: row.email.clone() };
    match registrants.cancel(&call, target, &registrant).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// A seat for somebody who stands at the door, with its wanted registrant. Inside the caller's transaction.
pub async fn seat_for(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    meeting: Option<&Meeting>,
    naming: &Naming,
    enrollment: &Enrollment,
) -> Result<Seat, ApiError> {
    let seat =
        store::seat(tx, organization, app.new_id(), session, enrollment.person, app.clock.now()).await?;
    if let Some(meeting) = meeting {
        want(app, tx, organization, &seat, meeting, naming, &enrollment.email).await?;
    }
    Ok(seat)
}
