//! Booking a time with somebody: office hours, lessons for one.

use chrono::{DateTime, Duration, Utc};
use lectern_simulators::stripe::CARD_PAYS;
use lectern_tests::{Lesson, Page, Person, TestApp, story};
use serde_json::{Value, json};

use crate::bookings::{market_with, path, pays};

const VISITOR: &str = "bela@home.example";

/// Six to nine in the evening of Dhaka, every day: noon to three in the afternoon of UTC.
fn evenings() -> Value {
    let weekly: Vec<_> = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
        .iter()
        .map(|weekday| json!({"weekday": weekday, "from": "18:00", "to": "21:00"}))
        .collect();
    json!({"title": "Office hours", "description": "Bring your questions.", "duration_minutes": 30, "time_zone": "Asia/Dhaka", "weekly": weekly})
}

fn with(mut terms: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        terms[name] = value.clone();
    }
    terms
}

async fn page_of(host: &Person, terms: Value) -> String {
    let made = host.create("/api/v1/booking-pages", terms).await;
    made["id"].as_str().unwrap().to_owned()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The free times of one day of UTC.
async fn free(who: &Person, page: &str, day: &str) -> Vec<String> {
    let until = at(&format!("{day}T00:00:00Z")) + Duration::days(1);
    let url =
        format!("/api/v1/booking-pages/{page}/slots?from={day}T00:00:00Z&until={}", until.format("%FT%TZ"));
    let all = who.all(&url).await;
    all.iter().map(|slot| slot["starts_at"].as_str().unwrap()[11..16].to_owned()).collect()
}

/// Presses a time in a browser nobody knows.
async fn presses(app: &TestApp, page: &str, email: &str, slot: &str, zone: &str) -> Page {
    let fields = [
        ("slot", slot),
        ("email", email),
        ("first_name", "Bela"),
        ("last_name", "Rahman"),
        ("time_zone", zone),
    ];
    app.browser().post(&format!("/book/with/{page}"), &fields).await
}

/// The same; where the browser is led.
async fn books(app: &TestApp, page: &str, email: &str, slot: &str) -> String {
    let done = presses(app, page, email, slot, "Europe/London").await;
    assert_eq!(done.status(), 303, "{}", done.html());
    done.location().to_owned()
}

async fn states(host: &Person, page: &str) -> Vec<String> {
    let all = host.all(&format!("/api/v1/booking-pages/{page}/bookings")).await;
    all.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
}

/// Begins of the sessions that are still to be held, in the classes of those who booked.
async fn sessions(host: &Person) -> Vec<String> {
    let all = host.all("/api/v1/sessions").await;
    let booked = all.iter().filter(|one| one["title"] == "Office hours" && one["state"] == "scheduled");
    let mut begins: Vec<_> = booked.map(|one| one["starts_at"].as_str().unwrap().to_owned()).collect();
    begins.sort();
    begins
}

fn subjects(app: &TestApp, address: &str) -> Vec<String> {
    app.mail.messages_to(address).into_iter().map(|mail| mail.subject).collect()
}

story!(
    /// A visitor in London books office hours in Dhaka: both clocks are said, the session is an ordinary one of a class of their own,
    /// the link comes by mail and opens it; it is moved and given back by the booking's own link. No page shows a join link to
    /// whoever merely typed an address, nor the platform's.
    a_visitor_in_london_books_office_hours_in_dhaka, |app| async {
        let (_, seller, _) = app.evening().await;
        let page = page_of(&seller, evenings()).await;
        let shown = app.browser().get(&format!("/book/with/{page}?zone=Europe/London")).await;
        for words in ["Office hours", "Farhan", "Monday 23 November", "12:00", "18:00 Dhaka time", "Bring your questions."] {
            assert!(shown.html().contains(words), "{words}: {}", shown.html());
        }
        // It is a quarter to nine: notice is two hours, so the whole afternoon is free.
        assert!(shown.html().contains("2026-11-23T12:00:00Z") && shown.html().contains("from=2026-11-30"), "{}", shown.html());
        let own = books(app, &page, VISITOR, "2026-11-24T12:30:00Z").await;
        assert!(own.contains("/booking/"), "{own}");
        app.settle().await;
        assert_eq!(sessions(&seller).await, ["2026-11-24T12:30:00Z"]);
        assert_eq!(free(&seller, &page, "2026-11-24").await, ["12:00", "13:00", "13:30", "14:00", "14:30"]);
        let told = subjects(app, VISITOR);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.contains(&"Booked: Office hours".to_owned()), "{told:?}");
        let mails = app.mail.messages_to(VISITOR);
        let booked = mails.iter().find(|mail| mail.subject.starts_with("Booked")).unwrap();
        for words in ["12:30 – 13:00, London time", "18:30 – 19:00, Dhaka time", "/booking/"] {
            assert!(booked.text.contains(words), "{words}: {}", booked.text);
        }
        let join = mails.iter().find(|mail| mail.text.contains("/join/class/")).unwrap();
        assert!(join.text.contains("For you: Tuesday 24 November, 12:30 – 13:00, London time"), "{}", join.text);
        let link = join.text.split_whitespace().find(|word| word.contains("/join/class/")).unwrap().to_owned();
        let browser = app.browser();
        let looked = browser.get(&own).await;
        assert!(looked.html().contains("Booked") && looked.html().contains("Your link is in the mail"), "{}", looked.html());
        for page in [&shown, &looked] {
            assert!(!page.html().contains("join&#x2f;class") && !page.html().contains("/join/class"), "{}", page.html());
            assert!(!page.html().contains(&app.zoom.api_url()) && !page.html().contains("zoom.us"), "{}", page.html());
        }
        let moved = browser.submit(&looked, &format!("{own}/move"), &[("slot", "2026-11-25T14:00:00Z")]).await;
        assert_eq!(moved.status(), 303, "{}", moved.html());
        app.settle().await;
        assert_eq!(sessions(&seller).await, ["2026-11-25T14:00:00Z"]);
        let told = app.mail.messages_to(VISITOR).pop().unwrap();
        assert!(told.subject.starts_with("New time: Office hours"), "{}", told.subject);
        assert!(told.attachments.iter().any(|file| file.text.contains("SEQUENCE:1")), "{:?}", told.subject);
        app.pass(at("2026-11-25T13:55:00Z") - app.now());
        let late = browser.submit(&looked, &format!("{own}/move"), &[("slot", "2026-11-26T14:00:00Z")]).await;
        assert!(late.status() == 409 && late.html().contains("too late"), "{}", late.html());
        app.settle().await;
        let joined = app.browser().press_join(path(app, &link)).await;
        assert_eq!(joined.status(), 303, "the link of the first mail opens the moved session: {}", joined.html());
        // Another time, given back.
        let own = books(app, &page, VISITOR, "2026-11-27T12:00:00Z").await;
        app.settle().await;
        let classes = seller.all("/api/v1/classes").await;
        assert_eq!(classes.iter().filter(|class| class["title"] == "Office hours · Bela Rahman").count(), 1, "one class for all");
        let looked = browser.get(&own).await;
        let ended = browser.submit(&looked, &format!("{own}/cancel"), &[]).await;
        assert_eq!(ended.status(), 303, "{}", ended.html());
        app.settle().await;
        let told = subjects(app, VISITOR);
        assert_eq!(told.iter().filter(|subject| subject.starts_with("Cancelled: Office hours")).count(), 1, "{told:?}");
        assert!(!told.iter().any(|subject| subject.contains("has ended")), "one mail tells of it: {told:?}");
        let host = subjects(app, &seller.email);
        for (subject, times) in [("New booking: Office hours", 2), ("A booking was given back: Office hours", 1)] {
            assert_eq!(host.iter().filter(|told| *told == subject).count(), times, "{subject}: {host:?}");
        }
        assert_eq!(free(&seller, &page, "2026-11-27").await.len(), 6, "it is free again");
        for (kind, times) in [("booking_page.saved", 1), ("booking.made", 2), ("booking.moved", 1), ("booking.ended", 1)] {
            assert_eq!(app.audited(kind).await, times, "{kind}");
        }
        app.pass(Duration::hours(3));
        app.settle().await;
    }
);

story!(
    /// Many press the same time at the same moment: one has it, the others are told and shown what is free.
    two_visitors_never_get_one_slot, |app| async {
        let (_, seller, _) = app.evening().await;
        let page = page_of(&seller, evenings()).await;
        let other = page_of(&seller, with(evenings(), json!({"duration_minutes": 45}))).await;
        let slot = "2026-11-24T12:00:00Z";
        let visitors = ["bela", "tom", "omar", "diya"].map(|name| format!("{name}@home.example"));
        let all = visitors.iter().enumerate().map(|(at, email)| {
            // The same host's other page too.
            presses(app, if at % 2 == 0 { &page } else { &other }, email, slot, "UTC")
        });
        let all = futures::future::join_all(all).await;
        let (got, refused): (Vec<_>, Vec<_>) = all.iter().partition(|page| page.status() == 303);
        assert_eq!((got.len(), refused.len()), (1, 3), "{:?}", all.iter().map(Page::status).collect::<Vec<_>>());
        for page in refused {
            assert_eq!(page.status(), 409);
            assert!(page.html().contains("not free any more"), "{}", page.html());
            assert!(!page.html().contains("value=\"2026-11-24T12:00:00Z\""), "it is no choice any more");
            assert!(page.html().contains("value=\"2026-11-24T13:30:00Z\""), "the others are: {}", page.html());
        }
        app.settle().await;
        assert_eq!(sessions(&seller).await.len(), 1);
    }
);

story!(
    /// What takes the host's time is no free time: sessions of every class with buffers, notice, the day's limit, days of other
    /// hours, days off; and what is not free cannot be booked by asking for it.
    what_is_taken_is_not_free, |app| async {
        let (owner, seller, _) = app.evening().await;
        let terms = json!({"buffer_before_minutes": 15, "buffer_after_minutes": 0, "notice_minutes": 300, "ahead_days": 30, "daily_limit": 2,
            "exceptions": [{"date": "2026-11-26"}, {"date": "2026-11-27", "hours": [{"from": "09:00", "to": "10:00"}]}]});
        let page = page_of(&seller, with(evenings(), terms)).await;
        // A quarter to nine, and five hours' notice.
        assert_eq!(free(&seller, &page, "2026-11-23").await, ["14:00", "14:30"]);
        Lesson::schedule_at(app, &seller, "Ink", at("2026-11-24T13:00:00Z")).await;
        assert_eq!(free(&seller, &page, "2026-11-24").await, ["12:00", "12:30", "14:00", "14:30"], "until 13:45, and 15 minutes");
        assert!(free(&seller, &page, "2026-11-26").await.is_empty());
        assert_eq!(free(&seller, &page, "2026-11-27").await, ["03:00", "03:30"]);
        owner.put("/api/v1/organization/holidays/2026-11-28", json!({"name": "Day off"})).await;
        assert!(free(&seller, &page, "2026-11-28").await.is_empty());
        assert_eq!(free(&seller, &page, "2026-12-23").await, Vec::<String>::new(), "30 days ahead, to the minute");
        books(app, &page, VISITOR, "2026-11-24T12:00:00Z").await;
        assert_eq!(free(&seller, &page, "2026-11-24").await, ["14:00", "14:30"], "a quarter of an hour before each");
        books(app, &page, "tom@home.example", "2026-11-24T14:30:00Z").await;
        assert!(free(&seller, &page, "2026-11-24").await.is_empty(), "two a day");
        for wrong in ["2026-11-24T14:00:00Z", "2026-11-25T12:10:00Z", "2026-11-26T12:00:00Z", "2026-11-28T12:00:00Z", "2020-01-01T12:00:00Z", "+262000-01-01T00:00:00Z"] {
            let refused = presses(app, &page, "omar@home.example", wrong, "").await;
            assert_eq!(refused.status(), 409, "{wrong}: {}", refused.html());
        }
        for nonsense in ["", "noon", "2026-11-25"] {
            let refused = presses(app, &page, "omar@home.example", nonsense, "").await;
            assert_eq!(refused.status(), 422, "{nonsense}: {}", refused.html());
        }
        let nobody = presses(app, &page, "no address", "2026-11-25T12:00:00Z", "").await;
        assert_eq!(nobody.status(), 422, "{}", nobody.html());
        app.settle().await;
        assert_eq!(sessions(&seller).await, ["2026-11-24T12:00:00Z", "2026-11-24T14:30:00Z"]);
        // Moving does not stand in its own way.
        let own = seller.all(&format!("/api/v1/booking-pages/{page}/bookings")).await;
        let first = format!("/api/v1/bookings/{}", own[1]["id"].as_str().unwrap());
        let (status, moved) = seller.patch(&first, json!({"starts_at": "2026-11-24T12:30:00Z"})).await;
        assert_eq!((status, &moved["starts_at"]), (200, &json!("2026-11-24T12:30:00Z")), "{moved}");
        let (status, refused) = seller.patch(&first, json!({"starts_at": "2026-11-24T13:00:00Z"})).await;
        assert_eq!((status, &refused["code"]), (409, &json!("slot_taken")), "{refused}");
        app.settle().await;
    }
);

story!(
    /// Pages for the organization, and for a cohort: nobody learns from them who belongs; another organization finds nothing.
    who_may_book, |app| async {
        let (owner, seller, _) = app.evening().await;
        let dreamcrowd = app.organization("dreamcrowd").await;
        let (ayesha, tom) = (dreamcrowd.student("ayesha").await, dreamcrowd.student("tom").await);
        let cohort = owner.create("/api/v1/cohorts", json!({"name": "Class 8 B"})).await;
        let cohort = cohort["id"].as_str().unwrap();
        owner.create(&format!("/api/v1/cohorts/{cohort}/members"), json!({"user_id": ayesha.id})).await;
        let members = page_of(&seller, with(evenings(), json!({"audience": "organization"}))).await;
        let few = page_of(&seller, with(evenings(), json!({"audience": "cohort", "cohort_id": cohort}))).await;
        let slot = "2026-11-24T12:00:00Z";
        for page in [&members, &few] {
            let shown = app.browser().get(&format!("/book/with/{page}")).await;
            assert!(shown.html().contains("Sign in") && !shown.html().contains("name=\"slot\""), "{}", shown.html());
            for email in [&ayesha.email, &"nobody@home.example".to_owned()] {
                let refused = presses(app, page, email, slot, "").await;
                assert!(refused.status() == 409 && refused.html().contains("Only people of this organization"), "{}", refused.html());
            }
        }
        let (status, _) = tom.post(&format!("/api/v1/booking-pages/{few}/bookings"), json!({"starts_at": slot})).await;
        assert_eq!(status, 404);
        let shown = tom.browser(app).get(&format!("/book/with/{few}")).await;
        assert!(shown.html().contains("This page is for others"), "{}", shown.html());
        let booked = ayesha.create(&format!("/api/v1/booking-pages/{few}/bookings"), json!({"starts_at": slot})).await;
        assert_eq!((&booked["state"], &booked["starts_at"]), (&json!("confirmed"), &json!(slot)), "{booked}");
        let own = ayesha.browser(app).get(path(app, booked["url"].as_str().unwrap())).await;
        assert!(own.html().contains("join&#x2f;class"), "whoever is signed in as the one who booked has the link: {}", own.html());
        let (status, refused) = tom.post(&format!("/api/v1/booking-pages/{members}/bookings"), json!({"starts_at": slot})).await;
        assert_eq!((status, &refused["code"]), (409, &json!("slot_taken")), "the same host: {refused}");
        let (status, refused) = seller.post(&format!("/api/v1/booking-pages/{members}/bookings"), json!({"starts_at": "2026-11-24T14:00:00Z"})).await;
        assert_eq!((status, &refused["code"]), (409, &json!("own_page")), "{refused}");
        let mine = format!("/api/v1/bookings/{}", booked["id"].as_str().unwrap());
        assert_eq!((tom.get(&mine).await.0, ayesha.get(&mine).await.0), (404, 200));
        let elmfield = app.organization("elmfield").await;
        let (stranger, pupil) = (elmfield.instructor("farid").await, elmfield.student("zahra").await);
        for page in [&members, &few] {
            let url = format!("/api/v1/booking-pages/{page}");
            assert_eq!((stranger.get(&url).await.0, pupil.get(&url).await.0), (404, 404));
            assert_eq!(stranger.put(&url, evenings()).await.0, 404);
            assert_eq!(pupil.post(&format!("{url}/bookings"), json!({"starts_at": slot})).await.0, 404);
            assert_eq!(stranger.browser(app).get(&format!("/booking-pages/{page}")).await.status(), 404);
            let shown = pupil.browser(app).get(&format!("/book/with/{page}")).await;
            assert!(shown.html().contains("Sign in") && !shown.html().contains("name=\"slot\""), "{}", shown.html());
        }
        app.settle().await;
    }
);

story!(
    /// A lesson that costs: the time is kept while somebody pays, free again when nobody does, a session once it is paid; given back
    /// in time the money comes back, and moved it stays paid.
    a_paid_time, |app| async {
        let (_, seller, _) = market_with(app, at("2026-11-30T15:00:00Z")).await;
        let page = page_of(&seller, with(evenings(), json!({"price": 120_000, "currency": "BDT", "refund_hours": 24}))).await;
        let shown = app.browser().get(&format!("/book/with/{page}")).await;
        assert!(shown.html().contains("1,200.00 BDT") && shown.html().contains("24 hours before"), "{}", shown.html());
        let slot = "2026-11-26T12:00:00Z";
        let checkout = books(app, &page, VISITOR, slot).await;
        assert!(checkout.starts_with(&app.others.stripe.base_url()), "{checkout}");
        assert_eq!((states(&seller, &page).await, sessions(&seller).await.len()), (vec!["held".to_owned()], 0));
        assert_eq!(presses(app, &page, "tom@home.example", slot, "").await.status(), 409, "it is kept");
        app.pass(Duration::minutes(32));
        app.tick("tick.bookings").await;
        assert_eq!(states(&seller, &page).await, ["expired"]);
        assert_eq!(free(&seller, &page, "2026-11-26").await.len(), 6, "nobody paid");
        let checkout = books(app, &page, VISITOR, slot).await;
        let back = pays(app, &checkout, CARD_PAYS).unwrap();
        app.settle().await;
        assert_eq!(sessions(&seller).await, [slot]);
        let browser = app.browser();
        let own = path(app, back.split('?').next().unwrap()).to_owned();
        let looked = browser.get(&own).await;
        let moved = browser.submit(&looked, &format!("{own}/move"), &[("slot", "2026-11-27T12:30:00Z")]).await;
        assert_eq!(moved.status(), 303, "{}", moved.html());
        app.settle().await;
        assert_eq!(sessions(&seller).await, ["2026-11-27T12:30:00Z"]);
        assert_eq!(app.audited("booking.refunded").await, 0, "it stays paid");
        // Less than a day before: too late for the money, and so for giving it back.
        app.pass(at("2026-11-26T13:00:00Z") - app.now());
        let looked = browser.get(&own).await;
        assert!(looked.html().contains("It could be given back until"), "{}", looked.html());
        let late = browser.post(&format!("{own}/cancel"), &[]).await;
        assert!(late.status() == 409 && late.html().contains("too late"), "{}", late.html());
        let moved = browser.post(&format!("{own}/move"), &[("slot", "2026-11-29T12:00:00Z")]).await;
        assert_eq!(moved.status(), 409, "nor is it moved to where it could be given back: {}", moved.html());
        // The host gives it back all the same.
        let booked = seller.all(&format!("/api/v1/booking-pages/{page}/bookings")).await;
        let booked = booked.iter().find(|one| one["state"] == "confirmed").unwrap();
        assert_eq!(seller.delete(&format!("/api/v1/bookings/{}", booked["id"].as_str().unwrap())).await.0, 200);
        app.settle().await;
        assert!(states(&seller, &page).await.contains(&"refunded".to_owned()));
        assert!(sessions(&seller).await.is_empty());
        assert!(subjects(app, VISITOR).contains(&"Your money is back: Office hours".to_owned()), "{:?}", subjects(app, VISITOR));
    }
);

story!(
    /// The time is gone while somebody pays: the money goes back by itself. When the host calls a paid session off, it does too.
    money_of_a_lost_time_goes_back, |app| async {
        let (_, seller, lesson) = market_with(app, at("2026-11-30T15:00:00Z")).await;
        let page = page_of(&seller, with(evenings(), json!({"price": 2_000, "currency": "eur"}))).await;
        let checkout = books(app, &page, VISITOR, "2026-11-26T12:00:00Z").await;
        lesson.another(app, &seller, at("2026-11-26T11:45:00Z")).await;
        pays(app, &checkout, CARD_PAYS).unwrap();
        app.settle().await;
        assert_eq!((states(&seller, &page).await, sessions(&seller).await.len()), (vec!["refunded".to_owned()], 0));
        // Paid after the time was given to somebody else.
        let first = books(app, &page, VISITOR, "2026-11-27T12:00:00Z").await;
        app.pass(Duration::minutes(32));
        app.others.stripe.set_webhooks(lectern_simulators::stripe::WebhookBehaviour { lose: 100, ..Default::default() });
        let paid = pays(app, &first, CARD_PAYS);
        assert!(paid.is_err(), "the page has closed by itself");
        app.others.stripe.set_webhooks(lectern_simulators::stripe::WebhookBehaviour::default());
        app.tick("tick.bookings").await;
        let second = books(app, &page, "tom@home.example", "2026-11-27T12:00:00Z").await;
        pays(app, &second, CARD_PAYS).unwrap();
        app.settle().await;
        assert_eq!(sessions(&seller).await, ["2026-11-27T12:00:00Z"]);
        let all = seller.all("/api/v1/sessions").await;
        let held = all.iter().find(|one| one["title"] == "Office hours" && one["state"] == "scheduled").unwrap();
        let url = format!("/api/v1/sessions/{}", held["id"].as_str().unwrap());
        let answer = seller.send("DELETE", &url, Some(&json!({"reason": "Ill."})), &[]).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        app.settle().await;
        let told = subjects(app, "tom@home.example");
        assert!(told.contains(&"Your money is back: Office hours".to_owned()), "{told:?}");
        assert_eq!(states(&seller, &page).await.iter().filter(|state| *state == "refunded").count(), 2);
    }
);

story!(
    /// The terms: made and changed by the host and by admins, on pages and by programs; nonsense is refused with what is right.
    /// The host may move a booked session like any other, and end a booking.
    the_host_runs_the_page, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let url = "/api/v1/booking-pages";
        for (wrong, field) in [
            (json!({"title": ""}), "title"),
            (json!({"duration_minutes": 0}), "duration_minutes"),
            (json!({"duration_minutes": 100_000_000_000_i64}), "duration_minutes"),
            (json!({"every_minutes": 1}), "every_minutes"),
            (json!({"buffer_after_minutes": -5}), "buffer_after_minutes"),
            (json!({"notice_minutes": -1}), "notice_minutes"),
            (json!({"ahead_days": 4000}), "ahead_days"),
            (json!({"daily_limit": 0}), "daily_limit"),
            (json!({"time_zone": "Dhaka"}), "time_zone"),
            (json!({"weekly": [{"weekday": "MONDAY", "from": "09:00", "to": "10:00"}]}), "weekly"),
            (json!({"weekly": [{"weekday": "MO", "from": "12:00", "to": "10:00"}]}), "weekly"),
            (json!({"weekly": [{"weekday": "MO", "from": "noon", "to": "13:00"}]}), "weekly"),
            (json!({"weekly": [{"weekday": "MO", "from": "09:00", "to": "09:20"}]}), "weekly"),
            (json!({"exceptions": [{"date": "2026-12-24"}, {"date": "2026-12-24"}]}), "exceptions"),
            (json!({"audience": "everybody"}), "audience"),
            (json!({"audience": "cohort"}), "cohort_id"),
            (json!({"audience": "cohort", "cohort_id": "018f0000-0000-7000-8000-000000000001"}), "cohort_id"),
            (json!({"price": -1}), "price"),
            (json!({"currency": "taka"}), "currency"),
            (json!({"class_id": "018f0000-0000-7000-8000-000000000001"}), "class_id"),
            (json!({"instructor_id": "018f0000-0000-7000-8000-000000000001"}), "instructor_id"),
        ] {
            let (status, problem) = seller.post(url, with(evenings(), wrong.clone())).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{wrong}: {problem}");
        }
        let (status, problem) = seller.post(url, with(evenings(), json!({"price": 100}))).await;
        assert_eq!((status, &problem["code"]), (409, &json!("payments_missing")), "{problem}");
        // On a page, like a class.
        let browser = seller.browser(app);
        let form = browser.get("/booking-pages/new").await;
        let fields = [
            ("title", "Office hours"), ("class_id", &*lesson.class), ("tuesday", "১৮:০০-২১:০০"), ("time_zone", "Asia/Dhaka"),
            ("duration_minutes", "60"), ("notice_minutes", "60"), ("ahead_days", "30"), ("audience", "anyone"), ("currency", "bdt"),
            ("exceptions", "2026-12-01\n2026-12-02 09:00-10:00"), ("refund_hours", "24"), ("open", "on"),
        ];
        let mut wrong = fields;
        wrong[2] = ("tuesday", "evening");
        let refused = browser.submit(&form, "/booking-pages", &wrong).await;
        assert!(refused.status() == 422 && refused.html().contains("Write hours such as"), "{}", refused.html());
        let made = browser.submit(&form, "/booking-pages", &fields).await;
        assert_eq!(made.status(), 303, "{}", made.html());
        let page = made.location().split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
        assert_eq!(free(&seller, &page, "2026-11-24").await, ["12:00", "13:00", "14:00"]);
        assert_eq!((free(&seller, &page, "2026-12-01").await.len(), free(&seller, &page, "2026-12-02").await), (0, vec!["03:00".to_owned()]));
        let listed = browser.get("/booking-pages").await;
        assert!(listed.html().contains("Office hours"), "{}", listed.html());
        let colleague = app.organization("dreamcrowd").await.instructor("nadia").await;
        assert!(colleague.all(url).await.is_empty());
        assert_eq!(owner.all(url).await.len(), 1);
        assert_eq!(colleague.put(&format!("{url}/{page}"), evenings()).await.0, 404);
        books(app, &page, VISITOR, "2026-11-24T13:00:00Z").await;
        app.settle().await;
        let booked = seller.all(&format!("{url}/{page}/bookings")).await;
        let session = format!("/api/v1/sessions/{}", booked[0]["session_id"].as_str().unwrap());
        let (status, moved) = seller.patch(&session, json!({"starts_at": "2026-11-24T16:00:00Z"})).await;
        assert_eq!(status, 200, "{moved}");
        let booked = seller.all(&format!("{url}/{page}/bookings")).await;
        assert_eq!(booked[0]["starts_at"], "2026-11-24T16:00:00Z", "the booking follows");
        assert_eq!(free(&seller, &page, "2026-11-24").await, ["12:00", "13:00", "14:00"]);
        let shown = browser.get(&format!("/booking-pages/{page}")).await;
        assert!(shown.html().contains("Bela Rahman") && shown.html().contains("18:00-21:00"), "{}", shown.html());
        let end = format!("/booking-pages/{page}/bookings/{}/end", booked[0]["id"].as_str().unwrap());
        let ended = browser.submit(&shown, &end, &[]).await;
        assert_eq!(ended.status(), 303, "{}", ended.html());
        app.settle().await;
        assert_eq!(states(&seller, &page).await, ["cancelled"]);
        let (status, closed) = seller.put(&format!("{url}/{page}"), with(evenings(), json!({"open": false}))).await;
        assert_eq!((status, &closed["open"]), (200, &json!(false)), "{closed}");
        let shown = app.browser().get(&format!("/book/with/{page}")).await;
        assert!(shown.html().contains("No times can be booked here now"), "{}", shown.html());
        assert_eq!(presses(app, &page, VISITOR, "2026-11-25T12:00:00Z", "").await.status(), 409);
        app.settle().await;
    }
);
