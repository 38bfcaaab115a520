//! Microsoft Teams tells a school's own app who is in a class: what it is asked for, when, and whom it is believed.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::Duration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use lectern_simulators::teams::{Forced, NotificationBehaviour};
use lectern_tests::{Answer, School, TestApp, story};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::host_tokens::with;

async fn post(app: &TestApp, path: &str, body: &Value) -> u16 {
    app.nobody().send("POST", path, Some(body), &[]).await.status
}

/// Microsoft's handshake with an address.
async fn shake(app: &TestApp, path: &str, query: &str) -> Answer {
    app.nobody().send("POST", &format!("{path}?{query}"), None, &[]).await
}

async fn kept(app: &TestApp) -> u64 {
    app.database.count("webhook_inbox").await
}

async fn asked(app: &TestApp) -> usize {
    app.others.teams.subscriptions().len()
}

/// How often a call of Graph's was made, refused ones as well.
fn calls(app: &TestApp, operation: &str) -> usize {
    app.others.teams.requests_since(0).iter().filter(|call| call.operation == operation).count()
}

story!(
    /// S-25: Microsoft's handshake is answered with its token, decoded, as text that no browser takes for a page; what could be
    /// one, what is too long, doubled, or comes with a body, is not answered, and a handshake is no news of a school.
    s25_the_handshake_is_answered_with_text_and_nothing_else, |app| async {
        let oakwood = app.school("oakwood").await;
        let address = oakwood.address();
        assert_eq!(shake(app, &address, "validationToken=a").await.status, 401, "nothing was asked for");
        oakwood.class(app, &[], Duration::minutes(15)).await;
        assert_eq!(asked(app).await, 1);
        let answer = shake(app, &address, "validationToken=Validation%3A+Testing%20client%20Request-Id%3A+5f0c").await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "Validation: Testing client Request-Id: 5f0c"));
        assert!(answer.header("content-type").starts_with("text/plain"), "{}", answer.header("content-type"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");

        let long = format!("validationToken={}", "a".repeat(60_000));
        for (what, query) in [
            ("a script", "validationToken=%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
            ("a script in another case", "VALIDATIONTOKEN=%3CScRiPt%3E"),
            ("an image", "validationToken=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E"),
            ("a second header", "validationToken=a%0D%0ASet-Cookie%3A+a%3Db"),
            ("nothing", "validationToken="),
            ("two tokens", "validationToken=a&validationToken=b"),
            ("60,000 characters", &long),
        ] {
            let answer = shake(app, &address, query).await;
            assert_eq!((answer.status, answer.text.as_str()), (400, ""), "{what}");
        }
        let both = app.nobody().send("POST", &format!("{address}?validationToken=a"), Some(&json!({"value": []})), &[]).await;
        assert_eq!((both.status, both.text.as_str()), (400, ""), "a token with a body");
        assert_eq!(shake(app, "/api/teams/webhook", "validationToken=a").await.status, 401, "an address of nobody's");

        // A token of a million characters, which no client of ours would send.
        let mut stream = tokio::net::TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
        let request = format!("POST {address}?validationToken={} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", "a".repeat(1_000_000));
        // It hangs up before all is read.
        let written = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(answer.len() < 4_096 && !text.contains("aaaa") && !text.contains(" 200 "), "{written:?} {read:?} {text}");

        assert_eq!(kept(app).await, 0);
        let (_, settings) = oakwood.owner.get("/api/v1/platforms/teams").await;
        assert_eq!(settings["webhook_seen_at"], Value::Null, "everybody can send a handshake");
    }
);

/// The delivery of the next notification, as Microsoft would send it.
fn intercepted(app: &TestApp, school: &School) -> Value {
    let (address, body) = app.others.teams.intercept().expect("a notification");
    assert_eq!(address, format!("{}{}", app.base, school.address()));
    body
}

fn claims_of(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The delivery with another token.
fn vouched(body: &Value, token: &str) -> Value {
    with(body.clone(), json!({"validationTokens": [token]}))
}

/// The delivery with its notification changed.
fn changed(body: &Value, changes: Value) -> Value {
    with(body.clone(), json!({"value": [with(body["value"][0].clone(), changes)]}))
}

/// The delivery with its locked content changed.
fn locked(body: &Value, changes: Value) -> Value {
    changed(body, json!({"encryptedContent": with(body["value"][0]["encryptedContent"].clone(), changes)}))
}

/// The same text of base64 with one bit of another kind.
fn touched(text: &Value) -> String {
    let mut bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
    bytes[7] ^= 1;
    STANDARD.encode(bytes)
}

/// Tokens that vouch for nothing.
fn bad_tokens(app: &TestApp, body: &Value) -> Vec<(&'static str, Value)> {
    let teams = &app.others.teams;
    let claims = claims_of(body["validationTokens"][0].as_str().unwrap());
    let said = |changes| vouched(body, &teams.signed(&with(claims.clone(), changes)));
    let (key, modulus, _) = teams.signing_key();
    let by_hand = |header: Value, claims: &Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&header), part(claims))
    };
    let header = Header { kid: Some(key.clone()), ..Header::new(Algorithm::HS256) };
    let symmetric =
        |secret: &[u8]| jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
    let stranger = Header { kid: Some("a key of nobody's".to_owned()), ..Header::new(Algorithm::HS256) };
    let stranger = jsonwebtoken::encode(&stranger, &claims, &EncodingKey::from_secret(b"x")).unwrap();
    let genuine = body["validationTokens"][0].as_str().unwrap();
    let (head, signature) = genuine.rsplit_once('.').unwrap();
    let other_claims = by_hand(json!({}), &with(claims.clone(), json!({"ver": "2.0"})));
    let spliced = format!(
        "{}.{}.{signature}",
        head.split('.').next().unwrap(),
        other_claims.split('.').nth(1).unwrap()
    );
    vec![
        ("no tokens", with(body.clone(), json!({"validationTokens": null}))),
        ("an empty list of tokens", with(body.clone(), json!({"validationTokens": []}))),
        ("a token for another app", said(json!({"aud": "00000000-0000-0000-0000-000000000000"}))),
        ("a token of another tenant", said(json!({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}))),
        ("another issuer", said(json!({"iss": "https://sts.windows.example/x/"}))),
        ("another publisher", said(json!({"appid": "11111111-1111-1111-1111-111111111111"}))),
        ("an expired token", said(json!({"exp": app.now().timestamp() - 3_600}))),
        ("a token of tomorrow", said(json!({"nbf": app.now().timestamp() + 86_400}))),
        (
            "a token without an algorithm",
            vouched(body, &by_hand(json!({"alg": "none", "kid": key}), &claims)),
        ),
        ("HS256 with the public key", vouched(body, &symmetric(modulus.as_bytes()))),
        (
            "HS256 with the public key's bytes",
            vouched(body, &symmetric(&URL_SAFE_NO_PAD.decode(&modulus).unwrap())),
        ),
        ("a key of nobody's", vouched(body, &stranger)),
        ("other claims under a good signature", vouched(body, &spliced)),
        (
            "one good token and one bad",
            with(body.clone(), json!({"validationTokens": [genuine, symmetric(b"x")]})),
        ),
    ]
}

story!(
    /// S-25: a notification without the school's own clientState, with tokens that vouch for nothing, or with content that is
    /// not sealed to the school's key or was touched on the way, is refused and leaves nothing; Microsoft's own is taken once.
    s25_forged_notifications_are_refused_and_leave_nothing, |app| async {
        let (oakwood, riverside) = (app.school("oakwood").await, app.school("riverside").await);
        let lesson = oakwood.class(app, &["ayesha"], Duration::minutes(15)).await;
        let theirs = riverside.class(app, &[], Duration::minutes(15)).await;
        theirs.start(app).await;
        let foreign = intercepted(app, &riverside);
        while app.others.teams.intercept().is_some() {}
        lesson.start(app).await;
        let body = intercepted(app, &oakwood);
        while app.others.teams.intercept().is_some() {}

        let state = body["value"][0]["clientState"].as_str().unwrap().to_owned();
        let their_state = &foreign["value"][0]["clientState"];
        assert_ne!(json!(state), *their_state, "each school has its own");
        let sealed = &body["value"][0]["encryptedContent"];
        let their_content = &foreign["value"][0]["encryptedContent"];
        let mut forged = vec![
            ("no clientState", changed(&body, json!({"clientState": null}))),
            ("an empty clientState", changed(&body, json!({"clientState": ""}))),
            ("a guess", changed(&body, json!({"clientState": "0".repeat(state.len())}))),
            ("the beginning of it", changed(&body, json!({"clientState": state[..state.len() - 1]}))),
            ("it and more", changed(&body, json!({"clientState": format!("{state}0")}))),
            ("in capitals", changed(&body, json!({"clientState": state.to_uppercase()}))),
            ("another school's clientState", changed(&body, json!({"clientState": their_state}))),
            ("another school's delivery", foreign.clone()),
            ("another school's delivery with our clientState", changed(&foreign, json!({"clientState": state}))),
            ("another tenant", changed(&body, json!({"tenantId": riverside.id.to_string()}))),
            ("content sealed to another school", changed(&body, json!({"encryptedContent": their_content}))),
            ("the same under our key's name", locked(&body, with(their_content.clone(), json!({"encryptionCertificateId": sealed["encryptionCertificateId"]})))),
            ("a key of no name", locked(&body, json!({"encryptionCertificateId": "nobody"}))),
            ("touched content", locked(&body, json!({"data": touched(&sealed["data"])}))),
            ("a touched signature", locked(&body, json!({"dataSignature": touched(&sealed["dataSignature"])}))),
            ("a touched key", locked(&body, json!({"dataKey": touched(&sealed["dataKey"])}))),
            ("no list", json!({"value": {}})),
            ("an empty list", json!({"value": []})),
        ];
        forged.extend(bad_tokens(app, &body));
        let before = (kept(app).await, app.database.count("event_outbox").await);
        for (what, forged) in &forged {
            let status = post(app, &oakwood.address(), forged).await;
            assert!(matches!(status, 400 | 401), "{what}: {status}");
            app.settle().await;
            assert_eq!((kept(app).await, app.database.count("event_outbox").await), before, "{what} leaves nothing");
        }
        assert_eq!(post(app, &riverside.address(), &body).await, 401, "our own, at another school's address");
        assert_eq!(post(app, "/api/teams/webhook", &body).await, 401, "our own, at nobody's address");

        // Microsoft's own, twice, and once more in company of a forged one.
        for _ in 0..2 {
            assert_eq!(post(app, &oakwood.address(), &body).await, 200);
        }
        let company = with(body.clone(), json!({"value": [with(body["value"][0].clone(), json!({"clientState": "x"})), body["value"][0]]}));
        assert_eq!(post(app, &oakwood.address(), &company).await, 200);
        app.settle().await;
        assert_eq!(kept(app).await, before.0 + 1, "one effect");
        let (_, settings) = oakwood.owner.get("/api/v1/platforms/teams").await;
        assert!(settings["webhook_seen_at"].is_string(), "{settings}");
    }
);

story!(
    /// Whoever sends tokens with unknown keys makes us ask Microsoft for its keys once, not once each.
    unknown_keys_are_asked_for_seldom, |app| async {
        let oakwood = app.school("oakwood").await;
        let lesson = oakwood.class(app, &[], Duration::minutes(15)).await;
        lesson.start(app).await;
        let body = intercepted(app, &oakwood);
        let fetched = |app: &TestApp| calls(app, "keys");
        let before = fetched(app);
        for number in 0..20 {
            let header = json!({"alg": "RS256", "kid": format!("k{number}")});
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let token = format!("{}.{}.{}", part(&header), part(&json!({})), URL_SAFE_NO_PAD.encode("x"));
            assert_eq!(post(app, &oakwood.address(), &vouched(&body, &token)).await, 401);
        }
        assert!(fetched(app) <= before + 1, "{} then {}", before, fetched(app));
        assert_eq!(post(app, &oakwood.address(), &body).await, 200);
    }
);

story!(
    /// Events are asked for 45 minutes before a class, again before they end, anew when Microsoft took them away, and no longer
    /// when the class is over; what was lost on the way comes with the report.
    events_are_asked_for_as_long_as_a_class_needs_them, |app| async {
        let oakwood = app.school("oakwood").await;
        let lesson = oakwood.class(app, &["ayesha", "sami"], Duration::hours(3)).await;
        app.tick("tick.prepare_sessions").await;
        app.tick("tick.subscriptions").await;
        assert_eq!(asked(app).await, 0, "three hours ahead there is time");
        app.pass(Duration::minutes(136));
        app.tick("tick.subscriptions").await;
        app.tick("tick.prepare_sessions").await;
        app.pass(Duration::minutes(15));
        app.tick("tick.prepare_sessions").await;
        app.tick("tick.subscriptions").await;
        assert_eq!((asked(app).await, app.audited("events.asked").await), (1, 1));
        app.pass(lesson.starts_at - app.now());
        let (link, _teacher) = lesson.start(app).await;
        assert_eq!(asked(app).await, 1, "one is enough");
        let _ayesha = lesson.comes(app, &link, 0);
        app.settle().await;
        assert_eq!(lesson.standings().await, ["in_class", "expected"]);

        // Microsoft wants to be asked again: the same one lives longer.
        app.pass(Duration::minutes(5));
        let (id, until) = app.others.teams.subscriptions().remove(0);
        assert!(app.others.teams.lifecycle(&id, "reauthorizationRequired"));
        app.settle().await;
        let (same, later) = app.others.teams.subscriptions().remove(0);
        assert!(same == id && later > until, "{same} {later}");

        // It takes it away: another is asked for at once, and tells.
        assert!(app.others.teams.lifecycle(&id, "subscriptionRemoved"));
        app.settle().await;
        let (other, _) = app.others.teams.subscriptions().remove(0);
        assert_ne!(other, id);
        let sami = lesson.comes(app, &link, 1);
        app.settle().await;
        assert_eq!(lesson.standings().await, ["in_class", "in_class"]);

        // Some were lost on the way: the report is asked for.
        let reports = app.database.count("jobs where kind = 'attendance.reconcile'").await;
        assert!(app.others.teams.lifecycle(&other, "missed"));
        app.settle().await;
        assert!(app.database.count("jobs where kind = 'attendance.reconcile'").await > reports, "{:?}", app.jobs().await);

        // The class goes on for two days, as no class does: half of its time is over, so it is renewed.
        app.pass(Duration::hours(36));
        let (_, until) = app.others.teams.subscriptions().remove(0);
        app.tick("tick.subscriptions").await;
        let (same, later) = app.others.teams.subscriptions().remove(0);
        assert!(same == other && later > until, "{same} {later}");

        app.others.teams.leaves(sami).unwrap();
        app.others.teams.end_for_all(&link);
        let (status, ended) = lesson.teacher.post(&format!("{}/end", lesson.session), json!({})).await;
        assert_eq!(status, 200, "{ended}");
        app.settle().await;
        app.pass(Duration::minutes(80));
        app.tick("tick.subscriptions").await;
        assert_eq!(asked(app).await, 1, "a class may be gone on with");
        app.pass(Duration::minutes(15));
        app.tick("tick.subscriptions").await;
        assert_eq!(asked(app).await, 0, "and then is over");
        assert_eq!(app.database.count("event_subscriptions where state <> 'ended'").await, 0);
    }
);

story!(
    /// Where a school's administrator has not let the app in, the class runs all the same, the test of the platform says what to
    /// do, the report has who was there, and the events are asked for again until they come.
    a_class_runs_without_its_events, |app| async {
        let oakwood = app.school("oakwood").await;
        let refusal = Forced {
            operation: "subscriptions.create".to_owned(),
            status: 403,
            code: "Forbidden".to_owned(),
            message: "No application access policy found for this app.".to_owned(),
            times: 2,
        };
        app.others.teams.force_error(refusal);
        let lesson = oakwood.class(app, &["ayesha"], Duration::minutes(15)).await;
        app.settle().await;
        assert_eq!((asked(app).await, app.audited("events.refused").await), (0, 1));
        let (_, test) = oakwood.owner.post("/api/v1/platforms/teams/test", json!({})).await;
        let step = test["steps"].as_array().unwrap().iter().find(|step| step["step"] == json!("webhook")).unwrap();
        assert_eq!(step["state"], json!("bad"), "{step}");
        assert!(step["sentence"].as_str().unwrap_or_default().contains("policy"), "{step}");

        app.pass(lesson.starts_at - app.now());
        let (link, _teacher) = lesson.start(app).await;
        let ayesha = lesson.comes(app, &link, 0);
        app.settle().await;
        assert_eq!(lesson.standings().await, ["expected"], "nobody is told");
        app.tick("tick.subscriptions").await;
        assert_eq!((asked(app).await, app.audited("events.refused").await), (0, 1), "a refusal is told once");

        // Now the policy works: what happens from now on is told.
        app.pass(Duration::minutes(10));
        app.tick("tick.subscriptions").await;
        assert_eq!(asked(app).await, 1);
        app.pass(Duration::minutes(20));
        app.others.teams.leaves(ayesha).unwrap();
        app.settle().await;
        let (status, ended) = lesson.teacher.post(&format!("{}/end", lesson.session), json!({})).await;
        assert_eq!(status, 200, "{ended}");
        app.others.teams.end_for_all(&link);
        app.settle().await;
        for _ in 0..6 {
            app.pass(Duration::minutes(10));
            app.tick("tick.reconcile").await;
        }
        assert_eq!(lesson.minutes().await, [30]);
    }
);

story!(
    /// Notifications come doubled, late, several at once, out of order, in other spellings and with kinds that no document
    /// knows: who was there, and how long, is the same before the report has spoken.
    whatever_becomes_of_notifications_on_the_way, |app| async {
        let oakwood = app.school("oakwood").await;
        app.others.teams.set_notifications(NotificationBehaviour {
            seed: Some(11),
            duplicate: 60,
            reorder: 60,
            other_case: 50,
            unknown_events: 50,
            batch: 3,
            ..NotificationBehaviour::default()
        });
        let lesson = oakwood.class(app, &["ayesha", "sami"], Duration::minutes(15)).await;
        app.pass(lesson.starts_at - app.now());
        let (link, _teacher) = lesson.start(app).await;
        let _ayesha = lesson.comes(app, &link, 0);
        let sami = lesson.comes(app, &link, 1);
        app.settle().await;
        assert_eq!(lesson.standings().await, ["in_class", "in_class"]);
        app.pass(Duration::minutes(20));
        app.others.teams.leaves(sami).unwrap();
        app.settle().await;
        assert_eq!(lesson.standings().await, ["in_class", "left"]);
        app.pass(Duration::minutes(22));
        app.others.teams.end_for_all(&link);
        app.settle().await;
        assert_eq!(lesson.minutes().await, [42, 20]);
        let (_, session) = lesson.teacher.get(&lesson.session).await;
        assert_eq!(session["state"], json!("ended"), "{session}");
        let odd = app.database.rows("select kind, problem from webhook_inbox where problem is not null").await;
        assert!(odd.is_empty(), "{odd:?}");
    }
);
