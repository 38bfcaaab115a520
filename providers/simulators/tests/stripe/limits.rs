//! Calls a second.

use lectern_core::provider::Retry;
use lectern_providers::stripe::StripeErrorKind;
use lectern_simulators::faults::FaultPlan;

use crate::harness::{LIVE, School};

#[tokio::test]
async fn twenty_five_calls_a_second_in_a_sandbox() {
    let school = School::new().await;
    for _ in 0..25 {
        assert_eq!(school.raw("GET", "/v1/account", &[], &[]).await.0, 200);
    }
    let (status, headers, body) = school.raw("GET", "/v1/refunds/re_1", &[], &[]).await;
    assert_eq!((status, headers["stripe-rate-limited-reason"].to_str().unwrap()), (429, "global-rate"));
    assert_eq!(body["error"]["code"], "rate_limit");
    assert!(headers.get("retry-after").is_none());
    school.seconds(1);
    assert_eq!(school.raw("GET", "/v1/refunds/re_1", &[], &[]).await.0, 404);
}

#[tokio::test]
async fn a_hundred_live_and_twenty_five_of_one_endpoint() {
    let school = School::new().await;
    let bearer = format!("Bearer {LIVE}");
    let get = async |path: &str| school.raw("GET", path, &[], &[("authorization", &bearer)]).await;
    for path in ["/v1/account", "/v1/refunds/re_1", "/v1/checkout/sessions/cs_1"] {
        for _ in 0..25 {
            assert_ne!(get(path).await.0, 429);
        }
        let (status, headers, _) = get(path).await;
        assert_eq!((status, headers["stripe-rate-limited-reason"].to_str().unwrap()), (429, "endpoint-rate"));
    }
    for _ in 0..25 {
        assert_eq!(school.raw("POST", "/v1/refunds", &[], &[("authorization", &bearer)]).await.0, 400);
    }
    let (_, headers, _) = get("/v1/account").await;
    assert_eq!(headers["stripe-rate-limited-reason"].to_str().unwrap(), "global-rate");
}

#[tokio::test]
async fn the_client_says_that_later_is_better() {
    let school = School::new().await;
    school.stripe.set_faults(1, FaultPlan { too_many_requests: 100, ..FaultPlan::default() });
    let error = school.client.retrieve_account(&school.call).await.unwrap_err();
    assert_eq!((&error.kind, error.retry()), (&StripeErrorKind::RateLimited, Retry::Backoff));
    assert!(school.stripe.requests_since(0).len() > 1, "it has tried again by itself");
}
