//! The subscriptions' table.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ConnectionId, OrganizationId},
    provider::{ProviderName, Subscription},
    sentence::Sentence,
};
use lectern_providers::registry;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx, in_words},
    run, statement,
};

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Decided; the platform has not confirmed.
    Wanted,
    /// The platform tells.
    Active,
    /// The platform refused.
    Refused,
    /// No longer needed, or gone.
    Ended,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Active => "active",
            Self::Refused => "refused",
            Self::Ended => "ended",
        }
    }
}

/// One subscription.
#[derive(Clone, Debug)]
pub struct Row {
    /// Our id.
    pub id: Uuid,
    /// At which platform.
    pub provider: ProviderName,
    /// By which grant.
    pub connection: ConnectionId,
    /// About which meeting; `None`: all of the connected account.
    pub meeting: Option<String>,
    /// The platform's id.
    pub external_id: Option<String>,
    /// Where it stands.
    pub state: State,
    /// When it ends unless renewed.
    pub until: Option<DateTime<Utc>>,
    /// When the platform last answered.
    pub asked_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Stored {
    id: Uuid,
    provider: String,
    connection_id: Uuid,
    meeting_ref: String,
    external_id: Option<String>,
    state: String,
    until: Option<DateTime<Utc>>,
    asked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Stored> for Row {
    type Error = StoreError;

    fn try_from(stored: Stored) -> Result<Self, StoreError> {
        let unknown = |word: &str| StoreError::corrupt("event_subscriptions", format!("the word {word}"));
        let states = [State::Wanted, State::Active, State::Refused, State::Ended];
        Ok(Self {
            id: stored.id,
            provider: registry::named(&stored.provider).map_err(|_| unknown(&stored.provider))?,
            connection: stored.connection_id.into(),
            meeting: Some(stored.meeting_ref).filter(|meeting| !meeting.is_empty()),
            external_id: stored.external_id,
            state: states
                .into_iter()
                .find(|state| state.word() == stored.state)
                .ok_or_else(|| unknown(&stored.state))?,
            until: stored.until,
            asked_at: stored.asked_at,
        })
    }
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, provider, connection_id, meeting_ref, external_id, state, until, asked_at from event_subscriptions ",
            $rest
        )
    };
}

statement!(tenant WANT, "insert into event_subscriptions (id, organization_id, provider, connection_id, meeting_ref, state, wanted_at) values ($1, $2, $3, $4, $5, 'wanted', $6) on conflict do nothing");
statement!(tenant FIND, columns!("where organization_id = $1 and id = $2"));
statement!(tenant BY_EXTERNAL, columns!("where organization_id = $1 and provider = $2 and external_id = $3 order by wanted_at desc limit 1"));
statement!(tenant LIVING, columns!("where organization_id = $1 and state <> 'ended' order by id"));
statement!(tenant CONFIRMED, "update event_subscriptions set state = 'active', external_id = $3, until = $4, asked_at = $5, problem = $6, problem_words = $7 where organization_id = $1 and id = $2 and state <> 'ended'");
statement!(tenant REFUSED, "update event_subscriptions set state = 'refused', asked_at = $3, problem = $4, problem_words = $5 where organization_id = $1 and id = $2 and state <> 'ended'");
statement!(tenant LOST, "update event_subscriptions set state = 'wanted', external_id = null, until = null where organization_id = $1 and id = $2 and state = 'active'");
statement!(tenant WANT_ANEW, "update event_subscriptions set state = 'wanted' where organization_id = $1 and provider = $2 and state = 'active'");
statement!(tenant ENDED, "update event_subscriptions set state = 'ended', ended_at = $3 where organization_id = $1 and id = $2 and state <> 'ended'");
statement!(tenant LAST_PROBLEM, "select problem, problem_words from event_subscriptions where organization_id = $1 and provider = $2 and asked_at is not null order by asked_at desc limit 1");
statement!(tenant SUSPENDED, "select problem, problem_words from event_subscriptions where organization_id = $1 and provider = $2 and state = 'active' and problem is not null order by asked_at desc limit 1");
statement!(tenant REMOVE_OLD, "delete from event_subscriptions where organization_id = $1 and state = 'ended' and ended_at < $2");

/// Decides on a subscription; `false` when there is one.
pub async fn want(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    provider: ProviderName,
    (connection, meeting): (ConnectionId, Option<&str>),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let meeting = meeting.unwrap_or_default();
    let values = run!(
        execute,
        tx,
        WANT,
        [id, organization.uuid(), provider.as_str(), connection.uuid(), meeting, now]
    )?;
    Ok(values == 1)
}

/// A subscription.
pub async fn find(tx: &mut Tx, organization: OrganizationId, id: Uuid) -> Result<Option<Row>, StoreError> {
    let row: Option<Stored> = run!(optional, tx, FIND, [organization.uuid(), id])?;
    row.map(Row::try_from).transpose()
}

/// The subscription that the platform names so, also one that has ended.
pub async fn by_external(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    external_id: &str,
) -> Result<Option<Row>, StoreError> {
    let row: Option<Stored> =
        run!(optional, tx, BY_EXTERNAL, [organization.uuid(), provider.as_str(), external_id])?;
    row.map(Row::try_from).transpose()
}

/// All that have not ended.
pub async fn living(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Row>, StoreError> {
    let rows: Vec<Stored> = run!(all, tx, LIVING, [organization.uuid()])?;
    rows.into_iter().map(Row::try_from).collect()
}

/// The platform confirmed; it may say that it does not deliver at present.
pub async fn confirmed(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    told: &Subscription,
    problem: Option<&Sentence>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let english = problem.map(|problem| &**problem);
    Ok(run!(
        execute,
        tx,
        CONFIRMED,
        [organization.uuid(), id, &told.id, told.until, now, english, problem.map(Json)]
    )? == 1)
}

/// The platform refused.
pub async fn refused(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    problem: &Sentence,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, REFUSED, [organization.uuid(), id, now, &**problem, Json(problem)])?;
    Ok(())
}

/// The platform no longer has it: it is wanted again.
pub async fn lost(tx: &mut Tx, organization: OrganizationId, id: Uuid) -> Result<(), StoreError> {
    run!(execute, tx, LOST, [organization.uuid(), id])?;
    Ok(())
}

/// Those of a platform tell somewhere else: they are wanted again, and what the platform has of them is known until it confirms.
pub async fn want_anew(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<(), StoreError> {
    run!(execute, tx, WANT_ANEW, [organization.uuid(), provider.as_str()])?;
    Ok(())
}

/// It is no longer needed.
pub async fn ended(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, ENDED, [organization.uuid(), id, now])?;
    Ok(())
}

/// What the platform last said stands in the way of its events, if anything.
pub async fn last_problem(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Option<Sentence>, StoreError> {
    let row: Option<(Option<String>, Option<Json<Sentence>>)> =
        run!(optional, tx, LAST_PROBLEM, [organization.uuid(), provider.as_str()])?;
    Ok(row.and_then(|(english, words)| in_words(english, words)))
}

/// Why a platform does not deliver at present what it agreed to deliver, if there is such a subscription.
pub async fn suspended(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Option<Sentence>, StoreError> {
    let row: Option<(Option<String>, Option<Json<Sentence>>)> =
        run!(optional, tx, SUSPENDED, [organization.uuid(), provider.as_str()])?;
    Ok(row.and_then(|(english, words)| in_words(english, words)))
}

/// Removes those that ended before the instant.
pub async fn remove_old(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_OLD, [organization.uuid(), before])?)
}
