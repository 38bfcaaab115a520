//! How much an organization may have.

use lectern_tests::{Client, Lesson, TestApp, story};
use serde_json::{Value, json};

/// Sets limits of an organization.
async fn limit(root: &Client, organization: &lectern_tests::Organization<'_>, limits: Value) -> Value {
    let (status, view) = root.put(&format!("/api/v1/organizations/{}/limits", organization.id), limits).await;
    assert_eq!(status, 200, "{view}");
    view
}

fn pupil(number: usize) -> Value {
    json!({"email": format!("pupil{number}@home.example"), "name": "Pupil", "role": 0})
}

async fn refused(who: &Client, path: &str, body: Value, code: &str) {
    let (status, problem) = who.post(path, body).await;
    assert_eq!((status, &problem["code"]), (409, &json!(code)), "{path}: {problem}");
    assert!(problem["next_step"].as_str().unwrap().contains("whoever runs this server"), "{problem}");
}

story!(
    /// People: one by one, by a roster, from a list, by enabling; never more than there may be. Guests do not count, and what is there
    /// above a later limit stays.
    people_are_no_more_than_may_be, |app| async {
        let (root, oakwood) = (app.super_admin().await, app.organization("oakwood").await);
        let (owner, teacher) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        let view = limit(&root, &oakwood, json!({"people": 3})).await;
        assert_eq!((&view["used"]["people"], &view["limits"]["classes"]), (&json!(2), &Value::Null), "{view}");
        let third = owner.create("/api/v1/people", pupil(1)).await["id"].as_str().unwrap().to_owned();
        refused(&owner, "/api/v1/people", pupil(2), "limit_people").await;
        let class = teacher.create("/api/v1/classes", json!({"title": "Algebra"})).await["id"].as_str().unwrap().to_owned();
        let enroll = format!("/api/v1/classes/{class}/enrollments");
        refused(&teacher, &enroll, json!({"email": "new@home.example", "name": "New"}), "limit_people").await;
        teacher.create(&enroll, json!({"user_id": third})).await;
        teacher.create(&format!("/api/v1/classes/{class}/guests"), json!({"email": "guest@home.example", "first_name": "Gul", "sessions": []})).await;
        let cohort = owner.create("/api/v1/cohorts", json!({"name": "Year 8"})).await["id"].as_str().unwrap().to_owned();
        let list = format!("/api/v1/cohorts/{cohort}/import");
        limit(&root, &oakwood, json!({"people": 4})).await;
        let two = owner.send_text(&list, "text/csv", "email,name\na@home.example,A\nb@home.example,B\n").await;
        assert_eq!((two.status, &two.json()["code"]), (409, &json!("limit_people")), "{}", two.text);
        assert_eq!(app.database.count("people where email like '_@home.example'").await, 0, "all or nothing");
        let one = owner.send_text(&list, "text/csv", "email,name\na@home.example,A\n").await;
        assert_eq!(one.status, 200, "{}", one.text);
        // Somebody who leaves makes room, and cannot come back into it twice.
        let path = format!("/api/v1/people/{third}");
        assert_eq!(owner.patch(&path, json!({"active": false})).await.0, 200);
        owner.create("/api/v1/people", pupil(3)).await;
        let (status, problem) = owner.patch(&path, json!({"active": true})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("limit_people")), "{problem}");
        let view = limit(&root, &oakwood, json!({"people": 1})).await;
        assert_eq!(view["used"]["people"], 4, "nobody is put out");
        assert_eq!(owner.patch(&path, json!({"first_name": "Pia"})).await.0, 200);
        limit(&root, &oakwood, json!({})).await;
        owner.create("/api/v1/people", pupil(4)).await;
        app.settle().await;
        assert_eq!(app.audited("organization.limits_changed").await, 4);
    }
);

story!(
    /// Several at once never pass the limit together: of ten requests for three places, three are let through.
    many_at_once_do_not_pass_a_limit, |app| async {
        let (root, oakwood) = (app.super_admin().await, app.organization("oakwood").await);
        let owner = oakwood.owner().await;
        limit(&root, &oakwood, json!({"people": 4, "classes": 2})).await;
        let people = (0..10).map(|number| owner.post("/api/v1/people", pupil(number)));
        let mut statuses: Vec<u16> = futures::future::join_all(people).await.into_iter().map(|answer| answer.0).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [[201; 3].as_slice(), &[409; 7]].concat());
        let teacher = owner.id;
        let classes = (0..6).map(|number| owner.post("/api/v1/classes", json!({"title": format!("Class {number}"), "instructor_id": teacher})));
        let made = futures::future::join_all(classes).await.into_iter().filter(|answer| answer.0 == 201).count();
        assert_eq!(made, 2);
        assert_eq!(app.database.count("people where kind = 'user' and role = 0").await, 3);
    }
);

story!(
    /// Classes: an archived one makes room; the refusal stands on the page in the reader's language.
    classes_are_no_more_than_may_be, |app| async {
        let (root, oakwood) = (app.super_admin().await, app.organization("oakwood").await);
        let teacher = oakwood.instructor("farhan").await;
        limit(&root, &oakwood, json!({"classes": 1})).await;
        let first = teacher.create("/api/v1/classes", json!({"title": "Algebra"})).await["id"].as_str().unwrap().to_owned();
        refused(&teacher, "/api/v1/classes", json!({"title": "Geometry"}), "limit_classes").await;
        let entry = json!({
            "class": {"external_id": "math-8", "title": "Mathematics", "instructor": teacher.email},
            "starts_at": app.now() + chrono::Duration::hours(5), "duration_minutes": 45, "time_zone": "Asia/Dhaka",
        });
        let owner = oakwood.owner().await;
        let (status, problem) = owner.put("/api/v1/schedule/lesson-1", entry).await;
        assert_eq!((status, &problem["code"]), (409, &json!("limit_classes")), "{problem}");
        let browser = teacher.browser(app);
        let page = browser.schedule("/schedule?lang=bn", &[("title", "Geometry"), ("provider", "zoom")]).await;
        assert_eq!(page.status(), 422);
        assert!(page.html().contains("আপনার প্রতিষ্ঠানে যত ক্লাস থাকতে পারে তত আছে।"), "{}", page.html());
        assert_eq!(teacher.delete(&format!("/api/v1/classes/{first}")).await.0, 204);
        teacher.create("/api/v1/classes", json!({"title": "Geometry"})).await;
        app.settle().await;
    }
);

story!(
    /// Sessions at the same time: the next one starts when one has ended; pressing Start twice is no second session.
    sessions_at_once_are_no_more_than_may_be, |app| async {
        let root = app.super_admin().await;
        let (_, seller, lesson) = app.evening().await;
        let other = Lesson::schedule_at(app, &seller, "Oil", app.now() + chrono::Duration::hours(2)).await;
        let dreamcrowd = app.organization("dreamcrowd").await.id;
        let (status, _) = root.put(&format!("/api/v1/organizations/{dreamcrowd}/limits"), json!({"live_sessions": 1})).await;
        assert_eq!(status, 200);
        let start = |lesson: &Lesson| format!("/api/v1/sessions/{}/start", lesson.session);
        assert_eq!(seller.post(&start(&lesson), json!({})).await.0 / 100, 2);
        assert_eq!(seller.post(&start(&lesson), json!({})).await.0 / 100, 2, "it runs already");
        refused(&seller, &start(&other), json!({}), "limit_live_sessions").await;
        let browser = seller.browser(app);
        let page = browser.get(&format!("/sessions/{}", other.session)).await;
        let answer = browser.submit(&page, &format!("/sessions/{}/start", other.session), &[]).await;
        let page = browser.get(answer.location()).await;
        assert!(page.html().contains("As many sessions of your organization run"), "{}", page.html());
        assert_eq!(seller.post(&format!("/api/v1/sessions/{}/end", lesson.session), json!({})).await.0 / 100, 2);
        assert_eq!(seller.post(&start(&other), json!({})).await.0 / 100, 2);
        app.settle().await;
    }
);

/// The page of an organization, as whoever runs the server opens it from the list.
async fn page_of(app: &TestApp, root: &lectern_tests::Person, name: &str) -> lectern_tests::Page {
    let browser = root.browser(app);
    let list = browser.get("/organizations?lang=en").await;
    let at = list.html().find(&format!(">{name}</a>")).unwrap_or_else(|| panic!("{}", list.html()));
    let href = list.html()[..at].rfind("/organizations/").map(|from| &list.html()[from..at]);
    browser.get(href.unwrap().trim_end_matches('"')).await
}

story!(
    /// On the page: limits are typed, also in Bengali figures, with how much there is beside them; what is no number is refused. A closed
    /// organization lets nobody in until it is opened again.
    an_organization_is_limited_and_closed_on_its_page, |app| async {
        let (root, oakwood) = (app.super_admin().await, app.organization("oakwood").await);
        let owner = oakwood.owner().await;
        let path = format!("/organizations/{}", oakwood.id);
        let page = page_of(app, &root, "Oakwood").await;
        assert_eq!(page.path, path);
        let browser = root.browser(app);
        let wrong = browser.submit(&page, &path, &[("people", "many"), ("classes", ""), ("live_sessions", "-1")]).await;
        assert_eq!(wrong.status(), 422);
        assert!(wrong.html().contains("A number from nought") && wrong.html().contains("value=\"many\""), "{}", wrong.html());
        let saved = browser.submit(&page, &path, &[("people", "১"), ("classes", "1,000"), ("live_sessions", "")]).await;
        assert_eq!(saved.location(), format!("{path}?notice=saved"));
        let page = browser.get(&path).await;
        assert!(page.html().contains("value=\"1000\"") && page.html().contains("1 now: nothing can be added."), "{}", page.html());
        let (_, view) = root.get(&format!("/api/v1{path}/limits")).await;
        assert_eq!(view["limits"], json!({"people": 1, "classes": 1000, "live_sessions": null}));
        assert_eq!(owner.get(&format!("/api/v1{path}/limits")).await.0, 403);
        assert_eq!(root.get(&format!("/api/v1/organizations/{}/limits", uuid::Uuid::nil())).await.0, 404, "the operator's own has none");
        let closed = browser.submit(&page, &format!("{path}/close"), &[]).await;
        let page = browser.get(closed.location()).await;
        assert!(page.html().contains("This organization is closed."), "{}", page.html());
        assert_eq!(owner.get("/api/v1/people").await.0, 401, "signed out at once");
        let listed = browser.get("/organizations").await;
        assert!(listed.html().contains("Closed"), "{}", listed.html());
        browser.submit(&page, &format!("{path}/open"), &[]).await;
        assert_eq!(owner.get("/api/v1/people").await.0, 200);
        let log = owner.all("/api/v1/audit?kind=organization").await;
        let kinds: Vec<_> = log.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["organization.opened", "organization.closed", "organization.limits_changed", "organization.created"]);
        let (status, shown) = root.patch(&format!("/api/v1{path}"), json!({"active": true})).await;
        assert_eq!((status, &shown["active"]), (200, &json!(true)), "{shown}");
    }
);
