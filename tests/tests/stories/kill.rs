//! `kill -9` of the real server process at every point around a provider's call, and what the next start makes of it.
//!
//! The product has no fail points for this. The wire to the platform holds a request before the platform hears of it, or its
//! answer after the work was done; a lock on the database keeps what follows from being committed. So each death falls where
//! its name says.

use std::time::Duration as RealDuration;

use chrono::Duration;
use lectern_core::clock::{Clock, SystemClock};
use lectern_tests::{Deed, Gate, Lesson, Person, Serving, TestApp, story};
use reqwest::Client;
use serde_json::{Value, json};

use crate::LECTERN;

/// Where the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// The intent is committed; the platform has not heard of it.
    BeforeTheCall,
    /// The platform did its work; nobody heard the answer.
    BeforeTheAnswer,
    /// The answer was read; nothing of it is committed.
    BeforeTheCommit,
    /// The result is committed; what comes after it is not.
    AfterTheCommit,
}

const DEATHS: [Death; 4] =
    [Death::BeforeTheCall, Death::BeforeTheAnswer, Death::BeforeTheCommit, Death::AfterTheCommit];

fn http() -> Client {
    Client::builder().no_proxy().timeout(RealDuration::from_secs(60)).build().unwrap()
}

/// An evening on the wire at the machine's own time, because a process of its own goes by that.
async fn evening(app: &mut TestApp) -> (Person, Lesson) {
    app.clock.set(SystemClock.now());
    let (_, seller, lesson) = app.evening_on_the_wire().await;
    (seller, lesson)
}

/// Hands the story's data over to a server process.
async fn process(app: &mut TestApp) -> Serving {
    app.stop_serving().await;
    let (api, oauth) = (app.wire.api_url(), format!("{}/oauth", app.wire.base_url()));
    let hosts = app.zoom.base_url().replace("http://", "");
    let platforms = format!(
        "[platforms]\nallow_loopback = true\n[[platforms.zoom]]\napi = \"{api}\"\noauth = \"{oauth}\"\nmeeting_hosts = [\"{hosts}\"]\n"
    );
    std::fs::write(app.data().join("lectern.toml"), platforms).unwrap();
    app.lectern(LECTERN)
        .with("LECTERN_LOG", "info,lectern_providers=debug")
        .with("NO_COLOR", "1")
        .serve()
        .await
}

/// S-10: whatever the process logged until its end, none of the story's secrets, no join link and no address of the platform's.
async fn quiet(app: &TestApp, server: Serving) {
    let (_, log) = server.ended_with_log().await;
    assert!(log.contains("Lectern serves"), "the log is the server's: {log}");
    app.keeps_secrets(&log);
    for canary in ["token=", "tk=", "zak=", "access_token", "refresh_token", "/join/class/"] {
        let line = log.lines().find(|line| line.contains(canary));
        assert!(line.is_none(), "the log holds {canary}: {line:?}");
    }
}

/// Lets the process come to the point of its death, by this call to the platform, and kills it there.
async fn die(app: &TestApp, server: Serving, death: Death, call: &Call, work: impl Future<Output = ()>) {
    let gate = Gate::default();
    let held = if death == Death::BeforeTheCall { Deed::HoldRequest } else { Deed::HoldAnswer };
    app.wire.tamper("POST", call.path, 1, held(gate.clone()));
    let dying = async {
        gate.reached().await;
        match death {
            Death::BeforeTheCall | Death::BeforeTheAnswer => {}
            Death::BeforeTheCommit => {
                let hold = app.database.hold(call.result).await;
                gate.open();
                server.logs(&["called", call.operation]).await;
                server.signal("KILL").await;
                quiet(app, server).await;
                return hold.release().await;
            }
            Death::AfterTheCommit => {
                // Whatever finishes the job is refused, so that nothing but the result is there.
                refuse_to_end_jobs(app, true).await;
                gate.open();
                server.logs(&[call.after]).await;
            }
        }
        server.signal("KILL").await;
        quiet(app, server).await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(dying, work) } => {}
    }
    refuse_to_end_jobs(app, false).await;
    app.wire.mend();
}

/// What is called, and what is written afterwards.
struct Call {
    path: &'static str,
    operation: &'static str,
    result: &'static str,
    after: &'static str,
}

/// Makes the database refuse that a job is removed, or no longer.
async fn refuse_to_end_jobs(app: &TestApp, refuse: bool) {
    let statements: &[&str] = match (app.database.engine, refuse) {
        (lectern_tests::Engine::Sqlite, true) => {
            &["create trigger no_end before delete on jobs begin select raise(abort, 'no end'); end"]
        }
        (lectern_tests::Engine::Sqlite, false) => &["drop trigger if exists no_end"],
        (lectern_tests::Engine::Postgres, true) => &[
            "create function no_end() returns trigger language plpgsql as $$ begin raise exception 'no end'; end $$",
            "create trigger no_end before delete on jobs for each row execute function no_end()",
        ],
        (lectern_tests::Engine::Postgres, false) => {
            &["drop trigger if exists no_end on jobs", "drop function if exists no_end()"]
        }
    };
    for statement in statements {
        app.database.execute(statement).await;
    }
}

story!(
    /// the process is killed before the create, during it, before its result is committed, and before its job ends: after
    /// the next start there is one meeting, never two, and no row is stuck.
    r01_killed_around_the_create, |app| async {
        let (seller, first) = evening(app).await;
        let create = Call {
            path: "/users/me/meetings",
            operation: "operation=\"create meeting\"",
            result: "meetings",
            after: "of kind meeting.create could not be recorded",
        };
        for death in DEATHS {
            let title = format!("{death:?}");
            let server = process(app).await;
            let (base, token) = (server.base.clone(), seller.bearer().unwrap().to_owned());
            let starts_at = SystemClock.now() + Duration::minutes(15);
            let class = async {
                let post = async |path: String, body: Value| {
                    let answer = http().post(format!("{base}{path}")).bearer_auth(&token).json(&body).send().await.unwrap();
                    assert_eq!(answer.status(), 201);
                    answer.json::<Value>().await.unwrap()
                };
                let class = post("/api/v1/classes".to_owned(), json!({"title": title})).await;
                let class = class["id"].as_str().unwrap().to_owned();
                let body = json!({"starts_at": starts_at, "duration_minutes": 45});
                post(format!("/api/v1/classes/{class}/sessions"), body).await;
            };
            die(app, server, death, &create, class).await;
            let there = app.zoom.meetings().iter().filter(|(_, topic)| *topic == title).count();
            assert_eq!(there, usize::from(death != Death::BeforeTheCall), "{title}: it died where its name says");
            let recorded = app.database.count("meetings where state = 'ready'").await;
            let earlier = 1 + u64::try_from(DEATHS.iter().position(|other| *other == death).unwrap()).unwrap();
            assert_eq!(recorded, earlier + u64::from(death == Death::AfterTheCommit), "{title}");

            app.clock.set(SystemClock.now());
            app.restart().await;
            for _ in 0..4 {
                app.pass(Duration::minutes(3));
                app.settle().await;
            }
            let (_, sessions) = seller.get("/api/v1/sessions").await;
            let session = sessions["items"].as_array().unwrap().iter().find(|session| session["title"] == title).unwrap();
            assert_eq!(session["meeting"]["state"], "ready", "{title}: no row is stuck: {session}");
            let number = app.zoom_meeting(session["id"].as_str().unwrap()).await;
            let there: Vec<u64> = app.zoom.meetings().into_iter().filter(|(_, topic)| *topic == title).map(|(id, _)| id).collect();
            assert_eq!(there, [number], "{title}: one meeting, the one referred to");
            assert_eq!(app.database.count("jobs where kind = 'meeting.create'").await, 0, "{title}: no job is stuck");
        }
        assert_ne!(app.zoom_meeting(&first.session).await, 0, "the first class's was not touched");
    }
);

story!(
    /// S-18: the process is killed around a refresh. The pair is stored, or the loss is shown and a new consent mends it; no
    /// start asks the platform again and again.
    s18_killed_around_the_refresh, |app| async {
        let (seller, _) = evening(app).await;
        let refresh = Call {
            path: "/oauth/token",
            operation: "operation=\"refresh token\"",
            result: "connections",
            after: "",
        };
        let mine = "/api/v1/platforms/zoom/connection";
        for death in [Death::BeforeTheCall, Death::BeforeTheAnswer, Death::BeforeTheCommit] {
            let (_, before) = seller.get(mine).await;
            assert_eq!(before["state"], "connected", "{death:?}: {before}");
            let generation = app.database.rows("select generation from connections").await;
            let asked = app.zoom_calls("oauthToken");
            let server = process(app).await;
            let request = http().post(format!("{}{mine}/refresh", server.base)).bearer_auth(seller.bearer().unwrap()).json(&json!({}));
            let refreshing = async { assert!(request.send().await.is_err(), "{death:?}: nobody hears an answer") };
            die(app, server, death, &refresh, refreshing).await;
            assert_eq!(app.database.rows("select generation from connections").await, generation, "{death:?}: nothing is stored");
            let done = usize::from(death != Death::BeforeTheCall);
            assert_eq!(app.zoom_calls("oauthToken") - asked, done, "{death:?}: it died where its name says");

            app.clock.set(SystemClock.now());
            app.restart().await;
            for _ in 0..4 {
                app.pass(Duration::minutes(40));
                app.tick("tick.refresh_tokens").await;
            }
            let (_, after) = seller.get(mine).await;
            let calls = app.zoom_calls("oauthToken") - asked - done;
            if death == Death::BeforeTheCall {
                assert_eq!(after["state"], "connected", "{death:?}: the old pair was never used: {after}");
                assert!((1..=4).contains(&calls), "{death:?}: {calls}");
            } else {
                assert_eq!((&after["state"], calls), (&json!("needs_reconnect"), 1), "{death:?}: {after}");
                assert!(after["problem"].as_str().unwrap().contains("no longer accepts"), "{after}");
            }
            // A new consent mends it; the next round goes by the machine's clock again.
            app.clock.set(SystemClock.now());
            app.connect(&seller).await;
        }
        // And when the answer did come, the pair is there after any death.
        let server = process(app).await;
        let answer = http().post(format!("{}{mine}/refresh", server.base)).bearer_auth(seller.bearer().unwrap()).json(&json!({})).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        server.signal("KILL").await;
        quiet(app, server).await;
        let asked = app.zoom_calls("oauthToken");
        app.clock.set(SystemClock.now());
        app.restart().await;
        app.tick("tick.refresh_tokens").await;
        assert_eq!(seller.get(mine).await.1["state"], "connected");
        assert_eq!(app.zoom_calls("oauthToken"), asked, "the stored pair serves");
    }
);
