//! A place with classes, set up through the product's own interface, then served by a `lectern` process of its own.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    time::{Duration as RealDuration, Instant},
};

use chrono::Duration;
use lectern_api::config::Config;
use lectern_core::clock::{Clock as _, SystemClock};
use lectern_simulators::zoom::signature;
use lectern_tests::{Engine, Person, TestApp, WEBHOOK_SECRET};
use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    task::JoinHandle,
};
use uuid::Uuid;

use crate::{
    http::{self, Connection},
    machine,
};

/// An application whose clock is the machine's, with a marketplace on a simulated Zoom.
pub(crate) struct Site {
    pub(crate) app: TestApp,
    pub(crate) organization: Uuid,
    pub(crate) owner: Person,
    pub(crate) seller: Person,
    clock: JoinHandle<()>,
}

/// A class with one session that is open, and its people.
pub(crate) struct Course {
    pub(crate) class: String,
    pub(crate) session: String,
    pub(crate) meeting: u64,
    /// Address and join link.
    pub(crate) links: Vec<(String, String)>,
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Site {
    pub(crate) async fn prepare(engine: Engine) -> Self {
        Self::prepare_with(engine, |_| {}).await
    }

    pub(crate) async fn prepare_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let app = TestApp::with(engine, change).await;
        let clock = follow(&app);
        let (organization, owner, seller) = {
            let place = app.organization("dreamcrowd").await;
            let owner = app.set_up_zoom(&place).await;
            (place.id.uuid(), owner, place.instructor("farhan").await)
        };
        app.connect(&seller).await;
        app.settle().await;
        if engine == Engine::Postgres {
            let settings = app.database.rows("select name || ' ' || setting from pg_settings where name in ('fsync', 'synchronous_commit', 'shared_buffers', 'server_version') order by 1").await;
            println!("  PostgreSQL: {}", settings.concat().join(", "));
        }
        Self { app, organization, owner, seller, clock }
    }

    /// A class that starts in five minutes, with so many students whose registrants are made.
    pub(crate) async fn course(&mut self, students: usize) -> Course {
        let course = self.empty_course().await;
        self.enroll(&course, "student", students).await;
        self.app.settle().await;
        self.fill(course).await
    }

    pub(crate) async fn empty_course(&mut self) -> Course {
        let class = self.seller.create("/api/v1/classes", json!({"title": "Watercolour"})).await;
        let class = text(&class["id"]);
        let body = json!({"starts_at": self.app.now() + Duration::minutes(5), "duration_minutes": 45});
        let sessions = self.seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        Course { class, session: text(&sessions["items"][0]["id"]), meeting: 0, links: Vec::new() }
    }

    pub(crate) async fn enroll(&self, course: &Course, name: &str, students: usize) {
        let path = format!("/api/v1/classes/{}/enrollments", course.class);
        for number in 0..students {
            let body =
                json!({"email": format!("{name}{number}@home.example"), "name": format!("Student {number}")});
            self.seller.create(&path, body).await;
        }
    }

    /// The course with its meeting and links.
    pub(crate) async fn fill(&self, course: Course) -> Course {
        let meeting = self.app.zoom_meeting(&course.session).await;
        let id = |text: &str| text.parse::<Uuid>().unwrap();
        let links = self
            .app
            .join_links(self.organization.into(), id(&course.class).into(), id(&course.session).into())
            .await;
        Course { meeting, links, ..course }
    }

    /// Stops the application in this process and serves its data by the `lectern` binary beside this command.
    pub(crate) async fn serve(&mut self) -> Server {
        self.app.stop_serving().await;
        serve(&self.app).await
    }

    /// Ends everything.
    pub(crate) async fn close(self, server: Server) {
        server.stop().await;
        self.clock.abort();
        self.app.finish().await;
    }
}

/// Serves an application's data, which it no longer serves itself, by the `lectern` binary beside this command.
pub(crate) async fn serve(app: &TestApp) -> Server {
    let file = app.data().join("lectern.toml");
    std::fs::write(&file, toml::to_string(&app.config).unwrap()).unwrap();
    Server::start(&file, app.config.server.bind).await.0
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Keeps an application's clock, and its simulator's, at the machine's time.
pub(crate) fn follow(app: &TestApp) -> JoinHandle<()> {
    let clock = app.clock.clone();
    clock.set(SystemClock.now());
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(RealDuration::from_millis(1)).await;
            clock.set(SystemClock.now());
        }
    })
}

fn binary() -> PathBuf {
    let binary = std::env::current_exe().unwrap().with_file_name("lectern");
    assert!(binary.exists(), "{} is not there: cargo build --release", binary.display());
    binary
}

impl Server {
    /// Starts a server; how long until its first answer.
    pub(crate) async fn start(config: &std::path::Path, address: SocketAddr) -> (Self, RealDuration) {
        let begun = Instant::now();
        let child = Command::new(binary())
            .arg("serve")
            .env("LECTERN_CONFIG", config)
            .env("LECTERN_LOG", "warn")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            assert!(begun.elapsed() < RealDuration::from_secs(20), "the server does not start");
            tokio::time::sleep(RealDuration::from_micros(500)).await;
        }
        let reply = Connection::open(address).await.exchange(&http::get(address, "/healthz", &[])).await;
        assert_eq!(reply.status, 200, "{}", reply.head);
        (Self { child, address }, begun.elapsed())
    }

    /// KiB of memory.
    pub(crate) fn resident(&self) -> u64 {
        self.child.id().map_or(0, machine::resident)
    }

    pub(crate) async fn stop(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// An event as Zoom sends it, signed now.
pub(crate) fn webhook(address: SocketAddr, organization: Uuid, body: &Value) -> Vec<u8> {
    let body = body.to_string().into_bytes();
    let timestamp = SystemClock.now().timestamp().to_string();
    let signature = signature(WEBHOOK_SECRET, &timestamp, &body);
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("user-agent", "Zoom Marketplace/1.0a"),
        ("x-zm-request-timestamp", timestamp.as_str()),
        ("x-zm-signature", signature.as_str()),
        ("x-zm-trackingid", "WEB_2f1b6a0c7a4e4d1f9c5a3b2d1e0f9a8b"),
    ];
    http::post(address, &format!("/api/zoom/webhook/{organization}"), &headers, &body)
}

/// Somebody of a course.
pub(crate) struct Participant {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) registrant: String,
}

/// `meeting.participant_joined` or `…_left`; `stay` numbers one person's stays.
pub(crate) fn participant_event(meeting: u64, who: &Participant, stay: usize, left: bool) -> Value {
    let now = SystemClock.now();
    let at = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let mut participant = json!({
        "user_id": (16_778_240 + stay * 1_024).to_string(), "user_name": who.name, "id": "", "participant_user_id": "",
        "participant_uuid": format!("{:032X}", stay), "email": who.email, "phone_number": "", "registrant_id": who.registrant,
    });
    participant[if left { "leave_time" } else { "join_time" }] = at.clone().into();
    json!({
        "event": if left { "meeting.participant_left" } else { "meeting.participant_joined" },
        "event_ts": now.timestamp_millis(),
        "payload": {
            "account_id": "dreamcrowd-account",
            "object": {
                "id": meeting.to_string(), "uuid": format!("{meeting:022}=="), "host_id": "x7Jb1PzRTkq9nHfYw0aLpA", "topic": "Watercolour",
                "type": 2, "start_time": at, "timezone": "Asia/Dhaka", "duration": 45, "participant": participant,
            },
        },
    })
}
