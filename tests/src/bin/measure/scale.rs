//! Lists, calendar and search in an organization of 200 instructors, 20,000 students, 50,000 sessions and 1,000,000 attendance rows.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use lectern_core::ids::PersonId;
use lectern_tests::{
    Client, Engine, Organization, TestApp, plans,
    trials::big_school::{BigSchool, Plan},
};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

use crate::{
    figures::{Millis, Times},
    http::{self, Connection},
    site::{Server, follow, serve},
};

/// What every list promises.
const LIMIT: Duration = Duration::from_millis(20);
const TOGETHER: usize = 8;
/// Unoptimised, the command is only tried.
const ALONE: usize = if cfg!(debug_assertions) { 5 } else { 150 };
const EACH: usize = if cfg!(debug_assertions) { 1 } else { 60 };

/// One thing that is opened.
struct Look {
    who: &'static str,
    what: &'static str,
    path: String,
    token: String,
}

/// Those who open it.
struct Readers {
    admin: Client,
    instructor: Client,
    student: Client,
}

impl Readers {
    async fn sign_in(app: &TestApp, place: &Organization<'_>, school: &BigSchool) -> Self {
        let of = |id: Uuid| app.signed_in(place.id, PersonId(id));
        // Somebody who is just now teaching, and somebody who is just now taught.
        let class = school.live().map_or(&school.classes[0], |live| &school.classes[live.class]);
        Self {
            admin: (*place.owner().await).clone(),
            instructor: of(school.instructors[class.instructor].id).await,
            student: of(school.students[class.students[0]].id).await,
        }
    }
}

pub(crate) async fn measure(engine: Engine) {
    let mut app = TestApp::start(engine).await;
    let clock = follow(&app);
    let begun = Instant::now();
    let (school, looks) = {
        let place = app.organization("bigschool").await;
        let owner = place.owner().await;
        let endpoint =
            owner.create("/api/v1/webhook-endpoints", json!({"url": "http://127.0.0.1:9/hook"})).await;
        let endpoint = endpoint["id"].as_str().unwrap().parse().unwrap();
        let school = BigSchool::found(&app, place.id, Some(endpoint), Plan::LARGE).await;
        let written = begun.elapsed();
        lectern_api::search::jobs::complete(&app, place.id).await.unwrap();
        println!(
            "  {} classes, {} sessions, {} people, {} attendance rows: written in {:.0} s, words for the search in {:.0} s more",
            school.classes.len(),
            school.sessions.len(),
            school.instructors.len() + school.students.len(),
            school.attendance,
            written.as_secs_f64(),
            (begun.elapsed() - written).as_secs_f64(),
        );
        let readers = Readers::sign_in(&app, &place, &school).await;
        let looks = looks(&school, &readers, endpoint).await;
        (school, looks)
    };
    let live = school.sessions.iter().filter(|session| session.state == "live").count();
    println!("  {live} sessions are going on; each line: one reader, then {TOGETHER} at once");
    app.stop_serving().await;
    let server = serve(&app).await;
    let mut over = 0;
    for look in &looks {
        over += usize::from(!measure_one(&server, look).await);
    }
    println!(
        "  {} of {} lines stay below {} ms at p99 for one reader",
        looks.len() - over,
        looks.len(),
        LIMIT.as_millis()
    );
    println!("  memory, after all this: {} MiB", server.resident() / 1_024);
    for (statement, line) in plans::whole_tables(&app.database).await {
        println!("  reads all of an organization's rows: {statement}: {line}");
    }
    server.stop().await;
    clock.abort();
    app.finish().await;
}

/// Whether its p99 stays below the limit for one reader.
async fn measure_one(server: &Server, look: &Look) -> bool {
    let request = http::get(
        server.address,
        &look.path,
        &[
            ("authorization", &format!("Bearer {}", look.token)),
            ("cookie", &format!("lectern={}", look.token)),
        ],
    );
    let (_, bytes) = read(server.address, &request, 10).await;
    let (mut alone, _) = read(server.address, &request, ALONE).await;
    let readers = (0..TOGETHER).map(|_| {
        let (address, request) = (server.address, request.clone());
        tokio::spawn(async move { read(address, &request, EACH).await.0 })
    });
    let mut together = Vec::new();
    for reader in readers.collect::<Vec<_>>() {
        together.extend(reader.await.unwrap());
    }
    let mut alone: Times = alone.drain(..).collect();
    let mut together: Times = together.into_iter().collect();
    // Eight who ask without a pause take all the machine has: that shows what it can do, not what somebody waits.
    let good = alone.percentile(99) < LIMIT;
    println!(
        "  {} {:10} {:38} {:4} KiB | {} | p50 {}, p99 {}, longest {}",
        if good { " " } else { "!" },
        look.who,
        look.what,
        bytes / 1_024,
        alone.sum_up(),
        Millis(together.percentile(50)),
        Millis(together.percentile(99)),
        Millis(together.percentile(100)),
    );
    good
}

/// So many times over one connection; the last answer's size.
async fn read(address: SocketAddr, request: &[u8], times: usize) -> (Vec<Duration>, usize) {
    let mut connection = Connection::open(address).await;
    let mut taken = Vec::with_capacity(times);
    let mut bytes = 0;
    for _ in 0..times {
        let begun = Instant::now();
        let reply = connection.exchange(request).await;
        taken.push(begun.elapsed());
        let path = String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap_or_default());
        assert_eq!(reply.status, 200, "{path}: {}", reply.head);
        bytes = reply.body.len();
    }
    (taken, bytes)
}

/// Walks through a list to its end: the cursors of the page in its middle and of its last.
async fn cursors(reader: &Client, path: &str) -> [String; 2] {
    let mut cursors: Vec<String> = Vec::new();
    loop {
        let from = cursors.last().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let (status, page) = reader.get(&format!("{path}{from}")).await;
        assert_eq!(status, 200, "{page}");
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursors.push(next.to_owned());
    }
    let middle = cursors.get(cursors.len() / 2).cloned().unwrap_or_default();
    [middle, cursors.last().cloned().unwrap_or_default()]
}

async fn looks(school: &BigSchool, readers: &Readers, endpoint: Uuid) -> Vec<Look> {
    let mut all = Vec::new();
    let mut add = |who: &'static str, what: &'static str, path: String| {
        let reader = match who {
            "admin" => &readers.admin,
            "instructor" => &readers.instructor,
            _ => &readers.student,
        };
        all.push(Look { who, what, path, token: reader.bearer().unwrap_or_default().to_owned() });
    };
    let q = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let over = school.over();
    let class = school.classes[over.class].id;
    let fullest = school.classes.iter().max_by_key(|class| class.students.len()).unwrap().id;
    for who in ["admin", "instructor", "student"] {
        add(who, "classes, Upcoming", "/classes".into());
        add(who, "classes, Previous", "/classes?tab=previous".into());
        add(who, "classes with “math 8”", format!("/classes?q={}", q("math 8")));
        add(who, "calendar, month", "/calendar?view=month".into());
        add(who, "calendar, week", "/calendar?view=week".into());
        add(who, "calendar, list", "/calendar?view=list".into());
        add(who, "notices", "/notices".into());
        add(who, "a class", format!("/classes/{}", own(school, who)));
    }
    add("admin", "classes with “গণি”", format!("/classes?q={}", q("গণি")));
    for who in ["admin", "instructor"] {
        let class = own(school, who);
        add(who, "live board", "/live".into());
        add(who, "sessions of a class", format!("/classes/{class}/sessions"));
        add(who, "roster", format!("/classes/{class}/roster"));
        add(who, "register of a class", format!("/classes/{class}/attendance"));
        add(who, "a running session", format!("/sessions/{}", live(school)));
    }
    add("admin", "roster of 100", format!("/classes/{fullest}/roster"));
    add("admin", "attendance sheet", format!("/sessions/{}/attendance", over.id));
    add("admin", "bookings of a class", format!("/classes/{}/bookings", school.booked));
    add("admin", "people", "/people".into());
    add("admin", "people, instructors", "/people?role=instructor".into());
    for (what, asked) in [
        ("people, “moh”: hundreds", "moh"),
        ("people, “a”: thousands", "a"),
        ("people, “rina das”", "rina das"),
        ("people, “রিনা রহ”", "রিনা রহ"),
        ("people, “mohammad karim12”: an address", "mohammad karim12"),
        ("people, “zzz”: nobody", "zzz"),
    ] {
        add("admin", what, format!("/people?q={}", q(asked)));
    }
    add("admin", "cohorts", "/cohorts".into());
    add("admin", "a cohort", format!("/cohorts/{}", school.cohorts[0]));
    add("admin", "log", "/audit".into());
    add("admin", "log, one kind", "/audit?kind=join.refused".into());
    add("admin", "log, a kind there is none of", "/audit?kind=meeting.failed".into());
    add("admin", "log, somebody", format!("/audit?person={}", q("rina das")));
    add("admin", "webhook endpoint with its log", format!("/webhooks/{endpoint}"));
    for (what, path) in [
        ("API classes", "/api/v1/classes?limit=200".to_owned()),
        ("API people", "/api/v1/people?limit=200".to_owned()),
        (
            "API sessions of two years",
            "/api/v1/sessions?limit=200&from=2025-01-01T00:00:00Z&to=2029-01-01T00:00:00Z".to_owned(),
        ),
        ("API log", "/api/v1/audit?limit=200".to_owned()),
        ("API cohort members", format!("/api/v1/cohorts/{}/members?limit=50", school.cohorts[0])),
        ("API webhook deliveries", format!("/api/v1/webhook-endpoints/{endpoint}/deliveries?limit=200")),
    ] {
        let [middle, last] = cursors(&readers.admin, &path).await;
        add("admin", Box::leak(format!("{what}, first page").into_boxed_str()), path.clone());
        add(
            "admin",
            Box::leak(format!("{what}, in the middle").into_boxed_str()),
            format!("{path}&cursor={middle}"),
        );
        add(
            "admin",
            Box::leak(format!("{what}, last page").into_boxed_str()),
            format!("{path}&cursor={last}"),
        );
    }
    add("admin", "API people, “rina”", "/api/v1/people?q=rina".into());
    add("admin", "API classes, “math”", "/api/v1/classes?q=math".into());
    add("admin", "API roster", format!("/api/v1/classes/{class}/enrollments"));
    add("admin", "API attendance", format!("/api/v1/sessions/{}/attendance", over.id));
    add("student", "API sessions", "/api/v1/sessions".into());
    add("student", "API notifications", "/api/v1/notifications".into());
    for (who, reader) in
        [("admin", &readers.admin), ("instructor", &readers.instructor), ("student", &readers.student)]
    {
        let (status, feed): (u16, Value) = reader.get("/api/v1/calendar-feed").await;
        assert_eq!(status, 200, "{feed}");
        let url: url::Url = feed["url"].as_str().unwrap().parse().unwrap();
        add(who, "iCalendar feed", url.path().to_owned());
    }
    all
}

/// A class this reader may open: one that is going on.
fn own(school: &BigSchool, _who: &str) -> Uuid {
    school.live().map_or(school.classes[0].id, |live| school.classes[live.class].id)
}

fn live(school: &BigSchool) -> Uuid {
    school.live().map_or(school.over().id, |live| live.id)
}
