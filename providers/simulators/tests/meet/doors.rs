//! Who walks in, who knocks, who waits; and the pages where browsers do it.

use lectern_simulators::meet::{Refusal, Visitor, Where};
use serde_json::json;

use crate::harness::School;

async fn link(school: &School, access: &str) -> (String, String) {
    let token = school.token("ada@oak.test", "").await;
    let (_, made) =
        school.call(&token, "POST", "/v2/spaces", Some(json!({"config": {"accessType": access}}))).await;
    (made["name"].as_str().unwrap().to_owned(), made["meetingUri"].as_str().unwrap().to_owned())
}

fn come(school: &School, link: &str, visitor: Visitor) -> Where {
    let visit = school.google.joins(link, visitor).unwrap();
    school.google.place(visit).unwrap()
}

#[tokio::test]
async fn an_open_space_takes_everybody() {
    let school = School::new().await;
    let (_, link) = link(&school, "OPEN").await;
    assert_eq!(come(&school, &link, Visitor::anonymous("Anybody")), Where::InCall);
    assert_eq!(come(&school, &link, Visitor::Phone("+1 202-***-**23".to_owned())), Where::InCall);
    assert_eq!(school.google.joins(&format!("{link}x"), Visitor::anonymous("A")), Err(Refusal::NoSuchSpace));
}

#[tokio::test]
async fn a_trusted_space_takes_the_hosts_own_domain() {
    let school = School::new().await;
    let (_, link) = link(&school, "TRUSTED").await;
    assert_eq!(come(&school, &link, Visitor::account("stu@oak.test")), Where::WaitingForHost);
    school.google.joins(&link, Visitor::account("ada@oak.test")).unwrap();
    assert_eq!(come(&school, &link, Visitor::account("sam@oak.test")), Where::InCall);
    assert_eq!(come(&school, &link, Visitor::account("out@else.test")), Where::Knocking);
    assert_eq!(come(&school, &link, Visitor::anonymous("Sam Sung")), Where::Knocking);
}

#[tokio::test]
async fn who_waited_for_the_host_is_sorted_out_when_one_comes() {
    let school = School::new().await;
    let (_, link) = link(&school, "RESTRICTED").await;
    let stranger = school.google.joins(&link, Visitor::anonymous("Stranger")).unwrap();
    assert_eq!(school.google.place(stranger), Some(Where::WaitingForHost));
    assert_eq!(school.google.admit(stranger), Err(Refusal::NotThere));
    school.google.joins(&link, Visitor::account("ada@oak.test")).unwrap();
    assert_eq!(school.google.place(stranger), Some(Where::Knocking));
    school.google.admit(stranger).unwrap();
    assert_eq!(school.google.place(stranger), Some(Where::InCall));
}

#[tokio::test]
async fn a_browser_chooses_its_account_and_is_known_again() {
    let school = School::new().await;
    let (space, link) = link(&school, "RESTRICTED").await;
    let join = async |form: &[(&str, &str)], cookie: &str| {
        let answer = school.http.post(&link).header("cookie", cookie).form(form).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let first = school.http.get(format!("{link}?authuser=ada%40oak.test")).send().await.unwrap();
    let cookie = first.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = first.text().await.unwrap();
    assert!(page.contains("Ready to join?") && page.contains("value=\"ada@oak.test\" checked"), "{page}");
    assert!(school.google.truth(&space).unwrap().people.is_empty());
    assert_eq!(school.http.head(&link).send().await.unwrap().status(), 200);

    let host = join(&[("user", "ada@oak.test")], &cookie).await;
    let student = join(&[("user", ""), ("name", "Stu <b>")], "meet_simulator_browser=other").await;
    let text = async |url: &str| school.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(text(&student).await.contains("Asking to be let in"));
    let room = text(&host).await;
    assert!(room.contains("Someone wants to join") && room.contains("Stu &lt;b&gt;"), "{room}");
    let who = room.split("name=\"who\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    school.http.post(format!("{host}/admit")).form(&[("who", who)]).send().await.unwrap();
    assert!(text(&student).await.contains("In the call"));
    // A guest has no such buttons.
    school.http.post(format!("{student}/end")).send().await.unwrap();
    assert!(text(&host).await.contains("In the call"));
    // The same browser at the same link is the same person.
    let again = school.http.get(&link).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(again.headers()["location"].to_str().unwrap(), host);
    school.http.post(format!("{student}/leave")).send().await.unwrap();
    assert!(text(&student).await.contains("You left the meeting"));
    school.http.post(format!("{host}/end")).send().await.unwrap();
    assert!(text(&host).await.contains("ended for everyone"));
    assert_eq!(school.google.truth(&space).unwrap().people.len(), 2);
}

#[tokio::test]
async fn a_closed_page_counts_as_left_after_a_minute() {
    let school = School::new().await;
    let (space, link) = link(&school, "OPEN").await;
    let enter = async |form: &[(&str, &str)], browser: &str| {
        let cookie = format!("meet_simulator_browser={browser}");
        let entered = school.http.post(&link).header("cookie", cookie).form(form).send().await.unwrap();
        entered.headers()["location"].to_str().unwrap().to_owned()
    };
    let look = async |room: &str| school.http.get(room).send().await.unwrap().text().await.unwrap();
    let guest = enter(&[("user", ""), ("name", "Guest")], "one").await;
    assert!(look(&guest).await.contains("http-equiv=\"refresh\""));
    let student = enter(&[("user", "stu@oak.test")], "two").await;
    for _ in 0..3 {
        school.seconds(45);
        assert!(look(&student).await.contains("In the call"));
    }
    assert!(look(&guest).await.contains("You left the meeting"));
    school.minutes(10);
    let truth = school.google.truth(&space).unwrap();
    let seconds = |name: &str| truth.people.iter().find(|person| person.name == name).unwrap().seconds;
    assert_eq!((seconds("Guest"), seconds("Stu Dent")), (60, 3 * 45 + 60));
    // With the last of them the call is over, and looking again does not begin another.
    assert_eq!(truth.runs[0].ended.map(|ended| (ended - truth.runs[0].started).num_seconds()), Some(195));
    assert!(look(&student).await.contains("You left the meeting"));
    assert_eq!(school.google.truth(&space).unwrap().runs.len(), 1);
    // A client of its own has no page to close.
    let dialled = school.google.joins(&link, Visitor::anonymous("Dialled")).unwrap();
    school.minutes(10);
    assert_eq!(school.google.place(dialled), Some(Where::InCall));
}
