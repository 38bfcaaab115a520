//! A class may send its platform aliases: nothing of people leaves, and who was there still comes back under their names.

use chrono::Duration;
use lectern_tests::{Lesson, Person, TestApp, story};
use serde_json::{Value, json};

const PEOPLE: [(&str, &str); 2] =
    [("ayesha.noor@home.example", "Ayesha Noor"), ("sami.reza@home.example", "Sami Reza")];
const GUEST: (&str, &str) = ("rokeya@guest.example", "Rokeya Begum");

async fn policy(owner: &Person, name: &str, value: &str) -> (u16, Value) {
    let (_, mut settings) = owner.get("/api/v1/organization/settings").await;
    settings["policies"][name] = json!(value);
    owner.patch("/api/v1/organization/settings", json!({"policies": settings["policies"]})).await
}

async fn send_aliases(teacher: &Person, class: &str) -> (u16, Value) {
    let path = format!("/api/v1/classes/{class}/settings");
    let (_, view) = teacher.get(&path).await;
    let mut settings = view["settings"].clone();
    settings["aliases"] = json!(true);
    teacher.put(&path, settings).await
}

/// Two buyers and a guest belong to the class: the name each has at the platform, by their own.
async fn enroll_all(app: &mut TestApp, seller: &Person, lesson: &Lesson) -> Vec<(String, String)> {
    let mut aliases = Vec::new();
    for (email, name) in PEOPLE {
        let enrollment = lesson.enroll(app, seller, email, name).await;
        aliases.push((name.to_owned(), enrollment["alias"].as_str().unwrap_or_default().to_owned()));
    }
    let guest = json!({"email": GUEST.0, "first_name": "Rokeya", "last_name": "Begum"});
    let guest = seller.create(&format!("/api/v1/classes/{}/guests", lesson.class), guest).await;
    app.settle().await;
    aliases.push((GUEST.1.to_owned(), guest["alias"].as_str().unwrap_or_default().to_owned()));
    aliases
}

async fn addresses(app: &TestApp, session: &str) -> Vec<String> {
    let meeting = app.zoom_meeting(session).await;
    let mut all: Vec<_> = app.zoom.registrants(meeting).into_iter().map(|(_, email, _)| email).collect();
    all.sort();
    all
}

story!(
    /// From enrolling to the report Zoom hears of nobody's name or address, also when a seat moves; the sheet knows all.
    nothing_of_people_leaves_and_the_report_comes_back_matched, |app| async {
        let (_, seller, lesson) = app.evening_on_the_wire().await;
        assert_eq!(send_aliases(&seller, &lesson.class).await.0, 200);
        let aliases = enroll_all(app, &seller, &lesson).await;
        assert!(aliases.iter().all(|(_, alias)| alias.starts_with("Participant ")), "{aliases:?}");
        app.pass(Duration::minutes(15));
        let (status, started) = seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await;
        assert_eq!((status, &started["meeting"]["state"]), (200, &json!("ready")), "{started}");
        app.settle().await;
        let meeting = app.zoom_meeting(&lesson.session).await;
        let host = app.zoom.host_joins(meeting).unwrap();
        let mut visits = Vec::new();
        for ((email, name), (_, alias)) in PEOPLE.iter().chain([&GUEST]).zip(&aliases) {
            let link = app.mailed_link(email);
            let page = app.browser().get(&link).await;
            assert!(page.html().contains(&format!("You appear there as <b>{alias}</b>")), "{}", page.html());
            assert!(page.html().contains(name) || !page.html().contains("signed up"));
            app.browser().press_join(&link).await;
            // Another browser takes the seat over: its registrant is another one, and says no more.
            let browser = app.browser();
            let asked = browser.press_join(&link).await;
            assert_eq!(asked.standing(), "other_browser");
            app.settle().await;
            let proven = browser.submit(&asked, &lesson.door(), &[("code", &app.mailed_code(email))]).await;
            assert_eq!(proven.status(), 303, "{}", proven.html());
            let visit = app.zoom.joins(proven.location()).unwrap();
            app.zoom.admit(visit).unwrap();
            visits.push(visit);
        }
        app.settle().await;
        let (_, live) = seller.get("/api/v1/live").await;
        for (_, name) in PEOPLE.iter().chain([&GUEST]) {
            let people = live["sessions"][0]["participants"].as_array().unwrap();
            let who = people.iter().find(|who| who["person"]["name"] == json!(name));
            assert_eq!(who.expect("on the board")["state"], json!("in_class"), "{name}: {live}");
        }
        app.pass(Duration::minutes(20));
        app.zoom.leaves(visits.remove(1)).unwrap();
        app.pass(Duration::minutes(10));
        assert_eq!(seller.post(&format!("/api/v1/sessions/{}/end", lesson.session), json!({})).await.0, 200);
        drop((host, visits));
        app.settle().await;
        for _ in 0..4 {
            app.pass(Duration::minutes(6));
            app.tick("tick.reconcile").await;
        }
        let (_, sheet) = seller.get(&format!("/api/v1/sessions/{}/attendance", lesson.session)).await;
        assert_eq!(sheet["report"]["state"], json!("finished"), "{sheet}");
        for (name, minutes) in [(PEOPLE[0].1, 30), (PEOPLE[1].1, 20), (GUEST.1, 30)] {
            let row = sheet["items"].as_array().unwrap().iter().find(|row| row["person"]["name"] == json!(name));
            assert_eq!(row.expect("on the sheet")["minutes"], json!(minutes), "{name}: {sheet:#}");
        }
        let told = app.wire.told();
        assert!(told.iter().any(|said| said.contains("Participant")) && told.len() > 5);
        for word in ["ayesha", "noor", "sami", "reza", "rokeya", "begum", "home.example", "guest.example"] {
            let leaked = told.iter().find(|said| said.to_lowercase().contains(word));
            assert!(leaked.is_none(), "{word}: {leaked:?}");
        }
    }
);

story!(
    /// A person has one alias in all sessions of a class and another in every other; classes without aliases send names.
    an_alias_is_stable_for_a_person_and_a_class, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let plain = Lesson::schedule(app, &seller, "Pottery").await;
        enroll_all(app, &seller, &plain).await;
        let own = addresses(app, &plain.session).await;
        assert_eq!(own, [PEOPLE[0].0, GUEST.0, PEOPLE[1].0]);
        assert_eq!(send_aliases(&seller, &lesson.class).await.0, 200);
        let aliases = enroll_all(app, &seller, &lesson).await;
        let first = addresses(app, &lesson.session).await;
        assert!(first.iter().all(|email| email.ends_with("@seats.lectern.invalid")), "{first:?}");
        let second = lesson.another(app, &seller, app.now() + Duration::days(1)).await;
        let (_, guests) = seller.get(&format!("/api/v1/classes/{}/guests", lesson.class)).await;
        assert_eq!(guests["items"][0]["alias"], json!(aliases[2].1));
        let again = addresses(app, &second).await;
        assert!(again.len() == 2 && again.iter().all(|email| first.contains(email)), "{again:?} {first:?}");
        app.restart().await;
        let (_, roster) = seller.get(&format!("/api/v1/classes/{}/enrollments", lesson.class)).await;
        let now: Vec<_> = roster["items"].as_array().unwrap().iter().map(|one| one["alias"].clone()).collect();
        assert!(now.contains(&json!(aliases[0].1)) && now.contains(&json!(aliases[1].1)), "{now:?}");
        // All classes, by the organization's policy: also one whose options say nothing of it.
        assert_eq!(policy(&owner, "aliases", "always").await.0, 200);
        let other = Lesson::schedule(app, &seller, "Calligraphy").await;
        enroll_all(app, &seller, &other).await;
        let others = addresses(app, &other.session).await;
        assert!(others.len() == 3 && others.iter().all(|email| !first.contains(email) && !own.contains(email)), "{others:?}");
        let page = seller.browser(app).get(&format!("/classes/{}/settings", other.class)).await;
        assert!(page.html().contains("Set by") && page.html().contains("Send aliases instead of names"), "{}", page.html());
    }
);

story!(
    /// A platform that must know people's own addresses is refused together with aliases, on whichever side they come.
    a_platform_that_must_know_addresses_takes_no_aliases, |app| async {
        let (owner, seller, _) = app.evening().await;
        let meet = seller.create("/api/v1/classes", json!({"title": "Drawing", "provider": "meet"})).await;
        let meet = meet["id"].as_str().unwrap();
        let (status, problem) = send_aliases(&seller, meet).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("aliases")), "{problem}");
        assert!(problem["errors"][0]["message"].as_str().unwrap().contains("must know people's own addresses"));
        let (status, problem) = policy(&owner, "aliases", "always").await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("policies.aliases")), "{problem}");
        assert_eq!(seller.delete(&format!("/api/v1/classes/{meet}")).await.0, 204);
        assert_eq!(policy(&owner, "aliases", "always").await.0, 200);
        let (status, problem) = seller.post("/api/v1/classes", json!({"title": "Drawing", "provider": "meet"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("provider")), "{problem}");
        let (status, problem) = owner.put("/api/v1/organization/default-platform", json!({"provider": "meet"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("provider")), "{problem}");
        for platform in ["zoom", "teams"] {
            seller.create("/api/v1/classes", json!({"title": "Drawing", "provider": platform})).await;
        }
    }
);
