//! Money that takes days.

use lectern_providers::stripe::{EventKind, PaymentStatus, SessionStatus};
use lectern_simulators::stripe::{CARD_ASKS, IBAN_ARRIVES, IBAN_FAILS, NotPaid, Paid, PayWith, PaymentState};

use crate::harness::School;

#[tokio::test]
async fn a_bank_debit_is_completed_unpaid_and_arrives_days_later() {
    let school = School::new().await;
    let session = school.session("booking-1").await;
    school.stripe.pays(&session.id, "", PayWith::Iban("AT61 1904 3002 3457 3201")).unwrap();
    let [told] = &school.told().await[..] else { panic!() };
    let EventKind::CheckoutCompleted(done) = &told.kind else { panic!("{told:?}") };
    assert_eq!(
        (done.status.clone(), done.payment_status.clone(), done.is_paid()),
        (SessionStatus::Complete, PaymentStatus::Unpaid, false)
    );
    school.seconds(3 * 86_400 - 1);
    assert!(school.told().await.is_empty());
    school.seconds(1);
    let [told] = &school.told().await[..] else { panic!() };
    let EventKind::AsyncPaymentSucceeded(paid) = &told.kind else { panic!("{told:?}") };
    assert!(paid.is_paid() && school.look(&session).await.is_paid());
}

#[tokio::test]
async fn or_it_does_not() {
    let school = School::new().await;
    let session = school.session("booking-1").await;
    school.stripe.pays(&session.id, "", PayWith::Iban(IBAN_FAILS)).unwrap();
    school.told().await;
    school.seconds(3 * 86_400);
    assert_eq!(school.told_names().await, ["checkout.session.async_payment_failed"]);
    let looked = school.look(&session).await;
    assert_eq!((looked.status, looked.payment_status), (SessionStatus::Complete, PaymentStatus::Unpaid));
    let truth = school.stripe.truth(&session.id).unwrap();
    assert_eq!((truth.payment, truth.kept()), (Some(PaymentState::Failed), 0));
}

#[tokio::test]
async fn a_story_need_not_wait_for_the_bank() {
    let school = School::new().await;
    let session = school.session("booking-1").await;
    assert!(!school.stripe.bank_decides(&session.id, true));
    school.stripe.pays(&session.id, "", PayWith::Iban(IBAN_ARRIVES)).unwrap();
    assert!(school.stripe.bank_decides(&session.id, false) && !school.stripe.bank_decides(&session.id, true));
    assert_eq!(
        school.told_names().await,
        ["checkout.session.completed", "checkout.session.async_payment_failed"]
    );
    // Its own time comes, and nothing is left to decide.
    school.seconds(4 * 86_400);
    assert!(school.told().await.is_empty());
    let wrong = school.stripe.pays(&school.session("booking-2").await.id, "", PayWith::Iban("DE00"));
    assert_eq!(wrong, Err(NotPaid::Refused("The IBAN you entered is invalid.".to_owned())));
    school.stripe.set_behaviour(|behaviour| behaviour.bank_debits = false);
    let third = school.session("booking-3").await;
    assert!(school.stripe.pays(&third.id, "", PayWith::Iban(IBAN_ARRIVES)).is_err());
}

#[tokio::test]
async fn a_card_that_asks_pays_only_when_it_is_answered() {
    let school = School::new().await;
    let session = school.session("booking-1").await;
    assert_eq!(school.pay(&session, CARD_ASKS), Ok(Paid::Asked));
    assert_eq!(school.look(&session).await.status, SessionStatus::Open);
    assert!(matches!(school.stripe.answers_bank(&session.id, false), Err(NotPaid::Refused(_))));
    assert!(matches!(school.stripe.answers_bank(&session.id, true), Err(NotPaid::Refused(_))));
    assert_eq!(school.pay(&session, CARD_ASKS), Ok(Paid::Asked));
    assert!(matches!(school.stripe.answers_bank(&session.id, true), Ok(Paid::Done(_))));
    assert!(school.look(&session).await.is_paid());
    assert_eq!(school.told_names().await, ["checkout.session.completed"]);
}
