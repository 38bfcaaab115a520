//! S-13: what a caller may not decide is refused by name in JSON, and without effect in a form.

use chrono::Duration;
use lectern_tests::{Client, Engine, TestApp, story};
use serde_json::{Value, json};

use crate::foreign_ids::rows_of;

/// No row has it, and none may get it.
const SMUGGLED: &str = "5ec0ffee-5ec0-4fee-8fee-5ec0ffee5ec0";

/// The tables without what every request writes: the log, and that a sign-in was used.
async fn kept(app: &TestApp) -> Vec<String> {
    let dump = app.database.dump().await;
    let noise = ["audit\t", "sign_ins\t", "idempotency_keys\t"];
    dump.lines()
        .filter(|line| !noise.iter().any(|table| line.starts_with(table)))
        .map(str::to_owned)
        .collect()
}

async fn nobody_has_it(app: &TestApp, after: &str) {
    let dump = app.database.dump().await;
    for shape in [SMUGGLED.to_owned(), SMUGGLED.replace('-', "")] {
        assert!(!dump.contains(&shape), "{after}: a row holds the smuggled id");
    }
}

/// Whose browser, where to, and what it fills in.
type Form<'a> = (&'a lectern_tests::Person, String, &'a [(&'a str, &'a str)]);

story!(
    /// S-13: each of these fields in each body is refused and named, at the top and in what is nested; no row is another.
    s13_no_body_takes_what_is_not_the_callers, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let oakwood = app.organization("oakwood").await;
        let elmfield = app.organization("elmfield").await.id;
        let (owner, root) = (oakwood.owner().await, app.super_admin().await);
        let (class, session) = (format!("/api/v1/classes/{}", lesson.class), format!("/api/v1/sessions/{}", lesson.session));
        let person = format!("/api/v1/people/{}", lesson.students[0].id);
        let later = app.now() + Duration::hours(3);
        let (_, settings) = lesson.teacher.get(&format!("{class}/settings")).await;
        let (_, organization) = owner.get("/api/v1/organization/settings").await;
        let guest = json!({"email": "rokeya@guest.example", "first_name": "Rokeya"});
        let tokens = json!({"tokens": {"algorithm": "hs256", "issuer": "i", "audience": "a"}, "secret": "x".repeat(32)});
        let teacher: &Client = &lesson.teacher;
        let owner: &Client = &owner;
        let root: &Client = &root;
        let bodies: Vec<(&Client, &str, String, Value)> = vec![
            (teacher, "POST", "/api/v1/classes".to_owned(), json!({"title": "Ink"})),
            (teacher, "PATCH", class.clone(), json!({"title": "Ink"})),
            (teacher, "PUT", format!("{class}/settings"), settings["settings"].clone()),
            (teacher, "POST", format!("{class}/enrollments"), json!({"email": "new@oakwood.example", "name": "New"})),
            (teacher, "POST", format!("{class}/guests"), guest),
            (teacher, "POST", format!("{class}/sessions"), json!({"starts_at": later, "duration_minutes": 45})),
            (teacher, "PATCH", session.clone(), json!({"duration_minutes": 50})),
            (teacher, "DELETE", session.clone(), json!({"reason": "Rain"})),
            (teacher, "POST", format!("{session}/attendance/verify"), json!({})),
            (teacher, "POST", format!("{session}/attendance/strays"), json!({"stay": "none", "person_id": null})),
            (teacher, "PATCH", format!("{session}/attendance/{}", lesson.students[0].id), json!({"state": "excused"})),
            (owner, "POST", "/api/v1/people".to_owned(), json!({"email": "n@oakwood.example", "name": "N", "role": 0})),
            (owner, "PATCH", person, json!({"first_name": "N"})),
            (owner, "POST", "/api/v1/api-keys".to_owned(), json!({"name": "k", "scopes": ["read"]})),
            (owner, "PATCH", "/api/v1/organization/settings".to_owned(), json!({"time_zone": "UTC"})),
            (owner, "PUT", "/api/v1/organization/host-tokens".to_owned(), tokens),
            (owner, "PUT", "/api/v1/organization/default-platform".to_owned(), json!({"provider": "zoom"})),
            (owner, "PUT", "/api/v1/platforms/zoom".to_owned(), json!({"client_id": "another"})),
            (owner, "POST", "/api/v1/cohorts".to_owned(), json!({"name": "Section A"})),
            (root, "POST", "/api/v1/organizations".to_owned(), json!({"slug": "birch", "name": "Birch"})),
        ];
        let fields = [
            ("role", json!(2)), ("tenant_id", json!(elmfield)), ("organization_id", json!(elmfield)), ("owner", json!(true)),
            ("owner_id", json!(SMUGGLED)), ("id", json!(SMUGGLED)),
        ];
        let before = kept(app).await;
        let mut wrong = Vec::new();
        for (client, method, path, body) in &bodies {
            for (field, value) in &fields {
                // Whoever makes or changes a person does say their role.
                if path.starts_with("/api/v1/people") && ["role", "owner"].contains(field) {
                    continue;
                }
                let mut smuggled = body.clone();
                smuggled[*field] = value.clone();
                let answer = client.send(method, path, Some(&smuggled), &[]).await;
                let named = answer.json()["errors"][0]["field"].as_str().unwrap_or_default().to_owned();
                if answer.status != 422 || named != *field {
                    wrong.push(format!("{method} {path} with {field}: {} {}", answer.status, answer.text));
                }
            }
        }
        let mut policies = organization["policies"].clone();
        policies["role"] = json!(2);
        let mut host = json!({"tokens": {"algorithm": "hs256", "issuer": "i", "audience": "a"}, "secret": "x".repeat(32)});
        host["tokens"]["organization_id"] = json!(elmfield);
        for (method, path, body, field) in [
            ("PATCH", "/api/v1/organization/settings", json!({"policies": policies}), "role"),
            ("PUT", "/api/v1/organization/host-tokens", host, "organization_id"),
        ] {
            let answer = owner.send(method, path, Some(&body), &[]).await;
            if answer.status != 422 || !answer.text.contains(field) {
                wrong.push(format!("{method} {path} with a nested {field}: {} {}", answer.status, answer.text));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(kept(app).await, before, "no stored value is another");
        nobody_has_it(app, "bodies").await;
        // What takes no body does not look into one.
        let extra = json!({"role": 2, "organization_id": elmfield, "owner": true, "id": SMUGGLED, "person_id": SMUGGLED});
        for (client, path) in [(teacher, format!("{session}/start")), (teacher, "/api/v1/live/tickets".to_owned())] {
            let answer = client.send("POST", &path, Some(&extra), &[]).await;
            assert!(answer.status < 500, "{path}: {}", answer.text);
        }
        nobody_has_it(app, "routes without a body").await;
        let (_, me) = lesson.students[0].get("/api/v1/me").await;
        assert_eq!((&me["role"], &me["owner"]), (&json!(0), &json!(false)));
    }
);

story!(
    /// S-13: the same fields in every page's form: refused, or without effect. Everybody stays who they are, new rows are of the
    /// caller's organization under ids of ours, and another organization's rows stay.
    s13_no_form_takes_what_is_not_the_callers, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir"]).await;
        let oakwood = app.organization("oakwood").await;
        let elmfield = app.organization("elmfield").await;
        let stranger = elmfield.owner().await;
        let theirs = rows_of(app, elmfield.id).await;
        let (owner, root) = (oakwood.owner().await, app.super_admin().await);
        let (class, session) = (format!("/classes/{}", lesson.class), format!("/sessions/{}", lesson.session));
        let roster = lesson.teacher.all(&format!("/api/v1{class}/enrollments")).await;
        let enrollment = roster.iter().find(|one| one["person_id"] == json!(lesson.students[1].id)).unwrap();
        let enrollment = format!("{class}/enrollments/{}", enrollment["id"].as_str().unwrap());
        let when: &[(&str, &str)] = &[("date", "2026-12-01"), ("time", "15:00"), ("time_zone", "UTC"), ("duration_minutes", "45"), ("title", "Ink")];
        let disabled = format!("/people/{}", lesson.students[1].id);
        let plain: &[(&str, &str)] = &[];
        let forms: Vec<Form<'_>> = vec![
            (&owner, "/people".to_owned(), &[("email", "page@oakwood.example"), ("first_name", "Page")]),
            (&lesson.teacher, "/schedule".to_owned(), &[("title", "Ink"), ("provider", "zoom"), ("date", "2026-12-02"), ("time", "15:00"), ("time_zone", "UTC"), ("duration_minutes", "45")]),
            (&lesson.teacher, format!("{class}/enrollments"), &[("email", "page2@oakwood.example"), ("first_name", "Page")]),
            (&lesson.teacher, format!("{class}/guests"), &[("email", "page3@guest.example"), ("first_name", "Page"), ("session", "")]),
            (&lesson.teacher, format!("{class}/settings"), &[("waiting_room", "on"), ("chat", "on")]),
            (&lesson.teacher, format!("{session}/edit"), when),
            (&lesson.teacher, format!("{enrollment}/rotate"), plain),
            (&lesson.teacher, format!("{enrollment}/send"), plain),
            (&lesson.teacher, format!("{enrollment}/remove"), plain),
            (&lesson.teacher, format!("{session}/cancel"), &[("reason", "Rain")]),
            (&owner, format!("{disabled}/disable"), plain),
            (&owner, format!("{disabled}/enable"), plain),
            (&owner, "/platforms/zoom/test".to_owned(), plain),
            (&root, "/organizations".to_owned(), &[("name", "Birch"), ("slug", "birch")]),
        ];
        let who = "select email, role, owner from people where email not like 'page%' order by email";
        let before = app.database.rows(who).await;
        let (mut done, mut refused) = (0, Vec::new());
        for (person, path, fields) in &forms {
            let browser = person.browser(app);
            let mut page = browser.get("/").await;
            while page.status() == 303 {
                page = browser.get(page.location()).await;
            }
            let token = page.forms().into_iter().flat_map(|(_, hidden)| hidden).find(|(name, _)| name == "csrf").unwrap().1;
            let (there, me) = (elmfield.id.to_string(), stranger.id.to_string());
            let mut sent = fields.to_vec();
            let role = if path == "/people" { "student" } else { "admin" };
            sent.extend([
                ("csrf", token.as_str()), ("role", role), ("tenant_id", there.as_str()), ("organization_id", there.as_str()),
                ("owner", "true"), ("owner_id", SMUGGLED), ("id", SMUGGLED), ("person_id", SMUGGLED), ("instructor_id", me.as_str()),
            ]);
            // What is scheduled was looked at first, with them too; whose class it is to be is a field of that form, and refused.
            if path == "/schedule" {
                sent.retain(|(name, _)| *name != "instructor_id");
            }
            let looked = if path == "/schedule" { Some(browser.post("/schedule/look", &sent).await) } else { None };
            let shown = looked.map(|page| ["seen", "press"].map(|name| page.typed(name).unwrap_or_default()));
            if let Some([seen, press]) = &shown {
                sent.extend([("seen", seen.as_str()), ("press", press.as_str())]);
            }
            let answer = browser.post(path, &sent).await;
            match answer.status() {
                303 => done += 1,
                200 | 400..=499 => refused.push(format!("{path}: {}", answer.status())),
                status => panic!("{path}: {status} {}", answer.html()),
            }
            nobody_has_it(app, path).await;
            assert_eq!(app.database.rows(who).await, before, "{path}: everybody is who they were");
        }
        assert!(done >= 8, "some forms are taken without their extra fields, so that there is something to look for: {refused:?}");
        app.settle().await;
        assert_eq!(rows_of(app, elmfield.id).await, theirs, "nothing came to the other organization");
        let new = app.database.rows("select role, owner from people where email like 'page%'").await;
        let no = if app.database.engine == Engine::Sqlite { "0" } else { "false" };
        assert!(new.iter().all(|row| row[0] == "0" && row[1] == no), "whoever was made is a student or a guest: {new:?}");
        let taught = app.database.rows("select distinct instructor_id from classes").await;
        assert_eq!(taught.len(), 1, "the class's teacher is who sent the form");
        // Signing in with them makes nobody more.
        let browser = app.browser();
        let page = browser.get("/sign-in").await;
        let fields = [
            ("organization", "oakwood"), ("email", lesson.students[0].email.as_str()), ("password", lectern_tests::PASSWORD),
            ("role", "2"), ("owner", "true"), ("id", SMUGGLED), ("organization_id", SMUGGLED),
        ];
        let answer = browser.submit(&page, "/sign-in", &fields).await;
        if answer.status() == 303 {
            assert_eq!(browser.get("/people").await.status(), 403, "a student is a student");
        }
        nobody_has_it(app, "/sign-in").await;
    }
);
