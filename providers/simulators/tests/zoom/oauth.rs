//! Authorization: the page, codes, rotation, revocation, scopes.

use lectern_simulators::zoom::{AppMode, HostPlan};
use serde_json::json;

use crate::harness::{CALLBACK, School, host};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn query(url: &str, name: &str) -> Option<String> {
    url::Url::parse(url)
        .unwrap()
        .query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_person_allows_in_the_browser() {
    let school = School::new().await;
    school.zoom.add_host(host("ben@oak.test", HostPlan::Basic));
    let page =
        school.http.get(school.authorize_url(AppMode::User, "st&te", Some(CHALLENGE))).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let text = page.text().await.unwrap();
    assert!(
        text.contains("Allow")
            && text.contains("Deny")
            && text.contains("ben@oak.test")
            && text.contains("meeting:write"),
        "{text}"
    );
    assert!(text.contains("value=\"st&amp;te\""));
    assert!(!text.contains("<script"));

    let form = [
        ("response_type", "code"),
        ("client_id", "client-User"),
        ("redirect_uri", CALLBACK),
        ("state", "st&te"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("user", "ben@oak.test"),
        ("decision", "allow"),
    ];
    let answer = school
        .http
        .post(format!("{}/oauth/authorize", school.zoom.base_url()))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 302);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with(CALLBACK));
    assert_eq!(query(&location, "state").as_deref(), Some("st&te"));
    let code = query(&location, "code").unwrap();

    let grant = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let (status, tokens) = school.token_call(AppMode::User, &grant).await;
    assert_eq!(status, 200);
    assert!([3599, 3600].contains(&tokens["expires_in"].as_i64().unwrap()));
    assert_eq!(
        (tokens["token_type"].as_str(), tokens["api_url"].as_str()),
        (Some("bearer"), Some(school.zoom.base_url().as_str()))
    );
    assert!(tokens["scope"].as_str().unwrap().contains("meeting:write"));
    let (_, _, me) =
        school.call_with(tokens["access_token"].as_str().unwrap(), "GET", "/users/me", None).await;
    assert_eq!((me["email"].as_str(), me["type"].as_i64()), (Some("ben@oak.test"), Some(1)));
}

#[tokio::test]
async fn deny_goes_back_without_a_code() {
    let school = School::new().await;
    let form = [
        ("response_type", "code"),
        ("client_id", "client-User"),
        ("redirect_uri", CALLBACK),
        ("state", "s"),
        ("decision", "deny"),
    ];
    let answer = school
        .http
        .post(format!("{}/oauth/authorize", school.zoom.base_url()))
        .form(&form)
        .send()
        .await
        .unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(
        (query(&location, "error").as_deref(), query(&location, "code")),
        (Some("access_denied"), None)
    );
}

#[tokio::test]
async fn a_bad_client_redirect_or_scope_list_gets_a_page_and_no_redirect() {
    let school = School::new().await;
    let good = school.authorize_url(AppMode::User, "s", None);
    for (bad, word) in [
        (good.replace("client-User", "nobody"), "4,702"),
        (good.replace("%2Fcallback", "%2Fcallback2"), "4,709"),
        (format!("{good}&scope=meeting%3Awrite"), "4,711"),
    ] {
        let answer = school.http.get(&bad).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        assert!(answer.text().await.unwrap().contains(word), "{bad}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_five_minutes_with_its_redirect_and_verifier() {
    let school = School::new().await;
    let fresh = || {
        query(
            &school
                .zoom
                .allow(&school.authorize_url(AppMode::User, "s", Some(CHALLENGE)), "ada@oak.test")
                .unwrap(),
            "code",
        )
        .unwrap()
    };
    let redeem = async |code: &str, redirect: &str, verifier: &str| {
        school
            .token_call(
                AppMode::User,
                &[
                    ("grant_type", "authorization_code"),
                    ("code", code),
                    ("redirect_uri", redirect),
                    ("code_verifier", verifier),
                ],
            )
            .await
    };
    assert_eq!(redeem(&fresh(), "http://elsewhere.test/", VERIFIER).await.1["error"], "invalid_request");
    assert_eq!(redeem(&fresh(), CALLBACK, "wrong").await.1["error"], "invalid_grant");
    let late = fresh();
    school.minutes(5);
    assert_eq!(redeem(&late, CALLBACK, VERIFIER).await.0, 400);
    let code = fresh();
    let (status, tokens) = redeem(&code, CALLBACK, VERIFIER).await;
    assert_eq!(status, 200);
    assert_eq!(redeem(&code, CALLBACK, VERIFIER).await.0, 400);
    // A code used twice takes its tokens with it.
    assert_eq!(
        school.call_with(tokens["access_token"].as_str().unwrap(), "GET", "/users/me", None).await.0,
        401
    );
}

#[tokio::test]
async fn refresh_rotates_and_a_reused_token_ends_the_grant() {
    let school = School::new().await;
    let first = school.connect(AppMode::User, "ada@oak.test").await;
    let refresh = async |token: &str| {
        school.token_call(AppMode::User, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    };
    let (status, second) = refresh(first["refresh_token"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(
        school.call_with(second["access_token"].as_str().unwrap(), "GET", "/users/me", None).await.0,
        200
    );
    let (status, body) = refresh(first["refresh_token"].as_str().unwrap()).await;
    assert_eq!((status, body), (400, json!({ "reason": "Invalid Token!", "error": "invalid_grant" })));
    assert_eq!(refresh(second["refresh_token"].as_str().unwrap()).await.0, 400);
    assert_eq!(
        school.call_with(second["access_token"].as_str().unwrap(), "GET", "/users/me", None).await.0,
        401
    );
}

#[tokio::test]
async fn access_lives_an_hour_and_refresh_ninety_days() {
    let school = School::new().await;
    let tokens = school.connect(AppMode::User, "ada@oak.test").await;
    school.minutes(60);
    let (status, _, body) =
        school.call_with(tokens["access_token"].as_str().unwrap(), "GET", "/users/me", None).await;
    assert_eq!(
        (status, body["code"].as_i64(), body["message"].as_str()),
        (401, Some(124), Some("Access token is expired."))
    );
    school.minutes(60 * 24 * 90);
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    assert_eq!(school.token_call(AppMode::User, &form).await.0, 400);
}

#[tokio::test]
async fn connecting_again_ends_the_earlier_tokens() {
    let school = School::new().await;
    let earlier = school.token.clone();
    let later = school.connect(AppMode::User, "ada@oak.test").await;
    assert_eq!(school.call_with(&earlier, "GET", "/users/me", None).await.0, 401);
    assert_eq!(
        school.call_with(later["access_token"].as_str().unwrap(), "GET", "/users/me", None).await.0,
        200
    );
}

#[tokio::test]
async fn revoke_and_wrong_secrets() {
    let school = School::new().await;
    let url = format!("{}/oauth/revoke", school.zoom.base_url());
    let wrong = school
        .http
        .post(&url)
        .basic_auth("client-User", Some("guess"))
        .form(&[("token", &school.token)])
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 401);
    let done = school
        .http
        .post(&url)
        .basic_auth("client-User", Some("client-secret"))
        .form(&[("token", &school.token)])
        .send()
        .await
        .unwrap();
    assert_eq!(done.json::<serde_json::Value>().await.unwrap(), json!({ "status": "success" }));
    assert_eq!(school.call("GET", "/users/me", None).await.0, 401);
}

#[tokio::test]
async fn a_server_to_server_app_has_no_me_and_no_refresh_token() {
    let school = School::with(AppMode::ServerToServer, |_| {}).await;
    let (status, body) = school.call("GET", "/users/me", None).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(4700)));
    assert_eq!(school.call("GET", "/users/ada@oak.test", None).await.0, 200);
    let form = [("grant_type", "account_credentials"), ("account_id", "account-oak")];
    let (_, again) = school.token_call(AppMode::ServerToServer, &form).await;
    assert_eq!(again["refresh_token"], serde_json::Value::Null);
    // Several tokens live side by side.
    assert_eq!(school.call("GET", "/users/ada@oak.test", None).await.0, 200);
    // The parameters may stand in the query as well.
    let url = format!(
        "{}/oauth/token?grant_type=account_credentials&account_id=account-oak",
        school.zoom.base_url()
    );
    let asked = school.http.post(url).basic_auth("client-ServerToServer", Some("client-secret"));
    assert_eq!(asked.send().await.unwrap().status(), 200);
    let stranger = [("grant_type", "account_credentials"), ("account_id", "account-elm")];
    assert_eq!(school.token_call(AppMode::ServerToServer, &stranger).await.0, 400);
    let mut elm = host("eve@elm.test", HostPlan::Licensed);
    elm.account_id = "account-elm".to_owned();
    school.zoom.add_host(elm);
    assert_eq!(school.call("GET", "/users/eve@elm.test", None).await.1["code"], 1001);
}

#[tokio::test]
async fn a_user_level_token_knows_only_me_and_no_report() {
    let school = School::new().await;
    let (_, me) = school.call("GET", "/users/me", None).await;
    let other = school.zoom.add_host(host("ben@oak.test", HostPlan::Licensed));
    assert_eq!(school.call("GET", &format!("/users/{other}"), None).await.1["code"], 4700);
    assert_eq!(
        school.call("GET", &format!("/users/{}", me["id"].as_str().unwrap()), None).await.1["code"],
        4700
    );
    let meeting = school.meeting(json!({})).await;
    assert_eq!(
        school.call("GET", &format!("/report/meetings/{meeting}/participants"), None).await,
        (400, json!({ "code": 200, "message": "No permission." }))
    );
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let school = School::new().await;
    school.zoom.set_scopes("client-User", &["user:read:user"]);
    assert_eq!(school.call("GET", "/users/me", None).await.0, 200);
    let (status, body) = school.call("POST", "/users/me/meetings", Some(json!({ "topic": "x" }))).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(4711)));
    assert!(body["message"].as_str().unwrap().contains("meeting:write:meeting"));
}

#[tokio::test]
async fn a_person_removes_the_app_on_a_page() {
    let school = School::new().await;
    let page = school
        .http
        .get(format!("{}/apps", school.zoom.base_url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("ada@oak.test"));
    let form = [("client_id", "client-User"), ("user", "ada@oak.test")];
    assert_eq!(
        school
            .http
            .post(format!("{}/apps", school.zoom.base_url()))
            .form(&form)
            .send()
            .await
            .unwrap()
            .status(),
        303
    );
    let (status, body) = school.call("GET", "/users/me", None).await;
    assert_eq!((status, body["code"].as_i64()), (401, Some(124)));
    school.zoom.flush_webhooks().await;
    let told = school.hook.event("app_deauthorized");
    assert_eq!(told["payload"]["client_id"], "client-User");
    assert!(
        told["payload"]["user_id"].is_string()
            && told["payload"].get("object").is_none()
            && told.get("event_ts").is_none()
    );
    assert!(!school.zoom.remove_app("client-User", "ada@oak.test"));
}
