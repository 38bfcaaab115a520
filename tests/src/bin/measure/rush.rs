//! Nine o'clock: a whole school opens its links and presses the button within ten seconds.

use std::time::{Duration, Instant};

use lectern_tests::Engine;

use crate::{
    figures::Times,
    http::{self, Connection, header},
    join::press,
    site::Site,
};

const STUDENTS: usize = 2_000;
const WITHIN: Duration = Duration::from_secs(10);

enum Outcome {
    In(Duration, Duration),
    Waits(u16),
}

pub(crate) async fn measure(engine: Engine) {
    let mut site = Site::prepare(engine).await;
    let begun = Instant::now();
    let course = site.course(STUDENTS).await;
    let made = site.app.zoom.registrants(course.meeting).len();
    println!("  {made} registrants made ahead; enrolled and made in {:.0} s", begun.elapsed().as_secs_f64());
    let mut presses = Vec::new();
    for (_, link) in &course.links {
        let browser = site.app.browser();
        let page = browser.get(link).await;
        let path = link.strip_prefix(&site.app.base).unwrap_or(link).to_owned();
        let cookies: Vec<_> =
            browser.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        presses.push((path, cookies.join("; "), press(site.app.config.server.bind, &browser, &page)));
    }
    let server = site.serve().await;
    let calls = site.app.zoom.requests_since(0).len();
    let begun = tokio::time::Instant::now();
    let tasks: Vec<_> = presses
        .into_iter()
        .enumerate()
        .map(|(number, (path, cookies, request))| {
            let at = begun + WITHIN * u32::try_from(number).unwrap() / u32::try_from(STUDENTS).unwrap();
            let address = server.address;
            tokio::spawn(async move {
                tokio::time::sleep_until(at).await;
                let mut connection = Connection::open(address).await;
                let opened = Instant::now();
                let page = connection.exchange(&http::get(address, &path, &[("cookie", &cookies)])).await;
                let opened = opened.elapsed();
                assert_eq!(page.status, 200, "{}", page.head);
                let pressed = Instant::now();
                let reply = connection.exchange(&request).await;
                match header(&reply.head, "location") {
                    Some(_) if reply.status == 303 => Outcome::In(opened, pressed.elapsed()),
                    _ => Outcome::Waits(reply.status),
                }
            })
        })
        .collect();
    let (mut pages, mut redemptions, mut refused) = (Times::default(), Times::default(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            Outcome::In(page, redemption) => {
                pages.add(page);
                redemptions.add(redemption);
            }
            Outcome::Waits(status) => refused.push(status),
        }
    }
    let seats = site.app.database.count("seats where browser_hash is not null").await;
    let calls = &site.app.zoom.requests_since(0)[calls..];
    let limited = calls.iter().filter(|call| call.status == 429).count();
    println!("  {STUDENTS} students within {} s: page {}", WITHIN.as_secs(), pages.sum_up());
    println!("  … button {}", redemptions.sum_up());
    println!(
        "  … {} not sent on at once {refused:?}, {seats} seats, {} calls to the platform, {limited} refused by it",
        refused.len(),
        calls.len()
    );
    println!("  memory, after all this: {} MiB", server.resident() / 1_024);
    site.close(server).await;
}
