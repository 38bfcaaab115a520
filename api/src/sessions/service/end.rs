//! Ending a session.

use lectern_core::{
    ids::{OrganizationId, SessionId},
    session::SessionState,
};

use super::{
    find::own_to_change,
    record::{record, wake},
    view::{SessionView, view},
};
use crate::{
    app::App,
    audit::{Actor, EntryKind},
    classes::Class,
    db::Tx,
    error::ApiError,
    events::EventType,
    extract::SignedIn,
    keys::Sealer,
    organizations,
    sessions::{
        facts, meetings,
        store::{self, Session},
    },
};

/// Ends a session: the door closes, the platform's meeting ends for everyone.
pub async fn end(app: &App, who: &SignedIn, id: SessionId) -> Result<SessionView, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let (session, class) = own_to_change(&mut tx, who, id).await?;
    let session = match session.state {
        SessionState::Cancelled => {
            return Err(ApiError::conflict(
                "cancelled",
                "This session was cancelled.",
                "There is nothing to end.",
            ));
        }
        SessionState::Ended => session,
        SessionState::Scheduled if is_to_come(app, &mut tx, who.organization, &session).await? => {
            return Err(ApiError::conflict(
                "not_started",
                "This session has not begun.",
                "Cancel it instead: then everybody is told.",
            ));
        }
        SessionState::Scheduled | SessionState::Live => {
            close(app, &mut tx, &sealer, who.organization, who.actor(), session, &class).await?
        }
    };
    let meeting = store::meeting_of(&mut tx, who.organization, id).await?;
    if let Some(meeting) = &meeting {
        meetings::queue(app, &mut tx, who.organization, "meeting.end", meeting.id, app.clock.now()).await?;
    }
    let view = view(app, &mut tx, who, &session, &class).await?;
    tx.commit().await?;
    wake(app);
    Ok(view)
}

/// Whether the doors have not opened yet.
async fn is_to_come(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
) -> Result<bool, ApiError> {
    let policies = organizations::service::settings_in(tx, organization).await?.policies;
    Ok(app.clock.now() < session.starts_at - policies.join_opens())
}

/// Writes that a session is over, and queues what follows. Inside the caller's transaction.
pub async fn close(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    actor: Actor,
    mut session: Session,
    class: &Class,
) -> Result<Session, ApiError> {
    let now = app.clock.now();
    session.state = SessionState::Ended;
    session.ended_at = Some(now);
    store::update(tx, organization, &session, now).await?;
    record(
        app,
        tx,
        sealer,
        organization,
        actor,
        EntryKind::SessionEnded,
        EventType::SessionEnded,
        &session,
        class,
    )
    .await?;
    if let Some(facts) = facts::of_session(tx, organization, session.id).await? {
        crate::attendance::service::after_end(app, tx, sealer, organization, facts).await?;
    }
    Ok(session)
}
