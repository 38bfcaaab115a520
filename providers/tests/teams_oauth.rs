//! The login service of Microsoft, over HTTP against a scripted server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod script;

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use lectern_core::provider::{AuthorizeRequest, Call, ErrorKind, Provider};
use lectern_providers::registry;
use script::{Answer, Server, TENANT, teams_settings, transport};
use serde_json::json;
use url::Url;

const CALL: Call = Call::background();

fn platform(server: &Server, tenant: Option<&str>) -> Arc<dyn Provider> {
    registry::build(&teams_settings(server, tenant), &transport(), None).unwrap()
}

fn callback() -> Url {
    Url::parse("https://lectern.example/oauth/teams/callback").unwrap()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn tokens() -> Answer {
    let claims = json!({"aud": "app-1", "tid": TENANT}).to_string();
    let id_token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims));
    Answer::json(
        200,
        json!({"access_token": "at", "token_type": "Bearer", "refresh_token": "rt", "expires_in": 4711, "id_token": id_token,
            "scope": "https://graph.microsoft.com/User.Read Calendars.ReadWrite"}),
    )
}

#[tokio::test]
async fn a_teacher_is_asked_only_for_what_a_teacher_can_grant() {
    let server = Server::list([]).await;
    let request = AuthorizeRequest {
        redirect_uri: callback(),
        state: "st".to_owned(),
        code_challenge: "ch".to_owned(),
    };
    let url = platform(&server, None).oauth().unwrap().authorize_url(&request);
    assert_eq!(url.path(), "/organizations/oauth2/v2.0/authorize");
    let query: Vec<_> = url.query_pairs().into_owned().collect();
    let expected = pairs(&[
        ("client_id", "app-1"),
        ("response_type", "code"),
        ("redirect_uri", "https://lectern.example/oauth/teams/callback"),
        ("response_mode", "query"),
        (
            "scope",
            "openid profile email offline_access User.Read Calendars.ReadWrite OnlineMeetings.ReadWrite",
        ),
        ("state", "st"),
        ("code_challenge", "ch"),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
    ]);
    assert_eq!(query, expected);
    // Connected already: the second step asks for what an administrator must approve, at the tenant.
    let url = script::teams(&server).oauth().unwrap().authorize_url(&request);
    assert_eq!(url.path(), format!("/{TENANT}/oauth2/v2.0/authorize"));
    assert!(url.query().unwrap().contains("OnlineMeetingArtifact.Read.All"));
}

#[tokio::test]
async fn a_code_is_traded_for_tokens_and_the_tenant_is_told() {
    let server = Server::list([tokens()]).await;
    let got = platform(&server, None)
        .oauth()
        .unwrap()
        .exchange(&CALL, "the-code", &"verifier".into(), &callback())
        .await
        .unwrap();
    assert_eq!(got.account_id.as_deref(), Some(TENANT));
    assert_eq!(got.refresh_token.unwrap().expose(), "rt");
    assert_eq!(got.scopes, ["User.Read", "Calendars.ReadWrite"]);
    assert_eq!(got.expires_at, "2026-11-21T10:18:31Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    let asked = &server.asked()[0];
    assert_eq!(asked.line(), "POST /organizations/oauth2/v2.0/token");
    let expected = pairs(&[
        ("grant_type", "authorization_code"),
        ("code", "the-code"),
        ("redirect_uri", "https://lectern.example/oauth/teams/callback"),
        ("code_verifier", "verifier"),
        ("client_id", "app-1"),
        ("client_secret", "secret-canary"),
    ]);
    assert_eq!(asked.form(), expected);
    assert!(asked.header("authorization").is_none());
}

#[tokio::test]
async fn a_code_is_used_once_and_a_refresh_is_tried_again() {
    let server = Server::list([Answer::empty(502)]).await;
    let platform_now = platform(&server, None);
    let failed = platform_now
        .oauth()
        .unwrap()
        .exchange(&CALL, "the-code", &"verifier".into(), &callback())
        .await
        .unwrap_err();
    assert_eq!((failed.kind, failed.maybe_done), (ErrorKind::Unavailable, true));
    assert_eq!(server.asked().len(), 1);
    let server = Server::list([Answer::empty(502), tokens()]).await;
    platform(&server, None).oauth().unwrap().refresh(&CALL, &"rt".into()).await.unwrap();
    let form = server.asked()[1].form();
    assert!(form.contains(&("refresh_token".to_owned(), "rt".to_owned())));
    assert!(!form.iter().any(|(name, _)| name == "scope"));
}

#[tokio::test]
async fn an_application_asks_at_its_tenant_for_everything_it_has() {
    let answer = Answer::json(200, json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "at"}));
    let server = Server::list([answer]).await;
    let got = platform(&server, Some(TENANT)).oauth().unwrap().account_token(&CALL).await.unwrap();
    assert!(got.refresh_token.is_none() && got.scopes.is_empty());
    assert_eq!(got.account_id.as_deref(), Some(TENANT));
    let asked = &server.asked()[0];
    assert_eq!(asked.line(), format!("POST /{TENANT}/oauth2/v2.0/token"));
    let scope = format!("{}.default", server.origin);
    assert!(asked.form().contains(&("scope".to_owned(), scope)));
    let failed = platform(&server, None).oauth().unwrap().account_token(&CALL).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Unsupported("account_token"));
}

#[tokio::test]
async fn whose_account_it_is_and_what_it_lacks() {
    let me = json!({"id": "oid-1", "displayName": "Ada", "mail": null, "userPrincipalName": "ada@oak.test"});
    let server = Server::list([Answer::json(200, me)]).await;
    let platform_now = platform(&server, None);
    let oauth = platform_now.oauth().unwrap();
    let account = oauth.account(&CALL, &"at".into(), None).await.unwrap();
    assert_eq!((account.user_id.as_str(), account.email.as_str()), ("oid-1", "ada@oak.test"));
    assert_eq!(server.asked()[0].line(), "GET /v1.0/me");
    let granted = ["User.Read", "Calendars.ReadWrite", "OnlineMeetings.ReadWrite"].map(str::to_owned);
    let missing: Vec<_> = oauth.missing_scopes(&granted).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        missing,
        [
            "OnlineMeetingArtifact.Read.All",
            "OnlineMeetingRecording.Read.All",
            "OnlineMeetingTranscript.Read.All"
        ]
    );
    oauth.revoke(&CALL, &"at".into()).await.unwrap();
    assert_eq!(server.asked().len(), 1);
    let server = Server::list([Answer::json(
        404,
        json!({"error": {"code": "Request_ResourceNotFound", "message": ""}}),
    )])
    .await;
    let school = platform(&server, Some(TENANT));
    let failed =
        school.oauth().unwrap().account(&CALL, &"at".into(), Some("nobody@oak.test")).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::HostNotFound);
    let failed = school.oauth().unwrap().account(&CALL, &"at".into(), None).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::HostNotFound);
}
