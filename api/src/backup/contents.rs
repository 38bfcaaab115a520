//! What a database holds, in figures that are equal exactly when the rows are.

use std::{collections::BTreeMap, path::Path};

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, Row,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use super::{BackupError, Table};

pub(super) type Contents = (BTreeMap<String, Table>, Vec<i64>);

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Of an SQLite file at rest.
pub(super) async fn of_sqlite(file: &Path) -> Result<Contents, BackupError> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let good: String = sqlx::query_scalar("pragma integrity_check(1)").fetch_one(&mut connection).await?;
    if good != "ok" {
        return Err(BackupError::Damaged(format!("{} is damaged: {good}", file.display())));
    }
    let names: Vec<String> = sqlx::query_scalar(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name",
    )
    .fetch_all(&mut connection)
    .await?;
    let mut tables = BTreeMap::new();
    for name in names {
        let columns: Vec<String> = sqlx::query_scalar("select name from pragma_table_info($1) order by cid")
            .bind(&name)
            .fetch_all(&mut connection)
            .await?;
        let all: Vec<String> = columns.iter().map(|column| format!("quote({})", quoted(column))).collect();
        let sql = format!("select {} from {}", all.join(" || ',' || "), quoted(&name));
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut connection);
        let mut sum = Sum::default();
        while let Some(row) = rows.try_next().await? {
            sum.add(row.try_get::<String, _>(0)?.as_bytes());
        }
        drop(rows);
        tables.insert(name, sum.table());
    }
    let migrations =
        sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
            .fetch_all(&mut connection)
            .await?;
    connection.close().await?;
    Ok((tables, migrations))
}

/// Of PostgreSQL, as the given connection sees it: it must see past row-level security.
pub(super) async fn of_postgres(connection: &mut PgConnection) -> Result<Contents, BackupError> {
    sqlx::query("set time zone 'UTC'").execute(&mut *connection).await?;
    sqlx::query("set row_security = off").execute(&mut *connection).await?;
    let names: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut tables = BTreeMap::new();
    for name in names {
        let sql = format!("select t::text from {} t", quoted(&name));
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut *connection);
        let mut sum = Sum::default();
        while let Some(row) = rows.try_next().await? {
            sum.add(row.try_get::<String, _>(0)?.as_bytes());
        }
        drop(rows);
        tables.insert(name, sum.table());
    }
    let migrations =
        sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
            .fetch_all(&mut *connection)
            .await?;
    Ok((tables, migrations))
}

/// Adds up the hashes of rows, so that their order does not count and equal rows do not cancel out.
#[derive(Default)]
struct Sum {
    rows: u64,
    halves: [u128; 2],
}

impl Sum {
    fn add(&mut self, row: &[u8]) {
        self.rows += 1;
        let hash: [u8; 32] = Sha256::digest(row).into();
        for (half, bytes) in self.halves.iter_mut().zip(hash.chunks_exact(16)) {
            let mut own = [0; 16];
            own.copy_from_slice(bytes);
            *half = half.wrapping_add(u128::from_be_bytes(own));
        }
    }

    fn table(&self) -> Table {
        Table { rows: self.rows, hash: format!("{:032x}{:032x}", self.halves[0], self.halves[1]) }
    }
}
