//! A call's life: who waits, who passes, and the pages.

use lectern_simulators::teams::{Identity, Refusal};
use serde_json::{Value, json};

use crate::harness::{School, encoded};

async fn options(school: &School, link: &str, body: Value) {
    let meeting = encoded(school.online(link).await["id"].as_str().unwrap());
    let (status, answer) = school.call("PATCH", &format!("/me/onlineMeetings/{meeting}"), Some(body)).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn the_lobby_lets_pass_whom_its_scope_names() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    school.teams.organizer_joins(&link).unwrap();
    let waits =
        |identity, name: &str| school.teams.is_waiting(school.teams.joins(&link, identity, name).unwrap());
    let everybody = || {
        [
            waits(Identity::Entra, "stu@oak.test"),
            waits(Identity::Federated, "Fed"),
            waits(Identity::Anonymous, "Anon"),
            waits(Identity::DialIn, "+1 323 555"),
        ]
    };
    assert_eq!(everybody(), [false, true, true, true]);
    for (scope, dial_in, expected) in [
        ("organizer", false, [true, true, true, true]),
        ("organizationAndFederated", false, [false, false, true, true]),
        ("everyone", true, [false, false, false, false]),
    ] {
        options(
            &school,
            &link,
            json!({"lobbyBypassSettings": {"scope": scope, "isDialInBypassEnabled": dial_in}}),
        )
        .await;
        assert_eq!(everybody(), expected, "{scope}");
    }
    options(
        &school,
        &link,
        json!({"lobbyBypassSettings": {"scope": "invited"},
        "participants": {"attendees": [{"upn": "stu@oak.test", "role": "attendee"}]}}),
    )
    .await;
    assert_eq!(everybody()[..3], [false, true, true]);
}

#[tokio::test]
async fn people_without_an_account_do_not_start_a_meeting() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    options(&school, &link, json!({"lobbyBypassSettings": {"scope": "everyone"}})).await;
    let early = school.teams.joins(&link, Identity::Anonymous, "Early").unwrap();
    assert!(school.teams.is_waiting(early));
    assert!(school.teams.truth(&link).unwrap().calls.is_empty());
    school.teams.set_behaviour(|behaviour| behaviour.anonymous_may_start = true);
    let bold = school.teams.joins(&link, Identity::Anonymous, "Bold").unwrap();
    assert!(!school.teams.is_waiting(bold));
    school.teams.leaves(bold).unwrap();
    assert!(school.teams.truth(&link).unwrap().calls[0].ended.is_some());
    assert_eq!(school.teams.leaves(bold), Err(Refusal::NotThere));
    assert_eq!(school.teams.joins(&link, Identity::Entra, "nobody@oak.test"), Err(Refusal::NoSuchAccount));
}

#[tokio::test]
async fn a_recording_counts_from_the_next_call() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    let meeting = encoded(school.online(&link).await["id"].as_str().unwrap());
    school.teams.organizer_joins(&link).unwrap();
    options(&school, &link, json!({"recordAutomatically": true})).await;
    school.minutes(5);
    school.teams.end_for_all(&link);
    school.minutes(6);
    let count = async || {
        let (_, list) = school.call("GET", &format!("/me/onlineMeetings/{meeting}/recordings"), None).await;
        list["value"].as_array().unwrap().len()
    };
    assert_eq!(count().await, 0);
    school.teams.organizer_joins(&link).unwrap();
    school.minutes(5);
    school.teams.end_for_all(&link);
    assert_eq!(count().await, 0);
    school.minutes(6);
    assert_eq!(count().await, 1);
}

/// The address of the first form whose action or text has these words.
fn action(page: &str, words: &str) -> String {
    page.split("<form")
        .skip(1)
        .find(|form| form.contains(words))
        .unwrap()
        .split("action=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn people_come_in_by_the_pages() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    let text = async |request: reqwest::RequestBuilder| request.send().await.unwrap().text().await.unwrap();
    assert!(text(browser.get(&link)).await.contains("Join now"));
    let entered = school.http.post(&link).form(&[("name", "Guest <b>")]).send().await.unwrap();
    let guest_room = entered.headers()["location"].to_str().unwrap().to_owned();
    assert!(text(browser.get(&guest_room)).await.contains("let you in shortly"));
    let teacher = text(browser.post(&link).form(&[("account", crate::harness::TEACHER)])).await;
    assert!(teacher.contains("Guest &lt;b&gt;") && teacher.contains("Waiting in the lobby"), "{teacher}");
    let admit = format!("{}{}", school.teams.base_url(), action(&teacher, "Admit all"));
    assert!(!text(browser.post(&admit)).await.contains("Waiting in the lobby"));
    let guest = text(browser.get(&guest_room)).await;
    assert!(guest.contains("In this meeting") && !guest.contains("End meeting"));
    // A guest's page ends nothing.
    let forged = format!("{guest_room}/end");
    assert_eq!(school.http.post(&forged).send().await.unwrap().status(), 403);
    let end = format!("{}{}", school.teams.base_url(), action(&teacher, "End meeting"));
    assert!(text(browser.post(&end)).await.contains("has ended"));
    assert!(text(browser.get(&guest_room)).await.contains("has ended"));
    assert_eq!(school.http.head(&link).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_closed_page_counts_as_left_after_a_minute() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    let enter = async |form: &[(&str, &str)]| {
        let entered = school.http.post(&link).form(form).send().await.unwrap();
        entered.headers()["location"].to_str().unwrap().to_owned()
    };
    let look = async |room: &str| school.http.get(room).send().await.unwrap().text().await.unwrap();
    let guest = enter(&[("name", "Guest")]).await;
    school.teams.organizer_joins(&link).unwrap();
    let student = enter(&[("account", "stu@oak.test")]).await;
    let page = look(&student).await;
    assert!(page.contains("http-equiv=\"refresh\""), "{page}");
    for _ in 0..3 {
        school.clock.advance(chrono::Duration::seconds(45));
        assert!(look(&student).await.contains("In this meeting"));
    }
    // The guest's page was closed in the lobby long ago, and the student's is closed now.
    assert!(look(&guest).await.contains("You left"));
    school.minutes(10);
    let truth = school.teams.truth(&link).unwrap();
    let stays = &truth.calls[0].stays;
    assert_eq!((stays.len(), truth.calls[0].ended), (2, None), "who came by no page stays: {stays:?}");
    let stay = stays.iter().find(|stay| stay.name == "Stu Dent").unwrap();
    assert_eq!((stay.left.unwrap() - stay.joined).num_seconds(), 3 * 45 + 60);
    // The page of somebody who is gone does not bring them back.
    assert!(look(&student).await.contains("You left"));
    assert_eq!(school.teams.truth(&link).unwrap().calls[0].stays.len(), 2);
}
