//! S-14: an id of another organization is an id of nothing, in every place that takes an id.

use std::collections::BTreeMap;

use chrono::Duration;
use lectern_core::ids::OrganizationId;
use lectern_tests::{Client, Engine, Person, TestApp, story};
use serde_json::{Value, json};

/// An organization in the middle of its day: a class that was held, another session to come, and everything around them.
struct School {
    organization: OrganizationId,
    owner: Person,
    teacher: Person,
    program: Client,
    webhook_secret: String,
    meeting: u64,
    student: String,
    class: String,
    held: String,
    to_come: String,
    enrollment: String,
    guest: String,
    stay: String,
    connection: String,
    api_key: String,
    cohort: String,
    webhook: String,
    delivery: String,
}

fn id_of(made: &Value) -> String {
    made["id"].as_str().unwrap_or_else(|| panic!("an id in {made}")).to_owned()
}

impl School {
    async fn open(app: &TestApp, slug: &str, student: &str) -> Self {
        let lesson = app.held_class(slug, &[student]).await;
        app.pass(Duration::minutes(14));
        lesson.host_comes(app);
        lesson.comes(app, 0);
        app.zoom.stranger_joins(lesson.meeting, "A telephone").unwrap();
        app.settle().await;
        app.pass(Duration::minutes(47));
        app.zoom.end_for_all(lesson.meeting);
        app.settle().await;
        let organization = app.organization(slug).await;
        let (owner, teacher) = (organization.owner().await, lesson.teacher.clone());
        let class = format!("/api/v1/classes/{}", lesson.class);
        let starts_at = app.now() + Duration::hours(2);
        let body = json!({"starts_at": starts_at, "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
        let sessions = teacher.create(&format!("{class}/sessions"), body).await;
        let guest = json!({"email": format!("guest@{slug}.example"), "first_name": "Rokeya"});
        let guest = teacher.create(&format!("{class}/guests"), guest).await;
        let scopes = json!(["read", "write", "platforms"]);
        let key = owner.create("/api/v1/api-keys", json!({"name": "k", "scopes": scopes})).await;
        app.secret(key["token"].as_str().unwrap());
        let named = json!({"external_id": format!("of-{slug}")});
        assert_eq!(owner.patch(&class, named).await.0, 200);
        let external = format!("of-{slug}");
        let person = json!({"email": format!("known@{slug}.example"), "name": student, "role": 0, "external_id": external});
        owner.create("/api/v1/people", person).await;
        let cohort = id_of(
            &owner
                .create(
                    "/api/v1/cohorts",
                    json!({"name": format!("Section of {slug}"), "external_id": external}),
                )
                .await,
        );
        owner
            .create(&format!("/api/v1/cohorts/{cohort}/members"), json!({"user_id": lesson.students[0].id}))
            .await;
        assert_eq!(teacher.put(&format!("{class}/cohorts/{cohort}"), json!({})).await.0, 200);
        app.settle().await;
        let sheet = lesson.sheet().await;
        let receiver = lectern_tests::Receiver::start().await;
        let hook = json!({"url": receiver.url()});
        let webhook = id_of(&owner.create("/api/v1/webhook-endpoints", hook).await);
        let test = owner.post(&format!("/api/v1/webhook-endpoints/{webhook}/test"), json!({})).await.1;
        app.settle().await;
        Self {
            webhook,
            delivery: id_of(&test),
            organization: organization.id,
            program: app.nobody().with_bearer(key["token"].as_str()),
            webhook_secret: lesson.webhook_secret.clone(),
            meeting: lesson.meeting,
            student: lesson.students[0].id.to_string(),
            held: lesson.session.clone(),
            to_come: sessions["items"][0]["id"].as_str().unwrap().to_owned(),
            enrollment: id_of(&teacher.all(&format!("{class}/enrollments")).await[0]),
            guest: id_of(&guest),
            stay: sheet["strays"][0]["stay"].as_str().unwrap().to_owned(),
            connection: id_of(&owner.all("/api/v1/connections").await[0]),
            api_key: id_of(&key),
            cohort,
            class: lesson.class.clone(),
            owner,
            teacher,
        }
    }
}

/// Every row that carries this organization, of every table that has the column.
pub(crate) async fn rows_of(
    app: &TestApp,
    organization: OrganizationId,
) -> BTreeMap<String, Vec<Vec<String>>> {
    let sqlite = app.database.engine == Engine::Sqlite;
    let id = if sqlite {
        format!("x'{}'", hex::encode(organization.uuid().as_bytes()))
    } else {
        format!("'{organization}'")
    };
    let mut all = BTreeMap::new();
    for table in app.database.tables().await {
        let columns = if sqlite {
            format!("select name from pragma_table_info('{table}')")
        } else {
            format!(
                "select column_name::text from information_schema.columns where table_schema = 'public' and table_name = '{table}'"
            )
        };
        if app.database.rows(&columns).await.iter().any(|row| row[0] == "organization_id") {
            let mut rows =
                app.database.rows(&format!("select * from {table} where organization_id = {id}")).await;
            rows.sort();
            all.insert(table, rows);
        }
    }
    assert!(all.len() > 25, "{:?}", all.keys());
    all
}

/// Our own id beside theirs in bodies, and theirs in every place of a path; what each would do is real work for its owner.
fn requests(ours: &School, theirs: &School) -> Vec<(&'static str, String, Value)> {
    let none = || Value::Null;
    let (class, held) =
        (format!("/api/v1/classes/{}", ours.class), format!("/api/v1/sessions/{}", ours.held));
    let (their_class, their_held, their_next) = (
        format!("/api/v1/classes/{}", theirs.class),
        format!("/api/v1/sessions/{}", theirs.held),
        format!("/api/v1/sessions/{}", theirs.to_come),
    );
    let (our_hook, their_hook) = (
        format!("/api/v1/webhook-endpoints/{}", ours.webhook),
        format!("/api/v1/webhook-endpoints/{}", theirs.webhook),
    );
    let guest =
        |sessions: Value| json!({"email": "new@guest.example", "first_name": "N", "sessions": sessions});
    let schedule = json!({"starts_at": "2026-12-01T09:00:00Z", "duration_minutes": 45});
    let excused = || json!({"state": "excused"});
    vec![
        // In bodies, beside ids of our own.
        ("POST", format!("{class}/enrollments"), json!({"user_id": theirs.student})),
        ("POST", format!("{class}/enrollments"), json!({"user_id": theirs.teacher.id})),
        ("POST", "/api/v1/classes".to_owned(), json!({"title": "Ink", "instructor_id": theirs.teacher.id})),
        ("POST", "/api/v1/classes".to_owned(), json!({"title": "Ink", "instructor_id": theirs.owner.id})),
        ("PATCH", class.clone(), json!({"instructor_id": theirs.teacher.id})),
        ("POST", format!("{class}/guests"), guest(json!([theirs.to_come]))),
        ("POST", format!("{class}/guests"), guest(json!([ours.to_come, theirs.to_come]))),
        (
            "POST",
            format!("{held}/attendance/strays"),
            json!({"stay": ours.stay, "person_id": theirs.student}),
        ),
        (
            "POST",
            format!("{held}/attendance/strays"),
            json!({"stay": theirs.stay, "person_id": theirs.student}),
        ),
        ("POST", format!("{held}/attendance/verify"), json!({"person_ids": [theirs.student]})),
        ("POST", format!("{held}/attendance/verify"), json!({"person_ids": [ours.student, theirs.student]})),
        ("POST", format!("/api/v1/cohorts/{}/members", ours.cohort), json!({"user_id": theirs.student})),
        // In one place of a path, beside ids of our own.
        ("PATCH", format!("{held}/attendance/{}", theirs.student), excused()),
        ("DELETE", format!("{class}/enrollments/{}", theirs.enrollment), none()),
        ("POST", format!("{class}/enrollments/{}/rotate", theirs.enrollment), json!({})),
        ("DELETE", format!("{class}/guests/{}", theirs.guest), none()),
        ("DELETE", format!("{their_class}/enrollments/{}", ours.enrollment), none()),
        ("POST", format!("{their_class}/enrollments/{}/rotate", ours.enrollment), json!({})),
        ("DELETE", format!("{their_class}/guests/{}", ours.guest), none()),
        ("PATCH", format!("{their_held}/attendance/{}", ours.student), excused()),
        ("PUT", format!("{class}/cohorts/{}", theirs.cohort), json!({})),
        ("DELETE", format!("{class}/cohorts/{}", theirs.cohort), none()),
        ("PUT", format!("{their_class}/cohorts/{}", ours.cohort), json!({})),
        ("DELETE", format!("{their_class}/cohorts/{}", theirs.cohort), none()),
        ("GET", format!("{their_class}/cohorts"), none()),
        ("DELETE", format!("/api/v1/cohorts/{}/members/{}", ours.cohort, theirs.student), none()),
        ("DELETE", format!("/api/v1/cohorts/{}/members/{}", theirs.cohort, theirs.student), none()),
        // Alone in a path.
        ("GET", format!("/api/v1/cohorts/{}", theirs.cohort), none()),
        ("PATCH", format!("/api/v1/cohorts/{}", theirs.cohort), json!({"name": "Changed"})),
        ("DELETE", format!("/api/v1/cohorts/{}", theirs.cohort), none()),
        ("GET", format!("/api/v1/cohorts/{}/members", theirs.cohort), none()),
        ("POST", format!("/api/v1/cohorts/{}/members", theirs.cohort), json!({"user_id": ours.student})),
        ("GET", format!("/api/v1/people/{}", theirs.student), none()),
        ("PATCH", format!("/api/v1/people/{}", theirs.student), json!({"first_name": "Changed"})),
        ("PATCH", format!("/api/v1/people/{}", theirs.owner.id), json!({"active": false})),
        ("DELETE", format!("/api/v1/api-keys/{}", theirs.api_key), none()),
        ("DELETE", format!("/api/v1/connections/{}", theirs.connection), none()),
        ("GET", their_hook.clone(), none()),
        ("PATCH", their_hook.clone(), json!({"active": false})),
        ("DELETE", their_hook.clone(), none()),
        ("GET", format!("{their_hook}/deliveries"), none()),
        ("POST", format!("{their_hook}/rotate-secret"), json!({})),
        ("POST", format!("{their_hook}/test"), json!({})),
        ("POST", format!("{their_hook}/replay"), json!({"since": "2026-11-01T00:00:00Z"})),
        ("POST", format!("{their_hook}/deliveries/{}/replay", theirs.delivery), json!({})),
        ("POST", format!("{our_hook}/deliveries/{}/replay", theirs.delivery), json!({})),
        ("GET", their_class.clone(), none()),
        ("PATCH", their_class.clone(), json!({"title": "Changed"})),
        ("PATCH", their_class.clone(), json!({"instructor_id": ours.teacher.id})),
        ("DELETE", their_class.clone(), none()),
        ("GET", format!("{their_class}/settings"), none()),
        ("GET", format!("{their_class}/enrollments"), none()),
        ("POST", format!("{their_class}/enrollments"), json!({"user_id": ours.student})),
        ("POST", format!("{their_class}/enrollments"), json!({"email": "a@b.example", "name": "A"})),
        ("GET", format!("{their_class}/guests"), none()),
        ("POST", format!("{their_class}/guests"), guest(json!([]))),
        ("POST", format!("{their_class}/sessions"), schedule),
        ("GET", their_next.clone(), none()),
        ("PATCH", their_next.clone(), json!({"duration_minutes": 50})),
        ("DELETE", their_next.clone(), json!({"reason": "none"})),
        ("POST", format!("{their_next}/start"), json!({})),
        ("POST", format!("{their_next}/launch"), json!({})),
        ("POST", format!("{their_next}/end"), json!({})),
        ("GET", format!("{their_held}/attendance"), none()),
        ("GET", format!("{their_held}/attendance.csv"), none()),
        ("POST", format!("{their_held}/attendance/verify"), json!({})),
        ("POST", format!("{their_held}/attendance/reconcile"), json!({})),
        (
            "POST",
            format!("{their_held}/attendance/strays"),
            json!({"stay": theirs.stay, "person_id": theirs.student}),
        ),
        ("PATCH", format!("{their_held}/attendance/{}", theirs.student), excused()),
        ("DELETE", format!("/api/v1/organizations/{}/platforms/zoom", theirs.organization), none()),
    ]
}

/// The same on pages: where a form goes, and its fields.
fn forms(ours: &School, theirs: &School) -> Vec<(String, Vec<(&'static str, String)>)> {
    let guest = |session: &str| {
        vec![
            ("email", "new@guest.example".to_owned()),
            ("first_name", "N".to_owned()),
            ("session", session.to_owned()),
        ]
    };
    let excused =
        || vec![("state", "excused".to_owned()), ("minutes", String::new()), ("note", String::new())];
    let stray = |stay: &str| vec![("stay", stay.to_owned()), ("person_id", theirs.student.clone())];
    let named = |person: &str| vec![("person", person.to_owned())];
    let when = [("date", "2026-12-01"), ("time", "15:00"), ("time_zone", "UTC"), ("duration_minutes", "45")];
    let when: Vec<_> = when.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let (class, held) = (format!("/classes/{}", ours.class), format!("/sessions/{}", ours.held));
    let (their_class, their_held, their_next) = (
        format!("/classes/{}", theirs.class),
        format!("/sessions/{}", theirs.held),
        format!("/sessions/{}", theirs.to_come),
    );
    let mut forms = vec![
        (format!("{class}/guests"), guest(&theirs.to_come)),
        (format!("{held}/attendance/verify"), named(&theirs.student)),
        (format!("{held}/attendance/strays"), stray(&ours.stay)),
        (format!("{held}/attendance/{}", theirs.student), excused()),
        (format!("{class}/cohorts"), vec![("cohort", theirs.cohort.clone())]),
        (format!("/cohorts/{}", theirs.cohort), vec![("name", "Changed".to_owned())]),
        (format!("/cohorts/{}/members", theirs.cohort), guest("")),
        (
            format!("/cohorts/{}/import", theirs.cohort),
            vec![("text", "email,name\na@b.example,A".to_owned())],
        ),
        (format!("{their_class}/guests"), guest("")),
        (format!("{their_class}/enrollments"), guest("")),
        ("/schedule/look".to_owned(), [when.clone(), vec![("class", theirs.class.clone())]].concat()),
        ("/schedule".to_owned(), [when.clone(), vec![("class", theirs.class.clone())]].concat()),
        (
            "/schedule/look".to_owned(),
            [when.clone(), vec![("title", "Ink".to_owned()), ("cohort", theirs.cohort.clone())]].concat(),
        ),
        (
            "/schedule/look".to_owned(),
            [
                when.clone(),
                vec![("title", "Ink".to_owned()), ("instructor_id", theirs.teacher.id.to_string())],
            ]
            .concat(),
        ),
        (
            format!("/people/{}", theirs.student),
            vec![("first_name", "Changed".to_owned()), ("was_first_name", "Zahra".to_owned())],
        ),
        (format!("{their_class}/settings"), vec![("chat", "on".to_owned())]),
        (format!("{their_class}/name"), vec![("title", "Changed".to_owned())]),
        (format!("{their_next}/edit"), when),
        (format!("{their_next}/cancel"), vec![("reason", "none".to_owned())]),
        (format!("{their_held}/attendance/verify"), named(&theirs.student)),
        (format!("{their_held}/attendance/strays"), stray(&theirs.stay)),
        (format!("{their_held}/attendance/{}", theirs.student), excused()),
    ];
    for nothing in [
        format!("/people/{}/disable", theirs.student),
        format!("/people/{}/enable", theirs.student),
        format!("/connections/{}/revoke", theirs.connection),
        format!("/webhooks/{}/test", theirs.webhook),
        format!("/webhooks/{}/rotate", theirs.webhook),
        format!("/webhooks/{}/disable", theirs.webhook),
        format!("/webhooks/{}/enable", theirs.webhook),
        format!("/webhooks/{}/remove", theirs.webhook),
        format!("/webhooks/{}/replay", theirs.webhook),
        format!("/webhooks/{}/deliveries/{}/replay", theirs.webhook, theirs.delivery),
        format!("/webhooks/{}/deliveries/{}/replay", ours.webhook, theirs.delivery),
        format!("{class}/enrollments/{}/remove", theirs.enrollment),
        format!("{class}/enrollments/{}/rotate", theirs.enrollment),
        format!("{class}/enrollments/{}/send", theirs.enrollment),
        format!("{class}/guests/{}/remove", theirs.guest),
        format!("{their_class}/enrollments/{}/remove", ours.enrollment),
        format!("{their_next}/start"),
        format!("{their_next}/launch"),
        format!("{their_next}/end"),
        format!("{their_held}/attendance/reconcile"),
        format!("/cohorts/{}/remove", theirs.cohort),
        format!("/cohorts/{}/members/{}/remove", ours.cohort, theirs.student),
        format!("{class}/cohorts/{}/remove", theirs.cohort),
        format!("{their_class}/cohorts/{}/remove", ours.cohort),
    ] {
        forms.push((nothing, Vec::new()));
    }
    forms
}

/// Nothing that only they have: their people's addresses and their student's name.
fn shows_them(text: &str) -> bool {
    text.contains("elmfield") || text.contains("Zahra")
}

story!(
    /// S-14: their ids in bodies, paths, nested lists and forms are refused to our owner, our teacher and our program, alone and
    /// beside ids of our own; nothing of theirs is shown, and no row of theirs is another.
    s14_their_ids_are_refused_everywhere, |app| async {
        let ours = School::open(app, "oakwood", "ayesha").await;
        let theirs = School::open(app, "elmfield", "zahra").await;
        let before = rows_of(app, theirs.organization).await;
        let mut wrong = Vec::new();
        let people: [(&str, &Client); 3] = [("owner", &ours.owner), ("teacher", &ours.teacher), ("program", &ours.program)];
        for (method, path, body) in requests(&ours, &theirs) {
            for (who, client) in people {
                let answer = client.send(method, &path, (!body.is_null()).then_some(&body), &[]).await;
                // Some things are for admins, or for the host, or for persons: that is said before the id is looked at.
                let never = who != "owner" || path.ends_with("/launch") || path.contains("/organizations/");
                let refused = [404, 422].contains(&answer.status) || (never && answer.status == 403);
                if !refused || shows_them(&answer.text) {
                    wrong.push(format!("{who}: {method} {path} {body} was answered {} {}", answer.status, answer.text));
                }
            }
        }
        for (who, person) in [("owner", &ours.owner), ("teacher", &ours.teacher)] {
            let browser = person.browser(app);
            let page = browser.get("/schedule").await;
            let token = page.forms().into_iter().flat_map(|(_, hidden)| hidden).find(|(name, _)| name == "csrf").unwrap().1;
            for (path, fields) in forms(&ours, &theirs) {
                let mut sent: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                sent.push(("csrf", &token));
                let answer = browser.post(&path, &sent).await;
                let never = who != "owner" || path.ends_with("/launch");
                let refused = [404, 422].contains(&answer.status()) || (never && answer.status() == 403);
                if !refused || shows_them(answer.html()) {
                    wrong.push(format!("{who}: form to {path} {fields:?} was answered {} {}", answer.status(), answer.location()));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        app.settle().await;
        assert_eq!(rows_of(app, theirs.organization).await, before, "nothing of theirs is changed");
    }
);

story!(
    /// S-14: their ids as filters, cursors, page queries, numbers of events and idempotency keys find nothing of theirs.
    s14_their_ids_filter_nothing, |app| async {
        let ours = School::open(app, "oakwood", "ayesha").await;
        let theirs = School::open(app, "elmfield", "zahra").await;
        let (_, board) = theirs.owner.get("/api/v1/live").await;
        let body = json!({"email": "twin@both.example", "name": "Twin Noor", "role": 0});
        let key = [("idempotency-key", "the-same-key")];
        let first = theirs.owner.send("POST", "/api/v1/people", Some(&body), &key).await;
        assert_eq!(first.status, 201);
        app.settle().await;
        let before = rows_of(app, theirs.organization).await;
        let second = ours.owner.send("POST", "/api/v1/people", Some(&body), &key).await;
        assert_eq!(second.status, 201, "their key is no key of ours: {}", second.text);
        assert_ne!(second.json()["id"], first.json()["id"], "and their answer is not replayed");
        let (student, held, class) = (&theirs.student, &theirs.held, &theirs.class);
        for query in [
            format!("/api/v1/audit?person_id={student}"),
            format!("/api/v1/audit?session_id={held}"),
            format!("/api/v1/audit?person_id={student}&session_id={}", ours.held),
            "/api/v1/people?external_id=of-elmfield".to_owned(),
            "/api/v1/classes?external_id=of-elmfield".to_owned(),
            "/api/v1/sessions?external_id=of-elmfield".to_owned(),
            "/api/v1/cohorts?external_id=of-elmfield".to_owned(),
        ] {
            let (status, found) = ours.owner.get(&query).await;
            assert_eq!((status, &found["items"]), (200, &json!([])), "{query}: {found}");
        }
        for list in ["people", "classes", "sessions", "audit", "connections"] {
            let (_, page) = theirs.owner.get(&format!("/api/v1/{list}?limit=1")).await;
            let Some(cursor) = page["next_cursor"].as_str() else { continue };
            let answer = ours.owner.send("GET", &format!("/api/v1/{list}?cursor={cursor}"), None, &[]).await;
            assert!([200, 422].contains(&answer.status) && !shows_them(&answer.text), "{list}: {}", answer.text);
        }
        let since = board["seq"].as_i64().unwrap();
        for since in [0, since - 1, since] {
            let answer = ours.owner.send("GET", &format!("/api/v1/live?since={since}"), None, &[]).await;
            assert!(!shows_them(&answer.text), "{}", answer.text);
        }
        let browser = ours.owner.browser(app);
        for page in [
            format!("/audit?person={student}"),
            "/audit?person=zahra".to_owned(),
            format!("/live?open={held}"),
            format!("/classes/{class}"),
            format!("/classes/{class}/roster"),
            format!("/sessions/{held}"),
            format!("/sessions/{held}/attendance"),
            format!("/join/class/{class}"),
            format!("/join/class/{class}?session={held}"),
            format!("/join/class/{}?session={held}", ours.class),
            "/people".to_owned(),
            format!("/people/{student}"),
            "/connections".to_owned(),
        ] {
            let shown = browser.get(&page).await;
            assert!(!shown.html().contains("elmfield.example") && !shown.html().contains("Zahra Rahman"), "{page}: {}", shown.html());
        }
        app.settle().await;
        let (mut before, mut after) = (before, rows_of(app, theirs.organization).await);
        // Whoever tries their door is written into their log, as refused.
        let (known, mut told) = (before.remove("audit").unwrap(), after.remove("audit").unwrap());
        told.retain(|row| !known.contains(row));
        assert!(told.iter().all(|row| row.iter().any(|value| value == "join.refused")), "{told:?}");
        assert_eq!(after, before, "looking changes nothing");
    }
);

story!(
    /// S-14: our platform's secret signs nothing about their meeting: at their address it is refused, at ours it has no effect.
    s14_our_events_do_not_move_their_meeting, |app| async {
        let ours = School::open(app, "oakwood", "ayesha").await;
        let theirs = School::open(app, "elmfield", "zahra").await;
        let before = rows_of(app, theirs.organization).await;
        let now = app.now();
        for kind in ["meeting.started", "meeting.ended", "meeting.deleted"] {
            let body = json!({
                "event": kind, "event_ts": now.timestamp_millis(), "payload": {"account_id": "account-elmfield", "object": {
                    "id": theirs.meeting.to_string(), "uuid": "5555AAAiAAAAAiAiAiiAii==", "host_id": "host", "topic": "Fractions",
                    "type": 2, "start_time": now, "end_time": now, "duration": 45, "timezone": "UTC"}}
            })
            .to_string();
            let timestamp = now.timestamp().to_string();
            let signature = lectern_simulators::zoom::signature(&ours.webhook_secret, &timestamp, body.as_bytes());
            for (place, status) in [(format!("/{}", theirs.organization), 401), (format!("/{}", ours.organization), 200), (String::new(), 200)] {
                let request = app
                    .nobody()
                    .request(reqwest::Method::POST, &format!("/api/zoom/webhook{place}"))
                    .header("x-zm-request-timestamp", &timestamp)
                    .header("x-zm-signature", &signature)
                    .header("content-type", "application/json")
                    .body(body.clone());
                assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{kind} at {place:?}");
            }
        }
        app.settle().await;
        assert_eq!(rows_of(app, theirs.organization).await, before, "nothing of theirs is changed");
        let told = app.database.rows("select kind, problem from webhook_inbox where problem = 'unknown_meeting' order by kind").await;
        assert_eq!(told.len(), 3, "kept as ours, about no meeting of ours: {told:?}");
    }
);
