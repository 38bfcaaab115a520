//! `/_control`: the same levers over HTTP.

use std::sync::Arc;

use lectern_core::clock::{FixedClock, ShiftedClock};
use lectern_simulators::zoom::{AppMode, ZoomOptions, ZoomSimulator};
use serde_json::{Value, json};

use crate::harness::{Receiver, SECRET_TOKEN, School, app, http, noon};

#[tokio::test]
async fn a_rehearsal_can_be_driven_from_another_process() {
    let shifted = ShiftedClock::new(Arc::new(FixedClock::at(noon())));
    let mut options = ZoomOptions::new(Arc::new(shifted.clone()), 1);
    options.shifted = Some(shifted);
    options.control = true;
    options.live = true;
    let zoom = ZoomSimulator::start(options).await.unwrap();
    let (http, base) = (http(), zoom.base_url());
    let post = async |path: &str, body: Value| {
        let answer = http.post(format!("{base}/_control/{path}")).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or(Value::Null))
    };
    let get = async |path: &str| {
        http.get(format!("{base}/_control/{path}")).send().await.unwrap().json::<Value>().await.unwrap()
    };

    let host = json!({ "email": "ada@oak.test", "first_name": "Ada", "account_id": "oak", "plan": "licensed", "account_plan": "pro" });
    assert_eq!(post("hosts", host).await.0, 201);
    let mut spec = app(lectern_simulators::zoom::AppMode::ServerToServer);
    spec.account_id = Some("oak".to_owned());
    assert_eq!(post("apps", json!(spec)).await.0, 201);
    let hook = Receiver::start().await;
    let endpoint = json!({ "url": hook.url, "secret_token": SECRET_TOKEN });
    assert_eq!(post("apps/client-ServerToServer/endpoints", endpoint).await.0, 201);
    let bad = json!({ "url": hook.url, "secret_token": "wrong" });
    assert_eq!(post("apps/client-ServerToServer/endpoints", bad).await.0, 422);

    let token: Value = http
        .post(format!("{base}/oauth/token"))
        .basic_auth("client-ServerToServer", Some("client-secret"))
        .query(&[("grant_type", "account_credentials"), ("account_id", "oak")])
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let made: Value = http
        .post(format!("{base}/v2/users/ada@oak.test/meetings"))
        .bearer_auth(token["access_token"].as_str().unwrap())
        .json(&json!({ "topic": "Rehearsal" }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let id = made["id"].as_u64().unwrap();

    let requests = get("requests?since=0").await;
    let create = requests["requests"]
        .as_array()
        .unwrap()
        .iter()
        .find(|record| record["operation"] == "meetingCreate")
        .unwrap()
        .clone();
    assert_eq!(
        (create["status"].as_i64(), create["meeting"].as_u64(), create["route"].as_str()),
        (Some(201), Some(id), Some("/users/{userId}/meetings"))
    );
    assert!(!requests.to_string().contains(token["access_token"].as_str().unwrap()));
    let seq = requests["seq"].as_u64().unwrap();
    assert_eq!(get(&format!("requests?since={seq}")).await["requests"], json!([]));

    let later = get("requests?since=2026-11-21T12:00:00Z").await;
    assert_eq!(later["requests"], json!([]));

    assert_eq!(get("meetings").await["meetings"][0]["id"], id);
    zoom.host_joins(id).unwrap();
    assert_eq!(post("clock", json!({ "advance_seconds": 90 })).await.1["now"], "2026-11-21T12:01:30Z");
    assert_eq!(get(&format!("truth/{id}")).await["people"][0]["seconds"], 90);
    assert_eq!(http.get(format!("{base}/_control/truth/1")).send().await.unwrap().status(), 404);

    assert_eq!(post("faults", json!({ "seed": 5, "plan": { "server_error": 100 } })).await.0, 200);
    let users = http.get(format!("{base}/v2/users")).bearer_auth("x").send().await.unwrap();
    assert!(users.status().is_server_error());
    assert_eq!(post("faults", json!({ "plan": {} })).await.0, 200);
    assert_eq!(post("faults", json!({ "plan": { "nonsense": 1 } })).await.0, 422);
    assert_eq!(
        post("webhooks", json!({ "lose": 100, "duplicate": 0, "delay_seconds": 0, "reorder": 0 })).await.0,
        200
    );
    zoom.end_for_all(id);
    let deliveries = get("webhooks").await;
    let lost =
        deliveries["deliveries"].as_array().unwrap().iter().filter(|entry| entry["attempt"] == 0).count();
    assert_eq!(lost, 2);
    let mut behaviour = get("behaviour").await;
    behaviour["auto_admit"] = true.into();
    let put = http.put(format!("{base}/_control/behaviour")).json(&behaviour).send().await.unwrap();
    assert_eq!(put.json::<Value>().await.unwrap()["auto_admit"], true);
}

#[tokio::test]
async fn without_control_there_are_no_such_routes() {
    let zoom = ZoomSimulator::start(ZoomOptions::new(Arc::new(FixedClock::at(noon())), 1)).await.unwrap();
    assert_eq!(
        http().get(format!("{}/_control/requests", zoom.base_url())).send().await.unwrap().status(),
        404
    );
}

#[tokio::test]
async fn live_webhooks_go_out_by_themselves() {
    let school = School::with(AppMode::User, |options| options.live = true).await;
    let arrived = school.hook.arrived.notified();
    school.meeting(json!({})).await;
    tokio::time::timeout(std::time::Duration::from_secs(20), arrived).await.unwrap();
    assert_eq!(school.hook.events(), ["meeting.created"]);
}
