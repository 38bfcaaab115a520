//! Endpoints: which addresses are taken, how many, how an admin looks after them.

use chrono::Duration;
use lectern_tests::{Receiver, story};
use serde_json::{Value, json};

use super::{ENDPOINTS, deliveries, kinds, listen, test};

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
        let waiting = browser.get(&format!("{at}?notice=webhook_tested")).await;
        assert!(waiting.html().contains("data-again=\"2\"") && waiting.html().contains("shows by itself"), "{}", waiting.html());
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
        assert!(!page.html().contains("data-again"), "nothing is on its way: {}", page.html());
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
