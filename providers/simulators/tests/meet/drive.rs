//! Drive, by hand.

use lectern_simulators::meet::Visitor;
use serde_json::json;

use crate::harness::School;

#[tokio::test]
async fn a_file_is_its_owners_and_shows_what_is_asked() {
    let school = School::new().await;
    let token = school.token("ada@oak.test", "https://www.googleapis.com/auth/drive").await;
    let (_, made) =
        school.call(&token, "POST", "/v2/spaces", Some(json!({"config": {"accessType": "OPEN"}}))).await;
    let space = made["name"].as_str().unwrap();
    school.google.joins(made["meetingUri"].as_str().unwrap(), Visitor::account("ada@oak.test")).unwrap();
    assert!(school.google.records(space, true));
    school.minutes(5);
    school.google.end_for_all(space);
    school.minutes(10);
    let (_, records) = school.call(&token, "GET", "/v2/conferenceRecords", None).await;
    let record = records["conferenceRecords"][0]["name"].as_str().unwrap();
    let (_, list) = school.call(&token, "GET", &format!("/v2/{record}/recordings"), None).await;
    assert_eq!(list["recordings"][0]["state"], "FILE_GENERATED");
    let name = list["recordings"][0]["name"].as_str().unwrap();
    assert_eq!(school.call(&token, "GET", &format!("/v2/{name}"), None).await.0, 200);
    let file = list["recordings"][0]["driveDestination"]["file"].as_str().unwrap();
    let path = format!("/drive/v3/files/{file}");
    let (_, usual) = school.call(&token, "GET", &path, None).await;
    assert_eq!(usual["mimeType"], "video/mp4");
    assert!(usual.get("size").is_none());
    let fields = "?fields=size,capabilities(canDownload),trashed";
    let (_, asked) = school.call(&token, "GET", &format!("{path}{fields}"), None).await;
    assert_eq!((&asked["trashed"], &asked["capabilities"]), (&json!(false), &json!({"canDownload": true})));
    let beyond = school
        .http
        .get(format!("{}{path}?alt=media", school.google.base_url()))
        .bearer_auth(&token)
        .header("range", "bytes=999999999-")
        .send()
        .await
        .unwrap();
    assert_eq!(beyond.status(), 416);
    let (_, trashed) =
        school.call(&token, "PATCH", &format!("{path}?fields=trashed"), Some(json!({"trashed": true}))).await;
    assert_eq!(trashed, json!({"trashed": true}));

    let sam = school.token("sam@oak.test", "").await;
    let (status, body) = school.call(&sam, "GET", &path, None).await;
    assert_eq!((status, &body["error"]["errors"][0]["reason"]), (404, &json!("notFound")));
    assert_eq!(school.call(&sam, "DELETE", &path, None).await.0, 403);
    assert_eq!(school.call(&token, "DELETE", &path, None).await.0, 204);
    assert_eq!(school.call(&token, "DELETE", &path, None).await.0, 404);
}

#[tokio::test]
async fn storage_is_told_with_and_without_a_limit() {
    let school = School::new().await;
    let token = school.token("ada@oak.test", "").await;
    let about = async || school.call(&token, "GET", "/drive/v3/about?fields=storageQuota", None).await.1;
    assert!(about().await["storageQuota"].get("limit").is_none());
    school.google.set_drive("ada@oak.test", true, Some(1000));
    let quota = about().await["storageQuota"].clone();
    assert_eq!((&quota["limit"], &quota["usage"]), (&json!("1000"), &json!("1000")));
    assert_eq!(school.call(&token, "GET", "/drive/v3/about", None).await.0, 400);
}

#[tokio::test]
async fn profiles_show_what_they_show() {
    let school = School::new().await;
    let token = school.token("ada@oak.test", "").await;
    let (_, me) = school.call(&token, "GET", "/v1/people/me?personFields=names,emailAddresses", None).await;
    assert_eq!(me["emailAddresses"][0]["value"], "ada@oak.test");
    assert_eq!(school.call(&token, "GET", "/v1/people/me", None).await.0, 400);
    assert_eq!(school.call(&token, "GET", "/v1/people/1?personFields=names", None).await.0, 404);
    let out = school.token("out@else.test", "").await;
    let id = me["resourceName"].as_str().unwrap();
    let path = format!("/v1/{id}?personFields=emailAddresses");
    assert!(school.call(&out, "GET", &path, None).await.1.get("emailAddresses").is_none());
    let user = format!("/admin/directory/v1/users/{}", id.trim_start_matches("people/"));
    assert_eq!(school.call(&token, "GET", &user, None).await.0, 403);
}
