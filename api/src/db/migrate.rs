use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode},
};

/// A migration that could not run.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The engine's own error.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A migration failed, or the database was migrated by another release.
    #[error(transparent)]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Brings the embedded database to this release.
///
/// # Errors
/// [`MigrateError`]; a migration that fails leaves nothing behind.
pub async fn migrate_sqlite(file: &Path) -> Result<(), MigrateError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(10));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mut migrator = sqlx::migrate!("../migrations/sqlite");
    // A release runs on the schema of its successor too, so that an update can be taken back.
    migrator.set_ignore_missing(true).run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Brings PostgreSQL to this release, as the owner, and prepares the role that `serve` signs in with.
///
/// # Errors
/// [`MigrateError`].
pub async fn migrate_postgres(owner_url: &str, serve_url: &str) -> Result<(), MigrateError> {
    make_postgres_roles(owner_url).await?;
    let mut connection = PgConnection::connect_with(&PgConnectOptions::from_str(owner_url)?).await?;
    connection.execute("set lock_timeout = '10s'").await?;
    let mut migrator = sqlx::migrate!("../migrations/postgres");
    migrator.set_ignore_missing(true).run(&mut connection).await?;
    let serve = url::Url::parse(serve_url).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let login = PgConnectOptions::from_str(serve_url)?.get_username().to_owned();
    let attributes = match serve.password() {
        Some(password) => format!("login noinherit password {}", literal(&percent_decode(password))),
        None => "login noinherit".to_owned(),
    };
    make_role(&mut connection, &login, &attributes).await?;
    let login = identifier(&login);
    connection.execute(AssertSqlSafe(format!("grant lectern_app, lectern_worker to {login}"))).await?;
    connection.close().await?;
    Ok(())
}

/// Makes the two roles that tables are granted to.
///
/// # Errors
/// [`MigrateError`].
pub async fn make_postgres_roles(owner_url: &str) -> Result<(), MigrateError> {
    let mut connection = PgConnection::connect_with(&PgConnectOptions::from_str(owner_url)?).await?;
    for role in ["lectern_app", "lectern_worker"] {
        make_role(&mut connection, role, "nologin").await?;
    }
    connection.close().await?;
    Ok(())
}

async fn make_role(connection: &mut PgConnection, role: &str, attributes: &str) -> Result<(), sqlx::Error> {
    let known: bool = sqlx::query_scalar("select exists (select 1 from pg_roles where rolname = $1)")
        .bind(role)
        .fetch_one(&mut *connection)
        .await?;
    if known {
        return Ok(());
    }
    let made =
        connection.execute(AssertSqlSafe(format!("create role {} {attributes}", identifier(role)))).await;
    match made {
        // Another migration in the same cluster made it in the meantime.
        Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("42710" | "23505")) => {
            Ok(())
        }
        other => other.map(drop),
    }
}

/// The newest migration this release has, by version.
#[must_use]
pub fn newest_migration() -> i64 {
    sqlx::migrate!("../migrations/sqlite").iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn percent_decode(text: &str) -> String {
    url::form_urlencoded::parse(format!("p={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
