//! One class from connecting to its end, over HTTP.

use serde_json::json;

use crate::harness::{School, check_signature};

#[tokio::test]
async fn a_class_takes_place_and_every_step_is_told() {
    let school = School::new().await;
    let (status, me) = school.call("GET", "/users/me", None).await;
    assert_eq!((status, me["email"].as_str(), me["type"].as_u64()), (200, Some("ada@oak.test"), Some(2)));

    let meeting = school.meeting(json!({})).await;
    let (id, join_url) = school.registrant(meeting, "stu@student.test").await;
    school.zoom.host_joins(meeting).unwrap();
    school.minutes(3);
    let page = school.http.get(&join_url).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let cookie = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let text = page.text().await.unwrap();
    assert!(text.contains("In the meeting") && text.contains("Ada Żółć"), "{text}");
    let leave = text.split("action=\"").nth(1).unwrap().split('"').next().unwrap();

    // Another browser with the same link is another device.
    assert_eq!(school.http.get(&join_url).send().await.unwrap().status(), 403);
    // The same browser is the same person.
    assert_eq!(school.http.get(&join_url).header("cookie", &cookie).send().await.unwrap().status(), 200);

    school.seconds(50);
    let left = school.http.post(format!("{}{leave}", school.zoom.base_url())).send().await.unwrap();
    assert_eq!(left.status(), 303);
    school.minutes(1);
    assert_eq!(
        school.call("PUT", &format!("/meetings/{meeting}/status"), Some(json!({ "action": "end" }))).await.0,
        204
    );
    school.zoom.flush_webhooks().await;
    assert_eq!(
        school.hook.events(),
        [
            "meeting.created",
            "meeting.registration_created",
            "meeting.started",
            "meeting.participant_joined",
            "meeting.participant_joined",
            "meeting.participant_left",
            "meeting.participant_left",
            "meeting.ended",
        ]
    );
    for (headers, body) in school.hook.received.lock().unwrap().iter() {
        assert!(check_signature(headers, body));
    }
    let joined = school.hook.bodies()[4].clone();
    assert_eq!(joined["payload"]["object"]["participant"]["registrant_id"], id.as_str());
    assert_eq!(joined["payload"]["object"]["id"], meeting.to_string());

    let truth = school.zoom.truth(meeting).unwrap();
    let student = truth.people.iter().find(|person| person.registrant_id.as_deref() == Some(&id)).unwrap();
    assert_eq!(student.seconds, 50);
    assert_eq!(truth.people.len(), 2);
}
