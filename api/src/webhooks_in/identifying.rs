//! Whose an id is: Microsoft's events name people of the school by an id and a name, and a name proves nothing. The account's
//! address is looked up by the school's own app, and with it the person is known.

use std::collections::{BTreeSet, HashMap};

use lectern_core::ids::{OrganizationId, SessionId};

use super::processor;
use crate::{
    app::App,
    attendance,
    db::Tx,
    error::ApiError,
    jobs::{Job, JobError, store::NewJob},
    platforms,
    sessions::facts,
};

/// Looks up the accounts of one session: `{session}`.
pub const IDENTIFY: &str = "roster.identify";
/// Looked up by one job; the rest by the next.
const MOST: usize = 200;

/// Queues the look-up for a session.
pub(super) async fn queue(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<(), ApiError> {
    let (key, now) = (session.to_string(), app.clock.now());
    let body = serde_json::json!({"session": session});
    let job = NewJob { id: app.ids.next(), kind: IDENTIFY, body, unique_key: Some(&key), run_at: now, now };
    Ok(crate::jobs::store::insert(tx, organization, &job).await?)
}

/// Looks the accounts up that a session's stays name by id alone. Who cannot be looked up stays a guest by name.
///
/// # Errors
/// For the runner to try again.
pub async fn identify(app: &App, job: &Job) -> Result<(), JobError> {
    let ours = |error: ApiError| JobError::Retry(error.to_string(), None);
    let session: SessionId = job.id_of("session")?;
    let mut look = app.db.read(job.organization).await?;
    let facts = facts::of_session(&mut look, job.organization, session).await.map_err(ours)?;
    let (stays, _) =
        attendance::evidence::of_session(&mut look, job.organization, session).await.map_err(ours)?;
    drop(look);
    let Some((facts, connection)) = facts.and_then(|facts| facts.connection.map(|id| (facts, id))) else {
        return Ok(());
    };
    let ids: BTreeSet<String> = stays
        .into_iter()
        .filter(|stay| stay.facts.email.is_none())
        .filter_map(|stay| stay.facts.user_id)
        .filter(|id| facts.host_id.as_ref() != Some(id))
        .take(MOST)
        .collect();
    let mut addresses = HashMap::new();
    for id in ids {
        match platforms::service::address_of(app, job.organization, facts.provider, connection, &id).await {
            Ok(Some(address)) => {
                addresses.insert(id, address);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::info!(%error, %session, "an account of session {session} could not be looked up: {error}");
                break;
            }
        }
    }
    if addresses.is_empty() {
        return Ok(());
    }
    processor::recognise(app, job.organization, session, &addresses).await.map_err(ours)
}
