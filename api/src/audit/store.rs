//! The audit table: inserted and read, never changed.

use chrono::{DateTime, Utc};
use lectern_core::ids::{OrganizationId, PersonId, SessionId};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::Entry;
use crate::{
    db::{StoreError, Tx},
    on, statement,
};

statement!(tenant INSERT, "insert into audit (id, organization_id, at, kind, actor_kind, actor_id, class_id, session_id, person_id, details)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
statement!(tenant PAGE,
    sqlite: "select id, at, kind, actor_kind, actor_id, class_id, session_id, person_id, details from audit
        where organization_id = $1 and ($2 is null or kind = $2 or kind like $2 || '.%')
          and ($3 is null or person_id in (select unhex(value) from json_each($3)) or actor_id in (select unhex(value) from json_each($3)))
          and ($4 is null or session_id = $4) and ($5 is null or at >= $5) and ($6 is null or at < $6)
          and ($7 is null or (at, id) < ($7, $8))
        order by at desc, id desc limit $9",
    postgres: "select id, at, kind, actor_kind, actor_id, class_id, session_id, person_id, details from audit
        where organization_id = $1 and ($2::text is null or kind = $2 or kind like $2 || '.%')
          and ($3::text is null or person_id in (select value::uuid from json_array_elements_text($3::json)) or actor_id in (select value::uuid from json_array_elements_text($3::json)))
          and ($4::uuid is null or session_id = $4) and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
          and ($7::timestamptz is null or (at, id) < ($7, $8))
        order by at desc, id desc limit $9");

/// Adds an entry.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut Tx, entry: &Entry) -> Result<(), StoreError> {
    let (actor_kind, actor_id) = entry.actor.parts();
    on!(tx, INSERT, |sql, db| sqlx::query(sql)
        .bind(entry.id)
        .bind(entry.organization.uuid())
        .bind(entry.at)
        .bind(entry.kind.as_str())
        .bind(actor_kind)
        .bind(actor_id)
        .bind(entry.class.map(|id| id.uuid()))
        .bind(entry.session.map(|id| id.uuid()))
        .bind(entry.person.map(|id| id.uuid()))
        .bind(Json(&entry.details))
        .execute(db)
        .await
        .map(drop)?);
    Ok(())
}

/// Which entries to read.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A kind (`join.refused`) or its first word (`join`).
    pub kind: Option<String>,
    /// Any of these did it, or it is about one of them.
    pub people: Option<Vec<PersonId>>,
    /// About which session.
    pub session: Option<SessionId>,
    /// From this instant.
    pub from: Option<DateTime<Utc>>,
    /// Until before this instant.
    pub to: Option<DateTime<Utc>>,
    /// Older than this entry.
    pub before: Option<(DateTime<Utc>, Uuid)>,
}

/// An entry as stored.
#[derive(Debug, FromRow)]
pub struct Row {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: String,
    /// By which kind of actor.
    pub actor_kind: String,
    /// By whom.
    pub actor_id: Option<Uuid>,
    /// About which class.
    pub class_id: Option<Uuid>,
    /// About which session.
    pub session_id: Option<Uuid>,
    /// About whom.
    pub person_id: Option<Uuid>,
    /// More.
    pub details: Json<Value>,
}

/// Entries, newest first.
///
/// # Errors
/// When the database refuses.
pub async fn page(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    let people = filter.people.as_ref().map(|ids| crate::ids::json_list(ids.iter().map(|id| id.uuid())));
    Ok(on!(tx, PAGE, |sql, db| sqlx::query_as(sql)
        .bind(organization.uuid())
        .bind(filter.kind.as_deref())
        .bind(people.as_deref())
        .bind(filter.session.map(|id| id.uuid()))
        .bind(filter.from)
        .bind(filter.to)
        .bind(filter.before.map(|(at, _)| at))
        .bind(filter.before.map(|(_, id)| id))
        .bind(limit)
        .fetch_all(db)
        .await?))
}
