//! The button: how long a redemption takes with a seat that is known, and with one whose registrant is made at the click.

use std::time::{Duration, Instant};

use lectern_tests::{Browser, Engine, Page};
use url::form_urlencoded::Serializer;

use crate::{
    figures::{Times, rate},
    http::{self, Connection, header},
    site::{Server, Site},
};

const KNOWN: usize = 160;
const NEW: usize = 120;
const TOGETHER: usize = 16;
const ROUNDS: usize = 1_000;

pub(crate) async fn measure(engine: Engine) {
    let mut site = Site::prepare(engine).await;
    let mut course = site.empty_course().await;
    site.enroll(&course, "known", KNOWN).await;
    site.app.settle().await;
    site.enroll(&course, "new", NEW).await;
    // As if the job that makes registrants ahead had not come to these yet.
    site.app.database.execute("delete from jobs where kind = 'registrants.prepare'").await;
    site.app.settle().await;
    course = site.fill(course).await;
    let (mut known, mut new) = (Vec::new(), Vec::new());
    for (email, link) in &course.links {
        let browser = site.app.browser();
        let page = browser.get(link).await;
        let request = press(site.app.config.server.bind, &browser, &page);
        if email.starts_with("known") {
            let action = page.forms()[0].0.clone();
            assert_eq!(browser.submit(&page, &action, &[]).await.status(), 303);
            known.push(request);
        } else {
            new.push(request);
        }
    }
    let server = site.serve().await;
    let begun = Instant::now();
    let mut times = together(&server, &known, ROUNDS).await;
    println!(
        "  seat known, {TOGETHER} at once: {}, {}",
        rate(TOGETHER * ROUNDS, begun.elapsed()),
        times.sum_up()
    );
    // One at a time, as fast as a Pro account allows it.
    let mut times = Times::default();
    let mut connection = Connection::open(server.address).await;
    for request in &new {
        let pressed = Instant::now();
        redeemed(&mut connection, request).await;
        times.add(pressed.elapsed());
        tokio::time::sleep(Duration::from_millis(45).saturating_sub(pressed.elapsed())).await;
    }
    println!("  new seat, registrant made at the click: {}", times.sum_up());
    println!("  memory, after all this: {} MiB", server.resident() / 1_024);
    site.close(server).await;
}

/// The request that presses a page's one button.
pub(crate) fn press(host: std::net::SocketAddr, browser: &Browser, page: &Page) -> Vec<u8> {
    let (action, hidden) =
        page.forms().into_iter().next().unwrap_or_else(|| panic!("no form: {}", page.html()));
    let body = Serializer::new(String::new()).extend_pairs(&hidden).finish();
    let cookies: Vec<_> = browser.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "null"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", &cookies.join("; ")),
    ];
    http::post(host, &action, &headers, body.as_bytes())
}

/// Presses and must be sent on.
pub(crate) async fn redeemed(connection: &mut Connection, request: &[u8]) {
    let reply = connection.exchange(request).await;
    assert_eq!(reply.status, 303, "{}{}", reply.head, String::from_utf8_lossy(&reply.body));
    assert!(header(&reply.head, "location").is_some_and(|to| to.contains("tk=")), "{}", reply.head);
}

/// Everybody presses again and again, sixteen at once, each with people of their own.
async fn together(server: &Server, requests: &[Vec<u8>], rounds: usize) -> Times {
    let mut tasks = Vec::new();
    for worker in 0..TOGETHER {
        let mine: Vec<_> = requests.iter().skip(worker).step_by(TOGETHER).cloned().collect();
        let mut connection = Connection::open(server.address).await;
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity(rounds);
            for round in 0..rounds {
                let pressed = Instant::now();
                redeemed(&mut connection, &mine[round % mine.len()]).await;
                times.push(pressed.elapsed());
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
