//! What the simulator and the client say to each other, against what Stripe's API description requires of it.
//!
//! The lists are of required fields, their types and their words in version 2024-06-20: `checkout.session`, `refund`, `charge`,
//! `event`, `account`, `api_errors` at docs.stripe.com/api. The document itself is not kept here.

use serde_json::Value;

use crate::harness::{KEY, School, all_of, key};

#[derive(Clone, Copy, Debug)]
enum Is {
    Text,
    Number,
    Flag,
    List,
    Object,
    OneOf(&'static [&'static str]),
}

fn check(object: &Value, fields: &[(&str, Is)]) {
    for (name, is) in fields {
        let value = object.get(name).unwrap_or_else(|| panic!("{name} is missing: {object}"));
        let good = match is {
            Is::Text => value.is_string(),
            Is::Number => value.is_i64(),
            Is::Flag => value.is_boolean(),
            Is::List => value.is_array(),
            Is::Object => value.is_object(),
            Is::OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        };
        assert!(good, "{name} is {value}, not {is:?}");
    }
}

const SESSION: &[(&str, Is)] = &[
    ("id", Is::Text),
    ("object", Is::OneOf(&["checkout.session"])),
    ("automatic_tax", Is::Object),
    ("created", Is::Number),
    ("custom_fields", Is::List),
    ("custom_text", Is::Object),
    ("expires_at", Is::Number),
    ("livemode", Is::Flag),
    ("metadata", Is::Object),
    ("mode", Is::OneOf(&["payment", "setup", "subscription"])),
    ("payment_method_types", Is::List),
    ("payment_status", Is::OneOf(&["paid", "unpaid", "no_payment_required"])),
    ("shipping_options", Is::List),
    ("status", Is::OneOf(&["open", "complete", "expired"])),
    ("success_url", Is::Text),
    ("ui_mode", Is::OneOf(&["hosted", "embedded"])),
];
const REFUND: &[(&str, Is)] = &[
    ("id", Is::Text),
    ("object", Is::OneOf(&["refund"])),
    ("amount", Is::Number),
    ("created", Is::Number),
    ("currency", Is::Text),
    ("status", Is::OneOf(&["pending", "requires_action", "succeeded", "failed", "canceled"])),
];
const CHARGE: &[(&str, Is)] = &[
    ("id", Is::Text),
    ("object", Is::OneOf(&["charge"])),
    ("amount", Is::Number),
    ("amount_captured", Is::Number),
    ("amount_refunded", Is::Number),
    ("billing_details", Is::Object),
    ("captured", Is::Flag),
    ("created", Is::Number),
    ("currency", Is::Text),
    ("disputed", Is::Flag),
    ("livemode", Is::Flag),
    ("metadata", Is::Object),
    ("paid", Is::Flag),
    ("refunded", Is::Flag),
    ("status", Is::OneOf(&["succeeded", "pending", "failed"])),
];
const EVENT: &[(&str, Is)] = &[
    ("id", Is::Text),
    ("object", Is::OneOf(&["event"])),
    ("created", Is::Number),
    ("data", Is::Object),
    ("livemode", Is::Flag),
    ("pending_webhooks", Is::Number),
    ("type", Is::Text),
];
const ACCOUNT: &[(&str, Is)] = &[
    ("id", Is::Text),
    ("object", Is::OneOf(&["account"])),
    ("charges_enabled", Is::Flag),
    ("country", Is::Text),
    ("default_currency", Is::Text),
    ("type", Is::OneOf(&["custom", "express", "standard"])),
];
const ERROR: &[(&str, Is)] = &[
    ("type", Is::OneOf(&["api_error", "card_error", "idempotency_error", "invalid_request_error"])),
    ("message", Is::Text),
];

#[tokio::test]
async fn every_object_has_what_the_description_requires() {
    let school = School::new().await;
    let (session, intent) = school.seat_paid().await;
    let refund = school.client.create_refund(&school.call, &all_of(&intent), &key("r")).await.unwrap();
    let get = async |path: String| school.raw("GET", &path, &[], &[]).await.2;
    check(&school.create(&[]).await.1, SESSION);
    check(&get(format!("/v1/checkout/sessions/{}", session.id)).await, SESSION);
    check(&get(format!("/v1/refunds/{}", refund.id)).await, REFUND);
    check(&get("/v1/account".to_owned()).await, ACCOUNT);
    check(&get("/v1/refunds/re_none".to_owned()).await["error"], ERROR);
    school.stripe.flush_webhooks().await;
    let events = school.hook.bodies();
    let kinds = [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "refund.created",
        "charge.refunded",
    ];
    assert_eq!(school.hook.kinds(), kinds);
    for event in &events {
        check(event, EVENT);
        let object = &event["data"]["object"];
        match object["object"].as_str().unwrap() {
            "checkout.session" => check(object, SESSION),
            "refund" => check(object, REFUND),
            "charge" => check(object, CHARGE),
            "payment_intent" => {
                assert!(object["id"].as_str().unwrap().starts_with("pi_") && object["status"] == "succeeded");
            }
            other => panic!("{other}"),
        }
    }
}

/// Ids are opaque, and no longer than Stripe's documents promise.
#[tokio::test]
async fn ids_are_short_enough_for_a_column() {
    let school = School::new().await;
    let (session, intent) = school.seat_paid().await;
    for id in [session.id, intent] {
        assert!(id.len() <= 255 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    }
}

/// What Lectern sends: one version of the API, a key for each creating call, a form; its secret nowhere but in its header.
#[tokio::test]
async fn the_client_speaks_as_the_description_asks() {
    use axum::{
        Router,
        body::Bytes,
        http::{HeaderMap, Method, Uri},
    };
    use lectern_core::{clock::FixedClock, random::SeededRandomness};
    use lectern_providers::{
        stripe::{Stripe, StripeConfig},
        transport::{Transport, TransportOptions},
    };
    use std::sync::{Arc, Mutex};

    type Heard = Arc<Mutex<Vec<(Method, String, HeaderMap, String)>>>;
    let heard = Heard::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let ear = Arc::clone(&heard);
    let router =
        Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let body = String::from_utf8(body.to_vec()).unwrap();
            ear.lock().unwrap().push((method, uri.to_string(), headers, body));
            (axum::http::StatusCode::BAD_REQUEST, "{}")
        });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let transport = Transport::new(TransportOptions {
        allow_loopback: true,
        clock: Arc::new(FixedClock::at(crate::harness::noon())),
        randomness: Arc::new(SeededRandomness::new(3)),
        before_each: || {},
        inspect: None,
    })
    .unwrap();
    let client = Stripe::new(StripeConfig::at(base.parse().unwrap(), KEY.into()).unwrap(), transport, "oak");
    let school = School::new().await;
    let call = school.call;
    assert!(client.create_checkout_session(&call, &school.seat(), &key("k1")).await.is_err());
    assert!(client.create_refund(&call, &all_of("pi_1"), &key("k2")).await.is_err());
    assert!(client.expire_checkout_session(&call, "cs_1").await.is_err());
    assert!(client.retrieve_checkout_session(&call, "cs_1").await.is_err());
    assert!(client.retrieve_refund(&call, "re_1").await.is_err());
    assert!(client.retrieve_account(&call).await.is_err());
    let heard = heard.lock().unwrap().clone();
    let calls: Vec<_> = heard.iter().map(|(method, path, ..)| format!("{method} {path}")).collect();
    assert_eq!(
        calls,
        [
            "POST /v1/checkout/sessions",
            "POST /v1/refunds",
            "POST /v1/checkout/sessions/cs_1/expire",
            "GET /v1/checkout/sessions/cs_1",
            "GET /v1/refunds/re_1",
            "GET /v1/account",
        ]
    );
    for (method, path, headers, body) in &heard {
        assert_eq!(headers["stripe-version"], "2024-06-20");
        assert_eq!(headers["authorization"], format!("Bearer {KEY}"));
        assert_eq!(headers.contains_key("idempotency-key"), method == Method::POST, "{path}");
        assert!(!body.contains(KEY));
    }
    let form: Vec<(String, String)> =
        url::form_urlencoded::parse(heard[0].3.as_bytes()).into_owned().collect();
    let names: Vec<_> = form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "mode",
            "line_items[0][price_data][currency]",
            "line_items[0][price_data][unit_amount]",
            "line_items[0][price_data][product_data][name]",
            "line_items[0][quantity]",
            "customer_email",
            "client_reference_id",
            "metadata[class]",
            "success_url",
            "cancel_url",
            "expires_at",
        ]
    );
    assert!(form.contains(&("line_items[0][price_data][currency]".to_owned(), "eur".to_owned())));
    assert_eq!(heard[0].2["content-type"], "application/x-www-form-urlencoded");
}
