#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::sync::OnceLock;

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    encoding::{AsDer, Pkcs8V1Der},
    iv::FixedLength,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PrivateDecryptingKey},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use lectern_core::{
    provider::{OpeningKey, SigningKey},
    secret::SecretString,
};
use serde_json::json;

use super::*;

const APP: &str = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f";
const TENANT: &str = "909c6581-5130-43e9-88f3-fcb3582cde37";
const SECRET: &str = "secretClientState";

fn now() -> DateTime<Utc> {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

/// Microsoft's key, and ours.
struct Keys {
    signer: KeyPair,
    signing: Vec<SigningKey>,
    opening: Vec<OpeningKey>,
    lock: OaepPublicEncryptingKey,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let signer = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = signer.public_key();
        let signing = vec![SigningKey {
            id: "k1".to_owned(),
            modulus: URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            exponent: URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        }];
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = private.as_der().unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        let opening = vec![OpeningKey { id: "key-1".to_owned(), pem: pem.into() }];
        let lock = OaepPublicEncryptingKey::new(private.public_key()).unwrap();
        Keys { signer, signing, opening, lock }
    })
}

fn with_keys<T>(secret: &str, run: impl FnOnce(&EventKeys<'_>) -> T) -> T {
    let secret = SecretString::from(secret);
    let keys = keys();
    run(&EventKeys {
        secret: &secret,
        signing: &keys.signing,
        opening: &keys.opening,
        audience: APP,
        sender: "",
    })
}

fn token(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; keys().signer.public_modulus_len()];
    keys().signer.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims() -> Value {
    json!({"aud": APP, "iss": format!("https://sts.windows.net/{TENANT}/"), "exp": now().timestamp() + 3600,
        "nbf": now().timestamp() - 60, "appid": "0bf30f3b-4a52-48df-9a82-234910c4a086", "tid": TENANT})
}

fn good_token() -> String {
    token(&json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}), &claims())
}

fn sealed(content: &Value) -> Value {
    let symmetric = [7_u8; 32];
    let mut wrapped = vec![0; keys().lock.ciphertext_size()];
    let wrapped = keys().lock.encrypt(&OAEP_SHA1_MGF1SHA1, &symmetric, &mut wrapped, None).unwrap();
    let cipher = UnboundCipherKey::new(&AES_256, &symmetric).unwrap();
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(cipher).unwrap();
    let mut data = content.to_string().into_bytes();
    let start = EncryptionContext::Iv128(FixedLength::from([7_u8; 16]));
    let _context = cipher.less_safe_encrypt(&mut data, start).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&symmetric).unwrap();
    mac.update(&data);
    json!({"data": STANDARD.encode(&data), "dataSignature": STANDARD.encode(mac.finalize().into_bytes()),
        "dataKey": STANDARD.encode(wrapped), "encryptionCertificateId": "key-1"})
}

fn rich(content: &Value) -> Value {
    json!({"subscriptionId": "sub-1", "clientState": SECRET, "changeType": "updated", "tenantId": TENANT,
        "resourceData": {"@odata.type": "#microsoft.graph.callevent"}, "encryptedContent": sealed(content)})
}

fn delivery<'a>(query: Option<&'a str>, body: &'a [u8]) -> Delivery<'a> {
    Delivery { headers: &[], query, body }
}

fn verify(body: &Value) -> Result<Vec<Vec<u8>>, Rejected> {
    let body = body.to_string();
    with_keys(SECRET, |keys| match TeamsEvents.verify(&delivery(None, body.as_bytes()), keys, now())? {
        Verified::Events { parts, late } => {
            assert!(!late);
            Ok(parts.into_iter().map(Cow::into_owned).collect())
        }
        Verified::Challenge { .. } => panic!("no handshake"),
    })
}

fn batch(items: &[Value], tokens: &[String]) -> Value {
    json!({"value": items, "validationTokens": tokens})
}

fn parse(part: &[u8]) -> Result<Vec<IncomingEvent>, Rejected> {
    with_keys(SECRET, |keys| TeamsEvents.parse(part, keys))
}

fn told(content: &Value) -> Vec<IncomingEvent> {
    let parts = verify(&batch(&[rich(content)], &[good_token()])).unwrap();
    parse(&parts[0]).unwrap()
}

fn roster(changes: &Value) -> Value {
    json!({"@odata.type": "#microsoft.graph.callevent", "id": "e1", "eventType": "rosterUpdated",
        "eventDateTime": "2026-11-21T08:59:30.1230000Z", "participants@delta": changes})
}

#[test]
fn a_handshake_is_answered_with_its_token_decoded() {
    let query = "validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+1f3c2b7e";
    let answer = with_keys(SECRET, |keys| TeamsEvents.verify(&delivery(Some(query), b" \r\n"), keys, now()));
    assert_eq!(
        answer,
        Ok(Verified::Challenge {
            answer:
                "Validation: Testing client application reachability for subscription Request-Id: 1f3c2b7e"
                    .into(),
            media_type: "text/plain",
        })
    );
}

#[test]
fn a_handshake_echoes_no_page_no_novel_and_no_body() {
    let long = format!("validationToken={}", "a".repeat(513));
    for (query, body) in [
        ("validationToken=%3Cscript%3E", &b""[..]),
        ("validationToken=a%22b", b""),
        ("validationToken=a%0d%0aSet-Cookie:x", b""),
        ("validationToken=%C3%A9", b""),
        ("validationToken=", b""),
        ("validationToken=a&validationtoken=b", b""),
        (&long, b""),
        ("validationToken=a", b"{}"),
    ] {
        let answer = with_keys(SECRET, |keys| TeamsEvents.verify(&delivery(Some(query), body), keys, now()));
        assert_eq!(answer, Err(Rejected::Malformed), "{query}");
    }
}

/// S-26: what does not carry our secret is nothing to us.
#[test]
fn only_notifications_with_our_secret_count() {
    let item =
        |state: Value| json!({"subscriptionId": "s", "clientState": state, "lifecycleEvent": "missed"});
    assert_eq!(verify(&batch(&[item(json!(SECRET))], &[])).unwrap().len(), 1);
    for wrong in [json!("secretClientStatf"), json!("secretClientStat"), json!(""), json!(null), json!(1)] {
        assert_eq!(verify(&batch(&[item(wrong)], &[])), Err(Rejected::BadSignature));
    }
    // Of a mixed batch ours are taken, and the secret is not kept.
    let parts = verify(&batch(&[item(json!("other")), item(json!(SECRET))], &[])).unwrap();
    assert_eq!(parts.len(), 1);
    assert!(!String::from_utf8(parts[0].clone()).unwrap().contains(SECRET));
    let body = batch(&[item(json!(""))], &[]).to_string();
    let empty = with_keys("", |keys| TeamsEvents.verify(&delivery(None, body.as_bytes()), keys, now()));
    assert_eq!(empty, Err(Rejected::BadSignature));
}

#[test]
fn what_is_no_batch_is_refused() {
    for body in [json!({}), json!([]), json!({"value": []}), json!({"value": "x"}), json!({"value": [1]})] {
        assert_eq!(verify(&body), Err(Rejected::Malformed), "{body}");
    }
    let deep = "[".repeat(100_000);
    let answer = with_keys(SECRET, |keys| TeamsEvents.verify(&delivery(None, deep.as_bytes()), keys, now()));
    assert_eq!(answer, Err(Rejected::Malformed));
}

/// S-25: content is believed only with tokens that vouch for it.
#[test]
fn every_claim_of_a_validation_token_is_checked() {
    let item = rich(&roster(&json!([])));
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "k1"});
    let with = |key: &str, value: Value| {
        let mut claims = claims();
        claims[key] = value;
        token(&header, &claims)
    };
    let check =
        |tokens: &[String]| verify(&batch(std::slice::from_ref(&item), tokens)).map(|parts| parts.len());
    assert_eq!(check(&[good_token()]), Ok(1));
    assert_eq!(check(&[]), Err(Rejected::NoSignature));
    let past = now().timestamp() - 3600;
    for (token, why) in [
        (with("aud", json!("other-app")), Rejected::BadSignature),
        (with("appid", json!("11111111-4a52-48df-9a82-234910c4a086")), Rejected::BadSignature),
        (with("iss", json!("https://sts.windows.net/other/")), Rejected::BadSignature),
        (with("iss", json!(format!("https://evil.example/{TENANT}/"))), Rejected::BadSignature),
        (with("exp", json!(past)), Rejected::TooOld),
        (with("nbf", json!(now().timestamp() + 3600)), Rejected::TooOld),
        (token(&json!({"alg": "RS256", "kid": "k2"}), &claims()), Rejected::UnknownKey),
        (token(&json!({"alg": "RS256"}), &claims()), Rejected::NoSignature),
        (token(&json!({"alg": "HS256", "kid": "k1"}), &claims()), Rejected::BadSignature),
        (format!("{}x", good_token().rsplit_once('.').unwrap().0), Rejected::NoSignature),
    ] {
        assert_eq!(check(std::slice::from_ref(&token)), Err(why), "{token}");
        // A good one beside it does not help.
        assert!(check(&[good_token(), token]).is_err());
    }
    // Another tenant's token does not vouch for this one.
    let other = "11111111-5130-43e9-88f3-fcb3582cde37";
    let mut claims = claims();
    claims["tid"] = json!(other);
    claims["iss"] = json!(format!("https://login.microsoftonline.com/{other}/v2.0"));
    claims["azp"] = claims["appid"].take();
    assert_eq!(check(&[token(&header, &claims)]), Err(Rejected::BadSignature));
    // Beside the right one it does no harm.
    assert_eq!(check(&[good_token(), token(&header, &claims)]), Ok(1));
}

#[test]
fn a_roster_becomes_events_in_order() {
    let person = |id: &str| json!({"identity": {"user": {"id": format!("u-{id}"), "displayName": format!("Name {id}\u{202e}"), "tenantId": TENANT}}});
    let guest = json!({"identity": {"application": null, "guest": {"id": "g-1", "displayName": "Guest"}}});
    let robot = json!({"identity": {"applicationInstance": {"id": "bot", "displayName": "Recorder"}}});
    let events = told(&roster(&json!([
        {"id": "p1", "info": person("1"), "isInLobby": false},
        {"id": "p2", "info": person("2"), "isInLobby": true},
        {"id": "p3", "info": person("3"), "isInLobby": false, "removedState": {"reason": "Participant has left."}},
        {"id": "p4", "info": guest, "isInLobby": true, "removedState": {"reason": "Gone."}},
        {"id": "p5", "info": robot, "isInLobby": false},
    ])));
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event.kind, event.participant.as_ref().unwrap().stay.as_deref().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            (EventKind::WaitingRoomLeft, "p1"),
            (EventKind::ParticipantJoined, "p1"),
            (EventKind::WaitingRoomJoined, "p2"),
            (EventKind::ParticipantLeft, "p3"),
            (EventKind::WaitingRoomLeft, "p4"),
        ]
    );
    let first = &events[0];
    assert_eq!(first.subscription_id.as_deref(), Some("sub-1"));
    assert_eq!(first.account_id.as_deref(), Some(TENANT));
    assert_eq!(first.at, "2026-11-21T08:59:30.123Z".parse::<DateTime<Utc>>().unwrap());
    let facts = first.participant.as_ref().unwrap();
    assert_eq!((facts.user_id.as_deref(), facts.name.as_deref()), (Some("u-1"), Some("Name 1")));
    assert_eq!(events[4].participant.as_ref().unwrap().user_id, None);
    assert_eq!(
        events[3].participant.as_ref().unwrap().leave_reason.as_deref(),
        Some("Participant has left.")
    );
    let mut fingerprints: Vec<_> = events.iter().map(|event| event.fingerprint.clone()).collect();
    fingerprints.sort();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 5);
}

#[test]
fn the_same_change_has_the_same_fingerprint_and_another_has_not() {
    let change = |at: &str| {
        let mut content = roster(
            &json!([{"id": "p1", "info": {"identity": {"guest": {"displayName": "G"}}}, "isInLobby": true}]),
        );
        content["eventDateTime"] = json!(at);
        told(&content)[0].fingerprint.clone()
    };
    let first = change("2026-11-21T08:59:30Z");
    assert_eq!(first.len(), 64);
    assert_eq!(first, change("2026-11-21T08:59:30Z"));
    assert_ne!(first, change("2026-11-21T08:59:31Z"));
}

#[test]
fn names_of_fields_come_in_any_case() {
    let content = json!({"@odata.type": "#Microsoft.Graph.CallEvent", "CallEventType": "CallStarted", "EventDateTime": "2026-11-21T08:59:30Z"});
    let mut item = rich(&content);
    let inside = item["encryptedContent"].take();
    let upper: Map<String, Value> =
        inside.as_object().unwrap().iter().map(|(key, value)| (key.to_uppercase(), value.clone())).collect();
    item.as_object_mut().unwrap().remove("encryptedContent");
    item["EncryptedContent"] = Value::Object(upper);
    let body = json!({"Value": [item], "ValidationTokens": [good_token()]});
    let parts = verify(&body).unwrap();
    assert_eq!(parse(&parts[0]).unwrap()[0].kind, EventKind::MeetingStarted);
}

#[test]
fn what_becomes_of_a_subscription_is_told() {
    for (word, kind) in [
        ("reauthorizationRequired", EventKind::SubscriptionEnding),
        ("subscriptionRemoved", EventKind::SubscriptionLost),
        ("missed", EventKind::EventsMissed),
        ("somethingNew", EventKind::Other),
    ] {
        let item =
            json!({"subscriptionId": "s", "clientState": SECRET, "tenantId": TENANT, "lifecycleEvent": word});
        let parts = verify(&batch(&[item], &[])).unwrap();
        let events = parse(&parts[0]).unwrap();
        assert_eq!((events.len(), events[0].kind, events[0].at), (1, kind, now()));
    }
}

#[test]
fn content_that_was_touched_or_is_for_another_key_is_refused() {
    let parts = verify(&batch(&[rich(&roster(&json!([])))], &[good_token()])).unwrap();
    let part: Value = serde_json::from_slice(&parts[0]).unwrap();
    for (key, value) in [
        ("data", json!("AAAAAAAAAAAAAAAAAAAAAA==")),
        ("datasignature", json!("AAAA")),
        ("encryptioncertificateid", json!("key-0")),
        ("datakey", json!(null)),
    ] {
        let mut part = part.clone();
        part["encryptedcontent"][key] = value;
        assert!(parse(part.to_string().as_bytes()).is_err(), "{key}");
    }
    // A change in which nobody we know of changed is kept, without effect.
    assert_eq!(parse(&parts[0]).unwrap()[0].kind, EventKind::Other);
    for broken in ["", "[]", "{}", "null", r#"{"subscriptionId":1}"#] {
        assert_eq!(parse(broken.as_bytes()), Err(Rejected::Malformed));
    }
}

/// Every sample of the vendor is understood. `LECTERN_VENDOR_SPECS` names the folder that has them.
#[test]
fn every_sample_is_understood() {
    let Some(samples) = crate::samples::folder("every_sample_is_understood", "teams/samples") else { return };
    let mut seen = 0;
    for (name, sample) in samples {
        if name == "subscription.validation.handshake" {
            let query = sample["request"]["url"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
            let answer =
                with_keys(SECRET, |keys| TeamsEvents.verify(&delivery(Some(&query), b""), keys, now()));
            let expected = sample["response"]["body"].as_str().unwrap().to_owned();
            assert_eq!(answer, Ok(Verified::Challenge { answer: expected, media_type: "text/plain" }));
        } else if let Some(rest) = name.strip_prefix("decrypted.") {
            let mut item = rich(&sample);
            if !rest.starts_with("meetingCallEvents") {
                item["changeType"] = json!("created");
                let kind = rest.to_owned();
                item["resourceData"] =
                    json!({"@odata.type": format!("#Microsoft.Graph.{kind}"), "@odata.id": "x"});
            }
            let parts = verify(&batch(&[item], &[good_token()])).unwrap();
            let events = parse(&parts[0]).unwrap();
            let expected = match rest {
                "meetingCallEvents.callStarted" => EventKind::MeetingStarted,
                "meetingCallEvents.callEnded" => EventKind::MeetingEnded,
                "meetingCallEvents.rosterUpdated.joined" => EventKind::WaitingRoomLeft,
                "meetingCallEvents.rosterUpdated.guest" => EventKind::WaitingRoomJoined,
                "meetingCallEvents.rosterUpdated.left" | "meetingCallEvents.rosterUpdated.inactive" => {
                    EventKind::ParticipantLeft
                }
                _ => EventKind::RecordingReady,
            };
            assert_eq!(events[0].kind, expected, "{name}");
        } else if name.starts_with("notification.") || name.starts_with("lifecycle.") {
            let mut body = sample.clone();
            for item in body["value"].as_array_mut().unwrap() {
                // The samples' encrypted content is a placeholder.
                for key in ["encryptedContent", "EncryptedContent"] {
                    if item.get(key).is_some() {
                        item[key] = sealed(&roster(&json!([])));
                    }
                }
                if item.get("clientState").is_none_or(Value::is_null) {
                    item["clientState"] = json!(SECRET);
                }
            }
            body["validationTokens"] = json!([good_token()]);
            let secret = body["value"][0]["clientState"].as_str().unwrap().to_owned();
            let text = body.to_string();
            let parts = with_keys(&secret, |keys| {
                match TeamsEvents.verify(&delivery(None, text.as_bytes()), keys, now()) {
                    Ok(Verified::Events { parts, .. }) => {
                        parts.into_iter().map(Cow::into_owned).collect::<Vec<_>>()
                    }
                    other => panic!("{name}: {other:?}"),
                }
            });
            assert!(!parse(&parts[0]).unwrap().is_empty(), "{name}");
        } else if name == "validation-token.claims" {
            assert_eq!(sample["appid"], claims()["appid"]);
        } else {
            continue;
        }
        seen += 1;
    }
    assert!(seen >= 18, "{seen} samples");
}
