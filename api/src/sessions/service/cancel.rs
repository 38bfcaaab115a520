//! Calling sessions off: one, more of its series, or all that are to come of a class.

use lectern_core::{
    ids::{OrganizationId, SessionId},
    schedule::Scope,
    session::SessionState,
};

use super::{
    find::own_to_change,
    record::{record, wake},
};
use crate::{
    app::App,
    audit::{Actor, EntryKind},
    bookings,
    classes::Class,
    db::Tx,
    error::ApiError,
    events::EventType,
    extract::SignedIn,
    keys::Sealer,
    notify,
    sessions::{
        meetings, series,
        store::{self, Session},
    },
};

/// Calls a session off, or more of its series: links say so, the meeting goes, the people are told.
pub async fn cancel(
    app: &App,
    who: &SignedIn,
    id: SessionId,
    scope: Scope,
    reason: Option<&str>,
) -> Result<(), ApiError> {
    let reason = match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => Some(
            crate::people::service::one_line(reason, 300)
                .map_err(|message| ApiError::field("reason", message))?,
        ),
        None => None,
    };
    if scope != Scope::This {
        return series::cancel(app, who, id, scope, reason).await;
    }
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let (session, class) = own_to_change(&mut tx, who, id).await?;
    match session.state {
        SessionState::Cancelled => return Ok(()),
        SessionState::Ended => {
            return Err(ApiError::conflict(
                "ended",
                "This session is over.",
                "There is nothing left to cancel.",
            ));
        }
        SessionState::Live => {
            return Err(ApiError::conflict("live", "This session is running.", "End it instead."));
        }
        SessionState::Scheduled => {}
    }
    cancel_one(app, &mut tx, &sealer, who.organization, who.actor(), session, &class, reason, true).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}

/// Calls one session off; `told`: its people get a mail. Inside the caller's transaction.
#[expect(clippy::too_many_arguments, reason = "which session, by whom and why, and who is told")]
pub async fn cancel_one(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    actor: Actor,
    mut session: Session,
    class: &Class,
    reason: Option<String>,
    told: bool,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    session.state = SessionState::Cancelled;
    session.cancel_reason = reason;
    session.revision += 1;
    store::update(tx, organization, &session, now).await?;
    if let Some(meeting) = store::meeting_of(tx, organization, session.id).await? {
        meetings::queue(app, tx, organization, "meeting.remove", meeting.id, now).await?;
    }
    record(
        app,
        tx,
        sealer,
        organization,
        actor,
        EntryKind::SessionCancelled,
        EventType::SessionCancelled,
        &session,
        class,
    )
    .await?;
    bookings::service::session_cancelled(app, tx, organization, actor, &session).await?;
    if told {
        notify::service::session_cancelled(app, tx, sealer, organization, &session, class).await?;
    }
    Ok(())
}

/// Cancels what is still to come of a class. Inside the caller's transaction.
pub async fn cancel_coming(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    class: &Class,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    series::end_of_class(app, tx, who.organization, class.id).await?;
    for listed in store::of_class(tx, who.organization, class.id).await? {
        let Some(session) = store::find_to_change(tx, who.organization, listed.id).await? else { continue };
        match session.state {
            // What is past is not called off any more.
            SessionState::Scheduled if session.ends_at <= now => {}
            SessionState::Scheduled => {
                cancel_one(app, tx, sealer, who.organization, who.actor(), session, class, None, true)
                    .await?;
            }
            SessionState::Live => {
                return Err(ApiError::conflict(
                    "live",
                    "A session of this class is running.",
                    "End it first, then archive the class.",
                ));
            }
            SessionState::Ended | SessionState::Cancelled => {}
        }
    }
    Ok(())
}
