//! Credentials are saved once, sealed, tested step by step and replaced.

use chrono::Duration;
use lectern_api::{app::App, platforms};
use lectern_core::{
    ids::{OrganizationId, PersonId},
    provider::{Call, ErrorKind, MeetingRef},
};
use lectern_simulators::zoom::{AppMode, EndpointSpec, HostPlan};
use lectern_tests::{TestApp, ZOOM_SCOPES, story};
use serde_json::{Value, json};

use crate::deliveries::deliver;

pub(crate) const ZOOM: &str = "/api/v1/platforms/zoom";
pub(crate) const CONNECTION: &str = "/api/v1/platforms/zoom/connection";

/// Calls of one operation that Zoom answered.
pub(crate) fn calls(app: &TestApp, operation: &str) -> usize {
    app.zoom.requests_since(0).iter().filter(|call| call.operation == operation).count()
}

pub(crate) async fn kinds(app: &TestApp, start: &str) -> Vec<String> {
    let rows = app
        .database
        .rows(&format!("select kind from audit where kind like '{start}%' order by at, id"))
        .await;
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}

/// Uses a connection for one call of Zoom's API.
pub(crate) async fn use_it(
    app: &App,
    organization: OrganizationId,
    person: PersonId,
) -> Result<(), ErrorKind> {
    let connected = platforms::service::connected(app, organization, lectern_providers::zoom::NAME, person)
        .await
        .map_err(|error| error.kind)?;
    let meeting = MeetingRef { id: "1".to_owned(), host: connected.host.clone() };
    match connected.provider.meetings().unwrap().get(&Call::background(), &meeting).await {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.kind),
        Ok(_) => panic!("there is no such meeting"),
    }
}

story!(
    /// QA 1 and S-20: an admin adds credentials; they are checked, sealed, never shown again, and every change is written down.
    admin_adds_credentials_and_they_are_sealed, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (amina, farhan) = (oakwood.admin().await, oakwood.instructor("farhan").await);
        let (status, before) = amina.get(ZOOM).await;
        assert_eq!((status, &before["state"], &before["can_edit"]), (200, &json!("not_set"), &json!(true)));
        assert_eq!(before["redirect_url"], format!("{}/oauth/zoom/callback", app.base));
        assert_eq!(before["webhook_url"], format!("{}/api/zoom/webhook/{}", app.base, oakwood.id));
        assert_eq!(amina.post("/api/v1/platforms/zoom/test", json!({})).await.0, 409);
        for path in ["/api/v1/platforms/link", "/api/v1/platforms/nothing"] {
            assert_eq!(amina.get(path).await.0, 404);
        }
        for (body, wrong) in [
            (json!({}), vec!["client_id", "client_secret"]),
            (json!({"mode": "server_to_server", "client_id": "c", "client_secret": "s"}), vec!["account_id"]),
            (json!({"client_id": "c", "client_secret": "s p"}), vec!["client_secret"]),
            (json!({"client_id": "c", "client_secret": "s", "base_url": "https://evil.example"}), vec!["base_url"]),
            (json!({"client_id": "c", "client_secret": "s", "redirect_url": "https://evil.example/cb"}), vec!["redirect_url"]),
            (json!({"client_id": "c", "client_secret": "s", "default_host": "nobody"}), vec!["default_host"]),
            (json!({"client_id": "c", "client_secret": "s", "organization_id": 1}), vec!["organization_id"]),
        ] {
            let (status, problem) = amina.put(ZOOM, body.clone()).await;
            assert_eq!(status, 422, "{body}: {problem}");
            assert_eq!(fields(&problem), wrong, "{problem}");
        }
        assert_eq!(app.database.count("platform_settings").await, 0);
        assert_eq!(farhan.put(ZOOM, json!({"client_id": "c", "client_secret": "s"})).await.0, 403);
        assert_eq!(farhan.get(ZOOM).await.0, 403);

        let zoom = oakwood.zoom_app(app, AppMode::User);
        let (status, saved) = amina.put(ZOOM, zoom.settings()).await;
        assert_eq!((status, &saved["state"], &saved["mode"]), (200, &json!("untested"), &json!("user")), "{saved}");
        assert_eq!((&saved["has_client_secret"], &saved["has_webhook_secret"]), (&json!(true), &json!(true)));
        // An update without the secret keeps it.
        let base = saved["base_urls"][0].clone();
        let (status, saved) = amina.put(ZOOM, json!({"client_id": zoom.client_id, "account_id": "other", "base_url": base})).await;
        assert_eq!((status, &saved["account_id"], &saved["has_client_secret"]), (200, &json!("other"), &json!(true)));
        let (_, tested) = amina.post("/api/v1/platforms/zoom/test", json!({})).await;
        assert_eq!((&tested["steps"][0]["step"], &tested["steps"][0]["state"]), (&json!("credentials"), &json!("ok")), "{tested}");

        let (_, shown) = amina.get(ZOOM).await;
        let history = amina.all("/api/v1/platforms/zoom/history?limit=1").await;
        assert_eq!(history.len(), 2, "{history:?}");
        assert_eq!(history[0]["fields"], json!(["account_id"]));
        assert_eq!(history[1]["fields"], json!(["account_id", "base_url", "client_id", "client_secret", "created", "mode", "webhook_secret"]));
        assert_eq!((&history[1]["person_id"], &history[1]["person_name"]), (&json!(amina.id.uuid()), &json!(amina.name)));
        assert_eq!(kinds(app, "platform").await, ["platform.saved", "platform.saved", "platform.tested"]);
        let dump = app.database.dump().await;
        for secret in [&zoom.client_secret, &zoom.webhook_secret] {
            for place in [shown.to_string(), json!(history).to_string(), dump.clone()] {
                assert!(!place.contains(secret.as_str()) && !place.contains(&hex::encode(secret)));
            }
        }
        assert_eq!(amina.delete(ZOOM).await.0, 204);
        assert_eq!(amina.delete(ZOOM).await.0, 404);
        assert_eq!(amina.get(ZOOM).await.1["state"], "not_set");
    }
);

story!(
    /// In a marketplace only an owner changes credentials; whoever runs the server may take them away, and its log says so.
    credentials_are_for_owners_where_the_policy_says_so, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let (admin, owner, root) = (dreamcrowd.admin().await, dreamcrowd.owner().await, app.super_admin().await);
        let zoom = dreamcrowd.zoom_app(app, AppMode::User);
        assert_eq!(admin.put(ZOOM, zoom.settings()).await.0, 403);
        assert_eq!(owner.put(ZOOM, zoom.settings()).await.0, 200);
        assert_eq!(admin.get(ZOOM).await.1["can_edit"], false);
        assert_eq!(admin.delete(ZOOM).await.0, 403);
        assert_eq!(admin.post("/api/v1/platforms/zoom/test", json!({})).await.0, 200);
        assert_eq!(root.get(ZOOM).await.0, 403, "reset, never read");
        let reset = format!("/api/v1/organizations/{}/platforms/zoom", dreamcrowd.id);
        assert_eq!(owner.delete(&reset).await.0, 403);
        assert_eq!(root.delete(&reset).await.0, 204);
        assert_eq!(root.delete(&reset).await.0, 404);
        let rows = app.database.rows("select actor_kind from audit where kind = 'platform.removed'").await;
        assert_eq!(rows, [["operator"]]);
        assert_eq!(owner.get(ZOOM).await.1["state"], "not_set");
    }
);

story!(
    /// S-20: ciphertext that is moved between tenants, rows or columns does not open.
    s20_swapped_ciphertext_does_not_open, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let (one, _two) = (oakwood.zoom(app).await, elmfield.zoom(app).await);
        let (farhan, dalia) = (oakwood.instructor("farhan").await, oakwood.instructor("dalia").await);
        farhan.connect_zoom(app).await;
        dalia.connect_zoom(app).await;
        assert_eq!(use_it(app, oakwood.id, farhan.id).await, Ok(()));
        // Two people of one organization, both columns of one row.
        app.database.execute("update connections set access_token = refresh_token where email like 'farhan%'").await;
        assert!(use_it(app, oakwood.id, farhan.id).await.is_err());
        app.database.execute("update connections set access_token = (select c.access_token from connections c where c.email like 'farhan%') where email like 'dalia%'").await;
        assert!(use_it(app, oakwood.id, dalia.id).await.is_err());
        let other = format!("update platform_settings set client_secret = (select s.client_secret from platform_settings s where s.client_id <> '{0}') where client_id = '{0}'", one.client_id);
        app.database.execute(&other).await;
        let (status, problem) = oakwood.owner().await.post("/api/v1/platforms/zoom/test", json!({})).await;
        assert_eq!((status, &problem["code"]), (502, &json!("unexpected")), "{problem}");
    }
);

story!(
    /// Test connection says step by step what works, and what repairs what does not.
    the_test_goes_step_by_step, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (amina, farhan) = (oakwood.admin().await, oakwood.instructor("farhan").await);
        let zoom = oakwood.zoom_app(app, AppMode::User);
        let mut wrong = zoom.settings();
        wrong["client_secret"] = json!("another-secret");
        assert_eq!(amina.put(ZOOM, wrong).await.0, 200);
        let test = async || {
            let (status, tested) = amina.post("/api/v1/platforms/zoom/test", json!({})).await;
            assert_eq!(status, 200, "{tested}");
            let steps: Vec<_> = tested["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap().to_owned()).collect();
            assert_eq!(steps, ["credentials", "token", "scopes", "host", "webhook"]);
            for step in tested["steps"].as_array().unwrap() {
                assert!(step["state"] == "ok" || step["state"] == "skipped" || step["repair"].is_string(), "{step}");
            }
            let states: Vec<_> = tested["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap().to_owned()).collect();
            (tested["state"].as_str().unwrap().to_owned(), states)
        };
        let (state, steps) = test().await;
        assert_eq!((state.as_str(), &steps[..]), ("failing", &["bad", "skipped", "skipped", "skipped", "warn"].map(str::to_owned)[..]));
        assert_eq!(amina.get(ZOOM).await.1["state"], "failing");
        assert_eq!(amina.put(ZOOM, zoom.settings()).await.1["state"], "untested", "a test of other settings says nothing");
        let (state, steps) = test().await;
        assert_eq!((state.as_str(), &steps[..]), ("working", &["ok", "skipped", "skipped", "skipped", "warn"].map(str::to_owned)[..]));
        farhan.connect_zoom(app).await;
        let endpoint = EndpointSpec { url: format!("{}{}", app.base, zoom.webhook_path), secret_token: zoom.webhook_secret.clone(), events: Vec::new() };
        app.zoom.subscribe(&zoom.client_id, endpoint).await.unwrap();
        assert_eq!(test().await.1, ["ok", "ok", "ok", "ok", "ok"]);
        assert_eq!(amina.get(ZOOM).await.1["connected"], 1);
        app.zoom.set_host_plan(&farhan.email, HostPlan::Basic);
        assert_eq!(test().await.1[3], "warn");
        assert_eq!(farhan.get(CONNECTION).await.1["plan"], "Basic", "the plan is looked at again");
        app.zoom.set_scopes(&zoom.client_id, &["user:read", "meeting:read"]);
        let (state, steps) = test().await;
        assert_eq!((state.as_str(), steps[2].as_str()), ("failing", "bad"));
        app.zoom.set_scopes(&zoom.client_id, ZOOM_SCOPES);
        app.zoom.revoke_silently(&zoom.client_id, &farhan.email);
        let (state, steps) = test().await;
        assert_eq!((state.as_str(), steps[0].as_str(), steps[1].as_str()), ("failing", "ok", "bad"));
        app.settle().await;
    }
);

story!(
    /// Another app needs everybody's consent anew; a webhook secret that was replaced is accepted for another day.
    replaced_credentials, |app| async {
        let oakwood = app.organization("oakwood").await;
        let organization = oakwood.id;
        let zoom = oakwood.zoom(app).await;
        let (omar, farhan) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        farhan.connect_zoom(app).await;
        let ended = json!({"event": "meeting.ended", "payload": {"account_id": "a", "object": {"id": "1"}}, "event_ts": 1});
        let send = async |secret: &str, number: i64| {
            let mut body = ended.clone();
            body["event_ts"] = json!(number);
            deliver(app, &zoom.webhook_path, secret, app.now().timestamp(), &body.to_string(), &[]).await.0
        };
        assert_eq!(send(&zoom.webhook_secret, 1).await, 200);
        let newer = "newer-webhook-secret";
        assert_eq!(omar.put(ZOOM, json!({"webhook_secret": newer})).await.0, 200);
        assert_eq!((send(newer, 2).await, send(&zoom.webhook_secret, 3).await, send("third", 4).await), (200, 200, 401));
        app.pass(Duration::hours(24));
        assert_eq!((send(newer, 5).await, send(&zoom.webhook_secret, 6).await), (200, 401));
        assert_eq!(farhan.get(CONNECTION).await.1["state"], "connected");
        let another = json!({"client_id": "another-app", "client_secret": "another-secret", "disconnect_accounts": true});
        assert_eq!(omar.put(ZOOM, another).await.0, 200);
        assert_eq!(farhan.get(CONNECTION).await.1["state"], "needs_reconnect");
        assert_eq!(use_it(app, organization, farhan.id).await, Err(ErrorKind::Reconnect));
    }
);

story!(
    /// Another app's id would disconnect everybody: it is asked first, and nothing has changed until it is confirmed.
    another_app_is_confirmed_before_it_disconnects_everybody, |app| async {
        let (owner, seller, _) = app.evening().await;
        let change = async |changes: Value| owner.put(ZOOM, changes).await;
        let (status, problem) = change(json!({"client_id": "lectern-apq"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("disconnect_accounts")), "{problem}");
        let (_, view) = owner.get(ZOOM).await;
        assert_eq!(view["client_id"], json!("lectern-app"));
        let connection = format!("{ZOOM}/connection");
        assert_eq!(seller.get(&connection).await.1["state"], json!("connected"));
        let base = app.zoom.api_url();
        let form = [("mode", "user"), ("client_id", "lectern-apq"), ("base_url", base.as_str())];
        let browser = owner.browser(app);
        let page = browser.get("/platforms/zoom").await;
        let refused = browser.submit(&page, "/platforms/zoom", &form).await;
        assert!(refused.status() == 422 && refused.html().contains("name=\"disconnect_accounts\""), "{}", refused.html());
        let (status, _) = change(json!({"client_id": "lectern-apq", "disconnect_accounts": true})).await;
        assert_eq!(status, 200);
        assert_eq!(seller.get(&connection).await.1["state"], json!("needs_reconnect"));
    }
);
