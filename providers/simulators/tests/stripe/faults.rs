//! Worse days.

use lectern_core::provider::{Call, Retry};
use lectern_providers::stripe::StripeErrorKind;
use lectern_simulators::{faults::FaultPlan, stripe::ForcedAnswer};

use crate::harness::{School, key};

#[tokio::test]
async fn what_passes_is_tried_again_under_the_same_key() {
    let school = School::new().await;
    let plan = FaultPlan { server_error: 25, timeout_before: 10, timeout_after: 15, ..FaultPlan::default() };
    school.stripe.set_faults(5, plan);
    let mut sold = 0;
    for number in 0..12 {
        let name = key(&format!("booking-{number}"));
        let seat = school.seat();
        // What the layer could not get through, the job tries again.
        for _ in 0..20 {
            match school.client.create_checkout_session(&Call::background(), &seat, &name).await {
                Ok(_) => {
                    sold += 1;
                    break;
                }
                Err(error) => assert_ne!(error.retry(), Retry::Never, "{error}"),
            }
        }
        school.seconds(2);
    }
    assert_eq!((sold, school.stripe.sessions().len()), (12, 12));
    assert!(school.stripe.requests_since(0).len() > 12);
}

#[tokio::test]
async fn a_connection_that_closes_before_the_work_leaves_nothing() {
    let school = School::new().await;
    school.stripe.set_faults(1, FaultPlan { timeout_before: 100, ..FaultPlan::default() });
    let seat = school.seat();
    let error = school.client.create_checkout_session(&school.call, &seat, &key("k")).await.unwrap_err();
    assert!(error.kind == StripeErrorKind::Unavailable && error.maybe_done);
    assert!(school.stripe.sessions().is_empty());
}

#[tokio::test]
async fn a_plan_strikes_the_operations_it_names() {
    let school = School::new().await;
    let plan =
        FaultPlan { server_error: 100, operations: vec!["GetAccount".to_owned()], ..FaultPlan::default() };
    school.stripe.set_faults(1, plan);
    assert_eq!(
        school.client.retrieve_account(&school.call).await.unwrap_err().kind,
        StripeErrorKind::Unavailable
    );
    school.session("k").await;
}

#[tokio::test]
async fn a_declined_card_is_told_as_one() {
    let school = School::new().await;
    school.stripe.force_answer(ForcedAnswer {
        operation: "PostRefunds".to_owned(),
        status: 402,
        kind: "card_error".to_owned(),
        code: Some("card_declined".to_owned()),
        decline_code: Some("insufficient_funds".to_owned()),
        kept: false,
        times: 1,
    });
    let (_, intent) = school.seat_paid().await;
    let refund = crate::harness::all_of(&intent);
    let error = school.client.create_refund(&school.call, &refund, &key("r")).await.unwrap_err();
    assert_eq!(error.kind, StripeErrorKind::CardDeclined { decline_code: Some("insufficient_funds".into()) });
    assert!(school.client.create_refund(&school.call, &refund, &key("r")).await.is_ok());
}
