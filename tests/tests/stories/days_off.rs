//! Days off on their page: what they call off is asked about first.

use lectern_tests::story;
use serde_json::json;

story!(
    /// A day off says how many sessions it would cancel, and cancels them when the button says so; a day without any is added at once.
    a_day_off_asks_before_it_cancels, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, farhan) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        let class = json!({"title": "Tides", "provider": "link", "link": "https://meet.example/room"});
        let class = farhan.create("/api/v1/classes", class).await["id"].as_str().unwrap().to_owned();
        // Half past eleven in the evening in New York: by UTC it is the next day.
        let series = json!({"starts_at": "2026-12-02T04:30:00Z", "duration_minutes": 45, "time_zone": "America/New_York", "recurrence": "FREQ=DAILY;COUNT=3"});
        farhan.create(&format!("/api/v1/classes/{class}/sessions"), series).await;
        let browser = owner.browser(app);
        let page = browser.get("/holidays").await;
        let free = browser.submit(&page, "/holidays", &[("day", "2026-12-16"), ("name", "Victory Day")]).await;
        assert_eq!(free.location(), "/holidays?notice=saved", "{}", free.html());
        let asked = browser.submit(&page, "/holidays", &[("day", "2026-12-02"), ("name", "Sports day")]).await;
        assert_eq!(asked.status(), 422, "{}", asked.location());
        assert!(asked.html().contains("Add the day, cancel 1 session"), "{}", asked.html());
        app.settle().await;
        let all = farhan.all("/api/v1/sessions?from=2026-11-23T00:00:00Z&to=2026-12-31T00:00:00Z").await;
        assert!(all.iter().all(|session| session["state"] == "scheduled"), "{all:?}");
        // Another day in the same form is asked about anew.
        let other = browser.submit(&asked, "/holidays", &[("day", "2026-12-05"), ("name", "Sports day")]).await;
        assert_eq!(other.location(), "/holidays?notice=saved", "nothing stands on it: {}", other.html());
        let added = browser.submit(&asked, "/holidays", &[("day", "2026-12-02"), ("name", "Sports day")]).await;
        assert_eq!(added.location(), "/holidays?notice=saved", "{}", added.html());
        app.settle().await;
        let all = farhan.all("/api/v1/sessions?from=2026-11-23T00:00:00Z&to=2026-12-31T00:00:00Z").await;
        let off: Vec<_> = all.iter().filter(|session| session["state"] == "cancelled").map(|session| &session["starts_at"]).collect();
        assert_eq!(off, [&json!("2026-12-03T04:30:00Z")], "{all:?}");
    }
);
