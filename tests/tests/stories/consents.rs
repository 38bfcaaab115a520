//! Consents at the platform: those nobody gave, and those of people who sign in at a host application only.

use chrono::Duration;
use lectern_tests::{Client, Organization, TestApp, story};
use reqwest::Method;
use serde_json::{Value, json};

const CONNECTION: &str = "/api/v1/platforms/zoom/connection";
const SELLER: &str = "seller@dreamcrowd.example";

/// A seller whom only the host application knows: a client that comes with its tokens.
async fn hosted_seller(app: &TestApp, dreamcrowd: &Organization<'_>, subject: &str, email: &str) -> Client {
    const SECRET: &str = "host-secret-canary-0123456789abcdef0123456789";
    app.secret(SECRET);
    let owner = dreamcrowd.owner().await;
    let tokens = json!({
        "tokens": {"algorithm": "hs256", "issuer": "https://dreamcrowd.example", "audience": "lectern"},
        "secret": SECRET,
    });
    let (status, saved) = owner.put("/api/v1/organization/host-tokens", tokens).await;
    assert_eq!(status, 204, "{saved}");
    let now = app.now().timestamp();
    let claims = json!({"iss": "https://dreamcrowd.example", "aud": "lectern", "sub": subject, "email": email, "name": "Sadia Seller", "role": 1, "iat": now, "exp": now + 600});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    app.nobody().with_bearer(Some(&token))
}

async fn start_url(client: &Client) -> String {
    let (status, started) = client.post(CONNECTION, json!({})).await;
    assert_eq!(status, 200, "{started}");
    started["start_url"].as_str().unwrap().to_owned()
}

async fn state(client: &Client) -> Value {
    client.get(CONNECTION).await.1["state"].clone()
}

story!(
    /// A consent that nobody gave within its ten minutes leaves no row behind, whether or not anybody asks again.
    consents_nobody_gave_are_removed, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        app.set_up_zoom(&dreamcrowd).await;
        let seller = dreamcrowd.instructor("farhan").await;
        let (status, _) = seller.post("/api/v1/platforms/zoom/connection", json!({})).await;
        assert_eq!(status, 200);
        app.tick("tick.clean_up").await;
        assert_eq!(app.database.count("oauth_states").await, 1, "it may still be given");
        app.pass(Duration::minutes(11));
        app.tick("tick.clean_up").await;
        assert_eq!(app.database.count("oauth_states").await, 0);
    }
);

story!(
    /// A seller who signs in at the host application only connects in a browser that Lectern has never seen.
    a_hosted_seller_connects_in_a_browser, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        app.set_up_zoom(&dreamcrowd).await;
        app.zoom_host(SELLER);
        let seller = hosted_seller(app, &dreamcrowd, "s-1", SELLER).await;
        let url = start_url(&seller).await;
        assert!(url.starts_with(&format!("{}/oauth/zoom/start?ticket=", app.base)), "{url}");
        let browser = app.browser();
        let page = browser.get(&url).await;
        assert_eq!(page.status(), 200, "{}", page.html());
        assert!(page.html().contains("Sadia Seller") && page.html().contains("Dreamcrowd"), "{}", page.html());
        // A scanner that looks uses nothing up.
        assert_eq!(app.browser().send(Method::HEAD, &url, None, &[]).await.status(), 200);
        let away = browser.submit(&page, "/oauth/zoom/start", &[]).await;
        assert_eq!(away.status(), 303, "{}", away.html());
        assert!(away.location().starts_with(&app.zoom.base_url()), "{}", away.location());
        let back = app.zoom.allow(away.location(), SELLER).unwrap();
        let landed = browser.get(&back).await;
        assert_eq!((landed.status(), landed.location()), (303, "/oauth/zoom/done?notice=connected"));
        assert!(browser.get(landed.location()).await.html().contains("Zoom is connected"));
        assert_eq!(state(&seller).await, "connected");
        let cookie = browser.cookies();
        assert!(!cookie.contains_key("lectern"), "connecting signs nobody in: {cookie:?}");
        // Saying no leads to a page that says so.
        let page = browser.get(&start_url(&seller).await).await;
        let away = browser.submit(&page, "/oauth/zoom/start", &[]).await;
        let state = away.location().split("state=").nth(1).unwrap().split('&').next().unwrap();
        let denied = browser.get(&format!("/oauth/zoom/callback?error=access_denied&state={state}")).await;
        assert_eq!(denied.location(), "/oauth/zoom/done?notice=connect_failed");
        assert!(browser.get(denied.location()).await.html().contains("Zoom was not connected"));
        app.settle().await;
    }
);

story!(
    /// S-16: the one-time address is good once, for five minutes, for its platform and person; only its own page may use it, and
    /// what it began comes back in that browser only.
    s16_a_start_address_binds_one_browser, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        app.set_up_zoom(&dreamcrowd).await;
        app.zoom_host(SELLER);
        let seller = hosted_seller(app, &dreamcrowd, "s-1", SELLER).await;
        let other = dreamcrowd.instructor("dalia").await;
        let (browser, second) = (app.browser(), app.browser());
        let url = start_url(&seller).await;
        let ticket = url.split("ticket=").nth(1).unwrap().to_owned();
        // Somebody else is signed in here.
        assert_eq!(other.browser(app).get(&url).await.status(), 400);
        assert_eq!(browser.get(&url.replace("/oauth/zoom/", "/oauth/teams/")).await.status(), 400);
        for bad in ["", "x", "x.y", &format!("{ticket}x"), &ticket.replace(&ticket[..8], "00000000")] {
            assert_eq!(browser.get(&format!("/oauth/zoom/start?ticket={bad}")).await.status(), 400, "{bad}");
            assert_eq!(browser.post("/oauth/zoom/start", &[("ticket", bad)]).await.status(), 400, "{bad}");
        }
        // A form of another site, with a ticket of its maker's.
        for headers in [[("origin", "https://evil.example")], [("origin", "null")]] {
            let forged = browser.send(Method::POST, "/oauth/zoom/start", Some(&[("ticket", ticket.as_str())]), &headers).await;
            assert_eq!(forged.status(), 400, "{headers:?}");
        }
        let (page, too_late) = (browser.get(&url).await, second.get(&url).await);
        let away = browser.submit(&page, "/oauth/zoom/start", &[]).await;
        assert_eq!(away.status(), 303);
        assert_eq!(second.submit(&too_late, "/oauth/zoom/start", &[]).await.status(), 400, "used already");
        let back = app.zoom.allow(away.location(), SELLER).unwrap();
        assert_eq!(second.get(&back).await.status(), 400, "another browser");
        assert_eq!(other.browser(app).get(&back).await.status(), 400, "another person");
        assert_eq!(app.database.count("connections").await, 0);
        assert_eq!(browser.get(&back).await.location(), "/oauth/zoom/done?notice=connected");
        let old = start_url(&seller).await;
        app.pass(Duration::minutes(5));
        assert_eq!(browser.get(&old).await.status(), 400);
        app.pass(Duration::seconds(1));
        app.tick("tick.clean_up").await;
        assert_eq!(app.database.count("consent_tickets").await, 0);
    }
);
