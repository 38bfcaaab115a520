#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lectern_core::{provider::SigningKey, secret::SecretString};
use serde_json::json;

use super::*;
use crate::samples;

const AUDIENCE: &str = "https://classroom.example/webhooks/google/pubsub";
const SENDER: &str = "pubsub-push@classroom-example.iam.gserviceaccount.com";

static KEYS: LazyLock<[RsaKeyPair; 2]> =
    LazyLock::new(|| [(); 2].map(|()| RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));

fn now() -> DateTime<Utc> {
    "2026-11-16T09:02:12Z".parse().unwrap()
}

fn published(id: &str, key: &RsaKeyPair) -> SigningKey {
    let public = key.public_key();
    SigningKey {
        id: id.to_owned(),
        modulus: URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
        exponent: URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
    }
}

fn claims() -> Value {
    json!({"iss": "https://accounts.google.com", "aud": AUDIENCE, "email": SENDER, "email_verified": true,
        "iat": now().timestamp(), "exp": now().timestamp() + 3600, "sub": "1", "azp": "1"})
}

fn token(key: &RsaKeyPair, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "k0"})
}

fn body() -> Vec<u8> {
    json!({"subscription": "projects/p/subscriptions/s", "message": {
        "attributes": {"ce-id": "e1", "ce-type": "google.workspace.meet.participant.v2.joined", "ce-time": "2026-11-16T09:02:11Z",
            "ce-source": "//workspaceevents.googleapis.com/subscriptions/s1",
            "ce-subject": "//cloudidentity.googleapis.com/users/114"},
        "data": STANDARD.encode(r#"{"participantSession":{"name":"conferenceRecords/r/participants/p/participantSessions/s"}}"#),
        "messageId": "m1", "publishTime": "2026-11-16T09:02:11Z"}})
    .to_string()
    .into_bytes()
}

fn check(authorization: Option<String>, body: &[u8], audience: &str, sender: &str) -> Result<bool, Rejected> {
    let headers: Vec<_> = authorization.into_iter().map(|value| (AUTHORIZATION.to_owned(), value)).collect();
    let delivery = Delivery { headers: &headers, query: None, body };
    let signing = [published("k0", &KEYS[0])];
    let secret = SecretString::from("");
    let keys = EventKeys { signing: &signing, audience, sender, ..EventKeys::shared(&secret) };
    match MeetEvents.verify(&delivery, &keys, now())? {
        Verified::Events { late, parts } => {
            assert!(parts.iter().all(|part| part.as_ref() == body));
            assert!(!parts.is_empty() || !late);
            if parts.is_empty() { Err(Rejected::Malformed) } else { Ok(late) }
        }
        Verified::Challenge { .. } => panic!("Google has no challenge"),
    }
}

fn signed_with(claims: &Value) -> Result<bool, Rejected> {
    check(Some(format!("Bearer {}", token(&KEYS[0], &header(), claims))), &body(), AUDIENCE, SENDER)
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

#[test]
fn a_push_of_our_own_account_is_taken() {
    assert_eq!(signed_with(&claims()), Ok(false));
    assert_eq!(signed_with(&with("iss", "accounts.google.com")), Ok(false));
    let lower = format!("bearer {}", token(&KEYS[0], &header(), &claims()));
    assert_eq!(check(Some(lower), &body(), AUDIENCE, SENDER), Ok(false));
}

#[test]
fn each_claim_must_be_right() {
    for wrong in [
        with("iss", "https://accounts.google.com.evil.example"),
        with("aud", "https://classroom.example/webhooks/google/other"),
        with("email", "pubsub-push@somebody-else.iam.gserviceaccount.com"),
        with("email_verified", false),
    ] {
        assert_eq!(signed_with(&wrong), Err(Rejected::BadSignature), "{wrong}");
    }
    let at = |seconds: i64| now().timestamp() + seconds;
    for old in [with("exp", at(-301)), with("iat", at(301)), with("exp", at(25 * 3600))] {
        assert_eq!(signed_with(&old), Err(Rejected::TooOld), "{old}");
    }
    assert_eq!(signed_with(&with("exp", at(-299))), Ok(false));
    assert_eq!(signed_with(&with("iat", at(299))), Ok(false));
    for absent in ["iss", "aud", "iat", "exp", "email", "email_verified"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(absent);
        assert_eq!(signed_with(&claims), Err(Rejected::BadSignature), "{absent}");
    }
}

#[test]
fn the_signature_must_be_of_a_known_key_and_of_the_right_kind() {
    let good = token(&KEYS[0], &header(), &claims());
    let refused =
        |token: String| check(Some(format!("Bearer {token}")), &body(), AUDIENCE, SENDER).unwrap_err();
    assert_eq!(refused(token(&KEYS[1], &header(), &claims())), Rejected::BadSignature);
    let other = json!({"alg": "RS256", "kid": "k1"});
    assert_eq!(refused(token(&KEYS[1], &other, &claims())), Rejected::UnknownKey);
    assert_eq!(
        refused(token(&KEYS[0], &json!({"alg": "RS512", "kid": "k0"}), &claims())),
        Rejected::BadSignature
    );
    assert_eq!(refused(token(&KEYS[0], &json!({"alg": "RS256"}), &claims())), Rejected::NoSignature);
    // Not signed at all, and signed with the public key as if it were a shared secret.
    let none = token(&KEYS[0], &json!({"alg": "none", "kid": "k0"}), &claims());
    assert_eq!(refused(none), Rejected::NoSignature);
    let public: PublicKeyX509Der<'_> = KEYS[0].public_key().as_der().unwrap();
    let key = jsonwebtoken::EncodingKey::from_secret(public.as_ref());
    let mut confused = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    confused.kid = Some("k0".to_owned());
    assert_eq!(refused(jsonwebtoken::encode(&confused, &claims(), &key).unwrap()), Rejected::BadSignature);
    let (rest, _) = good.rsplit_once('.').unwrap();
    assert_eq!(refused(format!("{rest}.AAAA")), Rejected::BadSignature);
    assert_eq!(refused("nonsense".to_owned()), Rejected::NoSignature);
    assert_eq!(check(None, &body(), AUDIENCE, SENDER), Err(Rejected::NoSignature));
    assert_eq!(check(Some(format!("Basic {good}")), &body(), AUDIENCE, SENDER), Err(Rejected::NoSignature));
}

#[test]
fn without_an_audience_or_a_sender_nothing_is_believed() {
    let empty = with("aud", "");
    let authorization = || Some(format!("Bearer {}", token(&KEYS[0], &header(), &empty)));
    assert_eq!(check(authorization(), &body(), "", SENDER), Err(Rejected::BadSignature));
    let nobody = with("email", "");
    let authorization = || Some(format!("Bearer {}", token(&KEYS[0], &header(), &nobody)));
    assert_eq!(check(authorization(), &body(), AUDIENCE, ""), Err(Rejected::BadSignature));
}

#[test]
fn an_old_message_is_late_and_an_unreadable_one_is_dropped() {
    let authorization = || Some(format!("Bearer {}", token(&KEYS[0], &header(), &claims())));
    let old = String::from_utf8(body()).unwrap().replace("09:02:11", "08:50:00");
    assert_eq!(check(authorization(), old.as_bytes(), AUDIENCE, SENDER), Ok(true));
    for nothing in ["", "[]", "{}", r#"{"message":{"data":"e30="}}"#] {
        assert_eq!(check(authorization(), nothing.as_bytes(), AUDIENCE, SENDER), Err(Rejected::Malformed));
    }
}

fn parsed(body: &[u8]) -> IncomingEvent {
    let secret = SecretString::from("");
    let mut events = MeetEvents.parse(body, &EventKeys::shared(&secret)).unwrap();
    assert_eq!(events.len(), 1);
    events.remove(0)
}

#[test]
fn an_event_names_its_subscription_and_what_to_look_up() {
    let event = parsed(&body());
    assert_eq!(event.kind, EventKind::ParticipantJoined);
    assert_eq!(event.subscription_id.as_deref(), Some("subscriptions/s1"));
    assert_eq!(event.resource.as_deref(), Some("conferenceRecords/r/participants/p/participantSessions/s"));
    assert_eq!(event.run_id.as_deref(), Some("conferenceRecords/r"));
    assert_eq!(event.host_id.as_deref(), Some("114"));
    assert_eq!(event.meeting_id, None);
    assert_eq!(event.participant.unwrap().stay.as_deref(), Some("p/s"));
    assert_eq!(event.at, "2026-11-16T09:02:11Z".parse::<DateTime<Utc>>().unwrap());
}

#[test]
fn both_spellings_are_read_and_duplicates_are_equal() {
    let text = String::from_utf8(body()).unwrap();
    let snake = text
        .replace("messageId", "message_id")
        .replace("publishTime", "publish_time")
        .replace("ce-type", "ce_type")
        .replace("ce-id", "ce_id");
    let first = parsed(&body());
    let second = parsed(snake.as_bytes());
    assert_eq!((first.kind, &first.fingerprint), (second.kind, &second.fingerprint));
    let again = text.replace("\"m1\"", "\"m2\"");
    assert_eq!(parsed(again.as_bytes()).fingerprint, first.fingerprint);
    let other = text.replace("\"e1\"", "\"e2\"");
    assert_ne!(parsed(other.as_bytes()).fingerprint, first.fingerprint);
    let unknown = text.replace("participant.v2.joined", "whiteboard.v9.drawn");
    assert_eq!(parsed(unknown.as_bytes()).kind, EventKind::Other);
    assert!(MeetEvents.parse(b"{}", &EventKeys::shared(&SecretString::from(""))).is_err());
}

#[test]
fn every_sample_is_read() {
    let Some(found) = samples::folder("every_sample_is_read", "meet/samples") else { return };
    let mut fingerprints = std::collections::HashSet::new();
    for (name, sample) in found {
        let Some(what) = name.strip_prefix("pubsub_push_").filter(|what| *what != "oidc_token") else {
            continue;
        };
        let event = parsed(sample.to_string().as_bytes());
        let kind = match what {
            "conference_started" => EventKind::MeetingStarted,
            "conference_ended" => EventKind::MeetingEnded,
            "participant_joined" | "participant_joined_user_target" => EventKind::ParticipantJoined,
            "participant_left" => EventKind::ParticipantLeft,
            "recording_started" => EventKind::RecordingStarted,
            "recording_ended" => EventKind::RecordingStopped,
            "recording_file_generated" => EventKind::RecordingReady,
            "lifecycle_expiration_reminder" => EventKind::SubscriptionEnding,
            "lifecycle_suspended" | "lifecycle_expired" => EventKind::SubscriptionLost,
            _ => EventKind::Other,
        };
        assert_eq!(event.kind, kind, "{name}");
        let wanted = if what.ends_with("user_target") { "users-example-0002" } else { "spaces-example-0001" };
        assert_eq!(event.subscription_id, Some(format!("subscriptions/meet-{wanted}")), "{name}");
        assert_eq!(event.resource.is_none(), what.starts_with("lifecycle"), "{name}");
        assert!(fingerprints.insert(event.fingerprint), "{name}");
    }
    assert_eq!(fingerprints.len(), 13);
}

#[test]
fn published_keys_are_read() {
    let document = json!({"keys": [
        {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "a", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "use": "enc", "kid": "b", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "kid": "c"},
    ]});
    let keys = crate::signing_keys::read(document.to_string().as_bytes()).unwrap();
    assert_eq!(keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["a"]);
    assert!(crate::signing_keys::read(b"<html>").is_none());
}
