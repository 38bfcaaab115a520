//! Pages that are older than what they would overwrite: two browsers, and one of them opened its page before.

use lectern_tests::{Browser, Page, story};
use serde_json::json;

/// Sends the form that leads to `action` as it was shown, with some inputs typed anew.
async fn send(browser: &Browser, page: &Page, action: &str, typed: &[(&str, &str)]) -> Page {
    let forms = page.forms();
    let (_, hidden) =
        forms.iter().find(|(to, _)| to == action).unwrap_or_else(|| panic!("no form to {action}"));
    let shown = hidden.iter().filter_map(|(name, value)| Some((name.strip_prefix("was_")?, value.as_str())));
    let mut fields: Vec<(&str, &str)> =
        shown.filter(|(name, _)| !typed.iter().any(|(other, _)| other == name)).collect();
    fields.extend_from_slice(typed);
    browser.submit(page, action, &fields).await
}

story!(
    /// A class was moved in another browser: whoever renames it on a page from before does not move it back, and nobody is mailed.
    /// Who changes the same says it at its field, sees what it is now, and keeps what they typed.
    an_edit_changes_only_what_was_touched, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let body = json!({"starts_at": "2026-12-01T03:00:00Z", "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
        let made = lesson.teacher.create(&format!("/api/v1/classes/{}/sessions", lesson.class), body).await;
        let session = format!("/sessions/{}", made["items"][0]["id"].as_str().unwrap());
        app.settle().await;
        let edit = format!("{session}/edit");
        let (before, meanwhile) = (lesson.teacher.browser(app), lesson.teacher.browser(app));
        let (stale, fresh) = (before.get(&edit).await, meanwhile.get(&edit).await);
        let moved = send(&meanwhile, &fresh, &edit, &[("time", "10:00")]).await;
        assert_eq!(moved.status(), 303, "{}", moved.html());
        app.settle().await;
        let mails = app.mail.messages_to(&lesson.students[0].email).len();
        let renamed = send(&before, &stale, &edit, &[("title", "Practice")]).await;
        assert_eq!(renamed.status(), 303, "{}", renamed.html());
        app.settle().await;
        let (_, now) = lesson.teacher.get(&format!("/api/v1{session}")).await;
        assert_eq!((&now["title"], &now["starts_at"]), (&json!("Practice"), &json!("2026-12-01T04:00:00Z")), "{now}");
        assert_eq!(app.mail.messages_to(&lesson.students[0].email).len(), mails, "a new title is no new time");

        let refused = send(&before, &stale, &edit, &[("time", "11:00")]).await;
        assert_eq!(refused.status(), 422, "{}", refused.html());
        assert!(refused.html().contains("Somebody changed this meanwhile; it is now 10:00."), "{}", refused.html());
        assert!(refused.input("time").contains("value=\"11:00\""), "{}", refused.input("time"));
        assert!(refused.input("title").contains("value=\"Practice\""), "{}", refused.input("title"));
        // A day of one and a time of another would be a time that nobody chose.
        let halves = send(&before, &stale, &edit, &[("date", "2026-12-02")]).await;
        assert_eq!(halves.status(), 422);
        assert!(halves.html().contains("it is now 10:00.") && halves.input("date").contains("2026-12-02"), "{}", halves.html());
        // Told of it, they may.
        let told = send(&before, &refused, &edit, &[("time", "11:00")]).await;
        assert_eq!(told.status(), 303, "{}", told.html());
        let (_, now) = lesson.teacher.get(&format!("/api/v1{session}")).await;
        assert_eq!((&now["title"], &now["starts_at"]), (&json!("Practice"), &json!("2026-12-01T05:00:00Z")), "{now}");
        let untouched = send(&before, &before.get(&edit).await, &edit, &[]).await;
        assert!(untouched.location().contains("notice=nothing_changed"), "{}", untouched.location());
    }
);

story!(
    /// A class is renamed on its settings, and mails say so from then on; a page from before changes the description without taking
    /// the title back, and is told of a title that somebody else changed.
    a_class_is_renamed_on_its_settings, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let (settings, name) = (format!("/classes/{}/settings", lesson.class), format!("/classes/{}/name", lesson.class));
        let (before, meanwhile) = (lesson.teacher.browser(app), lesson.teacher.browser(app));
        let (stale, fresh) = (before.get(&settings).await, meanwhile.get(&settings).await);
        let renamed = send(&meanwhile, &fresh, &name, &[("title", "Ratios")]).await;
        assert_eq!(renamed.location(), format!("{settings}?notice=saved"), "{}", renamed.html());
        let described = send(&before, &stale, &name, &[("description", "Halves\r\nand quarters.")]).await;
        assert_eq!(described.status(), 303, "{}", described.html());
        let (_, class) = lesson.teacher.get(&format!("/api/v1/classes/{}", lesson.class)).await;
        assert_eq!((&class["title"], &class["description"]), (&json!("Ratios"), &json!("Halves\nand quarters.")), "{class}");

        let refused = send(&before, &stale, &name, &[("title", "Fractions, again")]).await;
        assert_eq!(refused.status(), 422);
        assert!(refused.html().contains("Somebody changed this meanwhile; it is now “Ratios”."), "{}", refused.html());
        assert!(refused.input("title").contains("value=\"Fractions, again\""), "{}", refused.input("title"));
        assert!(refused.html().contains("Halves\nand quarters.</textarea>"), "what was not touched is as it is now");
        let nameless = send(&before, &before.get(&settings).await, &name, &[("title", " ")]).await;
        assert_eq!(nameless.status(), 422);
        assert!(nameless.html().contains("This is needed."), "{}", nameless.html());
        let untouched = send(&before, &before.get(&settings).await, &name, &[]).await;
        assert!(untouched.location().contains("notice=nothing_changed"), "{}", untouched.location());

        let student = app.organization("oakwood").await.student("tanvir").await;
        let enrolled = json!({"user_id": student.id});
        lesson.teacher.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), enrolled).await;
        app.settle().await;
        let mail = app.mail.messages_to(&student.email).pop().expect("a mail with the link");
        assert!(mail.text.contains("Ratios"), "{}", mail.text);
    }
);

story!(
    /// Two admins have the same settings open: each saves what they changed, and neither takes back what the other decided.
    two_admins_save_side_by_side, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, admin) = (oakwood.owner().await, oakwood.admin().await);
        let (first, second) = (owner.browser(app), admin.browser(app));
        let (one, other) = (first.get("/locks").await, second.get("/locks").await);
        let saved = first.submit(&one, "/locks", &[("waiting_room", "always"), ("recording", "usually_off")]).await;
        assert_eq!(saved.status(), 303, "{}", saved.html());
        let saved = second.submit(&other, "/locks", &[("waiting_room", "usually_on"), ("recording", "never")]).await;
        assert_eq!(saved.status(), 303, "{}", saved.html());
        let (_, locks) = owner.get("/api/v1/organization/locks").await;
        assert_eq!((&locks["waiting_room"], &locks["recording"]), (&json!("always"), &json!("never")), "{locks}");

        let (one, other) = (first.get("/organization").await, second.get("/organization").await);
        let saved = first.submit(&one, "/organization", &[("join_opens_minutes", "20"), ("late_after_minutes", "5")]).await;
        assert_eq!(saved.status(), 303, "{}", saved.html());
        // What is refused keeps knowing what it was shown.
        let wrong = second.submit(&other, "/organization", &[("join_opens_minutes", "15"), ("late_after_minutes", "soon")]).await;
        assert_eq!(wrong.status(), 422);
        let saved = second.submit(&wrong, "/organization", &[("join_opens_minutes", "15"), ("late_after_minutes", "৭")]).await;
        assert_eq!(saved.status(), 303, "{}", saved.html());
        let (_, settings) = owner.get("/api/v1/organization/settings").await;
        let policies = &settings["policies"];
        assert_eq!((&policies["join_opens_minutes"], &policies["late_after_minutes"]), (&json!(20), &json!(7)), "{settings}");

        let (one, other) = (first.get("/branding").await, second.get("/branding").await);
        let none: (&str, &str, &str, &[u8]) = ("logo", "", "application/octet-stream", b"");
        let fields = [("colour", ""), ("picked", "#0e5e49"), ("logo_ground", "board"), ("reply_to", "")];
        let saved = first.submit_file(&one, "/branding", &[&fields[..], &[("sender_name", "Oakwood School")]].concat(), none).await;
        assert_eq!(saved.status(), 303, "{}", saved.html());
        let paper = [("colour", "#8a1c7c"), ("picked", "#0e5e49"), ("logo_ground", "board"), ("reply_to", ""), ("sender_name", "")];
        let saved = second.submit_file(&other, "/branding", &paper, none).await;
        assert_eq!(saved.status(), 303, "{}", saved.html());
        let page = first.get("/branding").await;
        assert!(page.html().contains("value=\"Oakwood School\"") && page.html().contains("value=\"#8a1c7c\""), "{}", page.html());
    }
);

story!(
    /// The sign-in ended in another tab: a form that is sent says that, and leads back to its page.
    a_form_after_signing_out_says_so, |app| async {
        let oakwood = app.organization("oakwood").await;
        let browser = oakwood.owner().await.browser(app);
        let page = browser.get("/cohorts").await;
        browser.set_cookie("lectern", "an-ended-sign-in");
        let (_, hidden) = page.forms().into_iter().find(|(to, _)| to == "/cohorts").unwrap();
        let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.push(("name", "Class 8"));
        let from = format!("{}/cohorts", app.base);
        let told = browser.send(reqwest::Method::POST, "/cohorts", Some(&fields), &[("referer", &from)]).await;
        assert_eq!(told.status(), 401);
        assert!(told.html().contains("You are signed out") && told.html().contains("sign-in?next=%2Fcohorts"), "{}", told.html());
        assert!(!told.html().contains("has expired"), "{}", told.html());
    }
);
