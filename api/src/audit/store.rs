//! The audit table: inserted and read, never changed.

use chrono::{DateTime, Utc};
use lectern_core::ids::{OrganizationId, PersonId, SessionId};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::Entry;
use crate::{
    db::{EngineTx, StoreError, Tx, column, in_sizes},
    rows, run, statement,
};

macro_rules! insert_sqlite {
    ($rows:tt) => {
        rows!(
            $rows,
            "insert into audit (id, organization_id, at, kind, actor_kind, actor_id, class_id, session_id, person_id, details) values ",
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
    };
}

const INSERT_MANY: &str = "insert into audit (id, organization_id, at, kind, actor_kind, actor_id, class_id, session_id, person_id, details)
    select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[], $9::uuid[], $10::jsonb[])";

// PostgreSQL takes any number of rows as columns; SQLite takes them as rows, in texts of a few sizes.
statement!(tenant INSERT, sqlite: insert_sqlite!(1), postgres: INSERT_MANY);
statement!(tenant INSERT_FOUR, sqlite: insert_sqlite!(4), postgres: INSERT_MANY);
statement!(tenant INSERT_SIXTEEN, sqlite: insert_sqlite!(16), postgres: INSERT_MANY);
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
    insert_all(tx, &[entry]).await
}

/// Adds entries of one organization.
///
/// # Errors
/// When the database refuses; none is added then.
pub async fn insert_all(tx: &mut Tx, entries: &[&Entry]) -> Result<(), StoreError> {
    match tx.engine() {
        EngineTx::Sqlite(db) => {
            for (statement, entries) in
                in_sizes(entries, [(16, &INSERT_SIXTEEN), (4, &INSERT_FOUR), (1, &INSERT)])
            {
                let mut query = sqlx::query(statement.sqlite);
                for entry in entries {
                    let (actor_kind, actor_id) = entry.actor.parts();
                    query = query
                        .bind(entry.id)
                        .bind(entry.organization.uuid())
                        .bind(entry.at)
                        .bind(entry.kind.as_str())
                        .bind(actor_kind)
                        .bind(actor_id)
                        .bind(entry.class.map(|id| id.uuid()))
                        .bind(entry.session.map(|id| id.uuid()))
                        .bind(entry.person.map(|id| id.uuid()))
                        .bind(Json(&entry.details));
                }
                query.execute(&mut *db).await?;
            }
        }
        EngineTx::Postgres(db) => {
            let query = sqlx::query(INSERT.postgres)
                .bind(column(entries, |entry| entry.id))
                .bind(column(entries, |entry| entry.organization.uuid()))
                .bind(column(entries, |entry| entry.at))
                .bind(column(entries, |entry| entry.kind.as_str()))
                .bind(column(entries, |entry| entry.actor.parts().0))
                .bind(column(entries, |entry| entry.actor.parts().1))
                .bind(column(entries, |entry| entry.class.map(|id| id.uuid())))
                .bind(column(entries, |entry| entry.session.map(|id| id.uuid())))
                .bind(column(entries, |entry| entry.person.map(|id| id.uuid())))
                .bind(column(entries, |entry| Json(&entry.details)));
            query.execute(db).await?;
        }
    }
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
    Ok(run!(
        all,
        tx,
        PAGE,
        [
            organization.uuid(),
            filter.kind.as_deref(),
            people.as_deref(),
            filter.session.map(|id| id.uuid()),
            filter.from,
            filter.to,
            filter.before.map(|(at, _)| at),
            filter.before.map(|(_, id)| id),
            limit
        ]
    )?)
}
