#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

const SECRET: &str = "test-secret-token";
const BODY: &str = r#"{"event":"meeting.ended","payload":{"account_id":"A1","object":{"id":"123","topic":"Zażółć"}},"event_ts":1700000000000}"#;
const SIGNED: &str = "v0=908e16b6816fafdde1f4ae055a2713c74e9d11c8031109eecd5749e360e6cc5e";
const SENT: i64 = 1_700_000_000;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn sign(timestamp: &str, body: &[u8]) -> String {
    let mut mac = mac(&SECRET.into()).unwrap();
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

fn verify(
    headers: &[(String, String)],
    body: &[u8],
    secret: &str,
    now: i64,
) -> Result<Verified<'static>, Rejected> {
    let delivery = Delivery { headers, query: None, body };
    Ok(match ZoomEvents.verify(&delivery, &EventKeys::shared(&secret.into()), at(now))? {
        Verified::Events { late, parts } => {
            Verified::Events { late, parts: parts.into_iter().map(|part| part.into_owned().into()).collect() }
        }
        Verified::Challenge { answer, media_type } => Verified::Challenge { answer, media_type },
    })
}

fn fresh(body: &[u8]) -> Result<Verified<'static>, Rejected> {
    Ok(Verified::Events { late: false, parts: vec![body.to_vec().into()] })
}

fn late(body: &[u8]) -> Result<Verified<'static>, Rejected> {
    Ok(Verified::Events { late: true, parts: vec![body.to_vec().into()] })
}

fn check(headers: &[(&str, &str)], body: &[u8], now: i64) -> Result<Verified<'static>, Rejected> {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    verify(&headers, body, SECRET, now)
}

fn check_signed(body: &[u8], age: i64) -> Result<Verified<'static>, Rejected> {
    let timestamp = SENT.to_string();
    let signature = sign(&timestamp, body);
    check(&[(SIGNATURE, &signature), (TIMESTAMP, &timestamp)], body, SENT + age)
}

#[test]
fn the_published_vector_is_accepted() {
    let good = [(SIGNATURE, SIGNED), (TIMESTAMP, "1700000000")];
    assert_eq!(check(&good, BODY.as_bytes(), SENT), fresh(BODY.as_bytes()));
}

/// S-22, the verifier's part.
#[test]
fn s_22_everything_else_is_refused() {
    let good = [(SIGNATURE, SIGNED), (TIMESTAMP, "1700000000")];
    let body = BODY.as_bytes();
    assert_eq!(check(&[], body, SENT), Err(Rejected::NoSignature));
    assert_eq!(check(&good[..1], body, SENT), Err(Rejected::NoSignature));
    assert_eq!(check(&good[1..], body, SENT), Err(Rejected::NoSignature));
    assert_eq!(check(&[good[0], good[0], good[1]], body, SENT), Err(Rejected::NoSignature));
    assert_eq!(check(&[good[0], good[1], good[1]], body, SENT), Err(Rejected::NoSignature));
    let joined = format!("{SIGNED}, {SIGNED}");
    assert_eq!(check(&[(SIGNATURE, &joined), good[1]], body, SENT), Err(Rejected::NoSignature));
    for broken in [
        "",
        "v0=",
        "v1=00",
        &SIGNED[3..],
        &SIGNED[..66],
        "v0=zz8e16b6816fafdde1f4ae055a2713c74e9d11c8031109eecd5749e360e6cc5e",
    ] {
        assert_eq!(
            check(&[(SIGNATURE, broken), good[1]], body, SENT),
            Err(Rejected::NoSignature),
            "{broken}"
        );
    }
    for broken in ["", "+1700000000", "1700000000.0", " 1700000000", "9999999999999"] {
        assert_eq!(
            check(&[good[0], (TIMESTAMP, broken)], body, SENT),
            Err(Rejected::NoSignature),
            "{broken}"
        );
    }
    assert_eq!(check(&[good[0], (TIMESTAMP, "1700000001")], body, SENT), Err(Rejected::BadSignature));
    // The same JSON in other bytes is another message.
    let rewritten = serde_json::to_vec(&serde_json::from_slice::<Value>(body).unwrap()).unwrap();
    assert_ne!(rewritten, body);
    assert_eq!(check(&good, &rewritten, SENT), Err(Rejected::BadSignature));
    let headers: Vec<_> =
        good.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(verify(&headers, body, "another", SENT), Err(Rejected::BadSignature));
    assert_eq!(verify(&headers, body, "", SENT), Err(Rejected::BadSignature));
}

#[test]
fn s_22_old_deliveries_are_late_then_refused() {
    let body = BODY.as_bytes();
    for (age, expected) in [
        (0, fresh(body)),
        (300, fresh(body)),
        (-300, fresh(body)),
        (301, late(body)),
        (7200, late(body)),
        (7201, Err(Rejected::TooOld)),
        (-301, Err(Rejected::TooOld)),
    ] {
        assert_eq!(check_signed(body, age), expected, "{age}");
    }
}

fn validation(token: &str) -> Vec<u8> {
    json!({"event": VALIDATION, "payload": {"plainToken": token}, "event_ts": 1_700_000_000_000_i64})
        .to_string()
        .into_bytes()
}

#[test]
fn a_url_validation_is_answered() {
    let Ok(Verified::Challenge { answer, .. }) = check_signed(&validation("qgg8vlvZRS6UYooatFL8Aw"), 0)
    else {
        panic!("not answered")
    };
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["plainToken"], "qgg8vlvZRS6UYooatFL8Aw");
    assert_eq!(answer["encryptedToken"], "9c8ad56737c19db2904b301c0781e86857e999f39f07727668cf62a5e7e298c8");
    let unsigned = check(&[], &validation("qgg8vlvZRS6UYooatFL8Aw"), SENT);
    assert!(matches!(unsigned, Ok(Verified::Challenge { .. })));
}

#[test]
fn a_url_validation_signs_nothing_that_could_pass_for_an_event() {
    let forged = format!("v0:1700000000:{BODY}");
    let long = "a".repeat(65);
    for token in [forged.as_str(), "v0:1:x", "", &long, "a b", "ż", "a\u{0}", "a=="] {
        assert_eq!(check(&[], &validation(token), SENT), Err(Rejected::NoSignature), "{token}");
        assert_eq!(check_signed(&validation(token), 0), Err(Rejected::Malformed), "{token}");
    }
    // A wrong signature is not the same as none.
    let wrong = [(SIGNATURE, SIGNED), (TIMESTAMP, "1700000000")];
    assert_eq!(check(&wrong, &validation("abc"), SENT), Err(Rejected::BadSignature));
    assert_eq!(check_signed(&validation("abc"), 301), Err(Rejected::TooOld));
}

fn parse(body: &Value) -> IncomingEvent {
    read(body.to_string().as_bytes()).unwrap()
}

fn read(body: &[u8]) -> Result<IncomingEvent, Rejected> {
    let mut events = ZoomEvents.parse(body, &EventKeys::shared(&SECRET.into()))?;
    assert_eq!(events.len(), 1);
    Ok(events.remove(0))
}

fn joined() -> Value {
    json!({"event": "meeting.participant_joined", "event_ts": 1_626_230_691_572_i64, "payload": {"account_id": "A", "object": {
        "id": "123", "uuid": "u==", "host_id": "h", "participant": {
            "user_id": "1677", "user_name": "Jill", "id": "", "participant_uuid": "p", "join_time": "2021-07-14T02:44:50Z",
            "email": "", "registrant_id": "r", "phone_number": "8615250064084"}}}})
}

#[test]
fn a_join_is_read() {
    let event = parse(&joined());
    assert_eq!(event.kind, EventKind::ParticipantJoined);
    assert_eq!(event.at, "2021-07-14T02:44:50Z".parse::<DateTime<Utc>>().unwrap());
    assert_eq!((event.meeting_id.as_deref(), event.run_id.as_deref()), (Some("123"), Some("u==")));
    let person = event.participant.unwrap();
    assert_eq!((person.stay.as_deref(), person.stay_alias.as_deref()), (Some("1677"), Some("p")));
    assert_eq!(person.registrant_id.as_deref(), Some("r"));
    assert_eq!((person.email, person.user_id), (None, None));
}

#[test]
fn ids_are_read_as_numbers_too() {
    let mut body = joined();
    body["payload"]["object"]["id"] = json!(123);
    body["payload"]["object"]["participant"]["user_id"] = json!(1677);
    let (number, text) = (parse(&body), parse(&joined()));
    assert_eq!(number, text);
}

#[test]
fn without_its_own_time_a_join_happened_when_it_was_told() {
    let mut body = joined();
    body["payload"]["object"]["participant"].as_object_mut().unwrap().remove("join_time");
    assert_eq!(parse(&body).at.timestamp_millis(), 1_626_230_691_572);
}

#[test]
fn a_duplicate_has_the_same_fingerprint_and_another_event_has_not() {
    let first = parse(&joined()).fingerprint;
    assert_eq!(first.len(), 64);
    let mut others = Vec::new();
    for (pointer, value) in [
        ("/event", json!("meeting.participant_left")),
        ("/event_ts", json!(1_626_230_691_573_i64)),
        ("/payload/account_id", json!("B")),
        ("/payload/object/uuid", json!("v==")),
        ("/payload/object/participant/participant_uuid", json!("q")),
        ("/payload/object/participant/user_id", json!("1678")),
        ("/payload/object/participant/registrant_id", json!("s")),
    ] {
        let mut body = joined();
        *body.pointer_mut(pointer).unwrap() = value;
        others.push(parse(&body).fingerprint);
    }
    others.push(first);
    let count = others.len();
    others.sort();
    others.dedup();
    assert_eq!(others.len(), count);
}

#[test]
fn a_recordings_addresses_and_token_do_not_count() {
    let body = |token: &str, url: &str, file: &str| {
        json!({"event": "recording.completed", "event_ts": 1, "download_token": token, "payload": {"account_id": "A", "object": {
            "id": 1, "uuid": "u", "share_url": url, "recording_files": [{"id": file, "download_url": url, "play_url": url}]}}})
    };
    let first = parse(&body("a", "https://x.example/1", "f")).fingerprint;
    assert_eq!(first, parse(&body("b", "https://y.example/2", "f")).fingerprint);
    assert_ne!(first, parse(&body("a", "https://x.example/1", "g")).fingerprint);
}

#[test]
fn unknown_events_are_kept() {
    let body = |what: &str| json!({"event": "meeting.hologram", "event_ts": 5, "payload": {"account_id": "A", "object": {"x": what}}});
    let event = parse(&body("a"));
    assert_eq!((event.kind, event.vendor_kind.as_str()), (EventKind::Other, "meeting.hologram"));
    assert_ne!(event.fingerprint, parse(&body("b")).fingerprint);
}

#[test]
fn what_is_no_envelope_is_refused() {
    for body in
        ["", "[]", "null", "{}", r#"{"event":1}"#, r#"{"event":"meeting.ended"}"#, &"[".repeat(100_000)]
    {
        assert_eq!(read(body.as_bytes()), Err(Rejected::Malformed));
    }
}

#[test]
fn secrets_do_not_survive_parsing() {
    let body = json!({"event": "meeting.registration_created", "event_ts": 5, "payload": {"account_id": "A", "object": {
        "id": 1, "password": "canary-p", "registrant": {"id": "r", "first_name": "Jill", "last_name": "Chill",
        "email": "j@example.com", "join_url": "https://zoom.us/w/1?tk=canary-t"}}}});
    let event = parse(&body);
    assert!(!serde_json::to_string(&event).unwrap().contains("canary"));
    let person = event.participant.unwrap();
    assert_eq!((person.name.as_deref(), person.registrant_id.as_deref()), (Some("Jill Chill"), Some("r")));
}

/// Every sample of the vendor is accepted when signed, and understood. The samples are not part of this repository:
/// `LECTERN_VENDOR_SPECS` names the folder that has them.
#[test]
fn every_sample_is_accepted() {
    let Some(found) = crate::samples::folder("every_sample_is_accepted", "zoom/webhooks") else { return };
    let mut fingerprints = std::collections::HashSet::new();
    let mut samples = 0;
    for (name, sample) in found {
        let body = sample.to_string().into_bytes();
        samples += 1;
        if name == VALIDATION {
            assert!(matches!(check_signed(&body, 0), Ok(Verified::Challenge { .. })));
            continue;
        }
        assert_eq!(check_signed(&body, 0), fresh(&body), "{name}");
        let event = read(&body).unwrap_or_else(|_| panic!("{name}"));
        assert_eq!(event.vendor_kind, name);
        assert!(event.account_id.is_some(), "{name}");
        let unimportant = [
            "meeting.created",
            "meeting.participant_bind",
            "meeting.participant_jbh_joined",
            "meeting.participant_jbh_waiting",
            "meeting.participant_role_changed",
            "meeting.sharing_started",
            "meeting.sharing_ended",
            "recording.cloud_storage_usage_updated",
        ];
        assert_eq!(event.kind == EventKind::Other, unimportant.contains(&name.as_str()), "{name}");
        if name.starts_with("meeting.") {
            assert!(event.meeting_id.is_some(), "{name}");
        }
        if name.contains("participant_") || name.contains("registration_") {
            assert!(event.participant.is_some_and(|person| person != ParticipantFacts::default()), "{name}");
        }
        assert!(fingerprints.insert(event.fingerprint), "{name}");
    }
    assert!(samples >= 41, "{samples} samples");
}
