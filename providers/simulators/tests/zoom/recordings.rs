//! Cloud recordings from the red dot to the trash.

use lectern_simulators::zoom::AccountPlan;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, json};

use crate::harness::School;

async fn recorded(school: &School) -> u64 {
    let id = school.meeting(json!({ "auto_recording": "cloud" })).await;
    school.zoom.host_joins(id).unwrap();
    school.zoom.stranger_joins(id, "S").unwrap();
    school.minutes(10);
    for method in ["recording.pause", "recording.resume", "recording.stop", "recording.start"] {
        assert_eq!(
            school
                .call("PATCH", &format!("/live_meetings/{id}/events"), Some(json!({ "method": method })))
                .await
                .0,
            202
        );
        school.minutes(1);
    }
    school.zoom.end_for_all(id);
    id
}

#[tokio::test]
async fn segments_files_and_a_late_transcript() {
    let school = School::new().await;
    let id = recorded(&school).await;
    let path = format!("/meetings/{id}/recordings");
    assert_eq!(school.call("GET", &path, None).await.1["code"], 3301);
    school.minutes(5);
    let (status, body) =
        school.call("GET", &format!("{path}?include_fields=download_access_token&ttl=600"), None).await;
    assert_eq!(
        (status, body["recording_count"].as_i64(), body["type"].as_str(), body["id"].as_u64()),
        (200, Some(4), Some("2"), Some(id))
    );
    school.zoom.set_behaviour(|behaviour| behaviour.list_processing_files = true);
    let (_, with) = school.call("GET", &path, None).await;
    assert_eq!(
        with["recording_files"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|file| file["status"] == "processing")
            .count(),
        2
    );
    school.minutes(10);
    assert_eq!(school.call("GET", &path, None).await.1["recording_count"], 6);
    school.zoom.flush_webhooks().await;
    let events = school.hook.events();
    let recording =
        events.iter().filter(|event| event.starts_with("recording.")).map(String::as_str).collect::<Vec<_>>();
    assert_eq!(
        recording,
        [
            "recording.started",
            "recording.paused",
            "recording.resumed",
            "recording.stopped",
            "recording.started",
            "recording.stopped",
            "recording.completed",
            "recording.transcript_completed",
        ]
    );
    let done = school.hook.event("recording.completed");
    assert_eq!(done["payload"]["object"]["recording_files"].as_array().unwrap().len(), 4);
    // The event's own token downloads.
    let file = &done["payload"]["object"]["recording_files"][1];
    let first = school
        .http
        .get(file["download_url"].as_str().unwrap())
        .bearer_auth(done["download_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(first.status(), 302);
}

#[tokio::test]
async fn bytes_come_by_redirect_whole_or_in_parts() {
    let school = School::new().await;
    let id = recorded(&school).await;
    school.minutes(5);
    let (_, body) = school
        .call("GET", &format!("/meetings/{id}/recordings?include_fields=download_access_token&ttl=600"), None)
        .await;
    let file = &body["recording_files"][0];
    let size = usize::try_from(file["file_size"].as_u64().unwrap()).unwrap();
    let url = file["download_url"].as_str().unwrap();
    let token = body["download_access_token"].as_str().unwrap();
    let redirect = school.http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(redirect.status(), 302);
    let target = redirect.headers()["location"].to_str().unwrap().to_owned();
    let whole = school.http.get(&target).send().await.unwrap();
    assert_eq!(
        (whole.status().as_u16(), whole.headers()["content-type"].to_str().unwrap()),
        (200, "video/mp4")
    );
    let whole = whole.bytes().await.unwrap();
    assert_eq!(whole.len(), size);
    let part = school.http.get(&target).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!(
        (part.status().as_u16(), part.headers()["content-range"].to_str().unwrap().to_owned()),
        (206, format!("bytes 10-19/{size}"))
    );
    assert_eq!(part.bytes().await.unwrap(), whole.slice(10..20));
    let tail = school.http.get(&target).header("range", "bytes=-5").send().await.unwrap();
    assert_eq!(tail.bytes().await.unwrap(), whole.slice(size - 5..));
    assert_eq!(
        school.http.get(&target).header("range", "bytes=999999999-").send().await.unwrap().status(),
        416
    );
    // The access token downloads too; nothing, or something too old, does not.
    assert_eq!(school.http.get(url).bearer_auth(&school.token).send().await.unwrap().status(), 302);
    let page = school.http.get(url).send().await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    school.minutes(11);
    assert_eq!(school.http.get(url).bearer_auth(token).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn trash_recover_delete_and_the_thirty_days() {
    let school = School::new().await;
    school.zoom.set_account("account-oak", AccountPlan::Pro, Map::new(), false, Some(30));
    let id = recorded(&school).await;
    school.minutes(20);
    let path = format!("/meetings/{id}/recordings");
    let (_, body) = school.call("GET", &path, None).await;
    assert_eq!(
        (body["auto_delete"].as_bool(), body["auto_delete_date"].as_str()),
        (Some(true), Some("2026-12-21"))
    );
    let uuid = utf8_percent_encode(body["uuid"].as_str().unwrap(), NON_ALPHANUMERIC).to_string();
    let uuid = utf8_percent_encode(&uuid, NON_ALPHANUMERIC).to_string();
    let file = body["recording_files"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(school.call("DELETE", &format!("{path}/{file}"), None).await.0, 204);
    assert_eq!(school.call("GET", &path, None).await.1["recording_count"], 5);
    assert_eq!(
        school.call("GET", "/users/me/recordings?trash=true", None).await.1["meetings"][0]["recording_files"]
            [0]["id"],
        file.as_str()
    );
    assert_eq!(
        school.call("PUT", &format!("{path}/{file}/status"), Some(json!({ "action": "recover" }))).await.0,
        204
    );
    assert_eq!(school.call("DELETE", &format!("{path}?action=trash"), None).await.0, 204);
    assert_eq!(school.call("GET", &path, None).await.1["code"], 3301);
    assert_eq!(school.call("DELETE", &path, None).await.1["code"], 3301);
    school.zoom.set_account("account-oak", AccountPlan::Pro, Map::new(), true, None);
    assert_eq!(
        school
            .call("PUT", &format!("/meetings/{uuid}/recordings/status"), Some(json!({ "action": "recover" })))
            .await
            .1["code"],
        3309
    );
    school.zoom.set_account("account-oak", AccountPlan::Pro, Map::new(), false, None);
    assert_eq!(
        school
            .call("PUT", &format!("/meetings/{uuid}/recordings/status"), Some(json!({ "action": "recover" })))
            .await
            .0,
        204
    );
    assert_eq!(
        school.call("GET", "/users/me/recordings?from=2026-11-01&to=2026-11-30", None).await.1["meetings"][0]
            ["recording_count"],
        6
    );
    assert_eq!(school.call("DELETE", &path, None).await.0, 204);
    school.minutes(60 * 24 * 30);
    let token = school.connect(lectern_simulators::zoom::AppMode::User, "ada@oak.test").await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let (status, _, body) = school
        .call_with(
            &token,
            "PUT",
            &format!("/meetings/{uuid}/recordings/status"),
            Some(json!({ "action": "recover" })),
        )
        .await;
    assert_eq!((status, body["code"].as_i64()), (404, Some(3301)));
    school.zoom.flush_webhooks().await;
    let events = school.hook.events();
    for name in ["recording.trashed", "recording.recovered"] {
        assert!(events.iter().any(|event| event == name), "{name}");
    }
}

#[tokio::test]
async fn deleting_forever_and_too_early() {
    let school = School::new().await;
    let id = recorded(&school).await;
    let path = format!("/meetings/{id}/recordings");
    assert_eq!(school.call("DELETE", &format!("{path}/some-file"), None).await.1["code"], 3303);
    school.minutes(20);
    assert_eq!(school.call("DELETE", &format!("{path}?action=delete"), None).await.0, 204);
    assert_eq!(school.call("GET", "/users/me/recordings?trash=true", None).await.1["total_records"], 0);
    school.zoom.flush_webhooks().await;
    assert_eq!(school.hook.event("recording.deleted")["payload"]["operator"], "ada@oak.test");
}

#[tokio::test]
async fn settings_of_a_recording_and_controls_of_a_dead_meeting() {
    let school = School::new().await;
    let id = recorded(&school).await;
    school.minutes(20);
    let path = format!("/meetings/{id}/recordings/settings");
    assert_eq!(
        school
            .call("PATCH", &path, Some(json!({ "share_recording": "none", "viewer_download": false })))
            .await
            .0,
        204
    );
    assert_eq!(school.call("GET", &path, None).await.1["share_recording"], "none");
    let start = json!({ "method": "recording.start" });
    let control = format!("/live_meetings/{id}/events");
    assert_eq!(school.call("PATCH", &control, Some(start.clone())).await.1["code"], 300);
    school.zoom.host_joins(id).unwrap();
    school.zoom.set_account("account-oak", AccountPlan::Pro, Map::new(), true, None);
    assert_eq!(school.call("PATCH", &control, Some(start)).await.1["code"], 3309);
}
