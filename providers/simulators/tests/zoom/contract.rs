//! The documents against everything the simulator says: every operation, every deviation, nothing beyond.

use std::{io::Write, sync::Arc};

use lectern_simulators::{
    contract::Contract,
    faults::FaultPlan,
    zoom::{AppMode, IdForm, WebhookBehaviour},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::harness::School;

#[tokio::test]
async fn every_operation_keeps_the_contract_and_every_deviation_is_shown() {
    let Some(contract) = Contract::zoom_from_environment().unwrap() else { return };
    let shared = Arc::clone(&contract);
    let school = School::with(AppMode::Admin, |options| options.contract = Some(shared)).await;
    school.zoom.set_behaviour(|behaviour| behaviour.limits_per_second = false);
    school.zoom.set_webhooks(WebhookBehaviour {
        ids: IdForm::AsTyped,
        null_recording_end: true,
        ..WebhookBehaviour::default()
    });
    let call = async |method: &str, path: String, body: Option<serde_json::Value>| {
        let (status, answer) = school.call(method, &path, body).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    };
    for path in [
        "/users",
        "/users/me",
        "/users/me/zak",
        "/users/me/token?type=zak&ttl=60",
        "/users/me/meetings?type=upcoming&page_size=10",
    ] {
        call("GET", path.to_owned(), None).await;
    }
    call(
        "PATCH",
        "/users/me".to_owned(),
        Some(json!({ "timezone": "Europe/Warsaw", "dept": "Mathematics" })),
    )
    .await;
    let id = school.meeting(json!({ "auto_recording": "cloud", "waiting_room": false })).await;
    let (registrant, url) = school.registrant(id, "stu@student.test").await;
    let (other, _) = school.registrant(id, "other@student.test").await;
    let batch =
        json!({ "auto_approve": true, "registrants": [{ "email": "b@student.test", "first_name": "B" }] });
    call("POST", format!("/meetings/{id}/batch_registrants"), Some(batch)).await;
    call("GET", format!("/meetings/{id}/registrants?status=approved&page_size=2"), None).await;
    for action in ["deny", "approve", "cancel"] {
        let body = json!({ "action": action, "registrants": [{ "id": other }] });
        call("PUT", format!("/meetings/{id}/registrants/status"), Some(body)).await;
    }
    call("DELETE", format!("/meetings/{id}/registrants/{other}"), None).await;
    call("GET", format!("/meetings/{id}"), None).await;
    call("GET", format!("/meetings/{id}/invitation"), None).await;
    call("PATCH", format!("/meetings/{id}"), Some(json!({ "topic": "Zażółć" }))).await;
    school.zoom.host_joins(id).unwrap();
    let visit = school.zoom.joins(&url).unwrap();
    school.minutes(5);
    school.zoom.enters_breakout(visit, "FkQbpP2UR028mDrwzEahqw==").unwrap();
    school.minutes(5);
    school.zoom.exits_breakout(visit).unwrap();
    school.zoom.put_in_waiting_room(visit).unwrap();
    school.zoom.admit(visit).unwrap();
    for method in ["recording.pause", "recording.resume"] {
        call("PATCH", format!("/live_meetings/{id}/events"), Some(json!({ "method": method }))).await;
    }
    call("PUT", format!("/meetings/{id}/status"), Some(json!({ "action": "end" }))).await;
    school.minutes(6);
    let past = call("GET", format!("/past_meetings/{id}"), None).await;
    let uuid = utf8_percent_encode(past["uuid"].as_str().unwrap(), NON_ALPHANUMERIC).to_string();
    let uuid = utf8_percent_encode(&uuid, NON_ALPHANUMERIC).to_string();
    call("GET", format!("/past_meetings/{id}/instances"), None).await;
    // The client may ask for the registrant here too, and gets none.
    let past = format!("/past_meetings/{uuid}/participants?page_size=300&include_fields=registrant_id");
    assert!(!call("GET", past, None).await.to_string().contains("registrant_id"));
    let report =
        call("GET", format!("/report/meetings/{uuid}/participants?include_fields=registrant_id"), None).await;
    assert!(report.to_string().contains(&registrant));
    school.zoom.set_behaviour(|behaviour| behaviour.list_processing_files = true);
    let recordings =
        call("GET", format!("/meetings/{uuid}/recordings?include_fields=download_access_token&ttl=60"), None)
            .await;
    let file = recordings["recording_files"][0]["id"].as_str().unwrap().to_owned();
    call("GET", "/users/me/recordings?from=2026-11-20&to=2026-11-22".to_owned(), None).await;
    call("GET", format!("/meetings/{id}/recordings/settings"), None).await;
    call("PATCH", format!("/meetings/{id}/recordings/settings"), Some(json!({ "share_recording": "none" })))
        .await;
    call("DELETE", format!("/meetings/{uuid}/recordings/{file}?action=trash"), None).await;
    call("PUT", format!("/meetings/{id}/recordings/{file}/status"), Some(json!({ "action": "recover" })))
        .await;
    call("DELETE", format!("/meetings/{uuid}/recordings?action=trash"), None).await;
    call("PUT", format!("/meetings/{uuid}/recordings/status"), Some(json!({ "action": "recover" }))).await;
    school.minutes(10);
    // A series on several days, changed: the event's types know single days only.
    let series = json!({ "topic": "Series", "type": 8, "start_time": "2026-11-23T18:00:00", "timezone": "Europe/Warsaw",
        "recurrence": { "type": 2, "weekly_days": "2,4", "end_times": 4 } });
    let series = call("POST", "/users/me/meetings".to_owned(), Some(series)).await["id"].as_u64().unwrap();
    let change = json!({ "recurrence": { "type": 2, "weekly_days": "3,5", "end_times": 4 } });
    call("PATCH", format!("/meetings/{series}"), Some(change)).await;
    school.zoom.flush_webhooks().await;
    school.zoom.set_webhooks(WebhookBehaviour { ids: IdForm::Numbers, ..WebhookBehaviour::default() });
    school.zoom.host_joins(series).unwrap();
    school.zoom.flush_webhooks().await;
    school.zoom.set_webhooks(WebhookBehaviour::default());
    school.zoom.end_for_all(series);
    call("DELETE", format!("/meetings/{series}"), None).await;
    school.zoom.set_faults(1, FaultPlan { server_error: 100, ..FaultPlan::default() });
    assert!(school.call("GET", "/users/me", None).await.0 >= 500);
    school.zoom.set_faults(1, FaultPlan::default());
    school.zoom.remove_app("client-Admin", "ada@oak.test");
    school.zoom.flush_webhooks().await;

    // Past the test harness, which keeps what a passing test prints to itself.
    writeln!(std::io::stderr(), "{}", contract.report()).unwrap();
    assert_eq!(contract.violations(), []);
    assert_eq!(contract.unused_deviations(), []);
    assert_eq!(contract.coverage(), (30, 30));
}

#[tokio::test]
async fn what_the_document_does_not_know_is_found() {
    let Some(contract) = Contract::zoom_from_environment().unwrap() else { return };
    contract.check_request(
        "POST",
        "/users/me/meetings",
        None,
        br#"{"topic":"x","colour":"red","settings":{"sound":true},"type":9}"#,
    );
    contract.check_request(
        "GET",
        "/meetings/1/registrants",
        Some("page_size=3000&order=name&status=lost"),
        b"",
    );
    contract.check_request("GET", "/meetings/1/dances", None, b"");
    contract.check_response("GET", "/users/me", 403, b"{}");
    contract.check_response("GET", "/users/me", 200, br#"{"type":2,"shoe_size":44}"#);
    contract.check_response("DELETE", "/meetings/1", 204, b"{}");
    contract.check_webhook(
        br#"{"event":"meeting.ended","event_ts":1,"payload":{"account_id":"a","object":{"id":7}}}"#,
    );
    contract.check_webhook(br#"{"event":"meeting.danced"}"#);
    let pointers = contract
        .violations()
        .into_iter()
        .map(|violation| format!("{} {}", violation.operation, violation.pointer))
        .collect::<Vec<_>>();
    for wanted in [
        "meetingCreate request:/colour",
        "meetingCreate request:/settings/sound",
        "meetingCreate request:/type",
        "meetingRegistrants query:order",
        "unknown operation:GET /meetings/*/dances",
        "user status:403",
        "user response:/shoe_size",
        "meetingDelete response:204",
        "meeting.ended webhook:/payload/object/id",
        "meeting.danced event",
    ] {
        assert!(pointers.contains(&wanted.to_owned()), "{wanted} in {pointers:?}");
    }
    assert!(pointers.iter().any(|pointer| pointer.starts_with("meetingRegistrants query:page_size")));
    assert!(pointers.iter().any(|pointer| pointer.starts_with("meetingRegistrants query:status")));
    assert_eq!(
        contract.unused_deviations().len(),
        contract.unused_deviations().iter().filter(|entry| !entry.reason.is_empty()).count()
    );
}

#[test]
fn an_unreadable_folder_is_an_error() {
    assert!(Contract::zoom(std::path::Path::new("/nowhere/at/all")).is_err());
}
