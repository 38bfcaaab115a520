//! Outgoing webhooks: what a system elsewhere is told, how it knows who says it, and what becomes of one that does not answer.

use std::time::Duration as StdDuration;

use chrono::Duration;
use lectern_api::{
    events::{self, Event, EventType},
    webhooks_out::{fan_out::FanOut, sender},
};
use lectern_tests::{HeldClass, Person, Received, Receiver, TestApp, log_so_far, story};
use serde_json::{Value, json};

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";

/// An endpoint at a receiver.
struct Endpoint {
    path: String,
    secret: String,
}

async fn listen(app: &TestApp, admin: &Person, receiver: &Receiver, events: &[&str]) -> Endpoint {
    let made = admin.create(ENDPOINTS, json!({"url": receiver.url(), "events": events})).await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    app.secret(&secret);
    app.secret("of-the-receiver");
    Endpoint { path: format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap()), secret }
}

fn kinds(received: &[Received]) -> Vec<String> {
    received.iter().map(Received::kind).collect()
}

fn one<'a>(received: &'a [Received], kind: &str) -> &'a Received {
    let found: Vec<_> = received.iter().filter(|one| one.kind() == kind).collect();
    assert_eq!(found.len(), 1, "one {kind} among {:?}", kinds(received));
    found[0]
}

async fn deliveries(admin: &Person, endpoint: &Endpoint) -> Vec<Value> {
    admin.all(&format!("{}/deliveries", endpoint.path)).await
}

async fn shown(admin: &Person, endpoint: &Endpoint) -> Value {
    let (status, shown) = admin.get(&endpoint.path).await;
    assert_eq!(status, 200, "{shown}");
    shown
}

/// Sends a test, and runs what is due.
async fn test(app: &TestApp, admin: &Person, endpoint: &Endpoint) -> Value {
    let (status, made) = admin.post(&format!("{}/test", endpoint.path), json!({})).await;
    assert_eq!((status, &made["state"], &made["tries"]), (202, &json!("pending"), &json!(0)), "{made}");
    app.settle().await;
    made
}

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

story!(
    /// What does not arrive is tried ten times with growing pauses, the same bytes under the same id, signed anew; then it is
    /// failed, and can be sent again: one, or all since an instant.
    what_fails_is_tried_again_and_can_be_replayed, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let receiver = Receiver::start().await;
        let endpoint = listen(app, &amina, &receiver, &[]).await;
        receiver.always(500, StdDuration::ZERO);
        let made = test(app, &amina, &endpoint).await;
        let first = receiver.take().remove(0);
        for (tries, pause) in [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400].into_iter().enumerate() {
            let log = deliveries(&amina, &endpoint).await;
            assert_eq!((&log[0]["state"], &log[0]["tries"], &log[0]["status"]), (&json!("pending"), &json!(tries + 1), &json!(500)), "{log:?}");
            app.pass(Duration::seconds(pause - 1));
            app.settle().await;
            assert_eq!(receiver.count(), 0, "not before {pause} s");
            app.pass(Duration::seconds(pause / 10 + 2));
            app.settle().await;
            let again = receiver.take();
            assert_eq!(again.len(), 1, "once after {pause} s");
            assert_eq!((again[0].header("webhook-id"), &again[0].body), (first.header("webhook-id"), &first.body));
            assert_ne!(again[0].header("webhook-signature"), first.header("webhook-signature"));
            assert_eq!(again[0].fits(&endpoint.secret), [true]);
        }
        let log = deliveries(&amina, &endpoint).await;
        assert_eq!((&log[0]["state"], &log[0]["tries"], &log[0]["next_try_at"]), (&json!("failed"), &json!(10), &Value::Null), "{log:?}");
        assert!(shown(&amina, &endpoint).await["failing_since"].is_string());
        receiver.recover();
        let path = format!("{}/deliveries/{}/replay", endpoint.path, made["id"].as_str().unwrap());
        let (status, again) = amina.post(&path, json!({})).await;
        assert_eq!((status, &again["state"], &again["tries"]), (202, &json!("pending"), &json!(0)), "{again}");
        app.settle().await;
        let replayed = receiver.take();
        assert_eq!((replayed[0].header("webhook-id"), &replayed[0].body), (first.header("webhook-id"), &first.body));
        let log = deliveries(&amina, &endpoint).await;
        assert_eq!((&log[0]["state"], &log[0]["status"]), (&json!("delivered"), &json!(204)), "{log:?}");
        assert_eq!(shown(&amina, &endpoint).await["failing_since"], Value::Null);
        // All that failed since an instant.
        app.database.execute("update webhook_deliveries set state = 'failed', due_at = null").await;
        let since = |since| json!({"since": since});
        let replay = format!("{}/replay", endpoint.path);
        assert_eq!(amina.post(&replay, since(app.now())).await, (202, json!({"count": 0})));
        assert_eq!(amina.post(&replay, since(app.now() - Duration::days(5))).await, (202, json!({"count": 1})));
        app.settle().await;
        assert_eq!(receiver.take().len(), 1);
        let (_, waiting) = amina.get(&format!("{}/deliveries?state=pending", endpoint.path)).await;
        assert_eq!(waiting["items"], json!([]));
        assert_eq!(amina.get(&format!("{}/deliveries?state=lost", endpoint.path)).await.0, 422);
        assert_eq!(app.audited("webhook_endpoint.replayed").await, 2);
    }
);

story!(
    /// A receiver says how long it wants to be left alone, and is; of what it answers only the beginning is kept; a redirect is
    /// no arrival and is not followed.
    a_receivers_answer_is_heard_but_not_followed, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let (receiver, other) = (Receiver::start().await, Receiver::start().await);
        let endpoint = listen(app, &amina, &receiver, &[]).await;
        receiver.next(503, &[("retry-after", "600")], &"x".repeat(10_000));
        test(app, &amina, &endpoint).await;
        let log = deliveries(&amina, &endpoint).await;
        assert_eq!(log[0]["next_try_at"], json!(app.now() + Duration::minutes(10)), "{log:?}");
        assert_eq!(log[0]["answer"].as_str().unwrap(), "x".repeat(4096));
        receiver.forget();
        app.pass(Duration::minutes(9));
        app.settle().await;
        assert_eq!(receiver.count(), 0);
        app.pass(Duration::minutes(1));
        app.settle().await;
        assert_eq!(receiver.take().len(), 1);
        receiver.next(307, &[("location", &other.url())], "");
        test(app, &amina, &endpoint).await;
        let log = deliveries(&amina, &endpoint).await;
        assert_eq!((&log[0]["state"], &log[0]["status"]), (&json!("pending"), &json!(307)), "{log:?}");
        assert_eq!(other.count(), 0, "nobody followed");
    }
);

story!(
    /// 410 disables an endpoint at once, and the admins are told.
    gone_is_gone, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (amina, owner) = (oakwood.admin().await, oakwood.owner().await);
        oakwood.instructor("farhan").await;
        let receiver = Receiver::start().await;
        let endpoint = listen(app, &amina, &receiver, &[]).await;
        receiver.next(410, &[], "moved away");
        test(app, &amina, &endpoint).await;
        let now = shown(&amina, &endpoint).await;
        assert_eq!((&now["state"], &now["disabled_by"]), (&json!("disabled"), &json!("gone")), "{now}");
        assert_eq!(amina.post(&format!("{}/test", endpoint.path), json!({})).await.1["code"], json!("endpoint_disabled"));
        for admin in [&amina, &owner] {
            let mails = app.mail.messages_to(&admin.email);
            let mail = mails.last().expect("a mail");
            assert!(mail.subject.contains("127.0.0.1") && mail.text.contains("gone for good"), "{}", mail.text);
            assert!(mail.text.contains("/webhooks/"), "{}", mail.text);
        }
        assert!(app.mail.messages_to("farhan@oakwood.example").is_empty());
        assert_eq!(app.audited("webhook_endpoint.disabled").await, 1);
        assert_eq!(app.database.count("webhook_queue").await, 0);
    }
);

story!(
    /// an endpoint that only fails for five days is disabled, and the admins are told; enabled, it is sent to again.
    r20_a_dead_endpoint_is_disabled_after_five_days, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let receiver = Receiver::start().await;
        let endpoint = listen(app, &amina, &receiver, &[]).await;
        receiver.always(502, StdDuration::ZERO);
        test(app, &amina, &endpoint).await;
        let lane = app.database.rows("select slow from webhook_queue").await;
        assert!(["1", "true"].contains(&lane[0][0].as_str()), "in the lane of those that fail: {lane:?}");
        app.pass(Duration::days(4));
        app.tick("tick.clean_up").await;
        assert_eq!(shown(&amina, &endpoint).await["state"], json!("active"));
        assert!(app.mail.messages_to(&amina.email).is_empty());
        app.pass(Duration::hours(23));
        test(app, &amina, &endpoint).await;
        assert_eq!(shown(&amina, &endpoint).await["state"], json!("active"));
        app.pass(Duration::hours(2));
        app.tick("tick.clean_up").await;
        let now = shown(&amina, &endpoint).await;
        assert_eq!((&now["state"], &now["disabled_by"]), (&json!("disabled"), &json!("failing")), "{now}");
        let mails = app.mail.messages_to(&amina.email);
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains("five days"), "{}", mails[0].text);
        receiver.forget();
        receiver.recover();
        app.pass(Duration::days(1));
        app.settle().await;
        assert_eq!(receiver.count(), 0, "nothing is sent to it");
        assert_eq!(amina.patch(&endpoint.path, json!({"active": true})).await.1["failing_since"], Value::Null);
        app.settle().await;
        assert!(receiver.count() >= 1, "what waited is sent");
        test(app, &amina, &endpoint).await;
        assert!(kinds(&receiver.take()).contains(&"endpoint.test".to_owned()));
        assert_eq!(shown(&amina, &endpoint).await["state"], json!("active"));
    }
);

story!(
    /// endpoints that keep every connection open for as long as they can do not delay one that answers.
    r20_dead_endpoints_do_not_delay_a_good_one, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let (dead, good) = (Receiver::start().await, Receiver::start().await);
        dead.always(200, StdDuration::from_secs(60));
        let mut hanging = Vec::new();
        for _ in 0..19 {
            hanging.push(listen(app, &amina, &dead, &[]).await);
        }
        let answering = listen(app, &amina, &good, &[]).await;
        let running = tokio::spawn(sender::run((**app).clone()));
        for endpoint in &hanging {
            for _ in 0..3 {
                amina.post(&format!("{}/test", endpoint.path), json!({})).await;
            }
        }
        let began = std::time::Instant::now();
        for number in 1..=5 {
            amina.post(&format!("{}/test", answering.path), json!({})).await;
            while good.count() < number {
                tokio::time::sleep(StdDuration::from_millis(5)).await;
                assert!(began.elapsed() < StdDuration::from_secs(10), "the good one waits");
            }
        }
        eprintln!("five to the good one, beside 19 dead ones: {:?}", began.elapsed());
        running.abort();
        running.await.ok();
    }
);

story!(
    /// S-27: addresses of this machine, of private networks and of clouds' metadata, in every spelling, are not taken, however
    /// they are given; nothing connects there.
    s27_bad_addresses_are_refused, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let receiver = Receiver::start().await;
        let port = receiver.url().split(':').next_back().unwrap().split('/').next().unwrap().to_owned();
        let endpoint = listen(app, &amina, &receiver, &[]).await;
        let bad = [
            "", "hooks", "ftp://hooks.example/", "javascript:alert(1)", "http://hooks.example/", "https://user@hooks.example/",
            "https://user:secret@hooks.example/", "https://localhost/", "https://127.0.0.2/", "http://127.0.0.2:PORT/", "https://[::1]/",
            "https://[::ffff:127.0.0.1]:PORT/", "https://[::127.0.0.1]/", "https://169.254.169.254/latest/meta-data/", "https://10.1.2.3/",
            "https://172.16.0.1/", "https://192.168.0.1/", "https://100.64.0.1/", "https://0.0.0.0:PORT/", "https://224.0.0.1/",
            "https://255.255.255.255/", "https://[fd00::1]/", "https://[fe80::1]/", "https://[ff02::1]/", "https://2130706434/",
            "https://0177.0.0.2/", "https://0x7f000002/", "https://127.2/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
        ];
        for text in bad {
            let url = text.replace("PORT", &port);
            for (status, problem) in [
                amina.post(ENDPOINTS, json!({"url": url})).await,
                amina.patch(&endpoint.path, json!({"url": url})).await,
            ] {
                assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("url")), "{url}: {problem}");
            }
            let page = amina.browser(app);
            let form = page.get("/webhooks/new").await;
            let refused = page.submit(&form, "/webhooks", &[("url", &url)]).await;
            assert_eq!(refused.status(), 422, "{url}");
        }
        // What was allowed when it was taken is judged again when it is sent.
        app.database.execute(&format!("update webhook_endpoints set url = 'https://[::ffff:127.0.0.1]:{port}/'")).await;
        test(app, &amina, &endpoint).await;
        let log = deliveries(&amina, &endpoint).await;
        assert_eq!((&log[0]["state"], &log[0]["problem"]), (&json!("pending"), &json!("forbidden")), "{log:?}");
        app.database.execute(&format!("update webhook_endpoints set url = 'https://localhost.:{port}/'")).await;
        test(app, &amina, &endpoint).await;
        let log = deliveries(&amina, &endpoint).await;
        assert_eq!(log[0]["status"], Value::Null, "{log:?}");
        assert_eq!(receiver.count(), 0, "nobody connected");
    }
);

story!(
    /// Crashes: between the event and the decision nothing is lost; between the decision and the mark in the outbox nothing is
    /// decided twice; between the sending and its record it is sent again, under the same id.
    a_crash_loses_nothing_and_decides_nothing_twice, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let amina = app.organization("oakwood").await.admin().await;
        app.pass(Duration::seconds(1));
        let receiver = Receiver::start().await;
        let endpoint = listen(app, &amina, &receiver, &["session.scheduled"]).await;
        let later = json!({"starts_at": app.now() + Duration::days(1), "duration_minutes": 30, "time_zone": "UTC"});
        lesson.teacher.create(&format!("/api/v1/classes/{}/sessions", lesson.class), later).await;
        app.crash().await;
        // The dead process had the outbox's lease.
        app.pass(Duration::seconds(11));
        app.settle().await;
        let told = receiver.take();
        assert_eq!(kinds(&told), ["session.scheduled"]);
        // The place in the outbox is forgotten: everything is read again.
        app.database.execute("update webhook_cursor set seq = 0").await;
        app.crash().await;
        app.settle().await;
        assert_eq!(receiver.count(), 0, "decided on once");
        // Two instances read at the same time.
        app.database.execute("update webhook_cursor set seq = 0").await;
        let second = app.second_instance().await.unwrap();
        let (mut here, mut there) = (FanOut::default(), FanOut::default());
        let (one, two) = tokio::join!(here.turn(app), there.turn(&second));
        assert_eq!((one.unwrap(), two.unwrap()), (0, 0));
        second.db.close().await;
        // Sent, and the worker dies before it can say so: its lease runs out.
        receiver.always(200, StdDuration::from_secs(30));
        amina.post(&format!("{}/test", endpoint.path), json!({})).await;
        let worker = tokio::spawn({
            let app = (**app).clone();
            async move { sender::run_due(&app).await }
        });
        while receiver.count() == 0 {
            tokio::time::sleep(StdDuration::from_millis(5)).await;
        }
        worker.abort();
        worker.await.ok();
        receiver.recover();
        let first = receiver.take().remove(0);
        app.settle().await;
        assert_eq!(receiver.count(), 0, "it is the dead worker's until its lease is over");
        app.pass(Duration::minutes(4));
        app.settle().await;
        let again = receiver.take();
        assert_eq!(again.len(), 1);
        assert_eq!((again[0].header("webhook-id"), &again[0].body), (first.header("webhook-id"), &first.body));
        assert_eq!(deliveries(&amina, &endpoint).await[0]["state"], json!("delivered"));
    }
);

story!(
    /// A rush: everything arrives, once.
    a_rush_is_told_once, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        app.pass(Duration::seconds(1));
        let receiver = Receiver::start().await;
        listen(app, &amina, &receiver, &["participant.joined"]).await;
        let (session, class) = (lesson.session.parse().unwrap(), lesson.class.parse().unwrap());
        let sealer = app.keys.sealer(oakwood.id).await.unwrap();
        let mut tx = app.db.begin(oakwood.id).await.unwrap();
        for number in 0..400 {
            let event = Event::new(EventType::ParticipantJoined, app.now())
                .of(Some(session), class, lesson.teacher.id)
                .person(Some(lesson.students[0].id), format!("number {number}"), "student");
            events::emit(&mut tx, &app.ids, &sealer, oakwood.id, app.now(), &event).await.unwrap();
        }
        tx.commit().await.unwrap();
        let began = std::time::Instant::now();
        app.settle().await;
        eprintln!("{:?}: 400 events told in {:?}", app.database.engine, began.elapsed());
        let told = receiver.take();
        let ids: std::collections::BTreeSet<_> = told.iter().map(|one| one.header("webhook-id").to_owned()).collect();
        assert_eq!((told.len(), ids.len()), (400, 400));
    }
);

story!(
    /// At most 20; unknown types and versions are named; a program needs its scopes, and one that may not read cannot listen.
    endpoints_have_limits, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = oakwood.owner().await;
        let new = |number: usize| json!({"url": format!("https://hooks{number}.example/")});
        for (body, field) in [
            (json!({"url": "https://a.example/", "events": ["session.scheduled", "recording.ready"]}), "events[1]"),
            (json!({"url": "https://a.example/", "version": "2020-01-01"}), "version"),
            (json!({"url": "https://a.example/", "secret": "mine"}), "secret"),
            (json!({"url": "https://a.example/", "description": "a\nb"}), "description"),
        ] {
            let (status, problem) = owner.post(ENDPOINTS, body).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{problem}");
        }
        for number in 0..20 {
            owner.create(ENDPOINTS, new(number)).await;
        }
        let (status, problem) = owner.post(ENDPOINTS, new(20)).await;
        assert_eq!((status, &problem["code"]), (409, &json!("too_many_endpoints")), "{problem}");
        assert_eq!(owner.all(ENDPOINTS).await.len(), 20);
        let page = owner.browser(app).get("/webhooks").await;
        assert!(page.html().contains("as many endpoints"), "{}", page.html());
        for (scopes, read, write) in [(json!(["read"]), 200, 403), (json!(["write"]), 403, 403), (json!(["read", "write"]), 200, 409)] {
            let key = owner.create("/api/v1/api-keys", json!({"name": "k", "scopes": scopes})).await;
            let program = app.nobody().with_bearer(key["token"].as_str());
            app.secret(key["token"].as_str().unwrap());
            assert_eq!((program.get(ENDPOINTS).await.0, program.post(ENDPOINTS, new(21)).await.0), (read, write), "{scopes}");
        }
    }
);

story!(
    /// What is old goes after thirty days; the outbox keeps what no endpoint was told yet.
    what_is_old_goes, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let amina = app.organization("oakwood").await.admin().await;
        app.pass(Duration::seconds(1));
        let receiver = Receiver::start().await;
        let endpoint = listen(app, &amina, &receiver, &["session.scheduled"]).await;
        test(app, &amina, &endpoint).await;
        assert_eq!(app.database.count("webhook_deliveries").await, 1);
        app.pass(Duration::days(31));
        app.tick("tick.clean_up").await;
        assert_eq!(app.database.count("webhook_deliveries").await, 0);
        receiver.forget();
        let teacher = app.signed_in(app.organization("oakwood").await.id, lesson.teacher.id).await;
        // Nobody reads for two days; a clean-up comes first.
        let later = json!({"starts_at": app.now() + Duration::days(9), "duration_minutes": 30, "time_zone": "UTC"});
        for _ in 0..2 {
            teacher.create(&format!("/api/v1/classes/{}/sessions", lesson.class), later.clone()).await;
        }
        let mut delivery = lectern_api::events::publisher::Delivery::from_now(app).await.unwrap();
        delivery.turn(app).await.unwrap();
        app.pass(Duration::days(2));
        lectern_api::maintenance::clean_up(app).await.unwrap();
        app.settle().await;
        assert_eq!(kinds(&receiver.take()), ["session.scheduled", "session.scheduled"]);
    }
);

story!(
    /// The same by hand: added, its secret shown once, tested, looked at, sent again, given another secret, disabled, enabled and
    /// removed; in both languages.
    an_admin_does_it_on_pages, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let browser = amina.browser(app);
        let receiver = Receiver::start().await;
        app.secret("of-the-receiver");
        let list = browser.get("/webhooks").await;
        assert!(list.html().contains("No endpoints yet"), "{}", list.html());
        let form = browser.get("/webhooks/new").await;
        let url = receiver.url();
        let made = browser.submit(&form, "/webhooks", &[("url", url.as_str()), ("description", "Portal"), ("event", "session.ended")]).await;
        assert_eq!((made.status(), made.answer.header("cache-control")), (200, "no-store"), "{}", made.html());
        let start = made.html().find("whsec_").expect("the secret, once");
        let secret = made.html()[start..].split('<').next().unwrap().replace("&#x2f;", "/").replace("&#x3d;", "=").replace("&#x2b;", "+");
        app.secret(&secret);
        let id = amina.all(ENDPOINTS).await[0]["id"].as_str().unwrap().to_owned();
        let at = format!("/webhooks/{id}");
        let page = browser.get(&at).await;
        assert!(!page.html().contains("whsec_"), "never again");
        let tested = browser.submit(&page, &format!("{at}/test"), &[]).await;
        assert_eq!((tested.status(), tested.location()), (303, format!("{at}?notice=webhook_tested").as_str()));
        receiver.next(418, &[], "<script>teapot</script>");
        app.settle().await;
        assert_eq!(receiver.take()[0].fits(&secret), [true]);
        let page = browser.get(&at).await;
        assert!(page.html().contains("418") && page.html().contains("&lt;script&gt;teapot"), "{}", page.html());
        assert!(page.html().contains("Nothing has arrived since"), "{}", page.html());
        let delivery = amina.all(&format!("{ENDPOINTS}/{id}/deliveries")).await[0]["id"].as_str().unwrap().to_owned();
        let replayed = browser.submit(&page, &format!("{at}/deliveries/{delivery}/replay"), &[]).await;
        assert_eq!(replayed.status(), 303);
        app.settle().await;
        let page = browser.get(&format!("{at}?state=delivered&lang=bn")).await;
        assert!(page.html().contains("পৌঁছেছে") && page.html().contains("204"), "{}", page.html());
        assert_eq!(browser.submit(&page, &format!("{at}/replay"), &[("hours", "24")]).await.status(), 303);
        let rotated = browser.submit(&page, &format!("{at}/rotate"), &[]).await;
        assert!(rotated.html().contains("whsec_"), "{}", rotated.html());
        let saved = browser.submit(&page, &at, &[("url", url.as_str()), ("description", "Attendance")]).await;
        assert_eq!(saved.status(), 303);
        let (_, endpoint) = amina.get(&format!("{ENDPOINTS}/{id}")).await;
        assert_eq!((&endpoint["description"], &endpoint["events"]), (&json!("Attendance"), &json!([])));
        assert_eq!(browser.submit(&page, &at, &[("url", "http://10.0.0.1/")]).await.status(), 422);
        browser.submit(&page, &format!("{at}/disable"), &[]).await;
        let off = browser.get(&at).await;
        assert!(!off.html().contains("/test\""), "nothing to test while it is off");
        assert_eq!(browser.submit(&page, &format!("{at}/test"), &[]).await.location(), at);
        browser.submit(&off, &format!("{at}/enable"), &[]).await;
        let page = browser.get(&at).await;
        let removed = browser.submit(&page, &format!("{at}/remove"), &[]).await;
        assert_eq!(removed.location(), "/webhooks?notice=webhook_removed");
        assert_eq!(browser.get(&at).await.status(), 404);
        let secret = amina.get("/api/v1/audit?kind=webhook_endpoint").await.1.to_string();
        assert!(!secret.contains("of-the-receiver") && secret.contains("127.0.0.1"), "{secret}");
    }
);
