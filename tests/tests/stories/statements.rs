//! Every statement that reads a tenant's rows is run in the name of another tenant, and must find nothing.
//!
//! Each table gets one row of the first tenant, whose columns all hold the same few values, so that a parameter of the
//! same type hits by construction; words and nulls that a statement itself names are put into the row before it runs.
//! Run in the first tenant's own name the statement then finds that row: that shows the question was a real one.

use std::collections::BTreeMap;

use lectern_api::db::{Kind, Statement, registered_statements};
use lectern_tests::{Engine, TestApp, migrations_folder, story};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Executor, PgConnection, Row, SqlSafeStr,
    SqliteConnection, Statement as _, TypeInfo, ValueRef, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

/// The one id, as bytes in hex, that every row and every parameter holds.
const ID: &str = "77777777777747778777777777777777";
/// Before, at and after the instant that every row holds.
const INSTANTS: [&str; 3] =
    ["2026-11-01T00:00:00+00:00", "2026-11-23T00:00:00+00:00", "2026-12-01T00:00:00+00:00"];
const NUMBERS: [&str; 3] = ["0", "1", "2"];
const WORDS: [&str; 3] = ["", "m", "z"];

/// Table, column and the type's family: `id`, `bytes`, `word`, `number`, `instant`, `truth`, `json`.
pub(crate) type Columns = BTreeMap<String, Vec<(String, &'static str)>>;

fn tenant_tables() -> Vec<String> {
    let text = std::fs::read_to_string(migrations_folder().join("tables.txt")).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("tenant ")).map(str::to_owned).collect()
}

pub(crate) async fn columns(app: &TestApp) -> Columns {
    let mut all = Columns::new();
    for table in tenant_tables() {
        let sql = match app.database.engine {
            Engine::Sqlite => format!("select name, lower(type) from pragma_table_info('{table}')"),
            Engine::Postgres => format!(
                "select column_name::text, data_type::text from information_schema.columns where table_schema = 'public' and table_name = '{table}'"
            ),
        };
        let rows = app.database.rows(&sql).await.into_iter().map(|row| {
            let instant = ["_at", "_until", "until", "_valid_until", "_changed"]
                .iter()
                .any(|end| row[0].ends_with(end));
            let family = match row[1].as_str() {
                "uuid" => "id",
                "bytea" | "blob" => "bytes",
                "boolean" => "truth",
                "jsonb" => "json",
                "bigint" | "integer" => "number",
                "timestamp with time zone" => "instant",
                // SQLite keeps instants and JSON as text; a column tells by its name.
                "text" if app.database.engine == Engine::Sqlite && instant => "instant",
                _ => "word",
            };
            (row[0].clone(), family)
        });
        all.insert(table, rows.collect());
    }
    all
}

pub(crate) fn literal(engine: Engine, family: &str, value: usize) -> String {
    let bytes = match engine {
        Engine::Sqlite => format!("x'{ID}'"),
        Engine::Postgres => format!("'\\x{ID}'"),
    };
    match (family, engine) {
        ("id", Engine::Postgres) => format!("'{ID}'"),
        ("id" | "bytes", _) => bytes,
        ("number", _) => NUMBERS[value].to_owned(),
        ("truth", _) => "true".to_owned(),
        ("json", _) => "'{}'".to_owned(),
        ("ids", _) => format!("'[\"{ID}\"]'"),
        ("mails", _) => format!(
            "'[{{\"id\": \"{ID}\", \"person\": \"{ID}\", \"kind\": \"m\", \"about\": \"m\", \"state\": \"wanted\"}}]'"
        ),
        ("spans", _) => {
            let day = |at: &str| at.replace(' ', "T");
            format!("'[[\"{}\", \"{}\"]]'", day(INSTANTS[0]), day(INSTANTS[1]))
        }
        ("instant", _) => format!("'{}'", INSTANTS[value]),
        _ => format!("'{}'", WORDS[value]),
    }
}

pub(crate) fn organization(engine: Engine, id: lectern_core::ids::OrganizationId) -> String {
    match engine {
        Engine::Sqlite => format!("x'{}'", hex::encode(id.uuid().as_bytes())),
        Engine::Postgres => format!("'{id}'"),
    }
}

/// What a statement itself asks of columns: `state = 'live'`, `kind in ('user', …)`, `ended_at is null`.
fn asked(sql: &str) -> Vec<(String, Option<String>)> {
    let mut asked = Vec::new();
    let mut words = sql.replace(['(', ')'], " ");
    words = words.replace(',', " ");
    let words: Vec<&str> = words.split_whitespace().collect();
    for (at, word) in words.iter().enumerate() {
        let column = || words[at - 1].rsplit('.').next().unwrap().to_owned();
        let next = |by: usize| words.get(at + by).copied().unwrap_or_default();
        match *word {
            "=" | "in" if at > 0 && next(1).starts_with('\'') => {
                asked.push((column(), Some(next(1).trim_matches('\'').to_owned())));
            }
            "is" if at > 0 && next(1) == "null" => asked.push((column(), None)),
            _ => {}
        }
    }
    asked
}

/// Puts into the rows what this condition asks of the tables that the statement names.
pub(crate) fn prepared(sql: &str, condition: &str, columns: &Columns) -> Vec<String> {
    let mut prepared = Vec::new();
    for (column, value) in asked(condition) {
        for (table, own) in columns.iter().filter(|(table, _)| sql.contains(table.as_str())) {
            if own.iter().any(|(name, _)| *name == column) {
                let value = value.as_ref().map_or("null".to_owned(), |value| format!("'{value}'"));
                prepared.push(format!("update {table} set {column} = {value}"));
            }
        }
    }
    prepared
}

/// The family of the column that an insert gives this parameter to.
fn inserted(flat: &str, sign: &str, columns: &Columns) -> Option<&'static str> {
    let (table, rest) = flat.strip_prefix("insert into ")?.split_once(" (")?;
    let (names, rest) = rest.split_once(") values (")?;
    let (values, _) = rest.split_once(')')?;
    let at = values.split(',').position(|value| value.trim() == sign)?;
    let name = names.split(',').nth(at)?.trim();
    columns.get(table)?.iter().find(|(column, _)| column == name).map(|(_, family)| *family)
}

/// The family of each parameter but the first, found by the column it stands beside.
pub(crate) fn families(sql: &str, count: usize, columns: &Columns) -> Vec<&'static str> {
    let flat = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for number in 2..=count {
        let sign = format!("${number}");
        let at = flat
            .match_indices(&sign)
            .map(|(at, _)| at)
            .find(|at| !flat[at + sign.len()..].starts_with(|c: char| c.is_ascii_digit()));
        let before = &flat[..at.unwrap_or(0)];
        let mut words = before.split([' ', '(', ',']).rev().filter(|word| !word.is_empty());
        let operator = words.next().unwrap_or_default();
        let column = words.next().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned();
        let list = ["json_each(", "json_array_elements_text("]
            .iter()
            .any(|call| flat.contains(&format!("{call}{sign}")));
        let family = if let Some(family) = inserted(&flat, &sign, columns) {
            family
        } else if flat.contains(&format!("json_array_elements({sign}"))
            || flat.contains("json_extract(value, '$[0]')") && sign == "$2"
        {
            "spans"
        } else if sign == "$2"
            && ["json_extract(value, '$.", "value ->> '"].iter().any(|taken| flat.contains(taken))
        {
            "mails"
        } else if list {
            "ids"
        } else if operator == "limit" {
            "limit"
        } else {
            let known = columns.iter().filter(|(table, _)| sql.contains(table.as_str()));
            known
                .flat_map(|(_, columns)| columns)
                .find(|(name, _)| *name == column)
                .map_or("word", |(_, family)| *family)
        };
        found.push(family);
    }
    found
}

pub(crate) fn call(
    statement: &Statement,
    engine: Engine,
    of: &str,
    families: &[&str],
    value: usize,
) -> String {
    let sql = if engine == Engine::Sqlite { statement.sqlite } else { statement.postgres };
    // From the last to the first, so that $1 does not stand for the beginning of $12.
    let mut text = sql.to_owned();
    for (index, family) in families.iter().enumerate().rev() {
        let literal = if *family == "limit" { "100".to_owned() } else { literal(engine, family, value) };
        text = text.replace(&format!("${}", index + 2), &literal);
    }
    text.replace("$1", of)
}

/// Whether a row says anything: a count of nothing and an absence do not.
fn says_something(texts: &[String]) -> bool {
    texts.iter().any(|text| !matches!(text.as_str(), "" | "0" | "false"))
}

/// Gives each table one row, of this tenant, and nothing else.
pub(crate) async fn fill(app: &TestApp, columns: &Columns, mine: lectern_core::ids::OrganizationId) {
    let engine = app.database.engine;
    for (table, own) in columns {
        app.database.execute(&format!("delete from {table}")).await;
        let names: Vec<_> = own.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<_> = own
            .iter()
            .map(|(name, family)| match name.as_str() {
                "organization_id" => organization(engine, mine),
                _ => literal(engine, family, 1),
            })
            .collect();
        let walls = if engine == Engine::Postgres { "set session_replication_role = replica; " } else { "" };
        app.database
            .execute(&format!(
                "{walls}insert into {table} ({}) values ({})",
                names.join(", "),
                values.join(", ")
            ))
            .await;
    }
}

story!(
    /// Each statement that reads tenant rows finds nothing in another tenant's name, and (for most) something in its own.
    no_statement_reads_another_tenants_rows, |app| async {
        let (mine, theirs) = (app.organization("oakwood").await.id, app.organization("elmfield").await.id);
        let engine = app.database.engine;
        let columns = columns(app).await;
        fill(app, &columns, mine).await;
        let (mut reads, mut found, mut leaks) = (0, 0, Vec::new());
        for statement in registered_statements().filter(|statement| statement.kind == Kind::Tenant) {
            let sql = if engine == Engine::Sqlite { statement.sqlite } else { statement.postgres };
            let start = sql.trim_start();
            if !(start.starts_with("select") || start.starts_with("with")) || !columns.keys().any(|table| sql.contains(&format!("from {table}"))) {
                continue;
            }
            reads += 1;
            let prepared = prepared(sql, sql, &columns);
            let mut hit = false;
            for value in 0..3 {
                let ran = match engine {
                    Engine::Sqlite => on_sqlite(app, statement, &prepared, &columns, (mine, theirs), value).await,
                    Engine::Postgres => on_postgres(app, statement, &prepared, &columns, (mine, theirs), value).await,
                };
                match ran {
                    Ok((own, foreign)) => {
                        hit |= own;
                        if foreign {
                            leaks.push(format!("{}: {sql}", statement.name));
                        }
                    }
                    Err(error) => leaks.push(format!("{} could not be tried: {error}", statement.name)),
                }
            }
            if hit {
                found += 1;
            } else {
                eprintln!("{engine:?}: {} finds nothing in its own name either", statement.name);
            }
        }
        assert!(leaks.is_empty(), "{}", leaks.join("\n"));
        eprintln!("{engine:?}: {reads} reading statements, {found} of them found the row of their own tenant");
        assert!(found * 10 >= reads * 7, "only {found} of {reads} statements were really tried");
    }
);

type Tried = Result<(bool, bool), sqlx::Error>;
pub(crate) type Two = (lectern_core::ids::OrganizationId, lectern_core::ids::OrganizationId);

/// The families of a statement's parameters but the first, on SQLite.
pub(crate) async fn sqlite_families(
    connection: &mut SqliteConnection,
    statement: &Statement,
    columns: &Columns,
) -> Result<Vec<&'static str>, sqlx::Error> {
    let count = match (&mut *connection).prepare(statement.sqlite.into_sql_str()).await?.parameters() {
        Some(sqlx::Either::Left(types)) => types.len(),
        Some(sqlx::Either::Right(count)) => count,
        None => 0,
    };
    Ok(families(statement.sqlite, count, columns))
}

async fn on_sqlite(
    app: &TestApp,
    statement: &Statement,
    prepared: &[String],
    columns: &Columns,
    (mine, theirs): Two,
    value: usize,
) -> Tried {
    let options = SqliteConnectOptions::new()
        .filename(app.database.file())
        .foreign_keys(false)
        .busy_timeout(std::time::Duration::from_secs(10));
    let mut connection: SqliteConnection = options.connect().await?;
    let families = sqlite_families(&mut connection, statement, columns).await?;
    let mut tx = connection.begin().await?;
    for sql in prepared {
        // What a column refuses (a null, a duplicate) is left as it is.
        sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut *tx).await.ok();
    }
    let mut answers = Vec::new();
    for tenant in [mine, theirs] {
        let sql = call(statement, Engine::Sqlite, &organization(Engine::Sqlite, tenant), &families, value);
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await?;
        answers.push(rows.iter().any(|row| {
            let texts: Vec<_> = (0..row.len())
                .map(|index| match row.try_get_raw(index).unwrap() {
                    raw if raw.is_null() => String::new(),
                    raw if raw.type_info().name() == "INTEGER" || raw.type_info().name() == "BOOLEAN" => {
                        row.get_unchecked::<i64, _>(index).to_string()
                    }
                    _ => "something".to_owned(),
                })
                .collect();
            says_something(&texts)
        }));
    }
    tx.rollback().await?;
    Ok((answers[0], answers[1]))
}

/// The families of a statement's parameters but the first, as PostgreSQL knows them.
pub(crate) async fn postgres_families(
    connection: &mut PgConnection,
    statement: &Statement,
    columns: &Columns,
) -> Result<Vec<&'static str>, sqlx::Error> {
    let types: Vec<&'static str> =
        match (&mut *connection).prepare(statement.postgres.into_sql_str()).await?.parameters() {
            Some(sqlx::Either::Left(types)) => types
                .iter()
                .map(|kind| match kind.name() {
                    "UUID" => "id",
                    "BYTEA" => "bytes",
                    "BOOL" => "truth",
                    "JSONB" | "JSON" => "json",
                    "INT8" | "INT4" => "number",
                    "TIMESTAMPTZ" => "instant",
                    _ => "word",
                })
                .collect(),
            _ => Vec::new(),
        };
    let beside = families(statement.postgres, types.len(), columns);
    Ok(types
        .iter()
        .skip(1)
        .zip(beside)
        .map(
            |(own, beside)| if matches!(beside, "limit" | "ids" | "spans" | "mails") { beside } else { *own },
        )
        .collect())
}

async fn on_postgres(
    app: &TestApp,
    statement: &Statement,
    prepared: &[String],
    columns: &Columns,
    (mine, theirs): Two,
    value: usize,
) -> Tried {
    let options: PgConnectOptions = app.database.owner_url().parse()?;
    let mut connection: PgConnection = options.disable_statement_logging().connect().await?;
    let families = postgres_families(&mut connection, statement, columns).await?;
    let mut tx = connection.begin().await?;
    for sql in prepared {
        // In its own savepoint: what a column refuses is left as it is.
        let mut step = tx.begin().await?;
        match sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut *step).await {
            Ok(_) => step.commit().await?,
            Err(_) => step.rollback().await?,
        }
    }
    tx.execute(AssertSqlSafe("set local role lectern_app".to_owned())).await?;
    let mut answers = [false, false];
    // In the other tenant's transaction the first tenant may even be named: the wall must hold by itself.
    for (answer, tenant, named) in [(0, mine, mine), (1, theirs, theirs), (1, theirs, mine)] {
        tx.execute(AssertSqlSafe(format!("select set_config('lectern.organization', '{tenant}', true)")))
            .await?;
        let sql = call(statement, Engine::Postgres, &format!("'{named}'::uuid"), &families, value);
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await?;
        answers[answer] |= rows.iter().any(|row| {
            let texts: Vec<_> = (0..row.len())
                .map(|index| {
                    if row.try_get_raw(index).unwrap().is_null() {
                        return String::new();
                    }
                    match row.column(index).type_info().name() {
                        "INT8" => row.get::<i64, _>(index).to_string(),
                        "INT4" => row.get::<i32, _>(index).to_string(),
                        "BOOL" => row.get::<bool, _>(index).to_string(),
                        _ => "something".to_owned(),
                    }
                })
                .collect();
            says_something(&texts)
        });
    }
    tx.rollback().await?;
    Ok((answers[0], answers[1]))
}
