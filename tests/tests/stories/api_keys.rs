//! API keys: for programs, within their scopes, for as long as they are not revoked.

use chrono::Duration;
use lectern_tests::story;
use serde_json::json;

story!(
    /// A key does what its scopes say and nothing else, and dies when it is revoked.
    a_key_acts_within_its_scopes, |app| async {
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        let key = async |scopes: serde_json::Value| {
            let made = amina.create("/api/v1/api-keys", json!({"name": "timetable", "scopes": scopes})).await;
            let token = made["token"].as_str().unwrap().to_owned();
            app.secret(&token);
            (made["id"].as_str().unwrap().to_owned(), app.nobody().with_bearer(Some(&token)))
        };
        let (id, reader) = key(json!(["read"])).await;
        let (_, writer) = key(json!(["read", "write"])).await;
        let (_, platforms) = key(json!(["platforms"])).await;
        let person = json!({"email": "new@oakwood.example", "name": "New", "role": 0});
        assert_eq!(reader.get("/api/v1/people").await.0, 200);
        assert_eq!(reader.post("/api/v1/people", person.clone()).await.0, 403);
        assert_eq!(platforms.get("/api/v1/people").await.0, 403);
        assert_eq!(platforms.post("/api/v1/people", person.clone()).await.0, 403);
        writer.create("/api/v1/people", person).await;
        assert_eq!(writer.post("/api/v1/people", json!({"email": "o@oakwood.example", "name": "O", "role": 2, "owner": true})).await.0, 403);
        for owners in ["/api/v1/api-keys", "/api/v1/organizations"] {
            assert_eq!(writer.get(owners).await.0, 403, "a key is nobody's admin: {owners}");
        }
        assert_eq!(writer.post("/api/v1/api-keys", json!({"name": "n", "scopes": ["write"]})).await.0, 403);
        let (_, keys) = amina.get("/api/v1/api-keys").await;
        assert_eq!(keys["items"].as_array().unwrap().len(), 3);
        assert!(keys["items"][0].get("token").is_none(), "shown once");
        assert_eq!(amina.delete(&format!("/api/v1/api-keys/{id}")).await.0, 204);
        assert_eq!(reader.get("/api/v1/people").await.0, 401);
        assert_eq!(amina.delete(&format!("/api/v1/api-keys/{id}")).await.0, 404);
    }
);

story!(
    /// A key of one organization is a key of that organization only.
    a_key_stays_in_its_organization, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let amina = oakwood.admin().await;
        let stranger = elmfield.student("stranger").await;
        let made = amina.create("/api/v1/api-keys", json!({"name": "k", "scopes": ["read", "write"]})).await;
        let key = app.nobody().with_bearer(made["token"].as_str());
        assert_eq!(key.get(&format!("/api/v1/people/{}", stranger.id)).await.0, 404);
        assert_eq!(key.patch(&format!("/api/v1/people/{}", stranger.id), json!({"active": false})).await.0, 404);
        let path = format!("/api/v1/api-keys/{}", made["id"].as_str().unwrap());
        assert_eq!(elmfield.admin().await.delete(&path).await.0, 404);
        assert_eq!(key.get("/api/v1/people").await.0, 200, "and nobody else can revoke it");
    }
);

story!(
    /// An admin makes a key on its page, copies it from the one answer that shows it, sees that a program uses it, and takes it
    /// back after a question. Nothing of the key stays in an address, on a page or in the log.
    a_key_is_made_and_revoked_on_its_page, |app| async {
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        let browser = amina.browser(app);
        let page = browser.get("/api-keys").await;
        assert!(page.html().contains("No keys yet") && page.html().contains("href=\"/api/docs\""), "{}", page.html());
        let refused = browser.submit(&page, "/api-keys", &[("name", " ")]).await;
        assert_eq!(refused.status(), 422);
        assert!(refused.html().contains("This is needed.") && refused.html().contains("Tick at least one."), "{}", refused.html());
        let refused = browser.submit(&page, "/api-keys", &[("name", "Portal <b>"), ("scope", "owner")]).await;
        assert!(refused.status() == 422 && refused.html().contains("value=\"Portal &lt;b&gt;\""), "what was typed stays: {}", refused.html());
        let made = browser.submit(&page, "/api-keys", &[("name", "Timetable"), ("scope", "read"), ("scope", "write")]).await;
        assert_eq!((made.status(), made.answer.header("cache-control"), made.location()), (200, "no-store", ""));
        let (_, rest) = made.html().split_once("data-copy-source>").unwrap();
        let token = rest.split('<').next().unwrap().to_owned();
        assert!(token.starts_with("lk_") && token.len() == 46, "{}", made.html());
        app.secret(&token);
        let page = browser.get("/api-keys").await;
        assert!(!page.html().contains(&token) && page.html().contains(&token[..9]), "its beginning alone: {}", page.html());
        for words in ["Timetable", "Read, Change", "Amina Rahman", "Not yet"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let program = app.nobody().with_bearer(Some(&token));
        assert_eq!(program.get("/api/v1/people").await.0, 200);
        let (_, keys) = amina.get("/api/v1/api-keys").await;
        let key = &keys["items"][0];
        assert_eq!((&key["created_by"], key["last_used_at"].is_string()), (&json!(amina.id), true), "{keys}");
        assert!(!browser.get("/api-keys").await.html().contains("Not yet"));
        let first = key["last_used_at"].clone();
        app.pass(Duration::minutes(9));
        assert_eq!(program.get("/api/v1/people").await.0, 200);
        assert_eq!(amina.get("/api/v1/api-keys").await.1["items"][0]["last_used_at"], first, "noted once in ten minutes");
        app.pass(Duration::minutes(2));
        assert_eq!(program.get("/api/v1/people").await.0, 200);
        assert_ne!(amina.get("/api/v1/api-keys").await.1["items"][0]["last_used_at"], first);
        let revoke = format!("/api-keys/{}/revoke", key["id"].as_str().unwrap());
        assert!(page.html().replace("&#x2f;", "/").contains(&format!("action=\"{revoke}\" data-confirm=\"Revoke “Timetable”?")), "{}", page.html());
        let done = browser.submit(&page, &revoke, &[]).await;
        assert_eq!((done.status(), done.location()), (303, "/api-keys?notice=key_revoked"));
        assert_eq!(program.get("/api/v1/people").await.0, 401);
        let again = browser.submit(&page, &revoke, &[]).await;
        assert_eq!(again.location(), "/api-keys?notice=already_done", "two admins, one key");
        let after = browser.get("/api-keys?lang=bn").await;
        assert!(after.html().contains("প্রত্যাহার করা") && after.forms().iter().all(|(to, _)| *to != revoke), "{}", after.html());
        assert_eq!((app.audited("api_key.created").await, app.audited("api_key.revoked").await), (1, 1));
    }
);

story!(
    /// Keys of one organization are not seen and not revoked by another's admin; whoever is no admin sees no page of keys, and a
    /// program none either.
    keys_are_the_organizations_own, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let made = oakwood.admin().await.create("/api/v1/api-keys", json!({"name": "Hidden one", "scopes": ["read"]})).await;
        let stranger = elmfield.admin().await.browser(app);
        let page = stranger.get("/api-keys").await;
        assert!(page.status() == 200 && !page.html().contains("Hidden one"), "{}", page.html());
        let token = page.forms().into_iter().find(|(to, _)| to == "/api-keys").unwrap().1[0].1.clone();
        let revoke = format!("/api-keys/{}/revoke", made["id"].as_str().unwrap());
        assert_eq!(stranger.post(&revoke, &[("csrf", &token)]).await.status(), 404);
        let program = app.nobody().with_bearer(made["token"].as_str());
        assert_eq!(program.get("/api/v1/people").await.0, 200, "it still holds");
        assert_eq!(program.send("GET", "/api-keys", None, &[]).await.status, 403);
        assert_eq!(oakwood.instructor("farhan").await.browser(app).get("/api-keys").await.status(), 403);
    }
);

story!(
    /// A program's key opens the interface and no page, whatever its scopes: the pages ask for less than the interface does.
    a_key_opens_no_page, |app| async {
        let oakwood = app.organization("oakwood").await;
        oakwood.zoom(app).await;
        let owner = oakwood.owner().await;
        let key = owner.create("/api/v1/api-keys", json!({"name": "timetable", "scopes": ["read", "write", "platforms"]})).await;
        let program = app.nobody().with_bearer(key["token"].as_str());
        assert_eq!(program.get("/api/v1/platforms/zoom").await.0, 200);
        for path in ["/platforms/zoom", "/connections", "/people", "/audit.csv", "/organization/embedding"] {
            assert_eq!(program.send("GET", path, None, &[]).await.status, 403, "{path}");
        }
        let reads = owner.create("/api/v1/api-keys", json!({"name": "reader", "scopes": ["read"]})).await;
        let reader = app.nobody().with_bearer(reads["token"].as_str());
        for (path, body, said) in [
            ("/api/v1/classes", json!({"title": "Tides"}), "lacks the scope write"),
            ("/api/v1/platforms/zoom/test", json!({}), "lacks the scope platforms"),
        ] {
            let (status, told) = reader.post(path, body).await;
            assert!(status == 403 && told["detail"].as_str().unwrap().contains(said), "{path}: {told}");
        }
        let (status, told) = program.post("/api/v1/embeds", json!({"view": "live"})).await;
        assert!(status == 403 && told["detail"].as_str().unwrap().contains("stands for no person"), "{told}");
        for (path, form) in [("/platforms/zoom", "csrf=&client_id=a&client_secret=b"), ("/organization/embedding", "csrf=&origins=https://evil.example")] {
            let answer = program.send_text(path, "application/x-www-form-urlencoded", form).await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.text);
        }
    }
);
