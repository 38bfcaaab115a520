//! Classes that take place again and again: written out, looked at before, moved, called off, kept right.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use futures::future::join_all;
use lectern_tests::{Law, Lesson, Person, story};
use serde_json::{Value, json};

/// Somebody on the roster.
const BUYER: &str = "buyer@home.example";

async fn a_class(seller: &Person, title: &str) -> String {
    seller.create("/api/v1/classes", json!({"title": title})).await["id"].as_str().unwrap().to_owned()
}

/// At nine in Dhaka from Monday, 30 November 2026: in a week.
fn at_nine(rule: &str) -> Value {
    json!({"starts_at": "2026-11-30T03:00:00Z", "duration_minutes": 60, "time_zone": "Asia/Dhaka", "recurrence": rule})
}

async fn series(seller: &Person, class: &str, rule: &str) -> Vec<Value> {
    let made = seller.create(&format!("/api/v1/classes/{class}/sessions"), at_nine(rule)).await;
    made["items"].as_array().unwrap().clone()
}

fn id(session: &Value) -> &str {
    session["id"].as_str().unwrap()
}

fn instant(session: &Value) -> DateTime<Utc> {
    session["starts_at"].as_str().unwrap().parse().unwrap()
}

/// The class's sessions as people see them: "Mon 30 Nov 03:00", those called off with a cross.
async fn timetable(seller: &Person, class: &str) -> Vec<String> {
    let all = seller.all("/api/v1/sessions?from=2026-11-23T00:00:00Z&to=2031-01-01T00:00:00Z").await;
    all.iter()
        .filter(|session| session["class_id"] == class)
        .map(|session| {
            let off = if session["state"] == "cancelled" { " ×" } else { "" };
            format!("{}{off}", instant(session).format("%a %-d %b %H:%M"))
        })
        .collect()
}

async fn refused(seller: &Person, class: &str, body: Value) -> (u16, Value) {
    seller.post(&format!("/api/v1/classes/{class}/sessions"), body).await
}

async fn change(seller: &Person, session: &Value, body: Value) -> Value {
    let (status, changed) = seller.patch(&format!("/api/v1/sessions/{}", id(session)), body).await;
    assert_eq!(status, 200, "{changed}");
    changed
}

async fn cancel(seller: &Person, session: &Value, body: Value) -> u16 {
    seller.send("DELETE", &format!("/api/v1/sessions/{}", id(session)), Some(&body), &[]).await.status
}

story!(
    /// A rule becomes sessions of one series; who is on the roster gets one mail, whose link is good for all of them; the platform's
    /// meetings are made two weeks ahead.
    a_rule_becomes_sessions, |app| async {
        let (owner, seller, _) = app.evening().await;
        let (status, saved) =
            owner.patch("/api/v1/organization/settings", json!({"policies": {"meeting_created": "scheduled"}})).await;
        assert_eq!(status, 200, "{saved}");
        let class = a_class(&seller, "Algebra").await;
        let lesson = Lesson { class: class.clone(), session: String::new() };
        lesson.enroll(app, &seller, BUYER, "Buyer").await;
        let mails = app.mail.messages_to(BUYER).len();
        let items = series(&seller, &class, "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6").await;
        app.settle().await;
        assert_eq!(
            timetable(&seller, &class).await,
            ["Mon 30 Nov 03:00", "Wed 2 Dec 03:00", "Mon 7 Dec 03:00", "Wed 9 Dec 03:00", "Mon 14 Dec 03:00", "Wed 16 Dec 03:00"]
        );
        assert!(items.iter().all(|item| item["series_id"] == items[0]["series_id"] && item["title"] == "Algebra"));
        assert!(items[0]["series_id"].is_string(), "{}", items[0]);
        assert_eq!(app.mail.messages_to(BUYER).len(), mails + 1, "one mail for the whole series");
        let ready = async || {
            let all = seller.all("/api/v1/sessions?from=2026-11-23T00:00:00Z&to=2027-01-01T00:00:00Z").await;
            all.iter().filter(|one| one["class_id"] == class.as_str() && one["meeting"]["state"] == "ready").count()
        };
        // Until 7 December, two weeks from now: the third is at nine on that day.
        assert_eq!(ready().await, 3);
        app.pass(Duration::days(3));
        app.tick("tick.prepare_sessions").await;
        app.settle().await;
        assert_eq!(ready().await, 4);
        assert_eq!(app.audited("series.scheduled").await, 1);
        assert_eq!(app.mail.messages_to(BUYER).len(), mails + 1);
    }
);

story!(
    /// What is not in the accepted grammar is 422 and says what is; so is a rule that leaves nothing, or too much.
    other_rules_are_refused, |app| async {
        let (_, seller, _) = app.evening().await;
        let class = a_class(&seller, "Algebra").await;
        for (rule, told) in [
            ("FREQ=YEARLY", "FREQ must be DAILY, WEEKLY or MONTHLY."),
            ("FREQ=WEEKLY;BYSETPOS=1", "is not understood."),
            ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "not by both"),
            ("FREQ=DAILY;UNTIL=20261101", "No session to come"),
            ("FREQ=DAILY;UNTIL=20301231", "At most 1000 sessions"),
            ("FREQ=MONTHLY;INTERVAL=12;COUNT=20", "At most five years ahead"),
            ("FREQ=DAILY\nEXDATE;TZID=Europe/London:20261201T090000", "is in the zone EUROPE/LONDON"),
        ] {
            let (status, problem) = refused(&seller, &class, at_nine(rule)).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("recurrence")), "{rule}: {problem}");
            assert!(problem["errors"][0]["message"].as_str().unwrap().contains(told), "{rule}: {problem}");
        }
        let mut body = at_nine("FREQ=DAILY;COUNT=2");
        body["external_id"] = json!("lesson-1");
        let (status, problem) = refused(&seller, &class, body).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("external_id")), "{problem}");
        assert!(timetable(&seller, &class).await.is_empty());
    }
);

story!(
    /// A rule without end: sixty at once, then as far as half a year ahead; the rest comes as time passes, and nobody gets a mail.
    an_endless_series_is_written_out_ahead, |app| async {
        let (_, seller, _) = app.evening().await;
        let class = a_class(&seller, "Algebra").await;
        assert_eq!(series(&seller, &class, "FREQ=WEEKLY").await.len(), 60);
        let daily = a_class(&seller, "Morning tea").await;
        let mut body = at_nine("FREQ=DAILY");
        body["starts_at"] = json!("2026-11-24T06:00:00Z");
        let made = seller.create(&format!("/api/v1/classes/{daily}/sessions"), body).await;
        assert_eq!(made["items"].as_array().unwrap().len(), 26 * 7);
        app.settle().await;
        app.pass(Duration::days(7));
        app.tick("tick.series").await;
        app.settle().await;
        assert_eq!(timetable(&seller, &daily).await.len(), 27 * 7);
        assert_eq!(timetable(&seller, &class).await.len(), 60);
        // An archived class takes place no more.
        assert_eq!(seller.send("DELETE", &format!("/api/v1/classes/{daily}"), None, &[]).await.status, 204);
        app.settle().await;
        app.pass(Duration::days(6));
        app.tick("tick.series").await;
        app.settle().await;
        let left = timetable(&seller, &daily).await;
        assert_eq!((left.len(), left.iter().filter(|line| line.ends_with('×')).count()), (27 * 7, 27 * 7 - 7));
    }
);

story!(
    /// Before anything is saved: every occurrence on both clocks, days off, clashes, and where the hour shifts.
    a_preview_shows_what_would_come, |app| async {
        let (owner, seller, _) = app.evening().await;
        let class = a_class(&seller, "Algebra").await;
        let other = a_class(&seller, "Geometry").await;
        let lesson = json!({"starts_at": "2027-03-23T20:30:00Z", "duration_minutes": 45, "title": "Circles"});
        let clash = seller.create(&format!("/api/v1/classes/{other}/sessions"), lesson).await;
        assert_eq!(owner.put("/api/v1/organization/holidays/2027-04-06", json!({"name": "Spring break"})).await.0, 200);
        app.settle().await;
        let before = app.database.count("sessions").await;
        let asked = json!({
            "starts_at": "2027-03-16T20:00:00Z", "duration_minutes": 60, "time_zone": "Europe/London",
            "viewer_time_zone": "Asia/Dhaka", "recurrence": "FREQ=WEEKLY;BYDAY=TU;COUNT=4",
        });
        let (status, preview) = seller.post(&format!("/api/v1/classes/{class}/sessions/preview"), asked).await;
        assert_eq!(status, 200, "{preview}");
        assert_eq!(preview["words"], "Every week on Tuesday, 4 times");
        let all = preview["occurrences"].as_array().unwrap();
        let of = |name: &str| all.iter().map(|one| one[name].clone()).collect::<Vec<_>>();
        assert_eq!(
            of("local_starts_at"),
            ["2027-03-16T20:00:00", "2027-03-23T20:00:00", "2027-03-30T20:00:00", "2027-04-06T20:00:00"]
        );
        assert_eq!(
            of("viewer_starts_at"),
            ["2027-03-17T02:00:00", "2027-03-24T02:00:00", "2027-03-31T01:00:00", "2027-04-07T01:00:00"]
        );
        assert_eq!(of("shift_minutes"), [Value::Null, Value::Null, json!(60), Value::Null]);
        assert_eq!(of("viewer_shift_minutes"), [Value::Null, Value::Null, json!(-60), Value::Null]);
        assert_eq!(of("holiday"), [Value::Null, Value::Null, Value::Null, json!("Spring break")]);
        assert_eq!(all[1]["clashes"][0]["id"], clash["items"][0]["id"], "{preview}");
        assert_eq!(all.iter().filter(|one| one["clashes"] != json!([])).count(), 1);
        assert_eq!(app.database.count("sessions").await, before, "nothing was saved");
        // The same for a night that the clocks skip.
        let asked = json!({
            "starts_at": "2027-03-13T07:30:00Z", "duration_minutes": 60, "time_zone": "America/New_York",
            "recurrence": "FREQ=DAILY;COUNT=2",
        });
        let (_, preview) = seller.post(&format!("/api/v1/classes/{class}/sessions/preview"), asked).await;
        assert_eq!(preview["occurrences"][1]["skipped_minutes"], 60, "{preview}");
        assert_eq!(preview["occurrences"][1]["local_starts_at"], "2027-03-14T03:30:00");
    }
);

story!(
    /// Zoom lets a host hold one meeting at a time: a series that would meet another is refused as a whole, also of two that are
    /// scheduled in the same moment; whoever knows better says so.
    a_host_is_in_one_meeting_at_a_time, |app| async {
        let (_, seller, _) = app.evening().await;
        let (class, other) = (a_class(&seller, "Algebra").await, a_class(&seller, "Geometry").await);
        let (first, second) = {
            let post = |class: String| {
                let seller = seller.clone();
                async move { refused(&seller, &class, at_nine("FREQ=DAILY;COUNT=5")).await }
            };
            let mut both = join_all([post(class.clone()), post(other.clone())]).await;
            both.sort_by_key(|(status, _)| *status);
            let second = both.pop().unwrap();
            (both.pop().unwrap(), second)
        };
        assert_eq!((first.0, second.0), (201, 409), "{} {}", first.1, second.1);
        assert_eq!(second.1["code"], "host_busy", "{}", second.1);
        assert!(second.1["detail"].as_str().unwrap().contains("5 of 5 sessions would meet another"), "{}", second.1);
        let lines = timetable(&seller, &class).await.len() + timetable(&seller, &other).await.len();
        assert_eq!(lines, 5, "nothing of the refused one was kept");
        // The next hour is free, and so is the same hour for a class in the room.
        let mut later = at_nine("FREQ=DAILY;COUNT=5");
        later["starts_at"] = json!("2026-11-30T04:00:00Z");
        assert_eq!(refused(&seller, &other, later).await.0, 201);
        let mut room = at_nine("FREQ=DAILY;COUNT=5");
        room["delivery"] = json!("in_person");
        assert_eq!(refused(&seller, &other, room).await.0, 201);
        let mut allowed = at_nine("FREQ=DAILY;COUNT=5");
        allowed["clashes"] = json!("allow");
        assert_eq!(refused(&seller, &other, allowed).await.0, 201);
        // One session is refused only where that is asked for; moving a series onto another is.
        let one = json!({"starts_at": "2026-11-30T03:30:00Z", "duration_minutes": 60, "clashes": "refuse"});
        assert_eq!(refused(&seller, &other, one).await.1["code"], "host_busy");
        let free = seller.create(
            &format!("/api/v1/classes/{class}/sessions"),
            json!({"starts_at": "2026-12-07T08:00:00Z", "duration_minutes": 60, "time_zone": "Asia/Dhaka", "recurrence": "FREQ=DAILY;COUNT=2"}),
        ).await;
        let onto = json!({"starts_at": "2026-12-04T03:00:00Z", "scope": "all"});
        let (status, problem) = seller.patch(&format!("/api/v1/sessions/{}", id(&free["items"][0])), onto).await;
        assert_eq!((status, &problem["code"]), (409, &json!("host_busy")), "{problem}");
        app.settle().await;
    }
);

story!(
    /// One is moved, one called off with a reason; the rest is moved later, and these two stay as somebody left them.
    this_one_then_all, |app| async {
        let (_, seller, _) = app.evening().await;
        let class = a_class(&seller, "Algebra").await;
        let lesson = Lesson { class: class.clone(), session: String::new() };
        lesson.enroll(app, &seller, BUYER, "Buyer").await;
        let items = series(&seller, &class, "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6").await;
        change(&seller, &items[1], json!({"starts_at": "2026-12-03T09:00:00Z"})).await;
        assert_eq!(cancel(&seller, &items[2], json!({"reason": "The teacher is ill."})).await, 204);
        app.settle().await;
        let mails = app.mail.messages_to(BUYER).len();
        let moved = change(&seller, &items[0], json!({"starts_at": "2026-11-30T04:30:00Z", "duration_minutes": 90, "scope": "all"})).await;
        assert_eq!((&moved["starts_at"], &moved["duration_minutes"]), (&json!("2026-11-30T04:30:00Z"), &json!(90)));
        app.settle().await;
        assert_eq!(
            timetable(&seller, &class).await,
            ["Mon 30 Nov 04:30", "Thu 3 Dec 09:00", "Mon 7 Dec 03:00 ×", "Wed 9 Dec 04:30", "Mon 14 Dec 04:30", "Wed 16 Dec 04:30"]
        );
        assert_eq!(app.mail.messages_to(BUYER).len(), mails + 4, "each that moved is told");
        // Hours later nothing has crept back.
        app.tick("tick.series").await;
        app.settle().await;
        assert_eq!(timetable(&seller, &class).await[2], "Mon 7 Dec 03:00 ×");
        assert_eq!(timetable(&seller, &class).await.len(), 6);
        // One session has no rule; a session of its own has no series.
        let (status, problem) =
            seller.patch(&format!("/api/v1/sessions/{}", id(&items[0])), json!({"recurrence": "FREQ=DAILY"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("recurrence")), "{problem}");
        let single = lesson.another(app, &seller, "2027-01-04T03:00:00Z".parse().unwrap()).await;
        let (status, problem) =
            seller.patch(&format!("/api/v1/sessions/{single}"), json!({"duration_minutes": 30, "scope": "all"})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("not_in_series")), "{problem}");
    }
);

story!(
    /// The Wednesday lesson becomes the Thursday lesson from one on: what lies before stays, the sessions keep their ids, and the rest
    /// is a series of its own, which can be called off from one on.
    this_and_following, |app| async {
        let (_, seller, _) = app.evening().await;
        let class = a_class(&seller, "Algebra").await;
        let items = series(&seller, &class, "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6").await;
        let moved = change(&seller, &items[3], json!({"starts_at": "2026-12-10T05:00:00Z", "title": "Algebra II", "scope": "following"})).await;
        assert_ne!(moved["series_id"], items[3]["series_id"]);
        assert_eq!((&moved["id"], &moved["title"]), (&items[3]["id"], &json!("Algebra II")));
        assert_eq!(
            timetable(&seller, &class).await,
            ["Mon 30 Nov 03:00", "Wed 2 Dec 03:00", "Mon 7 Dec 03:00", "Thu 10 Dec 05:00", "Mon 14 Dec 05:00", "Thu 17 Dec 05:00"]
        );
        let (_, last) = seller.get(&format!("/api/v1/sessions/{}", id(&items[5]))).await;
        assert_eq!((&last["series_id"], &last["title"]), (&moved["series_id"], &json!("Algebra II")));
        let (_, first) = seller.get(&format!("/api/v1/sessions/{}", id(&items[0]))).await;
        assert_eq!((&first["series_id"], &first["title"]), (&items[0]["series_id"], &json!("Algebra")));
        // A day that says nothing about the rule needs one; and then the days it keeps keep their sessions.
        let onto = json!({"starts_at": "2026-12-14T05:00:00Z", "scope": "all"});
        let (status, problem) = seller.patch(&format!("/api/v1/sessions/{}", id(&items[5])), onto).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("recurrence")), "{problem}");
        change(&seller, &items[4], json!({"recurrence": "FREQ=WEEKLY;BYDAY=MO;COUNT=2", "scope": "following"})).await;
        app.settle().await;
        assert_eq!(
            timetable(&seller, &class).await[3..],
            ["Thu 10 Dec 05:00", "Mon 14 Dec 05:00", "Thu 17 Dec 05:00 ×", "Mon 21 Dec 05:00"]
        );
        assert_eq!(cancel(&seller, &items[4], json!({"scope": "following", "reason": "The course ends early."})).await, 204);
        app.settle().await;
        app.tick("tick.series").await;
        app.settle().await;
        assert_eq!(
            timetable(&seller, &class).await[3..],
            ["Thu 10 Dec 05:00", "Mon 14 Dec 05:00 ×", "Thu 17 Dec 05:00 ×", "Mon 21 Dec 05:00 ×"]
        );
        assert_eq!(cancel(&seller, &items[1], json!({"scope": "all"})).await, 204);
        app.settle().await;
        let lines = timetable(&seller, &class).await;
        assert_eq!(lines.iter().filter(|line| !line.ends_with('×')).collect::<Vec<_>>(), ["Thu 10 Dec 05:00"]);
        let (status, problem) = seller.patch(&format!("/api/v1/sessions/{}", id(&items[3])), json!({"scope": "some"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("scope")), "{problem}");
    }
);

story!(
    /// A day off calls off what a series has on it, with its name; taken back, class is held again. A session of its own is nobody's
    /// rule and stays.
    days_off_are_kept, |app| async {
        let (owner, seller, _) = app.evening().await;
        let class = a_class(&seller, "Algebra").await;
        let lesson = Lesson { class: class.clone(), session: String::new() };
        lesson.enroll(app, &seller, BUYER, "Buyer").await;
        for never in ["-0001-01-01", "9999-12-31", "1999-12-31"] {
            let (status, problem) = owner.put(&format!("/api/v1/organization/holidays/{never}"), json!({"name": "Never"})).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("day")), "{problem}");
        }
        assert_eq!(owner.put("/api/v1/organization/holidays/2026-12-16", json!({"name": "Victory Day"})).await.0, 200);
        series(&seller, &class, "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6").await;
        lesson.another(app, &seller, "2026-12-14T09:00:00Z".parse().unwrap()).await;
        assert_eq!(timetable(&seller, &class).await.len(), 6, "five, and the one of its own");
        assert_eq!(owner.put("/api/v1/organization/holidays/2026-12-14", json!({"name": "Sports day"})).await.0, 200);
        app.settle().await;
        assert_eq!(timetable(&seller, &class).await[4..], ["Mon 14 Dec 03:00 ×", "Mon 14 Dec 09:00"]);
        let mail = app.mail.messages_to(BUYER).pop().unwrap();
        assert!(mail.text.contains("Sports day"), "{}", mail.text);
        let (_, days) = seller.get("/api/v1/organization/holidays").await;
        assert_eq!(
            days["items"],
            json!([{"day": "2026-12-14", "name": "Sports day"}, {"day": "2026-12-16", "name": "Victory Day"}])
        );
        assert_eq!(owner.delete("/api/v1/organization/holidays/2026-12-14").await.0, 204);
        assert_eq!(owner.delete("/api/v1/organization/holidays/2026-12-16").await.0, 204);
        app.settle().await;
        assert_eq!(
            timetable(&seller, &class).await[3..],
            ["Wed 9 Dec 03:00", "Mon 14 Dec 03:00 ×", "Mon 14 Dec 03:00", "Mon 14 Dec 09:00", "Wed 16 Dec 03:00"]
        );
        assert_eq!(owner.put("/api/v1/organization/holidays/tomorrow", json!({"name": "x"})).await.0, 422);
    }
);

story!(
    /// a zone's clocks are set by law: what is to come keeps its time on the clock, its people are told, and what is held or of
    /// another zone is not touched.
    r09_a_law_sets_the_clocks, |app| async {
        let (_, seller, _) = app.evening().await;
        let class = a_class(&seller, "Algebra").await;
        let lesson = Lesson { class: class.clone(), session: String::new() };
        lesson.enroll(app, &seller, BUYER, "Buyer").await;
        let items = series(&seller, &class, "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4").await;
        change(&seller, &items[2], json!({"starts_at": "2026-12-08T10:00:00Z"})).await;
        let single = lesson.another(app, &seller, "2026-12-05T06:00:00Z".parse().unwrap()).await;
        let body = json!({"starts_at": "2026-12-05T12:00:00Z", "duration_minutes": 45, "time_zone": "Europe/London"});
        seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        app.settle().await;
        let mails = app.mail.messages_to(BUYER).len();
        // Bangladesh brings back summer time, from 4 December on.
        let from = "2026-12-03T18:00:00Z".parse().unwrap();
        app.laws.make(Law { zone: Tz::Asia__Dhaka, from, more: Duration::hours(1) });
        app.tick("tick.series").await;
        app.settle().await;
        assert_eq!(
            timetable(&seller, &class).await,
            ["Mon 30 Nov 03:00", "Wed 2 Dec 03:00", "Sat 5 Dec 05:00", "Sat 5 Dec 12:00", "Tue 8 Dec 09:00", "Wed 9 Dec 02:00"]
        );
        let told = app.mail.messages_to(BUYER);
        assert_eq!(told.len(), mails + 3, "those that moved, once");
        let (_, session) = seller.get(&format!("/api/v1/sessions/{single}")).await;
        assert_eq!(session["duration_minutes"], 45);
        app.tick("tick.series").await;
        app.settle().await;
        assert_eq!(app.mail.messages_to(BUYER).len(), mails + 3);
    }
);
