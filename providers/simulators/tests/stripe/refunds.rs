//! Money goes back.

use lectern_providers::stripe::{EventKind, NewRefund, RefundReason, RefundStatus, StripeErrorKind};
use lectern_simulators::stripe::{CARD_REFUNDS_FAIL, CARD_REFUNDS_LATE, IBAN_ARRIVES, PayWith, RefundState};

use crate::harness::{School, all_of, key};

#[tokio::test]
async fn a_part_then_the_rest_and_then_nothing_is_left() {
    let school = School::new().await;
    let (session, intent) = school.seat_paid().await;
    school.told().await;
    let wanted = NewRefund {
        amount: Some(500),
        reason: Some(RefundReason::RequestedByCustomer),
        metadata: [("why".to_owned(), "ill".to_owned())].into(),
        ..all_of(&intent)
    };
    let part = school.client.create_refund(&school.call, &wanted, &key("r1")).await.unwrap();
    assert!(part.id.starts_with("re_") && part.status == RefundStatus::Succeeded && part.amount == 500);
    assert_eq!((part.payment_intent.as_deref(), part.currency.as_str()), (Some(intent.as_str()), "eur"));
    assert_eq!(part.metadata["why"], "ill");
    assert_eq!(school.client.retrieve_refund(&school.call, &part.id).await.unwrap(), part);
    let [told] = &school.told().await[..] else { panic!() };
    let EventKind::ChargeRefunded(charge) = &told.kind else { panic!("{told:?}") };
    assert_eq!((charge.amount, charge.amount_refunded, charge.refunded), (1500, 500, false));
    assert_eq!(charge.payment_intent.as_deref(), Some(intent.as_str()));
    let more = NewRefund { amount: Some(1001), ..all_of(&intent) };
    let error = school.client.create_refund(&school.call, &more, &key("r2")).await.unwrap_err();
    let StripeErrorKind::Invalid { param, message } = &error.kind else { panic!("{error}") };
    assert_eq!(param.as_deref(), Some("amount"));
    assert_eq!(&**message, "Refund amount (€10.01) is greater than unrefunded amount on charge (€10.00)");
    let rest = school.client.create_refund(&school.call, &all_of(&intent), &key("r3")).await.unwrap();
    assert_eq!(rest.amount, 1000);
    let error = school.client.create_refund(&school.call, &all_of(&intent), &key("r4")).await.unwrap_err();
    assert_eq!(error.kind, StripeErrorKind::AlreadyRefunded);
    let truth = school.stripe.truth(&session.id).unwrap();
    assert_eq!((truth.refunded, truth.kept(), truth.refunds.len()), (1500, 0, 2));
}

#[tokio::test]
async fn a_refund_is_pending_and_then_done() {
    let school = School::new().await;
    let (_, intent) = school.paid("seat", CARD_REFUNDS_LATE).await;
    let refund = school.client.create_refund(&school.call, &all_of(&intent), &key("r")).await.unwrap();
    assert_eq!(refund.status, RefundStatus::Pending);
    school.told().await;
    school.seconds(86_400);
    let [told] = &school.told().await[..] else { panic!() };
    let EventKind::RefundUpdated(done) = &told.kind else { panic!("{told:?}") };
    assert_eq!((done.id.as_str(), done.status.clone()), (refund.id.as_str(), RefundStatus::Succeeded));
}

#[tokio::test]
async fn a_refund_that_seemed_done_comes_back() {
    let school = School::new().await;
    let (session, intent) = school.paid("seat", CARD_REFUNDS_FAIL).await;
    let refund = school.client.create_refund(&school.call, &all_of(&intent), &key("r")).await.unwrap();
    assert_eq!(refund.status, RefundStatus::Succeeded);
    school.told().await;
    school.seconds(86_400);
    let told = school.told().await;
    let EventKind::RefundFailed(failed) = &told.last().unwrap().kind else { panic!("{told:?}") };
    assert_eq!(
        (failed.status.clone(), failed.failure_reason.as_deref()),
        (RefundStatus::Failed, Some("expired_or_canceled_card"))
    );
    let truth = school.stripe.truth(&session.id).unwrap();
    assert_eq!((truth.kept(), truth.refunds[0].state), (1500, RefundState::Failed));
    // The money is there again, so it can be sent again.
    assert!(school.client.create_refund(&school.call, &all_of(&intent), &key("r2")).await.is_ok());
}

#[tokio::test]
async fn nothing_is_refunded_that_was_not_paid() {
    let school = School::new().await;
    let error =
        school.client.create_refund(&school.call, &all_of("pi_nobody"), &key("r1")).await.unwrap_err();
    assert_eq!(error.kind, StripeErrorKind::NotFound);
    let session = school.session("seat").await;
    school.stripe.pays(&session.id, "", PayWith::Iban(IBAN_ARRIVES)).unwrap();
    let intent = school.look(&session).await.payment_intent.unwrap();
    let error = school.client.create_refund(&school.call, &all_of(&intent), &key("r2")).await.unwrap_err();
    let StripeErrorKind::Invalid { message, .. } = &error.kind else { panic!("{error}") };
    assert!(message.contains("does not have a successful charge to refund"));
    assert!(school.stripe.bank_decides(&session.id, true));
    let refund = school.client.create_refund(&school.call, &all_of(&intent), &key("r3")).await.unwrap();
    assert!(refund.id.starts_with("pyr_") && refund.status == RefundStatus::Pending);
    assert!(school.client.retrieve_refund(&school.call, "re_nobody").await.is_err());
    let (status, _, _) = school.raw("POST", "/v1/refunds", &[("amount", "5")], &[]).await;
    assert_eq!(status, 400);
    let (_, _, body) =
        school.raw("POST", "/v1/refunds", &[("payment_intent", &intent), ("amount", "1.5")], &[]).await;
    assert_eq!(body["error"]["code"], "parameter_invalid_integer");
}

#[tokio::test]
async fn a_refund_by_hand_is_told_too() {
    let school = School::new().await;
    let (session, _) = school.seat_paid().await;
    school.told().await;
    let refund = school.stripe.refunds_by_hand(&session.id, Some(700)).unwrap();
    assert_eq!(school.told_names().await, ["charge.refunded"]);
    assert!(school.stripe.refund_ends(&refund, false) && !school.stripe.refund_ends(&refund, false));
    assert_eq!(school.told_names().await, ["refund.updated", "refund.failed"]);
    assert_eq!(school.stripe.refunds_by_hand(&session.id, Some(9999)), None);
}
