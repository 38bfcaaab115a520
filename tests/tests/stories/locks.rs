//! Defaults and locks: what the classes of an organization begin with, and what no class can choose.

use chrono::Duration;
use lectern_tests::{Lesson, Person, TestApp, story};
use serde_json::{Value, json};

const LOCKS: &str = "/api/v1/organization/locks";
const BUYER: &str = "ayesha@home.example";

/// Nothing locked, as an organization begins.
fn free() -> Value {
    json!({
        "waiting_room": "usually_on", "recording": "usually_off", "recording_place": "cloud",
        "breakout_rooms": "usually_off", "chat": "usually_on", "screen_share": "usually_on", "aliases": "usually_off",
    })
}

/// The same but for some.
fn with(changes: &[(&str, &str)]) -> Value {
    let mut locks = free();
    for (option, state) in changes {
        locks[*option] = json!(state);
    }
    locks
}

async fn lock(owner: &Person, changes: &[(&str, &str)]) {
    let (status, saved) = owner.put(LOCKS, with(changes)).await;
    assert_eq!((status, &saved), (200, &with(changes)));
}

async fn options(who: &Person, class: &str) -> Value {
    let (status, view) = who.get(&format!("/api/v1/classes/{class}/settings")).await;
    assert_eq!(status, 200, "{view}");
    view
}

async fn class_of(teacher: &Person, body: Value) -> String {
    teacher.create("/api/v1/classes", body).await["id"].as_str().unwrap().to_owned()
}

/// Whether somebody who joins now stands in Zoom's waiting room.
async fn waits(app: &TestApp, lesson: &Lesson) -> bool {
    let meeting = app.zoom_meeting(&lesson.session).await;
    app.zoom.host_joins(meeting).unwrap();
    let joined = app.browser().press_join(&app.mailed_link(BUYER)).await;
    let visit = app.zoom.joins(joined.location()).unwrap();
    app.zoom.admit(visit).is_ok()
}

story!(
    /// "Usually" is what a new class begins with; it may choose otherwise, and classes that are there keep what they have.
    a_class_begins_with_what_is_usual, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, teacher) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        assert_eq!(owner.get(LOCKS).await, (200, free()));
        let before = class_of(&teacher, json!({"title": "Algebra"})).await;
        lock(&owner, &[("waiting_room", "usually_off"), ("recording", "usually_on"), ("recording_place", "local")]).await;
        let after = class_of(&teacher, json!({"title": "Geometry"})).await;
        let (old, new) = (options(&teacher, &before).await, options(&teacher, &after).await);
        assert_eq!((&old["settings"]["waiting_room"], &old["settings"]["recording"]), (&json!(true), &json!("none")), "{old}");
        assert_eq!((&new["settings"]["waiting_room"], &new["settings"]["recording"]), (&json!(false), &json!("local")), "{new}");
        assert_eq!((&new["locked"], new.get("set_by")), (&json!([]), None), "{new}");
        let mut chosen = new["settings"].clone();
        chosen["waiting_room"] = json!(true);
        chosen["recording"] = json!("cloud");
        let (status, saved) = teacher.put(&format!("/api/v1/classes/{after}/settings"), chosen.clone()).await;
        assert_eq!((status, &saved["settings"]), (200, &chosen), "{saved}");

        // What a timetable makes begins with the same.
        let entry = json!({"class": {"external_id": "drawing", "title": "Drawing", "instructor": teacher.email},
            "starts_at": app.now() + Duration::hours(3), "duration_minutes": 45});
        let (status, fed) = owner.put("/api/v1/schedule/lesson-1", entry).await;
        assert!([200, 201].contains(&status), "{fed}");
        let (_, list) = owner.get("/api/v1/classes?external_id=drawing").await;
        let made = options(&owner, list["items"][0]["id"].as_str().unwrap()).await;
        assert_eq!(made["settings"]["recording"], json!("local"), "{made}");
        let (_, log) = owner.get("/api/v1/audit?kind=organization.locks_changed").await;
        assert_eq!(log["items"][0]["details"], json!({
            "waiting_room": {"from": "usually_on", "to": "usually_off"}, "recording": {"from": "usually_off", "to": "usually_on"},
            "recording_place": {"from": "cloud", "to": "local"},
        }), "{log}");
        lock(&owner, &[("waiting_room", "usually_off"), ("recording", "usually_on"), ("recording_place", "local")]).await;
        assert_eq!(app.audited("organization.locks_changed").await, 1, "nothing changed, nothing written");
        for wrong in [json!({"waiting_room": "always"}), with(&[("chat", "sometimes")]), with(&[("lobby", "never")])] {
            assert_eq!(owner.put(LOCKS, wrong.clone()).await.0, 422, "{wrong}");
        }
    }
);

story!(
    /// What is set for all classes wins over a wish, is refused with the organization's name, and gives the wish back when lifted.
    a_lock_wins_and_the_wish_comes_back, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let path = format!("/api/v1/classes/{}/settings", lesson.class);
        let mut wish = options(&seller, &lesson.class).await["settings"].clone();
        wish["waiting_room"] = json!(false);
        assert_eq!(seller.put(&path, wish.clone()).await.0, 200);
        lock(&owner, &[("waiting_room", "always"), ("recording", "always")]).await;
        let locked = options(&seller, &lesson.class).await;
        assert_eq!((&locked["settings"]["waiting_room"], &locked["settings"]["recording"]), (&json!(true), &json!("cloud")), "{locked}");
        assert_eq!((&locked["locked"], &locked["set_by"]), (&json!(["waiting_room", "recording"]), &json!("Dreamcrowd")), "{locked}");
        assert_eq!(locked["out_of_reach"], json!([]), "{locked}");

        for (option, value) in [("waiting_room", json!(false)), ("recording", json!("local")), ("recording", json!("none"))] {
            let mut other = locked["settings"].clone();
            other[option] = value;
            let (status, problem) = seller.put(&path, other).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(option)), "{problem}");
            assert!(problem["errors"][0]["message"].as_str().unwrap().contains("Set by Dreamcrowd"), "{problem}");
        }
        // The rest is the class's own, and saving it changes no wish.
        let mut rest = locked["settings"].clone();
        rest["breakout_rooms"] = json!(true);
        let (status, saved) = seller.put(&path, rest.clone()).await;
        assert_eq!((status, &saved["settings"]), (200, &rest), "{saved}");
        lock(&owner, &[]).await;
        let lifted = options(&seller, &lesson.class).await;
        wish["breakout_rooms"] = json!(true);
        assert_eq!(lifted["settings"], wish, "as wished before: {lifted}");
    }
);

story!(
    /// Meetings of coming sessions follow a lock by the way of a class's own options: one update each, and none that would tell the
    /// platform nothing new. Before its turn comes the door already knows.
    coming_meetings_follow, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let later = app.now() + Duration::days(1);
        lesson.another(app, &seller, later).await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        assert_eq!((app.zoom.meetings().len(), app.zoom_calls("meetingUpdate")), (2, 0));
        lock(&owner, &[("chat", "never"), ("screen_share", "never")]).await;
        app.settle().await;
        assert_eq!(app.zoom_calls("meetingUpdate"), 0, "Zoom cannot switch chat for one class: nothing to tell");
        lock(&owner, &[("aliases", "always"), ("breakout_rooms", "always")]).await;
        app.settle().await;
        assert_eq!(app.zoom_calls("meetingUpdate"), 0, "a meeting is told of neither");
        lock(&owner, &[("waiting_room", "never")]).await;
        app.settle().await;
        assert_eq!(app.zoom_calls("meetingUpdate"), 2, "one for each coming session");
        assert!(!waits(app, &lesson).await, "the waiting room is off at Zoom");
        app.settle().await;
        assert_eq!(app.audited("meeting.updated").await, 2);
    }
);

story!(
    /// A meeting that is made under a lock is made so, whatever the class wished before.
    a_meeting_is_made_as_locked, |app| async {
        let (owner, seller, _) = app.evening().await;
        lock(&owner, &[("waiting_room", "never")]).await;
        app.settle().await;
        let lesson = Lesson::schedule_at(app, &seller, "Ink", app.now() + Duration::hours(2)).await;
        app.pass(Duration::minutes(110));
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        assert!(!waits(app, &lesson).await, "the waiting room is off at Zoom");
        app.settle().await;
    }
);

story!(
    /// What is set for all classes and a platform cannot do is said in JSON and on the class's pages, in the reader's language.
    what_a_platform_cannot_follow_is_said, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        lock(&owner, &[("chat", "never"), ("waiting_room", "always")]).await;
        let view = options(&seller, &lesson.class).await;
        let missed = &view["out_of_reach"][0];
        assert_eq!((&missed["option"], &missed["on"], &missed["reason_key"]), (&json!("chat"), &json!(false), &json!("reason.zoom.chat")), "{view}");
        assert_eq!(view["settings"]["chat"], json!(true), "as it is: {view}");
        let path = format!("/api/v1/classes/{}/settings", lesson.class);
        assert_eq!(seller.put(&path, view["settings"].clone()).await.0, 200, "saving what is shown is no choice");

        let browser = seller.browser(app);
        for page in ["", "/settings"] {
            let page = browser.get(&format!("/classes/{}{page}", lesson.class)).await;
            assert!(page.html().contains("Dreamcrowd set this for all classes, and Zoom cannot do it here"), "{}", page.html());
        }
        let page = browser.get(&format!("/classes/{}/settings", lesson.class)).await;
        assert!(page.html().contains("On for all classes. Set by Dreamcrowd."), "{}", page.html());
        assert!(page.html().contains("Off for all classes. Set by Dreamcrowd."), "{}", page.html());
        let page = browser.get(&format!("/sessions/{}", lesson.session)).await;
        assert!(page.html().contains("set by Dreamcrowd"), "{}", page.html());
        // On a pasted link the waiting room is out of reach too.
        let link = json!({"title": "Ink", "provider": "link", "link": "http://127.0.0.1:4567/studio"});
        let pasted = class_of(&seller, link).await;
        let view = options(&seller, &pasted).await;
        let missed: Vec<_> = view["out_of_reach"].as_array().unwrap().iter().map(|one| one["option"].clone()).collect();
        assert_eq!(missed, [json!("waiting_room"), json!("chat")], "{view}");
    }
);

story!(
    /// The page: radios and one button. A class's form whose box was open when the lock came is refused, with what is left to do.
    the_page_works_without_scripts, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, teacher) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        let class = class_of(&teacher, json!({"title": "Algebra"})).await;
        let desk = teacher.browser(app);
        let path = format!("/classes/{class}/settings");
        let shown = desk.get(&path).await;
        assert!(shown.html().contains("name=\"open\" value=\"waiting_room\""), "{}", shown.html());

        let browser = owner.browser(app);
        let page = browser.get("/locks").await;
        assert_eq!(page.html().matches("type=\"radio\"").count(), 6 * 4 + 2, "{}", page.html());
        let saved = browser.submit(&page, "/locks", &[("waiting_room", "always")]).await;
        assert_eq!((saved.status(), saved.location()), (303, "/locks?notice=saved"), "{}", saved.html());
        assert_eq!(owner.get(LOCKS).await.1, with(&[("waiting_room", "always")]));

        // The box was on and open; the colleague switched it off meanwhile.
        let fields = [("recording", "none"), ("chat", "on"), ("screen_share", "on")];
        let refused = desk.submit(&shown, &path, &fields).await;
        assert_eq!(refused.status(), 422, "{}", refused.html());
        assert!(refused.html().contains("were set for all classes in the meantime"), "{}", refused.html());
        assert_eq!(options(&teacher, &class).await["settings"]["waiting_room"], json!(true));
        // Shown anew, the same is saved.
        let again = desk.get(&path).await;
        assert!(!again.html().contains("name=\"open\" value=\"waiting_room\""), "{}", again.html());
        let saved = desk.submit(&again, &path, &[("recording", "none"), ("chat", "on"), ("screen_share", "on")]).await;
        assert_eq!(saved.status(), 303, "{}", saved.html());
        assert_eq!(desk.get("/locks").await.status(), 403);
    }
);

story!(
    /// Aliases for all classes are one decision, whether it is told as a lock or as a policy; a platform that must know people's own
    /// addresses forbids it on both ways.
    aliases_for_all_are_one_decision, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = oakwood.owner().await;
        let settings = "/api/v1/organization/settings";
        assert_eq!(owner.patch(settings, json!({"policies": {"aliases": "always"}})).await.0, 200);
        assert_eq!(owner.get(LOCKS).await.1["aliases"], json!("always"));
        assert_eq!(owner.patch(settings, json!({"policies": {"aliases": "by_class"}})).await.0, 200);
        assert_eq!(owner.get(LOCKS).await.1["aliases"], json!("usually_off"));
        lock(&owner, &[("aliases", "always")]).await;
        assert_eq!(owner.get(settings).await.1["policies"]["aliases"], json!("always"));
        lock(&owner, &[("aliases", "never")]).await;
        assert_eq!(owner.get(settings).await.1["policies"]["aliases"], json!("by_class"));

        let teacher = oakwood.instructor("farhan").await;
        class_of(&teacher, json!({"title": "Algebra", "provider": "meet"})).await;
        let (status, problem) = owner.put(LOCKS, with(&[("aliases", "always")])).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("aliases")), "{problem}");
        assert_eq!(owner.get(LOCKS).await.1, with(&[("aliases", "never")]), "nothing is kept of it");
    }
);
