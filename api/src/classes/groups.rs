//! Many people who come onto a roster or leave it at once, with everything that follows for each of them.

use lectern_core::ids::{ClassId, OrganizationId, PersonId};
use serde_json::Value;

use super::{
    enrollments::role_word,
    store::{self, Class, Enrollment, EnrollmentKind},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    ids::json_list,
    join,
    keys::Sealer,
    notify, sessions,
};

/// People that one statement writes.
const AT_A_TIME: usize = 500;

/// On whose behalf a group comes or goes.
#[derive(Clone, Debug)]
pub struct Mover<'a> {
    /// Where.
    pub organization: OrganizationId,
    /// Who did it.
    pub actor: Actor,
    /// For the events.
    pub sealer: &'a Sealer,
    /// For the audit log: why.
    pub details: Value,
}

/// The classes of these that there are; whoever else brings a group in or out of one waits until this transaction ends.
pub async fn hold(
    tx: &mut Tx,
    organization: OrganizationId,
    classes: &[ClassId],
) -> Result<Vec<Class>, ApiError> {
    Ok(store::hold(tx, organization, &json_list(classes.iter().map(|class| class.uuid()))).await?)
}

/// People come onto a roster: places, meetings and seats ahead of time, mails, events. A guest of the class with the same
/// address is one no longer: one address is one registrant at the platform.
pub async fn come(
    app: &App,
    tx: &mut Tx,
    mover: &Mover<'_>,
    class: &Class,
    people: &[PersonId],
) -> Result<(), ApiError> {
    let organization = mover.organization;
    let mut came = Vec::with_capacity(people.len());
    for some in people.chunks(AT_A_TIME) {
        let guests = store::guests_of_people(tx, organization, class.id, some).await?;
        put_out(app, tx, mover, class, &guests).await?;
        let places: Vec<_> = some.iter().map(|person| (app.new_id(), *person)).collect();
        store::bring(tx, organization, class.id, &places, app.clock.now()).await?;
        came.extend(store::enrollments_of_people(tx, organization, class.id, some).await?);
    }
    let Some(first) = came.first() else { return Ok(()) };
    write_down(app, tx, mover, class, &came, EntryKind::Enrolled).await?;
    sessions::service::roster_grew(app, tx, organization, class, first).await?;
    notify::service::people_meet_class(app, tx, mover.sealer, organization, class, &came).await
}

/// People leave a roster: links, seats and registrants die at once.
pub async fn go(
    app: &App,
    tx: &mut Tx,
    mover: &Mover<'_>,
    class: &Class,
    people: &[PersonId],
) -> Result<(), ApiError> {
    for some in people.chunks(AT_A_TIME) {
        let places = store::enrollments_of_people(tx, mover.organization, class.id, some).await?;
        put_out(app, tx, mover, class, &places).await?;
    }
    Ok(())
}

async fn put_out(
    app: &App,
    tx: &mut Tx,
    mover: &Mover<'_>,
    class: &Class,
    places: &[Enrollment],
) -> Result<(), ApiError> {
    if places.is_empty() {
        return Ok(());
    }
    let organization = mover.organization;
    let people: Vec<PersonId> = places.iter().map(|place| place.person).collect();
    store::put_out(tx, organization, class.id, &people, app.clock.now()).await?;
    join::service::revoke_seats_of(app, tx, organization, class.id, &people).await?;
    for (kind, entry) in
        [(EnrollmentKind::Member, EntryKind::Unenrolled), (EnrollmentKind::Guest, EntryKind::GuestRemoved)]
    {
        let some: Vec<_> = places.iter().filter(|place| place.kind == kind).cloned().collect();
        write_down(app, tx, mover, class, &some, entry).await?;
    }
    Ok(())
}

async fn write_down(
    app: &App,
    tx: &mut Tx,
    mover: &Mover<'_>,
    class: &Class,
    places: &[Enrollment],
    kind: EntryKind,
) -> Result<(), ApiError> {
    let (organization, now) = (mover.organization, app.clock.now());
    for some in places.chunks(AT_A_TIME) {
        let entries: Vec<_> = some
            .iter()
            .map(|place| {
                let entry = app.entry(organization, kind, mover.actor).class(class.id).person(place.person);
                entry.details(mover.details.clone())
            })
            .collect();
        audit::store::insert_all(tx, &entries.iter().collect::<Vec<_>>()).await?;
        let changed = |place: &Enrollment| {
            Event::new(EventType::RosterChanged, now).of(None, class.id, class.instructor).person(
                Some(place.person),
                place.name(),
                role_word(place.kind),
            )
        };
        let events: Vec<_> = some.iter().map(changed).collect();
        events::emit_all(tx, &app.ids, mover.sealer, organization, now, &events).await?;
    }
    Ok(())
}
