//! People who were seen in class and matched nobody: a person in charge says who they were.

use chrono::Duration;
use lectern_tests::{HeldClass, TestApp, story};
use serde_json::{Value, json};

/// A class with one student who comes, one who is seen only as an unknown phone, and one who stays away.
async fn with_a_stranger(app: &TestApp) -> HeldClass {
    let lesson = app.held_class("oakwood", &["ayesha", "tanvir", "priya"]).await;
    app.pass(Duration::minutes(14));
    lesson.host_comes(app);
    lesson.comes(app, 0);
    app.zoom.stranger_joins(lesson.meeting, "Tanvir Rahmaan").unwrap();
    app.settle().await;
    app.pass(Duration::minutes(47));
    app.zoom.end_for_all(lesson.meeting);
    app.settle().await;
    lesson
}

async fn reported(app: &TestApp) {
    for _ in 0..4 {
        app.pass(Duration::minutes(6));
        app.tick("tick.reconcile").await;
    }
}

fn path(lesson: &HeldClass) -> String {
    format!("/api/v1/sessions/{}/attendance/strays", lesson.session)
}

fn only_stray(sheet: &Value) -> String {
    let strays = sheet["strays"].as_array().unwrap();
    assert_eq!(strays.len(), 1, "{sheet}");
    strays[0]["stay"].as_str().unwrap().to_owned()
}

story!(
    /// A stranger is suggested by name and never taken for anybody; given to a person by hand the stay counts, also after the report
    /// came; taken back, everything is as before. Both are in the log.
    a_stranger_is_assigned_by_hand, |app| async {
        let lesson = with_a_stranger(app).await;
        let before = lesson.verdicts().await;
        assert_eq!(before[0], ("present".to_owned(), 45));
        assert_eq!(before[1].1, 0, "a name gives nobody a minute: {before:?}");
        let sheet = lesson.sheet().await;
        let stay = only_stray(&sheet);
        let suggested = &sheet["strays"][0]["suggestions"][0];
        assert_eq!((&suggested["person_id"], &suggested["likeness"]), (&json!(lesson.students[1].id), &json!("similar")), "{sheet}");
        let (status, given) = lesson.teacher.post(&path(&lesson), json!({"stay": stay, "person_id": lesson.students[1].id})).await;
        assert_eq!((status, given["unmatched"].as_i64()), (200, Some(0)), "{given}");
        assert_eq!(lesson.verdicts().await[1], ("present".to_owned(), 45));
        let row = given["items"].as_array().unwrap().iter().find(|row| row["person"]["id"] == json!(lesson.students[1].id)).unwrap();
        assert_eq!((&row["sources"][0]["matched_by"], &row["sources"][0]["stay"]), (&json!("assigned"), &json!(stay)), "{row}");
        reported(app).await;
        assert_eq!(lesson.verdicts().await[1], ("present".to_owned(), 45), "the report does not take it back");
        assert_eq!(app.audited("attendance.stay_assigned").await, 1);
        // Twice the same is done once.
        lesson.teacher.post(&path(&lesson), json!({"stay": stay, "person_id": lesson.students[1].id})).await;
        assert_eq!(app.audited("attendance.stay_assigned").await, 1);
        let (status, back) = lesson.teacher.post(&path(&lesson), json!({"stay": stay, "person_id": null})).await;
        assert_eq!((status, app.audited("attendance.stay_released").await), (200, 1), "{back}");
        assert_ne!(lesson.verdicts().await[1].0, "present");
        assert_eq!(back["strays"].as_array().unwrap().len(), 1, "{back}");
    }
);

story!(
    /// A stay whose person the platform names is nobody else's; a person must be on the sheet; nobody else may say.
    a_hand_only_fills_a_gap, |app| async {
        let lesson = with_a_stranger(app).await;
        let sheet = lesson.sheet().await;
        let stay = only_stray(&sheet);
        let outsider = app.organization("oakwood").await.student("nadia").await;
        for (body, status, what) in [
            (json!({"stay": stay, "person_id": outsider.id}), 422, "person_id"),
            (json!({"stay": "00", "person_id": lesson.students[1].id}), 422, "stay"),
            (json!({"person_id": lesson.students[1].id}), 422, "stay"),
        ] {
            let (answered, problem) = lesson.teacher.post(&path(&lesson), body).await;
            assert_eq!((answered, &problem["errors"][0]["field"]), (status, &json!(what)), "{problem}");
        }
        let colleague = app.organization("oakwood").await.instructor("leela").await;
        let stranger = app.organization("elmfield").await.owner().await;
        for nobody in [&colleague, &lesson.students[0], &stranger] {
            let (status, _) = nobody.post(&path(&lesson), json!({"stay": stay, "person_id": lesson.students[1].id})).await;
            assert_eq!(status, 404);
        }
        let (_, own) = lesson.students[0].get(&format!("/api/v1/sessions/{}/attendance", lesson.session)).await;
        assert_eq!(own["strays"], json!([]), "strangers are told to those in charge only");
        assert_eq!(app.audited("attendance.stay_assigned").await, 0);
    }
);

story!(
    /// The same on the page, with nobody chosen beforehand; what a person verified is not lowered by taking it back.
    the_page_assigns_and_takes_back, |app| async {
        let lesson = with_a_stranger(app).await;
        let base = format!("/sessions/{}/attendance", lesson.session);
        let action = format!("{base}/strays");
        let desk = lesson.teacher.browser(app);
        let page = desk.get(&base).await;
        assert!(page.html().contains("Tanvir Rahmaan") && page.html().contains("With a name like this"), "{}", page.html());
        let nobody = desk.submit(&page, &action, &[("person_id", "")]).await;
        assert_eq!(nobody.status(), 303, "{}", nobody.html());
        assert_eq!(app.audited("attendance.stay_assigned").await, 0);
        let tanvir = lesson.students[1].id.to_string();
        let given = desk.submit(&page, &action, &[("person_id", &tanvir)]).await;
        assert_eq!((given.status(), given.location()), (303, format!("{base}?notice=attendance_changed").as_str()));
        let page = desk.get(&base).await;
        assert!(page.html().contains("assigned by hand") && !page.html().contains("With a name like this"), "{}", page.html());
        assert_eq!(lesson.verdicts().await[1], ("present".to_owned(), 45));
        let verified = desk.post(&format!("{base}/verify"), &[("csrf", &csrf(&page)), ("person", &tanvir)]).await;
        assert_eq!(verified.status(), 303);
        let back = desk.submit(&page, &action, &[]).await;
        assert_eq!(back.status(), 303, "{}", back.html());
        assert_eq!(lesson.verdicts().await[1], ("present".to_owned(), 45), "verified");
        let sheet = lesson.sheet().await;
        let row = sheet["items"].as_array().unwrap().iter().find(|row| row["person"]["id"] == json!(tanvir)).unwrap();
        assert_eq!(row["standing"], json!("conflict"), "{row}");
    }
);

fn csrf(page: &lectern_tests::Page) -> String {
    let (_, hidden) =
        page.forms().into_iter().find(|(_, hidden)| hidden.iter().any(|(name, _)| name == "csrf")).unwrap();
    hidden.into_iter().find(|(name, _)| name == "csrf").unwrap().1
}
