//! S-10: the platform's addresses and our own tokens are where they belong, and nowhere else.

use std::collections::BTreeSet;

use chrono::Duration;
use lectern_tests::{Lesson, Person, Receiver, TestApp, log_so_far, story};
use serde_json::{Value, json};

use super::secure_links::{BUYER, token_of};

/// Everything a reader can reach: pages and lists, as every kind of person.
async fn walk(
    app: &TestApp,
    paths: &BTreeSet<String>,
    people: &[(&str, Option<&str>)],
) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    for (who, bearer) in people {
        let client = app.nobody().with_bearer(*bearer);
        let browser = app.browser();
        if let Some(bearer) = bearer {
            browser.set_cookie("lectern", bearer);
        }
        for path in paths {
            let answer = client.send("GET", path, None, &[]).await;
            let headers: String =
                answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect();
            seen.push((format!("{who} GET {path}"), format!("{headers}\n{}", answer.text)));
            let page = browser.get(path).await;
            seen.push((format!("{who} opens {path}"), format!("{}\n{}", page.location(), page.html())));
        }
    }
    seen
}

/// Addresses that hold an id or a token of their own: a booking, a booking page, a calendar, a cohort, a webhook endpoint.
async fn own_addresses(
    app: &TestApp,
    owner: &Person,
    seller: &Person,
    student: &Person,
    lesson: &Lesson,
) -> Vec<String> {
    let (status, offer) =
        seller.put(&format!("/api/v1/classes/{}/offer", lesson.class), json!({"price": 0})).await;
    assert_eq!(status, 200, "{offer}");
    let fields = [("email", "salma@home.example"), ("first_name", "Salma"), ("time_zone", "Europe/London")];
    let booked = app.browser().post(&format!("/book/{}", lesson.class), &fields).await;
    assert!(booked.location().starts_with("/booking/"), "{}", booked.html());
    app.settle().await;
    let (_, feed) = student.get("/api/v1/calendar-feed").await;
    let cohort = owner.create("/api/v1/cohorts", json!({"name": "Evening"})).await;
    let page = json!({"title": "Office hours", "duration_minutes": 30, "weekly": [{"weekday": "MO", "from": "18:00", "to": "21:00"}]});
    let page = seller.create("/api/v1/booking-pages", page).await;
    let hooks = owner.all("/api/v1/webhook-endpoints").await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    vec![
        booked.location().to_owned(),
        feed["url"].as_str().unwrap().strip_prefix(&app.base).unwrap().to_owned(),
        format!("/book/with/{}", id(&page)),
        format!("/booking-pages/{}", id(&page)),
        format!("/api/v1/booking-pages/{}", id(&page)),
        format!("/api/v1/booking-pages/{}/slots", id(&page)),
        format!("/cohorts/{}", id(&cohort)),
        format!("/api/v1/cohorts/{}", id(&cohort)),
        format!("/webhooks/{}", id(&hooks[0])),
        format!("/api/v1/webhook-endpoints/{}/deliveries", id(&hooks[0])),
    ]
}

story!(
    /// S-10: after a whole evening, the platform's addresses are in no page, list, mail, metric, event or log line, and our own
    /// tokens only where they are meant to be.
    s10_nothing_leaks, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let receiver = Receiver::start().await;
        let hook = owner.create("/api/v1/webhook-endpoints", json!({"url": receiver.url(), "events": []})).await;
        app.secret(hook["secret"].as_str().unwrap());
        let student = app.organization("dreamcrowd").await.student("rafi").await;
        seller.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), json!({"user_id": student.id})).await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        seller.create(&format!("/api/v1/classes/{}/guests", lesson.class), json!({"email": "rokeya@guest.example", "first_name": "Rokeya"})).await;
        app.settle().await;
        let links = [app.mailed_link(BUYER), app.mailed_link("rokeya@guest.example"), app.mailed_link(&student.email)];
        seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await;
        let (_, launch) = seller.post(&format!("/api/v1/sessions/{}/launch", lesson.session), json!({})).await;
        let meeting = app.zoom_meeting(&lesson.session).await;
        app.zoom.host_joins(meeting).unwrap();
        let browsers: Vec<_> = links.iter().map(|_| app.browser()).collect();
        let mut canaries: BTreeSet<String> = BTreeSet::new();
        let mut pages = Vec::new();
        for (browser, link) in browsers.iter().zip(&links) {
            let joined = browser.press_join(link).await;
            assert_eq!(joined.status(), 303);
            let visit = app.zoom.joins(joined.location()).unwrap();
            app.zoom.admit(visit).unwrap();
            canaries.insert(joined.location().to_owned());
            let tk = joined.location().split_once("tk=").expect("a registrant's address").1;
            canaries.insert(tk.split('&').next().unwrap().to_owned());
            pages.push(("the page behind".to_owned(), browser.get(link).await.html().to_owned()));
            let other = app.browser().press_join(link).await;
            pages.push(("another browser".to_owned(), other.html().to_owned()));
        }
        let start = launch["location"].as_str().unwrap();
        canaries.insert(start.to_owned());
        canaries.insert(start.split_once("zak=").map_or(start, |(_, zak)| zak).to_owned());
        for (_, _, url) in app.zoom.registrants(meeting) {
            canaries.insert(url);
        }
        canaries.insert(format!("{}/w/", app.zoom.base_url()));
        canaries.insert(format!("{}/j/", app.zoom.base_url()));
        app.settle().await;
        let mut paths: BTreeSet<String> = lectern_api::routes::PAGES.iter().filter(|(method, _)| *method == "get").map(|(_, path)| (*path).to_owned()).collect();
        let (_, document) = app.nobody().get("/api/openapi.json").await;
        assert!(document["paths"].is_object(), "{document}");
        let documented = document["paths"].as_object().unwrap().iter();
        paths.extend(documented.filter(|(_, methods)| methods["get"].is_object()).map(|(path, _)| path.clone()));
        paths.extend(["/metrics", "/readyz", "/healthz", "/api/openapi.json", "/api/v1/live?since=0"].map(str::to_owned));
        let (_, roster) = seller.get(&format!("/api/v1/classes/{}/enrollments", lesson.class)).await;
        assert_eq!(roster["items"].as_array().unwrap().len(), 2);
        let paths: BTreeSet<String> = paths
            .iter()
            .flat_map(|path| [&lesson.class, &lesson.session].map(|id| path.replace("{id}", id).replace("{class}", &lesson.class).replace("{provider}", "zoom")))
            .filter(|path| !path.contains('{'))
            .collect();
        let mut paths: BTreeSet<String> = paths;
        assert!(paths.len() > 25, "{paths:?}");
        paths.extend(own_addresses(app, &owner, &seller, &student, &lesson).await);
        let people = [("owner", owner.bearer()), ("seller", seller.bearer()), ("student", student.bearer()), ("nobody", None)];
        pages.extend(walk(app, &paths, &people).await);
        seller.post(&format!("/api/v1/sessions/{}/end", lesson.session), json!({})).await;
        app.zoom.end_for_all(meeting);
        app.pass(Duration::hours(2));
        app.settle().await;
        // Another session, of which everybody is reminded.
        let next = app.now() + Duration::minutes(40);
        lesson.another(app, &seller, next).await;
        app.pass(Duration::minutes(10));
        app.tick("tick.reminders").await;
        assert!(app.mail.messages_to(BUYER).iter().any(|mail| mail.text.contains("coming up")));
        pages.extend(walk(app, &paths, &people).await);
        let told = receiver.everything();
        assert!(told.len() > 5, "{}", told.len());
        pages.extend(told.iter().map(|one| (format!("webhook {}", one.kind()), String::from_utf8_lossy(&one.body).into_owned())));
        pages.extend(app.mail.messages().into_iter().map(|mail| (format!("mail {}", mail.subject), format!("{}\n{}\n{}\n{:?}", mail.raw, mail.text, mail.html, mail.attachments))));
        pages.push(("database".to_owned(), app.database.dump().await));
        for (place, text) in &pages {
            for canary in &canaries {
                assert!(!text.contains(canary.as_str()) && !text.contains(&canary.replace('&', "&amp;")), "{place} holds {canary}");
            }
        }
        let tokens: Vec<String> = links.iter().map(|link| token_of(link)).collect();
        let log = log_so_far();
        for canary in canaries.iter().chain(&tokens).filter(|canary| !canary.starts_with(&app.zoom.base_url())) {
            assert!(!log.contains(canary.as_str()), "the log holds {canary}");
            app.secret(canary);
        }
        for url in canaries.iter().filter(|canary| canary.contains("tk=")) {
            assert!(!log.contains(url.as_str()), "the log holds {url}");
        }
        // Our tokens: for the person, and for those who teach the class; nowhere else.
        for (place, text) in pages.iter().filter(|(place, _)| place.starts_with("nobody") || *place == "database" || place.contains("metrics")) {
            assert!(tokens.iter().all(|token| !text.contains(token)), "{place} holds a join token");
        }
        for (place, text) in pages.iter().filter(|(place, _)| place.starts_with("student")) {
            assert!(tokens[..2].iter().all(|token| !text.contains(token)), "{place} holds somebody else's join token");
        }
    }
);
