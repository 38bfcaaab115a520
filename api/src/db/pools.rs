use std::{path::Path, str::FromStr, time::Duration};

use lectern_core::ids::OrganizationId;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Executor, PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{StoreError, Tx};

/// Readers beside SQLite's one writer.
const SQLITE_READERS: u32 = 8;

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// A server.
    Postgres,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The engine's own error.
    #[error(transparent)]
    Engine(#[from] sqlx::Error),
    /// Row-level security would not hold for this role.
    #[error(
        "the database role {0} is a superuser, may bypass row-level security, or owns Lectern's tables; tenants would \
         not be kept apart. Put an ordinary role into database.url and run `lectern migrate` with the owner's \
         database.owner_url: it prepares that role"
    )]
    UnsafeRole(String),
    /// No migration has run here.
    #[error("the database has no Lectern tables yet; run `lectern migrate`")]
    NotMigrated,
}

/// The open database.
#[derive(Clone, Debug)]
pub struct Db {
    inner: Inner,
}

#[derive(Clone, Debug)]
enum Inner {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres { app: PgPool, worker: PgPool, options: Box<PgConnectOptions> },
}

impl Db {
    /// Opens the embedded database: one writer, readers apart, every commit on disk before it is acknowledged.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open_sqlite(file: &Path) -> Result<Self, DatabaseError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            // Checkpoints run on a connection of their own, never in the way of an acknowledgement.
            .pragma("wal_autocheckpoint", "0")
            .pragma("cache_size", "-16000")
            .statement_cache_capacity(512)
            .disable_statement_logging();
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(30))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .acquire_timeout(Duration::from_secs(30))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        Ok(Self { inner: Inner::Sqlite { writer, readers } })
    }

    /// Opens PostgreSQL: one pool as `lectern_app` under row-level security, a small one as `lectern_worker`.
    ///
    /// # Errors
    /// [`DatabaseError::UnsafeRole`] when tenants would not be kept apart.
    pub async fn open_postgres(url: &str) -> Result<Self, DatabaseError> {
        let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        let pool = |role: &'static str, most: u32| {
            PgPoolOptions::new()
                .max_connections(most)
                .acquire_timeout(Duration::from_secs(30))
                .test_before_acquire(false)
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        // Every statement here is short: compiling one, which PostgreSQL does by its guess of the costs, takes up to
                        // a second and saves nothing.
                        connection.execute(AssertSqlSafe(format!("set role {role}; set jit = off"))).await?;
                        Ok(())
                    })
                })
                .connect_lazy_with(options.clone())
        };
        let db = Self {
            inner: Inner::Postgres {
                app: pool("lectern_app", 16),
                worker: pool("lectern_worker", 6),
                options: Box::new(options.clone()),
            },
        };
        db.refuse_unsafe_role(&options).await?;
        Ok(db)
    }

    async fn refuse_unsafe_role(&self, options: &PgConnectOptions) -> Result<(), DatabaseError> {
        let mut connection = options.connect().await?;
        let migrated: bool =
            sqlx::query_scalar("select to_regclass('people') is not null").fetch_one(&mut connection).await?;
        if !migrated {
            return Err(DatabaseError::NotMigrated);
        }
        let unsafe_role: Option<String> = sqlx::query_scalar(
            "select r.rolname::text from pg_roles r where r.rolname = session_user and (r.rolsuper or r.rolbypassrls or exists (
                 select 1 from pg_class c where c.relowner = r.oid and c.relname = 'people'))",
        )
        .fetch_optional(&mut connection)
        .await?;
        match unsafe_role {
            Some(role) => Err(DatabaseError::UnsafeRole(role)),
            None => Ok(()),
        }
    }

    /// Which engine this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.inner {
            Inner::Sqlite { .. } => Engine::Sqlite,
            Inner::Postgres { .. } => Engine::Postgres,
        }
    }

    /// A writing transaction on one organization's rows.
    ///
    /// # Errors
    /// When no connection is free in time or the engine refuses.
    pub async fn begin(&self, organization: OrganizationId) -> Result<Tx, StoreError> {
        match &self.inner {
            Inner::Sqlite { writer, .. } => Ok(Tx::sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)),
            Inner::Postgres { app, .. } => {
                Ok(Tx::postgres(app.begin_with(tenant("BEGIN", organization)).await?))
            }
        }
    }

    /// A reading transaction on one organization's rows: one consistent picture, never waiting for a writer.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn read(&self, organization: OrganizationId) -> Result<Tx, StoreError> {
        match &self.inner {
            Inner::Sqlite { readers, .. } => Ok(Tx::sqlite(readers.begin().await?)),
            Inner::Postgres { app, .. } => {
                Ok(Tx::postgres(app.begin_with(tenant("BEGIN READ ONLY", organization)).await?))
            }
        }
    }

    /// For one reading statement on one organization's rows: what SQLite answers needs no transaction around it, which
    /// saves two of three steps where every step counts.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn read_once(&self, organization: OrganizationId) -> Result<Tx, StoreError> {
        match &self.inner {
            Inner::Sqlite { readers, .. } => Ok(Tx::sqlite_once(readers.acquire().await?)),
            Inner::Postgres { .. } => self.read(organization).await,
        }
    }

    /// A writing transaction on routing and queue tables; tenant tables are out of reach.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn system(&self) -> Result<Tx, StoreError> {
        match &self.inner {
            Inner::Sqlite { writer, .. } => Ok(Tx::sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)),
            Inner::Postgres { worker, .. } => Ok(Tx::postgres(worker.begin().await?)),
        }
    }

    /// A reading transaction on routing and queue tables.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn system_read(&self) -> Result<Tx, StoreError> {
        match &self.inner {
            Inner::Sqlite { readers, .. } => Ok(Tx::sqlite(readers.begin().await?)),
            Inner::Postgres { worker, .. } => Ok(Tx::postgres(worker.begin().await?)),
        }
    }

    /// Switches an open transaction to another organization: only for the appending task, which writes for all in one commit.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn switch(tx: &mut Tx, organization: OrganizationId) -> Result<(), StoreError> {
        if let super::EngineTx::Postgres(connection) = tx.engine() {
            let sql = format!("select set_config('lectern.organization', '{organization}', true)");
            connection.execute(AssertSqlSafe(sql)).await?;
        }
        Ok(())
    }

    /// Moves SQLite's write-ahead log into the database file, on a reader's connection; nothing to do on PostgreSQL.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        if let Inner::Sqlite { readers, .. } = &self.inner {
            sqlx::query("pragma wal_checkpoint(passive)").execute(readers).await?;
        }
        Ok(())
    }

    /// How to open a connection of one's own (for `LISTEN`); none on SQLite.
    #[must_use]
    pub fn postgres_options(&self) -> Option<&PgConnectOptions> {
        match &self.inner {
            Inner::Sqlite { .. } => None,
            Inner::Postgres { options, .. } => Some(options),
        }
    }

    /// SQLite's writing pool, for a backup; none on PostgreSQL.
    #[must_use]
    pub fn sqlite_writer(&self) -> Option<&SqlitePool> {
        match &self.inner {
            Inner::Sqlite { writer, .. } => Some(writer),
            Inner::Postgres { .. } => None,
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match &self.inner {
            Inner::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Inner::Postgres { app, worker, .. } => {
                app.close().await;
                worker.close().await;
            }
        }
    }
}

/// One round trip: begin, and name the tenant for as long as this transaction lives.
fn tenant(begin: &str, organization: OrganizationId) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("{begin}; SELECT set_config('lectern.organization', '{organization}', true)"))
}
