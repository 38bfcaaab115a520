//! `lectern demo`: the whole server on simulated platforms, with two organizations in the middle of their day.
//!
//! Nothing on screen is painted: the people signed in, connected, scheduled and joined over HTTP like anybody else, on a
//! clock that began some hours ago.

mod cast;
mod day;
mod extras;
mod hands;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration as StdDuration,
};

use chrono::Duration;
use lectern_core::{
    clock::{ShiftedClock, SystemClock},
    random::SystemRandomness,
};
use lectern_simulators::{
    mail::MailCatcher,
    zoom::{ZoomOptions, ZoomSimulator},
};
use serde_json::json;
use tokio::net::TcpListener;

use super::serve::{asked_to_end, serve_on};
use crate::{
    app::{App, Outside},
    config::{Config, DataFolder, DatabaseConfig, MailConfig, MailSecurity, PlatformHosts, PlatformsConfig},
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
    /// The simulated Zoom's port; any free one when left out.
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
        Some(port) => TcpListener::bind(loopback(port)).await,
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
    let mut options = ZoomOptions::new(Arc::new(clock.clone()), 2026);
    options.bind = loopback(simulators_port);
    options.control = true;
    options.live = true;
    options.shifted = Some(clock.clone());
    let zoom = ZoomSimulator::start(options).await?;
    let mail = MailCatcher::start(loopback(0), loopback(0)).await?;
    let listener = listen(port).await?;
    let address = listener.local_addr()?;
    let config = config(address, folder, &zoom, &mail)?;
    let outside =
        Outside { clock: Arc::new(clock.clone()), randomness: Arc::new(SystemRandomness), inspect: None };
    let app = App::open(config, outside).await?;
    let url = app.config.server.origin();
    let serving = tokio::spawn(serve_on(listener, app.clone(), asked_to_end()));
    let ready = async {
        let cast = cast::make(&app).await?;
        let stage =
            day::Stage { app: &app, zoom: &zoom, clock: &clock, url: &url, hands: hands::Hands::new(&url)? };
        let rooms = day::play(&stage, &cast).await?;
        // What is left of the way to the present: a few minutes more or less than planned.
        clock.catch_up();
        app.start_background().await;
        Ok::<_, super::Failed>((cast, rooms))
    };
    let (cast, rooms) = tokio::select! {
        ready = ready => ready?,
        () = app.stopping() => return Ok(()),
    };
    announce(machine, &url, &zoom, &mail, &cast);
    let crowd = tokio::spawn(extras::come_and_go(app.clone(), zoom, url.clone(), rooms));
    serving.await??;
    crowd.abort();
    Ok(())
}

fn config(
    address: SocketAddr,
    folder: PathBuf,
    zoom: &ZoomSimulator,
    mail: &MailCatcher,
) -> Result<Config, super::Failed> {
    let base: url::Url = zoom.base_url().parse()?;
    let port = base.port().unwrap_or_default();
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
        platforms: PlatformsConfig::simulated([(
            lectern_providers::zoom::NAME,
            vec![PlatformHosts {
                api: zoom.api_url().parse()?,
                oauth: base.join("/oauth")?,
                others: BTreeMap::new(),
                meeting_hosts: vec![format!("127.0.0.1:{port}")],
            }],
        )]),
        ..Config::default()
    };
    config.server.bind = address;
    config.server.public_url = format!("http://{address}").parse()?;
    // One machine plays everybody.
    config.limits.sign_ins_per_address = 100_000;
    config.limits.refused_joins_per_address = 100_000;
    Ok(config)
}

#[expect(clippy::print_stdout, reason = "the one thing the demo says to whoever started it")]
fn announce(machine: bool, url: &str, zoom: &ZoomSimulator, mail: &MailCatcher, cast: &cast::Cast) {
    if machine {
        let people: Vec<_> = cast
            .everybody()
            .map(|person| json!({"organization": person.organization, "role": person.role, "email": person.email, "password": cast::PASSWORD}))
            .collect();
        println!(
            "{}",
            json!({"url": url, "mail": mail.base_url(), "simulators": {"zoom": zoom.base_url()}, "people": people})
        );
        return;
    }
    println!(
        "\nLectern runs on simulated platforms.\n\n    {url}\n\n  Every password is \u{201c}{}\u{201d}. Sign in as:\n",
        cast::PASSWORD
    );
    for person in cast.everybody() {
        println!("    {:<12} {:<12} {}", person.organization.unwrap_or("(none)"), person.role, person.email);
    }
    println!(
        "\n  Mails land at {}\n  The simulated Zoom is at {}\n\n  Ctrl-C ends it.\n",
        mail.base_url(),
        zoom.base_url()
    );
}

/// A short breath between two looks at something that is under way.
const BREATH: StdDuration = StdDuration::from_millis(20);
