//! Zoom's OAuth, over HTTP against a scripted server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod script;

use std::sync::Arc;

use lectern_core::provider::{AuthorizeRequest, Call, ErrorKind, Provider};
use lectern_providers::registry;
use script::{Answer, Server, settings, transport};
use serde_json::json;
use url::Url;

const CALL: Call = Call::background();

fn zoom(server: &Server, account_id: Option<&str>) -> Arc<dyn Provider> {
    registry::build(&settings(server, server, account_id), &transport(), None).unwrap()
}

fn callback() -> Url {
    Url::parse("https://lectern.example/oauth/zoom/callback").unwrap()
}

fn tokens() -> Answer {
    Answer::json(
        200,
        json!({"access_token": "at", "token_type": "bearer", "refresh_token": "rt", "expires_in": 3599,
            "scope": "meeting:read meeting:write", "api_url": "https://api-eu.zoom.us"}),
    )
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_person_is_sent_with_pkce_and_without_scopes() {
    let server = Server::list([]).await;
    let request = AuthorizeRequest {
        redirect_uri: callback(),
        state: "st".to_owned(),
        code_challenge: "ch".to_owned(),
    };
    let url = zoom(&server, None).oauth().unwrap().authorize_url(&request);
    assert_eq!(url.path(), "/oauth/authorize");
    let query: Vec<_> = url.query_pairs().into_owned().collect();
    let expected = pairs(&[
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", "https://lectern.example/oauth/zoom/callback"),
        ("state", "st"),
        ("code_challenge", "ch"),
        ("code_challenge_method", "S256"),
    ]);
    assert_eq!(query, expected);
}

#[tokio::test]
async fn a_code_is_traded_for_tokens() {
    let server = Server::list([tokens()]).await;
    let got = zoom(&server, None)
        .oauth()
        .unwrap()
        .exchange(&CALL, "the-code", &"verifier".into(), &callback())
        .await
        .unwrap();
    assert_eq!(got.access_token.expose(), "at");
    assert_eq!(got.refresh_token.unwrap().expose(), "rt");
    assert_eq!(got.expires_at, "2026-11-21T09:59:59Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    assert_eq!(got.scopes, ["meeting:read", "meeting:write"]);
    assert_eq!(got.api_url.unwrap().as_str(), "https://api-eu.zoom.us/");
    let asked = &server.asked()[0];
    assert_eq!(asked.line(), "POST /oauth/token");
    // client:secret-canary
    assert_eq!(asked.header("authorization"), Some("Basic Y2xpZW50OnNlY3JldC1jYW5hcnk="));
    let expected = pairs(&[
        ("grant_type", "authorization_code"),
        ("code", "the-code"),
        ("redirect_uri", "https://lectern.example/oauth/zoom/callback"),
        ("code_verifier", "verifier"),
    ]);
    assert_eq!(asked.form(), expected);
}

#[tokio::test]
async fn a_code_is_used_once_whatever_happens() {
    let server = Server::list([Answer::error(502, 0, "")]).await;
    let error = zoom(&server, None)
        .oauth()
        .unwrap()
        .exchange(&CALL, "c", &"v".into(), &callback())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn tokens_are_refreshed_and_a_dead_grant_is_told() {
    let server = Server::list([
        tokens(),
        Answer::json(400, json!({"reason": "Invalid Token!", "error": "invalid_grant"})),
    ])
    .await;
    let zoom = zoom(&server, None);
    let oauth = zoom.oauth().unwrap();
    oauth.refresh(&CALL, &"old".into()).await.unwrap();
    assert_eq!(server.asked()[0].form(), pairs(&[("grant_type", "refresh_token"), ("refresh_token", "old")]));
    let error = oauth.refresh(&CALL, &"old".into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Reconnect);
}

#[tokio::test]
async fn a_school_has_tokens_without_a_person() {
    let server =
        Server::list([Answer::json(200, json!({"access_token": "at", "expires_in": 3600, "scope": ""}))])
            .await;
    let got = zoom(&server, Some("account-1")).oauth().unwrap().account_token(&CALL).await.unwrap();
    assert!(got.refresh_token.is_none() && got.scopes.is_empty());
    assert_eq!(
        server.asked()[0].form(),
        pairs(&[("grant_type", "account_credentials"), ("account_id", "account-1")])
    );
    let error = zoom(&server, None).oauth().unwrap().account_token(&CALL).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported("account_token"));
}

#[tokio::test]
async fn a_grant_is_revoked_and_twice_is_fine() {
    let gone = Answer::json(400, json!({"reason": "Invalid Token!", "error": "invalid_grant"}));
    let server = Server::list([Answer::json(200, json!({"status": "success"})), gone]).await;
    let zoom = zoom(&server, None);
    let oauth = zoom.oauth().unwrap();
    oauth.revoke(&CALL, &"at".into()).await.unwrap();
    oauth.revoke(&CALL, &"at".into()).await.unwrap();
    assert_eq!(server.asked()[0].line(), "POST /oauth/revoke");
    assert_eq!(server.asked()[0].form(), pairs(&[("token", "at")]));
}

#[tokio::test]
async fn the_account_is_me_or_the_named_host() {
    let user = json!({"id": "h1", "account_id": "a1", "email": "t@example.com", "first_name": "Tea", "last_name": "Cher", "type": 2});
    let server = Server::start(move |_| Answer::json(200, user.clone())).await;
    let account = zoom(&server, None).oauth().unwrap().account(&CALL, &"at".into(), None).await.unwrap();
    assert_eq!((account.user_id.as_str(), account.account_id.as_str(), account.plan), ("h1", "a1", Some(2)));
    assert_eq!((account.email.as_str(), account.name.as_str()), ("t@example.com", "Tea Cher"));
    let school = zoom(&server, Some("a1"));
    school.oauth().unwrap().account(&CALL, &"at".into(), Some("t@example.com")).await.unwrap();
    let error = school.oauth().unwrap().account(&CALL, &"at".into(), None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::HostNotFound);
    assert_eq!(server.lines(), ["GET /v2/users/me", "GET /v2/users/t%40example.com"]);
    assert_eq!(server.asked()[0].header("authorization"), Some("Bearer at"));
}

#[tokio::test]
async fn missing_scopes_are_named_with_their_purpose() {
    let server = Server::list([]).await;
    let zoom_user = zoom(&server, None);
    let missing = |granted: &[&str]| {
        let granted: Vec<_> = granted.iter().map(|scope| (*scope).to_owned()).collect();
        zoom_user
            .oauth()
            .unwrap()
            .missing_scopes(&granted)
            .into_iter()
            .map(|(scope, _)| scope)
            .collect::<Vec<_>>()
    };
    assert!(
        missing(&["user:read", "meeting:read", "meeting:write", "recording:read", "recording:write"])
            .is_empty()
    );
    assert!(missing(script::ADMIN).is_empty());
    let without_writing = missing(&["user:read", "meeting:read", "recording:read", "recording:write"]);
    assert!(
        without_writing.contains(&"meeting:write:meeting")
            && without_writing.contains(&"meeting:update:status")
    );
    assert!(!without_writing.contains(&"report:read:list_meeting_participants:admin"));
    let school = zoom(&server, Some("a1"));
    let wanted = school.oauth().unwrap().missing_scopes(&[]);
    assert!(wanted.iter().all(|(scope, purpose)| scope.ends_with(":admin") && !purpose.is_empty()));
    assert!(wanted.iter().any(|(scope, _)| *scope == "report:read:list_meeting_participants:admin"));
}
