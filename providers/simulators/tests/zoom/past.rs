//! After the meeting: participants, the report, the traps of UUIDs.

use lectern_simulators::zoom::{AppMode, ZoomSimulator};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::harness::School;

fn once(uuid: &str) -> String {
    utf8_percent_encode(uuid, NON_ALPHANUMERIC).to_string()
}

fn twice(uuid: &str) -> String {
    once(&once(uuid))
}

async fn admin_school() -> School {
    School::with(AppMode::Admin, |_| {}).await
}

/// Five minutes with a host, a registrant who rejoins, goes to a breakout room, and a stranger.
async fn evening(school: &School) -> (u64, String) {
    let id = school.meeting(json!({ "waiting_room": true })).await;
    let (registrant, url) = school.registrant(id, "stu@student.test").await;
    let zoom: &ZoomSimulator = &school.zoom;
    zoom.host_joins(id).unwrap();
    let visit = zoom.joins(&url).unwrap();
    school.minutes(1);
    zoom.admit(visit).unwrap();
    school.minutes(1);
    zoom.enters_breakout(visit, "FkQbpP2UR028mDrwzEahqw==").unwrap();
    school.minutes(1);
    zoom.exits_breakout(visit).unwrap();
    zoom.leaves(visit).unwrap();
    school.minutes(1);
    let again = zoom.joins(&url).unwrap();
    zoom.admit(again).unwrap();
    let stranger = zoom.stranger_joins(id, "Nobody").unwrap();
    zoom.admit(stranger).unwrap();
    school.minutes(1);
    zoom.end_for_all(id);
    (id, registrant)
}

#[tokio::test]
async fn the_report_has_a_row_for_every_stay() {
    let school = admin_school().await;
    let (id, registrant) = evening(&school).await;
    let path = format!("/report/meetings/{id}/participants?include_fields=registrant_id");
    let (status, body) = school.call("GET", &path, None).await;
    assert_eq!((status, body["code"].as_i64()), (404, Some(3001)));
    school.minutes(5);
    let (status, body) = school.call("GET", &path, None).await;
    assert_eq!(status, 200);
    let rows = body["participants"].as_array().unwrap();
    let mine = rows.iter().filter(|row| row["registrant_id"] == registrant.as_str()).collect::<Vec<_>>();
    let seen = mine
        .iter()
        .map(|row| {
            (
                row["status"].as_str().unwrap(),
                row["bo_mtg_id"].as_str().unwrap(),
                row["duration"].as_i64().unwrap(),
            )
        })
        .collect::<Vec<_>>();
    assert_eq!(
        seen,
        [
            ("in_waiting_room", "", 60),
            ("in_meeting", "", 120),
            ("in_meeting", "FkQbpP2UR028mDrwzEahqw==", 60),
            ("in_waiting_room", "", 0),
            ("in_meeting", "", 60)
        ]
    );
    assert!(mine.iter().all(|row| row["user_email"] == "stu@student.test" && row["id"] == ""));
    let stranger = rows.iter().find(|row| row["name"] == "Nobody").unwrap();
    assert_eq!((stranger["user_email"].as_str(), stranger["registrant_id"].as_str()), (Some(""), Some("")));
    let (_, plain) = school.call("GET", &format!("/report/meetings/{id}/participants"), None).await;
    assert!(plain["participants"].as_array().unwrap().iter().all(|row| row.get("registrant_id").is_none()));
}

#[tokio::test]
async fn the_plain_list_never_has_a_registrant() {
    let school = School::new().await;
    let (id, _) = evening(&school).await;
    school.minutes(5);
    let (status, body) =
        school.call("GET", &format!("/past_meetings/{id}/participants?page_size=2"), None).await;
    assert_eq!((status, body["participants"].as_array().unwrap().len()), (200, 2));
    let mut rows = body["participants"].as_array().unwrap().clone();
    let token = body["next_page_token"].as_str().unwrap();
    let (_, rest) = school
        .call("GET", &format!("/past_meetings/{id}/participants?page_size=300&next_page_token={token}"), None)
        .await;
    rows.extend(rest["participants"].as_array().unwrap().clone());
    assert_eq!(rows.len(), 8);
    assert!(rows.iter().all(|row: &Value| row.get("registrant_id").is_none()));
    let (_, facts) = school.call("GET", &format!("/past_meetings/{id}"), None).await;
    assert_eq!((facts["duration"].as_i64(), facts["user_email"].as_str()), (Some(5), Some("ada@oak.test")));
}

#[tokio::test]
async fn one_person_alone_leaves_no_trace_in_the_lists() {
    let school = admin_school().await;
    let id = school.meeting(json!({})).await;
    let host = school.zoom.host_joins(id).unwrap();
    school.minutes(20);
    school.zoom.leaves(host).unwrap();
    school.minutes(6);
    for path in [format!("/past_meetings/{id}/participants"), format!("/report/meetings/{id}/participants")] {
        let (status, body) = school.call("GET", &path, None).await;
        assert_eq!((status, body["total_records"].as_i64()), (200, Some(0)));
    }
    assert_eq!(
        school.call("GET", &format!("/past_meetings/{id}/instances"), None).await.1["meetings"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_number_means_the_latest_run_and_uuids_need_their_encoding() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    for _ in 0..6 {
        school.zoom.host_joins(id).unwrap();
        let stranger = school.zoom.stranger_joins(id, "S").unwrap();
        school.minutes(2);
        school.zoom.leaves(stranger).unwrap();
        school.zoom.end_for_all(id);
        school.minutes(1);
    }
    school.minutes(5);
    let (_, body) = school.call("GET", &format!("/past_meetings/{id}/instances"), None).await;
    let runs = body["meetings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["uuid"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(runs.len(), 6);
    assert_eq!(school.call("GET", &format!("/past_meetings/{id}"), None).await.1["uuid"], runs[5].as_str());
    assert!(runs.iter().any(|uuid| uuid.starts_with('/')) && runs.iter().any(|uuid| uuid.contains("//")));
    for uuid in &runs {
        let (status, body) =
            school.call("GET", &format!("/past_meetings/{}/participants", twice(uuid)), None).await;
        assert_eq!((status, body["total_records"].as_i64()), (200, Some(2)), "{uuid}");
        let (status, body) = school.call("GET", &format!("/past_meetings/{}", once(uuid)), None).await;
        if uuid.starts_with('/') || uuid.contains("//") {
            assert_eq!((status, body["code"].as_i64()), (404, Some(3001)), "{uuid}");
        } else {
            assert_eq!((status, body["uuid"].as_str()), (200, Some(uuid.as_str())));
        }
    }
}

#[tokio::test]
async fn an_unencoded_uuid_finds_nothing() {
    let school = School::unchecked().await;
    let (status, body) = school.call("GET", "/past_meetings//abc==/participants", None).await;
    assert_eq!((status, body["code"].as_i64()), (404, Some(3001)));
}

#[tokio::test]
async fn a_year_later_it_is_too_late_and_a_free_account_pays_first() {
    let school = School::new().await;
    let (id, _) = evening(&school).await;
    school.minutes(60 * 24 * 366);
    let token =
        school.connect(AppMode::User, "ada@oak.test").await["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        school.call_with(&token, "GET", &format!("/past_meetings/{id}/participants"), None).await.2["code"],
        12702
    );
    school.zoom.set_account(
        "account-oak",
        lectern_simulators::zoom::AccountPlan::Free,
        serde_json::Map::new(),
        false,
        None,
    );
    assert_eq!(
        school.call_with(&token, "GET", &format!("/past_meetings/{id}/participants"), None).await.2["code"],
        200
    );
}
