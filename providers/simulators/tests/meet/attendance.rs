//! Who was there, through the provider.

use lectern_core::provider::{MeetingRun, Provider};
use lectern_simulators::meet::{AccountSpec, Visitor};
use serde_json::json;

use crate::harness::{CALL, School, at, draft, noon};

async fn open_space(provider: &dyn Provider) -> (String, String) {
    let mut wanted = draft();
    wanted.registration = false;
    wanted.settings.waiting_room = false;
    let made = provider.meetings().unwrap().create(&CALL, &wanted).await.unwrap();
    (made.id, made.join_url.expose().clone())
}

#[tokio::test]
async fn every_page_is_read() {
    let school = School::new().await;
    school.google.set_behaviour(|behaviour| behaviour.quotas = false);
    let provider = school.connect("ada@oak.test", &[]).await;
    let (space, link) = open_space(provider.as_ref()).await;
    school.google.joins(&link, Visitor::account("ada@oak.test")).unwrap();
    let token = school.token("ada@oak.test", "").await;
    for number in 0..260 {
        school.google.joins(&link, Visitor::anonymous(&format!("Guest {number}"))).unwrap();
    }
    school.minutes(30);
    school.google.end_for_all(&space);
    let attendance = provider.attendance().unwrap();
    let runs = attendance.runs(&CALL, &at(&space)).await.unwrap();
    let path = format!("/v2/{}/participants", runs[0].id);
    let (_, page) = school.call(&token, "GET", &path, None).await;
    assert_eq!(page["participants"].as_array().unwrap().len(), 100);
    assert!(page.get("totalSize").is_none());
    let (_, page) = school.call(&token, "GET", &format!("{path}?fields=totalSize,nextPageToken"), None).await;
    assert_eq!(page["totalSize"], 261);
    let report = attendance.report(&CALL, &at(&space), &runs[0]).await.unwrap().unwrap();
    assert_eq!(report.rows.len(), 261);
}

#[tokio::test]
async fn a_class_that_broke_off_has_two_runs_and_records_are_forgotten() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let (space, link) = open_space(provider.as_ref()).await;
    let attendance = provider.attendance().unwrap();
    assert!(attendance.runs(&CALL, &at(&space)).await.unwrap().is_empty());
    for _ in 0..2 {
        let ada = school.google.joins(&link, Visitor::account("ada@oak.test")).unwrap();
        school.minutes(10);
        school.google.leaves(ada).unwrap();
        school.minutes(1);
    }
    let ada = school.google.joins(&link, Visitor::account("ada@oak.test")).unwrap();
    let runs = attendance.runs(&CALL, &at(&space)).await.unwrap();
    // The running one is none yet.
    assert_eq!(
        runs.iter().map(|run| run.started_at).collect::<Vec<_>>(),
        [noon(), noon() + chrono::Duration::minutes(11)]
    );
    school.google.leaves(ada).unwrap();
    // A look tells only of what ended since.
    let roster = provider.live_roster().unwrap();
    let since = noon() + chrono::Duration::minutes(15);
    let told = roster.look(&CALL, &at(&space), since).await.unwrap();
    assert!(told.iter().all(|event| event.run_id.as_ref() != Some(&runs[0].id)));
    school.clock.advance(chrono::Duration::days(31));
    assert!(attendance.runs(&CALL, &at(&space)).await.unwrap().is_empty());
    assert!(attendance.report(&CALL, &at(&space), &runs[0]).await.unwrap().is_none());
    assert_eq!(roster.meeting_of(&CALL, &runs[0].id).await.unwrap(), None);
    let unknown = MeetingRun { id: "nonsense".to_owned(), started_at: noon() };
    assert!(attendance.report(&CALL, &at(&space), &unknown).await.unwrap().is_none());
    assert!(attendance.runs(&CALL, &at("nonsense")).await.unwrap().is_empty());
}

/// The addresses a report has, by name.
async fn found(school: &School, provider: &dyn Provider) -> Vec<(String, Option<String>)> {
    let (space, link) = open_space(provider).await;
    for visitor in [
        Visitor::account("ada@oak.test"),
        Visitor::account("stu@oak.test"),
        Visitor::account("out@else.test"),
        Visitor::anonymous("stu dent"),
        Visitor::Phone("+1 202-***-**23".to_owned()),
    ] {
        school.google.joins(&link, visitor).unwrap();
    }
    school.minutes(5);
    school.google.end_for_all(&space);
    let attendance = provider.attendance().unwrap();
    let run = attendance.runs(&CALL, &at(&space)).await.unwrap().remove(0);
    let report = attendance.report(&CALL, &at(&space), &run).await.unwrap().unwrap();
    let mut rows: Vec<_> = report.rows.into_iter().map(|row| (row.name, row.email)).collect();
    rows.sort();
    rows
}

fn rows(stu: Option<&str>) -> Vec<(String, Option<String>)> {
    let row = |name: &str, email: Option<&str>| (name.to_owned(), email.map(str::to_owned));
    vec![
        row("+1 202-***-**23", None),
        row("Ada Żółć", Some("ada@oak.test")),
        row("Otto Out", None),
        row("Stu Dent", stu),
        row("stu dent", None),
    ]
}

#[tokio::test]
async fn addresses_come_from_profiles_the_directory_or_the_list_and_never_from_names() {
    let school = School::new().await;
    // What was granted once counts for later consents too, so the poorer connection comes first.
    let without = school.connect("ada@oak.test", &["directory.readonly"]).await;
    assert_eq!(found(&school, without.as_ref()).await, rows(None));
    let provider = school.connect("ada@oak.test", &[]).await;
    assert_eq!(found(&school, provider.as_ref()).await, rows(Some("stu@oak.test")));

    // An administrator's connection asks the directory.
    let admin = AccountSpec { admin: true, ..AccountSpec::new("head@oak.test", "Head") };
    school.google.add_account(admin);
    let provider = school
        .connect_with("head@oak.test", "https://www.googleapis.com/auth/admin.directory.user.readonly")
        .await;
    let hidden = AccountSpec { shows_address: false, ..AccountSpec::new("shy@oak.test", "Shy") };
    school.google.add_account(hidden);
    let (space, link) = open_space(provider.as_ref()).await;
    school.google.joins(&link, Visitor::account("head@oak.test")).unwrap();
    school.google.joins(&link, Visitor::account("shy@oak.test")).unwrap();
    school.google.joins(&link, Visitor::account("out@else.test")).unwrap();
    let told = provider.live_roster().unwrap().look(&CALL, &at(&space), noon()).await.unwrap();
    let mut emails: Vec<_> =
        told.iter().filter_map(|event| event.participant.as_ref()?.email.clone()).collect();
    emails.sort();
    assert_eq!(emails, ["head@oak.test", "shy@oak.test"]);

    // Where Google shows the accounts of members, the list is enough.
    let school = School::unchecked().await;
    school.google.set_behaviour(|behaviour| behaviour.members_show_user = true);
    let provider = school.connect("ada@oak.test", &["directory.readonly"]).await;
    let (space, link) = open_space(provider.as_ref()).await;
    let registrants = provider.registrants().unwrap();
    registrants.register(&CALL, &at(&space), &crate::harness::person("out@else.test")).await.unwrap();
    school.google.joins(&link, Visitor::account("out@else.test")).unwrap();
    let told = provider.live_roster().unwrap().look(&CALL, &at(&space), noon()).await.unwrap();
    assert_eq!(told[1].participant.as_ref().unwrap().email.as_deref(), Some("out@else.test"));
}

#[tokio::test]
async fn filters_are_googles() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let (_, link) = open_space(provider.as_ref()).await;
    let token = school.token("ada@oak.test", "").await;
    let stu = school.google.joins(&link, Visitor::account("stu@oak.test")).unwrap();
    school.google.joins(&link, Visitor::account("sam@oak.test")).unwrap();
    school.minutes(1);
    school.google.leaves(stu).unwrap();
    let count = async |path: String, list: &str| {
        let (status, body) = school.call(&token, "GET", &path, None).await;
        assert_eq!(status, 200, "{body}");
        (body[list].as_array().map_or(0, Vec::len), body)
    };
    let (live, body) =
        count("/v2/conferenceRecords?filter=end_time+IS+NULL".to_owned(), "conferenceRecords").await;
    assert_eq!(live, 1);
    let record = body["conferenceRecords"][0]["name"].as_str().unwrap().to_owned();
    let inside = format!("/v2/{record}/participants?filter=latest_end_time+IS+NULL");
    let (inside, body) = count(inside, "participants").await;
    assert_eq!((inside, &body["participants"][0]["signedinUser"]["displayName"]), (1, &json!("Sam Sung")));
    let (none, body) = count(
        "/v2/conferenceRecords?filter=start_time%3E%222027-01-01T00:00:00Z%22".to_owned(),
        "conferenceRecords",
    )
    .await;
    assert_eq!((none, body), (0, json!({})));
    assert_eq!(school.call(&token, "GET", "/v2/conferenceRecords?filter=title=%22x%22", None).await.0, 400);
    // Sessions and single resources, by name.
    let (_, people) = count(format!("/v2/{record}/participants"), "participants").await;
    let name = people["participants"][0]["name"].as_str().unwrap();
    let (sessions, body) = count(format!("/v2/{name}/participantSessions"), "participantSessions").await;
    assert_eq!(sessions, 1);
    let session = body["participantSessions"][0]["name"].as_str().unwrap();
    assert_eq!(school.call(&token, "GET", &format!("/v2/{session}"), None).await.0, 200);
    assert_eq!(school.call(&token, "GET", &format!("/v2/{name}"), None).await.0, 200);
    // Another person's token sees nothing of it.
    let out = school.token("out@else.test", "").await;
    assert_eq!(school.call(&out, "GET", &format!("/v2/{record}"), None).await.0, 403);
}
