//! What a link is worth to whoever should not have it, and what leaks: forged tokens, foreign redirects, canaries, guests.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use lectern_core::{
    ids::ClassId,
    join::{JoinClaims, Purpose},
};
use lectern_simulators::zoom::HostPlan;
use lectern_tests::{Deed, Lesson, PASSWORD, Page, story};
use reqwest::Method;
use serde_json::json;

pub(crate) const BUYER: &str = "buyer@home.example";

pub(crate) fn token_of(link: &str) -> String {
    link.split_once("token=").unwrap().1.to_owned()
}

/// Everything a refused person can see, but the instant.
fn shown(page: &Page) -> (u16, String, Vec<(String, String)>) {
    let mut headers: Vec<_> = page
        .answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (page.status(), page.html().to_owned(), headers)
}

story!(
    /// S-06: whatever is wrong with a link, the answer is the same bytes, status and headers.
    s06_every_bad_link_is_refused_alike, |app| async {
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let other = Lesson::schedule(app, &seller, "Ink").await;
        let elmfield = app.organization("elmfield").await;
        let elmfield_id = elmfield.id;
        let stranger = elmfield.student("stranger").await;
        let token = token_of(&app.mailed_link(BUYER));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        let claims = app.links.verify(&token, lesson.class.parse::<ClassId>().unwrap()).unwrap();
        // The class in the path, and what the link says its token is.
        let at = |class: &str, token: &str| (class.to_owned(), vec![token.to_owned()]);
        let signed = |claims: JoinClaims| app.links.token(&claims);
        let class = lesson.class.as_str();
        let mut bad: Vec<(String, (String, Vec<String>))> = (0..bytes.len())
            .map(|index| {
                let mut flipped = bytes.clone();
                flipped[index] ^= 1;
                (format!("byte {index}"), at(class, &URL_SAFE_NO_PAD.encode(flipped)))
            })
            .collect();
        let nobody = uuid::Uuid::from_u128(7);
        for (what, path) in [
            ("another class of the seller", at(&other.class, &token)),
            ("another class, signed, of a person who is not in it", at(&other.class, &signed(JoinClaims { class: other.class.parse().unwrap(), ..claims }))),
            ("no class", at("nonsense", &token)),
            ("a class that is not there", at(&nobody.to_string(), &token)),
            ("another tenant", at(class, &signed(JoinClaims { organization: elmfield_id, ..claims }))),
            ("another tenant's person", at(class, &signed(JoinClaims { organization: elmfield_id, person: stranger.id, ..claims }))),
            ("another person", at(class, &signed(JoinClaims { person: nobody.into(), ..claims }))),
            ("a guest's purpose", at(class, &signed(JoinClaims { purpose: Purpose::Guest, ..claims }))),
            ("the next generation", at(class, &signed(JoinClaims { generation: claims.generation + 1, ..claims }))),
            ("an earlier generation", at(class, &signed(JoinClaims { generation: claims.generation.wrapping_sub(1), ..claims }))),
            ("cut short", at(class, &token[..token.len() - 4])),
            ("too long", at(class, &format!("{token}AAAA"))),
            ("padded", at(class, &format!("{token}="))),
            ("empty", at(class, "")),
            ("a blank", at(class, " ")),
            ("the good one twice", (class.to_owned(), vec![token.clone(), token.clone()])),
            ("the good one, and an empty one", (class.to_owned(), vec![token.clone(), String::new()])),
            ("an empty one, and the good one", (class.to_owned(), vec![String::new(), token.clone()])),
            ("another one, and the good one", (class.to_owned(), vec!["x".to_owned(), token.clone()])),
            ("not base64", at(class, "\u{1f4a9}")),
            ("a JSON web token without algorithm", at(class, "eyJhbGciOiJub25lIiwidHlwIjoiSldUIiwia2lkIjoiMSJ9.eyJzdWIiOiIxIn0.")),
        ] {
            bad.push((what.to_owned(), path));
        }
        let link = |(class, tokens): &(String, Vec<String>)| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(tokens.iter().map(|token| ("token", token)));
            format!("/join/class/{class}?{}", query.finish())
        };
        let refusal = shown(&app.browser().get(&link(&bad[0].1)).await);
        assert_eq!(refusal.0, 403);
        assert!(refusal.1.contains("Unauthorized access."), "{}", refusal.1);
        for (what, bad) in &bad {
            assert_eq!(shown(&app.browser().get(&link(bad)).await), refusal, "{what}");
        }
        // The same by the form, with a form token that is good.
        let browser = app.browser();
        let page = browser.get(&app.mailed_link(BUYER)).await;
        let (_, hidden) = page.forms().remove(0);
        let form = &hidden.iter().find(|(name, _)| name == "form").unwrap().1;
        for (what, (class, tokens)) in &bad {
            let mut fields = vec![("form", form.as_str())];
            fields.extend(tokens.iter().map(|token| ("token", token.as_str())));
            let posted = browser.post(&format!("/join/class/{class}"), &fields).await;
            assert_eq!(shown(&posted), refusal, "posted: {what}");
        }
        let calendar = app.browser().get(&format!("/join/class/{class}/calendar.ics?token={token}x")).await;
        assert_eq!(shown(&calendar), refusal);
        assert_eq!(browser.submit(&page, &lesson.door(), &[]).await.status(), 303, "the genuine one still works");
        app.pass(Duration::minutes(10));
    }
);

story!(
    /// S-06: a link opens its own class only, also for who is in both.
    s06_a_link_opens_its_own_class, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let other = Lesson::schedule(app, &seller, "Ink").await;
        let mine = lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await["join_url"].as_str().unwrap().to_owned();
        let theirs = other.enroll(app, &seller, BUYER, "Ayesha Noor").await["join_url"].as_str().unwrap().to_owned();
        let crossed = format!("/join/class/{}?token={}", other.class, token_of(&mine));
        assert_eq!(app.browser().get(&crossed).await.status(), 403);
        for link in [mine, theirs] {
            assert_eq!(app.browser().press_join(&link).await.status(), 303);
        }
    }
);

story!(
    /// S-07: a link dies with its person and with its class, at once, also in a browser that was let in before.
    s07_a_link_dies_with_its_person_and_its_class, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let enrolled = lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let second = lesson.enroll(app, &seller, "second@home.example", "Rafi Islam").await;
        let links = [&enrolled, &second].map(|enrolled| enrolled["join_url"].as_str().unwrap().to_owned());
        let browsers = [app.browser(), app.browser()];
        for (browser, link) in browsers.iter().zip(&links) {
            assert_eq!(browser.press_join(link).await.status(), 303);
        }
        let (person, away) = (format!("/api/v1/people/{}", enrolled["person_id"].as_str().unwrap()), json!({"active": false}));
        let (status, told) = owner.patch(&person, away).await;
        assert_eq!(status, 200, "{told}");
        assert_eq!(browsers[0].get(&links[0]).await.status(), 403);
        assert_eq!(browsers[1].get(&links[1]).await.status(), 200, "others are not touched");
        assert_eq!(seller.delete(&format!("/api/v1/classes/{}", lesson.class)).await.0, 204);
        assert_eq!(browsers[1].get(&links[1]).await.status(), 403);
    }
);

story!(
    /// S-07: the page that the bound browser has open redeems nothing after its person was taken out, disabled, given another
    /// link, or lost the class: its form is refused, nobody is sent anywhere, and the platform is not asked.
    s07_an_open_page_dies_with_its_link, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let list = format!("/api/v1/classes/{}/enrollments", lesson.class);
        let mut doors = Vec::new();
        for name in ["removed", "disabled", "rotated", "uninvited", "last"] {
            let email = format!("{name}@home.example");
            let made = if name == "uninvited" {
                let made = seller.create(&format!("/api/v1/classes/{}/guests", lesson.class), json!({"email": email, "first_name": "Rokeya"})).await;
                app.settle().await;
                made
            } else {
                lesson.enroll(app, &seller, &email, "Ayesha Noor").await
            };
            let link = app.mailed_link(&email);
            let browser = app.browser();
            assert_eq!(browser.press_join(&link).await.status(), 303, "{name}");
            // Bound, and open again: one press from the class.
            let page = browser.get(&link).await;
            assert_eq!(browser.submit(&page, &lesson.door(), &[]).await.status(), 303, "{name}: it still opens");
            doors.push((name, made, browser, page));
        }
        for (name, made, browser, page) in &doors {
            let id = made["id"].as_str().unwrap();
            let (status, told) = match *name {
                "removed" => seller.delete(&format!("{list}/{id}")).await,
                "disabled" => owner.patch(&format!("/api/v1/people/{}", made["person_id"].as_str().unwrap()), json!({"active": false})).await,
                "rotated" => seller.post(&format!("{list}/{id}/rotate"), json!({})).await,
                "uninvited" => seller.delete(&format!("/api/v1/classes/{}/guests/{id}", lesson.class)).await,
                _ => seller.delete(&format!("/api/v1/classes/{}", lesson.class)).await,
            };
            assert!(matches!(status, 200 | 204), "{name}: {told}");
            let asked = app.zoom.requests_since(0).len();
            let refused = browser.submit(page, &lesson.door(), &[]).await;
            assert_eq!((refused.status(), refused.location()), (403, ""), "{name}: {}", refused.html());
            assert!(!refused.html().contains("tk="), "{name}");
            assert_eq!(app.zoom.requests_since(0).len(), asked, "{name}: the platform is not asked");
            // With the session named, and from another browser that has the cookies, just as little.
            let named = browser.submit(page, &lesson.door(), &[("session", &lesson.session)]).await;
            assert_eq!((named.status(), named.location()), (403, ""), "{name}");
            assert_eq!(browser.copy().submit(page, &lesson.door(), &[]).await.status(), 403, "{name}");
        }
        app.settle().await;
    }
);

story!(
    /// A page that was left open for half a day is shown again before its button counts.
    an_old_page_redeems_nothing, |app| async {
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let browser = app.browser();
        let page = browser.get(&app.mailed_link(BUYER)).await;
        app.pass(Duration::hours(12) + Duration::seconds(2));
        assert_eq!(browser.submit(&page, &lesson.door(), &[]).await.status(), 403);
    }
);

story!(
    /// S-08: no `next` leads away from our origin.
    s08_next_stays_at_home, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let student = app.organization("dreamcrowd").await.student("rafi").await;
        seller.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), json!({"user_id": student.id})).await;
        app.settle().await;
        for next in [
            "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https://evil.example", "javascript:alert(1)",
            "/%2F/evil.example/../..//evil", "/\t/evil.example", "/\r\nLocation: https://evil.example", "\r\n//evil.example", "", " //evil.example",
            "/join\\class", "evil.example", "///evil.example", "/\u{2044}/evil.example",
        ] {
            let browser = app.browser();
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            let page = browser.get(&format!("/sign-in?{query}")).await;
            let fields = [("organization", "dreamcrowd"), ("email", student.email.as_str()), ("password", PASSWORD), ("next", next)];
            let done = browser.submit(&page, "/sign-in", &fields).await;
            // A form that says `next` twice may be refused whole.
            let done = if done.status() == 303 { done } else { browser.post("/sign-in", &[&fields[..]].concat()).await };
            assert_eq!(done.status(), 303, "{next:?}: {}", done.html());
            let base: url::Url = app.base.parse().unwrap();
            let to = base.join(done.location()).unwrap();
            assert_eq!(to.origin(), base.origin(), "{next:?} led to {}", done.location());
            assert!(done.answer.headers.get_all("location").iter().count() == 1);
        }
        let bare = app.browser().get(&lesson.door()).await;
        assert_eq!((bare.status(), bare.location()), (303, format!("/sign-in?next={}", lesson.door()).as_str()));
    }
);

story!(
    /// S-09: an address the platform should never answer is nowhere redirected to: it is refused, logged and told to the person.
    s09_a_foreign_join_url_is_not_followed, |app| async {
        let (owner, seller, lesson) = app.evening_on_the_wire().await;
        let ours = format!("{}/w/", app.zoom.base_url());
        let (_, board) = owner.get("/api/v1/live").await;
        let begun = board["seq"].as_i64().unwrap();
        for (number, evil) in ["https://evil.example/w/", "javascript:alert(1)//", "https://127.0.0.1.evil.example/w/", "//evil.example/"].iter().enumerate() {
            for path in ["/registrants", "/batch_registrants"] {
                app.wire.tamper("POST", path, 100, Deed::Replace(ours.clone(), (*evil).to_owned()));
            }
            let buyer = format!("buyer{number}@home.example");
            lesson.enroll(app, &seller, &buyer, "Ayesha Noor").await;
            let calls = app.zoom.requests_since(0).len();
            let browser = app.browser();
            let page = browser.press_join(&app.mailed_link(&buyer)).await;
            assert_eq!((page.status(), page.location(), page.standing()), (200, "", "platform_down"), "{evil}");
            assert!(!page.html().contains("evil") && !page.html().contains("alert(1)"));
            assert!(app.zoom.requests_since(0).len() - calls <= 2, "one press is no storm of calls: {:?}", app.zoom.requests_since(u64::try_from(calls).unwrap()));
            assert!(app.audited("join.url_refused").await > u64::try_from(number).unwrap(), "the log says so: {evil} {:?}", app.database.rows("select state, problem, attempt from registrants").await);
            // Told to those who can act: in the log and to whoever watches, by name and reason, without the address.
            let told = owner.all(&format!("/api/v1/audit?kind=join.url_refused&session_id={}", lesson.session)).await;
            assert!(told.iter().any(|entry| entry["person"]["name"] == json!("Ayesha Noor") && entry["details"]["why"] == json!("host")), "{told:?}");
            app.settle().await;
            for watcher in [&owner, &seller] {
                let (_, news) = watcher.get(&format!("/api/v1/live?since={begun}")).await;
                let alert = |event: &serde_json::Value| {
                    event["type"] == json!("join_refused") && event["detail"] == json!("host") && event["session_id"] == json!(lesson.session)
                };
                assert!(news["events"].as_array().unwrap().iter().any(alert), "{evil}: {news}");
                assert!(!news.to_string().contains("evil") && !news.to_string().contains("alert(1)"), "{news}");
            }
            let page = seller.browser(app).get(&format!("/sessions/{}", lesson.session)).await;
            assert!(page.html().contains("address is not allowed"), "the page says why: {}", page.html());
            app.wire.mend();
            let joined = browser.press_join(&app.mailed_link(&buyer)).await;
            assert_eq!(joined.status(), 303, "once the platform is itself again, the person gets in: {}", joined.html());
            assert!(joined.location().starts_with(&ours));
        }
    }
);

story!(
    /// S-09, for the one address that a Basic host's meeting has: when it is foreign, nobody is sent there; the person is told
    /// that it is the platform, and those in charge why.
    s09_a_foreign_shared_link_is_not_followed, |app| async {
        let (owner, seller, _) = app.evening_on_the_wire().await;
        app.zoom.set_host_plan(&seller.email, HostPlan::Basic);
        let (status, answer) = seller.post("/api/v1/platforms/zoom/connection", json!({})).await;
        assert_eq!(status, 200, "{answer}");
        let callback = app.zoom.allow(answer["authorize_url"].as_str().unwrap(), &seller.email).unwrap();
        seller.send("GET", callback.strip_prefix(&app.base).unwrap(), None, &[]).await;
        let ours = format!("{}/j/", app.zoom.base_url());
        let dreamcrowd = app.organization("dreamcrowd").await.id;
        for (number, evil) in ["https://evil.example/j/", "javascript:alert(1)//", "https://127.0.0.1.evil.example/j/"].iter().enumerate() {
            // Answered so: the meeting is not taken, and its teacher reads why.
            for method in ["POST", "GET"] {
                app.wire.tamper(method, "", 100, Deed::Replace(ours.clone(), (*evil).to_owned()));
            }
            let lesson = Lesson::schedule(app, &seller, &format!("Ink {number}")).await;
            let buyer = format!("shared{number}@home.example");
            lesson.enroll(app, &seller, &buyer, "Ayesha Noor").await;
            let browser = app.browser();
            let page = browser.press_join(&app.mailed_link(&buyer)).await;
            assert_eq!((page.status(), page.location()), (200, ""), "{evil}: {}", page.html());
            assert!(["platform_down", "preparing"].contains(&page.standing()), "{evil}: {}", page.standing());
            assert!(!page.html().contains("evil") && !page.html().contains("alert(1)"), "{evil}");
            let log = format!("/api/v1/audit?session_id={}", lesson.session);
            let failed = owner.all(&log).await.into_iter().find(|entry| entry["kind"] == json!("meeting.failed"));
            assert_eq!(failed.unwrap()["details"]["vendor_code"], json!("foreign address"), "{evil}");
            let (_, session) = seller.get(&format!("/api/v1/sessions/{}", lesson.session)).await;
            assert!(session["meeting"]["problem"].is_object(), "the teacher is told: {session}");
            // Become so, after it was taken: it is looked at again at each press.
            app.wire.mend();
            app.pass(Duration::minutes(5));
            app.settle().await;
            let through = browser.press_join(&app.mailed_link(&buyer)).await;
            assert_eq!(through.status(), 303, "{}", through.html());
            let hex = lesson.session.replace('-', "");
            let of = match app.database.engine {
                lectern_tests::Engine::Sqlite => format!("session_id = x'{hex}'"),
                lectern_tests::Engine::Postgres => format!("session_id = '{}'", lesson.session),
            };
            let meeting = app.database.rows(&format!("select id from meetings where state = 'ready' and {of}")).await.remove(0).remove(0);
            let sealer = app.keys.sealer(dreamcrowd).await.unwrap();
            let sealed = hex::encode(sealer.seal("meetings", "join_url", meeting.parse().unwrap(), format!("{evil}1").as_bytes()));
            let sealed = match app.database.engine {
                lectern_tests::Engine::Sqlite => format!("x'{sealed}'"),
                lectern_tests::Engine::Postgres => format!("'\\x{sealed}'"),
            };
            app.database.execute(&format!("update meetings set join_url = {sealed} where {of}")).await;
            let (_, board) = owner.get("/api/v1/live").await;
            let begun = board["seq"].as_i64().unwrap();
            let page = browser.press_join(&app.mailed_link(&buyer)).await;
            assert_eq!((page.status(), page.location(), page.standing()), (200, "", "platform_down"), "{evil}: {}", page.html());
            assert!(!page.html().contains("evil") && !page.html().contains("alert(1)"), "{evil}");
            app.settle().await;
            assert!(owner.all(&log).await.iter().any(|entry| entry["kind"] == json!("join.url_refused")), "{evil}");
            for watcher in [&owner, &seller] {
                let (_, news) = watcher.get(&format!("/api/v1/live?since={begun}")).await;
                let alert = |event: &serde_json::Value| event["type"] == json!("join_refused") && event["detail"] == json!("host");
                assert!(news["events"].as_array().unwrap().iter().any(alert), "{evil}: {news}");
            }
        }
    }
);

/// What answers everybody alike, and so a guest too: the start, signing in, setting up, files, probes, the documents; and what
/// proves itself in another way (a platform's answer to a consent, a webhook's signature).
const FOR_EVERYBODY: [&str; 19] = [
    "GET /",
    "GET /api/docs",
    "GET /api/openapi.json",
    "GET /healthz",
    "GET /metrics",
    "GET /oauth/{provider}/callback",
    "GET /oauth/{provider}/done",
    "GET /oauth/{provider}/start",
    "GET /readyz",
    "GET /set-up",
    "GET /sign-in",
    "GET /static/{*path}",
    "POST /api/v1/auth/login",
    "POST /api/{provider}/webhook",
    "POST /api/{provider}/webhook/{organization}",
    "POST /oauth/{provider}/start",
    "POST /set-up",
    "POST /sign-in",
    "POST /sign-out",
];

story!(
    /// S-11: on every route a guest's token, wherever it is put, is answered 401, 403 or 404 (a page: led to the sign-in), and
    /// changes nothing; it opens its own class's door, and no other's.
    s11_a_guest_token_opens_one_door, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let guest = seller.create(&format!("/api/v1/classes/{}/guests", lesson.class), json!({"email": "rokeya@guest.example", "first_name": "Rokeya"})).await;
        app.settle().await;
        let other = Lesson::schedule(app, &seller, "Ink").await;
        let student = app.organization("dreamcrowd").await.student("rafi").await;
        let enrolled = seller.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), json!({"user_id": student.id})).await;
        app.settle().await;
        let connection = owner.all("/api/v1/connections").await[0]["id"].as_str().unwrap().to_owned();
        let text = |made: &serde_json::Value| made["id"].as_str().unwrap().to_owned();
        let (guest, enrolled) = (text(&guest), text(&enrolled));
        let link = app.mailed_link("rokeya@guest.example");
        let token = token_of(&link);
        let mut routes: Vec<(String, String)> = [lectern_api::routes::PAGES, lectern_api::routes::PROBES, lectern_api::openapi::DOCUMENTS]
            .into_iter().flatten().map(|(method, path)| (method.to_uppercase(), (*path).to_owned())).collect();
        let document = serde_json::to_value(lectern_api::openapi::document()).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            routes.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
        }
        assert!(routes.len() > 120, "{}", routes.len());
        let filled = |path: &str| {
            let id = match path {
                _ if path.contains("/classes/") => &lesson.class,
                _ if path.contains("/sessions/") => &lesson.session,
                _ if path.contains("/connections/") => &connection,
                _ => &student.id.to_string(),
            };
            path.replace("{class}", &lesson.class).replace("{id}", id).replace("{provider}", "zoom").replace("{organization}", &student.id.to_string())
                .replace("{*path}", "app.css").replace("{enrollment}", &enrolled).replace("{guest}", &guest).replace("{person}", &student.id.to_string())
        };
        let before = app.database.dump().await;
        let (mut doors, mut refused, mut open) = (0, 0, Vec::new());
        for (method, path) in routes {
            let (route, concrete) = (format!("{method} {path}"), filled(&path));
            if path.starts_with("/join/class/{class}") {
                doors += 1;
                continue;
            }
            let body = (method != "GET").then(|| json!({}));
            let in_query = format!("{concrete}?token={token}");
            let ticket = format!("{concrete}?ticket={token}");
            let browser = app.browser();
            for name in ["lectern", "__Host-lectern", "token", "lectern-browser"] {
                browser.set_cookie(name, &token);
            }
            let fields = [("token", token.as_str()), ("csrf", token.as_str()), ("form", token.as_str())];
            let form: Option<&[(&str, &str)]> = (method != "GET").then_some(&fields);
            let verb: Method = method.parse().unwrap();
            let plain = app.nobody().send(&method, &concrete, body.as_ref(), &[]).await;
            let answers = [
                ("in the header", app.nobody().with_bearer(Some(&token)).send(&method, &concrete, body.as_ref(), &[]).await),
                ("in the address", app.nobody().send(&method, &in_query, body.as_ref(), &[]).await),
                ("as a ticket", app.nobody().send(&method, &ticket, body.as_ref(), &[]).await),
                ("as a cookie", browser.send(verb.clone(), &concrete, form, &[]).await.answer),
                ("in the form and in the address", browser.send(verb, &in_query, form, &[]).await.answer),
            ];
            if FOR_EVERYBODY.contains(&route.as_str()) {
                open.push(route.clone());
                for (place, answer) in answers {
                    let alike = answer.status == plain.status || [400, 401, 403, 404, 422].contains(&answer.status);
                    assert!(alike && !answer.text.contains("Rokeya"), "{route} {place}: {} becomes {}", plain.status, answer.status);
                }
                continue;
            }
            for (place, answer) in answers {
                let to_sign_in = !path.starts_with("/api/") && answer.status == 303 && answer.header("location").starts_with("/sign-in?next=");
                assert!([401, 403, 404].contains(&answer.status) || to_sign_in, "{route} {place}: {} {}", answer.status, answer.text);
                refused += 1;
            }
        }
        open.sort();
        assert_eq!(open, FOR_EVERYBODY, "nothing else is for everybody");
        assert!(refused > 500, "{refused}");
        let noted = |dump: &str| dump.lines().filter(|line| !line.starts_with("audit\t")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(noted(&app.database.dump().await), noted(&before), "none of it changed anything");
        assert_eq!(doors, 3, "the page, its form and its calendar file");
        let elsewhere = format!("/join/class/{}?token={token}", other.class);
        assert_eq!(app.browser().get(&elsewhere).await.status(), 403, "another class's door");
        assert_eq!(app.browser().get(&link).await.status(), 200);
    }
);

story!(
    /// One address has one seat in a class: nobody is both enrolled and a guest, whichever comes first.
    nobody_is_enrolled_and_a_guest_at_once, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let people = |end: &str| format!("/api/v1/classes/{}/{end}", lesson.class);
        let guest = |email: &str| json!({"email": email, "first_name": "Ayesha"});
        let member = |email: &str| json!({"email": email, "name": "Ayesha Noor"});
        seller.create(&people("enrollments"), member("one@home.example")).await;
        let (status, problem) = seller.post(&people("guests"), guest("One@home.example")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("enrolled")), "{problem}");
        let invited = seller.create(&people("guests"), guest("two@home.example")).await;
        let (status, problem) = seller.post(&people("enrollments"), member("two@home.example")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("invited")), "{problem}");
        seller.delete(&people(&format!("guests/{}", invited["id"].as_str().unwrap()))).await;
        seller.create(&people("enrollments"), member("two@home.example")).await;
    }
);
