//! Members, by hand and through the provider.

use lectern_core::provider::{ErrorKind, RegistrantRef, RegistrantState};
use lectern_simulators::meet::{DuplicateMember, Visitor, Where};
use serde_json::json;

use crate::harness::{CALL, School, at, draft, person};

#[tokio::test]
async fn long_lists_come_in_pages_and_are_removed_whole() {
    let school = School::new().await;
    school.google.set_behaviour(|behaviour| behaviour.quotas = false);
    let token = school.token("ada@oak.test", "").await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let made = provider.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let path = format!("/v2/{}/members", made.id);
    for number in 0..520 {
        let body = json!({ "email": format!("student{number}@oak.test") });
        assert_eq!(school.call(&token, "POST", &path, Some(body)).await.0, 200);
    }
    let size = async |query: &str| {
        let body = school.call(&token, "GET", &format!("{path}{query}"), None).await.1;
        (body["members"].as_array().unwrap().len(), body.get("nextPageToken").is_some())
    };
    assert_eq!(size("").await, (250, true));
    assert_eq!(size("?pageSize=9999").await, (500, true));
    assert_eq!(school.call(&token, "GET", &format!("{path}?pageSize=-1"), None).await.0, 400);
    assert_eq!(school.call(&token, "GET", &format!("{path}?pageToken=nonsense"), None).await.0, 400);
    let registrants = provider.registrants().unwrap();
    let listed = registrants.list(&CALL, &at(&made.id), RegistrantState::Approved).await.unwrap();
    assert_eq!(listed.len(), 520);
    assert!(registrants.list(&CALL, &at(&made.id), RegistrantState::Pending).await.unwrap().is_empty());
}

#[tokio::test]
async fn somebody_who_is_on_the_list_is_found_there() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let made = provider.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let registrants = provider.registrants().unwrap();
    let first = registrants.register(&CALL, &at(&made.id), &person("stu@oak.test")).await.unwrap();
    let again = registrants.register(&CALL, &at(&made.id), &person("Stu@Oak.test")).await.unwrap();
    assert_eq!(first, again);
    school.google.set_behaviour(|behaviour| behaviour.duplicate_member = DuplicateMember::TheSame);
    assert_eq!(registrants.register(&CALL, &at(&made.id), &person("stu@oak.test")).await.unwrap(), first);
    assert_eq!(school.google.members(&made.id).len(), 1);
    let refused = registrants.register(&CALL, &at(&made.id), &person("nobody")).await.unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::Invalid(_)));
    // A seat of another meeting is none here.
    let foreign = RegistrantRef { id: "spaces/other/members/x".to_owned(), email: "stu@oak.test".to_owned() };
    registrants.cancel(&CALL, &at(&made.id), &foreign).await.unwrap();
    assert_eq!(school.google.members(&made.id).len(), 1);
}

#[tokio::test]
async fn roles_change_singly_or_in_batches_that_make_nobody() {
    let school = School::new().await;
    let token = school.token("ada@oak.test", "").await;
    let (_, made) = school.call(&token, "POST", "/v2/spaces", Some(json!({}))).await;
    let path = format!("/v2/{}/members", made["name"].as_str().unwrap());
    let (_, stu) = school.call(&token, "POST", &path, Some(json!({"email": "stu@oak.test"}))).await;
    assert!(stu.get("role").is_none());
    let name = stu["name"].as_str().unwrap();
    let (status, body) = school
        .call(&token, "PATCH", &format!("/v2/{name}?updateMask=role"), Some(json!({"role": "COHOST"})))
        .await;
    assert_eq!((status, body["role"].as_str()), (200, Some("COHOST")));
    assert_eq!(school.call(&token, "GET", &format!("/v2/{name}"), None).await.1["role"], "COHOST");
    let batch = |name: &str| json!({"requests": [{"member": {"name": name}, "updateMask": "role"}]});
    let path = format!("{path}:batchUpdate");
    let (status, body) = school.call(&token, "POST", &path, Some(batch(name))).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["members"][0].get("role").is_none());
    let unknown = format!("{}/members/unknown", made["name"].as_str().unwrap());
    assert_eq!(school.call(&token, "POST", &path, Some(batch(&unknown))).await.0, 404);
    assert_eq!(school.call(&token, "DELETE", &format!("/v2/{name}"), None).await.0, 200);
    assert_eq!(school.call(&token, "DELETE", &format!("/v2/{name}"), None).await.0, 404);
    // Somebody else's list is neither read nor written.
    let sam = school.token("sam@oak.test", "").await;
    let members = format!("/v2/{}/members", made["name"].as_str().unwrap());
    assert_eq!(school.call(&sam, "GET", &members, None).await.0, 403);
    assert_eq!(school.call(&sam, "POST", &members, Some(json!({"email": "sam@oak.test"}))).await.0, 403);
}

#[tokio::test]
async fn a_new_member_may_have_to_wait() {
    let school = School::new().await;
    school.google.set_behaviour(|behaviour| behaviour.member_delay_seconds = 60);
    let provider = school.connect("ada@oak.test", &[]).await;
    let made = provider.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let registrants = provider.registrants().unwrap();
    registrants.register(&CALL, &at(&made.id), &person("stu@oak.test")).await.unwrap();
    let link = made.join_url.expose();
    school.google.joins(link, Visitor::account("ada@oak.test")).unwrap();
    let early = school.google.joins(link, Visitor::account("stu@oak.test")).unwrap();
    assert_eq!(school.google.place(early), Some(Where::Knocking));
    school.seconds(60);
    let later = school.google.joins(link, Visitor::account("stu@oak.test")).unwrap();
    assert_eq!(school.google.place(later), Some(Where::InCall));
}
