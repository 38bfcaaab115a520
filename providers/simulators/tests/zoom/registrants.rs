//! Registrants: one address one registrant, no kindness to the denied, pages without order.

use std::collections::BTreeSet;

use lectern_simulators::zoom::{HostPlan, Refusal};
use serde_json::json;

use crate::harness::School;

#[tokio::test]
async fn the_same_address_is_the_same_registrant() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let one = school.registrant(id, "stu@student.test").await;
    let two = school.registrant(id, "STU@student.test").await;
    assert_eq!(one, two);
}

#[tokio::test]
async fn registration_is_off_by_default_in_two_ways_to_say_so() {
    let school = School::new().await;
    let id = school.meeting(json!({ "approval_type": 2 })).await;
    let body = json!({ "email": "a@b.test", "first_name": "A" });
    let path = format!("/meetings/{id}/registrants");
    assert_eq!(school.call("POST", &path, Some(body.clone())).await.0, 404);
    school.zoom.set_behaviour(|behaviour| behaviour.registration_off_is_3027 = true);
    let (status, answer) = school.call("POST", &path, Some(body.clone())).await;
    assert_eq!((status, answer["code"].as_i64()), (400, Some(3027)));
    school.zoom.set_host_plan("ada@oak.test", HostPlan::Basic);
    let (status, answer) = school.call("POST", &path, Some(body)).await;
    assert_eq!(
        (status, answer["code"].as_i64(), answer["message"].as_str()),
        (400, Some(200), Some("Only available for Paid user: ada@oak.test"))
    );
}

#[tokio::test]
async fn a_stranger_who_registers_by_himself_stays_pending() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let (_, got) = school.call("GET", &format!("/meetings/{id}"), None).await;
    let plain = school.http.get(got["join_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(plain.status(), 302);
    let form_page = plain.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(form_page, got["registration_url"].as_str().unwrap());
    assert_eq!(school.http.get(&form_page).send().await.unwrap().status(), 200);
    let form = [("first_name", "Mallory"), ("last_name", "M"), ("email", "m@evil.test")];
    let answer = school.http.post(&form_page).form(&form).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("pending"));
    let (_, pending) = school.call("GET", &format!("/meetings/{id}/registrants?status=pending"), None).await;
    assert_eq!(pending["registrants"][0]["email"], "m@evil.test");
    assert!(pending["registrants"][0].get("join_url").is_none());
    // Our own registration of that address does not approve it either.
    let body = json!({ "email": "m@evil.test", "first_name": "M", "auto_approve": true });
    let (status, answer) = school.call("POST", &format!("/meetings/{id}/registrants"), Some(body)).await;
    assert_eq!((status, answer.get("join_url")), (201, None));
    let approve = json!({ "action": "approve", "registrants": [{ "email": "m@evil.test" }] });
    assert_eq!(school.call("PUT", &format!("/meetings/{id}/registrants/status"), Some(approve)).await.0, 204);
    let (_, approved) = school.call("GET", &format!("/meetings/{id}/registrants"), None).await;
    assert!(approved["registrants"][0]["join_url"].as_str().unwrap().contains("tk="));
}

#[tokio::test]
async fn a_cancelled_registrant_stays_denied_and_is_not_put_out() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let (registrant, url) = school.registrant(id, "stu@student.test").await;
    school.zoom.host_joins(id).unwrap();
    let visit = school.zoom.joins(&url).unwrap();
    let cancel =
        json!({ "action": "cancel", "registrants": [{ "id": registrant, "email": "stu@student.test" }] });
    assert_eq!(school.call("PUT", &format!("/meetings/{id}/registrants/status"), Some(cancel)).await.0, 204);
    assert_eq!(school.zoom.truth(id).unwrap().people.len(), 2);
    school.zoom.leaves(visit).unwrap();
    assert_eq!(school.zoom.joins(&url), Err(Refusal::NotRegistered));
    let body = json!({ "email": "stu@student.test", "first_name": "Stu", "auto_approve": true });
    let (status, answer) = school.call("POST", &format!("/meetings/{id}/registrants"), Some(body)).await;
    assert_eq!(
        (status, answer["registrant_id"].as_str(), answer.get("join_url")),
        (201, Some(registrant.as_str()), None)
    );
    assert_eq!(
        school.call("GET", &format!("/meetings/{id}/registrants?status=denied"), None).await.1["total_records"],
        1
    );
    school.zoom.flush_webhooks().await;
    assert_eq!(
        school.hook.event("meeting.registration_cancelled")["payload"]["object"]["registrant"]["id"],
        registrant.as_str()
    );
}

#[tokio::test]
async fn all_pages_together_are_everybody_once() {
    let school = School::new().await;
    school.zoom.set_behaviour(|behaviour| behaviour.limits_per_second = false);
    let id = school.meeting(json!({})).await;
    let mut wanted = BTreeSet::new();
    for batch in 0..3 {
        let people = (0..30)
            .map(|number| json!({ "email": format!("s{batch}x{number}@student.test"), "first_name": "S" }))
            .collect::<Vec<_>>();
        wanted.extend(people.iter().map(|person| person["email"].as_str().unwrap().to_owned()));
        let body = json!({ "auto_approve": true, "registrants": people });
        let (status, answer) =
            school.call("POST", &format!("/meetings/{id}/batch_registrants"), Some(body)).await;
        assert_eq!((status, answer["registrants"].as_array().unwrap().len()), (201, 30));
    }
    let (mut got, mut order, mut token) = (BTreeSet::new(), Vec::new(), String::new());
    loop {
        let (_, page) = school
            .call("GET", &format!("/meetings/{id}/registrants?page_size=40&next_page_token={token}"), None)
            .await;
        for row in page["registrants"].as_array().unwrap() {
            order.push(row["email"].as_str().unwrap().to_owned());
            got.insert(row["email"].as_str().unwrap().to_owned());
        }
        token = page["next_page_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((got, order.len()), (wanted, 90));
    assert!(!order.is_sorted());
}

#[tokio::test]
async fn a_batch_is_for_scheduled_meetings_and_thirty_people() {
    let school = School::unchecked().await;
    let id = school.meeting(json!({})).await;
    let people = (0..31)
        .map(|number| json!({ "email": format!("s{number}@student.test"), "first_name": "S" }))
        .collect::<Vec<_>>();
    let (status, _) = school
        .call("POST", &format!("/meetings/{id}/batch_registrants"), Some(json!({ "registrants": people })))
        .await;
    assert_eq!(status, 400);
    let body = json!({ "topic": "x", "type": 8, "start_time": "2026-11-23T10:00:00Z", "recurrence": { "type": 1, "end_times": 2 }, "settings": { "approval_type": 0 } });
    let series = school.call("POST", "/users/me/meetings", Some(body)).await.1["id"].as_u64().unwrap();
    let one = json!({ "registrants": [{ "email": "a@b.test", "first_name": "A" }] });
    assert_eq!(
        school.call("POST", &format!("/meetings/{series}/batch_registrants"), Some(one)).await.1["code"],
        303
    );
}

#[tokio::test]
async fn a_meeting_that_is_over_takes_nobody() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    school.minutes(30);
    assert_eq!(school.registrant(id, "a@b.test").await.0.len(), 22);
    school.minutes(46);
    let school_token = school.connect(lectern_simulators::zoom::AppMode::User, "ada@oak.test").await;
    let body = json!({ "email": "late@b.test", "first_name": "L" });
    let (status, _, answer) = school
        .call_with(
            school_token["access_token"].as_str().unwrap(),
            "POST",
            &format!("/meetings/{id}/registrants"),
            Some(body),
        )
        .await;
    assert_eq!((status, answer["code"].as_i64()), (400, Some(3038)));
}

#[tokio::test]
async fn a_deleted_registrant_is_denied_and_an_unknown_one_is_300() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let (registrant, url) = school.registrant(id, "stu@student.test").await;
    assert_eq!(school.call("DELETE", &format!("/meetings/{id}/registrants/{registrant}"), None).await.0, 204);
    assert_eq!(school.zoom.joins(&url), Err(Refusal::NotRegistered));
    let (status, body) = school.call("DELETE", &format!("/meetings/{id}/registrants/nobody"), None).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(300)));
}

#[tokio::test]
async fn four_thousand_nine_hundred_ninety_nine_and_no_more() {
    let school = School::new().await;
    school.zoom.set_behaviour(|behaviour| behaviour.limits_per_second = false);
    let id = school.meeting(json!({})).await;
    for batch in 0..167 {
        let count = if batch == 166 { 19 } else { 30 };
        let people = (0..count)
            .map(|number| json!({ "email": format!("s{batch}x{number}@student.test"), "first_name": "S" }))
            .collect::<Vec<_>>();
        let body = json!({ "auto_approve": true, "registrants": people });
        assert_eq!(
            school.call("POST", &format!("/meetings/{id}/batch_registrants"), Some(body)).await.0,
            201
        );
    }
    let body = json!({ "email": "one@more.test", "first_name": "One" });
    let (status, answer) = school.call("POST", &format!("/meetings/{id}/registrants"), Some(body)).await;
    assert_eq!((status, answer["code"].as_i64()), (400, Some(3043)));
    let batch = json!({ "registrants": [{ "email": "one@more.test", "first_name": "One" }] });
    let (status, answer) =
        school.call("POST", &format!("/meetings/{id}/batch_registrants"), Some(batch)).await;
    assert_eq!((status, answer["code"].as_i64()), (404, Some(3043)));
}
