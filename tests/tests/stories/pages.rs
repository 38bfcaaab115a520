//! The pages of classes, sessions and the audit log, walked as people walk them.

use lectern_api::routes::PAGES;
use lectern_tests::{Browser, PASSWORD, Page, story};
use serde_json::json;

/// Where a form led, without its notice.
fn led_to(page: &Page) -> String {
    assert_eq!(page.status(), 303, "{}", page.html());
    page.location().split('?').next().unwrap_or_default().to_owned()
}

async fn fill(browser: &Browser, at: &str, action: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(at).await;
    assert_eq!(page.status(), 200, "{at}: {}", page.html());
    browser.submit(&page, action, fields).await
}

/// A class with one session at 09:00 UTC and one enrolled student.
async fn a_class(browser: &Browser, email: &str) -> (String, String) {
    let made = [("title", "Algebra"), ("provider", "zoom"), ("later", "on")];
    let class = led_to(&browser.schedule("/schedule", &made).await);
    let person = [("email", email), ("first_name", "Ayesha"), ("last_name", "Noor")];
    let added = fill(browser, &format!("{class}/roster"), &format!("{class}/enrollments"), &person).await;
    assert_eq!(led_to(&added), format!("{class}/roster"));
    let sessions = format!("{class}/sessions");
    let when = [
        ("date", "2026-11-23"),
        ("time", "15:00"),
        ("time_zone", "Asia/Dhaka"),
        ("duration_minutes", "45"),
        ("session_title", "Fractions"),
    ];
    let to = format!("/schedule?class={}", class.trim_start_matches("/classes/"));
    assert_eq!(led_to(&browser.schedule(&to, &when).await), sessions);
    let page = browser.get(&sessions).await;
    let (_, rest) = page.html().split_once("href=\"/sessions/").unwrap();
    (class, format!("/sessions/{}", rest.split('"').next().unwrap()))
}

story!(
    /// An instructor plans, starts and ends a class through the pages alone; what is wrong is said beside the form.
    a_class_is_run_through_the_pages, |app| async {
        let oakwood = app.organization("oakwood").await;
        let farhan = oakwood.instructor("farhan").await.browser(app);
        let (class, session) = a_class(&farhan, "ayesha@oakwood.example").await;
        let again = format!("/schedule?class={}", class.trim_start_matches("/classes/"));
        let past = [("date", "2020-01-01"), ("time", "09:00"), ("time_zone", "UTC"), ("duration_minutes", "45")];
        let refused = farhan.look(&again, &past).await;
        assert_eq!(refused.status(), 422);
        assert!(refused.html().contains("value=\"2020-01-01\""), "what was typed stays");
        let page = farhan.get(&session).await;
        assert!(page.html().contains("datetime=\"2026-11-23T09:00:00Z\"") || page.html().contains("15:00"), "{}", page.html());
        assert!(page.html().contains("Ayesha Noor"));
        assert_eq!(led_to(&farhan.submit(&page, &format!("{session}/start"), &[]).await), session);
        let page = farhan.get(&session).await;
        assert!(page.html().contains("note bad"), "nobody is connected, and the page says what to do: {}", page.html());
        let launched = farhan.submit(&page, &format!("{session}/launch"), &[]).await;
        assert_eq!(launched.status(), 409, "{}", launched.html());
        let list = farhan.get("/classes").await;
        assert!(list.html().contains("pill live"), "{}", list.html());
        let ended = fill(&farhan, &format!("{session}/end"), &format!("{session}/end"), &[]).await;
        assert_eq!(led_to(&ended), session);
        assert!(farhan.get("/classes?tab=previous").await.html().contains("Algebra"));
        assert!(!farhan.get("/classes").await.html().contains("Algebra"));
        let fragment = farhan.send(reqwest::Method::GET, &session, None, &[("X-Fragment", "1")]).await;
        assert!(!fragment.html().contains("<nav"), "{}", fragment.html());
        app.settle().await;
    }
);

story!(
    /// S-12 and S-14, on pages: a student sees their class without its roster; a stranger, another instructor and another
    /// organization find nothing.
    s12_s14_pages_show_each_what_is_theirs, |app| async {
        let oakwood = app.organization("oakwood").await;
        let farhan = oakwood.instructor("farhan").await.browser(app);
        let ayesha = oakwood.student("ayesha").await;
        let (class, session) = a_class(&farhan, &ayesha.email).await;
        let admin = oakwood.admin().await.browser(app);
        let (ayesha, zara) = (ayesha.browser(app), oakwood.student("zara").await.browser(app));
        let other = oakwood.instructor("dalia").await.browser(app);
        let elmfield = app.organization("elmfield").await;
        let stranger = elmfield.admin().await.browser(app);
        let paths = ["", "/roster", "/sessions", "/settings"].map(|tab| format!("{class}{tab}"));
        for path in paths.iter().chain([&session, &format!("{session}/end"), &format!("{session}/edit")]) {
            assert_eq!(farhan.get(path).await.status(), 200, "{path}");
            assert_eq!(admin.get(path).await.status(), 200, "{path}");
            assert_eq!(other.get(path).await.status(), 404, "{path}");
            assert_eq!(stranger.get(path).await.status(), 404, "{path}");
            assert!([403, 404].contains(&zara.get(path).await.status()), "{path}");
        }
        assert_eq!(ayesha.get(&paths[1]).await.status(), 403);
        for path in [&class, &session] {
            let page = ayesha.get(path).await;
            assert_eq!(page.status(), 200, "{path}");
            let html = page.html().replace("&#x2f;", "/");
            assert!(html.contains("href=\"/join/class/") && !html.contains("token="), "{path}: {html}");
            assert!(!page.html().contains("/enrollments/") && !page.html().contains("participant_joined"), "{path}");
            assert_eq!(page.html().contains("data-live-page"), path == &class, "{path}: a class's plan follows, who is in a session does not");
        }
        // A form of one person does nothing in another's hands.
        let page = farhan.get(&session).await;
        let start = format!("{session}/start");
        assert_eq!(other.submit(&page, &start, &[]).await.status(), 400);
        let own = other.get("/schedule").await;
        let token = own.forms()[0].1[0].1.clone();
        assert_eq!(other.post(&start, &[("csrf", &token)]).await.status(), 404);
        app.settle().await;
    }
);

story!(
    /// The session that a guest is invited to is chosen by its day and time, in the reader's words.
    a_guests_session_is_named_in_words, |app| async {
        let browser = app.organization("oakwood").await.instructor("farhan").await.browser(app);
        let (class, _) = a_class(&browser, "ayesha@oakwood.example").await;
        let page = browser.get(&format!("{class}/roster")).await;
        assert!(page.html().contains(">Fractions, Monday 23 November, 15:00 – 15:45, Dhaka time</option>"), "{}", page.html());
        let bengali = browser.get(&format!("{class}/roster?lang=bn")).await;
        let choices = bengali.html().split("id=\"g-session\"").nth(1).unwrap().split("</select>").next().unwrap();
        assert!(choices.contains("২৩ নভেম্বর") && !choices.contains("2026-11-23"), "{choices}");
        app.settle().await;
    }
);

story!(
    /// The log names who did what, is filtered by kind, person and day, and is an admin's to read.
    the_log_is_read_by_admins, |app| async {
        let oakwood = app.organization("oakwood").await;
        let person = oakwood.instructor("farhan").await;
        let farhan = person.browser(app);
        let (_, session) = a_class(&farhan, "ayesha@oakwood.example").await;
        let amina = oakwood.admin().await;
        let all = amina.all("/api/v1/audit?limit=2").await;
        let kinds: Vec<_> = all.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
        for kind in ["class.created", "enrollment.created", "session.scheduled"] {
            assert!(kinds.contains(&kind), "{kinds:?}");
        }
        let id = session.trim_start_matches("/sessions/");
        let about = amina.all(&format!("/api/v1/audit?kind=session&session_id={id}&person_id={}", person.id)).await;
        assert_eq!(about.len(), 1, "{about:?}");
        assert_eq!(about[0]["actor"]["name"], person.name.as_str());
        assert_eq!(person.get("/api/v1/audit").await.0, 403);
        assert_eq!(app.super_admin().await.get("/api/v1/audit").await.0, 200);
        let browser = amina.browser(app);
        let page = browser.get("/audit?kind=session.scheduled&person=FARHAN&from=2026-11-23&to=2026-11-23").await;
        assert!(page.html().contains("Fractions"), "{}", page.html());
        for nothing in ["person=nobody-here", "kind=join.refused", "to=2026-11-22", "from=2026-11-24"] {
            let page = browser.get(&format!("/audit?{nothing}")).await;
            assert!(page.status() == 200 && !page.html().contains("Fractions"), "{nothing}");
        }
        assert_eq!(farhan.get("/audit").await.status(), 403);
        app.settle().await;
    }
);

story!(
    /// Every page that is not for everybody leads a visitor to the sign-in, and takes no form from one.
    pages_ask_for_a_sign_in, |app| async {
        let open = ["/", "/sign-in", "/set-up", "/static/{*path}"];
        let visitor = app.browser();
        for (method, path) in PAGES {
            // The join has its own door, and so has a frame; the platform's answer to a connect proves itself by its state, a personal link by its MAC; looks are everybody's.
            if open.contains(path) || ["/join/", "/embed/", "/oauth/", "/book/", "/booking/", "/notices/off/", "/calendar/{", "/branding/{"].iter().any(|door| path.starts_with(door)) {
                continue;
            }
            let path = path.split('/').map(|part| if part.starts_with('{') { "018f0000-0000-7000-8000-000000000001" } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            let page = if *method == "get" { visitor.get(&path).await } else { visitor.post(&path, &[]).await };
            if *method == "get" {
                assert!(page.status() == 303 && page.location().starts_with("/sign-in?next="), "{path}: {}", page.status());
            } else {
                assert!([400, 401, 403, 404].contains(&page.status()), "{method} {path}: {}", page.status());
            }
        }
        let signed = app.organization("oakwood").await.owner().await;
        let page = visitor.sign_in("oakwood", &signed.email, PASSWORD).await;
        assert_eq!(led_to(&page), "/");
    }
);

story!(
    /// An address that was cut or mistyped names nothing: a page says so to people, a problem to programs.
    a_mistyped_id_is_not_found, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        for path in ["/api/v1/classes/abc", "/api/v1/sessions/-1/attendance", "/api/v1/people/%00"] {
            let answer = owner.send("GET", path, None, &[]).await;
            assert_eq!((answer.status, answer.header("content-type")), (404, "application/problem+json"), "{path}: {}", answer.text);
        }
        let browser = owner.browser(app);
        for path in ["/classes/abc", "/sessions/-1", "/platforms/zoom/test"] {
            let page = browser.get(path).await;
            assert!([404, 405].contains(&page.status()) && page.html().contains("<main"), "{path}: {}", page.html());
            assert!(!page.html().contains("The fault is ours") && !page.html().contains("For support"), "{path}: {}", page.html());
        }
    }
);

story!(
    /// What cannot be done is said in the reader's language, without words for programs.
    a_refusal_speaks_the_readers_language, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (farhan, ayesha) = (oakwood.instructor("farhan").await, oakwood.student("ayesha").await);
        let class = farhan.create("/api/v1/classes", json!({"title": "Fractions", "provider": "link", "link": "https://meet.example/room"})).await["id"].as_str().unwrap().to_owned();
        let place = farhan.create(&format!("/api/v1/classes/{class}/enrollments"), json!({"user_id": ayesha.id})).await;
        let browser = farhan.browser(app);
        let roster = browser.get(&format!("/classes/{class}/roster?lang=bn")).await;
        let send = format!("/classes/{class}/enrollments/{}/send", place["id"].as_str().unwrap());
        let refused = browser.submit(&roster, &send, &[]).await;
        assert_eq!(refused.status(), 409);
        assert!(refused.html().contains("এই ক্লাসের সামনে কোনো সেশন নেই") && !refused.html().contains("Schedule a session"), "{}", refused.html());
        let unread = browser.get("/schedule?class=zzz&lang=bn").await;
        assert!(!unread.html().contains("Copy the id") && !unread.html().contains("send the request again"), "{}", unread.html());
        let english = browser.get("/schedule?class=zzz&lang=en").await;
        assert!(!english.html().contains("send the request again"), "{}", english.html());
    }
);

story!(
    /// An admin starts and ends a class of somebody else's: its page says who did it, not who teaches.
    a_class_says_who_ended_it, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let admin = app.organization("oakwood").await.admin().await;
        let session = format!("/api/v1/sessions/{}", lesson.session);
        assert_eq!(lesson.teacher.post(&format!("{session}/start"), json!({})).await.0, 200);
        assert_eq!(admin.post(&format!("{session}/end"), json!({})).await.0, 200);
        let (_, me) = admin.get("/api/v1/me").await;
        let page = lesson.teacher.browser(app).get(&format!("/sessions/{}", lesson.session)).await;
        let ended = format!("<b>{}</b> ended the class", me["name"].as_str().unwrap());
        assert!(page.html().contains(&ended) && page.html().contains("</b> started the class, instructor"), "{ended}: {}", page.html());
    }
);
