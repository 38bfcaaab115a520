//! Consent, tokens and their ends.

use lectern_core::provider::ErrorKind;
use lectern_providers::registry;

use crate::harness::{CALL, CALLBACK, School, VERIFIER, app, at, draft, query};

const CREATED: &str = "https://www.googleapis.com/auth/meetings.space.created";

#[tokio::test]
async fn a_person_connects_and_the_token_is_refreshed_without_a_new_refresh_token() {
    let school = School::new().await;
    let tokens = school.tokens("ada@oak.test", &[]).await;
    assert!(tokens.scopes.iter().any(|scope| scope == CREATED));
    let provider = school.unconnected();
    let oauth = provider.oauth().unwrap();
    assert!(oauth.missing_scopes(&tokens.scopes).is_empty());
    let account = oauth.account(&CALL, &tokens.access_token, None).await.unwrap();
    assert_eq!((account.email.as_str(), account.account_id.as_str()), ("ada@oak.test", "oak.test"));
    assert_eq!(account.name, "Ada Żółć");
    school.seconds(3600);
    assert_eq!(
        oauth.account(&CALL, &tokens.access_token, None).await.unwrap_err().kind,
        ErrorKind::Reconnect
    );
    let refresh = tokens.refresh_token.clone().unwrap();
    let newer = oauth.refresh(&CALL, &refresh).await.unwrap();
    assert_eq!(newer.refresh_token, Some(refresh));
    assert_ne!(newer.access_token, tokens.access_token);
    assert_eq!(newer.scopes, tokens.scopes);
    oauth.account(&CALL, &newer.access_token, None).await.unwrap();
    oauth.revoke(&CALL, &newer.access_token).await.unwrap();
    oauth.revoke(&CALL, &newer.access_token).await.unwrap();
    let refused = oauth.refresh(&CALL, &newer.refresh_token.unwrap()).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Reconnect);
}

#[tokio::test]
async fn permissions_that_were_unticked_are_not_there() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &["drive.meet.readonly", "directory.readonly"]).await;
    assert!(provider.recordings().is_none());
    assert!(provider.capabilities().attendance.reason().unwrap().0.contains("directory.readonly"));
    let granted = school.tokens("sam@oak.test", &["meetings.space.created"]).await.scopes;
    let missing = provider.oauth().unwrap().missing_scopes(&granted);
    assert_eq!(missing.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["meetings.space.created"]);
    let poor = school.connect("sam@oak.test", &["meetings.space.created"]).await;
    assert!(poor.registrants().is_none() && poor.live_roster().is_none());
}

#[tokio::test]
async fn a_code_is_good_once_for_its_verifier_and_its_address() {
    let school = School::new().await;
    let exchange = async |code: &str, verifier: &str, redirect: &str| {
        school
            .token_call(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", redirect),
                ("code_verifier", verifier),
            ])
            .await
    };
    let code = school.code("ada@oak.test", &[]);
    assert_eq!(exchange(&code, "wrong", CALLBACK).await.1["error"], "invalid_grant");
    let (status, body) = exchange(&code, VERIFIER, "http://127.0.0.1:9/other").await;
    assert_eq!((status, body["error"].as_str()), (400, Some("redirect_uri_mismatch")));
    assert_eq!(exchange(&code, VERIFIER, CALLBACK).await.0, 200);
    assert_eq!(exchange(&code, VERIFIER, CALLBACK).await.1["error"], "invalid_grant");
    let late = school.code("ada@oak.test", &[]);
    school.minutes(10);
    assert_eq!(exchange(&late, VERIFIER, CALLBACK).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_comes_only_for_offline_access_and_a_fresh_consent() {
    let school = School::new().await;
    let answer = async |url: String| {
        let callback = school.google.allow(&url, "ada@oak.test", &[]).unwrap();
        assert_eq!(query(&callback, "state").as_deref(), Some("state-1"));
        assert_eq!(query(&callback, "hd").as_deref(), Some("oak.test"));
        let code = query(&callback, "code").unwrap();
        school
            .token_call(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ])
            .await
            .1
    };
    let url = school.authorize_url();
    assert!(
        answer(url.replace("access_type=offline", "access_type=online")).await.get("refresh_token").is_none()
    );
    assert!(answer(url.replace("&prompt=consent", "")).await.get("refresh_token").is_none());
    assert!(answer(url).await.get("refresh_token").is_some());
    let provider = school.unconnected();
    let plain = school.authorize_url().replace("&prompt=consent", "");
    let code = query(&school.google.allow(&plain, "ada@oak.test", &[]).unwrap(), "code").unwrap();
    let refused = provider
        .oauth()
        .unwrap()
        .exchange(&CALL, &code, &VERIFIER.into(), &CALLBACK.parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Reconnect);
}

#[tokio::test]
async fn refresh_tokens_die_in_testing_of_idleness_and_of_their_number() {
    let school = School::new().await;
    let refresh = async |token: &str| {
        school.token_call(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    };
    let tokens = school.tokens("ada@oak.test", &[]).await;
    let first = tokens.refresh_token.unwrap();
    for _ in 0..99 {
        school.tokens("ada@oak.test", &[]).await;
    }
    assert_eq!(refresh(first.expose()).await.0, 200);
    let last = school.tokens("ada@oak.test", &[]).await.refresh_token.unwrap();
    assert_eq!(refresh(first.expose()).await.1["error"], "invalid_grant");
    school.clock.advance(chrono::Duration::days(182));
    assert_eq!(refresh(last.expose()).await.0, 200);
    school.clock.advance(chrono::Duration::days(183));
    assert_eq!(refresh(last.expose()).await.1["error_description"], "Token has been expired or revoked.");

    let mut testing = app();
    testing.testing = true;
    school.google.add_app(testing);
    let tokens = school.tokens("ada@oak.test", &[]).await;
    let token = tokens.refresh_token.unwrap();
    school.clock.advance(chrono::Duration::days(6));
    assert_eq!(refresh(token.expose()).await.0, 200);
    school.clock.advance(chrono::Duration::days(1));
    assert_eq!(refresh(token.expose()).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn what_the_school_or_the_person_refuses() {
    let school = School::new().await;
    let mut blocked = app();
    blocked.blocked_scopes = vec!["drive.meet.readonly".to_owned()];
    school.google.add_app(blocked);
    let callback = school.google.allow(&school.authorize_url(), "ada@oak.test", &[]).unwrap();
    assert_eq!(query(&callback, "error").as_deref(), Some("admin_policy_enforced"));
    let mut internal = app();
    internal.internal = Some("oak.test".to_owned());
    school.google.add_app(internal);
    assert!(school.google.allow(&school.authorize_url(), "out@else.test", &[]).is_none());
    assert!(school.google.allow(&school.authorize_url(), "ada@oak.test", &[]).is_some());

    let page = school.http.get(school.authorize_url()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let text = page.text().await.unwrap();
    assert!(text.contains("Lectern wants access") && text.contains(CREATED), "{text}");
    let form = school.authorize_url().split_once('?').unwrap().1.to_owned() + "&decision=deny";
    let denied = school
        .http
        .post(format!("{}/auth", school.google.oauth_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    let location = denied.headers()["location"].to_str().unwrap();
    assert_eq!(query(location, "error").as_deref(), Some("access_denied"));
    let foreign = school.authorize_url().replace("127.0.0.1%3A9", "evil.example");
    assert_eq!(school.http.get(foreign).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn an_access_taken_back_on_googles_page_ends_the_connection() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let made = provider.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    assert!(school.google.remove_access("client", "ada@oak.test"));
    assert!(!school.google.remove_access("client", "ada@oak.test"));
    let refused = provider.meetings().unwrap().get(&CALL, &at(&made.id)).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Reconnect);
}

#[tokio::test]
async fn a_service_account_acts_as_the_organizer() {
    let school = School::new().await;
    let all =
        ["openid", "email", "profile", "meetings.space.created", "drive.meet.readonly", "directory.readonly"];
    let settings = school.delegated(&all);
    let unconnected = registry::build(&settings, &school.transport, None).unwrap();
    let tokens = unconnected.oauth().unwrap().account_token(&CALL).await.unwrap();
    assert!(tokens.refresh_token.is_none() && tokens.scopes.iter().any(|scope| scope == CREATED));
    let provider = school.built(settings, tokens).await;
    let mut wanted = draft();
    wanted.host = Some("sam@oak.test".to_owned());
    let made = provider.meetings().unwrap().create(&CALL, &wanted).await.unwrap();
    assert!(made.differences.is_empty());
    assert_eq!(school.google.members(&made.id), [("sam@oak.test".to_owned(), true)]);
    // Again: still one, and no place on the class list.
    provider.meetings().unwrap().update(&CALL, &at(&made.id), &wanted).await.unwrap();
    assert_eq!(school.google.members(&made.id).len(), 1);
    let approved = lectern_core::provider::RegistrantState::Approved;
    assert!(provider.registrants().unwrap().list(&CALL, &at(&made.id), approved).await.unwrap().is_empty());
    // An hour later the next token comes by itself.
    school.minutes(61);
    provider.meetings().unwrap().get(&CALL, &at(&made.id)).await.unwrap();
}

#[tokio::test]
async fn scopes_that_are_not_registered_fall_back_to_the_base() {
    let school = School::new().await;
    let settings = school.delegated(&["openid", "email", "profile", "meetings.space.created"]);
    let provider = registry::build(&settings, &school.transport, None).unwrap();
    let tokens = provider.oauth().unwrap().account_token(&CALL).await.unwrap();
    assert_eq!(tokens.scopes.len(), 4);
    let settings = school.delegated(&["openid"]);
    let provider = registry::build(&settings, &school.transport, None).unwrap();
    match provider.oauth().unwrap().account_token(&CALL).await.unwrap_err().kind {
        ErrorKind::PolicyMissing(step) => assert!(step.contains("Domain-wide delegation")),
        other => panic!("{other:?}"),
    }
    let mut settings = school.delegated(&["openid"]);
    settings.account_id = Some("out@else.test".to_owned());
    let provider = registry::build(&settings, &school.transport, None).unwrap();
    assert_eq!(provider.oauth().unwrap().account_token(&CALL).await.unwrap_err().kind, ErrorKind::Reconnect);
    settings.client_secret = "not a key file".into();
    let provider = registry::build(&settings, &school.transport, None).unwrap();
    let kind = provider.oauth().unwrap().account_token(&CALL).await.unwrap_err().kind;
    assert_eq!(kind, ErrorKind::Invalid("client_secret".to_owned()));
}
