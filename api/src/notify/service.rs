//! Deciding who is told what. Every function writes in the caller's transaction.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SeatId, SessionId},
    session::SessionState,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    batch, choices,
    store::{self, NewMail, OneOfMany},
};
use crate::{
    app::App,
    classes::{Class, Enrollment, EnrollmentKind, enrollments},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    jobs::store::{self as jobs, NewJob},
    keys::Sealer,
    sessions::{self, Session},
};

/// Sessions a person who joins a class hears of at once, at most.
const AT_ONCE: usize = 10;
/// People told by one statement and one event.
const AT_A_TIME: usize = 256;

#[expect(clippy::too_many_arguments, reason = "each is one column of the row")]
async fn decide(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    session: Option<SessionId>,
    kind: &'static str,
    about: &str,
    facts: Value,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let id = app.ids.next();
    let wanted = choices::of_kind(tx, organization, kind).await?.of(person).mail;
    let mail = NewMail { id, person, session, kind, about, facts, wanted };
    if store::insert(tx, organization, &mail, now).await? && wanted {
        let job = NewJob {
            id: app.ids.next(),
            kind: "mail.send",
            body: json!({"mail": id}),
            unique_key: None,
            run_at: now,
            now,
        };
        jobs::insert(tx, organization, &job).await?;
    }
    Ok(())
}

fn join_kind(enrollment: &Enrollment) -> &'static str {
    if enrollment.kind == EnrollmentKind::Guest { "guest_invite" } else { "join" }
}

/// The sessions somebody who comes onto a roster hears of: those to come, of a series its first.
async fn for_newcomers(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
) -> Result<Vec<Session>, ApiError> {
    let now = app.clock.now();
    let mut coming = sessions::service::near(tx, organization, class.id, now).await?;
    coming.retain(|session| {
        session.ends_at > now && matches!(session.state, SessionState::Scheduled | SessionState::Live)
    });
    let (mut told, mut series) = (Vec::new(), BTreeSet::new());
    for session in coming {
        let place = sessions::series::place_of(tx, organization, session.id).await?;
        if place.slot.is_none_or(|(id, _)| series.insert(id)) {
            told.push(session);
        }
    }
    told.truncate(AT_ONCE);
    Ok(told)
}

/// A person came onto a roster: the mail for each session to come, once.
pub async fn person_meets_class(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
    enrollment: &Enrollment,
) -> Result<(), ApiError> {
    for session in for_newcomers(app, tx, organization, class).await? {
        if enrollments::may_come(tx, organization, enrollment, session.id).await? {
            let about = format!("{} {}", session.id, enrollment.generation);
            let kind = join_kind(enrollment);
            decide(app, tx, organization, enrollment.person, Some(session.id), kind, &about, json!({}))
                .await?;
        }
    }
    Ok(())
}

/// Many people came onto a roster: as [`person_meets_class`] for each, with mails that go out together.
pub async fn people_meet_class(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    class: &Class,
    members: &[Enrollment],
) -> Result<(), ApiError> {
    for session in for_newcomers(app, tx, organization, class).await? {
        let about = |place: &Enrollment| format!("{} {}", session.id, place.generation);
        let people: Vec<_> = members.iter().map(|one| (one.person, join_kind(one), about(one))).collect();
        decide_all(app, tx, sealer, organization, (session.id, class), &people, json!({})).await?;
    }
    Ok(())
}

/// Tells many people of a session the same: each once, as they chose. Their mails go out together, and pages they have open hear
/// of it.
pub(super) async fn decide_all(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    (session, class): (SessionId, &Class),
    people: &[(PersonId, &'static str, String)],
    facts: Value,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let Some((_, first, _)) = people.first() else { return Ok(()) };
    let choices = choices::of_kind(tx, organization, first).await?;
    let mails: Vec<OneOfMany> = people
        .iter()
        .map(|(person, kind, about)| OneOfMany {
            id: app.ids.next(),
            person: person.uuid(),
            kind,
            about: about.clone(),
            state: if choices.of(*person).mail { "wanted" } else { "off" },
        })
        .collect();
    for some in mails.chunks(AT_A_TIME) {
        store::insert_many(tx, organization, some, session, &facts, now).await?;
    }
    let kinds: BTreeSet<&str> = people.iter().map(|(_, kind, _)| *kind).collect();
    for kind in kinds {
        batch::queue(app, tx, organization, session, kind).await?;
    }
    let audience: Vec<PersonId> =
        people.iter().map(|(person, ..)| *person).filter(|person| choices.of(*person).live).collect();
    for some in audience.chunks(AT_A_TIME) {
        let event = Event::new(EventType::NoticeGiven, now)
            .of(Some(session), class.id, class.instructor)
            .detail(*first)
            .to(some);
        events::emit(tx, &app.ids, sealer, organization, now, &event).await?;
    }
    Ok(())
}

/// Everybody who may come to a session, each with the same mail.
async fn everybody(
    tx: &mut Tx,
    organization: OrganizationId,
    (session, class): (&Session, &Class),
    kind: impl Fn(&Enrollment) -> &'static str,
    about: impl Fn(&Enrollment) -> String,
) -> Result<Vec<(PersonId, &'static str, String)>, ApiError> {
    let all = enrollments::of_session(tx, organization, class.id, session.id).await?;
    Ok(all.iter().map(|one| (one.person, kind(one), about(one))).collect())
}

/// A session was scheduled: everybody who may come hears of it.
pub async fn session_scheduled(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    let about = |place: &Enrollment| format!("{} {}", session.id, place.generation);
    let people = everybody(tx, organization, (session, class), join_kind, about).await?;
    decide_all(app, tx, sealer, organization, (session.id, class), &people, json!({})).await
}

/// A session has another time.
pub async fn session_moved(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    (before, session): (&Session, &Session),
    class: &Class,
) -> Result<(), ApiError> {
    let about = |_: &Enrollment| format!("{} {}", session.id, session.revision);
    let facts = json!({"old_starts_at": before.starts_at, "old_ends_at": before.ends_at});
    let people = everybody(tx, organization, (session, class), |_| "moved", about).await?;
    decide_all(app, tx, sealer, organization, (session.id, class), &people, facts).await
}

/// Another platform stands in for the one that does not answer: everybody who may come hears of it, and the instructor.
pub async fn session_stood_by(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    let about = |_: &Enrollment| session.id.to_string();
    let mut people = everybody(tx, organization, (session, class), |_| "standby", about).await?;
    people.push((class.instructor, "standby", session.id.to_string()));
    decide_all(app, tx, sealer, organization, (session.id, class), &people, json!({})).await
}

/// A session was called off.
pub async fn session_cancelled(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    let about = |_: &Enrollment| session.id.to_string();
    let people = everybody(tx, organization, (session, class), |_| "cancelled", about).await?;
    decide_all(app, tx, sealer, organization, (session.id, class), &people, json!({})).await
}

/// The person's link once more, for the next session to come.
pub async fn send_link_again(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
    enrollment: &Enrollment,
) -> Result<(), ApiError> {
    let next = sessions::service::next_of_class(tx, organization, class.id, app.clock.now()).await?;
    let next = next.ok_or_else(|| {
        ApiError::conflict(
            "no_session",
            "The class has no session to come.",
            "Schedule a session first; its mail carries the link.",
        )
    })?;
    decide(
        app,
        tx,
        organization,
        enrollment.person,
        Some(next.id),
        join_kind(enrollment),
        &format!("again {}", app.ids.next()),
        json!({}),
    )
    .await
}

/// The code that moves a seat to another browser. Only where to find it is written; the digits are made when it is sent.
pub async fn send_code(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    enrollment: &Enrollment,
    seat: SeatId,
    sent_at: DateTime<Utc>,
) -> Result<(), ApiError> {
    let facts = json!({"seat": seat, "class": enrollment.class, "sent_at": sent_at.timestamp_micros()});
    decide(
        app,
        tx,
        organization,
        enrollment.person,
        None,
        "code",
        &format!("{seat} {}", sent_at.timestamp_micros()),
        facts,
    )
    .await
}

/// An instructor's account must be connected again.
pub async fn connection_lost(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    provider: &str,
    connection: Uuid,
    generation: i64,
) -> Result<(), ApiError> {
    let facts = json!({"provider": provider});
    decide(
        app,
        tx,
        organization,
        person,
        None,
        "connection_lost",
        &format!("{connection} {generation}"),
        facts,
    )
    .await
}

/// What became of a booking: `booked`, `booking_held`, `booking_waits`, `seat_free`, `booking_ended` or
/// `booking_refunded`; for whoever is booked `booking_made` or `booking_left`.
pub async fn booking(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    (class, booking): (ClassId, Uuid),
    kind: &'static str,
) -> Result<(), ApiError> {
    let facts = json!({"class": class, "booking": booking});
    let about = format!("{booking} {}", app.clock.now().timestamp_micros());
    decide(app, tx, organization, person, None, kind, &about, facts).await
}

/// A webhook endpoint was given up: an admin is told.
pub async fn webhook_endpoint_disabled(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    admin: PersonId,
    endpoint: Uuid,
    at: DateTime<Utc>,
) -> Result<(), ApiError> {
    let about = format!("{endpoint} {}", at.timestamp_micros());
    let facts = json!({"endpoint": endpoint});
    decide(app, tx, organization, admin, None, "webhook_disabled", &about, facts).await
}

/// When each person was last sent their link to a class.
pub async fn links_sent(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<std::collections::HashMap<PersonId, DateTime<Utc>>, ApiError> {
    let rows = store::links_sent(tx, organization, class).await?;
    Ok(rows.into_iter().map(|(person, at)| (PersonId(person), at)).collect())
}
