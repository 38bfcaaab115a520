//! Change notifications: what is checked, how they travel.

use lectern_simulators::teams::{Identity, NotificationBehaviour};
use serde_json::{Value, json};

use crate::harness::{CERTIFICATE, STATE, School, encoded};

fn resource(link: &str) -> String {
    format!("communications/onlineMeetings(joinWebUrl='{}')/meetingCallEvents", encoded(link))
}

fn wanted(school: &School, link: &str) -> Value {
    json!({
        "changeType": "updated", "notificationUrl": school.hook.url, "lifecycleNotificationUrl": school.hook.url,
        "resource": resource(link), "expirationDateTime": "2026-11-22T12:00:00Z", "clientState": STATE,
        "includeResourceData": true, "encryptionCertificate": CERTIFICATE, "encryptionCertificateId": "key-1",
    })
}

async fn subscribe(school: &School, body: Value) -> (u16, Value) {
    school.call_as(&school.app_token, "POST", "/beta/subscriptions", Some(body)).await
}

#[tokio::test]
async fn every_rule_of_a_subscription_is_checked() {
    let school = School::unchecked().await;
    let (_, link) = school.event().await;
    let with = |name: &str, value: Value| {
        let mut body = wanted(&school, &link);
        body[name] = value;
        body
    };
    let too_long = "x".repeat(129);
    for body in [
        with("changeType", json!("created")),
        with("expirationDateTime", json!("2026-11-25T12:00:00Z")),
        with("expirationDateTime", json!("2026-11-20T12:00:00Z")),
        with("clientState", json!(too_long)),
        with("lifecycleNotificationUrl", json!(null)),
        with("encryptionCertificate", json!("AAAA")),
        with("encryptionCertificateId", json!(null)),
        with("resource", json!("communications/calls")),
        // The link's own escapes, decoded: another link.
        with(
            "resource",
            json!(format!("communications/onlineMeetings(joinWebUrl='{link}')/meetingCallEvents")),
        ),
    ] {
        assert_eq!(subscribe(&school, body.clone()).await.0, 400, "{body}");
    }
    // Not for people, and not in the other face.
    assert_eq!(
        school.call_as(&school.token, "POST", "/beta/subscriptions", Some(wanted(&school, &link))).await.0,
        403
    );
    assert_eq!(
        school
            .call_as(&school.app_token, "POST", "/v1.0/subscriptions", Some(wanted(&school, &link)))
            .await
            .0,
        400
    );
    assert_eq!(*school.hook.handshakes.lock().unwrap(), 0);
    *school.hook.deaf.lock().unwrap() = true;
    let (status, body) = subscribe(&school, wanted(&school, &link)).await;
    assert_eq!((status, body["error"]["code"].as_str()), (400, Some("ValidationError")));
    *school.hook.deaf.lock().unwrap() = false;
    assert_eq!(subscribe(&school, wanted(&school, &link)).await.0, 201);
    assert_eq!(subscribe(&school, wanted(&school, &link)).await.0, 409);
}

#[tokio::test]
async fn a_subscription_is_renewed_read_ended_and_ends_by_itself() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    let (_, made) = subscribe(&school, wanted(&school, &link)).await;
    assert_eq!(made["clientState"], STATE);
    let path = format!("/beta/subscriptions/{}", made["id"].as_str().unwrap());
    let (_, read) = school.call_as(&school.app_token, "GET", &path, None).await;
    assert_eq!((&read["id"], &read["clientState"]), (&made["id"], &Value::Null));
    let until = json!({"expirationDateTime": "2026-11-23T12:00:00Z"});
    let (status, renewed) = school.call_as(&school.app_token, "PATCH", &path, Some(until)).await;
    assert_eq!(
        (status, renewed["expirationDateTime"].as_str().unwrap().starts_with("2026-11-23T12:00")),
        (200, true)
    );
    assert_eq!(school.call_as(&school.app_token, "POST", &format!("{path}/reauthorize"), None).await.0, 204);
    // Nobody else's.
    assert_eq!(school.call_as(&school.app_token, "GET", "/beta/subscriptions/other", None).await.0, 404);
    let mut school = school;
    school.minutes(60 * 24 * 2 + 1);
    school.renew().await;
    assert_eq!(school.call_as(&school.app_token, "GET", &path, None).await.0, 404);
    assert!(school.teams.subscriptions().is_empty());
}

#[tokio::test]
async fn without_content_there_is_only_a_name() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    let mut body = wanted(&school, &link);
    for name in ["includeResourceData", "encryptionCertificate", "encryptionCertificateId"] {
        body.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(subscribe(&school, body).await.0, 201);
    school.teams.organizer_joins(&link).unwrap();
    school.teams.flush_notifications().await;
    let bodies = school.hook.bodies();
    assert_eq!(bodies.len(), 2);
    let first: Value = serde_json::from_slice(&bodies[0]).unwrap();
    let item = &first["value"][0];
    assert_eq!((&item["clientState"], item.get("encryptedContent")), (&json!(STATE), None));
    assert!(first.get("validationTokens").is_none() && item["resourceData"]["id"].is_string());
}

#[tokio::test]
async fn a_delivery_is_tried_again_for_four_hours() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    subscribe(&school, wanted(&school, &link)).await;
    school.hook.answers.lock().unwrap().extend([500; 20]);
    school.teams.organizer_joins(&link).unwrap();
    let mut tries = school.teams.flush_notifications().await;
    for _ in 0..300 {
        school.minutes(1);
        tries += school.teams.flush_notifications().await;
    }
    assert_eq!((tries, school.teams.waiting_notifications()), (18, 0));
    let log = school.teams.notifications_since(0);
    assert!(log.last().unwrap().is_final);
    assert_eq!(log.last().unwrap().attempt, 9);
}

#[tokio::test]
async fn lost_and_mixed_up_on_demand_and_rejoins_have_new_ids() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    subscribe(&school, wanted(&school, &link)).await;
    school.teams.set_notifications(NotificationBehaviour { lose: 100, ..NotificationBehaviour::default() });
    school.teams.organizer_joins(&link).unwrap();
    assert_eq!(school.teams.flush_notifications().await, 0);
    assert_eq!(school.teams.notifications_since(0).len(), 2);
    school.teams.set_notifications(NotificationBehaviour {
        reorder: 100,
        seed: Some(3),
        ..NotificationBehaviour::default()
    });
    for _ in 0..6 {
        let visit = school.teams.joins(&link, Identity::Entra, "stu@oak.test").unwrap();
        school.teams.leaves(visit).unwrap();
    }
    school.teams.flush_notifications().await;
    assert_eq!(school.hook.bodies().len(), 12);
    assert_eq!(school.teams.truth(&link).unwrap().calls[0].stays.len(), 7);
}

#[tokio::test]
async fn it_asks_to_be_authorized_again_before_its_end() {
    let school = School::new().await;
    school.teams.set_behaviour(|behaviour| behaviour.reauthorize_minutes = 60);
    let (_, link) = school.event().await;
    let (_, made) = subscribe(&school, wanted(&school, &link)).await;
    school.minutes(60 * 23 + 1);
    school.teams.flush_notifications().await;
    let told: Value = serde_json::from_slice(&school.hook.bodies()[0]).unwrap();
    assert_eq!(told["value"][0]["lifecycleEvent"], "reauthorizationRequired");
    let id = made["id"].as_str().unwrap();
    assert!(school.teams.lifecycle(id, "subscriptionRemoved"));
    assert!(school.teams.subscriptions().is_empty() && !school.teams.lifecycle(id, "missed"));
}

#[tokio::test]
async fn files_are_told_to_those_who_asked_before() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    let meeting = school.online(&link).await["id"].as_str().unwrap().to_owned();
    let patch = json!({"recordAutomatically": true});
    school.call("PATCH", &format!("/me/onlineMeetings/{}", encoded(&meeting)), Some(patch)).await;
    let asked = async |folder: &str| {
        let mut body = wanted(&school, &link);
        body["changeType"] = json!("created");
        body["resource"] = json!(format!("users/{}/onlineMeetings/getAll{folder}", school.teacher));
        school.call_as(&school.app_token, "POST", "/v1.0/subscriptions", Some(body)).await.0
    };
    school.teams.organizer_joins(&link).unwrap();
    school.minutes(1);
    assert_eq!(asked("Recordings").await, 201);
    // Too late for this one.
    assert_eq!(asked("Transcripts").await, 201);
    school.teams.end_for_all(&link);
    school.minutes(6);
    school.teams.flush_notifications().await;
    let log = school.teams.notifications_since(0);
    let told: Vec<_> = log.iter().map(|record| record.what.as_str()).collect();
    assert_eq!(told, ["callRecording"]);
}
