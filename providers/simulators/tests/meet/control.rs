//! The control routes.

use serde_json::{Value, json};

use crate::harness::School;

#[tokio::test]
async fn another_process_can_drive_the_simulator() {
    let school = School::with(|options| options.control = true).await;
    let base = school.google.base_url();
    let post = async |path: &str, body: Value| {
        school.http.post(format!("{base}/_control/{path}")).json(&body).send().await.unwrap()
    };
    let get = async |path: &str| -> Value {
        school.http.get(format!("{base}/_control/{path}")).send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(
        post("accounts", json!({"email": "new@oak.test", "name": "New", "domain": "oak.test"}))
            .await
            .status(),
        201
    );
    let token = school.token("new@oak.test", "").await;
    let (_, space) = school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await;
    let meetings = get("meetings").await;
    assert_eq!(meetings["meetings"][0]["id"], space["name"]);
    assert_eq!(meetings["meetings"][0]["host"], "new@oak.test");
    let truth =
        get(&format!("truth/{}", space["name"].as_str().unwrap().trim_start_matches("spaces/"))).await;
    assert_eq!(truth, json!({"runs": [], "people": []}));
    assert!(
        get("requests").await["requests"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["operation"] == "meet.spaces.create")
    );
    assert_eq!(post("clock", json!({"advance_seconds": 5})).await.status(), 409);
    assert_eq!(get("clock").await["now"], json!(crate::harness::noon()));
    let forced = json!({"operation": "meet.spaces.create", "status": 503, "code": 0});
    assert_eq!(post("errors", forced).await.status(), 200);
    assert_eq!(school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await.0, 503);
    post("faults", json!({"seed": 1, "plan": {"server_error": 100}})).await;
    assert!(school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await.0 >= 500);
    post("faults", json!({})).await;
    let mut behaviour = get("behaviour").await;
    behaviour["creates"] = json!(1);
    school.http.put(format!("{base}/_control/behaviour")).json(&behaviour).send().await.unwrap();
    assert_eq!(school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await.0, 429);
    let change = async |email: &str, body: Value| {
        let url = format!("{base}/_control/accounts/{email}");
        school.http.patch(url).json(&body).send().await.unwrap().status()
    };
    let full = json!({"edition": "recording", "drive_full": true, "storage_limit": 1000});
    assert_eq!(change("new@oak.test", full).await, 204);
    assert_eq!(change("nobody@oak.test", json!({})).await, 404);
    let about = "/drive/v3/about?fields=storageQuota";
    let (_, about) = school.call(&token, "GET", about, None).await;
    assert_eq!(
        (&about["storageQuota"]["limit"], &about["storageQuota"]["usage"]),
        (&json!("1000"), &json!("1000"))
    );
    let suspended = post("subscriptions/none/suspend", json!({"reason": "OTHER"})).await;
    assert_eq!(suspended.json::<Value>().await.unwrap(), json!({"suspended": false}));
    assert_eq!(post("pushes", json!({"lose": 100})).await.status(), 200);
    assert_eq!(get("pushes").await["waiting"], 0);
    assert_eq!(
        post("apps/client/remove", json!({"email": "new@oak.test"})).await.json::<Value>().await.unwrap()["removed"],
        true
    );
    assert_eq!(school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await.0, 401);
    assert_eq!(post("keys/rotate", json!({})).await.status(), 204);
    let service = json!({"email": "s@oak.iam", "project": "oak", "domain": "oak.test", "scopes": ["openid"]});
    let made: Value = post("service-accounts", service).await.json().await.unwrap();
    assert!(made["key_file"].as_str().unwrap().contains("PRIVATE KEY"));
}

#[tokio::test]
async fn without_being_asked_nothing_is_served_there() {
    let school = School::new().await;
    let answer =
        school.http.get(format!("{}/_control/clock", school.google.base_url())).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}
