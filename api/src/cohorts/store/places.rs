//! The classes cohorts are enrolled in, and where rosters are out of step with that.

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, CohortId, OrganizationId, PersonId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    ids::json_list,
    run, statement,
};

statement!(tenant ENROLL, "insert into cohort_classes (organization_id, cohort_id, class_id, added_at) values ($1, $2, $3, $4) on conflict do nothing");
statement!(tenant UNENROLL, "delete from cohort_classes where organization_id = $1 and cohort_id = $2 and class_id = $3");
statement!(tenant UNENROLL_EVERYWHERE, "delete from cohort_classes where organization_id = $1 and cohort_id = $2");
statement!(tenant CLASSES_OF, "select class_id from cohort_classes where organization_id = $1 and cohort_id = $2 order by class_id");
statement!(tenant CLASSES_OF_PERSON, "select distinct k.class_id from cohort_classes k join cohort_members m on m.organization_id = k.organization_id and m.cohort_id = k.cohort_id
    where k.organization_id = $1 and m.person_id = $2 order by k.class_id");
statement!(tenant BRINGS, "select count(*) from cohort_classes k join cohort_members m on m.organization_id = k.organization_id and m.cohort_id = k.cohort_id
    where k.organization_id = $1 and k.class_id = $2 and m.person_id = $3");
statement!(tenant WAYS, "select m.person_id, c.name from cohort_classes k join cohorts c on c.organization_id = k.organization_id and c.id = k.cohort_id
    join cohort_members m on m.organization_id = k.organization_id and m.cohort_id = k.cohort_id
    where k.organization_id = $1 and k.class_id = $2 order by c.name, c.id");
statement!(tenant KEPT_OUT, "select distinct e.person_id from enrollments e join cohort_classes k on k.organization_id = e.organization_id and k.class_id = e.class_id
    join cohort_members m on m.organization_id = k.organization_id and m.cohort_id = k.cohort_id and m.person_id = e.person_id
    where e.organization_id = $1 and e.class_id = $2 and e.kept_out and e.state <> 'active'");
statement!(tenant COHORTS_OF_CLASS, "select c.id, c.external_id, c.name, k.added_at,
        coalesce((select t.number from totals t where t.organization_id = c.organization_id and t.of_id = c.id and t.what = 'people'), 0) as people
    from cohort_classes k join cohorts c on c.organization_id = k.organization_id and c.id = k.cohort_id
    where k.organization_id = $1 and k.class_id = $2 order by c.name, c.id");

macro_rules! to_bring {
    ($classes:literal) => {
        concat!(
            "select distinct k.class_id, m.person_id from cohort_classes k
                join cohort_members m on m.organization_id = k.organization_id and m.cohort_id = k.cohort_id
                join classes c on c.organization_id = k.organization_id and c.id = k.class_id
                join people p on p.organization_id = m.organization_id and p.id = m.person_id
                left join enrollments e on e.organization_id = k.organization_id and e.class_id = k.class_id and e.person_id = m.person_id
             where k.organization_id = $1 and k.class_id ", $classes, " and c.state = 'active' and c.instructor_id <> m.person_id and p.state = 'active'
                and (e.id is null or (e.state <> 'active' and not e.kept_out))
             order by k.class_id, m.person_id"
        )
    };
}

macro_rules! to_put_out {
    ($classes:literal) => {
        concat!(
            "select e.class_id, e.person_id from enrollments e join classes c on c.organization_id = e.organization_id and c.id = e.class_id
             where e.organization_id = $1 and e.class_id ", $classes, " and e.state = 'active' and e.kind = 'member' and not e.by_hand and c.state = 'active'
                and (c.instructor_id = e.person_id or not exists (
                    select 1 from cohort_classes k join cohort_members m on m.organization_id = k.organization_id and m.cohort_id = k.cohort_id
                    where k.organization_id = e.organization_id and k.class_id = e.class_id and m.person_id = e.person_id))
             order by e.class_id, e.person_id"
        )
    };
}

// By the cohorts, and then their people: the order in which they stand is the one SQLite keeps to.
macro_rules! would_bring {
    ($cohorts:literal) => {
        concat!(
            "select distinct m.person_id from cohorts k cross join cohort_members m
                join people p on p.organization_id = m.organization_id and p.id = m.person_id
                left join enrollments e on e.organization_id = m.organization_id and e.class_id = $3 and e.person_id = m.person_id
             where k.organization_id = $1 and k.id ", $cohorts, " and m.organization_id = k.organization_id and m.cohort_id = k.id and m.person_id <> $4 and p.state = 'active'
                and (e.id is null or e.state = 'active' or not e.kept_out)
             order by m.person_id"
        )
    };
}

statement!(tenant WOULD_BRING,
    sqlite: would_bring!("in (select unhex(value) from json_each($2))"),
    postgres: would_bring!("= any(array(select value::uuid from json_array_elements_text($2::json)))"));
statement!(tenant TO_BRING,
    sqlite: to_bring!("in (select unhex(value) from json_each($2))"),
    postgres: to_bring!("= any(array(select value::uuid from json_array_elements_text($2::json)))"));
statement!(tenant TO_PUT_OUT,
    sqlite: to_put_out!("in (select unhex(value) from json_each($2))"),
    postgres: to_put_out!("= any(array(select value::uuid from json_array_elements_text($2::json)))"));

/// Whom cohorts would have on a roster.
pub async fn would_bring(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    instructor: PersonId,
    cohorts: &[CohortId],
) -> Result<Vec<PersonId>, StoreError> {
    let cohorts = json_list(cohorts.iter().map(|cohort| cohort.uuid()));
    let ids: Vec<Uuid> =
        run!(values, tx, WOULD_BRING, [organization.uuid(), cohorts, class.uuid(), instructor.uuid()])?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// Enrolls a cohort: `false` when it was.
pub async fn enroll(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
    class: ClassId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, ENROLL, [organization.uuid(), cohort.uuid(), class.uuid(), now])? == 1)
}

/// Takes a cohort off a class: `false` when it was not enrolled.
pub async fn unenroll(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
    class: ClassId,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, UNENROLL, [organization.uuid(), cohort.uuid(), class.uuid()])? == 1)
}

/// Takes a cohort off all its classes.
pub async fn unenroll_everywhere(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
) -> Result<(), StoreError> {
    run!(execute, tx, UNENROLL_EVERYWHERE, [organization.uuid(), cohort.uuid()])?;
    Ok(())
}

/// The classes a cohort is enrolled in.
pub async fn classes_of(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
) -> Result<Vec<ClassId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, CLASSES_OF, [organization.uuid(), cohort.uuid()])?;
    Ok(ids.into_iter().map(ClassId).collect())
}

/// The classes a person's cohorts are enrolled in.
pub async fn classes_of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Vec<ClassId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, CLASSES_OF_PERSON, [organization.uuid(), person.uuid()])?;
    Ok(ids.into_iter().map(ClassId).collect())
}

/// Whether a cohort brings a person into a class.
pub async fn brings(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<bool, StoreError> {
    let count: i64 = run!(value, tx, BRINGS, [organization.uuid(), class.uuid(), person.uuid()])?;
    Ok(count > 0)
}

/// Who is brought into a class, and the name of each cohort that brings them.
pub async fn ways(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<(Uuid, String)>, StoreError> {
    Ok(run!(all, tx, WAYS, [organization.uuid(), class.uuid()])?)
}

/// Who was taken off the roster by hand though a cohort brings them.
pub async fn kept_out(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<PersonId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, KEPT_OUT, [organization.uuid(), class.uuid()])?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// A cohort of a class.
#[derive(Clone, Debug, FromRow)]
pub struct ClassCohortRow {
    /// Which.
    pub id: Uuid,
    /// The host application's id.
    pub external_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// Enrolled since when.
    pub added_at: DateTime<Utc>,
    /// How many are in it.
    pub people: i64,
}

/// The cohorts that are enrolled in a class, by name.
pub async fn cohorts_of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<ClassCohortRow>, StoreError> {
    Ok(run!(all, tx, COHORTS_OF_CLASS, [organization.uuid(), class.uuid()])?)
}

/// Who should be on the rosters of these classes and is not.
pub async fn to_bring(
    tx: &mut Tx,
    organization: OrganizationId,
    classes: &[ClassId],
) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let classes = json_list(classes.iter().map(|class| class.uuid()));
    Ok(run!(all, tx, TO_BRING, [organization.uuid(), classes])?)
}

/// Who is on the rosters of these classes by a cohort that brings them no more.
pub async fn to_put_out(
    tx: &mut Tx,
    organization: OrganizationId,
    classes: &[ClassId],
) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let classes = json_list(classes.iter().map(|class| class.uuid()));
    Ok(run!(all, tx, TO_PUT_OUT, [organization.uuid(), classes])?)
}
