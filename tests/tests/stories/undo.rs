//! What was taken away by a click comes back by a click.

use lectern_tests::story;
use serde_json::json;

story!(
    /// Somebody is taken off a roster, out of a cohort, and loses their account; each time the page that says so has the way back, and
    /// the old join link stays dead.
    what_was_taken_away_comes_back, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let admin = app.organization("oakwood").await.admin().await;
        let ayesha = &lesson.students[0];
        let roster = format!("/classes/{}/roster", lesson.class);
        let enrollments = format!("/api/v1/classes/{}/enrollments", lesson.class);
        let browser = lesson.teacher.browser(app);
        let old = app.mailed_link(&ayesha.email);
        let place = lesson.teacher.get(&enrollments).await.1["items"][0]["id"].as_str().unwrap().to_owned();
        let page = browser.get(&roster).await;
        let removed = browser.submit(&page, &format!("/classes/{}/enrollments/{place}/remove", lesson.class), &[]).await;
        let page = browser.get(removed.location()).await;
        assert!(page.html().contains("Undo") && !page.html().contains("Ayesha Rahman"), "{}", page.html());
        let back = browser.submit(&page, &format!("/classes/{}/enrollments/{place}/restore", lesson.class), &[]).await;
        assert_eq!(back.status(), 303, "{}", back.html());
        assert!(browser.get(back.location()).await.html().contains("Ayesha Rahman"));
        assert_eq!(app.browser().get(&old).await.status(), 403, "the link from before does not come back");
        let of_others = app.organization("oakwood").await.instructor("imran").await.browser(app);
        let page = of_others.get("/classes").await;
        let forms = page.forms();
        let (_, csrf) = forms.iter().flat_map(|(_, hidden)| hidden).find(|(name, _)| name == "csrf").unwrap();
        let tried = of_others.post(&format!("/classes/{}/enrollments/{place}/restore", lesson.class), &[("csrf", csrf)]).await;
        assert_eq!(tried.status(), 404, "another teacher's class");

        let cohort = admin.create("/api/v1/cohorts", json!({"name": "Class 8"})).await["id"].as_str().unwrap().to_owned();
        admin.create(&format!("/api/v1/cohorts/{cohort}/members"), json!({"user_id": ayesha.id})).await;
        let browser = admin.browser(app);
        let path = format!("/cohorts/{cohort}");
        let page = browser.get(&path).await;
        let removed = browser.submit(&page, &format!("{path}/members/{}/remove", ayesha.id), &[]).await;
        let page = browser.get(removed.location()).await;
        let back = browser.submit(&page, &format!("{path}/members/{}/restore", ayesha.id), &[]).await;
        assert_eq!(back.location(), format!("{path}?notice=person_added"));
        assert!(browser.get(&path).await.html().contains("Ayesha Rahman"));

        let page = browser.get("/people").await;
        let disabled = browser.submit(&page, &format!("/people/{}/disable", ayesha.id), &[]).await;
        assert_eq!(ayesha.get("/api/v1/me").await.0, 401);
        let page = browser.get(disabled.location()).await;
        let back = browser.submit(&page, &format!("/people/{}/enable", ayesha.id), &[]).await;
        assert_eq!(back.location(), "/people?notice=person_enabled");
        // Nothing that a stranger writes into an address becomes a way to anywhere.
        let forged = [format!("{}.", ayesha.id), format!("{}.{}", ayesha.id, "0".repeat(32)), "../sign-out".to_owned()];
        for undo in forged {
            let page = browser.get(&format!("/people?notice=person_disabled&undo={undo}")).await;
            assert!(page.status() == 200 && !page.html().contains("Undo"), "{undo}");
        }
    }
);
