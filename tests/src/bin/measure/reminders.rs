//! Reminders of one start to thousands of people, beside people who join something else at the same time.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use lectern_core::clock::{Clock as _, SystemClock};
use lectern_tests::{Bulk, Cell, Engine};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

use crate::{
    figures::{Millis, Times, rate},
    http::Connection,
    join::{press, redeemed},
    site::{Server, Site},
};

const PEOPLE: usize = 5_000;
const GUESTS: usize = 50;
/// Under a cap.
const FEW: usize = 1_000;
const CAP: u32 = 200;
/// Connections to the mail server.
const CONNECTIONS: usize = 64;
const WITHIN: Duration = Duration::from_secs(5);
/// People who join meanwhile, and how many do in a second.
const KNOWN: usize = 64;
const JOINS: usize = 200;
const WORKERS: usize = 8;
const LONG: Duration = Duration::from_secs(4);

pub(crate) async fn measure(engine: Engine) {
    one(engine, PEOPLE, None).await;
    one(engine, FEW, Some(CAP)).await;
}

async fn one(engine: Engine, people: usize, per_second: Option<u32>) {
    let sink = Sink::start().await;
    let port = sink.address.port();
    let mut site = Site::prepare_with(engine, |config| {
        config.mail.port = port;
        config.mail.per_second = per_second;
        // What an operator sets for a server of one's own that allows it: see operating.md.
        config.mail.connections = CONNECTIONS;
    })
    .await;
    let course = site.course(KNOWN).await;
    let mut presses = Vec::new();
    for (_, link) in &course.links {
        let browser = site.app.browser();
        let page = browser.get(link).await;
        let action = page.forms()[0].0.clone();
        let request = press(site.app.config.server.bind, &browser, &page);
        assert_eq!(browser.submit(&page, &action, &[]).await.status(), 303);
        presses.push(request);
    }
    let link =
        json!({"title": "Assembly", "provider": "link", "link": "https://meet.school.example/assembly"});
    let class = site.seller.create("/api/v1/classes", link).await;
    let class: Uuid = class["id"].as_str().unwrap().parse().unwrap();
    // Due a second before the tick that finds it, far enough away for what is done before.
    let tick = tick_after(SystemClock.now() + chrono::Duration::seconds(40));
    let starts_at = tick - chrono::Duration::seconds(1) + chrono::Duration::minutes(30);
    let body = json!({"starts_at": starts_at, "duration_minutes": 45});
    site.seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
    site.app.settle().await;
    enroll(&site, class, people).await;
    let before = sink.seen().len();
    let server = site.serve().await;
    let quiet_until = Instant::now() + LONG;
    let mut quiet = joins(&server, &presses, Arc::new(move || Instant::now() > quiet_until)).await;
    println!("  {JOINS} joins a second, no mails: {}", quiet.sum_up());
    let now = SystemClock.now();
    assert!(now < tick, "what comes before takes too long: raise the lead");
    tokio::time::sleep((tick - now).to_std().unwrap()).await;
    let begun = Instant::now();
    let expected = before + people + 1;
    let patience = per_second.map_or(Duration::from_secs(30), |_| Duration::from_secs(15));
    let watched = sink.clone();
    let done = move || watched.count() >= expected || begun.elapsed() > patience;
    let mut busy = joins(&server, &presses, Arc::new(done)).await;
    let sent = sink.seen();
    let mails = &sent[before..];
    let (first, last) = (mails[0] - begun, mails[mails.len() - 1] - begun);
    let cap = per_second.map_or(String::new(), |cap| format!(", mail.per_second = {cap}"));
    println!(
        "  {} of {} mails{cap}: first {} after the tick, last {}, {}",
        mails.len(),
        people + 1,
        Millis(first),
        Millis(last),
        rate(mails.len(), last - first),
    );
    println!("  {JOINS} joins a second meanwhile: {}", busy.sum_up());
    if per_second.is_none() && (mails.len() < people + 1 || last > WITHIN) {
        println!("  ! the aim is {} s", WITHIN.as_secs());
    }
    println!("  memory, after all this: {} MiB", server.resident() / 1_024);
    site.close(server).await;
}

fn tick_after(at: DateTime<Utc>) -> DateTime<Utc> {
    let second = (at.timestamp() / 10 + 1) * 10;
    DateTime::from_timestamp(second, 0).unwrap()
}

/// Straight into the tables: enrolled through the interface each would get a join mail first.
async fn enroll(site: &Site, class: Uuid, people: usize) {
    let (of, now) = (site.organization, SystemClock.now());
    let mut bulk = Bulk::into(&site.app.database).await;
    let ids: Vec<Uuid> = (0..people).map(|_| site.app.ids.next()).collect();
    let rows = ids.iter().enumerate().map(|(number, id)| {
        let kind = if number < GUESTS { "guest" } else { "user" };
        let email = format!("assembly{number}@home.example");
        let cells: Vec<Cell> = vec![
            (*id).into(),
            of.into(),
            kind.into(),
            email.clone().into(),
            email.into(),
            format!("Student {number}").into(),
            0_i64.into(),
            false.into(),
            "active".into(),
            now.into(),
            now.into(),
        ];
        cells
    });
    let columns =
        "id, organization_id, kind, email, email_key, first_name, role, owner, state, created_at, updated_at";
    bulk.write("people", columns, rows).await;
    let rows = ids.iter().enumerate().map(|(number, id)| {
        let kind = if number < GUESTS { "guest" } else { "member" };
        let cells: Vec<Cell> = vec![
            site.app.ids.next().into(),
            of.into(),
            class.into(),
            (*id).into(),
            kind.into(),
            true.into(),
            1_i64.into(),
            "active".into(),
            now.into(),
            now.into(),
            true.into(),
            false.into(),
        ];
        cells
    });
    let columns = "id, organization_id, class_id, person_id, kind, all_sessions, generation, state, created_at, updated_at, by_hand, kept_out";
    bulk.write("enrollments", columns, rows).await;
    bulk.finish().await;
}

/// People who press their buttons at an even pace, each with a seat that is known.
async fn joins(server: &Server, presses: &[Vec<u8>], done: Arc<dyn Fn() -> bool + Send + Sync>) -> Times {
    let gap = Duration::from_secs(1) * u32::try_from(WORKERS).unwrap() / u32::try_from(JOINS).unwrap();
    let begun = tokio::time::Instant::now();
    let mut tasks = Vec::new();
    for worker in 0..WORKERS {
        let mine: Vec<_> = presses.iter().skip(worker).step_by(WORKERS).cloned().collect();
        let mut connection = Connection::open(server.address).await;
        let done = Arc::clone(&done);
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            let mut due = begun + gap * u32::try_from(worker).unwrap() / u32::try_from(WORKERS).unwrap();
            while !done() {
                tokio::time::sleep_until(due).await;
                // From when it was to be pressed: whoever waits for the one before waits too.
                redeemed(&mut connection, &mine[times.len() % mine.len()]).await;
                times.push(due.elapsed());
                due += gap;
            }
            times
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all.into_iter().collect()
}

/// A mail server that takes everything, keeps nothing but when it came, and costs next to nothing.
#[derive(Clone)]
struct Sink {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Instant>>>,
}

impl Sink {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let seen = Arc::clone(&sink.seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&seen)));
            }
        });
        sink
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn seen(&self) -> Vec<Instant> {
        self.seen.lock().unwrap().clone()
    }
}

async fn converse(stream: TcpStream, seen: Arc<Mutex<Vec<Instant>>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::with_capacity(64 * 1_024, stream);
    stream.write_all(b"220 sink\r\n").await?;
    let (mut line, mut in_text) = (Vec::new(), false);
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if in_text {
            if line == b".\r\n" {
                in_text = false;
                seen.lock().unwrap().push(Instant::now());
                stream.write_all(b"250 taken\r\n").await?;
            }
            continue;
        }
        let answer: &[u8] = match line.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"EHLO") => b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            Some(b"DATA") => {
                in_text = true;
                b"354 go on\r\n"
            }
            Some(b"QUIT") => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
    }
}
