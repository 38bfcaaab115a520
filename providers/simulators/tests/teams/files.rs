//! Recordings and transcripts.

use serde_json::json;

use crate::harness::{School, encoded};

#[tokio::test]
async fn files_are_for_calendar_backed_meetings_of_their_organizer_until_they_expire() {
    let mut school = School::unchecked().await;
    let (_, alone) = school.call("POST", "/me/onlineMeetings", Some(json!({"subject": "Alone"}))).await;
    let path = format!("/me/onlineMeetings/{}/recordings", encoded(alone["id"].as_str().unwrap()));
    let (status, body) = school.call("GET", &path, None).await;
    assert_eq!(status, 400);
    assert!(body["error"]["message"].as_str().unwrap().starts_with("No iCalUid found"));

    let (_, link) = school.event().await;
    let meeting = encoded(school.online(&link).await["id"].as_str().unwrap());
    school
        .call("PATCH", &format!("/me/onlineMeetings/{meeting}"), Some(json!({"recordAutomatically": true})))
        .await;
    school.teams.organizer_joins(&link).unwrap();
    school.minutes(5);
    school.teams.end_for_all(&link);
    school.minutes(6);
    let (_, list) = school.call("GET", &format!("/me/onlineMeetings/{meeting}/recordings"), None).await;
    let file = encoded(list["value"][0]["id"].as_str().unwrap());
    let content = format!("{}/me/onlineMeetings/{meeting}/recordings/{file}/content", school.teams.api_url());
    let http = school.http.clone();
    let get = |token: &str| http.get(&content).bearer_auth(token).header("range", "bytes=65535-");
    let whole = get(&school.token).send().await.unwrap();
    assert_eq!((whole.status().as_u16(), whole.bytes().await.unwrap().len()), (200, 65_536));
    let stu = school.connect("stu@oak.test").await["access_token"].as_str().unwrap().to_owned();
    assert_eq!(get(&stu).send().await.unwrap().status(), 403);
    // Elsewhere, signed: without the token.
    school.teams.set_behaviour(|behaviour| behaviour.redirect_content = true);
    let answer = get(&school.token).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let elsewhere = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(elsewhere.starts_with("http://localhost:"));
    assert_eq!(school.http.get(&elsewhere).send().await.unwrap().status(), 200);
    let part = school.http.get(&elsewhere).header("range", "bytes=65535-").send().await.unwrap();
    let range = part.headers()["content-range"].to_str().unwrap();
    assert_eq!((part.status().as_u16(), range), (206, "bytes 65535-65535/65536"));
    assert_eq!(school.http.get(&elsewhere).bearer_auth(&school.token).send().await.unwrap().status(), 400);
    // Thirty days, as with A1 licences.
    school.teams.set_behaviour(|behaviour| behaviour.recording_days = 30);
    school.minutes(60 * 24 * 31);
    school.renew().await;
    assert_eq!(get(&school.token).send().await.unwrap().status(), 404);
}
