//! Every statement that changes a tenant's rows is run in the name of another tenant, and must change none of the first's.
//!
//! The stage is that of [`crate::statements`]: one row of the first tenant in each table, hit by construction. Everything
//! happens inside transactions that are rolled back. Run in the first tenant's own name afterwards the statement does change
//! the row: that shows that the attempt was a real one.

use lectern_api::db::{Kind, Statement, registered_statements};
use lectern_tests::{Engine, TestApp, story};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection,
    postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};

use crate::statements::{
    Columns, Two, call, columns, fill, organization, postgres_families, prepared, sqlite_families,
};

/// Whether the first tenant's rows were changed: in their own name, and in the other tenant's.
type Tried = Result<(bool, bool), sqlx::Error>;

fn text(statement: &Statement, engine: Engine) -> &'static str {
    if engine == Engine::Sqlite { statement.sqlite } else { statement.postgres }
}

/// What changes rows that are there; an insert does when it meets one.
fn changes_rows(sql: &str) -> bool {
    let sql = sql.trim_start();
    let inside = ["update ", "delete from "].iter().any(|word| sql.contains(word));
    sql.starts_with("update")
        || sql.starts_with("delete")
        || (sql.starts_with("with") && inside)
        || sql.contains("do update")
}

/// Of the tables that the statement names: every row of this tenant, as one text.
fn look(columns: &Columns, sql: &str, of: &str, cast: &str) -> Vec<String> {
    columns
        .iter()
        .filter(|(table, _)| sql.contains(table.as_str()))
        .map(|(table, own)| {
            let parts: Vec<_> =
                own.iter().map(|(name, _)| format!("coalesce({}, '-')", cast.replace('?', name))).collect();
            format!("select {} from {table} where organization_id = {of}", parts.join(" || '|' || "))
        })
        .collect()
}

/// The condition alone: what a statement sets is no condition.
fn condition(sql: &str) -> &str {
    sql.find(" where ").map_or("", |at| &sql[at..])
}

story!(
    /// S-14: no UPDATE, DELETE or meeting INSERT in another tenant's name touches a row, and (for most) it does in its own.
    no_statement_changes_another_tenants_rows, |app| async {
        let (mine, theirs) = (app.organization("oakwood").await.id, app.organization("elmfield").await.id);
        let engine = app.database.engine;
        let columns = columns(app).await;
        fill(app, &columns, mine).await;
        let (mut writes, mut found, mut leaks) = (0, 0, Vec::new());
        for statement in registered_statements().filter(|statement| statement.kind == Kind::Tenant) {
            let sql = text(statement, engine);
            if !changes_rows(sql) || !columns.keys().any(|table| sql.contains(table.as_str())) {
                continue;
            }
            writes += 1;
            let prepared = prepared(sql, condition(sql), &columns);
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
                eprintln!("{engine:?}: {} changes nothing in its own name either", statement.name);
            }
        }
        assert!(leaks.is_empty(), "{}", leaks.join("\n"));
        eprintln!("{engine:?}: {writes} writing statements, {found} of them changed the row of their own tenant");
        assert!(writes > 50, "{writes}");
        assert!(found * 10 >= writes * 7, "only {found} of {writes} statements were really tried");
    }
);

async fn sqlite_rows(
    connection: &mut SqliteConnection,
    looks: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    let mut rows = Vec::new();
    for sql in looks {
        rows.extend(
            sqlx::query_scalar::<_, String>(AssertSqlSafe(sql.clone())).fetch_all(&mut *connection).await?,
        );
    }
    Ok(rows)
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
    let looks = look(
        columns,
        statement.sqlite,
        &organization(Engine::Sqlite, mine),
        "cast(case typeof(?) when 'blob' then hex(?) else ? end as text)",
    );
    let before = sqlite_rows(&mut tx, &looks).await?;
    let mut answers = Vec::new();
    for tenant in [theirs, mine] {
        let mut step = tx.begin().await?;
        let sql = call(statement, Engine::Sqlite, &organization(Engine::Sqlite, tenant), &families, value);
        // What a constraint refuses changed nothing.
        let touched = match sqlx::query(AssertSqlSafe(sql)).execute(&mut *step).await {
            Ok(done) => done.rows_affected() > 0 && !statement.sqlite.trim_start().starts_with("insert"),
            Err(_) => false,
        };
        answers.push(touched || sqlite_rows(&mut step, &looks).await? != before);
        step.rollback().await?;
    }
    tx.rollback().await?;
    Ok((answers[1], answers[0]))
}

async fn postgres_rows(connection: &mut PgConnection, looks: &[String]) -> Result<Vec<String>, sqlx::Error> {
    let mut rows = Vec::new();
    for sql in looks {
        rows.extend(
            sqlx::query_scalar::<_, String>(AssertSqlSafe(sql.clone())).fetch_all(&mut *connection).await?,
        );
    }
    Ok(rows)
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
    // The one row of each table hangs on nothing.
    tx.execute(AssertSqlSafe("set local session_replication_role = replica".to_owned())).await?;
    for sql in prepared {
        // In its own savepoint: what a column refuses is left as it is.
        let mut step = tx.begin().await?;
        match sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut *step).await {
            Ok(_) => step.commit().await?,
            Err(_) => step.rollback().await?,
        }
    }
    let looks = look(columns, statement.postgres, &organization(Engine::Postgres, mine), "?::text");
    let before = postgres_rows(&mut tx, &looks).await?;
    let mut answers = [false, false];
    // In the other tenant's transaction the first tenant may even be named: the wall must hold by itself.
    for (answer, tenant, named) in [(1, theirs, theirs), (1, theirs, mine), (0, mine, mine)] {
        let mut step = tx.begin().await?;
        step.execute(AssertSqlSafe("set local role lectern_app".to_owned())).await?;
        step.execute(AssertSqlSafe(format!("select set_config('lectern.organization', '{tenant}', true)")))
            .await?;
        let sql = call(statement, Engine::Postgres, &format!("'{named}'::uuid"), &families, value);
        let mut inner = step.begin().await?;
        // What a constraint or the wall refuses changed nothing.
        let touched = match sqlx::query(AssertSqlSafe(sql)).execute(&mut *inner).await {
            Ok(done) => {
                inner.commit().await?;
                let start = statement.postgres.trim_start();
                done.rows_affected() > 0 && (start.starts_with("update") || start.starts_with("delete"))
            }
            Err(_) => {
                inner.rollback().await?;
                false
            }
        };
        step.execute(AssertSqlSafe("reset role".to_owned())).await?;
        answers[answer] |= touched || postgres_rows(&mut step, &looks).await? != before;
        step.rollback().await?;
    }
    tx.rollback().await?;
    Ok((answers[0], answers[1]))
}
