//! Everybody connects their own account; tokens renew themselves, and a lost grant is told.

use std::sync::{Arc, Mutex, OnceLock};

use chrono::Duration;
use lectern_api::{
    app::{App, Outside},
    disk::Df,
    jobs, platforms,
};
use lectern_core::{
    ids::{ConnectionId, OrganizationId, PersonId},
    provider::ErrorKind,
    random::SystemRandomness,
    schedule::IanaZones,
};
use lectern_providers::transport::{Inspect, Seen};
use lectern_simulators::{
    faults::ForcedError,
    zoom::{AppMode, HostPlan},
};
use lectern_tests::{Person, TestApp, story};
use serde_json::{Value, json};

use crate::platforms::{CONNECTION, ZOOM, calls, kinds, use_it};

/// A school with credentials, and a teacher with a connection of their own.
async fn connected(app: &TestApp) -> (OrganizationId, Person) {
    let oakwood = app.organization("oakwood").await;
    oakwood.zoom(app).await;
    let farhan = oakwood.instructor("farhan").await;
    farhan.connect_zoom(app).await;
    (oakwood.id, farhan)
}

story!(
    /// QA 2: a seller connects with the organization's credentials, sees as whom, refreshes, and disconnects.
    seller_connects_refreshes_and_disconnects, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let (seller, buyer, owner) = (dreamcrowd.instructor("farhan").await, dreamcrowd.student("ayesha").await, dreamcrowd.owner().await);
        let (status, problem) = seller.post(CONNECTION, json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("policy_missing")), "{problem}");
        let zoom = dreamcrowd.zoom(app).await;
        assert_eq!(buyer.post(CONNECTION, json!({})).await.0, 403);
        assert_eq!(seller.get(CONNECTION).await.1["state"], "none");
        assert_eq!(seller.delete(CONNECTION).await.0, 404);

        seller.connect_zoom(app).await;
        let (_, connection) = seller.get(CONNECTION).await;
        assert_eq!((&connection["state"], &connection["email"]), (&json!("connected"), &json!(seller.email)), "{connection}");
        assert_eq!((&connection["plan"], &connection["missing_scopes"]), (&json!("Licensed"), &json!([])));
        let expires = connection["expires_at"].as_str().unwrap().to_owned();
        assert_eq!(use_it(app, dreamcrowd.id, seller.id).await, Ok(()));
        app.pass(Duration::minutes(2));
        let (status, refreshed) = seller.post("/api/v1/platforms/zoom/connection/refresh", json!({})).await;
        assert_eq!(status, 200, "{refreshed}");
        assert!(refreshed["expires_at"].as_str().unwrap() > expires.as_str());

        // A second consent continues the same connection.
        let id = connection["id"].clone();
        seller.consent(app).await;
        assert_eq!(seller.get(CONNECTION).await.1["id"], id);
        let tokens = app.database.rows("select access_token, refresh_token from connections").await;
        assert!(tokens[0].iter().all(|token| token.len() > 100));

        assert_eq!(seller.delete(CONNECTION).await.0, 204);
        assert_eq!(calls(app, "oauthRevoke"), 1);
        assert!(!app.zoom.remove_app(&zoom.client_id, &seller.email), "nothing is left at Zoom");
        assert_eq!(app.database.count("connections where access_token is not null or refresh_token is not null").await, 0);
        assert_eq!(app.database.count("external_accounts").await, 0);
        assert_eq!(seller.get(CONNECTION).await.1["state"], "none");
        assert_eq!(use_it(app, dreamcrowd.id, seller.id).await, Err(ErrorKind::Reconnect));

        // Much later again: the row is found again, so that its meetings stay reachable.
        seller.consent(app).await;
        assert_eq!(seller.get(CONNECTION).await.1["id"], id);
        app.pass(Duration::hours(3));
        assert_eq!(seller.delete(CONNECTION).await.0, 204);
        assert!(!app.zoom.remove_app(&zoom.client_id, &seller.email), "a token that is over is renewed to revoke it");
        assert_eq!(kinds(app, "connection").await, ["connection.connected", "connection.refreshed", "connection.connected", "connection.disconnected", "connection.connected", "connection.disconnected"]);
        drop(owner);
        app.settle().await;
    }
);

story!(
    /// The same by the pages, in a browser.
    connecting_by_the_pages, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (omar, farhan) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        let zoom = oakwood.zoom_app(app, AppMode::User);
        let office = omar.browser(app);
        let page = office.get("/platforms/zoom").await;
        assert_eq!(page.status(), 200);
        let form = [("mode", "user"), ("client_id", zoom.client_id.as_str()), ("client_secret", ""), ("account_id", ""), ("base_url", ""), ("webhook_secret_token", ""), ("default_host", "")];
        let refused = office.submit(&page, "/platforms/zoom", &form).await;
        assert_eq!(refused.status(), 422);
        assert!(refused.html().contains(&zoom.client_id), "what was typed stays");
        let form = [("mode", "user"), ("client_id", zoom.client_id.as_str()), ("client_secret", zoom.client_secret.as_str()), ("webhook_secret_token", zoom.webhook_secret.as_str())];
        let saved = office.submit(&page, "/platforms/zoom", &form).await;
        assert_eq!((saved.status(), saved.location()), (303, "/platforms/zoom?notice=saved"));
        let page = office.get(saved.location()).await;
        assert!(!page.html().contains(&zoom.client_secret));
        let tested = office.submit(&page, "/platforms/zoom/test", &[]).await;
        assert_eq!(tested.location(), "/platforms/zoom?notice=tested");
        assert!(office.get("/platforms/zoom").await.html().contains("accepts the client ID and secret"));

        farhan.zoom_host(app, HostPlan::Licensed);
        let desk = farhan.browser(app);
        let page = desk.get("/connection").await;
        let policy = page.answer.header("content-security-policy").to_owned();
        assert!(policy.split("form-action").nth(1).unwrap().contains(&app.zoom.base_url()), "the form may lead to Zoom: {policy}");
        let away = desk.submit(&page, "/connection/zoom/connect", &[]).await;
        assert_eq!(away.status(), 303);
        assert!(away.location().starts_with(&app.zoom.base_url()), "{}", away.location());
        let back = app.zoom.allow(away.location(), &farhan.email).unwrap();
        let landed = desk.get(&back).await;
        assert_eq!((landed.status(), landed.location()), (303, "/connection?notice=connected"));
        let page = desk.get("/connection").await;
        assert!(page.html().contains(&farhan.email));
        assert_eq!(desk.submit(&page, "/connection/zoom/refresh", &[]).await.location(), "/connection?notice=refreshed");
        assert!(office.get("/connections").await.html().contains(&farhan.email));
        assert_eq!(desk.submit(&page, "/connection/zoom/disconnect", &[]).await.location(), "/connection?notice=disconnected");

        // Saying no at Zoom changes nothing.
        let page = desk.get("/connection").await;
        let away = desk.submit(&page, "/connection/zoom/connect", &[]).await;
        let state = away.location().split("state=").nth(1).unwrap().split('&').next().unwrap();
        let denied = desk.get(&format!("/oauth/zoom/callback?error=access_denied&state={state}")).await;
        assert_eq!(denied.location(), "/connection?notice=connect_failed");
        assert_eq!(farhan.get(CONNECTION).await.1["state"], "none");
    }
);

story!(
    /// S-16: a consent comes back once, in time, for its platform, in the browser that asked; otherwise no token is asked for.
    s16_a_foreign_state_is_refused, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (farhan, dalia) = (oakwood.instructor("farhan").await, oakwood.instructor("dalia").await);
        oakwood.zoom(app).await;
        farhan.zoom_host(app, HostPlan::Licensed);
        let elsewhere = app.organization("elmfield").await.instructor("farhan").await;
        let desk = farhan.browser(app);
        let page = desk.get("/connection").await;
        let start = async || {
            let away = desk.submit(&page, "/connection/zoom/connect", &[]).await;
            app.zoom.allow(away.location(), &farhan.email).unwrap()
        };
        let back = start().await;
        let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
        let state = back.split("state=").nth(1).unwrap();
        let other_state = state.replace(&state[..8], "00000000");
        for missing in [
            format!("/oauth/zoom/callback?code={code}"),
            format!("/oauth/zoom/callback?code={code}&state="),
            format!("/oauth/zoom/callback?code={code}&state=x"),
            format!("/oauth/zoom/callback?code={code}&state={other_state}"),
            format!("/oauth/zoom/callback?code={code}&state={state}x"),
            "/oauth/zoom/callback".to_owned(),
        ] {
            assert_eq!(desk.get(&missing).await.status(), 400, "{missing}");
        }
        assert_eq!(desk.get(&back.replace("/oauth/zoom/", "/oauth/teams/")).await.status(), 400, "another platform");
        // Somebody else's browser, one that nobody is signed in to, the same person elsewhere, another organization.
        for browser in [dalia.browser(app), app.browser(), oakwood.instructor("farhan").await.browser(app), elsewhere.browser(app)] {
            assert_eq!(browser.get(&back).await.status(), 400);
        }
        assert_eq!(dalia.send("GET", back.strip_prefix(&app.base).unwrap(), None, &[]).await.status, 400);
        assert_eq!(app.database.count("connections").await, 0);
        assert_eq!(desk.get(&back).await.location(), "/connection?notice=connected", "none of that used it up");
        assert_eq!(calls(app, "oauthToken"), 1);
        assert_eq!(desk.get(&back).await.status(), 400, "reused");
        let late = start().await;
        app.pass(Duration::minutes(10));
        assert_eq!(desk.get(&late).await.status(), 400, "expired");
        assert_eq!(calls(app, "oauthToken"), 1);

        // A program asks with a token; any sign-in of that person may come back, nobody else's.
        let (_, started) = farhan.post(CONNECTION, json!({})).await;
        let back = app.zoom.allow(started["authorize_url"].as_str().unwrap(), &farhan.email).unwrap();
        assert_eq!(dalia.browser(app).get(&back).await.status(), 400);
        assert_eq!(app.browser().get(&back).await.status(), 400);
        let phone = oakwood.instructor("farhan").await.browser(app);
        assert_eq!(phone.get(&back).await.location(), "/connection?notice=connected");
        app.settle().await;
    }
);

story!(
    /// S-17: twenty workers on two instances need a token at once: Zoom is asked once, and all go on.
    s17_one_refresh_for_twenty_workers, |app| async {
        let (organization, farhan) = connected(app).await;
        let second = app.second_instance().await.unwrap();
        app.pass(Duration::hours(2));
        let before = calls(app, "oauthToken");
        let one: App = (**app).clone();
        let workers = (0..20).map(|number| {
            let instance = if number % 2 == 0 { one.clone() } else { second.clone() };
            let person = farhan.id;
            tokio::spawn(async move { use_it(&instance, organization, person).await })
        });
        for worker in workers.collect::<Vec<_>>() {
            assert_eq!(worker.await.unwrap(), Ok(()));
        }
        assert_eq!(calls(app, "oauthToken") - before, 1);
        assert_eq!(app.database.rows("select generation, state from connections").await, [["2", "active"]]);
        second.db.close().await;
    }
);

story!(
    /// QA 10: a token is renewed ahead of its end, by the clock, once; and again after each end.
    expired_token_refreshes_by_itself, |app| async {
        let (organization, farhan) = connected(app).await;
        app.tick("tick.refresh_tokens").await;
        assert_eq!(calls(app, "oauthToken"), 1, "it has an hour left");
        app.pass(Duration::minutes(51));
        app.tick("tick.refresh_tokens").await;
        app.tick("tick.refresh_tokens").await;
        assert_eq!(calls(app, "oauthToken"), 2);
        app.pass(Duration::days(3));
        app.tick("tick.refresh_tokens").await;
        assert_eq!(calls(app, "oauthToken"), 3);
        assert_eq!(use_it(app, organization, farhan.id).await, Ok(()));
        assert_eq!(calls(app, "oauthToken"), 3);
        // Zoom is down for a while: the living token is used, the refresh is tried again.
        app.pass(Duration::minutes(56));
        app.zoom.force_error(ForcedError { operation: "oauthToken".to_owned(), status: 503, code: 0, message: None, times: 2 });
        assert_eq!(use_it(app, organization, farhan.id).await, Ok(()), "it lives for another three minutes");
        assert_eq!(use_it(app, organization, farhan.id).await, Ok(()));
        assert_eq!(app.database.rows("select state, generation from connections").await, [["active", "4"]]);
    }
);

story!(
    /// A grant that is really lost is said to be: in the log, to the person, once; nobody asks Zoom again and again.
    a_lost_grant_needs_a_new_consent, |app| async {
        let oakwood = app.organization("oakwood").await;
        let organization = oakwood.id;
        let zoom = oakwood.zoom(app).await;
        let farhan = oakwood.instructor("farhan").await;
        farhan.connect_zoom(app).await;
        app.zoom.revoke_silently(&zoom.client_id, &farhan.email);
        app.pass(Duration::minutes(55));
        for _ in 0..3 {
            app.tick("tick.refresh_tokens").await;
            assert_eq!(use_it(app, organization, farhan.id).await, Err(ErrorKind::Reconnect));
        }
        assert_eq!(calls(app, "oauthToken"), 2, "the consent, and one refresh");
        assert_eq!(kinds(app, "connection").await, ["connection.connected", "connection.lost"]);
        let (_, connection) = farhan.get(CONNECTION).await;
        assert_eq!(connection["state"], "needs_reconnect");
        assert!(connection["problem"].as_str().unwrap().contains("no longer accepts"));
        let (status, problem) = farhan.post("/api/v1/platforms/zoom/connection/refresh", json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("reconnect")));
        assert_eq!(app.database.count("mails where kind = 'connection_lost'").await, 1);
        assert!(farhan.browser(app).get("/connection").await.html().contains("no longer accepts"));
        farhan.consent(app).await;
        assert_eq!(use_it(app, organization, farhan.id).await, Ok(()));
        app.settle().await;
    }
);

story!(
    /// Whoever looks back sees on which days a grant did not work: a square for each of 30 days, and the bad ones in words.
    a_connections_days_are_seen, |app| async {
        let oakwood = app.organization("oakwood").await;
        let zoom = oakwood.zoom(app).await;
        let farhan = oakwood.instructor("farhan").await;
        farhan.connect_zoom(app).await;
        app.pass(Duration::days(2));
        app.zoom.revoke_silently(&zoom.client_id, &farhan.email);
        app.tick("tick.refresh_tokens").await;
        app.pass(Duration::days(2));
        farhan.consent(app).await;
        let pages = [(farhan.browser(app), "/connection"), (oakwood.admin().await.browser(app), "/connections")];
        for (browser, path) in pages {
            let page = browser.get(path).await;
            let said = "Of the last days it worked on 2, broke off on 2, and did not work on 1.";
            assert!(page.html().contains(said), "{path}: {}", page.html());
            assert_eq!(page.html().matches("<g class=\"none\">").count(), 25, "{path}: nobody had connected before");
        }
    }
);

/// Runs something while an answer of the token endpoint is on its way to whoever asked.
type Meanwhile = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct OnTokenAnswer(Mutex<Option<Meanwhile>>);

impl std::fmt::Debug for OnTokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnTokenAnswer")
    }
}

impl Inspect for OnTokenAnswer {
    fn exchanged(&self, seen: &Seen<'_>) {
        if seen.url.path() == "/oauth/token"
            && let Some(meanwhile) = self.0.lock().unwrap().take()
        {
            meanwhile();
        }
    }
}

story!(
    /// S-19: an `invalid_grant` that comes back after another instance has refreshed takes nothing away.
    s19_a_stale_refusal_keeps_the_newer_pair, |app| async {
        let (organization, farhan) = connected(app).await;
        let slow = Arc::new(OnTokenAnswer::default());
        let outside = Outside {
            clock: Arc::new(app.clock.clone()),
            randomness: Arc::new(SystemRandomness),
            zones: Arc::new(IanaZones),
            disk: Arc::new(Df),
            inspect: Some(Arc::clone(&slow) as Arc<dyn Inspect>),
        };
        let first = App::open(app.config.clone(), outside).await.unwrap();
        let second: App = (**app).clone();
        app.pass(Duration::hours(2));
        // The first instance is refused; before it has read that, its lease ends and the second one refreshes.
        app.zoom.force_error(ForcedError { operation: "oauthToken".to_owned(), status: 400, code: 0, message: None, times: 1 });
        let refreshed = Arc::new(OnceLock::new());
        let (clock, done, person) = (app.clock.clone(), Arc::clone(&refreshed), farhan.id);
        *slow.0.lock().unwrap() = Some(Box::new(move || {
            clock.advance(Duration::seconds(31));
            let result = tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(use_it(&second, organization, person))
            });
            done.set(result).unwrap();
        }));
        assert_eq!(use_it(&first, organization, person).await, Ok(()), "the refused one goes on with the newer pair");
        assert_eq!(refreshed.get(), Some(&Ok(())));
        assert_eq!(app.database.rows("select generation, state from connections").await, [["2", "active"]]);
        assert_eq!(kinds(app, "connection").await, ["connection.connected", "connection.refreshed"]);
        assert_eq!(use_it(app, organization, person).await, Ok(()));
        first.db.close().await;
    }
);

story!(
    /// S-18: the process died after Zoom gave a new pair and before it was stored: the person is asked to connect again, and
    /// nothing goes round in circles.
    s18_a_pair_that_was_never_stored_needs_a_new_consent, |app| async {
        let oakwood = app.organization("oakwood").await;
        let organization = oakwood.id;
        let zoom = oakwood.zoom(app).await;
        let farhan = oakwood.instructor("farhan").await;
        farhan.connect_zoom(app).await;
        let id = ConnectionId(farhan.get(CONNECTION).await.1["id"].as_str().unwrap().parse().unwrap());
        // What the dead process did: took the lease, asked, got a pair.
        let mut tx = app.db.begin(organization).await.unwrap();
        let row = platforms::store::connections::find(&mut tx, organization, id).await.unwrap().unwrap();
        let until = app.now() + Duration::seconds(30);
        assert!(platforms::store::connections::take_lease(&mut tx, organization, id, 1, "dead", until, app.now()).await.unwrap());
        tx.commit().await.unwrap();
        let sealer = app.keys.sealer(organization).await.unwrap();
        let refresh = sealer.open_text("connections", "refresh_token", id.uuid(), row.refresh_token.as_deref().unwrap()).unwrap();
        app.secret(refresh.expose());
        let answer = reqwest::Client::builder().no_proxy().build().unwrap()
            .post(format!("{}/oauth/token", app.zoom.base_url()))
            .basic_auth(&zoom.client_id, Some(&zoom.client_secret))
            .form(&[("grant_type", "refresh_token"), ("refresh_token", refresh.expose())])
            .send().await.unwrap();
        assert_eq!(answer.status(), 200);
        app.pass(Duration::hours(2));
        app.restart().await;
        for _ in 0..3 {
            app.tick("tick.refresh_tokens").await;
        }
        assert_eq!(calls(app, "oauthToken"), 3, "the consent, the dead process, one try after it");
        assert_eq!(farhan.get(CONNECTION).await.1["state"], "needs_reconnect");
        farhan.consent(app).await;
        assert_eq!(use_it(app, organization, farhan.id).await, Ok(()));
        app.settle().await;
    }
);

story!(
    /// An admin sees and revokes anybody's connection, of the own organization only.
    an_admin_revokes_anybodys_connection, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (amina, farhan, dalia) = (oakwood.admin().await, oakwood.instructor("farhan").await, oakwood.instructor("dalia").await);
        let zoom = oakwood.zoom(app).await;
        farhan.connect_zoom(app).await;
        app.pass(Duration::seconds(1));
        dalia.connect_zoom(app).await;
        let list = amina.all("/api/v1/connections?limit=1").await;
        let emails: Vec<_> = list.iter().map(|connection| connection["email"].as_str().unwrap()).collect();
        assert_eq!(emails, [dalia.email.as_str(), farhan.email.as_str()]);
        assert_eq!(list[1]["person"]["name"], farhan.name);
        let path = format!("/api/v1/connections/{}", list[1]["id"].as_str().unwrap());
        assert_eq!(farhan.get("/api/v1/connections").await.0, 403);
        assert_eq!(dalia.delete(&path).await.0, 403);
        let stranger = app.organization("elmfield").await.admin().await;
        assert_eq!(stranger.delete(&path).await.0, 404);
        assert!(stranger.all("/api/v1/connections").await.is_empty());
        assert_eq!(amina.delete(&path).await.0, 204);
        assert_eq!(amina.delete(&path).await.0, 404);
        assert!(!app.zoom.remove_app(&zoom.client_id, &farhan.email), "revoked at Zoom too");
        assert_eq!(farhan.get(CONNECTION).await.1["state"], "none");
        assert_eq!(dalia.get(CONNECTION).await.1["state"], "connected");
        assert_eq!(kinds(app, "connection.revoked").await, ["connection.revoked"]);
        // Removing the credentials ends the rest.
        assert_eq!(amina.delete(ZOOM).await.0, 204);
        assert_eq!(dalia.get(CONNECTION).await.1["state"], "none");
        assert_eq!(app.database.count("connections where access_token is not null or refresh_token is not null").await, 0);
    }
);

story!(
    /// The account removes the app at Zoom: tokens and what was told about the account are deleted; a new consent continues.
    a_deauthorized_account_is_forgotten, |app| async {
        let oakwood = app.organization("oakwood").await;
        let organization = oakwood.id;
        let zoom = oakwood.zoom(app).await;
        let (farhan, dalia) = (oakwood.instructor("farhan").await, oakwood.instructor("dalia").await);
        farhan.connect_zoom(app).await;
        dalia.connect_zoom(app).await;
        let id = farhan.get(CONNECTION).await.1["id"].clone();
        assert!(app.zoom.remove_app(&zoom.client_id, &farhan.email));
        app.settle().await;
        let (_, connection) = farhan.get(CONNECTION).await;
        assert_eq!((&connection["state"], &connection["email"]), (&json!("needs_reconnect"), &Value::Null), "{connection}");
        let row = "connections where email = '' and name = '' and access_token is null and refresh_token is null";
        assert_eq!(app.database.count(row).await, 1);
        assert_eq!(dalia.get(CONNECTION).await.1["state"], "connected");
        let details = app.database.rows("select details from audit where kind = 'connection.deauthorized'").await;
        assert!(details.len() == 1 && details[0][0].contains("refresh_token"), "{details:?}");
        assert_eq!(use_it(app, organization, farhan.id).await, Err(ErrorKind::Reconnect));
        farhan.consent(app).await;
        assert_eq!(farhan.get(CONNECTION).await.1["id"], id);
        app.settle().await;
    }
);

story!(
    /// One account for all: nobody connects, each class is hosted by its instructor's address, strangers' by the default host.
    one_account_for_the_whole_school, |app| async {
        let oakwood = app.organization("oakwood").await;
        let organization = oakwood.id;
        let (omar, farhan, dalia) = (oakwood.owner().await, oakwood.instructor("farhan").await, oakwood.instructor("dalia").await);
        farhan.zoom_host(app, HostPlan::Licensed);
        omar.zoom_host(app, HostPlan::Basic);
        let zoom = oakwood.zoom_app(app, AppMode::ServerToServer);
        let (status, saved) = omar.put(ZOOM, zoom.settings()).await;
        assert_eq!((status, &saved["mode"]), (200, &json!("server_to_server")), "{saved}");
        let (status, problem) = farhan.post(CONNECTION, json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("connected_by_organization")));
        let (_, connection) = farhan.get(CONNECTION).await;
        assert_eq!((&connection["state"], &connection["by_organization"]), (&json!("connected"), &json!(true)));
        let host = async |person: PersonId| {
            let connected = platforms::service::connected(app, organization, lectern_providers::zoom::NAME, person).await;
            connected.map(|connected| (connected.host.unwrap(), connected.account.plan)).map_err(|error| error.kind)
        };
        // By the account's own id, which is somebody else's for somebody else.
        let (farhans, plan) = host(farhan.id).await.unwrap();
        assert!(!farhans.is_empty() && plan == Some(2));
        assert_eq!(use_it(app, organization, farhan.id).await, Ok(()));
        assert_eq!(host(dalia.id).await, Err(ErrorKind::HostNotFound));
        let (_, tested) = omar.post("/api/v1/platforms/zoom/test", json!({})).await;
        assert_eq!((&tested["steps"][1]["state"], &tested["steps"][3]["state"]), (&json!("ok"), &json!("skipped")), "{tested}");
        assert_eq!(omar.put(ZOOM, json!({"default_host": omar.email})).await.0, 200);
        let (default, plan) = host(dalia.id).await.unwrap();
        assert_eq!((default.as_str(), plan), (omar.email.as_str(), Some(1)));
        assert_ne!(default, farhans);
        let (_, tested) = omar.post("/api/v1/platforms/zoom/test", json!({})).await;
        assert_eq!(tested["steps"][3]["state"], "warn", "the default host has the Basic plan: {tested}");
        app.pass(Duration::hours(2));
        assert_eq!(use_it(app, organization, farhan.id).await, Ok(()), "a new token is asked for");
        // Back to everybody's own: the organization's grant is gone.
        let own = oakwood.zoom_app(app, AppMode::User);
        assert_eq!(omar.put(ZOOM, own.settings()).await.0, 422, "it has to be said that connections end");
        let mut settings = own.settings();
        settings["disconnect_accounts"] = json!(true);
        assert_eq!(omar.put(ZOOM, settings).await.0, 200);
        assert_eq!(farhan.get(CONNECTION).await.1["state"], "none");
        app.settle().await;
    }
);

story!(
    /// Refreshing is queued once for each connection, whoever's clock ticks.
    refreshes_are_queued_once, |app| async {
        let oakwood = app.organization("oakwood").await;
        oakwood.zoom(app).await;
        oakwood.instructor("farhan").await.connect_zoom(app).await;
        app.pass(Duration::minutes(55));
        platforms::jobs::queue_refreshes(app).await.unwrap();
        platforms::jobs::queue_refreshes(app).await.unwrap();
        assert_eq!(app.database.count("jobs where kind = 'connection.refresh'").await, 1);
        jobs::runner::run_due(app).await.unwrap();
        assert_eq!(app.database.count("jobs").await, 0);
        assert_eq!(calls(app, "oauthToken"), 2);
    }
);
