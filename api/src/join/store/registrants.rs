//! What seats are at the platform.

use chrono::{DateTime, Utc};
use lectern_core::ids::{MeetingId, OrganizationId, PersonId, SeatId, SessionId};
use sqlx::FromRow;
use uuid::Uuid;

use super::seats::Seat;
use crate::{
    db::{StoreError, Tx},
    run, statement,
};

/// What a seat generation is at the platform.
#[derive(Clone, Debug)]
pub struct RegistrantRow {
    /// Its id.
    pub id: Uuid,
    /// Of which seat.
    pub seat: SeatId,
    /// At which meeting.
    pub meeting: MeetingId,
    /// Whose.
    pub person: PersonId,
    /// Of which seat generation.
    pub generation: i64,
    /// Registered address.
    pub email: String,
    /// `wanted`, `making`, `ready`, `failed`, `leaving` or `cancelled`.
    pub state: String,
    /// How often it was tried.
    pub attempt: i64,
    /// The platform's id.
    pub provider_registrant_id: Option<String>,
    /// The person's own URL, sealed.
    pub join_url: Option<Vec<u8>>,
}

#[derive(FromRow)]
struct RegistrantDbRow {
    id: Uuid,
    seat_id: Uuid,
    meeting_id: Uuid,
    person_id: Uuid,
    generation: i64,
    email: String,
    state: String,
    attempt: i64,
    provider_registrant_id: Option<String>,
    join_url: Option<Vec<u8>>,
}

impl From<RegistrantDbRow> for RegistrantRow {
    fn from(row: RegistrantDbRow) -> Self {
        let RegistrantDbRow {
            id,
            seat_id,
            meeting_id,
            person_id,
            generation,
            email,
            state,
            attempt,
            provider_registrant_id,
            join_url,
        } = row;
        Self {
            id,
            seat: seat_id.into(),
            meeting: meeting_id.into(),
            person: person_id.into(),
            generation,
            email,
            state,
            attempt,
            provider_registrant_id,
            join_url,
        }
    }
}

macro_rules! registrant_columns {
    ($rest:literal) => {
        concat!(
            "select id, seat_id, meeting_id, person_id, generation, email, state, attempt, provider_registrant_id, join_url from registrants ",
            $rest
        )
    };
}

statement!(tenant INSERT_REGISTRANT, "insert into registrants (id, organization_id, seat_id, session_id, meeting_id, person_id, generation, email, state, attempt, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, 'wanted', 0, $9, $9) on conflict do nothing");
statement!(tenant FIND_REGISTRANT, registrant_columns!("where organization_id = $1 and meeting_id = $2 and seat_id = $3 and generation = $4"));
statement!(tenant WANTED, "select r.id, r.seat_id, r.meeting_id, r.person_id, r.generation, r.email, r.state, r.attempt, r.provider_registrant_id, r.join_url
    from registrants r join seats t on t.organization_id = r.organization_id and t.id = r.seat_id and t.generation = r.generation
    where r.organization_id = $1 and r.meeting_id = $2 and (r.state = 'wanted' or (r.state = 'making' and r.updated_at < $3))
    order by case when t.waiting_since is null then 1 else 0 end, t.waiting_since, r.id limit $4");
statement!(tenant TAKE, "update registrants set state = 'making', attempt = attempt + 1, updated_at = $3 where organization_id = $1 and id = $2 and attempt = $4 and (state in ('wanted', 'failed') or (state = 'making' and updated_at < $5))");
statement!(tenant MADE,
    sqlite: "update registrants set state = case when state = 'leaving' then 'leaving' else 'ready' end, provider_registrant_id = $4,
        join_url = case when state = 'leaving' then null else $5 end, problem = null, updated_at = $6
        where organization_id = $1 and id = $2 and attempt = $3 and state in ('making', 'leaving') returning state",
    postgres: "update registrants set state = case when state = 'leaving' then 'leaving' else 'ready' end, provider_registrant_id = $4,
        join_url = case when state = 'leaving' then null else $5::bytea end, problem = null, updated_at = $6
        where organization_id = $1 and id = $2 and attempt = $3 and state in ('making', 'leaving') returning state");
statement!(tenant NOT_MADE, "update registrants set state = case when state = 'making' then $4 when $4 = 'failed' then 'cancelled' else state end, problem = $5, updated_at = $6
    where organization_id = $1 and id = $2 and attempt = $3 and state in ('making', 'leaving')");
statement!(tenant LEAVE_SEAT, "update registrants set state = case when provider_registrant_id is null and (state = 'failed' or (state = 'wanted' and attempt = 0)) then 'cancelled' else 'leaving' end,
    join_url = null, updated_at = $4
    where organization_id = $1 and seat_id = $2 and generation < $3 and state in ('wanted', 'making', 'ready', 'failed')");
statement!(tenant LEAVE_SEATS,
    sqlite: "update registrants set state = case when provider_registrant_id is null and (state = 'failed' or (state = 'wanted' and attempt = 0)) then 'cancelled' else 'leaving' end,
        join_url = null, updated_at = $3
        where organization_id = $1 and seat_id in (select unhex(value) from json_each($2)) and state in ('wanted', 'making', 'ready', 'failed')
        and generation < (select t.generation from seats t where t.organization_id = registrants.organization_id and t.id = registrants.seat_id)",
    postgres: "update registrants set state = case when provider_registrant_id is null and (state = 'failed' or (state = 'wanted' and attempt = 0)) then 'cancelled' else 'leaving' end,
        join_url = null, updated_at = $3
        where organization_id = $1 and seat_id = any(array(select value::uuid from json_array_elements_text($2::json))) and state in ('wanted', 'making', 'ready', 'failed')
        and generation < (select t.generation from seats t where t.organization_id = registrants.organization_id and t.id = registrants.seat_id)");
statement!(tenant LEAVING, registrant_columns!("where organization_id = $1 and session_id = $2 and state = 'leaving' and (provider_registrant_id is not null or updated_at < $3)"));
statement!(tenant GOES_ON, "select count(*) from registrants
    where organization_id = $1 and meeting_id = $2 and email = $3 and id <> $4 and state in ('wanted', 'making', 'ready')");
statement!(tenant LAST_UNANSWERED, "select max(updated_at) from registrants where organization_id = $1 and session_id = $2 and state = 'leaving' and provider_registrant_id is null and updated_at >= $3");
statement!(tenant SESSIONS_WITH_LEAVING, "select distinct session_id from registrants where organization_id = $1 and state = 'leaving' and updated_at < $2");
statement!(tenant CANCELLED, "update registrants set state = 'cancelled', updated_at = $3 where organization_id = $1 and id = $2");

/// Registrants of generations below this one are no longer given out, and are to be cancelled.
pub async fn leave(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    below: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, LEAVE_SEAT, [organization.uuid(), seat.uuid(), below, now])?;
    Ok(())
}

/// What was registered for earlier generations of these seats has to go.
pub(super) async fn leave_many(
    tx: &mut Tx,
    organization: OrganizationId,
    seats: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, LEAVE_SEATS, [organization.uuid(), seats, now])?;
    Ok(())
}

/// Whether another seat, or a later browser of the same one, is registered in the meeting with this row's address: to the
/// platform that is the same registrant.
pub async fn goes_on(
    tx: &mut Tx,
    organization: OrganizationId,
    row: &RegistrantRow,
) -> Result<bool, StoreError> {
    let others: i64 =
        run!(value, tx, GOES_ON, [organization.uuid(), row.meeting.uuid(), row.email.as_str(), row.id])?;
    Ok(others > 0)
}

/// Wants a registrant for a seat's present generation; fine when there is one.
pub async fn want_registrant(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    seat: &Seat,
    meeting: MeetingId,
    email: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT_REGISTRANT,
        [
            id,
            organization.uuid(),
            seat.id.uuid(),
            seat.session.uuid(),
            meeting.uuid(),
            seat.person.uuid(),
            seat.generation,
            email,
            now
        ]
    )?;
    Ok(())
}

/// The registrant of a seat's present generation.
pub async fn registrant(
    tx: &mut Tx,
    organization: OrganizationId,
    meeting: MeetingId,
    seat: &Seat,
) -> Result<Option<RegistrantRow>, StoreError> {
    let row: Option<RegistrantDbRow> = run!(
        optional,
        tx,
        FIND_REGISTRANT,
        [organization.uuid(), meeting.uuid(), seat.id.uuid(), seat.generation]
    )?;
    Ok(row.map(RegistrantRow::from))
}

/// Registrants to be made: who waits at the door first, in order of arrival; also those whose maker vanished.
pub async fn wanted(
    tx: &mut Tx,
    organization: OrganizationId,
    meeting: MeetingId,
    stale: DateTime<Utc>,
    most: i64,
) -> Result<Vec<RegistrantRow>, StoreError> {
    let rows: Vec<RegistrantDbRow> =
        run!(all, tx, WANTED, [organization.uuid(), meeting.uuid(), stale, most])?;
    Ok(rows.into_iter().map(RegistrantRow::from).collect())
}

/// Takes a registrant for making: `false` when somebody else did.
pub async fn take(
    tx: &mut Tx,
    organization: OrganizationId,
    row: &RegistrantRow,
    now: DateTime<Utc>,
    stale: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, TAKE, [organization.uuid(), row.id, now, row.attempt, stale])? == 1)
}

/// How the platform's answer was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// The person's way in.
    Ready,
    /// The seat was given up meanwhile: the way in must be cancelled.
    Unwanted,
    /// Somebody else makes it now.
    NotOurs,
}

/// The registrant is there: only the present maker may say so.
pub async fn made(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    attempt: i64,
    provider_id: &str,
    join_url: &[u8],
    now: DateTime<Utc>,
) -> Result<Made, StoreError> {
    let state: Option<String> =
        run!(optional_value, tx, MADE, [organization.uuid(), id, attempt, provider_id, join_url, now])?;
    Ok(match state.as_deref() {
        None => Made::NotOurs,
        Some("leaving") => Made::Unwanted,
        Some(_) => Made::Ready,
    })
}

/// The registrant could not be made; `last`: no further try follows by itself.
pub async fn not_made(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    attempt: i64,
    last: bool,
    problem: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        NOT_MADE,
        [organization.uuid(), id, attempt, if last { "failed" } else { "wanted" }, problem, now]
    )?;
    Ok(())
}

/// Registrants of a session that are to be cancelled at the platform; those without an id only when their maker has ended.
pub async fn leaving(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    stale: DateTime<Utc>,
) -> Result<Vec<RegistrantRow>, StoreError> {
    let rows: Vec<RegistrantDbRow> = run!(all, tx, LEAVING, [organization.uuid(), session.uuid(), stale])?;
    Ok(rows.into_iter().map(RegistrantRow::from).collect())
}

/// Since when the youngest registrant of a session is to be cancelled whose maker may still answer.
pub async fn last_unanswered(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    stale: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(run!(value, tx, LAST_UNANSWERED, [organization.uuid(), session.uuid(), stale])?)
}

/// Sessions with registrants that have been waiting to be cancelled since before an instant.
pub async fn sessions_with_leaving(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<Vec<SessionId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, SESSIONS_WITH_LEAVING, [organization.uuid(), before])?;
    Ok(ids.into_iter().map(SessionId).collect())
}

/// The registrant is cancelled at the platform.
pub async fn cancelled(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, CANCELLED, [organization.uuid(), id, now])?;
    Ok(())
}
