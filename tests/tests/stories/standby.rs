//! A class is started and its platform does not answer: nothing moves unless the organization said so, and then it is announced.

use chrono::Duration;
use lectern_tests::{Deed, Lesson, Person, TestApp, story};
use serde_json::{Value, json};

use crate::three_platforms::Platform;

const AYESHA: &str = "ayesha@dreamcrowd.example";
const TITLE: &str = "Portraits in oil";
/// A path that nobody may ever see.
const SECRET: &str = "spare-room-canary-77aa";

/// Zoom, behind a wire that can be cut, where meetings are made when a class is started.
async fn evening(app: &mut TestApp, standby: Option<&str>) -> (Person, Person, Lesson) {
    let (owner, seller, _) = app.evening_on_the_wire().await;
    let (status, answer) = policy(&owner, standby).await;
    assert_eq!(status, 200, "{answer}");
    let lesson = Lesson::schedule(app, &seller, TITLE).await;
    (owner, seller, lesson)
}

async fn policy(owner: &Person, standby: Option<&str>) -> (u16, Value) {
    let (_, settings) = owner.get("/api/v1/organization/settings").await;
    let mut policies = settings["policies"].clone();
    policies["meeting_created"] = json!("started");
    policies["standby_provider"] = json!(standby);
    owner.patch("/api/v1/organization/settings", json!({"policies": policies})).await
}

fn cut(app: &TestApp) {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        app.wire.tamper(method, "", usize::MAX, Deed::Answer(503, Vec::new(), String::new()));
    }
}

async fn start(seller: &Person, session: &str) -> Value {
    let (status, started) = seller.post(&format!("/api/v1/sessions/{session}/start"), json!({})).await;
    assert!([200, 202].contains(&status), "{started}");
    started
}

async fn minutes(app: &TestApp, minutes: i64) {
    for _ in 0..minutes {
        app.pass(Duration::minutes(1));
        app.settle().await;
    }
}

async fn session(seller: &Person, id: &str) -> Value {
    seller.get(&format!("/api/v1/sessions/{id}")).await.1
}

story!(
    /// Without a policy the class waits for its own platform, however long, although another is connected.
    without_a_policy_nothing_moves, |app| async {
        let (_, seller, lesson) = evening(app, None).await;
        Platform::Teams.set_up(app, &app.organization("dreamcrowd").await).await;
        Platform::Teams.connect(app, &seller).await;
        lesson.enroll(app, &seller, AYESHA, "Ayesha Noor").await;
        let mails = app.mail.messages_to(AYESHA).len();
        cut(app);
        app.pass(Duration::minutes(10));
        start(&seller, &lesson.session).await;
        minutes(app, 15).await;
        let seen = session(&seller, &lesson.session).await;
        assert_eq!((&seen["provider"], &seen["meeting"]["problem"]["code"]), (&json!("zoom"), &json!("unavailable")), "{seen}");
        assert!(seen.get("stands_in_for").is_none(), "{seen}");
        assert_eq!(app.database.count("meetings where provider <> 'zoom'").await, 0);
        assert_eq!((app.audited("session.stood_by").await, app.mail.messages_to(AYESHA).len()), (0, mails));
        app.wire.mend();
        minutes(app, 10).await;
        let seen = session(&seller, &lesson.session).await;
        assert_eq!((&seen["provider"], &seen["meeting"]["state"]), (&json!("zoom"), &json!("ready")), "{seen}");
    }
);

story!(
    /// With a policy the standby platform takes over after its two minutes: the log, the page, everybody's mail and the door say
    /// so, and the link that everybody has leads there. The next session is held on the class's own platform again.
    a_standby_platform_takes_over_openly, |app| async {
        let (owner, seller, lesson) = evening(app, Some("teams")).await;
        Platform::Teams.set_up(app, &app.organization("dreamcrowd").await).await;
        Platform::Teams.connect(app, &seller).await;
        lesson.enroll(app, &seller, AYESHA, "Ayesha Noor").await;
        let link = app.mailed_link(AYESHA);
        cut(app);
        app.pass(Duration::minutes(14));
        start(&seller, &lesson.session).await;
        minutes(app, 1).await;
        let seen = session(&seller, &lesson.session).await;
        assert_eq!((&seen["provider"], app.audited("session.stood_by").await), (&json!("zoom"), 0), "not at the first hiccup: {seen}");
        minutes(app, 2).await;
        let seen = session(&seller, &lesson.session).await;
        assert_eq!(
            (&seen["provider"], &seen["stands_in_for"], &seen["meeting"]["state"]),
            (&json!("teams"), &json!("zoom"), &json!("ready")),
            "{seen}"
        );
        // Audited with from, to and why.
        assert_eq!(app.audited("session.stood_by").await, 1);
        let entries = owner.all("/api/v1/audit").await;
        let entry = entries.iter().find(|entry| entry["kind"] == json!("session.stood_by")).unwrap();
        assert_eq!(entry["details"], json!({"from": "zoom", "to": "teams", "because": "unavailable"}), "{entry}");
        // Announced: on the page, by mail to both, and at the door.
        let page = seller.browser(app).get(&format!("/sessions/{}", lesson.session)).await;
        assert!(page.html().contains("Held on Microsoft Teams, because Zoom does not answer"), "{}", page.html());
        for (address, says) in [(AYESHA, "Your link is the same as before"), (seller.email.as_str(), "Open the session")] {
            let mails = app.mail.messages_to(address);
            let told: Vec<_> = mails.iter().filter(|mail| mail.subject.starts_with("Now on Microsoft Teams")).collect();
            assert_eq!(told.len(), 1, "{address}: {:?}", mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>());
            assert!(told[0].text.contains(says) && told[0].text.contains("Zoom does not answer"), "{}", told[0].text);
            assert!(!told[0].raw.contains(&Platform::Teams.base(app)), "only Lectern's own links");
        }
        assert_eq!(app.mailed_link(AYESHA), link, "the link is the one everybody has");
        let browser = app.browser();
        let door = browser.get(&link).await;
        assert!(door.html().contains("Today this class is held on Microsoft Teams"), "{}", door.html());
        let joined = browser.press_join(&link).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
        assert!(joined.location().starts_with(&Platform::Teams.base(app)), "{}", joined.location());
        let (_, launch) = seller.post(&format!("/api/v1/sessions/{}/launch", lesson.session), json!({})).await;
        assert!(launch["location"].as_str().unwrap().starts_with(&Platform::Teams.base(app)), "{launch}");
        // Zoom comes back: the session stays where its people are, nothing of it is left at Zoom, and it is held once.
        app.wire.mend();
        minutes(app, 30).await;
        assert_eq!(session(&seller, &lesson.session).await["provider"], json!("teams"));
        assert!(app.zoom.meetings().iter().all(|(_, topic)| topic != TITLE), "{:?}", app.zoom.meetings());
        assert_eq!(app.audited("session.stood_by").await, 1);
        let (_, class) = seller.get(&format!("/api/v1/classes/{}", lesson.class)).await;
        assert_eq!(class["provider"], json!("zoom"), "the class itself was not moved");
        let (status, ended) = seller.post(&format!("/api/v1/sessions/{}/end", lesson.session), json!({})).await;
        assert_eq!(status, 200, "{ended}");
        app.settle().await;
        let tomorrow = lesson.another(app, &seller, app.now() + Duration::days(1)).await;
        app.pass(Duration::days(1));
        start(&seller, &tomorrow).await;
        app.settle().await;
        let seen = session(&seller, &tomorrow).await;
        assert_eq!((&seen["provider"], &seen["meeting"]["state"]), (&json!("zoom"), &json!("ready")), "{seen}");
    }
);

story!(
    /// What a person can mend is no outage: a lost grant moves nobody, and the page says what to do.
    a_lost_grant_is_no_outage, |app| async {
        let (_, seller, lesson) = evening(app, Some("teams")).await;
        Platform::Teams.set_up(app, &app.organization("dreamcrowd").await).await;
        Platform::Teams.connect(app, &seller).await;
        assert_eq!(seller.delete("/api/v1/platforms/zoom/connection").await.0, 204);
        app.pass(Duration::minutes(14));
        start(&seller, &lesson.session).await;
        minutes(app, 10).await;
        let seen = session(&seller, &lesson.session).await;
        assert_eq!((&seen["provider"], &seen["meeting"]["problem"]["code"]), (&json!("zoom"), &json!("reconnect")), "{seen}");
        assert_eq!((app.audited("session.stood_by").await, app.audited("session.standby_not_ready").await), (0, 0));
    }
);

story!(
    /// A standby platform on which this teacher cannot hold a class takes nothing over: that is told, and Zoom is tried on.
    a_standby_that_is_not_ready_takes_nothing, |app| async {
        let (_, seller, lesson) = evening(app, Some("teams")).await;
        Platform::Teams.set_up(app, &app.organization("dreamcrowd").await).await;
        cut(app);
        app.pass(Duration::minutes(14));
        start(&seller, &lesson.session).await;
        minutes(app, 5).await;
        assert_eq!(session(&seller, &lesson.session).await["provider"], json!("zoom"));
        assert_eq!(app.audited("session.stood_by").await, 0);
        assert!(app.audited("session.standby_not_ready").await >= 1);
        let page = seller.browser(app).get(&format!("/sessions/{}", lesson.session)).await;
        assert!(page.html().contains("the standby platform is not ready for this class"), "{}", page.html());
        app.wire.mend();
        minutes(app, 10).await;
        let seen = session(&seller, &lesson.session).await;
        assert_eq!((&seen["provider"], &seen["meeting"]["state"]), (&json!("zoom"), &json!("ready")), "{seen}");
    }
);

story!(
    /// The standby may be a link that the teacher put aside for the class; a platform that is not here, or one that must know
    /// names where only aliases leave, is refused as a policy.
    a_link_put_aside_stands_in, |app| async {
        let (owner, seller, lesson) = evening(app, None).await;
        app.secret(SECRET);
        let path = format!("/api/v1/classes/{}/link", lesson.class);
        let spare = json!({"link": format!("http://127.0.0.1:4567/{SECRET}")});
        assert_eq!(seller.put(&path, spare.clone()).await.0, 409, "of no use without the policy");
        let (status, problem) = policy(&owner, Some("jitsi")).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("policies.standby_provider")), "{problem}");
        assert_eq!(policy(&owner, Some("link")).await.0, 200);
        let (status, kept) = seller.put(&path, spare).await;
        assert_eq!(status, 200, "{kept}");
        lesson.enroll(app, &seller, AYESHA, "Ayesha Noor").await;
        cut(app);
        app.pass(Duration::minutes(14));
        start(&seller, &lesson.session).await;
        minutes(app, 3).await;
        let seen = session(&seller, &lesson.session).await;
        assert_eq!((&seen["provider"], &seen["meeting"]["state"]), (&json!("link"), &json!("ready")), "{seen}");
        let joined = app.browser().press_join(&app.mailed_link(AYESHA)).await;
        assert!(joined.location().ends_with(SECRET), "{} {}", joined.status(), joined.html());
        // Another link while the class runs is another room on the same standby, not the way back to Zoom.
        assert_eq!(seller.put(&path, json!({"link": "http://127.0.0.1:4567/second"})).await.0, 200);
        app.settle().await;
        let seen = session(&seller, &lesson.session).await;
        assert_eq!((&seen["provider"], &seen["meeting"]["state"]), (&json!("link"), &json!("ready")), "{seen}");
        assert!(app.mail.messages_to(AYESHA).iter().all(|mail| !mail.raw.contains(SECRET)));
        app.wire.mend();
        minutes(app, 30).await;
    }
);
