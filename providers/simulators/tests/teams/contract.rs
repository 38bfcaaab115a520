//! The document against what the simulator says: every operation it has, every deviation, nothing beyond.

use std::sync::Arc;

use lectern_simulators::contract::Contract;
use serde_json::json;

use crate::harness::{CERTIFICATE, School, encoded};

/// What the client or the simulator leaves out (see `core/docs/simulators.md`): webinars, town halls, presence, and
/// calls that serve applications of other kinds.
const CALLED: usize = 54;

#[tokio::test]
async fn every_operation_keeps_the_contract_and_every_deviation_is_shown() {
    let Some(contract) = Contract::teams_from_environment().unwrap() else { return };
    let shared = Arc::clone(&contract);
    let school = School::with(|options| options.contract = Some(shared)).await;
    for me in [true, false] {
        let (prefix, token) = if me {
            ("/me".to_owned(), school.token.clone())
        } else {
            (format!("/users/{}", school.teacher), school.app_token.clone())
        };
        let call = async |method: &str, path: &str, body: Option<serde_json::Value>| {
            let (status, answer) =
                school.call_as(&token, method, &format!("/v1.0{prefix}{path}"), body).await;
            assert!(status < 400, "{method} {path}: {status} {answer}");
            answer
        };
        call("GET", "", None).await;
        let event = call("POST", "/events", Some(crate::harness::event_body())).await;
        let id = encoded(event["id"].as_str().unwrap());
        call("GET", &format!("/events/{id}"), None).await;
        call("PATCH", &format!("/events/{id}"), Some(json!({"subject": "Geometry"}))).await;
        call("GET", "/events", None).await;
        let window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z";
        call("GET", &format!("/calendarView?{window}"), None).await;
        let mut series = crate::harness::event_body();
        series["recurrence"] = json!({"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "startDate": "2026-11-21", "numberOfOccurrences": 2}});
        let series = call("POST", "/events", Some(series)).await;
        let series = encoded(series["id"].as_str().unwrap());
        call("GET", &format!("/events/{series}/instances?{window}"), None).await;
        call("POST", &format!("/events/{series}/cancel"), None).await;
        let link = event["onlineMeeting"]["joinUrl"].as_str().unwrap().to_owned();
        let filter = encoded(&format!("JoinWebUrl eq '{link}'"));
        let found = call("GET", &format!("/onlineMeetings?$filter={filter}"), None).await;
        let meeting = format!("/onlineMeetings/{}", encoded(found["value"][0]["id"].as_str().unwrap()));
        call("GET", &meeting, None).await;
        call(
            "PATCH",
            &meeting,
            Some(json!({"recordAutomatically": true, "lobbyBypassSettings": {"scope": "organizer"}})),
        )
        .await;
        let alone = call("POST", "/onlineMeetings", Some(json!({"subject": "x"}))).await;
        call("DELETE", &format!("/onlineMeetings/{}", encoded(alone["id"].as_str().unwrap())), None).await;
        call("POST", "/onlineMeetings/createOrGet", Some(json!({"externalId": "a"}))).await;
        school.teams.organizer_joins(&link).unwrap();
        school.minutes(1);
        school.teams.end_for_all(&link);
        school.minutes(6);
        let reports = call("GET", &format!("{meeting}/attendanceReports"), None).await;
        let report = format!("{meeting}/attendanceReports/{}", reports["value"][0]["id"].as_str().unwrap());
        call("GET", &format!("{report}?$expand=attendanceRecords"), None).await;
        call("GET", &format!("{report}/attendanceRecords"), None).await;
        for folder in ["recordings", "transcripts"] {
            let files = call("GET", &format!("{meeting}/{folder}"), None).await;
            let file = format!("{meeting}/{folder}/{}", encoded(files["value"][0]["id"].as_str().unwrap()));
            call("GET", &file, None).await;
            call("GET", &format!("{file}/content"), None).await;
        }
        // A page beyond the first.
        school.teams.set_behaviour(|behaviour| behaviour.page = 1);
        call("GET", &format!("/calendarView?{window}&$skiptoken=1"), None).await;
        school.teams.set_behaviour(|behaviour| behaviour.page = 10);
        call("DELETE", &format!("/events/{id}"), None).await;
    }
    let (_, link) = school.event().await;
    let wanted = json!({
        "changeType": "updated", "notificationUrl": school.hook.url, "lifecycleNotificationUrl": school.hook.url,
        "resource": format!("communications/onlineMeetings(joinWebUrl='{}')/meetingCallEvents", encoded(&link)),
        "expirationDateTime": "2026-11-22T12:00:00Z", "clientState": "x", "includeResourceData": true,
        "encryptionCertificate": CERTIFICATE, "encryptionCertificateId": "key-1",
    });
    let app = async |method: &str, path: &str, body: Option<serde_json::Value>| {
        let (status, answer) =
            school.call_as(&school.app_token, method, &format!("/beta/subscriptions{path}"), body).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    };
    let made = app("POST", "", Some(wanted)).await;
    let id = format!("/{}", made["id"].as_str().unwrap());
    app("GET", "", None).await;
    app("GET", &id, None).await;
    app("PATCH", &id, Some(json!({"expirationDateTime": "2026-11-22T13:00:00Z"}))).await;
    app("POST", &format!("{id}/reauthorize"), None).await;
    app("DELETE", &id, None).await;
    assert_eq!(school.call("GET", "/me/events/unknown", None).await.0, 404);

    eprintln!("{}", contract.report());
    assert_eq!(contract.violations(), []);
    assert_eq!(contract.unused_deviations(), []);
    assert_eq!(contract.coverage(), (CALLED, 113));
}

#[tokio::test]
async fn what_the_document_does_not_know_is_found() {
    let Some(contract) = Contract::teams_from_environment().unwrap() else { return };
    contract.check_request("PATCH", "/me/onlineMeetings/x", None, br#"{"allowEverything":true}"#);
    contract.check_request("GET", "/me/meetings", None, b"");
    let found: Vec<_> = contract.violations().into_iter().map(|violation| violation.pointer).collect();
    assert_eq!(found, ["request:/allowEverything", "operation:GET /me/meetings"]);
}
