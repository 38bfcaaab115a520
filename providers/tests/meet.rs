//! Google Meet over HTTP against a scripted server: what goes out, exactly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod script;

use std::{sync::Arc, time::Duration};

use lectern_core::{
    provider::{
        AuthorizeRequest, Call, ErrorKind, MeetingDraft, MeetingRef, OurReference, Provider, Registrant,
    },
    settings::{ClassSettings, RecordingMode},
};
use lectern_providers::registry::{self, ProviderSettings};
use script::{Answer, Server, connection, settings, transport};
use serde_json::{Value, json};

const CALL: Call = Call::background();
const CREATED: &str = "https://www.googleapis.com/auth/meetings.space.created";

fn google(server: &Server) -> ProviderSettings {
    let at = |path: &str| server.origin.join(path).unwrap();
    let others = [
        ("token", "/token"),
        ("revoke", "/revoke"),
        ("userinfo", "/userinfo"),
        ("drive", "/drive/v3"),
        ("people", "/people/v1"),
        ("directory", "/directory/v1"),
        ("events", "/events/v1"),
    ];
    ProviderSettings {
        provider: lectern_providers::meet::NAME,
        oauth_base: at("/o/oauth2/v2"),
        others: others.iter().map(|(name, path)| ((*name).to_owned(), at(path))).collect(),
        hosts: lectern_providers::meet::MeetSettings::meet_hosts(),
        ..settings(server, server, None)
    }
}

fn meet(server: &Server, scopes: &[&str]) -> Arc<dyn Provider> {
    registry::build(&google(server), &transport(), Some(connection(scopes, 0))).unwrap()
}

fn draft() -> MeetingDraft {
    MeetingDraft {
        reference: OurReference::parse("abcdefghij").unwrap(),
        topic: "Algebra".to_owned(),
        agenda: String::new(),
        starts_at: "2026-11-23T18:00:00Z".parse().unwrap(),
        length: Duration::from_secs(3600),
        time_zone: chrono_tz::Asia::Dhaka,
        settings: ClassSettings { recording: RecordingMode::Cloud, ..ClassSettings::default() },
        host: None,
        registration: true,
    }
}

fn space(access: &str) -> Value {
    json!({"name": "spaces/abc", "meetingUri": "{origin}/abc-mnop-xyz", "meetingCode": "abc-mnop-xyz", "config": {
        "accessType": access, "artifactConfig": {"recordingConfig": {"autoRecordingGeneration": "OFF"}}}})
}

fn at(id: &str) -> MeetingRef {
    MeetingRef { id: id.to_owned(), host: None }
}

#[tokio::test]
async fn a_person_is_sent_for_offline_access_with_a_fresh_consent() {
    let server = Server::list([]).await;
    let provider = registry::build(&google(&server), &transport(), None).unwrap();
    let request = AuthorizeRequest {
        redirect_uri: "https://lectern.example/oauth/meet/callback".parse().unwrap(),
        state: "st".to_owned(),
        code_challenge: "ch".to_owned(),
    };
    let url = provider.oauth().unwrap().authorize_url(&request);
    assert_eq!(url.path(), "/o/oauth2/v2/auth");
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    for (name, value) in [
        ("response_type", "code"),
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("include_granted_scopes", "true"),
        ("code_challenge", "ch"),
        ("code_challenge_method", "S256"),
        ("state", "st"),
    ] {
        assert_eq!(get(name), Some(value));
    }
    let scopes = get("scope").unwrap();
    assert!(scopes.split(' ').any(|scope| scope == CREATED));
    // Full access to Drive is not asked of teachers.
    assert!(!scopes.split(' ').any(|scope| scope == "https://www.googleapis.com/auth/drive"));
}

#[tokio::test]
async fn a_space_is_made_with_every_setting_named_and_differences_are_told() {
    let server = Server::list([Answer::json(200, space("TRUSTED"))]).await;
    let made = meet(&server, &[CREATED]).meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let found: Vec<_> =
        made.differences.iter().map(|d| (d.setting, d.asked.as_str(), d.got.as_str())).collect();
    assert_eq!(found, [("access", "RESTRICTED", "TRUSTED"), ("recording", "ON", "OFF")]);
    assert!(!made.registration);
    let asked = &server.asked()[0];
    assert_eq!(asked.line(), "POST /v2/spaces");
    assert_eq!(
        asked.json(),
        json!({"config": {
            "accessType": "RESTRICTED", "entryPointAccess": "ALL", "moderation": "ON",
            "moderationRestrictions": {"chatRestriction": "NO_RESTRICTION", "presentRestriction": "NO_RESTRICTION"},
            "artifactConfig": {"recordingConfig": {"autoRecordingGeneration": "ON"}},
        }})
    );
}

#[tokio::test]
async fn an_answer_that_leads_elsewhere_is_not_used_but_known_to_be_made() {
    let mut foreign = space("RESTRICTED");
    foreign["meetingUri"] = json!("https://meet.google.com.evil.example/abc");
    let server = Server::list([Answer::json(200, foreign)]).await;
    let refused = meet(&server, &[CREATED]).meetings().unwrap().create(&CALL, &draft()).await.unwrap_err();
    assert!(refused.maybe_done);
    assert_eq!(refused.vendor_code.as_deref(), Some("foreign address"));
}

#[tokio::test]
async fn a_create_is_never_repeated_after_a_time_out_and_an_update_names_its_fields() {
    let server = Server::list([Answer::cut()]).await;
    let lost = meet(&server, &[CREATED]).meetings().unwrap().create(&CALL, &draft()).await.unwrap_err();
    assert!(lost.maybe_done);
    assert_eq!(server.asked().len(), 1);
    let server = Server::list([Answer::json(200, space("RESTRICTED"))]).await;
    let meetings = meet(&server, &[CREATED]);
    meetings.meetings().unwrap().update(&CALL, &at("spaces/abc"), &draft()).await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.line(), "PATCH /v2/spaces/abc");
    let mask = asked.query("updateMask").unwrap();
    assert!(
        mask.split(',').all(|field| field.starts_with("config."))
            && !mask.contains('*')
            && !mask.contains(' ')
    );
    // A name that is none asks nobody.
    let refused = meetings.meetings().unwrap().get(&CALL, &at("abc-mnop-xyz")).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotFound);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let denied = || Answer::json(401, json!({"error": {"code": 401, "status": "UNAUTHENTICATED"}}));
    let server = Server::list([denied(), Answer::json(200, space("OPEN"))]).await;
    meet(&server, &[CREATED]).meetings().unwrap().get(&CALL, &at("spaces/abc")).await.unwrap();
    let tokens: Vec<_> =
        server.asked().iter().map(|asked| asked.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(tokens, ["Bearer token-0", "Bearer token-1"]);
    let server = Server::list([denied(), denied()]).await;
    let refused =
        meet(&server, &[CREATED]).meetings().unwrap().get(&CALL, &at("spaces/abc")).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Reconnect);
}

#[tokio::test]
async fn a_capability_that_is_missing_asks_nobody() {
    let server = Server::list([]).await;
    let provider = meet(&server, &["https://www.googleapis.com/auth/meetings.space.readonly"]);
    assert!(provider.registrants().is_none());
    let refused = provider.meetings().unwrap().create(&CALL, &draft()).await.unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::Unsupported(_)));
    let refused = provider.meetings().unwrap().end(&CALL, &at("spaces/abc")).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unsupported("end_meeting"));
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn one_member_that_fails_does_not_take_the_others_along() {
    let server = Server::start(|asked| match asked.method.as_str() {
        "GET" => Answer::json(200, space("RESTRICTED")),
        _ if asked.json()["email"] == "bad" => {
            Answer::json(400, json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "x"}}))
        }
        _ => Answer::json(200, json!({"name": "spaces/abc/members/m1", "email": asked.json()["email"]})),
    })
    .await;
    let person =
        |email: &str| Registrant { email: email.to_owned(), first_name: "A".to_owned(), last_name: None };
    let provider = meet(&server, &[CREATED]);
    let registrants = provider.registrants().unwrap();
    let people = [person("a@oak.test"), person("bad"), person("b@oak.test")];
    let all = registrants.register_many(&CALL, &at("spaces/abc"), &people).await;
    assert!(all[0].is_ok() && all[1].is_err() && all[2].is_ok());
    // One look at the space for all of them; names do not leave.
    assert_eq!(server.lines().iter().filter(|line| line.starts_with("GET")).count(), 1);
    let bodies: Vec<_> =
        server.asked().iter().filter(|asked| asked.method == "POST").map(script::Asked::json).collect();
    assert!(bodies.iter().all(|body| body.as_object().unwrap().len() == 1));
}
