//! Seats, their registrants, and codes that prove another browser.

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, MeetingId, OrganizationId, PersonId, SeatId, SessionId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

/// One person's admission to one session.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Its id.
    pub id: SeatId,
    /// To which session.
    pub session: SessionId,
    /// Whose.
    pub person: PersonId,
    /// Grows when it moves to another browser.
    pub generation: i64,
    /// Which browser holds it.
    pub browser_hash: Option<Vec<u8>>,
    /// Since when the person waits for a registrant.
    pub waiting_since: Option<DateTime<Utc>>,
    /// When we first sent the person on.
    pub redirected_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct SeatRow {
    id: Uuid,
    session_id: Uuid,
    person_id: Uuid,
    generation: i64,
    browser_hash: Option<Vec<u8>>,
    waiting_since: Option<DateTime<Utc>>,
    redirected_at: Option<DateTime<Utc>>,
}

impl From<SeatRow> for Seat {
    fn from(row: SeatRow) -> Self {
        let SeatRow { id, session_id, person_id, generation, browser_hash, waiting_since, redirected_at } =
            row;
        Self {
            id: id.into(),
            session: session_id.into(),
            person: person_id.into(),
            generation,
            browser_hash,
            waiting_since,
            redirected_at,
        }
    }
}

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

macro_rules! seat_columns {
    ($rest:literal) => {
        concat!("select id, session_id, person_id, generation, browser_hash, waiting_since, redirected_at from seats ", $rest)
    };
}

macro_rules! registrant_columns {
    ($rest:literal) => {
        concat!(
            "select id, seat_id, meeting_id, person_id, generation, email, state, attempt, provider_registrant_id, join_url from registrants ",
            $rest
        )
    };
}

statement!(tenant INSERT_SEAT, "insert into seats (id, organization_id, session_id, person_id, generation, created_at) values ($1, $2, $3, $4, 1, $5) on conflict do nothing");
statement!(tenant FIND_SEAT, seat_columns!("where organization_id = $1 and session_id = $2 and person_id = $3"));
statement!(tenant SEATS_OF_SESSION, seat_columns!("where organization_id = $1 and session_id = $2"));
statement!(tenant BIND, "update seats set browser_hash = $3, bound_at = $4 where organization_id = $1 and id = $2 and browser_hash is null");
statement!(tenant MOVE, "update seats set browser_hash = $3, bound_at = $4, generation = generation + 1, waiting_since = null
    where organization_id = $1 and id = $2 and generation = $5");
statement!(tenant RELEASE, "update seats set browser_hash = null, bound_at = null, generation = generation + 1, waiting_since = null where organization_id = $1 and id = $2");
statement!(tenant SEATS_IN_CLASS, "select t.id, t.session_id, t.person_id, t.generation, t.browser_hash, t.waiting_since, t.redirected_at from seats t
    join sessions s on s.organization_id = t.organization_id and s.id = t.session_id
    where t.organization_id = $1 and s.class_id = $2 and t.person_id = $3 and s.state in ('scheduled', 'live')");
statement!(tenant WAIT, "update seats set waiting_since = $3 where organization_id = $1 and id = $2 and waiting_since is null");
statement!(tenant REDIRECTED, "update seats set redirected_at = $3, waiting_since = null where organization_id = $1 and id = $2 and redirected_at is null");
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
statement!(tenant LEAVING, registrant_columns!("where organization_id = $1 and session_id = $2 and state = 'leaving' and (provider_registrant_id is not null or updated_at < $3)"));
statement!(tenant LAST_UNANSWERED, "select max(updated_at) from registrants where organization_id = $1 and session_id = $2 and state = 'leaving' and provider_registrant_id is null and updated_at >= $3");
statement!(tenant SESSIONS_WITH_LEAVING, "select distinct session_id from registrants where organization_id = $1 and state = 'leaving' and updated_at < $2");
statement!(tenant CANCELLED, "update registrants set state = 'cancelled', updated_at = $3 where organization_id = $1 and id = $2");
statement!(tenant PUT_CODE, "insert into seat_codes (organization_id, seat_id, code_hash, browser_hash, tries, sent_at, expires_at) values ($1, $2, $3, $4, 0, $5, $6)
    on conflict (organization_id, seat_id) do update set code_hash = excluded.code_hash, browser_hash = excluded.browser_hash, tries = 0, sent_at = excluded.sent_at, expires_at = excluded.expires_at, used_at = null");
statement!(tenant FIND_CODE, "select code_hash, browser_hash, tries, sent_at, expires_at, used_at from seat_codes where organization_id = $1 and seat_id = $2");
statement!(tenant TRY_CODE, "update seat_codes set tries = tries + 1 where organization_id = $1 and seat_id = $2 and tries < $3 and used_at is null and expires_at > $4 returning tries");
statement!(tenant USE_CODE, "update seat_codes set used_at = $3 where organization_id = $1 and seat_id = $2 and used_at is null");
statement!(tenant REMOVE_OLD_CODES, "delete from seat_codes where organization_id = $1 and expires_at < $2");

/// The person's seat in a session, made when missing.
pub async fn seat(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SeatId,
    session: SessionId,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<Seat, StoreError> {
    run!(execute, tx, INSERT_SEAT, [id.uuid(), organization.uuid(), session.uuid(), person.uuid(), now])?;
    find_seat(tx, organization, session, person)
        .await?
        .ok_or_else(|| StoreError::corrupt("seats", "a seat vanished"))
}

/// The person's seat in a session.
pub async fn find_seat(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    person: PersonId,
) -> Result<Option<Seat>, StoreError> {
    let row: Option<SeatRow> =
        run!(optional, tx, FIND_SEAT, [organization.uuid(), session.uuid(), person.uuid()])?;
    Ok(row.map(Seat::from))
}

/// All seats of a session.
pub async fn seats_of_session(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Vec<Seat>, StoreError> {
    let rows: Vec<SeatRow> = run!(all, tx, SEATS_OF_SESSION, [organization.uuid(), session.uuid()])?;
    Ok(rows.into_iter().map(Seat::from).collect())
}

/// A person's seats in what is still to come of a class.
pub async fn seats_in_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<Vec<Seat>, StoreError> {
    let rows: Vec<SeatRow> =
        run!(all, tx, SEATS_IN_CLASS, [organization.uuid(), class.uuid(), person.uuid()])?;
    Ok(rows.into_iter().map(Seat::from).collect())
}

/// Binds a seat to a browser, unless one holds it: `false` then.
pub async fn bind(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    browser: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, BIND, [organization.uuid(), seat.uuid(), browser.as_slice(), now])? == 1)
}

/// Moves a seat of this generation to another browser: `false` when it moved meanwhile.
pub async fn move_seat(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: &Seat,
    browser: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        MOVE,
        [organization.uuid(), seat.id.uuid(), browser.as_slice(), now, seat.generation]
    )? == 1)
}

/// Takes a seat back: no browser holds it, and its registrants are to be cancelled.
pub async fn release(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: &Seat,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, RELEASE, [organization.uuid(), seat.id.uuid()])?;
    leave(tx, organization, seat.id, seat.generation + 1, now).await
}

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

/// The person waits, from now or from before.
pub async fn wait(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, WAIT, [organization.uuid(), seat.uuid(), now])?;
    Ok(())
}

/// We sent the person on: `true` for the first time.
pub async fn redirected(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, REDIRECTED, [organization.uuid(), seat.uuid(), now])? == 1)
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

/// A code that was sent.
#[derive(Debug, FromRow)]
pub struct CodeRow {
    /// HMAC of the digits.
    pub code_hash: Vec<u8>,
    /// The browser that asked.
    pub browser_hash: Vec<u8>,
    /// Wrong tries so far.
    pub tries: i64,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
}

/// Remembers a code instead of any earlier one.
pub async fn put_code(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    code_hash: &[u8; 32],
    browser: &[u8; 32],
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        PUT_CODE,
        [organization.uuid(), seat.uuid(), code_hash.as_slice(), browser.as_slice(), now, until]
    )?;
    Ok(())
}

/// The code sent for a seat.
pub async fn find_code(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
) -> Result<Option<CodeRow>, StoreError> {
    Ok(run!(optional, tx, FIND_CODE, [organization.uuid(), seat.uuid()])?)
}

/// Counts a try, if one is left.
pub async fn try_code(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    Ok(run!(optional_value, tx, TRY_CODE, [organization.uuid(), seat.uuid(), most, now])?)
}

/// Uses the code up: `false` when it already was.
pub async fn use_code(
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, USE_CODE, [organization.uuid(), seat.uuid(), now])? == 1)
}

/// Removes codes that ended before an instant.
pub async fn remove_old_codes(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_OLD_CODES, [organization.uuid(), before])?)
}
