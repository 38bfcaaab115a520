//! Cohorts, and who is in them, as shown.

use chrono::{DateTime, Utc};
use lectern_core::ids::{CohortId, OrganizationId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

/// People in a group.
#[derive(Clone, Debug, FromRow)]
pub struct Cohort {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: CohortId,
    /// The host application's id.
    pub external_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// How many are in it.
    pub people: i64,
    /// In how many classes it is enrolled.
    pub classes: i64,
}

macro_rules! cohort_columns {
    ($rest:literal) => {
        concat!(
            "select c.id, c.external_id, c.name, c.created_at,
                    coalesce((select t.number from totals t where t.organization_id = c.organization_id and t.of_id = c.id and t.what = 'people'), 0) as people,
                    coalesce((select t.number from totals t where t.organization_id = c.organization_id and t.of_id = c.id and t.what = 'classes'), 0) as classes
             from cohorts c ",
            $rest
        )
    };
}

statement!(tenant INSERT, "insert into cohorts (id, organization_id, external_id, name, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)");
statement!(tenant FIND, cohort_columns!("where c.organization_id = $1 and c.id = $2"));
statement!(tenant HOLD,
    sqlite: "select id from cohorts where organization_id = $1 and id = $2",
    postgres: "select id from cohorts where organization_id = $1 and id = $2 for no key update");
statement!(tenant FIND_BY_EXTERNAL, cohort_columns!("where c.organization_id = $1 and c.external_id = $2"));
statement!(tenant LIST, cohort_columns!("where c.organization_id = $1 and c.id < $2 order by c.id desc limit $3"));
statement!(tenant UPDATE, "update cohorts set name = $3, external_id = $4, updated_at = $5 where organization_id = $1 and id = $2");
statement!(tenant REMOVE, "delete from cohorts where organization_id = $1 and id = $2");
statement!(tenant MEMBERS, "select p.id, p.external_id, p.first_name, p.last_name, p.email, p.state = 'active' as active, m.added_at from cohort_members m
    join people p on p.organization_id = m.organization_id and p.id = m.person_id
    where m.organization_id = $1 and m.cohort_id = $2 and p.email_key > $3 order by p.email_key limit $4");

/// Adds a cohort.
pub async fn insert(tx: &mut Tx, organization: OrganizationId, cohort: &Cohort) -> Result<(), StoreError> {
    let external = cohort.external_id.as_deref();
    run!(
        execute,
        tx,
        INSERT,
        [cohort.id.uuid(), organization.uuid(), external, &cohort.name, cohort.created_at]
    )?;
    Ok(())
}

/// A cohort.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: CohortId,
) -> Result<Option<Cohort>, StoreError> {
    Ok(run!(optional, tx, FIND, [organization.uuid(), id.uuid()])?)
}

/// A cohort that nobody else changes until the transaction ends.
pub async fn find_to_change(
    tx: &mut Tx,
    organization: OrganizationId,
    id: CohortId,
) -> Result<Option<Cohort>, StoreError> {
    let held: Option<Uuid> = run!(optional_value, tx, HOLD, [organization.uuid(), id.uuid()])?;
    match held {
        Some(_) => find(tx, organization, id).await,
        None => Ok(None),
    }
}

/// The cohort with the host application's id.
pub async fn find_by_external(
    tx: &mut Tx,
    organization: OrganizationId,
    external: &str,
) -> Result<Option<Cohort>, StoreError> {
    Ok(run!(optional, tx, FIND_BY_EXTERNAL, [organization.uuid(), external])?)
}

/// Cohorts, newest first, before one.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Cohort>, StoreError> {
    Ok(run!(all, tx, LIST, [organization.uuid(), before, limit])?)
}

/// Writes what may change.
pub async fn update(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: &Cohort,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let external = cohort.external_id.as_deref();
    run!(execute, tx, UPDATE, [organization.uuid(), cohort.id.uuid(), &cohort.name, external, now])?;
    Ok(())
}

/// Removes a cohort that has nobody and is nowhere.
pub async fn remove(tx: &mut Tx, organization: OrganizationId, id: CohortId) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE, [organization.uuid(), id.uuid()])?;
    Ok(())
}

/// Somebody in a cohort.
#[derive(Clone, Debug, FromRow)]
pub struct MemberRow {
    /// Who.
    pub id: Uuid,
    /// The host application's id.
    pub external_id: Option<String>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: Option<String>,
    /// Address.
    pub email: String,
    /// They may come at all.
    pub active: bool,
    /// In the cohort since when.
    pub added_at: DateTime<Utc>,
}

/// Who is in a cohort, in the order of their addresses, after one.
pub async fn members(
    tx: &mut Tx,
    organization: OrganizationId,
    cohort: CohortId,
    after: &str,
    limit: i64,
) -> Result<Vec<MemberRow>, StoreError> {
    Ok(run!(all, tx, MEMBERS, [organization.uuid(), cohort.uuid(), after, limit])?)
}
