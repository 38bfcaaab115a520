//! Deciding who is told what. Every function writes in the caller's transaction.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SeatId, SessionId},
    session::SessionState,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::store::{self, NewMail};
use crate::{
    app::App,
    classes::{Class, Enrollment, EnrollmentKind, enrollments},
    db::Tx,
    error::ApiError,
    jobs::store::{self as jobs, NewJob},
    sessions::{self, Session},
};

/// Sessions a person who joins a class hears of at once, at most.
const AT_ONCE: usize = 10;

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
    let mail = NewMail { id, person, session, kind, about, facts };
    if store::insert(tx, organization, &mail, now).await? {
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

/// A person came onto a roster: the mail for each session to come, once.
pub async fn person_meets_class(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
    enrollment: &Enrollment,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let coming = sessions::service::near(tx, organization, class.id, now).await?;
    let coming = coming.into_iter().filter(|session| {
        session.ends_at > now && matches!(session.state, SessionState::Scheduled | SessionState::Live)
    });
    for session in coming.take(AT_ONCE) {
        if enrollments::may_come(tx, organization, enrollment, session.id).await? {
            let about = format!("{} {}", session.id, enrollment.generation);
            decide(
                app,
                tx,
                organization,
                enrollment.person,
                Some(session.id),
                join_kind(enrollment),
                &about,
                json!({}),
            )
            .await?;
        }
    }
    Ok(())
}

/// A session was scheduled: everybody who may come hears of it.
pub async fn session_scheduled(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    for enrollment in enrollments::of_session(tx, organization, class.id, session.id).await? {
        let about = format!("{} {}", session.id, enrollment.generation);
        decide(
            app,
            tx,
            organization,
            enrollment.person,
            Some(session.id),
            join_kind(&enrollment),
            &about,
            json!({}),
        )
        .await?;
    }
    Ok(())
}

/// A session has another time.
pub async fn session_moved(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    before: &Session,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    let about = format!("{} {}", session.id, session.revision);
    for enrollment in enrollments::of_session(tx, organization, class.id, session.id).await? {
        let facts = json!({"old_starts_at": before.starts_at, "old_ends_at": before.ends_at});
        decide(app, tx, organization, enrollment.person, Some(session.id), "moved", &about, facts).await?;
    }
    Ok(())
}

/// Another platform stands in for the one that does not answer: everybody who may come hears of it, and the instructor.
pub async fn session_stood_by(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    let about = session.id.to_string();
    let mut people: Vec<PersonId> = enrollments::of_session(tx, organization, class.id, session.id)
        .await?
        .into_iter()
        .map(|enrollment| enrollment.person)
        .collect();
    people.push(class.instructor);
    for person in people {
        decide(app, tx, organization, person, Some(session.id), "standby", &about, json!({})).await?;
    }
    Ok(())
}

/// A session was called off.
pub async fn session_cancelled(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    for enrollment in enrollments::of_session(tx, organization, class.id, session.id).await? {
        decide(
            app,
            tx,
            organization,
            enrollment.person,
            Some(session.id),
            "cancelled",
            &session.id.to_string(),
            json!({}),
        )
        .await?;
    }
    Ok(())
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
