//! The timetable as people look at it, and in their own calendar programs.

use chrono::{DateTime, Duration, Utc};
use lectern_tests::{Independent, Lesson, Person, TestApp, story};
use serde_json::{Value, json};

const PROGRAM: &str = "calendar_files.py";

/// What an independent reader makes of calendar files; none where there is no such reader.
fn read(calendars: &[String]) -> Option<Vec<Value>> {
    let reader = Independent::find(PROGRAM, "import icalendar")?;
    let answer = reader.ask(&json!({"calendars": calendars}));
    Some(answer["calendars"].as_array().unwrap().clone())
}

async fn feed_of(person: &Person) -> String {
    let (status, feed) = person.get("/api/v1/calendar-feed").await;
    assert_eq!(status, 200, "{feed}");
    feed["url"].as_str().unwrap().to_owned()
}

async fn calendar(app: &TestApp, url: &str) -> (u16, String) {
    let answer = app.nobody().send("GET", url.strip_prefix(&app.base).unwrap(), None, &[]).await;
    (answer.status, answer.text)
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A student with a password and a seller's class in Dhaka.
async fn enrolled(app: &mut TestApp, seller: &Person) -> (Person, Lesson) {
    let lesson = Lesson::schedule_at(app, seller, "Watercolour", at("2026-11-26T15:00:00Z")).await;
    let buyer = app.organization("dreamcrowd").await.student("bela").await;
    lesson.enroll(app, seller, &buyer.email, "Bela Rahman").await;
    (buyer, lesson)
}

story!(
    /// A feed at a secret address holds a person's sessions, with their own join link, and follows what happens: the same UID as
    /// in the mail, a growing SEQUENCE, CANCELLED at last. An independent reader finds nothing broken in it.
    a_feed_follows_the_timetable, |app| async {
        let (_, seller, _) = app.evening().await;
        let (buyer, lesson) = enrolled(app, &seller).await;
        let url = feed_of(&buyer).await;
        assert_eq!(url, feed_of(&buyer).await, "the address stays");
        let mut seen = vec![calendar(app, &url).await.1];
        let path = format!("/api/v1/sessions/{}", lesson.session);
        app.pass(Duration::minutes(1));
        let (status, moved) =
            seller.patch(&path, json!({"starts_at": "2026-11-27T15:00:00Z", "title": "Rain, and; \\ wind"})).await;
        assert_eq!(status, 200, "{moved}");
        app.settle().await;
        seen.push(calendar(app, &url).await.1);
        assert_eq!(seller.send("DELETE", &path, Some(&json!({"reason": "ill"})), &[]).await.status, 204);
        seen.push(calendar(app, &url).await.1);
        app.settle().await;
        let link = app.mail.messages_to(&buyer.email)[0].text.clone();
        let link = link.split_whitespace().find(|word| word.contains("/join/class/")).unwrap().to_owned();
        let files: Vec<String> = app.mail.messages_to(&buyer.email).iter().map(|mail| mail.attachments[0].text.clone()).collect();
        for text in &seen {
            assert!(!text.contains(&app.zoom.base_url()), "nothing of the platform: {text}");
        }
        for text in seen.iter().chain(&files) {
            let products: Vec<&str> = text.lines().filter(|line| line.starts_with("PRODID")).collect();
            assert_eq!(products, ["PRODID:-//Lectern//Lectern//EN"]);
        }
        let Some(read_feeds) = read(&seen) else { return };
        let events: Vec<&Value> = read_feeds.iter().map(|one| &one["events"][0]).collect();
        assert!(read_feeds.iter().all(|one| one["events"].as_array().unwrap().len() == 1), "{read_feeds:?}");
        let column = |name: &str| events.iter().map(|event| event[name].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(column("SEQUENCE"), ["0", "1", "2"]);
        assert_eq!(column("STATUS"), ["CONFIRMED", "CONFIRMED", "CANCELLED"]);
        assert_eq!(column("DTSTART")[..2], ["2026-11-26T15:00:00+00:00", "2026-11-27T15:00:00+00:00"]);
        assert_eq!(column("SUMMARY")[1], "Rain, and; \\ wind");
        assert_eq!(events[0]["URL"], link.as_str(), "the person's own link");
        let mailed = read(&files).unwrap();
        let methods: Vec<&Value> = mailed.iter().map(|one| &one["properties"]["METHOD"]).collect();
        assert_eq!(methods, ["REQUEST", "REQUEST", "CANCEL"]);
        for (one, event) in mailed.iter().zip(&events) {
            for name in ["UID", "SEQUENCE", "DTSTART", "DTEND", "STATUS"] {
                assert_eq!(one["events"][0][name], event[name], "{name} is the same in mail and feed");
            }
        }
    }
);

story!(
    /// The address is a secret that can be made anew; the old one, a forged one and that of somebody who is disabled open
    /// nothing. Unchanged, a feed is not sent twice.
    a_feed_address_can_be_made_anew, |app| async {
        let (owner, seller, _) = app.evening().await;
        let (buyer, _) = enrolled(app, &seller).await;
        let old = feed_of(&buyer).await;
        let answer = app.nobody().send("GET", old.strip_prefix(&app.base).unwrap(), None, &[]).await;
        let tag = answer.header("etag").to_owned();
        assert_eq!(answer.header("cache-control"), "private, max-age=300");
        let again = app.nobody().send("GET", old.strip_prefix(&app.base).unwrap(), None, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""));
        let (status, new) = buyer.post("/api/v1/calendar-feed/rotate", json!({})).await;
        assert_eq!(status, 200, "{new}");
        let new = new["url"].as_str().unwrap().to_owned();
        assert_ne!(old, new);
        assert_eq!((calendar(app, &old).await.0, calendar(app, &new).await.0), (404, 200));
        assert_eq!(app.audited("calendar_feed.rotated").await, 1);
        for never in ["-5000-01-01", "%2B012026-01-01", "soon"] {
            for view in ["month", "week", "list"] {
                let page = buyer.browser(app).get(&format!("/calendar?view={view}&on={never}")).await;
                assert_eq!(page.status(), 200, "{view} {never}");
            }
        }
        let forged = new.replace(".ics", "A.ics");
        assert_eq!(calendar(app, &forged).await.0, 404);
        assert_eq!(calendar(app, new.trim_end_matches(".ics")).await.0, 404);
        // On the page the same is one button.
        let browser = buyer.browser(app);
        let page = browser.get("/calendar").await;
        let token = new.rsplit('/').next().unwrap();
        assert!(page.html().contains(token), "{}", page.html());
        let done = browser.submit(&page, "/calendar/rotate", &[]).await;
        assert_eq!(done.status(), 303);
        assert_eq!(calendar(app, &new).await.0, 404);
        let newest = feed_of(&buyer).await;
        let (status, _) = owner.patch(&format!("/api/v1/people/{}", buyer.id), json!({"active": false})).await;
        assert_eq!(status, 200);
        assert_eq!(calendar(app, &newest).await.0, 404);
    }
);

story!(
    /// Everybody's calendar shows what is theirs: a student what they are enrolled in, an instructor what they teach, an admin
    /// all of it; in their own zone, with the class's beside it where it is another. Days off stand on it.
    everybody_sees_their_own_calendar, |app| async {
        let (owner, seller, _) = app.evening().await;
        let (buyer, lesson) = enrolled(app, &seller).await;
        let other = app.organization("dreamcrowd").await.instructor("marek").await;
        let (status, _) = owner.put("/api/v1/organization/holidays/2026-11-30", json!({"name": "Founders day"})).await;
        assert_eq!(status, 200);
        let (status, me) = buyer.patch("/api/v1/me", json!({"time_zone": "Europe/London", "language": "en"})).await;
        assert_eq!((status, &me["time_zone"]), (200, &json!("Europe/London")), "{me}");
        let (status, problem) = buyer.patch("/api/v1/me", json!({"time_zone": "London"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("time_zone")));
        for view in ["month", "week", "list"] {
            let path = format!("/calendar?view={view}&on=2026-11-26");
            let page = buyer.browser(app).get(&path).await;
            let html = page.html();
            assert!(html.contains(&format!("/sessions/{}", lesson.session)), "{view}: {html}");
            // Three in London is nine in Dhaka.
            assert!(html.contains("15:00") && html.contains("21:00"), "{view}: {html}");
            assert!(html.contains("Founders day") || view == "week", "{view}: {html}");
            for person in [&seller, &owner] {
                let page = person.browser(app).get(&path).await;
                assert!(page.html().contains("21:00") && page.html().contains("Watercolour"), "{view}: {}", page.html());
            }
            let page = other.browser(app).get(&path).await;
            assert!(!page.html().contains(&lesson.session), "{view}: {}", page.html());
        }
        // No day makes it fail, and words that mean nothing are passed over.
        for query in ["on=0001-01-01", "on=262142-12-31", "on=tomorrow&view=year", "view=list&on=9999-12-31"] {
            let page = buyer.browser(app).get(&format!("/calendar?{query}")).await;
            assert!([200, 404].contains(&page.status()), "{query}: {}", page.status());
        }
    }
);

story!(
    /// A day of an organization with many sessions shows the first few and how many more; the list has them all, page by page.
    a_full_day_is_cut_short, |app| async {
        let (owner, seller, _) = app.evening().await;
        let class = seller.create("/api/v1/classes", json!({"title": "Swimming"})).await;
        let class = class["id"].as_str().unwrap();
        for hour in 0..7 {
            let body = json!({"starts_at": at("2026-12-01T04:00:00Z") + Duration::hours(hour), "duration_minutes": 30, "time_zone": "Asia/Dhaka"});
            seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        }
        app.settle().await;
        let browser = owner.browser(app);
        let month = browser.get("/calendar?on=2026-12-01").await;
        assert!(month.html().contains("3 more"), "{}", month.html());
        assert_eq!(month.html().matches("> Swimming").count(), 4);
        let list = browser.get("/calendar?view=list&on=2026-12-01").await;
        assert_eq!(list.html().matches(">Swimming</a>").count(), 7, "{}", list.html());
        let own = seller.browser(app).get("/calendar?on=2026-12-01").await;
        assert_eq!(own.html().matches("> Swimming").count(), 7, "an instructor sees the whole day");
    }
);

story!(
    /// A person chooses language and zone on a page of their own; what they choose is what pages and lists say from then on.
    a_person_chooses_language_and_zone, |app| async {
        let (_, seller, _) = app.evening().await;
        let browser = seller.browser(app);
        let page = browser.get("/me").await;
        let saved = browser.submit(&page, "/me", &[("language", "bn"), ("time_zone", "Europe/London")]).await;
        assert_eq!(saved.location(), "/me?notice=saved", "{}", saved.html());
        let page = browser.get("/me").await;
        assert!(page.html().contains("lang=\"bn\"") && page.html().contains("ক্যালেন্ডার"), "{}", page.html());
        let refused = browser.submit(&page, "/me", &[("language", "fr"), ("time_zone", "Mars")]).await;
        assert_eq!(refused.status(), 422);
        let page = browser.get("/me").await;
        browser.submit(&page, "/me", &[("language", ""), ("time_zone", "")]).await;
        let (_, me) = seller.get("/api/v1/me").await;
        assert_eq!((&me["language"], &me["time_zone"]), (&Value::Null, &Value::Null));
    }
);
