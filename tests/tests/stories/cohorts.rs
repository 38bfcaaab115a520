//! Cohorts: rosters follow them, in every way they change; and lists of people are read into them from files.

use std::time::Instant;

use chrono::Duration;
use lectern_tests::{Client, Person, story};
use serde_json::{Value, json};

use crate::foreign_ids::rows_of;

const AYESHA: &str = "ayesha@home.example";
const BELA: &str = "bela@home.example";
const CHAND: &str = "chand@home.example";

/// A cohort with these people, new ones all.
async fn cohort(owner: &Person, name: &str, people: &[&str]) -> String {
    let made = owner.create("/api/v1/cohorts", json!({"name": name})).await;
    let id = made["id"].as_str().unwrap().to_owned();
    for address in people {
        add(owner, &id, address).await;
    }
    id
}

async fn add(owner: &Person, cohort: &str, address: &str) -> String {
    let name = address.split('@').next().unwrap();
    let body = json!({"email": address, "name": name});
    let member = owner.create(&format!("/api/v1/cohorts/{cohort}/members"), body).await;
    member["person_id"].as_str().unwrap().to_owned()
}

async fn take_out(owner: &Person, cohort: &str, person: &str) {
    let (status, answer) = owner.delete(&format!("/api/v1/cohorts/{cohort}/members/{person}")).await;
    assert_eq!(status, 204, "{answer}");
}

async fn enroll(who: &Client, class: &str, cohort: &str) {
    let (status, answer) = who.put(&format!("/api/v1/classes/{class}/cohorts/{cohort}"), json!({})).await;
    assert_eq!(status, 200, "{answer}");
}

async fn unenroll(who: &Client, class: &str, cohort: &str) {
    let (status, answer) = who.delete(&format!("/api/v1/classes/{class}/cohorts/{cohort}")).await;
    assert_eq!(status, 204, "{answer}");
}

/// The addresses on a roster, with a mark at those who came by hand.
async fn roster(who: &Client, class: &str) -> Vec<String> {
    let all = who.all(&format!("/api/v1/classes/{class}/enrollments")).await;
    let line = |one: &Value| {
        let hand = if one["by_hand"] == json!(true) { " by hand" } else { "" };
        format!("{}{hand}", one["email"].as_str().unwrap())
    };
    let mut lines: Vec<_> = all.iter().map(line).collect();
    lines.sort();
    lines
}

async fn enrollment_of(who: &Client, class: &str, address: &str) -> String {
    let all = who.all(&format!("/api/v1/classes/{class}/enrollments")).await;
    let one = all.iter().find(|one| one["email"] == address).unwrap();
    format!("/api/v1/classes/{class}/enrollments/{}", one["id"].as_str().unwrap())
}

async fn import(owner: &Client, cohort: &str, file: &str, dry_run: bool) -> Value {
    let path = format!("/api/v1/cohorts/{cohort}/import?dry_run={dry_run}");
    let answer = owner.send_text(&path, "text/csv", file.to_owned()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Outcome of each line, by its number.
fn outcomes(report: &Value) -> Vec<(u64, &str)> {
    let lines = report["lines"].as_array().unwrap().iter();
    lines.map(|line| (line["line"].as_u64().unwrap(), line["outcome"].as_str().unwrap())).collect()
}

story!(
    /// Whoever is in a cohort comes onto the roster when it is enrolled, whoever comes into it later follows, and whoever leaves
    /// it leaves: each with one mail, a seat made ahead, their own lines in the log, and a link that dies.
    the_roster_follows_its_cohort, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let section = cohort(&owner, "Section A", &[AYESHA, BELA]).await;
        assert_eq!(roster(&seller, &lesson.class).await, [""; 0]);
        enroll(&seller, &lesson.class, &section).await;
        enroll(&seller, &lesson.class, &section).await;
        app.settle().await;
        assert_eq!(roster(&seller, &lesson.class).await, [AYESHA, BELA]);
        for address in [AYESHA, BELA] {
            assert_eq!(app.mail.messages_to(address).len(), 1, "{address} is told once");
        }
        assert_eq!(app.zoom_calls("addBatchRegistrants"), 1, "their seats are made ahead");
        assert_eq!(app.audited("enrollment.created").await, 2);
        let chand = add(&owner, &section, CHAND).await;
        app.settle().await;
        assert_eq!(roster(&seller, &lesson.class).await, [AYESHA, BELA, CHAND]);
        let link = app.mailed_link(CHAND);
        assert_eq!(app.browser().press_join(&link).await.status(), 303);
        let (status, again) = owner.post(&format!("/api/v1/cohorts/{section}/members"), json!({"user_id": chand})).await;
        assert_eq!(status, 200, "{again}");
        take_out(&owner, &section, &chand).await;
        app.settle().await;
        assert_eq!(roster(&seller, &lesson.class).await, [AYESHA, BELA]);
        assert_eq!(app.browser().get(&link).await.status(), 403, "the link is dead");
        assert_eq!(app.audited("enrollment.removed").await, 1);
        assert_eq!(app.zoom_calls("meetingRegistrantStatus"), 1, "and so is the registrant");
        // Back again: another link, another mail.
        add(&owner, &section, CHAND).await;
        app.settle().await;
        assert_eq!(app.mail.messages_to(CHAND).len(), 2);
        assert_ne!(app.mailed_link(CHAND), link);
        let (_, list) = seller.get(&format!("/api/v1/classes/{}/cohorts", lesson.class)).await;
        assert_eq!((&list["items"][0]["name"], &list["items"][0]["people"]), (&json!("Section A"), &json!(3)));
        let (_, shown) = seller.get(&format!("/api/v1/cohorts/{section}")).await;
        assert_eq!((&shown["people"], &shown["classes"]), (&json!(3), &json!(1)));
        unenroll(&seller, &lesson.class, &section).await;
        app.settle().await;
        assert_eq!(roster(&seller, &lesson.class).await, [""; 0]);
        enroll(&owner, &lesson.class, &section).await;
        assert_eq!(owner.delete(&format!("/api/v1/cohorts/{section}")).await.0, 204);
        app.settle().await;
        assert_eq!(roster(&seller, &lesson.class).await, [""; 0]);
        assert_eq!(owner.get(&format!("/api/v1/cohorts/{section}")).await.0, 404);
        assert_eq!(app.audited("cohort.removed").await, 1);
    }
);

story!(
    /// Whoever is in two cohorts of a class stays while one of them is left; whoever was enrolled by hand, before or after, stays
    /// whatever cohorts do.
    two_cohorts_and_by_hand, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, AYESHA, "Ayesha").await;
        let (one, two) = (cohort(&owner, "One", &[AYESHA, BELA, CHAND]).await, cohort(&owner, "Two", &[]).await);
        let chand = add(&owner, &two, CHAND).await;
        enroll(&seller, &lesson.class, &one).await;
        enroll(&seller, &lesson.class, &two).await;
        app.settle().await;
        let by_hand = format!("{AYESHA} by hand");
        assert_eq!(roster(&seller, &lesson.class).await, [by_hand.as_str(), BELA, CHAND]);
        for address in [AYESHA, BELA, CHAND] {
            assert_eq!(app.mail.messages_to(address).len(), 1, "{address} is told once");
        }
        // Bela is kept by hand while the cohort brings her: no second mail.
        let (status, _) = seller.post(&format!("/api/v1/classes/{}/enrollments", lesson.class), json!({"email": BELA})).await;
        assert_eq!(status, 200);
        unenroll(&seller, &lesson.class, &one).await;
        app.settle().await;
        assert_eq!(roster(&seller, &lesson.class).await, [by_hand, format!("{BELA} by hand"), CHAND.to_owned()]);
        take_out(&owner, &two, &chand).await;
        app.settle().await;
        assert_eq!(roster(&seller, &lesson.class).await.len(), 2);
        assert_eq!(app.mail.messages_to(BELA).len(), 1);
    }
);

story!(
    /// Whoever is taken off the roster by hand while a cohort brings them stays out, whatever the cohort does, until somebody
    /// enrolls them again; whoever was removed before is brought.
    removed_by_hand_stays_out, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BELA, "Bela").await;
        seller.delete(&enrollment_of(&seller, &lesson.class, BELA).await).await;
        let (one, two) = (cohort(&owner, "One", &[AYESHA, BELA]).await, cohort(&owner, "Two", &[AYESHA]).await);
        enroll(&seller, &lesson.class, &one).await;
        assert_eq!(roster(&seller, &lesson.class).await, [AYESHA, BELA]);
        assert_eq!(seller.delete(&enrollment_of(&seller, &lesson.class, AYESHA).await).await.0, 204);
        enroll(&seller, &lesson.class, &two).await;
        enroll(&seller, &lesson.class, &one).await;
        let ayesha = owner.all(&format!("/api/v1/cohorts/{two}/members")).await[0]["person_id"].as_str().unwrap().to_owned();
        take_out(&owner, &one, &ayesha).await;
        add(&owner, &one, AYESHA).await;
        assert_eq!(roster(&seller, &lesson.class).await, [BELA]);
        let page = seller.browser(app).get(&format!("/classes/{}/roster", lesson.class)).await;
        assert!(page.html().contains("Taken out by hand") && page.html().contains(AYESHA), "{}", page.html());
        let back = format!("/classes/{}/enrollments", lesson.class);
        let again = seller.browser(app).submit(&page, &back, &[]).await;
        assert!(again.location().contains("notice=enrolled"), "{}", again.html());
        assert_eq!(roster(&seller, &lesson.class).await, [format!("{AYESHA} by hand"), BELA.to_owned()]);
        app.settle().await;
    }
);

story!(
    /// A guest with a member's address becomes a member; who teaches and who is disabled is not brought until that changes; an
    /// archived class takes no cohort and keeps its roster.
    some_are_brought_later, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let class = format!("/api/v1/classes/{}", lesson.class);
        let colleague = app.organization("dreamcrowd").await.instructor("colleague").await;
        seller.create(&format!("{class}/guests"), json!({"email": BELA, "first_name": "Bela"})).await;
        let section = cohort(&owner, "Section A", &[AYESHA, BELA]).await;
        for person in [&seller, &colleague] {
            owner.create(&format!("/api/v1/cohorts/{section}/members"), json!({"user_id": person.id})).await;
        }
        let ayesha = owner.all(&format!("/api/v1/cohorts/{section}/members")).await[0]["person_id"].as_str().unwrap().to_owned();
        owner.patch(&format!("/api/v1/people/{ayesha}"), json!({"active": false})).await;
        enroll(&seller, &lesson.class, &section).await;
        assert_eq!(roster(&seller, &lesson.class).await, [BELA, colleague.email.as_str()]);
        assert_eq!(seller.all(&format!("{class}/guests")).await.len(), 0, "one address, one seat");
        owner.patch(&format!("/api/v1/people/{ayesha}"), json!({"active": true})).await;
        assert_eq!(roster(&seller, &lesson.class).await, [AYESHA, BELA, colleague.email.as_str()]);
        let (status, _) = owner.patch(&class, json!({"instructor_id": colleague.id})).await;
        assert_eq!(status, 200);
        assert_eq!(roster(&owner, &lesson.class).await, [AYESHA, BELA, seller.email.as_str()]);
        let refused = owner.post(&format!("/api/v1/cohorts/{section}/members"), json!({"user_id": app.new_id::<lectern_core::ids::PersonId>()})).await;
        assert_eq!(refused.0, 422, "{}", refused.1);
        app.settle().await;
        assert_eq!(owner.delete(&class).await.0, 204);
        take_out(&owner, &section, &ayesha).await;
        assert_eq!(roster(&owner, &lesson.class).await.len(), 3, "what is archived stays as it was");
        let (status, _) = owner.put(&format!("{class}/cohorts/{section}"), json!({})).await;
        assert_eq!(status, 409);
        assert_eq!(owner.delete(&format!("/api/v1/cohorts/{section}")).await.0, 204);
        app.settle().await;
    }
);

const FILE: &str = "\u{feff}E-Mail;First name;Last name;external_id;language;time_zone;role\r\n\
new@home.example;Nadia;\"Noor; of Dhaka\";x-1;bn;Asia/Dhaka;2\r\n\
AYESHA@home.example;Ayesha;Begum;;EN;;\r\n\
bela@home.example;;;;;;\r\n\
not an address;Some;One;;;;\r\n\
\r\n\
new@home.example;Twin;;;;;\r\n\
other@home.example;Other;;x-1;;;\r\n\
nameless@home.example;;;;;;\r\n\
seller@home.example;Changed;;;fr;;\r\n\
farhan@dreamcrowd.example;Changed;Name;x-9;bn;;\r\n\
chand@home.example;\"Chand\r\nBcc: x\";;;;;\r\n\
dora@home.example;=HYPERLINK(1);;;;;\r\n\
eva@home.example;Eva;;;;Mars/Olympus;;one too many\r\n";

story!(
    /// The preview says line by line what will happen, and changes nothing; the import says the same and does it. Bad lines are
    /// reported and leave nothing behind; whoever teaches or administers becomes a member and nothing else.
    the_import_does_what_the_preview_says, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let section = cohort(&owner, "Section A", &[BELA]).await;
        add(&owner, &cohort(&owner, "Others", &[]).await, AYESHA).await;
        enroll(&seller, &lesson.class, &section).await;
        app.settle().await;
        let organization = app.organization("dreamcrowd").await.id;
        let mut before = rows_of(app, organization).await;
        let preview = import(&owner, &section, FILE, true).await;
        let mut after = rows_of(app, organization).await;
        for rows in [&mut before, &mut after] {
            rows.remove("sign_ins");
        }
        assert_eq!(after, before, "a preview changes nothing");
        let expected = [
            (2, "created_and_added"), (3, "added"), (4, "already"), (5, "invalid"), (7, "duplicate"), (8, "invalid"), (9, "invalid"),
            (10, "invalid"), (11, "added"), (12, "invalid"), (14, "invalid"), (15, "invalid"),
        ];
        assert_eq!(outcomes(&preview), expected, "{preview:#}");
        assert_eq!(preview["lines"][1]["changes"], json!(["name", "language"]));
        assert_eq!(preview["lines"][8]["changes"], json!([]));
        assert_eq!(preview["ignored_columns"], json!(["role"]));
        assert_eq!(preview["totals"]["lines"], json!(12));
        assert_eq!(import(&owner, &section, FILE, false).await, preview);
        app.settle().await;
        assert_eq!(roster(&seller, &lesson.class).await, [AYESHA, BELA, "new@home.example"]);
        for address in [AYESHA, BELA, "new@home.example"] {
            assert_eq!(app.mail.messages_to(address).len(), 1, "{address} is told once");
        }
        let people = owner.all("/api/v1/people").await;
        let of = |address: &str| people.iter().find(|person| person["email"] == address);
        let new = of("new@home.example").unwrap();
        assert_eq!((&new["name"], &new["role"], &new["language"]), (&json!("Nadia Noor; of Dhaka"), &json!(0), &json!("bn")));
        assert_eq!((&new["external_id"], &new["time_zone"]), (&json!("x-1"), &json!("Asia/Dhaka")));
        assert_eq!(of(AYESHA).unwrap()["name"], json!("Ayesha Begum"));
        let teacher = of(&seller.email).unwrap();
        assert_eq!((&teacher["name"], &teacher["role"], &teacher["external_id"]), (&json!(seller.name), &json!(1), &Value::Null));
        for nobody in ["other", "nameless", "chand", "dora", "eva", "seller"] {
            assert!(of(&format!("{nobody}@home.example")).is_none(), "{nobody}");
        }
        let again = import(&owner, &section, FILE, false).await;
        assert_eq!(outcomes(&again)[..3], [(2, "already"), (3, "already"), (4, "already")]);
        assert_eq!(app.audited("cohort.imported").await, 2);
        for (kind, file, status) in [
            ("application/json", &b"{}"[..], 400), ("text/csv", b"", 422), ("text/csv", b"name\nA", 422), ("text/csv", b"email\n\xff\xfe", 422),
            ("text/csv; charset=utf-8", b"email\n", 200), ("text/csv", &[b'a'; (2 << 20) + 1], 413),
        ] {
            let answer = owner.send_text(&format!("/api/v1/cohorts/{section}/import"), kind, file.to_vec()).await;
            assert_eq!(answer.status, status, "{kind}: {}", answer.text);
        }
    }
);

/// Small numbers, always the same.
struct Dice(u64);

impl Dice {
    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        words[usize::try_from(self.0 >> 33).unwrap() % words.len()]
    }
}

story!(
    /// Whatever is in a file: preview and import say the same, and a second import finds all it took in place.
    any_file_does_what_its_preview_says, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = oakwood.owner().await;
        oakwood.instructor("farhan").await;
        let section = cohort(&owner, "Section A", &[]).await;
        let mut dice = Dice(7);
        for round in 0..25 {
            let mut file = "email,name,external_id,language,time_zone\n".to_owned();
            for _ in 0..12 {
                let line = [
                    dice.of(&["a@x.example", "b@x.example", "C@x.example", "c@x.example", "d@x.example", "farhan@oakwood.example", "omar@oakwood.example", "", "e@"]),
                    dice.of(&["Ann", "\"Ann, Bo\"", "", "=1+1", "আয়েশা"]),
                    dice.of(&["", "", "1", "2", "3"]),
                    dice.of(&["", "en", "bn", "xx"]),
                    dice.of(&["", "Asia/Dhaka", "Nowhere"]),
                ];
                file.push_str(&line.join(","));
                file.push('\n');
            }
            let preview = import(&owner, &section, &file, true).await;
            let done = import(&owner, &section, &file, false).await;
            assert_eq!(done, preview, "round {round}: {file}");
            let again = import(&owner, &section, &file, false).await;
            for (before, after) in outcomes(&done).iter().zip(outcomes(&again)) {
                let expected = match before.1 {
                    "invalid" | "duplicate" => before.1,
                    _ => "already",
                };
                assert_eq!(after, (before.0, expected), "round {round}: {file}");
            }
        }
        let people = owner.all("/api/v1/people").await;
        assert!(people.iter().all(|person| person["role"] == json!(0) || person["email"].as_str().unwrap().contains("oakwood")));
    }
);

story!(
    /// A whole year group at once: two thousand lines, a class with ten sessions, in one transaction each.
    a_whole_year_group_at_once, |app| async {
        const MANY: usize = 2_000;
        let oakwood = app.organization("oakwood").await;
        let (owner, teacher) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        let class = teacher.create("/api/v1/classes", json!({"title": "Assembly"})).await;
        let class = class["id"].as_str().unwrap().to_owned();
        let starts_at = app.now() + Duration::days(1);
        let body = json!({"starts_at": starts_at, "duration_minutes": 45, "time_zone": "UTC", "delivery": "in_person", "recurrence": "FREQ=DAILY;COUNT=10"});
        teacher.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        let section = cohort(&owner, "Year 8", &[]).await;
        let mut file = "email,name\n".to_owned();
        for number in 0..MANY {
            file.push_str(&format!("p{number}@home.example,Person {number}\n"));
        }
        let clock = Instant::now();
        let report = import(&owner, &section, &file, false).await;
        let imported = clock.elapsed();
        assert_eq!(report["totals"]["created_and_added"], json!(MANY));
        let clock = Instant::now();
        enroll(&teacher, &class, &section).await;
        let enrolled = clock.elapsed();
        assert_eq!(roster(&teacher, &class).await.len(), MANY);
        assert_eq!(
            app.database.count("mails where kind = 'join'").await,
            u64::try_from(MANY).unwrap(),
            "one for the whole series"
        );
        let clock = Instant::now();
        unenroll(&teacher, &class, &section).await;
        let left = clock.elapsed();
        assert_eq!(roster(&teacher, &class).await.len(), 0);
        eprintln!("{:?}: {MANY} imported in {imported:?}, enrolled in {enrolled:?}, taken off in {left:?}", app.database.engine);
    }
);

story!(
    /// S-14, S-31, S-32: another organization's ids in a file are only words; names with line ends or formulas are refused; a
    /// file makes nobody more than a student, and touches no record of whoever is more.
    s14_s31_s32_a_file_reaches_nothing_else, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let (owner, theirs) = (oakwood.owner().await, elmfield.owner().await);
        let admin = oakwood.admin().await;
        let pupil = theirs.create("/api/v1/people", json!({"email": "zahra@elmfield.example", "name": "Zahra", "role": 0, "external_id": "of-elmfield"})).await;
        let their_cohort = cohort(&theirs, "Theirs", &["rafi@elmfield.example"]).await;
        let section = cohort(&owner, "Ours", &[]).await;
        let before = rows_of(app, elmfield.id).await;
        let id = pupil["id"].as_str().unwrap();
        let file = format!(
            "email,name,external_id,id,user_id,organization_id,cohort_id,role,owner\n\
             zahra@elmfield.example,Our Zahra,of-elmfield,{id},{id},{},{their_cohort},2,true\n\
             {},Changed,{id},,,,,0,false\n\
             x1@home.example,\"X\r\nBcc: all@home.example\",,,,,,,\n\
             x2@home.example,\"@SUM(A1)\",,,,,,,\n\
             x3@home.example,\"\t=1+1\",,,,,,,\n\
             \"x4@home.example\r\nBcc: a@b.example\",X,,,,,,,\n",
            elmfield.id, admin.email
        );
        let report = import(&owner, &section, &file, false).await;
        let words: Vec<_> = outcomes(&report).into_iter().map(|(_, word)| word).collect();
        assert_eq!(words, ["created_and_added", "added", "invalid", "invalid", "invalid", "invalid"], "{report:#}");
        assert!(!report.to_string().contains("\\n"), "no line end comes back: {report}");
        assert_eq!(rows_of(app, elmfield.id).await, before, "nothing of theirs is changed");
        let made = owner.all("/api/v1/people?external_id=of-elmfield").await;
        assert_eq!((&made[0]["role"], &made[0]["name"]), (&json!(0), &json!("Our Zahra")));
        assert_ne!(made[0]["id"], pupil["id"]);
        let (_, same) = owner.get(&format!("/api/v1/people/{}", admin.id)).await;
        assert_eq!((&same["role"], &same["name"], &same["external_id"]), (&json!(2), &json!(admin.name), &Value::Null));
        let answer = owner.send_text(&format!("/api/v1/cohorts/{their_cohort}/import"), "text/csv", "email,name\nx@y.example,X\n").await;
        assert_eq!(answer.status, 404);
        assert_eq!(rows_of(app, elmfield.id).await, before);
    }
);

story!(
    /// The same on pages: a cohort is made, a list pasted or sent as a file, looked at and taken; the class's roster takes the
    /// cohort, says who comes by it, and lets it go.
    cohorts_on_pages, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let browser = owner.browser(app);
        let page = browser.get("/cohorts").await;
        let made = browser.submit(&page, "/cohorts", &[("name", "Section A"), ("external_id", "8-A")]).await;
        let path = made.location().split('?').next().unwrap().to_owned();
        let shown = browser.get(made.location()).await;
        assert!(shown.html().contains("Section A"), "{}", shown.html());
        let twice = browser.submit(&page, "/cohorts", &[("name", "Section B"), ("external_id", "8-A")]).await;
        assert_eq!(twice.status(), 422);
        browser.submit(&shown, &format!("{path}/members"), &[("email", AYESHA), ("first_name", "Ayesha")]).await;
        let import_path = format!("{path}/import");
        let ask = browser.get(&import_path).await;
        let file = "email,name\nbela@home.example,\"Bela <b>\"\nwrong,W\n";
        let preview = browser.submit(&ask, &import_path, &[("text", file)]).await;
        assert_eq!(preview.status(), 200);
        assert!(preview.html().contains("What would happen") && preview.html().contains("Take 1 line"), "{}", preview.html());
        assert_eq!(owner.all(&format!("/api/v1{path}/members")).await.len(), 1);
        let done = browser.submit(&preview, &import_path, &[]).await;
        assert!(done.html().contains("Done") && done.html().contains("New here, and added"), "{}", done.html());
        assert_eq!(owner.all(&format!("/api/v1{path}/members")).await.len(), 2);
        // As a browser sends a file.
        let csrf = ask.forms().into_iter().flat_map(|(_, hidden)| hidden).find(|(name, _)| name == "csrf").unwrap().1;
        for (token, status) in [(csrf.as_str(), 200), ("another", 400)] {
            let body = format!(
                "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../x.csv\"\r\n\
                 Content-Type: text/csv\r\n\r\nemail,name\r\nchand@home.example,Chand\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\r\n--b--\r\n"
            );
            let answer = owner.send_text(&import_path, "multipart/form-data; boundary=b", body).await;
            assert_eq!(answer.status, status, "{}", answer.text);
            assert_eq!(answer.text.contains("Take 1 line"), status == 200, "{}", answer.text);
        }
        let wrong = browser.submit(&ask, &import_path, &[("text", "name\nBela\n")]).await;
        assert_eq!(wrong.status(), 422);
        assert!(wrong.html().contains("one of them is email"), "{}", wrong.html());
        // The class's teacher.
        let teacher = seller.browser(app);
        let base = format!("/classes/{}", lesson.class);
        let roster_path = format!("{base}/roster");
        let page = teacher.get(&roster_path).await;
        let id = path.rsplit('/').next().unwrap();
        let added = teacher.submit(&page, &format!("{base}/cohorts"), &[("cohort", id)]).await;
        assert!(added.location().ends_with("notice=cohort_enrolled"), "{}", added.html());
        app.settle().await;
        let page = teacher.get(added.location()).await;
        assert!(page.html().contains("by Section A") && page.html().contains("Bela &lt;b&gt;"), "{}", page.html());
        // Enrolling somebody who is here says so, and is no error.
        let fields = [("email", AYESHA), ("first_name", "Ayesha"), ("last_name", "")];
        let again = teacher.submit(&page, &format!("{base}/enrollments"), &fields).await;
        assert_eq!(teacher.get(again.location()).await.status(), 200);
        let gone = teacher.submit(&page, &format!("{base}/cohorts/{id}/remove"), &[]).await;
        assert_eq!(gone.status(), 303);
        assert_eq!(roster(&seller, &lesson.class).await, [format!("{AYESHA} by hand")]);
        let shown = browser.get(&path).await;
        assert_eq!(browser.submit(&shown, &format!("{path}/remove"), &[]).await.location(), "/cohorts?notice=cohort_removed");
        assert_eq!(browser.get("/cohorts?notice=cohort_removed").await.status(), 200);
        app.settle().await;
    }
);
