//! What the door says when it is not simply open, and in which order people come through it.

use chrono::Duration;
use lectern_simulators::{
    faults::FaultPlan,
    zoom::{AppSpec, HostPlan},
};
use lectern_tests::{Deed, Gate, Lesson, Person, TestApp, story};
use serde_json::json;

const BUYER: &str = "buyer@home.example";

async fn policy(owner: &Person, name: &str, value: &str) {
    let (_, mut settings) = owner.get("/api/v1/organization/settings").await;
    settings["policies"][name] = json!(value);
    let (status, answer) =
        owner.patch("/api/v1/organization/settings", json!({"policies": settings["policies"]})).await;
    assert_eq!(status, 200, "{answer}");
}

/// Enrolls without letting any job run.
async fn enroll(seller: &Person, lesson: &Lesson, email: &str) -> String {
    let body = json!({"email": email, "name": "Ayesha Noor"});
    let enrolled = seller.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), body).await;
    enrolled["join_url"].as_str().unwrap().to_owned()
}

story!(
    /// While the platform makes no registrant, people wait in order of arrival; the job serves the first first.
    the_first_at_the_door_is_served_first, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let mut links = Vec::new();
        for number in 0..4 {
            links.push(enroll(&seller, &lesson, &format!("b{number}@home.example")).await);
        }
        let plan = FaultPlan { server_error: 100, operations: vec!["meetingRegistrantCreate".to_owned(), "addBatchRegistrants".to_owned()], ..FaultPlan::default() };
        app.zoom.set_faults(1, plan);
        let mut waiting = Vec::new();
        for number in [2, 0, 3] {
            let browser = app.browser();
            let page = browser.press_join(&links[number]).await;
            assert_eq!((page.status(), page.standing()), (200, "preparing"), "{}", page.html());
            assert!(page.html().contains("data-resume") && page.html().contains("http-equiv=\"refresh\""), "it opens by itself, also without scripts");
            waiting.push((number, browser));
            app.pass(Duration::seconds(1));
        }
        let rows = app.database.rows("select p.email from seats s join people p on p.id = s.person_id and p.organization_id = s.organization_id where s.waiting_since is not null order by s.waiting_since").await;
        assert_eq!(rows, [["b2@home.example"], ["b0@home.example"], ["b3@home.example"]]);
        app.zoom.set_faults(1, FaultPlan::default());
        app.pass(Duration::minutes(2));
        app.settle().await;
        let meeting = app.zoom_meeting(&lesson.session).await;
        let order: Vec<String> = app.zoom.registrants(meeting).into_iter().map(|(_, email, _)| email).collect();
        assert_eq!(order, ["b2@home.example", "b0@home.example", "b3@home.example", "b1@home.example"]);
        let calls = app.zoom.requests_since(0).len();
        for (number, browser) in &waiting {
            assert_eq!(browser.press_join(&links[*number]).await.status(), 303);
        }
        assert_eq!(app.zoom.requests_since(0).len(), calls, "the click only reveals");
    }
);

story!(
    /// Several open sessions are listed, earliest first; the choice counts; each has a seat of its own.
    several_open_sessions_are_listed, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let second = lesson.another(app, &seller, app.now() + Duration::minutes(5)).await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let browser = app.browser();
        let page = browser.get(&link).await;
        assert_eq!(page.standing(), "choose");
        let (earlier, later) = (page.html().find(&second).unwrap(), page.html().find(&lesson.session).unwrap());
        assert!(earlier < later, "earliest start first");
        let none = browser.submit(&page, &lesson.door(), &[]).await;
        assert_eq!((none.status(), none.standing()), (200, "choose"), "who chooses nothing is asked again");
        let one = browser.submit(&page, &lesson.door(), &[("session", &second)]).await;
        let two = browser.submit(&page, &lesson.door(), &[("session", &lesson.session)]).await;
        assert_eq!((one.status(), two.status()), (303, 303));
        assert!(one.location().contains(&app.zoom_meeting(&second).await.to_string()));
        assert!(two.location().contains(&app.zoom_meeting(&lesson.session).await.to_string()));
        let other = app.browser();
        let page = other.get(&link).await;
        let refused = other.submit(&page, &lesson.door(), &[("session", &second)]).await;
        assert_eq!(refused.standing(), "other_browser");
        assert!(refused.html().contains(&second), "the code page is about the chosen session");
        let foreign = uuid::Uuid::from_u128(5).to_string();
        let page = browser.submit(&browser.get(&link).await, &lesson.door(), &[("session", &foreign)]).await;
        assert_eq!(page.standing(), "choose", "a session of nobody is no choice");
    }
);

story!(
    /// A guest's link opens the named session and no other of the class.
    a_guest_comes_to_the_named_session_only, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let later = lesson.another(app, &seller, app.now() + Duration::hours(5)).await;
        let body = json!({"email": "rokeya@guest.example", "first_name": "Rokeya", "sessions": [later]});
        seller.create(&format!("/api/v1/classes/{}/guests", lesson.class), body).await;
        app.settle().await;
        let link = app.mailed_link("rokeya@guest.example");
        let browser = app.browser();
        let early = browser.get(&link).await;
        assert_eq!(early.standing(), "early", "the open session is not theirs");
        let forced = browser.submit(&early, &lesson.door(), &[]).await;
        assert_eq!(forced.standing(), "early");
        let (_, hidden) = early.forms().remove(0);
        let fields: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), if name == "session" { lesson.session.as_str() } else { value.as_str() })).collect();
        let named = browser.post(&lesson.door(), &fields).await;
        assert_eq!((named.status(), named.standing()), (200, "early"), "naming another session opens nothing");
        let meeting = app.zoom_meeting(&lesson.session).await;
        assert_eq!(app.zoom.registrants(meeting), []);
        app.pass(Duration::hours(5));
        assert_eq!(browser.press_join(&link).await.status(), 303);
    }
);

story!(
    /// Policy `started`: until the seller starts, the teacher is not here; starting makes the meeting and opens the door.
    before_the_start_the_teacher_is_not_here, |app| async {
        let (owner, seller, _) = app.evening().await;
        policy(&owner, "meeting_created", "started").await;
        let lesson = Lesson::schedule(app, &seller, "Ink").await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        app.tick("tick.prepare_sessions").await;
        assert_eq!(app.zoom.meetings().len(), 1, "only the first class's");
        let link = app.mailed_link(BUYER);
        let browser = app.browser();
        let page = browser.get(&link).await;
        assert_eq!(page.standing(), "teacher_not_here");
        assert_eq!(browser.submit(&page, &lesson.door(), &[]).await.standing(), "teacher_not_here");
        let (status, _) = seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await;
        assert_eq!(status, 200);
        app.settle().await;
        let joined = browser.submit(&page, &lesson.door(), &[]).await;
        assert_eq!(joined.status(), 303, "the page that waited goes on by its own form: {}", joined.html());
    }
);

story!(
    /// Policy `booked`: no meeting without a booking, one with the first, and in any case half an hour before the start.
    a_booking_makes_the_meeting, |app| async {
        let (owner, seller, _) = app.evening().await;
        policy(&owner, "meeting_created", "booked").await;
        let booked = Lesson::schedule_at(app, &seller, "Ink", app.now() + Duration::hours(4)).await;
        let alone = Lesson::schedule_at(app, &seller, "Oil", app.now() + Duration::hours(4)).await;
        assert_eq!(app.zoom.meetings().len(), 1);
        booked.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        assert_eq!(app.zoom.meetings().len(), 2);
        app.pass(Duration::minutes(209));
        app.tick("tick.prepare_sessions").await;
        assert_eq!(app.zoom.meetings().len(), 2);
        app.pass(Duration::minutes(1));
        app.tick("tick.prepare_sessions").await;
        assert_eq!(app.zoom.meetings().len(), 3);
        assert!(app.zoom_meeting(&alone.session).await > 0);
    }
);

story!(
    /// While the platform refuses the meeting, the person is told so, and gets in by the same page once it is there.
    the_platform_is_down, |app| async {
        let (_, seller, _) = app.evening().await;
        let plan = FaultPlan { server_error: 100, ..FaultPlan::default() };
        app.zoom.set_faults(1, plan);
        let lesson = Lesson::schedule(app, &seller, "Ink").await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let browser = app.browser();
        let page = browser.get(&link).await;
        assert_eq!(page.standing(), "platform_down");
        assert_eq!(browser.submit(&page, &lesson.door(), &[]).await.standing(), "platform_down");
        let (_, session) = seller.get(&format!("/api/v1/sessions/{}", lesson.session)).await;
        assert_eq!(session["meeting"]["problem"]["code"], "unavailable", "{session}");
        app.zoom.set_faults(1, FaultPlan::default());
        for _ in 0..6 {
            app.pass(Duration::minutes(2));
            app.settle().await;
        }
        assert_eq!(browser.submit(&page, &lesson.door(), &[]).await.status(), 303);
    }
);

story!(
    /// A link says that it is over, or why the session was cancelled, and when the next one is.
    over_and_cancelled_are_said, |app| async {
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let browser = app.browser();
        browser.press_join(&link).await;
        seller.post(&format!("/api/v1/sessions/{}/end", lesson.session), json!({})).await;
        assert_eq!(browser.press_join(&link).await.standing(), "over");
        let next = lesson.another(app, &seller, app.now() + Duration::days(1)).await;
        assert_eq!(app.browser().get(&link).await.standing(), "early");
        let answer = seller.send("DELETE", &format!("/api/v1/sessions/{next}"), Some(&json!({"reason": "The <b>seller</b> is ill"})), &[]).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        app.settle().await;
        let page = app.browser().get(&link).await;
        assert!(["over", "cancelled"].contains(&page.standing()), "{}", page.standing());
        assert!(!page.html().contains("<b>seller"));
    }
);

story!(
    /// A session in the room has no door of ours: its link says so, before and during it, and lets nobody anywhere.
    an_in_person_session_says_so, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let class = seller.create("/api/v1/classes", json!({"title": "Pottery"})).await["id"].as_str().unwrap().to_owned();
        let body = json!({"starts_at": app.now() + Duration::hours(2), "duration_minutes": 45, "time_zone": "Asia/Dhaka", "delivery": "in_person"});
        let sessions = seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        let pottery = Lesson { class, session: sessions["items"][0]["id"].as_str().unwrap().to_owned() };
        pottery.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let mails = app.mail.messages_to(BUYER);
        let mail = mails.last().unwrap();
        assert!(mail.text.contains("See the class: ") && mail.text.contains("held in person") && !mail.text.contains("Join the class"), "{}", mail.text);
        let browser = app.browser();
        let says = |page: &lectern_tests::Page, sentence: &str| {
            assert_eq!((page.status(), page.standing()), (200, "in_person"), "{}", page.html());
            assert!(page.html().contains(sentence), "{}", page.html());
            assert!(!page.html().contains("data-countdown") && !page.html().contains("Zoom"), "{}", page.html());
        };
        says(&browser.get(&link).await, "This session is in person. It starts at 16:45");
        app.pass(Duration::hours(2));
        let page = browser.get(&link).await;
        says(&page, "This session is in person. It starts at 16:45");
        says(&browser.submit(&page, &pottery.door(), &[]).await, "This session is in person");
        says(&browser.get(&format!("{link}&lang=bn")).await, "এই সেশন সরাসরি");
        let (status, _) = seller.post(&format!("/api/v1/sessions/{}/start", pottery.session), json!({})).await;
        assert_eq!(status, 200);
        says(&app.browser().press_join(&link).await, "This session is in person");
        assert_eq!(app.database.count("seats where browser_hash is not null").await, 0);
        seller.post(&format!("/api/v1/sessions/{}/end", pottery.session), json!({})).await;
        assert_eq!(app.browser().get(&link).await.standing(), "over");
        app.settle().await;
        assert_eq!(app.zoom.meetings().len(), 1, "only the other class has a meeting");
        drop(lesson);
    }
);

story!(
    /// Hybrid is in the room and online: the link opens the platform as for everybody.
    a_hybrid_session_opens_online, |app| async {
        let (_, seller, _) = app.evening().await;
        let class = seller.create("/api/v1/classes", json!({"title": "Pottery"})).await["id"].as_str().unwrap().to_owned();
        let body = json!({"starts_at": app.now() + Duration::minutes(10), "duration_minutes": 45, "delivery": "hybrid"});
        seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        seller.create(&format!("/api/v1/classes/{class}/enrollments"), json!({"email": BUYER, "name": "Ayesha Noor"})).await;
        app.settle().await;
        assert_eq!(app.browser().press_join(&app.mailed_link(BUYER)).await.status(), 303);
    }
);

story!(
    /// A Basic host's meetings have no registrants: everybody gets the meeting's own link, the gate is still ours, and the
    /// capabilities say so.
    a_basic_host_falls_back_to_what_is_honest, |app| async {
        let (_, seller, _) = app.evening().await;
        app.zoom.set_host_plan(&seller.email, HostPlan::Basic);
        app.connect(&seller).await;
        app.zoom.set_host_plan(&seller.email, HostPlan::Basic);
        let (status, answer) = seller.post("/api/v1/platforms/zoom/connection", json!({})).await;
        assert_eq!(status, 200, "{answer}");
        let callback = app.zoom.allow(answer["authorize_url"].as_str().unwrap(), &seller.email).unwrap();
        seller.send("GET", callback.strip_prefix(&app.base).unwrap(), None, &[]).await;
        let lesson = Lesson::schedule(app, &seller, "Ink").await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let (_, settings) = seller.get(&format!("/api/v1/classes/{}/settings", lesson.class)).await;
        assert!(settings["capabilities"]["registrants"].to_string().contains("paid licence"), "{settings}");
        let link = app.mailed_link(BUYER);
        let browser = app.browser();
        let joined = browser.press_join(&link).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
        assert!(!joined.location().contains("tk="), "{}", joined.location());
        assert_eq!(app.zoom_calls("meetingRegistrantCreate") + app.zoom_calls("addBatchRegistrants"), 0);
        assert_eq!(app.browser().press_join(&link).await.standing(), "other_browser", "our gate holds all the same");
    }
);

story!(
    /// A latecomer waits at most two seconds at the click; the page then opens by itself, with the seat made meanwhile.
    a_slow_platform_keeps_nobody_at_the_click, |app| async {
        let (_, seller, lesson) = app.evening_on_the_wire().await;
        let link = enroll(&seller, &lesson, BUYER).await;
        let gate = Gate::default();
        app.wire.tamper("POST", "/registrants", 1, Deed::HoldAnswer(gate.clone()));
        let browser = app.browser();
        let pressed = std::time::Instant::now();
        let page = browser.press_join(&link).await;
        assert_eq!((page.status(), page.standing()), (200, "preparing"), "{}", page.html());
        assert!(pressed.elapsed() < std::time::Duration::from_secs(5), "{:?}", pressed.elapsed());
        gate.open();
        app.pass(Duration::minutes(2));
        app.settle().await;
        assert_eq!(browser.press_join(&link).await.status(), 303);
        assert_eq!(app.zoom.registrants(app.zoom_meeting(&lesson.session).await).len(), 1);
    }
);

story!(
    /// A seat that moves while the platform is away: the old way in lives until the new one is there, and then ends.
    a_moved_seat_never_leaves_the_person_outside, |app| async {
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let old = app.browser().press_join(&link).await;
        let plan = FaultPlan { server_error: 100, ..FaultPlan::default() };
        app.zoom.set_faults(1, plan);
        let person = app.browser();
        let asked = person.press_join(&link).await;
        app.settle().await;
        let code = app.mailed_code(BUYER);
        let moved = person.submit(&asked, &lesson.door(), &[("code", &code)]).await;
        assert_eq!((moved.status(), moved.standing()), (200, "preparing"), "{}", moved.html());
        assert!(app.zoom.joins(old.location()).is_ok(), "register, reveal, and only then cancel");
        app.zoom.set_faults(1, FaultPlan::default());
        for _ in 0..6 {
            app.pass(Duration::minutes(2));
            app.settle().await;
        }
        let joined = person.submit(&asked, &lesson.door(), &[]).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
        app.settle().await;
        assert!(app.zoom.joins(old.location()).is_err());
    }
);

/// Scopes without those for registrants, as an administrator may have chosen them.
fn without_registrants(spec: &mut AppSpec) {
    spec.scopes.retain(|scope| !scope.contains("registrant"));
}

story!(
    /// An app without the registrant scopes: the same honest fallback, with the sentence that repairs it.
    missing_scopes_fall_back_too, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let owner = app.set_up_zoom(&dreamcrowd).await;
        let seller = dreamcrowd.instructor("farhan").await;
        let mut spec = AppSpec {
            client_id: "lectern-app".to_owned(),
            client_secret: lectern_tests::CLIENT_SECRET.to_owned(),
            name: "Lectern".to_owned(),
            mode: lectern_simulators::zoom::AppMode::User,
            account_id: None,
            redirect_uris: vec![format!("{}/oauth/zoom/callback", app.base)],
            scopes: lectern_providers::zoom::oauth::SCOPES.iter().map(|scope| scope.granular.to_owned()).collect(),
            endpoints: Vec::new(),
        };
        without_registrants(&mut spec);
        app.zoom.add_app(spec);
        app.connect(&seller).await;
        let lesson = Lesson::schedule(app, &seller, "Ink").await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let (_, settings) = seller.get(&format!("/api/v1/classes/{}/settings", lesson.class)).await;
        assert!(settings["capabilities"]["registrants"].to_string().contains("lacks the scope"), "{settings}");
        let joined = app.browser().press_join(&app.mailed_link(BUYER)).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
        assert!(!joined.location().contains("tk="));
        drop(owner);
    }
);

/// The calendar file behind the page.
async fn calendar(app: &TestApp, link: &str) -> lectern_tests::Page {
    app.browser().get(&link.replace("?token=", "/calendar.ics?token=")).await
}

story!(
    /// The calendar file of the page is ours alone and changes nothing.
    the_calendar_file_holds_our_link_only, |app| async {
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let before = app.database.dump().await;
        let page = calendar(app, &link).await;
        assert_eq!(page.status(), 200);
        assert!(page.answer.header("content-type").starts_with("text/calendar"));
        let unfolded = page.html().replace("\r\n ", "");
        assert!(unfolded.contains(&link) && !unfolded.contains(&app.zoom.base_url()), "{unfolded}");
        assert!(unfolded.contains("METHOD:PUBLISH"));
        assert_eq!(app.database.dump().await, before);
    }
);
