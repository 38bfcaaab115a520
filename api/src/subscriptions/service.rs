//! What other rooms ask of this one.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{ConnectionId, OrganizationId, SessionId},
    provider::{EventKind, IncomingEvent, ProviderName, SubscriptionScope},
    sentence::Sentence,
};
use uuid::Uuid;

use super::{
    jobs,
    store::{self, State},
};
use crate::{
    app::App,
    db::Tx,
    error::ApiError,
    jobs::store::NewJob,
    platforms,
    sessions::facts::{self, SessionFacts},
};

/// What an event of a subscription is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// No subscription of this organization's.
    Unknown,
    /// A meeting, by the platform's id.
    Meeting(String),
    /// The subscription itself: what follows is queued.
    Itself,
    /// Something of the account's, which must be looked up with this connection.
    Account(ConnectionId),
}

/// What a session needs to be told of, at its platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) provider: ProviderName,
    pub(super) connection: ConnectionId,
    pub(super) meeting: Option<String>,
}

/// What this session needs; none where its platform, or its kind of connection, tells nothing when asked.
pub(super) async fn need(
    app: &App,
    organization: OrganizationId,
    facts: &SessionFacts,
) -> Result<Option<Need>, ApiError> {
    let (Some(connection), Some(meeting)) = (facts.connection, &facts.provider_id) else { return Ok(None) };
    let scope = platforms::events::asks_for_events(app, organization, facts.provider, connection).await?;
    Ok(scope.map(|scope| Need {
        provider: facts.provider,
        connection,
        meeting: (scope == SubscriptionScope::Meeting).then(|| meeting.clone()),
    }))
}

/// A session is about to run, or runs: its events are asked for now instead of at the next tick. A failure is the tick's to mend.
pub async fn follow(app: &App, organization: OrganizationId, session: SessionId) {
    let following = async {
        let mut look = app.db.read(organization).await?;
        let facts = facts::of_session(&mut look, organization, session).await?;
        drop(look);
        let near = |facts: &SessionFacts| facts.starts_at <= app.clock.now() + jobs::LEAD;
        let Some(facts) = facts.filter(|facts| near(facts) || facts.started_at.is_some()) else {
            return Ok(());
        };
        let Some(need) = need(app, organization, &facts).await? else { return Ok(()) };
        let mut tx = app.db.begin(organization).await?;
        want(app, &mut tx, organization, &need).await?;
        tx.commit().await?;
        app.wake.jobs.notify_one();
        Ok::<(), ApiError>(())
    };
    if let Err(error) = following.await {
        tracing::warn!(?error, %session, "the events of session {session} will be asked for by the next tick");
    }
}

/// Decides on a subscription where there is none, and queues the asking.
pub(super) async fn want(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    need: &Need,
) -> Result<(), ApiError> {
    let id: Uuid = app.ids.next();
    let about = (need.connection, need.meeting.as_deref());
    if store::want(tx, organization, id, need.provider, about, app.clock.now()).await? {
        push(app, tx, organization, jobs::SUBSCRIBE, id).await?;
    }
    Ok(())
}

/// Queues work on one subscription; one waiting job of a kind is enough.
pub(super) async fn push(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    kind: &'static str,
    id: Uuid,
) -> Result<(), ApiError> {
    let (key, now) = (id.to_string(), app.clock.now());
    let body = serde_json::json!({"subscription": id});
    let job = NewJob { id: app.ids.next(), kind, body, unique_key: Some(&key), run_at: now, now };
    Ok(crate::jobs::store::insert(tx, organization, &job).await?)
}

/// An event that names a subscription: which meeting it is about, or what became of the subscription. Inside the caller's
/// transaction, which may be read again.
pub async fn told(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    event: &IncomingEvent,
) -> Result<Told, ApiError> {
    let Some(external_id) = event.subscription_id.as_deref() else { return Ok(Told::Unknown) };
    let Some(row) = store::by_external(tx, organization, provider, external_id).await? else {
        return Ok(Told::Unknown);
    };
    match event.kind {
        EventKind::SubscriptionEnding => {
            if row.state == State::Active {
                push(app, tx, organization, jobs::RENEW, row.id).await?;
            }
            Ok(Told::Itself)
        }
        EventKind::SubscriptionLost => {
            if row.state == State::Active {
                store::lost(tx, organization, row.id).await?;
                push(app, tx, organization, jobs::SUBSCRIBE, row.id).await?;
            }
            Ok(Told::Itself)
        }
        _ => Ok(row.meeting.map_or(Told::Account(row.connection), Told::Meeting)),
    }
}

/// The events shall go elsewhere: they are asked for again by the next tick. Inside the caller's transaction.
pub async fn ask_anew(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<(), ApiError> {
    Ok(store::want_anew(tx, organization, provider).await?)
}

/// What a platform last said stands in the way of its events, if anything.
pub async fn last_problem(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Option<Sentence>, ApiError> {
    Ok(store::last_problem(tx, organization, provider).await?)
}

/// Why a platform does not deliver at present what it agreed to deliver, if so.
pub async fn suspended(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Option<Sentence>, ApiError> {
    Ok(store::suspended(tx, organization, provider).await?)
}

/// How long an ended subscription is remembered: its events may still be on their way.
const REMEMBERED: Duration = Duration::days(30);

/// Part of tick `clean_up`: subscriptions that ended long ago, and keys that nothing can name any more.
pub async fn remove_old(app: &App, organization: OrganizationId) -> Result<u64, ApiError> {
    let before: DateTime<Utc> = app.clock.now() - REMEMBERED;
    let mut tx = app.db.begin(organization).await?;
    let removed = store::remove_old(&mut tx, organization, before).await?
        + platforms::events::remove_old_event_keys(&mut tx, organization, before).await?;
    tx.commit().await?;
    Ok(removed)
}
