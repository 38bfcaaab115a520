//! PostgreSQL by its own tools, in one snapshot with the figures of the manifest.

use std::{path::Path, process::Stdio, str::FromStr};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::process::Command;

use super::{
    BackupError,
    contents::{self, Contents},
};
use crate::config::Config;

pub(super) const FILE: &str = "lectern.dump";

fn owner_url(config: &Config) -> Result<&str, BackupError> {
    config.database.owner_url.as_deref().ok_or_else(|| {
        BackupError::Refused(
            "database.owner_url is not set: only the owner can read and write all tenants' rows".to_owned(),
        )
    })
}

/// As the owner; refuses a role that row-level security would hide rows from.
pub(super) async fn connect(config: &Config) -> Result<PgConnection, BackupError> {
    let options = PgConnectOptions::from_str(owner_url(config)?)?;
    let mut connection = PgConnection::connect_with(&options).await?;
    let (role, sees_all): (String, bool) = sqlx::query_as(
        "select rolname::text, rolsuper or rolbypassrls from pg_roles where rolname = current_user",
    )
    .fetch_one(&mut connection)
    .await?;
    if !sees_all {
        return Err(BackupError::Refused(format!(
            "the role {role} of database.owner_url sees only rows of one tenant at a time; let a superuser run: \
             alter role \"{role}\" bypassrls"
        )));
    }
    Ok(connection)
}

/// Dumps the database; the figures are of the same instant.
pub(super) async fn dump(config: &Config, to: &Path) -> Result<Contents, BackupError> {
    let mut connection = connect(config).await?;
    let mut tx = connection.begin_with("begin transaction isolation level repeatable read read only").await?;
    let snapshot: String = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut *tx).await?;
    let snapshot = format!("--snapshot={snapshot}");
    let file = format!("--file={}", to.display());
    tool("pg_dump", owner_url(config)?, &["--format=custom", "--no-owner", &snapshot, &file]).await?;
    let contents = contents::of_postgres(&mut tx).await?;
    tx.commit().await?;
    connection.close().await?;
    Ok(contents)
}

/// Brings a dump into an empty database, whole or not at all.
pub(super) async fn load(config: &Config, serve_url: &str, from: &Path) -> Result<(), BackupError> {
    let owner = owner_url(config)?;
    let mut connection = connect(config).await?;
    let tables: i64 = sqlx::query_scalar(
        "select count(*) from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')",
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    if tables > 0 {
        return Err(BackupError::Refused(
            "the database of database.owner_url is not empty: restore into a new one".to_owned(),
        ));
    }
    crate::db::make_postgres_roles(owner).await?;
    let from = from.display().to_string();
    tool("pg_restore", owner, &["--no-owner", "--single-transaction", "--exit-on-error", &from]).await?;
    // The role that serves; and what is newer than the backup.
    Ok(crate::db::migrate_postgres(owner, serve_url).await?)
}

/// Runs one of PostgreSQL's tools. The password goes by the environment, where other users cannot see it.
async fn tool(name: &str, url: &str, arguments: &[&str]) -> Result<(), BackupError> {
    let mut address = url::Url::parse(url).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let mut command = Command::new(name);
    if address.password().is_some() {
        command.env("PGPASSWORD", plain_password(url).unwrap_or_default());
        address.set_password(None).ok();
    }
    command
        .args(arguments)
        .arg(format!("--dbname={address}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let output = command.output().await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => BackupError::Refused(format!(
            "{name} is not installed: install PostgreSQL's client programs (Debian: apt-get install postgresql-client)"
        )),
        _ => BackupError::File(name.into(), error),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(BackupError::Refused(format!("{name} failed: {}", said.trim())))
}

fn plain_password(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let encoded = url.password()?.replace('+', "%2B");
    url::form_urlencoded::parse(format!("p={encoded}").as_bytes()).next().map(|(_, value)| value.into_owned())
}
