//! A class at any address: the same gate as on every platform, and honest about what nobody tells.

use chrono::Duration;
use lectern_tests::{Person, TestApp, start_of_term, story};
use serde_json::{Value, json};

const AYESHA: &str = "ayesha@oakwood.example";
const SAMI: &str = "sami@oakwood.example";
const ROKEYA: &str = "rokeya@guest.example";
/// A path that nobody may ever see.
const SECRET: &str = "oak-algebra-canary-5d1e";

/// A meeting server of the school's own, on loopback, where the tests' operator allows it.
fn address(name: &str) -> String {
    format!("http://127.0.0.1:4567/{name}")
}

struct Course {
    teacher: Person,
    class: String,
    session: String,
}

/// A class behind a pasted link, with a session in a quarter of an hour, two students and a guest.
async fn course(app: &mut TestApp) -> Course {
    let teacher = app.organization("oakwood").await.instructor("farhan").await;
    app.secret(SECRET);
    let new = json!({"title": "Algebra", "provider": "link", "link": format!(" {} ", address(SECRET))});
    let class = teacher.create("/api/v1/classes", new).await;
    let class = class["id"].as_str().unwrap().to_owned();
    let body = json!({"starts_at": app.now() + Duration::minutes(15), "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
    let sessions = teacher.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
    let session = format!("/api/v1/sessions/{}", sessions["items"][0]["id"].as_str().unwrap());
    for (email, name) in [(AYESHA, "Ayesha Noor"), (SAMI, "Sami Reza")] {
        let path = format!("/api/v1/classes/{class}/enrollments");
        teacher.create(&path, json!({"email": email, "name": name})).await;
    }
    let guest = json!({"email": ROKEYA, "first_name": "Rokeya", "last_name": "Begum"});
    teacher.create(&format!("/api/v1/classes/{class}/guests"), guest).await;
    app.settle().await;
    Course { teacher, class, session }
}

fn row<'a>(sheet: &'a Value, name: &str) -> &'a Value {
    let rows = sheet["items"].as_array().unwrap();
    rows.iter().find(|row| row["person"]["name"] == json!(name)).unwrap_or_else(|| panic!("{name}: {sheet}"))
}

story!(
    /// Nobody connects anything: the teacher starts, people come by their own links, a copy is refused, the board and the
    /// sheet say what they cannot know, and the address is seen by nobody but the browsers that are sent there.
    the_evening_behind_a_pasted_link, |app| async {
        let Course { teacher, class, session } = course(app).await;
        let (status, shown) = teacher.get(&format!("/api/v1/classes/{class}/link")).await;
        assert_eq!((status, &shown["host"]), (200, &json!("127.0.0.1")), "{shown}");
        let (status, started) = teacher.post(&format!("{session}/start"), json!({})).await;
        assert_eq!((status, &started["state"], &started["meeting"]["state"]), (200, &json!("live"), &json!("ready")), "{started}");
        app.settle().await;
        let (_, launch) = teacher.post(&format!("{session}/launch"), json!({})).await;
        assert_eq!(launch["location"], json!(address(SECRET)));
        app.pass(Duration::minutes(15));
        for email in [AYESHA, ROKEYA] {
            let link = app.mailed_link(email);
            assert!(app.mail.messages_to(email).iter().all(|mail| !mail.raw.contains(SECRET)));
            let browser = app.browser();
            let page = browser.get(&link).await;
            assert!(!page.html().contains(SECRET) && page.html().contains("The meeting opens next"), "{}", page.html());
            let policy = page.answer.header("content-security-policy").to_owned();
            assert!(policy.contains("form-action 'self' https: http://127.0.0.1:*"), "{policy}");
            let joined = browser.press_join(&link).await;
            assert_eq!((joined.status(), joined.location()), (303, address(SECRET).as_str()), "{}", joined.html());
            let copied = app.browser().press_join(&link).await;
            assert_eq!((copied.status(), copied.location()), (200, ""), "another browser must prove itself");
        }
        app.settle().await;
        let (_, live) = teacher.get("/api/v1/live").await;
        let people = live["sessions"][0]["participants"].as_array().unwrap();
        assert!(people.iter().all(|who| who["state"] == json!("expected")), "nobody tells who is inside: {live}");
        let page = teacher.browser(app).get(session.strip_prefix("/api/v1").unwrap()).await;
        assert!(page.html().contains("nobody tells who is inside") && !page.html().contains(SECRET), "{}", page.html());
        app.pass(Duration::minutes(30));
        let (status, ended) = teacher.post(&format!("{session}/end"), json!({})).await;
        assert_eq!((status, &ended["state"]), (200, &json!("ended")), "{ended}");
        app.settle().await;
        for _ in 0..4 {
            app.pass(Duration::minutes(10));
            app.tick("tick.reconcile").await;
        }
        let (_, sheet) = teacher.get(&format!("{session}/attendance")).await;
        assert_eq!(sheet["report"]["state"], json!("none"), "{sheet}");
        for (name, state) in [("Ayesha Noor", "unconfirmed"), ("Rokeya Begum", "unconfirmed")] {
            assert_eq!(row(&sheet, name)["state"], json!(state), "went through the gate, and nobody tells more: {sheet:#}");
        }
        assert_ne!(row(&sheet, "Sami Reza")["state"], json!("present"), "{sheet:#}");
        assert!(!app.database.dump().await.contains(SECRET), "sealed");
        assert_eq!(app.jobs().await.iter().filter(|job| job.contains(&"meeting.end".to_owned())).count(), 0, "nothing is tried for ever");
    }
);

story!(
    /// What a browser must not be sent to is refused when it is pasted, with what to do; other platforms take no link.
    a_bad_address_is_refused_where_it_is_pasted, |app| async {
        let teacher = app.organization("oakwood").await.instructor("farhan").await;
        let paste = async |link: &str| {
            let new = json!({"title": "Algebra", "provider": "link", "link": link});
            teacher.post("/api/v1/classes", new).await
        };
        let own = format!("{}/join/class/x", app.base);
        let long = format!("https://meet.jit.si/{}", "a".repeat(2100));
        for (link, says) in [
            ("", "beginning with https"),
            ("meet.jit.si/oak", "beginning with https"),
            ("http://meet.jit.si/oak", "https"),
            ("javascript:alert(1)", "People cannot be sent there"),
            ("https://user:secret@meet.jit.si/oak", "user name"),
            ("https://192.168.1.1/oak", "public"),
            (own.as_str(), "Lectern itself"),
            (long.as_str(), "At most 2048"),
        ] {
            let (status, problem) = paste(link).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("link")), "{link}: {problem}");
            let message = problem["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains(says) && !message.contains("secret"), "{link}: {message}");
        }
        let (status, problem) = teacher.post("/api/v1/classes", json!({"title": "Algebra", "provider": "link"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("link")), "{problem}");
        let zoom = json!({"title": "Algebra", "provider": "zoom", "link": "https://meet.jit.si/oak"});
        let (status, problem) = teacher.post("/api/v1/classes", zoom).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("link")), "{problem}");
        assert_eq!(app.database.count("classes").await, 0, "nothing half made");
        let (status, made) = paste("https://meet.jit.si/oak").await;
        assert_eq!(status, 201, "{made}");
        let path = format!("/api/v1/classes/{}/link", made["id"].as_str().unwrap());
        let student = app.organization("oakwood").await.student("omar").await;
        let other = app.organization("oakwood").await.instructor("dalia").await;
        for stranger in [&student, &other] {
            assert!([403, 404].contains(&stranger.get(&path).await.0));
            assert!([403, 404].contains(&stranger.put(&path, json!({"link": "https://evil.example/x"})).await.0));
        }
    }
);

story!(
    /// A wrong link is replaced while the class runs, and a session may have one of its own; people's own links stay.
    a_link_is_replaced_and_people_keep_theirs, |app| async {
        let Course { teacher, class, session } = course(app).await;
        app.pass(Duration::minutes(15));
        teacher.post(&format!("{session}/start"), json!({})).await;
        app.settle().await;
        let link = app.mailed_link(AYESHA);
        let browser = app.browser();
        assert_eq!(browser.press_join(&link).await.location(), address(SECRET));
        let (status, shown) = teacher.put(&format!("/api/v1/classes/{class}/link"), json!({"link": address("second")})).await;
        assert_eq!(status, 200, "{shown}");
        app.settle().await;
        assert_eq!(browser.press_join(&link).await.location(), address("second"));
        let (status, shown) = teacher.put(&format!("{session}/link"), json!({"link": address("third")})).await;
        assert_eq!((status, &shown["own"]), (200, &json!(true)), "{shown}");
        app.settle().await;
        assert_eq!(browser.press_join(&link).await.location(), address("third"));
        assert_eq!(teacher.delete(&format!("{session}/link")).await.0, 204);
        assert_eq!(teacher.delete(&format!("{session}/link")).await.0, 404);
        app.settle().await;
        assert_eq!(browser.press_join(&link).await.location(), address("second"));
        assert_eq!(app.audited("class.link_changed").await, 3);
        // By the page, with what is wrong beside the field.
        let staff = teacher.browser(app);
        let page = staff.get(&format!("/classes/{class}/platform")).await;
        assert!(page.html().contains("127.0.0.1") && !page.html().replace("&#x2f;", "/").contains("/second"), "{}", page.html());
        let refused = staff.submit(&page, &format!("/classes/{class}/link"), &[("link", "ftp://x")]).await;
        assert_eq!(refused.status(), 422, "{}", refused.html());
        let saved = staff.submit(&page, &format!("/classes/{class}/link"), &[("link", &address("fourth"))]).await;
        assert_eq!(saved.status(), 303, "{}", saved.html());
        app.settle().await;
        assert_eq!(browser.press_join(&link).await.location(), address("fourth"));
    }
);

#[tokio::test]
async fn an_operator_says_where_links_may_lead() {
    let engine = lectern_api::db::Engine::Sqlite;
    let app = TestApp::with(engine, |config| {
        config.platforms.link_hosts = Some(vec![".jit.si".to_owned()]);
    })
    .await;
    assert!(app.now() >= start_of_term());
    let teacher = app.organization("oakwood").await.instructor("farhan").await;
    let paste = async |link: &str| {
        teacher.post("/api/v1/classes", json!({"title": "Algebra", "provider": "link", "link": link})).await
    };
    let (status, problem) = paste("https://webex.example/oak").await;
    assert_eq!(status, 422);
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("only to: .jit.si"), "{problem}");
    assert_eq!(paste("https://meet.jit.si/oak").await.0, 201);
    app.finish().await;
}
