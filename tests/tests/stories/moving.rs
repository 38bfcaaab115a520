//! A class goes to another platform: what it would lose is told first, and people's links stay.

use chrono::Duration;
use lectern_tests::{Deed, Gate, Lesson, story};
use serde_json::{Value, json};

const BUYER: &str = "ayesha@home.example";
const ELSEWHERE: &str = "http://127.0.0.1:4567/studio";

fn names(view: &Value, loss: bool) -> Vec<String> {
    let rank = |word: &Value| ["no", "helped", "yes"].iter().position(|known| json!(known) == *word);
    let all = view["comparison"]["differences"].as_array().unwrap();
    let wanted = all.iter().filter(|one| (rank(&one["after"]) < rank(&one["before"])) == loss);
    wanted.map(|one| one["capability"].as_str().unwrap().to_owned()).collect()
}

story!(
    /// Compared, confirmed, moved: the old platform's meeting goes, the same link leads to the new place, and the log knows.
    a_class_moves_and_its_links_stay, |app| async {
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let old = app.zoom_meeting(&lesson.session).await;
        let link = app.mailed_link(BUYER);
        let path = format!("/api/v1/classes/{}/platform", lesson.class);
        let (status, view) = seller.get(&format!("{path}?provider=link")).await;
        assert_eq!((status, &view["from"], &view["to"], &view["meetings"]), (200, &json!("zoom"), &json!("link"), &json!(1)), "{view}");
        let losses = names(&view, true);
        for lost in ["registrants", "attendance", "waiting_room", "end_meeting"] {
            assert!(losses.contains(&lost.to_owned()), "{lost}: {losses:?}");
        }
        assert_eq!(view["settings"]["waiting_room"], json!(false), "what cannot be done there is off: {view}");
        let reason = view["comparison"]["differences"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("one link for everybody"), "{reason}");
        assert_eq!(app.zoom.meetings().len(), 1, "looking changes nothing");

        let (status, problem) = seller.post(&path, json!({"provider": "link"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("link")), "{problem}");
        let (status, moved) = seller.post(&path, json!({"provider": "link", "link": ELSEWHERE})).await;
        assert_eq!((status, &moved["to"]), (200, &json!("link")), "{moved}");
        app.settle().await;
        assert!(app.zoom.meetings().iter().all(|(id, ..)| *id != old), "removed at Zoom");
        app.pass(Duration::minutes(15));
        let owner = app.organization("dreamcrowd").await.owner().await;
        let (_, log) = owner.get("/api/v1/audit?kind=meeting.created").await;
        let unmet = json!({"setting": "waiting_room", "asked": "true", "got": "false"});
        let made = log["items"].as_array().unwrap().iter().find(|entry| entry["details"]["provider"] == json!("link"));
        assert!(made.unwrap()["details"]["differences"].as_array().unwrap().contains(&unmet), "the log says so too: {log}");
        let browser = app.browser();
        let joined = browser.press_join(&link).await;
        assert_eq!((joined.status(), joined.location()), (303, ELSEWHERE), "{}", joined.html());
        assert_eq!(app.audited("class.moved").await, 1);
        let options = format!("/api/v1/classes/{}/settings", lesson.class);
        let (_, there) = seller.get(&options).await;
        assert_eq!(there["settings"]["waiting_room"], json!(false), "a pasted link has no waiting room: {there}");
        let mut chosen = there["settings"].clone();
        chosen["aliases"] = json!(false);
        assert_eq!(seller.put(&options, chosen).await.0, 200, "saving what is shown changes no wish");

        // And back again, with the meeting of its one coming session.
        let (status, problem) = seller.post(&path, json!({"provider": "zoom"})).await;
        assert_eq!(status, 200, "{problem}");
        app.settle().await;
        let (_, again) = seller.get(&options).await;
        assert_eq!(again["settings"]["waiting_room"], json!(true), "the lock came back with the class: {again}");
        let back = browser.press_join(&link).await;
        assert!(back.status() == 303 && back.location().starts_with(&app.zoom.base_url()), "{}", back.location());
        assert_eq!(app.database.count("pasted_links").await, 0, "a link that opens nothing is not kept");
    }
);

story!(
    /// While Zoom is away the old meeting stays to be removed, nothing is lost, and the move itself waits for nobody.
    an_old_meeting_is_removed_when_its_platform_answers_again, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let old = app.zoom_meeting(&lesson.session).await;
        let plan = lectern_simulators::faults::FaultPlan { server_error: 100, ..Default::default() };
        app.zoom.set_faults(1, plan);
        let path = format!("/api/v1/classes/{}/platform", lesson.class);
        let (status, moved) = seller.post(&path, json!({"provider": "link", "link": ELSEWHERE})).await;
        assert_eq!(status, 200, "{moved}");
        app.settle().await;
        assert!(app.zoom.meetings().iter().any(|(id, ..)| *id == old));
        app.zoom.set_faults(1, Default::default());
        for _ in 0..6 {
            app.pass(Duration::minutes(20));
            app.settle().await;
        }
        assert!(app.zoom.meetings().iter().all(|(id, ..)| *id != old), "{:?}", app.jobs().await);
        assert_eq!(app.audited("meeting.removed").await, 1);
    }
);

story!(
    /// A class that runs is not moved, nor one that is there already, nor somebody else's.
    a_move_is_refused_with_what_to_do, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let path = format!("/api/v1/classes/{}/platform", lesson.class);
        let refused = async |provider: &str| {
            let (status, problem) = seller.post(&path, json!({"provider": provider, "link": null})).await;
            let (looked, _) = seller.get(&format!("{path}?provider={provider}")).await;
            assert_eq!(status, looked, "{problem}");
            (status, problem)
        };
        let (status, problem) = refused("zoom").await;
        assert_eq!((status, &problem["code"]), (409, &json!("same_platform")), "{problem}");
        assert_eq!(refused("webex").await.0, 422);
        seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await;
        let (status, problem) = refused("teams").await;
        assert_eq!((status, &problem["code"]), (409, &json!("live")), "{problem}");
        assert!(problem["next_step"].as_str().unwrap().contains("End the session"), "{problem}");
        let other = app.organization("dreamcrowd").await.instructor("dalia").await;
        assert_eq!(other.post(&path, json!({"provider": "teams"})).await.0, 404);
        assert_eq!(app.audited("class.moved").await, 0);
    }
);

story!(
    /// On the page the comparison stands before the button, in the reader's language.
    the_page_compares_before_it_moves, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let browser = seller.browser(app);
        let path = format!("/classes/{}/platform", lesson.class);
        let page = browser.get(&format!("{path}?to=teams")).await;
        assert!(page.html().contains("What you would lose") && page.html().contains("A link of one"), "{}", page.html());
        assert!(page.html().contains("One coming meeting is made anew"), "{}", page.html());
        assert!(page.html().contains("An admin sets it up first"), "nobody set Teams up here: {}", page.html());
        let moved = browser.submit(&page, &path, &[]).await;
        assert_eq!(moved.status(), 303, "{}", moved.html());
        let (_, class) = seller.get(&format!("/api/v1/classes/{}", lesson.class)).await;
        assert_eq!(class["provider"], json!("teams"));
        let wrong = browser.get(&format!("{path}?to=link")).await;
        let refused = browser.submit(&wrong, &path, &[("link", "nonsense")]).await;
        assert!(refused.status() == 422 && refused.html().contains("nonsense"), "what was typed stays: {}", refused.html());
        let again = Lesson::schedule(app, &seller, "Pottery").await;
        seller.post(&format!("/api/v1/sessions/{}/start", again.session), json!({})).await;
        let live = browser.get(&format!("/classes/{}/platform?to=teams", again.class)).await;
        assert!(live.html().contains("A session of this class is running"), "{}", live.html());
    }
);

story!(
    /// A class moves while Zoom still makes somebody's place: what Zoom answers says nothing of the person on the new platform.
    a_late_answer_of_the_old_platform_refuses_nobody, |app| async {
        let (_, seller, lesson) = app.evening_on_the_wire().await;
        let all = format!("/api/v1/classes/{}/enrollments", lesson.class);
        let enrolled = seller.create(&all, json!({"email": BUYER, "name": "Ayesha Noor"})).await;
        let gate = Gate::default();
        app.wire.tamper("POST", "/registrants", 1, Deed::HoldAnswer(gate.clone()));
        let moving = async {
            gate.reached().await;
            let path = format!("/api/v1/classes/{}/platform", lesson.class);
            let (status, moved) = seller.post(&path, json!({"provider": "link", "link": ELSEWHERE})).await;
            assert_eq!(status, 200, "{moved}");
            gate.open();
        };
        tokio::join!(app.settle(), moving);
        app.settle().await;
        assert_eq!(app.audited("join.url_refused").await, 0);
        app.pass(Duration::minutes(15));
        let joined = app.browser().press_join(enrolled["join_url"].as_str().unwrap()).await;
        assert_eq!((joined.status(), joined.location()), (303, ELSEWHERE), "{}", joined.html());
    }
);
