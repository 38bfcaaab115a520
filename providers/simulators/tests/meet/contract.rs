//! The documents against everything the simulator serves.

use lectern_simulators::{contract::Contract, meet::Visitor};
use serde_json::json;

use crate::harness::{School, TOPIC};

/// Methods of the documents that the simulator leaves out: no part of Lectern calls them.
const LEFT_OUT: &[&str] =
    &["transcripts", "smartNotes", "permissions", "files.download", "files.list", "pubsub."];

#[tokio::test]
async fn every_method_keeps_the_contract() {
    let Some(contract) = Contract::google_from_environment().unwrap() else { return };
    let shared = contract.clone();
    let school = School::with(|options| options.contract = Some(shared)).await;
    let scopes = ["drive", "pubsub", "meetings.space.readonly", "admin.directory.user.readonly"]
        .map(|name| format!("https://www.googleapis.com/auth/{name}"))
        .join(" ");
    let mut admin = lectern_simulators::meet::AccountSpec::new("head@oak.test", "Head Master");
    admin.admin = true;
    let id = school.google.add_account(admin);
    let token = school.token("head@oak.test", &scopes).await;
    let call = async |method: &str, path: String, body: Option<serde_json::Value>| {
        let (status, answer) = school.call(&token, method, &path, body).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    };
    let open = json!({"config": {"accessType": "OPEN"}});
    let space = call("POST", "/v2/spaces".to_owned(), Some(open)).await;
    let name = space["name"].as_str().unwrap();
    let target = format!("//cloudidentity.googleapis.com/users/{id}");
    let wanted = json!({"targetResource": target, "eventTypes": ["google.workspace.meet.recording.v2.ended"],
        "notificationEndpoint": {"pubsubTopic": TOPIC}, "ttl": "0s"});
    school.google.set_behaviour(|behaviour| behaviour.operation_looks = 1);
    let operation = call("POST", "/v1/subscriptions".to_owned(), Some(wanted)).await;
    let done = call("GET", format!("/v1/{}", operation["name"].as_str().unwrap()), None).await;
    let subscription = done["response"]["name"].as_str().unwrap();
    call("GET", format!("/v1/{subscription}"), None).await;
    call(
        "GET",
        "/v1/subscriptions?filter=event_types:%22google.workspace.meet.recording.v2.ended%22".to_owned(),
        None,
    )
    .await;
    call("PATCH", format!("/v1/{subscription}?updateMask=ttl"), Some(json!({"ttl": "0s"}))).await;
    assert!(school.google.suspend(subscription, "OTHER"));
    call("GET", format!("/v1/{subscription}"), None).await;
    call("POST", format!("/v1/{subscription}:reactivate"), Some(json!({}))).await;

    let member = call("POST", format!("/v2/{name}/members"), Some(json!({"email": "stu@oak.test"}))).await;
    let member = member["name"].as_str().unwrap();
    school.google.set_behaviour(|behaviour| behaviour.members_show_user = true);
    call("GET", format!("/v2/{name}/members"), None).await;
    call("GET", format!("/v2/{member}"), None).await;
    call("PATCH", format!("/v2/{member}?updateMask=role"), Some(json!({"role": "COHOST"}))).await;
    let batch = json!({"requests": [{"member": {"name": member}, "updateMask": "role"}]});
    call("POST", format!("/v2/{name}/members:batchUpdate"), Some(batch)).await;
    call("DELETE", format!("/v2/{member}"), None).await;
    call(
        "PATCH",
        format!("/v2/{name}?updateMask=config.moderation"),
        Some(json!({"config": {"moderation": "ON"}})),
    )
    .await;

    let link = space["meetingUri"].as_str().unwrap();
    for visitor in [
        Visitor::account("head@oak.test"),
        Visitor::anonymous("Guest"),
        Visitor::Phone("+1 202-***-**23".to_owned()),
    ] {
        school.google.joins(link, visitor).unwrap();
    }
    assert!(school.google.records(name, true));
    call("GET", format!("/v2/{name}"), None).await;
    let live = call("GET", "/v2/conferenceRecords".to_owned(), None).await;
    let record = live["conferenceRecords"][0]["name"].as_str().unwrap();
    call("GET", format!("/v2/{record}/recordings"), None).await;
    school.minutes(3);
    call("POST", format!("/v2/{name}:endActiveConference"), Some(json!({}))).await;
    school.minutes(10);
    call("GET", format!("/v2/{record}"), None).await;
    let people = call("GET", format!("/v2/{record}/participants?pageSize=2"), None).await;
    let participant = people["participants"][0]["name"].as_str().unwrap();
    call("GET", format!("/v2/{participant}"), None).await;
    let sessions = call("GET", format!("/v2/{participant}/participantSessions"), None).await;
    call("GET", format!("/v2/{}", sessions["participantSessions"][0]["name"].as_str().unwrap()), None).await;
    let recordings = call("GET", format!("/v2/{record}/recordings"), None).await;
    let recording = &recordings["recordings"][0];
    call("GET", format!("/v2/{}", recording["name"].as_str().unwrap()), None).await;
    let file = recording["driveDestination"]["file"].as_str().unwrap();
    call("GET", format!("/drive/v3/files/{file}?fields=*"), None).await;
    call("PATCH", format!("/drive/v3/files/{file}"), Some(json!({"trashed": true}))).await;
    call("GET", "/drive/v3/about?fields=storageQuota".to_owned(), None).await;
    call("DELETE", format!("/drive/v3/files/{file}"), None).await;
    call("GET", "/v1/people/me?personFields=names,emailAddresses".to_owned(), None).await;
    call(
        "GET",
        format!("/v1/people:batchGet?resourceNames=people/{id}&resourceNames=people/1&personFields=names"),
        None,
    )
    .await;
    call("GET", format!("/admin/directory/v1/users/{id}"), None).await;
    call("DELETE", format!("/v1/{subscription}"), None).await;
    // Refusals have Google's envelope too.
    assert_eq!(school.call("nobody", "GET", &format!("/v2/{name}"), None).await.0, 401);
    assert_eq!(school.call(&token, "GET", "/v2/spaces/none", None).await.0, 403);

    assert!(contract.violations().is_empty(), "{}", contract.report());
    assert!(contract.unused_deviations().is_empty());
    let missing: Vec<_> = contract
        .uncalled()
        .into_iter()
        .filter(|method| !LEFT_OUT.iter().any(|part| method.contains(part)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn what_no_document_knows_is_found() {
    let Some(contract) = Contract::google_from_environment().unwrap() else { return };
    contract.check_request("DELETE", "/v2/spaces/abc", None, b"");
    contract.check_request("PATCH", "/v2/spaces/abc", Some("mask=x"), br#"{"topic":"Algebra"}"#);
    contract.check_request("POST", "/v2/spaces/abc:explode", None, b"{}");
    contract.check_response("GET", "/v2/spaces/abc", 200, br#"{"config":{"accessType":"WIDE"}}"#);
    let found: Vec<_> = contract.violations().into_iter().map(|violation| violation.pointer).collect();
    assert_eq!(found.len(), 5, "{found:?}");
}
