//! Subscriptions, pushes and pulls; verified as the server verifies them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lectern_core::{
    provider::{
        ErrorKind, EventEndpoint, EventKeys, EventKind, Events as _, IncomingEvent, Provider, Rejected,
        SigningKey, Verified,
    },
    secret::SecretString,
};
use lectern_providers::{meet::MeetEvents, signing_keys};
use lectern_simulators::meet::{PushBehaviour, PushSpec, Visitor};
use serde_json::json;

use crate::harness::{AUDIENCE, CALL, PUSHER, Push, School, TOPIC, at, draft};

fn endpoint(topic: &str) -> EventEndpoint {
    EventEndpoint {
        url: "https://classroom.test/webhooks/meet".parse().unwrap(),
        secret: "unused".into(),
        certificate: None,
        topic: Some(topic.to_owned()),
    }
}

async fn keys(school: &School) -> Vec<SigningKey> {
    let url = &school.google.other_urls()["keys"];
    let document = school.http.get(url).send().await.unwrap().bytes().await.unwrap();
    signing_keys::read(&document).unwrap()
}

fn verify(school: &School, push: &Push, signing: &[SigningKey]) -> Result<Vec<IncomingEvent>, Rejected> {
    let secret = SecretString::from("");
    let keys = EventKeys { signing, audience: AUDIENCE, sender: PUSHER, ..EventKeys::shared(&secret) };
    let delivery = lectern_core::provider::Delivery { headers: &push.0, query: None, body: &push.1 };
    let now = lectern_core::clock::Clock::now(&school.clock);
    match MeetEvents.verify(&delivery, &keys, now)? {
        Verified::Events { parts, .. } => {
            Ok(parts.iter().flat_map(|part| MeetEvents.parse(part, &keys).unwrap()).collect())
        }
        Verified::Challenge { .. } => panic!("Google has no challenge"),
    }
}

/// What was pushed, each verified.
async fn told(school: &School) -> Vec<IncomingEvent> {
    school.google.flush_pushes().await;
    let signing = keys(school).await;
    school.hook.take().iter().flat_map(|push| verify(school, push, &signing).unwrap()).collect()
}

fn kinds(events: &[IncomingEvent]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind).collect()
}

async fn class(school: &School, provider: &dyn Provider) -> (String, String) {
    let made = provider.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let link = made.join_url.expose().clone();
    let ada = school.google.joins(&link, Visitor::account("ada@oak.test")).unwrap();
    school.minutes(1);
    school.google.leaves(ada).unwrap();
    (made.id, link)
}

#[tokio::test]
async fn a_subscription_tells_of_all_the_teachers_spaces() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let subscriptions = provider.subscriptions().unwrap();
    let made = subscriptions.subscribe(&CALL, None, &endpoint(TOPIC)).await.unwrap();
    assert_eq!(made.suspended, None);
    assert_eq!(made.until, crate::harness::noon() + chrono::Duration::days(7));
    let (space, _) = class(&school, provider.as_ref()).await;
    // Somebody else's class is not told.
    let sam = school.connect("sam@oak.test", &[]).await;
    class(&school, sam.as_ref()).await;
    let events = told(&school).await;
    assert_eq!(
        kinds(&events),
        [
            EventKind::MeetingStarted,
            EventKind::ParticipantJoined,
            EventKind::ParticipantLeft,
            EventKind::MeetingEnded
        ]
    );
    let roster = provider.live_roster().unwrap();
    for event in &events {
        assert_eq!(event.subscription_id.as_deref(), Some(made.id.as_str()));
        assert_eq!(event.meeting_id, None);
        let found = roster.meeting_of(&CALL, event.resource.as_deref().unwrap()).await.unwrap();
        assert_eq!(found.as_deref(), Some(space.as_str()));
    }
    // With another account's token the record is not to be had.
    let other = sam.live_roster().unwrap().meeting_of(&CALL, events[0].resource.as_deref().unwrap()).await;
    assert_eq!(other.unwrap(), None);
    // Again: the same one, prolonged.
    school.clock.advance(chrono::Duration::days(1));
    let again = subscriptions.subscribe(&CALL, None, &endpoint(TOPIC)).await.unwrap();
    assert_eq!(again.id, made.id);
    assert!(again.until > made.until);
    subscriptions.unsubscribe(&CALL, &made.id).await.unwrap();
    subscriptions.unsubscribe(&CALL, &made.id).await.unwrap();
    assert_eq!(subscriptions.renew(&CALL, &made.id).await.unwrap_err().kind, ErrorKind::NotFound);
    let none = EventEndpoint { topic: None, ..endpoint(TOPIC) };
    let refused = subscriptions.subscribe(&CALL, None, &none).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid("topic".to_owned()));
}

#[tokio::test]
async fn forged_pushes_are_refused_and_new_keys_are_fetched() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    provider.subscriptions().unwrap().subscribe(&CALL, None, &endpoint(TOPIC)).await.unwrap();
    let known = keys(&school).await;
    let forged = [
        (PushBehaviour { wrong_audience: 100, ..PushBehaviour::default() }, Rejected::BadSignature),
        (PushBehaviour { wrong_sender: 100, ..PushBehaviour::default() }, Rejected::BadSignature),
        (PushBehaviour { wrong_issuer: 100, ..PushBehaviour::default() }, Rejected::BadSignature),
        (PushBehaviour { expired_token: 100, ..PushBehaviour::default() }, Rejected::TooOld),
        (PushBehaviour { wrong_key: 100, ..PushBehaviour::default() }, Rejected::BadSignature),
    ];
    for (behaviour, wanted) in forged {
        school.google.set_pushes(behaviour.clone());
        class(&school, provider.as_ref()).await;
        school.google.flush_pushes().await;
        let pushes = school.hook.take();
        assert_eq!(pushes.len(), 4);
        for push in &pushes {
            assert_eq!(verify(&school, push, &known), Err(wanted), "{behaviour:?}");
        }
    }
    school.google.set_pushes(PushBehaviour::default());
    school.google.rotate_keys();
    class(&school, provider.as_ref()).await;
    school.google.flush_pushes().await;
    let pushes = school.hook.take();
    assert_eq!(verify(&school, &pushes[0], &known), Err(Rejected::UnknownKey));
    let newer = keys(&school).await;
    assert_eq!(newer.len(), 2);
    assert!(verify(&school, &pushes[0], &newer).is_ok());
}

#[tokio::test]
async fn pushes_come_again_until_they_are_taken() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    provider.subscriptions().unwrap().subscribe(&CALL, None, &endpoint(TOPIC)).await.unwrap();
    *school.hook.answers.lock().unwrap() = vec![500, 200, 201, 202, 301, 404, 204];
    class(&school, provider.as_ref()).await;
    assert_eq!(school.google.flush_pushes().await, 4);
    assert_eq!(school.google.waiting_pushes().0, 1);
    for _ in 0..2 {
        let due = school.google.waiting_pushes().1.unwrap();
        school.clock.set(due);
        assert_eq!(school.google.flush_pushes().await, 1);
    }
    school.clock.set(school.google.waiting_pushes().1.unwrap());
    assert_eq!(school.google.flush_pushes().await, 1);
    assert_eq!(school.google.waiting_pushes().0, 0);
    let log = school.google.pushes_since(0);
    assert_eq!(log.iter().filter(|push| push.is_final).count(), 4);
    let signing = keys(&school).await;
    let fingerprints: Vec<_> = school
        .hook
        .take()
        .iter()
        .map(|push| verify(&school, push, &signing).unwrap()[0].fingerprint.clone())
        .collect();
    let mut different = fingerprints.clone();
    different.sort();
    different.dedup();
    assert_eq!((fingerprints.len(), different.len()), (7, 4));
}

#[tokio::test]
async fn bad_days_of_the_post() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    provider.subscriptions().unwrap().subscribe(&CALL, None, &endpoint(TOPIC)).await.unwrap();
    school.google.set_pushes(PushBehaviour { duplicate: 100, snake_case: true, ..PushBehaviour::default() });
    class(&school, provider.as_ref()).await;
    let doubled = told(&school).await;
    assert_eq!(doubled.len(), 8);
    assert!(doubled.chunks(2).all(|pair| pair[0].fingerprint == pair[1].fingerprint));
    school.google.set_pushes(PushBehaviour { lose: 100, ..PushBehaviour::default() });
    class(&school, provider.as_ref()).await;
    assert!(told(&school).await.is_empty());
    assert!(school.google.pushes_since(0).iter().any(|push| push.attempt == 0));
    school.google.set_pushes(PushBehaviour { unknown_events: 100, ..PushBehaviour::default() });
    class(&school, provider.as_ref()).await;
    let strange = told(&school).await;
    assert_eq!(strange.iter().filter(|event| event.kind == EventKind::Other).count(), 4);
    school.google.set_pushes(PushBehaviour {
        delay_seconds: 600,
        reorder: 100,
        seed: Some(3),
        ..PushBehaviour::default()
    });
    class(&school, provider.as_ref()).await;
    assert!(told(&school).await.is_empty());
    school.minutes(10);
    let late = told(&school).await;
    assert_eq!(late.len(), 4);
}

#[tokio::test]
async fn a_subscription_is_reminded_ends_and_is_suspended() {
    let school = School::new().await;
    school.google.set_behaviour(|behaviour| behaviour.operation_looks = 2);
    let provider = school.connect("ada@oak.test", &[]).await;
    let subscriptions = provider.subscriptions().unwrap();
    let made = subscriptions.subscribe(&CALL, None, &endpoint(TOPIC)).await.unwrap();
    school.google.set_behaviour(|behaviour| behaviour.operation_looks = 0);
    assert!(school.google.suspend(&made.id, "USER_AUTHORIZATION_FAILURE"));
    let events = told(&school).await;
    assert_eq!(kinds(&events), [EventKind::SubscriptionLost]);
    assert_eq!(events[0].subscription_id.as_deref(), Some(made.id.as_str()));
    class(&school, provider.as_ref()).await;
    assert!(told(&school).await.is_empty());
    // Renewing wakes it.
    let renewed = subscriptions.renew(&CALL, &made.id).await.unwrap();
    assert_eq!(renewed.suspended, None);
    school.clock.set(renewed.until - chrono::Duration::hours(12));
    assert_eq!(kinds(&told(&school).await), [EventKind::SubscriptionEnding]);
    school.clock.set(renewed.until - chrono::Duration::minutes(30));
    assert_eq!(kinds(&told(&school).await), [EventKind::SubscriptionEnding]);
    school.clock.set(renewed.until);
    assert_eq!(kinds(&told(&school).await), [EventKind::SubscriptionLost]);
    assert_eq!(subscriptions.renew(&CALL, &made.id).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_closed_topic_suspends_and_a_foreign_one_is_refused() {
    let school = School::new().await;
    let push = |topic: &str, meet_may_publish| PushSpec {
        topic: topic.to_owned(),
        subscription: format!("{}-sub", topic.replace("topics", "subscriptions")),
        endpoint: Some(school.hook.url.clone()),
        audience: Some(AUDIENCE.to_owned()),
        service_account: PUSHER.to_owned(),
        meet_may_publish,
    };
    let closed = "projects/oak/topics/closed";
    school.google.add_push(push(closed, false));
    let provider = school.connect("ada@oak.test", &[]).await;
    let subscriptions = provider.subscriptions().unwrap();
    // Accepted at first; the next look tells.
    let made = subscriptions.subscribe(&CALL, None, &endpoint(closed)).await.unwrap();
    assert_eq!(made.suspended, None);
    let looked = subscriptions.renew(&CALL, &made.id).await.unwrap();
    assert_eq!(looked.suspended.as_deref(), Some("ENDPOINT_PERMISSION_DENIED"));
    school.google.add_push(push(closed, true));
    assert_eq!(subscriptions.renew(&CALL, &made.id).await.unwrap().suspended, None);
    // Another topic takes another subscription.
    let moved = subscriptions.subscribe(&CALL, None, &endpoint(TOPIC)).await.unwrap();
    assert_ne!(moved.id, made.id);
    let foreign =
        subscriptions.subscribe(&CALL, Some(&at("spaces/none")), &endpoint(TOPIC)).await.unwrap_err();
    assert!(matches!(foreign.kind, ErrorKind::PolicyMissing(_) | ErrorKind::NotFound));
    let space = provider.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let by_space = subscriptions.subscribe(&CALL, Some(&at(&space.id)), &endpoint(TOPIC)).await.unwrap();
    assert_ne!(by_space.id, moved.id);
    let elsewhere = endpoint("projects/elm/topics/events");
    let refused = subscriptions.subscribe(&CALL, Some(&at(&space.id)), &elsewhere).await.unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::PolicyMissing(_)));
}

#[tokio::test]
async fn subscriptions_by_hand() {
    let school = School::new().await;
    let token = school.token("ada@oak.test", "https://www.googleapis.com/auth/pubsub").await;
    let pulled = "projects/oak/topics/pulled";
    school.google.add_push(PushSpec {
        topic: pulled.to_owned(),
        subscription: "projects/oak/subscriptions/pulled".to_owned(),
        endpoint: None,
        audience: None,
        service_account: String::new(),
        meet_may_publish: true,
    });
    let (_, space) =
        school.call(&token, "POST", "/v2/spaces", Some(json!({"config": {"accessType": "OPEN"}}))).await;
    let wanted = |kind: &str, ttl: &str| {
        json!({"targetResource": format!("//meet.googleapis.com/{}", space["name"].as_str().unwrap()), "ttl": ttl,
            "eventTypes": [kind], "notificationEndpoint": {"pubsubTopic": pulled}})
    };
    let started = "google.workspace.meet.conference.v2.started";
    let make = async |body| school.call(&token, "POST", "/v1/subscriptions", Some(body)).await;
    assert_eq!(make(wanted("google.workspace.meet.conference.v2.exploded", "0s")).await.0, 400);
    assert_eq!(make(wanted(started, "604801s")).await.0, 400);
    // Events of Meet bring names and never the resource.
    let mut whole = wanted(started, "0s");
    whole["payloadOptions"] = json!({"includeResource": true});
    assert_eq!(make(whole).await.0, 400);
    let (status, operation) = make(wanted(started, "3600s")).await;
    assert_eq!((status, &operation["done"]), (200, &json!(true)));
    assert_eq!(make(wanted(started, "0s")).await.1["error"]["status"], "ALREADY_EXISTS");
    assert_eq!(school.call(&token, "GET", "/v1/subscriptions", None).await.0, 400);
    let name = operation["response"]["name"].as_str().unwrap();
    assert_eq!(school.call(&token, "GET", &format!("/v1/{name}"), None).await.1["state"], "ACTIVE");
    let reactivate = format!("/v1/{name}:reactivate");
    let (status, body) = school.call(&token, "POST", &reactivate, Some(json!({}))).await;
    assert_eq!((status, &body["error"]["status"]), (400, &json!("FAILED_PRECONDITION")));

    school.google.joins(space["meetingUri"].as_str().unwrap(), Visitor::anonymous("A")).unwrap();
    let pull = async || {
        let path = "/v1/projects/oak/subscriptions/pulled:pull";
        school.call(&token, "POST", path, Some(json!({"maxMessages": 10}))).await.1
    };
    let first = pull().await;
    assert_eq!(first["receivedMessages"].as_array().unwrap().len(), 1);
    let message = &first["receivedMessages"][0]["message"];
    assert!(message.get("message_id").is_none());
    assert_eq!(
        message["attributes"]["ce-subject"],
        format!("//meet.googleapis.com/{}", space["name"].as_str().unwrap())
    );
    let data = STANDARD.decode(message["data"].as_str().unwrap()).unwrap();
    let data: serde_json::Value = serde_json::from_slice(&data).unwrap();
    let named = data["conferenceRecord"].as_object().unwrap();
    assert_eq!((named.len(), data.as_object().unwrap().len()), (1, 1));
    assert!(named["name"].as_str().unwrap().starts_with("conferenceRecords/"));
    assert_eq!(pull().await, json!({}));
    school.seconds(10);
    let again = pull().await;
    assert_eq!(again["receivedMessages"][0]["deliveryAttempt"], 2);
    let ack = json!({"ackIds": [again["receivedMessages"][0]["ackId"]]});
    let path = "/v1/projects/oak/subscriptions/pulled:acknowledge";
    assert_eq!(school.call(&token, "POST", path, Some(ack)).await.0, 200);
    school.minutes(1);
    assert_eq!(pull().await, json!({}));
}
