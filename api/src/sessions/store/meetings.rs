//! The meetings behind sessions.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ConnectionId, MeetingId, OrganizationId, SessionId},
    provider::{OurReference, ProviderName},
    sentence::Sentence,
};
use lectern_providers::registry;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx, in_words},
    run, statement,
};

/// Where a meeting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeetingState {
    /// Decided; the provider has not confirmed.
    Creating,
    /// There.
    Ready,
    /// The provider refused.
    Failed,
    /// Given up: nothing but its removal at the platform is left to do.
    Removed,
}

impl MeetingState {
    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "creating" => Some(Self::Creating),
            "ready" => Some(Self::Ready),
            "failed" => Some(Self::Failed),
            "removed" => Some(Self::Removed),
            _ => None,
        }
    }
}

/// The provider's object behind a session.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Its id.
    pub id: MeetingId,
    /// Of which session.
    pub session: SessionId,
    /// On which platform.
    pub provider: ProviderName,
    /// Made by which grant.
    pub connection: Option<ConnectionId>,
    /// Our name for it.
    pub reference: OurReference,
    /// Where it stands.
    pub state: MeetingState,
    /// How often it was tried.
    pub attempt: i64,
    /// Somebody is making it until then.
    pub busy_until: Option<DateTime<Utc>>,
    /// The provider's id.
    pub provider_id: Option<String>,
    /// People must be registered to get in; otherwise the general URL is for all.
    pub registration: bool,
    /// The general join URL, sealed.
    pub join_url: Option<Vec<u8>>,
    /// A stable word for what is wrong.
    pub problem_code: Option<String>,
    /// What is wrong.
    pub problem: Option<Sentence>,
}

#[derive(FromRow)]
struct MeetingRow {
    id: Uuid,
    session_id: Uuid,
    provider: String,
    connection_id: Option<Uuid>,
    reference: String,
    state: String,
    attempt: i64,
    busy_until: Option<DateTime<Utc>>,
    provider_id: Option<String>,
    registration: Option<bool>,
    join_url: Option<Vec<u8>>,
    problem_code: Option<String>,
    problem: Option<String>,
    problem_words: Option<Json<Sentence>>,
}

impl TryFrom<MeetingRow> for Meeting {
    type Error = StoreError;

    fn try_from(row: MeetingRow) -> Result<Self, StoreError> {
        let broken = |what: &str| StoreError::corrupt("meetings", what.to_owned());
        Ok(Self {
            id: row.id.into(),
            session: row.session_id.into(),
            provider: registry::named(&row.provider).map_err(|_| broken("provider"))?,
            connection: row.connection_id.map(ConnectionId),
            reference: OurReference::parse(&row.reference).ok_or_else(|| broken("reference"))?,
            state: MeetingState::parse(&row.state).ok_or_else(|| broken("state"))?,
            attempt: row.attempt,
            busy_until: row.busy_until,
            provider_id: row.provider_id,
            registration: row.registration.unwrap_or(true),
            join_url: row.join_url,
            problem_code: row.problem_code,
            problem: in_words(row.problem, row.problem_words),
        })
    }
}

macro_rules! meeting_columns {
    ($rest:literal) => {
        concat!(
            "select id, session_id, provider, connection_id, reference, state, attempt, busy_until, provider_id, registration, join_url, problem_code, problem, problem_words from meetings ",
            $rest
        )
    };
}

statement!(tenant INSERT_MEETING, "insert into meetings (id, organization_id, session_id, provider, reference, state, attempt, wanted_at) values ($1, $2, $3, $4, $5, 'creating', 0, $6) on conflict do nothing");
statement!(tenant FIND_MEETING, meeting_columns!("where organization_id = $1 and id = $2 and state <> 'removed'"));
statement!(tenant MEETING_OF, meeting_columns!("where organization_id = $1 and session_id = $2 and parent_id is null and state <> 'removed'"));
statement!(tenant NOT_YET_REMOVED, meeting_columns!("where organization_id = $1 and id = $2 and (state <> 'removed' or removed_at is null)"));
statement!(tenant RETIRE_MEETING, "update meetings set state = 'removed', removed_at = null, join_url = null where organization_id = $1 and id = $2 and state <> 'removed'");
statement!(tenant BEGIN_ATTEMPT, "update meetings set state = 'creating', attempt = attempt + 1, busy_until = $3
    where organization_id = $1 and id = $2 and state in ('creating', 'failed') and (busy_until is null or busy_until <= $4) returning attempt");
statement!(tenant MEETING_READY, "update meetings set state = 'ready', provider_id = $4, host_id = $5, join_url = $6, connection_id = $7, differences = $8, ready_at = $9, registration = $10, busy_until = null, problem_code = null, problem = null, problem_words = null
    where organization_id = $1 and id = $2 and attempt = $3 and state = 'creating'");
statement!(tenant MEETING_PROBLEM, "update meetings set state = $4, problem_code = $5, problem = $6, problem_words = $7, busy_until = null where organization_id = $1 and id = $2 and attempt = $3 and state = 'creating'");
statement!(tenant MEETING_NOT_ENDED, "update meetings set problem_code = $3, problem = $4, problem_words = $5 where organization_id = $1 and id = $2 and state = 'ready'");
statement!(tenant MEETING_REMOVED, "update meetings set state = 'removed', removed_at = $3, join_url = null, busy_until = null where organization_id = $1 and id = $2 and (state <> 'removed' or removed_at is null)");
statement!(tenant REMOVABLE, "select m.id, m.session_id, m.provider, m.connection_id, m.reference, m.state, m.attempt, m.busy_until, m.provider_id, m.registration, m.join_url, m.problem_code, m.problem, m.problem_words
    from meetings m join sessions s on s.organization_id = m.organization_id and s.id = m.session_id
    left join reconciliations r on r.organization_id = m.organization_id and r.session_id = m.session_id
    where m.organization_id = $1 and ((m.state = 'removed' and m.removed_at is null and m.attempt > 0) or m.state = 'ready' and (s.state = 'cancelled' or (s.state = 'ended' and s.ends_at < $2
        and (r.state in ('finished', 'none') or (s.ends_at < $3 and r.state = 'given_up' and r.problem is null
            and not exists (select 1 from runs u where u.organization_id = m.organization_id and u.session_id = m.session_id)))))) order by m.id limit 50");

/// Decides on a meeting; `false` when the session has one.
pub async fn insert_meeting(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    session: SessionId,
    provider: ProviderName,
    reference: &OurReference,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        INSERT_MEETING,
        [id.uuid(), organization.uuid(), session.uuid(), provider.as_str(), reference.as_str(), now]
    )? == 1)
}

/// A meeting that was not removed.
pub async fn find_meeting(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
) -> Result<Option<Meeting>, StoreError> {
    let row: Option<MeetingRow> = run!(optional, tx, FIND_MEETING, [organization.uuid(), id.uuid()])?;
    row.map(Meeting::try_from).transpose()
}

/// The meeting of a session.
pub async fn meeting_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<Meeting>, StoreError> {
    let row: Option<MeetingRow> = run!(optional, tx, MEETING_OF, [organization.uuid(), session.uuid()])?;
    row.map(Meeting::try_from).transpose()
}

/// Begins an attempt to make the meeting, unless another is under way; its number.
pub async fn begin_attempt(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    Ok(run!(optional_value, tx, BEGIN_ATTEMPT, [organization.uuid(), id.uuid(), until, now])?)
}

/// What the provider made.
#[derive(Debug)]
pub struct Made<'a> {
    /// The provider's id.
    pub provider_id: &'a str,
    /// The provider's id of the host.
    pub host_id: Option<&'a str>,
    /// The general join URL, sealed.
    pub join_url: &'a [u8],
    /// By which grant; none on a platform that needs no account.
    pub connection: Option<ConnectionId>,
    /// People must be registered.
    pub registration: bool,
    /// Settings that came out otherwise than asked.
    pub differences: &'a serde_json::Value,
}

/// The meeting is there: only the present attempt may say so.
pub async fn meeting_ready(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    attempt: i64,
    made: &Made<'_>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        MEETING_READY,
        [
            organization.uuid(),
            id.uuid(),
            attempt,
            made.provider_id,
            made.host_id,
            made.join_url,
            made.connection.map(ConnectionId::uuid),
            Json(made.differences),
            now,
            made.registration
        ]
    )? == 1)
}

/// The attempt did not succeed; `last`: no further one follows by itself.
pub async fn meeting_problem(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    attempt: i64,
    last: bool,
    code: &str,
    sentence: &Sentence,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        MEETING_PROBLEM,
        [
            organization.uuid(),
            id.uuid(),
            attempt,
            if last { "failed" } else { "creating" },
            code,
            &**sentence,
            Json(sentence)
        ]
    )? == 1)
}

/// The platform could not be told to end it.
pub async fn meeting_not_ended(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    code: &str,
    sentence: &Sentence,
) -> Result<(), StoreError> {
    let words = Json(sentence);
    run!(execute, tx, MEETING_NOT_ENDED, [organization.uuid(), id.uuid(), code, &**sentence, words])?;
    Ok(())
}

/// A meeting that the platform may still have: one that was not removed, or was given up and not yet removed there.
pub async fn not_yet_removed(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
) -> Result<Option<Meeting>, StoreError> {
    let row: Option<MeetingRow> = run!(optional, tx, NOT_YET_REMOVED, [organization.uuid(), id.uuid()])?;
    row.map(Meeting::try_from).transpose()
}

/// Nobody is sent to the meeting any more, and another may be made for its session; the platform still has it.
pub async fn retire_meeting(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
) -> Result<(), StoreError> {
    run!(execute, tx, RETIRE_MEETING, [organization.uuid(), id.uuid()])?;
    Ok(())
}

/// The meeting is neither referred to nor at the platform: `false` when it was not any more.
pub async fn meeting_removed(
    tx: &mut Tx,
    organization: OrganizationId,
    id: MeetingId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, MEETING_REMOVED, [organization.uuid(), id.uuid(), now])? == 1)
}

/// Meetings that were given up, of cancelled sessions, and of sessions long past: those whose attendance was read or can be read by nobody, and
/// those of which neither an event nor a report ever told anything once `dead_before` is past, when the platform's own
/// number is dead. One whose report exists and could not be read stays.
pub async fn removable_meetings(
    tx: &mut Tx,
    organization: OrganizationId,
    past_before: DateTime<Utc>,
    dead_before: DateTime<Utc>,
) -> Result<Vec<Meeting>, StoreError> {
    let rows: Vec<MeetingRow> = run!(all, tx, REMOVABLE, [organization.uuid(), past_before, dead_before])?;
    rows.into_iter().map(Meeting::try_from).collect()
}
