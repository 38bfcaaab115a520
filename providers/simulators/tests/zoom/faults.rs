//! Worse days, on purpose.

use std::collections::BTreeMap;

use lectern_simulators::faults::{FaultPlan, ForcedError};
use serde_json::json;

use crate::harness::School;

#[tokio::test]
async fn a_timeout_after_the_work_leaves_the_work_done() {
    let school = School::new().await;
    school.zoom.set_faults(1, FaultPlan { timeout_after: 100, ..FaultPlan::default() });
    let request = school
        .http
        .post(format!("{}/users/me/meetings", school.zoom.api_url()))
        .bearer_auth(&school.token)
        .json(&json!({ "topic": "Lost" }));
    assert!(request.send().await.is_err());
    school.zoom.set_faults(1, FaultPlan { timeout_before: 100, ..FaultPlan::default() });
    let request = school
        .http
        .post(format!("{}/users/me/meetings", school.zoom.api_url()))
        .bearer_auth(&school.token)
        .json(&json!({ "topic": "Never" }));
    assert!(request.send().await.is_err());
    school.zoom.set_faults(1, FaultPlan::default());
    let topics = school.zoom.meetings().into_iter().map(|(_, topic)| topic).collect::<Vec<_>>();
    assert_eq!(topics, ["Lost"]);
    let log = school.zoom.requests_since(0);
    let create = log.iter().find(|record| record.operation == "meetingCreate").unwrap();
    assert_eq!((create.status, create.fault, create.meeting.is_some()), (0, Some("timeout_after"), true));
}

#[tokio::test]
async fn shares_follow_the_seed() {
    let plan = FaultPlan { server_error: 10, too_many_requests: 5, ..FaultPlan::default() };
    let mut runs = Vec::new();
    for _ in 0..2 {
        let school = School::new().await;
        school.zoom.set_behaviour(|behaviour| behaviour.limits_per_second = false);
        school.zoom.set_faults(42, plan.clone());
        let mut statuses = Vec::new();
        for _ in 0..300 {
            statuses.push(school.call("GET", "/users/me", None).await.0);
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    let mut counts = BTreeMap::new();
    for status in &runs[0] {
        *counts.entry(status / 100).or_insert(0) += 1;
    }
    assert!((15..50).contains(&counts[&5]) && (5..30).contains(&counts[&4]), "{counts:?}");
}

#[tokio::test]
async fn a_plan_for_one_operation_leaves_the_others_alone_and_the_token_endpoint_only_by_name() {
    let school = School::new().await;
    let only = |operation: &str| FaultPlan {
        server_error: 100,
        operations: vec![operation.to_owned()],
        ..FaultPlan::default()
    };
    school.zoom.set_faults(1, only("meetingCreate"));
    assert_eq!(school.call("GET", "/users/me", None).await.0, 200);
    assert!(school.call("POST", "/users/me/meetings", Some(json!({ "topic": "x" }))).await.0 >= 500);
    school.zoom.set_faults(1, FaultPlan { server_error: 100, ..FaultPlan::default() });
    school.connect(lectern_simulators::zoom::AppMode::User, "ada@oak.test").await;
    school.zoom.set_faults(1, only("oauthToken"));
    let answer = school
        .http
        .post(format!("{}/oauth/token", school.zoom.base_url()))
        .basic_auth("client-User", Some("client-secret"))
        .form(&[("grant_type", "refresh_token")])
        .send()
        .await
        .unwrap();
    assert!(answer.status().as_u16() >= 500);
}

/// Every documented code of every operation can be seen over HTTP, once, with Zoom's words.
#[tokio::test]
async fn every_documented_error_is_reachable() {
    let school = School::new().await;
    school.zoom.set_behaviour(|behaviour| behaviour.limits_per_second = false);
    let documented = lectern_simulators::zoom::documented_errors();
    assert!(documented.len() > 100);
    for &(operation, status, code, _) in documented {
        let (method, path) = lectern_simulators::zoom::operation_path(operation).unwrap();
        let path = path
            .replace("{meetingId}", "98884753832")
            .replace("{userId}", "me")
            .replace("{registrantId}", "r1")
            .replace("{recordingId}", "f1");
        let forced = ForcedError { operation: operation.to_owned(), status, code, message: None, times: 1 };
        school.zoom.force_error(forced);
        let body = match operation {
            "meetingStatus" => Some(json!({ "action": "end" })),
            "meetingRegistrantCreate" => Some(json!({ "email": "a@b.test", "first_name": "A" })),
            "meetingRegistrantStatus" => Some(json!({ "action": "cancel", "registrants": [] })),
            "addBatchRegistrants" => Some(json!({ "registrants": [] })),
            "inMeetingControl" => Some(json!({ "method": "recording.start" })),
            "recordingStatusUpdate" | "recordingStatusUpdateOne" => Some(json!({ "action": "recover" })),
            _ if matches!(method, "POST" | "PATCH") => Some(json!({})),
            _ => None,
        };
        let (got, answer) = school.call(method, &path, body).await;
        assert_eq!((got, answer["code"].as_i64()), (status, Some(code)), "{operation}");
        let message = answer["message"].as_str().unwrap();
        let mut texts = documented
            .iter()
            .filter(|entry| (entry.0, entry.1, entry.2) == (operation, status, code))
            .map(|entry| entry.3);
        assert!(
            texts.any(|text| message.starts_with(text.split('{').next().unwrap().trim())),
            "{operation} {code}: {message}"
        );
    }
}
