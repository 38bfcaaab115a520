//! How often one may call.

use lectern_simulators::zoom::{AccountPlan, RetryHeader};
use serde_json::{Map, json};

use crate::harness::School;

#[tokio::test]
async fn thirty_light_calls_a_second_on_pro() {
    let school = School::new().await;
    for remaining in (0..30).rev() {
        let (status, headers, _) = school.call_with(&school.token, "GET", "/users/me", None).await;
        assert_eq!(
            (status, headers["x-ratelimit-remaining"].to_str().unwrap()),
            (200, remaining.to_string().as_str())
        );
    }
    let (status, headers, body) = school.call_with(&school.token, "GET", "/users/me", None).await;
    assert_eq!(
        (status, body["code"].as_i64(), headers["x-ratelimit-type"].to_str().unwrap()),
        (429, Some(429), "QPS")
    );
    assert_eq!(headers["x-ratelimit-reset"], "2026-11-21T12:00:01Z");
    assert!(headers.contains_key("x-zm-trackingid") && !headers.contains_key("retry-after"));
    // Another label has its own budget, another second a new one.
    assert_eq!(school.call("GET", "/users/me/meetings", None).await.0, 200);
    school.seconds(1);
    assert_eq!(school.call("GET", "/users/me", None).await.0, 200);
}

#[tokio::test]
async fn free_accounts_have_less() {
    let school = School::new().await;
    school.zoom.set_account("account-oak", AccountPlan::Free, Map::new(), false, None);
    for _ in 0..4 {
        assert_eq!(school.call("GET", "/users/me", None).await.0, 200);
    }
    assert_eq!(school.call("GET", "/users/me", None).await.0, 429);
}

#[tokio::test]
async fn a_host_has_a_hundred_creates_and_updates_a_day() {
    let school = School::new().await;
    school.zoom.set_behaviour(|behaviour| behaviour.limits_per_second = false);
    let id = school.meeting(json!({})).await;
    for number in 1..100 {
        let change = json!({ "topic": format!("Algebra {number}") });
        assert_eq!(school.call("PATCH", &format!("/meetings/{id}"), Some(change)).await.0, 204);
    }
    let (status, headers, body) = school
        .call_with(&school.token, "POST", "/users/me/meetings", Some(json!({ "topic": "one more" })))
        .await;
    assert_eq!(status, 429);
    assert!(body["message"].as_str().unwrap().contains("daily rate limit (100)"));
    assert_eq!(
        (headers["x-ratelimit-type"].to_str().unwrap(), headers["retry-after"].to_str().unwrap()),
        ("Daily-limit", "2026-11-22T00:00:00Z")
    );
    // Deleting is not counted.
    assert_eq!(school.call("DELETE", &format!("/meetings/{id}"), None).await.0, 204);
    school.minutes(12 * 60);
    let token = school.connect(lectern_simulators::zoom::AppMode::User, "ada@oak.test").await;
    let again = school
        .call_with(
            token["access_token"].as_str().unwrap(),
            "POST",
            "/users/me/meetings",
            Some(json!({ "topic": "next day" })),
        )
        .await;
    assert_eq!(again.0, 201);
}

#[tokio::test]
async fn three_registrations_a_day_of_one_address_and_ten_status_updates() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    for _ in 0..3 {
        school.registrant(id, "stu@student.test").await;
    }
    let body = json!({ "email": "Stu@student.test", "first_name": "S", "auto_approve": true });
    let (status, headers, answer) =
        school.call_with(&school.token, "POST", &format!("/meetings/{id}/registrants"), Some(body)).await;
    assert_eq!((status, headers["x-ratelimit-category"].to_str().unwrap()), (429, "Light"));
    assert!(answer["message"].as_str().unwrap().contains("daily rate limit (3)"));
    school.registrant(id, "other@student.test").await;
    let status_of = async |action: &str| {
        let body = json!({ "action": action, "registrants": [{ "email": "stu@student.test" }] });
        school.call("PUT", &format!("/meetings/{id}/registrants/status"), Some(body)).await.0
    };
    for turn in 0..10 {
        assert_eq!(status_of(if turn % 2 == 0 { "cancel" } else { "approve" }).await, 204);
    }
    assert_eq!(status_of("cancel").await, 429);
}

#[tokio::test]
async fn the_answer_tells_when_to_come_back_in_three_ways() {
    let school = School::new().await;
    school.zoom.set_account("account-oak", AccountPlan::Free, Map::new(), false, None);
    let refused = async || {
        loop {
            let (status, headers, _) =
                school.call_with(&school.token, "GET", "/users/me/meetings", None).await;
            if status == 429 {
                return headers;
            }
        }
    };
    assert!(refused().await.contains_key("x-ratelimit-reset"));
    school.zoom.set_behaviour(|behaviour| behaviour.retry_header = RetryHeader::Always);
    assert_eq!(refused().await["retry-after"], "2026-11-21T12:00:01Z");
    school.zoom.set_behaviour(|behaviour| behaviour.retry_header = RetryHeader::Missing);
    let headers = refused().await;
    assert!(!headers.contains_key("retry-after") && !headers.contains_key("x-ratelimit-reset"));
    assert_eq!(headers["x-ratelimit-category"], "Light");
}
