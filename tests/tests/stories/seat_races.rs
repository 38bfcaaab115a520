//! Seats while things happen at once: proofs that overlap, people who leave while the platform still answers.

use chrono::Duration;
use futures::future::join_all;
use lectern_tests::{Browser, Deed, Gate, Lesson, Person, TestApp, story};
use serde_json::json;

const BUYER: &str = "buyer@home.example";

/// Enrolls a buyer of whom no job has heard yet; the path of their place in the class, and their link.
async fn booked(seller: &Person, lesson: &Lesson) -> (String, String) {
    let all = format!("/api/v1/classes/{}/enrollments", lesson.class);
    let enrolled = seller.create(&all, json!({"email": BUYER, "name": "Ayesha Noor"})).await;
    (format!("{all}/{}", enrolled["id"].as_str().unwrap()), enrolled["join_url"].as_str().unwrap().to_owned())
}

/// What the platform still lets in.
async fn let_in(app: &TestApp, lesson: &Lesson) -> Vec<String> {
    let meeting = app.zoom_meeting(&lesson.session).await;
    app.zoom.registrants(meeting).into_iter().map(|(_, email, _)| email).collect()
}

story!(
    /// Browsers that prove themselves at the same moment: none is given the way in of another; who lost is asked again.
    proofs_at_once_share_no_way_in, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let student = app.organization("dreamcrowd").await.student("rafi").await;
        seller.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), json!({"user_id": student.id})).await;
        app.settle().await;
        let link = app.mailed_link(&student.email);
        assert_eq!(app.browser().press_join(&link).await.status(), 303, "somebody holds the seat");
        let browsers: Vec<Browser> = (0..12).map(|_| student.browser(app)).collect();
        let pages = join_all(browsers.iter().map(|browser| browser.get(&link))).await;
        let door = lesson.door();
        let answers = join_all(browsers.iter().zip(&pages).map(|(browser, page)| browser.submit(page, &door, &[]))).await;
        let mut ways: Vec<&str> = answers.iter().filter(|page| page.status() == 303).map(lectern_tests::Page::location).collect();
        let through = ways.len();
        ways.sort_unstable();
        ways.dedup();
        assert_eq!(ways.len(), through, "each has a way in of its own");
        assert!(through > 0, "somebody moved the seat");
        for page in answers.iter().filter(|page| page.status() != 303) {
            assert!(["other_browser", "preparing"].contains(&page.standing()), "{} {}", page.status(), page.html());
        }
        let moved = app.audited("join.seat_moved").await;
        let generations = app.database.rows("select generation from seats").await;
        assert_eq!(generations, [[(moved + 1).to_string()]], "what did not happen is not in the log");
        app.settle().await;
        let again = browsers[0].press_join(&link).await;
        assert_eq!(again.status(), 303, "{}", again.html());
        app.settle().await;
        assert_eq!(let_in(app, &lesson).await.len(), 1);
    }
);

story!(
    /// A person is removed while the platform makes their way in: it is taken back as soon as the platform has answered.
    removed_while_the_platform_answers, |app| async {
        let (_, seller, lesson) = app.evening_on_the_wire().await;
        let (place, link) = booked(&seller, &lesson).await;
        let gate = Gate::default();
        app.wire.tamper("POST", "/registrants", 1, Deed::HoldAnswer(gate.clone()));
        let removing = async {
            gate.reached().await;
            assert_eq!(let_in(app, &lesson).await, [BUYER], "made, and not yet told");
            assert_eq!(seller.delete(&place).await.0, 204);
            gate.open();
        };
        tokio::join!(app.settle(), removing);
        app.settle().await;
        assert_eq!(let_in(app, &lesson).await, [""; 0]);
        assert_eq!(app.audited("registrant.cancelled").await, 1);
        assert_eq!(app.browser().get(&link).await.status(), 403);
    }
);

story!(
    /// The same, and the server dies before the answer: what the platform made is looked up and taken back.
    removed_while_nobody_hears_the_answer, |app| async {
        let (_, seller, lesson) = app.evening_on_the_wire().await;
        let (place, _) = booked(&seller, &lesson).await;
        let gate = Gate::default();
        app.wire.tamper("POST", "/registrants", 1, Deed::HoldAnswer(gate.clone()));
        tokio::select! {
            _ = lectern_api::jobs::runner::run_due(app) => panic!("the answer was held"),
            () = gate.reached() => {}
        }
        app.crash().await;
        app.wire.mend();
        assert_eq!(seller.delete(&place).await.0, 204);
        app.settle().await;
        assert_eq!(let_in(app, &lesson).await, [BUYER], "an answer may still be on its way");
        app.pass(Duration::minutes(4));
        app.settle().await;
        assert_eq!(let_in(app, &lesson).await, [""; 0]);
        let states = app.database.rows("select state from registrants").await;
        assert_eq!(states, [["cancelled"]]);
    }
);

story!(
    /// Somebody whom the platform refused leaves nothing behind that waits for ever.
    refused_and_then_removed, |app| async {
        let (_, seller, lesson) = app.evening_on_the_wire().await;
        let (place, _) = booked(&seller, &lesson).await;
        let body = json!({"code": 300, "message": "Invalid email."}).to_string();
        app.wire.tamper("POST", "/registrants", 1, Deed::Answer(400, vec![("content-type", "application/json".to_owned())], body));
        app.settle().await;
        assert_eq!(app.database.rows("select state from registrants").await, [["failed"]]);
        assert_eq!(seller.delete(&place).await.0, 204);
        app.settle().await;
        assert_eq!(app.database.rows("select state from registrants").await, [["cancelled"]]);
        assert_eq!(app.audited("registrant.cancelled").await, 0, "there was nothing to cancel");
    }
);
