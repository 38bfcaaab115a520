//! What large lists rest on: totals that nobody counts, words that find, pages that go on where the last one ended. The figures of a
//! school of 20,000 are `measure scale`.

use std::collections::BTreeSet;

use chrono::Duration;
use lectern_tests::{
    Client, Engine, Person, TestApp, plans, story,
    trials::big_school::{BigSchool, Plan},
};
use serde_json::{Value, json};

/// Fails unless every total is what counting finds.
async fn totals_are_right(app: &TestApp) {
    let kept =
        app.database.rows("select of_id, what, number from totals where number <> 0 order by 1, 2").await;
    let counted = app
        .database
        .rows(
            "select class_id, kind, count(*) from enrollments where state = 'active' group by class_id, kind
             union all select session_id, 'marked', count(*) from attendance group by session_id
             union all select session_id, 'came', count(*) from attendance where state in ('present', 'late', 'left_early') group by session_id
             union all select cohort_id, 'people', count(*) from cohort_members group by cohort_id
             union all select cohort_id, 'classes', count(*) from cohort_classes group by cohort_id
             order by 1, 2",
        )
        .await;
    assert_eq!(kept, counted);
}

async fn found(who: &Client, path: &str, asked: &str) -> Vec<String> {
    let q: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    let joint = if path.contains('?') { '&' } else { '?' };
    let all = who.all(&format!("{path}{joint}q={q}")).await;
    let text = |one: &Value| one["name"].as_str().or(one["title"].as_str()).unwrap().to_owned();
    all.iter().map(text).collect()
}

async fn person(owner: &Person, name: (&str, &str), email: &str) -> String {
    let body = json!({"email": email, "first_name": name.0, "last_name": name.1, "role": 0});
    owner.create("/api/v1/people", body).await["id"].as_str().unwrap().to_owned()
}

story!(
    /// Members, guests, cohorts and attendance: whatever comes, goes or changes, the totals follow, and pages show them.
    totals_follow_their_rows, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let class = format!("/api/v1/classes/{}", lesson.class);
        lesson.enroll(app, &seller, "ayesha@home.example", "Ayesha").await;
        lesson.enroll(app, &seller, "bela@home.example", "Bela").await;
        seller.create(&format!("{class}/guests"), json!({"email": "guest@home.example", "first_name": "Gul"})).await;
        totals_are_right(app).await;
        assert_eq!(seller.get(&class).await.1["people"], 3);
        let cohort = owner.create("/api/v1/cohorts", json!({"name": "Year 8"})).await["id"].as_str().unwrap().to_owned();
        for email in ["bela@home.example", "chand@home.example"] {
            owner.create(&format!("/api/v1/cohorts/{cohort}/members"), json!({"email": email, "name": "Somebody"})).await;
        }
        let (status, _) = seller.put(&format!("{class}/cohorts/{cohort}"), json!({})).await;
        assert!(status < 300, "{status}");
        totals_are_right(app).await;
        let shown = &owner.all("/api/v1/cohorts").await[0];
        assert_eq!((&shown["people"], &shown["classes"]), (&json!(2), &json!(1)));
        assert_eq!(seller.get(&class).await.1["people"], 4);
        let roster = seller.all(&format!("{class}/enrollments")).await;
        let bela = roster.iter().find(|one| one["email"] == "bela@home.example").unwrap();
        let removed = seller.delete(&format!("{class}/enrollments/{}", bela["id"].as_str().unwrap())).await;
        assert_eq!(removed.0, 204, "{}", removed.1);
        totals_are_right(app).await;
        app.settle().await;
        // The class is held: everybody gets a verdict, one is changed by hand.
        app.pass(Duration::hours(5));
        app.tick("tick.end_sessions").await;
        totals_are_right(app).await;
        let sheet = format!("/api/v1/sessions/{}/attendance", lesson.session);
        let (_, lines) = seller.get(&sheet).await;
        let who = lines["items"][0]["person"]["id"].as_str().unwrap().to_owned();
        let (status, changed) = seller.patch(&format!("{sheet}/{who}"), json!({"state": "present", "minutes": 40})).await;
        assert_eq!(status, 200, "{changed}");
        totals_are_right(app).await;
        let page = seller.browser(app).get(&format!("/classes/{}/sessions", lesson.class)).await;
        assert_eq!(page.status(), 200);
    }
);

story!(
    /// People are found by the beginnings of their names and addresses, in any script and however they are typed; by what they are
    /// called now; page by page, each once.
    people_are_found_by_beginnings, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        let rina = person(&owner, ("Rina", "Das"), "Rina.Das@home.example").await;
        person(&owner, ("Jonas", "Müller-Smith"), "jonas@home.example").await;
        person(&owner, ("আ\u{9df}েশা", "রহমান"), "ayesha@home.example").await;
        for number in 0..5 {
            person(&owner, ("Rinat", "Rinatov"), &format!("rinat{number}@home.example")).await;
        }
        for (asked, names) in [
            ("das rin", vec!["Rina Das"]),
            ("rina.das@ho", vec!["Rina Das"]),
            ("MULLER", vec!["Jonas Müller-Smith"]),
            ("smi jon", vec!["Jonas Müller-Smith"]),
            ("আ\u{9af}\u{9bc}েশা", vec!["আ\u{9df}েশা রহমান"]),
            ("রহ", vec!["আ\u{9df}েশা রহমান"]),
            ("home.example", vec![]),
            ("ina", vec![]),
            ("rina muller", vec![]),
            (" . ", vec![]),
        ] {
            assert_eq!(found(&owner, "/api/v1/people", asked).await, names, "{asked}");
        }
        let all = found(&owner, "/api/v1/people?limit=2", "rin").await;
        assert_eq!(all.len(), 6, "each once, over three pages: {all:?}");
        let page = owner.browser(app).get("/people?q=das").await;
        assert!(page.html().contains("Rina Das") && !page.html().contains("Jonas"), "{}", page.html());
        assert!(owner.browser(app).get("/people?q=nobody").await.html().contains("Nothing found"));
        let (status, _) = owner.patch(&format!("/api/v1/people/{rina}"), json!({"last_name": "Sarkar"})).await;
        assert_eq!(status, 200);
        assert_eq!(found(&owner, "/api/v1/people", "rina sark").await, ["Rina Sarkar"]);
        // The address still has the old name in it.
        assert_eq!(found(&owner, "/api/v1/people", "das").await, ["Rina Sarkar"]);
        let log = owner.browser(app).get("/audit?person=sarkar").await;
        assert!(log.html().contains("Rina Sarkar"), "{}", log.html());
        let elsewhere = app.organization("elmfield").await.owner().await;
        assert_eq!(found(&elsewhere, "/api/v1/people", "rina").await, [""; 0]);
    }
);

story!(
    /// Classes are found by the beginnings of their titles: by an admin all, by an instructor their own, by a student those they
    /// belong to; archived ones by nobody.
    classes_are_found_by_beginnings, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, farhan, nadia) = (oakwood.owner().await, oakwood.instructor("farhan").await, oakwood.instructor("nadia").await);
        let student = oakwood.student("ayesha").await;
        let mut ids = Vec::new();
        for (who, title) in [(&farhan, "Mathematics, class 8"), (&nadia, "Mathematics, class 9"), (&nadia, "গণিত, দশম শ্রেণি")] {
            let body = json!({"title": title, "provider": "link", "link": "https://meet.school.example/x"});
            ids.push(who.create("/api/v1/classes", body).await["id"].as_str().unwrap().to_owned());
        }
        nadia.create(&format!("/api/v1/classes/{}/enrollments", ids[1]), json!({"user_id": student.id})).await;
        let classes = "/api/v1/classes";
        assert_eq!(found(&owner, classes, "math").await.len(), 2);
        assert_eq!(found(&owner, "/api/v1/classes?limit=1", "class").await.len(), 2);
        assert_eq!(found(&owner, classes, "8 MATH").await, ["Mathematics, class 8"]);
        assert_eq!(found(&farhan, classes, "math").await, ["Mathematics, class 8"]);
        assert_eq!(found(&student, classes, "math").await, ["Mathematics, class 9"]);
        assert_eq!(found(&nadia, classes, "শ্রে গণি").await, ["গণিত, দশম শ্রেণি"]);
        let page = owner.browser(app).get("/classes?q=math+9").await;
        assert!(page.html().contains("class 9") && !page.html().contains("class 8"), "{}", page.html());
        let (status, _) = nadia.patch(&format!("/api/v1/classes/{}", ids[1]), json!({"title": "Geometry"})).await;
        assert_eq!(status, 200);
        assert_eq!(found(&owner, classes, "math").await, ["Mathematics, class 8"]);
        assert_eq!(owner.delete(&format!("/api/v1/classes/{}", ids[0])).await.0, 204);
        assert_eq!(found(&owner, classes, "math").await, [""; 0]);
        // Rows of a release that kept no words.
        app.database.execute("delete from search_words").await;
        assert_eq!(found(&owner, classes, "geom").await, [""; 0]);
        app.tick("tick.search").await;
        assert_eq!(found(&owner, classes, "geom").await, ["Geometry"]);
        assert_eq!(found(&owner, "/api/v1/people", "far").await, ["Farhan Rahman"]);
    }
);

story!(
    /// A school such as `measure scale` fills, in small: its rows are such as the program writes, its totals are right, and its lists
    /// can be read to their end without a row twice or missing.
    a_big_school_in_small, |app| async {
        let place = app.organization("bigschool").await.id;
        let school = BigSchool::found(app, place, None, Plan::SMALL).await;
        lectern_api::search::jobs::complete(app, place).await.unwrap();
        totals_are_right(app).await;
        let owner = app.organization("bigschool").await.owner().await;
        let people = owner.all("/api/v1/people?limit=50").await;
        assert_eq!(people.len(), Plan::SMALL.instructors + Plan::SMALL.students + 1);
        let sessions = owner.all("/api/v1/sessions?limit=200&from=2024-01-01T00:00:00Z&to=2029-01-01T00:00:00Z").await;
        let ids: BTreeSet<&str> = sessions.iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!((sessions.len(), ids.len()), (school.sessions.len(), school.sessions.len()));
        assert_eq!(owner.all("/api/v1/classes?limit=7").await.len(), school.classes.len());
        let log = owner.all("/api/v1/audit?limit=200").await;
        let kinds: usize = [
            owner.all("/api/v1/audit?kind=session&limit=200").await,
            owner.all("/api/v1/audit?kind=join&limit=200").await,
            owner.all("/api/v1/audit?kind=person.created").await,
        ].iter().map(Vec::len).sum();
        let other = log.iter().filter(|one| !["session", "join"].iter().any(|word| one["kind"].as_str().unwrap().starts_with(word)) && one["kind"] != "person.created");
        assert_eq!(kinds + other.count(), log.len());
        let browser = owner.browser(app);
        let over = school.over();
        for path in [
            "/classes".to_owned(), "/classes?tab=previous".to_owned(), "/calendar?view=month".to_owned(), "/live".to_owned(),
            "/cohorts".to_owned(), "/audit?person=a".to_owned(), format!("/sessions/{}/attendance", over.id),
            format!("/classes/{}/bookings", school.booked), format!("/classes/{}/roster", school.booked), format!("/classes/{}/attendance", school.booked), format!("/sessions/{}", over.id),
            format!("/sessions/{}", school.live().unwrap_or(over).id),
        ] {
            let page = browser.get(&path).await;
            assert_eq!(page.status(), 200, "{path}: {}", page.html());
        }
        // The sessions of a class, page by page: what is to come first.
        let class = &school.classes[over.class].id;
        let mut path = format!("/classes/{class}/sessions");
        let mut shown = Vec::new();
        loop {
            let html = browser.get(&path).await.html().to_owned();
            let links = html.split("href=\"/sessions/").skip(1).map(|rest| rest.split(['"', '/']).next().unwrap().to_owned());
            shown.extend(links.filter(|id| id.len() == 36));
            match html.split(&format!("/classes/{class}/sessions?cursor=")).nth(1) {
                Some(rest) => path = format!("/classes/{class}/sessions?cursor={}", rest.split('"').next().unwrap()),
                None => break,
            }
        }
        let once: BTreeSet<&String> = shown.iter().collect();
        assert_eq!(once.len(), Plan::SMALL.lessons);
    }
);

/// Statements that may read all of an organization's rows of a large table, and why.
const WHOLE: &[(&str, &str)] = &[
    ("home::store::STANDING", "whether there is a session at all: it stops at the first"),
    ("meetings::REMOVABLE", "once an hour, while nobody waits"),
];

#[tokio::test]
async fn no_list_reads_a_large_table_through() {
    let app = TestApp::start(Engine::Sqlite).await;
    let found = plans::whole_tables(&app.database).await;
    let unknown: Vec<_> =
        found.iter().filter(|(name, _)| !WHOLE.iter().any(|(known, _)| name.ends_with(known))).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    let gone: Vec<_> =
        WHOLE.iter().filter(|(known, _)| !found.iter().any(|(name, _)| name.ends_with(known))).collect();
    assert!(gone.is_empty(), "these no longer do: {gone:?}");
    app.finish().await;
}
