//! Starting a session, and the address by which its host enters.

use lectern_core::{
    ids::{OrganizationId, SessionId},
    provider::{Call, ErrorKind, ProviderError},
    secret::SecretString,
    session::{Delivery, SessionState},
};
use url::Url;

use super::{
    find::{count_live, own, own_to_change},
    record::{record, wake},
    view::{SessionView, view},
};
use crate::{
    app::App,
    audit::EntryKind,
    classes::Class,
    error::ApiError,
    events::EventType,
    extract::SignedIn,
    organizations::limits::{self, Limited},
    platforms,
    sessions::{
        meetings,
        store::{self, Meeting, MeetingState},
    },
    subscriptions,
};

/// How long Start waits for the meeting before it answers "creating".
const START_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Whether this person comes to the class's meetings as their host. Whoever enters by the host's address is the instructor
/// to the platform, so it is nobody else's, not even an admin's.
#[must_use]
pub fn hosts(who: &SignedIn, class: &Class) -> bool {
    class.instructor == who.person
}

/// Whether Start found the meeting ready.
#[derive(Debug)]
pub struct Started {
    /// The session as it is now.
    pub view: SessionView,
    /// `false`: the meeting is still being made; the page opens it by itself.
    pub ready: bool,
}

/// Starts a session: the door opens at once, and the meeting is made when it is missing.
pub async fn start(app: &App, who: &SignedIn, id: SessionId) -> Result<Started, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let (mut session, class) = own_to_change(&mut tx, who, id).await?;
    match session.state {
        SessionState::Cancelled => {
            return Err(ApiError::conflict(
                "cancelled",
                "This session was cancelled.",
                "Schedule another one.",
            ));
        }
        SessionState::Ended => {
            return Err(ApiError::conflict("ended", "This session is over.", "Schedule another one."));
        }
        SessionState::Live => {}
        SessionState::Scheduled => {
            if let Some(most) = limits::most(&mut tx, who.organization, Limited::LiveSessions).await? {
                let live = count_live(&mut tx, who.organization).await?;
                limits::check(Limited::LiveSessions, most, live + 1)?;
            }
            session.state = SessionState::Live;
            session.started_at = Some(now);
            store::update(&mut tx, who.organization, &session, now).await?;
            record(
                app,
                &mut tx,
                &sealer,
                who.organization,
                who.actor(),
                EntryKind::SessionStarted,
                EventType::SessionStarted,
                &session,
                &class,
            )
            .await?;
        }
    }
    meetings::want(app, &mut tx, who.organization, &session, &class).await?;
    let meeting = store::meeting_of(&mut tx, who.organization, id).await?;
    tx.commit().await?;
    wake(app);
    if let Some(meeting) = meeting.filter(|meeting| meeting.state != MeetingState::Ready) {
        make_now(app, who.organization, &meeting).await?;
    }
    subscriptions::follow(app, who.organization, id).await;
    let mut tx = app.db.read(who.organization).await?;
    let meeting = store::meeting_of(&mut tx, who.organization, id).await?;
    let in_person = session.delivery == Delivery::InPerson;
    let ready = in_person || meeting.as_ref().is_some_and(|meeting| meeting.state == MeetingState::Ready);
    Ok(Started { view: view(app, &mut tx, who, &session, &class).await?, ready })
}

/// Makes the meeting while the person waits, or waits for who already does.
async fn make_now(app: &App, organization: OrganizationId, meeting: &Meeting) -> Result<(), ApiError> {
    let call = Call::interactive(START_PATIENCE);
    let waited = tokio::time::timeout(START_PATIENCE, async {
        loop {
            match meetings::make(app, organization, meeting.id, &call).await? {
                meetings::Attempt::NotOurs => {}
                meetings::Attempt::Ready => return Ok::<(), ApiError>(()),
                meetings::Attempt::Failed(_) => return meetings::hasten(app, organization, meeting.id).await,
            }
            let mut tx = app.db.read(organization).await?;
            let now = store::find_meeting(&mut tx, organization, meeting.id).await?;
            drop(tx);
            if now.is_none_or(|now| now.state != MeetingState::Creating) {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    waited.await.unwrap_or(Ok(()))
}

/// A fresh address that opens the meeting as its host: given out once, never kept.
pub async fn launch(app: &App, who: &SignedIn, id: SessionId) -> Result<SecretString, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let (session, class) = own(&mut tx, who, id).await?;
    if !hosts(who, &class) {
        return Err(ApiError::Forbidden);
    }
    let meeting = store::meeting_of(&mut tx, who.organization, id).await?;
    drop(tx);
    if matches!(session.state, SessionState::Ended | SessionState::Cancelled) {
        return Err(ApiError::conflict(
            "over",
            "This session is over or was cancelled.",
            "Schedule another one.",
        ));
    }
    let not_ready = || {
        ApiError::conflict(
            "meeting_not_ready",
            "The meeting is not there yet.",
            "Press Start Class, wait a moment, then open it again.",
        )
    };
    let meeting = meeting.filter(|meeting| meeting.state == MeetingState::Ready).ok_or_else(not_ready)?;
    let (target, connected) = match meetings::reach(app, who.organization, meeting.id).await {
        Ok(reached) => reached.ok_or_else(not_ready)?,
        Err(error) if error.kind == ErrorKind::Reconnect => {
            return Err(other_account(app, who, &class, error).await);
        }
        Err(error) => return Err(error.into()),
    };
    let meetings = connected.provider.meetings().ok_or_else(not_ready)?;
    let host = meetings.host_url(&Call::interactive(START_PATIENCE), &target).await?;
    let url = Url::parse(host.0.expose())
        .ok()
        .filter(|url| platforms::service::is_meeting_host(app, meeting.provider, url));
    if url.is_none() {
        app.append_audit(
            app.entry(who.organization, EntryKind::JoinUrlRefused, who.actor()).class(class.id).session(id),
        )
        .await;
        return Err(unexpected(&connected));
    }
    app.append_audit(
        app.entry(who.organization, EntryKind::SessionLaunched, who.actor()).class(class.id).session(id),
    )
    .await;
    Ok(host.0)
}

/// The meeting's own account is gone. Where another is connected by now, connecting again would not help.
async fn other_account(app: &App, who: &SignedIn, class: &Class, error: ProviderError) -> ApiError {
    let now = platforms::service::connected(app, who.organization, class.provider, class.instructor).await;
    if now.is_err() {
        return error.into();
    }
    ApiError::conflict(
        "other_account",
        format!(
            "This meeting was made by another {} account than the one connected now.",
            class.provider.title()
        ),
        "Connect the account that made it, or end this session and schedule another one.",
    )
}

fn unexpected(connected: &platforms::Connected) -> ApiError {
    ProviderError::new(connected.provider.name(), "launch", ErrorKind::Unexpected).into()
}
