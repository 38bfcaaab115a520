//! A seat is sold.

use lectern_providers::stripe::{EventKind, PaymentStatus, SessionStatus, StripeErrorKind};
use lectern_simulators::stripe::{
    CARD_DECLINED, CARD_EMPTY, CARD_PAYS, NotPaid, Paid, PaymentState, SessionState,
};

use crate::harness::{LIVE, School, key};

#[tokio::test]
async fn a_seat_is_paid_and_the_school_is_told() {
    let school = School::new().await;
    let session = school.session("booking-1").await;
    assert!(session.id.starts_with("cs_test_") && !session.livemode && !session.is_paid());
    assert_eq!(
        (session.status.clone(), session.payment_status.clone()),
        (SessionStatus::Open, PaymentStatus::Unpaid)
    );
    assert_eq!((session.amount_total, session.currency.as_deref()), (Some(1500), Some("eur")));
    assert_eq!(
        (session.payment_intent.as_deref(), session.client_reference_id.as_deref()),
        (None, Some("booking-1"))
    );
    assert_eq!(
        (session.created, session.expires_at),
        (school.now(), school.now() + chrono::Duration::minutes(35))
    );
    assert_eq!(session.metadata["class"], "42");
    let url = session.url.clone().unwrap();
    assert!(url.starts_with(&school.stripe.base_url()) && url.contains(&format!("/c/pay/{}#", session.id)));
    let Paid::Done(back) = school.pay(&session, "4242 4242 4242 4242").unwrap() else { panic!() };
    assert_eq!(back, format!("http://127.0.0.1:9/paid?session={}", session.id));
    let [told] = &school.told().await[..] else { panic!() };
    let EventKind::CheckoutCompleted(paid) = &told.kind else { panic!("{told:?}") };
    assert!(paid.is_paid() && paid.id == session.id && paid.url.is_none() && !told.livemode);
    assert_eq!(*paid, school.look(&session).await);
    let truth = school.stripe.truth(&url).unwrap();
    assert_eq!(
        (truth.state, truth.payment, truth.kept()),
        (SessionState::Complete, Some(PaymentState::Succeeded), 1500)
    );
    assert_eq!(truth.payment_intent, paid.payment_intent);
    assert_eq!(school.pay(&session, CARD_PAYS), Err(NotPaid::NotOpen(SessionState::Complete)));
}

#[tokio::test]
async fn a_declined_card_can_be_followed_by_another() {
    let school = School::new().await;
    let session = school.session("booking-1").await;
    for (card, sentence) in [
        (CARD_DECLINED, "Your card was declined."),
        (CARD_EMPTY, "Your card has insufficient funds."),
        ("4242424242424241", "Your card number is invalid."),
    ] {
        assert_eq!(school.pay(&session, card), Err(NotPaid::Refused(sentence.to_owned())));
    }
    let Err(NotPaid::Refused(sentence)) = school.pay(&session, "4111111111111111") else { panic!() };
    assert!(sentence.contains("non test card"));
    assert_eq!(school.look(&session).await.status, SessionStatus::Open);
    school.pay(&session, CARD_PAYS).unwrap();
    let outcomes: Vec<_> = school
        .stripe
        .truth(&session.id)
        .unwrap()
        .attempts
        .into_iter()
        .map(|attempt| attempt.outcome)
        .collect();
    assert_eq!(
        outcomes,
        ["card_declined", "insufficient_funds", "incorrect_number", "test_mode_live_card", "paid"]
    );
    school.stripe.flush_webhooks().await;
    let failed = school.hook.kinds().iter().filter(|kind| *kind == "payment_intent.payment_failed").count();
    assert_eq!(failed, 4);
}

#[tokio::test]
async fn a_page_closes_by_the_clock_and_says_so() {
    let school = School::new().await;
    let session = school.session("booking-1").await;
    school.seconds(35 * 60 - 1);
    assert!(school.told().await.is_empty());
    school.seconds(1);
    let [told] = &school.told().await[..] else { panic!() };
    let EventKind::CheckoutExpired(expired) = &told.kind else { panic!("{told:?}") };
    assert_eq!((expired.status.clone(), expired.url.clone()), (SessionStatus::Expired, None));
    assert_eq!(told.created, session.expires_at);
    assert_eq!(school.pay(&session, CARD_PAYS), Err(NotPaid::NotOpen(SessionState::Expired)));
}

#[tokio::test]
async fn a_page_is_closed_once_and_only_while_it_is_open() {
    let school = School::new().await;
    let session = school.session("booking-1").await;
    let expired = school.client.expire_checkout_session(&school.call, &session.id).await.unwrap();
    assert_eq!(expired.status, SessionStatus::Expired);
    assert_eq!(school.told_names().await, ["checkout.session.expired"]);
    // The client's own key: a repeated call is told the same.
    assert_eq!(school.client.expire_checkout_session(&school.call, &session.id).await.unwrap(), expired);
    let (status, _, body) =
        school.raw("POST", &format!("/v1/checkout/sessions/{}/expire", session.id), &[], &[]).await;
    let sentence = "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `expired`.";
    assert_eq!((status, body["error"]["message"].as_str()), (400, Some(sentence)));
    let (paid, _) = school.seat_paid().await;
    let error = school.client.expire_checkout_session(&school.call, &paid.id).await.unwrap_err();
    assert!(matches!(error.kind, StripeErrorKind::Invalid { param: None, .. }), "{error}");
    assert!(school.look(&paid).await.is_paid());
    let third = school.session("booking-3").await;
    assert!(school.stripe.closes_by_hand(&third.id) && !school.stripe.closes_by_hand(&third.id));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let school = School::new().await;
    for id in ["cs_test_nobody", "../account", ""] {
        let error = school.client.retrieve_checkout_session(&school.call, id).await.unwrap_err();
        assert_eq!(error.kind, StripeErrorKind::NotFound);
    }
    // What cannot be an id is not asked for.
    assert_eq!(school.stripe.requests_since(0).len(), 1);
    let session = school.session("booking-1").await;
    let live = school.client(LIVE);
    let error = live.retrieve_checkout_session(&school.call, &session.id).await.unwrap_err();
    assert_eq!(error.kind, StripeErrorKind::NotFound);
    let path = format!("/v1/checkout/sessions/{}", session.id);
    let (_, _, body) = school.raw("GET", &path, &[], &[("authorization", &format!("Bearer {LIVE}"))]).await;
    assert!(body["error"]["message"].as_str().unwrap().contains("a similar object exists in test mode"));
}

#[tokio::test]
async fn live_money_has_its_own_pages_and_cards() {
    let school = School::new().await;
    let live = school.client(LIVE);
    assert!(live.livemode());
    let session = live.create_checkout_session(&school.call, &school.seat(), &key("live")).await.unwrap();
    assert!(session.id.starts_with("cs_live_") && session.livemode);
    let Err(NotPaid::Refused(sentence)) = school.pay(&session, CARD_PAYS) else { panic!() };
    assert!(sentence.contains("known test card"));
    school.pay(&session, "4111 1111 1111 1111").unwrap();
    let told = school.told().await;
    assert!(told.iter().all(|event| event.livemode) && told.len() == 1);
}
