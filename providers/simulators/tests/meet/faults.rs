//! Quotas, and days when Google fails.

use std::time::Duration;

use lectern_core::provider::{Call, ErrorKind};
use lectern_simulators::faults::{FaultPlan, ForcedError};
use serde_json::json;

use crate::harness::{CALL, School, at, draft};

fn forced(operation: &str, status: u16, message: &str, times: u32) -> ForcedError {
    ForcedError { operation: operation.to_owned(), status, code: 0, message: Some(message.to_owned()), times }
}

#[tokio::test]
async fn ten_new_spaces_a_minute_and_no_more() {
    let school = School::new().await;
    let token = school.token("ada@oak.test", "").await;
    for _ in 0..10 {
        assert_eq!(school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await.0, 200);
    }
    let (status, body) = school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await;
    assert_eq!((status, &body["error"]["details"][0]["reason"]), (429, &json!("RATE_LIMIT_EXCEEDED")));
    assert_eq!(
        school.call(&school.token("sam@oak.test", "").await, "POST", "/v2/spaces", Some(json!({}))).await.0,
        200
    );
    school.seconds(60);
    assert_eq!(school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await.0, 200);
}

#[tokio::test]
async fn the_provider_keeps_within_the_quota_by_itself() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let meetings = provider.meetings().unwrap();
    let person = Call::interactive(Duration::from_secs(5));
    for _ in 0..10 {
        meetings.create(&person, &draft()).await.unwrap();
    }
    let before = school.google.requests_since(0).len();
    let refused = meetings.create(&person, &draft()).await.unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::RateLimited(_)) && !refused.maybe_done);
    assert_eq!(school.google.requests_since(0).len(), before);
    // Reading has a budget of its own.
    assert!(provider.registrants().unwrap().room_now(100));
    assert!(!provider.registrants().unwrap().room_now(101));
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_lasts_is_told() {
    let school = School::unchecked().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let meetings = provider.meetings().unwrap();
    let made = meetings.create(&CALL, &draft()).await.unwrap();
    school.google.force_error(forced("meet.spaces.get", 403, "userRateLimitExceeded", 1));
    meetings.get(&CALL, &at(&made.id)).await.unwrap();
    school.google.force_error(forced("meet.spaces.get", 503, "The service is currently unavailable.", 2));
    meetings.get(&CALL, &at(&made.id)).await.unwrap();
    school.google.force_error(forced("meet.spaces.get", 403, "quotaExceeded", 1));
    assert!(matches!(meetings.get(&CALL, &at(&made.id)).await.unwrap_err().kind, ErrorKind::DailyLimit(_)));
    school.google.force_error(forced("meet.spaces.get", 403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", 1));
    let refused = meetings.get(&CALL, &at(&made.id)).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::ScopeMissing(vec!["meetings.space.readonly".to_owned()]));
    school.google.disable_api("oak", "meet", true);
    match meetings.get(&CALL, &at(&made.id)).await.unwrap_err().kind {
        ErrorKind::PolicyMissing(step) => assert!(step.contains("Google Meet API"), "{step}"),
        other => panic!("{other:?}"),
    }
    school.google.disable_api("oak", "meet", false);
    assert_eq!(meetings.get(&CALL, &at("spaces/none")).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_leaves_one_orphan_and_says_so() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let plan = FaultPlan {
        timeout_after: 100,
        operations: vec!["meet.spaces.create".to_owned()],
        ..FaultPlan::default()
    };
    school.google.set_faults(1, plan);
    let lost = provider.meetings().unwrap().create(&CALL, &draft()).await.unwrap_err();
    assert!(lost.maybe_done && lost.kind == ErrorKind::Unavailable);
    assert_eq!(school.google.spaces().len(), 1);
    school.google.set_faults(1, FaultPlan::default());
    assert!(provider.meetings().unwrap().find(&CALL, &draft()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_token_endpoint_has_bad_moments_of_its_own() {
    let school = School::new().await;
    let refresh = school.tokens("ada@oak.test", &[]).await.refresh_token.unwrap();
    let ask = async || {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose().as_str())];
        school.token_call(&form).await.0
    };
    school.google.force_error(forced("oauthToken", 503, "internal_failure", 1));
    assert_eq!(ask().await, 503);
    assert_eq!(ask().await, 200);
    // A plan over all API calls leaves it alone.
    school.google.set_faults(1, FaultPlan { server_error: 100, ..FaultPlan::default() });
    assert_eq!(ask().await, 200);
    let operations = vec!["oauthToken".to_owned()];
    school.google.set_faults(1, FaultPlan { server_error: 100, operations, ..FaultPlan::default() });
    assert!(ask().await >= 500);
}
