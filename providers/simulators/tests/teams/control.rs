//! `/_control`: the same levers over HTTP, and notifications that leave by themselves.

use std::sync::Arc;

use lectern_core::clock::{FixedClock, ShiftedClock};
use lectern_simulators::teams::{AppSpec, Identity, TeamsOptions, TeamsSimulator};
use serde_json::{Value, json};

use crate::harness::{APP, SECRET, TEACHER, TENANT, event_body, noon, user};

#[tokio::test]
async fn a_rehearsal_can_be_driven_from_another_process() {
    let shifted = ShiftedClock::new(Arc::new(FixedClock::at(noon())));
    let mut options = TeamsOptions::new(Arc::new(shifted.clone()), 1);
    options.shifted = Some(shifted);
    options.control = true;
    let teams = TeamsSimulator::start(options).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let base = teams.base_url();
    let post = async |path: &str, body: Value| {
        let answer = http.post(format!("{base}/_control/{path}")).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or(Value::Null))
    };
    let get = async |path: &str| {
        http.get(format!("{base}/_control/{path}")).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let (status, made) = post("users", json!(user(TEACHER, "Ada"))).await;
    assert_eq!(status, 201);
    let teacher = made["id"].as_str().unwrap().to_owned();
    let app = AppSpec {
        client_id: APP.to_owned(),
        client_secret: SECRET.to_owned(),
        name: String::new(),
        redirect_uris: Vec::new(),
        scopes: Vec::new(),
        roles: vec!["Calendars.ReadWrite".to_owned()],
    };
    assert_eq!(post("apps", json!(app)).await.0, 201);
    assert_eq!(post(&format!("tenants/{TENANT}/consent"), json!({"client_id": APP})).await.0, 201);
    assert_eq!(post("policies", json!({"tenant": TENANT, "client_id": APP})).await.0, 201);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("client_secret", SECRET),
        ("scope", &format!("{base}/.default")),
    ];
    let token: Value = http
        .post(format!("{base}/{TENANT}/oauth2/v2.0/token"))
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let call = async || {
        let request = http.post(format!("{base}/v1.0/users/{teacher}/events"));
        let request = request.bearer_auth(token["access_token"].as_str().unwrap()).json(&event_body());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let forced = json!({"operation": "events.create", "status": 503, "code": "ServiceUnavailable"});
    assert_eq!(post("errors", forced).await.0, 200);
    assert_eq!(call().await.0, 503);
    let (status, event) = call().await;
    assert_eq!(status, 201);
    let link = event["onlineMeeting"]["joinUrl"].as_str().unwrap().to_owned();
    let meetings = get("meetings").await;
    assert_eq!(
        (&meetings["meetings"][0]["join_url"], &meetings["meetings"][0]["live"]),
        (&json!(link), &json!(false))
    );
    teams.joins(&link, Identity::Organizer, "").unwrap();
    assert_eq!(post("clock", json!({"advance_seconds": 60})).await.1["now"], "2026-11-21T12:01:00Z");
    teams.end_for_all(&link);
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("join_url", &link).finish();
    let truth = get(&format!("truth?{query}")).await;
    assert_eq!(truth["calls"][0]["stays"][0]["identity"], "organizer");
    assert_eq!(truth["calls"][0]["ended"], "2026-11-21T12:01:00Z");
    let mut switches = get("behaviour").await;
    assert_eq!(switches["recording_days"], 120);
    switches["recording_days"] = json!(30);
    http.put(format!("{base}/_control/behaviour")).json(&switches).send().await.unwrap();
    assert_eq!(get("behaviour").await["recording_days"], 30);
    assert_eq!(post("faults", json!({"seed": 1, "plan": {"server_error": 100}})).await.0, 200);
    assert!(call().await.0 >= 500);
    let log = get("requests?since=0").await;
    assert!(log["requests"].as_array().unwrap().iter().any(|entry| entry["code"] == "ServiceUnavailable"));
    assert_eq!(get("mails").await["mails"], json!([]));
    assert_eq!(post("notifications", json!({"lose": 100})).await.1["lose"], 100);
    let waiting = get("notifications").await;
    assert_eq!((&waiting["waiting"], &waiting["next_due"]), (&json!(0), &Value::Null));
    assert_eq!(post("lifecycle", json!({"subscription": "none", "event": "missed"})).await.1["told"], false);
    assert_eq!(post(&format!("apps/{APP}/end"), json!({"email": TEACHER})).await.1["ended"], true);
}
