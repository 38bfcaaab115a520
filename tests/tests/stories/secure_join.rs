//! One link admits one bound browser of one person: the seat, from the first look to the browser that is cut off.

use chrono::Duration;
use futures::future::join_all;
use lectern_tests::{Browser, Lesson, PASSWORD, TestApp, story};
use reqwest::Method;
use serde_json::json;

const BUYER: &str = "buyer@home.example";

/// An evening with one buyer, whose link was mailed.
async fn buyer(app: &mut TestApp) -> (lectern_tests::Person, lectern_tests::Person, Lesson, String) {
    let (owner, seller, lesson) = app.evening().await;
    lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
    let link = app.mailed_link(BUYER);
    (owner, seller, lesson, link)
}

story!(
    /// S-01: a scanner that looks fifty times, in every way that only looks, changes nothing; then the person joins.
    s01_looking_changes_nothing, |app| async {
        let (_, _, _, link) = buyer(app).await;
        let calls = app.zoom.requests_since(0).len();
        let before = app.database.dump().await;
        for _ in 0..50 {
            let page = app.browser().get(&link).await;
            assert_eq!((page.status(), page.standing()), (200, "ready"));
            for (name, value) in [("referrer-policy", "no-referrer"), ("cache-control", "no-store"), ("x-robots-tag", "noindex")] {
                assert!(page.answer.header(name).contains(value), "{name}: {:?}", page.answer.headers);
            }
            let head = app.browser().send(Method::HEAD, &link, None, &[]).await;
            assert_eq!((head.status(), head.html()), (200, ""));
        }
        let options = app.browser().send(Method::OPTIONS, &link, None, &[]).await;
        assert!([200, 204, 405].contains(&options.status()), "{}", options.status());
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(app.browser().send(method, &link, None, &[]).await.status(), 405);
        }
        app.settle().await;
        assert_eq!(app.zoom.requests_since(0).len(), calls, "looking calls nobody");
        assert_eq!(app.database.dump().await, before, "looking leaves no trace");
        assert_eq!(app.browser().press_join(&link).await.status(), 303);
    }
);

story!(
    /// S-02: a scanner that runs the form before the door opens redeems nothing; the person joins later.
    s02_a_scanner_before_the_window_redeems_nothing, |app| async {
        let (_, seller, _) = app.evening().await;
        let starts_at = app.now() + Duration::hours(3);
        let lesson = Lesson::schedule_at(app, &seller, "Ink", starts_at).await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let scanner = app.browser();
        let page = scanner.get(&link).await;
        assert_eq!(page.standing(), "early");
        let pressed = scanner.submit(&page, &lesson.door(), &[]).await;
        assert_eq!((pressed.status(), pressed.standing()), (200, "early"));
        assert_eq!(app.database.count("seats where browser_hash is not null").await, 0, "the grant is still open");
        app.pass(Duration::minutes(164));
        assert_eq!(app.browser().get(&link).await.standing(), "early");
        app.pass(Duration::minutes(1));
        let joined = app.browser().press_join(&link).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
    }
);

story!(
    /// S-03: a scanner that redeemed inside the window costs the person one code; the scanner's way in is cancelled, after the
    /// person's is there.
    s03_a_scanner_inside_the_window_costs_one_code, |app| async {
        let (_, _, lesson, link) = buyer(app).await;
        let scanner = app.browser();
        let stolen = scanner.press_join(&link).await;
        assert_eq!(stolen.status(), 303);
        let person = app.browser();
        let asked = person.press_join(&link).await;
        assert_eq!((asked.status(), asked.standing()), (200, "other_browser"));
        assert!(!asked.html().contains(&app.zoom.base_url()) && !asked.html().contains(BUYER));
        app.settle().await;
        let code = app.mailed_code(BUYER);
        assert!(app.zoom.joins(stolen.location()).is_ok(), "nothing is cancelled before the person is proven");
        let proven = person.submit(&asked, &lesson.door(), &[("code", &code)]).await;
        assert_eq!(proven.status(), 303, "{}", proven.html());
        assert_ne!(proven.location(), stolen.location());
        app.settle().await;
        assert!(app.zoom.joins(proven.location()).is_ok());
        assert!(app.zoom.joins(stolen.location()).is_err(), "the scanner's registrant is cancelled");
        let meeting = app.zoom_meeting(&lesson.session).await;
        assert_eq!(app.zoom.registrants(meeting).len(), 1);
        let again = scanner.press_join(&link).await;
        assert_eq!((again.status(), again.standing()), (200, "other_browser"), "the old cookie is dead");
        assert_eq!(person.press_join(&link).await.location(), proven.location(), "the person's stays");
        assert_eq!((app.audited("join.seat_moved").await, app.audited("registrant.cancelled").await), (1, 1));
    }
);

story!(
    /// S-04: a hundred presses at once from one browser are one seat and one registrant.
    s04_a_hundred_presses_are_one_seat, |app| async {
        let (_, seller, lesson) = app.evening().await;
        // No job runs ahead: the clicks themselves must make the registrant.
        let body = json!({"email": BUYER, "name": "Ayesha Noor"});
        let enrolled = seller.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), body).await;
        let link = enrolled["join_url"].as_str().unwrap();
        let browser = app.browser();
        let page = browser.get(link).await;
        let door = lesson.door();
        let answers = join_all((0..100).map(|_| browser.submit(&page, &door, &[]))).await;
        let to = answers.iter().find(|page| page.status() == 303).expect("somebody got through").location().to_owned();
        for page in &answers {
            assert_eq!((page.status(), page.location()), (303, to.as_str()), "{}", page.html());
        }
        let meeting = app.zoom_meeting(&lesson.session).await;
        assert_eq!(app.zoom.registrants(meeting).len(), 1);
        assert_eq!(app.zoom_calls("meetingRegistrantCreate"), 1);
        app.settle().await;
        assert_eq!(app.zoom.registrants(meeting).len(), 1, "the job that makes them ahead makes no other");
        assert_eq!(app.database.count("seats").await, 1);
        assert_eq!(app.audited("join.redeemed").await, 100, "every attempt is in the log");
    }
);

story!(
    /// S-04: a hundred browsers at once with one link are one winner.
    s04_a_hundred_browsers_are_one_winner, |app| async {
        let (_, _, lesson, link) = buyer(app).await;
        let browsers: Vec<Browser> = (0..100).map(|_| app.browser()).collect();
        let answers = join_all(browsers.iter().map(|browser| browser.press_join(&link))).await;
        assert_eq!(answers.iter().filter(|page| page.status() == 303).count(), 1);
        assert!(answers.iter().all(|page| page.status() == 303 || page.standing() == "other_browser"));
        app.settle().await;
        assert_eq!(app.zoom.registrants(app.zoom_meeting(&lesson.session).await).len(), 1);
        let codes = app.mail.messages_to(BUYER).len() - 1;
        assert_eq!(codes, 1, "the losers cost the person one mail");
    }
);

story!(
    /// S-05: a link with somebody else's cookies, and a form that was made for another browser, are refused.
    s05_another_browser_is_refused, |app| async {
        let (_, seller, lesson, link) = buyer(app).await;
        lesson.enroll(app, &seller, "other@home.example", "Omar Reza").await;
        let (mine, other) = (app.browser(), app.browser());
        let page = mine.get(&link).await;
        let to = mine.submit(&page, &lesson.door(), &[]).await;
        assert_eq!(to.status(), 303);
        assert_eq!(other.press_join(&app.mailed_link("other@home.example")).await.status(), 303);
        let refused = other.press_join(&link).await;
        assert_eq!((refused.status(), refused.standing()), (200, "other_browser"));
        for form in [other.submit(&page, &lesson.door(), &[]).await, app.browser().submit(&page, &lesson.door(), &[]).await] {
            assert_eq!((form.status(), form.location()), (403, ""), "a form belongs to the browser it was shown to");
        }
        {
            let page = &refused;
            assert!(page.location().is_empty() && !page.html().contains(&app.zoom.base_url()) && !page.html().contains("tk="));
        }
        let foreign = mine.get(&link).await;
        let (_, hidden) = foreign.forms().remove(0);
        let fields: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for headers in [[("origin", "https://evil.example")], [("sec-fetch-site", "cross-site")]] {
            let refused = mine.send(Method::POST, &lesson.door(), Some(&fields), &headers).await;
            assert_eq!(refused.status(), 403, "{headers:?}");
        }
        let nulled = mine.send(Method::POST, &lesson.door(), Some(&fields), &[("origin", "null")]).await;
        assert_eq!(nulled.location(), to.location(), "a page without a referrer posts with Origin: null");
    }
);

story!(
    /// S-07: whoever is removed, whose account is off, whose link was replaced or whose class is gone is refused at once.
    s07_removal_counts_at_once, |app| async {
        let (owner, seller, lesson, link) = buyer(app).await;
        let refusal = app.browser().get("/join/class/00000000-0000-0000-0000-000000000000?token=x").await;
        assert_eq!(refusal.status(), 403);
        let (_, roster) = seller.get(&format!("/api/v1/classes/{}/enrollments", lesson.class)).await;
        let (enrollment, person) = (roster["items"][0]["id"].as_str().unwrap(), roster["items"][0]["person_id"].as_str().unwrap());
        let browser = app.browser();
        let joined = browser.press_join(&link).await;
        let page = browser.get(&link).await;
        // A new link: the old one is dead, also in the browser that holds the seat.
        let path = format!("/api/v1/classes/{}/enrollments/{enrollment}", lesson.class);
        let (status, rotated) = seller.post(&format!("{path}/rotate"), json!({})).await;
        assert_eq!(status, 200, "{rotated}");
        let link = rotated["join_url"].as_str().unwrap().to_owned();
        let old = browser.submit(&page, &lesson.door(), &[]).await;
        assert_eq!((old.status(), old.html()), (403, refusal.html()));
        app.settle().await;
        assert!(app.zoom.joins(joined.location()).is_err(), "what the old link gave out is cancelled");
        let joined = app.browser().press_join(&link).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
        // The account is switched off and on again.
        for (active, status) in [(false, 403), (true, 403)] {
            owner.patch(&format!("/api/v1/people/{person}"), json!({"active": active})).await;
            assert_eq!(app.browser().get(&link).await.status(), status, "disabling raises the generation");
        }
        let (_, roster) = seller.get(&format!("/api/v1/classes/{}/enrollments", lesson.class)).await;
        let link = roster["items"][0]["join_url"].as_str().unwrap().to_owned();
        assert_eq!(app.browser().get(&link).await.status(), 200);
        assert_eq!(seller.delete(&path).await.0, 204);
        let refused = app.browser().get(&link).await;
        assert_eq!((refused.status(), refused.html()), (403, refusal.html()));
        app.settle().await;
        assert_eq!(app.zoom.registrants(app.zoom_meeting(&lesson.session).await), []);
    }
);

story!(
    /// A member who signs in proves the new browser without a code; the old one is cut off.
    signing_in_moves_the_seat, |app| async {
        let (_, seller, lesson, _) = buyer(app).await;
        let student = app.organization("dreamcrowd").await.student("rafi").await;
        seller.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), json!({"user_id": student.id})).await;
        app.settle().await;
        let link = app.mailed_link(&student.email);
        let (old, new) = (app.browser(), app.browser());
        let first = old.press_join(&link).await;
        let asked = new.press_join(&link).await;
        assert_eq!(asked.standing(), "other_browser");
        let next = format!("/sign-in?next={}", lesson.door());
        assert!(asked.html().contains(&next), "the page leads to signing in");
        let page = new.get(&next).await;
        let fields = [("organization", "dreamcrowd"), ("email", student.email.as_str()), ("password", PASSWORD)];
        let signed_in = new.submit(&page, "/sign-in", &fields).await;
        assert_eq!((signed_in.status(), signed_in.location()), (303, lesson.door().as_str()));
        let joined = new.press_join(&lesson.door()).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
        assert_ne!(joined.location(), first.location());
        app.settle().await;
        assert!(app.zoom.joins(first.location()).is_err());
        assert_eq!(old.press_join(&link).await.standing(), "other_browser");
        let shared = app.zoom.registrants(app.zoom_meeting(&lesson.session).await);
        assert!(shared.iter().all(|(_, email, _)| email == BUYER || email.ends_with("@seats.lectern.invalid")), "{shared:?}");
    }
);

story!(
    /// A code has five tries, ten minutes and one use, and only for the browser that asked; another is sent after a minute.
    a_code_is_tried_five_times, |app| async {
        let (_, _, lesson, link) = buyer(app).await;
        let door = lesson.door();
        app.browser().press_join(&link).await;
        let person = app.browser();
        let asked = person.press_join(&link).await;
        app.settle().await;
        let code = app.mailed_code(BUYER);
        let wrong = if code == "000000" { "111111" } else { "000000" };
        let sent = app.mail.messages_to(BUYER).len();
        // Another browser that knows the code does not get in with it.
        let thief = app.browser();
        let theirs = thief.press_join(&link).await;
        let refused = thief.submit(&theirs, &door, &[("code", &code)]).await;
        assert_eq!((refused.status(), refused.standing()), (200, "other_browser"));
        for left in (1..=3).rev() {
            let page = person.submit(&asked, &door, &[("code", wrong)]).await;
            assert!(page.html().contains(&format!("{left} ")), "{left} tries are left: {}", page.html());
        }
        let spent = person.submit(&asked, &door, &[("code", wrong)]).await;
        assert_eq!((spent.status(), spent.standing()), (200, "other_browser"));
        assert_eq!(person.submit(&asked, &door, &[("code", &code)]).await.status(), 200, "the right code comes too late");
        person.submit(&asked, &door, &[("again", "1")]).await;
        app.settle().await;
        assert_eq!(app.mail.messages_to(BUYER).len(), sent, "after five tries there is a pause");
        app.pass(Duration::minutes(10));
        let asked = person.press_join(&link).await;
        app.settle().await;
        assert_eq!(app.mail.messages_to(BUYER).len(), sent + 1);
        let second = app.mailed_code(BUYER);
        person.submit(&asked, &door, &[("again", "1")]).await;
        app.settle().await;
        assert_eq!(app.mail.messages_to(BUYER).len(), sent + 1, "not twice within a minute");
        app.pass(Duration::seconds(61));
        person.submit(&asked, &door, &[("again", "1")]).await;
        app.settle().await;
        let third = app.mailed_code(BUYER);
        assert_eq!(app.mail.messages_to(BUYER).len(), sent + 2);
        if second != third {
            assert_eq!(person.submit(&asked, &door, &[("code", &second)]).await.status(), 200, "a new code ends the old one");
        }
        app.pass(Duration::minutes(10) - Duration::seconds(1));
        let spaced = format!(" {} {} ", &third[..3], &third[3..]);
        let joined = person.submit(&asked, &door, &[("code", &spaced)]).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
        let third_browser = app.browser();
        let page = third_browser.press_join(&link).await;
        assert_eq!(third_browser.submit(&page, &door, &[("code", &third)]).await.status(), 200, "a code is used once");
        app.settle().await;
    }
);

story!(
    /// A code that was sent ten minutes ago is no code.
    a_code_ends_after_ten_minutes, |app| async {
        let (_, _, lesson, link) = buyer(app).await;
        app.browser().press_join(&link).await;
        let person = app.browser();
        let asked = person.press_join(&link).await;
        app.settle().await;
        let code = app.mailed_code(BUYER);
        app.pass(Duration::minutes(10));
        let late = person.submit(&asked, &lesson.door(), &[("code", &code)]).await;
        assert_eq!((late.status(), late.standing()), (200, "other_browser"));
    }
);
