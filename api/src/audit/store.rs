//! The audit table: inserted and read, never changed.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, OrganizationId, PersonId, SessionId};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{Entry, EntryKind};
use crate::{
    db::{EngineTx, StoreError, Tx, column, in_sizes},
    list::{beginning_of_time, end_of_time},
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
macro_rules! page {
    ($where:literal) => {
        concat!(
            "select id, at, kind, actor_kind, actor_id, class_id, session_id, person_id, details from audit
                where organization_id = $1 and at >= $2 and (at, id) < ($3, $4) ",
            $where,
            " order by at desc, id desc limit $5"
        )
    };
}

// One text for each question: a condition that may be absent keeps SQLite from going by the index that answers it.
statement!(tenant PAGE, page!(""));
statement!(tenant PAGE_OF_KIND, page!("and kind = $6"));
statement!(tenant PAGE_OF_SESSION,
    sqlite: page!("and session_id = $6 and ($7 is null or kind in (select value from json_each($7))) and ($8 is null or class_id = $8)"),
    postgres: page!("and session_id = $6 and ($7::text is null or kind = any(array(select value from json_array_elements_text($7::json)))) and ($8::uuid is null or class_id = $8)"));
statement!(tenant PAGE_OF_CLASS,
    sqlite: page!("and class_id = $6 and ($7 is null or kind in (select value from json_each($7)))"),
    postgres: page!("and class_id = $6 and ($7::text is null or kind = any(array(select value from json_array_elements_text($7::json))))"));
statement!(tenant PAGE_OF_PEOPLE,
    sqlite: page!("and id in (
            select x.id from audit x where x.organization_id = $1 and x.person_id in (select unhex(value) from json_each($6)) and x.at >= $2 and (x.at, x.id) < ($3, $4)
            union all select x.id from audit x where x.organization_id = $1 and x.actor_id in (select unhex(value) from json_each($6)) and x.at >= $2 and (x.at, x.id) < ($3, $4))
        and ($7 is null or kind in (select value from json_each($7))) and ($8 is null or session_id = $8) and ($9 is null or class_id = $9)"),
    postgres: page!("and id = any(array(
            select x.id from audit x where x.organization_id = $1 and x.person_id = any(array(select value::uuid from json_array_elements_text($6::json))) and x.at >= $2 and (x.at, x.id) < ($3, $4)
            union all select x.id from audit x where x.organization_id = $1 and x.actor_id = any(array(select value::uuid from json_array_elements_text($6::json))) and x.at >= $2 and (x.at, x.id) < ($3, $4)))
        and ($7::text is null or kind = any(array(select value from json_array_elements_text($7::json)))) and ($8::uuid is null or session_id = $8) and ($9::uuid is null or class_id = $9)"));

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
    /// About which class.
    pub class: Option<ClassId>,
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

impl Filter {
    /// The kinds that are asked for, where some are.
    fn kinds(&self) -> Option<Vec<&'static str>> {
        let asked = self.kind.as_deref()?;
        let is_meant = |kind: &&str| {
            kind.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        Some(EntryKind::ALL.iter().map(|kind| kind.as_str()).filter(is_meant).collect())
    }

    /// Where the page begins, going back: at what comes first of the cursor and the end.
    fn upper(&self) -> (DateTime<Utc>, Uuid) {
        let end = self.to.map(|to| (to, Uuid::nil()));
        [self.before, end].into_iter().flatten().min().unwrap_or_else(end_of_time)
    }
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
    let of = organization.uuid();
    let from = filter.from.unwrap_or_else(beginning_of_time);
    let (at, id) = filter.upper();
    let kinds = filter.kinds();
    let words = kinds.as_ref().map(|kinds| serde_json::json!(kinds).to_string());
    let (session, class) = (filter.session.map(SessionId::uuid), filter.class.map(ClassId::uuid));
    match (&filter.people, session, class, &kinds) {
        (Some(people), ..) => {
            let people = crate::ids::json_list(people.iter().map(|id| id.uuid()));
            let words = words.as_deref();
            Ok(run!(all, tx, PAGE_OF_PEOPLE, [of, from, at, id, limit, people, words, session, class])?)
        }
        (None, Some(session), ..) => {
            Ok(run!(all, tx, PAGE_OF_SESSION, [of, from, at, id, limit, session, words.as_deref(), class])?)
        }
        (None, None, Some(class), _) => {
            Ok(run!(all, tx, PAGE_OF_CLASS, [of, from, at, id, limit, class, words.as_deref()])?)
        }
        (None, None, None, None) => Ok(run!(all, tx, PAGE, [of, from, at, id, limit])?),
        // Of each kind the newest: among them are the newest of all.
        (None, None, None, Some(kinds)) => {
            let mut rows: Vec<Row> = Vec::new();
            for kind in kinds {
                rows.extend(run!(all, tx, PAGE_OF_KIND, [of, from, at, id, limit, *kind])?);
            }
            rows.sort_by_key(|row: &Row| Reverse((row.at, row.id)));
            rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(rows)
        }
    }
}
