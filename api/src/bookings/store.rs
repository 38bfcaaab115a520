//! Offers and bookings.

use chrono::{DateTime, Utc};
use lectern_core::{
    booking::Terms,
    ids::{ClassId, OrganizationId, PersonId, SessionId},
};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

macro_rules! offer {
    ($rest:literal) => {
        concat!("select state, price, currency, seats, opens_at, closes_at, refund_hours from offers ", $rest)
    };
}
macro_rules! booking {
    ($rest:literal) => {
        concat!("select id, class_id, person_id, state, price, currency, attempt, checkout_id, checkout_url, payment_intent, held_until, refund_id, problem, created_at, page_id, slot_starts_at, slot_minutes, session_id from bookings ", $rest)
    };
}

statement!(tenant FIND_OFFER, offer!("where organization_id = $1 and class_id = $2"));
statement!(tenant OFFER_TO_CHANGE,
    sqlite: offer!("where organization_id = $1 and class_id = $2"),
    postgres: offer!("where organization_id = $1 and class_id = $2 for update"));
statement!(tenant SAVE_OFFER, "insert into offers (organization_id, class_id, state, price, currency, seats, opens_at, closes_at, refund_hours, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    on conflict (organization_id, class_id) do update set state = excluded.state, price = excluded.price, currency = excluded.currency, seats = excluded.seats, opens_at = excluded.opens_at, closes_at = excluded.closes_at, refund_hours = excluded.refund_hours, updated_at = excluded.updated_at");
statement!(tenant TAKEN, "select count(*) from bookings where organization_id = $1 and class_id = $2 and state in ('held', 'confirmed')");
statement!(tenant INSERT, "insert into bookings (id, organization_id, class_id, person_id, state, price, currency, attempt, held_until, created_at, updated_at, page_id, slot_starts_at, slot_minutes, session_id) values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $9, $10, $11, $12, $13)");
statement!(tenant FIND, booking!("where organization_id = $1 and id = $2"));
statement!(tenant FIND_TO_CHANGE,
    sqlite: booking!("where organization_id = $1 and id = $2"),
    postgres: booking!("where organization_id = $1 and id = $2 for update"));
statement!(tenant LIVING, booking!("where organization_id = $1 and class_id = $2 and person_id = $3 and state in ('held', 'waiting', 'confirmed')"));
statement!(tenant BY_CHECKOUT, "select id from bookings where organization_id = $1 and checkout_id = $2");
statement!(tenant BY_PAYMENT, "select id from bookings where organization_id = $1 and payment_intent = $2");
statement!(tenant OF_CLASS, booking!("where organization_id = $1 and class_id = $2 order by created_at, id limit 1000"));
statement!(tenant NEXT_WAITING, booking!("where organization_id = $1 and class_id = $2 and state = 'waiting' order by created_at, id limit 1"));
statement!(tenant AHEAD, "select count(*) from bookings where organization_id = $1 and class_id = $2 and state = 'waiting' and created_at < $3");
statement!(tenant OVERDUE, "select id from bookings where organization_id = $1 and state = 'held' and held_until <= $2 order by held_until limit 200");
statement!(tenant UPDATE, "update bookings set state = $3, attempt = $4, checkout_id = $5, checkout_url = $6, payment_intent = $7, held_until = $8, refund_id = $9, problem = $10, updated_at = $11, session_id = $12 where organization_id = $1 and id = $2");
statement!(tenant OF_PAGE, booking!("where organization_id = $1 and page_id = $2 order by slot_starts_at desc, id limit 1000"));
statement!(tenant OF_SESSION, booking!("where organization_id = $1 and session_id = $2"));
statement!(tenant SET_SLOT, "update bookings set slot_starts_at = $3, slot_minutes = $4, updated_at = $5 where organization_id = $1 and session_id = $2");
statement!(tenant HELD_ON_PAGE, booking!("where organization_id = $1 and page_id = $2 and person_id = $3 and slot_starts_at = $4 and state = 'held'"));
statement!(tenant AHEAD_ON_PAGE, "select count(*) from bookings where organization_id = $1 and page_id = $2 and person_id = $3 and state in ('held', 'confirmed') and slot_starts_at > $4");

/// On which terms a class is booked.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Offer {
    /// `open` or `closed`.
    pub state: String,
    /// In the currency's smallest unit; 0: free.
    pub price: i64,
    /// Three small letters.
    pub currency: String,
    /// None: as many as come.
    pub seats: Option<i64>,
    /// Not before.
    pub opens_at: Option<DateTime<Utc>>,
    /// Not after.
    pub closes_at: Option<DateTime<Utc>>,
    /// Whole refund until so many hours before the next session.
    pub refund_hours: i64,
}

impl Offer {
    /// What decides.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            open: self.state == "open",
            opens_at: self.opens_at,
            closes_at: self.closes_at,
            seats: self.seats.map(|seats| u32::try_from(seats).unwrap_or(u32::MAX)),
            refund_until: chrono::Duration::hours(self.refund_hours),
        }
    }
}

/// Where a booking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BookingState {
    /// A seat is kept until it is paid.
    Held,
    /// On the waiting list.
    Waiting,
    /// On the roster.
    Confirmed,
    /// Not paid in time.
    Expired,
    /// Given back, without money.
    Cancelled,
    /// Given back; the money is on its way.
    Refunding,
    /// The money is back.
    Refunded,
    /// The money could not be given back: somebody must look.
    RefundFailed,
}

impl BookingState {
    const ALL: [Self; 8] = [
        Self::Held,
        Self::Waiting,
        Self::Confirmed,
        Self::Expired,
        Self::Cancelled,
        Self::Refunding,
        Self::Refunded,
        Self::RefundFailed,
    ];

    /// It can still be ended.
    #[must_use]
    pub const fn is_living(self) -> bool {
        matches!(self, Self::Held | Self::Waiting | Self::Confirmed)
    }

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::Confirmed => "confirmed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
            Self::RefundFailed => "refund_failed",
        }
    }
}

/// The time that somebody booked on a booking page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedSlot {
    /// On which page.
    pub page: Uuid,
    /// When; it follows the session.
    pub starts_at: DateTime<Utc>,
    /// How long.
    pub minutes: i64,
    /// The session, once the booking was confirmed.
    pub session: Option<SessionId>,
}

/// Somebody's booking of a class, or of a time in a class of their own.
#[derive(Clone, Debug)]
pub struct Booking {
    /// Its id.
    pub id: Uuid,
    /// Of which class.
    pub class: ClassId,
    /// Whose.
    pub person: PersonId,
    /// Where it stands.
    pub state: BookingState,
    /// What it cost when it was booked.
    pub price: i64,
    /// In which currency.
    pub currency: String,
    /// Which page of the payment service.
    pub attempt: i64,
    /// That page's id.
    pub checkout_id: Option<String>,
    /// Its address, sealed.
    pub checkout_url: Option<Vec<u8>>,
    /// What was paid with.
    pub payment_intent: Option<String>,
    /// Until when the seat is kept.
    pub held_until: Option<DateTime<Utc>>,
    /// The refund's id.
    pub refund_id: Option<String>,
    /// Why it could not be paid, or the money not be given back: for those who run the class.
    pub problem: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Of a time on a booking page, which.
    pub slot: Option<BookedSlot>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    class_id: Uuid,
    person_id: Uuid,
    state: String,
    price: i64,
    currency: String,
    attempt: i64,
    checkout_id: Option<String>,
    checkout_url: Option<Vec<u8>>,
    payment_intent: Option<String>,
    held_until: Option<DateTime<Utc>>,
    refund_id: Option<String>,
    problem: Option<String>,
    created_at: DateTime<Utc>,
    page_id: Option<Uuid>,
    slot_starts_at: Option<DateTime<Utc>>,
    slot_minutes: Option<i64>,
    session_id: Option<Uuid>,
}

impl TryFrom<Row> for Booking {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = BookingState::ALL.into_iter().find(|state| state.as_str() == row.state);
        let slot = match (row.page_id, row.slot_starts_at, row.slot_minutes) {
            (Some(page), Some(starts_at), Some(minutes)) => {
                Some(BookedSlot { page, starts_at, minutes, session: row.session_id.map(SessionId) })
            }
            _ => None,
        };
        Ok(Self {
            slot,
            id: row.id,
            class: row.class_id.into(),
            person: row.person_id.into(),
            state: state.ok_or_else(|| StoreError::corrupt("bookings", format!("state {}", row.state)))?,
            price: row.price,
            currency: row.currency,
            attempt: row.attempt,
            checkout_id: row.checkout_id,
            checkout_url: row.checkout_url,
            payment_intent: row.payment_intent,
            held_until: row.held_until,
            refund_id: row.refund_id,
            problem: row.problem,
            created_at: row.created_at,
        })
    }
}

/// A class's terms.
pub async fn offer(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Option<Offer>, StoreError> {
    Ok(run!(optional, tx, FIND_OFFER, [organization.uuid(), class.uuid()])?)
}

/// The same, and nobody else books the class until the transaction ends. SQLite has one writer anyway.
pub async fn offer_to_change(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Option<Offer>, StoreError> {
    Ok(run!(optional, tx, OFFER_TO_CHANGE, [organization.uuid(), class.uuid()])?)
}

/// Writes a class's terms.
pub async fn save_offer(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    offer: &Offer,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SAVE_OFFER,
        [
            organization.uuid(),
            class.uuid(),
            &offer.state,
            offer.price,
            &offer.currency,
            offer.seats,
            offer.opens_at,
            offer.closes_at,
            offer.refund_hours,
            now
        ]
    )?;
    Ok(())
}

/// How many seats are taken: paid, free, or kept for somebody who is paying.
pub async fn taken(tx: &mut Tx, organization: OrganizationId, class: ClassId) -> Result<u32, StoreError> {
    let taken: i64 = run!(value, tx, TAKEN, [organization.uuid(), class.uuid()])?;
    Ok(u32::try_from(taken).unwrap_or(u32::MAX))
}

/// Adds a booking.
pub async fn insert(tx: &mut Tx, organization: OrganizationId, booking: &Booking) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            booking.id,
            organization.uuid(),
            booking.class.uuid(),
            booking.person.uuid(),
            booking.state.as_str(),
            booking.price,
            &booking.currency,
            booking.held_until,
            booking.created_at,
            booking.slot.as_ref().map(|slot| slot.page),
            booking.slot.as_ref().map(|slot| slot.starts_at),
            booking.slot.as_ref().map(|slot| slot.minutes),
            booking.slot.as_ref().and_then(|slot| slot.session).map(SessionId::uuid)
        ]
    )?;
    Ok(())
}

/// A booking.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<Booking>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND, [organization.uuid(), id])?;
    row.map(Booking::try_from).transpose()
}

/// A booking that is about to be changed.
pub async fn find_to_change(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<Booking>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND_TO_CHANGE, [organization.uuid(), id])?;
    row.map(Booking::try_from).transpose()
}

/// A person's booking of a class, while it is one.
pub async fn living(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<Option<Booking>, StoreError> {
    let row: Option<Row> = run!(optional, tx, LIVING, [organization.uuid(), class.uuid(), person.uuid()])?;
    row.map(Booking::try_from).transpose()
}

/// The booking that is paid on this page.
pub async fn by_checkout(
    tx: &mut Tx,
    organization: OrganizationId,
    checkout: &str,
) -> Result<Option<Uuid>, StoreError> {
    Ok(run!(optional_value, tx, BY_CHECKOUT, [organization.uuid(), checkout])?)
}

/// The booking that was paid with this.
pub async fn by_payment(
    tx: &mut Tx,
    organization: OrganizationId,
    payment: &str,
) -> Result<Option<Uuid>, StoreError> {
    Ok(run!(optional_value, tx, BY_PAYMENT, [organization.uuid(), payment])?)
}

/// A class's bookings, oldest first: at most a thousand.
pub async fn of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<Booking>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, OF_CLASS, [organization.uuid(), class.uuid()])?;
    rows.into_iter().map(Booking::try_from).collect()
}

/// Who waits longest.
pub async fn next_waiting(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Option<Booking>, StoreError> {
    let row: Option<Row> = run!(optional, tx, NEXT_WAITING, [organization.uuid(), class.uuid()])?;
    row.map(Booking::try_from).transpose()
}

/// How many wait longer than this one.
pub async fn ahead(tx: &mut Tx, organization: OrganizationId, booking: &Booking) -> Result<u32, StoreError> {
    let ahead: i64 = run!(value, tx, AHEAD, [organization.uuid(), booking.class.uuid(), booking.created_at])?;
    Ok(u32::try_from(ahead).unwrap_or(u32::MAX))
}

/// Held seats whose time is over.
pub async fn overdue(
    tx: &mut Tx,
    organization: OrganizationId,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, StoreError> {
    Ok(run!(values, tx, OVERDUE, [organization.uuid(), now])?)
}

/// Writes what may change.
pub async fn update(
    tx: &mut Tx,
    organization: OrganizationId,
    booking: &Booking,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        UPDATE,
        [
            organization.uuid(),
            booking.id,
            booking.state.as_str(),
            booking.attempt,
            booking.checkout_id.as_deref(),
            booking.checkout_url.as_deref(),
            booking.payment_intent.as_deref(),
            booking.held_until,
            booking.refund_id.as_deref(),
            booking.problem.as_deref(),
            now,
            booking.slot.as_ref().and_then(|slot| slot.session).map(SessionId::uuid)
        ]
    )?;
    Ok(())
}

/// What was booked on a page, the latest time first: at most a thousand.
pub async fn of_page(
    tx: &mut Tx,
    organization: OrganizationId,
    page: Uuid,
) -> Result<Vec<Booking>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, OF_PAGE, [organization.uuid(), page])?;
    rows.into_iter().map(Booking::try_from).collect()
}

/// The booking for which a session was scheduled.
pub async fn of_session(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<Booking>, StoreError> {
    let row: Option<Row> = run!(optional, tx, OF_SESSION, [organization.uuid(), session.uuid()])?;
    row.map(Booking::try_from).transpose()
}

/// The booked time follows its session.
pub async fn set_slot(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    (starts_at, minutes): (DateTime<Utc>, i64),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, SET_SLOT, [organization.uuid(), session.uuid(), starts_at, minutes, now])?;
    Ok(())
}

/// The time that is kept for somebody until they have paid.
pub async fn held_on_page(
    tx: &mut Tx,
    organization: OrganizationId,
    (page, person): (Uuid, PersonId),
    starts_at: DateTime<Utc>,
) -> Result<Option<Booking>, StoreError> {
    let row: Option<Row> =
        run!(optional, tx, HELD_ON_PAGE, [organization.uuid(), page, person.uuid(), starts_at])?;
    row.map(Booking::try_from).transpose()
}

/// How many times to come somebody has booked on a page.
pub async fn ahead_on_page(
    tx: &mut Tx,
    organization: OrganizationId,
    (page, person): (Uuid, PersonId),
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    Ok(run!(value, tx, AHEAD_ON_PAGE, [organization.uuid(), page, person.uuid(), now])?)
}
