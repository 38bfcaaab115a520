//! What becomes of an endpoint that does not answer, and of one that answers badly.

use std::time::Duration as StdDuration;

use chrono::Duration;
use lectern_api::{
    events::{self, Event, EventType},
    webhooks_out::{fan_out::FanOut, sender},
};
use lectern_tests::{Receiver, story};
use serde_json::{Value, json};

use super::{deliveries, kinds, listen, shown, test};

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
