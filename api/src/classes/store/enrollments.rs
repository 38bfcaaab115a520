//! Places in classes, and the sessions a guest may come to.

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, EnrollmentId, OrganizationId, PersonId, SessionId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

/// Whether somebody belongs to a class, or visits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnrollmentKind {
    /// On the roster.
    Member,
    /// Invited by e-mail.
    Guest,
}

impl EnrollmentKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Guest => "guest",
        }
    }
}

/// A person's place in a class, with the person.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// Its id.
    pub id: EnrollmentId,
    /// In which class.
    pub class: ClassId,
    /// Who.
    pub person: PersonId,
    /// Member or guest.
    pub kind: EnrollmentKind,
    /// The host application's id.
    pub external_id: Option<String>,
    /// Guests: all sessions, or only the named ones.
    pub all_sessions: bool,
    /// What the join link must carry.
    pub generation: u32,
    /// Not removed.
    pub active: bool,
    /// Somebody enrolled the person themselves: the place stays when the person's cohorts leave.
    pub by_hand: bool,
    /// Taken out by hand while a cohort brought them: no cohort brings them back.
    pub kept_out: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: Option<String>,
    /// Address.
    pub email: String,
    /// Chosen language.
    pub language: Option<String>,
    /// The person may come at all.
    pub person_active: bool,
}

impl Enrollment {
    /// Given and family name.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.last_name {
            Some(last) => format!("{} {last}", self.first_name),
            None => self.first_name.clone(),
        }
    }
}

#[derive(FromRow)]
pub(super) struct EnrollmentRow {
    id: Uuid,
    class_id: Uuid,
    person_id: Uuid,
    kind: String,
    external_id: Option<String>,
    all_sessions: bool,
    generation: i64,
    state: String,
    by_hand: bool,
    kept_out: bool,
    created_at: DateTime<Utc>,
    first_name: String,
    last_name: Option<String>,
    email: String,
    language: Option<String>,
    person_state: String,
}

impl From<EnrollmentRow> for Enrollment {
    fn from(row: EnrollmentRow) -> Self {
        Self {
            id: row.id.into(),
            class: row.class_id.into(),
            person: row.person_id.into(),
            kind: if row.kind == "guest" { EnrollmentKind::Guest } else { EnrollmentKind::Member },
            external_id: row.external_id,
            all_sessions: row.all_sessions,
            generation: u32::try_from(row.generation).unwrap_or_default(),
            active: row.state == "active",
            by_hand: row.by_hand,
            kept_out: row.kept_out,
            created_at: row.created_at,
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
            language: row.language,
            person_active: row.person_state == "active",
        }
    }
}

macro_rules! enrollment_columns {
    ($rest:literal) => {
        concat!(
            "select e.id, e.class_id, e.person_id, e.kind, e.external_id, e.all_sessions, e.generation, e.state, e.by_hand, e.kept_out, e.created_at,
                    p.first_name, p.last_name, p.email, p.language, p.state as person_state
             from enrollments e join people p on p.organization_id = e.organization_id and p.id = e.person_id ",
            $rest
        )
    };
}
pub(super) use enrollment_columns;

statement!(tenant INSERT_ENROLLMENT, "insert into enrollments (id, organization_id, class_id, person_id, kind, external_id, all_sessions, generation, state, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, 1, 'active', $8, $8)");
statement!(tenant FIND_ENROLLMENT, enrollment_columns!("where e.organization_id = $1 and e.class_id = $2 and e.id = $3"));
statement!(tenant FIND_ENROLLMENT_OF, enrollment_columns!("where e.organization_id = $1 and e.class_id = $2 and e.person_id = $3"));
statement!(tenant FIND_GUEST_BY_EMAIL, enrollment_columns!("where e.organization_id = $1 and e.class_id = $2 and e.kind = 'guest' and p.email_key = $3"));
statement!(tenant LIST_ENROLLMENTS, enrollment_columns!("where e.organization_id = $1 and e.class_id = $2 and e.kind = $3 and e.state = 'active' order by p.first_name, p.last_name, e.id"));
statement!(tenant ENROLLMENTS_OF_PERSON, enrollment_columns!("where e.organization_id = $1 and e.person_id = $2 and e.state = 'active'"));
statement!(tenant UPDATE_ENROLLMENT, "update enrollments set state = $3, generation = $4, all_sessions = $5, by_hand = $7, kept_out = $8, updated_at = $6 where organization_id = $1 and id = $2");
statement!(tenant ADD_GUEST_SESSION, "insert into guest_sessions (organization_id, enrollment_id, session_id) values ($1, $2, $3) on conflict do nothing");
statement!(tenant CLEAR_GUEST_SESSIONS, "delete from guest_sessions where organization_id = $1 and enrollment_id = $2");
statement!(tenant GUEST_SESSIONS, "select session_id from guest_sessions where organization_id = $1 and enrollment_id = $2");

/// A place in a class to be.
#[derive(Clone, Copy, Debug)]
pub struct NewEnrollment<'a> {
    /// Its id.
    pub id: EnrollmentId,
    /// In which class.
    pub class: ClassId,
    /// Who.
    pub person: PersonId,
    /// Member or guest.
    pub kind: EnrollmentKind,
    /// The host application's id.
    pub external_id: Option<&'a str>,
    /// All sessions.
    pub all_sessions: bool,
}

/// Adds a place in a class.
pub async fn insert_enrollment(
    tx: &mut Tx,
    organization: OrganizationId,
    new: NewEnrollment<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT_ENROLLMENT,
        [
            new.id.uuid(),
            organization.uuid(),
            new.class.uuid(),
            new.person.uuid(),
            new.kind.as_str(),
            new.external_id,
            new.all_sessions,
            now
        ]
    )?;
    Ok(())
}

/// A place by its id.
pub async fn find_enrollment(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    id: EnrollmentId,
) -> Result<Option<Enrollment>, StoreError> {
    let row: Option<EnrollmentRow> =
        run!(optional, tx, FIND_ENROLLMENT, [organization.uuid(), class.uuid(), id.uuid()])?;
    Ok(row.map(Enrollment::from))
}

/// A person's place, removed ones too.
pub async fn find_enrollment_of(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<Option<Enrollment>, StoreError> {
    let row: Option<EnrollmentRow> =
        run!(optional, tx, FIND_ENROLLMENT_OF, [organization.uuid(), class.uuid(), person.uuid()])?;
    Ok(row.map(Enrollment::from))
}

/// The guest with this address, removed ones too.
pub async fn find_guest_by_email(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    email_key: &str,
) -> Result<Option<Enrollment>, StoreError> {
    let row: Option<EnrollmentRow> =
        run!(optional, tx, FIND_GUEST_BY_EMAIL, [organization.uuid(), class.uuid(), email_key])?;
    Ok(row.map(Enrollment::from))
}

/// Everybody of one kind who belongs to a class.
pub async fn list_enrollments(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    kind: EnrollmentKind,
) -> Result<Vec<Enrollment>, StoreError> {
    let rows: Vec<EnrollmentRow> =
        run!(all, tx, LIST_ENROLLMENTS, [organization.uuid(), class.uuid(), kind.as_str()])?;
    Ok(rows.into_iter().map(Enrollment::from).collect())
}

/// Every place of a person.
pub async fn enrollments_of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Vec<Enrollment>, StoreError> {
    let rows: Vec<EnrollmentRow> =
        run!(all, tx, ENROLLMENTS_OF_PERSON, [organization.uuid(), person.uuid()])?;
    Ok(rows.into_iter().map(Enrollment::from).collect())
}

/// Writes state, link generation, scope, and how the place came about.
pub async fn update_enrollment(
    tx: &mut Tx,
    organization: OrganizationId,
    enrollment: &Enrollment,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        UPDATE_ENROLLMENT,
        [
            organization.uuid(),
            enrollment.id.uuid(),
            if enrollment.active { "active" } else { "removed" },
            i64::from(enrollment.generation),
            enrollment.all_sessions,
            now,
            enrollment.by_hand,
            enrollment.kept_out
        ]
    )?;
    Ok(())
}

/// Names the sessions a guest may come to.
pub async fn set_guest_sessions(
    tx: &mut Tx,
    organization: OrganizationId,
    enrollment: EnrollmentId,
    sessions: &[SessionId],
) -> Result<(), StoreError> {
    run!(execute, tx, CLEAR_GUEST_SESSIONS, [organization.uuid(), enrollment.uuid()])?;
    for session in sessions {
        run!(execute, tx, ADD_GUEST_SESSION, [organization.uuid(), enrollment.uuid(), session.uuid()])?;
    }
    Ok(())
}

/// The sessions a guest may come to.
pub async fn guest_sessions(
    tx: &mut Tx,
    organization: OrganizationId,
    enrollment: EnrollmentId,
) -> Result<Vec<SessionId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, GUEST_SESSIONS, [organization.uuid(), enrollment.uuid()])?;
    Ok(ids.into_iter().map(SessionId).collect())
}
