//! Booking a time with somebody: the slot, the person's own class, and the session that comes of it.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use lectern_core::{
    ids::{OrganizationId, SessionId},
    session::{Delivery, SessionState},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    book::{Buyer, HELD, person_of, remind},
    end::{EndedBy, ended},
    settle::{tell, tell_host, wake},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    booking_pages::{
        self, BookingPage,
        openings::{self, But},
        service::Stand,
    },
    bookings::{
        jobs,
        store::{self, BookedSlot, Booking, BookingState},
    },
    classes::{self, Class, admitting},
    db::Tx,
    error::ApiError,
    keys::Sealer,
    sessions::{self, Session},
};

/// So many times to come one person may have on one page.
const MOST_AHEAD: i64 = 20;

fn changed() -> ApiError {
    ApiError::conflict("booking_changed", "This booking has just changed.", "Look at it again.")
}

fn over() -> ApiError {
    ApiError::conflict("slot_ended", "This booking has ended.", "Book another time, if there is one.")
}

/// Books a time: a free one is confirmed at once, a paid one is kept until it is paid. Two people never get one: the host's time
/// is held from the look at what is free until the booking is written.
///
/// # Errors
/// [`ApiError::Conflict`] `slot_taken` when the time is not free any more, and others when this person cannot book here.
pub async fn book_slot(
    app: &App,
    organization: OrganizationId,
    by: Actor,
    page: Uuid,
    starts_at: DateTime<Utc>,
    buyer: Buyer,
) -> Result<Booking, ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let starts_at = starts_at.trunc_subsecs(6);
    let mut tx = app.db.begin(organization).await?;
    let page = booking_pages::service::hold(&mut tx, organization, page).await?;
    let known = if let Buyer::Known(person) = &buyer { Some(*person) } else { None };
    match booking_pages::service::stand(&mut tx, organization, &page, known).await? {
        Stand::Open => {}
        Stand::Closed => {
            return Err(ApiError::conflict(
                "page_closed",
                "No times can be booked here now.",
                "Ask whoever sent you the address.",
            ));
        }
        Stand::SignIn => {
            return Err(ApiError::conflict(
                "sign_in",
                "Only people of this organization can book here.",
                "Sign in first.",
            ));
        }
        Stand::Others => {
            return Err(ApiError::conflict(
                "page_for_others",
                "This page is for others.",
                "Ask whoever sent you the address.",
            ));
        }
    }
    let person = person_of(app, &mut tx, organization, by, buyer).await?;
    if person == page.instructor {
        return Err(ApiError::conflict("own_page", "This is your own page.", "Let somebody else book."));
    }
    if let Some(held) = store::held_on_page(&mut tx, organization, (page.id, person), starts_at).await? {
        if known.is_some() {
            return Ok(held);
        }
        // What the refusal says: a mail leads whoever booked on.
        remind(app, &mut tx, organization, &held).await?;
        tx.commit().await?;
        wake(app);
        return Err(openings::gone());
    }
    let slot = (&page, page.duration_minutes);
    openings::claim(app, &mut tx, organization, slot, starts_at, But::default()).await?;
    if store::ahead_on_page(&mut tx, organization, (page.id, person), now).await? >= MOST_AHEAD {
        return Err(ApiError::conflict(
            "many_booked",
            format!("{MOST_AHEAD} times to come are booked for this person already."),
            "Give one of them back first.",
        ));
    }
    let class = booking_pages::service::class_for(app, &mut tx, (organization, by), &page, person).await?;
    let free = page.price == 0;
    let mut booking = Booking {
        id: app.ids.next(),
        class: class.id,
        person,
        state: if free { BookingState::Confirmed } else { BookingState::Held },
        price: page.price,
        currency: page.currency.clone(),
        attempt: 0,
        checkout_id: None,
        checkout_url: None,
        payment_intent: None,
        held_until: (!free).then_some(now + HELD),
        refund_id: None,
        problem: None,
        created_at: now,
        slot: Some(BookedSlot { page: page.id, starts_at, minutes: page.duration_minutes, session: None }),
    };
    store::insert(&mut tx, organization, &booking).await?;
    let entry = app.entry(organization, EntryKind::Booked, by).class(class.id).person(person);
    let details = json!({"booking": booking.id, "state": booking.state, "price": booking.price, "page": page.id, "starts_at": starts_at});
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    if free {
        let by = (organization, by);
        fix(app, &mut tx, &sealer, by, (&page, &class), &mut booking).await.map_err(not_told)?;
        tell(app, &mut tx, organization, &booking, "booked").await?;
    }
    tx.commit().await?;
    wake(app);
    Ok(booking)
}

/// What else keeps the host busy is nobody's who books.
fn not_told(error: ApiError) -> ApiError {
    match error {
        ApiError::Conflict("host_busy", ..) => openings::gone(),
        other => other,
    }
}

/// The booked time becomes a session of the person's own class.
///
/// # Errors
/// [`ApiError::Conflict`] `host_busy` before anything is written.
async fn fix(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    by: (OrganizationId, Actor),
    (page, class): (&BookingPage, &Class),
    booking: &mut Booking,
) -> Result<(), ApiError> {
    let Some(slot) = &mut booking.slot else { return Ok(()) };
    let session = Session {
        id: app.new_id(),
        class: class.id,
        external_id: None,
        title: page.title.clone(),
        starts_at: slot.starts_at,
        ends_at: slot.starts_at + Duration::minutes(slot.minutes),
        time_zone: page.zone.clone(),
        delivery: Delivery::Virtual,
        state: SessionState::Scheduled,
        started_at: None,
        ended_at: None,
        cancel_reason: None,
        revision: 0,
    };
    slot.session = Some(session.id);
    // On the roster first: the session's own mail goes to whoever is on it.
    admitting::admit(app, tx, sealer, by, class, booking.person).await?;
    sessions::service::add(app, tx, sealer, by, (&session, class), true).await?;
    Ok(store::update(tx, by.0, booking, app.clock.now()).await?)
}

/// The booking is paid: its session is scheduled. When the time was lost meanwhile, the money goes back.
pub(super) async fn confirm_slot(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    (id, slot): (Uuid, &BookedSlot),
    payment_intent: Option<String>,
) -> Result<(), ApiError> {
    let (now, by) = (app.clock.now(), (organization, Actor::System));
    let page = booking_pages::service::hold(tx, organization, slot.page).await?;
    let Some(mut booking) = store::find_to_change(tx, organization, id).await? else { return Ok(()) };
    if booking.payment_intent.is_some() {
        return Ok(());
    }
    booking.payment_intent = payment_intent;
    if !matches!(booking.state, BookingState::Held | BookingState::Expired | BookingState::Cancelled) {
        return Ok(store::update(tx, organization, &booking, now).await?);
    }
    let class = classes::service::find(tx, organization, booking.class).await?;
    let class = class.filter(|class| class.active && class.instructor == page.instructor);
    let but = But { booking: Some(id), session: None };
    let free =
        openings::can_be_held(app, tx, organization, (&page, slot.minutes), slot.starts_at, but).await?;
    // What somebody gave back while they paid stays given back.
    let wanted = booking.state != BookingState::Cancelled;
    if let Some(class) = class.filter(|_| free && wanted) {
        let before = booking.clone();
        booking.state = BookingState::Confirmed;
        match fix(app, tx, sealer, by, (&page, &class), &mut booking).await {
            Ok(()) => {
                let entry = app.entry(organization, EntryKind::BookingConfirmed, Actor::System);
                let entry = entry.class(class.id).person(booking.person).details(json!({"booking": id}));
                audit::store::insert(tx, &entry).await?;
                return tell(app, tx, organization, &booking, "booked").await;
            }
            Err(ApiError::Conflict("host_busy", ..)) => booking = before,
            Err(other) => return Err(other),
        }
    }
    booking.state = BookingState::Refunding;
    store::update(tx, organization, &booking, now).await?;
    jobs::queue(app, tx, organization, jobs::REFUND, id).await?;
    tell(app, tx, organization, &booking, "booking_ended").await
}

/// The session of a booking, which nobody else changes until the transaction ends. It is locked before its host and before its
/// booking, as by whoever calls a session off.
pub(super) async fn hold_session(
    tx: &mut Tx,
    organization: OrganizationId,
    slot: &BookedSlot,
) -> Result<Option<Session>, ApiError> {
    match slot.session {
        Some(id) => sessions::service::find_to_change(tx, organization, id).await,
        None => Ok(None),
    }
}

/// Calls the session of a booking off, unless it has begun.
pub(super) async fn call_off(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    (organization, by): (OrganizationId, Actor),
    session: Option<Session>,
) -> Result<(), ApiError> {
    let Some(session) = session.filter(Session::is_scheduled) else { return Ok(()) };
    let class = sessions::service::class_of(tx, organization, &session).await?;
    sessions::service::cancel_one(app, tx, sealer, organization, by, session, &class, None, true).await
}

fn too_late(page: &BookingPage, until: DateTime<Utc>) -> ApiError {
    ApiError::conflict(
        "slot_too_late",
        format!(
            "This could be changed until {}.",
            until.with_timezone(&page.tz()).format("%Y-%m-%d %H:%M %Z")
        ),
        "Ask whoever you have booked.",
    )
}

/// Gives a booked time back, in the caller's transaction.
pub(super) async fn end_slot(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    (organization, by): (OrganizationId, Actor),
    (id, slot): (Uuid, &BookedSlot),
    ended_by: EndedBy,
) -> Result<Booking, ApiError> {
    let now = app.clock.now();
    let session = hold_session(tx, organization, slot).await?;
    let page = booking_pages::service::hold(tx, organization, slot.page).await?;
    let mut booking = store::find_to_change(tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    let fresh = booking.slot.clone().filter(|fresh| fresh.session == slot.session).ok_or_else(changed)?;
    let starts_at = fresh.starts_at;
    let paid = booking.payment_intent.is_some();
    let was_confirmed = booking.state == BookingState::Confirmed;
    booking.state = match booking.state {
        BookingState::Held => BookingState::Cancelled,
        BookingState::Confirmed => {
            let until = page.given_back_until(starts_at, paid);
            if ended_by == EndedBy::Buyer && now > until {
                return Err(too_late(&page, until));
            }
            if paid { BookingState::Refunding } else { BookingState::Cancelled }
        }
        _ => return Err(over()),
    };
    store::update(tx, organization, &booking, now).await?;
    call_off(app, tx, sealer, (organization, by), session).await?;
    ended(app, tx, (organization, by), &booking).await?;
    // Of a session that is called off its own mail tells, with the entry that takes it out of the calendar.
    match (was_confirmed, ended_by) {
        (false, _) => tell(app, tx, organization, &booking, "booking_ended").await?,
        (true, EndedBy::Buyer) => tell_host(app, tx, organization, &booking, "booking_left").await?,
        (true, EndedBy::Staff) => {}
    }
    Ok(booking)
}

/// Moves a booked time to another free one; what was paid stays paid.
///
/// # Errors
/// [`ApiError::Conflict`] `slot_taken` when the other is not free any more, `slot_too_late` when the notice is over.
pub async fn move_slot(
    app: &App,
    organization: OrganizationId,
    by: Actor,
    (id, starts_at): (Uuid, DateTime<Utc>),
    moved_by: EndedBy,
) -> Result<Booking, ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let starts_at = starts_at.trunc_subsecs(6);
    let mut tx = app.db.begin(organization).await?;
    let look = store::find(&mut tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    let Some(slot) = look.slot else {
        return Err(ApiError::conflict(
            "no_slot",
            "A whole class was booked, not a time.",
            "Give the booking back, and book another class.",
        ));
    };
    let session = hold_session(&mut tx, organization, &slot).await?;
    let page = booking_pages::service::hold(&mut tx, organization, slot.page).await?;
    let mut booking = store::find_to_change(&mut tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    let session = match (booking.state, session) {
        (BookingState::Confirmed, Some(session)) if session.is_scheduled() => session,
        (BookingState::Confirmed, None) => return Err(changed()),
        _ => return Err(over()),
    };
    let class = sessions::service::class_of(&mut tx, organization, &session).await?;
    if session.starts_at == starts_at {
        return Ok(booking);
    }
    // As for giving it back: a paid time that can no longer be given back is not made one that can.
    let until = page.given_back_until(session.starts_at, booking.payment_intent.is_some());
    if moved_by == EndedBy::Buyer && now > until {
        return Err(too_late(&page, until));
    }
    let but = But { booking: Some(id), session: Some(session.id) };
    let minutes = session.minutes();
    openings::claim(app, &mut tx, organization, (&page, minutes), starts_at, but).await?;
    let to = (starts_at, minutes);
    sessions::service::move_to(app, &mut tx, &sealer, (organization, by), (&session, &class), to)
        .await
        .map_err(not_told)?;
    if let Some(slot) = &mut booking.slot {
        slot.starts_at = starts_at;
    }
    let entry = app.entry(organization, EntryKind::BookingMoved, by).class(class.id).person(booking.person);
    let details = json!({"booking": id, "from": session.starts_at, "to": starts_at});
    audit::store::insert(&mut tx, &entry.session(session.id).details(details)).await?;
    tx.commit().await?;
    wake(app);
    Ok(booking)
}

/// A session was moved: the booking behind it, if there is one, follows.
pub async fn session_moved(
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let time = (session.starts_at, session.minutes());
    Ok(store::set_slot(tx, organization, session.id, time, now).await?)
}

/// A session was called off: the booking behind it, if there is one, has ended, and what was paid goes back.
pub async fn session_cancelled(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    by: Actor,
    session: &Session,
) -> Result<(), ApiError> {
    let Some(mut booking) = confirmed_of(tx, organization, session.id).await? else { return Ok(()) };
    let paid = booking.payment_intent.is_some();
    booking.state = if paid { BookingState::Refunding } else { BookingState::Cancelled };
    store::update(tx, organization, &booking, app.clock.now()).await?;
    ended(app, tx, (organization, by), &booking).await
}

async fn confirmed_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<Booking>, ApiError> {
    let Some(look) = store::of_session(tx, organization, session).await? else { return Ok(None) };
    let booking = store::find_to_change(tx, organization, look.id).await?;
    Ok(booking.filter(|booking| booking.state == BookingState::Confirmed))
}
