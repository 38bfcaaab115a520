//! Putting a person onto a roster, and taking them off, for other rooms: inside their transaction, with all that follows.

use lectern_core::ids::{OrganizationId, PersonId};

use super::{
    Class, Enrollment, EnrollmentKind,
    enrollments::{arrived, place, role_word},
    store,
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    cohorts,
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    join,
    keys::Sealer,
};

/// The person belongs to the class from now on. Fine when they did.
pub async fn admit(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    (organization, by): (OrganizationId, Actor),
    class: &Class,
    person: PersonId,
) -> Result<Enrollment, ApiError> {
    let known = store::find_enrollment_of(tx, organization, class.id, person).await?;
    if let Some(mut known) = known.filter(|known| known.active && known.kind == EnrollmentKind::Member) {
        if !known.by_hand {
            known.by_hand = true;
            store::update_enrollment(tx, organization, &known, app.clock.now()).await?;
        }
        return Ok(known);
    }
    let by = (organization, by);
    let enrollment = place(app, tx, by, class, person, EnrollmentKind::Member, true, None).await?;
    arrived(app, tx, sealer, by, class, &enrollment, EntryKind::Enrolled).await?;
    Ok(enrollment)
}

/// The person no longer belongs to the class: link, seat and registrant die at once. Fine when they did not.
pub async fn dismiss(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    (organization, by): (OrganizationId, Actor),
    class: &Class,
    person: PersonId,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let known = store::find_enrollment_of(tx, organization, class.id, person).await?;
    let Some(mut enrollment) = known.filter(|known| known.active) else { return Ok(()) };
    enrollment.active = false;
    enrollment.generation += 1;
    enrollment.by_hand = false;
    enrollment.kept_out = cohorts::service::brings(tx, organization, class.id, person).await?;
    store::update_enrollment(tx, organization, &enrollment, now).await?;
    join::service::revoke_seats(app, tx, organization, class.id, person).await?;
    let guest = enrollment.kind == EnrollmentKind::Guest;
    let kind = if guest { EntryKind::GuestRemoved } else { EntryKind::Unenrolled };
    audit::store::insert(tx, &app.entry(organization, kind, by).class(class.id).person(person)).await?;
    let event = Event::new(EventType::RosterChanged, now).of(None, class.id, class.instructor).person(
        Some(person),
        enrollment.name(),
        role_word(enrollment.kind),
    );
    Ok(events::emit(tx, &app.ids, sealer, organization, now, &event).await?)
}
