//! Calendar events and online meetings, as Graph has them.

use lectern_simulators::teams::{Identity, PolicySpec, Refusal};
use serde_json::{Value, json};

use crate::harness::{APP, School, TENANT, encoded, event_body, user};

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_event_has_a_link_only_as_an_online_meeting() {
    let school = School::new().await;
    let mut plain = event_body();
    plain["isOnlineMeeting"] = json!(false);
    let (_, event) = school.call("POST", "/me/events", Some(plain)).await;
    assert_eq!((&event["onlineMeeting"], &event["isOnlineMeeting"]), (&Value::Null, &json!(false)));
    let (_, link) = school.event().await;
    assert!(
        link.contains("/l/meetup-join/19%3ameeting_") && link.contains("%40thread.v2/0?context=%7b%22Tid"),
        "{link}"
    );
    let mut unlicensed = user("paul@oak.test", "Paul");
    unlicensed.licensed = false;
    school.teams.add_user(unlicensed);
    let token = school.connect("paul@oak.test").await["access_token"].as_str().unwrap().to_owned();
    let (status, event) = school.call_as(&token, "POST", "/v1.0/me/events", Some(event_body())).await;
    assert_eq!((status, &event["isOnlineMeeting"]), (201, &json!(false)));
}

#[tokio::test]
async fn a_meeting_is_found_by_its_whole_link_and_by_nothing_less() {
    let school = School::unchecked().await;
    let (_, link) = school.event().await;
    assert_eq!(school.online(&link).await["joinWebUrl"], link);
    // Encoded once too little: another text.
    let once = link.replace('&', "%26");
    let filter = format!("JoinWebUrl%20eq%20'{once}'");
    assert_eq!(school.call("GET", &format!("/me/onlineMeetings?$filter={filter}"), None).await.0, 404);
    assert_eq!(school.call("GET", "/me/onlineMeetings", None).await.0, 400);
    assert_eq!(school.call("GET", "/me/onlineMeetings?$filter=subject%20eq%20'Algebra'", None).await.0, 400);
    let number =
        school.online(&link).await["joinMeetingIdSettings"]["joinMeetingId"].as_str().unwrap().to_owned();
    let filter = encoded(&format!("joinMeetingIdSettings/joinMeetingId eq '{number}'"));
    assert_eq!(school.call("GET", &format!("/me/onlineMeetings?$filter={filter}"), None).await.0, 200);
}

#[tokio::test]
async fn only_the_organizer_is_answered_and_an_application_needs_the_policy() {
    let school = School::unchecked().await;
    let (_, link) = school.event().await;
    let meeting = school.online(&link).await["id"].as_str().unwrap().to_owned();
    let stu = school.connect("stu@oak.test").await["access_token"].as_str().unwrap().to_owned();
    let filter = encoded(&format!("JoinWebUrl eq '{link}'"));
    let path = format!("/v1.0/me/onlineMeetings?$filter={filter}");
    assert_eq!(school.call_as(&stu, "GET", &path, None).await.0, 403);
    assert_eq!(
        school.call_as(&stu, "GET", &format!("/v1.0/me/onlineMeetings/{}", encoded(&meeting)), None).await.0,
        403
    );

    let school = School::with(|options| {
        options.contract = None;
        options.seed = 9;
    })
    .await;
    let other = "33333333-5130-43e9-88f3-fcb3582cde37";
    let mut ben = user("ben@elm.test", "Ben");
    ben.tenant = other.to_owned();
    let ben = school.teams.add_user(ben);
    school.teams.consent(other, APP);
    let token =
        school.token_call(other, &school.for_itself()).await.1["access_token"].as_str().unwrap().to_owned();
    let path = format!("/v1.0/users/{ben}/onlineMeetings");
    let body = json!({"subject": "x"});
    let (status, answer) = school.call_as(&token, "POST", &path, Some(body.clone())).await;
    assert_eq!(status, 403);
    assert!(answer["error"]["message"].as_str().unwrap().contains("No application access policy"));
    // Events need none.
    assert_eq!(
        school.call_as(&token, "POST", &format!("/v1.0/users/{ben}/events"), Some(event_body())).await.0,
        201
    );
    school.teams.grant_policy(PolicySpec {
        tenant: other.to_owned(),
        client_id: APP.to_owned(),
        user: Some(ben.clone()),
        delay_minutes: 30,
    });
    assert_eq!(school.call_as(&token, "POST", &path, Some(body.clone())).await.0, 403);
    school.minutes(30);
    assert_eq!(school.call_as(&token, "POST", &path, Some(body.clone())).await.0, 201);
    // The object id, not the address.
    assert_eq!(
        school.call_as(&token, "POST", "/v1.0/users/ben@elm.test/onlineMeetings", Some(body)).await.0,
        400
    );
    assert_eq!(
        school.call_as(&token, "GET", &format!("/v1.0/users/{}/events", school.teacher), None).await.0,
        404
    );
    assert_ne!(TENANT, other);
}

#[tokio::test]
async fn create_or_get_makes_one_for_each_key() {
    let school = School::unchecked().await;
    let call = async |body: Value| school.call("POST", "/me/onlineMeetings/createOrGet", Some(body)).await;
    let (status, first) = call(json!({"externalId": "a"})).await;
    assert_eq!(status, 201);
    let span = (first["startDateTime"].as_str().unwrap(), first["endDateTime"].as_str().unwrap());
    assert!(span.0.starts_with("2026-11-21T12:00") && span.1.starts_with("2026-11-21T13:00"));
    let (status, again) = call(json!({"externalId": "a"})).await;
    assert_eq!((status, &again["id"]), (200, &first["id"]));
    assert_eq!(call(json!({"externalId": "b"})).await.0, 201);
    assert_eq!(call(json!({})).await.0, 400);
    assert_eq!(call(json!({"externalId": "c", "endDateTime": "2026-11-21T14:00:00Z"})).await.0, 400);
    let backwards = json!({"externalId": "c", "startDateTime": "2026-11-21T14:00:00Z", "endDateTime": "2026-11-21T13:00:00Z"});
    assert_eq!(call(backwards).await.0, 400);
}

#[tokio::test]
async fn options_are_patched_by_graphs_rules() {
    let school = School::unchecked().await;
    let (_, link) = school.event().await;
    let meeting = encoded(school.online(&link).await["id"].as_str().unwrap());
    let path = format!("/me/onlineMeetings/{meeting}");
    let patch = async |body: Value| school.call("PATCH", &path, Some(body)).await;
    let (status, body) =
        patch(json!({"lobbyBypassSettings": {"scope": "invited"}, "joinWebUrl": "x", "id": "y"})).await;
    assert_eq!((status, &body["lobbyBypassSettings"]["scope"]), (200, &json!("unknownFutureValue")));
    assert_eq!(body["joinWebUrl"], link);
    assert_eq!(body["lobbyBypassSettings"]["isDialInBypassEnabled"], false);
    let asking = school.http.get(format!("{}{path}", school.teams.api_url())).bearer_auth(&school.token);
    let body: Value =
        asking.header("prefer", "include-unknown-enum-members").send().await.unwrap().json().await.unwrap();
    assert_eq!(body["lobbyBypassSettings"]["scope"], "invited");
    for wrong in [
        json!({"lobbyBypassSettings": {"scope": "unknownFutureValue"}}),
        json!({"allowedPresenters": "nobody"}),
        json!({"startDateTime": "2026-11-21T14:00:00Z"}),
        json!({"participants": {"organizer": {"identity": {"user": {"id": "other"}}}}}),
        json!({"allowEverything": true}),
    ] {
        assert_eq!(patch(wrong.clone()).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_description_without_the_links_text_takes_the_meeting_off() {
    let school = School::new().await;
    let (id, link) = school.event().await;
    let path = format!("/me/events/{}", encoded(&id));
    let (_, event) = school.call("GET", &path, None).await;
    let kept = format!("{}<p>More</p>", event["body"]["content"].as_str().unwrap());
    let body = json!({"body": {"contentType": "html", "content": kept}});
    assert_eq!(school.call("PATCH", &path, Some(body)).await.1["isOnlineMeeting"], true);
    let body = json!({"body": {"contentType": "text", "content": "Bring a ruler."}});
    let (_, event) = school.call("PATCH", &path, Some(body)).await;
    assert_eq!((&event["isOnlineMeeting"], &event["onlineMeeting"]), (&json!(false), &Value::Null));
    assert_eq!(school.teams.organizer_joins(&link), Err(Refusal::NoSuchMeeting));
}

#[tokio::test]
async fn attendees_are_replaced_whole_and_mailed_the_raw_link() {
    let school = School::new().await;
    let (id, link) = school.event().await;
    assert!(school.teams.mails().is_empty());
    let attendee =
        |address: &str| json!({"emailAddress": {"address": address, "name": "S"}, "type": "required"});
    let path = format!("/me/events/{}", encoded(&id));
    let patch = async |list: Value| school.call("PATCH", &path, Some(json!({ "attendees": list }))).await;
    patch(json!([attendee("a@x.test"), attendee("b@x.test")])).await;
    let (_, event) = patch(json!([attendee("b@x.test"), attendee("c@x.test")])).await;
    assert_eq!(event["attendees"].as_array().unwrap().len(), 2);
    let mails = school.teams.mails();
    let to: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["a@x.test", "b@x.test", "c@x.test"]);
    assert!(mails[0].body.contains(link.split('?').next().unwrap()));
    assert_eq!(school.call("DELETE", &path, None).await.0, 204);
    assert!(school.teams.mails().last().unwrap().subject.starts_with("Canceled"));
    let (status, body) = school.call("DELETE", &path, None).await;
    assert_eq!((status, code(&body)), (404, "ErrorItemNotFound"));
}

#[tokio::test]
async fn a_series_has_one_link_and_keeps_its_hour_over_the_change_of_clocks() {
    let school = School::new().await;
    let mut body = event_body();
    body["start"] = json!({"dateTime": "2026-03-23T18:00:00", "timeZone": "W. Europe Standard Time"});
    body["end"] = json!({"dateTime": "2026-03-23T19:00:00", "timeZone": "W. Europe Standard Time"});
    body["recurrence"] = json!({
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "wednesday"], "firstDayOfWeek": "sunday"},
        "range": {"type": "numbered", "startDate": "2026-03-23", "numberOfOccurrences": 4},
    });
    let (status, master) = school.call("POST", "/me/events", Some(body)).await;
    assert_eq!((status, &master["type"]), (201, &json!("seriesMaster")));
    let path = format!(
        "/me/events/{}/instances?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z",
        encoded(master["id"].as_str().unwrap())
    );
    let (_, list) = school.call("GET", &path, None).await;
    let starts: Vec<_> = list["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["start"]["dateTime"].as_str().unwrap())
        .collect();
    assert_eq!(
        starts,
        [
            "2026-03-23T17:00:00.0000000",
            "2026-03-25T17:00:00.0000000",
            "2026-03-30T16:00:00.0000000",
            "2026-04-01T16:00:00.0000000"
        ]
    );
    let links: std::collections::BTreeSet<_> = list["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["onlineMeeting"]["joinUrl"].to_string())
        .collect();
    assert_eq!(links.len(), 1);
}

#[tokio::test]
async fn the_calendar_comes_in_pages() {
    let school = School::new().await;
    for _ in 0..5 {
        school.event().await;
    }
    let mut path =
        "/v1.0/me/calendarView?startDateTime=2026-11-21T00:00:00Z&endDateTime=2026-11-22T00:00:00Z&$top=2"
            .to_owned();
    let mut ids = std::collections::BTreeSet::new();
    let mut pages = 0;
    loop {
        let (status, body) = school.call_as(&school.token, "GET", &path, None).await;
        assert_eq!(status, 200, "{body}");
        pages += 1;
        ids.extend(body["value"].as_array().unwrap().iter().map(|event| event["id"].to_string()));
        let Some(next) = body["@odata.nextLink"].as_str() else { break };
        path = next.replace(&school.teams.base_url(), "");
    }
    assert_eq!((pages, ids.len()), (3, 5));
}

#[tokio::test]
async fn a_link_dies_some_time_after_the_meeting() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    let meeting = encoded(school.online(&link).await["id"].as_str().unwrap());
    school.minutes(60 * 24 * 61);
    assert_eq!(school.teams.joins(&link, Identity::Anonymous, "Late"), Err(Refusal::NoSuchMeeting));
    let token = school.connect(crate::harness::TEACHER).await["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        school.call_as(&token, "GET", &format!("/v1.0/me/onlineMeetings/{meeting}"), None).await.0,
        404
    );
}

#[tokio::test]
async fn what_graph_does_not_have_is_not_there() {
    let school = School::unchecked().await;
    let (_, link) = school.event().await;
    let meeting = encoded(school.online(&link).await["id"].as_str().unwrap());
    for path in ["end", "breakoutRooms", "participants"] {
        assert_eq!(
            school.call("POST", &format!("/me/onlineMeetings/{meeting}/{path}"), Some(json!({}))).await.0,
            404
        );
    }
}
