//! A timetable elsewhere feeds this one: by its own ids, again and again, and only what changed has consequences.

use chrono::Duration;
use lectern_tests::{Client, Organization, Person, TestApp, story};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/schedule/lesson-1";

/// A program with the right to write.
async fn program(app: &TestApp, owner: &Person) -> Client {
    let key =
        owner.create("/api/v1/api-keys", json!({"name": "timetable", "scopes": ["read", "write"]})).await;
    let token = key["token"].as_str().unwrap().to_owned();
    app.secret(&token);
    owner.with_bearer(Some(&token))
}

fn entry(app: &TestApp, instructor: &Person) -> Value {
    json!({
        "class": {"external_id": "math-8", "title": "Mathematics, class 8", "instructor": instructor.email},
        "starts_at": app.now() + Duration::hours(2), "duration_minutes": 45, "time_zone": "Asia/Dhaka",
    })
}

async fn sessions(program: &Client) -> Vec<Value> {
    program.all("/api/v1/sessions?external_id=lesson-1").await
}

async fn school(app: &mut TestApp) -> (Person, Person, Client) {
    let (owner, seller, _) = app.evening().await;
    let program = program(app, &owner).await;
    let (status, _) = owner
        .patch("/api/v1/organization/settings", json!({"policies": {"meeting_created": "scheduled"}}))
        .await;
    assert_eq!(status, 200);
    (owner, seller, program)
}

story!(
    /// One PUT makes class, session and classroom; the same again changes nothing; another time moves it and tells the people;
    /// `cancelled` calls it off; each is said.
    a_timetable_feeds_lectern, |app| async {
        let (_, seller, program) = school(app).await;
        let mut body = entry(app, &seller);
        let (status, planned) = program.put(&format!("{PATH}?dry_run=true"), body.clone()).await;
        assert_eq!((status, &planned["outcome"], &planned["session_id"]), (200, &json!("created"), &Value::Null), "{planned}");
        assert!(sessions(&program).await.is_empty(), "a dry run does nothing");
        let (status, made) = program.put(PATH, body.clone()).await;
        assert_eq!((status, &made["outcome"]), (201, &json!("created")), "{made}");
        app.settle().await;
        let session = sessions(&program).await.remove(0);
        assert_eq!((&session["meeting"]["state"], &session["title"]), (&json!("ready"), &json!("Mathematics, class 8")), "{session}");
        let class = made["class_id"].as_str().unwrap();
        let student = json!({"email": "ayesha@home.example", "name": "Ayesha"});
        program.create(&format!("/api/v1/classes/{class}/enrollments"), student).await;
        app.settle().await;
        let before = app.audited("session.changed").await;
        let (status, same) = program.put(PATH, body.clone()).await;
        assert_eq!((status, &same["outcome"], &same["session_id"]), (200, &json!("unchanged"), &made["session_id"]), "{same}");
        assert_eq!(app.audited("session.changed").await, before);
        body["starts_at"] = json!(app.now() + Duration::hours(3));
        body["title"] = json!("Fractions");
        let (_, planned) = program.put(&format!("{PATH}?dry_run=true"), body.clone()).await;
        assert_eq!((&planned["outcome"], &planned["changed"]), (&json!("updated"), &json!(["starts_at", "title"])));
        let (status, moved) = program.put(PATH, body.clone()).await;
        assert_eq!((status, &moved["changed"]), (200, &json!(["starts_at", "title"])), "{moved}");
        app.settle().await;
        let mails = app.mail.messages_to("ayesha@home.example");
        assert!(mails.last().unwrap().subject.starts_with("New time: Fractions"), "{}", mails.last().unwrap().subject);
        body["cancelled"] = json!(true);
        body["reason"] = json!("The teacher is ill.");
        for expected in ["cancelled", "unchanged"] {
            let (status, off) = program.put(PATH, body.clone()).await;
            assert_eq!((status, &off["outcome"]), (200, &json!(expected)), "{off}");
        }
        app.settle().await;
        assert_eq!(sessions(&program).await[0]["cancel_reason"], "The teacher is ill.");
        body["cancelled"] = json!(false);
        let (status, problem) = program.put(PATH, body).await;
        assert_eq!((status, &problem["code"]), (409, &json!("cancelled")), "{problem}");
    }
);

story!(
    /// Many at once: each by itself, the bad ones are said with their field and keep no other from being done; a dry run says
    /// the same and does nothing.
    many_entries_come_at_once, |app| async {
        let (_, seller, program) = school(app).await;
        let one = |id: &str, change: Value| {
            let mut one = entry(app, &seller);
            one["external_id"] = json!(id);
            for (name, value) in change.as_object().unwrap() {
                one[name] = value.clone();
            }
            one
        };
        let entries = vec![
            one("a", json!({})),
            one("b", json!({"starts_at": "2020-01-01T00:00:00Z"})),
            one("c", json!({"time_zone": "Mars/Base", "duration_minutes": 0})),
            one("d", json!({"class": {"external_id": "new-one"}})),
            one("e", json!({"class": {"external_id": "math-9", "title": "Nine", "instructor": "nobody@home.example"}})),
            one("f", json!({"cancelled": true})),
            one("g", json!({"delivery": "in_person"})),
        ];
        let mut reports = Vec::new();
        for dry_run in [true, false, false] {
            let (status, report) = program.post("/api/v1/schedule", json!({"entries": entries, "dry_run": dry_run})).await;
            assert_eq!((status, &report["refused"]), (200, &json!(4)), "{report}");
            reports.push(report["items"].as_array().unwrap().iter().map(|item| item["outcome"].clone()).collect::<Vec<_>>());
        }
        let outcomes = ["created", "refused", "refused", "refused", "refused", "unchanged", "created"].map(Value::from).to_vec();
        assert_eq!(reports[..2], [outcomes.clone(), outcomes]);
        assert_eq!((&reports[2][0], &reports[2][6]), (&json!("unchanged"), &json!("unchanged")), "again");
        let (_, report) = program.post("/api/v1/schedule", json!({"entries": entries})).await;
        assert_eq!(report["items"][1]["problem"], "starts_at: This time has passed. Choose a time to come.");
        assert!(report["items"][3]["problem"].as_str().unwrap().starts_with("class.title:"), "{report}");
        let (status, problem) = program.post("/api/v1/schedule", json!({"entries": [one("a", json!({})), one("a", json!({}))]})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("entries[1].external_id")), "{problem}");
        let mut unknown = one("a", json!({}));
        unknown["starts"] = json!("now");
        let (status, problem) = program.post("/api/v1/schedule", json!({"entries": [unknown]})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("entries[0].starts")), "{problem}");
    }
);

story!(
    /// An instructor feeds their own classes only; another one's class is not there, a session does not change its class, and two
    /// of the same at once are one.
    a_timetable_stays_within_its_rights, |app| async {
        let (owner, seller, program) = school(app).await;
        let dreamcrowd: Organization<'_> = app.organization("dreamcrowd").await;
        let other = dreamcrowd.instructor("marek").await;
        let body = entry(app, &seller);
        let (first, second) = tokio::join!(program.put(PATH, body.clone()), owner.put(PATH, body.clone()));
        let made = [&first, &second].into_iter().filter(|(status, _)| *status == 201).count();
        assert_eq!(made, 1, "{first:?} {second:?}");
        let (status, _) = other.put("/api/v1/schedule/lesson-2", json!({"class": {"external_id": "math-8"}, "starts_at": body["starts_at"], "duration_minutes": 45})).await;
        assert_eq!(status, 404);
        let (status, problem) = seller.put("/api/v1/schedule/lesson-2", body.clone()).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("class.instructor")), "{problem}");
        let mut elsewhere = body.clone();
        elsewhere["class"] = json!({"external_id": "art-1", "title": "Art", "instructor": seller.email});
        let (status, problem) = program.put(PATH, elsewhere).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("class.external_id")), "{problem}");
        let elmfield = app.organization("elmfield").await;
        let stranger = elmfield.instructor("mia").await;
        let (status, made) = stranger.put(PATH, json!({"class": {"external_id": "math-8", "title": "Ours"}, "starts_at": body["starts_at"], "duration_minutes": 45, "delivery": "in_person"})).await;
        assert_eq!((status, &made["outcome"]), (201, &json!("created")), "ids are each organization's own: {made}");
    }
);
