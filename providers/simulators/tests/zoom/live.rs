//! While a meeting takes place.

use lectern_simulators::zoom::{Refusal, Role};
use serde_json::json;

use crate::harness::School;

fn person<'a>(
    truth: &'a lectern_simulators::zoom::Truth,
    registrant: &str,
) -> &'a lectern_simulators::zoom::PersonTruth {
    truth.people.iter().find(|person| person.registrant_id.as_deref() == Some(registrant)).unwrap()
}

#[tokio::test]
async fn who_comes_before_the_host_waits_and_then_gets_in() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let (registrant, url) = school.registrant(id, "stu@student.test").await;
    school.zoom.joins(&url).unwrap();
    assert!(school.zoom.truth(id).unwrap().people.is_empty());
    school.minutes(2);
    school.zoom.host_joins(id).unwrap();
    school.minutes(10);
    assert_eq!(person(&school.zoom.truth(id).unwrap(), &registrant).seconds, 600);
    school.zoom.flush_webhooks().await;
    assert_eq!(
        school.hook.events()[2..],
        [
            "meeting.participant_jbh_waiting",
            "meeting.started",
            "meeting.participant_joined",
            "meeting.participant_joined"
        ]
    );
}

#[tokio::test]
async fn joining_before_the_host_starts_the_meeting_where_that_is_allowed() {
    let school = School::new().await;
    let id = school.meeting(json!({ "join_before_host": true })).await;
    let (_, url) = school.registrant(id, "stu@student.test").await;
    school.zoom.joins(&url).unwrap();
    assert_eq!(school.zoom.truth(id).unwrap().people.len(), 1);
    school.zoom.flush_webhooks().await;
    assert_eq!(
        school.hook.events()[2..],
        ["meeting.started", "meeting.participant_jbh_joined", "meeting.participant_joined"]
    );
}

#[tokio::test]
async fn the_waiting_room_is_told_step_by_step_and_does_not_count() {
    let school = School::new().await;
    let id = school.meeting(json!({ "waiting_room": true })).await;
    let (registrant, url) = school.registrant(id, "stu@student.test").await;
    school.zoom.host_joins(id).unwrap();
    let visit = school.zoom.joins(&url).unwrap();
    school.minutes(4);
    school.zoom.admit(visit).unwrap();
    school.minutes(6);
    school.zoom.put_in_waiting_room(visit).unwrap();
    school.minutes(1);
    school.zoom.leaves(visit).unwrap();
    assert_eq!(school.zoom.admit(visit), Err(Refusal::NotThere));
    assert_eq!(person(&school.zoom.truth(id).unwrap(), &registrant).seconds, 360);
    school.zoom.flush_webhooks().await;
    assert_eq!(
        school.hook.events()[4..],
        [
            "meeting.participant_joined_waiting_room",
            "meeting.participant_admitted",
            "meeting.participant_left_waiting_room",
            "meeting.participant_joined",
            "meeting.participant_put_in_waiting_room",
            "meeting.participant_left",
            "meeting.participant_joined_waiting_room",
            "meeting.participant_left_waiting_room",
        ]
    );
}

#[tokio::test]
async fn a_rejoin_has_new_ids_and_the_same_registrant() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let (registrant, url) = school.registrant(id, "stu@student.test").await;
    school.zoom.host_joins(id).unwrap();
    let first = school.zoom.joins(&url).unwrap();
    school.minutes(5);
    school.zoom.leaves(first).unwrap();
    school.minutes(5);
    let _second = school.zoom.joins(&url).unwrap();
    school.minutes(5);
    let truth = school.zoom.truth(id).unwrap();
    assert_eq!((person(&truth, &registrant).intervals.len(), person(&truth, &registrant).seconds), (2, 600));
    school.zoom.flush_webhooks().await;
    let joined = school.hook.bodies().into_iter().filter(|body| {
        body["event"] == "meeting.participant_joined"
            && body["payload"]["object"]["participant"]["registrant_id"] == registrant.as_str()
    });
    let joined = joined.map(|body| body["payload"]["object"]["participant"].clone()).collect::<Vec<_>>();
    assert_eq!(joined.len(), 2);
    assert_ne!(joined[0]["user_id"], joined[1]["user_id"]);
    assert_ne!(joined[0]["participant_uuid"], joined[1]["participant_uuid"]);
}

#[tokio::test]
async fn a_second_device_gets_in_only_where_it_may() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let (_, url) = school.registrant(id, "stu@student.test").await;
    school.zoom.host_joins(id).unwrap();
    school.zoom.joins(&url).unwrap();
    assert_eq!(school.zoom.joins(&url), Err(Refusal::SecondDevice));
    let open = school.meeting(json!({ "allow_multiple_devices": true })).await;
    let (registrant, url) = school.registrant(open, "stu@student.test").await;
    school.zoom.host_joins(open).unwrap();
    let phone = school.zoom.joins(&url).unwrap();
    school.minutes(3);
    school.zoom.joins(&url).unwrap();
    school.minutes(3);
    school.zoom.leaves(phone).unwrap();
    school.minutes(4);
    // Two devices at once count once.
    assert_eq!(person(&school.zoom.truth(open).unwrap(), &registrant).seconds, 600);
}

#[tokio::test]
async fn a_dead_client_is_noticed_after_the_rejoin() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let (registrant, url) = school.registrant(id, "stu@student.test").await;
    school.zoom.host_joins(id).unwrap();
    let visit = school.zoom.joins(&url).unwrap();
    school.minutes(10);
    school.zoom.crashes(visit).unwrap();
    school.seconds(20);
    let _back = school.zoom.joins(&url).unwrap();
    school.seconds(30);
    school.zoom.flush_webhooks().await;
    assert!(!school.hook.events().contains(&"meeting.participant_left".to_owned()));
    school.seconds(60);
    school.zoom.flush_webhooks().await;
    let left = school.hook.event("meeting.participant_left");
    let late = left["event_ts"].as_i64().unwrap()
        - (crate::harness::noon() + chrono::Duration::minutes(10)).timestamp_millis();
    assert!((60_000..=90_000).contains(&late), "{late}");
    assert_eq!(school.hook.events().last().unwrap(), "meeting.participant_left");
    let truth = school.zoom.truth(id).unwrap();
    assert_eq!((person(&truth, &registrant).intervals.len(), person(&truth, &registrant).seconds), (1, 710));
}

#[tokio::test]
async fn breakout_rooms_change_the_ids_and_both_ways_of_telling_exist() {
    for leaves_main in [false, true] {
        let school = School::new().await;
        school.zoom.set_behaviour(|behaviour| behaviour.breakout_leaves_main = leaves_main);
        let id = school.meeting(json!({})).await;
        let (registrant, url) = school.registrant(id, "stu@student.test").await;
        school.zoom.host_joins(id).unwrap();
        let visit = school.zoom.joins(&url).unwrap();
        school.minutes(5);
        school.zoom.enters_breakout(visit, "FkQbpP2UR028mDrwzEahqw==").unwrap();
        school.minutes(5);
        school.zoom.exits_breakout(visit).unwrap();
        school.minutes(5);
        assert_eq!(person(&school.zoom.truth(id).unwrap(), &registrant).seconds, 900);
        school.zoom.flush_webhooks().await;
        let events = school.hook.events();
        assert_eq!(events.contains(&"meeting.participant_left".to_owned()), leaves_main);
        let main = school.hook.bodies()[4]["payload"]["object"]["participant"]["user_id"].clone();
        let room = school.hook.event("meeting.participant_joined_breakout_room")["payload"]["object"].clone();
        assert_eq!(
            (&room["breakout_room_uuid"], &room["participant"]["parent_user_id"]),
            (&json!("FkQbpP2UR028mDrwzEahqw=="), &main)
        );
        assert_ne!(room["participant"]["user_id"], main);
        assert!(events.contains(&"meeting.participant_left_breakout_room".to_owned()));
    }
}

#[tokio::test]
async fn the_last_one_out_ends_the_run_and_the_next_has_another_uuid() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let host = school.zoom.host_joins(id).unwrap();
    school.minutes(5);
    school.zoom.leaves(host).unwrap();
    school.minutes(1);
    school.zoom.host_joins(id).unwrap();
    assert!(school.zoom.end_for_all(id));
    assert!(!school.zoom.end_for_all(id));
    let truth = school.zoom.truth(id).unwrap();
    assert_eq!(truth.runs.len(), 2);
    assert_ne!(truth.runs[0].uuid, truth.runs[1].uuid);
    assert!(truth.runs.iter().all(|run| run.ended_at.is_some()));
    assert_eq!((truth.people[0].role, truth.people[0].intervals.len()), (Role::Host, 2));
    assert_eq!(school.call("GET", &format!("/meetings/{id}"), None).await.1["status"], "waiting");
}

#[tokio::test]
async fn a_closed_page_counts_as_left_after_a_minute() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let (registrant, url) = school.registrant(id, "stu@student.test").await;
    school.zoom.host_joins(id).unwrap();
    // HEAD joins nobody.
    assert_eq!(school.http.head(&url).send().await.unwrap().status(), 200);
    assert_eq!(school.zoom.truth(id).unwrap().people.len(), 1);
    let page = school.http.get(&url).send().await.unwrap().text().await.unwrap();
    let reload = page.split("url=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for _ in 0..3 {
        school.seconds(45);
        assert_eq!(
            school.http.get(format!("{}{reload}", school.zoom.base_url())).send().await.unwrap().status(),
            200
        );
    }
    school.minutes(10);
    let truth = school.zoom.truth(id).unwrap();
    assert_eq!(person(&truth, &registrant).seconds, 3 * 45 + 60);
    // The page of somebody who is gone does not bring them back.
    let text = school
        .http
        .get(format!("{}{reload}", school.zoom.base_url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(text.contains("You left the meeting"));
}

#[tokio::test]
async fn the_host_admits_and_ends_from_a_browser() {
    let school = School::new().await;
    let id = school.meeting(json!({ "waiting_room": true })).await;
    let (_, url) = school.registrant(id, "stu@student.test").await;
    let (_, got) = school.call("GET", &format!("/meetings/{id}"), None).await;
    let start = got["start_url"].as_str().unwrap();
    let room = school.http.get(start).send().await.unwrap().text().await.unwrap();
    assert!(room.contains("End meeting for all"), "{room}");
    let student = school.http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(student.contains("the meeting host will let you in"));
    let reload = room.split("url=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let student_reload = student.split("url=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let base = school.zoom.base_url();
    assert!(
        school
            .http
            .get(format!("{base}{reload}"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("Admit all")
    );
    assert_eq!(school.http.post(format!("{base}{reload}/admit-all")).send().await.unwrap().status(), 303);
    assert!(
        school
            .http
            .get(format!("{base}{student_reload}"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("In the meeting")
    );
    // A student has no host buttons.
    school.http.post(format!("{base}{student_reload}/end")).send().await.unwrap();
    assert!(school.zoom.truth(id).unwrap().runs[0].ended_at.is_none());
    school.http.post(format!("{base}{reload}/end")).send().await.unwrap();
    assert!(
        school
            .http
            .get(format!("{base}{student_reload}"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("ended by the host")
    );
    // A start link lives two hours.
    school.minutes(121);
    assert_eq!(school.http.get(start).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_stranger_with_the_passcode_has_no_registrant() {
    let school = School::new().await;
    let id = school.meeting(json!({ "approval_type": 2 })).await;
    let (_, got) = school.call("GET", &format!("/meetings/{id}"), None).await;
    school.zoom.host_joins(id).unwrap();
    let form = school.http.get(got["join_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(form.status(), 200);
    let url = format!("{}/j/{id}", school.zoom.base_url());
    assert_eq!(
        school.http.post(&url).form(&[("name", "Zażółć"), ("passcode", "0")]).send().await.unwrap().status(),
        403
    );
    let right = [("name", "Zażółć"), ("passcode", got["password"].as_str().unwrap())];
    assert_eq!(school.http.post(&url).form(&right).send().await.unwrap().status(), 303);
    school.zoom.flush_webhooks().await;
    let joined = school.hook.bodies().last().unwrap()["payload"]["object"]["participant"].clone();
    assert_eq!(
        (joined["user_name"].as_str(), joined["email"].as_str(), joined.get("registrant_id")),
        (Some("Zażółć"), Some(""), None)
    );
}

#[tokio::test]
async fn a_free_hosts_meeting_ends_after_forty_minutes() {
    let school = School::new().await;
    school.zoom.set_host_plan("ada@oak.test", lectern_simulators::zoom::HostPlan::Basic);
    let id = school.meeting(json!({})).await;
    school.zoom.host_joins(id).unwrap();
    school.minutes(90);
    let run = school.zoom.truth(id).unwrap().runs[0].clone();
    assert_eq!(run.ended_at.unwrap() - run.started_at, chrono::Duration::minutes(40));
}

#[tokio::test]
async fn the_hosts_link_dies_after_two_hours() {
    let school = School::new().await;
    let id = school.meeting(json!({})).await;
    let (_, meeting) = school.call("GET", &format!("/meetings/{id}"), None).await;
    let link = meeting["start_url"].as_str().unwrap();
    school.minutes(120);
    let late = school.http.get(link).send().await.unwrap();
    assert_eq!(late.status(), 403);
    assert!(school.zoom.truth(id).unwrap().runs.is_empty());
    let tokens = school.connect(lectern_simulators::zoom::AppMode::User, "ada@oak.test").await;
    let token = tokens["access_token"].as_str().unwrap();
    let (_, _, meeting) = school.call_with(token, "GET", &format!("/meetings/{id}"), None).await;
    let fresh = school.http.get(meeting["start_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(fresh.status(), 200);
    assert_eq!(school.zoom.truth(id).unwrap().runs.len(), 1);
}
