//! How events travel.

use lectern_core::secret::SecretString;
use lectern_providers::stripe::{EventKind, SignatureError, StripeEvent, TOLERANCE, verify};
use lectern_simulators::stripe::{EndpointSpec, WebhookBehaviour};

use crate::harness::{ACCOUNT, LIVE, SECRET, School, key, noon};

async fn paid(school: &School) {
    school.seat_paid().await;
}

#[tokio::test]
async fn a_payment_tells_more_than_lectern_needs() {
    let school = School::new().await;
    paid(&school).await;
    school.stripe.flush_webhooks().await;
    assert_eq!(
        school.hook.kinds(),
        ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    );
    let body = &school.hook.bodies()[2];
    assert_eq!((body["object"].as_str(), body["api_version"].as_str()), (Some("event"), Some("2024-06-20")));
    assert!(body["id"].as_str().unwrap().starts_with("evt_") && body["pending_webhooks"] == 1);
    assert_eq!(body["data"]["object"]["object"], "checkout.session");
    let (header, _) = school.hook.received.lock().unwrap()[2].clone();
    assert!(header.starts_with(&format!("t={},v1=", noon().timestamp())) && header.contains(",v0="));
}

#[tokio::test]
async fn an_endpoint_hears_what_it_asked_for_in_its_own_mode() {
    let school = School::new().await;
    let endpoint = EndpointSpec {
        url: school.hook.url.clone(),
        secret: SECRET.to_owned(),
        livemode: false,
        events: vec!["checkout.session.completed".to_owned()],
    };
    assert!(
        school.stripe.add_endpoint(ACCOUNT, endpoint.clone())
            && !school.stripe.add_endpoint("acct_none", endpoint)
    );
    paid(&school).await;
    school.stripe.flush_webhooks().await;
    assert_eq!(school.hook.kinds(), ["checkout.session.completed"]);
    let live = school.client(LIVE);
    let session = live.create_checkout_session(&school.call, &school.seat(), &key("l")).await.unwrap();
    live.expire_checkout_session(&school.call, &session.id).await.unwrap();
    school.stripe.flush_webhooks().await;
    let log = school.stripe.webhooks_since(1);
    assert_eq!((log.len(), log[0].event.as_str()), (1, "checkout.session.expired"));
    assert!(log[0].url.ends_with("?live"));
    let body = &school.hook.bodies()[1];
    assert_eq!(
        (&body["livemode"], &body["request"]["idempotency_key"]),
        (&true.into(), &format!("expire-{}", session.id).into())
    );
    assert!(body["request"]["id"].as_str().unwrap().starts_with("req_"));
}

/// The minutes after the event at which a receiver that always fails is tried.
async fn tries(school: &School) -> Vec<i64> {
    school.hook.answers.lock().unwrap().extend([500; 60]);
    for _ in 0..80 {
        school.stripe.flush_webhooks().await;
        let (waiting, due) = school.stripe.waiting_webhooks();
        let Some(due) = due.filter(|_| waiting > 0) else { break };
        school.clock.set(due);
    }
    let log = school.stripe.webhooks_since(0);
    assert!(log.last().unwrap().is_final && log.iter().filter(|entry| entry.is_final).count() == 1);
    log.iter().map(|entry| (entry.at - log[0].at).num_minutes()).collect()
}

#[tokio::test]
async fn a_failed_delivery_is_tried_three_times_more_in_a_sandbox() {
    let school = School::new().await;
    let session = school.session("k").await;
    school.stripe.closes_by_hand(&session.id);
    assert_eq!(tries(&school).await, [0, 5, 35, 155]);
}

#[tokio::test]
async fn and_for_three_days_live_with_growing_pauses_signed_anew() {
    let school = School::new().await;
    let live = school.client(LIVE);
    let session = live.create_checkout_session(&school.call, &school.seat(), &key("l")).await.unwrap();
    school.stripe.closes_by_hand(&session.id);
    let minutes = tries(&school).await;
    let pauses: Vec<_> = minutes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.is_sorted() && minutes.len() == 10);
    assert!((48 * 60..=72 * 60).contains(minutes.last().unwrap()));
    // Each try fits its own moment, and is the same event.
    let log = school.stripe.webhooks_since(0);
    let received = school.hook.received.lock().unwrap().clone();
    for (entry, (header, body)) in log.iter().zip(&received) {
        let event = verify(body, header, &[SECRET.into()], entry.at, TOLERANCE).unwrap();
        assert_eq!(event.id, log[0].id);
    }
    assert_eq!(
        verify(&received[0].1, &received[0].0, &[SECRET.into()], log[9].at, TOLERANCE),
        Err(SignatureError::Stale)
    );
}

#[tokio::test]
async fn a_redirect_is_no_success_and_silence_is_none_either() {
    let school = School::new().await;
    let session = school.session("k").await;
    school.stripe.closes_by_hand(&session.id);
    school.hook.answers.lock().unwrap().push(302);
    school.stripe.flush_webhooks().await;
    assert_eq!(school.stripe.webhooks_since(0)[0].status, Some(302));
    assert_eq!(school.stripe.waiting_webhooks(), (1, Some(noon() + chrono::Duration::minutes(5))));
    // An endpoint that is taken away hears nothing more.
    assert!(
        school.stripe.remove_endpoint(ACCOUNT, &school.hook.url)
            && !school.stripe.remove_endpoint(ACCOUNT, "x")
    );
    school.seconds(300);
    assert_eq!(school.stripe.flush_webhooks().await, 0);
    let silent = EndpointSpec {
        url: "http://127.0.0.1:1/".to_owned(),
        secret: SECRET.to_owned(),
        livemode: false,
        events: Vec::new(),
    };
    school.stripe.add_endpoint(ACCOUNT, silent);
    school.stripe.closes_by_hand(&school.session("l").await.id);
    school.stripe.flush_webhooks().await;
    assert_eq!(school.stripe.webhooks_since(1)[0].status, None);
}

#[tokio::test]
async fn while_a_secret_is_rolled_both_sign() {
    let school = School::new().await;
    let rolled =
        school.stripe.roll_secret(ACCOUNT, &school.hook.url, "whsec_new", chrono::Duration::hours(24));
    assert!(rolled && !school.stripe.roll_secret(ACCOUNT, "nowhere", "x", chrono::Duration::hours(1)));
    let fits = async |secret: &str| {
        let session = school.session(&format!("k-{secret}-{}", school.now().timestamp())).await;
        school.stripe.closes_by_hand(&session.id);
        school.stripe.flush_webhooks().await;
        let received = std::mem::take(&mut *school.hook.received.lock().unwrap());
        let (header, body) = received.last().unwrap();
        verify(body, header, &[SecretString::from(secret)], school.now(), TOLERANCE).is_ok()
    };
    assert!(fits(SECRET).await && fits("whsec_new").await);
    school.seconds(24 * 3600);
    assert!(!fits(SECRET).await && fits("whsec_new").await);
}

#[tokio::test]
async fn loss_doubles_and_mixing_follow_the_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let school = School::new().await;
        school.stripe.set_behaviour(|behaviour| behaviour.limits = false);
        let bad = WebhookBehaviour {
            seed: Some(3),
            lose: 20,
            duplicate: 20,
            reorder: 40,
            ..WebhookBehaviour::default()
        };
        school.stripe.set_webhooks(bad);
        for number in 0..30 {
            school.stripe.closes_by_hand(&school.session(&format!("k{number}")).await.id);
        }
        school.stripe.flush_webhooks().await;
        let told: Vec<String> = school.hook.take(school.now()).into_iter().map(|event| event.id).collect();
        let lost = school.stripe.webhooks_since(0).iter().filter(|entry| entry.attempt == 0).count();
        let mut distinct = told.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert!(lost > 0 && distinct.len() == 30 - lost && told.len() > distinct.len());
        runs.push(told);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn late_forged_and_old_deliveries() {
    let school = School::new().await;
    let close = async |name: &str| {
        school.stripe.closes_by_hand(&school.session(name).await.id);
        school.stripe.flush_webhooks().await;
        let received = std::mem::take(&mut *school.hook.received.lock().unwrap());
        received.last().map(|(header, body)| verify(body, header, &[SECRET.into()], school.now(), TOLERANCE))
    };
    school.stripe.set_webhooks(WebhookBehaviour { delay_seconds: 3600, ..WebhookBehaviour::default() });
    assert_eq!(close("late").await, None);
    school.seconds(3600);
    school.stripe.set_webhooks(WebhookBehaviour::default());
    let events = school.told().await;
    let [StripeEvent { kind: EventKind::CheckoutExpired(_), created, .. }] = &events[..] else { panic!() };
    assert_eq!(*created, noon());
    school.stripe.set_webhooks(WebhookBehaviour { bad_signature: 100, ..WebhookBehaviour::default() });
    assert_eq!(close("forged").await, Some(Err(SignatureError::NoMatch)));
    school.stripe.set_webhooks(WebhookBehaviour { old_timestamp: 100, ..WebhookBehaviour::default() });
    assert_eq!(close("old").await, Some(Err(SignatureError::Stale)));
}
