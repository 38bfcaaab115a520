//! The login service.

use lectern_core::provider::{AuthorizeRequest, Call, ErrorKind};
use serde_json::json;

use crate::harness::{APP, CALLBACK, SECRET, School, TEACHER, TENANT};

const SCOPE: &str = "openid offline_access User.Read";

#[tokio::test]
async fn a_code_is_good_once_for_ten_minutes_with_its_verifier_and_its_address() {
    let school = School::new().await;
    let code = |scope: &str| {
        let back = school.back(&school.authorize_url("organizations", scope), TEACHER);
        assert_eq!(back["state"], "state-1");
        back["code"].clone()
    };
    let first = code(SCOPE);
    let (status, body) = school.token_call("organizations", &School::redeeming(&first)).await;
    assert_eq!(status, 200);
    let life = body["expires_in"].as_i64().unwrap();
    assert!((3600..=5400).contains(&life));
    let number = |body: &serde_json::Value| body["error_codes"][0].as_i64().unwrap();
    let (status, body) = school.token_call("organizations", &School::redeeming(&first)).await;
    assert_eq!((status, number(&body)), (400, 54_005));
    let late = code(SCOPE);
    school.minutes(10);
    let (_, body) = school.token_call("organizations", &School::redeeming(&late)).await;
    assert_eq!(number(&body), 70_008);
    for (field, value, expected) in
        [("code_verifier", "another", 501_481), ("redirect_uri", "http://127.0.0.1:9/elsewhere", 500_112)]
    {
        let mut form = School::redeeming(&code(SCOPE));
        form.retain(|(name, _)| *name != field);
        form.push((field, value.to_owned()));
        let (_, body) = school.token_call("organizations", &form).await;
        assert_eq!(number(&body), expected);
    }
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let school = School::new().await;
    let back = school.back(&school.authorize_url("organizations", "openid User.Read"), TEACHER);
    let (_, body) = school.token_call("organizations", &School::redeeming(&back["code"])).await;
    assert!(body.get("refresh_token").is_none() && body["id_token"].is_string());
}

#[tokio::test]
async fn a_refresh_gives_a_new_token_and_leaves_the_old_until_ninety_idle_days() {
    let school = School::new().await;
    let refresh = async |token: &str| {
        let form = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
        school.token_call("organizations", &form).await
    };
    let old = school.connect(TEACHER).await["refresh_token"].as_str().unwrap().to_owned();
    let (status, body) = refresh(&old).await;
    assert_eq!(status, 200);
    let new = body["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    assert_eq!(refresh(&old).await.0, 200);
    school.minutes(60 * 24 * 89);
    assert_eq!(refresh(&new).await.0, 200);
    school.minutes(60 * 24 * 2);
    assert_eq!(refresh(&old).await.1["error_codes"][0], 700_082);
    assert_eq!(refresh(&new).await.0, 200);
    school.teams.end_grant(APP, TEACHER);
    assert_eq!(refresh(&new).await.1["error_codes"][0], 50_173);
    assert_eq!(school.call("GET", "/me", None).await.0, 401);
}

#[tokio::test]
async fn secrets_tenants_and_scopes_are_checked() {
    let school = School::new().await;
    let mut form = school.for_itself();
    form.push(("client_id", APP.to_owned()));
    let number = async |form: &[(&'static str, String)], tenant: &str| {
        school.raw_token_call(tenant, form).await.1["error_codes"][0].as_i64().unwrap()
    };
    assert_eq!(number(&form, TENANT).await, 7_000_218);
    form.push(("client_secret", "the-id-of-the-secret".to_owned()));
    assert_eq!(number(&form, TENANT).await, 7_000_215);
    form.pop();
    form.push(("client_secret", SECRET.to_owned()));
    assert_eq!(number(&form, "organizations").await, 900_023);
    assert_eq!(number(&form, "unknown-tenant").await, 90_002);
    form.retain(|(name, _)| *name != "scope");
    form.push(("scope", "User.Read".to_owned()));
    assert_eq!(number(&form, TENANT).await, 1_002_012);
}

#[tokio::test]
async fn an_administrator_must_consent_to_some_permissions() {
    let school = School::with(|options| options.seed = 8).await;
    let other = "11111111-5130-43e9-88f3-fcb3582cde37";
    let mut ben = crate::harness::user("ben@elm.test", "Ben");
    ben.tenant = other.to_owned();
    school.teams.add_user(ben);
    let wanted = format!("{SCOPE} OnlineMeetingArtifact.Read.All");
    let back = school.back(&school.authorize_url("organizations", &wanted), "ben@elm.test");
    assert_eq!(back["error"], "consent_required");
    let url = format!(
        "{}/{other}/v2.0/adminconsent?client_id={APP}&redirect_uri={CALLBACK}&state=s&scope=x",
        school.teams.base_url()
    );
    let page = school.http.get(&url).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let accepted = school.http.post(&url).form(&[("decision", "accept")]).send().await.unwrap();
    assert!(accepted.headers()["location"].to_str().unwrap().contains("admin_consent=True"));
    assert!(
        school.back(&school.authorize_url("organizations", &wanted), "ben@elm.test").contains_key("code")
    );
    // Whoever grants only what a teacher can grant gets the rest as well now.
    let back = school.back(&school.authorize_url("organizations", SCOPE), "ben@elm.test");
    let (_, body) = school.token_call("organizations", &School::redeeming(&back["code"])).await;
    assert!(body["scope"].as_str().unwrap().contains("OnlineMeetingArtifact.Read.All"));
}

#[tokio::test]
async fn personal_accounts_strange_addresses_and_a_no_are_refused() {
    let school = School::new().await;
    let mut own = crate::harness::user("me@home.test", "Me");
    own.tenant = String::new();
    school.teams.add_user(own);
    let back = school.back(&school.authorize_url("organizations", SCOPE), "me@home.test");
    assert_eq!(back["error"], "access_denied");
    let strange = school.authorize_url("organizations", SCOPE).replace("callback", "elsewhere");
    assert_eq!(school.http.get(&strange).send().await.unwrap().status(), 400);
    let page = school.http.get(school.authorize_url("organizations", SCOPE)).send().await.unwrap();
    let text = page.text().await.unwrap();
    assert!(text.contains("Ada Żółć") && text.contains("Accept") && !text.contains("me@home.test"));
    let wanted = school.authorize_url("organizations", SCOPE);
    let (page, query) = wanted.split_once('?').unwrap();
    let cancelled = school
        .http
        .post(page)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("{query}&user={TEACHER}&decision=cancel"))
        .send()
        .await
        .unwrap();
    let location = url::Url::parse(cancelled.headers()["location"].to_str().unwrap()).unwrap();
    let back: std::collections::BTreeMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!((back["error"].as_str(), back["state"].as_str()), ("access_denied", "state-1"));
}

#[tokio::test]
async fn a_personal_account_has_a_calendar_and_no_online_meetings() {
    let school = School::unchecked().await;
    let mut own = crate::harness::user("me@home.test", "Me");
    own.tenant = String::new();
    school.teams.add_user(own);
    let scope = "User.Read Calendars.ReadWrite OnlineMeetings.ReadWrite";
    let back = school.back(&school.authorize_url("common", scope), "me@home.test");
    let (status, body) = school.token_call("common", &School::redeeming(&back["code"])).await;
    assert_eq!(status, 200, "{body}");
    let token = body["access_token"].as_str().unwrap();
    let alone = Some(json!({"subject": "x"}));
    let (status, body) = school.call_as(token, "POST", "/v1.0/me/onlineMeetings", alone).await;
    assert_eq!((status, body["error"]["code"].as_str()), (403, Some("Forbidden")));
    let event = Some(crate::harness::event_body());
    let (status, body) = school.call_as(token, "POST", "/v1.0/me/events", event).await;
    assert_eq!((status, &body["isOnlineMeeting"]), (201, &json!(false)));
}

#[tokio::test]
async fn the_apps_own_token_and_a_persons_are_told_apart() {
    let school = School::unchecked().await;
    let (status, body) = school.call_as(&school.app_token, "GET", "/v1.0/me", None).await;
    assert_eq!((status, body["error"]["code"].as_str()), (400, Some("BadRequest")));
    let path = format!("/v1.0/users/{}", school.teacher);
    assert_eq!(school.call_as(&school.app_token, "GET", &path, None).await.1["displayName"], "Ada Żółć");
    assert_eq!(school.call("GET", "/users/stu@oak.test", None).await.0, 403);
    school.minutes(91);
    let (status, body) = school.call("GET", "/me", None).await;
    assert_eq!((status, body["error"]["code"].as_str()), (401, Some("InvalidAuthenticationToken")));
    assert!(body["error"]["innerError"]["request-id"].is_string());
}

const CALL: Call = Call::background();

#[tokio::test]
async fn the_client_logs_in_and_learns_whose_account_it_is() {
    let school = School::new().await;
    let stranger = school.stranger(None);
    let oauth = stranger.oauth().unwrap();
    let request = AuthorizeRequest {
        redirect_uri: CALLBACK.parse().unwrap(),
        state: "s".to_owned(),
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
    };
    let back = school.back(oauth.authorize_url(&request).as_str(), TEACHER);
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into();
    let tokens = oauth.exchange(&CALL, &back["code"], &verifier, &CALLBACK.parse().unwrap()).await.unwrap();
    assert_eq!(tokens.account_id.as_deref(), Some(TENANT));
    assert!(oauth.missing_scopes(&tokens.scopes).is_empty(), "{:?}", tokens.scopes);
    let account = oauth.account(&CALL, &tokens.access_token, None).await.unwrap();
    assert_eq!((account.user_id.as_str(), account.email.as_str()), (school.teacher.as_str(), TEACHER));
    let newer = oauth.refresh(&CALL, &tokens.refresh_token.unwrap()).await.unwrap();
    school.teams.end_grant(APP, TEACHER);
    let dead = oauth.refresh(&CALL, &newer.refresh_token.unwrap()).await.unwrap_err();
    assert_eq!(dead.kind, ErrorKind::Reconnect);
    let again =
        oauth.exchange(&CALL, &back["code"], &verifier, &CALLBACK.parse().unwrap()).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Reconnect);
    let own = school.stranger(Some(TENANT));
    let token = own.oauth().unwrap().account_token(&CALL).await.unwrap();
    let account = own.oauth().unwrap().account(&CALL, &token.access_token, Some(TEACHER)).await.unwrap();
    assert_eq!((account.user_id, account.account_id.as_str()), (school.teacher.clone(), TENANT));
    assert_eq!(json!(account.name), "Ada Żółć");
}
