//! Google Meet publishes to the organization's own Pub/Sub topic when something happens: what it is asked for, and whom a push
//! is believed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use lectern_simulators::meet::{AccountSpec, AppSpec, PushSpec, Visit, Visitor};
use lectern_tests::{CLIENT_SECRET, Organization, Person, TestApp, story};
use serde_json::{Value, json};

use crate::host_tokens::with;

fn topic(slug: &str) -> String {
    format!("projects/{slug}/topics/meet-events")
}

fn pusher(slug: &str) -> String {
    format!("push@{slug}.iam.gserviceaccount.com")
}

fn address(organization: &Organization<'_>) -> String {
    format!("/api/meet/webhook/{}", organization.id)
}

/// The school's project at Google; `published`: with a topic to which Meet may publish.
async fn project(app: &TestApp, organization: &Organization<'_>, may_publish: bool) -> Person {
    let slug = &organization.slug;
    app.others.meet.add_app(AppSpec {
        client_id: format!("{slug}-app"),
        client_secret: CLIENT_SECRET.to_owned(),
        name: "Lectern".to_owned(),
        project: slug.clone(),
        redirect_uris: vec![format!("{}/oauth/meet/callback", app.base)],
        testing: false,
        internal: None,
        blocked_scopes: Vec::new(),
    });
    app.others.meet.add_push(PushSpec {
        topic: topic(slug),
        subscription: format!("projects/{slug}/subscriptions/lectern"),
        endpoint: Some(format!("{}{}", app.base, address(organization))),
        audience: None,
        service_account: pusher(slug),
        meet_may_publish: may_publish,
    });
    app.secret(CLIENT_SECRET);
    let owner = organization.owner().await;
    let settings = json!({
        "client_id": format!("{slug}-app"), "client_secret": CLIENT_SECRET, "base_url": app.others.meet.api_url(),
        "event_topic": topic(slug), "event_sender": pusher(slug),
    });
    let (status, saved) = owner.put("/api/v1/platforms/meet", settings).await;
    assert_eq!((status, &saved["event_topic"]), (200, &json!(topic(slug))), "{saved}");
    owner
}

async fn connect(app: &TestApp, teacher: &Person) {
    app.others.meet.add_account(AccountSpec::new(&teacher.email, &teacher.name));
    let (status, answer) = teacher.post("/api/v1/platforms/meet/connection", json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let callback =
        app.others.meet.allow(answer["authorize_url"].as_str().unwrap(), &teacher.email, &[]).unwrap();
    let answer = teacher.send("GET", callback.strip_prefix(&app.base).unwrap(), None, &[]).await;
    assert!(answer.status < 400, "{} {}", answer.status, answer.text);
}

/// A session of a connected teacher's that begins in a quarter of an hour.
struct Lesson {
    session: String,
    teacher: Person,
    student: Person,
}

impl Lesson {
    async fn of(app: &TestApp, organization: &Organization<'_>) -> Self {
        let (teacher, student) =
            (organization.instructor("farhan").await, organization.student("ayesha").await);
        connect(app, &teacher).await;
        app.others.meet.add_account(AccountSpec::new(&student.email, &student.name));
        let class =
            teacher.create("/api/v1/classes", json!({"title": "Fractions", "provider": "meet"})).await;
        let class = class["id"].as_str().unwrap();
        teacher.create(&format!("/api/v1/classes/{class}/enrollments"), json!({"user_id": student.id})).await;
        let body = json!({"starts_at": app.now() + Duration::minutes(15), "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
        let sessions = teacher.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        let session = format!("/api/v1/sessions/{}", sessions["items"][0]["id"].as_str().unwrap());
        app.settle().await;
        Self { session, teacher, student }
    }

    /// The teacher starts the session at its time, and opens the link.
    async fn start(&self, app: &TestApp) -> (String, Visit) {
        app.pass(Duration::minutes(15));
        let (status, started) = self.teacher.post(&format!("{}/start", self.session), json!({})).await;
        assert_eq!(status, 200, "{started}");
        app.settle().await;
        let (_, launch) = self.teacher.post(&format!("{}/launch", self.session), json!({})).await;
        let link = launch["location"].as_str().unwrap().to_owned();
        let visit = app.others.meet.joins(&link, Visitor::account(&self.teacher.email)).unwrap();
        (link, visit)
    }

    fn comes(&self, app: &TestApp, link: &str) -> Visit {
        app.others.meet.joins(link, Visitor::account(&self.student.email)).unwrap()
    }

    async fn standing(&self) -> String {
        let (_, live) = self.teacher.get("/api/v1/live").await;
        let people = live["sessions"][0]["participants"].as_array().cloned().unwrap_or_default();
        let who = people.iter().find(|who| who["person"]["name"] == json!(self.student.name));
        who.map(|who| who["state"].as_str().unwrap().to_owned()).unwrap_or_default()
    }
}

/// Subscriptions of Lectern's that are asked for: states, in the order in which they were wanted.
async fn states(app: &TestApp) -> Vec<String> {
    let rows = app.database.rows("select state from event_subscriptions order by wanted_at, state").await;
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

fn calls(app: &TestApp, operation: &str) -> usize {
    app.others.meet.requests_since(0).iter().filter(|call| call.operation == operation).count()
}

/// Takes every push that is due off its way.
fn intercepted(app: &TestApp) -> Vec<(String, String, Value)> {
    std::iter::from_fn(|| app.others.meet.intercept()).collect()
}

async fn push(app: &TestApp, path: &str, authorization: &[&str], body: &Value) -> u16 {
    let headers: Vec<_> = authorization.iter().map(|value| ("authorization", *value)).collect();
    app.nobody().send("POST", path, Some(body), &headers).await.status
}

fn claims_of(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Tokens that are not Google's for this school, and what is wrong with each.
fn bad_tokens(app: &TestApp, genuine: &str, foreign: &str) -> Vec<(&'static str, String)> {
    let claims = claims_of(genuine);
    let now = app.now().timestamp();
    let said = |changes| app.others.meet.signed(&with(claims.clone(), changes), false);
    let keys = app.others.meet.published_keys();
    let (kid, modulus) = (keys["keys"][0]["kid"].as_str().unwrap(), keys["keys"][0]["n"].as_str().unwrap());
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let symmetric = |secret: &[u8]| {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let pieces: Vec<&str> = genuine.split('.').collect();
    let spliced = part(&with(claims.clone(), json!({"sub": "1"})));
    vec![
        ("another audience", said(json!({"aud": "https://somebody.example/push"}))),
        ("the audience of the server", said(json!({"aud": app.base}))),
        ("no audience", said(json!({"aud": ""}))),
        ("another account", said(json!({"email": "push@other.iam.gserviceaccount.com"}))),
        ("no account", said(json!({"email": null}))),
        ("an address nobody verified", said(json!({"email_verified": false}))),
        ("another issuer", said(json!({"iss": "https://accounts.example"}))),
        ("expired an hour ago", said(json!({"iat": now - 7_200, "exp": now - 3_600}))),
        ("issued tomorrow", said(json!({"iat": now + 86_400, "exp": now + 90_000}))),
        ("a life of a year", said(json!({"exp": now + 365 * 86_400}))),
        ("a key that nobody published", app.others.meet.signed(&claims, true)),
        ("another school's token", foreign.to_owned()),
        ("no algorithm", format!("{}.{}.", part(&json!({"alg": "none", "kid": kid})), part(&claims))),
        (
            "no algorithm, in capitals",
            format!("{}.{}.", part(&json!({"alg": "NONE", "kid": kid})), part(&claims)),
        ),
        ("HS256 with the public key", symmetric(modulus.as_bytes())),
        ("HS256 with the public key's bytes", symmetric(&URL_SAFE_NO_PAD.decode(modulus).unwrap())),
        ("other claims under a good signature", format!("{}.{spliced}.{}", pieces[0], pieces[2])),
        ("no signature", format!("{}.{}.", pieces[0], pieces[1])),
        ("no token at all", "nothing".to_owned()),
    ]
}

story!(
    /// S-26: a push without a token that Google signed, now, for this school's address, and for its own push account, is refused
    /// and leaves nothing; Google's own is taken once, however often it comes.
    s26_a_push_needs_googles_token_for_this_school, |app| async {
        let (oakwood, riverside) = (app.organization("oakwood").await, app.organization("riverside").await);
        project(app, &oakwood, true).await;
        project(app, &riverside, true).await;
        let lesson = Lesson::of(app, &oakwood).await;
        let theirs = Lesson::of(app, &riverside).await;
        theirs.start(app).await;
        let (_, foreign, foreign_body) = intercepted(app).remove(0);
        lesson.start(app).await;
        let (target, genuine, body) = intercepted(app).remove(0);
        assert_eq!(target, format!("{}{}", app.base, address(&oakwood)));

        let before = app.database.count("webhook_inbox").await;
        let path = address(&oakwood);
        for (what, token) in bad_tokens(app, &genuine, &foreign) {
            assert_eq!(push(app, &path, &[&format!("Bearer {token}")], &body).await, 401, "{what}");
        }
        let bearer = format!("Bearer {genuine}");
        let theirs = format!("Bearer {foreign}");
        for (what, status) in [
            ("no header", push(app, &path, &[], &body).await),
            ("two headers", push(app, &path, &[&bearer, &theirs], &body).await),
            ("another scheme", push(app, &path, &[&format!("Basic {genuine}")], &body).await),
            ("the token alone", push(app, &path, &[&genuine], &body).await),
            ("another school's push", push(app, &path, &[&theirs], &foreign_body).await),
            ("our own at another school's address", push(app, &address(&riverside), &[&bearer], &body).await),
            ("our own at nobody's address", push(app, "/api/meet/webhook", &[&bearer], &body).await),
        ] {
            assert_eq!(status, 401, "{what}");
        }
        app.settle().await;
        assert_eq!(app.database.count("webhook_inbox").await, before, "nothing is left of them");
        let (_, settings) = oakwood.owner().await.get("/api/v1/platforms/meet").await;
        assert_eq!(settings["webhook_seen_at"], Value::Null);

        for _ in 0..3 {
            assert_eq!(push(app, &path, &[&bearer], &body).await, 200);
        }
        app.settle().await;
        assert_eq!(app.database.count("webhook_inbox").await, before + 1);
        let (_, settings) = oakwood.owner().await.get("/api/v1/platforms/meet").await;
        assert!(settings["webhook_seen_at"].is_string(), "{settings}");
        let (_, session) = lesson.teacher.get(&lesson.session).await;
        assert_eq!(session["state"], json!("live"), "{session}");
    }
);

story!(
    /// S-26: a school without a topic believes nobody's push, and one that changes its push account believes the old one no
    /// longer.
    s26_a_school_without_a_topic_believes_no_push, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = project(app, &oakwood, true).await;
        let lesson = Lesson::of(app, &oakwood).await;
        lesson.start(app).await;
        let (_, genuine, body) = intercepted(app).remove(0);
        let (bearer, path) = (format!("Bearer {genuine}"), address(&oakwood));
        let other = json!({"event_sender": "another@oakwood.iam.gserviceaccount.com"});
        assert_eq!(owner.put("/api/v1/platforms/meet", other).await.0, 200);
        assert_eq!(push(app, &path, &[&bearer], &body).await, 401, "the old account");
        let (_, saved) = owner.put("/api/v1/platforms/meet", json!({"event_topic": "", "event_sender": ""})).await;
        assert_eq!((&saved["event_topic"], &saved["event_sender"]), (&Value::Null, &Value::Null));
        assert_eq!(push(app, &path, &[&bearer], &body).await, 401, "no topic");
        app.tick("tick.subscriptions").await;
        assert_eq!(states(app).await, ["ended"], "and none is asked for");
        assert_eq!(calls(app, "workspaceevents.subscriptions.delete"), 1, "{:?}", app.others.meet.requests_since(0));
    }
);

story!(
    /// An evening on Meet by pushes alone: nobody looks by the clock, and who is in class shows all the same; a run's burst of
    /// events is one look. Google's next key is fetched when it signs.
    pushes_tell_when_to_look, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = project(app, &oakwood, true).await;
        let lesson = Lesson::of(app, &oakwood).await;
        assert_eq!((states(app).await, app.audited("events.asked").await), (vec!["active".to_owned()], 1));
        let (link, _teacher) = lesson.start(app).await;
        assert_eq!(lesson.standing().await, "expected");
        let visit = lesson.comes(app, &link);
        app.settle().await;
        assert_eq!(lesson.standing().await, "in_class");
        let looks = app.database.count("webhook_inbox").await;
        assert!(looks >= 3, "a beginning and two people: {looks}");

        app.pass(Duration::minutes(20));
        app.others.meet.rotate_keys();
        app.others.meet.leaves(visit).unwrap();
        app.settle().await;
        assert_eq!(lesson.standing().await, "left");
        let (_, test) = owner.post("/api/v1/platforms/meet/test", json!({})).await;
        let step = test["steps"].as_array().unwrap().iter().find(|step| step["step"] == json!("webhook")).unwrap();
        assert_eq!((&step["state"], &step["sentence"]), (&json!("ok"), &json!("Google Meet's events arrive and are verified.")), "{step}");
    }
);

story!(
    /// Google reminds that a subscription ends, and it is renewed; suspends it, and it is woken; ends it, and another is made;
    /// without permission to publish the administrator is told, and the class is looked at as before.
    a_topic_is_subscribed_to_as_long_as_a_class_needs_it, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = project(app, &oakwood, true).await;
        let lesson = Lesson::of(app, &oakwood).await;
        let external = async |app: &TestApp| app.database.rows("select external_id from event_subscriptions where state = 'active'").await.remove(0).remove(0);
        let first = external(app).await;
        let (link, _teacher) = lesson.start(app).await;
        app.settle().await;

        // The class goes on for a week, as no class does: Google reminds twelve hours before the end.
        let renewed = calls(app, "workspaceevents.subscriptions.patch");
        app.pass(Duration::hours(156));
        app.settle().await;
        assert!(calls(app, "workspaceevents.subscriptions.patch") > renewed, "{:?}", app.others.meet.requests_since(0));
        assert_eq!(external(app).await, first);

        assert!(app.others.meet.suspend(&first, "ENDPOINT_RESOURCE_EXHAUSTED"));
        app.settle().await;
        assert_eq!((states(app).await, external(app).await), (vec!["active".to_owned()], first.clone()), "woken, not made anew");
        let visit = lesson.comes(app, &link);
        app.settle().await;
        assert_eq!(lesson.standing().await, "in_class");
        app.others.meet.leaves(visit).unwrap();

        // The school closes its topic: said once, by the test as well; looking goes on.
        app.others.meet.add_push(PushSpec {
            topic: topic("oakwood"),
            subscription: "projects/oakwood/subscriptions/lectern".to_owned(),
            endpoint: Some(format!("{}{}", app.base, address(&oakwood))),
            audience: None,
            service_account: pusher("oakwood"),
            meet_may_publish: false,
        });
        assert!(app.others.meet.suspend(&first, "ENDPOINT_PERMISSION_DENIED"));
        app.pass(Duration::minutes(31));
        app.tick("tick.subscriptions").await;
        let (_, test) = owner.post("/api/v1/platforms/meet/test", json!({})).await;
        let step = test["steps"].as_array().unwrap().iter().find(|step| step["step"] == json!("webhook")).unwrap();
        assert_eq!(step["state"], json!("bad"), "{step}");
        let _visit = lesson.comes(app, &link);
        app.tick("tick.look").await;
        assert_eq!(lesson.standing().await, "in_class");
    }
);

story!(
    /// On the page the topic is taken away by emptying its fields; saving what stands writes no line in the history.
    an_emptied_topic_is_none, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = project(app, &oakwood, true).await;
        let browser = owner.browser(app);
        let page = browser.get("/platforms/meet").await;
        let client = "oakwood-app";
        let base = app.others.meet.api_url();
        let (topic, sender) = (topic("oakwood"), pusher("oakwood"));
        let fields = [("client_id", client), ("base_url", base.as_str())];
        let saved = async |topic: &str, sender: &str| {
            let fields = [&fields[..], &[("event_topic", topic), ("event_sender", sender)]].concat();
            let answer = browser.submit(&page, "/platforms/meet", &fields).await;
            assert_eq!(answer.status(), 303, "{}", answer.html());
            (app.database.count("platform_history").await, owner.get("/api/v1/platforms/meet").await.1)
        };
        let (lines, kept) = saved(&topic, &sender).await;
        assert_eq!((lines, &kept["event_topic"]), (1, &json!(topic)), "nothing changed: {kept}");
        let (lines, gone) = saved("", "").await;
        assert_eq!((lines, &gone["event_topic"], &gone["event_sender"]), (2, &Value::Null, &Value::Null), "{gone}");
    }
);

story!(
    /// A topic of somebody else's project: the test sends the administrator to the topic, not to the Admin console.
    a_wrong_topic_is_told_as_one, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = project(app, &oakwood, true).await;
        connect(app, &oakwood.instructor("farhan").await).await;
        let wrong = json!({"event_topic": "projects/elsewhere/topics/meet-events", "event_sender": pusher("oakwood")});
        assert_eq!(owner.put("/api/v1/platforms/meet", wrong).await.0, 200);
        let (_, test) = owner.post("/api/v1/platforms/meet/test", json!({})).await;
        let step = test["steps"].as_array().unwrap().iter().find(|step| step["step"] == json!("webhook")).unwrap();
        let repair = step["repair"].as_str().unwrap_or_default();
        assert!(step["state"] == json!("bad") && repair.contains("Pub/Sub topic is in the same"), "{step}");
    }
);
