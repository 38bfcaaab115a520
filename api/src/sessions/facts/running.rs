//! What a platform's word changes of a session: it runs, or it is over.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{OrganizationId, SessionId},
    session::SessionState,
};

use super::find::SessionFacts;
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::{Statement, StoreError, Tx},
    error::ApiError,
    events::{self, Event, EventType},
    keys::Sealer,
    run, statement,
};

/// A start this long before the schedule is a trial of the room: kept as a run, but the session does not go live.
const EARLIEST_START: Duration = Duration::hours(1);

/// An end this close to the schedule's is the end of the session; an earlier one may be followed by a restart.
const NEAR_THE_END: Duration = Duration::minutes(5);

statement!(tenant GO_LIVE, "update sessions set state = 'live', started_at = $3, ended_at = null, updated_at = $4
    where organization_id = $1 and id = $2 and state = 'scheduled'");
statement!(tenant STARTED_EARLIER, "update sessions set started_at = $3, updated_at = $4
    where organization_id = $1 and id = $2 and state in ('live', 'ended') and (started_at is null or started_at > $3)");
statement!(tenant GO_OVER, "update sessions set state = 'ended', ended_at = $3, updated_at = $4
    where organization_id = $1 and id = $2 and state in ('scheduled', 'live')");
async fn change(
    tx: &mut Tx,
    organization: OrganizationId,
    statement: Statement,
    session: SessionId,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, statement, [organization.uuid(), session.uuid(), at, now])? == 1)
}

async fn tell(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: &SessionFacts,
    at: DateTime<Utc>,
    kinds: (EntryKind, EventType),
) -> Result<(), StoreError> {
    let entry = app
        .entry(organization, kinds.0, Actor::Provider)
        .class(facts.class)
        .session(facts.session)
        .details(serde_json::json!({"by": "platform"}));
    audit::store::insert(tx, &audit::Entry { at, ..entry }).await?;
    let event = Event::new(kinds.1, at).of(Some(facts.session), facts.class, facts.instructor);
    events::emit(tx, &app.ids, sealer, organization, app.clock.now(), &event).await
}

/// The platform says that the meeting runs: the session is live, unless the start is more than an hour early (a trial of the
/// room) or the session is already over or cancelled. Repeating it, and hearing of an earlier start later, are harmless.
/// Returns whether the session went live by it.
pub async fn mark_live(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: &mut SessionFacts,
    at: DateTime<Utc>,
) -> Result<bool, ApiError> {
    if at < facts.starts_at - EARLIEST_START || facts.state == SessionState::Cancelled {
        return Ok(false);
    }
    let now = app.clock.now();
    if facts.state == SessionState::Scheduled
        && change(tx, organization, GO_LIVE, facts.session, at, now).await?
    {
        facts.state = SessionState::Live;
        facts.started_at = Some(at);
        let kinds = (EntryKind::SessionStarted, EventType::SessionStarted);
        tell(app, tx, sealer, organization, facts, at, kinds).await?;
        return Ok(true);
    }
    if facts.started_at.is_none_or(|known| known > at)
        && change(tx, organization, STARTED_EARLIER, facts.session, at, now).await?
    {
        facts.started_at = Some(at);
    }
    Ok(false)
}

/// The platform says that the meeting ended. Within five minutes of the scheduled end, or after it, the session is over at
/// once. Earlier, it stays live: a dropped host starts again, and a class that really ended early is ended by its instructor
/// or, at its scheduled end and its grace, by the clock. Returns whether the session ended by it.
pub async fn mark_ended(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    facts: &mut SessionFacts,
    at: DateTime<Utc>,
) -> Result<bool, ApiError> {
    if at < facts.ends_at - NEAR_THE_END {
        return Ok(false);
    }
    let ended = change(tx, organization, GO_OVER, facts.session, at, app.clock.now()).await?;
    if ended {
        facts.state = SessionState::Ended;
        facts.ended_at = Some(at);
        let kinds = (EntryKind::SessionEnded, EventType::SessionEnded);
        tell(app, tx, sealer, organization, facts, at, kinds).await?;
    }
    Ok(ended)
}
