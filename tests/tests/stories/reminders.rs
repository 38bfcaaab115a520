//! Reminders and notices: to whom, when, in which words, and once.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use lectern_api::{jobs, notify::reminders};
use lectern_core::ids::{ClassId, PersonId};
use lectern_tests::{Engine, Law, Lesson, Organization, Person, TestApp, story};
use serde_json::{Value, json};

use super::live::{next, watch};

const BUYER: &str = "buyer@home.example";
const GUEST: &str = "rokeya@guest.example";
const TICK: &str = "tick.reminders";

/// Everything about reminders that reached an address.
fn reminders_to(app: &TestApp, address: &str) -> Vec<String> {
    let mails = app.mail.messages_to(address).into_iter();
    mails.filter(|mail| mail.text.contains("coming up")).map(|mail| mail.subject).collect()
}

async fn come(app: &TestApp, to: DateTime<Utc>) {
    app.pass(to - app.now());
    app.tick(TICK).await;
}

/// A class at three in the afternoon of London, nine in the evening of Dhaka, on the next day, with a buyer and a guest.
async fn tomorrow(app: &mut TestApp, seller: &Person) -> (Lesson, DateTime<Utc>) {
    let starts_at = "2026-11-24T15:00:00Z".parse().unwrap();
    let lesson = Lesson::schedule_at(app, seller, "Watercolour", starts_at).await;
    lesson.enroll(app, seller, BUYER, "Bela Rahman").await;
    let guest = json!({"email": GUEST, "first_name": "Rokeya"});
    seller.create(&format!("/api/v1/classes/{}/guests", lesson.class), guest).await;
    app.settle().await;
    (lesson, starts_at)
}

async fn choose_zone(owner: &Person, address: &str, change: Value) {
    let people = owner.all("/api/v1/people").await;
    let person = people.iter().find(|person| person["email"] == address).unwrap();
    let (status, changed) =
        owner.patch(&format!("/api/v1/people/{}", person["id"].as_str().unwrap()), change).await;
    assert_eq!(status, 200, "{changed}");
}

story!(
    /// FR-13: half an hour before, user, guest and seller are reminded once, with their own links, each in their own zone and
    /// language, by mail and on the page they have open.
    half_an_hour_before_everybody_is_reminded_once, |app| async {
        let (owner, seller, _) = app.evening().await;
        let (lesson, starts_at) = tomorrow(app, &seller).await;
        choose_zone(&owner, BUYER, json!({"time_zone": "Europe/London"})).await;
        let link = app.mailed_link(BUYER);
        come(app, starts_at - Duration::minutes(30) - Duration::seconds(1)).await;
        assert_eq!(reminders_to(app, BUYER), [""; 0]);
        let mut socket = watch(app, &seller, "").await;
        come(app, starts_at - Duration::minutes(30)).await;
        app.pass(Duration::minutes(5));
        app.tick(TICK).await;
        assert_eq!(reminders_to(app, BUYER), ["Tuesday 24 November, 15:00: Watercolour"], "on the buyer's own clock");
        assert_eq!(reminders_to(app, GUEST), ["Tuesday 24 November, 21:00: Watercolour"]);
        assert_eq!(reminders_to(app, &seller.email).len(), 1);
        let mail = app.mail.messages_to(BUYER).pop().unwrap();
        for words in [link.as_str(), "21:00 – 21:45, Dhaka time", "For you: Tuesday 24 November, 15:00 – 15:45, London time"] {
            assert!(mail.text.contains(words), "{words} in {}", mail.text);
        }
        assert!(!mail.raw.contains(&app.zoom.base_url()));
        let told = loop {
            let event = next(&mut socket).await.unwrap();
            if event["type"] == "notice_given" {
                break event;
            }
        };
        assert_eq!((&told["session_id"], &told["detail"]), (&json!(lesson.session), &json!("reminder")));
        let notices = seller.all("/api/v1/notifications").await;
        assert_eq!((&notices[0]["kind"], &notices[0]["seen_at"]), (&json!("reminder"), &Value::Null), "{notices:?}");
        let page = seller.browser(app).get("/notices").await;
        assert!(page.html().contains("Coming up: “Watercolour”"), "{}", page.html());
        let (status, _) = seller.post("/api/v1/notifications/seen", json!({})).await;
        assert_eq!(status, 204);
        assert!(seller.all("/api/v1/notifications").await[0]["seen_at"].is_string());
    }
);

story!(
    /// A moved session reminds at its new time; a cancelled one, one scheduled when its reminder's time had passed, and one
    /// whose reminder comes too late remind nobody. A clock that jumps back reminds nobody twice.
    reminders_follow_the_session, |app| async {
        let (_, seller, _) = app.evening().await;
        let (lesson, starts_at) = tomorrow(app, &seller).await;
        let later = starts_at + Duration::hours(2);
        let (status, moved) = seller.patch(&format!("/api/v1/sessions/{}", lesson.session), json!({"starts_at": later})).await;
        assert_eq!(status, 200, "{moved}");
        come(app, starts_at - Duration::minutes(30)).await;
        assert_eq!(reminders_to(app, BUYER).len(), 0);
        come(app, later - Duration::minutes(30)).await;
        assert_eq!(reminders_to(app, BUYER), ["Tuesday 24 November, 23:00: Watercolour"]);
        // an hour back and forth again.
        app.pass(Duration::hours(-1));
        app.tick(TICK).await;
        app.pass(Duration::hours(1));
        app.tick(TICK).await;
        assert_eq!(reminders_to(app, BUYER).len(), 1);
        let soon = lesson.another(app, &seller, app.now() + Duration::minutes(20)).await;
        app.tick(TICK).await;
        let called_off = lesson.another(app, &seller, app.now() + Duration::hours(3)).await;
        let late = lesson.another(app, &seller, app.now() + Duration::hours(5)).await;
        seller.send("DELETE", &format!("/api/v1/sessions/{called_off}"), Some(&json!({})), &[]).await;
        app.pass(Duration::minutes(150));
        app.tick(TICK).await;
        // The server was away while it was time.
        app.pass(Duration::minutes(136));
        app.tick(TICK).await;
        assert_eq!(reminders_to(app, BUYER).len(), 1, "{soon} {called_off} {late}");
        assert_eq!(app.database.count("planned_notices").await, 3);
    }
);

story!(
    /// A mail that could not be sent in time says nothing once the class has begun.
    a_reminder_is_dropped_when_the_class_has_begun, |app| async {
        let (_, seller, _) = app.evening().await;
        let (_, starts_at) = tomorrow(app, &seller).await;
        app.pass(starts_at - Duration::minutes(30) - app.now());
        reminders::tick(app).await.unwrap();
        app.pass(Duration::minutes(31));
        app.settle().await;
        assert_eq!(reminders_to(app, BUYER).len(), 0);
        assert_eq!(app.database.count("mails where kind = 'reminder' and state = 'dropped'").await, 3);
    }
);

story!(
    /// An organization has as many leads as it wants, and may have none.
    an_organization_chooses_its_leads, |app| async {
        let (owner, seller, _) = app.evening().await;
        for (leads, status) in [(json!([1440, 30]), 200), (json!([0]), 422), (json!([30, 30]), 422), (json!([1, 2, 3, 4, 5, 6]), 422), (json!([20_000]), 422)] {
            let (answered, body) =
                owner.patch("/api/v1/organization/settings", json!({"policies": {"reminder_minutes": leads}})).await;
            assert_eq!(answered, status, "{leads}: {body}");
        }
        let starts_at = app.now() + Duration::days(3);
        let lesson = Lesson::schedule_at(app, &seller, "Watercolour", starts_at).await;
        lesson.enroll(app, &seller, BUYER, "Bela Rahman").await;
        come(app, starts_at - Duration::days(1)).await;
        come(app, starts_at - Duration::minutes(30)).await;
        assert_eq!(reminders_to(app, BUYER).len(), 2);
        owner.patch("/api/v1/organization/settings", json!({"policies": {"reminder_minutes": []}})).await;
        let next = lesson.another(app, &seller, app.now() + Duration::hours(2)).await;
        app.pass(Duration::minutes(90));
        app.tick(TICK).await;
        assert_eq!(reminders_to(app, BUYER).len(), 2, "{next}");
    }
);

story!(
    /// a class at nine keeps its time on the clock when the clocks change, and the reminder comes half an hour before,
    /// on the clock; a law that changes a zone moves the class, tells its people, and moves the reminder.
    r09_the_reminder_keeps_to_the_clock, |app| async {
        let (_, seller, _) = app.evening().await;
        let class = seller.create("/api/v1/classes", json!({"title": "Watercolour"})).await;
        let class = class["id"].as_str().unwrap();
        // At nine in London, before and after 28 March 2027.
        let body = json!({"starts_at": "2027-03-22T09:00:00Z", "duration_minutes": 45, "time_zone": "Europe/London", "delivery": "in_person", "recurrence": "FREQ=WEEKLY;COUNT=3"});
        seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        let lesson = Lesson { class: class.to_owned(), session: String::new() };
        lesson.enroll(app, &seller, BUYER, "Bela Rahman").await;
        for (early, due, count) in [
            ("2027-03-22T08:29:59Z", "2027-03-22T08:30:00Z", 1),
            ("2027-03-29T07:29:59Z", "2027-03-29T07:30:00Z", 2),
        ] {
            come(app, early.parse().unwrap()).await;
            assert_eq!(reminders_to(app, BUYER).len(), count - 1, "{early}");
            come(app, due.parse().unwrap()).await;
            assert_eq!(reminders_to(app, BUYER).len(), count, "{due}");
        }
        // From April on London stays an hour ahead of what everybody thought: nine comes an hour earlier.
        app.laws.make(Law { zone: Tz::Europe__London, from: "2027-04-01T00:00:00Z".parse().unwrap(), more: Duration::hours(1) });
        app.tick("tick.series").await;
        assert!(app.mail.messages_to(BUYER).last().unwrap().subject.starts_with("New time"));
        come(app, "2027-04-05T06:29:59Z".parse().unwrap()).await;
        assert_eq!(reminders_to(app, BUYER).len(), 2);
        come(app, "2027-04-05T06:30:00Z".parse().unwrap()).await;
        assert_eq!(reminders_to(app, BUYER).len(), 3);
    }
);

story!(
    /// People choose what they get. Under a mail is a way out of its kind that needs no sign-in and one press: by the page, or
    /// by the mail program alone (RFC 8058); looking at it changes nothing. What lets somebody in always comes.
    people_choose_what_they_are_told, |app| async {
        let (_, seller, _) = app.evening().await;
        let (lesson, starts_at) = tomorrow(app, &seller).await;
        come(app, starts_at - Duration::minutes(30)).await;
        let mail = app.mail.messages_to(GUEST).pop().unwrap();
        let header = |name: &str| {
            let raw = mail.raw.replace("\r\n ", " ");
            let line = raw.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:"))).unwrap().to_owned();
            line.split_once(": ").unwrap().1.trim().to_owned()
        };
        assert_eq!(header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
        let off = header("list-unsubscribe").trim_matches(['<', '>']).to_owned();
        assert!(mail.text.contains(&off), "{off} in {}", mail.text);
        let browser = app.browser();
        let page = browser.get(off.strip_prefix(&app.base).unwrap()).await;
        assert!(page.status() == 200 && page.html().contains("remind"), "{}", page.html());
        assert_eq!(app.database.count("notice_choices").await, 0, "looking changes nothing");
        let path = off.strip_prefix(&app.base).unwrap();
        let done = app.browser().post(path, &[("List-Unsubscribe", "One-Click")]).await;
        assert_eq!(done.status(), 200, "{}", done.html());
        for wrong in [path.replace("topic=reminder", "topic=code"), path.replace("/off/A", "/off/B"), path.replace("?topic=reminder", "")] {
            assert_eq!(app.browser().post(&wrong, &[]).await.status(), 404, "{wrong}");
        }
        let another = lesson.another(app, &seller, starts_at + Duration::days(1)).await;
        come(app, starts_at + Duration::days(1) - Duration::minutes(30)).await;
        assert_eq!((reminders_to(app, GUEST).len(), reminders_to(app, BUYER).len()), (1, 2), "{another}");
        let (status, choice) = seller.put("/api/v1/notification-choices/reminder", json!({"mail": false, "live": false})).await;
        assert_eq!((status, &choice["topic"]), (200, &json!("reminder")));
        let choices = seller.all("/api/v1/notification-choices").await;
        assert_eq!(choices[1], json!({"topic": "change", "mail": true, "live": true}));
        let (status, _) = seller.put("/api/v1/notification-choices/code", json!({"mail": false, "live": false})).await;
        assert_eq!(status, 404);
        let page = seller.browser(app).get("/me").await;
        let saved = seller.browser(app).submit(&page, "/me", &[("language", ""), ("time_zone", ""), ("mail_reminder", "on")]).await;
        assert_eq!(saved.status(), 303);
    }
);

/// Many people on one roster, written past the doors.
async fn crowd(app: &TestApp, organization: &Organization<'_>, class: ClassId, many: usize) {
    use lectern_api::{classes::store as classes, people::store as people};
    let mut tx = app.db.begin(organization.id).await.unwrap();
    for number in 0..many {
        let id = app.new_id::<PersonId>();
        let person = people::NewPerson {
            id,
            kind: lectern_api::people::PersonKind::User,
            external_id: None,
            subject: None,
            email: &format!("p{number}@home.example"),
            first_name: "Person",
            last_name: None,
            role: lectern_core::role::Role::Student,
            owner: false,
            password_hash: None,
        };
        people::insert(&mut tx, organization.id, &person, app.now()).await.unwrap();
        let place = classes::NewEnrollment {
            id: app.new_id(),
            class,
            person: id,
            kind: classes::EnrollmentKind::Member,
            external_id: None,
            all_sessions: true,
        };
        classes::insert_enrollment(&mut tx, organization.id, place, app.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

story!(
    /// three instances, many reminders, and the one that sends them dies in the middle: everybody gets one; only what was
    /// just being sent may come twice, with the same Message-ID.
    r07_everybody_gets_one_though_the_sender_dies, |app| async {
        const MANY: usize = 600;
        let (_, seller, _) = app.evening().await;
        let starts_at = "2026-11-24T15:00:00Z".parse().unwrap();
        let lesson = Lesson::schedule_at(app, &seller, "Watercolour", starts_at).await;
        let dreamcrowd = app.organization("dreamcrowd").await;
        crowd(app, &dreamcrowd, lesson.class.parse().unwrap(), MANY).await;
        let others = [app.second_instance().await.unwrap(), app.second_instance().await.unwrap()];
        app.pass(starts_at - Duration::minutes(30) - app.now());
        jobs::tick(app, TICK).await.unwrap();
        let doomed = others[0].clone();
        let leader = tokio::spawn(async move { jobs::runner::run_due(&doomed).await });
        while app.mail.messages().iter().filter(|mail| mail.text.contains("coming up")).count() < 100 {
            tokio::task::yield_now().await;
        }
        leader.abort();
        leader.await.ok();
        // Its lease runs out; the two that are left go on.
        app.pass(Duration::minutes(4));
        let alive = others[1].clone();
        let other = tokio::spawn(async move { jobs::runner::run_due(&alive).await });
        app.settle().await;
        other.await.unwrap().unwrap();
        app.settle().await;
        let mut ids = std::collections::BTreeMap::<String, Vec<String>>::new();
        for mail in app.mail.messages().iter().filter(|mail| mail.text.contains("coming up")) {
            let id = mail.raw.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
            ids.entry(mail.to[0].clone()).or_default().push(id);
        }
        assert_eq!(ids.len(), MANY + 1, "everybody, and the seller");
        assert!(ids.values().all(|ids| ids.iter().all(|id| *id == ids[0])), "the same Message-ID");
        let twice = ids.values().filter(|ids| ids.len() > 1).count();
        assert!(twice <= app.mailer.at_once() + 64, "{twice} came twice");
        assert_eq!(app.database.count("mails where kind = 'reminder' and state <> 'sent'").await, 0);
    }
);

story!(
    /// a worker whose lease ran out says too late that it is done: the job belongs to whoever took it up.
    r08_a_stale_finish_is_refused, |app| async {
        use lectern_api::jobs::store::{self as queue, NewJob};
        let organization = app.organization("oakwood").await.id;
        let now = app.now();
        let job = NewJob { id: app.ids.next(), kind: "mail.send", body: json!({"mail": app.ids.next()}), unique_key: None, run_at: now, now };
        let mut tx = app.db.system().await.unwrap();
        queue::insert(&mut tx, organization, &job).await.unwrap();
        let slow = queue::claim(&mut tx, now, 1).await.unwrap().remove(0);
        tx.commit().await.unwrap();
        app.pass(Duration::minutes(4));
        let mut tx = app.db.system().await.unwrap();
        let other = queue::claim(&mut tx, app.now(), 1).await.unwrap().remove(0);
        assert_eq!((other.id, other.attempt), (slow.id, slow.attempt + 1));
        queue::done(&mut tx, &slow).await.unwrap();
        queue::dead(&mut tx, &slow, app.now(), "too slow").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(app.database.count("jobs where state = 'running' and attempt = 2").await, 1, "still the other's");
        let mut tx = app.db.system().await.unwrap();
        queue::done(&mut tx, &other).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(app.database.count("jobs").await, 0);
    }
);

story!(
    /// Mails about a session that are still going out are not sent by a second job that comes meanwhile; if the first has died, they
    /// are sent once its lease is over.
    two_jobs_never_send_the_same_mails, |app| async {
        let (_, seller, _) = app.evening().await;
        let (_, starts_at) = tomorrow(app, &seller).await;
        app.pass(starts_at - Duration::minutes(30) - app.now());
        reminders::tick(app).await.unwrap();
        let (id, until) = match app.database.engine {
            Engine::Sqlite => ("x'ffffffffffff70008000000000000001'", (app.now() + Duration::minutes(1)).to_rfc3339()),
            Engine::Postgres => ("'ffffffff-ffff-7000-8000-000000000001'", (app.now() + Duration::minutes(1)).to_rfc3339()),
        };
        app.database.execute(&format!("update jobs set state = 'running', attempt = 1, leased_until = '{until}' where kind = 'mails.send'")).await;
        app.database.execute(&format!(
            "insert into jobs (id, organization_id, kind, body, unique_key, state, run_at, attempt, created_at)
             select {id}, organization_id, kind, body, unique_key, 'waiting', run_at, 0, created_at from jobs where kind = 'mails.send'"
        )).await;
        app.settle().await;
        assert_eq!(reminders_to(app, BUYER), [""; 0], "somebody is at it");
        app.pass(Duration::minutes(2));
        app.settle().await;
        for address in [BUYER, GUEST, &seller.email] {
            assert_eq!(reminders_to(app, address).len(), 1, "{address}");
        }
    }
);

/// A mail server that takes only so many mails a second is sent no more when many go out together: `mail.per_second`.
#[tokio::test]
async fn many_mails_go_out_at_the_pace_the_operator_set() {
    let mut app = TestApp::with(Engine::Sqlite, |config| config.mail.per_second = Some(20)).await;
    let (_, seller, _) = app.evening().await;
    let (lesson, starts_at) = tomorrow(&mut app, &seller).await;
    for number in 0..9 {
        lesson.enroll(&mut app, &seller, &format!("buyer{number}@home.example"), "Somebody").await;
    }
    app.settle().await;
    let before = app.mail.messages().len();
    let began = std::time::Instant::now();
    come(&app, starts_at - Duration::minutes(30)).await;
    let taken = began.elapsed();
    assert_eq!(app.mail.messages().len() - before, 12, "eleven who come, and who teaches");
    assert!(taken.as_millis() >= 11 * 50, "twelve mails, at least 50 ms apart, took {taken:?}");
    app.finish().await;
}
