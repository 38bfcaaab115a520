//! What Zoom delivers: believed when signed, kept once.

use lectern_tests::{TestApp, story};
use serde_json::{Value, json};

/// Sends a delivery as Zoom does; extra headers come after Zoom's own.
pub(crate) async fn deliver(
    app: &TestApp,
    path: &str,
    secret: &str,
    timestamp: i64,
    body: &str,
    extra: &[(&str, &str)],
) -> (u16, Value) {
    let timestamp = timestamp.to_string();
    let signature = lectern_simulators::zoom::signature(secret, &timestamp, body.as_bytes());
    let mut request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}{path}", app.base))
        .header("content-type", "application/json");
    if !secret.is_empty() {
        request = request.header("x-zm-signature", signature).header("x-zm-request-timestamp", timestamp);
    }
    for (name, value) in extra {
        request = request.header(*name, *value);
    }
    let answer = request.body(body.to_owned()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

story!(
    /// S-22: only what our secret signed, over these very bytes, now, is taken in.
    s22_only_signed_deliveries_are_taken_in, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let (zoom, other) = (oakwood.zoom(app).await, elmfield.zoom(app).await);
        let body = r#"{"event":"meeting.ended","payload":{"account_id":"A1","object":{"id":"123","topic":"Zażółć"}},"event_ts":1700000000000}"#;
        let (now, path) = (app.now().timestamp(), zoom.webhook_path.as_str());
        let spaced = body.replace(',', ", ");
        let good = lectern_simulators::zoom::signature(&zoom.webhook_secret, &now.to_string(), body.as_bytes());
        let by_hand = now.to_string();
        for (what, path, secret, at, sent, extra) in [
            ("bad MAC", path, "wrong", now, body, vec![]),
            ("another organization's secret", path, other.webhook_secret.as_str(), now, body, vec![]),
            ("no MAC", path, "", now, body, vec![]),
            ("re-serialised", path, "", now, spaced.as_str(), vec![("x-zm-signature", good.as_str()), ("x-zm-request-timestamp", by_hand.as_str())]),
            ("two signatures", path, zoom.webhook_secret.as_str(), now, body, vec![("x-zm-signature", good.as_str())]),
            ("two timestamps", path, zoom.webhook_secret.as_str(), now, body, vec![("x-zm-request-timestamp", by_hand.as_str())]),
            ("three hours old", path, zoom.webhook_secret.as_str(), now - 3 * 3600, body, vec![]),
            ("from the future", path, zoom.webhook_secret.as_str(), now + 3600, body, vec![]),
            ("bare, bad MAC", "/api/zoom/webhook", "wrong", now, body, vec![]),
            ("bare, no MAC", "/api/zoom/webhook", "", now, body, vec![]),
            ("nobody's", "/api/zoom/webhook/00000000-0000-0000-0000-000000000001", zoom.webhook_secret.as_str(), now, body, vec![]),
        ] {
            let (status, answer) = deliver(app, path, secret, at, sent, &extra).await;
            assert_eq!((status, answer), (401, Value::Null), "{what}");
        }
        assert_eq!(app.database.count("webhook_inbox").await, 0);
        assert_eq!(deliver(app, "/api/link/webhook", "x", now, body, &[]).await.0, 404);
        assert_eq!(deliver(app, path, &zoom.webhook_secret, now, "[]", &[]).await.0, 400, "signed, but no event");
        assert_eq!(deliver(app, path, &zoom.webhook_secret, now, &"x".repeat((1 << 20) + 1), &[]).await.0, 413);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let cut = http.post(format!("{}{path}", app.base)).body("x".repeat((1 << 20) + 1)).send().await.unwrap();
        assert_eq!((cut.status().as_u16(), cut.text().await.unwrap()), (413, String::new()), "no body tells a sender anything");
        assert_eq!(app.database.count("webhook_inbox").await, 0);

        assert_eq!(deliver(app, path, &zoom.webhook_secret, now, body, &[]).await.0, 200);
        assert_eq!(deliver(app, path, &zoom.webhook_secret, now, body, &[]).await.0, 200, "a duplicate is fine");
        let late = body.replace("1700000000000", "1700000000001");
        assert_eq!(deliver(app, path, &zoom.webhook_secret, now - 301, &late, &[]).await.0, 200);
        // The bare address: the secret that verifies names the organization.
        let bare = body.replace("1700000000000", "1700000000002");
        assert_eq!(deliver(app, "/api/zoom/webhook", &other.webhook_secret, now, &bare, &[]).await.0, 200);
        let sql = "select organization_id, kind, meeting_ref, late from webhook_inbox order by late, event_at";
        let rows = app.database.rows(sql).await;
        let of = |row: &Vec<String>| row[0].replace('-', "");
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert_eq!(rows.iter().filter(|row| of(row) == elmfield.id.uuid().simple().to_string()).count(), 1);
        assert!(rows.iter().all(|row| row[1] == "meeting.ended" && row[2] == "123"));
        assert!(["1", "true", "t"].contains(&rows[2][3].as_str()) && of(&rows[2]) == oakwood.id.uuid().simple().to_string(), "{rows:?}");
        // Sealed: nobody who holds the database reads it.
        let dump = app.database.dump().await;
        assert!(!dump.contains("Zażółć") && !dump.contains(&hex::encode("Zażółć")));
    }
);

story!(
    /// URL validation is answered for whoever holds the secret, and is no oracle that signs events.
    url_validation_signs_nothing_else, |app| async {
        let oakwood = app.organization("oakwood").await;
        let zoom = oakwood.zoom(app).await;
        let ask = |token: &str| json!({"event": "endpoint.url_validation", "payload": {"plainToken": token}, "event_ts": 1}).to_string();
        let (now, path) = (app.now().timestamp(), zoom.webhook_path.as_str());
        let expected = lectern_simulators::zoom::encrypted_token(&zoom.webhook_secret, "qgg8vlvZRS6UYooatFL8Aw");
        for (path, secret) in [(path, zoom.webhook_secret.as_str()), (path, ""), ("/api/zoom/webhook", zoom.webhook_secret.as_str())] {
            let (status, answer) = deliver(app, path, secret, now, &ask("qgg8vlvZRS6UYooatFL8Aw"), &[]).await;
            assert_eq!((status, &answer["encryptedToken"]), (200, &json!(expected)), "{path}");
        }
        assert_eq!(deliver(app, "/api/zoom/webhook", "", now, &ask("abc"), &[]).await.0, 401, "unsigned names nobody");
        assert_eq!(deliver(app, path, "wrong", now, &ask("abc"), &[]).await.0, 401);
        for oracle in [format!("v0:{now}:{{}}"), "x".repeat(65), String::new()] {
            assert_ne!(deliver(app, path, "", now, &ask(&oracle), &[]).await.0, 200, "{oracle}");
        }
        assert_eq!(app.database.count("webhook_inbox").await, 0);
    }
);

story!(
    /// S-23, intake: the same delivery fifty times at once is one row, and every sender is told that it is there.
    s23_fifty_deliveries_are_one_row, |app| async {
        let oakwood = app.organization("oakwood").await;
        let zoom = oakwood.zoom(app).await;
        let body = json!({"event": "meeting.ended", "payload": {"account_id": "A1", "object": {"id": "9", "uuid": "u"}}, "event_ts": 1}).to_string();
        let now = app.now().timestamp();
        let sent = (0..50).map(|_| deliver(app, &zoom.webhook_path, &zoom.webhook_secret, now, &body, &[]));
        let answers = futures::future::join_all(sent).await;
        assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        assert_eq!(app.database.count("webhook_inbox").await, 1);
        app.settle().await;
    }
);

story!(
    /// What cannot be stored is our trouble: 503, so that Zoom sends it again; never a refusal.
    a_delivery_that_cannot_be_stored_is_our_trouble, |app| async {
        let oakwood = app.organization("oakwood").await;
        let zoom = oakwood.zoom(app).await;
        let body = json!({"event": "meeting.ended", "payload": {"account_id": "A1", "object": {"id": "9"}}, "event_ts": 1}).to_string();
        let send = async || deliver(app, &zoom.webhook_path, &zoom.webhook_secret, app.now().timestamp(), &body, &[]).await.0;
        app.database.execute("alter table webhook_inbox rename to webhook_inbox_away").await;
        assert_eq!(send().await, 503);
        app.database.execute("alter table webhook_inbox_away rename to webhook_inbox").await;
        assert_eq!(send().await, 200);
        assert_eq!(app.database.count("webhook_inbox").await, 1);
    }
);
