//! Events in: how many a second are on disk and acknowledged, and how long an acknowledgement takes.

use std::time::{Duration, Instant};

use lectern_tests::Engine;

use crate::{
    figures::{Times, rate},
    http::Connection,
    site::{Participant, Server, Site, participant_event, webhook},
};

/// Classes that are live in the second part, and people in each.
const CLASSES: usize = 20;
const PEOPLE: usize = 20;

pub(crate) async fn measure(engine: Engine) {
    let mut site = Site::prepare(engine).await;
    let mut people = Vec::new();
    for _class in 0..CLASSES {
        let course = site.course(PEOPLE).await;
        for (registrant, email, _) in site.app.zoom.registrants(course.meeting) {
            people.push((course.meeting, Participant { name: email.clone(), email, registrant }));
        }
    }
    let server = site.serve().await;
    println!("  memory, idle: {} MiB", server.resident() / 1_024);
    for (senders, each) in [(1, 1_500), (16, 1_200), (64, 800)] {
        // Zoom tells an app about all meetings of an account, also those that were not made here.
        let requests = (0..senders).map(|sender| {
            let who = Participant {
                name: "Somebody Else".to_owned(),
                email: "somebody@else.example".to_owned(),
                registrant: "q1w2e3r4t5y6u7i8o9p0aa".to_owned(),
            };
            let event = |number: usize| {
                participant_event(88_000_000_000, &who, sender * each + number + senders * 1_000_000, false)
            };
            (0..each).map(|number| webhook(server.address, site.organization, &event(number))).collect()
        });
        let (time, mut acknowledged) = send(&server, requests.collect()).await;
        println!(
            "  {senders:>2} senders, other meetings: {}, {}",
            rate(senders * each, time),
            acknowledged.sum_up()
        );
        drained(&site).await;
    }
    let mut stay = 0;
    let (senders, each) = (64, 250);
    let requests = (0..senders).map(|sender| {
        let mine: Vec<_> = people.iter().skip(sender).step_by(senders).collect();
        let mut event = |number: usize| {
            let (meeting, who) = mine[(number / 2) % mine.len()];
            stay += usize::from(number.is_multiple_of(2));
            participant_event(*meeting, who, stay, !number.is_multiple_of(2))
        };
        (0..each).map(|number| webhook(server.address, site.organization, &event(number))).collect()
    });
    let (time, mut acknowledged) = send(&server, requests.collect()).await;
    println!(
        "  {senders} senders, {CLASSES} live classes: {}, {}",
        rate(senders * each, time),
        acknowledged.sum_up()
    );
    println!("  … all of it worked in after {:.1} s more", drained(&site).await.as_secs_f64());
    println!("  memory, after all this: {} MiB", server.resident() / 1_024);
    site.close(server).await;
}

/// Each sender waits for an acknowledgement before it sends the next.
async fn send(server: &Server, requests: Vec<Vec<Vec<u8>>>) -> (Duration, Times) {
    let mut connections = Vec::new();
    for _sender in &requests {
        connections.push(Connection::open(server.address).await);
    }
    let begun = Instant::now();
    let senders: Vec<_> = requests
        .into_iter()
        .zip(connections)
        .map(|(requests, mut connection)| {
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(requests.len());
                for request in requests {
                    let sent = Instant::now();
                    let reply = connection.exchange(&request).await;
                    assert_eq!(reply.status, 200, "{}", reply.head);
                    times.push(sent.elapsed());
                }
                times
            })
        })
        .collect();
    let mut all = Vec::new();
    for sender in senders {
        all.extend(sender.await.unwrap());
    }
    (begun.elapsed(), all.into_iter().collect())
}

/// Waits until every delivery was read.
async fn drained(site: &Site) -> Duration {
    let begun = Instant::now();
    while site.app.database.count("webhook_inbox where state = 'new'").await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}
