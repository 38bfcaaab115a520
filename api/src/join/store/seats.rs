//! Seats: one for each person and session, held by one browser.

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, OrganizationId, PersonId, SeatId, SessionId};
use sqlx::FromRow;
use uuid::Uuid;

use super::registrants::{leave, leave_many};
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

macro_rules! seat_columns {
    ($rest:literal) => {
        concat!("select id, session_id, person_id, generation, browser_hash, waiting_since, redirected_at from seats ", $rest)
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
statement!(tenant SEATS_OF_PEOPLE,
    sqlite: "select t.id, t.session_id from seats t join sessions s on s.organization_id = t.organization_id and s.id = t.session_id
        where t.organization_id = $1 and s.class_id = $2 and s.state in ('scheduled', 'live') and t.person_id in (select unhex(value) from json_each($3))",
    postgres: "select t.id, t.session_id from seats t join sessions s on s.organization_id = t.organization_id and s.id = t.session_id
        where t.organization_id = $1 and s.class_id = $2 and s.state in ('scheduled', 'live') and t.person_id = any(array(select value::uuid from json_array_elements_text($3::json)))");
statement!(tenant RELEASE_MANY,
    sqlite: "update seats set browser_hash = null, bound_at = null, generation = generation + 1, waiting_since = null where organization_id = $1 and id in (select unhex(value) from json_each($2))",
    postgres: "update seats set browser_hash = null, bound_at = null, generation = generation + 1, waiting_since = null where organization_id = $1 and id = any(array(select value::uuid from json_array_elements_text($2::json)))");
statement!(tenant WAIT, "update seats set waiting_since = $3 where organization_id = $1 and id = $2 and waiting_since is null");
statement!(tenant REDIRECTED, "update seats set redirected_at = $3, waiting_since = null where organization_id = $1 and id = $2 and redirected_at is null");

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

/// The seats these people have in what is still to come of a class, each with its session.
pub async fn seats_of_people(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    people: &[PersonId],
) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let people = crate::ids::json_list(people.iter().map(|person| person.uuid()));
    Ok(run!(all, tx, SEATS_OF_PEOPLE, [organization.uuid(), class.uuid(), people])?)
}

/// Many seats are nobody's any more: whatever was bound to them is released, and what is registered for them has to go.
pub async fn release_many(
    tx: &mut Tx,
    organization: OrganizationId,
    seats: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let seats = crate::ids::json_list(seats.iter().copied());
    run!(execute, tx, RELEASE_MANY, [organization.uuid(), &seats])?;
    leave_many(tx, organization, &seats, now).await
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
