//! What is refused, in Stripe's words.

use serde_json::{Value, json};

use crate::harness::School;

async fn refused(school: &School, changes: &[(&str, &str)]) -> (Value, Value, String) {
    let (status, body) = school.create(changes).await;
    assert_eq!(status, 400, "{changes:?} {body}");
    let error = &body["error"];
    assert_eq!(error["type"], "invalid_request_error", "{body}");
    (error["code"].clone(), error["param"].clone(), error["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_parameter_is_checked() {
    let school = School::new().await;
    school.stripe.set_behaviour(|behaviour| behaviour.limits = false);
    let amount = "line_items[0][price_data][unit_amount]";
    let currency = "line_items[0][price_data][currency]";
    let long = "x".repeat(501);
    let soon = (school.now() + chrono::Duration::minutes(29)).timestamp().to_string();
    let late = (school.now() + chrono::Duration::minutes(24 * 60 + 1)).timestamp().to_string();
    let table = [
        (
            vec![("success_url", "-")],
            json!("parameter_missing"),
            json!("success_url"),
            "Missing required param: success_url.",
        ),
        (vec![(amount, "-")], json!("parameter_missing"), json!(amount), "Missing required param"),
        (
            vec![("nonsense", "1")],
            json!("parameter_unknown"),
            json!("nonsense"),
            "Received unknown parameter: nonsense",
        ),
        (
            vec![("line_items[0][colour]", "red")],
            json!("parameter_unknown"),
            json!("line_items[0][colour]"),
            "Received unknown parameter",
        ),
        (
            vec![(amount, "12.50")],
            json!("parameter_invalid_integer"),
            json!(amount),
            "Invalid integer: 12.50",
        ),
        (
            vec![(amount, "-5")],
            json!("parameter_invalid_integer"),
            json!(amount),
            "Invalid non-negative integer",
        ),
        (
            vec![("line_items[0][quantity]", "0")],
            json!("parameter_invalid_integer"),
            json!("line_items[0][quantity]"),
            "This value must be greater",
        ),
        (vec![("line_items[0][quantity]", "-")], Value::Null, json!("line_items[0]"), "Quantity is required"),
        (
            vec![("client_reference_id", "")],
            json!("parameter_invalid_empty"),
            json!("client_reference_id"),
            "You passed an empty string",
        ),
        (
            vec![("customer_email", "nobody")],
            json!("email_invalid"),
            json!("customer_email"),
            "Invalid email address: nobody",
        ),
        (vec![("success_url", "oak")], json!("url_invalid"), json!("success_url"), "Not a valid URL"),
        (
            vec![("mode", "barter")],
            Value::Null,
            json!("mode"),
            "Invalid mode: must be one of payment, setup, or subscription",
        ),
        (
            vec![(currency, "xyz")],
            Value::Null,
            json!(currency),
            "Invalid currency: xyz. Stripe currently supports these currencies",
        ),
        (
            vec![(amount, "49")],
            json!("amount_too_small"),
            Value::Null,
            "The Checkout Session's total amount due must add up to at least $0.50 usd",
        ),
        (
            vec![(amount, "100000000")],
            json!("amount_too_large"),
            Value::Null,
            "The Checkout Session's total amount due must be no more",
        ),
        (
            vec![("metadata[x]", &long)],
            Value::Null,
            json!("metadata[x]"),
            "Metadata values can have up to 500 characters",
        ),
        (
            vec![("expires_at", &soon)],
            Value::Null,
            json!("expires_at"),
            "The `expires_at` timestamp must be at least 30 minutes",
        ),
        (
            vec![("expires_at", &late)],
            Value::Null,
            json!("expires_at"),
            "The `expires_at` timestamp must be less than 24 hours",
        ),
        (
            vec![("payment_method_types[0]", "shells")],
            Value::Null,
            json!("payment_method_types[0]"),
            "Invalid payment_method_types[0]",
        ),
    ];
    for (changes, code, param, message) in table {
        let told = refused(&school, &changes).await;
        assert_eq!((&told.0, &told.1), (&code, &param), "{changes:?}");
        assert!(told.2.starts_with(message), "{}", told.2);
    }
    let none = [
        "[price_data][currency]",
        "[price_data][unit_amount]",
        "[price_data][product_data][name]",
        "[quantity]",
    ]
    .map(|rest| format!("line_items[0]{rest}"));
    let none: Vec<_> = none.iter().map(|name| (name.as_str(), "-")).collect();
    assert_eq!(refused(&school, &none).await.1, "line_items");
    assert_eq!(
        refused(&school, &[("payment_method_types[0]", "sepa_debit")]).await.1,
        "payment_method_types"
    );
    assert!(school.stripe.sessions().is_empty());
}

#[tokio::test]
async fn currencies_have_their_digits_and_least_amounts() {
    let school = School::new().await;
    let amount = "line_items[0][price_data][unit_amount]";
    let currency = "line_items[0][price_data][currency]";
    for (money, least) in [("jpy", "50"), ("gbp", "30"), ("bdt", "1"), ("huf", "17500"), ("krw", "1")] {
        let (status, body) = school.create(&[(currency, money), (amount, least)]).await;
        assert_eq!(
            (status, body["currency"].as_str(), body["amount_total"].to_string()),
            (200, Some(money), least.to_owned())
        );
    }
    assert_eq!(
        refused(&school, &[(currency, "jpy"), (amount, "49")]).await.2,
        "The Checkout Session's total amount due must add up to at least ¥50 jpy"
    );
    assert_eq!(refused(&school, &[(currency, "gbp"), (amount, "29")]).await.0, "amount_too_small");
}

#[tokio::test]
async fn defaults_come_back() {
    let school = School::new().await;
    let (status, body) =
        school.create(&[("expires_at", "-"), ("line_items[0][quantity]", "2"), ("metadata[gone]", "")]).await;
    assert_eq!((status, &body["amount_total"], &body["metadata"]), (200, &json!(3000), &json!({})));
    assert_eq!(body["expires_at"].as_i64().unwrap() - body["created"].as_i64().unwrap(), 86_400);
    assert_eq!(
        (&body["cancel_url"], &body["payment_intent"], &body["customer_email"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let school = School::new().await;
    let url = format!("{}/v1/checkout/sessions", school.stripe.base_url());
    let answer = school
        .http
        .post(url)
        .bearer_auth(crate::harness::KEY)
        .json(&json!({"mode": "payment"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("application/x-www-form-urlencoded"));
}
