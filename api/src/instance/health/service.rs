//! Looking at every part.

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{health::State, sentence::Sentence};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{judge, store};
use crate::{
    app::App,
    config::Config,
    db::{Db, newest_migration},
    doctor,
    error::ApiError,
    events::{self, Lag},
    jobs::{
        self,
        standing::{self, Due},
    },
    organizations,
    storage::StorageError,
    webhooks_in::{self, Backlog},
    webhooks_out::{self, Overdue},
};

/// Where the instant of the last backup is kept.
const BACKUP_AT: &str = "last_backup_at";

/// What was looked up.
pub(super) struct Facts {
    pub(super) version: &'static str,
    pub(super) started_at: DateTime<Utc>,
    pub(super) engine: String,
    pub(super) schema: i64,
    pub(super) newest: i64,
    pub(super) bytes: i64,
    pub(super) free_kib: Option<u64>,
    pub(super) files: Files,
    pub(super) due: Due,
    pub(super) dead: i64,
    pub(super) backlog: Backlog,
    pub(super) lag: Lag,
    pub(super) hooks: Overdue,
    pub(super) mail: Mail,
    pub(super) tasks: Vec<(&'static str, bool)>,
    pub(super) sockets: usize,
    pub(super) backup_at: Option<DateTime<Utc>>,
}

/// What is known of the place for files.
pub(super) struct Files {
    /// Where, in words.
    pub(super) place: String,
    /// What it said to the last test.
    pub(super) said: Result<(), StorageError>,
}

/// What is known of the mail server.
pub(super) struct Mail {
    pub(super) configured: bool,
    /// How long ago it took a mail.
    pub(super) answered: Option<TimeDelta>,
    /// How long ago it did not.
    pub(super) failed: Option<TimeDelta>,
    /// Jobs that wait for another try.
    pub(super) failing: i64,
}

/// One part of the server.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which.
    pub part: &'static str,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub seen: Sentence,
    /// What to do, when it is not as it should be.
    pub next_step: Option<Sentence>,
    /// From when on it is judged otherwise.
    pub limits: Option<Sentence>,
}

/// Regular work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TickView {
    /// Which.
    #[schema(example = "tick.reminders")]
    pub kind: &'static str,
    /// How many seconds lie between two rounds.
    pub every_seconds: i64,
    /// When a round was last done.
    pub last_done_at: Option<DateTime<Utc>>,
    /// When one last failed.
    pub last_failed_at: Option<DateTime<Utc>>,
    /// `ok`, `warn` or `bad`.
    pub state: &'static str,
    /// The same.
    #[serde(skip)]
    pub(super) judged: State,
}

/// The whole server.
#[derive(Clone, Debug)]
pub struct Health {
    /// Every part.
    pub lines: Vec<Line>,
    /// Regular work, each kind.
    pub ticks: Vec<TickView>,
    /// When it was looked at.
    pub now: DateTime<Utc>,
}

impl Health {
    /// How the worst part is.
    #[must_use]
    pub fn worst(&self) -> State {
        self.lines.iter().map(|line| line.state).max().unwrap_or_default()
    }
}

/// Looks at everything.
///
/// # Errors
/// When the database refuses.
pub async fn examine(app: &App) -> Result<Health, ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.system_read().await?;
    let runs = standing::tick_runs(&mut tx).await?;
    let backup_at = organizations::service::instance_get(&mut tx, BACKUP_AT).await?;
    let (heard, at) = (app.mailer.heard(), Instant::now());
    let age =
        |then: Instant| TimeDelta::from_std(at.saturating_duration_since(then)).unwrap_or(TimeDelta::MAX);
    let mut tasks = app.tasks.alive();
    tasks.push(("append", app.appender.is_alive()));
    let started_at = app.working_since.get().copied().unwrap_or(app.started_at);
    let mut facts = Facts {
        version: env!("CARGO_PKG_VERSION"),
        started_at,
        engine: doctor::engine(&mut tx).await?,
        schema: store::schema(&mut tx).await?,
        newest: newest_migration(),
        bytes: store::bytes(&mut tx).await?,
        free_kib: None,
        files: Files { place: app.storage.place().to_owned(), said: Ok(()) },
        due: standing::due(&mut tx, now).await?,
        dead: standing::dead_count(&mut tx).await? + webhooks_in::dead_count(&mut tx).await?,
        backlog: webhooks_in::backlog(&mut tx).await?,
        lag: events::lag(&mut tx).await?,
        hooks: webhooks_out::overdue(&mut tx, now).await?,
        mail: Mail {
            configured: app.mailer.is_configured(),
            answered: heard.answered.map(age),
            failed: heard.failed.map(age),
            failing: standing::failing_mails(&mut tx, now).await?,
        },
        tasks,
        sockets: app.hub.listeners(),
        backup_at: backup_at.and_then(|at| at.parse().ok()),
    };
    drop(tx);
    facts.files.said = app.storage.health().await;
    facts.free_kib = app.disk.free_kib(&app.config.data.0).await;
    let ticks: Vec<TickView> = jobs::regular()
        .map(|(kind, period)| {
            let run = runs.iter().find(|run| run.kind == kind);
            let run = run.map_or((None, None), |run| (run.done_at, run.failed_at));
            judge::tick(kind, period, run, started_at, now)
        })
        .collect();
    Ok(Health { lines: judge::lines(&facts, &ticks, now), ticks, now })
}

/// Writes down that a backup was made, in the database that was backed up: after the copy, so the copy does not know.
///
/// # Errors
/// When the database cannot be opened or refuses.
pub async fn note_backup(
    config: &Config,
    now: DateTime<Utc>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let db = match &config.database.url {
        Some(url) => Db::open_postgres(url).await?,
        None => Db::open_sqlite(&config.sqlite_file()).await?,
    };
    let mut tx = db.system().await?;
    organizations::service::instance_put(&mut tx, BACKUP_AT, &now.to_rfc3339()).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}
