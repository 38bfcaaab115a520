//! Who stands at the door, and what they see. Looking changes nothing: no state, no provider call, no mark.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SessionId},
    join::{Choice, Purpose, Window, window},
    organization::MeetingCreated,
    role::Role,
    session::{Delivery, SessionState},
};
use serde_json::json;

use super::{
    door::{Arrival, arrive},
    registrants,
    store::{self, Seat},
};
use crate::{
    app::App,
    audit::{Actor, EntryKind},
    classes::{self, EnrollmentKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    organizations,
    sessions::{Meeting, MeetingState},
};

/// Who is at the door.
#[derive(Debug)]
pub enum Door {
    /// May come.
    Welcome(Box<Arrival>),
    /// Teaches or administers: their way in is the class's page.
    Teacher,
    /// Nobody is signed in and there is no link: sign in first.
    Unknown,
    /// A bad link, or not in this class: one answer for all of these.
    Refused,
}

/// Finds out who is at the door.
pub async fn at_the_door(
    app: &App,
    class: Option<ClassId>,
    token: Option<&str>,
    visitor: Option<&SignedIn>,
) -> Result<Door, ApiError> {
    let Some(class) = class else { return Ok(Door::Refused) };
    if let Some(token) = token {
        let Ok(claims) = app.links.verify(token, class) else { return Ok(Door::Refused) };
        let Some(arrival) = arrive(app, claims.organization, class, claims.person).await? else {
            return Ok(Door::Refused);
        };
        let kind =
            if arrival.enrollment.kind == EnrollmentKind::Guest { Purpose::Guest } else { Purpose::Join };
        if claims.generation != arrival.enrollment.generation || claims.purpose != kind {
            return Ok(Door::Refused);
        }
        let signed_in =
            visitor.is_some_and(|who| who.organization == claims.organization && who.person == claims.person);
        return Ok(Door::Welcome(Box::new(Arrival { token: Some(token.to_owned()), signed_in, ..arrival })));
    }
    let Some(who) = visitor else { return Ok(Door::Unknown) };
    if let Some(arrival) = arrive(app, who.organization, class, who.person).await? {
        return Ok(Door::Welcome(Box::new(Arrival { signed_in: true, ..arrival })));
    }
    let mut tx = app.db.read(who.organization).await?;
    let found = classes::service::find(&mut tx, who.organization, class).await?;
    Ok(match found {
        Some(class) if who.role == Role::Admin || class.instructor == who.person => Door::Teacher,
        _ => Door::Refused,
    })
}

/// Where somebody with a genuine link stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Several sessions are open.
    Choose(Vec<SessionId>),
    /// It opens at the instant.
    Early(SessionId, DateTime<Utc>),
    /// The button.
    Ready(SessionId),
    /// We sent this browser on before.
    Joined(SessionId, DateTime<Utc>, Option<DateTime<Utc>>),
    /// The seat or the meeting is being made.
    Preparing(SessionId),
    /// The platform fails.
    PlatformDown(SessionId),
    /// The instructor must start first.
    TeacherNotHere(SessionId),
    /// It is held in the room: there is no door of ours.
    InPerson(SessionId),
    /// Over.
    Over(SessionId),
    /// Called off.
    Cancelled(SessionId),
    /// Nothing is scheduled.
    Nothing,
}

/// What this browser sees. Changes nothing.
pub async fn look(
    app: &App,
    arrival: &Arrival,
    asked: Option<SessionId>,
    browser: Option<&[u8; 32]>,
) -> Result<Standing, ApiError> {
    let now = app.clock.now();
    let id = match pick(arrival, asked, now) {
        Ok(id) => id,
        Err(standing) => return Ok(standing),
    };
    let at = arrival.at(id);
    if let (Some(seat), Some(browser)) = (at.and_then(|at| at.seat.as_ref()), browser)
        && seat.browser_hash.as_deref() == Some(browser.as_slice())
        && let Some(at) = seat.redirected_at
    {
        let organization = arrival.organization.id;
        let mut tx = app.db.read(organization).await?;
        let seen = crate::attendance::service::first_seen(&mut tx, organization, id, seat.person).await?;
        return Ok(Standing::Joined(id, at, seen));
    }
    Ok(of_meeting(arrival, id, at.and_then(|at| at.meeting.as_ref())))
}

/// The session whose window is open, by the link's rule or by the person's choice among several.
pub(super) fn pick(
    arrival: &Arrival,
    asked: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<SessionId, Standing> {
    let asked = asked
        .and_then(|id| arrival.session(id))
        .filter(|session| window(&session.times(), &arrival.policies, now) == Window::Open);
    let in_person = |id| arrival.session(id).is_some_and(|session| session.delivery == Delivery::InPerson);
    let choice = asked.map_or_else(|| arrival.choice(now), |session| Choice::Open(session.id));
    Err(match choice {
        Choice::Open(id) | Choice::Next(id, _) if in_person(id) => Standing::InPerson(id),
        Choice::Open(id) => return Ok(id),
        Choice::Several(ids) => Standing::Choose(ids),
        Choice::Next(id, opens) => Standing::Early(id, opens),
        Choice::Cancelled(id) => Standing::Cancelled(id),
        Choice::Over(id) => Standing::Over(id),
        Choice::Nothing => Standing::Nothing,
    })
}

/// The door of an open session, by its meeting.
pub(super) fn of_meeting(arrival: &Arrival, id: SessionId, meeting: Option<&Meeting>) -> Standing {
    let started = arrival.session(id).is_some_and(|session| session.state == SessionState::Live);
    match meeting {
        Some(meeting) if meeting.state == MeetingState::Ready => Standing::Ready(id),
        None if !started && arrival.policies.meeting_created == MeetingCreated::Started => {
            Standing::TeacherNotHere(id)
        }
        Some(meeting) if meeting.problem_code.is_some() => Standing::PlatformDown(id),
        _ => Standing::Preparing(id),
    }
}

/// Writes a refused attempt into the log of the organization the class belongs to.
///
/// # Errors
/// [`ApiError::TooMany`] when this address was refused too often.
pub async fn refused(
    app: &App,
    class: Option<ClassId>,
    address: IpAddr,
    why: &'static str,
) -> Result<(), ApiError> {
    let organization = match class {
        Some(class) => {
            let mut tx = app.db.system_read().await?;
            organizations::service::of_class(&mut tx, class).await?
        }
        None => None,
    };
    let mut entry =
        app.entry(organization.unwrap_or(crate::app::OPERATOR), EntryKind::JoinRefused, Actor::Nobody);
    if organization.is_some() {
        entry.class = class;
    }
    app.append_audit(entry.details(json!({"why": why}))).await;
    app.limiter
        .count(&format!("join refused {address}"), app.config.limits.refused_joins_per_address)
        .map_err(ApiError::TooMany)
}

/// Takes back a person's seats in what is still to come of a class. Inside the caller's transaction.
pub async fn revoke_seats(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<(), ApiError> {
    for seat in store::seats_in_class(tx, organization, class, person).await? {
        store::release(tx, organization, &seat, app.clock.now()).await?;
        registrants::queue_cancelling(app, tx, organization, seat.session).await?;
    }
    Ok(())
}

/// Takes back many people's seats in what is still to come of a class. Inside the caller's transaction.
pub async fn revoke_seats_of(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    people: &[PersonId],
) -> Result<(), ApiError> {
    let seats = store::seats_of_people(tx, organization, class, people).await?;
    let ids: Vec<_> = seats.iter().map(|(seat, _)| *seat).collect();
    store::release_many(tx, organization, &ids, app.clock.now()).await?;
    let sessions: std::collections::BTreeSet<_> = seats.into_iter().map(|(_, session)| session).collect();
    for session in sessions {
        registrants::queue_cancelling(app, tx, organization, session.into()).await?;
    }
    Ok(())
}

/// All seats of a session: for the live page, who pressed Join and was sent on.
pub async fn seats(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Vec<Seat>, ApiError> {
    Ok(store::seats_of_session(tx, organization, session).await?)
}

/// Part of tick `clean_up`: codes long gone, of which it says how many, and registrants whose cancelling was missed.
pub async fn clean_up(app: &App, organization: OrganizationId) -> Result<u64, ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let codes = store::remove_old_codes(&mut tx, organization, now - chrono::Duration::days(1)).await?;
    for session in
        store::sessions_with_leaving(&mut tx, organization, now - chrono::Duration::hours(1)).await?
    {
        registrants::queue_cancelling(app, &mut tx, organization, session).await?;
    }
    tx.commit().await?;
    Ok(codes)
}
