//! The server of one story.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Duration, TimeZone, Utc};
use lectern_api::{
    app::{App, Outside, StartError},
    classes::{enrollments, links},
    cli::serve::serve_on,
    config::{Config, DataFolder, MailConfig, MailSecurity, PlatformHosts, PlatformsConfig},
    events::publisher::Delivery,
    jobs,
    webhooks_in::processor,
    webhooks_out::sender,
};
use lectern_core::{
    clock::{Clock, FixedClock},
    ids::{ClassId, OrganizationId, SessionId},
    random::SystemRandomness,
};
use lectern_providers::transport::Inspect;
use lectern_simulators::{
    mail::MailCatcher,
    meet::{MeetOptions, MeetSimulator},
    stripe::{StripeOptions, StripeSimulator},
    teams::{TeamsOptions, TeamsSimulator},
    zoom::{ZoomOptions, ZoomSimulator},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{
    Database, Engine, Laws, Room, Wire,
    client::http,
    contract::{Inspector, contract, google_contract, teams_contract},
    logs,
};

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// When every story begins: Monday, 23 November 2026, 08:45 UTC.
#[must_use]
pub fn start_of_term() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 8, 45, 0).unwrap()
}

/// The whole server over HTTP, with what surrounds it. Dereferences to the application.
pub struct TestApp {
    app: App,
    /// Moves only when the story moves it; the simulators follow.
    pub clock: FixedClock,
    /// Scheme, host and port.
    pub base: String,
    /// Its database, past every wall.
    pub database: Database,
    /// A Zoom whose webhooks are delivered by [`TestApp::settle`].
    pub zoom: ZoomSimulator,
    /// Another way to the same Zoom, on which things can happen; the operator allows it too.
    pub wire: Wire,
    /// The other platforms.
    pub others: Others,
    /// Keeps the mail.
    pub mail: MailCatcher,
    /// What the clocks of each zone show.
    pub laws: Laws,
    /// The server's disk.
    pub room: Room,
    pub(crate) http: reqwest::Client,
    data: TempDir,
    delivery: tokio::sync::Mutex<Delivery>,
    secrets: Mutex<Vec<String>>,
    log_start: usize,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<std::io::Result<()>>>,
}

impl std::fmt::Debug for TestApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestApp").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Deref for TestApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

/// The simulated platforms besides Zoom.
#[derive(Debug)]
pub struct Others {
    /// Microsoft.
    pub teams: TeamsSimulator,
    /// Google.
    pub meet: MeetSimulator,
    /// Where people pay.
    pub stripe: StripeSimulator,
}

impl Others {
    async fn start(clock: &FixedClock) -> Self {
        let mut options = TeamsOptions::new(Arc::new(clock.clone()), 8);
        options.contract = teams_contract();
        let teams = TeamsSimulator::start(options).await.unwrap();
        let mut options = MeetOptions::new(Arc::new(clock.clone()), 9);
        options.contract = google_contract();
        let meet = MeetSimulator::start(options).await.unwrap();
        let stripe = StripeSimulator::start(StripeOptions::new(Arc::new(clock.clone()), 10)).await.unwrap();
        Self { teams, meet, stripe }
    }

    fn hosts(&self) -> (PlatformHosts, PlatformHosts) {
        let hosts = |base: String, api: String, oauth: String, others| PlatformHosts {
            api: api.parse().unwrap(),
            oauth: oauth.parse().unwrap(),
            others,
            meeting_hosts: vec![base.trim_start_matches("http://").to_owned()],
        };
        let (teams, meet) = (&self.teams, &self.meet);
        let keys = format!("{}/common/discovery/v2.0/keys", teams.base_url()).parse().unwrap();
        let others = meet.other_urls().into_iter().map(|(name, url)| (name, url.parse().unwrap())).collect();
        (
            hosts(
                teams.base_url(),
                teams.api_url(),
                teams.base_url(),
                BTreeMap::from([("keys".to_owned(), keys)]),
            ),
            hosts(meet.base_url(), meet.api_url(), meet.oauth_url(), others),
        )
    }
}

impl TestApp {
    /// Starts a server on an empty database.
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// The same, with another configuration.
    pub async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let log_start = logs::length();
        let data = tempfile::tempdir().unwrap();
        let database = Database::make(engine, data.path()).await;
        let clock = FixedClock::at(start_of_term());
        let mut options = ZoomOptions::new(Arc::new(clock.clone()), 7);
        options.contract = contract();
        let zoom = ZoomSimulator::start(options).await.unwrap();
        let wire = Wire::lay(&zoom.base_url()).await;
        let others = Others::start(&clock).await;
        let mail = MailCatcher::start(LOOPBACK, LOOPBACK).await.unwrap();
        let listener = TcpListener::bind(LOOPBACK).await.unwrap();
        let address = listener.local_addr().unwrap();
        let base = format!("http://{address}");
        let mut config = Config { data: DataFolder(data.path().to_owned()), ..Config::default() };
        config.server.bind = address;
        config.server.public_url = base.parse().unwrap();
        config.mail = MailConfig {
            host: Some("127.0.0.1".to_owned()),
            port: mail.smtp_address().port(),
            security: MailSecurity::None,
            from: "Lectern <classes@oakwood.example>".to_owned(),
            ..MailConfig::default()
        };
        config.platforms = simulated(&zoom, &wire, &others);
        config.payments.stripe = Some(others.stripe.base_url().parse().unwrap());
        config.webhooks.allow_private = vec!["127.0.0.1".to_owned()];
        database.configure(&mut config);
        change(&mut config);
        let (laws, room) = (Laws::default(), Room::default());
        let app = open(config, &clock, (&laws, &room), &zoom, &others).await.unwrap();
        let delivery = Delivery::from_now(&app).await.unwrap();
        let (stop, served) = serve(&app, listener);
        Self {
            app,
            clock,
            base,
            database,
            zoom,
            wire,
            others,
            mail,
            laws,
            room,
            http: http(),
            data,
            delivery: tokio::sync::Mutex::new(delivery),
            secrets: Mutex::new(vec![crate::PASSWORD.to_owned()]),
            log_start,
            stop: Some(stop),
            served: Some(served),
        }
    }

    /// The application's instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets time pass. Nothing happens by itself: [`TestApp::settle`] does what is due then.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// The folder with the key file and SQLite's file.
    #[must_use]
    pub fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    /// The binary, on this story's database and key file, as an operator calls it beside the server.
    #[must_use]
    pub fn lectern(&self, binary: &str) -> crate::Lectern {
        crate::Lectern::new(binary, self.data()).on(&self.database)
    }

    /// Something that must never appear in a log line.
    pub fn secret(&self, text: &str) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
    }

    /// Fails when one of the story's secrets is in this log.
    pub fn keeps_secrets(&self, log: &str) {
        for secret in self.secrets.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(at) = log.find(secret.as_str()) {
                let from = log[..at].rfind('\n').map_or(0, |line| line + 1);
                let line = log[from..].lines().next().unwrap_or_default();
                panic!("the log holds a secret: {line}");
            }
        }
    }

    /// Everybody's own way to a session: address and join link, as mailed.
    pub async fn join_links(
        &self,
        organization: OrganizationId,
        class: ClassId,
        session: SessionId,
    ) -> Vec<(String, String)> {
        let mut look = self.db.read(organization).await.unwrap();
        let coming = enrollments::of_session(&mut look, organization, class, session).await.unwrap();
        coming.iter().map(|one| (one.email.clone(), links::join_link(self, organization, one))).collect()
    }

    /// Runs everything that is due now until nothing is: simulated webhooks, deliveries, jobs, events, outgoing webhooks.
    pub async fn settle(&self) {
        for _round in 0..100 {
            let mut done = self.zoom.flush_webhooks().await;
            done += self.others.teams.flush_notifications().await + self.others.meet.flush_pushes().await;
            done += self.others.stripe.flush_webhooks().await;
            done += processor::process_pending(&self.app).await.unwrap();
            // On a task, as the server does: there an open transaction is noticed.
            let app = self.app.clone();
            done += tokio::spawn(async move { jobs::runner::run_due(&app).await }).await.unwrap().unwrap();
            done += self.delivery.lock().await.turn(&self.app).await.unwrap();
            let app = self.app.clone();
            done += tokio::spawn(async move { sender::run_due(&app).await }).await.unwrap().unwrap();
            if done == 0 {
                return;
            }
        }
        panic!("after 100 rounds there is still work: {:?}", self.jobs().await);
    }

    /// Queues a kind of regular work, as the clock does, and settles.
    pub async fn tick(&self, kind: &'static str) {
        jobs::tick(&self.app, kind).await.unwrap();
        self.settle().await;
    }

    /// The jobs there are: kind, state, last error.
    pub async fn jobs(&self) -> Vec<Vec<String>> {
        self.database.rows("select kind, state, coalesce(last_error, '') from jobs order by kind").await
    }

    /// Stops the server as SIGTERM does, and starts it again at the same address on the same data.
    pub async fn restart(&mut self) {
        self.stop_serving().await;
        self.begin_again().await;
    }

    async fn begin_again(&mut self) {
        let config = self.app.config.clone();
        let app =
            open(config, &self.clock, (&self.laws, &self.room), &self.zoom, &self.others).await.unwrap();
        let listener = TcpListener::bind(app.config.server.bind).await.unwrap();
        self.delivery = tokio::sync::Mutex::new(Delivery::from_now(&app).await.unwrap());
        let (stop, served) = serve(&app, listener);
        (self.stop, self.served) = (Some(stop), Some(served));
        self.app = app;
        // Connections to the old server are of no more use.
        self.http = http();
    }

    /// The process dies where it stands, as by `kill -9`, and another one starts on the same data. What was under way is
    /// dropped by whoever holds its future.
    pub async fn crash(&mut self) {
        self.stop = None;
        if let Some(served) = self.served.take() {
            served.abort();
            served.await.ok();
        }
        self.begin_again().await;
    }

    /// Opens a second application on the same database and key file, as another instance does.
    ///
    /// # Errors
    /// When it refuses to start.
    pub async fn second_instance(&self) -> Result<App, StartError> {
        open(self.app.config.clone(), &self.clock, (&self.laws, &self.room), &self.zoom, &self.others).await
    }

    /// Stops the server as SIGTERM does and leaves its address to another process on the same data.
    pub async fn stop_serving(&mut self) {
        if let (Some(stop), Some(served)) = (self.stop.take(), self.served.take()) {
            stop.send(()).ok();
            // Idle connections of our own client would be waited for.
            self.http = http();
            served.await.unwrap().unwrap();
        }
    }

    /// Ends the story: no job may have died, no secret may be in the log, and nothing was said that Zoom's documents do not know.
    pub async fn finish(mut self) {
        let dead = self.database.rows("select kind, last_error from jobs where state = 'dead'").await;
        assert!(dead.is_empty(), "this story leaves dead jobs: {dead:?}");
        self.keeps_secrets(&logs::since(self.log_start));
        for contract in [contract(), teams_contract(), google_contract()].into_iter().flatten() {
            assert_eq!(contract.violations(), [], "what was said is not in the platform's documents");
        }
        self.stop_serving().await;
        self.app.db.close().await;
        self.database.drop().await;
    }
}

fn simulated(zoom: &ZoomSimulator, wire: &Wire, others: &Others) -> PlatformsConfig {
    let base: url::Url = zoom.base_url().parse().unwrap();
    let meeting_hosts = vec![format!("127.0.0.1:{}", base.port().unwrap())];
    let hosts = |api: String, base: String| PlatformHosts {
        api: api.parse().unwrap(),
        oauth: format!("{base}/oauth").parse().unwrap(),
        others: BTreeMap::new(),
        meeting_hosts: meeting_hosts.clone(),
    };
    let (at_teams, at_meet) = others.hosts();
    let direct = hosts(zoom.api_url(), zoom.base_url());
    PlatformsConfig::simulated([
        (lectern_providers::zoom::NAME, vec![direct, hosts(wire.api_url(), wire.base_url())]),
        (lectern_providers::teams::NAME, vec![at_teams]),
        (lectern_providers::meet::NAME, vec![at_meet]),
    ])
}

async fn open(
    config: Config,
    clock: &FixedClock,
    (laws, room): (&Laws, &Room),
    zoom: &ZoomSimulator,
    others: &Others,
) -> Result<App, StartError> {
    let inspect = contract().is_some().then(|| {
        let others =
            vec![(teams_contract(), others.teams.base_url()), (google_contract(), others.meet.base_url())];
        Arc::new(Inspector { zoom: (contract(), zoom.base_url()), others }) as Arc<dyn Inspect>
    });
    let outside = Outside {
        clock: Arc::new(clock.clone()),
        randomness: Arc::new(SystemRandomness),
        zones: Arc::new(laws.clone()),
        disk: Arc::new(room.clone()),
        inspect,
    };
    App::open(config, outside).await
}

fn serve(app: &App, listener: TcpListener) -> (oneshot::Sender<()>, JoinHandle<std::io::Result<()>>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let end = async move {
        stopped.await.ok();
    };
    (stop, tokio::spawn(serve_on(listener, app.clone(), end)))
}
