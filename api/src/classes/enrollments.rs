//! Who belongs to a class.

use lectern_core::ids::{ClassId, EnrollmentId, OrganizationId, PersonId, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    admitting, links, service,
    store::{self, Class, Enrollment, EnrollmentKind, NewEnrollment},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    extract::SignedIn,
    join::{self, Naming},
    notify, people, sessions,
};

/// A place in a class, as shown to who teaches it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnrollmentView {
    /// Its id.
    pub id: Uuid,
    /// The person.
    pub person_id: Uuid,
    /// The host application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The name the platform shows instead of theirs, in a class that sends aliases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Somebody enrolled them themselves; else they come by a cohort, and leave when no cohort brings them any more.
    pub by_hand: bool,
    /// Since when.
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// Their own Lectern link.
    pub join_url: String,
}

/// The view of a member.
#[must_use]
pub fn view(
    app: &App,
    organization: OrganizationId,
    naming: &Naming,
    enrollment: &Enrollment,
) -> EnrollmentView {
    EnrollmentView {
        alias: naming.alias(enrollment.person).map(|alias| alias.name()),
        id: enrollment.id.uuid(),
        person_id: enrollment.person.uuid(),
        external_id: enrollment.external_id.clone(),
        name: enrollment.name(),
        email: enrollment.email.clone(),
        by_hand: enrollment.by_hand,
        created_at: enrollment.created_at,
        join_url: links::join_link(app, organization, enrollment),
    }
}

/// Everybody of one kind who belongs to a class this person may teach.
pub async fn list(
    tx: &mut Tx,
    who: &SignedIn,
    class: ClassId,
    kind: EnrollmentKind,
) -> Result<Vec<Enrollment>, ApiError> {
    service::own(tx, who, class).await?;
    Ok(store::list_enrollments(tx, who.organization, class, kind).await?)
}

/// Everybody who belongs to a class, for other rooms.
pub async fn of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<Enrollment>, ApiError> {
    let mut all = store::list_enrollments(tx, organization, class, EnrollmentKind::Member).await?;
    all.extend(store::list_enrollments(tx, organization, class, EnrollmentKind::Guest).await?);
    all.retain(|enrollment| enrollment.person_active);
    Ok(all)
}

/// Everybody who may come to one session: members, and guests of all sessions or of this one.
pub async fn of_session(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    session: SessionId,
) -> Result<Vec<Enrollment>, ApiError> {
    let mut allowed = Vec::new();
    for enrollment in of_class(tx, organization, class).await? {
        if may_come(tx, organization, &enrollment, session).await? {
            allowed.push(enrollment);
        }
    }
    Ok(allowed)
}

/// Whether a place in the class opens this session.
pub async fn may_come(
    tx: &mut Tx,
    organization: OrganizationId,
    enrollment: &Enrollment,
    session: SessionId,
) -> Result<bool, ApiError> {
    if enrollment.all_sessions {
        return Ok(true);
    }
    Ok(store::guest_sessions(tx, organization, enrollment.id).await?.contains(&session))
}

/// The sessions a guest is named for; `None` for whoever may come to all.
pub async fn named_sessions(
    tx: &mut Tx,
    organization: OrganizationId,
    enrollment: &Enrollment,
) -> Result<Option<Vec<SessionId>>, ApiError> {
    if enrollment.all_sessions {
        return Ok(None);
    }
    Ok(Some(store::guest_sessions(tx, organization, enrollment.id).await?))
}

/// A person's place in a class, removed ones too.
pub async fn of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<Option<Enrollment>, ApiError> {
    Ok(store::find_enrollment_of(tx, organization, class, person).await?)
}

/// Whom to enroll: by id, or by address and name.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Enroll {
    /// Somebody known here.
    #[serde(default)]
    pub user_id: Option<Uuid>,
    /// An address; a student is made when nobody here has it.
    #[serde(default)]
    pub email: Option<String>,
    /// The whole name, kept whole.
    #[serde(default)]
    pub name: Option<String>,
    /// Given name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// The host application's id of the enrollment.
    #[serde(default)]
    pub external_id: Option<String>,
}

/// Enrolls a person; enrolling again is fine and brings a removed person back with a new link.
pub async fn enroll(app: &App, who: &SignedIn, class: ClassId, whom: Enroll) -> Result<Enrolled, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let class = open_class(&mut tx, who, class).await?;
    let enrolled = enroll_in(app, &mut tx, &sealer, who, &class, whom).await?;
    tx.commit().await?;
    wake(app);
    Ok(enrolled)
}

/// The same in the caller's transaction, in a class that is not archived and that this person may teach.
///
/// # Errors
/// As [`enroll`].
pub async fn enroll_in(
    app: &App,
    tx: &mut Tx,
    sealer: &crate::keys::Sealer,
    who: &SignedIn,
    class: &Class,
    whom: Enroll,
) -> Result<Enrolled, ApiError> {
    let mut errors = Vec::new();
    let external = service::external(whom.external_id.as_deref(), &mut errors);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let Enroll { user_id, email, name, first_name, last_name, .. } = whom;
    let meant = people::service::Whom { user_id, email, name, first_name, last_name };
    let person = people::service::find_or_make(app, tx, who.organization, who.actor(), meant).await?;
    if !person.active {
        return Err(ApiError::conflict("disabled", "This person is disabled.", "Enable the person first."));
    }
    if person.id == class.instructor {
        return Err(ApiError::conflict(
            "instructor",
            "This person teaches the class.",
            "Enroll somebody else, or give the class to another instructor first.",
        ));
    }
    refuse_guest(tx, who, class.id, &person.email).await?;
    let naming = Naming::of(app, tx, who.organization, class).await?;
    let known = store::find_enrollment_of(tx, who.organization, class.id, person.id).await?;
    if let Some(mut known) = known.filter(|known| known.active && known.kind == EnrollmentKind::Member) {
        if !known.by_hand {
            keep_by_hand(app, tx, who, &mut known).await?;
        }
        return Ok(Enrolled { view: view(app, who.organization, &naming, &known), new: false });
    }
    let enrollment = place(
        app,
        tx,
        (who.organization, who.actor()),
        class,
        person.id,
        EnrollmentKind::Member,
        true,
        external.as_deref(),
    )
    .await?;
    arrived(app, tx, sealer, (who.organization, who.actor()), class, &enrollment, EntryKind::Enrolled)
        .await?;
    Ok(Enrolled { view: view(app, who.organization, &naming, &enrollment), new: true })
}

/// Whoever came by a cohort is here for themselves from now on.
async fn keep_by_hand(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    known: &mut Enrollment,
) -> Result<(), ApiError> {
    known.by_hand = true;
    store::update_enrollment(tx, who.organization, known, app.clock.now()).await?;
    let entry = app.entry(who.organization, EntryKind::Enrolled, who.actor());
    let entry = entry.class(known.class).person(known.person).details(json!({"here_already": true}));
    Ok(audit::store::insert(tx, &entry).await?)
}

/// What an enrolling came to.
#[derive(Debug)]
pub struct Enrolled {
    /// The place on the roster.
    pub view: EnrollmentView,
    /// Whether it was made, or found: then nothing was changed and no mail goes out.
    pub new: bool,
}

/// Gives somebody who was removed their place back, with a new link: the old one stays dead.
///
/// # Errors
/// As [`enroll`].
pub async fn restore(
    app: &App,
    who: &SignedIn,
    class: ClassId,
    id: EnrollmentId,
) -> Result<Enrolled, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    service::own(&mut tx, who, class).await?;
    let place = store::find_enrollment(&mut tx, who.organization, class, id).await?;
    let place = place.filter(|place| place.kind == EnrollmentKind::Member).ok_or(ApiError::NotFound)?;
    drop(tx);
    enroll(app, who, class, Enroll { user_id: Some(place.person.uuid()), ..Enroll::default() }).await
}

/// An address that is invited as a guest is not enrolled besides.
async fn refuse_guest(tx: &mut Tx, who: &SignedIn, class: ClassId, email: &str) -> Result<(), ApiError> {
    let guests = store::list_enrollments(tx, who.organization, class, EnrollmentKind::Guest).await?;
    if guests.iter().any(|guest| guest.email.eq_ignore_ascii_case(email)) {
        return Err(ApiError::conflict(
            "invited",
            "This address is invited to the class as a guest.",
            "Remove the guest first, then enroll the person.",
        ));
    }
    Ok(())
}

pub(super) async fn open_class(tx: &mut Tx, who: &SignedIn, class: ClassId) -> Result<Class, ApiError> {
    service::own_active(tx, who, class).await
}

#[expect(clippy::too_many_arguments, reason = "each is one column of the row")]
pub(super) async fn place(
    app: &App,
    tx: &mut Tx,
    by: (OrganizationId, Actor),
    class: &Class,
    person: PersonId,
    kind: EnrollmentKind,
    all_sessions: bool,
    external_id: Option<&str>,
) -> Result<Enrollment, ApiError> {
    let now = app.clock.now();
    match store::find_enrollment_of(tx, by.0, class.id, person).await? {
        Some(mut known) => {
            if !known.active {
                known.active = true;
                known.generation += 1;
            }
            (known.by_hand, known.kept_out) = (true, false);
            known.all_sessions = all_sessions;
            store::update_enrollment(tx, by.0, &known, now).await?;
            Ok(known)
        }
        None => {
            let new =
                NewEnrollment { id: app.new_id(), class: class.id, person, kind, external_id, all_sessions };
            store::insert_enrollment(tx, by.0, new, now).await.map_err(|error| {
                if error.is_taken() {
                    ApiError::conflict(
                        "taken",
                        "Another enrollment has this external_id.",
                        "Send another id.",
                    )
                } else {
                    error.into()
                }
            })?;
            store::find_enrollment(tx, by.0, class.id, new.id).await?.ok_or(ApiError::NotFound)
        }
    }
}

/// What follows a person's arrival on a roster: meetings by policy, a seat ahead of time, the mail, the event.
pub(super) async fn arrived(
    app: &App,
    tx: &mut Tx,
    sealer: &crate::keys::Sealer,
    by: (OrganizationId, Actor),
    class: &Class,
    enrollment: &Enrollment,
    kind: EntryKind,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let entry = app.entry(by.0, kind, by.1).class(class.id).person(enrollment.person);
    audit::store::insert(tx, &entry).await?;
    let event = Event::new(EventType::RosterChanged, now).of(None, class.id, class.instructor).person(
        Some(enrollment.person),
        enrollment.name(),
        role_word(enrollment.kind),
    );
    events::emit(tx, &app.ids, sealer, by.0, now, &event).await?;
    sessions::service::roster_grew(app, tx, by.0, class, enrollment).await?;
    notify::service::person_meets_class(app, tx, by.0, class, enrollment).await
}

pub(crate) const fn role_word(kind: EnrollmentKind) -> &'static str {
    match kind {
        EnrollmentKind::Member => "student",
        EnrollmentKind::Guest => "guest",
    }
}

pub(super) fn wake(app: &App) {
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
}

/// Removes a member or guest: link, seat and registrant die at once. Whoever a cohort brought stays out, until somebody enrolls
/// them again.
pub async fn remove(
    app: &App,
    who: &SignedIn,
    class: ClassId,
    id: EnrollmentId,
    kind: EnrollmentKind,
) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let class = service::own(&mut tx, who, class).await?;
    let found = store::find_enrollment(&mut tx, who.organization, class.id, id).await?;
    let enrollment = found.filter(|found| found.active && found.kind == kind).ok_or(ApiError::NotFound)?;
    let by = (who.organization, who.actor());
    admitting::dismiss(app, &mut tx, &sealer, by, &class, enrollment.person).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}

/// Renews a person's link: the old one dies, the seat is taken back, the new one goes out by mail.
pub async fn rotate(
    app: &App,
    who: &SignedIn,
    class: ClassId,
    id: EnrollmentId,
) -> Result<EnrollmentView, ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let class = service::own(&mut tx, who, class).await?;
    let found = store::find_enrollment(&mut tx, who.organization, class.id, id).await?;
    let mut enrollment = found.filter(|found| found.active).ok_or(ApiError::NotFound)?;
    enrollment.generation += 1;
    store::update_enrollment(&mut tx, who.organization, &enrollment, now).await?;
    join::service::revoke_seats(app, &mut tx, who.organization, class.id, enrollment.person).await?;
    audit::store::insert(
        &mut tx,
        &app.entry(who.organization, EntryKind::LinkRotated, who.actor())
            .class(class.id)
            .person(enrollment.person),
    )
    .await?;
    notify::service::send_link_again(app, &mut tx, who.organization, &class, &enrollment).await?;
    let naming = Naming::of(app, &mut tx, who.organization, &class).await?;
    tx.commit().await?;
    wake(app);
    Ok(view(app, who.organization, &naming, &enrollment))
}

/// Sends a person's link once more.
pub async fn send_again(app: &App, who: &SignedIn, class: ClassId, id: EnrollmentId) -> Result<(), ApiError> {
    let mut tx = app.db.begin(who.organization).await?;
    let class = service::own(&mut tx, who, class).await?;
    let found = store::find_enrollment(&mut tx, who.organization, class.id, id).await?;
    let enrollment = found.filter(|found| found.active).ok_or(ApiError::NotFound)?;
    notify::service::send_link_again(app, &mut tx, who.organization, &class, &enrollment).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}
