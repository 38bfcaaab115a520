//! Who is expected in a session, and what a person is to it.

use std::collections::HashMap;

use lectern_core::{
    attendance::Seat,
    ids::{ClassId, EnrollmentId, OrganizationId, PersonId, SessionId},
    role::SessionRole,
};
use lectern_providers::registry;
use sqlx::FromRow;
use uuid::Uuid;

use super::find::{SessionFacts, of_session};
use crate::{db::Tx, error::ApiError, people, platforms, run, statement};

macro_rules! expected {
    ($sessions:literal) => {
        concat!("select s.id as session_id, p.id, p.first_name, p.last_name, p.email, p.role, e.id as enrollment_id, e.kind
            from sessions s join enrollments e on e.organization_id = s.organization_id and e.class_id = s.class_id
            join people p on p.organization_id = e.organization_id and p.id = e.person_id
            where s.organization_id = $1 and s.id ", $sessions, " and ((e.state = 'active' and (e.kind <> 'guest' or e.all_sessions or exists (
                    select 1 from guest_sessions g where g.organization_id = e.organization_id and g.enrollment_id = e.id and g.session_id = s.id)))
                or exists (select 1 from seats t where t.organization_id = e.organization_id and t.session_id = s.id and t.person_id = e.person_id
                    and t.redirected_at is not null))
            order by p.first_name, p.last_name, p.id")
    };
}

statement!(tenant EXPECTED,
    sqlite: expected!("in (select unhex(value) from json_each($2))"),
    postgres: expected!("= any(array(select value::uuid from json_array_elements_text($2::json)))"));
statement!(tenant REGISTRANTS,
    sqlite: "select session_id, person_id, provider_registrant_id, email from registrants where organization_id = $1 and session_id in (select unhex(value) from json_each($2))",
    postgres: "select session_id, person_id, provider_registrant_id, email from registrants where organization_id = $1 and session_id = any(array(select value::uuid from json_array_elements_text($2::json)))");
statement!(tenant ENROLLMENT_KIND, "select e.kind from enrollments e join sessions s on s.organization_id = e.organization_id and s.class_id = e.class_id
    where e.organization_id = $1 and s.id = $2 and e.person_id = $3");
statement!(tenant IS_MEMBER, "select count(*) from enrollments where organization_id = $1 and class_id = $2 and person_id = $3 and state = 'active'");
/// Somebody expected in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// As the attendance rules need them.
    pub seat: Seat,
    /// Their address.
    pub email: String,
    /// Their role in the organization.
    pub role: i64,
    /// Their place in the class; none for the instructor.
    pub enrollment: Option<EnrollmentId>,
}

#[derive(FromRow)]
struct ExpectedRow {
    session_id: Uuid,
    id: Uuid,
    first_name: String,
    last_name: Option<String>,
    email: String,
    role: i64,
    enrollment_id: Uuid,
    kind: String,
}

/// Everybody expected: active members, guests with this session, whoever was let in before they left the class, and last the
/// instructor; with everything the platform may know them by.
pub async fn expected(
    tx: &mut Tx,
    organization: OrganizationId,
    facts: &SessionFacts,
) -> Result<Vec<Expected>, ApiError> {
    let mut all = expected_of(tx, organization, std::slice::from_ref(facts)).await?;
    Ok(all.remove(&facts.session).unwrap_or_default())
}

/// The registrants of a person in a session: ids at the platform, and addresses.
type Known = HashMap<(Uuid, Uuid), (Vec<String>, Vec<String>)>;

/// The same for several sessions, in as many statements as for one.
pub async fn expected_of(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: &[SessionFacts],
) -> Result<HashMap<SessionId, Vec<Expected>>, ApiError> {
    let ids = crate::ids::json_list(sessions.iter().map(|facts| facts.session.uuid()));
    let rows: Vec<ExpectedRow> = run!(all, tx, EXPECTED, [organization.uuid(), &ids])?;
    let registrants: Vec<(Uuid, Uuid, Option<String>, String)> =
        run!(all, tx, REGISTRANTS, [organization.uuid(), &ids])?;
    let mut known = Known::new();
    for (session, person, id, address) in registrants {
        let (ids, addresses) = known.entry((session, person)).or_default();
        ids.extend(id);
        addresses.push(address);
    }
    let teachers: Vec<PersonId> = sessions.iter().map(|facts| facts.instructor).collect();
    let teachers = people::service::of_ids(tx, organization, &teachers).await?;
    let mut of_session: HashMap<Uuid, Vec<ExpectedRow>> = HashMap::new();
    for row in rows {
        of_session.entry(row.session_id).or_default().push(row);
    }
    let mut all = HashMap::with_capacity(sessions.len());
    for facts in sessions {
        let rows = of_session.remove(&facts.session.uuid()).unwrap_or_default();
        let mut people: Vec<Expected> = rows
            .into_iter()
            .filter(|row| row.id != facts.instructor.uuid())
            .map(|row| learner(row, facts, &mut known))
            .collect();
        if let Some(teacher) = teachers.iter().find(|teacher| teacher.id == facts.instructor) {
            people.push(taught_by(tx, organization, teacher, facts, &mut known).await?);
        }
        all.insert(facts.session, people);
    }
    Ok(all)
}

fn learner(row: ExpectedRow, facts: &SessionFacts, known: &mut Known) -> Expected {
    let (registrant_ids, mut addresses) = known.remove(&(facts.session.uuid(), row.id)).unwrap_or_default();
    if registry::addresses_are_accounts(facts.provider) && !addresses.contains(&row.email) {
        addresses.push(row.email.clone());
    }
    Expected {
        seat: Seat {
            person: row.id.into(),
            role: if row.kind == "guest" { SessionRole::Guest } else { SessionRole::Student },
            name: match row.last_name {
                Some(last) => format!("{} {last}", row.first_name),
                None => row.first_name,
            },
            registrant_ids,
            addresses,
            vendor_users: Vec::new(),
            excused: false,
        },
        email: row.email,
        role: row.role,
        enrollment: Some(row.enrollment_id.into()),
    }
}

async fn taught_by(
    tx: &mut Tx,
    organization: OrganizationId,
    teacher: &people::Person,
    facts: &SessionFacts,
    known: &mut Known,
) -> Result<Expected, ApiError> {
    let (registrant_ids, mut addresses) =
        known.remove(&(facts.session.uuid(), teacher.id.uuid())).unwrap_or_default();
    let account = match facts.connection {
        Some(connection) => {
            platforms::service::host_identities(tx, organization, facts.provider, connection).await?
        }
        None => None,
    };
    let mut vendor_users: Vec<String> = facts.host_id.iter().cloned().collect();
    match account {
        // The connected account hosts: it is the instructor's own.
        Some((user, address)) if facts.host_id.as_ref().is_none_or(|host| *host == user) => {
            vendor_users.push(user);
            addresses.push(address);
        }
        // An organization's connection names the host by the instructor's address.
        _ => addresses.push(teacher.email.clone()),
    }
    vendor_users.dedup();
    Ok(Expected {
        seat: Seat {
            person: teacher.id,
            role: SessionRole::Instructor,
            name: teacher.name(),
            registrant_ids,
            addresses,
            vendor_users,
            excused: false,
        },
        email: teacher.email.clone(),
        role: teacher.role.number(),
        enrollment: None,
    })
}

/// Everybody expected, as the attendance rules need them.
pub async fn roster(
    tx: &mut Tx,
    organization: OrganizationId,
    facts: &SessionFacts,
) -> Result<Vec<Seat>, ApiError> {
    Ok(expected(tx, organization, facts).await?.into_iter().map(|person| person.seat).collect())
}

/// What a person is to a session.
pub async fn role_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    person: PersonId,
) -> Result<SessionRole, ApiError> {
    let kind: Option<String> =
        run!(optional_value, tx, ENROLLMENT_KIND, [organization.uuid(), session.uuid(), person.uuid()])?;
    match kind.as_deref() {
        Some("guest") => Ok(SessionRole::Guest),
        Some(_) => Ok(SessionRole::Student),
        None => {
            let teaches =
                of_session(tx, organization, session).await?.is_some_and(|facts| facts.instructor == person);
            Ok(if teaches { SessionRole::Instructor } else { SessionRole::Unknown })
        }
    }
}

/// Whether a person belongs to a class now.
pub async fn is_member(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<bool, ApiError> {
    let count: i64 = run!(value, tx, IS_MEMBER, [organization.uuid(), class.uuid(), person.uuid()])?;
    Ok(count > 0)
}
