//! Spaces, by hand.

use serde_json::{Value, json};

use crate::harness::{School, app};

async fn space(school: &School, token: &str, config: Value) -> Value {
    let (status, body) = school.call(token, "POST", "/v2/spaces", Some(json!({ "config": config }))).await;
    assert_eq!(status, 200, "{body}");
    body
}

#[tokio::test]
async fn a_space_has_every_default_and_two_names() {
    let school = School::new().await;
    let token = school.token("ada@oak.test", "").await;
    let (status, made) = school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await;
    assert_eq!(status, 200);
    assert_eq!(made["config"]["accessType"], "RESTRICTED");
    assert_eq!(made["config"]["moderationRestrictions"]["chatRestriction"], "NO_RESTRICTION");
    let (name, code) = (made["name"].as_str().unwrap(), made["meetingCode"].as_str().unwrap());
    assert!(made["meetingUri"].as_str().unwrap().ends_with(code));
    for path in
        [format!("/v2/{name}"), format!("/v2/spaces/{code}"), format!("/v2/spaces/{}", code.to_uppercase())]
    {
        assert_eq!(school.call(&token, "GET", &path, None).await, (200, made.clone()), "{path}");
    }
    let other_case = format!("/v2/spaces/{}", name.trim_start_matches("spaces/").to_uppercase());
    let found = school.call(&token, "GET", &other_case, None).await.0;
    assert!(found == 403 || other_case.ends_with(name.trim_start_matches("spaces/")));
    let by_code = format!("/v2/spaces/{code}?updateMask=config.accessType");
    let open = || Some(json!({"config": {"accessType": "OPEN"}}));
    assert_eq!(school.call(&token, "PATCH", &by_code, open()).await.0, 403);
    assert_eq!(
        school
            .call(&token, "POST", &format!("/v2/spaces/{code}:endActiveConference"), Some(json!({})))
            .await
            .0,
        403
    );
}

#[tokio::test]
async fn there_is_no_way_to_delete_a_space() {
    let school = School::unchecked().await;
    let token = school.token("ada@oak.test", "").await;
    let made = space(&school, &token, json!({})).await;
    let path = format!("/v2/{}", made["name"].as_str().unwrap());
    assert_eq!(school.call(&token, "DELETE", &path, None).await.0, 404);
    let bad = json!({"config": {"accessType": "WIDE_OPEN"}});
    let (status, body) = school.call(&token, "POST", "/v2/spaces", Some(bad)).await;
    assert_eq!((status, body["error"]["status"].as_str()), (400, Some("INVALID_ARGUMENT")));
}

#[tokio::test]
async fn a_mask_says_what_is_written() {
    let school = School::new().await;
    let token = school.token("ada@oak.test", "").await;
    let restricted = json!({"moderation": "ON", "moderationRestrictions": {"chatRestriction": "HOSTS_ONLY"}});
    let made = space(&school, &token, restricted).await;
    let name = made["name"].as_str().unwrap();
    let patch = async |mask: &str, config: Value| {
        let path = format!("/v2/{name}{mask}");
        school.call(&token, "PATCH", &path, Some(json!({ "config": config }))).await
    };
    let (_, body) =
        patch("?updateMask=config.accessType", json!({"accessType": "OPEN", "moderation": "OFF"})).await;
    assert_eq!(
        (&body["config"]["accessType"], &body["config"]["moderation"]),
        (&json!("OPEN"), &json!("ON"))
    );
    // Without a mask, what is in the body.
    let (_, body) = patch("", json!({"attendanceReportGenerationType": "GENERATE_REPORT"})).await;
    assert_eq!(body["config"]["attendanceReportGenerationType"], "GENERATE_REPORT");
    assert_eq!(body["config"]["moderationRestrictions"]["chatRestriction"], "HOSTS_ONLY");
    // Switching host controls off takes the restrictions with it.
    let (_, body) = patch("?updateMask=config.moderation", json!({"moderation": "OFF"})).await;
    assert_eq!(body["config"]["moderationRestrictions"]["chatRestriction"], "NO_RESTRICTION");
    // A star replaces everything.
    let (_, body) = patch("?updateMask=*", json!({"moderation": "ON"})).await;
    assert_eq!(body["config"]["accessType"], "RESTRICTED");
    assert_eq!(body["config"]["attendanceReportGenerationType"], "DO_NOT_GENERATE");
    assert_eq!(patch("?updateMask=config.topic", json!({})).await.0, 400);
}

#[tokio::test]
async fn others_see_less_and_other_projects_nothing() {
    let school = School::new().await;
    let ada = school.token("ada@oak.test", "").await;
    let sam = school.token("sam@oak.test", "https://www.googleapis.com/auth/meetings.space.readonly").await;
    let made = space(&school, &ada, json!({"accessType": "OPEN"})).await;
    let path = format!("/v2/{}", made["name"].as_str().unwrap());
    let link = made["meetingUri"].as_str().unwrap();
    let (status, seen) = school.call(&sam, "GET", &path, None).await;
    assert_eq!(status, 200);
    assert!(seen.get("config").is_none());
    use lectern_simulators::meet::Visitor;
    school.google.joins(link, Visitor::account("stu@oak.test")).unwrap();
    assert!(school.call(&sam, "GET", &path, None).await.1.get("activeConference").is_none());
    school.google.joins(link, Visitor::account("sam@oak.test")).unwrap();
    let seen = school.call(&sam, "GET", &path, None).await.1;
    assert!(seen.get("activeConference").is_some() && seen.get("config").is_none());
    let owner = school.call(&ada, "GET", &path, None).await.1;
    assert!(owner.get("activeConference").is_some() && owner.get("config").is_some());
    let patch = format!("{path}?updateMask=config.accessType");
    assert_eq!(
        school.call(&sam, "PATCH", &patch, Some(json!({"config": {"accessType": "OPEN"}}))).await.0,
        403
    );

    // The same person through another project: its own spaces alone.
    let mut other = app();
    other.project = "elm".to_owned();
    school.google.add_app(other);
    let elsewhere = school.token("ada@oak.test", "").await;
    let (status, body) = school.call(&elsewhere, "GET", &path, None).await;
    assert_eq!(status, 403);
    assert!(body["error"]["message"].as_str().unwrap().contains("might not exist"));
    let records = school.call(&elsewhere, "GET", "/v2/conferenceRecords", None).await;
    assert_eq!(records, (200, json!({})));
}

#[tokio::test]
async fn a_call_ends_once_and_begins_anew() {
    let school = School::new().await;
    let token = school.token("ada@oak.test", "").await;
    let made = space(&school, &token, json!({"accessType": "OPEN"})).await;
    let (name, link) = (made["name"].as_str().unwrap(), made["meetingUri"].as_str().unwrap());
    let end = format!("/v2/{name}:endActiveConference");
    let (status, body) = school.call(&token, "POST", &end, Some(json!({}))).await;
    assert_eq!((status, body["error"]["status"].as_str()), (400, Some("FAILED_PRECONDITION")));
    use lectern_simulators::meet::{Visitor, Where};
    let guest = school.google.joins(link, Visitor::anonymous("Guest")).unwrap();
    school.minutes(1);
    assert_eq!(school.call(&token, "POST", &end, Some(json!({}))).await, (200, json!({})));
    assert_eq!(school.google.place(guest), Some(Where::Gone));
    // A closed call is entered again through the same link.
    school.minutes(1);
    school.google.joins(link, Visitor::anonymous("Guest")).unwrap();
    let (_, records) = school.call(&token, "GET", "/v2/conferenceRecords", None).await;
    assert_eq!(records["conferenceRecords"].as_array().unwrap().len(), 2);
    school.google.set_behaviour(|behaviour| behaviour.idle_end_is_fine = true);
    school.call(&token, "POST", &end, Some(json!({}))).await;
    assert_eq!(school.call(&token, "POST", &end, Some(json!({}))).await.0, 200);
}
