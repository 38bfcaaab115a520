//! Who was there: from the platform's events and its report, in any order, with losses and repetitions.

use chrono::Duration;
use lectern_simulators::zoom::WebhookBehaviour;
use lectern_tests::{TestApp, story};
use serde_json::json;

/// After the end: the tick that finds sessions without a report, and the time Zoom takes to make one.
async fn reported(app: &mut TestApp) {
    for _ in 0..4 {
        app.pass(Duration::minutes(6));
        app.tick("tick.reconcile").await;
    }
}

fn truth() -> Vec<(String, i64)> {
    [("present", 45), ("late", 20), ("absent", 0)]
        .map(|(state, minutes)| (state.to_owned(), minutes))
        .to_vec()
}

story!(
    /// Everybody has a row from the start; events fill it; the report agrees; the instructor stands apart.
    a_class_is_held_and_its_sheet_is_right, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir", "priya"]).await;
        let sheet = lesson.sheet().await;
        assert_eq!(sheet["items"].as_array().unwrap().len(), 3, "{sheet}");
        assert!(sheet["items"].as_array().unwrap().iter().all(|row| row["state"] == json!("expected")));
        lesson.is_held(app).await;
        assert_eq!(lesson.verdicts().await, truth());
        reported(app).await;
        assert_eq!(lesson.verdicts().await, truth());
        let sheet = lesson.sheet().await;
        assert_eq!(sheet["report"]["state"], json!("finished"), "{sheet}");
        assert_eq!(sheet["report"]["report"], json!("past_participants"), "{sheet}");
        assert_eq!(sheet["instructor"]["person"]["id"], json!(lesson.teacher.id));
        assert!(sheet["instructor"]["minutes"].as_i64().unwrap() >= 44, "{sheet}");
        let joins = app.database.count("audit where kind = 'participant.joined'").await;
        let leaves = app.database.count("audit where kind = 'participant.left'").await;
        assert_eq!((joins, leaves), (3, 3));
    }
);

story!(
    /// A class that was held and over before its scheduled beginning is counted as it was held: nobody is absent for that.
    a_class_held_before_its_time_counts, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir"]).await;
        let session = format!("/api/v1/sessions/{}", lesson.session);
        assert_eq!(lesson.teacher.post(&format!("{session}/start"), json!({})).await.0, 200);
        lesson.host_comes(app);
        let first = lesson.comes(app, 0);
        app.settle().await;
        app.pass(Duration::minutes(8));
        app.zoom.leaves(first).unwrap();
        assert_eq!(lesson.teacher.post(&format!("{session}/end"), json!({})).await.0, 200);
        app.settle().await;
        let truth = [("present".to_owned(), 8), ("absent".to_owned(), 0)];
        assert_eq!(lesson.verdicts().await, truth);
        app.pass(Duration::minutes(60));
        reported(app).await;
        assert_eq!(lesson.verdicts().await, truth);
    }
);

story!(
    /// all webhooks of a class are lost; after reconciliation the sheet is the same, and the session has ended.
    r05_the_sheet_is_right_without_a_single_event, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir", "priya"]).await;
        app.zoom.set_webhooks(WebhookBehaviour { lose: 100, ..WebhookBehaviour::default() });
        lesson.is_held(app).await;
        assert_eq!(app.database.count("webhook_inbox where kind like 'meeting.%ed' and kind not like '%registration%'
            and kind <> 'meeting.created'").await, 0);
        reported(app).await;
        assert_eq!(lesson.verdicts().await, truth());
        let (_, session) = lesson.teacher.get(&format!("/api/v1/sessions/{}", lesson.session)).await;
        assert_eq!(session["state"], json!("ended"));
    }
);

story!(
    /// S-24, R-06: events twice, late and out of order, beside a report that comes late: the same sheet, no double minutes.
    s24_r06_order_and_repetition_do_not_matter, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir", "priya"]).await;
        let chaos = WebhookBehaviour { duplicate: 60, reorder: 60, seed: Some(3), ..WebhookBehaviour::default() };
        app.zoom.set_webhooks(chaos);
        lesson.is_held(app).await;
        app.pass(Duration::minutes(1));
        app.settle().await;
        assert_eq!(lesson.verdicts().await, truth());
        reported(app).await;
        assert_eq!(lesson.verdicts().await, truth());
        let joins = app.database.count("audit where kind = 'participant.joined'").await;
        assert_eq!(joins, 3, "each coming-in is one entry");
    }
);

story!(
    /// S-23: the same webhook 50 times in parallel has one effect.
    s23_one_webhook_fifty_times_is_one_effect, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let body = lesson.joined_event(app, 0, "16778240", "abc");
        let answers = futures::future::join_all((0..50).map(|_| lesson.deliver(app, &body))).await;
        assert!(answers.into_iter().all(|status| status == 200));
        app.settle().await;
        assert_eq!(app.database.count("webhook_inbox where kind = 'meeting.participant_joined'").await, 1);
        assert_eq!(app.database.count("presences where source = 'webhook'").await, 1);
        assert_eq!(app.database.count("audit where kind = 'participant.joined'").await, 1);
        assert_eq!(lesson.verdicts().await[0].0, "in_class");
    }
);

story!(
    /// A delivery nobody can read, and one of a meeting nobody knows, are set aside with the reason and block nothing.
    odd_deliveries_block_nothing, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        lesson.host_comes(app);
        app.settle().await;
        app.database.execute("update webhook_inbox set state = 'new', body = (select body from webhook_inbox where kind = 'meeting.created') where kind = 'meeting.started'").await;
        app.database.execute("update meetings set provider_id = 'another'").await;
        app.pass(Duration::seconds(1));
        lesson.comes(app, 0);
        app.settle().await;
        let problems = app.database.rows("select state, problem from webhook_inbox where coalesce(problem, '') <> '' order by problem").await;
        assert!(problems.iter().any(|row| row[0] == "bad" && row[1] == "sealed_elsewhere"), "{problems:?}");
        assert!(problems.iter().any(|row| row[0] == "done" && row[1] == "unknown_meeting"), "{problems:?}");
        assert_eq!(app.database.count("webhook_inbox where state = 'new'").await, 0);
    }
);

story!(
    /// A decision holds against later evidence, which is shown beside it; only who teaches decides, and only after the end.
    decisions_hold_and_are_the_teachers, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir", "priya"]).await;
        let path = format!("/api/v1/sessions/{}/attendance", lesson.session);
        let priya = format!("{path}/{}", lesson.students[2].id);
        let excused = json!({"state": "excused", "note": "Mother called"});
        assert_eq!(lesson.teacher.patch(&priya, excused.clone()).await.0, 409, "the class is not over");
        lesson.is_held(app).await;
        assert_eq!(lesson.students[2].patch(&priya, excused.clone()).await.0, 404);
        let other = app.organization("oakwood").await.instructor("imran").await;
        assert_eq!(other.get(&path).await.0, 404);
        assert_eq!(other.patch(&priya, excused.clone()).await.0, 404);
        let (status, row) = lesson.teacher.patch(&priya, excused).await;
        assert_eq!((status, &row["state"], &row["note"]), (200, &json!("excused"), &json!("Mother called")), "{row}");
        let (status, sheet) = lesson.teacher.post(&format!("{path}/verify"), json!({})).await;
        assert_eq!(status, 200, "{sheet}");
        assert!(sheet["items"].as_array().unwrap().iter().all(|row| row["standing"] == json!("verified")), "{sheet}");
        let (_, own) = lesson.students[0].get(&path).await;
        assert_eq!(own["items"].as_array().unwrap().len(), 1);
        assert_eq!(own["items"][0]["person"]["id"], json!(lesson.students[0].id));
        assert_eq!(own.get("instructor"), None);
        assert_eq!(lesson.teacher.patch(&priya, json!({"state": "asleep"})).await.0, 422);
        assert_eq!(lesson.teacher.patch(&priya, json!({"state": "late", "minutes": 1_441})).await.0, 422);
        reported(app).await;
        assert_eq!(lesson.verdicts().await[2], ("excused".to_owned(), 0));
        assert_eq!(app.database.count("audit where kind = 'attendance.adjusted'").await, 1);
        assert_eq!(app.database.count("audit where kind = 'attendance.verified'").await, 2);
    }
);

story!(
    /// A sheet that was opened before somebody decided in another browser verifies only what still stands as it showed it, says
    /// what it left alone, and changes no decision that it had not shown; the interface has the same safety.
    a_sheet_from_before_overwrites_no_decision, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir", "priya"]).await;
        lesson.is_held(app).await;
        let address = format!("/sessions/{}/attendance", lesson.session);
        let (verify, priya) = (format!("{address}/verify"), format!("{address}/{}", lesson.students[2].id));
        let (before, meanwhile) = (lesson.teacher.browser(app), lesson.teacher.browser(app));
        let stale = before.get(&address).await;
        assert!(stale.html().contains(&format!("data-live-page=\"{}\"", lesson.session)), "the sheet follows by itself");
        let fresh = meanwhile.get(&address).await;
        let excused = [("state", "excused"), ("minutes", ""), ("note", "Mother called")];
        assert_eq!(meanwhile.submit(&fresh, &priya, &excused).await.status(), 303);
        // What the evidence said otherwise when it was looked at is left alone too.
        let ayesha = lesson.students[0].id;
        let rows = json!({"rows": [{"person_id": ayesha, "state": "present", "minutes": 1}]});
        let (status, sheet) = lesson.teacher.post(&format!("/api/v1{verify}"), rows.clone()).await;
        assert_eq!(status, 200, "{sheet}");
        let row = sheet["items"].as_array().unwrap().iter().find(|row| row["person"]["id"] == json!(ayesha)).unwrap();
        assert_eq!(row["standing"], json!("proposed"), "{row}");
        let both = json!({"rows": rows["rows"].clone(), "person_ids": [ayesha]});
        assert_eq!(lesson.teacher.post(&format!("/api/v1{verify}"), both).await.0, 422);

        let verified = before.submit(&stale, &verify, &[]).await;
        assert_eq!(verified.status(), 303, "{}", verified.html());
        let shown = before.get(verified.location()).await;
        assert!(shown.html().contains("Verified 2. 1 was decided meanwhile and stays as it is."), "{}", shown.html());
        assert_eq!(lesson.verdicts().await[2], ("excused".to_owned(), 0));
        assert_eq!(app.database.count("audit where kind = 'attendance.verified'").await, 2);

        // The menu of that row in the same old page.
        let absent = [("state", "absent"), ("minutes", ""), ("note", "")];
        let refused = before.submit(&stale, &priya, &absent).await;
        assert!(refused.location().contains("notice=decided_meanwhile"), "{}", refused.location());
        assert_eq!(lesson.verdicts().await[2], ("excused".to_owned(), 0));
        let path = format!("/api/v1{priya}");
        assert_eq!(lesson.teacher.patch(&path, json!({"state": "absent", "seen": "never"})).await.0, 409);
        assert_eq!(lesson.teacher.patch(&path, json!({"state": "absent", "seen": "then"})).await.0, 422);
        let named = json!({"person_ids": [lesson.students[2].id]});
        assert_eq!(lesson.teacher.post(&format!("/api/v1{verify}"), named).await.0, 200);
        assert_eq!(lesson.verdicts().await[2], ("excused".to_owned(), 0));
        // Whoever has seen the decision may change it.
        let now = before.get(&address).await;
        assert_eq!(before.submit(&now, &priya, &absent).await.status(), 303);
        assert_eq!(lesson.verdicts().await[2], ("absent".to_owned(), 0));
    }
);

story!(
    /// The page shows the sheet and its forms work; the file is quoted, and its names are no formulas (S-32).
    the_sheet_as_page_and_file, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir", "priya"]).await;
        app.database.execute("update people set first_name = '=HYPERLINK(\"http://x\")', last_name = null where email like 'priya%'").await;
        lesson.is_held(app).await;
        let browser = lesson.teacher.browser(app);
        let address = format!("/sessions/{}/attendance", lesson.session);
        let page = browser.get(&address).await;
        assert_eq!(page.status(), 200, "{}", page.html());
        assert!(page.html().contains("Ayesha Rahman"));
        let tanvir = lesson.students[1].id.to_string();
        let after = browser.submit(&page, &format!("{address}/{tanvir}"), &[("state", "present"), ("minutes", ""), ("note", "")]).await;
        assert_eq!(after.status(), 303, "{}", after.html());
        assert_eq!(lesson.verdicts().await[1], ("present".to_owned(), 20));
        // Nobody saw her: since when she was late is not known, and no minutes are made up.
        let priya = lesson.students[2].id.to_string();
        let after = browser.submit(&page, &format!("{address}/{priya}"), &[("state", "late"), ("minutes", ""), ("note", "")]).await;
        assert_eq!((after.status(), lesson.verdicts().await[2].clone()), (303, ("late".to_owned(), 0)), "{}", after.html());
        let page = browser.get(&address).await;
        let row = page.html().split(&format!("id=\"row-{priya}\"")).nth(1).unwrap();
        assert!(row.contains("Late</span>") && !page.html().contains("Late, 0 min"), "{row}");
        assert!(page.html().contains("the 20 min that were measured stay"), "{}", page.html());
        let nobody = app.browser().post(&format!("{address}/verify"), &[("person", &tanvir)]).await;
        assert_ne!(nobody.status(), 303);
        let answer = lesson.teacher.send("GET", &format!("/api/v1{address}.csv"), None, &[]).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{}", answer.text);
        assert_eq!(answer.text.lines().count(), 4);
    }
);
