#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::secret::SecretString;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    EventKind, PaymentStatus, RefundStatus, SessionStatus, SignatureError, StripeEvent, TOLERANCE, sign,
    verify,
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn secret() -> SecretString {
    "whsec_test".into()
}

fn event(kind: &str, object: &Value) -> Vec<u8> {
    json!({
        "id": "evt_1", "object": "event", "api_version": "2024-06-20", "created": 1_699_999_990, "livemode": false,
        "pending_webhooks": 1, "request": { "id": null, "idempotency_key": null }, "type": kind, "data": { "object": object },
    })
    .to_string()
    .into_bytes()
}

fn session() -> Value {
    json!({
        "id": "cs_test_1", "object": "checkout.session", "status": "complete", "payment_status": "paid", "created": 1_699_990_000,
        "expires_at": 1_700_010_000, "payment_intent": "pi_1", "amount_total": 1500, "currency": "eur", "livemode": false,
        "client_reference_id": "booking-1", "metadata": { "class": "42" }, "url": null, "of_tomorrow": { "x": [1, 2] },
    })
}

fn check(payload: &[u8], header: &str) -> Result<StripeEvent, SignatureError> {
    verify(payload, header, &[secret()], now(), TOLERANCE)
}

/// Made with `openssl dgst -sha256 -hmac whsec_test` over `1700000000.{"a":1}`.
#[test]
fn the_signature_is_the_published_construction() {
    let header = sign(br#"{"a":1}"#, &secret(), now());
    let code = "38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789";
    assert_eq!(header, format!("t=1700000000,v1={code}"));
}

#[test]
fn one_of_several_signatures_and_secrets_is_enough() {
    let body = event("checkout.session.completed", &session());
    let good = sign(&body, &secret(), now());
    let good = good.strip_prefix("t=1700000000,").unwrap();
    let other = format!("v1={}", "0".repeat(64));
    for header in [
        format!("t=1700000000,{other},{good}"),
        format!("t=1700000000, {good}, v0=6ffb, v2=x"),
        format!("{good},t=1700000000"),
        format!("t=1700000000,v1=no-hex,{good}"),
    ] {
        assert!(check(&body, &header).is_ok(), "{header}");
    }
    let header = format!("t=1700000000,{good}");
    let rolled = [SecretString::from("whsec_new"), secret()];
    assert!(verify(&body, &header, &rolled, now(), TOLERANCE).is_ok());
    assert_eq!(verify(&body, &header, &rolled[..1], now(), TOLERANCE), Err(SignatureError::NoMatch));
    assert_eq!(verify(&body, &header, &[], now(), TOLERANCE), Err(SignatureError::NoMatch));
}

#[test]
fn nothing_else_signs() {
    let body = event("checkout.session.completed", &session());
    let good = sign(&body, &secret(), now());
    let code = good.split_once("v1=").unwrap().1;
    for header in [
        "",
        "t=1700000000",
        &format!("v1={code}"),
        &format!("t=,v1={code}"),
        &format!("t=1700000000,t=1700000000,v1={code}"),
        &format!("t=+1700000000,v1={code}"),
        &format!("t=9999999999999,v1={code}"),
        &format!("t=1700000000,v0={code}"),
        &format!("t=1700000000,v1={code}00"),
        &format!("{good},{}", "x=y,".repeat(2000)),
        "nonsense",
    ] {
        assert_eq!(check(&body, header), Err(SignatureError::NoSignature), "{header}");
    }
    assert_eq!(check(&body, &format!("t=1700000001,v1={code}")), Err(SignatureError::NoMatch));
    let mut changed = body.clone();
    changed.push(b' ');
    assert_eq!(check(&changed, &good), Err(SignatureError::NoMatch));
    let anybody = sign(&body, &"".into(), now());
    assert_eq!(verify(&body, &anybody, &["".into()], now(), TOLERANCE), Err(SignatureError::NoSignature));
}

#[test]
fn five_minutes_either_way() {
    let body = event("ping", &json!({}));
    let at =
        |seconds: i64| check(&body, &sign(&body, &secret(), now() + TimeDelta::seconds(seconds))).map(|_| ());
    assert_eq!((at(-300), at(300)), (Ok(()), Ok(())));
    assert_eq!((at(-301), at(301)), (Err(SignatureError::Stale), Err(SignatureError::Stale)));
}

#[test]
fn every_kind_has_its_object() {
    let read = |kind: &str, object: &Value| StripeEvent::parse(&event(kind, object)).unwrap();
    let completed = read("checkout.session.completed", &session());
    assert_eq!(
        (completed.id.as_str(), completed.livemode, completed.created.timestamp()),
        ("evt_1", false, 1_699_999_990)
    );
    let EventKind::CheckoutCompleted(told) = &completed.kind else { panic!("{completed:?}") };
    assert!(
        told.is_paid()
            && told.status == SessionStatus::Complete
            && told.payment_status == PaymentStatus::Paid
    );
    assert_eq!((told.amount_total, told.currency.as_deref()), (Some(1500), Some("eur")));
    assert_eq!(told.metadata["class"], "42");
    for kind in [
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    ] {
        let told = read(kind, &session());
        assert!(told.kind.name() == kind && !matches!(told.kind, EventKind::Other(_)), "{told:?}");
    }
    let charge = json!({"id": "ch_1", "amount": 1500, "amount_refunded": 500, "refunded": false, "currency": "eur", "payment_intent": {"id": "pi_1"}});
    let EventKind::ChargeRefunded(told) = read("charge.refunded", &charge).kind else { panic!() };
    assert_eq!((told.amount_refunded, told.payment_intent.as_deref()), (500, Some("pi_1")));
    let refund = json!({"id": "re_1", "amount": 500, "currency": "eur", "status": "of_tomorrow", "created": 1, "payment_intent": "pi_1", "failure_reason": "unknown"});
    let EventKind::RefundFailed(told) = read("refund.failed", &refund).kind else { panic!() };
    assert_eq!(told.status, RefundStatus::Other("of_tomorrow".to_owned()));
    assert_eq!(read("refund.updated", &refund).kind.name(), "refund.updated");
    assert_eq!(
        read("payment_intent.succeeded", &json!({"id": "pi_1"})).kind,
        EventKind::Other("payment_intent.succeeded".to_owned())
    );
}

#[test]
fn a_signed_event_that_cannot_be_read_is_told_apart() {
    let body = event("checkout.session.completed", &json!({"id": 3}));
    assert_eq!(check(&body, &sign(&body, &secret(), now())), Err(SignatureError::Unreadable));
    assert_eq!(check(b"[]", &sign(b"[]", &secret(), now())), Err(SignatureError::Unreadable));
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(payload in prop::collection::vec(any::<u8>(), 0..400)) {
        let _read = StripeEvent::parse(&payload);
        let signed = sign(&payload, &secret(), now());
        prop_assert_eq!(check(&payload, &signed), StripeEvent::parse(&payload));
    }

    #[test]
    fn no_header_breaks_the_check(header in ".{0,200}", payload in prop::collection::vec(any::<u8>(), 0..40)) {
        prop_assert!(verify(&payload, &header, &[secret()], now(), Duration::MAX).is_err());
    }

    #[test]
    fn near_headers_break_nothing_either(header in "(t=[0-9+-]{0,20}|v[01]=[0-9a-fg]{0,70}|,| |=){0,8}") {
        let told = check(b"[]", &header);
        prop_assert!(told.is_err());
    }

    #[test]
    fn a_changed_byte_is_noticed(at in 0_usize..200, bit in 0_u8..8) {
        let mut body = event("checkout.session.completed", &session());
        let header = sign(&body, &secret(), now());
        let at = at % body.len();
        body[at] ^= 1 << bit;
        prop_assert_eq!(check(&body, &header), Err(SignatureError::NoMatch));
    }

    #[test]
    fn objects_with_odd_values_are_refused_not_fatal(key in "(id|status|created|expires_at|metadata|livemode|payment_intent|amount_total)", number in any::<i64>()) {
        let mut object = session();
        object[key.as_str()] = json!(number);
        let _read = StripeEvent::parse(&event("checkout.session.expired", &object));
    }
}
