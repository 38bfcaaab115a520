//! Signing in and out, and the very first start.

use std::time::Instant;

use chrono::Duration;
use lectern_api::people::service;
use lectern_tests::{PASSWORD, Page, TestApp, story};
use serde_json::{Value, json};

async fn login(app: &TestApp, organization: Value, email: &str, password: &str) -> (u16, Value) {
    let body = json!({"organization": organization, "email": email, "password": password});
    app.nobody().post("/api/v1/auth/login", body).await
}

story!(
    /// A person signs in with the organization's name, their address and their password.
    a_person_signs_in_and_out, |app| async {
        let oakwood = app.organization("oakwood").await;
        let ayesha = oakwood.student("ayesha").await;
        let (status, answer) = login(app, json!("oakwood"), "Ayesha@Oakwood.example", PASSWORD).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["user"]["email"], "ayesha@oakwood.example");
        assert_eq!((&answer["user"]["role"], &answer["user"]["role_name"]), (&json!(0), &json!("student")));
        let token = answer["token"].as_str().unwrap();
        app.secret(token);
        let signed_in = app.nobody().with_bearer(Some(token));
        let (status, me) = signed_in.get("/api/v1/me").await;
        assert_eq!((status, &me["id"]), (200, &json!(ayesha.id.uuid())));
        assert_eq!(me["organization_id"], json!(oakwood.id.uuid()));
        assert_eq!(signed_in.post("/api/v1/auth/logout", json!({})).await.0, 204);
        assert_eq!(signed_in.get("/api/v1/me").await.0, 401);
    }
);

story!(
    /// The server's own people sign in without an organization.
    whoever_runs_the_server_signs_in, |app| async {
        let root = app.super_admin().await;
        let (status, answer) = login(app, Value::Null, &root.email, PASSWORD).await;
        assert_eq!(status, 200, "{answer}");
        let (_, me) = app.nobody().with_bearer(answer["token"].as_str()).get("/api/v1/me").await;
        assert_eq!((&me["role_name"], &me["organization_id"]), (&json!("super_admin"), &Value::Null));
    }
);

story!(
    /// A sign-in ends by itself after a fortnight.
    a_sign_in_ends_after_a_fortnight, |app| async {
        let ayesha = app.organization("oakwood").await.student("ayesha").await;
        app.pass(Duration::days(14) - Duration::seconds(1));
        assert_eq!(ayesha.get("/api/v1/me").await.0, 200);
        app.pass(Duration::seconds(2));
        assert_eq!(ayesha.get("/api/v1/me").await.0, 401);
    }
);

story!(
    /// Disabling somebody, and a new password, end every sign-in of theirs at once.
    disabling_and_a_new_password_end_sign_ins, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (amina, ayesha) = (oakwood.admin().await, oakwood.student("ayesha").await);
        let other_device = oakwood.student("ayesha").await;
        let path = format!("/api/v1/people/{}", ayesha.id);
        let (status, _) = amina.patch(&path, json!({"password": "a longer secret"})).await;
        app.secret("a longer secret");
        assert_eq!(status, 200);
        assert_eq!(ayesha.get("/api/v1/me").await.0, 401);
        assert_eq!(other_device.get("/api/v1/me").await.0, 401);
        assert_eq!(login(app, json!("oakwood"), &ayesha.email, PASSWORD).await.0, 422);
        let (status, answer) = login(app, json!("oakwood"), &ayesha.email, "a longer secret").await;
        assert_eq!(status, 200);
        let again = app.nobody().with_bearer(answer["token"].as_str());
        assert_eq!(amina.patch(&path, json!({"active": false})).await.0, 200);
        assert_eq!(again.get("/api/v1/me").await.0, 401);
        assert_eq!(login(app, json!("oakwood"), &ayesha.email, "a longer secret").await.0, 422);
        assert_eq!(amina.patch(&path, json!({"active": true})).await.0, 200);
        assert_eq!(again.get("/api/v1/me").await.0, 401, "being enabled again brings no old sign-in back");
        app.settle().await;
    }
);

story!(
    /// S-36: somebody unknown, a wrong password, another organization, a disabled person: the same answer after the same work.
    s36_nobody_learns_who_is_known, |app| async {
        let oakwood = app.organization("oakwood").await;
        app.organization("elmfield").await;
        let ayesha = oakwood.student("ayesha").await;
        let gone = oakwood.student("gone").await;
        let amina = oakwood.admin().await;
        amina.patch(&format!("/api/v1/people/{}", gone.id), json!({"active": false})).await;
        let mut answers = Vec::new();
        let mut took = Vec::new();
        for (organization, email, password) in [
            ("oakwood", ayesha.email.as_str(), "wrong password"),
            ("oakwood", "unknown@oakwood.example", "wrong password"),
            ("elmfield", ayesha.email.as_str(), PASSWORD),
            ("nowhere", ayesha.email.as_str(), PASSWORD),
            ("oakwood", gone.email.as_str(), PASSWORD),
        ] {
            let before = app.passwords.computed();
            let body = json!({"organization": organization, "email": email, "password": password});
            let started = Instant::now();
            let answer = app.nobody().send("POST", "/api/v1/auth/login", Some(&body), &[]).await;
            took.push(started.elapsed());
            assert_eq!(app.passwords.computed() - before, 1, "one hash, whoever is asked for");
            let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            headers.sort();
            answers.push((answer.status, answer.text, headers));
        }
        assert_eq!(answers[0].0, 422);
        assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:#?}");
        eprintln!("sign-in refusals took {took:?}");
        app.settle().await;
    }
);

/// What the page of a refusal shows, without what is another on every page: the instant and the request's own id.
fn refusal(page: &Page) -> (u16, String, Vec<(String, String)>) {
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
    /// S-36, on the page: whoever is asked for, and whatever the password: the same bytes, status and header values after one
    /// hash. What was typed comes back, so everybody's is typed alike.
    s36_the_page_tells_nobody_who_is_known, |app| async {
        let oakwood = app.organization("oakwood").await;
        app.organization("elmfield").await;
        let (ayesha, gone, amina) = (oakwood.student("ayesha").await, oakwood.student("gone").await, oakwood.admin().await);
        amina.patch(&format!("/api/v1/people/{}", gone.id), json!({"active": false})).await;
        app.settle().await;
        let mut answers = Vec::new();
        for (organization, email, password) in [
            ("oakwood", ayesha.email.as_str(), "wrong password"),
            ("oakwood", "nobody@oakwood.example", "wrong password"),
            ("elmfield", ayesha.email.as_str(), PASSWORD),
            ("nowhere1", ayesha.email.as_str(), PASSWORD),
            ("oakwood", gone.email.as_str(), PASSWORD),
        ] {
            let browser = app.browser();
            let page = browser.get("/sign-in").await;
            let before = app.passwords.computed();
            let fields = [("organization", organization), ("email", email), ("password", password)];
            let answer = browser.submit(&page, "/sign-in", &fields).await;
            assert_eq!(app.passwords.computed() - before, 1, "one hash: {email}");
            assert!(browser.cookies().is_empty(), "nothing is kept of a refusal");
            let (status, html, headers) = refusal(&answer);
            assert!(!html.contains(password), "the password does not come back");
            let html = html.replace(&format!("value=\"{email}\""), "EMAIL").replace(&format!("value=\"{organization}\""), "ORGANIZATION");
            answers.push((status, html, headers.into_iter().filter(|(name, _)| name != "content-length").collect::<Vec<_>>()));
        }
        assert_eq!(answers[0].0, 422);
        for answer in &answers[1..] {
            assert_eq!(answer, &answers[0]);
        }
    }
);

story!(
    /// S-36: a cookie that was there before, made up or somebody else's, is not the one that signs in: each sign-in has its own,
    /// and what an attacker planted stays worth what it was.
    s36_a_planted_cookie_signs_nobody_in, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (victim, mallory) = (oakwood.admin().await, oakwood.student("mallory").await);
        let made_up = format!("ls_{}", "0".repeat(64));
        for planted in [made_up.as_str(), mallory.bearer().unwrap(), ""] {
            let browser = app.browser();
            if !planted.is_empty() {
                browser.set_cookie("lectern", planted);
            }
            let page = browser.get("/sign-in").await;
            let done = if page.status() == 200 {
                browser.submit(&page, "/sign-in", &[("organization", "oakwood"), ("email", &victim.email), ("password", PASSWORD)]).await
            } else {
                browser.post("/sign-in", &[("organization", "oakwood"), ("email", &victim.email), ("password", PASSWORD)]).await
            };
            assert_eq!(done.status(), 303, "{}", done.html());
            let fresh = browser.cookies()["lectern"].clone();
            app.secret(&fresh);
            assert_ne!(fresh, planted, "a sign-in has a cookie of its own");
            assert_eq!(done.answer.headers.get_all("set-cookie").iter().count(), 1);
            let me = |token: &str| app.nobody().with_bearer(Some(token));
            assert_eq!(me(&fresh).get("/api/v1/me").await.1["id"], json!(victim.id));
            if !planted.is_empty() {
                let (status, who) = me(planted).get("/api/v1/me").await;
                assert!(status == 401 || who["id"] == json!(mallory.id), "{status} {who}");
            }
            let again = browser.get("/sign-in").await;
            assert_ne!(again.html(), "", "and the next sign-in in this browser");
            let (mine, other) = (fresh.clone(), app.browser());
            let page = other.get("/sign-in").await;
            other.submit(&page, "/sign-in", &[("organization", "oakwood"), ("email", &victim.email), ("password", PASSWORD)]).await;
            app.secret(&other.cookies()["lectern"]);
            assert_ne!(other.cookies()["lectern"], mine, "and no two are equal");
        }
        app.secret(&made_up);
    }
);

story!(
    /// S-36, at a guest's door: a guest who was taken back, one of another class, a member's link put there, and what nobody
    /// ever sent: the same bytes, status and header values.
    s36_a_guests_door_tells_nobody_who_is_known, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let other = lectern_tests::Lesson::schedule(app, &seller, "Ink").await;
        let guest = async |class: &str, email: &str| {
            let made = seller.create(&format!("/api/v1/classes/{class}/guests"), json!({"email": email, "first_name": "Rokeya"})).await;
            made["id"].as_str().unwrap().to_owned()
        };
        let gone = guest(&lesson.class, "gone@guest.example").await;
        guest(&other.class, "elsewhere@guest.example").await;
        guest(&lesson.class, "good@guest.example").await;
        app.settle().await;
        let token = |email: &str| app.mailed_link(email).split_once("token=").unwrap().1.to_owned();
        assert_eq!(seller.delete(&format!("/api/v1/classes/{}/guests/{gone}", lesson.class)).await.0, 204);
        let good = token("good@guest.example");
        let mut forged = good.clone().into_bytes();
        forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let mut answers = Vec::new();
        for bad in [token("gone@guest.example"), token("elsewhere@guest.example"), forged, "nonsense".to_owned()] {
            for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
                let page = app.browser().send(method.clone(), &format!("/join/class/{}?token={bad}", lesson.class), None, &[]).await;
                if method == reqwest::Method::GET {
                    answers.push(refusal(&page));
                } else {
                    assert_eq!(page.status(), 403);
                }
            }
        }
        assert_eq!(answers[0].0, 403);
        for answer in &answers[1..] {
            assert_eq!(answer, &answers[0]);
        }
        assert_eq!(app.browser().get(&app.mailed_link("good@guest.example")).await.status(), 200);
    }
);

story!(
    /// S-35: guessing is stopped before any hashing, for that account and from that address; others still sign in.
    s35_guessing_is_limited, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (ayesha, rafi) = (oakwood.student("ayesha").await, oakwood.student("rafi").await);
        let limit = app.config.limits.sign_ins_per_account;
        for _ in 0..limit {
            assert_eq!(login(app, json!("oakwood"), &ayesha.email, "wrong password").await.0, 422);
        }
        let hashed = app.passwords.computed();
        let body = json!({"organization": "oakwood", "email": ayesha.email, "password": PASSWORD});
        let refused = app.nobody().send("POST", "/api/v1/auth/login", Some(&body), &[]).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("too_many")));
        assert_eq!(refused.header("retry-after"), "600");
        assert_eq!(app.passwords.computed(), hashed, "no hash is computed beyond the limit");
        assert_eq!(login(app, json!("oakwood"), &rafi.email, PASSWORD).await.0, 200);
        app.pass(Duration::minutes(10));
        assert_eq!(login(app, json!("oakwood"), &ayesha.email, PASSWORD).await.0, 200);
    }
);

story!(
    /// S-35: many accounts from one address are limited too, in JSON and in the form, before any hashing.
    s35_one_address_cannot_try_everybody, |app| async {
        let ayesha = app.organization("oakwood").await.student("ayesha").await;
        // Counted before hashing; so the flood is quick.
        let address = "sign-in from 127.0.0.1";
        while app.limiter.count(address, app.config.limits.sign_ins_per_address).is_ok() {}
        let hashed = app.passwords.computed();
        for guess in 0..200 {
            let (status, _) = login(app, json!("oakwood"), &format!("p{guess}@oakwood.example"), "guess").await;
            assert_eq!(status, 429);
            }
        assert_eq!(app.passwords.computed(), hashed);
        assert_eq!(ayesha.get("/api/v1/me").await.0, 200, "whoever is signed in notices nothing");
    }
);

story!(
    /// S-35: guessed tokens of every kind and guessed join links are limited for the address they come from, with the time to
    /// wait; whoever has a good one notices nothing, from the same address.
    s35_guessed_tokens_and_links_are_limited, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let limits = app.config.limits.clone();
        for kind in ["ls_", "lk_", ""] {
            let guessed = app.nobody().with_bearer(Some(&format!("{kind}guess")));
            assert_eq!(guessed.get("/api/v1/me").await.0, 401);
        }
        for guess in 3..limits.refused_tokens_per_address {
            let guessed = app.nobody().with_bearer(Some(&format!("ls_{guess}")));
            assert_eq!(guessed.get("/api/v1/me").await.0, 401);
        }
        let refused = app.nobody().with_bearer(Some("ls_one-more")).send("GET", "/api/v1/me", None, &[]).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("too_many")));
        assert_eq!(refused.header("retry-after"), "600");
        assert_eq!(seller.get("/api/v1/me").await.0, 200);

        lesson.enroll(app, &seller, "buyer@home.example", "Ayesha Noor").await;
        let link = app.mailed_link("buyer@home.example");
        let forged = format!("/join/class/{}?token=forged", lesson.class);
        for _ in 0..limits.refused_joins_per_address {
            assert_eq!(app.browser().get(&forged).await.status(), 403);
        }
        let page = app.browser().get(&forged).await;
        assert_eq!((page.status(), page.answer.header("retry-after")), (429, "600"));
        assert_eq!(app.browser().get(&link).await.status(), 200);
        app.pass(Duration::minutes(10));
        assert_eq!(app.browser().get(&forged).await.status(), 403);
    }
);

story!(
    /// The set-up link works once, makes the operator and the first owner, and then is nothing to anybody.
    the_set_up_link_works_once, |app| async {
        let token = service::set_up_token(app).await.unwrap().unwrap();
        app.secret(token.expose());
        let browser = app.browser();
        assert_eq!(browser.get("/set-up?token=su_forged").await.status(), 404);
        let page = browser.get(&format!("/set-up?token={}", token.expose())).await;
        assert_eq!(page.status(), 200);
        let fields = [
            ("organization_name", "Oakwood School"),
            ("organization_slug", "Oakwood"),
            ("name", "Omar Faruk"),
            ("email", "omar@oakwood.example"),
        ];
        let short = [&fields[..], &[("password", "short")]].concat();
        assert_eq!(browser.submit(&page, "/set-up", &short).await.status(), 422);
        assert_eq!(app.database.count("people").await, 0, "a refused form makes nothing");
        let good = [&fields[..], &[("password", PASSWORD)]].concat();
        let done = browser.submit(&page, "/set-up", &good).await;
        assert_eq!((done.status(), done.location()), (303, "/sign-in?organization=oakwood"));
        assert_eq!(browser.submit(&page, "/set-up", &good).await.status(), 404, "the link is used up");
        assert!(service::set_up_token(app).await.unwrap().is_none(), "and no other is made");
        for organization in [json!("oakwood"), Value::Null] {
            let (status, answer) = login(app, organization, "omar@oakwood.example", PASSWORD).await;
            assert_eq!((status, &answer["user"]["owner"]), (200, &json!(true)));
        }
    }
);

story!(
    /// The browser gets a cookie that scripts cannot read; a form of another site changes nothing.
    a_browser_signs_in_with_a_cookie, |app| async {
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        let browser = app.browser();
        let shown = browser.get("/people?cursor=").await;
        assert_eq!(shown.status(), 303);
        assert!(shown.location().starts_with("/sign-in?next=%2Fpeople"), "{}", shown.location());
        let wrong = browser.sign_in("oakwood", &amina.email, "wrong password").await;
        assert_eq!(wrong.status(), 422);
        assert!(browser.cookies().is_empty());
        let done = browser.sign_in("oakwood", &amina.email, PASSWORD).await;
        assert_eq!((done.status(), done.location()), (303, "/"));
        let cookie = done.answer.header("set-cookie").to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Secure") && !cookie.contains("__Host-"), "plain http on loopback: {cookie}");
        let token = browser.cookies()["lectern"].clone();
        app.secret(&token);
        assert_eq!(browser.get("/people").await.status(), 200);
        for headers in [
            [("origin", "https://evil.example")].as_slice(),
            &[("origin", "null")],
        ] {
            let page = browser.get("/people").await;
            let (_, hidden) = page.forms().into_iter().find(|(to, _)| to == "/people").unwrap();
            let mut fields: Vec<_> = hidden.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            fields.extend([("email", "x@oakwood.example"), ("first_name", "X"), ("role", "student")]);
            let refused = browser.send(reqwest::Method::POST, "/people", Some(&fields), headers).await;
            assert_eq!(refused.status(), 400, "{headers:?}");
        }
        let forged = [("csrf", "0"), ("email", "x@oakwood.example"), ("first_name", "X"), ("role", "student")];
        assert_eq!(browser.post("/people", &forged).await.status(), 400);
        assert_eq!(app.database.count("people where email_key = 'x@oakwood.example'").await, 0);
        let out = browser.post("/sign-out", &[]).await;
        assert_eq!((out.status(), out.location()), (303, "/sign-in?notice=signed_out"));
        browser.set_cookie("lectern", &token);
        assert_eq!(browser.get("/people").await.status(), 303, "the old cookie is dead on the server too");
    }
);
