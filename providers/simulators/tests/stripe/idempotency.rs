//! The same key has one effect.

use lectern_core::provider::Retry;
use lectern_providers::stripe::{NewCheckoutSession, StripeErrorKind};
use lectern_simulators::{
    faults::FaultPlan,
    stripe::{CARD_PAYS, ForcedAnswer},
};

use crate::harness::{School, all_of, key};

#[tokio::test]
async fn the_same_key_gives_the_same_page_for_a_day() {
    let school = School::new().await;
    let seat = school.seat();
    let create = async |seat: &NewCheckoutSession| {
        school.client.create_checkout_session(&school.call, seat, &key("booking-1")).await
    };
    let first = create(&seat).await.unwrap();
    assert_eq!(create(&seat).await.unwrap(), first);
    // By now its end would be too near for a new one.
    school.seconds(20 * 60);
    assert_eq!(create(&seat).await.unwrap(), first);
    assert_eq!(school.stripe.sessions().len(), 1);
    let records = school.stripe.requests_since(0);
    assert_eq!(records.iter().map(|one| one.replayed).collect::<Vec<_>>(), [false, true, true]);
    let other = NewCheckoutSession { unit_amount: 1600, ..seat.clone() };
    let error = create(&other).await.unwrap_err();
    assert_eq!((&error.kind, error.retry()), (&StripeErrorKind::IdempotencyConflict, Retry::Never));
    school.seconds(24 * 3600);
    let error = create(&seat).await.unwrap_err();
    assert!(matches!(error.kind, StripeErrorKind::Invalid { .. }), "forgotten, and too late: {error}");
}

#[tokio::test]
async fn a_repeated_answer_is_marked() {
    let school = School::new().await;
    let (_, intent) = school.seat_paid().await;
    let form = [("payment_intent", intent.as_str())];
    let send = async || school.raw("POST", "/v1/refunds", &form, &[("idempotency-key", "k")]).await;
    let (_, first, body) = send().await;
    let (status, second, again) = send().await;
    assert_eq!((status, &body), (200, &again));
    assert_eq!(
        (first.get("idempotent-replayed"), second["idempotent-replayed"].to_str().unwrap()),
        (None, "true")
    );
    assert_eq!(
        (&second["original-request"], &second["idempotency-key"]),
        (&first["request-id"], &first["idempotency-key"])
    );
    assert_ne!(second["request-id"], first["request-id"]);
    let (_, _, body) =
        school.raw("POST", "/v1/refunds", &[("payment_intent", "pi_2")], &[("idempotency-key", "k")]).await;
    assert_eq!(body["error"]["type"], "idempotency_error");
    assert!(body["error"]["message"].as_str().unwrap().contains("other than 'k'"));
    let (_, _, body) =
        school.raw("POST", "/v1/refunds", &form, &[("idempotency-key", &"k".repeat(256))]).await;
    assert_eq!(body["error"]["type"], "idempotency_error");
}

#[tokio::test]
async fn what_was_refused_for_its_parameters_is_not_kept() {
    let school = School::new().await;
    let send = async |form: &[(&str, &str)]| {
        school.raw("POST", "/v1/refunds", form, &[("idempotency-key", "k")]).await.0
    };
    let (_, intent) = school.seat_paid().await;
    assert_eq!(send(&[("payment_intent", &intent), ("amount", "x")]).await, 400);
    assert_eq!(send(&[("payment_intent", &intent), ("amount", "5")]).await, 200);
    // What the endpoint found out is.
    let second = async |amount: &str| {
        let form = [("payment_intent", intent.as_str()), ("amount", amount)];
        school.raw("POST", "/v1/refunds", &form, &[("idempotency-key", "l")]).await.2
    };
    assert_eq!(second("9000").await["error"]["param"], "amount");
    assert_eq!(second("9").await["error"]["type"], "idempotency_error");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_had_again_and_nothing_is_done_twice() {
    let school = School::new().await;
    let (session, intent) = school.paid("seat", CARD_PAYS).await;
    school.stripe.set_faults(1, FaultPlan { timeout_after: 100, ..FaultPlan::default() });
    let error = school.client.create_refund(&school.call, &all_of(&intent), &key("r")).await.unwrap_err();
    assert!(error.kind == StripeErrorKind::Unavailable && error.maybe_done, "{error}");
    school.stripe.set_faults(1, FaultPlan::default());
    let refund = school.client.create_refund(&school.call, &all_of(&intent), &key("r")).await.unwrap();
    let truth = school.stripe.truth(&session.id).unwrap();
    assert_eq!(
        (truth.refunds.len(), truth.refunds[0].id.as_str(), truth.refunded),
        (1, refund.id.as_str(), 1500)
    );
}

#[tokio::test]
async fn a_second_call_while_the_first_runs_is_told_to_wait() {
    let school = School::new().await;
    let slow = FaultPlan { slow: 100, slow_millis: 400, ..FaultPlan::default() };
    school.stripe.set_faults(1, slow);
    let seat = school.seat();
    let name = key("booking-1");
    let create = || school.client.create_checkout_session(&school.call, &seat, &name);
    let first = create();
    let second = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        school.stripe.set_faults(1, FaultPlan::default());
        create().await
    };
    let (first, second) = tokio::join!(first, second);
    // The client may have waited long enough by itself.
    match second {
        Ok(second) => assert_eq!(second, first.unwrap()),
        Err(error) => assert_eq!((&error.kind, error.retry()), (&StripeErrorKind::Busy, Retry::Backoff)),
    }
    assert!(school.stripe.requests_since(0).iter().any(|one| one.status == 409));
    assert_eq!(school.stripe.sessions().len(), 1);
    assert!(create().await.is_ok());
}

#[tokio::test]
async fn a_kept_500_is_answered_again() {
    let school = School::new().await;
    school.stripe.force_answer(ForcedAnswer {
        operation: "PostCheckoutSessions".to_owned(),
        status: 500,
        kind: "api_error".to_owned(),
        code: None,
        decline_code: None,
        kept: true,
        times: 1,
    });
    let seat = school.seat();
    for _ in 0..2 {
        let error = school.client.create_checkout_session(&school.call, &seat, &key("k")).await.unwrap_err();
        assert!(error.kind == StripeErrorKind::Unavailable && error.maybe_done);
    }
    // One call each: repeating could not have helped.
    assert_eq!(school.stripe.requests_since(0).len(), 2);
    assert!(school.client.create_checkout_session(&school.call, &seat, &key("other")).await.is_ok());
}
