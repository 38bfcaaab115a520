//! What a system elsewhere is told, and how it knows who says it.

use chrono::Duration;
use lectern_tests::{HeldClass, Received, Receiver, log_so_far, story};
use serde_json::{Value, json};

use super::{deliveries, kinds, listen, one, shown, test};

/// No address of a platform, no join link, no token: whatever is told.
fn tells_no_way_in(received: &[Received], lesson: &HeldClass) {
    for one in received {
        let text = String::from_utf8(one.body.to_vec()).unwrap();
        for never in ["http:", "https:", "token", "/join/", "passcode", &lesson.meeting.to_string()] {
            assert!(!text.contains(never), "{never} in {text}");
        }
    }
}

/// The names in a value, in order, and nothing else.
fn shape(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut parts: Vec<_> =
                fields.iter().map(|(name, value)| format!("{name}{}", shape(value))).collect();
            parts.sort();
            format!("{{{}}}", parts.join(" "))
        }
        Value::Array(items) => format!("[{}]", items.first().map(shape).unwrap_or_default()),
        _ => String::new(),
    }
}

const SESSION: &str = "session{cancel_reason class{external_id id instructor_id title} delivery duration_minutes ended_at ends_at external_id id provider started_at starts_at state time_zone title}";
const PERSON: &str = "person{email external_id id name role}";

/// What each type's data holds: every name, and no other.
fn data_of(kind: &str) -> String {
    match kind {
        "join.refused" => format!("{{{PERSON} reason {SESSION}}}"),
        "participant.joined" | "participant.left" | "join.redeemed" => format!("{{{PERSON} {SESSION}}}"),
        "attendance.proposed" | "attendance.verified" => format!(
            "{{attendance[{{first_joined_at last_left_at minutes {PERSON} seconds standing state verified_at verified_by}}] {SESSION}}}"
        ),
        "connection.lost" => format!("{{connection{{id provider}} {PERSON}}}"),
        "endpoint.test" => "{endpoint_id}".to_owned(),
        _ => format!("{{{SESSION}}}"),
    }
}

/// Each message has exactly the names it should, and is what the description of the interface says; each type came.
fn are_as_described(told: &[Received], document: &Value) {
    let mut seen = std::collections::BTreeSet::new();
    for one in told {
        let (body, kind) = (one.json(), one.kind());
        assert_eq!(shape(&body), format!("{{data{} timestamp type version}}", data_of(&kind)), "{kind}");
        let schema =
            &document["webhooks"][&kind]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert!(schema["$ref"].is_string(), "{kind} is described");
        let whole = json!({"$ref": schema["$ref"], "components": document["components"]});
        let valid = jsonschema::validator_for(&whole).unwrap();
        let wrong: Vec<_> = valid.iter_errors(&body).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{kind}: {wrong:?}");
        seen.insert(kind);
    }
    let described: std::collections::BTreeSet<String> =
        document["webhooks"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(seen, described, "each type that is described came");
}

fn session_of(lesson: &HeldClass, state: &str) -> Value {
    json!({"id": lesson.session, "state": state, "title": "Fractions", "external_id": null, "time_zone": "Asia/Dhaka",
        "starts_at": lesson.starts_at, "ends_at": lesson.ends_at, "duration_minutes": 45, "delivery": "virtual", "provider": "zoom",
        "class": {"id": lesson.class, "external_id": null, "title": "Fractions", "instructor_id": lesson.teacher.id}})
}

/// Whether everything that is expected is in what came.
fn holds(told: &Value, expected: &Value) -> bool {
    match (told, expected) {
        (Value::Object(told), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| told.get(key).is_some_and(|told| holds(told, value)))
        }
        _ => told == expected,
    }
}

#[track_caller]
fn assert_holds(told: &Value, expected: &Value) {
    assert!(holds(told, expected), "{told:#}\ndoes not hold\n{expected:#}");
}

story!(
    /// A class from its plan to its attendance: each event is told once, signed, with our ids and the host's, and nothing that
    /// lets anybody in.
    each_event_is_told_once_and_signed, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir"]).await;
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        let link = app.mailed_link(&lesson.students[0].email);
        let named = format!("update people set external_id = 'student-17' where email_key = '{}'", lesson.students[0].email);
        app.database.execute(&named).await;
        app.settle().await;
        app.pass(Duration::seconds(1));
        let receiver = Receiver::start().await;
        let endpoint = listen(app, &amina, &receiver, &[]).await;

        // Plans.
        let (class, session) = (format!("/api/v1/classes/{}", lesson.class), format!("/api/v1/sessions/{}", lesson.session));
        let later = json!({"starts_at": app.now() + Duration::days(1), "duration_minutes": 30, "time_zone": "Europe/London", "title": "Decimals"});
        let made = lesson.teacher.create(&format!("{class}/sessions"), later).await["items"][0]["id"].as_str().unwrap().to_owned();
        app.settle().await;
        let told = receiver.take();
        let scheduled = one(&told, "session.scheduled");
        let body = scheduled.json();
        assert_holds(&body, &json!({"type": "session.scheduled", "version": "2026-11-27", "timestamp": app.now(), "data": {"session": {
            "id": made, "title": "Decimals", "state": "scheduled", "duration_minutes": 30, "time_zone": "Europe/London"}}}));
        assert_eq!(scheduled.header("lectern-version"), "2026-11-27");
        assert_eq!(scheduled.header("content-type"), "application/json");
        assert_eq!(scheduled.header("webhook-timestamp"), app.now().timestamp().to_string());
        assert!(scheduled.header("webhook-id").starts_with("msg_"));
        tells_no_way_in(&told, &lesson);

        assert_eq!(lesson.teacher.patch(&format!("/api/v1/sessions/{made}"), json!({"title": "Decimals again"})).await.0, 200);
        app.settle().await;
        let told = receiver.take();
        assert!(told.iter().any(|one| one.kind() == "session.updated" && one.json()["data"]["session"]["title"] == json!("Decimals again")), "{:?}", kinds(&told));
        let answer = lesson.teacher.send("DELETE", &format!("/api/v1/sessions/{made}"), Some(&json!({"reason": "Rain"})), &[]).await;
        assert!(answer.status < 300, "{}", answer.text);
        app.settle().await;
        let told = receiver.take();
        let cancelled = one(&told, "session.cancelled").json();
        assert_holds(&cancelled["data"]["session"], &json!({"id": made, "state": "cancelled", "cancel_reason": "Rain"}));

        // The door.
        app.pass(Duration::minutes(14));
        let mine = app.browser();
        assert_eq!(mine.press_join(&link).await.status(), 303);
        assert_eq!(app.browser().press_join(&link).await.status(), 200, "another browser");
        app.settle().await;
        let told = receiver.take();
        let person = json!({"id": lesson.students[0].id, "external_id": "student-17", "name": "Ayesha Rahman",
            "email": lesson.students[0].email, "role": "student"});
        let redeemed = one(&told, "join.redeemed").json();
        assert_holds(&redeemed["data"], &json!({"session": session_of(&lesson, "scheduled"), "person": person}));
        let refused = one(&told, "join.refused").json();
        assert_holds(&refused["data"], &json!({"person": person, "reason": "other_browser"}));
        tells_no_way_in(&told, &lesson);

        // The room.
        lesson.host_comes(app);
        let visit = lesson.comes(app, 0);
        app.settle().await;
        let told = receiver.take();
        assert_holds(&one(&told, "session.started").json()["data"]["session"], &session_of(&lesson, "live"));
        let joined: Vec<_> = told.iter().filter(|one| one.kind() == "participant.joined").map(Received::json).collect();
        assert!(joined.iter().any(|one| holds(&one["data"]["person"], &person)), "{joined:?}");
        assert!(joined.iter().any(|one| holds(&one["data"]["person"], &json!({"id": lesson.teacher.id, "role": "instructor"}))), "{joined:?}");
        tells_no_way_in(&told, &lesson);
        app.zoom.stranger_joins(lesson.meeting, "A telephone").unwrap();
        app.pass(Duration::minutes(46));
        app.zoom.leaves(visit).unwrap();
        app.settle().await;
        let told = receiver.take();
        assert!(told.iter().any(|one| holds(&one.json()["data"]["person"], &json!({"id": null, "name": "A telephone", "email": null, "role": "unknown"}))), "{:?}", kinds(&told));
        assert_holds(&one(&told, "participant.left").json()["data"]["person"], &person);

        // The sheet.
        app.zoom.end_for_all(lesson.meeting);
        app.settle().await;
        let told = receiver.take();
        assert_holds(&one(&told, "session.ended").json()["data"]["session"], &session_of(&lesson, "ended"));
        for _ in 0..4 {
            app.pass(Duration::minutes(6));
            app.tick("tick.reconcile").await;
        }
        let told = receiver.take();
        let proposed = told.iter().rfind(|one| one.kind() == "attendance.proposed").expect("a proposal").json();
        let line = |sheet: &Value, student: usize| {
            let id = json!(lesson.students[student].id);
            sheet["data"]["attendance"].as_array().unwrap().iter().find(|line| line["person"]["id"] == id).cloned().unwrap()
        };
        assert_holds(&line(&proposed, 0), &json!({"person": person, "state": "present", "standing": "proposed", "minutes": 45, "verified_by": null}));
        assert_holds(&line(&proposed, 1), &json!({"state": "absent", "minutes": 0}));
        assert!(told.iter().filter(|one| one.kind() == "attendance.proposed").count() <= 2, "{:?}", kinds(&told));
        let (status, verified) = lesson.teacher.post(&format!("{session}/attendance/verify"), json!({})).await;
        assert_eq!(status, 200, "{verified}");
        app.settle().await;
        let told = receiver.take();
        let verified = one(&told, "attendance.verified").json();
        assert_holds(&line(&verified, 0), &json!({"standing": "verified", "minutes": 45, "verified_by": lesson.teacher.id}));
        tells_no_way_in(&told, &lesson);

        // The account.
        let (_, connection) = lesson.teacher.get("/api/v1/platforms/zoom/connection").await;
        assert!(app.zoom.remove_app("client-of-oakwood", &lesson.teacher.email));
        app.settle().await;
        let told = receiver.take();
        let lost = one(&told, "connection.lost").json();
        assert_holds(&lost["data"], &json!({"connection": {"provider": "zoom"}, "person": {"id": lesson.teacher.id, "role": "instructor"}}));
        assert!(lost["data"]["connection"]["id"].is_string(), "{lost} {connection}");

        assert_eq!(app.audited("connection.deauthorized").await, 1);
        // All of it signed, each event under an id of its own, and all of it in the log.
        let tested = test(app, &amina, &endpoint).await;
        let told = receiver.take();
        let seen = one(&told, "endpoint.test");
        assert_eq!(seen.fits(&endpoint.secret), [true]);
        assert_eq!(seen.header("webhook-id"), tested["webhook_id"].as_str().unwrap());
        let (_, document) = app.nobody().get("/api/openapi.json").await;
        let everything = receiver.everything();
        are_as_described(&everything, &document);
        assert!(everything.iter().all(|one| one.fits(&endpoint.secret) == [true]));
        let log = deliveries(&amina, &endpoint).await;
        assert!(log.iter().all(|one| one["state"] == json!("delivered") && one["status"] == json!(204)), "{log:?}");
        let mut ids: Vec<_> = log.iter().map(|one| one["webhook_id"].to_string()).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "each event is decided on once");
        assert!(!log_so_far().contains("/hooks?key"), "no address is logged");
    }
);

story!(
    /// An endpoint hears what it asked for; one of another organization nothing; and nobody hears what was before.
    an_endpoint_hears_what_it_asked_for, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let amina = app.organization("oakwood").await.admin().await;
        let elsewhere = app.organization("elmfield").await.admin().await;
        app.pass(Duration::seconds(1));
        let (ends, all, theirs) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
        listen(app, &amina, &ends, &["session.ended"]).await;
        let whole = listen(app, &amina, &all, &[]).await;
        let foreign = listen(app, &elsewhere, &theirs, &[]).await;
        app.settle().await;
        assert_eq!(all.count(), 0, "what was before is not told");
        let session = format!("/api/v1/sessions/{}", lesson.session);
        assert_eq!(lesson.teacher.post(&format!("{session}/start"), json!({})).await.0, 200);
        app.settle().await;
        assert_eq!(lesson.teacher.post(&format!("{session}/end"), json!({})).await.0, 200);
        app.settle().await;
        assert_eq!(kinds(&ends.take()), ["session.ended"]);
        let told = kinds(&all.take());
        assert!(told.contains(&"session.started".to_owned()) && told.contains(&"session.ended".to_owned()), "{told:?}");
        assert_eq!(theirs.count(), 0);
        // Their endpoint is none here.
        for path in [foreign.path.clone(), format!("{}/deliveries", foreign.path)] {
            assert_eq!(amina.get(&path).await.0, 404, "{path}");
        }
        for end in ["test", "rotate-secret"] {
            assert_eq!(amina.post(&format!("{}/{end}", foreign.path), json!({})).await.0, 404);
        }
        assert_eq!(amina.delete(&foreign.path).await.0, 404);
        // Disabled, it hears nothing; enabled, what happens from then on.
        assert_eq!(amina.patch(&whole.path, json!({"active": false})).await.1["state"], json!("disabled"));
        assert_eq!(amina.post(&format!("{}/test", whole.path), json!({})).await.0, 409);
        let later = json!({"starts_at": app.now() + Duration::days(1), "duration_minutes": 30, "time_zone": "UTC"});
        lesson.teacher.create(&format!("/api/v1/classes/{}/sessions", lesson.class), later.clone()).await;
        app.settle().await;
        app.pass(Duration::seconds(1));
        assert_eq!(amina.patch(&whole.path, json!({"active": true})).await.1["state"], json!("active"));
        app.settle().await;
        assert_eq!(all.count(), 0, "{:?}", kinds(&all.take()));
        lesson.teacher.create(&format!("/api/v1/classes/{}/sessions", lesson.class), later).await;
        app.settle().await;
        assert!(kinds(&all.take()).contains(&"session.scheduled".to_owned()));
        assert_eq!(amina.delete(&whole.path).await.0, 204);
        assert_eq!(amina.get(&whole.path).await.0, 404);
        assert_eq!(app.database.count("webhook_queue").await, 2, "what is removed waits for nothing");
    }
);

story!(
    /// A new secret signs at once, and the one before beside it for a day; neither is ever shown again.
    two_secrets_sign_for_a_day, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let receiver = Receiver::start().await;
        let endpoint = listen(app, &amina, &receiver, &[]).await;
        assert!(endpoint.secret.starts_with("whsec_") && endpoint.secret.len() == 50, "{}", endpoint.secret.len());
        assert_eq!(shown(&amina, &endpoint).await["secret"], Value::Null);
        test(app, &amina, &endpoint).await;
        assert_eq!(receiver.take()[0].fits(&endpoint.secret), [true]);
        let (status, rotated) = amina.post(&format!("{}/rotate-secret", endpoint.path), json!({})).await;
        assert_eq!(status, 200, "{rotated}");
        let fresh = rotated["secret"].as_str().unwrap().to_owned();
        app.secret(&fresh);
        assert_ne!(fresh, endpoint.secret);
        assert_eq!(rotated["old_secret_until"], json!(app.now() + Duration::hours(24)));
        test(app, &amina, &endpoint).await;
        let both = receiver.take();
        assert_eq!((both[0].fits(&fresh), both[0].fits(&endpoint.secret)), (vec![true, false], vec![false, true]));
        app.pass(Duration::hours(24));
        test(app, &amina, &endpoint).await;
        let new = receiver.take();
        assert_eq!((new[0].fits(&fresh), new[0].fits(&endpoint.secret)), (vec![true], vec![false]));
        let dump = app.database.dump().await;
        for secret in [&fresh, &endpoint.secret] {
            assert!(!dump.contains(secret.as_str()) && !dump.contains(&hex::encode(secret)), "sealed");
        }
        assert_eq!(app.audited("webhook_endpoint.secret_rotated").await, 1);
    }
);
