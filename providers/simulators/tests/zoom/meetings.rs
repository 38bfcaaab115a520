//! Meetings: defaults, lists, changes, occurrences, ends.

use lectern_simulators::zoom::{AccountPlan, HostPlan};
use serde_json::{Map, Value, json};

use crate::harness::School;

#[tokio::test]
async fn defaults_come_back_and_a_waiting_room_turns_early_joining_off() {
    let school = School::new().await;
    let body = json!({ "topic": "Algebra", "type": 2, "start_time": "2026-11-22T18:00:00", "timezone": "Europe/Warsaw",
        "settings": { "waiting_room": true, "join_before_host": true } });
    let (status, made) = school.call("POST", "/users/me/meetings", Some(body)).await;
    assert_eq!(status, 201);
    assert_eq!(made["start_time"], "2026-11-22T17:00:00Z");
    assert_eq!(
        (made["settings"]["approval_type"].as_i64(), made["settings"]["join_before_host"].as_bool()),
        (Some(2), Some(false))
    );
    assert_eq!(made["settings"]["auto_recording"], "none");
    assert!(made.get("registration_url").is_none());
    let id = made["id"].as_u64().unwrap();
    assert!((10_000_000_000..100_000_000_000).contains(&id));
    let (_, one) = school.call("GET", &format!("/meetings/{id}"), None).await;
    let (_, two) = school.call("GET", &format!("/meetings/{id}"), None).await;
    assert_eq!(one["status"], "waiting");
    assert_ne!(one["start_url"], two["start_url"]);
}

#[tokio::test]
async fn an_offset_is_read_as_utc() {
    let school = School::unchecked().await;
    let body = json!({ "topic": "x", "type": 2, "start_time": "2026-11-22T18:00:00+05:00", "timezone": "Europe/Warsaw" });
    assert_eq!(
        school.call("POST", "/users/me/meetings", Some(body)).await.1["start_time"],
        "2026-11-22T18:00:00Z"
    );
}

#[tokio::test]
async fn licences_and_locks_change_settings_without_a_word() {
    let school = School::new().await;
    let mut locked = Map::new();
    locked.insert("waiting_room".to_owned(), true.into());
    school.zoom.set_account("account-oak", AccountPlan::Pro, locked, false, None);
    let id = school.meeting(json!({ "waiting_room": false })).await;
    assert_eq!(
        school.call("GET", &format!("/meetings/{id}"), None).await.1["settings"]["waiting_room"],
        true
    );
    school.zoom.set_host_plan("ada@oak.test", HostPlan::Basic);
    let id = school.meeting(json!({ "auto_recording": "cloud" })).await;
    let (_, got) = school.call("GET", &format!("/meetings/{id}"), None).await;
    assert_eq!(
        (got["settings"]["approval_type"].as_i64(), got["settings"]["auto_recording"].as_str()),
        (Some(2), Some("none"))
    );
    school.zoom.set_host_plan("ada@oak.test", HostPlan::None);
    let (status, body) = school.call("POST", "/users/me/meetings", Some(json!({ "topic": "x" }))).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(3161)));
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let school = School::unchecked().await;
    for (field, body) in [
        ("topic", json!({ "topic": "x".repeat(201) })),
        ("timezone", json!({ "timezone": "Mars/Base" })),
        ("start_time", json!({ "start_time": "tomorrow" })),
        ("password", json!({ "password": "much too long for it" })),
        ("type", json!({ "type": 9 })),
        ("recurrence.type", json!({ "type": 8, "recurrence": { "type": 7 } })),
    ] {
        let (status, answer) = school.call("POST", "/users/me/meetings", Some(body)).await;
        assert_eq!(
            (status, answer["code"].as_i64(), answer["errors"][0]["field"].as_str()),
            (400, Some(300), Some(field))
        );
    }
}

#[tokio::test]
async fn the_list_pages_and_leaves_out_what_zoom_leaves_out() {
    let school = School::new().await;
    for number in 0..35 {
        let body = json!({ "topic": format!("Class {number}"), "type": 2, "start_time": "2026-11-23T10:00:00Z", "agenda": "[lectern:abcdefghij]" });
        assert_eq!(school.call("POST", "/users/me/meetings", Some(body)).await.0, 201);
        school.seconds(1);
    }
    assert_eq!(
        school.call("POST", "/users/me/meetings", Some(json!({ "topic": "now", "type": 1 }))).await.0,
        201
    );
    let (_, page) = school.call("GET", "/users/me/meetings", None).await;
    assert_eq!(
        (
            page["meetings"].as_array().unwrap().len(),
            page["total_records"].as_i64(),
            page["page_size"].as_i64()
        ),
        (30, Some(35), Some(30))
    );
    assert_eq!(page["meetings"][0]["agenda"], "[lectern:abcdefghij]");
    let token = page["next_page_token"].as_str().unwrap();
    let (_, rest) = school.call("GET", &format!("/users/me/meetings?next_page_token={token}"), None).await;
    assert_eq!((rest["meetings"].as_array().unwrap().len(), rest["next_page_token"].as_str()), (5, Some("")));
    school.minutes(16);
    assert_eq!(school.call("GET", &format!("/users/me/meetings?next_page_token={token}"), None).await.0, 400);
    assert_eq!(school.call("GET", "/users/me/meetings?type=live", None).await.1["total_records"], 0);
}

#[tokio::test]
async fn a_patch_tells_only_what_changed() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let change = json!({ "topic": "Geometry", "start_time": "2020-01-01T00:00:00Z", "settings": { "waiting_room": true } });
    assert_eq!(school.call("PATCH", &format!("/meetings/{id}"), Some(change)).await.0, 204);
    let (_, got) = school.call("GET", &format!("/meetings/{id}"), None).await;
    assert_eq!(
        (got["topic"].as_str(), got["start_time"].as_str()),
        (Some("Geometry"), Some("2026-11-21T12:15:00Z"))
    );
    school.zoom.flush_webhooks().await;
    let told = school.hook.event("meeting.updated");
    assert_eq!(
        told["payload"]["object"],
        json!({ "id": id, "topic": "Geometry", "settings": { "waiting_room": true } })
    );
    assert_eq!(
        told["payload"]["old_object"],
        json!({ "id": id, "topic": "Algebra", "settings": { "waiting_room": false } })
    );
}

async fn series(school: &School) -> (u64, Vec<Value>) {
    let body = json!({ "topic": "Weekly", "type": 8, "start_time": "2026-11-23T18:00:00", "timezone": "Europe/Warsaw", "duration": 45,
        "recurrence": { "type": 2, "repeat_interval": 1, "weekly_days": "2,4", "end_times": 6 }, "settings": { "approval_type": 1, "registration_type": 2 } });
    let (status, made) = school.call("POST", "/users/me/meetings", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    (made["id"].as_u64().unwrap(), made["occurrences"].as_array().unwrap().clone())
}

#[tokio::test]
async fn occurrences_can_be_moved_and_deleted_alone() {
    let school = School::new().await;
    let (id, occurrences) = series(&school).await;
    assert_eq!(occurrences.len(), 6);
    let first = occurrences[0]["occurrence_id"].as_str().unwrap();
    let second = occurrences[1]["occurrence_id"].as_str().unwrap();
    let change = json!({ "duration": 90, "agenda": "Test day", "settings": { "waiting_room": true } });
    assert_eq!(
        school.call("PATCH", &format!("/meetings/{id}?occurrence_id={first}"), Some(change)).await.0,
        204
    );
    assert_eq!(school.call("DELETE", &format!("/meetings/{id}?occurrence_id={second}"), None).await.0, 204);
    let (_, got) = school.call("GET", &format!("/meetings/{id}"), None).await;
    assert_eq!(
        (got["occurrences"][0]["duration"].as_i64(), got["occurrences"][1]["status"].as_str()),
        (Some(90), Some("deleted"))
    );
    let (_, alone) = school.call("GET", &format!("/meetings/{id}?occurrence_id={first}"), None).await;
    assert_eq!(
        (alone["agenda"].as_str(), alone["settings"]["waiting_room"].as_bool()),
        (Some("Test day"), Some(true))
    );
    let (status, body) = school.call("DELETE", &format!("/meetings/{id}?occurrence_id=1"), None).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(3000)));
    school.zoom.flush_webhooks().await;
    assert_eq!(school.hook.event("meeting.deleted")["payload"]["operation"], "single");
}

#[tokio::test]
async fn changing_the_pattern_makes_new_occurrence_ids() {
    let school = School::new().await;
    let (id, occurrences) = series(&school).await;
    let change = json!({ "start_time": "2026-11-24T19:00:00", "timezone": "Europe/Warsaw", "recurrence": { "type": 2, "weekly_days": "3", "end_times": 3 } });
    assert_eq!(school.call("PATCH", &format!("/meetings/{id}"), Some(change)).await.0, 204);
    let (_, got) = school.call("GET", &format!("/meetings/{id}"), None).await;
    let ids = got["occurrences"].as_array().unwrap();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|new| occurrences.iter().all(|old| old["occurrence_id"] != new["occurrence_id"])));
}

#[tokio::test]
async fn an_endless_series_that_is_changed_gets_an_end() {
    let school = School::new().await;
    let body = json!({ "topic": "Weekly", "type": 8, "start_time": "2026-11-23T18:00:00", "timezone": "Europe/Warsaw", "duration": 45,
        "recurrence": { "type": 2, "repeat_interval": 1, "weekly_days": "2" } });
    let (status, made) = school.call("POST", "/users/me/meetings", Some(body)).await;
    assert_eq!((status, &made["recurrence"]["end_times"]), (201, &Value::Null), "{made}");
    let path = format!("/meetings/{}", made["id"]);
    school.minutes(60 * 24 * 15);
    let tokens = school.connect(lectern_simulators::zoom::AppMode::User, "ada@oak.test").await;
    let token = tokens["access_token"].as_str().unwrap();
    let longer = json!({ "duration": 60 });
    assert_eq!(school.call_with(token, "PATCH", &path, Some(longer)).await.0, 204);
    let (_, _, got) = school.call_with(token, "GET", &path, None).await;
    let occurrences = got["occurrences"].as_array().unwrap();
    // The lessons of two weeks are gone from it, and as many are left as were counted at Zoom.
    assert_eq!(
        (occurrences[0]["start_time"].as_str(), occurrences.len()),
        (Some("2026-12-07T17:00:00Z"), 110)
    );
    assert!(got["recurrence"]["end_times"].as_u64().is_some_and(|times| times > 0), "{got}");
}

#[tokio::test]
async fn running_meetings_cannot_be_deleted_and_deleted_ones_come_back() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    assert_eq!(
        school.call("PUT", &format!("/meetings/{id}/status"), Some(json!({ "action": "end" }))).await.1["code"],
        3000
    );
    school.zoom.host_joins(id).unwrap();
    assert_eq!(school.call("GET", &format!("/meetings/{id}"), None).await.1["status"], "started");
    assert_eq!(school.call("DELETE", &format!("/meetings/{id}"), None).await.1["code"], 3002);
    assert_eq!(
        school.call("PUT", &format!("/meetings/{id}/status"), Some(json!({ "action": "end" }))).await.0,
        204
    );
    assert_eq!(school.call("DELETE", &format!("/meetings/{id}"), None).await.0, 204);
    assert_eq!(school.call("GET", &format!("/meetings/{id}"), None).await.1["code"], 3001);
    assert_eq!(school.call("DELETE", &format!("/meetings/{id}"), None).await.0, 404);
    assert_eq!(
        school.call("PUT", &format!("/meetings/{id}/status"), Some(json!({ "action": "recover" }))).await.0,
        204
    );
    assert_eq!(school.call("GET", &format!("/meetings/{id}"), None).await.0, 200);
}

#[tokio::test]
async fn an_unused_meeting_expires_after_thirty_days() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    school.minutes(60 * 24 * 31);
    let token = school.connect(lectern_simulators::zoom::AppMode::User, "ada@oak.test").await;
    let (status, _, body) = school
        .call_with(token["access_token"].as_str().unwrap(), "GET", &format!("/meetings/{id}"), None)
        .await;
    assert_eq!((status, body["code"].as_i64()), (404, Some(3001)));
}

#[tokio::test]
async fn another_hosts_meeting_is_not_mine() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    school.zoom.add_host(crate::harness::host("ben@oak.test", HostPlan::Licensed));
    let ben = school.connect(lectern_simulators::zoom::AppMode::User, "ben@oak.test").await;
    let token = ben["access_token"].as_str().unwrap();
    assert_eq!(school.call_with(token, "GET", &format!("/meetings/{id}"), None).await.2["code"], 3001);
    assert_eq!(school.call_with(token, "DELETE", &format!("/meetings/{id}"), None).await.2["code"], 3003);
}
