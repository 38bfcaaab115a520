//! A database for one story: a file in a temporary folder, or a PostgreSQL database copied from a migrated template.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::atomic::{AtomicU32, Ordering},
};

use lectern_api::{
    config::Config,
    db::{migrate_postgres, migrate_sqlite},
};
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row,
    postgres::{PgConnectOptions, PgRow},
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow},
};
use tokio::sync::OnceCell;
use url::Url;

use crate::Bulk;

pub use lectern_api::db::Engine;

/// Whether a story can run on an engine.
#[must_use]
pub fn is_there(engine: Engine) -> bool {
    engine == Engine::Sqlite || cluster().is_some()
}

fn cluster() -> Option<Url> {
    let url = std::env::var("LECTERN_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
    Some(url.parse().expect("LECTERN_TEST_POSTGRES is a postgres:// address"))
}

/// The ordinary role that the server signs in with, as `lectern migrate` prepares it.
const LOGIN: &str = "lectern_login";

/// The repository's `migrations/`.
#[must_use]
pub fn migrations_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations")
}

/// A table that nobody else can change, until it is released.
#[derive(Debug)]
pub enum Hold {
    /// The one writer's place.
    Sqlite(SqliteConnection),
    /// A lock on the table.
    Postgres(PgConnection),
}

impl Hold {
    /// Lets go.
    pub async fn release(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}

/// One story's database.
#[derive(Debug)]
pub struct Database {
    /// Which engine.
    pub engine: Engine,
    /// SQLite's file.
    file: PathBuf,
    /// PostgreSQL's name.
    name: String,
}

impl Database {
    /// An empty, migrated database; SQLite's file lies in `data`.
    pub async fn make(engine: Engine, data: &Path) -> Self {
        let database = Self::named(engine, data);
        match engine {
            Engine::Sqlite => std::fs::write(&database.file, sqlite_template().await).unwrap(),
            Engine::Postgres => {
                let template = postgres_template().await;
                let sql = format!("create database {} template {template}", database.name);
                owner("postgres").await.execute(AssertSqlSafe(sql)).await.unwrap();
            }
        }
        database
    }

    /// Nothing: what `lectern migrate` and `lectern restore` begin with.
    pub async fn empty(engine: Engine, data: &Path) -> Self {
        let database = Self::named(engine, data);
        if engine == Engine::Postgres {
            let sql = format!("create database {}", database.name);
            owner("postgres").await.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        database
    }

    fn named(engine: Engine, data: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("lectern_story_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { engine, file: data.join("lectern.sqlite"), name }
    }

    /// Points the configuration at this database.
    pub fn configure(&self, config: &mut Config) {
        if self.engine == Engine::Postgres {
            config.database.url = Some(login_url(&self.name));
            config.database.owner_url = Some(owner_url(&self.name));
        }
    }

    /// The address the server signs in with; PostgreSQL only.
    #[must_use]
    pub fn url(&self) -> String {
        login_url(&self.name)
    }

    /// The owner's address; PostgreSQL only.
    #[must_use]
    pub fn owner_url(&self) -> String {
        owner_url(&self.name)
    }

    /// SQLite's file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Runs statements past every wall, as the database's owner: to look behind the scenes, or to do damage.
    pub async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => drop(self.sqlite().await.execute(sql).await.unwrap()),
            Engine::Postgres => drop(owner(&self.name).await.execute(sql).await.unwrap()),
        }
    }

    /// The rows of a query past every wall, every column as text (bytes as lower-case hex).
    pub async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => {
                let rows = sqlx::query(sql).fetch_all(&mut self.sqlite().await).await.unwrap();
                rows.iter().map(sqlite_texts).collect()
            }
            Engine::Postgres => {
                let rows = sqlx::query(sql).fetch_all(&mut owner(&self.name).await).await.unwrap();
                rows.iter().map(postgres_texts).collect()
            }
        }
    }

    /// How many rows a query past every wall finds.
    pub async fn count(&self, table_and_condition: &str) -> u64 {
        let rows = self.rows(&format!("select count(*) from {table_and_condition}")).await;
        rows[0][0].parse().unwrap()
    }

    /// The names of all tables but the migrations' own.
    pub async fn tables(&self) -> Vec<String> {
        let sql = match self.engine {
            Engine::Sqlite => {
                "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name"
            }
            Engine::Postgres => {
                "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1"
            }
        };
        let names = self.rows(sql).await.into_iter().map(|mut row| row.remove(0));
        names.filter(|name| name != "_sqlx_migrations").collect()
    }

    /// Every value of every table, as one text: what a thief of the database would hold.
    pub async fn dump(&self) -> String {
        let mut dump = String::new();
        for table in self.tables().await {
            for row in self.rows(&format!("select * from {table}")).await {
                dump.push_str(&format!("{table}\t{}\n", row.join("\t")));
            }
        }
        dump
    }

    /// A connection past every wall.
    pub(crate) async fn connect(&self) -> Bulk {
        match self.engine {
            Engine::Sqlite => Bulk::Sqlite(self.sqlite().await),
            Engine::Postgres => Bulk::Postgres(owner(&self.name).await),
        }
    }

    async fn sqlite(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(&self.file)
            .foreign_keys(false)
            .busy_timeout(std::time::Duration::from_secs(10));
        options.connect().await.unwrap()
    }

    /// Lets nobody else change this table (on SQLite: any table) until the hold is released: what others commit waits.
    pub async fn hold(&self, table: &str) -> Hold {
        match self.engine {
            Engine::Sqlite => {
                let mut connection = self.sqlite().await;
                connection.execute("begin immediate").await.unwrap();
                Hold::Sqlite(connection)
            }
            Engine::Postgres => {
                let mut connection = owner(&self.name).await;
                let sql = format!("begin; lock table {table} in exclusive mode");
                connection.execute(AssertSqlSafe(sql)).await.unwrap();
                Hold::Postgres(connection)
            }
        }
    }

    /// Removes it.
    pub async fn drop(&self) {
        if self.engine == Engine::Postgres {
            let sql = format!("drop database if exists {} with (force)", self.name);
            owner("postgres").await.execute(AssertSqlSafe(sql)).await.unwrap();
        }
    }
}

fn sqlite_texts(row: &SqliteRow) -> Vec<String> {
    let text = |index: usize| {
        if let Ok(text) = row.try_get_unchecked::<Option<String>, _>(index) {
            return text.unwrap_or_default();
        }
        row.try_get_unchecked::<Option<Vec<u8>>, _>(index).unwrap().map(hex::encode).unwrap_or_default()
    };
    (0..row.len())
        .map(|index| {
            use sqlx::{TypeInfo, ValueRef};
            let value = row.try_get_raw(index).unwrap();
            match value.type_info().name() {
                "BLOB" => row
                    .try_get_unchecked::<Option<Vec<u8>>, _>(index)
                    .unwrap()
                    .map(hex::encode)
                    .unwrap_or_default(),
                _ => text(index),
            }
        })
        .collect()
}

fn postgres_texts(row: &PgRow) -> Vec<String> {
    use sqlx::{Column, TypeInfo, ValueRef};
    (0..row.len())
        .map(|index| {
            if row.try_get_raw(index).unwrap().is_null() {
                return String::new();
            }
            match row.column(index).type_info().name() {
                "BYTEA" => hex::encode(row.get::<Vec<u8>, _>(index)),
                "UUID" => row.get::<uuid::Uuid, _>(index).to_string(),
                "INT8" => row.get::<i64, _>(index).to_string(),
                "INT4" => row.get::<i32, _>(index).to_string(),
                "BOOL" => row.get::<bool, _>(index).to_string(),
                "TIMESTAMPTZ" => row.get::<chrono::DateTime<chrono::Utc>, _>(index).to_rfc3339(),
                "JSONB" | "JSON" => row.get::<serde_json::Value, _>(index).to_string(),
                _ => row.get::<String, _>(index),
            }
        })
        .collect()
}

async fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("template.sqlite");
            migrate_sqlite(&file).await.unwrap();
            std::fs::read(&file).unwrap()
        })
        .await
}

/// Migrated once for a cluster and a set of migrations; an advisory lock keeps two test processes apart.
async fn postgres_template() -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let template = format!("lectern_template_{}", migrations_hash());
            let mut cluster = owner("postgres").await;
            cluster.execute("select pg_advisory_lock(4521)").await.unwrap();
            let known: bool =
                sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
                    .bind(&template)
                    .fetch_one(&mut cluster)
                    .await
                    .unwrap();
            if !known {
                let fresh = format!("{template}_new");
                cluster.execute(AssertSqlSafe(format!("drop database if exists {fresh}"))).await.unwrap();
                cluster.execute(AssertSqlSafe(format!("create database {fresh}"))).await.unwrap();
                migrate_postgres(&owner_url(&fresh), &login_url(&fresh)).await.unwrap();
                let rename = format!("alter database {fresh} rename to {template}");
                cluster.execute(AssertSqlSafe(rename)).await.unwrap();
            }
            cluster.close().await.unwrap();
            template
        })
        .await
}

fn migrations_hash() -> String {
    let mut files: Vec<_> = std::fs::read_dir(migrations_folder().join("postgres"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(std::fs::read(file).unwrap());
    }
    hex::encode(&hash.finalize()[..6])
}

fn owner_url(database: &str) -> String {
    let mut url = cluster().expect("LECTERN_TEST_POSTGRES is set");
    url.set_path(database);
    url.into()
}

fn login_url(database: &str) -> String {
    let url = owner_url(database);
    let (scheme, rest) = url.split_once("://").unwrap();
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{LOGIN}@{host}")
}

async fn owner(database: &str) -> PgConnection {
    let options = PgConnectOptions::from_str(&owner_url(database)).unwrap();
    options.disable_statement_logging().connect().await.unwrap()
}
