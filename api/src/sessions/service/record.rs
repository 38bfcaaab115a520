//! The log and the watchers learn of each change; the jobs wake.

use lectern_core::ids::OrganizationId;

use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    classes::Class,
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    keys::Sealer,
    sessions::store::Session,
};

pub(in crate::sessions) fn wake(app: &App) {
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
}

#[expect(
    clippy::too_many_arguments,
    reason = "what happened to which session, by whom, for the log and for watchers"
)]
pub(in crate::sessions) async fn record(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    organization: OrganizationId,
    actor: Actor,
    entry: EntryKind,
    event: EventType,
    session: &Session,
    class: &Class,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    audit::store::insert(tx, &app.entry(organization, entry, actor).class(class.id).session(session.id))
        .await?;
    let event = Event::new(event, now).of(Some(session.id), class.id, class.instructor);
    Ok(events::emit(tx, &app.ids, sealer, organization, now, &event).await?)
}
