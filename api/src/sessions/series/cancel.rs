//! This and following, or all: called off.

use lectern_core::{
    ids::{ClassId, OrganizationId, SessionId},
    schedule::{Scope, Standing, cut},
};
use serde_json::json;

use super::{
    apply::{Hand, existing},
    change::not_in_series,
    store,
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    sessions::{
        service::{own_to_change, wake},
        store as sessions,
    },
};

/// People get mails about the next sessions that are called off, at most so many.
const TOLD: usize = 10;

/// Calls off a session and those behind it, or all of its series that have not begun; the series ends.
pub(in crate::sessions) async fn cancel(
    app: &App,
    who: &SignedIn,
    id: SessionId,
    scope: Scope,
    reason: Option<String>,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let organization = who.organization;
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let (_, class) = own_to_change(&mut tx, who, id).await?;
    let place = store::place_of(&mut tx, organization, id).await?;
    let (series, at) = place.slot.ok_or_else(not_in_series)?;
    let mut course = store::find_to_change(&mut tx, organization, series, app.zones.as_ref())
        .await?
        .ok_or_else(not_in_series)?;
    let before = if scope == Scope::Following { cut(&course.plan, at) } else { None };
    match before {
        Some((before, _)) => course.plan = before,
        None => course.active = false,
    }
    store::update(&mut tx, organization, &course, now).await?;
    let hand = Hand { app, sealer: &sealer, organization, actor: who.actor(), class: &class, now };
    let mut called_off = 0;
    for placed in store::places(&mut tx, organization, series).await? {
        let coming = matches!(existing(&placed, now).standing, Standing::Planned | Standing::Moved);
        // The named one goes also when its time has just come.
        if (coming && (scope == Scope::All || placed.slot >= at)) || placed.id == id {
            let session = sessions::find_to_change(&mut tx, organization, placed.id).await?;
            let Some(session) = session.filter(sessions::Session::is_scheduled) else { continue };
            hand.drop_one(&mut tx, session, reason.clone(), called_off < TOLD).await?;
            called_off += 1;
        }
    }
    let details = json!({"series": series, "scope": scope.as_str(), "sessions": called_off});
    let entry = app.entry(organization, EntryKind::SeriesCancelled, who.actor()).class(class.id).session(id);
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}

/// No series of a class is written out any more. Inside the caller's transaction.
pub(in crate::sessions) async fn end_of_class(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    for id in store::active_of_class(tx, organization, class).await? {
        if let Some(mut course) = store::find_to_change(tx, organization, id, app.zones.as_ref()).await? {
            course.active = false;
            store::update(tx, organization, &course, now).await?;
        }
    }
    Ok(())
}
