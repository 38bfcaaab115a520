//! One flow that schedules: from one form a class, its list, its options and its sessions, all at once or not at all.

use lectern_core::ids::OrganizationId;
use lectern_simulators::zoom::HostPlan;
use lectern_tests::{Browser, Page, Person, TestApp, story};
use serde_json::{Value, json};

use crate::foreign_ids::rows_of;

const SCHEDULE: &str = "/schedule";
const CHAND: &str = "chand@home.example";
const INSPECTOR: &str = "inspector@board.example";

/// Ten o'clock in Dhaka, from tomorrow on.
const WHEN: [(&str, &str); 4] =
    [("date", "2026-11-24"), ("time", "10:00"), ("time_zone", "Asia/Dhaka"), ("duration_minutes", "45")];

/// Every Tuesday and Thursday, six times.
const WEEKLY: [(&str, &str); 5] =
    [("repeats", "weekly"), ("day", "TU"), ("day", "TH"), ("ends", "count"), ("count", "6")];

/// These inputs beside those that say when.
fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&WHEN[..], more].concat()
}

fn weekly<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&WHEN[..], &WEEKLY[..], more].concat()
}

/// The class to whose sessions a form led.
fn class_of(done: &Page) -> String {
    assert_eq!(done.status(), 303, "{}", done.html());
    let path = done.location().split(['?', '#']).next().unwrap();
    path.split('/').nth(2).unwrap().to_owned()
}

async fn sessions(who: &Person, class: &str) -> Vec<Value> {
    let mut all = who.all("/api/v1/sessions?from=2026-11-23T00:00:00Z&to=2027-12-01T00:00:00Z").await;
    all.retain(|one| one["class_id"] == class);
    all.sort_by_key(|one| one["starts_at"].as_str().unwrap().to_owned());
    all
}

/// The days on which sessions begin.
async fn days(who: &Person, class: &str) -> Vec<String> {
    let all = sessions(who, class).await;
    all.iter().map(|one| one["starts_at"].as_str().unwrap()[5..16].to_owned()).collect()
}

async fn options(who: &Person, class: &str) -> Value {
    who.get(&format!("/api/v1/classes/{class}/settings")).await.1["settings"].clone()
}

async fn cohort(owner: &Person, name: &str, people: &[&Person]) -> String {
    let id = owner.create("/api/v1/cohorts", json!({"name": name})).await["id"].as_str().unwrap().to_owned();
    for person in people {
        owner.create(&format!("/api/v1/cohorts/{id}/members"), json!({"user_id": person.id})).await;
    }
    id
}

/// Presses what was looked at, and says that nothing came of it.
async fn refused(
    app: &TestApp,
    organization: OrganizationId,
    browser: &Browser,
    changes: &[(&str, &str)],
) -> Page {
    let before = rows_of(app, organization).await;
    let looked = browser.look(SCHEDULE, changes).await;
    assert_eq!(looked.status(), 422, "{changes:?}: {}", looked.html());
    let pressed = browser.press_schedule(&looked, &[]).await;
    assert_eq!(pressed.status(), 422, "{changes:?}: {}", pressed.html());
    assert_eq!(rows_of(app, organization).await, before, "nothing is made of {changes:?}");
    pressed
}

story!(
    /// A weekly class with two cohorts, somebody new, a guest and options of its own, in one go: what was looked at is what is
    /// made, people hear of it once, and everything stands where it is looked for.
    a_weekly_class_is_scheduled_in_one_go, |app| async {
        let oakwood = app.organization("oakwood").await;
        oakwood.zoom(app).await;
        let (owner, farhan) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        farhan.connect_zoom(app).await;
        let (ayesha, bela, tanvir) =
            (oakwood.student("ayesha").await, oakwood.student("bela").await, oakwood.student("tanvir").await);
        let section = cohort(&owner, "Section A", &[&ayesha, &bela]).await;
        let club = cohort(&owner, "Chess club", &[&bela]).await;
        let (status, _) = owner.put("/api/v1/organization/holidays/2026-12-03", json!({"name": "Founders’ day"})).await;
        assert!(status < 300, "{status}");

        let browser = farhan.browser(app);
        let people = format!("Chand Mia, {CHAND}\n{}", tanvir.email);
        let changes = weekly(&[
            ("title", "Fractions"), ("description", "Halves first."), ("provider", "zoom"), ("session_title", "Practice hour"),
            ("cohort", &section), ("cohort", &club), ("people", &people), ("guests", INSPECTOR),
            ("-waiting_room", ""), ("breakout_rooms", "on"),
        ]);
        let looked = browser.look(SCHEDULE, &changes).await;
        assert_eq!(looked.status(), 200, "{}", looked.html());
        let text = looked.html();
        assert!(text.contains("Schedule 5 sessions"), "{text}");
        assert!(text.contains("Founders’ day"), "what is left out is told: {text}");
        assert!(text.contains("5 get a mail"), "Ayesha, Bela once, Tanvir, Chand and the guest: {text}");
        assert!(text.contains("30 minutes before each") && text.contains(&format!("As {}", farhan.email)), "{text}");
        assert!(app.mail.messages_to(CHAND).is_empty() && farhan.all("/api/v1/classes").await.is_empty(), "nothing yet");

        let class = class_of(&browser.press_schedule(&looked, &[]).await);
        assert_eq!(days(&farhan, &class).await, ["11-24T04:00", "11-26T04:00", "12-01T04:00", "12-08T04:00", "12-10T04:00"]);
        assert!(sessions(&farhan, &class).await.iter().all(|one| one["title"] == "Practice hour"));
        let (_, made) = farhan.get(&format!("/api/v1/classes/{class}")).await;
        assert_eq!((&made["title"], &made["description"], &made["provider"]), (&json!("Fractions"), &json!("Halves first."), &json!("zoom")));
        let set = options(&farhan, &class).await;
        assert_eq!((&set["waiting_room"], &set["breakout_rooms"], &set["chat"]), (&json!(false), &json!(true), &json!(true)), "{set}");

        app.settle().await;
        for address in [&ayesha.email, &bela.email, &tanvir.email, CHAND, INSPECTOR] {
            let mails = app.mail.messages_to(address);
            assert_eq!(mails.len(), 1, "{address} is told once");
        }
        assert!(sessions(&farhan, &class).await[0]["meeting"]["state"] == "ready", "{:?}", sessions(&farhan, &class).await[0]);
        let roster = browser.get(&format!("/classes/{class}/roster")).await;
        for seen in [&ayesha.name, &tanvir.name, "Chand Mia", "inspector", "Section A", "Chess club"] {
            assert!(roster.html().contains(seen), "{seen}: {}", roster.html());
        }
        let guests = farhan.all(&format!("/api/v1/classes/{class}/guests")).await;
        assert_eq!(guests[0]["sessions"].as_array().unwrap().len(), 5, "the guest comes to what was scheduled: {guests:?}");
        let kinds: Vec<_> = owner.all("/api/v1/audit?limit=100").await;
        let count = |kind: &str| kinds.iter().filter(|entry| entry["kind"] == kind).count();
        assert_eq!((count("class.created"), count("session.scheduled"), count("guest.invited")), (1, 5, 1));

        // More of the same class: what is there stands in the form, and a guest comes to these sessions too.
        let at = format!("/schedule?class={class}");
        let again = [("date", "2027-01-05"), ("time", "10:00"), ("time_zone", "Asia/Dhaka"), ("duration_minutes", "45"), ("guests", INSPECTOR)];
        let looked = browser.look(&at, &again).await;
        assert!(looked.html().contains("5 people are on its list") && looked.input("waiting_room").contains("switch"), "{}", looked.html());
        assert!(!looked.input("waiting_room").contains("checked") && looked.input("breakout_rooms").contains("checked"));
        assert_eq!(class_of(&browser.press_schedule(&looked, &[("-breakout_rooms", "")]).await), class);
        assert_eq!(sessions(&farhan, &class).await.len(), 6);
        assert_eq!(options(&farhan, &class).await["breakout_rooms"], false, "its options may be changed on the way");
        let guests = farhan.all(&format!("/api/v1/classes/{class}/guests")).await;
        assert_eq!((guests.len(), guests[0]["sessions"].as_array().unwrap().len()), (1, 6), "{guests:?}");
        app.settle().await;
    }
);

story!(
    /// Nothing is made while anything is wrong; everything that is wrong is said at once, and what was typed stays.
    everything_wrong_is_said_at_once_and_nothing_is_made, |app| async {
        let oakwood = app.organization("oakwood").await;
        let farhan = oakwood.instructor("farhan").await;
        let ayesha = oakwood.student("ayesha").await;
        let browser = farhan.browser(app);
        let long = "x".repeat(201);
        let people = format!("Ayesha, not-an-address\nnobody@home.example\n{}", farhan.email);
        let guests = format!("guest at board\n{}", ayesha.email);
        let mut changes = with(&[
            ("title", &long), ("provider", "link"), ("link", "http://insecure.example/room"), ("people", &people), ("guests", &guests),
        ]);
        changes.retain(|(name, _)| *name != "duration_minutes");
        changes.push(("duration_minutes", "0"));
        let page = refused(app, oakwood.id, &browser, &changes).await;
        let html = page.html();
        for wrong in [
            "This is too long.", "“Ayesha, not-an-address”: This is not an e-mail address.", "“nobody@home.example”: Nobody here has this address.",
            "This person teaches the class.", "“guest at board”", "Write a whole number from 1 to 1440.", "f-link-error",
        ] {
            assert!(html.contains(wrong), "{wrong}: {html}");
        }
        assert_eq!(page.typed("title"), Some(long));
        assert_eq!(page.typed("people").map(|text| text.replace("\r\n", "\n")), Some(people));
        assert_eq!(page.typed("link").as_deref(), Some("http://insecure.example/room"));
        assert_eq!(page.typed("time").as_deref(), Some("10:00"));

        // The same address on both lists, a passed day, a day that is none, a rule that ends before it begins.
        let both = [("title", "Algebra"), ("provider", "zoom"), ("people", ayesha.email.as_str()), ("guests", ayesha.email.as_str())];
        assert!(refused(app, oakwood.id, &browser, &with(&both)).await.html().contains("own link opens every session"));
        for (name, value) in [("date", "2020-01-01"), ("date", "soon"), ("time_zone", "Mars/Olympus"), ("provider", "pigeon"), ("cohort", "018f0000-0000-7000-8000-000000000001")] {
            let mut changes = with(&[("title", "Algebra")]);
            changes.retain(|(own, _)| *own != name);
            changes.push((name, value));
            refused(app, oakwood.id, &browser, &changes).await;
        }
        refused(app, oakwood.id, &browser, &with(&[("title", "Algebra"), ("repeats", "daily"), ("ends", "until"), ("until", "2026-11-01")])).await;
        // Every day of it is a day off.
        let (status, _) = oakwood.owner().await.put("/api/v1/organization/holidays/2026-11-24", json!({"name": "Rain"})).await;
        assert!(status < 300);
        let page = refused(app, oakwood.id, &browser, &with(&[("title", "Algebra")])).await;
        assert!(page.html().contains("No session is left"), "{}", page.html());
        app.settle().await;
    }
);

story!(
    /// What the organization set holds, and says who set it; what the platform cannot do says why, and where it could be had.
    locks_hold_and_what_is_not_possible_says_why, |app| async {
        let oakwood = app.organization("oakwood").await;
        oakwood.zoom(app).await;
        let (owner, farhan) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        farhan.zoom_host(app, HostPlan::Basic);
        farhan.consent(app).await;
        let locks = |waiting: &str, chat: &str| json!({
            "waiting_room": waiting, "recording": "usually_off", "recording_place": "cloud",
            "breakout_rooms": "usually_on", "chat": chat, "screen_share": "usually_off", "aliases": "usually_off",
        });
        assert_eq!(owner.put("/api/v1/organization/locks", locks("always", "usually_on")).await.0, 200);
        let browser = farhan.browser(app);
        let page = browser.get(SCHEDULE).await;
        assert!(page.html().contains("On for all classes. Set by"), "{}", page.html());
        let waiting = page.input("waiting_room");
        assert!(waiting.contains("checked") && waiting.contains("disabled"), "{waiting}");
        assert!(page.input("breakout_rooms").contains("checked") && !page.input("screen_share").contains("checked"), "as is usual here");

        // A pasted link has no waiting room of ours: its reason, and the platform that has one.
        let link = [("title", "Algebra"), ("provider", "link"), ("link", "https://meet.jit.si/oak")];
        let looked = browser.look(SCHEDULE, &with(&link)).await;
        assert_eq!(looked.status(), 200, "{}", looked.html());
        assert!(looked.input("breakout_rooms").contains("disabled"), "{}", looked.html());
        assert!(looked.html().contains("Not possible here.") && looked.html().contains("Use Zoom"), "{}", looked.html());
        assert!(looked.html().contains("Your pasted link is used"), "{}", looked.html());
        let instead = browser.look_again(&looked, &[("instead", "zoom")]).await;
        assert_eq!(instead.typed("provider").as_deref(), Some("zoom"));
        assert!(!instead.input("breakout_rooms").contains("disabled") && instead.input("breakout_rooms").contains("checked"), "{}", instead.html());

        // Somebody who forges a locked box is told, and what is locked meanwhile is told too.
        let forged = with(&[("title", "Algebra"), ("provider", "zoom"), ("open", "waiting_room"), ("open", "screen_share")]);
        let page = browser.look(SCHEDULE, &forged).await;
        assert_eq!(page.status(), 422, "{}", page.html());
        assert!(page.html().contains("for all classes. Its admins can change this"), "{}", page.html());
        let done = browser.schedule(SCHEDULE, &with(&[("title", "Algebra"), ("provider", "zoom"), ("screen_share", "on")])).await;
        let set = options(&farhan, &class_of(&done)).await;
        assert_eq!((&set["waiting_room"], &set["screen_share"]), (&json!(true), &json!("everyone")), "{set}");
        // Recording in the cloud is not of this plan.
        let cloud = [("title", "Geometry"), ("provider", "zoom"), ("recording", "cloud")];
        let page = browser.look("/schedule", &[&cloud[..], &[("date", "2026-12-15"), ("time", "12:00"), ("time_zone", "UTC"), ("duration_minutes", "45")]].concat()).await;
        assert!(page.status() == 422 && page.html().contains("o-recording-error"), "{}", page.html());
        app.settle().await;
    }
);

story!(
    /// A clash is named beside the time with what can be done: another time, the day left out, or both held by choice.
    a_clash_is_named_and_settled, |app| async {
        let oakwood = app.organization("oakwood").await;
        let farhan = oakwood.instructor("farhan").await;
        let browser = farhan.browser(app);
        let first = [("title", "Geometry, class 9"), ("provider", "zoom"), ("date", "2026-12-01"), ("time", "10:15"), ("time_zone", "Asia/Dhaka"), ("duration_minutes", "35")];
        class_of(&browser.schedule(SCHEDULE, &first).await);

        let plan = weekly(&[("title", "Fractions"), ("provider", "zoom")]);
        let page = refused(app, oakwood.id, &browser, &plan).await;
        assert!(page.html().contains("f-time-error") && page.html().contains("Geometry, class 9"), "{}", page.html());
        assert!(page.html().contains("At 10:50 nothing clashes."), "{}", page.html());
        assert!(page.html().contains("1 clash to settle first") && !page.html().contains("Schedule 6 sessions"), "{}", page.html());

        // Left out: one fewer, and it can be taken back.
        let out = browser.look_again(&page, &[("leave_out", "2026-12-01")]).await;
        assert!(out.status() == 200 && out.html().contains("Schedule 5 sessions"), "{}", out.html());
        assert_eq!(out.typed("leave_out").as_deref(), Some("2026-12-01"));
        let back = browser.look_again(&out, &[("-leave_out", "")]).await;
        assert!(back.status() == 422 && back.html().contains("1 clash to settle first"), "{}", back.html());
        // The proposed time.
        let later = browser.look_again(&page, &[("use_time", "10:50")]).await;
        assert!(later.status() == 200 && later.html().contains("Schedule 6 sessions"), "{}", later.html());
        assert_eq!(later.typed("time").as_deref(), Some("10:50"));
        // Both, by choice. What was pressed is what was looked at: first the choice is looked at.
        let unseen = browser.press_schedule(&page, &[("allow_clashes", "on")]).await;
        assert!(unseen.status() == 422 && unseen.html().contains("not what you last looked at"), "{}", unseen.html());
        assert!(unseen.html().contains("Schedule 6 sessions"), "the button is there to be pressed once more: {}", unseen.html());
        assert_eq!(farhan.all("/api/v1/classes").await.len(), 1);
        let class = class_of(&browser.press_schedule(&unseen, &[]).await);
        assert_eq!(sessions(&farhan, &class).await.len(), 6);

        // Another form, with a day left out from the beginning.
        let mut early = weekly(&[("title", "Early birds"), ("provider", "zoom"), ("leave_out", "2026-12-01")]);
        early.retain(|(name, _)| *name != "time");
        early.push(("time", "08:00"));
        let class = class_of(&browser.schedule(SCHEDULE, &early).await);
        assert_eq!(days(&farhan, &class).await, ["11-24T02:00", "11-26T02:00", "12-03T02:00", "12-08T02:00", "12-10T02:00"]);
        app.settle().await;
    }
);

story!(
    /// Pressed twice is one class, also at the same moment; a form that was sent and then filled in otherwise asks first.
    pressed_twice_makes_one_class, |app| async {
        let oakwood = app.organization("oakwood").await;
        let farhan = oakwood.instructor("farhan").await;
        let browser = farhan.browser(app);
        let looked = browser.look(SCHEDULE, &with(&[("title", "Algebra"), ("provider", "zoom")])).await;
        let (one, two) = tokio::join!(browser.press_schedule(&looked, &[]), browser.press_schedule(&looked, &[]));
        assert_eq!(class_of(&one), class_of(&two));
        let third = browser.press_schedule(&looked, &[]).await;
        assert_eq!(third.location(), one.location());
        assert_eq!(farhan.all("/api/v1/classes").await.len(), 1);
        assert_eq!(sessions(&farhan, &class_of(&one)).await.len(), 1);

        // Back in the browser, another title: what was sent then is said, and pressing once more makes the second.
        let other = browser.press_schedule(&looked, &[("title", "Geometry"), ("allow_clashes", "on")]).await;
        assert_eq!(other.status(), 422, "{}", other.location());
        let other = browser.look_again(&looked, &[("title", "Geometry"), ("time", "13:00")]).await;
        let other = browser.press_schedule(&other, &[]).await;
        assert!(other.status() == 422 && other.html().contains("This form was sent before"), "{}", other.html());
        assert_eq!(farhan.all("/api/v1/classes").await.len(), 1);
        class_of(&browser.press_schedule(&other, &[]).await);
        assert_eq!(farhan.all("/api/v1/classes").await.len(), 2);
        app.settle().await;
    }
);

story!(
    /// An admin schedules for whoever teaches, in their account and against their calendar; an instructor for nobody else, a
    /// student not at all.
    an_admin_schedules_for_an_instructor, |app| async {
        let oakwood = app.organization("oakwood").await;
        oakwood.zoom(app).await;
        let (owner, farhan, dalia) =
            (oakwood.owner().await, oakwood.instructor("farhan").await, oakwood.instructor("dalia").await);
        farhan.connect_zoom(app).await;
        let ayesha = oakwood.student("ayesha").await;
        let (id, other) = (farhan.id.to_string(), dalia.id.to_string());
        let browser = owner.browser(app);
        let looked = browser.look(SCHEDULE, &with(&[("title", "Algebra"), ("provider", "zoom"), ("instructor_id", &id)])).await;
        assert!(looked.html().contains("The account is connected.") && looked.html().contains(&format!("As {}", farhan.email)), "{}", looked.html());
        let class = class_of(&browser.press_schedule(&looked, &[]).await);
        assert_eq!(farhan.get(&format!("/api/v1/classes/{class}")).await.1["instructor"]["id"], json!(id));
        // Her own time is free, his is not.
        let theirs = with(&[("title", "Geometry"), ("provider", "zoom"), ("instructor_id", &id)]);
        assert_eq!(browser.look(SCHEDULE, &theirs).await.status(), 422);
        let hers = with(&[("title", "Geometry"), ("provider", "zoom"), ("instructor_id", &other)]);
        class_of(&browser.schedule(SCHEDULE, &hers).await);
        let student = ayesha.id.to_string();
        let page = browser.look(SCHEDULE, &with(&[("title", "Geometry"), ("instructor_id", &student)])).await;
        assert!(page.status() == 422 && page.html().contains("f-instructor_id-error"), "{}", page.html());

        // For others: not theirs, not theirs to name, not for them.
        let at = format!("/schedule?class={class}");
        assert_eq!(dalia.browser(app).get(&at).await.status(), 404);
        assert_eq!(dalia.browser(app).look(SCHEDULE, &with(&[("title", "Ink"), ("instructor_id", &id)])).await.status(), 422);
        assert_eq!(ayesha.browser(app).get(SCHEDULE).await.status(), 403);
        assert_eq!(browser.get(&at).await.status(), 200);
        // A class for later has no session, and nobody is told.
        let later = browser.look(SCHEDULE, &[("title", "Chess"), ("provider", "zoom"), ("later", "on")]).await;
        assert!(later.html().contains("Create the class") && later.html().contains("Nobody is on the list yet."), "{}", later.html());
        let chess = class_of(&browser.press_schedule(&later, &[]).await);
        assert!(sessions(&owner, &chess).await.is_empty());
        app.settle().await;
    }
);

story!(
    /// Where people begin, the flow is one press away; the form is read in Bengali too.
    the_flow_is_one_press_away, |app| async {
        let oakwood = app.organization("oakwood").await;
        let farhan = oakwood.instructor("farhan").await;
        let browser = farhan.browser(app);
        for path in ["/", "/classes", "/calendar"] {
            let mut page = browser.get(path).await;
            if page.status() == 303 {
                page = browser.get(page.location()).await;
            }
            assert!(page.html().replace("&#x2f;", "/").contains("href=\"/schedule\""), "{path}: {}", page.html());
        }
        let page = browser.look("/schedule?lang=bn", &weekly(&[("title", "ভগ্নাংশ")])).await;
        assert!(page.html().contains("৬টি সেশন ঠিক করুন"), "{}", page.html());
        assert_eq!(browser.get("/schedule/look").await.location(), SCHEDULE);
        // A script asks while somebody types: what is still empty is not told.
        let token = browser.get(SCHEDULE).await.typed("csrf").unwrap();
        let fields = [&with(&[("title", ""), ("csrf", &token)])[..]].concat();
        let part = browser.send(reqwest::Method::POST, "/schedule/look", Some(&fields), &[("X-Fragment", "1")]).await;
        assert!(part.status() == 200 && !part.html().contains("<nav aria-label"), "{}", part.html());
        assert_eq!(browser.post("/schedule/look", &fields).await.status(), 422);
        app.settle().await;
    }
);

story!(
    /// A time that the clocks skip is refused where it is typed, because a whole series would follow it to another hour; a day behind
    /// the end of all calendars is none, in the form and in the interface.
    a_time_that_never_comes_is_refused, |app| async {
        let oakwood = app.organization("oakwood").await;
        let farhan = oakwood.instructor("farhan").await;
        let browser = farhan.browser(app);
        let link = [("title", "Tides"), ("provider", "link"), ("link", "https://meet.example/room"), ("duration_minutes", "45")];
        let berlin = [("date", "2027-03-28"), ("time_zone", "Europe/Berlin"), ("repeats", "weekly"), ("ends", "count"), ("count", "3")];
        let page = refused(app, oakwood.id, &browser, &[&link[..], &berlin, &[("time", "02:30")]].concat()).await;
        assert!(page.html().contains("The clocks are set forward over this time"), "{}", page.html());
        assert_eq!(page.typed("time").as_deref(), Some("02:30"), "what was typed stays");
        let an_hour_later = browser.look(SCHEDULE, &[&link[..], &berlin, &[("time", "03:30")]].concat()).await;
        assert_eq!(an_hour_later.status(), 200, "{}", an_hour_later.html());
        for never in ["+262142-12-31", "-262143-01-01", "12026-01-01"] {
            let looked = browser.look(SCHEDULE, &[&link[..], &[("date", never), ("time", "23:30"), ("time_zone", "UTC")]].concat()).await;
            assert!(looked.status() == 422 && looked.html().contains("This is not a date."), "{never}: {}", looked.html());
        }
        let class = farhan.create("/api/v1/classes", json!({"title": "Tides", "provider": "link", "link": "https://meet.example/room"})).await;
        let sessions = format!("/api/v1/classes/{}/sessions", class["id"].as_str().unwrap());
        let body = json!({"starts_at": "+262142-12-31T23:30:00Z", "duration_minutes": 60, "time_zone": "UTC"});
        assert_eq!(farhan.post(&sessions, body).await.0, 422);
    }
);

story!(
    /// A guest comes to all of a series, also to what is written out later: in a new class by being the whole class's guest; in one that
    /// has other sessions too the form says why it cannot promise that.
    a_guest_of_a_long_series_comes_to_all_of_it, |app| async {
        let oakwood = app.organization("oakwood").await;
        let farhan = oakwood.instructor("farhan").await;
        let browser = farhan.browser(app);
        let long = [
            ("provider", "link"), ("link", "https://meet.example/room"), ("repeats", "weekly"), ("ends", "count"), ("count", "100"),
            ("guests", INSPECTOR),
        ];
        let class = class_of(&browser.schedule(SCHEDULE, &with(&[&[("title", "Tides")], &long[..]].concat())).await);
        assert!(sessions(&farhan, &class).await.len() < 100, "the rest is written out later");
        let guests = farhan.all(&format!("/api/v1/classes/{class}/guests")).await;
        assert!(guests[0]["sessions"].is_null(), "the whole class: {guests:?}");
        let another = farhan.create("/api/v1/classes", json!({"title": "Ponds", "provider": "link", "link": "https://meet.example/room"})).await;
        let another = format!("{SCHEDULE}?class={}", another["id"].as_str().unwrap());
        let changes = [("date", "2026-11-25"), ("time", "15:00"), ("time_zone", "Asia/Dhaka"), ("duration_minutes", "45"),
            ("repeats", "weekly"), ("ends", "count"), ("count", "100"), ("guests", INSPECTOR)];
        let before = rows_of(app, oakwood.id).await;
        let pressed = browser.schedule(&another, &changes).await;
        assert!(pressed.status() == 422 && pressed.html().contains("written out bit by bit"), "{}", pressed.html());
        assert_eq!(rows_of(app, oakwood.id).await, before);
    }
);
