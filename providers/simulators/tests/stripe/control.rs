//! The control routes.

use std::sync::Arc;

use lectern_core::clock::{FixedClock, ShiftedClock};
use lectern_simulators::stripe::{CARD_ASKS, CARD_DECLINED, CARD_PAYS, IBAN_ARRIVES};
use serde_json::{Value, json};

use crate::harness::{School, noon};

#[tokio::test]
async fn another_process_can_drive_the_simulator() {
    let shifted = ShiftedClock::new(Arc::new(FixedClock::at(noon())));
    let school = School::with(|options| {
        options.control = true;
        options.clock = Arc::new(shifted.clone());
        options.shifted = Some(shifted.clone());
    })
    .await;
    let base = school.stripe.base_url();
    let post = async |path: &str, body: Value| {
        let answer = school.http.post(format!("{base}/_control/{path}")).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
    };
    let get = async |path: &str| -> Value {
        school.http.get(format!("{base}/_control/{path}")).send().await.unwrap().json().await.unwrap()
    };
    let elm = json!({"id": "acct_elm", "name": "Elm", "keys": [{"key": "sk_test_elm00000000000000"}]});
    assert_eq!(post("accounts", elm).await.0, 201);
    let endpoint = json!({"url": "http://127.0.0.1:1/", "secret": "whsec_elm"});
    assert_eq!(post("accounts/acct_elm/endpoints", endpoint.clone()).await.0, 201);
    assert_eq!(post("accounts/acct_none/endpoints", endpoint).await.0, 404);
    let first = school.session("one").await;
    let sessions = get("sessions").await;
    assert_eq!(sessions["sessions"][0]["id"], first.id.as_str());
    assert_eq!(sessions["sessions"][0]["url"], first.url.unwrap().as_str());
    let pay = format!("sessions/{}/pay", first.id);
    assert_eq!(
        post(&pay, json!({"card": CARD_DECLINED})).await,
        (422, json!({"error": "Your card was declined."}))
    );
    assert_eq!(post(&pay, json!({"card": CARD_ASKS})).await, (200, json!({"asked": true})));
    assert_eq!(post(&pay, json!({"card": CARD_ASKS, "confirms": false})).await.0, 422);
    assert!(post(&pay, json!({"card": CARD_PAYS})).await.1["back"].as_str().unwrap().contains(&first.id));
    assert!(
        post(&format!("sessions/{}/refund", first.id), json!({"amount": 500})).await.1["refund"].is_string()
    );
    let truth = get(&format!("truth/{}", first.id)).await;
    assert_eq!(
        (&truth["state"], &truth["payment"], &truth["refunded"]),
        (&json!("complete"), &json!("succeeded"), &json!(500))
    );
    let second = school.session("two").await;
    post(&format!("sessions/{}/pay", second.id), json!({"iban": IBAN_ARRIVES})).await;
    assert_eq!(
        post(&format!("sessions/{}/bank", second.id), json!({"arrives": true})).await.1,
        json!({"decided": true})
    );
    assert_eq!(post("sessions/cs_none/refund", json!({})).await.0, 404);
    let missing = school.http.get(format!("{base}/_control/truth/cs_none")).send().await.unwrap();
    assert_eq!(missing.status(), 404);
    assert_eq!(post("webhooks", json!({"lose": 100})).await.0, 200);
    let third = school.session("three").await;
    post("clock", json!({"advance_seconds": 3600})).await;
    assert_eq!(get("clock").await["now"], json!(noon() + chrono::Duration::hours(1)));
    assert_eq!(get(&format!("truth/{}", third.id)).await["state"], "expired");
    let deliveries = get("webhooks").await;
    assert_eq!(
        deliveries["deliveries"].as_array().unwrap().last().unwrap()["event"],
        "checkout.session.expired"
    );
    assert!(deliveries["waiting"].as_u64().unwrap() > 0);
    assert!(
        get("requests").await["requests"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["operation"] == "PostCheckoutSessions")
    );
    let forced =
        json!({"operation": "GetAccount", "status": 402, "type": "card_error", "code": "card_declined"});
    assert_eq!(post("errors", forced).await.0, 200);
    assert_eq!(school.raw("GET", "/v1/account", &[], &[]).await.0, 402);
    post("faults", json!({"seed": 1, "plan": {"server_error": 100}})).await;
    assert!(school.raw("GET", "/v1/account", &[], &[]).await.0 >= 500);
    post("faults", json!({})).await;
    let mut behaviour = get("behaviour").await;
    behaviour["bank_seconds"] = json!(60);
    let put = school.http.put(format!("{base}/_control/behaviour")).json(&behaviour).send().await.unwrap();
    assert_eq!(put.status(), 200);
}

#[tokio::test]
async fn without_being_asked_nothing_is_served_there() {
    let school = School::new().await;
    let url = format!("{}/_control/requests", school.stripe.base_url());
    assert_eq!(school.http.get(url).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_live_simulator_delivers_by_itself() {
    let school = School::with(|options| options.live = true).await;
    school.seat_paid().await;
    for _ in 0..50 {
        if school.hook.kinds().len() == 3 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{:?}", school.hook.kinds());
}
