//! `lectern demo`: the whole server on simulated platforms, with two organizations in the middle of their day.
//!
//! Nothing on screen is painted: the people signed in, connected, scheduled and joined over HTTP like anybody else, on a
//! clock that began some hours ago.

mod cast;
mod day;
mod extras;
mod front;
mod hands;
mod platforms;
mod shop;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration as StdDuration,
};

use chrono::Duration;
use lectern_core::{
    clock::{ShiftedClock, SystemClock},
    random::SystemRandomness,
    schedule::IanaZones,
};
use lectern_simulators::mail::MailCatcher;
use platforms::Platforms;
use serde_json::json;
use tokio::net::TcpListener;

use super::serve::{asked_to_end, serve_beside};
use crate::{
    app::{App, Outside},
    config::{Config, DataFolder, DatabaseConfig, MailConfig, MailSecurity, PaymentsConfig},
    disk::Df,
};

/// The address tried first, so that a second look finds the same page.
const USUAL_PORT: u16 = 8080;
/// The day began this long ago.
const BEFORE_NOW: Duration = Duration::hours(3);

/// Options of `lectern demo`.
#[derive(Debug, clap::Args)]
pub(super) struct DemoOptions {
    /// The server's port; 8080 or any free one when left out.
    #[arg(long)]
    port: Option<u16>,
    /// The simulated Zoom's port, Microsoft's is the next and Google's the one after; any free ones when left out.
    #[arg(long, default_value_t = 0)]
    simulators_port: u16,
    /// Keeps the data here; a temporary folder when left out. It must be empty.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Prints one line of JSON when everything is ready, and nothing else.
    #[arg(long)]
    json: bool,
}

/// Runs the demo until the process is asked to end.
pub(super) async fn demo(options: DemoOptions) -> Result<(), super::Failed> {
    let kept = options.data.is_some();
    let folder = match options.data {
        Some(folder) => folder,
        None => std::env::temp_dir().join(format!("lectern-demo-{}", std::process::id())),
    };
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty: the demo needs a folder of its own", folder.display()).into());
    }
    let result = play(options.port, options.simulators_port, folder.clone(), options.json).await;
    if !kept && let Err(error) = std::fs::remove_dir_all(&folder) {
        tracing::warn!("the temporary folder {} could not be removed: {error}", folder.display());
    }
    result
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

async fn listen(port: Option<u16>) -> std::io::Result<TcpListener> {
    match port {
        Some(port) => TcpListener::bind(loopback(port)).await.map_err(|error| {
            let told =
                format!("port {port} cannot be listened on ({error}); name another by --port, or none");
            std::io::Error::new(error.kind(), told)
        }),
        None => match TcpListener::bind(loopback(USUAL_PORT)).await {
            Ok(listener) => Ok(listener),
            Err(_) => TcpListener::bind(loopback(0)).await,
        },
    }
}

async fn play(
    port: Option<u16>,
    simulators_port: u16,
    folder: PathBuf,
    machine: bool,
) -> Result<(), super::Failed> {
    let clock = ShiftedClock::new(Arc::new(SystemClock));
    clock.advance(-BEFORE_NOW);
    let platforms = Platforms::start(&clock, simulators_port).await?;
    let mail = MailCatcher::start(loopback(0), loopback(0)).await?;
    let listener = listen(port).await?;
    let shop = TcpListener::bind(loopback(0)).await?;
    let address = listener.local_addr()?;
    let config = config(address, folder, &platforms, &mail)?;
    let outside = Outside {
        clock: Arc::new(clock.clone()),
        randomness: Arc::new(SystemRandomness),
        zones: Arc::new(IanaZones),
        disk: Arc::new(Df),
        inspect: None,
    };
    let app = App::open(config, outside).await?;
    let url = app.config.server.origin();
    let front = front::Front::default();
    let serving = tokio::spawn(serve_beside(listener, app.clone(), front.router(&app), asked_to_end()));
    let ready = async {
        let cast = cast::make(&app).await?;
        let hands = hands::Hands::new(&url)?;
        let market = cast.companies.iter().find(|company| company.slug == "dreamcrowd");
        let shop = match market {
            Some(market) => Some(shop::open(shop, &url, hands.clone(), market).await?),
            None => None,
        };
        let stage = day::Stage { app: &app, platforms: &platforms, clock: &clock, url: &url, hands };
        let rooms = day::play(&stage, &cast).await?;
        // What is left of the way to the present: a few minutes more or less than planned.
        clock.catch_up();
        app.start_background().await;
        Ok::<_, super::Failed>((cast, rooms, shop.unwrap_or_default()))
    };
    let (cast, rooms, shop) = tokio::select! {
        ready = ready => ready?,
        () = app.stopping() => return Ok(()),
    };
    let told =
        Told { url: &url, platforms: &platforms, mail: &mail, cast: &cast, rooms: &rooms, shop: &shop };
    front.open(&told);
    if machine {
        told.to_machine()
    } else {
        told.to_people()
    }
    let crowd = tokio::spawn(extras::come_and_go(app.clone(), platforms, url.clone(), rooms));
    serving.await??;
    crowd.abort();
    Ok(())
}

fn config(
    address: SocketAddr,
    folder: PathBuf,
    platforms: &Platforms,
    mail: &MailCatcher,
) -> Result<Config, super::Failed> {
    let mut config = Config {
        data: DataFolder(folder),
        database: DatabaseConfig::default(),
        mail: MailConfig {
            host: Some(mail.smtp_address().ip().to_string()),
            port: mail.smtp_address().port(),
            security: MailSecurity::None,
            from: "Lectern <classes@lectern.example>".to_owned(),
            ..MailConfig::default()
        },
        platforms: platforms.config()?,
        payments: PaymentsConfig { stripe: Some(platforms.stripe.base_url().parse()?) },
        ..Config::default()
    };
    config.server.bind = address;
    config.server.public_url = format!("http://{address}").parse()?;
    // One machine plays everybody.
    config.limits.sign_ins_per_address = 100_000;
    config.limits.refused_joins_per_address = 100_000;
    Ok(config)
}

/// What whoever started the demo is told.
struct Told<'a> {
    url: &'a str,
    platforms: &'a Platforms,
    mail: &'a MailCatcher,
    cast: &'a cast::Cast,
    rooms: &'a [day::Room],
    /// Where a host application shows parts of it.
    shop: &'a str,
}

#[expect(clippy::print_stdout, reason = "the one thing the demo says to whoever started it")]
impl Told<'_> {
    fn to_machine(&self) {
        let person = |person: &cast::Player| json!({"organization": person.organization, "role": person.role, "email": person.email, "password": cast::PASSWORD});
        let people: Vec<_> = self.cast.everybody().map(person).collect();
        let simulators: serde_json::Map<_, _> = self
            .platforms
            .addresses()
            .into_iter()
            .map(|(key, _, url)| (key.to_owned(), url.into()))
            .collect();
        let mail = self.mail.base_url();
        println!("{}", json!({"url": self.url, "mail": mail, "simulators": simulators, "people": people}));
    }

    fn to_people(&self) {
        let password = cast::PASSWORD;
        println!(
            "\nLectern runs on simulated platforms. Everybody in it is one click away at\n\n    {}{}\n\n  Every password is \u{201c}{password}\u{201d}. The people:\n",
            self.url,
            front::PATH
        );
        for person in self.cast.everybody() {
            println!(
                "    {:<12} {:<12} {}",
                person.organization.unwrap_or("(none)"),
                person.role,
                person.email
            );
        }
        println!("\n  In class now:\n");
        for room in self.rooms {
            println!("    {:<26} {:<16} {}", room.title, room.on.name().title(), room.teacher);
        }
        println!("\n  Mails land at {}", self.mail.base_url());
        println!("  Another application with parts of it in its pages is at {}", self.shop);
        for (_, platform, url) in self.platforms.addresses() {
            println!("  The simulated {platform} is at {url}");
        }
        println!("\n  Ctrl-C ends it.\n");
    }
}

/// A short breath between two looks at something that is under way.
const BREATH: StdDuration = StdDuration::from_millis(20);
