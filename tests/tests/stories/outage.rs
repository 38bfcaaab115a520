//! A platform that is down for ten minutes while everybody wants in.

use chrono::Duration;
use futures::future::join_all;
use lectern_tests::{Browser, Deed, Lesson, story};
use serde_json::json;

/// People at the door, and how often each of them presses.
const PEOPLE: usize = 40;
const PRESSES: usize = 25;

story!(
    /// ten minutes without an answer and a thousand presses on Join: the platform is asked a few times and not a thousand,
    /// another organization's people notice nothing, each student reads what happens, and afterwards all get in by themselves.
    r04_ten_minutes_without_the_platform, |app| async {
        let (_, seller, lesson) = app.evening_on_the_wire().await;
        // Another organization on the same platform, whose way to it is not cut.
        let elmfield = app.organization("elmfield").await;
        app.set_up_zoom(&elmfield).await;
        let dalia = elmfield.instructor("dalia").await;
        app.connect(&dalia).await;
        let other = Lesson::schedule(app, &dalia, "Ink").await;
        let mut links = Vec::new();
        for number in 0..PEOPLE {
            let body = json!({"email": format!("b{number}@home.example"), "name": "Ayesha Noor"});
            let enrolled = seller.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), body).await;
            links.push(enrolled["join_url"].as_str().unwrap().to_owned());
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            app.wire.tamper(method, "", usize::MAX, Deed::Answer(503, Vec::new(), String::new()));
        }
        let before = app.wire.asked();
        let browsers: Vec<Browser> = (0..PEOPLE).map(|_| app.browser()).collect();
        for minute in 0..10 {
            for press in 0..PRESSES {
                if press % 10 != minute {
                    continue;
                }
                let pages = join_all(browsers.iter().zip(&links).map(|(browser, link)| browser.press_join(link))).await;
                for page in pages {
                    assert_eq!((page.status(), page.standing(), page.location()), (200, "preparing", ""), "{}", page.html());
                    assert!(page.html().contains("data-resume") && page.html().contains("http-equiv=\"refresh\""), "it opens by itself");
                }
            }
            app.settle().await;
            let buyer = format!("guest{minute}@elm.example");
            other.enroll(app, &dalia, &buyer, "Rafi Noor").await;
            let through = app.browser().press_join(&app.mailed_link(&buyer)).await;
            assert_eq!(through.status(), 303, "minute {minute}: {}", through.html());
            app.pass(Duration::minutes(1));
        }
        let asked = app.wire.asked() - before;
        assert!((10..=60).contains(&asked), "{asked} requests to a platform that is down, for {} presses", PEOPLE * PRESSES);
        app.wire.mend();
        // Nobody does anything: what waits is taken up again.
        for _ in 0..30 {
            app.pass(Duration::minutes(1));
            app.settle().await;
        }
        let meeting = app.zoom_meeting(&lesson.session).await;
        assert_eq!(app.zoom.registrants(meeting).len(), PEOPLE, "every seat is made");
        let calls = app.wire.asked();
        for (browser, link) in browsers.iter().zip(&links) {
            assert_eq!(browser.press_join(link).await.status(), 303);
        }
        assert_eq!(app.wire.asked(), calls, "the click only reveals");
    }
);
