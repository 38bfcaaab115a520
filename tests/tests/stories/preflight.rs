//! Looking ahead: what stands in the way of a session is told a day and half an hour before, to whoever can mend it.

use chrono::{DateTime, Duration, Utc};
use lectern_simulators::faults::ForcedError;
use lectern_tests::{Lesson, Person, TestApp, story};
use serde_json::{Value, json};

const TICK: &str = "tick.preflight";
const BUYER: &str = "bela@home.example";

/// What was mailed about obstacles to an address: subject and text.
fn told(app: &TestApp, address: &str) -> Vec<(String, String)> {
    let mails = app.mail.messages_to(address).into_iter();
    let about = mails.filter(|mail| mail.subject.starts_with("Look before"));
    about.map(|mail| (mail.subject, mail.text)).collect()
}

async fn come(app: &TestApp, to: DateTime<Utc>) {
    app.pass(to - app.now());
    app.tick(TICK).await;
}

/// A class in three days, with somebody on its roster, and a seller whose connection is kept fresh.
async fn in_three_days(app: &mut TestApp) -> (Person, Person, Lesson, DateTime<Utc>) {
    let (owner, seller, _) = app.evening().await;
    let starts_at = "2026-11-26T15:00:00Z".parse().unwrap();
    let lesson = Lesson::schedule_at(app, &seller, "Watercolour", starts_at).await;
    lesson.enroll(app, &seller, BUYER, "Bela Rahman").await;
    app.settle().await;
    (owner, seller, lesson, starts_at)
}

/// Zoom gives no tokens for the next calls.
fn away(app: &TestApp) {
    let operation = "oauthToken".to_owned();
    app.zoom.force_error(ForcedError { operation, status: 503, code: 0, message: None, times: 6 });
}

fn day(starts_at: DateTime<Utc>) -> DateTime<Utc> {
    starts_at - Duration::days(1)
}

story!(
    /// Where nothing stands in the way nobody hears anything, however often it is looked; what is held in a room needs no platform.
    nothing_is_said_of_what_is_well, |app| async {
        let (owner, seller, lesson, starts_at) = in_three_days(app).await;
        let zoom = app.zoom_calls("getUser");
        for at in [day(starts_at), day(starts_at) + Duration::minutes(1), starts_at - Duration::minutes(30)] {
            come(app, at).await;
        }
        assert_eq!((told(app, &seller.email).len(), told(app, &owner.email).len()), (0, 0));
        assert_eq!(app.zoom_calls("getUser"), zoom, "a grant that works is not asked about");
        // In a room: the lost grant does not matter.
        let room = json!({"starts_at": starts_at + Duration::days(2), "duration_minutes": 45, "delivery": "in_person"});
        seller.create(&format!("/api/v1/classes/{}/sessions", lesson.class), room).await;
        app.settle().await;
        app.zoom.revoke_silently("lectern-app", &seller.email);
        come(app, starts_at + Duration::days(1)).await;
        assert_eq!(told(app, &seller.email).len(), 0);
    }
);

story!(
    /// A grant that was taken away is noticed a day before and half an hour before, once each, by mail and on the page, in the
    /// reader's language; the instructor can mend it, so no admin is troubled. Once mended, nothing more is said.
    a_lost_grant_is_noticed_before_the_class, |app| async {
        let (owner, seller, lesson, starts_at) = in_three_days(app).await;
        app.zoom.revoke_silently("lectern-app", &seller.email);
        come(app, day(starts_at)).await;
        come(app, day(starts_at) + Duration::minutes(1)).await;
        let mails = told(app, &seller.email);
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(mails[0].0, "Look before Thursday 26 November, 21:00: Watercolour");
        for words in ["Zoom", "Whoever teaches the class can mend it.", &format!("/sessions/{}", lesson.session), "/notices/off/"] {
            assert!(mails[0].1.contains(words), "{words}: {}", mails[0].1);
        }
        assert_eq!(told(app, &owner.email).len(), 0);
        assert_eq!(told(app, BUYER).len(), 0, "who comes cannot mend it");
        let notices = seller.all("/api/v1/notifications").await;
        let notice = notices.iter().find(|notice| notice["kind"] == "preflight").unwrap();
        assert_eq!(notice["obstacles"][0]["mended_by"], "instructor", "{notice}");
        seller.patch("/api/v1/me", json!({"language": "bn"})).await;
        let page = seller.browser(app).get("/notices").await;
        assert!(page.html().contains("যিনি ক্লাস নেন তিনি এটি ঠিক করতে পারেন"), "{}", page.html());
        come(app, starts_at - Duration::minutes(30)).await;
        let mails = app.mail.messages_to(&seller.email);
        let last = mails.last().unwrap();
        assert!(last.subject.contains("এর আগে দেখুন: Watercolour"), "{}", last.subject);
        // Connected again: the next session is well.
        app.connect(&seller).await;
        let next = lesson.another(app, &seller, starts_at + Duration::days(2)).await;
        let before = app.mail.messages().len();
        come(app, starts_at + Duration::days(1)).await;
        let since: Vec<_> = app.mail.messages().split_off(before).into_iter().map(|mail| mail.subject).collect();
        assert!(since.iter().all(|subject| !subject.contains("দেখুন")), "{next}: {since:?}");
    }
);

story!(
    /// A permission that is missing is the admin's to mend: both hear of it, and whoever switched such mails off sees it on the
    /// page alone. A host whose time is taken is the instructor's.
    each_obstacle_goes_to_whoever_can_mend_it, |app| async {
        let (owner, seller, lesson, starts_at) = in_three_days(app).await;
        app.zoom.set_scopes("lectern-app", &["user:read"]);
        let (status, refreshed) = seller.post("/api/v1/platforms/zoom/connection/refresh", json!({})).await;
        assert_eq!(status, 200, "{refreshed}");
        let off = json!({"mail": false, "live": true});
        let (status, _) = owner.put("/api/v1/notification-choices/trouble", off).await;
        assert_eq!(status, 200);
        let other = json!({"starts_at": starts_at + Duration::minutes(10), "duration_minutes": 45, "clashes": "allow", "title": "Ink"});
        for _ in 0..3 {
            seller.create(&format!("/api/v1/classes/{}/sessions", lesson.class), other.clone()).await;
        }
        come(app, day(starts_at)).await;
        let mails = told(app, &seller.email);
        assert_eq!(mails.len(), 1, "{mails:?}");
        for words in ["does not allow what a class needs", "An administrator of Dreamcrowd can mend it.", "“Ink” is at the same time"] {
            assert!(mails[0].1.contains(words), "{words}: {}", mails[0].1);
        }
        assert_eq!(told(app, &owner.email).len(), 0);
        let notices = owner.all("/api/v1/notifications").await;
        assert!(notices.iter().any(|notice| notice["kind"] == "preflight"), "{notices:?}");
    }
);

story!(
    /// A mail server that takes nothing, invitations that wait, a disk that is almost full: told on the page at once, and by mail
    /// when it goes again; not when the session has begun meanwhile.
    a_server_in_need_is_noticed, |app| async {
        let (owner, seller, lesson, starts_at) = in_three_days(app).await;
        app.mail.close(true);
        app.room.leave(300 << 10);
        lesson.enroll(app, &seller, "rokeya@home.example", "Rokeya Sultana").await;
        come(app, day(starts_at)).await;
        let obstacles = |notices: Vec<Value>| -> Vec<String> {
            let notice = notices.into_iter().find(|notice| notice["kind"] == "preflight").unwrap_or_default();
            let all = notice["obstacles"].as_array().cloned().unwrap_or_default();
            all.iter().map(|one| format!("{} {}", one["mended_by"].as_str().unwrap(), one["detail"].as_str().unwrap())).collect()
        };
        let seen = obstacles(owner.all("/api/v1/notifications").await);
        assert_eq!(
            seen,
            [
                "operator Mails about this session wait to be sent: 1.",
                "operator The mail server does not take mails right now.",
                "operator The disk of the server is almost full: 300 MiB are left.",
            ]
        );
        assert_eq!(obstacles(seller.all("/api/v1/notifications").await), seen);
        assert_eq!(told(app, &owner.email).len(), 0);
        app.mail.close(false);
        app.pass(Duration::minutes(10));
        app.settle().await;
        assert_eq!((told(app, &owner.email).len(), told(app, &seller.email).len()), (1, 1));
        let second = lesson.another(app, &seller, starts_at + Duration::hours(3)).await;
        app.mail.close(true);
        come(app, starts_at + Duration::hours(3) - Duration::minutes(20)).await;
        app.mail.close(false);
        app.pass(Duration::hours(1));
        app.settle().await;
        assert_eq!(told(app, &owner.email).len(), 1, "{second} has begun");
    }
);

story!(
    /// What usually passes by itself is no news a day before; half an hour before it is. A session that was scheduled since, moved or
    /// called off is not spoken of.
    a_platform_that_is_away_is_told_only_when_it_is_near, |app| async {
        let (owner, seller, lesson, starts_at) = in_three_days(app).await;
        let gone = lesson.another(app, &seller, starts_at + Duration::minutes(90)).await;
        app.settle().await;
        away(app);
        come(app, day(starts_at)).await;
        assert_eq!(told(app, &seller.email).len(), 0);
        seller.send("DELETE", &format!("/api/v1/sessions/{gone}"), Some(&json!({})), &[]).await;
        away(app);
        come(app, starts_at - Duration::minutes(30)).await;
        let mails = told(app, &seller.email);
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert!(mails[0].1.contains("It may pass by itself."), "{}", mails[0].1);
        assert_eq!(told(app, &owner.email).len(), 0);
        come(app, starts_at + Duration::minutes(60)).await;
        assert_eq!(told(app, &seller.email).len(), 1, "called off");
    }
);
