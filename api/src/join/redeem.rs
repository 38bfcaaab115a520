//! The POST from the join page: one atomic step binds the seat to the browser; the platform's URL exists only in the answer's
//! `Location`.

use std::time::Duration as StdDuration;

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{OrganizationId, SessionId},
    secret::SecretString,
};
use serde_json::json;
use url::Url;

use super::{
    codes::{self, Proof, Sent},
    door::{Arrival, ReadyRegistrant},
    registrants,
    service::{Standing, of_meeting, pick},
    store::{self, Seat},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    classes::enrollments::role_word,
    error::ApiError,
    events::{self, Event, EventType},
    notify, platforms,
    sessions::{Meeting, MeetingState, meetings},
};

/// How long a click waits for a registrant that is not there yet.
const PATIENCE: StdDuration = StdDuration::from_secs(2);

/// What the person sent along.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    /// Which of several sessions.
    pub session: Option<SessionId>,
    /// The code from the mail.
    pub code: Option<String>,
    /// A new code is asked for.
    pub again: bool,
}

/// How a redemption came out.
#[derive(Debug)]
pub(super) enum Redeemed {
    /// Go there.
    Go(SecretString),
    /// Not yet, or no longer.
    Stand(Standing),
    /// The seat belongs to another browser; a code went to the person's address.
    OtherBrowser {
        /// For which session.
        session: SessionId,
        /// After a wrong code.
        tries_left: Option<i64>,
        /// All tries are used.
        spent: bool,
    },
}

/// Redeems a genuine link from a browser that showed its page.
pub(super) async fn redeem(
    app: &App,
    arrival: &Arrival,
    browser: &[u8; 32],
    wish: &Wish,
) -> Result<Redeemed, ApiError> {
    let now = app.clock.now();
    let id = match pick(arrival, wish.session, now) {
        Ok(id) => id,
        Err(standing) => {
            note(app, arrival, EntryKind::JoinWaiting, None, "window").await;
            return Ok(Redeemed::Stand(standing));
        }
    };
    let at = arrival.at(id).ok_or(ApiError::NotFound)?;
    let meeting = at.meeting.as_ref();
    let seat = match at.seat.clone().filter(|seat| seat.browser_hash.is_some()) {
        Some(seat) => seat,
        None => take_seat(app, arrival, id, meeting, browser, now).await?,
    };
    let seat = if seat.browser_hash.as_deref() == Some(browser.as_slice()) {
        seat
    } else if arrival.signed_in {
        match move_seat(app, arrival, &seat, browser, meeting, "sign-in").await? {
            Some(seat) => seat,
            None => return send_code(app, arrival, &seat, browser, wish.again).await,
        }
    } else {
        match prove(app, arrival, &seat, browser, wish, meeting).await? {
            Ok(seat) => seat,
            Err(other) => return Ok(other),
        }
    };
    // What was ready at the door belongs to the generation that stood there.
    let same = at.seat.as_ref().is_some_and(|before| before.generation == seat.generation);
    admit(app, arrival, id, seat, meeting, at.ready.as_ref().filter(|_| same)).await
}

/// The first good redemption: the seat is this browser's, unless another was faster.
async fn take_seat(
    app: &App,
    arrival: &Arrival,
    id: SessionId,
    meeting: Option<&Meeting>,
    browser: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Seat, ApiError> {
    let organization = arrival.organization.id;
    let registering = meeting.filter(|meeting| meeting.registration && meeting.state == MeetingState::Ready);
    let mut tx = app.db.begin(organization).await?;
    let naming = arrival.naming(app).await?;
    let seat =
        registrants::seat_for(app, &mut tx, organization, id, registering, &naming, &arrival.enrollment)
            .await?;
    store::bind(&mut tx, organization, seat.id, browser, now).await?;
    let seat = store::find_seat(&mut tx, organization, id, seat.person).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(seat)
}

/// Another browser: a right code moves the seat; otherwise a code is sent.
async fn prove(
    app: &App,
    arrival: &Arrival,
    seat: &Seat,
    browser: &[u8; 32],
    wish: &Wish,
    meeting: Option<&Meeting>,
) -> Result<Result<Seat, Redeemed>, ApiError> {
    let organization = arrival.organization.id;
    let other = |tries_left, spent| Redeemed::OtherBrowser { session: seat.session, tries_left, spent };
    if let Some(code) = wish.code.as_deref().filter(|code| !wish.again && !code.trim().is_empty()) {
        let mut tx = app.db.begin(organization).await?;
        let proof = codes::prove(app, &mut tx, organization, seat.id, browser, code).await?;
        tx.commit().await?;
        return Ok(match proof {
            Proof::Right => match move_seat(app, arrival, seat, browser, meeting, "code").await? {
                Some(seat) => Ok(seat),
                None => Err(send_code(app, arrival, seat, browser, wish.again).await?),
            },
            Proof::Wrong(left) => {
                note(app, arrival, EntryKind::JoinCodeWrong, Some(seat.session), "code").await;
                Err(other(Some(left), false))
            }
            Proof::Spent => {
                note(app, arrival, EntryKind::JoinCodeWrong, Some(seat.session), "spent").await;
                Err(other(None, true))
            }
        });
    }
    send_code(app, arrival, seat, browser, wish.again).await.map(Err)
}

/// The seat is another browser's: a code goes to the person, unless one is under way.
async fn send_code(
    app: &App,
    arrival: &Arrival,
    seat: &Seat,
    browser: &[u8; 32],
    again: bool,
) -> Result<Redeemed, ApiError> {
    let organization = arrival.organization.id;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let sent = codes::send(app, &mut tx, organization, seat.id, browser, again).await?;
    if let Sent::New(at) = sent {
        notify::service::send_code(app, &mut tx, organization, &arrival.enrollment, seat.id, at).await?;
        let entry = entry(app, arrival, EntryKind::JoinCodeSent, Some(seat.session));
        audit::store::insert(&mut tx, &entry).await?;
    }
    let sealer = app.keys.sealer(organization).await?;
    let event = about(EventType::JoinRefused, now, arrival, seat.session).detail("other_browser");
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
    note(app, arrival, EntryKind::JoinRefused, Some(seat.session), "other_browser").await;
    Ok(Redeemed::OtherBrowser { session: seat.session, tries_left: None, spent: sent == Sent::Spent })
}

/// Moves the seat to this browser: the new registrant first, the old one is cancelled after it is there. `None`: the seat
/// moved to another browser meanwhile, or was taken back, and is not this one's.
async fn move_seat(
    app: &App,
    arrival: &Arrival,
    seat: &Seat,
    browser: &[u8; 32],
    meeting: Option<&Meeting>,
    by: &'static str,
) -> Result<Option<Seat>, ApiError> {
    let organization = arrival.organization.id;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let won = store::move_seat(&mut tx, organization, seat, browser, now).await?;
    let moved = store::find_seat(&mut tx, organization, seat.session, seat.person)
        .await?
        .ok_or(ApiError::NotFound)?;
    if !won {
        // A second press of this very browser may have been the faster one.
        return Ok(Some(moved).filter(|moved| moved.browser_hash.as_deref() == Some(browser.as_slice())));
    }
    if let Some(meeting) =
        meeting.filter(|meeting| meeting.registration && meeting.state == MeetingState::Ready)
    {
        let naming = arrival.naming(app).await?;
        let own = &arrival.enrollment.email;
        registrants::want(app, &mut tx, organization, &moved, meeting, &naming, own).await?;
    }
    let entry = entry(app, arrival, EntryKind::SeatMoved, Some(seat.session)).details(json!({"by": by}));
    audit::store::insert(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(Some(moved))
}

/// The seat is this browser's: through, as soon as the platform's side is there.
async fn admit(
    app: &App,
    arrival: &Arrival,
    id: SessionId,
    seat: Seat,
    meeting: Option<&Meeting>,
    ready: Option<&ReadyRegistrant>,
) -> Result<Redeemed, ApiError> {
    let organization = arrival.organization.id;
    let Some(meeting) = meeting.filter(|meeting| meeting.state == MeetingState::Ready) else {
        let mut tx = app.db.begin(organization).await?;
        store::wait(&mut tx, organization, seat.id, app.clock.now()).await?;
        let meeting = meetings::of_session(&mut tx, organization, id).await?;
        tx.commit().await?;
        note(app, arrival, EntryKind::JoinWaiting, Some(id), "meeting").await;
        return Ok(Redeemed::Stand(match of_meeting(arrival, id, meeting.as_ref()) {
            Standing::Ready(id) => Standing::Preparing(id),
            other => other,
        }));
    };
    let sealer = app.keys.sealer(organization).await?;
    let url = if meeting.registration {
        let side = match ready {
            Some(ready) => PlatformSide::Ready(ready.clone()),
            None => platform_side(app, arrival, id, meeting, &seat).await?,
        };
        let ready = match side {
            PlatformSide::Ready(ready) => ready,
            PlatformSide::Preparing => {
                note(app, arrival, EntryKind::JoinWaiting, Some(id), "seat").await;
                return Ok(Redeemed::Stand(Standing::Preparing(id)));
            }
            PlatformSide::Refused => {
                note(app, arrival, EntryKind::JoinWaiting, Some(id), "platform").await;
                return Ok(Redeemed::Stand(Standing::PlatformDown(id)));
            }
        };
        let url = sealer.open_text("registrants", "join_url", ready.id, &ready.join_url)?;
        if seat.generation > 1 {
            retire_earlier(app, organization, &seat).await?;
        }
        url
    } else {
        sealer.open_text(
            "meetings",
            "join_url",
            meeting.id.uuid(),
            meeting.join_url.as_deref().unwrap_or_default(),
        )?
    };
    if !Url::parse(url.expose())
        .is_ok_and(|url| platforms::service::is_meeting_host(app, meeting.provider, &url))
    {
        note(app, arrival, EntryKind::JoinUrlRefused, Some(id), "host").await;
        let event = about(EventType::JoinRefused, app.clock.now(), arrival, id).detail("host");
        let mut tx = app.db.begin(organization).await?;
        events::emit(&mut tx, &app.ids, &sealer, organization, app.clock.now(), &event).await?;
        tx.commit().await?;
        app.wake.outbox.notify_one();
        tracing::error!(session = %id, "the platform's join address for session {id} is not on the operator's list; nobody is sent there");
        return Ok(Redeemed::Stand(Standing::PlatformDown(id)));
    }
    sent_on(app, arrival, id, &seat, &sealer).await?;
    Ok(Redeemed::Go(url))
}

/// Where the platform's side of a seat stands.
enum PlatformSide {
    /// There.
    Ready(ReadyRegistrant),
    /// Being made.
    Preparing,
    /// The platform refused, or answered what we do not follow: no job tries again, the next press does.
    Refused,
}

/// The seat's registrant, ready; made now when there is room, waited for when somebody is making it.
async fn platform_side(
    app: &App,
    arrival: &Arrival,
    id: SessionId,
    meeting: &Meeting,
    seat: &Seat,
) -> Result<PlatformSide, ApiError> {
    let organization = arrival.organization.id;
    let find = async || {
        let mut tx = app.db.read(organization).await?;
        store::registrant(&mut tx, organization, meeting.id, seat).await
    };
    let naming = arrival.naming(app).await?;
    let mut row = find().await?;
    if row.is_none() {
        let mut tx = app.db.begin(organization).await?;
        let own = &arrival.enrollment.email;
        registrants::want(app, &mut tx, organization, seat, meeting, &naming, own).await?;
        tx.commit().await?;
        row = find().await?;
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut tried = false;
    while let Some(present) = row {
        match present.state.as_str() {
            "ready" => {
                let join_url = present.join_url.unwrap_or_default();
                return Ok(PlatformSide::Ready(ReadyRegistrant { id: present.id, join_url }));
            }
            "failed" if tried => return Ok(PlatformSide::Refused),
            // One press is one try.
            "wanted" | "failed" if !tried => {
                tried = true;
                if !registrants::make_now(app, organization, id, meeting.id, &naming, &present, PATIENCE)
                    .await?
                    && find().await?.is_none_or(|row| row.state == "wanted")
                {
                    break;
                }
            }
            "making" => tokio::time::sleep(StdDuration::from_millis(20)).await,
            _ => break,
        }
        if tokio::time::Instant::now() > deadline {
            break;
        }
        row = find().await?;
    }
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    store::wait(&mut tx, organization, seat.id, now).await?;
    registrants::queue(app, &mut tx, organization, id, now).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(PlatformSide::Preparing)
}

/// The new registrant is there: the earlier ones are given out no more, and cancelled by a job.
async fn retire_earlier(app: &App, organization: OrganizationId, seat: &Seat) -> Result<(), ApiError> {
    let mut tx = app.db.begin(organization).await?;
    store::leave(&mut tx, organization, seat.id, seat.generation, app.clock.now()).await?;
    registrants::queue_cancelling(app, &mut tx, organization, seat.session).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}

/// Records that we sent the person on; the first time with evidence and event.
async fn sent_on(
    app: &App,
    arrival: &Arrival,
    id: SessionId,
    seat: &Seat,
    sealer: &crate::keys::Sealer,
) -> Result<(), ApiError> {
    let organization = arrival.organization.id;
    let now = app.clock.now();
    if seat.redirected_at.is_some() {
        // Durable before the person goes: every attempt is in the log.
        app.appender
            .append(crate::append::Row::Audit(entry(app, arrival, EntryKind::JoinRedeemed, Some(id))))
            .await
            .map_err(ApiError::internal)?;
        return Ok(());
    }
    let mut tx = app.db.begin(organization).await?;
    if store::redirected(&mut tx, organization, seat.id, now).await? {
        crate::attendance::service::redirected(&mut tx, organization, id, seat.person, now).await?;
        events::emit(
            &mut tx,
            &app.ids,
            sealer,
            organization,
            now,
            &about(EventType::JoinRedeemed, now, arrival, id),
        )
        .await?;
    }
    audit::store::insert(&mut tx, &entry(app, arrival, EntryKind::JoinRedeemed, Some(id))).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(())
}

fn about(kind: EventType, now: DateTime<Utc>, arrival: &Arrival, session: SessionId) -> Event {
    let Arrival { class, enrollment, .. } = arrival;
    Event::new(kind, now).of(Some(session), class.id, class.instructor).person(
        Some(enrollment.person),
        enrollment.name(),
        role_word(enrollment.kind),
    )
}

fn entry(app: &App, arrival: &Arrival, kind: EntryKind, session: Option<SessionId>) -> audit::Entry {
    let person = arrival.enrollment.person;
    let mut entry = app
        .entry(arrival.organization.id, kind, Actor::Person(person))
        .class(arrival.class.id)
        .person(person);
    entry.session = session;
    entry.details(json!({"role": role_word(arrival.enrollment.kind)}))
}

async fn note(app: &App, arrival: &Arrival, kind: EntryKind, session: Option<SessionId>, why: &'static str) {
    let entry = entry(app, arrival, kind, session)
        .details(json!({"why": why, "role": role_word(arrival.enrollment.kind)}));
    app.append_audit(entry).await;
}
