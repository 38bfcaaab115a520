//! How the databases go about the program's reading statements: which of them read all rows an organization has of a large table.

use lectern_api::db::{Kind, Statement, registered_statements};
use sqlx::{
    AssertSqlSafe, Executor, PgConnection, Row, SqlSafeStr, Statement as _, sqlite::SqliteConnection,
};

use crate::{Bulk, Database};

/// Tables that grow with the people and lessons of an organization.
const LARGE: &[&str] = &[
    "attendance",
    "audit",
    "bookings",
    "cohort_members",
    "enrollments",
    "mails",
    "meetings",
    "people",
    "presences",
    "reconciliations",
    "registrants",
    "runs",
    "search_words",
    "seats",
    "sessions",
    "totals",
    "webhook_deliveries",
];

/// Statements that go through all of an organization's rows of a large table by one condition alone, that they are its; each with the
/// line of its plan that says so.
pub async fn whole_tables(database: &Database) -> Vec<(&'static str, String)> {
    let reading = registered_statements().filter(|statement| {
        let text = statement.sqlite.trim_start();
        statement.kind == Kind::Tenant && (text.starts_with("select") || text.starts_with("with"))
    });
    let mut found = Vec::new();
    let mut connection = database.connect().await;
    for statement in reading {
        let lines = match &mut connection {
            Bulk::Sqlite(connection) => sqlite(connection, statement).await,
            Bulk::Postgres(connection) => postgres(connection, statement).await,
        };
        found.extend(lines.into_iter().map(|line| (statement.name, line)));
    }
    found.sort();
    found
}

/// `SCAN s`, or `SEARCH s USING INDEX … (organization_id=?)` with nothing behind it. The plan names aliases, so the table is looked
/// up in the text.
async fn sqlite(connection: &mut SqliteConnection, statement: &Statement) -> Vec<String> {
    let sql = AssertSqlSafe(format!("explain query plan {}", statement.sqlite));
    let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
    let details = rows.iter().map(|row| row.get::<String, _>("detail"));
    let whole = details.filter(|line| {
        let alias = line.split_whitespace().nth(1).unwrap_or_default();
        // The index of what is live holds nothing else.
        let all = line.starts_with("SCAN")
            || (line.ends_with("(organization_id=?)") && !line.contains("sessions_live"));
        all && LARGE.contains(&table(statement.sqlite, alias))
    });
    whole.collect()
}

/// What a name in a plan stands for in the text.
fn table<'a>(sql: &'a str, alias: &'a str) -> &'a str {
    let words: Vec<&str> = sql
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','))
        .filter(|word| !word.is_empty())
        .collect();
    let named = words.windows(3).find(|three| matches!(three[0], "from" | "join") && three[2] == alias);
    named.map_or(alias, |three| three[1])
}

/// A sequential scan, or an index scan on nothing but the organization.
async fn postgres(connection: &mut PgConnection, statement: &Statement) -> Vec<String> {
    let prepared = (&mut *connection).prepare(statement.postgres.into_sql_str()).await.unwrap();
    let count = match prepared.parameters() {
        Some(sqlx::Either::Left(types)) => types.len(),
        Some(sqlx::Either::Right(count)) => count,
        None => 0,
    };
    let call = if count == 0 { String::new() } else { format!("({})", vec!["null"; count].join(", ")) };
    for sql in [
        "set plan_cache_mode = force_generic_plan".to_owned(),
        format!("prepare one as {}", statement.postgres),
    ] {
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    let explain = AssertSqlSafe(format!("explain execute one{call}"));
    let rows = sqlx::raw_sql(explain).fetch_all(&mut *connection).await.unwrap();
    connection.execute("deallocate one").await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get::<String, _>(0).trim().to_owned()).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((_, on)) = line
            .split_once("Scan on ")
            .or_else(|| line.split_once(" on ").filter(|_| line.contains("Index")))
        else {
            continue;
        };
        let scanned = on.split_whitespace().next().unwrap_or_default();
        let condition = lines.get(at + 1).filter(|next| next.starts_with("Index Cond:"));
        let whole = match condition {
            Some(condition) => !condition.contains(" AND "),
            None => line.contains("Seq Scan"),
        };
        let only_organization = condition.is_none_or(|condition| condition.contains("organization_id ="));
        if whole && only_organization && !line.contains("sessions_live") && LARGE.contains(&scanned) {
            found.push(line.clone());
        }
    }
    found
}
