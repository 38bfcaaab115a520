//! From the platform's event to the screens of those who watch.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use lectern_tests::Engine;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
    task::JoinHandle,
};

use crate::{
    figures::Times,
    http::{self, Connection},
    site::{Participant, Site, participant_event, webhook},
};

const EVENTS: usize = 30;

pub(crate) async fn measure(engine: Engine) {
    let mut site = Site::prepare(engine).await;
    let course = site.course(EVENTS).await;
    let people: Vec<_> = site
        .app
        .zoom
        .registrants(course.meeting)
        .into_iter()
        .map(|(registrant, email, _)| Participant { name: email.clone(), email, registrant })
        .collect();
    let path = format!("/api/v1/sessions/{}/start", course.session);
    assert_eq!(site.seller.post(&path, serde_json::json!({})).await.0, 200);
    site.app.settle().await;
    let bearer = format!("Bearer {}", site.owner.bearer().unwrap());
    let server = site.serve().await;
    let mut sender = Connection::open(server.address).await;
    let mut stay = 0;
    for watchers in [1, 1_000, 5_000] {
        let before = server.resident();
        let (arrived, mut arrivals) = mpsc::unbounded_channel();
        let mut tasks = Vec::with_capacity(watchers);
        for _watcher in 0..watchers {
            tasks.push(watch(server.address, &bearer, arrived.clone()).await);
        }
        let each = (server.resident().saturating_sub(before)).checked_div(watchers as u64).unwrap_or(0);
        let mut times = Times::default();
        for who in &people {
            for left in [false, true] {
                stay += usize::from(!left);
                let event = webhook(
                    server.address,
                    site.organization,
                    &participant_event(course.meeting, who, stay, left),
                );
                let sent = Instant::now();
                let reply = sender.exchange(&event).await;
                assert_eq!(reply.status, 200, "{}", reply.head);
                for _watcher in 0..watchers {
                    let arrival = tokio::time::timeout(Duration::from_secs(10), arrivals.recv()).await;
                    let arrival: Instant = arrival.expect("the event arrives").unwrap();
                    times.add(arrival - sent);
                }
            }
        }
        let loaded = (server.resident().saturating_sub(before)).checked_div(watchers as u64).unwrap_or(0);
        print!("  {watchers:>4} watchers: {}", times.sum_up());
        if watchers > 1 {
            print!("; memory a socket {each} KiB, after the events {loaded} KiB");
        }
        println!();
        tasks.iter().for_each(JoinHandle::abort);
        drop(tasks);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    site.close(server).await;
}

/// Opens a socket and tells when each participant's event has arrived.
async fn watch(address: SocketAddr, bearer: &str, arrived: mpsc::UnboundedSender<Instant>) -> JoinHandle<()> {
    let headers = [
        ("authorization", bearer),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let mut connection = Connection::open(address).await;
    let reply = connection.exchange(&http::get(address, "/api/v1/live", &headers)).await;
    assert_eq!(reply.status, 101, "{}{}", reply.head, String::from_utf8_lossy(&reply.body));
    tokio::spawn(read(connection.into_stream(), reply.body, arrived))
}

async fn read(mut stream: TcpStream, mut buffer: Vec<u8>, arrived: mpsc::UnboundedSender<Instant>) {
    loop {
        while let Some((opcode, body, whole)) = frame(&buffer) {
            let text = &buffer[body..whole];
            if opcode == 1 && text.windows(12).any(|word| word == b"participant_") {
                arrived.send(Instant::now()).ok();
            }
            buffer.drain(..whole);
            // A ping is answered, as a browser does: an empty pong under an empty mask.
            if opcode == 9 && stream.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.is_err() {
                return;
            }
        }
        if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

/// The first whole frame: its kind, where its content begins, and where it ends.
fn frame(buffer: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, second) = (*buffer.first()?, *buffer.get(1)?);
    let (body, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?]))),
        127 => (10, usize::try_from(u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    (buffer.len() >= body + length).then_some((first & 0x0f, body, body + length))
}
