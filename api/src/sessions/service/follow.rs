//! What sessions do when their class changes or its roster grows.

use lectern_core::{
    ids::{ClassId, OrganizationId},
    organization::MeetingCreated,
    session::SessionState,
};

use crate::{
    app::App,
    classes::{Class, Enrollment},
    db::Tx,
    error::ApiError,
    join, organizations, pasted_links,
    sessions::{Session, meetings, replacing, store},
};

/// Title, instructor or options of a class changed: coming meetings follow. Inside the caller's transaction.
pub async fn class_changed(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    for session in store::of_class(tx, organization, class).await? {
        if session.state == SessionState::Scheduled
            && let Some(meeting) = store::meeting_of(tx, organization, session.id).await?
        {
            meetings::queue(app, tx, organization, "meeting.update", meeting.id, now).await?;
        }
    }
    Ok(())
}

/// A class's meetings are elsewhere now: each that was decided on is replaced, of what is to come and of what runs. Inside the
/// caller's transaction.
pub async fn renew_meetings(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
) -> Result<(), ApiError> {
    for session in store::of_class(tx, organization, class.id).await? {
        renew_meeting(app, tx, organization, &session, class).await?;
    }
    Ok(())
}

/// The link of a class is another one: each meeting that it opens is replaced. Inside the caller's transaction.
pub async fn renew_pasted(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
) -> Result<(), ApiError> {
    for session in store::of_class(tx, organization, class.id).await? {
        renew_if_pasted(app, tx, organization, &session, class).await?;
    }
    Ok(())
}

/// The same for one session. Inside the caller's transaction.
pub async fn renew_if_pasted(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    let meeting = store::meeting_of(tx, organization, session.id).await?;
    match meeting.filter(|meeting| pasted_links::service::lives_by_one(meeting.provider)) {
        Some(_) => renew_meeting(app, tx, organization, session, class).await,
        None => Ok(()),
    }
}

/// The same as [`renew_meetings`] for one session. Inside the caller's transaction.
async fn renew_meeting(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    if !matches!(session.state, SessionState::Scheduled | SessionState::Live) {
        return Ok(());
    }
    if let Some(before) = replacing::retire(app, tx, organization, session.id).await? {
        // A running session stays on the platform that stands in for its class's.
        let running = session.state == SessionState::Live;
        let on = if running { before } else { class.provider };
        meetings::want_on(app, tx, organization, session, on).await?;
    }
    Ok(())
}

/// Somebody came onto a roster: a meeting where the policy waits for that, and a seat ahead of time. Inside the caller's transaction.
pub async fn roster_grew(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
    _who: &Enrollment,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let settings = organizations::service::settings_in(tx, organization).await?;
    for session in store::near(tx, organization, class.id, now).await? {
        if !matches!(session.state, SessionState::Scheduled | SessionState::Live) {
            continue;
        }
        if settings.policies.meeting_created == MeetingCreated::Booked {
            meetings::want(app, tx, organization, &session, class).await?;
        }
        join::registrants::queue(app, tx, organization, session.id, now).await?;
    }
    Ok(())
}
