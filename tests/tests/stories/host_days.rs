//! A host's day: so many meetings made and changed, and what happens when it is used up.

use chrono::Duration;
use lectern_simulators::faults::ForcedError;
use lectern_tests::{Lesson, Person, TestApp, story};
use serde_json::json;

const CONNECTION: &str = "/api/v1/platforms/zoom/connection";

async fn today(seller: &Person) -> (i64, i64) {
    let (status, view) = seller.get(CONNECTION).await;
    assert_eq!(status, 200, "{view}");
    (view["changes_today"].as_i64().unwrap(), view["changes_per_day"].as_i64().unwrap())
}

async fn meeting(seller: &Person, session: &str) -> (String, String) {
    let (_, view) = seller.get(&format!("/api/v1/sessions/{session}")).await;
    let word = |name: &str| view["meeting"][name].as_str().unwrap_or_default().to_owned();
    (word("state"), view["meeting"]["problem"]["code"].as_str().unwrap_or_default().to_owned())
}

async fn made_when_scheduled(owner: &Person) {
    let scheduled = json!({"policies": {"meeting_created": "scheduled"}});
    let (status, saved) = owner.patch("/api/v1/organization/settings", scheduled).await;
    assert_eq!(status, 200, "{saved}");
}

/// As after that many changes today.
async fn after(app: &TestApp, changes: i64) {
    app.database.execute(&format!("update host_writes set writes = {changes}")).await;
}

story!(
    /// What a host's day has had is shown to the host and the admin, in both languages. What can wait until tomorrow leaves ten
    /// changes for today's classes; when the day is used up nothing more is asked of Zoom, and after midnight UTC what waited is made.
    a_hosts_day_is_counted_and_kept, |app| async {
        let (owner, seller, _) = app.evening().await;
        made_when_scheduled(&owner).await;
        assert_eq!(today(&seller).await, (1, 100));
        let next_week = app.now() + Duration::days(7);
        let lesson = Lesson::schedule_at(app, &seller, "Ink", next_week).await;
        assert_eq!(today(&seller).await, (2, 100));
        let moved = json!({"starts_at": next_week + Duration::hours(1)});
        seller.patch(&format!("/api/v1/sessions/{}", lesson.session), moved).await;
        app.settle().await;
        assert_eq!(today(&seller).await, (3, 100), "a change counts too");
        let page = seller.browser(app).get("/connection").await;
        assert!(page.html().contains("3 of 100"), "{}", page.html());
        let page = owner.browser(app).get("/connections?lang=bn").await;
        assert!(page.html().contains("১০০টির মধ্যে ৩টি"), "{}", page.html());
        after(app, 90).await;
        let asked = app.zoom_calls("meetingCreate");
        let waits = lesson.another(app, &seller, next_week + Duration::days(1)).await;
        assert_eq!(meeting(&seller, &waits).await, ("creating".to_owned(), "daily_limit".to_owned()));
        assert_eq!(app.zoom_calls("meetingCreate"), asked);
        let tonight = lesson.another(app, &seller, app.now() + Duration::hours(6)).await;
        assert_eq!(meeting(&seller, &tonight).await, ("ready".to_owned(), String::new()));
        after(app, 100).await;
        let late = lesson.another(app, &seller, app.now() + Duration::hours(8)).await;
        assert_eq!(meeting(&seller, &late).await.1, "daily_limit");
        assert_eq!(app.zoom_calls("meetingCreate"), asked + 1);
        app.pass(Duration::hours(16));
        app.settle().await;
        assert_eq!(meeting(&seller, &waits).await.0, "ready");
        let made = today(&seller).await.0;
        assert!((1..=3).contains(&made), "another day: {made}");
    }
);

story!(
    /// Other programs use the host's day too: when Zoom says that it is over, it is over here as well, until midnight UTC. Days of the
    /// past are forgotten.
    the_platforms_word_counts, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        made_when_scheduled(&owner).await;
        let message = Some("You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user.".to_owned());
        app.zoom.force_error(ForcedError { operation: "meetingCreate".to_owned(), status: 429, code: 429, message, times: 1 });
        let first = lesson.another(app, &seller, app.now() + Duration::hours(2)).await;
        assert_eq!(meeting(&seller, &first).await.1, "daily_limit");
        assert_eq!(today(&seller).await, (101, 100));
        let page = seller.browser(app).get("/connection").await;
        assert!(page.html().contains("100 of 100"), "{}", page.html());
        let asked = app.zoom_calls("meetingCreate");
        lesson.another(app, &seller, app.now() + Duration::hours(3)).await;
        assert_eq!(app.zoom_calls("meetingCreate"), asked, "nothing more is asked today");
        app.pass(Duration::days(1));
        app.settle().await;
        lesson.another(app, &seller, app.now() + Duration::hours(3)).await;
        assert_eq!(app.zoom_calls("meetingCreate"), asked + 3, "what waited, and the new one");
        app.pass(Duration::days(9));
        app.tick("tick.clean_up").await;
        assert_eq!(app.database.count("host_writes").await, 0);
    }
);
