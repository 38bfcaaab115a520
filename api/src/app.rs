//! The application: everything a request or a job needs, shared.

use std::{
    fmt,
    future::Future,
    ops::Deref,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use chrono::{DateTime, Utc};

use lectern_core::{
    clock::Clock,
    embed::EmbedLinks,
    ids::{OrganizationId, PersonId},
    join::{FormTokens, JoinLinks},
    personal_link::PersonalLinks,
    random::Randomness,
    schedule::Zones,
};
use lectern_web::Web;
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};
use uuid::Uuid;

use crate::{
    append::Appender, audit, config::Config, db::Db, disk::Disk, events::Hub, files, ids::IdSource,
    keys::Keys, limits::Limiter, mail::Mailer, people::Passwords, storage::Storage,
};

/// Everything, cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What the application is made of.
pub struct Parts {
    /// What the operator decided.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub randomness: Arc<dyn Randomness>,
    /// What the clocks of each zone show.
    pub zones: Arc<dyn Zones>,
    /// Room on the disk.
    pub disk: Arc<dyn Disk>,
    /// Ids in order.
    pub ids: IdSource,
    /// Seals and opens.
    pub keys: Keys,
    /// Makes and checks join links.
    pub links: JoinLinks,
    /// Makes and checks links to what is one person's own.
    pub personal_links: PersonalLinks,
    /// Makes and checks links that open a part of ours in somebody else's page.
    pub embed_links: EmbedLinks,
    /// Makes and checks join forms.
    pub forms: FormTokens,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Writes audit entries and deliveries in batches.
    pub appender: Appender,
    /// Live watchers.
    pub hub: Hub,
    /// Tries against guessing.
    pub limiter: Limiter,
    /// Sends mail.
    pub mailer: Mailer,
    /// Keeps files.
    pub storage: Storage,
    /// Pages and mails.
    pub web: Web,
    /// Provider calls.
    pub providers: crate::platforms::Providers,
    /// Posts to addresses that organizations chose.
    pub courier: lectern_providers::transport::Courier,
    /// Wakes the tasks that wait for work.
    pub wake: Wake,
    /// Counters and timings, rendered for Prometheus.
    pub metrics: metrics_exporter_prometheus::PrometheusHandle,
    /// The tasks of a serving process.
    pub tasks: Tasks,
    /// When this process was made.
    pub started_at: DateTime<Utc>,
    /// When it began its regular work, which a demo does hours later by its clock; none before.
    pub working_since: OnceLock<DateTime<Utc>>,
    /// Names this process among others on the same database.
    pub instance: String,
    stop: watch::Sender<bool>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("instance", &self.instance).finish_non_exhaustive()
    }
}

/// Hints that there is work; each waiter also looks by itself once a second.
#[derive(Debug, Default)]
pub struct Wake {
    /// Jobs.
    pub jobs: Notify,
    /// Events to publish.
    pub outbox: Notify,
    /// Deliveries to read.
    pub inbox: Notify,
    /// Webhooks to send.
    pub hooks: Notify,
}

/// The tasks of a serving process, by name.
#[derive(Debug, Default)]
pub struct Tasks(Mutex<Vec<(&'static str, AbortHandle)>>);

impl Tasks {
    fn start(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task).abort_handle();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, handle));
    }

    /// Each that was started, and whether it still runs.
    #[must_use]
    pub fn alive(&self) -> Vec<(&'static str, bool)> {
        let tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().map(|(name, handle)| (*name, !handle.is_finished())).collect()
    }
}

/// What the outside passes in.
#[derive(Debug)]
pub struct Outside {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub randomness: Arc<dyn Randomness>,
    /// What the clocks of each zone show.
    pub zones: Arc<dyn Zones>,
    /// Room on the disk.
    pub disk: Arc<dyn Disk>,
    /// Sees every provider call: for tests.
    pub inspect: Option<Arc<dyn lectern_providers::transport::Inspect>>,
}

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] crate::db::DatabaseError),
    /// The tables.
    #[error(transparent)]
    Migrate(#[from] crate::db::MigrateError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] crate::keys::KeyError),
    /// The store.
    #[error(transparent)]
    Store(#[from] crate::db::StoreError),
    /// File settings.
    #[error("storage: {0}")]
    Storage(#[from] crate::storage::StorageError),
    /// Mail settings.
    #[error("mail: {0}")]
    Mail(#[from] crate::mail::MailError),
    /// Templates.
    #[error("pages: {0}")]
    Web(String),
    /// The outbound client.
    #[error("the outbound HTTP client cannot be built: {0}")]
    Transport(String),
}

impl App {
    /// Opens the database (migrating the embedded one), the keys and everything on top. Starts only the appending task;
    /// see [`App::start_background`].
    ///
    /// # Errors
    /// [`StartError`], in words for the operator.
    pub async fn open(config: Config, outside: Outside) -> Result<Self, StartError> {
        if let Some(problem) = config.server.problem() {
            return Err(StartError::Config(problem));
        }
        let db = match &config.database.url {
            Some(url) => Db::open_postgres(url).await?,
            None => {
                let file = config.sqlite_file();
                let made = files::make_folder(&config.data.0).and_then(|()| files::make_file(&file));
                made.map_err(|error| {
                    StartError::Config(format!(
                        "the data folder {} cannot be made: {error}",
                        config.data.0.display()
                    ))
                })?;
                crate::db::migrate_sqlite(&file).await?;
                Db::open_sqlite(&file).await?
            }
        };
        let Outside { clock, randomness, zones, disk, inspect } = outside;
        let keys = Keys::open(&config.key_file(), db.clone(), Arc::clone(&randomness)).await?;
        let masters = keys.masters();
        let parts = Parts {
            links: JoinLinks::new(masters),
            personal_links: PersonalLinks::new(masters),
            embed_links: EmbedLinks::new(masters),
            forms: FormTokens::new(&masters[0]),
            passwords: Passwords::new(Arc::clone(&randomness)),
            appender: Appender::start(db.clone()),
            hub: Hub::default(),
            limiter: Limiter::new(Arc::clone(&clock)),
            mailer: Mailer::new(&config.mail)?,
            storage: Storage::open(&config)?,
            web: Web::new().map_err(|error| StartError::Web(error.to_string()))?,
            providers: crate::platforms::Providers::new(
                &config.platforms,
                Arc::clone(&clock),
                Arc::clone(&randomness),
                inspect,
            )
            .map_err(|error| StartError::Transport(error.to_string()))?,
            courier: lectern_providers::transport::Courier::new(
                &config.webhooks.allow_private,
                crate::db::assert_no_open_transaction,
            )
            .map_err(|error| StartError::Transport(error.to_string()))?,
            wake: Wake::default(),
            tasks: Tasks::default(),
            started_at: clock.now(),
            working_since: OnceLock::new(),
            metrics: crate::probes::recorder(),
            instance: randomness.uuid(clock.now()).to_string(),
            ids: IdSource::new(Arc::clone(&clock), Arc::clone(&randomness)),
            stop: watch::channel(false).0,
            config,
            db,
            clock,
            randomness,
            zones,
            disk,
            keys,
        };
        let app = Self(Arc::new(parts));
        crate::people::service::ensure_operator(&app).await?;
        Ok(app)
    }

    /// Starts the tasks of a serving process: jobs, inbox, publisher, webhooks, ticks, checkpoints.
    pub async fn start_background(&self) {
        self.working_since.set(self.clock.now()).ok();
        self.tasks.start("events", crate::events::publisher::run(self.clone()));
        self.tasks.start("jobs", crate::jobs::runner::run(self.clone()));
        self.tasks.start("webhooks_in", crate::webhooks_in::processor::run(self.clone()));
        self.tasks.start("webhooks_out", crate::webhooks_out::sender::run(self.clone()));
        self.tasks.start("checkpoints", checkpoints(self.clone()));
        crate::jobs::start_ticks(self).await;
        if let Err(error) = crate::jobs::tick(self, crate::search::jobs::TICK).await {
            tracing::error!(%error, "looking for what cannot be found yet could not be queued: {error}");
        }
    }

    /// Asks all tasks to end.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Whether [`App::stop`] was called.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Resolves when [`App::stop`] was called.
    pub async fn stopping(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as this application; an error would mean the same as a stop.
        stop.wait_for(|stop| *stop).await.map(drop).ok();
    }

    /// A fresh audit entry, now.
    #[must_use]
    pub fn entry(
        &self,
        organization: OrganizationId,
        kind: audit::EntryKind,
        actor: audit::Actor,
    ) -> audit::Entry {
        audit::Entry::new(self.ids.next(), organization, self.clock.now(), kind, actor)
    }

    /// A fresh id of any kind.
    #[must_use]
    pub fn new_id<T: From<Uuid>>(&self) -> T {
        T::from(self.ids.next())
    }

    /// Writes an audit entry that no transaction carries (a refused join, a failed sign-in); a failure is logged.
    pub async fn append_audit(&self, entry: audit::Entry) {
        let kind = entry.kind.as_str();
        if let Err(error) = self.appender.append(crate::append::Row::Audit(entry)).await {
            tracing::error!(%error, "audit entry {kind} is lost: {error}");
        }
    }
}

/// The organization whose people run the server: super admins are its admins.
pub const OPERATOR: OrganizationId = OrganizationId(Uuid::nil());

/// A person's reference in audit entries of their own doing.
#[must_use]
pub const fn by(person: PersonId) -> audit::Actor {
    audit::Actor::Person(person)
}

async fn checkpoints(app: App) {
    loop {
        tokio::select! {
            () = app.stopping() => return,
            () = tokio::time::sleep(std::time::Duration::from_secs(2)) => {}
        }
        if let Err(error) = app.db.checkpoint().await {
            tracing::warn!(%error, "the write-ahead log could not be checkpointed: {error}");
        }
    }
}
