//! Who may make whom, and what an owner is for.

use lectern_tests::story;
use serde_json::json;

story!(
    /// Admins make people of every role; only an owner makes or changes an owner; nobody changes their own access.
    owners_are_made_by_owners, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (amina, omar) = (oakwood.admin().await, oakwood.owner().await);
        let new = |email: &str, role: i64, owner: bool| json!({"email": email, "name": "New Person", "role": role, "owner": owner});
        for role in 0..=2 {
            let made = amina.create("/api/v1/people", new(&format!("r{role}@oakwood.example"), role, false)).await;
            assert_eq!((&made["role"], &made["owner"]), (&json!(role), &json!(false)));
        }
        assert_eq!(amina.post("/api/v1/people", new("o@oakwood.example", 2, true)).await.0, 403);
        let made = omar.create("/api/v1/people", new("o@oakwood.example", 2, true)).await;
        let second = format!("/api/v1/people/{}", made["id"].as_str().unwrap());
        for change in [json!({"owner": false}), json!({"active": false}), json!({"role": 0}), json!({"password": "taken over now"})] {
            assert_eq!(amina.patch(&second, change.clone()).await.0, 403, "{change}");
        }
        assert_eq!(amina.patch(&format!("/api/v1/people/{}", amina.id), json!({"owner": true})).await.0, 403);
        for own in [json!({"owner": false}), json!({"role": 0}), json!({"active": false})] {
            let (status, problem) = omar.patch(&format!("/api/v1/people/{}", omar.id), own.clone()).await;
            assert_eq!(status, 422, "{own}: {problem}");
        }
        assert_eq!(omar.patch(&second, json!({"role": 1})).await.0, 422, "an owner is an admin");
        assert_eq!(omar.patch(&second, json!({"owner": false})).await.0, 200);
        assert_eq!(amina.patch(&second, json!({"role": 1})).await.0, 200);
        app.settle().await;
    }
);

story!(
    /// S-13: fields that are not the caller's to send are refused by name, and nothing is changed.
    s13_what_is_not_asked_for_is_refused, |app| async {
        let oakwood = app.organization("oakwood").await;
        let elmfield = app.organization("elmfield").await;
        let (amina, ayesha) = (oakwood.admin().await, oakwood.student("ayesha").await);
        let before = app.database.rows("select * from people order by id").await;
        for field in ["id", "organization_id", "tenant_id", "owner_id", "kind", "password_hash", "subject", "created_at"] {
            let body = json!({"email": "n@oakwood.example", "name": "N", "role": 0, field: elmfield.id.uuid()});
            let (status, problem) = amina.post("/api/v1/people", body).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{problem}");
            let path = format!("/api/v1/people/{}", ayesha.id);
            let (status, problem) = amina.patch(&path, json!({field: elmfield.id.uuid()})).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{problem}");
        }
        assert_eq!(ayesha.patch(&format!("/api/v1/people/{}", ayesha.id), json!({"role": 2})).await.0, 403);
        let (status, problem) = amina.post("/api/v1/organizations", json!({"slug": "mine", "name": "Mine"})).await;
        assert_eq!(status, 403, "{problem}");
        assert_eq!(app.database.rows("select * from people order by id").await, before);
    }
);

story!(
    /// Only an owner decides who may edit the credentials, and how the host application's tokens are checked.
    some_settings_are_an_owners, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (amina, omar) = (oakwood.admin().await, oakwood.owner().await);
        let (_, settings) = amina.get("/api/v1/organization/settings").await;
        let mut policies = settings["policies"].clone();
        policies["late_after_minutes"] = json!(7);
        let (status, changed) = amina.patch("/api/v1/organization/settings", json!({"policies": policies})).await;
        assert_eq!((status, &changed["policies"]["late_after_minutes"]), (200, &json!(7)));
        policies["credentials_by"] = json!("owners");
        assert_eq!(amina.patch("/api/v1/organization/settings", json!({"policies": policies})).await.0, 403);
        assert_eq!(omar.patch("/api/v1/organization/settings", json!({"policies": policies})).await.0, 200);
        let tokens = json!({"tokens": {"algorithm": "hs256", "issuer": "i", "audience": "a"}, "secret": "x".repeat(32)});
        assert_eq!(amina.put("/api/v1/organization/host-tokens", tokens.clone()).await.0, 403);
        assert_eq!(omar.put("/api/v1/organization/host-tokens", tokens).await.0, 204);
        let (_, settings) = amina.get("/api/v1/organization/settings").await;
        assert_eq!(settings["host_tokens"]["issuer"], "i");
        assert!(!settings.to_string().contains(&"x".repeat(32)), "the secret is never shown");
        let (status, problem) = amina.patch("/api/v1/organization/settings", json!({"time_zone": "Mars/Olympus"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("time_zone")));
    }
);

story!(
    /// Only whoever runs the server makes organizations; they are no admin of any.
    organizations_are_made_by_the_operator, |app| async {
        let root = app.super_admin().await;
        let omar = app.organization("oakwood").await.owner().await;
        let made = root.create("/api/v1/organizations", json!({"slug": "Elm-Field", "name": "Elmfield"})).await;
        assert_eq!(made["slug"], "elm-field");
        assert_eq!(root.post("/api/v1/organizations", json!({"slug": "oakwood", "name": "Again"})).await.0, 422);
        assert_eq!(root.post("/api/v1/organizations", json!({"slug": "-", "name": ""})).await.0, 422);
        let slugs: Vec<_> = root.all("/api/v1/organizations?limit=1").await;
        let slugs: Vec<_> = slugs.iter().map(|organization| organization["slug"].as_str().unwrap()).collect();
        assert_eq!(slugs, ["elm-field", "oakwood"]);
        assert_eq!(omar.get("/api/v1/organizations").await.0, 403);
        for path in ["/api/v1/people", "/api/v1/organization/settings", "/api/v1/api-keys"] {
            assert_eq!(root.get(path).await.0, 403, "{path}");
        }
    }
);

story!(
    /// Lists are paged by cursor: every person once, in order, whatever the page size.
    people_are_listed_in_pages, |app| async {
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        for number in 0..7 {
            oakwood.student(&format!("s{number}")).await;
        }
        app.organization("elmfield").await.student("stranger").await;
        let emails = |people: Vec<serde_json::Value>| -> Vec<String> {
            people.iter().map(|person| person["email"].as_str().unwrap().to_owned()).collect()
        };
        let whole = emails(amina.all("/api/v1/people").await);
        assert_eq!(whole.len(), 8);
        assert!(whole.is_sorted() && whole.iter().all(|email| email.ends_with("@oakwood.example")), "{whole:?}");
        for size in [1, 3, 8, 200] {
            assert_eq!(emails(amina.all(&format!("/api/v1/people?limit={size}")).await), whole);
        }
        for bad in ["limit=0", "limit=201", "limit=x", "cursor=AA", "cursor=é", "unknown=1"] {
            assert_eq!(amina.get(&format!("/api/v1/people?{bad}")).await.0, 422, "{bad}");
        }
    }
);
